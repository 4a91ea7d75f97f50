/* The specs of all commands and the functions behind them: cmd_NAME.c holds both. */
#ifndef COMMAND_COMMANDS_H
#define COMMAND_COMMANDS_H

#include "command/command.h"

#define COMMANDS(X) \
	X(init)     \
	X(build)    \
	X(run)      \
	X(call)     \
	X(map)      \
	X(ps)       \
	X(methods)  \
	X(logs)     \
	X(stats)    \
	X(history)  \
	X(stop)     \
	X(restart)  \
	X(rm)       \
	X(exec)     \
	X(doctor)

#define COMMAND_DECLARE(name)                       \
	extern const struct command_spec cmd_##name; \
	af_code cmd_##name##_run(struct command_context *cx, const struct args *args, struct af_error *err);
COMMANDS(COMMAND_DECLARE)
#undef COMMAND_DECLARE

#endif
