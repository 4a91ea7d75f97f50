/*
 * The terminal's description (terminfo), and what is done where it falls short. See terminal_priv.h.
 *
 * Terminals with true colour say so in COLORTERM, while TERM names a description with 256; one with direct colour is
 * seldom installed, and redefining the palette would stay behind after a crash. So the description that there is gets
 * its colours replaced and is handed to ncurses through TERMINFO, which may hold a compiled description (term(5)).
 */
#include <curses.h>
#include <string.h>
#include <term.h>

#include "base/bytes.h"
#include "ui/terminal_priv.h"

static SCREEN *opened;

static bool is_absent(const char *s)
{
	return !s || s == (const char *) -1;
}

/* ---- a compiled description ------------------------------------------------------------------------------- */

#define MAGIC_32BIT 01036
#define DESCRIPTION_MAX 32768

/* 0–7 and 8–15 as ever, the palette, and then rgb. */
#define COLOUR_CAPABILITY(normal, bright, other)                                                                \
	"\033[%?%p1%{8}%<%t" normal "%p1%d%e%p1%{16}%<%t" bright "%p1%{8}%-%d%e%p1%{256}%<%t" other             \
	";5;%p1%d%e" other ";2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;%p1%{255}%&%d%;m"

static const struct {
	const char *name, *value; /* NULL: without it */
} changed_strings[] = {
	{ "setaf", COLOUR_CAPABILITY("3", "9", "38") },
	{ "setab", COLOUR_CAPABILITY("4", "10", "48") },
	{ "setf", NULL },
	{ "setb", NULL },
	{ "initc", NULL },
	{ "initp", NULL },
	{ "oc", NULL },
};

static const char *string_value(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(changed_strings); i++)
		if (!strcmp(changed_strings[i].name, name))
			return changed_strings[i].value;
	const char *s = tigetstr((char *) name);
	return is_absent(s) ? NULL : s;
}

static int number_value(const char *name)
{
	if (!strcmp(name, "colors"))
		return 0x1000000;
	if (!strcmp(name, "pairs"))
		return 0x10000;
	return tigetnum((char *) name);
}

static void add_short(struct strbuf *out, size_t value)
{
	char bytes[] = { (char) (value & 0xff), (char) (value >> 8 & 0xff) };

	strbuf_add(out, bytes, sizeof(bytes));
}

static void add_number(struct strbuf *out, int value)
{
	uint32_t n = value < 0 ? UINT32_MAX : (uint32_t) value;

	add_short(out, n & 0xffff);
	add_short(out, n >> 16);
}

static void make_even(struct strbuf *out)
{
	if (out->len % 2)
		strbuf_addc(out, '\0');
}

static size_t count_names(NCURSES_CONST char *const *names)
{
	size_t n = 0;

	while (names[n])
		n++;
	return n;
}

/* Of the current terminal, with the colours changed, as term(5) lays it out. */
static void compile_description(struct strbuf *out, const char *name)
{
	size_t bools = count_names(boolnames), numbers = count_names(numnames), strings = count_names(strnames);
	AUTO_STRBUF offsets = STRBUF_INIT(DESCRIPTION_MAX);
	AUTO_STRBUF table = STRBUF_INIT(DESCRIPTION_MAX);
	static const char added[] = "AX\0RGB"; /* the terminal's own colours stay; numbers of colours are rgb */

	for (size_t i = 0; i < strings; i++) {
		const char *value = string_value(strnames[i]);
		add_short(&offsets, value ? table.len : 0xffff);
		if (value)
			strbuf_add(&table, value, strlen(value) + 1);
	}
	const size_t header[] = { MAGIC_32BIT, strlen(name) + 1, bools, numbers, strings, table.len };
	for (size_t i = 0; i < ARRAY_LEN(header); i++)
		add_short(out, header[i]);
	strbuf_add(out, name, strlen(name) + 1);
	for (size_t i = 0; i < bools; i++)
		strbuf_addc(out, strcmp(boolnames[i], "ccc") != 0 && tigetflag((char *) boolnames[i]) > 0);
	make_even(out);
	for (size_t i = 0; i < numbers; i++)
		add_number(out, number_value(numnames[i]));
	strbuf_add(out, offsets.data, offsets.len);
	strbuf_add(out, table.data, table.len);
	make_even(out);
	/* Two flags that term(5) does not know: counts of flags, numbers, strings, names; size of the names. */
	const size_t more[] = { 2, 0, 0, 2, sizeof(added) };
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		add_short(out, more[i]);
	strbuf_add(out, "\1\1", 2);
	add_short(out, 0);
	add_short(out, 3);
	strbuf_add(out, added, sizeof(added));
	if (offsets.failed || table.failed)
		out->failed = AF_ERR_TOO_LARGE;
}

