/* How the form looks. See form.h. */
#include <string.h>

#include "store/mask.h"
#include "ui/form_priv.h"
#include "ui/view.h"

/* From this height on there are blank rows between the parts. */
#define ROOMY 15
#define EDITOR_LEAST 4

bool pen_has_focus(const struct pen *pen, enum control_kind kind, int index)
{
	struct control c = form_focused(pen->f);

	return c.kind == kind && c.index == index;
}

/* The row that is drawn now; marks it when it has the focus. */
int pen_row(struct pen *pen, bool current)
{
	int y = pen->y - pen->f->top;

	if (current) {
		pen->focus_y = pen->y;
		draw_str(&pen->a, y, 0, pen->focused ? ROLE_KEY : ROLE_DIM, glyph(GLYPH_CURSOR));
	}
	return y;
}

/* ---- the signature ------------------------------------------------------------------------------- */

/* Breaks between parameters where it can, else between words. */
static size_t line_of(const char *text, int width)
{
	size_t len = strlen(text), fits = text_fit(text, len, width, NULL);

	for (const char *stop = ","; fits < len && stop; stop = *stop == ',' ? " " : NULL)
		for (size_t cut = fits; cut > fits / 2; cut--)
			if (text[cut - 1] == *stop)
				return cut;
	return fits;
}

static void draw_doc(struct pen *pen)
{
	const char *p = pen->f->doc;

	for (int i = 0; i < pen->doc_lines && *p; i++) {
		size_t len = strcspn(p, "\n");
		draw_text(&pen->a, pen->y++ - pen->f->top, 1, ROLE_DIM, p, len, true);
		p += len + (p[len] == '\n');
	}
}

static void draw_signature(struct pen *pen)
{
	const struct form *f = pen->f;
	bool current = pen_has_focus(pen, CONTROL_METHOD, 0);
	int lines = pen->h >= ROOMY ? 3 : pen->h >= 10 ? 2 : 1;
	const char *text = !f->method ? "no method is chosen" : f->text ? f->text : "(what it takes is not known: arguments as JSON)";

	pen_row(pen, current);
	for (int i = 0; i < lines && *text; i++) {
		size_t len = i + 1 < lines ? line_of(text, pen->a.w - 2) : strlen(text);
		draw_text(&pen->a, pen->y - f->top, 1, current ? ROLE_STRONG : ROLE_DIM, text, len, true);
		text += len;
		text += strspn(text, " ");
		pen->y++;
	}
	draw_doc(pen);
	if (current && pen->focused)
		draw_fmt(&pen->a, pen->y++ - f->top, 1, ROLE_KEY, "%s choose a method", glyph(GLYPH_ENTER));
	pen->y += pen->h >= ROOMY;
}

/* ---- fields ----------------------------------------------------------------------------------------- */

static void measure(struct pen *pen)
{
	int width = 11;

	for (int i = 0; i < pen->f->count; i++) {
		const struct parameter *p = pen->f->fields[i].p;
		width = MAX(width, p ? text_width(p->name, strlen(p->name)) + 1 : 9);
	}
	pen->name_width = MIN(width, MAX(8, pen->a.w / 4));
	pen->type_width = pen->a.w >= 46 ? 6 : 0;
}

/* What stands dim in an empty field. */
static void add_placeholder(struct strbuf *sb, const struct form_field *ff)
{
	const struct parameter *p = ff->p;

	if (ff->lost)
		strbuf_adds(sb, "(a secret: not kept, type it again)");
	else if (!p)
		strbuf_adds(sb, "{\"name\": value, …}");
	else if (p->def)
		strbuf_addf(sb, "(default %s)", p->def);
	else if (ff->secret)
		strbuf_adds(sb, "(a secret: not kept in the history)");
	else if (p->annotation)
		strbuf_adds(sb, p->annotation);
}

