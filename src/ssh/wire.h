/* The bytes below a connection: a TCP socket, or a child (`ssh -W`) that leads on from a jump host. */
#ifndef SSH_WIRE_H
#define SSH_WIRE_H

#include <sys/types.h>

#include "base/clock.h"
#include "ssh/config.h"

struct wire {
	int fd;
	pid_t child;   /* 0: none */
	int child_err; /* its stderr; -1 */
};
#define WIRE_INIT { -1, 0, -1 }

/* Blocks. UNREACHABLE. */
af_code wire_open(const struct ssh_config *config, deadline until, struct cancel *cancel, struct wire *out,
		  struct af_error *err) MUST_CHECK;
/* The child goes too. */
void wire_close(struct wire *wire);
/* The last line that the child said, malloc'd; NULL: none. */
char *wire_words(const struct wire *wire);

#endif
