/* The replicas' logs, merged by time: a thread reads each, the command's own writes. */
#ifndef COMMAND_LOGSHOW_H
#define COMMAND_LOGSHOW_H

#include "command/command.h"
#include "orchestrator/orchestrator.h"

struct logs_wanted {
	int replica;      /* < 0: all */
	int tail;         /* lines of each from the end; < 0: all */
	int64_t since_ns; /* since 1970; 0: from the start */
	const char *grep; /* only lines that match; NULL: all */
	bool follow;      /* goes on with new lines until they are cancelled or the containers are removed */
	bool timestamps;
	bool aside;       /* to the command's stderr */
};

/* Blocks. Being cancelled is how following ends, and no failure. */
af_code logs_show(struct command_context *cx, struct af_env *env, const struct logs_wanted *wanted,
		  struct af_error *err) MUST_CHECK;

#endif
