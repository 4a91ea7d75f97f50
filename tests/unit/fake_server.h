/*
 * A server that misbehaves on purpose, in this process: one thread per connection, each running the test's own
 * `serve` on a plain blocking socket. What has to happen in order waits at a gate that the test opens.
 *
 *     static void serve(struct fake_conn *c)
 *     {
 *             while (fake_request(c))
 *                     fake_answer(c, 200, "{}");
 *     }
 *     struct fake f;
 *     fake_start(&f, serve, NULL);
 *     … f.endpoint …
 *     fake_stop(&f);
 */
#ifndef TEST_FAKE_SERVER_H
#define TEST_FAKE_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

#include "net/http.h"

struct fake;

/* One connection and the request that was read from it last. */
struct fake_conn {
	struct fake *f;
	void *arg;
	int fd;
	int number; /* of the connection, from 1 */
	char method[16], path[1024];
	struct strbuf head; /* with the empty line */
	struct strbuf body;
	struct strbuf in; /* read, not used yet */
	pthread_t thread;
	struct fake_conn *next;
};

struct fake {
	struct http_endpoint endpoint;
	char base[64], unix_path[100];
	int port;
	int listener;
	void (*serve)(struct fake_conn *c);
	void *arg;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fake_conn *conns;
	/* Under the lock: */
	int connections, requests, passed; /* made, read whole, gates opened */
	int listening;
	bool stopping;
	struct strbuf log; /* "POST /call\n" for each request */
};

UNUSED static void fake_count(struct fake *f, int *counter)
{
	pthread_mutex_lock(&f->lock);
	++*counter;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

UNUSED static int fake_read(struct fake *f, const int *counter)
{
	pthread_mutex_lock(&f->lock);
	int value = *counter;
	pthread_mutex_unlock(&f->lock);
	return value;
}

/* Waits until a counter of the server's is at least `wanted`; fails the test when it does not get there. */
UNUSED static void fake_await(struct fake *f, const int *counter, int wanted)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&f->lock);
	while (*counter < wanted && !pthread_cond_timedwait(&f->changed, &f->lock, &until))
		;
	int value = *counter;
	pthread_mutex_unlock(&f->lock);
	if (value < wanted)
		fail_msg("waited for %d, have %d", wanted, value);
}

/* ---- for serve ------------------------------------------------------------------- */

/* False at the end of the stream. */
UNUSED static bool fake_fill(struct fake_conn *c)
{
	if (!strbuf_reserve(&c->in, 65536))
		return false;
	ssize_t n = recv(c->fd, c->in.data + c->in.len, 65536, 0);
	if (n > 0)
		strbuf_advance(&c->in, (size_t) n);
	return n > 0;
}

static bool fake_take(struct fake_conn *c, struct strbuf *to, size_t len)
{
	while (c->in.len < len)
		if (!fake_fill(c))
			return false;
	strbuf_add(to, c->in.data, len);
	strbuf_remove(&c->in, 0, len);
	return true;
}

static bool fake_chunks(struct fake_conn *c)
{
	AUTO_STRBUF rest = STRBUF_INIT(STRBUF_LINE);

	for (;;) {
		char *end;
		while (!(end = memmem(c->in.data, c->in.len, "\r\n", 2)))
			if (!fake_fill(c))
				return false;
		size_t len = strtoul(c->in.data, NULL, 16);
		strbuf_remove(&c->in, 0, (size_t) (end - c->in.data) + 2);
		if (!fake_take(c, len ? &c->body : &rest, len) || !fake_take(c, &rest, 2))
			return false;
		if (!len)
			return true;
	}
}

