/* afs-tui: the dashboard. What is made at the start and goes at the end. */
#include <limits.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/arguments.h"
#include "ui/call_kept.h"
#include "ui/candidates.h"
#include "ui/config.h"
#include "ui/feed.h"
#include "ui/form_draft.h"
#include "ui/frame.h"
#include "ui/loop.h"
#include "ui/manual.h"
#include "ui/methods.h"
#include "ui/plain.h"
#include "ui/prompt.h"
#include "ui/script.h"
#include "ui/terminal.h"

static af_code load_settings(struct app *app, const struct arguments *a, struct strlist *complaints, struct af_error *err)
{
	config_defaults(&app->options);
	app->keymap = keymap_new(err);
	if (!app->keymap)
		return AF_ERR_NOMEM;
	af_code rc = config_load(&app->options, app->keymap, complaints, err);
	/* A file that cannot be read must not keep anybody out. */
	if (rc && (rc == AF_ERR_NOMEM || strlist_add(complaints, err && err->message ? err->message : af_code_name(rc), NULL)))
		return rc;
	if (err)
		af_error_clear(err);
	app->options.readonly |= a->readonly;
	if (app->options.readonly)
		keymap_readonly(app->keymap);
	app->options.ascii |= a->ascii;
	if (getenv("NO_COLOR") && *getenv("NO_COLOR"))
		app->options.color = false;
	app->options.theme_config = str_dup(app->options.theme, err);
	if (a->theme) {
		free(app->options.theme);
		app->options.theme = str_dup(a->theme, err);
		app->options.theme_given = true;
	}
	theme_default(&app->theme);
	rc = theme_load(&app->theme, app->options.theme, err);
	if (!rc || a->theme)
		return rc;
	/* A theme of the config file that is gone must not keep anybody out. */
	rc = strlist_add(complaints, err && err->message ? err->message : "the theme could not be read", NULL);
	if (err)
		af_error_clear(err);
	return rc;
}

static af_code start_canvas(struct app *app, struct script *script, struct af_error *err)
{
	enum canvas_glyphs glyphs = app->options.ascii ? GLYPHS_ASCII : GLYPHS_UNICODE;
	int rows, cols;

	if (!script) {
		af_code rc = canvas_start(&app->theme, glyphs, app->options.color, err);
		if (!rc)
			terminal_mouse(app->options.mouse);
		return rc;
	}
	script_size(script, &rows, &cols);
	return canvas_start_headless(&app->theme, glyphs, rows, cols, err);
}

/* What is wrong with the config file. There is room for one line: the others are told when the screen is the shell's. */
static void show_complaints(struct app *app, const struct strlist *complaints)
{
	if (complaints->count > 1)
		app_notice(app, NOTICE_WARN, "%s (and %zu more, told when you leave)", complaints->items[0], complaints->count - 1);
	else if (complaints->count)
		app_notice(app, NOTICE_WARN, "%s", complaints->items[0]);
}

static af_code run_app(struct app *app, const struct arguments *a, struct script *script, struct af_error *err)
{
	AUTO_STRLIST complaints = { 0 };
	af_code rc = load_settings(app, a, &complaints, err);

	if (!rc)
		rc = start_canvas(app, script, err);
	if (rc)
		return rc;
	app->prompt = prompt_new(app, err);
	app->frame = app->prompt ? frame_new(app, err) : NULL;
	app->feed = app->frame ? feed_start(app, err) : NULL;
	if (app->feed) {
		state_load(app);
		show_complaints(app, &complaints);
		rc = loop_run(app, script, err);
		if (state_save(app, NULL) && !rc)
			rc = AF_OK; /* a full disk must not spoil the leaving */
	} else {
		rc = AF_ERR_FAILED;
	}
	canvas_end();
	for (size_t i = 0; complaints.count > 1 && i < complaints.count; i++)
		fprintf(stderr, "afs-tui: %s\n", complaints.items[i]);
	return rc;
}

static void end_app(struct app *app)
{
	job_end_all(app);
	feed_stop(app->feed);
	methods_forget_all(app);
	candidates_forget_all(app);
	if (app->frame)
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
}

/* The command stands beside this program, or else in PATH. */
static char *find_afs(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0) {
		self[n] = '\0';
		char *slash = strrchr(self, '/');
		AUTO_FREE char *beside = slash ? str_format(NULL, "%.*s/afs", (int) (slash - self), self) : NULL;
		if (beside && access(beside, X_OK) == 0)
			return af_steal(beside);
	}
	return str_dup("afs", NULL);
}

static af_code run(const struct arguments *a, struct af_error *err)
{
	AUTO_FREE char *afs_path = find_afs();
	struct app app = { .now_ms = clock_ms(), .afs_path = afs_path };
	struct script *script = NULL;
	af_code rc = a->script ? script_load(a->script, &script, err) : AF_OK;

	if (!rc)
		rc = af_new(NULL, &app.af, err);
	if (!rc && !(app.queue = message_queue_new(err)))
		rc = AF_ERR_FAILED;
	if (!rc)
		rc = a->plain ? plain_print(&app, err) : run_app(&app, a, script, err);
	end_app(&app);
	script_free(script);
	return rc;
}

static void print_hint(const char *hint)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	text_add_safe(&sb, hint, strlen(hint), true);
	fprintf(stderr, "  hint: %s\n", sb.data);
}

static int fail(const struct af_error *err, af_code rc)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	const char *text = err->message ? err->message : af_code_name(rc);

	text_add_safe(&sb, text, strlen(text), true);
	fprintf(stderr, "afs-tui: %s\n", sb.data);
	if (err->hint)
		print_hint(err->hint);
	return af_code_exit_status(rc);
}

/* One that is named and not installed here, as happens over ssh, still says whether the terminal reads UTF-8. */
static void use_locale(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *name = NULL;

	if (setlocale(LC_ALL, ""))
		return;
	for (size_t i = 0; i < ARRAY_LEN(variables) && str_blank(name); i++)
		name = getenv(variables[i]);
	if (!str_blank(name) && (strcasestr(name, "UTF-8") || strcasestr(name, "UTF8")))
		setlocale(LC_CTYPE, "C.UTF-8");
}

int main(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct af_error err = AF_ERROR_INIT;

	/* The threads that keep the model fresh allocate little and seldom: one arena for all of them is the least. */
	mallopt(M_ARENA_MAX, 1);
	use_locale();
	if (!arguments_parse(&a, argc, argv)) {
		fputs("  hint: afs-tui --help\n", stderr);
		return 2;
	}
	if (a.manual) {
		AUTO_STRBUF page = STRBUF_INIT(STRBUF_TEXT);
		manual_add(&page);
		return fwrite(page.data, 1, page.len, stdout) == page.len && fflush(stdout) == 0 ? 0 : 1;
	}
	if (a.help || a.version) {
		printf("%s", a.help ? arguments_usage : "");
		if (a.version)
			printf("afs-tui %s\n", af_version());
		return fflush(stdout) == 0 ? 0 : 1;
	}
	af_code rc = run(&a, &err);
	int status = rc ? fail(&err, rc) : 0;
	af_error_clear(&err);
	return status;
}
