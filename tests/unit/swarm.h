/*
 * A server for thousands of connections on one thread. It reads requests (Content-Length only) and keeps them waiting
 * until it is told to answer; a POST to /cancel is answered at once.
 *
 *     struct swarm s;
 *     swarm_start(&s, 1);          // at 127.0.0.1
 *     … swarm_await(&s, 2000);     // so many requests wait
 *     swarm_release(&s);           // answers these and, from now on, every other
 *     swarm_stop(&s);
 */
#ifndef TEST_SWARM_H
#define TEST_SWARM_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

#include "net/http.h"

struct swarm_conn {
	struct strbuf in;
	bool waits;
};

struct swarm {
	char base[64];
	int port;
	struct http_endpoint endpoint;
	int listener, poll, wake[2];
	struct swarm_conn *conns; /* by descriptor */
	int size;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock: */
	int connections, requests, waiting, most, calls, cancels, gone; /* gone: connections that the client closed */
	bool answering, closing, stopping; /* closing: after each answer */
};

#define SWARM_ANSWER "{\"status\":\"success\",\"result\":{\"seed\":9007199254740993}}"

static void swarm_answer(struct swarm *s, int fd)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	strbuf_addf(&sb, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		    strlen(SWARM_ANSWER), SWARM_ANSWER);
	(void) !send(fd, sb.data, sb.len, MSG_NOSIGNAL);
	s->conns[fd].waits = false;
	if (s->closing)
		shutdown(fd, SHUT_WR);
}

static void swarm_drop(struct swarm *s, int fd)
{
	struct swarm_conn *c = &s->conns[fd];

	s->waiting -= c->waits;
	c->waits = false;
	s->gone++;
	strbuf_free(&c->in);
	epoll_ctl(s->poll, EPOLL_CTL_DEL, fd, NULL);
	close(fd);
}

/* The length of the request at the front of the buffer, 0 while it is not whole. */
static size_t swarm_whole(const struct strbuf *in)
{
	const char *end = memmem(in->data, in->len, "\r\n\r\n", 4);
	const char *length = end ? strcasestr(in->data, "\r\nContent-Length:") : NULL;
	size_t need = end ? (size_t) (end - in->data) + 4 : 0;

	if (length && length < end)
		need += strtoul(length + 17, NULL, 10);
	return need <= in->len ? need : 0;
}

static void swarm_readable(struct swarm *s, int fd)
{
	struct swarm_conn *c = &s->conns[fd];
	size_t need;

	strbuf_reserve(&c->in, 4096);
	ssize_t n = recv(fd, c->in.data + c->in.len, 4096, MSG_DONTWAIT);
	if (n <= 0) {
		swarm_drop(s, fd);
		return;
	}
	strbuf_advance(&c->in, (size_t) n);
	while ((need = swarm_whole(&c->in))) {
		bool cancel = str_starts(c->in.data, "POST /cancel ");
		strbuf_remove(&c->in, 0, need);
		s->requests++;
		s->cancels += cancel;
		s->calls += !cancel;
		c->waits = true;
		if (s->answering || cancel) {
			swarm_answer(s, fd);
		} else if (++s->waiting > s->most) {
			s->most = s->waiting;
		}
	}
}

static void swarm_accept(struct swarm *s)
{
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), on = 1;
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (fd >= s->size) {
		int size = fd + 256;
		s->conns = realloc(s->conns, (size_t) size * sizeof(*s->conns));
		for (; s->size < size; s->size++)
			s->conns[s->size] = (struct swarm_conn){ .in = STRBUF_INIT(STRBUF_HUGE) };
	}
	s->connections++;
	epoll_ctl(s->poll, EPOLL_CTL_ADD, fd, &ev);
}

static void swarm_woken(struct swarm *s)
{
	char c;

	(void) !read(s->wake[0], &c, 1);
	for (int fd = 0; s->answering && fd < s->size; fd++)
		if (s->conns[fd].waits)
			swarm_answer(s, fd);
	s->waiting = s->answering ? 0 : s->waiting;
}

static void *swarm_run(void *arg)
{
	struct swarm *s = arg;
	struct epoll_event events[256];
	bool over = false;

	while (!over) {
		int n = epoll_wait(s->poll, events, 256, -1);
		pthread_mutex_lock(&s->lock);
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd == s->listener)
				swarm_accept(s);
			else if (fd == s->wake[0])
				swarm_woken(s);
			else
				swarm_readable(s, fd);
		}
		over = s->stopping;
		pthread_cond_broadcast(&s->changed);
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

UNUSED static void swarm_start(struct swarm *s, int host)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000u + (unsigned) host) };
	socklen_t len = sizeof(addr);

	memset(s, 0, sizeof(*s));
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *) &addr, sizeof(addr)), 0);
	assert_int_equal(listen(s->listener, 4096), 0);
	getsockname(s->listener, (struct sockaddr *) &addr, &len);
	s->port = ntohs(addr.sin_port);
	snprintf(s->base, sizeof(s->base), "http://127.0.0.%d:%d", host, s->port);
	s->endpoint = (struct http_endpoint){ .base = s->base };
	assert_int_equal(pipe(s->wake), 0);
	s->poll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = s->listener };
	epoll_ctl(s->poll, EPOLL_CTL_ADD, s->listener, &ev);
	ev.data.fd = s->wake[0];
	epoll_ctl(s->poll, EPOLL_CTL_ADD, s->wake[0], &ev);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	assert_int_equal(pthread_create(&s->thread, NULL, swarm_run, s), 0);
}

UNUSED static int swarm_read(struct swarm *s, const int *counter)
{
	pthread_mutex_lock(&s->lock);
	int value = *counter;
	pthread_mutex_unlock(&s->lock);
	return value;
}

/* Waits until a counter of the server's is at least `wanted`. */
UNUSED static void swarm_await(struct swarm *s, const int *counter, int wanted)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&s->lock);
	while (*counter < wanted && !pthread_cond_timedwait(&s->changed, &s->lock, &until))
		;
	int value = *counter;
	pthread_mutex_unlock(&s->lock);
	if (value < wanted)
		fail_msg("waited for %d, have %d", wanted, value);
}

static void swarm_set(struct swarm *s, bool *flag, bool value)
{
	pthread_mutex_lock(&s->lock);
	*flag = value;
	pthread_mutex_unlock(&s->lock);
	assert_int_equal(write(s->wake[1], "", 1), 1);
}

UNUSED static void swarm_release(struct swarm *s)
{
	swarm_set(s, &s->answering, true);
}

UNUSED static void swarm_stop(struct swarm *s)
{
	swarm_set(s, &s->stopping, true);
	pthread_join(s->thread, NULL);
	for (int fd = 0; fd < s->size; fd++)
		if (s->conns[fd].in.data != strbuf_empty) {
			strbuf_free(&s->conns[fd].in);
			close(fd);
		}
	free(s->conns);
	close(s->listener);
	close(s->poll);
	close(s->wake[0]);
	close(s->wake[1]);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
}

/* As many connections at once as `wanted`, less where the limit of open files is lower: both ends are here. */
UNUSED static int swarm_room(int wanted)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	rlim_t room = limit.rlim_cur > 300 ? (limit.rlim_cur - 200) / 2 : 50;
	return room < (rlim_t) wanted ? (int) room : wanted;
}

#endif
