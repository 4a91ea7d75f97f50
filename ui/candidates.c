/* See candidates.h. */
#include "ui/candidates.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "command/complete.h"
#include "command/words.h"
#include "store/mask.h"
#include "store/store.h"
#include "ui/call_signature.h"
#include "ui/prompt.h"

/* Asked anew after so long. */
#define FRESH_MS 5000
/* Calls that are looked at, and values that are kept. */
#define CALLS_MAX 500
#define VALUES_MAX 500
/* Longer ones nobody picks from a list. */
#define VALUE_BYTES 200
#define FILES_MAX 2000
/* Directories that are read at the same time: some may be of a file system that does not answer. */
#define READING_MAX 4
/* Questions that are remembered: what was typed long ago goes. */
#define KEPT 32

struct candidates {
	enum candidate_kind kind;
	char *one, *other; /* never NULL */
	struct strlist list;
	bool known, asking;
	int64_t asked_ms;
	struct candidates *next; /* the newest first */
};

/* ---- on a job's thread ---------------------------------------------------------------------------------- */

struct question {
	struct af *af;
	enum candidate_kind kind;
	char *one, *other;
	struct strlist list;
};

static void question_free(void *arg)
{
	struct question *q = arg;

	strlist_free(&q->list);
	free(q->one);
	free(q->other);
	free(q);
}

static af_code find_images(struct question *q, struct cancel *cancel, struct af_error *err)
{
	struct command_context cx = { .af = q->af, .cancel = cancel };

	return complete_kind(&cx, "image", NULL, &q->list, err);
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char) *s < ' ' || *s == 0x7f)
			return true;
	return false;
}

/* "model='a b'": the name stays in front of the quotes, so that it is found by what is typed. */
static af_code add_value(struct strlist *list, struct json_span key, struct json_span value, struct af_error *err)
{
	static const struct parameter any = { .type = VALUE_ANY };
	AUTO_STRBUF word = STRBUF_INIT(STRBUF_TEXT), text = STRBUF_INIT(STRBUF_TEXT);

	if (value.len > VALUE_BYTES)
		return AF_OK;
	json_add_decoded(&word, key);
	value_write(&any, value, &text);
	if (!strcmp(text.data, MASKED) || has_control(text.data) || word.data[strcspn(word.data, " '\"\\=")])
		return AF_OK;
	strbuf_addc(&word, '=');
	words_join(&word, (const char *const[]){ text.data }, 1);
	return has_control(word.data) || strlist_has(list, word.data) ? AF_OK : strlist_add(list, word.data, err);
}

static af_code find_values(struct question *q, struct af_error *err)
{
	struct call_query wanted = { .environment = q->one, .method = q->other, .limit = CALLS_MAX, .brief = true };
	AF_AUTO(call_list) struct call_list calls = { 0 };
	AF_AUTO(store) struct store *store = NULL;
	af_code rc = store_open(NULL, &store, err);

	if (!rc)
		rc = store_list(store, &wanted, &calls, err);
	for (size_t i = 0; !rc && i < calls.count && q->list.count < VALUES_MAX; i++) {
		struct json_span args = { calls.items[i].args, strlen(calls.items[i].args) };
		if (json_check(args.text, args.len, NULL) || json_type(args) != JSON_OBJECT)
			continue;
		for (struct json_iter it = json_iter(args); !rc && json_next(&it);)
			rc = add_value(&q->list, it.key, it.value, err);
	}
	return rc;
}

