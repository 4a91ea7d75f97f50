/* Searching, filtering and tracing. */
#include <ctype.h>
#include <string.h>

#include "base/bytes.h"
#include "ui/prompt.h"
#include "ui/view_logs_priv.h"

/* ---- search ------------------------------------------------------------------------------------------ */

static void take_search(struct logs_view *lv, struct log_pattern *pattern, const char *text)
{
	for (int i = 0; i < lv->book_count; i++)
		log_list_search(&lv->books[i]->list, NULL);
	log_pattern_free(lv->search);
	free(lv->search_text);
	lv->search = pattern;
	lv->search_text = pattern ? strdup(text) : NULL;
	lv->match = NO_LINE;
	lv->jump = 0;
	if (lv->book && pattern)
		log_list_search(&lv->book->list, pattern);
	logs_pump(lv);
}

static af_code try_search(struct logs_view *lv, const char *text, struct af_error *err)
{
	struct log_pattern *pattern = NULL;
	af_code rc = str_blank(text) ? AF_OK : log_pattern_new(text, &pattern, err);

	if (!rc)
		take_search(lv, pattern, text);
	return rc;
}

void logs_set_search(struct logs_view *lv, const char *text)
{
	struct af_error err = AF_ERROR_INIT;

	if (try_search(lv, text, &err))
		app_notice_error(lv->app, &err);
	af_error_clear(&err);
}

/* Puts the cursor there; a match within a folded group unfolds it. */
static void go_to_match(struct logs_view *lv, uint64_t line)
{
	const struct log_record *r = log_store_at(lv->book->store, line);
	size_t len;
	const char *text = log_visible(lv->book->store, r, &lv->scratch, &len);

	lv->match = line;
	lv->jump = 0;
	if (!log_pattern_find(lv->search, text, len, 0, NULL, NULL))
		log_store_at(lv->book->store, log_store_head(lv->book->store, line))->flags |= LOG_OPEN;
	logs_show(lv, line);
}

/* Hits are found newest first: what lies between the newest and `hits_below` is known. */
void logs_try_jump(struct logs_view *lv)
{
	const struct log_list *l = lv->book ? &lv->book->list : NULL;
	uint64_t from = lv->match != NO_LINE ? lv->match : l ? logs_current(lv) : NO_LINE;

	if (!lv->jump || !lv->search || !l || from == NO_LINE)
		return;
	size_t i = log_numbers_place(&l->hits, from);
	bool done = log_list_done(l), here = i < l->hits.count && log_number(&l->hits, i) == from;
	/* The first jump may stay where it is. */
	if (here && lv->match == NO_LINE)
		go_to_match(lv, from);
	else if (lv->jump < 0 && i > 0)
		go_to_match(lv, log_number(&l->hits, i - 1));
	else if (lv->jump > 0 && l->hits_below <= from && i + here < l->hits.count)
		go_to_match(lv, log_number(&l->hits, i + here));
	else if (done && l->hits.count)
		go_to_match(lv, log_number(&l->hits, lv->jump > 0 ? 0 : l->hits.count - 1));
	else if (done)
		lv->jump = 0;
}

int logs_next_match(struct logs_view *lv, int step)
{
	if (!lv->search) {
		char said[48];
		app_notice(lv->app, NOTICE_INFO, "%s", keymap_say(lv->app->keymap, "{search} searches first", said, sizeof(said)));
		return REACT_REDRAW;
	}
	/* Having moved on, the next match is the one next to the cursor. */
	if (lv->book->cursor != lv->match)
		lv->match = lv->book->cursor == NO_LINE ? lv->match : lv->book->cursor;
	lv->jump = step;
	logs_try_jump(lv);
	logs_pump(lv);
	return REACT_REDRAW;
}

/* Behind what is typed: how to go on, or why it is no expression yet. */
void logs_remark(struct app *app, const char *how, const struct af_error *err)
{
	const char *why = err && err->message ? strstr(err->message, "expression: ") : NULL;

	app_remark(app, why != NULL, why ? why + strlen("expression: ") : how);
	app_redraw(app);
}

static const char search_how[] = "search (regex)   ↵ keep   Esc clear   ^R history";
static const char filter_how[] = "keep lines that match (regex)   ↵ keep   Esc clear   ^R history";

static void search_changed(struct app *app, const char *text, void *arg)
{
	struct af_error err = AF_ERROR_INIT;

	/* Half of an expression is none yet: what was found so far stays. */
	if (try_search(arg, text, &err))
		logs_remark(app, NULL, &err);
	else
		logs_remark(app, search_how, NULL);
	af_error_clear(&err);
}

static void ask_search(struct logs_view *lv, const char *initial);

static void search_done(struct app *app, const char *text, void *arg)
{
	struct logs_view *lv = arg;

	app_redraw(app);
	if (!text) {
		take_search(lv, NULL, NULL);
		return;
	}
	struct af_error err = AF_ERROR_INIT;
	if (try_search(lv, text, &err)) {
		ask_search(lv, text);
		logs_remark(app, NULL, &err);
	}
	af_error_clear(&err);
	if (!lv->search || prompt_open(app->prompt))
		return;
	lv->jump = -1;
	logs_try_jump(lv);
	logs_pump(lv);
}

