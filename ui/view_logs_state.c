/* Life of the logs view, and what it keeps across sessions. */
#include <string.h>

#include "base/bytes.h"
#include "ui/view_logs_priv.h"

void logs_free(struct view *v)
{
	struct logs_view *lv = (struct logs_view *) v;

	logs_view_stop(v);
	for (int i = 0; i < lv->retired_count; i++)
		log_feed_free(lv->retired[i]);
	free(lv->retired);
	for (int i = 0; i < lv->book_count; i++)
		log_book_free(lv->books[i]);
	logs_save_drop(lv);
	for (int i = 0; i < lv->scope_count; i++) {
		log_filter_free(&lv->scopes[i]->filter);
		free(lv->scopes[i]->environment);
		free(lv->scopes[i]);
	}
	free(lv->scopes);
	log_pattern_free(lv->search);
	free(lv->search_text);
	free(lv->selected_id);
	strbuf_free(&lv->pretty);
	strbuf_free(&lv->scratch);
	log_spans_free(&lv->spans);
	free(lv);
}

/* A trace is not kept: what it has put aside is. */
static void save_filter(const struct log_scope *s, struct strbuf *out)
{
	const struct log_filter *f = &s->filter;
	bool traced = log_filter_traced(f) != NULL;
	enum log_level least = traced ? f->least_aside : f->least;
	AUTO_STRBUF lines = STRBUF_INIT(STRBUF_TEXT);

	if (least)
		strbuf_addf(&lines, "level %s\n", log_level_name(least));
	if (f->muted)
		strbuf_addf(&lines, "muted %u\n", f->muted);
	for (int i = 0; i < f->count; i++) {
		const struct log_rule *rule = &f->rules[i];
		if (rule->purpose == RULE_STACK || (rule->purpose == RULE_QUICK && !(traced && i > f->from)))
			strbuf_addf(&lines, "rule %s %s %s\n", rule->hide ? "hide" : rule->purpose == RULE_QUICK ? "quick" : "keep",
				    rule->off ? "off" : "on", rule->text);
	}
	if (lines.len)
		strbuf_addf(out, "of %s\n%s", s->environment, lines.data);
}

void logs_save_state(struct view *v, struct strbuf *out)
{
	const struct logs_view *lv = (const struct logs_view *) v;

	strbuf_addf(out, "time %s\nwrap %d\njson %d\nmerge %d\n", logs_time_name(lv->time), lv->wrap, lv->json, lv->merge);
	for (int i = 0; i < lv->scope_count; i++)
		if (*lv->scopes[i]->environment)
			save_filter(lv->scopes[i], out);
}

/* "keep on task_id\W+17" */
static void load_rule(struct log_filter *f, const char *value)
{
	bool hide = str_starts(value, "hide "), quick = str_starts(value, "quick ");
	const char *on = strchr(value, ' ');
	const char *text = on ? strchr(on + 1, ' ') : NULL;

	if (!text || log_filter_add(f, hide, quick ? RULE_QUICK : RULE_STACK, text + 1, NULL))
		return;
	f->rules[f->count - 1].off = str_starts(on, " off ");
}

/* Behind "of affine": what its filter was. */
static void load_filter(struct log_filter *f, const char *key, const char *value)
{
	int64_t bits;

	if (!strcmp(key, "level"))
		f->least = log_level_parse(value);
	else if (!strcmp(key, "muted") && int_parse(value, 0, 0x3ff, &bits))
		f->muted = (unsigned) bits; /* 5: replicas 0 and 2 */
	else if (!strcmp(key, "rule"))
		load_rule(f, value);
}

void logs_load_state(struct view *v, const char *key, const char *value)
{
	struct logs_view *lv = (struct logs_view *) v;
	bool yes = !strcmp(value, "1");

	if (!strcmp(key, "wrap")) {
		lv->wrap = yes;
	} else if (!strcmp(key, "json")) {
		lv->json = yes;
	} else if (!strcmp(key, "merge")) {
		lv->merge = yes;
	} else if (!strcmp(key, "of")) {
		lv->loading = logs_filter_of(lv, value);
	} else if (!strcmp(key, "time")) {
		for (int i = 0; i < WHEN_COUNT; i++)
			if (!strcmp(value, logs_time_name((enum time_format) i)))
				lv->time = (enum time_format) i;
	} else if (lv->loading) {
		load_filter(lv->loading, key, value);
		lv->generation++;
	}
}

struct view *logs_view_new(struct app *app, struct af_error *err)
{
	struct logs_view *lv = calloc(1, sizeof(*lv));

	if (!lv) {
		error_nomem(err);
		return NULL;
	}
	lv->view.ops = &logs_ops;
	lv->app = app;
	lv->match = NO_LINE;
	lv->selected = -1;
	lv->time = (enum time_format)(app->options.time_format % WHEN_COUNT);
	if (!(lv->filter = logs_filter_of(lv, ""))) {
		free(lv);
		error_nomem(err);
		return NULL;
	}
	strbuf_init(&lv->pretty, STRBUF_TEXT);
	strbuf_init(&lv->scratch, STRBUF_TEXT);
	log_spans_init(&lv->spans);
	return &lv->view;
}