static bool is_directory(int dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
		return entry->d_type == DT_DIR;
	return fstatat(dir, entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static af_code find_files(struct question *q, struct cancel *cancel, struct af_error *err)
{
	DIR *dir = opendir(*q->one ? q->one : ".");
	af_code rc = AF_OK;

	if (!dir)
		return error_errno(err, AF_ERR_IO, errno, "open %s", q->one);
	for (struct dirent *e; !rc && q->list.count < FILES_MAX && (e = readdir(dir)) && !cancel_requested(cancel);)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = strlist_take(&q->list, str_format(err, "%s%s", e->d_name, is_directory(dirfd(dir), e) ? "/" : ""),
					  err);
	closedir(dir);
	strlist_sort(&q->list);
	return rc;
}

static af_code ask(void *arg, struct cancel *cancel, struct af_error *err)
{
	struct question *q = arg;

	switch (q->kind) {
	case CANDIDATES_IMAGES:
		return find_images(q, cancel, err);
	case CANDIDATES_VALUES:
		return find_values(q, err);
	default:
		return find_files(q, cancel, err);
	}
}

/* ---- on the UI thread ------------------------------------------------------------------------------------- */

static struct candidates *find(struct app *app, enum candidate_kind kind, const char *one, const char *other)
{
	for (struct candidates *c = app->candidates; c; c = c->next)
		if (c->kind == kind && !strcmp(c->one, one) && !strcmp(c->other, other))
			return c;
	return NULL;
}

/* Where nothing is to be had, there is nothing to offer: no word about it. */
static void answered(struct app *app, void *arg, af_code rc, const struct af_error *err UNUSED)
{
	struct question *q = arg;
	struct candidates *c = find(app, q->kind, q->one, q->other);

	if (!c)
		return;
	c->asking = false;
	c->known = true;
	if (!rc) {
		strlist_free(&c->list);
		c->list = q->list;
		q->list = (struct strlist){ 0 };
	}
	prompt_news(app->prompt);
	app_redraw(app);
}

static void start(struct app *app, struct candidates *c)
{
	struct question *q = calloc(1, sizeof(*q));

	if (!q)
		return;
	q->af = app->af;
	q->kind = c->kind;
	q->one = strdup(c->one);
	q->other = strdup(c->other);
	c->asked_ms = app->now_ms;
	if (!q->one || !q->other)
		question_free(q);
	else if (c->kind == CANDIDATES_FILES)
		c->asking = job_loose(app, ask, answered, question_free, q) == AF_OK;
	else
		c->asking = job_quiet(app, ask, answered, question_free, q) == AF_OK;
}

static bool may_start(const struct app *app, enum candidate_kind kind)
{
	int reading = 0;

	for (const struct candidates *c = app->candidates; c; c = c->next)
		reading += c->kind == CANDIDATES_FILES && c->asking;
	return kind != CANDIDATES_FILES || reading < READING_MAX;
}

static void entry_free(struct candidates *c)
{
	strlist_free(&c->list);
	free(c->one);
	free(c->other);
	free(c);
}

/* But not those that still wait: they are counted. */
static void forget_old(struct candidates **place)
{
	while (*place) {
		struct candidates *c = *place;
		if (c->asking) {
			place = &c->next;
			continue;
		}
		*place = c->next;
		entry_free(c);
	}
}

static struct candidates *add(struct app *app, enum candidate_kind kind, const char *one, const char *other)
{
	struct candidates *c = calloc(1, sizeof(*c)), **place = &app->candidates;

	if (!c)
		return NULL;
	*c = (struct candidates){ .kind = kind, .one = strdup(one), .other = strdup(other), .next = app->candidates };
	if (!c->one || !c->other) {
		entry_free(c);
		return NULL;
	}
	app->candidates = c;
	for (int i = 0; *place && i < KEPT; i++)
		place = &(*place)->next;
	forget_old(place);
	return c;
}

const struct strlist *candidates(struct app *app, enum candidate_kind kind, const char *one, const char *other)
{
	struct candidates *c = find(app, kind, one ? one : "", other ? other : "");

	if (!c && !(c = add(app, kind, one ? one : "", other ? other : "")))
		return NULL;
	if (!c->asking && (!c->known || app->now_ms - c->asked_ms > FRESH_MS) && may_start(app, kind))
		start(app, c);
	return c->known ? &c->list : NULL;
}

void candidates_forget_all(struct app *app)
{
	for (struct candidates *c = app->candidates, *next; c; c = next) {
		next = c->next;
		entry_free(c);
	}
	app->candidates = NULL;
}
