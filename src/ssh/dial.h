/* Making one connection, top to bottom, on a thread of its own. */
#ifndef SSH_DIAL_H
#define SSH_DIAL_H

#include <libssh2.h>

#include "ssh/ssh.h"
#include "ssh/vault.h"
#include "ssh/wire.h"

/* A connection that is logged in: the session does not block any more. */
struct connection {
	LIBSSH2_SESSION *session;
	struct wire wire;
	int alive_interval_s;
};
/* Says goodbye and frees; on any thread that alone uses it. */
void connection_close(struct connection *c);

struct dial_result {
	af_code rc;
	struct connection connection; /* of AF_OK; taken by whoever is told */
	bool final;                   /* trying again is of no use */
	struct af_error err;          /* the dial's own: take it with error_move */
};
/* On the dial's thread, once. */
typedef void (*dial_done_fn)(void *arg, struct dial_result *result);

struct dial;
/* `url` is copied as far as it is needed. NULL: no thread. */
struct dial *dial_start(const struct ssh_url *url, struct vault *vault, dial_done_fn done, void *arg, struct af_error *err);
/* Lets go of it, before or after its end, also from `done`; otherwise `done` does not run after this returns. It is
 * interrupted and ends at once; what cannot be interrupted (a name server, an agent) is waited for no longer than two
 * seconds. NULL is fine. */
void dial_release(struct dial *d);

#endif
