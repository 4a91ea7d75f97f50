/*
 * Pane 3: logs. A book of lines for each environment (log_book.h), filled by a feed of streams (log_feed.h); of it a list
 * of what the filters let through is kept up to date (log_list.h), and the frame draws what is in sight.
 */
#include <string.h>

#include "base/clock.h"
#include "ui/view_logs_priv.h"

/* Lines of each container that are read at first. */
#define TAIL 2000
/* So long at a time the UI thread filters and searches: keys come in between. */
#define STEP_US 3000
/* How often the screen shows how far it is. */
#define PROGRESS_MS 100

/* ---- what is left to find out ------------------------------------------------------------------------ */

struct pump_message {
	struct message message;
	struct logs_view *lv;
};

static void pump_discard(struct message *m)
{
	free(m);
}

static void pump_apply(struct app *app, struct message *m)
{
	struct logs_view *lv = ((struct pump_message *) m)->lv;
	bool more = false;

	lv->pumping = false;
	if (!lv->book)
		return;
	struct log_list *l = &lv->book->list;
	bool full = l->rows.count >= (size_t) lv->height;
	if (!log_list_done(l))
		more = log_list_step(l, STEP_US);
	logs_try_jump(lv);
	if (!more && lv->save)
		more = logs_save_step(lv, STEP_US);
	if (!more || (!full && l->rows.count >= (size_t) lv->height) || clock_ms() - lv->pumped_ms >= PROGRESS_MS) {
		lv->pumped_ms = clock_ms();
		app_redraw(app);
	}
	if (more)
		logs_pump(lv);
}

void logs_pump(struct logs_view *lv)
{
	if (lv->pumping || !lv->book || (log_list_done(&lv->book->list) && !lv->save && !lv->jump))
		return;
	struct pump_message *m = calloc(1, sizeof(*m));
	if (!m)
		return;
	m->message = (struct message){ .apply = pump_apply, .discard = pump_discard };
	m->lv = lv;
	lv->pumping = true;
	message_post(lv->app->queue, &m->message);
}

/* The book's list is that of the filter as it is now. */
void logs_refresh_list(struct logs_view *lv)
{
	struct log_book *b = lv->book;

	if (!b || b->generation == lv->generation)
		return;
	b->generation = lv->generation;
	lv->filter->grown = false;
	log_list_restart(&b->list);
	/* The first screenful, at once. */
	log_list_step(&b->list, STEP_US);
	logs_pump(lv);
}

void logs_refilter(struct logs_view *lv)
{
	lv->generation++;
	logs_refresh_list(lv);
	app_redraw(lv->app);
}

bool logs_merged(const struct logs_view *lv)
{
	return lv->book && log_book_several(lv->book) && lv->filter->only < 0;
}

void logs_update_only(struct logs_view *lv)
{
	int only = lv->merge || log_filter_traced(lv->filter) ? -1 : lv->selected;

	if (only == lv->filter->only)
		return;
	lv->filter->only = only;
	lv->generation++;
}

/* ---- streams ---------------------------------------------------------------------------------------------- */

static void on_batch(void *arg, struct log_feed *feed, const struct log_batch *batch)
{
	struct logs_view *lv = arg;

	if (!lv->book || lv->book->feed != feed)
		return;
	log_book_add(lv->book, batch);
	/* The end of the call that is traced tells when it began: what it printed came before. */
	if (lv->filter->grown) {
		lv->generation++;
		logs_refresh_list(lv);
	}
	logs_pump(lv);
	/* Out of sight: no frame is due. */
	if (!lv->shown)
		return;
	lv->shown = false;
	if (batch->lines)
		lv->app->stamp_ms = wall_ms();
	app_redraw(lv->app);
}

static void stop_feed(struct logs_view *lv)
{
	struct log_book *b = lv->book;
	struct log_feed **retired;

	if (!b || !b->feed)
		return;
	log_feed_stop(b->feed);
	retired = realloc(lv->retired, (size_t) (lv->retired_count + 1) * sizeof(*retired));
	if (retired) {
		lv->retired = retired;
		lv->retired[lv->retired_count++] = b->feed;
	} else {
		log_feed_free(b->feed);
	}
	b->feed = NULL;
	for (int i = 0; i < b->source_count; i++)
		b->sources[i].index = -1;
}

void logs_reap(struct logs_view *lv)
{
	for (int i = 0; i < lv->retired_count;) {
		if (log_feed_over(lv->retired[i])) {
			log_feed_free(lv->retired[i]);
			lv->retired[i] = lv->retired[--lv->retired_count];
		} else {
			i++;
		}
	}
}

