/* Getting through to a host's SSH port. See wire.h. */
#include "ssh/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/process.h"

/* Data that nobody acknowledges for so long means that the other side is gone; keepalives see to it that there is some. */
#define SILENCE_MS 15000

extern char **environ;

/* ---- TCP --------------------------------------------------------------------------------------- */

static void set_options(int fd, const struct ssh_config *config)
{
	int on = 1;
	unsigned silence = config->alive_interval_s ? (unsigned) (config->alive_interval_s * config->alive_count) * 1000
						    : SILENCE_MS;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof(silence));
}

/* 0, or why not. */
static int await_connect(int fd, deadline until, struct cancel *cancel)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	int failure = 0;
	socklen_t len = sizeof(failure);

	for (;;) {
		int64_t left = deadline_left(until);
		if (cancel_requested(cancel))
			return ECANCELED;
		if (!left)
			return ETIMEDOUT;
		if (poll(&pfd, 1, (int) MIN(left, (int64_t) 50)) > 0)
			break;
	}
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) < 0 ? errno : failure;
}

static int connect_to(const struct addrinfo *ai, deadline until, struct cancel *cancel, int *failure)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		*failure = errno;
		return -1;
	}
	*failure = connect(fd, ai->ai_addr, ai->ai_addrlen) < 0 ? errno : 0;
	if (*failure == EINPROGRESS)
		*failure = await_connect(fd, until, cancel);
	if (!*failure)
		return fd;
	close(fd);
	return -1;
}

static af_code open_tcp(const struct ssh_config *config, deadline until, struct cancel *cancel, struct wire *out,
			struct af_error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG }, *list = NULL;
	char port[16];
	int failure = EHOSTUNREACH;

	snprintf(port, sizeof(port), "%d", config->port);
	int rc = getaddrinfo(config->hostname, port, &hints, &list);
	if (rc)
		return error_set(err, AF_ERR_UNREACHABLE, "look up %s: %s", config->hostname,
				 rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	for (const struct addrinfo *ai = list; ai && out->fd < 0 && !cancel_requested(cancel); ai = ai->ai_next)
		out->fd = connect_to(ai, until, cancel, &failure);
	freeaddrinfo(list);
	if (out->fd < 0)
		return error_errno(err, AF_ERR_UNREACHABLE, failure, "connect to %s port %d", config->hostname, config->port);
	set_options(out->fd, config);
	return AF_OK;
}

/* ---- jumps ---------------------------------------------------------------------------------------- */

/* "a,b,c": through a and b to c, which leads on. */
static af_code jump_words(const struct ssh_config *config, struct strlist *argv, struct af_error *err)
{
	static const char *const fixed[] = { "ssh", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
					     "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3" };
	const char *comma = strrchr(config->proxy_jump, ',');
	const char *last = comma ? comma + 1 : config->proxy_jump, *colon = strrchr(last, ':');
	bool has_port = colon && !strchr(colon, ']') && (*last == '[' || strchr(last, ':') == colon);
	AUTO_FREE char *target = str_format(err, strchr(config->hostname, ':') ? "[%s]:%d" : "%s:%d", config->hostname, config->port);
	AUTO_FREE char *via = str_ndup(config->proxy_jump, comma ? (size_t) (comma - config->proxy_jump) : 0, err);
	AUTO_FREE char *jump = str_ndup(last, has_port ? (size_t) (colon - last) : strlen(last), err);
	af_code rc = target && via && jump ? AF_OK : AF_ERR_NOMEM;

	for (size_t i = 0; i < ARRAY_LEN(fixed) && !rc; i++)
		rc = strlist_add(argv, fixed[i], err);
	const char *const more[] = { config->file ? "-F" : NULL, config->file, *via ? "-J" : NULL, *via ? via : NULL,
				     has_port ? "-p" : NULL, has_port ? colon + 1 : NULL, "-W", target, "--", jump };
	for (size_t i = 0; i < ARRAY_LEN(more) && !rc; i++)
		rc = more[i] ? strlist_add(argv, more[i], err) : AF_OK;
	return rc;
}