void pen_input(struct pen *pen, struct field *in, int y, int x, int width, bool current, const char *placeholder)
{
	enum role role = current && pen->focused ? ROLE_FIELD_FOCUSED : ROLE_FIELD;

	field_draw(in, &pen->a, y, x, width, role, current && pen->focused);
	if (!in->text.len && placeholder && y >= 0 && y < pen->a.h) {
		struct area box = { pen->a.y + y, pen->a.x + x, 1, width };
		draw_text(&box, 0, 0, ROLE_GHOST, placeholder, strlen(placeholder), true);
	}
}

/* ✔ where the JSON is right, ▾ where there are earlier values. */
static void draw_mark(struct pen *pen, const struct form_field *ff, int y, int x)
{
	bool json = !ff->p || ff->p->type == VALUE_LIST || ff->p->type == VALUE_DICT;

	if (ff->error)
		draw_str(&pen->a, y, x, ROLE_FIELD_ERROR, glyph(GLYPH_CROSS));
	else if (json && ff->input.text.len && !json_check(ff->input.text.data, ff->input.text.len, NULL))
		draw_str(&pen->a, y, x, ROLE_OK, glyph(GLYPH_CHECK));
	else if (ff->earlier.count)
		draw_str(&pen->a, y, x, ROLE_KEY, glyph(GLYPH_OPEN));
}

/* Below what it is about; a long one begins further left. */
static void draw_error(struct pen *pen, int x, const char *error)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	strbuf_addf(&text, "%s %s", glyph(GLYPH_CROSS), error);
	x = MAX(1, MIN(x, pen->a.w - 1 - text_width(text.data, text.len)));
	draw_text(&pen->a, pen->y - pen->f->top, x, ROLE_FIELD_ERROR, text.data, text.len, true);
}

static void draw_field(struct pen *pen, int i)
{
	struct form_field *ff = &pen->f->fields[i];
	const struct parameter *p = ff->p;
	AUTO_STRBUF placeholder = STRBUF_INIT(STRBUF_TEXT), name = STRBUF_INIT(STRBUF_LINE);
	bool current = pen_has_focus(pen, CONTROL_FIELD, i);
	int y = pen_row(pen, current), x = pen->name_width + 2, width;

	if (p)
		strbuf_addf(&name, "%s%s", p->name, p->required ? "*" : "");
	else
		strbuf_adds(&name, pen->f->sig.count ? "**kwargs" : "arguments");
	draw_text(&(struct area){ pen->a.y, pen->a.x, pen->a.h, MIN(x - 1, pen->a.w) }, y, 1,
		  p && p->required ? ROLE_STRONG : ROLE_TEXT, name.data, name.len, true);
	if (pen->type_width)
		draw_str(&pen->a, y, x, ROLE_DIM, value_type_name(p ? p->type : VALUE_DICT));
	x += pen->type_width;
	draw_str(&pen->a, y, x, ROLE_BORDER, "│");
	width = pen->a.w - x - 4;
	add_placeholder(&placeholder, ff);
	if (ff->secret && ff->input.text.len && !current)
		draw_str(&pen->a, y, x + 2, ROLE_FIELD, MASKED);
	else
		pen_input(pen, &ff->input, y, x + 2, width - 1, current, placeholder.data);
	draw_str(&pen->a, y, x + 2 + width, ROLE_BORDER, "│");
	draw_mark(pen, ff, y, x + 3 + width);
	pen->y++;
	if (!ff->error)
		return;
	draw_error(pen, x, ff->error);
	/* It has to be seen together with its field. */
	if (current)
		pen->focus_y = pen->y;
	pen->y++;
}

