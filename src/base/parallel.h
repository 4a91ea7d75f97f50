/* The same step for several things at once, each on a thread of its own. */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stddef.h>

/* Runs step(arg, i) for i in [0, count), at most 64 at the same time, and waits for all. Where threads
 * cannot be had the calling thread does the work, so that it cannot fail. */
void parallel_run(size_t count, void (*step)(void *arg, size_t i), void *arg);

#endif
