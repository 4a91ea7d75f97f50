/*
 * The arguments of many calls: `--over KEY=VALUES` (ranges and lists; several make their cross product, the last one
 * counting fastest) and the lines of a file, each a JSON object. Nothing is held but what describes them: call number i is
 * made when it is asked for.
 */
#ifndef COMMAND_MAP_OVER_H
#define COMMAND_MAP_OVER_H

#include <stdio.h>

#include "base/json.h"
#include "base/strbuf.h"

/* More calls than this are a mistake. */
#define MAP_MAX_CALLS ((int64_t) 1 << 40)

/* Some values of an axis: one, or those from `from` on in steps. */
struct over_item {
	char *json; /* one value; NULL: a range */
	int64_t from, step, count;
};

struct over_axis {
	char *key; /* as JSON: with quotes */
	struct over_item *items;
	size_t item_count;
	int64_t count;
};

struct over {
	struct over_axis *axes;
	size_t axis_count;
	int64_t inner;   /* combinations of the axes; 1 where there are none */
	int64_t lines;   /* of the file; 1 where there is none */
	char *path;      /* of the file; NULL: none, or `text` */
	struct strbuf text; /* what came from stdin */
	/* Where the reading of lines stands: */
	FILE *file;
	size_t pos, line_size;
	int64_t line;    /* which one is in `current`; -1: none */
	size_t number;   /* of the line in the file, from 1 */
	char *current;
	size_t current_len;
};

void over_init(struct over *o);
void over_free(struct over *o);
static inline void over_cleanup(struct over *o)
{
	over_free(o);
}

/* Adds one --over word: KEY=0..999, KEY=0..100..10, KEY=a,b,3,[1,2], KEY=0..9,20. USAGE points at what is wrong. */
af_code over_add(struct over *o, const char *word, struct af_error *err) MUST_CHECK;
/* Checks and counts the lines of a file, or of `take_text` (from stdin; then path is for messages). USAGE names the line. */
af_code over_add_file(struct over *o, const char *path, struct strbuf *take_text, struct af_error *err) MUST_CHECK;
/* All of them; USAGE when there are too many. */
af_code over_total(const struct over *o, int64_t *total, struct af_error *err) MUST_CHECK;
/* Appends the object of call i; lines of a file are read in order, so that going back starts it again. IO when the file is
 * not what it was. */
af_code over_get(struct over *o, int64_t i, struct strbuf *out, struct af_error *err) MUST_CHECK;

#endif