static void draw_editor(struct pen *pen, int rest)
{
	struct form *f = pen->f;
	bool current = pen_has_focus(pen, CONTROL_JSON, 0);
	int h = MAX(EDITOR_LEAST, pen->h - pen->y - rest - (f->json_error != NULL)), y = pen_row(pen, current);
	struct area box = { pen->a.y + y, pen->a.x + 1, h, pen->a.w - 2 };

	/* It scrolls by itself; the form is made to show it from its top. */
	box.h = MIN(h, pen->a.h - y);
	f->page = MAX(1, box.h - 1);
	if (y >= 0 && box.h > 0)
		field_draw_lines(&f->editor, &box, current && pen->focused ? ROLE_FIELD_FOCUSED : ROLE_FIELD,
				 current && pen->focused);
	pen->y += h;
	if (f->json_error) {
		draw_error(pen, 1, f->json_error);
		pen->y++;
	}
}

static void draw_all(struct pen *pen, const char *message)
{
	bool roomy = pen->h >= ROOMY;
	int rest = 3 + 2 * roomy;

	pen->y = pen->f->spot_count = 0;
	draw_signature(pen);
	if (message) {
		draw_text(&pen->a, pen->y - pen->f->top, 1, ROLE_WARN, message, strlen(message), true);
		pen->y += 1 + roomy;
	}
	pen->f->fields_y = pen->y;
	if (pen->f->json)
		draw_editor(pen, rest);
	for (int i = 0; i < pen->f->count && !pen->f->json; i++)
		draw_field(pen, i);
	if (pen->f->method) {
		pen_target(pen);
		pen_numbers(pen);
		pen->y += roomy;
		pen_buttons(pen);
	}
}

static bool click_spot(struct form *f, int y, int x)
{
	for (int i = 0; i < f->spot_count; i++) {
		const struct form_spot *s = &f->spots[i];
		if (y != s->y || x < s->x || x >= s->x + s->width)
			continue;
		form_focus(f, s->kind, 0);
		if (s->kind == CONTROL_TARGET)
			f->target = s->target;
		return true;
	}
	return false;
}

/* Fields are as many rows as they have errors. Buttons are hints of the frame. */
void form_click(struct form *f, int y, int x, int what)
{
	if (what == MOUSE_WHEEL_UP || what == MOUSE_WHEEL_DOWN) {
		form_step(f, what == MOUSE_WHEEL_UP ? -1 : 1);
		return;
	}
	if (click_spot(f, y, x))
		return;
	int row = y + f->top, at = f->fields_y;
	for (int i = 0; i < f->count && !f->json; i++) {
		int h = 1 + (f->fields[i].error != NULL);
		if (row >= at && row < at + h)
			form_focus(f, CONTROL_FIELD, i);
		at += h;
	}
	if (row < f->fields_y)
		form_focus(f, CONTROL_METHOD, 0);
	else if (f->json && row < f->fields_y + f->page)
		form_focus(f, CONTROL_JSON, 0);
}

/* Its first paragraph. */
static int doc_lines(const struct form *f)
{
	int lines = 0;

	for (const char *p = f->doc; p && *p && *p != '\n'; lines++) {
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	return lines;
}

/* Once without room: how much there is, and where the focus stands. */
static void count(struct pen *pen, const char *message)
{
	struct form *f = pen->f;

	measure(pen);
	pen->a.h = 0;
	draw_all(pen, message);
	f->rows = pen->y;
	f->height = pen->h;
}

void form_measure(struct form *f, const struct area *a, const struct environment *env, const char *message, bool focused)
{
	struct pen pen = { .f = f, .a = *a, .h = a->h, .env = env, .focused = focused };

	count(&pen, message);
}

void form_draw(struct form *f, const struct area *a, const struct keymap *keys, const struct environment *env,
	       const char *message, bool focused)
{
	struct pen pen = { .f = f, .a = *a, .h = a->h, .keys = keys, .env = env, .focused = focused };

	count(&pen, message);
	pen.a.h = a->h;
	if (!f->json)
		pen.doc_lines = MIN(doc_lines(f), a->h - pen.y);
	if (pen.focus_y < f->top)
		f->top = pen.focus_y;
	if (pen.focus_y >= f->top + a->h)
		f->top = pen.focus_y - a->h + 1;
	f->top = MAX(0, MIN(f->top, pen.y - a->h));
	draw_all(&pen, message);
}
