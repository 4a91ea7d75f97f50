/* Hosts, their connections and what goes through them: shared by the files of the tunnel (ssh.c, host.c, listen.c,
 * link.c, channel.c). */
#ifndef SSH_TUNNEL_H
#define SSH_TUNNEL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "ssh/dial.h"

/* What libssh2 takes at once; more makes it cut the packet in two. */
#define CHUNK_SIZE 32700
/* How far a host may run ahead of the reader. Less than what is on its way in a round trip holds a large result back;
 * much more makes bursts that networks drop. */
#define WINDOW_LEAST (2u * 1024 * 1024)
#define WINDOW_MOST (16u * 1024 * 1024)
/* How long what comes in while a connection is made again is kept waiting, and how long it counts as just broken. */
#define COMEBACK_MS 30000

struct chunk {
	size_t len, done;
	char data[CHUNK_SIZE];
};

/* A unix socket that leads to the engine (ip NULL) or to an address behind the host. */
struct listener {
	struct ssh_host *host;
	char *path, *ip;
	int port;
	int fd;
	struct loop_watch *watch;
	struct loop_task begin;
	bool paused;   /* no descriptors were left */
	char *refusal; /* under host->lock */
	struct listener *next;
};

enum channel_stage { CHANNEL_WAITING, CHANNEL_OPENING, CHANNEL_STARTING, CHANNEL_OPEN, CHANNEL_CLOSING };
enum channel_op { OP_OPEN, OP_START, OP_READ, OP_READ_WORDS, OP_WRITE, OP_END, OP_FREE };

/* One connection to a listener, and the channel that it became. */
struct channel {
	struct listener *from;
	enum channel_stage stage;
	int fd; /* -1: closed */
	struct loop_watch *watch;
	bool readable;  /* there may be bytes from here */
	bool local_end; /* there are none to come */
	bool told_end;
	int64_t since;  /* clock_ms of the connection */
	struct link *link;
	LIBSSH2_CHANNEL *ssh;
	struct strbuf message; /* what an open request is made of */
	struct chunk *up;   /* from here, not sent yet */
	char *down;         /* from there, not taken yet */
	size_t down_len, down_done;
	bool answered;      /* at least a byte came from there */
	struct strbuf words; /* its stderr */
	struct channel *next, **slot; /* in link->channels or host->waiting */
};

/* One connection to the host. */
struct link {
	struct ssh_host *host;
	struct connection connection;
	struct loop_task begin;
	struct loop_watch *watch;
	struct loop_timer *soon, *alive;
	struct channel *channels, *opening;
	struct channel *stuck; /* its operation sent half a packet: nothing else may be sent before the rest */
	enum channel_op stuck_op;
	bool lost;
	unsigned window;       /* of its channels */
	bool readable;         /* the socket or libssh2's buffer behind it has something, or the socket's end is there */
	bool dry;              /* what libssh2 took last is all there was: its buffer is empty, too */
	bool fresh;            /* something came in since the turn of some channel */
	bool more;             /* some channel has more to do than fitted in its turn */
	bool got;              /* this pass brought something from there */
	int pulls;             /* operations of this pass */
	size_t sessions, sessions_max; /* execs: sshd's MaxSessions */
	int64_t progress;      /* clock_ms: when an operation last did something */
	int64_t idle_since;    /* clock_ms; 0: it has channels */
	struct chunk *spare;
	struct link *next;
};

struct ssh_host {
	struct ssh *ssh;
	char *text; /* the address as it was given */
	struct ssh_url url;
	struct loop_task begin, failed;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t changed;
	struct dial *dial;    /* under way */
	int up;               /* connections */
	bool failed_posted;
	uint64_t failures;
	int64_t broken_at;    /* clock_ms; 0: it was not up, or is again */
	int64_t next_dial;    /* clock_ms: not before */
	int backoff_ms;
	struct af_error why;
	bool final;
	struct listener *listeners;

	/* The tunnel thread's: */
	struct link *links;
	struct channel *waiting, **waiting_end;
	struct loop_timer *tick;
	bool ticking;

	struct ssh_host *next;
};

struct ssh {
	struct vault *vault;
	struct loop *loop;
	char *dir;   /* 0700, for the sockets */
	int dir_lock;
	pthread_mutex_t lock; /* for what follows */
	struct ssh_host *hosts;
	unsigned sockets;
	atomic_bool closing; /* nothing is dialled any more */
	char scratch[256 * 1024]; /* the tunnel thread's: from there to here */
};

/* host.c */
struct ssh_host *host_new(struct ssh *ssh, const char *text, struct ssh_url *take_url, struct af_error *err);
void host_close(struct ssh_host *h); /* tunnel thread: what lives there */
void host_free(struct ssh_host *h);
/* Sees to it that a connection is being made, unless it must wait. Any thread. */
void host_want(struct ssh_host *h);
/* Tunnel thread: */
void host_link_gone(struct ssh_host *h, struct link *link);
void host_wait_for_link(struct ssh_host *h, struct channel *ch, bool first);
void host_tick(struct ssh_host *h);     /* looks after what waits, in a moment */
void host_dispatch(struct ssh_host *h); /* what waits goes to whoever can take it */

/* listen.c */
struct listener *listener_new(struct ssh_host *h, const char *ip, int port, struct af_error *err);
void listener_close(struct listener *l); /* tunnel thread */
void listener_free(struct listener *l);
void listeners_resume(struct ssh_host *h); /* tunnel thread: those that are paused */
/* NULL: it works again. Any thread. */
void listener_refuse(struct listener *l, const char *why);

/* link.c, tunnel thread: */
struct link *link_new(struct ssh_host *h, struct connection *take_connection);
bool link_takes(const struct link *l, const struct channel *ch);
void link_open(struct link *l, struct channel *ch);
void link_pump(struct link *l); /* may free it */
void link_soon(struct link *l);
void link_close(struct link *l);

/* channel.c, tunnel thread: */
struct channel *channel_new(struct listener *from, int take_fd);
void channel_free(struct channel *ch); /* not its libssh2 part */
void channel_enlist(struct channel *ch, struct channel **slot);
void channel_delist(struct channel *ch);
/* What is due, as far as it goes. False: the channel is no more. */
bool channel_serve(struct channel *ch);
/* The operation that is stuck, once more. */
void channel_retry(struct channel *ch, enum channel_op op);
/* No more bytes either way. */
void channel_end(struct channel *ch);
void channel_watch(struct channel *ch);

#endif
