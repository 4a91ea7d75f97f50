/* See save.h. */
#include "ui/save.h"

#include <stdlib.h>

#include "base/path.h"

struct writing {
	char *path, *what;
	struct strbuf text;
};

static void writing_free(void *arg)
{
	struct writing *w = arg;

	free(w->path);
	free(w->what);
	strbuf_free(&w->text);
	free(w);
}

static af_code write_file(void *arg, struct cancel *cancel UNUSED, struct af_error *err)
{
	struct writing *w = arg;
	af_code rc = strbuf_check(&w->text, err);

	return rc ? rc : file_create(w->path, w->text.data, w->text.len, 0600, err);
}

static void written(struct app *app, void *arg, af_code rc, const struct af_error *err)
{
	struct writing *w = arg;

	if (rc == AF_ERR_EXISTS)
		app_notice(app, NOTICE_ERROR, "%s is there already; choose another name", w->path);
	else if (rc)
		app_notice_error(app, err);
	else
		app_notice(app, NOTICE_OK, "saved %s (%s)", w->path, w->what);
}

/* Takes `what`, which may be NULL: there was no memory for it. */
static void save(struct app *app, const char *path, struct strbuf *take_text, char *take_what)
{
	struct writing *w = calloc(1, sizeof(*w));
	const char *home = getenv("HOME");
	struct af_error err = AF_ERROR_INIT;

	if (w) {
		w->path = str_starts(path, "~/") && home ? path_join(home, path + 2, NULL) : str_dup(path, NULL);
		w->what = take_what;
		w->text = *take_text;
		strbuf_init(take_text, w->text.max);
	}
	if (!w || !w->path || !w->what) {
		error_nomem(&err);
		if (w)
			writing_free(w);
		else
			free(take_what);
		app_notice_error(app, &err);
	} else if (job_work(app, "save a file", write_file, written, writing_free, w, NULL, &err)) {
		app_notice_error(app, &err);
	}
	af_error_clear(&err);
}

void save_text(struct app *app, const char *path, struct strbuf *take_text)
{
	save(app, path, take_text, str_format(NULL, "%zu bytes", take_text->len));
}

void save_lines(struct app *app, const char *path, struct strbuf *take_text, uint64_t lines)
{
	save(app, path, take_text, str_format(NULL, "%llu line%s", (unsigned long long) lines, lines == 1 ? "" : "s"));
}
