/*
 * Remote hosts over SSH (libssh2): one connection per host, and unix sockets that lead through it.
 *
 * To the rest of the program a host is a set of socket paths in a 0700 directory: one that leads to its engine
 * (each connection to it becomes an exec of `docker system dial-stdio` there) and one for each address behind it
 * (each connection becomes a direct-tcpip channel). No TCP port is opened anywhere.
 *
 * Connections are made on threads of their own and then belong to the tunnel thread, which carries the bytes of
 * all hosts. One that breaks is made again with backoff; what was open over it is closed, so that the HTTP above
 * sees a lost connection, and what comes meanwhile waits.
 */
#ifndef SSH_SSH_H
#define SSH_SSH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/strbuf.h"

struct ssh;
struct ssh_host;

struct ssh_options {
	/* Asks the user for the passphrase of a key, on a thread of ssh's own; *answer is malloc'd and wiped after use.
	 * False: there is none to be had. It must end soon once `cancel` fires. NULL: only the agent has such keys. */
	bool (*ask)(void *arg, const char *question, struct cancel *cancel, char **answer);
	void *arg;
};

/* The directory for the sockets and the tunnel thread. `options` may be NULL. */
struct ssh *ssh_new(const struct ssh_options *options, struct af_error *err);
/* Closes every connection; hosts are gone afterwards. Not from the tunnel thread. */
void ssh_free(struct ssh *ssh);

/* The host of "ssh://[user@]host[:port]", the same for the same words; nothing is connected yet. It belongs to
 * `ssh`. USAGE if it is no such address. Any thread. */
af_code ssh_host(struct ssh *ssh, const char *url, struct ssh_host **out, struct af_error *err) MUST_CHECK;
const char *ssh_host_url(const struct ssh_host *host);  /* as it was given */
const char *ssh_host_name(const struct ssh_host *host); /* "gpu-a", "gpu-a:2222" */

/* Waits until the host is connected. UNREACHABLE says why not: after one attempt, or, for a connection that
 * broke less than 30 s ago, once those are over. Refused keys and wrong host keys are final. Any thread but
 * the tunnel's. */
af_code ssh_connect(struct ssh_host *host, struct cancel *cancel, struct af_error *err) MUST_CHECK;

enum ssh_state {
	SSH_IDLE,       /* not asked for yet */
	SSH_CONNECTING, /* for the first time, or after it was down */
	SSH_UP,
	SSH_BROKEN,     /* it was up a moment ago and is being connected again */
	SSH_DOWN,       /* the last attempt failed */
};
/* *why (may be NULL) gets a malloc'd reason for BROKEN and DOWN, else NULL. Any thread. */
enum ssh_state ssh_host_state(struct ssh_host *host, char **why);

/* Paths of the sockets, which stand from here on until ssh_free(). Not owned. */
af_code ssh_engine_path(struct ssh_host *host, const char **path, struct af_error *err) MUST_CHECK;
af_code ssh_address_path(struct ssh_host *host, const char *ip, int port, const char **path, struct af_error *err) MUST_CHECK;
/* What kept the last connections through one of these from being made, as far as the host said: "docker: command not
 * found", "connection refused". malloc'd; NULL: nothing. Any thread. */
char *ssh_refusal(struct ssh_host *host, const char *path);

/* What may be written instead of a host name: "ssh://…" in its parts. Pure. */
struct ssh_url {
	char *user; /* NULL: none */
	char *host; /* without the brackets of an IPv6 address */
	int port;   /* 0: none */
	char *name; /* for lists: "gpu-a", "gpu-a:2222" */
};
af_code ssh_url_parse(const char *text, struct ssh_url *out, struct af_error *err) MUST_CHECK;
void ssh_url_free(struct ssh_url *url);
static inline void ssh_url_cleanup(struct ssh_url *url)
{
	ssh_url_free(url);
}

#endif
