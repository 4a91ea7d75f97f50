/* What `afs doctor` finds: shared by its files. */
#ifndef COMMAND_DOCTOR_H
#define COMMAND_DOCTOR_H

#include <cjson/cJSON.h>

#include "command/command.h"

enum status { FINE, DOUBTFUL, BROKEN };

struct finding {
	enum status status;
	const char *check; /* static */
	char *text;
	char *advice; /* NULL: nothing to do */
};

struct docker;
struct doctor {
	struct command_context *cx;
	struct docker *engine; /* this machine's; NULL: not reached */
	size_t hosts;          /* others that are well */
	cJSON *info;
	struct finding *findings;
	size_t count;
	af_code failed; /* out of memory while finding */
};

/* `check` is static; advice may be NULL. */
void doctor_add(struct doctor *d, enum status status, const char *check, const char *advice, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
/* Hosts over SSH, and the keys for them. */
void doctor_check_hosts(struct doctor *d);

#endif
