/*
 * A server that answers late: it holds requests until COUNT of them have come whole, waits MS milliseconds, and
 * answers them all; then the next round begins.
 *
 *     late_server COUNT MS
 *
 * Listens on a free port of 127.0.0.1, prints it, and ends when its standard input does. It takes requests of
 * up to 4 KiB with a Content-Length, one at a time on each connection.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 59\r\n\r\n"
			     "{\"status\":\"success\",\"result\":{\"score\":0.5,\"task_id\":12345}}";

struct connection {
	int fd;
	bool held; /* its request is whole and not answered yet */
	size_t len;
	char request[4096];
};

struct server {
	int poller, listener, timer;
	long wanted, ms, waiting;
	struct connection **connections; /* by file descriptor */
	size_t size;
};

static void die(const char *what)
{
	fprintf(stderr, "late_server: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void watch(struct server *s, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(s->poller, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl");
}

static void drop(struct server *s, struct connection *c)
{
	s->waiting -= c->held;
	s->connections[c->fd] = NULL;
	close(c->fd);
	free(c);
}

static void welcome(struct server *s)
{
	int fd;

	while ((fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct connection *c = calloc(1, sizeof(*c));
		if (!c || (size_t) fd >= s->size)
			die("accept");
		c->fd = fd;
		s->connections[fd] = c;
		watch(s, fd);
	}
}

static bool whole(const struct connection *c)
{
	const char *body = memmem(c->request, c->len, "\r\n\r\n", 4);
	const char *length = strcasestr(c->request, "\r\ncontent-length:");
	long expected = length ? strtol(length + strlen("\r\ncontent-length:"), NULL, 10) : 0;

	return body && c->request + c->len - (body + 4) >= expected;
}

static void answer_all(struct server *s)
{
	unsigned long fired;

	if (read(s->timer, &fired, sizeof(fired)) != sizeof(fired))
		return;
	for (size_t fd = 0; fd < s->size; fd++) {
		struct connection *c = s->connections[fd];
		if (!c || !c->held)
			continue;
		c->held = false;
		c->len = 0;
		s->waiting--;
		if (write(c->fd, answer, sizeof(answer) - 1) < 0)
			drop(s, c);
	}
}

static void hear(struct server *s, struct connection *c)
{
	ssize_t n = read(c->fd, c->request + c->len, sizeof(c->request) - 1 - c->len);

	if (n <= 0) {
		if (!n || errno != EAGAIN)
			drop(s, c);
		return;
	}
	c->len += (size_t) n;
	c->request[c->len] = '\0';
	if (c->held || !whole(c))
		return;
	c->held = true;
	if (++s->waiting == s->wanted) {
		struct itimerspec late = { .it_value = { s->ms / 1000, s->ms % 1000 * 1000000 + 1 } };
		timerfd_settime(s->timer, 0, &late, NULL);
	}
}

static void start(struct server *s)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		die("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	s->size = limit.rlim_max < 1u << 20 ? (size_t) limit.rlim_max : 1u << 20;
	s->connections = calloc(s->size, sizeof(*s->connections));
	s->poller = epoll_create1(EPOLL_CLOEXEC);
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (!s->connections || s->poller < 0 || s->timer < 0 || s->listener < 0 ||
	    bind(s->listener, (struct sockaddr *) &address, len) || listen(s->listener, 4096) ||
	    getsockname(s->listener, (struct sockaddr *) &address, &len))
		die("start");
	watch(s, s->listener);
	watch(s, s->timer);
	watch(s, STDIN_FILENO);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct server s = { 0 };
	struct epoll_event events[256];

	if (argc != 3 || (s.wanted = strtol(argv[1], NULL, 10)) < 1 || (s.ms = strtol(argv[2], NULL, 10)) < 0) {
		fprintf(stderr, "usage: late_server COUNT MS\n");
		return 2;
	}
	start(&s);
	for (;;) {
		int n = epoll_wait(s.poller, events, 256, -1);
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd == STDIN_FILENO)
				return 0;
			if (fd == s.listener)
				welcome(&s);
			else if (fd == s.timer)
				answer_all(&s);
			else if (s.connections[fd])
				hear(&s, s.connections[fd]);
		}
	}
}
