#include "docker/cgroup.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"

#define ROOT "/sys/fs/cgroup"

/* Files in /proc and /sys have no size beforehand; those here are small. */
static bool read_small(const char *path, struct strbuf *out)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	strbuf_reset(out);
	while (fd >= 0 && strbuf_reserve(out, 4096) && (n = read(fd, out->data + out->len, 4096)) > 0)
		strbuf_advance(out, (size_t) n);
	return n == 0;
}

static bool in_list(const char *list, size_t len, const char *word)
{
	size_t size = strlen(word);

	while (len >= size) {
		size_t n = strcspn(list, ",:");
		if (n == size && !memcmp(list, word, n))
			return true;
		if (n >= len)
			return false;
		list += n + 1;
		len -= n + 1;
	}
	return false;
}

/* Lines are "NUMBER:CONTROLLER[,CONTROLLER]:PATH", with "0::PATH" for v2. */
bool cgroup_path(const char *text, const char *controller, struct strbuf *path)
{
	while (*text) {
		size_t line = strcspn(text, "\n");
		const char *list = memchr(text, ':', line);
		const char *at = list ? memchr(list + 1, ':', line - (size_t) (list + 1 - text)) : NULL;
		size_t len = at ? (size_t) (at - list - 1) : 0;

		if (at && (*controller ? in_list(list + 1, len, controller) : len == 0)) {
			strbuf_add(path, at + 1, line - (size_t) (at + 1 - text));
			return true;
		}
		text += line + (text[line] == '\n');
	}
	return false;
}

struct group {
	const char *id;
	struct strbuf membership; /* /proc/PID/cgroup */
	struct strbuf path, text;
};

/* Reads ROOT/TREE/PATH/FILE into g->text. */
static bool read_group(struct group *g, const char *controller, const char *tree, const char *file)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);

	if (!cgroup_path(g->membership.data, controller, &path) || !strstr(path.data, g->id))
		return false;
	strbuf_reset(&g->path);
	strbuf_addf(&g->path, "%s%s%s/%s", ROOT, tree, path.data, file);
	return strbuf_check(&g->path, NULL) == AF_OK && read_small(g->path.data, &g->text);
}

/* The number behind "KEY " at the beginning of a line; with no key the text is the number. */
static bool number(const struct strbuf *text, const char *key, int64_t *out)
{
	const char *p = text->data;
	size_t len = strlen(key);

	while (len && (strncmp(p, key, len) != 0 || p[len] != ' ')) {
		p = strchr(p, '\n');
		if (!p)
			return false;
		p++;
	}
	AUTO_FREE char *digits = str_ndup(p + len + (len > 0), strcspn(p + len + (len > 0), " \n"), NULL);
	return digits && int_parse(digits, 0, INT64_MAX, out);
}

static void take_cache_off(struct docker_stats *out, const struct strbuf *text, const char *key)
{
	int64_t cache;

	if (number(text, key, &cache) && cache < out->memory)
		out->memory -= cache;
}

static bool usage_v1(struct group *g, struct docker_stats *out)
{
	if (!read_group(g, "cpuacct", "/cpuacct", "cpuacct.usage") || !number(&g->text, "", &out->cpu_ns))
		return false;
	if (!read_group(g, "memory", "/memory", "memory.usage_in_bytes") || !number(&g->text, "", &out->memory))
		return false;
	if (read_group(g, "memory", "/memory", "memory.stat"))
		take_cache_off(out, &g->text, "total_inactive_file");
	return true;
}

static bool usage_v2(struct group *g, struct docker_stats *out)
{
	int64_t us;

	if (!read_group(g, "", "", "cpu.stat") || !number(&g->text, "usage_usec", &us))
		return false;
	out->cpu_ns = us * 1000;
	if (!read_group(g, "", "", "memory.current") || !number(&g->text, "", &out->memory))
		return false;
	if (read_group(g, "", "", "memory.stat"))
		take_cache_off(out, &g->text, "inactive_file");
	return true;
}

bool cgroup_usage(int64_t pid, const char *id, struct docker_stats *out)
{
	struct group g = { .id = id, .membership = STRBUF_INIT(STRBUF_LINE), .path = STRBUF_INIT(STRBUF_LINE),
			   .text = STRBUF_INIT(STRBUF_LINE) };
	AUTO_FREE char *path = str_format(NULL, "/proc/%lld/cgroup", (long long) pid);
	struct timespec now;
	bool ok;

	*out = (struct docker_stats){ .cpu_percent = NAN, .memory = -1 };
	ok = pid > 0 && !str_blank(id) && path && read_small(path, &g.membership) && (usage_v1(&g, out) || usage_v2(&g, out));
	clock_gettime(CLOCK_REALTIME, &now);
	out->read_ns = (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
	strbuf_free(&g.membership);
	strbuf_free(&g.path);
	strbuf_free(&g.text);
	return ok;
}
