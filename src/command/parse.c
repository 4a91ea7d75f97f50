/* Words → struct args, by the command's spec. */
#include <string.h>

#include "command/args_priv.h"
#include "command/help.h"
#include "command/nearest.h"

struct parser {
	const struct command_spec *spec;
	struct args *args;
	const char *const *words;
	int count, next; /* words[next] is read next */
	struct af_error *err;
};

static const struct option_spec *find_long(const struct command_spec *spec, const char *name, size_t len)
{
	for (const struct option_spec *opt = spec->options; opt->name; opt++)
		if (strlen(opt->name) == len && memcmp(opt->name, name, len) == 0)
			return opt;
	return NULL;
}

static const struct option_spec *find_short(const struct command_spec *spec, char name)
{
	for (const struct option_spec *opt = spec->options; opt->name; opt++)
		if (opt->short_name == name)
			return opt;
	return NULL;
}

/* Is the word one of the command's options, so that it cannot be meant as a value? */
static bool is_option(const struct command_spec *spec, const char *word)
{
	if (str_starts(word, "--"))
		return find_long(spec, word + 2, strcspn(word + 2, "=")) != NULL;
	return word[0] == '-' && word[1] && !word[2] && find_short(spec, word[1]);
}

static af_code unknown_option(struct parser *p, const char *word, size_t len)
{
	AUTO_FREE char *name = str_ndup(word, len, p->err);
	AUTO_STRBUF quoted = STRBUF_INIT(STRBUF_LINE);
	struct nearest n;

	if (!name)
		return AF_ERR_NOMEM;
	word_quote(&quoted, name);
	error_set(p->err, AF_ERR_USAGE, "there is no option %s", quoted.data);
	n = nearest_to(str_starts(name, "--") ? name + 2 : name);
	for (const struct option_spec *opt = p->spec->options; opt->name; opt++)
		nearest_offer(&n, opt->name);
	if (n.best)
		error_hint(p->err, "did you mean --%s? `afs %s --help` lists all", n.best, p->spec->name);
	return AF_ERR_USAGE;
}

static af_code add_value(struct parser *p, const struct option_spec *opt, const char *word)
{
	struct arg_value *value = &p->args->options[opt - p->spec->options];
	AUTO_FREE char *label = str_format(p->err, "--%s", opt->name);
	af_code rc;

	if (!label)
		return AF_ERR_NOMEM;
	rc = word_check(opt, label, word, value, p->err);
	if (rc)
		return rc;
	if (!opt->repeat)
		strlist_free(&value->given);
	return strlist_add(&value->given, word, p->err);
}

static af_code add_flag(struct parser *p, const struct option_spec *opt)
{
	return strlist_add(&p->args->options[opt - p->spec->options].given, "", p->err);
}

/* The value is the next word. */
static af_code take_value(struct parser *p, const struct option_spec *opt)
{
	const char *word;

	if (p->next == p->count || strcmp(p->words[p->next], "--") == 0)
		return error_set(p->err, AF_ERR_USAGE, "--%s needs a value: --%s %s", opt->name, opt->name, opt->value);
	word = p->words[p->next++];
	if (is_option(p->spec, word)) {
		error_set(p->err, AF_ERR_USAGE, "--%s needs a value, but the option %.*s follows", opt->name,
			  (int) strcspn(word, "="), word);
		error_hint(p->err, "if that is the value, write --%s=…", opt->name);
		return AF_ERR_USAGE;
	}
	return add_value(p, opt, word);
}

static af_code parse_long(struct parser *p, const char *word)
{
	size_t len = strcspn(word, "=");
	const struct option_spec *opt = find_long(p->spec, word + 2, len - 2);

	if (!opt)
		return unknown_option(p, word, len);
	if (opt->kind == WORD_FLAG && word[len])
		return error_set(p->err, AF_ERR_USAGE, "--%s takes no value", opt->name);
	if (opt->kind == WORD_FLAG)
		return add_flag(p, opt);
	return word[len] ? add_value(p, opt, word + len + 1) : take_value(p, opt);
}