static void ask_search(struct logs_view *lv, const char *initial)
{
	app_ask(lv->app, "/", initial, search_changed, search_done, lv);
	app_remark(lv->app, false, search_how);
}

void logs_ask_search(struct logs_view *lv)
{
	ask_search(lv, NULL);
}

/* ---- filter ---------------------------------------------------------------------------------------------- */

static void filter_changed(struct app *app, const char *text, void *arg)
{
	struct logs_view *lv = arg;

	struct af_error err = AF_ERROR_INIT;

	if (log_filter_set(lv->filter, RULE_QUICK, text, &err)) {
		logs_remark(app, NULL, &err);
	} else {
		logs_refilter(lv);
		logs_remark(app, filter_how, NULL);
	}
	af_error_clear(&err);
}

static void ask_filter(struct logs_view *lv, const char *initial);

static void filter_done(struct app *app, const char *text, void *arg)
{
	struct logs_view *lv = arg;
	struct af_error err = AF_ERROR_INIT;

	if (log_filter_set(lv->filter, RULE_QUICK, text, &err)) {
		ask_filter(lv, text);
		logs_remark(app, NULL, &err);
	}
	af_error_clear(&err);
	logs_refilter(lv);
}

static void ask_filter(struct logs_view *lv, const char *initial)
{
	app_ask(lv->app, "filter:", initial, filter_changed, filter_done, lv);
	app_remark(lv->app, false, filter_how);
}

void logs_ask_filter(struct logs_view *lv)
{
	const struct log_rule *rule = log_filter_get(lv->filter, RULE_QUICK);

	ask_filter(lv, rule ? rule->text : NULL);
}

/* ---- trace ------------------------------------------------------------------------------------------------- */

/* A name and its value, as logs write them: task_id=17, "task_id": 17, task_id:17. A bare id must look like one. */
static const char ids[] = "\\b(?:task_id|episode_id|call_id|request_id|trace_id)\"?\\s{0,2}[:=]\\s{0,2}\"?[\\w.-]+"
			  "|\\bid=[0-9a-f]{16,}";

static bool part_of_value(char c)
{
	return isalnum((unsigned char) c) || c == '_' || c == '.' || c == '-';
}

bool logs_trace_pattern(struct strbuf *out, const char *text, size_t len)
{
	struct log_pattern *pattern = NULL;
	size_t from, to;
	bool any = false;

	if (log_pattern_new(ids, &pattern, NULL))
		return false;
	for (size_t at = 0; log_pattern_find(pattern, text, len, at, &from, &to); at = to) {
		size_t value = to, name = from;
		while (value > from && part_of_value(text[value - 1]))
			value--;
		while (part_of_value(text[name]))
			name++;
		strbuf_adds(out, any ? "|" : "");
		/* A call's id is unique; other names tell which number is meant. */
		if (name - from > 2)
			strbuf_addf(out, "%.*s\\W{1,4}", (int) (name - from), text + from);
		for (; value < to; value++)
			strbuf_addf(out, text[value] == '.' ? "\\%c" : "%c", text[value]);
		strbuf_adds(out, "\\b");
		any = true;
	}
	log_pattern_free(pattern);
	return any;
}

void logs_set_trace(struct logs_view *lv, enum log_purpose purpose, const char *regex)
{
	struct af_error err = AF_ERROR_INIT;

	if (log_filter_trace(lv->filter, purpose, regex, &err))
		app_notice_error(lv->app, &err);
	af_error_clear(&err);
	logs_update_only(lv);
	logs_refilter(lv);
}

int logs_trace_line(struct logs_view *lv)
{
	uint64_t line = logs_current(lv);
	AUTO_STRBUF regex = STRBUF_INIT(STRBUF_LINE);

	if (log_filter_traced(lv->filter)) {
		logs_set_trace(lv, RULE_TRACE, NULL);
		return REACT_REDRAW;
	}
	if (line == NO_LINE)
		return REACT_HANDLED;
	const struct log_record *r = log_store_at(lv->book->store, line);
	size_t len;
	const char *text = log_visible(lv->book->store, r, &lv->scratch, &len);
	if (logs_trace_pattern(&regex, text, MIN(len, (size_t) 65536)))
		logs_set_trace(lv, RULE_TRACE, regex.data);
	else
		app_notice(lv->app, NOTICE_INFO, "this line names no task or call");
	return REACT_REDRAW;
}

void logs_view_trace(struct view *v, struct app *app UNUSED, const char *text)
{
	AUTO_STRBUF regex = STRBUF_INIT(STRBUF_LINE);

	for (; *text; text++) {
		if ((unsigned char) *text < 0x80 && !isalnum((unsigned char) *text))
			strbuf_addc(&regex, '\\');
		strbuf_addc(&regex, *text);
	}
	logs_set_trace((struct logs_view *) v, RULE_CALL, regex.data);
}
