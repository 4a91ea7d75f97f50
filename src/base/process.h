/*
 * Child processes: argv in, exit status and output back. No shell is ever
 * involved. The child gets its own session, so that it has no terminal to ask
 * on and dies as a whole with everything it started.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/strbuf.h"

struct process_spec {
	const char *const *argv; /* ends with NULL; argv[0] is looked up in PATH */
	const char *const *env;  /* over the caller's environment: "KEY=VALUE" sets, "KEY" unsets; ends with NULL; may be NULL */
	const char *cwd;         /* NULL: the caller's */
	const void *input;       /* its stdin; NULL: empty */
	size_t input_len;
	int64_t timeout_ms;      /* 0: none */
	size_t max_output;       /* kept of each stream, 0: 1 MiB; stdout keeps its beginning, stderr its end */
	/* Optional: every piece of output as it comes (fd 1 or 2), on the calling thread. It is collected all the same. */
	void (*on_output)(void *arg, int fd, const char *data, size_t len);
	void *arg;
	struct cancel *cancel; /* may be NULL */
};

struct process_result {
	int status; /* exit status; 128 + N when signal N ended it */
	bool truncated; /* more came than max_output on either stream */
	struct strbuf out, err;
};

/* Runs it to its end. AF_OK means that it ran, whatever its status.
 *   NOT_FOUND   no such program (or cwd)    TIMEOUT     killed after timeout_ms
 *   CANCELLED   killed                      FAILED, IO  it could not be started
 * `result` need not be initialised, holds the output so far, and must be freed in any case. */
af_code process_run(const struct process_spec *spec, struct process_result *result, struct af_error *err) MUST_CHECK;
void process_result_free(struct process_result *result);
static inline void process_result_cleanup(struct process_result *result)
{
	process_result_free(result);
}

/* The caller's own environment with `over` (as process_spec.env) over it: a list to pass on. */
af_code process_environment(const char *const *over, struct strlist *env, struct af_error *err) MUST_CHECK;

/* The last line of `text` that is not blank, without white space around it; "" if there is none.
 * Tools and tracebacks put what matters there. NULL and err set when out of memory. */
char *process_last_line(const struct strbuf *text, struct af_error *err);

#endif
