/* Pane 1: the tree of environments and replicas. See views.h. */
#include <string.h>

#include "ui/envs_priv.h"
#include "ui/typed.h"

/* Folds of environments that are gone stay for when they come back, but not for ever. */
#define FOLDED_MAX 500

static const enum key_context envs_contexts[] = { KEYS_ENVS, KEYS_LIST, KEYS_GLOBAL };

static const struct footer_hint footer_hints[] = {
	{ ACT_PANE_1, ACT_PANE_4, '-', "pane" }, { .action = ACT_NEXT_PANE }, { .action = ACT_OPEN }, { .action = ACT_CALL },
	{ .action = ACT_BUILD }, { .action = ACT_RUN }, { .action = ACT_LOGS }, { .action = ACT_EXEC },
	{ .action = ACT_STOP }, { .action = ACT_REMOVE }, { .action = ACT_COMMAND }, { .action = ACT_ZOOM }, { 0 }
};

static void envs_free(struct view *view)
{
	struct envs *v = (struct envs *) view;

	list_free(&v->list);
	strlist_free(&v->folded);
	strlist_free(&v->marked);
	strlist_free(&v->ids);
	strbuf_free(&v->filter);
	free(v->rows);
	free(v);
}

static void toggle(struct strlist *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i], text)) {
			free(list->items[i]);
			memmove(&list->items[i], &list->items[i + 1], (list->count - i) * sizeof(*list->items));
			list->count--;
			return;
		}
	if (strlist_add(list, text, NULL))
		return;
}

static void set_folded(struct envs *v, const char *name, bool folded)
{
	if (strlist_has(&v->folded, name) != folded)
		toggle(&v->folded, name);
}

/* Enter and the arrows on a row of the tree. */
static void open_row(struct envs *v, struct app *app, enum action action)
{
	const struct envs_row *row = envs_current(v, app);

	if (!row)
		return;
	if (row->replica && action == ACT_LEFT) {
		AUTO_FREE char *id = str_format(NULL, "env:%s", row->env->name);
		if (id)
			list_select(&v->list, id);
	} else if (row->replica) {
		app_focus(app, PANE_DETAIL);
	} else if (action == ACT_OPEN) {
		toggle(&v->folded, row->env->name);
	} else {
		set_folded(v, row->env->name, action == ACT_LEFT);
	}
	app_selection_changed(app);
}

static int move_cursor(struct envs *v, struct app *app, enum action action)
{
	envs_rebuild(v, app);
	int reaction = list_act(&v->list, (const char *const *) v->ids.items, v->count, v->height, action);

	if (reaction)
		app_selection_changed(app);
	return reaction;
}

static int go_back(struct envs *v)
{
	if (v->filter.len)
		strbuf_reset(&v->filter);
	else if (v->marked.count)
		strlist_free(&v->marked);
	else
		return REACT_NONE;
	return REACT_REDRAW;
}

/* Also one that a fold hides. */
static void go_to_next_down(struct envs *v, struct app *app)
{
	const struct environment *env;
	const struct replica *r = envs_next_down(v, app, &env);

	if (!r) {
		app_notice(app, NOTICE_INFO, "nothing is down");
		return;
	}
	set_folded(v, env->name, false);
	list_select(&v->list, r->id);
	app_selection_changed(app);
}

static int envs_act(struct view *view, struct app *app, enum action action)
{
	struct envs *v = (struct envs *) view;
	const struct envs_row *row;

	switch (action) {
	case ACT_OPEN:
	case ACT_LEFT:
	case ACT_RIGHT:
		open_row(v, app, action);
		return REACT_REDRAW;
	case ACT_MARK:
		row = envs_current(v, app);
		if (row)
			toggle(&v->marked, row->id);
		return move_cursor(v, app, ACT_DOWN) | REACT_REDRAW;
	case ACT_SEARCH:
		v->filtering = true;
		return REACT_REDRAW;
	case ACT_SORT:
		v->sort = (v->sort + 1) % SORT_COUNT;
		return REACT_REDRAW;
	case ACT_SORT_REVERSE:
		v->reverse = !v->reverse;
		return REACT_REDRAW;
	case ACT_NEXT_DOWN:
		go_to_next_down(v, app);
		return REACT_REDRAW;
	case ACT_ACTIONS:
		envs_action_menu(v, app);
		return REACT_REDRAW;
	case ACT_COPY:
		row = envs_current(v, app);
		if (row)
			app_copy(app, row->replica ? row->replica->name : row->env->name,
				 strlen(row->replica ? row->replica->name : row->env->name));
		return REACT_REDRAW;
	case ACT_BACK:
		return go_back(v);
	default:
		break;
	}
	int reaction = envs_action(v, app, action);
	return reaction ? reaction : move_cursor(v, app, action);
}

static bool envs_wants_text(const struct view *view)
{
	return ((const struct envs *) view)->filtering;
}

/* Whoever types a filter looks for something: if it hides the cursor, that goes to the first match. */
static int filter_changed(struct envs *v, struct app *app)
{
	envs_current(v, app);
	if (v->list.gone && v->filter.len && v->count)
		list_select(&v->list, v->ids.items[0]);
	app_selection_changed(app);
	return REACT_REDRAW;
}

