/* Completion for fish. */
#include <string.h>

#include "command/args_priv.h"
#include "command/generate.h"

static const char script_head[] =
	"# fish completion for afs; made by: afs --generate fish\n"
	"\n"
	"# Prints the operands given so far, the command first; values of options are none.\n"
	"function __afs_operands\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l valued (__afs_valued $words[2])\n"
	"\tset -l skip no\n"
	"\tfor word in $words[2..-1]\n"
	"\t\tif test $skip = yes\n"
	"\t\t\tset skip no\n"
	"\t\telse if contains -- $word $valued\n"
	"\t\t\tset skip yes\n"
	"\t\telse if not string match -q -- '-*' $word\n"
	"\t\t\techo $word\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"\n"
	"# Is operand number $argv[2] of the command $argv[1] to be completed? With \"+\": that or a later one.\n"
	"function __afs_at\n"
	"\tset -l operands (__afs_operands)\n"
	"\ttest \"$operands[1]\" = $argv[1]; or return 1\n"
	"\tif test \"$argv[3]\" = +\n"
	"\t\ttest (count $operands) -ge $argv[2]\n"
	"\telse\n"
	"\t\ttest (count $operands) -eq $argv[2]\n"
	"\tend\n"
	"end\n"
	"\n"
	"function __afs_dynamic\n"
	"\tset -l operands (__afs_operands)\n"
	"\tcommand afs --complete $argv[1] \"$operands[2]\" 2>/dev/null\n"
	"end\n"
	"\n";

static void add_quoted(struct strbuf *out, const char *text)
{
	strbuf_addc(out, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, *text);
	}
	strbuf_addc(out, '\'');
}

static void add_action(struct strbuf *out, enum word_kind kind, const char *choices)
{
	const char *dynamic = generate_dynamic(kind), *choice;
	size_t len;
	bool first = true;

	if (dynamic)
		strbuf_addf(out, " -xa '(__afs_dynamic %s)'", dynamic);
	else if (kind == WORD_DIR)
		strbuf_adds(out, " -xa '(__fish_complete_directories)'");
	else if (kind == WORD_FILE)
		strbuf_adds(out, " -rF");
	else if (choices) {
		strbuf_adds(out, " -xa '");
		for (; choice_next(&choices, &choice, &len); first = false)
			strbuf_addf(out, "%s%.*s", first ? "" : " ", (int) len, choice);
		strbuf_addc(out, '\'');
	} else
		strbuf_adds(out, " -x");
}

static void add_valued(struct strbuf *out)
{
	strbuf_adds(out, "# Prints the options of a command that take a value.\nfunction __afs_valued\n\tswitch \"$argv[1]\"\n");
	for (size_t i = 0; command_table[i]; i++) {
		strbuf_addf(out, "\t\tcase %s\n\t\t\tstring split ' ' -- '", command_table[i]->name);
		for (const struct option_spec *opt = command_table[i]->options; opt->name; opt++) {
			if (opt->kind == WORD_FLAG)
				continue;
			strbuf_addf(out, " --%s", opt->name);
			if (opt->short_name)
				strbuf_addf(out, " -%c", opt->short_name);
		}
		strbuf_adds(out, "'\n");
	}
	strbuf_adds(out, "\tend\nend\n\n");
}

static void add_command(struct strbuf *out, const struct command_spec *spec)
{
	int index = 1;

	strbuf_addf(out, "\ncomplete -c afs -n __fish_use_subcommand -a %s -d ", spec->name);
	add_quoted(out, spec->summary);
	strbuf_addc(out, '\n');
	for (const struct operand_spec *op = spec->operands; op->name; op++, index++) {
		if (!generate_dynamic(op->kind) && op->kind != WORD_DIR && op->kind != WORD_FILE)
			continue;
		strbuf_addf(out, "complete -c afs -n '__afs_at %s %d%s'", spec->name, index, op->repeat ? " +" : "");
		add_action(out, op->kind, NULL);
		strbuf_addc(out, '\n');
	}
	for (const struct option_spec *opt = spec->options; opt->name; opt++) {
		strbuf_addf(out, "complete -c afs -n '__fish_seen_subcommand_from %s' -l %s", spec->name, opt->name);
		if (opt->short_name)
			strbuf_addf(out, " -s %c", opt->short_name);
		if (opt->kind != WORD_FLAG)
			add_action(out, opt->kind, opt->choices);
		strbuf_adds(out, " -d ");
		add_quoted(out, opt->help);
		strbuf_addc(out, '\n');
	}
}

void generate_fish(struct strbuf *out)
{
	strbuf_adds(out, script_head);
	add_valued(out);
	strbuf_adds(out, "complete -c afs -f\ncomplete -c afs -s h -l help -d 'show help'\n"
			 "complete -c afs -n __fish_use_subcommand -l version -d 'show the version'\n");
	for (size_t i = 0; command_table[i]; i++)
		add_command(out, command_table[i]);
}
