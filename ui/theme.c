/* Looks by role, read from text. See theme.h. */
#include "ui/theme.h"

#include <string.h>

#include "ui/canvas_priv.h"

const struct role_row role_rows[] = {
#define ROLE_ROW(role, name, look, mono, help) [role] = { name, look, mono, help },
	THEME_ROLES(ROLE_ROW)
#undef ROLE_ROW
};

/* The next word of [*p, end); false at its end. */
static bool next_word(const char **p, const char *end, const char **word, size_t *len)
{
	while (*p < end && (**p == ' ' || **p == '\t'))
		(*p)++;
	*word = *p;
	while (*p < end && **p != ' ' && **p != '\t')
		(*p)++;
	*len = (size_t) (*p - *word);
	return *len > 0;
}

static unsigned attribute(const char *word, size_t len)
{
	static const char *const names[] = { "bold", "dim", "italic", "underline", "reverse", "soft" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (len == strlen(names[i]) && !memcmp(word, names[i], len))
			return 1u << i;
	return 0;
}

/* Words from anywhere, cut to what a message can hold. */
static int shown(size_t len)
{
	return (int) MIN(len, (size_t) 40);
}

af_code look_parse(struct look *look, const char *text, size_t len, struct af_error *err)
{
	const char *end = text + len, *word;
	struct look out = { 0 };
	bool fg = false, bg = false;
	size_t n;

	for (const char *p = text; next_word(&p, end, &word, &n);) {
		unsigned bit = attribute(word, n);
		if (bit) {
			out.attributes |= bit;
			continue;
		}
		bool on = n == 2 && !memcmp(word, "on", 2);
		bool *seen = on ? &bg : &fg;
		if (on && !next_word(&p, end, &word, &n))
			return error_set(err, AF_ERR_USAGE, "\"on\" wants a colour");
		if (!colour_parse(on ? &out.bg : &out.fg, word, n))
			return error_set(err, AF_ERR_USAGE, "\"%.*s\" is neither a colour nor bold, dim, italic, underline, "
					 "reverse, soft", shown(n), word);
		if (*seen)
			return error_set(err, AF_ERR_USAGE, "\"%.*s\" is a second %s", shown(n), word,
					 on ? "background" : "colour");
		*seen = true;
	}
	*look = out;
	return AF_OK;
}

unsigned theme_mono_attributes(enum role role)
{
	struct look look = { 0 };

	if (look_parse(&look, role_rows[role].mono, strlen(role_rows[role].mono), NULL))
		return 0;
	return look.attributes;
}

void theme_default(struct theme *theme)
{
	*theme = (struct theme){ 0 };
	for (int i = 0; i < ROLE_COUNT; i++)
		if (look_parse(&theme->looks[i], role_rows[i].look, strlen(role_rows[i].look), NULL))
			theme->looks[i] = (struct look){ 0 }; /* the rows are tested */
}

void theme_free(struct theme *theme)
{
	free(af_steal(theme->name));
}

/* ---- files --------------------------------------------------------------------------------------------------- */

struct reader {
	struct theme *theme;
	const char *file;
	int line;
	struct strbuf problems;
	int problem_count;
};

#define PROBLEMS_SHOWN 5

static void problem(struct reader *r, const char *what)
{
	if (r->problem_count++ < PROBLEMS_SHOWN)
		strbuf_addf(&r->problems, "%s%s:%d: %s", r->problem_count > 1 ? "; " : "", r->file, r->line, what);
}

static int role_of(const char *name, size_t len)
{
	for (int i = 0; i < ROLE_COUNT; i++)
		if (strlen(role_rows[i].name) == len && !memcmp(role_rows[i].name, name, len))
			return i;
	return -1;
}

static size_t without_blanks(const char **text, size_t len)
{
	while (len && strchr(" \t\r", **text) && **text) {
		(*text)++;
		len--;
	}
	while (len && strchr(" \t\r", (*text)[len - 1]) && (*text)[len - 1])
		len--;
	return len;
}

/* A comment behind a value begins with "# ": "#" alone begins a colour. */
static size_t without_comment(const char *text, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (text[i] == '#' && strchr(" \t", text[i - 1]) && (i + 1 == len || text[i + 1] == ' '))
			return i;
	return len;
}

static af_code read_name(struct reader *r, const char *value, size_t len, struct af_error *err)
{
	char *name = str_ndup(value, len, err);

	if (!name)
		return AF_ERR_NOMEM;
	free(r->theme->name);
	r->theme->name = name;
	return AF_OK;
}

/* NOMEM is the only failure; what is wrong is noted. */
static af_code read_line(struct reader *r, const char *text, size_t len, struct af_error *err)
{
	struct af_error wrong = AF_ERROR_INIT;
	AUTO_STRBUF what = STRBUF_INIT(STRBUF_LINE);

	len = without_blanks(&text, len);
	if (!len || *text == '#')
		return AF_OK;
	const char *equals = memchr(text, '=', len);
	if (!equals) {
		problem(r, "expected: role = colour");
		return AF_OK;
	}
	const char *name = text, *value = equals + 1;
	size_t name_len = without_blanks(&name, (size_t) (equals - text));
	size_t value_len = without_blanks(&value, without_comment(value, (size_t) (text + len - value)));
	if (name_len == 4 && !memcmp(name, "name", 4))
		return read_name(r, value, value_len, err);
	int role = role_of(name, name_len);
	if (role < 0)
		strbuf_addf(&what, "no such role: \"%.*s\"", shown(name_len), name);
	else if (look_parse(&r->theme->looks[role], value, value_len, &wrong))
		strbuf_addf(&what, "%s: %s", role_rows[role].name, wrong.message);
	if (what.len)
		problem(r, what.data);
	af_error_clear(&wrong);
	return AF_OK;
}

static af_code read_lines(struct reader *r, const char *text, size_t len, struct af_error *err)
{
	for (const char *end = text + len, *stop; text < end; text = stop + 1) {
		stop = memchr(text, '\n', (size_t) (end - text));
		if (!stop)
			stop = end;
		r->line++;
		af_code rc = read_line(r, text, (size_t) (stop - text), err);
		if (rc || stop == end)
			return rc;
	}
	return AF_OK;
}

af_code theme_parse(struct theme *theme, const char *file, const char *text, size_t len, struct af_error *err)
{
	struct reader r = { .theme = theme, .file = file, .problems = STRBUF_INIT(STRBUF_TEXT) };

	theme_free(theme);
	theme_default(theme);
	af_code rc = read_lines(&r, text, len, err);
	if (!rc && r.problem_count > PROBLEMS_SHOWN)
		strbuf_addf(&r.problems, "; and %d more", r.problem_count - PROBLEMS_SHOWN);
	if (!rc && r.problem_count) {
		rc = error_set(err, AF_ERR_USAGE, "%s", r.problems.data);
		error_hint(err, "the other lines count; a look is: [COLOUR] [on COLOUR] [bold] [dim] [italic] [underline] "
				"[reverse] [soft]");
	}
	strbuf_free(&r.problems);
	return rc;
}