/* ProxyCommand is a line for the shell, by the user's own hand; only these stand for something. */
static af_code command_words(const struct ssh_config *config, struct strlist *argv, struct af_error *err)
{
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_LINE);

	strbuf_adds(&line, "exec ");
	for (const char *p = config->proxy_command; *p; p++) {
		if (*p != '%' || !p[1]) {
			strbuf_addc(&line, *p);
			continue;
		}
		switch (*++p) {
		case 'h': strbuf_adds(&line, config->hostname); break;
		case 'p': strbuf_addf(&line, "%d", config->port); break;
		case 'r': strbuf_adds(&line, config->user); break;
		case '%': strbuf_addc(&line, '%'); break;
		default: strbuf_addf(&line, "%%%c", *p);
		}
	}
	af_code rc = strbuf_check(&line, err);
	if (!rc)
		rc = strlist_add(argv, "/bin/sh", err);
	if (!rc)
		rc = strlist_add(argv, "-c", err);
	return rc ? rc : strlist_add(argv, line.data, err);
}

/* A session of its own: it has no terminal to ask on. */
static int spawn(char *const *argv, int stream, int errors, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, defaults;

	if (posix_spawn_file_actions_init(&actions))
		return ENOMEM;
	if (posix_spawnattr_init(&attr)) {
		posix_spawn_file_actions_destroy(&actions);
		return ENOMEM;
	}
	sigemptyset(&none);
	sigfillset(&defaults);
	sigdelset(&defaults, SIGKILL);
	sigdelset(&defaults, SIGSTOP);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	int rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&actions, stream, STDIN_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&actions, stream, STDOUT_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	if (!rc)
		rc = posix_spawnp(pid, argv[0], &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static af_code open_child(const struct ssh_config *config, struct wire *out, struct af_error *err)
{
	AUTO_STRLIST argv = { 0 };
	int pair[2], errors[2];
	af_code rc = config->proxy_command ? command_words(config, &argv, err) : jump_words(config, &argv, err);

	if (rc)
		return rc;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, AF_ERR_IO, errno, "socketpair");
	if (pipe2(errors, O_CLOEXEC | O_NONBLOCK) < 0) {
		rc = error_errno(err, AF_ERR_IO, errno, "pipe");
		close(pair[0]);
		close(pair[1]);
		return rc;
	}
	int failure = spawn(argv.items, pair[1], errors[1], &out->child);
	close(pair[1]);
	close(errors[1]);
	out->fd = pair[0];
	out->child_err = errors[0];
	if (failure) {
		out->child = 0;
		return error_errno(err, AF_ERR_UNREACHABLE, failure, "start %s", argv.items[0]);
	}
	fcntl(out->fd, F_SETFL, fcntl(out->fd, F_GETFL) | O_NONBLOCK);
	return AF_OK;
}

af_code wire_open(const struct ssh_config *config, deadline until, struct cancel *cancel, struct wire *out,
		  struct af_error *err)
{
	*out = (struct wire) WIRE_INIT;
	af_code rc = config->proxy_jump || config->proxy_command ? open_child(config, out, err)
								 : open_tcp(config, until, cancel, out, err);
	if (rc)
		wire_close(out);
	return rc;
}

void wire_close(struct wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	if (wire->child_err >= 0)
		close(wire->child_err);
	if (wire->child > 0) {
		kill(wire->child, SIGKILL);
		while (waitpid(wire->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	*wire = (struct wire) WIRE_INIT;
}

char *wire_words(const struct wire *wire)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);
	struct pollfd pfd = { .fd = wire->child_err, .events = POLLIN };
	char buf[1024];
	ssize_t n;

	/* What it had to say comes before it goes: its end is waited for a moment. */
	while (wire->child_err >= 0 && poll(&pfd, 1, 1000) > 0 && (n = read(wire->child_err, buf, sizeof(buf))) > 0)
		strbuf_add(&text, buf, (size_t) n);
	char *line = text.len ? process_last_line(&text, NULL) : NULL;
	if (line && !*line)
		free(af_steal(line));
	return line;
}
