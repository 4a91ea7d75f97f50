/* Unix sockets that lead through the tunnel. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "ssh/tunnel.h"

#define BACKLOG 4096
#define ACCEPTS 64

static void incoming(void *arg, int events UNUSED)
{
	struct listener *l = arg;

	for (int i = 0; i < ACCEPTS; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			l->paused = errno == EMFILE || errno == ENFILE;
			break;
		}
		struct channel *ch = channel_new(l, fd);
		if (ch)
			host_wait_for_link(l->host, ch, false);
	}
	if (l->paused) {
		loop_watch_set(l->watch, 0);
		host_tick(l->host);
	}
	host_dispatch(l->host);
}

void listeners_resume(struct ssh_host *h)
{
	pthread_mutex_lock(&h->lock);
	for (struct listener *l = h->listeners; l; l = l->next)
		if (l->paused) {
			l->paused = false;
			loop_watch_set(l->watch, LOOP_READ);
		}
	pthread_mutex_unlock(&h->lock);
}

static void begin(struct loop_task *task)
{
	struct listener *l = container_of(task, struct listener, begin);

	l->watch = loop_watch_new(l->host->ssh->loop, l->fd, incoming, l, NULL);
	if (l->watch)
		loop_watch_set(l->watch, LOOP_READ);
}

static af_code bind_path(struct listener *l, struct af_error *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (strlen(l->path) >= sizeof(at.sun_path))
		return error_set(err, AF_ERR_IO, "the path %s is too long for a socket", l->path);
	memcpy(at.sun_path, l->path, strlen(l->path));
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0 || bind(l->fd, (struct sockaddr *) &at, sizeof(at)) < 0 || chmod(l->path, 0600) < 0 ||
	    listen(l->fd, BACKLOG) < 0)
		return error_errno(err, AF_ERR_IO, errno, "listen on %s", l->path);
	return AF_OK;
}

/* Under h->lock. */
struct listener *listener_new(struct ssh_host *h, const char *ip, int port, struct af_error *err)
{
	struct listener *l = calloc(1, sizeof(*l));
	struct ssh *ssh = h->ssh;

	if (!l) {
		error_nomem(err);
		return NULL;
	}
	pthread_mutex_lock(&ssh->lock);
	unsigned number = ssh->sockets++;
	pthread_mutex_unlock(&ssh->lock);
	l->host = h;
	l->port = port;
	l->fd = -1;
	l->begin.run = begin;
	l->path = str_format(err, "%s/%u", ssh->dir, number);
	if (!l->path || (ip && !(l->ip = str_dup(ip, err))) || bind_path(l, err)) {
		listener_free(l);
		return NULL;
	}
	l->next = h->listeners;
	h->listeners = l;
	loop_post(ssh->loop, &l->begin);
	return l;
}

void listener_close(struct listener *l)
{
	loop_watch_free(af_steal(l->watch));
}

void listener_free(struct listener *l)
{
	if (l->fd >= 0) {
		close(l->fd);
		unlink(l->path);
	}
	free(l->path);
	free(l->ip);
	free(l->refusal);
	free(l);
}

void listener_refuse(struct listener *l, const char *why)
{
	pthread_mutex_lock(&l->host->lock);
	if (why || l->refusal) {
		free(l->refusal);
		l->refusal = str_blank(why) ? NULL : strdup(why);
	}
	pthread_mutex_unlock(&l->host->lock);
}
