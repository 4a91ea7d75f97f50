/* Parallel steps. See parallel.h. */
#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/attr.h"

#define THREADS_MAX 64
#define STACK_SIZE (512u * 1024)

struct work {
	size_t count;
	void (*step)(void *arg, size_t i);
	void *arg;
	atomic_size_t next;
};

static void *run(void *arg)
{
	struct work *work = arg;

	for (size_t i; (i = atomic_fetch_add(&work->next, 1)) < work->count;)
		work->step(work->arg, i);
	return NULL;
}

void parallel_run(size_t count, void (*step)(void *arg, size_t i), void *arg)
{
	struct work work = { .count = count, .step = step, .arg = arg };
	pthread_t threads[THREADS_MAX];
	size_t wanted = MIN(count, (size_t) THREADS_MAX), started = 0;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	/* The calling thread is one of them. */
	while (started + 1 < wanted && pthread_create(&threads[started], &attr, run, &work) == 0)
		started++;
	pthread_attr_destroy(&attr);
	run(&work);
	while (started)
		pthread_join(threads[--started], NULL);
}
