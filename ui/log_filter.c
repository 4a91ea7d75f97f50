/* Rules. See log_filter.h. */
#include "ui/log_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES_MAX 64
/* So many lines are looked at to tell which rule it is that nothing passes. */
#define BLAME_LINES 2000
/* A line's time is that of its reading, which may be a little late. */
#define WINDOW_SLACK_NS INT64_C(10000000)

void log_filter_init(struct log_filter *f)
{
	*f = (struct log_filter){ .only = -1, .plain = STRBUF_INIT(STRBUF_TEXT) };
}

static void rule_clear(struct log_rule *r)
{
	free(r->text);
	log_pattern_free(r->pattern);
}

void log_filter_free(struct log_filter *f)
{
	for (int i = 0; i < f->count; i++)
		rule_clear(&f->rules[i]);
	free(f->rules);
	strbuf_free(&f->plain);
}

af_code log_filter_add(struct log_filter *f, bool hide, enum log_purpose purpose, const char *text, struct af_error *err)
{
	struct log_rule rule = { .hide = hide, .purpose = purpose };
	struct log_rule *rules;
	af_code rc = log_pattern_new(text, &rule.pattern, err);

	if (rc)
		return rc;
	if (f->count == RULES_MAX) {
		rule_clear(&rule);
		return error_set(err, AF_ERR_TOO_LARGE, "there are %d filters already", RULES_MAX);
	}
	rule.text = str_dup(text, err);
	rules = rule.text ? realloc(f->rules, (size_t) (f->count + 1) * sizeof(*rules)) : NULL;
	if (!rules) {
		rule_clear(&rule);
		return error_nomem(err);
	}
	f->rules = rules;
	f->rules[f->count++] = rule;
	return AF_OK;
}

static int index_of(const struct log_filter *f, enum log_purpose purpose)
{
	for (int i = f->from; i < f->count; i++)
		if (f->rules[i].purpose == purpose)
			return i;
	return -1;
}

const struct log_rule *log_filter_get(const struct log_filter *f, enum log_purpose purpose)
{
	int i = index_of(f, purpose);

	return i < 0 ? NULL : &f->rules[i];
}

af_code log_filter_edit(struct log_filter *f, int i, const char *text, struct af_error *err)
{
	struct log_rule *rule = &f->rules[i];
	struct log_pattern *pattern = NULL;
	af_code rc = log_pattern_new(text, &pattern, err);
	char *copy = rc ? NULL : str_dup(text, err);

	if (rc)
		return rc;
	if (!copy) {
		log_pattern_free(pattern);
		return AF_ERR_NOMEM;
	}
	rule_clear(rule);
	rule->text = copy;
	rule->pattern = pattern;
	rule->off = false;
	return AF_OK;
}

static void take_rule(struct log_filter *f, int i)
{
	rule_clear(&f->rules[i]);
	memmove(&f->rules[i], &f->rules[i + 1], (size_t) (--f->count - i) * sizeof(*f->rules));
	f->from -= i < f->from;
}

/* What was put aside counts again; of two quick filters that is the first. */
static void end_trace(struct log_filter *f)
{
	int trace = f->from, quick = index_of(f, RULE_QUICK);

	f->from = 0;
	if (quick >= 0 && index_of(f, RULE_QUICK) < trace)
		take_rule(f, quick);
	take_rule(f, trace);
	f->window_count = 0;
	f->grown = false;
	f->least = f->least_aside;
	f->least_aside = LEVEL_NONE;
}

void log_filter_remove(struct log_filter *f, int i)
{
	if (log_filter_traced(f) == &f->rules[i])
		end_trace(f);
	else
		take_rule(f, i);
}

const struct log_rule *log_filter_traced(const struct log_filter *f)
{
	return f->from < f->count && f->rules[f->from].purpose >= RULE_TRACE ? &f->rules[f->from] : NULL;
}

int log_filter_aside(const struct log_filter *f)
{
	int count = f->least_aside > LEVEL_NONE;

	for (int i = 0; i < f->from; i++)
		count += !f->rules[i].off;
	return count;
}

af_code log_filter_trace(struct log_filter *f, enum log_purpose purpose, const char *text, struct af_error *err)
{
	af_code rc = str_blank(text) ? AF_OK : log_pattern_check(text, err);

	if (rc)
		return rc;
	if (log_filter_traced(f))
		end_trace(f);
	if (str_blank(text))
		return AF_OK;
	if ((rc = log_filter_add(f, false, purpose, text, err)))
		return rc;
	f->from = f->count - 1;
	f->least_aside = f->least;
	f->least = LEVEL_NONE;
	return AF_OK;
}

