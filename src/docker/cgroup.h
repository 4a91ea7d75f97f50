/*
 * What a container on this very machine uses, read from its control group: at once, where an engine takes a second
 * for each sample (https://docs.kernel.org/admin-guide/cgroup-v1/, …/cgroup-v2.html).
 */
#ifndef DOCKER_CGROUP_H
#define DOCKER_CGROUP_H

#include "docker/docker.h"

/* `pid` is State.Pid of the container's inspect document. Sets memory, cpu_ns and read_ns; the percentage needs
 * docker_stats_cpu(). False where that process is not of container `id` (another machine's, for instance) or its
 * control group cannot be read. */
bool cgroup_usage(int64_t pid, const char *id, struct docker_stats *out);

/* Pure: appends a control group's path from the text of /proc/PID/cgroup. controller "": the unified hierarchy (v2).
 * False if there is none. */
bool cgroup_path(const char *text, const char *controller, struct strbuf *path);

#endif
