/*
 * Completion for bash. It splits the line at blanks itself, since readline splits
 * at ':' and '=' too, which stand in image names and in --option=value. Candidates
 * that come from outside are compared and never expanded (compgen -W would).
 */
#include <string.h>

#include "command/args_priv.h"
#include "command/generate.h"

static const char script_head[] =
	"# bash completion for afs; made by: afs --generate bash\n"
	"\n"
	"# Offers the lines of stdin that begin with $value.\n"
	"_afs_offer()\n"
	"{\n"
	"\tlocal line strip=${value%\"${value##*[:=]}\"}\n"
	"\twhile IFS= read -r line; do\n"
	"\t\t[[ $line == \"$value\"* ]] && COMPREPLY+=(\"${line#\"$strip\"}\")\n"
	"\tdone\n"
	"}\n"
	"\n"
	"_afs_words()\n"
	"{\n"
	"\t_afs_offer < <(printf '%s\\n' \"$@\")\n"
	"}\n";

static const char script_tail[] =
	"\n"
	"_afs_kind_of()\n"
	"{\n"
	"\tlocal kind=$1 name=$2 path\n"
	"\tcase $kind in\n"
	"\tfile | dir)\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\twhile IFS= read -r path; do\n"
	"\t\t\tCOMPREPLY+=(\"$path\")\n"
	"\t\tdone < <(compgen \"-${kind:0:1}\" -- \"$value\")\n"
	"\t\t;;\n"
	"\timage | env | method)\n"
	"\t\t_afs_offer < <(\"${words[0]/#\\~/$HOME}\" --complete \"$kind\" \"$name\" 2>/dev/null)\n"
	"\t\t;;\n"
	"\tchoice\\ *)\n"
	"\t\t_afs_words ${kind#choice }\n"
	"\t\t;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"_afs()\n"
	"{\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} value= option= word name= skip= i\n"
	"\tlocal options= valued= operands= rest=\n"
	"\tlocal -a words\n"
	"\tCOMPREPLY=()\n"
	"\tread -r -a words <<<\"$line\"\n"
	"\t[[ $line == *[[:space:]] ]] && words+=(\"\")\n"
	"\tlocal last=$((${#words[@]} - 1))\n"
	"\tvalue=${words[last]}\n"
	"\tif ((last <= 1)); then\n"
	"\t\t_afs_words $(_afs_commands) --help --version\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tif [[ ${words[1]} == help ]]; then\n"
	"\t\t_afs_words $(_afs_commands)\n"
	"\t\treturn\n"
	"\tfi\n"
	"\t_afs_command \"${words[1]}\" || return\n"
	"\tlocal -a kinds=($operands)\n"
	"\tlocal operand=0\n"
	"\tfor ((i = 2; i < last; i++)); do\n"
	"\t\tword=${words[i]}\n"
	"\t\tif [[ $word == -- ]]; then\n"
	"\t\t\treturn\n"
	"\t\telif [[ -n $skip ]]; then\n"
	"\t\t\tskip=\n"
	"\t\telif [[ $word == -* && $word != - ]]; then\n"
	"\t\t\t[[ \" $valued \" == *\" $word \"* ]] && skip=$word\n"
	"\t\telse\n"
	"\t\t\t((operand == 0)) && name=$word\n"
	"\t\t\t((operand += 1))\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tif [[ -n $skip ]]; then\n"
	"\t\toption=$skip\n"
	"\telif [[ $value == --*=* ]]; then\n"
	"\t\toption=${value%%=*}\n"
	"\t\tvalue=${value#*=}\n"
	"\tfi\n"
	"\tif [[ -n $option ]]; then\n"
	"\t\t_afs_kind_of \"$(_afs_option \"${words[1]}\" \"$option\")\" \"$name\"\n"
	"\telif [[ $value == -* ]]; then\n"
	"\t\t_afs_words $options --help\n"
	"\telse\n"
	"\t\t_afs_kind_of \"${kinds[operand]:-$rest}\" \"$name\"\n"
	"\tfi\n"
	"}\n"
	"\n"
	"complete -F _afs afs\n";

static const char *kind_word(enum word_kind kind)
{
	const char *dynamic = generate_dynamic(kind);

	if (dynamic)
		return dynamic;
	if (kind == WORD_DIR)
		return "dir";
	return kind == WORD_FILE ? "file" : "none";
}

static void add_operands(struct strbuf *out, const struct command_spec *spec)
{
	const char *rest = "";

	strbuf_adds(out, "\t\toperands='");
	for (const struct operand_spec *op = spec->operands; op->name; op++) {
		strbuf_addf(out, "%s%s", op == spec->operands ? "" : " ", kind_word(op->kind));
		if (op->repeat)
			rest = kind_word(op->kind);
	}
	strbuf_addf(out, "' rest=%s\n", rest);
}

static void add_command(struct strbuf *out, const struct command_spec *spec)
{
	bool first = true;

	strbuf_addf(out, "\t%s)\n\t\toptions='", spec->name);
	for (const struct option_spec *opt = spec->options; opt->name; opt++)
		strbuf_addf(out, "%s--%s", opt == spec->options ? "" : " ", opt->name);
	strbuf_adds(out, "'\n\t\tvalued='");
	for (const struct option_spec *opt = spec->options; opt->name; opt++) {
		if (opt->kind == WORD_FLAG)
			continue;
		strbuf_addf(out, "%s--%s", first ? "" : " ", opt->name);
		if (opt->short_name)
			strbuf_addf(out, " -%c", opt->short_name);
		first = false;
	}
	strbuf_adds(out, "'\n");
	add_operands(out, spec);
	strbuf_adds(out, "\t\t;;\n");
}

/* What kind of value an option has, where bash can offer any. */
static void add_option_kind(struct strbuf *out, const struct command_spec *spec, const struct option_spec *opt)
{
	const char *pos = opt->choices, *choice;
	size_t len;

	if (opt->kind == WORD_FLAG || (!opt->choices && strcmp(kind_word(opt->kind), "none") == 0))
		return;
	strbuf_addf(out, "\t%s:--%s", spec->name, opt->name);
	if (opt->short_name)
		strbuf_addf(out, " | %s:-%c", spec->name, opt->short_name);
	strbuf_addf(out, ") echo '%s", opt->choices ? "choice" : kind_word(opt->kind));
	while (choice_next(&pos, &choice, &len))
		strbuf_addf(out, " %.*s", (int) len, choice);
	strbuf_adds(out, "' ;;\n");
}

void generate_bash(struct strbuf *out)
{
	strbuf_adds(out, script_head);
	strbuf_adds(out, "\n_afs_commands()\n{\n\techo");
	for (size_t i = 0; command_table[i]; i++)
		strbuf_addf(out, " %s", command_table[i]->name);
	strbuf_adds(out, " help\n}\n\n_afs_command()\n{\n\tcase $1 in\n");
	for (size_t i = 0; command_table[i]; i++)
		add_command(out, command_table[i]);
	strbuf_adds(out, "\t*) return 1 ;;\n\tesac\n}\n\n_afs_option()\n{\n\tcase $1:$2 in\n");
	for (size_t i = 0; command_table[i]; i++)
		for (const struct option_spec *opt = command_table[i]->options; opt->name; opt++)
			add_option_kind(out, command_table[i], opt);
	strbuf_adds(out, "\tesac\n}\n");
	strbuf_adds(out, script_tail);
}
