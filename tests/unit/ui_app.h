/*
 * An afs-tui without a terminal and without an engine: the real frame with its views, a headless canvas, and a model that
 * the test fills by hand.
 *
 *     ui_start(36, 120);
 *     … model_add(&ui.app.model, "affine", 3) …
 *     ui_text()                  // the screen
 *     ui_end();
 */
#ifndef TEST_UI_APP_H
#define TEST_UI_APP_H

#include <locale.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

#include "ui/call_kept.h"
#include "ui/candidates.h"
#include "ui/config.h"
#include "ui/form_draft.h"
#include "ui/frame.h"
#include "ui/methods.h"
#include "ui/prompt.h"

static struct {
	struct app app;
	char home[64];
	struct strbuf screen;
} ui UNUSED;

UNUSED static void ui_start(int rows, int cols)
{
	struct app *app = &ui.app;

	af_error_clear(&err);
	assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
	snprintf(ui.home, sizeof(ui.home), "/tmp/afs-unit-XXXXXX");
	assert_non_null(mkdtemp(ui.home));
	setenv("HOME", ui.home, 1);
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_CONFIG_HOME");
	setenv("INPUTRC", "/dev/null", 1);
	*app = (struct app){ .now_ms = clock_ms(), .afs_path = "afs" };
	strbuf_init(&ui.screen, STRBUF_TEXT);
	config_defaults(&app->options);
	theme_default(&app->theme);
	app->keymap = keymap_new(&err);
	app->queue = message_queue_new(&err);
	/* Nobody listens there. */
	ok(af_new(&(struct af_options){ .engine = "unix:///tmp/afs-unit-no-engine.sock" }, &app->af, &err));
	ok(canvas_start_headless(&app->theme, GLYPHS_UNICODE, rows, cols, &err));
	app->prompt = prompt_new(app, &err);
	app->frame = frame_new(app, &err);
	assert_true(app->keymap && app->queue && app->prompt && app->frame);
}

UNUSED static void ui_end(void)
{
	struct app *app = &ui.app;
	AUTO_FREE char *clean = str_format(NULL, "rm -rf %s", ui.home);

	canvas_end();
	job_end_all(app);
	methods_forget_all(app);
	candidates_forget_all(app);
	frame_free(app->frame, app);
	drafts_forget_all(app);
	kept_forget_all(app);
	prompt_free(app->prompt);
	message_queue_free(app->queue);
	model_free(&app->model);
	keymap_free(app->keymap);
	theme_free(&app->theme);
	options_free(&app->options);
	af_free(app->af);
	strbuf_free(&ui.screen);
	if (clean && system(clean) != 0)
		print_message("# %s stays\n", ui.home);
}

/* Applies messages until `done` holds. */
UNUSED static void ui_until(bool (*done)(void))
{
	struct app *app = &ui.app;
	int64_t start = clock_ms();

	while (!done()) {
		struct pollfd fd = { .fd = message_queue_fd(app->queue), .events = POLLIN };
		if (clock_ms() - start > PATIENCE_MS)
			fail_msg("it never came");
		poll(&fd, 1, 100);
		app->now_ms = clock_ms();
		message_apply_all(app->queue, app);
	}
}

/* Draws, and what is on the screen then. */
UNUSED static const char *ui_text(void)
{
	frame_draw(&ui.app);
	strbuf_reset(&ui.screen);
	canvas_dump(&ui.screen);
	return ui.screen.data;
}

UNUSED static void ui_type(const char *text)
{
	for (; *text; text++)
		frame_key(&ui.app, (unsigned char) *text);
}

UNUSED static void ui_key(const char *name)
{
	keycode key = key_parse(name, strlen(name));

	assert_true(key != 0);
	frame_key(&ui.app, key);
}

/* An environment whose replicas are up; ids are "NAME-0", "NAME-1", … */
UNUSED static struct environment *model_add(struct model *m, const char *name, int replicas)
{
	m->environments = realloc(m->environments, (size_t) (m->count + 1) * sizeof(*m->environments));
	struct environment *e = &m->environments[m->count++];
	*e = (struct environment){ .name = strdup(name), .image = str_format(NULL, "%s:v1", name), .mode = strdup("docker"),
				   .balance = strdup("random"), .planned = replicas, .ours = true, .count = replicas };
	e->replicas = calloc((size_t) replicas + 1, sizeof(*e->replicas));
	for (int i = 0; i < replicas; i++) {
		e->replicas[i] = (struct replica){ .number = i, .state = REPLICA_UP, .word = "up", .healthy = true,
						   .id = str_format(NULL, "%s-%d", name, i),
						   .name = str_format(NULL, "%s-%d", name, i), .host = strdup("local"),
						   .image = str_format(NULL, "%s:v1", name), .status = strdup("Up 2 minutes"),
						   .cpu_percent = NAN, .memory = -1, .rate = NAN, .p50_ms = NAN,
						   .p95_ms = NAN, .p99_ms = NAN, .exit_code = -1 };
	}
	m->loaded = true;
	model_update(m, clock_ms());
	return e;
}

#endif