static int envs_key(struct view *view, struct app *app, keycode key)
{
	struct envs *v = (struct envs *) view;
	enum typed_end end = typed_ends(key);

	if (!end && !typed_key(&v->filter, key))
		return REACT_NONE;
	v->filtering = !end;
	if (end == TYPED_CLEARED)
		strbuf_reset(&v->filter);
	return filter_changed(v, app);
}

static int envs_paste(struct view *view, struct app *app, const char *text, size_t len)
{
	struct envs *v = (struct envs *) view;
	const char *end = memchr(text, '\n', len);

	strbuf_add(&v->filter, text, end ? (size_t) (end - text) : len);
	return filter_changed(v, app);
}

/* By the column under the pointer; once more: the other way round. */
static int sort_by_title(struct envs *v, int x)
{
	for (int i = 0; i < SORT_COUNT; i++) {
		const struct heading *h = &v->heading[i];
		if (x < h->x || x >= h->x + h->width)
			continue;
		v->reverse = v->sort == (enum envs_sort) i && !v->reverse;
		v->sort = (enum envs_sort) i;
		return REACT_REDRAW;
	}
	return REACT_HANDLED;
}

static int envs_mouse(struct view *view, struct app *app, const struct mouse *mouse)
{
	struct envs *v = (struct envs *) view;
	int row = mouse->y - 2 + v->list.top;

	if (mouse->what == MOUSE_WHEEL_UP || mouse->what == MOUSE_WHEEL_DOWN)
		return move_cursor(v, app, mouse->what == MOUSE_WHEEL_UP ? ACT_UP : ACT_DOWN);
	if (mouse->y == 1)
		return sort_by_title(v, mouse->x - 1);
	envs_rebuild(v, app);
	if (mouse->y < 2 || mouse->y >= v->height + 2 || row >= v->count)
		return REACT_HANDLED;
	list_select(&v->list, v->ids.items[row]);
	if (mouse->what == MOUSE_DOUBLE)
		open_row(v, app, ACT_OPEN);
	app_selection_changed(app);
	return REACT_REDRAW;
}

static void envs_save(struct view *view, struct strbuf *out)
{
	struct envs *v = (struct envs *) view;

	strbuf_addf(out, "sort %s\nreverse %d\n", envs_sort_name(v->sort), v->reverse);
	/* Names come from the engine: a line end in one would begin another entry. */
	if (v->filter.len)
		strbuf_addf(out, "filter %s\n", v->filter.data);
	for (size_t i = 0; i < v->folded.count; i++)
		if (!strchr(v->folded.items[i], '\n'))
			strbuf_addf(out, "folded %s\n", v->folded.items[i]);
	if (v->list.selected && !strchr(v->list.selected, '\n'))
		strbuf_addf(out, "selected %s\n", v->list.selected);
}

static void envs_load(struct view *view, const char *key, const char *value)
{
	struct envs *v = (struct envs *) view;

	if (!strcmp(key, "sort"))
		for (int s = 0; s < SORT_COUNT; s++)
			if (!strcmp(value, envs_sort_name((enum envs_sort) s)))
				v->sort = (enum envs_sort) s;
	if (!strcmp(key, "reverse"))
		v->reverse = *value == '1';
	if (!strcmp(key, "filter")) {
		strbuf_reset(&v->filter);
		strbuf_adds(&v->filter, value);
	}
	if (!strcmp(key, "folded") && v->folded.count < FOLDED_MAX)
		set_folded(v, value, true);
	if (!strcmp(key, "selected")) {
		list_select(&v->list, value);
		v->restored = true;
	}
}

static bool envs_offers(enum action action)
{
	static const enum action nothing[] = { ACT_SEARCH_NEXT, ACT_SEARCH_PREVIOUS, ACT_COPY_ALT, ACT_SAVE, ACT_NONE };

	return !action_among(action, nothing);
}

static const struct view_ops envs_ops = {
	.name = "environments",
	.contexts = envs_contexts,
	.hints = footer_hints,
	.offers = envs_offers,
	.free = envs_free,
	.draw = envs_draw,
	.act = envs_act,
	.wants_text = envs_wants_text,
	.key = envs_key,
	.paste = envs_paste,
	.mouse = envs_mouse,
	.save_state = envs_save,
	.load_state = envs_load,
};

struct view *envs_view_new(struct app *app UNUSED, struct af_error *err)
{
	struct envs *v = calloc(1, sizeof(*v));

	if (!v) {
		error_nomem(err);
		return NULL;
	}
	v->view.ops = &envs_ops;
	v->sort = SORT_NAME;
	v->height = 10;
	strbuf_init(&v->filter, 256);
	return &v->view;
}

void envs_view_selection(const struct view *view, const char **environment, const char **replica_id)
{
	const struct envs *v = (const struct envs *) view;
	const char *id = v->list.gone ? NULL : v->list.selected;
	bool is_env = id && str_starts(id, "env:");

	if (environment)
		*environment = is_env ? id + strlen("env:") : NULL;
	if (replica_id)
		*replica_id = is_env ? NULL : id;
}

void envs_view_update(struct view *view, struct app *app)
{
	envs_current((struct envs *) view, app);
}

void envs_view_select(struct view *view, struct app *app, const char *environment, const char *replica_id)
{
	struct envs *v = (struct envs *) view;
	AUTO_FREE char *id = replica_id ? str_dup(replica_id, NULL) : str_format(NULL, "env:%s", environment);

	if (id)
		list_select(&v->list, id);
	app_selection_changed(app);
}
