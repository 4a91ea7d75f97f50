/* Which lines are shown: a stack of rules, a least level, replicas. UI thread only. */
#ifndef UI_LOG_FILTER_H
#define UI_LOG_FILTER_H

#include "ui/log_pattern.h"
#include "ui/log_store.h"

/* A rule that has a purpose is replaced by the next with that purpose. RULE_CALL traces one call: it also keeps what the
 * replica printed meanwhile. */
enum log_purpose { RULE_STACK, RULE_QUICK, RULE_TRACE, RULE_CALL };

/* From when to when a replica was at the call that is traced. */
struct log_window {
	int replica;
	int64_t from_ns, to_ns;
};
#define WINDOWS_MAX 16

struct log_rule {
	bool hide; /* else: keep only what matches */
	bool off;
	enum log_purpose purpose;
	char *text;
	struct log_pattern *pattern;
};

/* A line is shown if it matches every rule that keeps and none that hides. As long as there is a trace, the rules before it
 * and the level of then are put aside. */
struct log_filter {
	struct log_rule *rules;
	int count;
	int from; /* the first rule that counts: the trace, or 0 */
	struct log_window windows[WINDOWS_MAX]; /* of the call that is traced, as its lines told */
	int window_count;
	bool grown; /* a window was added: lines before may be in it */
	enum log_level least; /* lines without a level count as INFO */
	enum log_level least_aside;
	unsigned muted;       /* bit n: replica n */
	int only;             /* this replica; < 0: all */
	struct strbuf plain;  /* for lines with colours */
};

void log_filter_init(struct log_filter *f);
void log_filter_free(struct log_filter *f);
/* Adds a rule at the end. USAGE: no regular expression, nothing is changed. */
af_code log_filter_add(struct log_filter *f, bool hide, enum log_purpose purpose, const char *text, struct af_error *err) MUST_CHECK;
/* Sets the rule of a purpose, STACK or QUICK; NULL or "" takes it away. */
af_code log_filter_set(struct log_filter *f, enum log_purpose purpose, const char *text, struct af_error *err) MUST_CHECK;
/* Traces instead of what was traced; NULL or "": nothing any more, and what was put aside counts again. */
af_code log_filter_trace(struct log_filter *f, enum log_purpose purpose, const char *text, struct af_error *err) MUST_CHECK;
/* NULL: nothing is traced. */
const struct log_rule *log_filter_traced(const struct log_filter *f);
/* Rules, and a level, that count again when the trace ends. */
int log_filter_aside(const struct log_filter *f);
/* Changes rule i's text. */
af_code log_filter_edit(struct log_filter *f, int i, const char *text, struct af_error *err) MUST_CHECK;
void log_filter_remove(struct log_filter *f, int i);
const struct log_rule *log_filter_get(const struct log_filter *f, enum log_purpose purpose);
/* Does it leave anything out that would be shown otherwise? */
bool log_filter_active(const struct log_filter *f);

bool log_filter_passes(struct log_filter *f, const struct log_store *s, const struct log_record *r);
/* The same for the line or, if it heads a group, any of its members. */
bool log_filter_passes_group(struct log_filter *f, const struct log_store *s, uint64_t line);

/* Would rule i alone (-1: the least level) let none of the last lines through? */
bool log_filter_blocks(struct log_filter *f, const struct log_store *s, int i);

/* The line's text as it is seen, without colours; in `scratch` if there were some. */
const char *log_visible(const struct log_store *s, const struct log_record *r, struct strbuf *scratch, size_t *len);

#endif
