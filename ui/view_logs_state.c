/* Life of the logs view, and what it keeps across sessions. */
#include <string.h>

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
	log_filter_free(&lv->filter);
	log_pattern_free(lv->search);
	free(lv->search_text);
	free(lv->selected_id);
	free(lv->muted_of);
	strbuf_free(&lv->pretty);
	strbuf_free(&lv->scratch);
	log_spans_free(&lv->spans);
	free(lv);
}

void logs_save_state(struct view *v, struct strbuf *out)
{
	const struct logs_view *lv = (const struct logs_view *) v;

	strbuf_addf(out, "time %s\nwrap %d\njson %d\nmerge %d\n", logs_time_name(lv->time), lv->wrap, lv->json, lv->merge);
	if (lv->filter.least)
		strbuf_addf(out, "level %s\n", log_level_name(lv->filter.least));
	if (lv->book && lv->book->muted)
		strbuf_addf(out, "muted %u %s\n", lv->book->muted, lv->book->environment);
	for (int i = 0; i < lv->filter.count; i++) {
		const struct log_rule *rule = &lv->filter.rules[i];
		if (rule->purpose != RULE_TRACE)
			strbuf_addf(out, "rule %s %s %s\n", rule->hide ? "hide" : rule->purpose == RULE_QUICK ? "quick" : "keep",
				    rule->off ? "off" : "on", rule->text);
	}
}

/* "keep on task_id\W+17" */
static void load_rule(struct logs_view *lv, const char *value)
{
	bool hide = str_starts(value, "hide "), quick = str_starts(value, "quick ");
	const char *on = strchr(value, ' ');
	const char *text = on ? strchr(on + 1, ' ') : NULL;

	if (!text || log_filter_add(&lv->filter, hide, quick ? RULE_QUICK : RULE_STACK, text + 1, NULL))
		return;
	lv->filter.rules[lv->filter.count - 1].off = str_starts(on, " off ");
	lv->generation++;
}

/* "5 affine": replicas 0 and 2. */
static void load_muted(struct logs_view *lv, const char *value)
{
	char *end;
	unsigned long bits = strtoul(value, &end, 10);

	if (end == value || *end != ' ' || bits > 0x3ff)
		return;
	free(lv->muted_of);
	lv->muted_of = strdup(end + 1);
	lv->muted_then = (unsigned) bits;
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
	} else if (!strcmp(key, "level")) {
		lv->filter.least = log_level_parse(value);
		lv->generation++;
	} else if (!strcmp(key, "muted")) {
		load_muted(lv, value);
	} else if (!strcmp(key, "rule")) {
		load_rule(lv, value);
	} else if (!strcmp(key, "time")) {
		for (int i = 0; i < WHEN_COUNT; i++)
			if (!strcmp(value, logs_time_name((enum time_format) i)))
				lv->time = (enum time_format) i;
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
	log_filter_init(&lv->filter);
	strbuf_init(&lv->pretty, STRBUF_TEXT);
	strbuf_init(&lv->scratch, STRBUF_TEXT);
	log_spans_init(&lv->spans);
	return &lv->view;
}
