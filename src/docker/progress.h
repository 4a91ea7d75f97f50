/* Progress of pulls, pushes and builds: what engines stream, as readable lines. For docker/ only. */
#ifndef DOCKER_PROGRESS_H
#define DOCKER_PROGRESS_H

#include <cjson/cJSON.h>

#include "docker/docker.h"

/* `p` may be NULL in all of these, and so may its functions. The text is taken as it is. */
void progress_line(const struct docker_progress *p, const char *text, size_t len);
void progress_linef(const struct docker_progress *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
void progress_amount(const struct docker_progress *p, const char *label, int64_t done, int64_t total, bool bytes);

/* Appends one line of somebody's output as a person would see it: what a carriage return overwrote is gone,
 * colours and cursor movements are left out, other control bytes are shown. */
void progress_clean(struct strbuf *sb, const char *text, size_t len);

/* Passes on {"status","id","progressDetail"} of a pull or push; false if `tree` is none. */
bool progress_status(const struct docker_progress *p, const cJSON *tree);
/* The text of an error in a stream ({"errorDetail":{"message"}} or {"error"}); NULL: this is none. */
const char *progress_error(const cJSON *tree);

/* The last lines of a step's output, for the error when it fails. */
#define TAIL_LINES 15
struct tail {
	struct strbuf lines[TAIL_LINES];
	size_t next; /* lines seen; the newest is at (next - 1) % TAIL_LINES */
};
void tail_init(struct tail *t);
void tail_reset(struct tail *t);
void tail_free(struct tail *t);
void tail_add(struct tail *t, const char *text, size_t len);
/* Appends the lines, each on one of its own and indented by two spaces. */
void tail_print(const struct tail *t, struct strbuf *sb);

#endif
