/*
 * How others speak to a supervisor: HTTP/1.1 on a unix socket, one request for each connection, JSON answers.
 *
 *     GET  /state                  how it is
 *     GET  /wait?ends=COUNT        answers when more than so many runs have ended: {"code":N}, of the first then
 *     POST /start                  what was created
 *     POST /stop?grace=SECONDS     answers when nothing of it is left
 *     POST /restart?grace=SECONDS  answers when it was started anew
 *     POST /quit?grace=SECONDS     stops, and ends the supervisor
 */
#ifndef SUPERVISOR_CONTROL_H
#define SUPERVISOR_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define CLIENTS_MAX 64

enum command { COMMAND_NONE, COMMAND_STATE, COMMAND_WAIT, COMMAND_START, COMMAND_STOP, COMMAND_RESTART, COMMAND_QUIT };

struct client {
	int fd; /* -1: free */
	enum command waits_for;
	int64_t since_ms;
	unsigned len;
	char request[2048];
};

struct control {
	int fd;
	struct client clients[CLIENTS_MAX];
};

/* Listens; only processes of the same user are served. -1 and errno. */
int control_open(struct control *c, const char *path);
/* Appends what to poll for; returns how many. */
int control_poll(const struct control *c, struct pollfd *fds);
/* Takes what came. For each whole request `serve` is called; it answers at once or leaves the client waiting. */
void control_take(struct control *c, const struct pollfd *fds, int count,
		  void (*serve)(void *arg, struct client *client, enum command command, int number), void *arg);
/* Answers and closes. */
void control_answer(struct client *client, int status, const char *json);
/* Answers all that wait for that. */
void control_answer_all(struct control *c, enum command waits_for, const char *json);

#endif