/* Reads the head of the next request; false when the client has gone. */
UNUSED static bool fake_head(struct fake_conn *c)
{
	char *end;

	strbuf_reset(&c->head);
	strbuf_reset(&c->body);
	while (!(end = memmem(c->in.data, c->in.len, "\r\n\r\n", 4)))
		if (!fake_fill(c))
			return false;
	fake_take(c, &c->head, (size_t) (end - c->in.data) + 4);
	if (sscanf(c->head.data, "%15s %1023s", c->method, c->path) != 2)
		return false;
	pthread_mutex_lock(&c->f->lock);
	strbuf_addf(&c->f->log, "%s %s\n", c->method, c->path);
	pthread_mutex_unlock(&c->f->lock);
	return true;
}

/* Reads the next request whole. */
UNUSED static bool fake_request(struct fake_conn *c)
{
	if (!fake_head(c))
		return false;
	const char *length = strcasestr(c->head.data, "\r\nContent-Length:");
	bool whole = strcasestr(c->head.data, "\r\nTransfer-Encoding: chunked") ? fake_chunks(c)
									      : fake_take(c, &c->body, length ? strtoul(length + 17, NULL, 10) : 0);
	if (whole)
		fake_count(c->f, &c->f->requests);
	return whole;
}

/* The value of a header of the request; freed by the caller, NULL if there is none. */
UNUSED static char *fake_header(struct fake_conn *c, const char *name)
{
	AUTO_FREE char *start = str_format(NULL, "\r\n%s: ", name);
	const char *at = strcasestr(c->head.data, start);

	at = at ? at + strlen(start) : NULL;
	return at ? str_ndup(at, strcspn(at, "\r"), NULL) : NULL;
}

UNUSED static bool fake_send(struct fake_conn *c, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t) n;
	}
	return true;
}

UNUSED static bool fake_says(struct fake_conn *c, const char *text)
{
	return fake_send(c, text, strlen(text));
}

UNUSED static bool fake_answer_bytes(struct fake_conn *c, int status, const char *body, size_t len)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_HUGE);

	strbuf_addf(&sb, "HTTP/1.1 %d Whatever\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", status, len);
	strbuf_add(&sb, body, len);
	return fake_send(c, sb.data, sb.len);
}

UNUSED static bool fake_answer(struct fake_conn *c, int status, const char *body)
{
	return fake_answer_bytes(c, status, body, strlen(body));
}

/* Blocks until the client closes (its bytes are dropped) or the server stops. */
UNUSED static void fake_hang(struct fake_conn *c)
{
	while (fake_fill(c))
		strbuf_reset(&c->in);
}

/* Blocks until the test has opened `number` gates; false when the server stops instead. */
UNUSED static bool fake_gate(struct fake_conn *c, int number)
{
	struct fake *f = c->f;

	pthread_mutex_lock(&f->lock);
	while (f->passed < number && !f->stopping)
		pthread_cond_wait(&f->changed, &f->lock);
	bool open = f->passed >= number;
	pthread_mutex_unlock(&f->lock);
	return open;
}

