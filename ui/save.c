/* See save.h. */
#include "ui/save.h"

#include <stdlib.h>

#include "base/path.h"

struct writing {
	char *path, *text;
	size_t len;
};

static void writing_free(void *arg)
{
	struct writing *w = arg;

	free(w->path);
	free(w->text);
	free(w);
}

static af_code write_file(void *arg, struct cancel *cancel UNUSED, struct af_error *err)
{
	struct writing *w = arg;

	return file_write(w->path, w->text, w->len, 0600, err);
}

static void written(struct app *app, void *arg, af_code rc, const struct af_error *err)
{
	struct writing *w = arg;

	if (rc)
		app_notice_error(app, err);
	else
		app_notice(app, NOTICE_OK, "saved %s (%zu bytes)", w->path, w->len);
}

void save_text(struct app *app, const char *path, struct strbuf *take_text)
{
	struct writing *w = calloc(1, sizeof(*w));
	const char *home = getenv("HOME");
	struct af_error err = AF_ERROR_INIT;

	if (!w)
		return;
	w->len = take_text->len;
	w->path = str_starts(path, "~/") && home ? path_join(home, path + 2, NULL) : str_dup(path, NULL);
	if (!w->path || strbuf_steal(take_text, &w->text, NULL))
		writing_free(w);
	else if (job_work(app, "save a file", write_file, written, writing_free, w, NULL, &err))
		app_notice_error(app, &err);
	af_error_clear(&err);
}
