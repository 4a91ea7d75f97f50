/*
 * The results of `afs map`: a file of JSON lines, one for each call that is over, in the order in which they were.
 *
 *     {"index":7,"hash":"90ab12cd","arguments":{…},"result":…,"instance":"calc-0","started":"…","seconds":0.021,"attempts":1}
 *     {"index":8,"hash":"…","arguments":{…},"error":{"code":"method-failed","message":"…"},…}
 *
 * Whole lines are appended with one write, so that a kill leaves at most a last line that is cut short, which the next
 * opening takes away. The file is locked while it is open.
 */
#ifndef COMMAND_MAP_FILE_H
#define COMMAND_MAP_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "command/map_tally.h"

/* What stands in a file that is resumed. */
struct map_done {
	uint32_t *hashes; /* by index; 0: not there. A hash is never 0. */
	int64_t size;     /* indexes below this one */
	int64_t count;    /* calls that succeeded */
	struct map_scores scores;
	int64_t failed;   /* lines of calls that failed, which were taken out: they are due again */
};
void map_done_free(struct map_done *d);
static inline void map_done_cleanup(struct map_done *d)
{
	map_done_free(d);
}

/* One line. False: it is none of ours, and *why (static) says what is wrong. */
struct map_line {
	int64_t index;
	uint32_t hash;
	bool failed;
	struct json_span result; /* into the text; empty where it failed */
};
bool map_line_parse(const char *text, size_t len, struct map_line *out, const char **why);
/* What tells a call from another with the same index: of method and arguments. Never 0. */
uint32_t map_hash(const char *method, struct json_span args);

struct map_file {
	int fd;
	char *path;
	int64_t size; /* of what was written whole */
};
/* EXISTS unless `resume`, which reads what is there into *done (indexes from `total` on are another map's: USAGE) and
 * takes failed lines out. UNAVAILABLE: another map writes to it. */
af_code map_file_open(struct map_file *f, const char *path, bool resume, int64_t total, struct map_done *done,
		      struct af_error *err) MUST_CHECK;
/* Appends whole lines; all or nothing. */
af_code map_file_write(struct map_file *f, const struct strbuf *lines, struct af_error *err) MUST_CHECK;
/* Down to the disk. */
af_code map_file_sync(struct map_file *f, struct af_error *err) MUST_CHECK;
void map_file_close(struct map_file *f);

#endif
