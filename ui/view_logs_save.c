/* Copying lines, and saving what is shown: gathered a little at a time, written by a job. */
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/save.h"
#include "ui/view_logs_priv.h"

#define COPY_MAX ((size_t) 1024 * 1024)

struct log_save {
	struct strbuf text;
	uint64_t next, end; /* lines: what is still to be gathered of what there was when it began */
	uint64_t lines;
	char *path;
};

/* ---- text ------------------------------------------------------------------------------------------- */

static void add_line(struct logs_view *lv, struct strbuf *out, uint64_t line)
{
	const struct log_record *r = log_store_at(lv->book->store, line);
	size_t len;
	const char *text = log_visible(lv->book->store, r, &lv->scratch, &len);

	strbuf_add(out, text, len);
	strbuf_addc(out, '\n');
}

void logs_copy(struct logs_view *lv)
{
	uint64_t line = logs_current(lv);
	AUTO_STRBUF text = STRBUF_INIT(COPY_MAX);
	char said[80];

	if (line == NO_LINE)
		return;
	uint64_t head = log_store_head(lv->book->store, line);
	const struct log_group *g = log_store_group(lv->book->store, head);
	add_line(lv, &text, head);
	for (uint64_t member = head; g && (member = log_store_next_member(lv->book->store, g, member));)
		add_line(lv, &text, member);
	if (strbuf_check(&text, NULL))
		app_notice(lv->app, NOTICE_WARN, "%s",
			   keymap_say(lv->app->keymap, "this is too long to copy; {save} saves it to a file", said, sizeof(said)));
	else
		app_copy(lv->app, text.data, text.len - 1);
}

/* ---- gathering --------------------------------------------------------------------------------------- */

void logs_save_drop(struct logs_view *lv)
{
	if (!lv->save)
		return;
	strbuf_free(&lv->save->text);
	free(lv->save->path);
	free(lv->save);
	lv->save = NULL;
}

void logs_save_moved(struct logs_view *lv, uint64_t line)
{
	if (!lv->save)
		return;
	lv->save->next += lv->save->next > line;
	lv->save->end += lv->save->end > line;
}

/* "2026-01-02T03:04:05.678Z 1 | text" */
static void save_line(struct logs_view *lv, struct log_save *save, uint64_t line)
{
	const struct log_record *r = log_store_at(lv->book->store, line);

	rfc3339_format(&save->text, r->ns / 1000000);
	strbuf_addf(&save->text, " %d | ", r->replica);
	add_line(lv, &save->text, line);
	save->lines++;
}

bool logs_save_step(struct logs_view *lv, int64_t budget_us)
{
	const struct log_numbers *rows = &lv->book->list.rows;
	int64_t until = clock_us() + budget_us;
	struct log_save *save = lv->save;

	for (size_t i = log_numbers_place(rows, save->next), n = 1; i < rows->count; i++, n++) {
		uint64_t line = log_number(rows, i);
		if (line >= save->end)
			break;
		uint64_t head = log_store_head(lv->book->store, line);
		const struct log_group *g = log_store_group(lv->book->store, head);
		save_line(lv, save, head);
		for (uint64_t member = head; g && (member = log_store_next_member(lv->book->store, g, member));)
			save_line(lv, save, member);
		save->next = line + 1;
		if (n % 64 == 0 && clock_us() >= until)
			return true;
	}
	save_lines(lv->app, save->path, &save->text, save->lines);
	logs_save_drop(lv);
	return false;
}

/* ---- asking -------------------------------------------------------------------------------------------- */

static void save_to(struct app *app, const char *text, void *arg)
{
	struct logs_view *lv = arg;

	if (str_blank(text) || !lv->book)
		return;
	logs_save_drop(lv);
	struct log_save *save = calloc(1, sizeof(*save));
	if (!save || !(save->path = str_dup(text, NULL))) {
		free(save);
		app_notice(app, NOTICE_ERROR, "out of memory");
		return;
	}
	strbuf_init(&save->text, STRBUF_HUGE);
	save->end = log_store_end(lv->book->store);
	/* No row moves on meanwhile, out of what was gathered or behind the end. */
	log_book_cut(lv->book, 0, save->end);
	lv->save = save;
	logs_pump(lv);
}

void logs_ask_save(struct logs_view *lv)
{
	AUTO_FREE char *name = NULL;

	if (!lv->book)
		return;
	/* Names of environments have nothing in them that a file's name may not have. */
	if (lv->filter->only >= 0)
		name = str_format(NULL, "%s-%d.log", lv->book->environment, lv->filter->only);
	else
		name = str_format(NULL, "%s.log", lv->book->environment);
	for (char *c = name; c && *c; c++)
		if (*c == '/')
			*c = '-';
	app_ask(lv->app, "save what is shown to:", name, NULL, save_to, lv);
}
