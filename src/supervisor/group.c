#include "supervisor/group.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/path.h"

#define ROOT "/sys/fs/cgroup"
#define CPU_PERIOD_US 100000

static bool write_file(const char *dir, const char *name, const char *value)
{
	AUTO_FREE char *path = path_join(dir, name, NULL);
	AUTO_CLOSE int fd = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;

	return fd >= 0 && write(fd, value, strlen(value)) == (ssize_t) strlen(value);
}

static bool write_number(const char *dir, const char *name, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long) value);
	return write_file(dir, name, text);
}

static bool has_file(const char *dir, const char *name)
{
	AUTO_FREE char *path = path_join(dir, name, NULL);

	return path && access(path, W_OK) == 0;
}

/* The path behind "N:…controller…:" in /proc/self/cgroup; malloc'd. controller "": v2. */
static char *own_path(const char *text, const char *controller)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *list = strchr(line, ':');
		const char *path = list ? strchr(list + 1, ':') : NULL;
		if (!path)
			continue;
		AUTO_FREE char *names = str_format(NULL, ",%.*s,", (int) (path - list - 1), list + 1);
		AUTO_FREE char *wanted = str_format(NULL, ",%s,", controller);
		if (names && wanted && strstr(names, wanted))
			return str_ndup(path + 1, strcspn(path + 1, "\n"), NULL);
	}
	return NULL;
}

/* A new group below `parent`, with `file` in it, without which it is of no use; malloc'd. */
static char *make_below(const char *parent, const char *name, const char *file)
{
	AUTO_FREE char *dir = path_join(parent, name, NULL);

	if (!dir || (mkdir(dir, 0755) < 0 && errno != EEXIST))
		return NULL;
	if (has_file(dir, file))
		return af_steal(dir);
	rmdir(dir);
	return NULL;
}

/* Below the group that we are in, else below the root: within containers the own path often leads nowhere. */
static char *make_group(const char *tree, const char *own, const char *name, const char *file, bool v2)
{
	AUTO_FREE char *inside = str_format(NULL, ROOT "%s%s", tree, own && strcmp(own, "/") ? own : "");
	AUTO_FREE char *root = str_format(NULL, ROOT "%s", tree);
	const char *const parents[] = { inside, root };

	for (size_t i = 0; inside && root && i < ARRAY_LEN(parents); i++) {
		/* Refused where that has processes of its own; the root may have them. */
		if (v2)
			write_file(parents[i], "cgroup.subtree_control", "+memory +cpu");
		char *dir = make_below(parents[i], name, file);
		if (dir)
			return dir;
	}
	return NULL;
}

static void drop(char **dir)
{
	if (*dir)
		rmdir(*dir);
	free(af_steal(*dir));
}

static void make_v2(struct group *g, const char *own, const char *name, int64_t memory, double cpus)
{
	char text[64];

	g->v2 = true;
	g->memory_dir = make_group("", own, name, memory ? "memory.max" : "cpu.max", true);
	if (!g->memory_dir)
		return;
	g->cpu_dir = cpus > 0 ? str_dup(g->memory_dir, NULL) : NULL;
	snprintf(text, sizeof(text), "%lld %d", (long long) (cpus * CPU_PERIOD_US), CPU_PERIOD_US);
	if (g->cpu_dir && !write_file(g->cpu_dir, "cpu.max", text))
		free(af_steal(g->cpu_dir));
	if (memory && !write_number(g->memory_dir, "memory.max", memory))
		drop(&g->memory_dir);
	else if (memory)
		write_file(g->memory_dir, "memory.swap.max", "0"); /* without swap there is no such file */
}

static void make_v1(struct group *g, const char *text, const char *name, int64_t memory, double cpus)
{
	AUTO_FREE char *of_memory = own_path(text, "memory"), *of_cpu = own_path(text, "cpu");

	if (memory && of_memory)
		g->memory_dir = make_group("/memory", of_memory, name, "memory.limit_in_bytes", false);
	if (g->memory_dir && !write_number(g->memory_dir, "memory.limit_in_bytes", memory))
		drop(&g->memory_dir);
	else if (g->memory_dir)
		write_number(g->memory_dir, "memory.memsw.limit_in_bytes", memory);
	if (cpus > 0 && of_cpu)
		g->cpu_dir = make_group("/cpu", of_cpu, name, "cpu.cfs_quota_us", false);
	if (g->cpu_dir && (!write_number(g->cpu_dir, "cpu.cfs_period_us", CPU_PERIOD_US) ||
			   !write_number(g->cpu_dir, "cpu.cfs_quota_us", (int64_t) (cpus * CPU_PERIOD_US))))
		drop(&g->cpu_dir);
}

void group_make(struct group *g, const char *name, int64_t memory, double cpus)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);

	*g = (struct group){ 0 };
	if ((!memory && cpus <= 0) || file_read("/proc/self/cgroup", &text, NULL))
		return;
	if (access(ROOT "/cgroup.controllers", F_OK) == 0) {
		AUTO_FREE char *own = own_path(text.data, "");
		make_v2(g, own, name, memory, cpus);
	} else {
		make_v1(g, text.data, name, memory, cpus);
	}
}

bool group_join(const struct group *g)
{
	bool ok = !g->memory_dir || write_file(g->memory_dir, "cgroup.procs", "0");

	return (!g->cpu_dir || g->v2 || write_file(g->cpu_dir, "cgroup.procs", "0")) && ok;
}

int64_t group_oom_kills(const struct group *g)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);
	AUTO_FREE char *path = g->memory_dir ? path_join(g->memory_dir, g->v2 ? "memory.events" : "memory.oom_control", NULL)
					     : NULL;
	long long kills = 0;

	if (!path || file_read(path, &text, NULL))
		return 0;
	const char *at = strstr(text.data, "oom_kill ");
	return at && sscanf(at, "oom_kill %lld", &kills) == 1 ? kills : 0;
}

void group_remove(struct group *g)
{
	if (g->v2)
		free(af_steal(g->cpu_dir));
	drop(&g->cpu_dir);
	drop(&g->memory_dir);
}
