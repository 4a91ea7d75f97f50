#include "supervisor/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/clock.h"

#define CLIENT_MS 10000 /* for a request to come whole */

int control_open(struct control *c, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		c->clients[i].fd = -1;
	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return -1;
	unlink(path);
	if (bind(c->fd, (struct sockaddr *) &addr, sizeof(addr)) < 0 || chmod(path, 0600) < 0 || listen(c->fd, 64) < 0) {
		close(c->fd);
		return -1;
	}
	return 0;
}

static void drop(struct client *client)
{
	close(client->fd);
	client->fd = -1;
}

void control_answer(struct client *client, int status, const char *json)
{
	char head[256];
	int len = snprintf(head, sizeof(head), "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
			   "Connection: close\r\n\r\n", status, status == 200 ? "OK" : "Bad Request", strlen(json));

	/* Small enough for the socket's buffer; whoever left gets nothing. */
	if (send(client->fd, head, (size_t) len, MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE) == len &&
	    send(client->fd, json, strlen(json), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		shutdown(client->fd, SHUT_WR);
	drop(client);
}

void control_answer_all(struct control *c, enum command waits_for, const char *json)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (c->clients[i].fd >= 0 && c->clients[i].waits_for == waits_for)
			control_answer(&c->clients[i], 200, json);
}

/* ---- requests ---------------------------------------------------------------------------- */

static enum command command_of(const char *line)
{
	static const struct {
		const char *start;
		enum command command;
	} commands[] = {
		{ "GET /state", COMMAND_STATE }, { "GET /wait", COMMAND_WAIT }, { "POST /start", COMMAND_START },
		{ "POST /stop", COMMAND_STOP }, { "POST /restart", COMMAND_RESTART }, { "POST /quit", COMMAND_QUIT },
	};

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		size_t len = strlen(commands[i].start);
		if (!strncmp(line, commands[i].start, len) && strchr(" ?", line[len]))
			return commands[i].command;
	}
	return COMMAND_NONE;
}

/* The one behind the path; -1: there is none. */
static int number_of(const char *line)
{
	const char *end = strstr(line, " HTTP/"), *at = end ? memchr(line, '=', (size_t) (end - line)) : NULL;
	AUTO_FREE char *digits = at ? str_ndup(at + 1, (size_t) (end - at - 1), NULL) : NULL;
	int64_t number;

	return digits && int_parse(digits, 0, INT32_MAX, &number) ? (int) number : -1;
}

/* False: it is over. */
static bool read_request(struct client *client)
{
	ssize_t n = recv(client->fd, client->request + client->len, sizeof(client->request) - 1 - client->len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	client->len += (unsigned) n;
	client->request[client->len] = '\0';
	return client->len < sizeof(client->request) - 1;
}

static void accept_clients(struct control *c)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &c->clients[i];
		struct ucred peer;
		socklen_t len = sizeof(peer);

		if (client->fd >= 0)
			continue;
		int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || (peer.uid != getuid() && peer.uid != 0)) {
			close(fd);
			continue;
		}
		client->fd = fd;
		client->waits_for = COMMAND_NONE;
		client->len = 0;
		client->since_ms = clock_ms();
	}
}

int control_poll(const struct control *c, struct pollfd *fds)
{
	int count = 0;
	bool room = false;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		fds[count++] = (struct pollfd){ .fd = c->clients[i].fd, .events = POLLIN };
		room |= c->clients[i].fd < 0;
	}
	fds[count++] = (struct pollfd){ .fd = room ? c->fd : -1, .events = POLLIN };
	return count;
}

void control_take(struct control *c, const struct pollfd *fds, int count,
		  void (*serve)(void *arg, struct client *client, enum command command, int number), void *arg)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &c->clients[i];
		if (client->fd < 0)
			continue;
		bool stale = client->waits_for == COMMAND_NONE && clock_ms() - client->since_ms > CLIENT_MS;
		if ((fds[i].revents && !read_request(client)) || stale) {
			drop(client);
			continue;
		}
		if (client->waits_for != COMMAND_NONE || !client->len || !strstr(client->request, "\r\n\r\n"))
			continue;
		enum command command = command_of(client->request);
		if (command == COMMAND_NONE)
			control_answer(client, 400, "{}");
		else
			serve(arg, client, command, number_of(client->request));
	}
	if (fds[count - 1].revents)
		accept_clients(c);
}
