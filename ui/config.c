/* The config file and the state file. See config.h. */
#include "ui/config.h"

#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "base/path.h"
#include "base/settings.h"
#include "orchestrator/host.h"
#include "ui/frame.h"

#define FILE_MAX (1024u * 1024)

enum config_kind { CONFIG_TEXT, CONFIG_BOOL, CONFIG_COUNT, CONFIG_SIZE, CONFIG_TIME };

static const struct config_row {
	const char *name;
	enum config_kind kind;
	size_t offset;
	const char *def;
} rows[] = {
#define ROW(name, kind, field, def, help) { name, kind, offsetof(struct options, field), def },
	CONFIG_OPTIONS(ROW)
#undef ROW
};

static const char *const time_formats[] = { "off", "relative", "local", "utc" };

static bool parse_bool(const char *value, bool *out)
{
	static const char *const words[] = { "false", "no", "off", "0", "true", "yes", "on", "1" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(value, words[i])) {
			*out = i >= ARRAY_LEN(words) / 2;
			return true;
		}
	return false;
}

static bool set_text(char **field, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return false;
	free(*field);
	*field = copy;
	return true;
}

static bool set_option(struct options *options, const struct config_row *row, const char *value)
{
	void *field = (char *) options + row->offset;
	int64_t number;

	switch (row->kind) {
	case CONFIG_TEXT:
		return *value && set_text(field, value);
	case CONFIG_BOOL:
		return parse_bool(value, field);
	case CONFIG_COUNT:
		if (!int_parse(value, 100, 10000000, &number))
			return false;
		*(int *) field = (int) number;
		return true;
	case CONFIG_SIZE:
		if (size_parse(value, &number, NULL) || number < 65536)
			return false;
		*(int64_t *) field = number;
		return true;
	case CONFIG_TIME:
		for (size_t i = 0; i < ARRAY_LEN(time_formats); i++)
			if (!strcmp(value, time_formats[i])) {
				*(int *) field = (int) i;
				return true;
			}
		return false;
	}
	return false;
}

void config_defaults(struct options *options)
{
	*options = (struct options){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		set_option(options, &rows[i], rows[i].def);
}

void options_free(struct options *options)
{
	free(af_steal(options->theme));
	free(af_steal(options->theme_config));
	free(af_steal(options->theme_chosen));
}

static char *parse_line(struct options *options, struct keymap *keymap, struct strlist *failed, const struct setting *line)
{
	const char *name = line->name, *value = line->value;
	struct af_error err = AF_ERROR_INIT;
	char *wrong = NULL;

	if (!name)
		return str_dup("NAME = VALUE was expected", NULL);
	if (!strcmp(name, "host")) {
		if (host_check(value, &err))
			wrong = str_dup(err.message, NULL);
		af_error_clear(&err);
		return wrong;
	}
	if (str_starts(name, "key.")) {
		if (keymap_bind(keymap, name + strlen("key."), value, &err) &&
		    !strlist_add(failed, name + strlen("key."), NULL))
			wrong = str_dup(err.message ? err.message : "no such binding", NULL);
		af_error_clear(&err);
		return wrong;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, name))
			return set_option(options, &rows[i], value)
				       ? NULL
				       : str_format(NULL, "%s cannot be \"%s\" (default: %s)", name, value, rows[i].def);
	return str_format(NULL, "there is no option %s", name);
}

/* The actions that the file names let go of their keys first, so that two of them can swap. */
static void unbind_named(struct keymap *keymap, const char *text)
{
	AF_AUTO(setting) struct setting s = { .next = text };

	while (setting_next(&s)) {
		/* No such action: that is said when it is bound. */
		bool named = s.name && str_starts(s.name, "key.");
		if (named)
			named = keymap_bind(keymap, s.name + strlen("key."), "", NULL) == AF_OK;
	}
}

/* An action whose line made no sense keeps the keys that it had by default, as far as nobody else has them now. */
static void rebind_failed(struct keymap *keymap, const struct strlist *failed)
{
	for (size_t i = 0; i < failed->count; i++)
		for (int a = 1; a < ACT_COUNT; a++) {
			AUTO_FREE char *keys = keymap_keys(keymap, (enum action) a, NULL);
			if (keys && !*keys && !strcmp(action_rows[a].name, failed->items[i]) &&
			    keymap_bind(keymap, action_rows[a].name, action_rows[a].keys, NULL))
				break;
		}
}

af_code config_parse(struct options *options, struct keymap *keymap, const char *file, const char *text,
		     struct strlist *errors, struct af_error *err)
{
	AF_AUTO(setting) struct setting s = { .next = text };
	AUTO_STRLIST failed = { 0 };
	af_code rc = AF_OK;

