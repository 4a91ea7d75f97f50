/* How the form's lower part looks: where a call goes, how often, for how long, and the buttons. See form_priv.h. */
#include <stdio.h>
#include <string.h>

#include "ui/form_priv.h"

/* What repeat, concurrency and timeout take with their whole names. */
#define NUMBERS_WIDTH 47

static void add_spot(struct pen *pen, int y, int x, int end, enum control_kind kind, int target)
{
	struct form *f = pen->f;

	if (f->spot_count < FORM_SPOTS)
		f->spots[f->spot_count++] = (struct form_spot){ y, x, end - x, kind, target };
}

static int draw_choice(struct pen *pen, int y, int x, int target, enum role role, const char *text)
{
	bool chosen = pen->f->target == target;
	int from = x;

	x += draw_str(&pen->a, y, x, chosen ? ROLE_STRONG : ROLE_DIM, chosen ? "(•) " : "( ) ");
	x += draw_str(&pen->a, y, x, chosen ? ROLE_STRONG : role, text);
	add_spot(pen, y, from, x, CONTROL_TARGET, target);
	return x + 2;
}

static void add_replica(struct strbuf *sb, const struct replica *r)
{
	strbuf_reset(sb);
	strbuf_addf(sb, "%d %s", r->number, r->host);
	if (r->state != REPLICA_UP)
		strbuf_addf(sb, " (%s)", r->word);
}

/* "(•) 1 local" and what stands between it and the next. */
#define CHOICE_CELLS 6
#define MORE "… "
#define MORE_CELLS 2

/* How many from the `first` on fit before `end`, with a sign where there are more at a side. */
static int count_replicas(const struct environment *env, int x, int end, int first)
{
	AUTO_STRBUF text = STRBUF_INIT(256);
	int shown = 0;

	x += first ? MORE_CELLS : 0;
	for (int i = first; i < env->count; i++, shown++) {
		add_replica(&text, &env->replicas[i]);
		x += CHOICE_CELLS + text_width(text.data, text.len);
		if (x + (i + 1 < env->count ? MORE_CELLS : 0) > end)
			break;
	}
	return shown;
}

/* As many as there is room for before `end`, the chosen one among them. */
static int draw_replicas(struct pen *pen, int y, int x, int end)
{
	const struct environment *env = pen->env;
	AUTO_STRBUF text = STRBUF_INIT(256);
	int first = 0, chosen = 0, shown;

	for (int i = 0; i < env->count; i++)
		if (env->replicas[i].number == pen->f->target)
			chosen = i;
	while ((shown = count_replicas(env, x, end, first)) + first <= chosen && first < chosen)
		first++;
	if (first)
		x += draw_str(&pen->a, y, x, ROLE_DIM, MORE);
	for (int i = first; i < first + shown; i++) {
		add_replica(&text, &env->replicas[i]);
		x = draw_choice(pen, y, x, env->replicas[i].number,
				env->replicas[i].state == REPLICA_UP ? ROLE_TEXT : ROLE_DIM, text.data);
	}
	if (first + shown < env->count)
		x += draw_str(&pen->a, y, x, ROLE_DIM, MORE);
	return x;
}

void pen_target(struct pen *pen)
{
	bool current = pen_has_focus(pen, CONTROL_TARGET, 0);
	int y = pen_row(pen, current), x = pen->name_width + 2;
	char all[24];

	draw_str(&pen->a, y, 1, ROLE_TEXT, "replica");
	x = draw_choice(pen, y, x, TARGET_AUTO, ROLE_TEXT, "auto");
	if (pen->env) {
		snprintf(all, sizeof(all), "all %d", pen->env->count);
		x = draw_replicas(pen, y, x, pen->a.w - 1 - CHOICE_CELLS + 2 - (int) strlen(all));
		draw_choice(pen, y, x, TARGET_ALL, ROLE_TEXT, all);
	} else {
		draw_str(&pen->a, y, x, ROLE_ERROR, "the environment is gone");
	}
	pen->y++;
}

static int draw_number(struct pen *pen, enum control_kind kind, struct field *in, int y, int x, const char *label, int width,
		       const char *unit)
{
	bool current = pen_has_focus(pen, kind, 0);
	int from = x;

	if (current)
		pen_row(pen, true);
	x += draw_str(&pen->a, y, x, current ? ROLE_STRONG : ROLE_TEXT, label) + 1;
	pen_input(pen, in, y, x, width, current, "none");
	x += width;
	add_spot(pen, y, from, x, kind, 0);
	return x + 2 + (*unit ? 1 + draw_str(&pen->a, y, x + 1, ROLE_DIM, unit) : 0);
}

void pen_numbers(struct pen *pen)
{
	struct form *f = pen->f;
	int y = pen->y - f->top, x = pen->name_width + 2;
	bool brief = pen->a.w - x < NUMBERS_WIDTH;

	draw_str(&pen->a, y, 1, ROLE_TEXT, "repeat");
	x = draw_number(pen, CONTROL_REPEAT, &f->repeat, y, x, "×", 5, "");
	x = draw_number(pen, CONTROL_CONCURRENCY, &f->concurrency, y, x, brief ? "conc." : "concurrency", 4, "");
	draw_number(pen, CONTROL_TIMEOUT, &f->timeout, y, x, brief ? "timeout" : "call timeout", 5, "s");
	pen->y++;
	if (f->number_error)
		draw_fmt(&pen->a, pen->y++ - f->top, pen->name_width + 2, ROLE_FIELD_ERROR, "%s %s", glyph(GLYPH_CROSS),
			 f->number_error);
}

void pen_buttons(struct pen *pen)
{
	static const struct {
		enum control_kind kind;
		enum action action;
		const char *text, *json_text;
	} buttons[] = { { CONTROL_SEND, ACT_SEND, "Send", NULL },
			{ CONTROL_EDIT_JSON, ACT_EDIT_JSON, "Edit as JSON", "Edit as fields" },
			{ CONTROL_SAVE, ACT_SAVE_CALL, "Save as…", NULL } };
	char key[32];
	int y = pen->y - pen->f->top, x = 2;

	for (size_t i = 0; i < ARRAY_LEN(buttons); i++) {
		bool current = pen_has_focus(pen, buttons[i].kind, 0);
		const char *text = pen->f->json && buttons[i].json_text ? buttons[i].json_text : buttons[i].text;
		if (current)
			pen_row(pen, true);
		int used = draw_fmt(&pen->a, y, x, current && pen->focused ? ROLE_BUTTON_FOCUSED : ROLE_BUTTON, "⟨ %s  %s ⟩", text,
				    pen->keys ? keymap_hint(pen->keys, buttons[i].action, key, sizeof(key)) : "");
		canvas_spot(&pen->a, y, x, used, (int) buttons[i].action);
		x += used + 3;
	}
	pen->y++;
}
