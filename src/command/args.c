#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "command/args_priv.h"

static const struct strlist nothing;

static af_code read_defaults(struct args *args, struct af_error *err)
{
	for (size_t i = 0; i < args->option_count; i++) {
		const struct option_spec *opt = &args->spec->options[i];
		af_code rc;

		if (!opt->def || opt->kind == WORD_FLAG)
			continue;
		rc = word_check(opt, opt->name, opt->def, &args->options[i], err);
		if (rc)
			return rc;
	}
	return AF_OK;
}

af_code args_new(const struct command_spec *spec, struct args **out, struct af_error *err)
{
	AF_AUTO(args) struct args *args = calloc(1, sizeof(*args));
	af_code rc;

	if (!args)
		return error_nomem(err);
	args->spec = spec;
	while (spec->options[args->option_count].name)
		args->option_count++;
	while (spec->operands[args->operand_count].name)
		args->operand_count++;
	args->options = calloc(args->option_count + 1, sizeof(*args->options));
	args->operands = calloc(args->operand_count + 1, sizeof(*args->operands));
	if (!args->options || !args->operands)
		return error_nomem(err);
	rc = read_defaults(args, err);
	if (rc)
		return rc;
	*out = af_steal(args);
	return AF_OK;
}

void args_free(struct args *args)
{
	if (!args)
		return;
	for (size_t i = 0; args->options && i < args->option_count; i++)
		strlist_free(&args->options[i].given);
	for (size_t i = 0; args->operands && i < args->operand_count; i++)
		strlist_free(&args->operands[i]);
	strlist_free(&args->command);
	free(args->options);
	free(args->operands);
	free(args);
}

/* Asking for an option that the spec does not have is a mistake in the program. */
static size_t option_index(const struct args *args, const char *name)
{
	size_t i = 0;

	while (i < args->option_count && strcmp(args->spec->options[i].name, name) != 0)
		i++;
	assert(i < args->option_count);
	return i;
}

static const struct strlist *operand_words(const struct args *args, const char *name)
{
	for (size_t i = 0; i < args->operand_count; i++)
		if (strcmp(args->spec->operands[i].name, name) == 0)
			return &args->operands[i];
	assert(!"no such operand");
	return &nothing;
}

bool args_has(const struct args *args, const char *option)
{
	return args->options[option_index(args, option)].given.count > 0;
}

const char *args_text(const struct args *args, const char *option)
{
	size_t i = option_index(args, option);
	const struct strlist *given = &args->options[i].given;

	return given->count > 0 ? given->items[given->count - 1] : args->spec->options[i].def;
}

int64_t args_number(const struct args *args, const char *option)
{
	return args->options[option_index(args, option)].number;
}

double args_decimal(const struct args *args, const char *option)
{
	return args->options[option_index(args, option)].decimal;
}

const struct strlist *args_all(const struct args *args, const char *option)
{
	return &args->options[option_index(args, option)].given;
}

const char *args_operand(const struct args *args, const char *name)
{
	const struct strlist *words = operand_words(args, name);

	return words->count > 0 ? words->items[0] : NULL;
}

const struct strlist *args_rest(const struct args *args, const char *name)
{
	return operand_words(args, name);
}

const struct strlist *args_command(const struct args *args)
{
	return &args->command;
}

af_code args_exclusive(const struct args *args, const char *one, const char *other, struct af_error *err)
{
	if (!args_has(args, one) || !args_has(args, other))
		return AF_OK;
	error_set(err, AF_ERR_USAGE, "%s: --%s and --%s exclude each other", args->spec->name, one, other);
	error_hint(err, "leave one of them out; see `afs %s --help`", args->spec->name);
	return AF_ERR_USAGE;
}

const struct command_spec *args_spec(const struct args *args)
{
	return args->spec;
}

bool args_help(const struct args *args)
{
	return args->help;
}
