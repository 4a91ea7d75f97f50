/* An example call for a method, made from its signature. */
#ifndef COMMAND_USAGE_H
#define COMMAND_USAGE_H

#include "executor/executor.h"

/* One parameter of a Python signature; spans into it. */
struct parameter {
	const char *name;
	size_t name_len;
	const char *type; /* NULL: not said */
	size_t type_len;
	bool required;    /* no default, and neither *args nor **kwargs */
};

/* The next parameter at *pos, which begins as the signature "(task_id: int, *, seed: int = 0) -> dict"; `/` and `*`
 * are passed over. False at the end. */
bool signature_next(const char **pos, struct parameter *out);

/* Appends "afs call calc evaluate --arg task_id=1" with all that is required. */
void usage_add_call(struct strbuf *sb, const char *env, const struct method *method);
/* Appends the first line of a docstring; nothing for NULL. */
void usage_add_summary(struct strbuf *sb, const char *doc);

#endif
