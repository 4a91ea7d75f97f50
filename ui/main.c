/* afs-tui: the dashboard. Options, and the one loop of the UI thread. */
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/config.h"
#include "ui/feed.h"
#include "ui/frame.h"
#include "ui/manual.h"
#include "ui/methods.h"
#include "ui/plain.h"
#include "ui/prompt.h"
#include "ui/script.h"
#include "ui/terminal.h"

/* 30 frames a second at most; a key is answered at once. */
#define FRAME_MS 33
#define TICK_MS 1000
/* What turns (spinners) turns this often. */
#define SPIN_MS 120

struct arguments {
	bool plain, help, version, manual;
	const char *script, *theme;
	bool readonly, ascii;
};

static const char usage[] =
	"Usage: afs-tui [OPTION…]\n"
	"\n"
	"The dashboard for evaluation environments: what runs where, how it is doing, what it\n"
	"answers, what it logs, and one command line to drive it. Press ? for the keys.\n"
	"\n"
	"  --readonly       actions that change something are off\n"
	"  --theme NAME     dark, light, high-contrast, deuteranopia, tritanopia, mono\n"
	"  --ascii          draw with ASCII only\n"
	"  --plain          print what the dashboard shows as lines, and leave\n"
	"  --script FILE    no terminal: keys come from FILE (see afs-tui(1))\n"
	"  --help, --version\n";

/* False: wrong usage. */
static bool parse_arguments(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "readonly", no_argument, NULL, 'r' }, { "theme", required_argument, NULL, 't' },
		{ "ascii", no_argument, NULL, 'a' },	{ "plain", no_argument, NULL, 'p' },
		{ "script", required_argument, NULL, 's' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ "generate-manual", no_argument, NULL, 'm' },	{ 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'r':
			a->readonly = true;
			break;
		case 't':
			a->theme = optarg;
			break;
		case 'a':
			a->ascii = true;
			break;
		case 'p':
			a->plain = true;
			break;
		case 's':
			a->script = optarg;
			break;
		case 'h':
			a->help = true;
			break;
		case 'v':
			a->version = true;
			break;
		case 'm':
			a->manual = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

/* ---- the loop ------------------------------------------------------------------------------------- */

struct loop_state {
	int64_t drawn_ms, ticked_ms;
	bool answered; /* a key came: the next frame does not wait */
	struct script *script;
};

static void handle_event(struct app *app, const struct terminal_event *e, struct loop_state *ls)
{
	ls->answered = true;
	app_redraw(app);
	switch (e->kind) {
	case EVENT_KEY:
		app->stamp_ms = wall_ms();
		frame_key(app, e->key);
		break;
	case EVENT_PASTE:
		if (e->truncated)
			app_notice(app, NOTICE_WARN, "the paste was longer than 1 MiB; only its beginning was taken");
		frame_paste(app, e->text, e->len);
		break;
	case EVENT_MOUSE:
		frame_mouse(app, e->mouse.y, e->mouse.x, (int) e->mouse.what);
		break;
	case EVENT_RESIZE:
		break;
	case EVENT_SIGNAL:
	case EVENT_LOST:
		app->quit = true;
		break;
	case EVENT_NONE:
		break;
	}
}

static void read_terminal(struct app *app, struct loop_state *ls)
{
	struct terminal_event event;

	while (!app->quit && terminal_next(&event) != EVENT_NONE) {
		handle_event(app, &event, ls);
		if (app->suspend) {
			app->suspend = false;
			terminal_suspend();
		}
	}
}

static bool something_turns(const struct app *app)
{
	return app->model.starting > 0 || job_newest_running(app) != 0;
}

static void tick(struct app *app, struct loop_state *ls)
{
	int64_t every = something_turns(app) ? SPIN_MS : TICK_MS;

	if (app->now_ms - ls->ticked_ms < every)
		return;
	ls->ticked_ms = app->now_ms;
	frame_tick(app);
	if (something_turns(app))
		app_redraw(app);
}

/* How long the loop may sleep. */
static int patience(const struct app *app, const struct loop_state *ls)
{
	int64_t tick_in = ls->ticked_ms + (something_turns(app) ? SPIN_MS : TICK_MS) - app->now_ms;
	int64_t wait = MAX(tick_in, (int64_t) 0);

	if (app->dirty)
		wait = MIN(wait, MAX(ls->drawn_ms + FRAME_MS - app->now_ms, (int64_t) 0));
	if (ls->script)
		wait = MIN(wait, (int64_t) FRAME_MS);
	return (int) wait;
}

static void maybe_draw(struct app *app, struct loop_state *ls)
{
	if (!app->dirty || (!ls->answered && app->now_ms - ls->drawn_ms < FRAME_MS))
		return;
	frame_draw(app);
	ls->drawn_ms = app->now_ms;
	ls->answered = false;
}

static af_code run_loop(struct app *app, struct script *script, struct af_error *err)
{
	struct loop_state ls = { .script = script, .answered = true };
	struct pollfd fds[] = { { .fd = message_queue_fd(app->queue), .events = POLLIN },
				{ .fd = script ? -1 : STDIN_FILENO, .events = POLLIN },
				{ .fd = script ? -1 : terminal_signal_fd(), .events = POLLIN } };
	af_code rc = AF_OK;

	app_redraw(app);
	while (!app->quit && !rc) {
		app->now_ms = clock_ms();
		bool was_loaded = app->model.loaded;
		message_apply_all(app->queue, app);
		ls.answered |= app->model.loaded && !was_loaded; /* the first full frame does not wait */
		if (!script)
			read_terminal(app, &ls);
		tick(app, &ls);
		maybe_draw(app, &ls);
		if (script && !app->dirty)
			rc = script_step(script, app, err);
		if (!app->quit && !rc)
			poll(fds, ARRAY_LEN(fds), patience(app, &ls));
	}
	return rc;
}

/* ---- life -------------------------------------------------------------------------------------------- */

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
		rc = run_loop(app, script, err);
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
	if (app->frame)
		frame_free(app->frame, app);
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

int main(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct af_error err = AF_ERROR_INIT;

	setlocale(LC_ALL, "");
	if (!parse_arguments(argc, argv, &a)) {
		fputs("  hint: afs-tui --help\n", stderr);
		return 2;
	}
	if (a.manual) {
		AUTO_STRBUF page = STRBUF_INIT(STRBUF_TEXT);
		manual_add(&page);
		return fwrite(page.data, 1, page.len, stdout) == page.len && fflush(stdout) == 0 ? 0 : 1;
	}
	if (a.help || a.version) {
		printf("%s", a.help ? usage : "");
		if (a.version)
			printf("afs-tui %s\n", af_version());
		return 0;
	}
	af_code rc = run(&a, &err);
	int status = rc ? fail(&err, rc) : 0;
	af_error_clear(&err);
	return status;
}