/* "-f", "-fq" (flags), "-n5", "-n 5", "-fn5". */
static af_code parse_short(struct parser *p, const char *word)
{
	for (const char *c = word + 1; *c; c++) {
		const struct option_spec *opt = find_short(p->spec, *c);
		af_code rc;

		if (!opt)
			return unknown_option(p, word, strlen(word));
		if (opt->kind != WORD_FLAG)
			return c[1] ? add_value(p, opt, c + 1) : take_value(p, opt);
		rc = add_flag(p, opt);
		if (rc)
			return rc;
	}
	return AF_OK;
}

static af_code too_many(struct parser *p, const char *word)
{
	AUTO_STRBUF quoted = STRBUF_INIT(STRBUF_LINE);

	word_quote(&quoted, word);
	error_set(p->err, AF_ERR_USAGE, "%s is one word too many", quoted.data);
	if (p->spec->trailing_command)
		error_hint(p->err, "a command stands behind --, as in: afs %s NAME -- CMD", p->spec->name);
	return AF_ERR_USAGE;
}

static af_code parse_operand(struct parser *p, const char *word)
{
	for (size_t i = 0; i < p->args->operand_count; i++) {
		const struct operand_spec *operand = &p->spec->operands[i];
		struct option_spec rule = { .name = operand->name, .kind = operand->kind };
		struct arg_value number = { 0 };
		af_code rc;

		if (p->args->operands[i].count > 0 && !operand->repeat)
			continue;
		rc = word_check(&rule, operand->name, word, &number, p->err);
		return rc ? rc : strlist_add(&p->args->operands[i], word, p->err);
	}
	return too_many(p, word);
}

static af_code take_command(struct parser *p)
{
	while (p->next < p->count) {
		af_code rc = strlist_add(&p->args->command, p->words[p->next++], p->err);

		if (rc)
			return rc;
	}
	return AF_OK;
}

static af_code parse_words(struct parser *p)
{
	bool options = true;

	while (p->next < p->count) {
		const char *word = p->words[p->next++];
		af_code rc;

		if (options && strcmp(word, "--") == 0) {
			if (p->spec->trailing_command)
				return take_command(p);
			options = false;
			continue;
		}
		if (options && str_starts(word, "--"))
			rc = parse_long(p, word);
		else if (options && word[0] == '-' && word[1])
			rc = parse_short(p, word);
		else
			rc = parse_operand(p, word);
		if (rc)
			return rc;
	}
	return AF_OK;
}

static af_code check_required(struct parser *p)
{
	for (size_t i = 0; i < p->args->operand_count; i++)
		if (!p->spec->operands[i].optional && p->args->operands[i].count == 0)
			return error_set(p->err, AF_ERR_USAGE, "%s is missing", p->spec->operands[i].name);
	for (const struct option_spec *opt = p->spec->options; opt->name; opt++)
		if (opt->required && !args_has(p->args, opt->name))
			return error_set(p->err, AF_ERR_USAGE, "--%s %s is missing", opt->name, opt->value);
	return AF_OK;
}

/* --help wins over everything else that may be wrong with the words. */
static bool asks_for_help(int count, const char *const *words)
{
	for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++)
		if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
			return true;
	return false;
}

static void hint_usage(const struct command_spec *spec, struct af_error *err)
{
	AUTO_STRBUF usage = STRBUF_INIT(STRBUF_LINE);

	if (!err || err->hint)
		return;
	help_usage(&usage, spec);
	error_hint(err, "usage: %s; see `afs %s --help`", usage.data, spec->name);
}

af_code args_parse(const struct command_spec *spec, int count, const char *const *words, struct args **out,
		   struct af_error *err)
{
	AF_AUTO(args) struct args *args = NULL;
	struct parser p = { .spec = spec, .words = words, .count = count, .err = err };
	af_code rc = args_new(spec, &args, err);

	if (rc)
		return rc;
	p.args = args;
	args->help = asks_for_help(count, words);
	if (!args->help) {
		rc = parse_words(&p);
		if (!rc)
			rc = check_required(&p);
	}
	if (rc == AF_ERR_USAGE)
		hint_usage(spec, err);
	if (rc)
		return error_wrap(err, rc, "%s", spec->name);
	*out = af_steal(args);
	return AF_OK;
}
