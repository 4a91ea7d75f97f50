/* One container's log, line by line; when following it goes on after restarts and broken streams. */
#ifndef COMMAND_LOGSOURCE_H
#define COMMAND_LOGSOURCE_H

#include "command/logmerge.h"
#include "orchestrator/orchestrator.h"

struct log_source {
	struct instance *inst;
	bool follow;
	bool timestamps;  /* lines get times; following asks for them anyway */
	int tail;         /* < 0: all */
	int64_t since_ns; /* 0: from the start */
	struct cancel *cancel;
	/* False: enough. On the thread that runs the source. */
	bool (*on_line)(void *arg, const struct log_line *line);
	void *arg;

	/* ---- its own */
	int64_t last_ns;    /* of the last line that came */
	unsigned last_same; /* how many lines had that very time */
	int64_t resume_ns;  /* lines before are old, and so are the first `skip` of that time */
	unsigned skip;
	bool enough;
};

/* Blocks until the log ends; following, until the container is removed. CANCELLED when that or on_line says so. */
af_code log_source_run(struct log_source *s, struct af_error *err) MUST_CHECK;

/* Pure: is a line of that time new after resuming? Counts it. */
bool log_source_is_new(struct log_source *s, int64_t ns);
/* Pure: where to begin again so that no line is lost; set before the stream is opened again. */
void log_source_resume(struct log_source *s);

#endif
