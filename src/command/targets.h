/* What stop, restart and rm work on: environments by NAME… or --all, all at the same time. */
#ifndef COMMAND_TARGETS_H
#define COMMAND_TARGETS_H

#include "command/command.h"
#include "orchestrator/orchestrator.h"

/* What is done to one of them. Any thread. */
typedef af_code (*target_step)(void *arg, struct af_env *env, struct af_error *err);
/* Is it among --all? */
typedef bool (*target_filter)(void *arg, const struct af_env *env);

/*
 * Finds them, runs `step` for all at once, and prints the names of those that were done on stdout. What fails does
 * not keep the others back: the first error is returned, further ones are noted. What afs did not start is
 * refused by name and left out of --all. USAGE when neither or both of NAME and --all are given.
 */
af_code targets_run(struct command_context *cx, const struct args *args, target_filter filter, target_step step,
		    void *arg, struct af_error *err) MUST_CHECK;

#endif
