/* Which mode `afs run` means. */
#ifndef COMMAND_RUN_MODE_H
#define COMMAND_RUN_MODE_H

#include "command/command.h"

/* From --mode, --url, --dir and what there is; says so when it is not what was asked for. USAGE where options do not
 * go together. */
af_code run_mode_choose(struct command_context *cx, const struct args *args, enum af_mode *mode,
			struct af_error *err) MUST_CHECK;

#endif
