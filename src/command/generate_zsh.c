/* Completion for zsh, by _arguments. */
#include <string.h>

#include "command/args_priv.h"
#include "command/generate.h"

static const char script_head[] =
	"#compdef afs\n"
	"# zsh completion for afs; made by: afs --generate zsh\n"
	"\n"
	"# Candidates of a kind, from afs itself; those of methods need the environment's name.\n"
	"_afs_dynamic() {\n"
	"\tlocal -a list\n"
	"\tlocal word name=\n"
	"\tfor word in ${words[2,CURRENT-1]}; do\n"
	"\t\t[[ $word == -* ]] || { name=$word; break }\n"
	"\tdone\n"
	"\tlist=(${(f)\"$(_call_program afs-$1 afs --complete $1 ${(q)name} 2>/dev/null)\"})\n"
	"\tcompadd -a list\n"
	"}\n"
	"\n"
	"_afs() {\n"
	"\tlocal curcontext=$curcontext state line ret=1\n"
	"\tlocal -a commands=(\n";

static const char script_middle[] =
	"\t)\n"
	"\t_arguments -C '(- *)'{-h,--help}'[show help]' '(- *)--version[show the version]' \\\n"
	"\t\t'1:command:->command' '*::argument:->argument' && ret=0\n"
	"\tcase $state in\n"
	"\tcommand) _describe -t commands command commands && ret=0 ;;\n"
	"\targument)\n"
	"\t\tcase $words[1] in\n"
	"\t\thelp) _describe -t commands command commands && ret=0 ;;\n";

static const char script_tail[] =
	"\t\tesac\n"
	"\t\t;;\n"
	"\tesac\n"
	"\treturn ret\n"
	"}\n"
	"\n"
	"if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
	"\t_afs \"$@\"\n"
	"else\n"
	"\tcompdef _afs afs\n"
	"fi\n";

/* Text inside '…' of a shell, with `special` characters escaped for _arguments. */
static void add_quoted(struct strbuf *out, const char *text, const char *special)
{
	for (; *text; text++)
		if (*text == '\'')
			strbuf_adds(out, "'\\''");
		else {
			if (strchr(special, *text))
				strbuf_addc(out, '\\');
			strbuf_addc(out, *text);
		}
}

static void add_action(struct strbuf *out, enum word_kind kind, const char *choices)
{
	const char *dynamic = generate_dynamic(kind), *choice;
	size_t len;
	bool first = true;

	if (dynamic)
		strbuf_addf(out, "{_afs_dynamic %s}", dynamic);
	else if (kind == WORD_DIR)
		strbuf_adds(out, "_files -/");
	else if (kind == WORD_FILE)
		strbuf_adds(out, "_files");
	else if (choices) {
		strbuf_addc(out, '(');
		for (; choice_next(&choices, &choice, &len); first = false)
			strbuf_addf(out, "%s%.*s", first ? "" : " ", (int) len, choice);
		strbuf_addc(out, ')');
	} else
		strbuf_addc(out, ' ');
}

/* '(-t --tag)'{-t+,--tag=}'[help]:TAG:action' */
static void add_option(struct strbuf *out, const struct option_spec *opt)
{
	bool value = opt->kind != WORD_FLAG;

	strbuf_adds(out, " \\\n\t\t\t\t'");
	if (opt->repeat)
		strbuf_addc(out, '*');
	else if (opt->short_name)
		strbuf_addf(out, "(-%c --%s)", opt->short_name, opt->name);
	if (opt->short_name)
		strbuf_addf(out, "'{-%c%s,--%s%s}'", opt->short_name, value ? "+" : "", opt->name, value ? "=" : "");
	else
		strbuf_addf(out, "--%s%s", opt->name, value ? "=" : "");
	strbuf_addc(out, '[');
	add_quoted(out, opt->help, "[]:\\");
	strbuf_addc(out, ']');
	if (value) {
		strbuf_addc(out, ':');
		add_quoted(out, opt->value, "[]:\\");
		strbuf_addc(out, ':');
		add_action(out, opt->kind, opt->choices);
	}
	strbuf_addc(out, '\'');
}

static void add_command(struct strbuf *out, const struct command_spec *spec)
{
	strbuf_addf(out, "\t\t%s)\n\t\t\t_arguments -s '(- *)'{-h,--help}'[show help]'", spec->name);
	for (const struct option_spec *opt = spec->options; opt->name; opt++)
		add_option(out, opt);
	for (const struct operand_spec *op = spec->operands; op->name; op++) {
		strbuf_addf(out, " \\\n\t\t\t\t'%s:", op->repeat ? "*" : op->optional ? ":" : "");
		add_quoted(out, op->name, "[]:\\");
		strbuf_addc(out, ':');
		add_action(out, op->kind, NULL);
		strbuf_addc(out, '\'');
	}
	if (spec->trailing_command)
		strbuf_adds(out, " \\\n\t\t\t\t'*:command: _command_names -e'");
	strbuf_adds(out, " && ret=0\n\t\t\t;;\n");
}

void generate_zsh(struct strbuf *out)
{
	strbuf_adds(out, script_head);
	for (size_t i = 0; command_table[i]; i++) {
		strbuf_addf(out, "\t\t'%s:", command_table[i]->name);
		add_quoted(out, command_table[i]->summary, ":\\");
		strbuf_adds(out, "'\n");
	}
	strbuf_adds(out, script_middle);
	for (size_t i = 0; command_table[i]; i++)
		add_command(out, command_table[i]);
	strbuf_adds(out, script_tail);
}