/* The streams are those of the containers that there are now. */
void logs_sync_feed(struct logs_view *lv)
{
	const struct environment *e = lv->book ? model_environment(&lv->app->model, lv->book->environment) : NULL;
	struct af_error err = AF_ERROR_INIT;

	if (!e || lv->stopped || !log_book_sync(lv->book, e))
		return;
	stop_feed(lv);
	if (log_book_follow(lv->book, lv->app, TAIL, on_batch, lv, &err))
		app_notice_error(lv->app, &err);
	af_error_clear(&err);
	lv->rate_shown = -1;
}

/* ---- books ------------------------------------------------------------------------------------------------- */

static void forget(struct logs_view *lv, int i)
{
	log_book_free(lv->books[i]);
	memmove(lv->books + i, lv->books + i + 1, (size_t) (--lv->book_count - i) * sizeof(*lv->books));
}

/* Those that nobody looks at may together be as large as one. */
static void forget_some(struct logs_view *lv)
{
	size_t bytes = 0;

	for (int i = 1; i < lv->book_count; i++) {
		bytes += log_store_bytes(lv->books[i]->store);
		if (bytes > (size_t) lv->app->options.log_bytes)
			while (lv->book_count > i)
				forget(lv, lv->book_count - 1);
	}
}

static void on_insert(void *arg, uint64_t line)
{
	struct logs_view *lv = arg;

	log_moved(&lv->match, line);
	logs_save_moved(lv, line);
}

struct log_filter *logs_filter_of(struct logs_view *lv, const char *environment)
{
	struct log_scope **scopes, *s;

	for (int i = 0; i < lv->scope_count; i++)
		if (!strcmp(lv->scopes[i]->environment, environment))
			return &lv->scopes[i]->filter;
	scopes = realloc(lv->scopes, (size_t) (lv->scope_count + 1) * sizeof(struct log_scope *));
	if (!scopes)
		return NULL;
	lv->scopes = scopes;
	if (!(s = calloc(1, sizeof(*s))) || !(s->environment = strdup(environment))) {
		free(s);
		return NULL;
	}
	log_filter_init(&s->filter);
	lv->scopes[lv->scope_count++] = s;
	return &s->filter;
}

static void open_book(struct logs_view *lv, const char *environment)
{
	struct log_filter *filter = logs_filter_of(lv, environment);
	struct log_book *b = NULL;
	int i = 0;

	if (!filter)
		return;

	while (i < lv->book_count && strcmp(lv->books[i]->environment, environment) != 0)
		i++;
	if (i == lv->book_count) {
		if (lv->book_count == BOOKS_MAX)
			forget(lv, BOOKS_MAX - 1);
		if (!(b = log_book_new(environment, &lv->app->options, filter, NULL)))
			return;
		b->generation = lv->generation - 1;
		b->on_insert = on_insert;
		b->on_insert_arg = lv;
		lv->book_count++;
	} else {
		b = lv->books[i];
	}
	i = MIN(i, lv->book_count - 1);
	memmove(lv->books + 1, lv->books, (size_t) i * sizeof(*lv->books));
	lv->books[0] = lv->book = b;
	lv->filter = filter;
	lv->match = NO_LINE;
	if (b->list.search != lv->search)
		log_list_search(&b->list, lv->search);
	forget_some(lv);
}

/* What was selected is gone: what it printed last is wanted now more than ever, until the cursor moves on. */
bool logs_is_left(const struct logs_view *lv)
{
	struct model *m = &lv->app->model;

	if (!lv->book || app_selected_environment(lv->app))
		return false;
	if (lv->selected_id)
		return !model_replica(m, lv->selected_id, NULL);
	return !model_environment(m, lv->book->environment);
}

void logs_view_selection_changed(struct view *v, struct app *app)
{
	struct logs_view *lv = (struct logs_view *) v;
	const struct environment *e = app_selected_environment(app);
	const struct replica *r = app_selected_replica(app);

	if (!e && logs_is_left(lv))
		return;
	free(lv->selected_id);
	lv->selected_id = r ? strdup(r->id) : NULL;
	lv->selected = r ? r->number : -1;
	if (!e || !lv->book || strcmp(lv->book->environment, e->name) != 0) {
		stop_feed(lv);
		logs_save_drop(lv);
		lv->book = NULL;
		lv->filter = logs_filter_of(lv, "");
		if (e)
			open_book(lv, e->name);
	}
	logs_update_only(lv);
	logs_refresh_list(lv);
	logs_sync_feed(lv);
	logs_pump(lv);
}

void logs_view_stop(struct view *v)
{
	struct logs_view *lv = (struct logs_view *) v;

	lv->stopped = true;
	stop_feed(lv);
}