/* The end with RST instead of FIN. */
UNUSED static void fake_reset(struct fake_conn *c)
{
	struct linger hard = { 1, 0 };

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

/* Nobody can connect any more; connections that are there go on. */
UNUSED static void fake_refuse(struct fake *f)
{
	pthread_mutex_lock(&f->lock);
	int was = f->listening;
	f->listening = 0;
	pthread_mutex_unlock(&f->lock);
	if (was)
		shutdown(f->listener, SHUT_RDWR);
}

/* ---- life --------------------------------------------------------------------------- */

static void *fake_serve(void *arg)
{
	struct fake_conn *c = arg;

	c->f->serve(c);
	/* Closed by fake_stop(), so that the number is not used again meanwhile; the client sees the end now. */
	struct linger set;
	socklen_t len = sizeof(set);
	if (getsockopt(c->fd, SOL_SOCKET, SO_LINGER, &set, &len) == 0 && set.l_onoff) {
		int null = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		dup2(null, c->fd); /* closes it, with RST */
		close(null);
	} else {
		shutdown(c->fd, SHUT_RDWR);
	}
	return NULL;
}

static void *fake_accept(void *arg)
{
	struct fake *f = arg;

	for (;;) {
		int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
		if (fd < 0 && errno == EINTR)
			continue;
		if (fd < 0)
			return NULL;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		struct fake_conn *c = calloc(1, sizeof(*c));
		*c = (struct fake_conn){ .f = f, .fd = fd, .arg = f->arg, .head = STRBUF_INIT(STRBUF_HUGE),
					 .body = STRBUF_INIT(STRBUF_HUGE), .in = STRBUF_INIT(STRBUF_HUGE) };
		pthread_mutex_lock(&f->lock);
		c->number = ++f->connections;
		c->next = f->conns;
		f->conns = c;
		pthread_cond_broadcast(&f->changed);
		if (pthread_create(&c->thread, NULL, fake_serve, c))
			abort();
		pthread_mutex_unlock(&f->lock);
	}
}

static void fake_run(struct fake *f, int listener, void (*serve)(struct fake_conn *c), void *arg)
{
	f->listener = listener;
	f->serve = serve;
	f->arg = arg;
	f->listening = 1;
	f->log = STRBUF_INIT(STRBUF_HUGE);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	assert_int_equal(pthread_create(&f->thread, NULL, fake_accept, f), 0);
}

/* At 127.0.0.`host`, at `port` (0: any that is free). */
UNUSED static void fake_start_at(struct fake *f, int host, int port, void (*serve)(struct fake_conn *c), void *arg)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t) port),
				    .sin_addr.s_addr = htonl(0x7f000000u + (unsigned) host) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *) &addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 4096), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *) &addr, &len), 0);
	memset(f, 0, sizeof(*f));
	f->port = ntohs(addr.sin_port);
	snprintf(f->base, sizeof(f->base), "http://127.0.0.%d:%d", host, f->port);
	f->endpoint = (struct http_endpoint){ .base = f->base };
	fake_run(f, fd, serve, arg);
}

UNUSED static void fake_start(struct fake *f, void (*serve)(struct fake_conn *c), void *arg)
{
	fake_start_at(f, 1, 0, serve, arg);
}

UNUSED static void fake_start_unix(struct fake *f, void (*serve)(struct fake_conn *c), void *arg)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(f, 0, sizeof(*f));
	snprintf(f->unix_path, sizeof(f->unix_path), "/tmp/afs-unit-%d-%p.sock", (int) getpid(), (void *) f);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", f->unix_path);
	unlink(f->unix_path);
	assert_int_equal(bind(fd, (struct sockaddr *) &addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 4096), 0);
	f->endpoint = (struct http_endpoint){ .base = "http://docker", .unix_path = f->unix_path };
	fake_run(f, fd, serve, arg);
}

/* Opens the next gate. */
UNUSED static void fake_open(struct fake *f)
{
	fake_count(f, &f->passed);
}

UNUSED static void fake_stop(struct fake *f)
{
	fake_refuse(f);
	pthread_join(f->thread, NULL);
	close(f->listener);
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	pthread_cond_broadcast(&f->changed);
	for (struct fake_conn *c = f->conns; c; c = c->next)
		shutdown(c->fd, SHUT_RDWR);
	pthread_mutex_unlock(&f->lock);
	for (struct fake_conn *c = f->conns, *next; c; c = next) {
		next = c->next;
		pthread_join(c->thread, NULL);
		close(c->fd);
		strbuf_free(&c->head);
		strbuf_free(&c->body);
		strbuf_free(&c->in);
		free(c);
	}
	if (f->unix_path[0])
		unlink(f->unix_path);
	strbuf_free(&f->log);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
}

/* A port of 127.0.0.1 where nobody listens. */
UNUSED static int fake_free_port(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *) &addr, sizeof(addr)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *) &addr, &len), 0);
	close(fd);
	return ntohs(addr.sin_port);
}

#endif
