/* Scripts. See script.h. */
#include "ui/script.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "ui/frame.h"

#define WAIT_MS 15000

struct script {
	char *path;
	struct strlist lines;
	size_t next;
	deadline until; /* of the wait that is under way; 0: none */
};

af_code script_load(const char *path, struct script **out, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	af_code rc = file_read(path, &text, err);
	struct script *s = rc ? NULL : calloc(1, sizeof(*s));

	if (rc)
		return rc;
	if (!s || !(s->path = str_dup(path, err))) {
		free(s);
		return error_nomem(err);
	}
	for (const char *p = text.data; *p && !rc;) {
		size_t len = strcspn(p, "\n");
		rc = strlist_take(&s->lines, str_ndup(p, len, err), err);
		p += len + (p[len] == '\n');
	}
	if (rc)
		script_free(s);
	else
		*out = s;
	return rc;
}

void script_free(struct script *s)
{
	if (!s)
		return;
	strlist_free(&s->lines);
	free(s->path);
	free(s);
}

void script_size(const struct script *s, int *rows, int *cols)
{
	*rows = 36;
	*cols = 120;
	for (size_t i = 0; i < s->lines.count; i++)
		if (sscanf(s->lines.items[i], "size %dx%d", cols, rows) == 2)
			return;
}

static bool on_screen(const char *text)
{
	AUTO_STRBUF screen = STRBUF_INIT(STRBUF_TEXT);

	canvas_dump(&screen);
	return strstr(screen.data, text) != NULL;
}

static af_code dump(struct af_error *err)
{
	AUTO_STRBUF screen = STRBUF_INIT(STRBUF_TEXT);

	canvas_dump(&screen);
	for (size_t done = 0; done < screen.len;) {
		ssize_t n = write(STDOUT_FILENO, screen.data + done, screen.len - done);
		if (n <= 0)
			return error_set(err, AF_ERR_IO, "write the screen to stdout");
		done += (size_t) n;
	}
	return AF_OK;
}

static void type(struct app *app, const char *text)
{
	AUTO_FREE wchar_t *wide = calloc(strlen(text) + 1, sizeof(*wide));

	if (!wide)
		return;
	size_t n = mbstowcs(wide, text, strlen(text));
	for (size_t i = 0; n != (size_t) -1 && i < n; i++)
		frame_key(app, (keycode) wide[i]);
}

static af_code unknown(const struct script *s, const char *line, struct af_error *err)
{
	return error_set(err, AF_ERR_USAGE, "%s:%zu: \"%s\" is not understood", s->path, s->next + 1, line);
}

/* True: the condition holds, or its time is up (then *rc says so). */
static bool waited(struct script *s, bool holds, const char *line, af_code *rc, struct af_error *err)
{
	if (!holds && !s->until)
		s->until = deadline_in(WAIT_MS);
	if (!holds && deadline_left(s->until))
		return false;
	s->until = 0;
	if (!holds)
		*rc = error_set(err, AF_ERR_TIMEOUT, "%s:%zu: %s: not within %d s", s->path, s->next + 1, line,
				WAIT_MS / 1000);
	return true;
}

/* One line; false in *more: come back after the next frame. */
static af_code do_line(struct script *s, struct app *app, const char *line, bool *more, struct af_error *err)
{
	int rows, cols;
	keycode key;
	af_code rc = AF_OK;

	*more = true;
	if (!*line || *line == '#')
		return AF_OK;
	if (str_starts(line, "wait ") || str_starts(line, "gone ")) {
		*more = waited(s, on_screen(line + 5) == (*line == 'w'), line, &rc, err);
		return rc;
	}
	if (!strcmp(line, "dump"))
		return dump(err);
	*more = false; /* what follows wants a new frame */
	if (sscanf(line, "size %dx%d", &cols, &rows) == 2)
		canvas_set_size(rows, cols);
	else if (str_starts(line, "key ") && (key = key_parse(line + 4, strlen(line + 4))))
		frame_key(app, key);
	else if (str_starts(line, "type "))
		type(app, line + 5);
	else if (str_starts(line, "paste "))
		frame_paste(app, line + 6, strlen(line + 6));
	else
		return unknown(s, line, err);
	s->next++;
	app_redraw(app);
	return AF_OK;
}

af_code script_step(struct script *s, struct app *app, struct af_error *err)
{
	while (s->next < s->lines.count) {
		bool more;
		af_code rc = do_line(s, app, s->lines.items[s->next], &more, err);
		if (rc || !more)
			return rc;
		s->next++;
	}
	app->quit = true;
	return AF_OK;
}
