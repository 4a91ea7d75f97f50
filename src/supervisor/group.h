/*
 * The control group of one replica: the limits of memory and CPU for all its processes together
 * (https://docs.kernel.org/admin-guide/cgroup-v1/, …/cgroup-v2.html). Where none can be made (an ordinary user, a container
 * that sees its groups read-only) there is none, and whoever asked does without.
 */
#ifndef SUPERVISOR_GROUP_H
#define SUPERVISOR_GROUP_H

#include <stdbool.h>
#include <stdint.h>

struct group {
	char *memory_dir, *cpu_dir; /* NULL: none; with v2 both the same */
	bool v2;
};

/* memory in bytes, cpus; 0: no such limit. */
void group_make(struct group *g, const char *name, int64_t memory, double cpus);
/* The calling process joins; true if there is nothing to join too. */
bool group_join(const struct group *g);
/* How many of its processes were killed for using too much memory. */
int64_t group_oom_kills(const struct group *g);
/* Once no process is left in it. */
void group_remove(struct group *g);

#endif
