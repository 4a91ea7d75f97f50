/* Pane 1: actions on what is marked, or else on the current row. Each is the `afs` command that it equals. */
#include <stdio.h>
#include <string.h>

#include "ui/envs_priv.h"

/* Above this many things their number has to be typed. */
#define ASK_NAME_ABOVE 3
/* So many are listed. */
#define NAMES_SHOWN 8

struct deed {
	struct strlist words;
};

static void deed_free(void *arg)
{
	struct deed *d = arg;

	strlist_free(&d->words);
	free(d);
}

static void do_deed(struct app *app, void *arg)
{
	struct deed *d = arg;

	app_run(app, (const char *const *) d->words.items, (int) d->words.count);
}

/* What is meant, by the names that commands take. */
struct targets {
	struct strlist names;
	int running;
	bool replica, environment; /* one of them is such a thing */
	bool pool;    /* a pool of which some replicas run is one of them, or several of its running replicas are */
};

/* Those that do not answer yet, too. */
static int running_of(const struct environment *e)
{
	int running = 0;

	for (int i = 0; i < e->count; i++)
		running += e->replicas[i].running;
	return running;
}

static bool is_pool(const struct environment *e)
{
	return running_of(e) > 0 && MAX(e->count, e->planned) > 1;
}

static void add_target(struct targets *t, const char *name, int running, bool pool)
{
	if (strlist_has(&t->names, name) || strlist_add(&t->names, name, NULL))
		return;
	t->running += running;
	t->pool |= pool;
}

/* An environment if it is marked, else those of its replicas that are: also what a fold or the filter hides now. */
static void add_marked(const struct envs *v, const struct environment *e, struct targets *t)
{
	AUTO_FREE char *id = str_format(NULL, "env:%s", e->name);

	if (id && envs_is_marked(v, id)) {
		t->environment = true;
		add_target(t, e->name, running_of(e), is_pool(e));
		return;
	}
	for (int i = 0, running = 0; i < e->count; i++)
		if (envs_is_marked(v, e->replicas[i].id)) {
			t->replica = true;
			running += e->replicas[i].running;
			add_target(t, e->replicas[i].name, e->replicas[i].running, running > 1);
		}
}

/* What is marked, or else the current row. */
static void find_targets(struct envs *v, struct app *app, struct targets *t)
{
	const struct envs_row *current = envs_current(v, app);

	for (int i = 0; v->marked.count && i < app->model.count; i++)
		add_marked(v, &app->model.environments[i], t);
	if (v->marked.count || !current)
		return;
	if (current->replica)
		add_target(t, current->replica->name, current->replica->running, false);
	else
		add_target(t, current->env->name, running_of(current->env), is_pool(current->env));
}

static void ask(struct app *app, const char *verb, const struct targets *t, struct deed *d)
{
	AUTO_STRBUF question = STRBUF_INIT(STRBUF_LINE), detail = STRBUF_INIT(STRBUF_LINE);
	const struct strlist *names = &t->names;
	int running = t->running;
	char phrase[32];
	bool many = names->count > ASK_NAME_ABOVE || (t->pool && names->count > 1);

	if (names->count == 1)
		strbuf_addf(&question, "%s %s?", verb, names->items[0]);
	else
		strbuf_addf(&question, "%s %zu %s?", verb, names->count,
			    !t->replica ? "environments" : t->environment ? "replicas and environments" : "replicas");
	for (size_t i = 0; names->count > 1 && i < names->count && i < NAMES_SHOWN; i++)
		strbuf_addf(&detail, "%s%s", i ? ", " : "", names->items[i]);
	if (names->count > NAMES_SHOWN)
		strbuf_addf(&detail, " and %zu more", names->count - NAMES_SHOWN);
	strbuf_addf(&detail, "%s%d running replica%s.\nafs", detail.len ? "\n" : "", running, running == 1 ? "" : "s");
	/* The command, an option, and the names. */
	for (size_t i = 0; i < d->words.count && i < NAMES_SHOWN + 2; i++)
		strbuf_addf(&detail, " %s", d->words.items[i]);
	if (d->words.count > NAMES_SHOWN + 2)
		strbuf_adds(&detail, " …");
	snprintf(phrase, sizeof(phrase), "%zu", names->count);
	/* A pool with running replicas, or many at once: a slip of the finger must not do. */
	const char *typed = many ? phrase : t->pool ? names->items[0] : NULL;
	app_confirm(app, question.data, detail.data, typed, do_deed, deed_free, d);
}