/* ---- opening ------------------------------------------------------------------------------------------------- */

/* For the terminal that setupterm() read last, `name`, in place of the one that was asked for. */
static bool says_true_color(const char *wanted, const char *name)
{
	const char *colorterm = getenv("COLORTERM");

	if (tigetnum("colors") < 256)
		return false;
	if (str_ends(wanted, "-direct"))
		return true;
	/* tmux brings colours down itself; screen would misread them. */
	if (str_starts(name, "screen") && !getenv("TMUX"))
		return false;
	return colorterm && (!strcmp(colorterm, "truecolor") || !strcmp(colorterm, "24bit"));
}

/* ncurses keeps a pointer to what it found in the environment. */
static char *description;

/* newterm() where TERMINFO is the description. The environment's strings stay where they are, since other threads may be
 * reading them: only the list that points to them is another one for a moment. */
static SCREEN *open_described(const char *name)
{
	size_t count = 0, used = 0;

	while (environ[count])
		count++;
	AUTO_FREE char **list = calloc(count + 2, sizeof(*list));
	if (!list)
		return NULL;
	list[used++] = description;
	for (size_t i = 0; i < count; i++)
		if (!str_starts(environ[i], "TERMINFO="))
			list[used++] = environ[i];
	char **before = environ;
	environ = list;
	SCREEN *screen = newterm(name, stdout, stdin);
	environ = before;
	return screen;
}

static SCREEN *open_direct(const char *name)
{
	AUTO_STRBUF compiled = STRBUF_INIT(DESCRIPTION_MAX);
	AUTO_STRBUF value = STRBUF_INIT(2 * DESCRIPTION_MAX);

	compile_description(&compiled, name);
	strbuf_adds(&value, "TERMINFO=b64:");
	base64_add(&value, compiled.data, compiled.len, false);
	free(af_steal(description));
	if (compiled.failed || strbuf_steal(&value, &description, NULL))
		return NULL;
	return open_described(name);
}

static bool is_described(const char *name)
{
	int found;

	return setupterm(name, STDOUT_FILENO, &found) == OK;
}

/* A terminal of today that this machine has never heard of, as happens over ssh. */
static const char *nearest(const char *name)
{
	static const char *const like_xterm[] = { "xterm", "alacritty", "foot", "kitty", "wezterm", "ghostty", "contour",
						  "konsole", "gnome", "vte", "iterm", "st-", "rio", "mintty", "rxvt",
						  "putty", "nsterm" };

	if (str_starts(name, "tmux") || str_starts(name, "screen"))
		return "screen-256color";
	for (size_t i = 0; i < ARRAY_LEN(like_xterm); i++)
		if (str_starts(name, like_xterm[i]))
			return "xterm-256color";
	return NULL;
}

static af_code unusable(const char *name, const char *why, struct af_error *err)
{
	error_set(err, AF_ERR_FAILED, "TERM=%s: %s", name, why);
	error_hint(err, "set TERM to what the terminal is, for example TERM=xterm-256color");
	return AF_ERR_FAILED;
}

af_code terminal_open(bool true_color, bool *direct, struct af_error *err)
{
	const char *wanted = getenv("TERM"), *name = wanted ? wanted : "";

	*direct = false;
	if (!*name || !is_described(name)) {
		name = nearest(name);
		if (!name || !is_described(name))
			return unusable(wanted ? wanted : "", "no description of such a terminal", err);
	}
	TERMINAL *looked_at = cur_term;
	if (is_absent(tigetstr("cup"))) {
		del_curterm(looked_at);
		return unusable(name, "the terminal cannot place its cursor", err);
	}
	if (true_color && says_true_color(wanted, name)) {
		opened = open_direct(name);
		*direct = opened != NULL;
	}
	if (!opened)
		opened = newterm(name, stdout, stdin);
	del_curterm(looked_at);
	return opened ? AF_OK : unusable(name, "curses does not start on it", err);
}

void terminal_close(void)
{
	if (opened)
		delscreen(af_steal(opened));
}

bool terminal_is_old(void)
{
	static const char *const old[] = { "vt", "ansi", "dumb", "cons25", "sun", "wsvt", "pcansi", "mach", "hurd" };

	for (size_t i = 0; i < ARRAY_LEN(old); i++)
		if (str_starts(termname(), old[i]))
			return !str_starts(termname(), "vte"); /* GNOME's, of today */
	return false;
}
