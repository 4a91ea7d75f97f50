/* Thousands of calls in one go: so many at a time, each until it is over, each result into the file at once. */
#ifndef COMMAND_MAP_RUN_H
#define COMMAND_MAP_RUN_H

#include "command/command.h"
#include "command/map_file.h"
#include "command/map_over.h"
#include "command/map_tally.h"
#include "orchestrator/orchestrator.h"

struct map_plan {
	struct command_context *cx;
	struct af_env *env;
	const char *method;
	struct over *over;
	struct json_span constant; /* arguments that all calls share; what `over` says goes before them */
	int64_t total;
	int64_t timeout_ms;
	int concurrency, retries;
	bool retry_failed; /* also what the method itself failed at */
	struct map_file *file;       /* NULL: lines go to io->out */
	const struct map_done *done; /* calls that are not to be made again */
};

/* USAGE when what is done was done with other arguments. */
af_code map_check_done(const struct map_plan *plan, struct af_error *err) MUST_CHECK;
/* Makes the calls. AF_OK when all were made, whatever became of each. CANCELLED; IO: a result could not be written;
 * NOT_FOUND: there is no such method; UNREACHABLE: nobody is there any more to take calls. */
af_code map_run(const struct map_plan *plan, struct map_tally *tally, struct af_error *err) MUST_CHECK;

#endif