/* What stands in its place now was not chosen by anybody. */
static void nothing_selected(const struct envs *v, struct app *app)
{
	app_notice(app, NOTICE_INFO, v->list.gone && v->count ? "what was selected is gone: move the cursor first" : "select something first");
}

static void act_on(struct envs *v, struct app *app, const char *verb, const char *command, const char *option)
{
	struct targets t = { 0 };

	if (app->options.readonly) {
		app_notice(app, NOTICE_WARN, "read-only: %s is off", command);
		return;
	}
	find_targets(v, app, &t);
	struct deed *d = t.names.count ? calloc(1, sizeof(*d)) : NULL;
	if (!d) {
		nothing_selected(v, app);
		strlist_free(&t.names);
		return;
	}
	bool failed = strlist_add(&d->words, command, NULL) || (option && strlist_add(&d->words, option, NULL));
	for (size_t i = 0; i < t.names.count && !failed; i++)
		failed = strlist_add(&d->words, t.names.items[i], NULL);
	if (failed)
		deed_free(d);
	else
		ask(app, verb, &t, d);
	strlist_free(&t.names);
}

/* A shell in the replica: `afs exec` on the real terminal. */
static void open_shell(struct envs *v, struct app *app)
{
	const struct envs_row *row = envs_current(v, app);
	struct af_error err = AF_ERROR_INIT;
	char number[16];
	int status = 0;

	if (app->options.readonly) {
		app_notice(app, NOTICE_WARN, "read-only: exec is off");
		return;
	}
	if (!row) {
		nothing_selected(v, app);
		return;
	}
	if (!strcmp(row->env->mode, "url")) {
		app_notice(app, NOTICE_INFO, "exec is off: %s is of mode url, and there is no way into what runs there", row->env->name);
		return;
	}
	snprintf(number, sizeof(number), "%d", row->replica ? row->replica->number : row->env->count ? row->env->replicas[0].number : 0);
	/* The model may be another one when the shell has ended. */
	AUTO_FREE char *name = str_dup(row->env->name, NULL);
	const char *argv[] = { app->afs_path, "exec", name, "--replica", number, NULL };
	if (!row->env->ours)
		argv[3] = NULL;
	if (!name)
		return;
	if (app_foreground(app, argv, &status, &err))
		app_notice_error(app, &err);
	else
		app_notice(app, status ? NOTICE_WARN : NOTICE_OK, "afs exec %s%s%s ended with %d", name,
			   argv[3] ? " --replica " : "", argv[3] ? number : "", status);
	af_error_clear(&err);
}

int envs_action(struct envs *v, struct app *app, enum action action)
{
	switch (action) {
	case ACT_STOP:
		act_on(v, app, "Stop and remove", "stop", NULL);
		break;
	case ACT_RESTART:
		act_on(v, app, "Restart", "restart", NULL);
		break;
	case ACT_REMOVE:
		act_on(v, app, "Remove, running or not,", "rm", "--force");
		break;
	case ACT_EXEC:
		open_shell(v, app);
		break;
	case ACT_CALL:
		app_call(app, NULL);
		break;
	case ACT_LOGS:
		app_focus(app, PANE_LOGS);
		app_zoom(app, true);
		break;
	default:
		return REACT_NONE;
	}
	return REACT_REDRAW;
}

static const struct menu_action menu_actions[] = {
	{ ACT_CALL, "Call a method" }, { ACT_LOGS, "Logs" }, { ACT_EXEC, "Shell in the replica" },
	{ ACT_RESTART, "Restart" },    { ACT_STOP, "Stop" }, { ACT_REMOVE, "Remove" },
};

static void chosen(struct app *app, enum action action, void *arg)
{
	envs_action(arg, app, action);
}

void envs_action_menu(struct envs *v, struct app *app)
{
	const struct envs_row *row = envs_current(v, app);
	char title[160];

	if (!row) {
		nothing_selected(v, app);
		return;
	}
	if (v->marked.count)
		snprintf(title, sizeof(title), "%zu marked", v->marked.count);
	else
		snprintf(title, sizeof(title), "%.140s", row->replica ? row->replica->name : row->env->name);
	app_action_menu(app, title, menu_actions, ARRAY_LEN(menu_actions), chosen, v);
}
