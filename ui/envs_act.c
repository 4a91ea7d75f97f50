/* Pane 1: actions on what is marked, or else on the current row. Each is the `afs` command that it equals. */
#include <stdio.h>
#include <string.h>

#include "ui/envs_priv.h"

/* Above this many things the number has to be typed. */
#define ASK_NAME_ABOVE 3

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

/* Names of the environments that are meant: the marked ones' (a marked replica stands for itself), or the current row's. */
static void targets(struct envs *v, struct app *app, struct strlist *names, int *running)
{
	const struct envs_row *current = envs_current(v, app);

	for (int i = 0; i < v->count; i++) {
		const struct envs_row *row = &v->rows[i];
		if (v->marked.count ? !envs_is_marked(v, row->id) : row != current)
			continue;
		const char *name = row->replica ? row->replica->name : row->env->name;
		if (!strlist_has(names, name) && strlist_add(names, name, NULL))
			return;
		*running += row->replica ? row->replica->state == REPLICA_UP : row->env->up;
	}
}

static void ask(struct app *app, const char *verb, const struct strlist *names, int running, struct deed *d)
{
	AUTO_STRBUF question = STRBUF_INIT(STRBUF_LINE), detail = STRBUF_INIT(STRBUF_LINE);
	char phrase[32];
	bool many = names->count > ASK_NAME_ABOVE;

	if (names->count == 1)
		strbuf_addf(&question, "%s %s?", verb, names->items[0]);
	else
		strbuf_addf(&question, "%s %zu environments?", verb, names->count);
	for (size_t i = 0; names->count > 1 && i < names->count && i < 8; i++)
		strbuf_addf(&detail, "%s%s", i ? ", " : "", names->items[i]);
	strbuf_addf(&detail, "%s%d running replica%s.\nafs", detail.len ? "\n" : "", running, running == 1 ? "" : "s");
	for (size_t i = 0; i < d->words.count && i < 12; i++)
		strbuf_addf(&detail, " %s", d->words.items[i]);
	snprintf(phrase, sizeof(phrase), "%zu", names->count);
	/* A pool with running replicas, or many at once: a slip of the finger must not do. */
	const char *typed = many ? phrase : running > 1 && names->count == 1 ? names->items[0] : NULL;
	app_confirm(app, question.data, detail.data, typed, do_deed, deed_free, d);
}

static void act_on(struct envs *v, struct app *app, const char *verb, const char *command, const char *option)
{
	AUTO_STRLIST names = { 0 };
	int running = 0;

	targets(v, app, &names, &running);
	struct deed *d = names.count ? calloc(1, sizeof(*d)) : NULL;
	if (!d) {
		app_notice(app, NOTICE_INFO, "select something first");
		return;
	}
	if (app->options.readonly) {
		app_notice(app, NOTICE_WARN, "read-only: %s is off", command);
		deed_free(d);
		return;
	}
	bool failed = strlist_add(&d->words, command, NULL) || (option && strlist_add(&d->words, option, NULL));
	for (size_t i = 0; i < names.count && !failed; i++)
		failed = strlist_add(&d->words, names.items[i], NULL);
	if (failed)
		deed_free(d);
	else
		ask(app, verb, &names, running, d);
}

/* A shell in the replica: `afs exec` on the real terminal. */
static void open_shell(struct envs *v, struct app *app)
{
	const struct envs_row *row = envs_current(v, app);
	struct af_error err = AF_ERROR_INIT;
	char number[16];
	int status = 0;

	if (!row || app->options.readonly) {
		app_notice(app, NOTICE_INFO, row ? "read-only: exec is off" : "select something first");
		return;
	}
	snprintf(number, sizeof(number), "%d", row->replica ? row->replica->number : row->env->count ? row->env->replicas[0].number : 0);
	const char *argv[] = { app->afs_path, "exec", row->env->name, "--replica", number, NULL };
	if (!row->env->ours)
		argv[3] = NULL;
	if (app_foreground(app, argv, &status, &err))
		app_notice_error(app, &err);
	else
		app_notice(app, status ? NOTICE_WARN : NOTICE_OK, "exec %s --replica %s ended with %d", row->env->name, number,
			   status);
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

static const struct {
	const char *text;
	enum action action;
} menu_rows[] = {
	{ "c   Call a method", ACT_CALL },  { "l   Logs", ACT_LOGS },	{ "e   Shell in the replica", ACT_EXEC },
	{ "R   Restart", ACT_RESTART },	    { "s   Stop", ACT_STOP },	{ "x   Remove", ACT_REMOVE },
};

static void chosen(struct app *app, int i, void *arg)
{
	envs_action(arg, app, menu_rows[i].action);
}

void envs_action_menu(struct envs *v, struct app *app)
{
	const char *items[ARRAY_LEN(menu_rows)];
	const struct envs_row *row = envs_current(v, app);
	char title[160];

	if (!row) {
		app_notice(app, NOTICE_INFO, "select something first");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(menu_rows); i++)
		items[i] = menu_rows[i].text;
	if (v->marked.count)
		snprintf(title, sizeof(title), "%zu marked", v->marked.count);
	else
		snprintf(title, sizeof(title), "%.140s", row->replica ? row->replica->name : row->env->name);
	app_menu(app, title, items, ARRAY_LEN(items), 0, chosen, NULL, v);
}
