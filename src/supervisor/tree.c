/* All processes below one, from /proc: found, counted, killed. See keeper.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "supervisor/keeper.h"

struct process {
	pid_t pid, parent;
	int64_t ticks; /* CPU time, that of its reaped children included */
	bool below;
};

struct processes {
	struct process *items;
	size_t count, size;
};

static ssize_t read_small(const char *path, char *buf, size_t size)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[MAX(n, (ssize_t) 0)] = '\0';
	return n;
}

/* The name, in parentheses, may hold anything. */
static bool read_process(pid_t pid, struct process *p)
{
	long long user, system, child_user, child_system;
	char path[64], text[1024];
	int parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
	if (read_small(path, text, sizeof(text)) <= 0)
		return false;
	const char *behind = strrchr(text, ')');
	if (!behind || sscanf(behind, ") %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld %lld %lld", &parent, &user,
			      &system, &child_user, &child_system) != 5)
		return false;
	*p = (struct process){ .pid = pid, .parent = parent, .ticks = user + system + child_user + child_system };
	return true;
}

static bool add(struct processes *all, const struct process *p)
{
	if (all->count == all->size) {
		size_t size = all->size ? all->size * 2 : 256;
		struct process *items = realloc(all->items, size * sizeof(*items));
		if (!items)
			return false;
		all->items = items;
		all->size = size;
	}
	all->items[all->count++] = *p;
	return true;
}

/* Parents may stand behind their children: until a round finds no more. */
static void mark_below(struct processes *all, pid_t root)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < all->count; i++) {
			struct process *p = &all->items[i];
			bool below = p->parent == root;
			for (size_t k = 0; !p->below && !below && k < all->count; k++)
				below = all->items[k].below && all->items[k].pid == p->parent;
			more |= below && !p->below;
			p->below |= below;
		}
	}
}

static void list_below(pid_t root, struct processes *all)
{
	DIR *d = opendir("/proc");
	struct process p;
	int64_t pid;

	*all = (struct processes){ 0 };
	for (struct dirent *e; d && (e = readdir(d));)
		if (int_parse(e->d_name, 1, INT32_MAX, &pid) && read_process((pid_t) pid, &p) && !add(all, &p))
			break;
	if (d)
		closedir(d);
	mark_below(all, root);
}

bool adopt_orphans(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

static void reap(pid_t pid, int *status)
{
	int how;
	pid_t who;

	while ((who = waitpid(-1, &how, WNOHANG)) > 0)
		if (who == pid && status)
			*status = how;
}

void kill_everything_below(pid_t pid, int *status)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	siginfo_t info;

	for (;;) {
		struct processes all;
		reap(pid, status);
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD)
			return;
		list_below(getpid(), &all);
		for (size_t i = 0; i < all.count; i++)
			if (all.items[i].below)
				kill(all.items[i].pid, SIGKILL);
		free(all.items);
		nanosleep(&pause, NULL);
	}
}

/* What is its own, and what it shares with others, in pages. */
static void read_memory(pid_t pid, int64_t *own, int64_t *shared)
{
	long long resident = 0, common = 0;
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/statm", (int) pid);
	if (read_small(path, text, sizeof(text)) > 0 && sscanf(text, "%*d %lld %lld", &resident, &common) == 2) {
		*own = MAX(resident - common, 0LL);
		*shared = common;
	}
}

void usage_below(pid_t pid, int64_t *memory, int64_t *cpu_ns)
{
	int64_t most_shared = 0, ticks = 0;
	struct processes all;

	*memory = 0;
	list_below(pid, &all);
	for (size_t i = 0; i < all.count; i++) {
		int64_t own = 0, shared = 0;
		if (!all.items[i].below)
			continue;
		read_memory(all.items[i].pid, &own, &shared);
		*memory += own;
		most_shared = MAX(most_shared, shared);
		ticks += all.items[i].ticks;
	}
	free(all.items);
	*memory = (*memory + most_shared) * sysconf(_SC_PAGESIZE);
	*cpu_ns = ticks * (1000000000 / sysconf(_SC_CLK_TCK));
}