af_code log_filter_set(struct log_filter *f, enum log_purpose purpose, const char *text, struct af_error *err)
{
	int i = index_of(f, purpose);

	if (str_blank(text)) {
		if (i >= 0)
			log_filter_remove(f, i);
		return AF_OK;
	}
	return i >= 0 ? log_filter_edit(f, i, text, err) : log_filter_add(f, false, purpose, text, err);
}

bool log_filter_active(const struct log_filter *f)
{
	for (int i = f->from; i < f->count; i++)
		if (!f->rules[i].off)
			return true;
	return f->least > LEVEL_NONE || (f->only < 0 && f->muted);
}

/* ---- lines ---------------------------------------------------------------------------------------- */

const char *log_visible(const struct log_store *s, const struct log_record *r, struct strbuf *scratch, size_t *len)
{
	const char *text = log_store_text(s, r);

	*len = r->len;
	if (!(r->flags & LOG_SGR))
		return text;
	strbuf_reset(scratch);
	log_strip(scratch, text, r->len);
	*len = scratch->len;
	return scratch->data;
}

/* "event=call method=… ms=12.3 id=…": the server's line at the end of a call tells when it began. */
static void note_window(struct log_filter *f, const struct log_record *r, const char *text, size_t len)
{
	static const char end[] = "event=call ", sign[] = " ms=";
	const char *ms = memmem(text, len, sign, strlen(sign));
	char number[32];

	if (!ms || !memmem(text, len, end, strlen(end)) || f->window_count == WINDOWS_MAX)
		return;
	ms += strlen(sign);
	snprintf(number, sizeof(number), "%.*s", (int) MIN(len - (size_t) (ms - text), sizeof(number) - 1), ms);
	double took = strtod(number, NULL);
	if (!(took >= 0 && took < 1e9))
		return;
	struct log_window w = { r->replica, r->ns - (int64_t) (took * 1e6) - WINDOW_SLACK_NS, r->ns };
	for (int i = 0; i < f->window_count; i++)
		if (f->windows[i].replica == w.replica && f->windows[i].from_ns == w.from_ns && f->windows[i].to_ns == w.to_ns)
			return;
	f->windows[f->window_count++] = w;
	f->grown = true;
}

static bool in_window(const struct log_filter *f, const struct log_record *r)
{
	for (int i = 0; i < f->window_count; i++)
		if (f->windows[i].replica == r->replica && f->windows[i].from_ns <= r->ns && r->ns <= f->windows[i].to_ns)
			return true;
	return false;
}

static bool rule_passes(struct log_filter *f, const struct log_rule *rule, const struct log_record *r, const char *text, size_t len)
{
	bool found;

	if (rule->off)
		return true;
	found = log_pattern_find(rule->pattern, text, len, 0, NULL, NULL);
	if (rule->purpose != RULE_CALL)
		return found != rule->hide;
	if (found)
		note_window(f, r, text, len);
	return found || in_window(f, r);
}

bool log_filter_passes(struct log_filter *f, const struct log_store *s, const struct log_record *r)
{
	size_t len;

	if (f->only >= 0 ? r->replica != f->only : r->replica < 10 && f->muted >> r->replica & 1)
		return false;
	if (r->flags & LOG_MARKER)
		return true;
	if (f->least > (r->level ? r->level : LEVEL_INFO))
		return false;
	if (!f->count)
		return true;
	const char *text = log_visible(s, r, &f->plain, &len);
	for (int i = f->from; i < f->count; i++)
		if (!rule_passes(f, &f->rules[i], r, text, len))
			return false;
	return true;
}

bool log_filter_passes_group(struct log_filter *f, const struct log_store *s, uint64_t line)
{
	if (log_filter_passes(f, s, log_store_at(s, line)))
		return true;
	if (!f->count)
		return false; /* level and replica are those of the head */
	const struct log_group *g = log_store_group(s, line);
	for (uint64_t member = line; g && (member = log_store_next_member(s, g, member));)
		if (log_filter_passes(f, s, log_store_at(s, member)))
			return true;
	return false;
}

static bool passes_alone(struct log_filter *f, const struct log_store *s, const struct log_record *r, int i)
{
	size_t len;

	if (i < 0)
		return f->least <= (r->level ? r->level : LEVEL_INFO);
	const char *text = log_visible(s, r, &f->plain, &len);
	return rule_passes(f, &f->rules[i], r, text, len);
}

bool log_filter_blocks(struct log_filter *f, const struct log_store *s, int i)
{
	uint64_t end = log_store_end(s), first = MAX(log_store_first(s), end > BLAME_LINES ? end - BLAME_LINES : 0);

	for (uint64_t line = first; line < end; line++) {
		const struct log_record *r = log_store_at(s, line);
		if (!(r->flags & LOG_MARKER) && passes_alone(f, s, r, i))
			return false;
	}
	return true;
}
