#include "command/help.h"

#include <string.h>

#include "command/args_priv.h"

#define WIDTH 80
/* Where descriptions begin, beside the longest name that leaves room for them. */
#define COLUMN_MAX 30

/* ---- layout ---------------------------------------------------------------------- */

/* Columns of UTF-8 text in which no character is wide. */
static int columns(const char *s, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char) s[i] & 0xc0) != 0x80;
	return n;
}

static void spaces(struct strbuf *sb, int count)
{
	if (count > 0)
		strbuf_addf(sb, "%*s", count, "");
}

void help_wrap(struct strbuf *sb, const char *text, int indent, int width)
{
	int used = indent;

	while (*text) {
		size_t len = strcspn(text, " \n");
		int word = columns(text, len);

		if (used > indent && used + 1 + word > width) {
			strbuf_addc(sb, '\n');
			spaces(sb, indent);
			used = indent;
		}
		if (used > indent) {
			strbuf_addc(sb, ' ');
			used++;
		}
		strbuf_add(sb, text, len);
		used += word;
		text += len;
		if (*text == '\n') {
			strbuf_addc(sb, '\n');
			spaces(sb, indent);
			used = indent;
		}
		text += *text != '\0';
	}
	strbuf_addc(sb, '\n');
}

static void heading(struct strbuf *sb, const char *text, bool color)
{
	strbuf_addf(sb, color ? "\n\x1b[1m%s:\x1b[0m\n" : "\n%s:\n", text);
}

/* "  term      text", the text wrapped in its column; under the term where that is too long. */
static void row(struct strbuf *sb, const char *term, const char *text, int column)
{
	int len = columns(term, strlen(term));

	strbuf_addf(sb, "  %s", term);
	if (2 + len + 2 > column) {
		strbuf_addc(sb, '\n');
		spaces(sb, column);
	} else
		spaces(sb, column - 2 - len);
	help_wrap(sb, text, column, WIDTH);
}

/* ---- parts of a command ---------------------------------------------------------------- */

void help_usage(struct strbuf *sb, const struct command_spec *spec)
{
	strbuf_addf(sb, "afs %s", spec->name);
	for (const struct operand_spec *op = spec->operands; op->name; op++)
		strbuf_addf(sb, op->optional ? " [%s%s]" : " %s%s", op->name, op->repeat ? "..." : "");
	for (const struct option_spec *opt = spec->options; opt->name; opt++)
		if (opt->required)
			strbuf_addf(sb, " --%s %s", opt->name, opt->value);
	if (spec->options->name)
		strbuf_adds(sb, " [OPTIONS]");
	if (spec->trailing_command)
		strbuf_adds(sb, " [-- CMD...]");
}

static void add_choices(struct strbuf *sb, const char *choices)
{
	const char *choice;
	size_t len;
	bool first = true;

	while (choice_next(&choices, &choice, &len)) {
		if (!first)
			strbuf_adds(sb, *choices ? ", " : " or ");
		strbuf_add(sb, choice, len);
		first = false;
	}
}

void help_option_facts(struct strbuf *sb, const struct option_spec *opt)
{
	size_t start = sb->len;

	if (opt->choices)
		add_choices(sb, opt->choices);
	if (opt->required)
		strbuf_addf(sb, "%srequired", sb->len > start ? "; " : "");
	if (opt->repeat)
		strbuf_addf(sb, "%srepeatable", sb->len > start ? "; " : "");
	if (opt->def)
		strbuf_addf(sb, "%sdefault: %s", sb->len > start ? "; " : "", opt->def);
}

static void option_term(struct strbuf *sb, const struct option_spec *opt)
{
	if (opt->short_name)
		strbuf_addf(sb, "-%c, --%s", opt->short_name, opt->name);
	else
		strbuf_addf(sb, "    --%s", opt->name);
	if (opt->kind != WORD_FLAG)
		strbuf_addf(sb, " %s", opt->value);
}

static int option_column(const struct command_spec *spec)
{
	int widest = (int) strlen("-h, --help");

	for (const struct option_spec *opt = spec->options; opt->name; opt++) {
		AUTO_STRBUF term = STRBUF_INIT(STRBUF_LINE);

		option_term(&term, opt);
		widest = MAX(widest, (int) term.len);
	}
	return MIN(2 + widest + 2, COLUMN_MAX);
}

static void options(struct strbuf *sb, const struct command_spec *spec, int column)
{
	for (const struct option_spec *opt = spec->options; opt->name; opt++) {
		AUTO_STRBUF term = STRBUF_INIT(STRBUF_LINE);
		AUTO_STRBUF facts = STRBUF_INIT(STRBUF_LINE);
		AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);

		option_term(&term, opt);
		help_option_facts(&facts, opt);
		strbuf_adds(&text, opt->help);
		if (facts.len > 0)
			strbuf_addf(&text, " (%s)", facts.data);
		row(sb, term.data, text.data, column);
	}
	row(sb, "-h, --help", "show this help", column);
}

static void paragraphs(struct strbuf *sb, const char *text)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");
		AUTO_FREE char *paragraph = str_ndup(text, len, NULL);

		strbuf_addc(sb, '\n');
		help_wrap(sb, paragraph ? paragraph : "", 0, WIDTH);
		text += len + (text[len] == '\n');
	}
}

void help_command(struct strbuf *sb, const struct command_spec *spec, bool color)
{
	int column = option_column(spec);

	strbuf_addf(sb, "afs %s: %s\n", spec->name, spec->summary);
	heading(sb, "Usage", color);
	strbuf_adds(sb, "  ");
	help_usage(sb, spec);
	strbuf_addc(sb, '\n');
	paragraphs(sb, spec->description);
	if (spec->operands->name)
		heading(sb, "Operands", color);
	for (const struct operand_spec *op = spec->operands; op->name; op++)
		row(sb, op->name, op->help, column);
	heading(sb, "Options", color);
	options(sb, spec, column);
	if (spec->examples)
		heading(sb, "Examples", color);
	for (size_t i = 0; spec->examples && spec->examples[i]; i++)
		strbuf_addf(sb, "  %s\n", spec->examples[i]);
}

void help_overview(struct strbuf *sb, bool color)
{
	const char *group = "";

	strbuf_adds(sb, "afs: write a Python environment once, build it, run it anywhere, call it\n");
	heading(sb, "Usage", color);
	strbuf_adds(sb, "  afs COMMAND [OPTIONS]\n");
	heading(sb, "From nothing to an answer", color);
	strbuf_adds(sb, "  afs init my-env --template actor            # env.py and a Dockerfile\n"
			"  afs build my-env --tag my-env:v1            # an image\n"
			"  afs run my-env:v1 --name my-env             # a running environment\n"
			"  afs call my-env evaluate --arg task_id=10   # JSON on stdout\n"
			"  afs stop my-env\n");
	for (size_t i = 0; command_table[i]; i++) {
		if (strcmp(command_table[i]->group, group) != 0)
			heading(sb, command_table[i]->group, color);
		group = command_table[i]->group;
		row(sb, command_table[i]->name, command_table[i]->summary, 12);
	}
	heading(sb, "Options", color);
	row(sb, "-h, --help", "show this help; afs COMMAND --help explains a command", 17);
	row(sb, "    --version", "show the version", 17);
	strbuf_adds(sb, "\nResults go to stdout, everything else to stderr. afs(1) is the manual.\n");
}