	unbind_named(keymap, text);
	while (!rc && setting_next(&s)) {
		AUTO_FREE char *wrong = parse_line(options, keymap, &failed, &s);
		if (wrong) {
			AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
			strbuf_addf(&sb, "%s:%d: ", file, s.line);
			text_add_safe(&sb, wrong, strlen(wrong), false);
			rc = strlist_add(errors, sb.data, err);
		}
	}
	rebind_failed(keymap, &failed);
	return rc;
}

static char *file_in(enum path_home home, const char *name)
{
	AUTO_FREE char *dir = path_home(home, NULL);

	return dir ? path_join(dir, name, NULL) : NULL;
}

af_code config_load(struct options *options, struct keymap *keymap, struct strlist *errors, struct af_error *err)
{
	AUTO_FREE char *path = file_in(HOME_CONFIG, "config");
	AUTO_STRBUF text = STRBUF_INIT(FILE_MAX);

	if (!path)
		return AF_OK;
	af_code rc = file_read(path, &text, err);
	if (rc == AF_ERR_NOT_FOUND) {
		if (err)
			af_error_clear(err);
		return AF_OK;
	}
	AUTO_FREE char *shown = rc ? NULL : path_shown(path, err);
	return rc ? rc : shown ? config_parse(options, keymap, shown, text.data, errors, err) : AF_ERR_NOMEM;
}

/* ---- state --------------------------------------------------------------------------------------- */

af_code state_save(struct app *app, struct af_error *err)
{
	AUTO_FREE char *dir = path_home(HOME_STATE, err);
	AUTO_STRBUF out = STRBUF_INIT(FILE_MAX);
	af_code rc = dir ? path_mkdirs(dir, 0700, err) : AF_ERR_IO;

	if (rc)
		return rc;
	strbuf_addf(&out, "[app]\npane %d\nzoomed %d\n", (int) app_focused(app) + 1, app_zoomed(app, 0));
	if (app->options.theme_chosen)
		strbuf_addf(&out, "theme-instead-of %s\ntheme %s\n", app->options.theme_config, app->options.theme_chosen);
	for (int i = 0; i < PANE_COUNT; i++) {
		struct view *v = app_pane(app, (enum pane) i);
		strbuf_addf(&out, "[%s]\n", v->ops->name);
		if (v->ops->save_state)
			v->ops->save_state(v, &out);
	}
	AUTO_FREE char *path = path_join(dir, "tui", err);
	rc = strbuf_check(&out, err);
	return rc || !path ? rc : file_write(path, out.data, out.len, 0600, err);
}

/* The theme that was chosen last, unless this start named one, or the config file names another than it did then: who
 * has edited that wants to see it. */
static void restore_theme(struct app *app, const char *name, const char *instead_of)
{
	struct options *o = &app->options;

	if (!instead_of || !o->theme_config || strcmp(instead_of, o->theme_config) != 0)
		return;
	if (o->theme_given)
		set_text(&o->theme_chosen, name);
	else if (app_choose_theme(app, name, NULL))
		return; /* gone since, which is nothing to talk about */
}

struct reading {
	char section[32];
	char *instead_of; /* the theme of the config file when another was chosen */
};

static void state_of_app(struct app *app, struct reading *r, const char *name, const char *value)
{
	if (!strcmp(name, "theme-instead-of")) {
		set_text(&r->instead_of, value);
	} else if (!strcmp(name, "theme")) {
		restore_theme(app, value, r->instead_of);
	} else if (!strcmp(name, "pane") && *value >= '1' && *value < '1' + PANE_COUNT && !value[1]) {
		app_focus(app, (enum pane)(*value - '1'));
	} else if (!strcmp(name, "zoomed")) {
		app_zoom(app, *value == '1');
	}
}

static void state_line(struct app *app, struct reading *r, char *line)
{
	char *value = strchr(line, ' ');

	if (value)
		*value++ = '\0';
	if (value && !strcmp(r->section, "app"))
		state_of_app(app, r, line, value);
	for (int i = 0; value && i < PANE_COUNT; i++) {
		struct view *v = app_pane(app, (enum pane) i);
		if (!strcmp(v->ops->name, r->section) && v->ops->load_state)
			v->ops->load_state(v, line, value);
	}
}

void state_load(struct app *app)
{
	AUTO_FREE char *path = file_in(HOME_STATE, "tui");
	AUTO_STRBUF text = STRBUF_INIT(FILE_MAX);
	struct reading r = { 0 };

	if (!path || file_read(path, &text, NULL))
		return;
	for (char *p = text.data, *next; *p; p = next) {
		size_t len = strcspn(p, "\n");
		next = p + len + (p[len] == '\n');
		p[len] = '\0';
		if (*p == '[' && len > 2 && len < sizeof(r.section) + 1 && p[len - 1] == ']') {
			memcpy(r.section, p + 1, len - 2);
			r.section[len - 2] = '\0';
		} else if (*p) {
			state_line(app, &r, p);
		}
	}
	free(r.instead_of);
}
