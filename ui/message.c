/* The queue of messages. See message.h. */
#include "ui/message.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct message_queue {
	pthread_mutex_t lock;
	struct message *first, **last;
	size_t length;
	int fd;
};

struct message_queue *message_queue_new(struct af_error *err)
{
	struct message_queue *q = calloc(1, sizeof(*q));

	if (!q) {
		error_nomem(err);
		return NULL;
	}
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0) {
		error_errno(err, AF_ERR_FAILED, errno, "make an eventfd");
		free(q);
		return NULL;
	}
	pthread_mutex_init(&q->lock, NULL);
	q->last = &q->first;
	return q;
}

static struct message *take_all(struct message_queue *q)
{
	pthread_mutex_lock(&q->lock);
	struct message *first = q->first;
	q->first = NULL;
	q->last = &q->first;
	q->length = 0;
	pthread_mutex_unlock(&q->lock);
	return first;
}

void message_queue_free(struct message_queue *q)
{
	if (!q)
		return;
	for (struct message *m = take_all(q), *next; m; m = next) {
		next = m->next;
		m->discard(m);
	}
	close(q->fd);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

void message_post(struct message_queue *q, struct message *m)
{
	uint64_t one = 1;

	m->next = NULL;
	pthread_mutex_lock(&q->lock);
	bool wake = !q->first;
	*q->last = m;
	q->last = &m->next;
	q->length++;
	pthread_mutex_unlock(&q->lock);
	/* It can only fail when the counter is full, and then the reader wakes anyway. */
	if (wake && write(q->fd, &one, sizeof(one)) < 0)
		return;
}

size_t message_queue_length(struct message_queue *q)
{
	pthread_mutex_lock(&q->lock);
	size_t length = q->length;
	pthread_mutex_unlock(&q->lock);
	return length;
}

int message_queue_fd(const struct message_queue *q)
{
	return q->fd;
}

bool message_apply_all(struct message_queue *q, struct app *app)
{
	uint64_t count;

	/* Before taking: what comes in between wakes us once more. */
	if (read(q->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return false;
	struct message *m = take_all(q);
	bool any = m != NULL;
	for (struct message *next; m; m = next) {
		next = m->next;
		m->apply(app, m);
		m->discard(m);
	}
	return any;
}
