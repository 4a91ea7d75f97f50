/*
 * The words of a command line, separated by NUL or newline; the first one is the command. What is parsed is
 * read in every way, and the arguments of calls have to come out as JSON.
 */
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "command/call_args.h"
#include "command/env_args.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void split(struct strlist *words, const char *text, size_t len)
{
	while (len > 0) {
		size_t n = 0;

		while (n < len && text[n] != '\0' && text[n] != '\n')
			n++;
		if (strlist_take(words, str_ndup(text, n, NULL), NULL))
			abort();
		n += n < len;
		text += n;
		len -= n;
	}
}

/* A name, or any first byte. */
static const struct command_spec *choose(const char *word)
{
	const struct command_spec *spec = command_find(word);
	size_t count = 0;

	while (command_table[count])
		count++;
	return spec ? spec : command_table[(unsigned char) word[0] % count];
}

static void read_all(const struct command_spec *spec, const struct args *args)
{
	for (const struct option_spec *opt = spec->options; opt->name; opt++) {
		const char *text = args_text(args, opt->name);

		if (args_has(args, opt->name) != (args_all(args, opt->name)->count > 0))
			abort();
		if (opt->kind == WORD_INT && (opt->min || opt->max) && text &&
		    (args_number(args, opt->name) < opt->min || args_number(args, opt->name) > opt->max))
			abort();
		if ((opt->kind == WORD_SECONDS || opt->kind == WORD_SIZE) && args_number(args, opt->name) < 0)
			abort();
		if (opt->kind == WORD_DECIMAL && args_has(args, opt->name) && !(args_decimal(args, opt->name) > 0))
			abort();
	}
	for (const struct operand_spec *op = spec->operands; op->name; op++)
		if (!args_help(args) && !op->optional && !args_operand(args, op->name))
			abort();
}

static void read_call(const struct args *args)
{
	AUTO_STRBUF object = STRBUF_INIT(STRBUF_TEXT);
	struct af_error err = AF_ERROR_INIT;
	const char *json = args_text(args, "json");
	af_code rc = call_args_merge(args_all(args, "arg"), json, json ? strlen(json) : 0, "--json", &object, &err);

	if (rc == AF_OK && (json_check(object.data, object.len, NULL) || json_type(json_span_of(&object)) != JSON_OBJECT))
		abort();
	if (rc == AF_ERR_USAGE && !err.hint)
		abort();
	af_error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_STRLIST words = { 0 };
	AUTO_STRLIST env = { 0 };
	AF_AUTO(args) struct args *args = NULL;
	struct af_error err = AF_ERROR_INIT;

	split(&words, (const char *) data, size);
	if (words.count > 0) {
		const struct command_spec *spec = choose(words.items[0]);
		af_code rc = args_parse(spec, (int) words.count - 1, (const char *const *) words.items + 1, &args, &err);

		if (rc == AF_OK)
			read_all(spec, args);
		if (rc == AF_OK && strcmp(spec->name, "call") == 0 && !args_help(args))
			read_call(args);
		if (rc != AF_OK && (rc != AF_ERR_USAGE || !err.message || !err.hint))
			abort();
	}
	af_error_clear(&err);
	if (env_args_parse(&env, "fuzz.env", (const char *) data, size, &err) == AF_OK)
		for (size_t i = 0; i < env.count; i++)
			if (!strchr(env.items[i], '=') || env.items[i][0] == '=')
				abort();
	af_error_clear(&err);
	return 0;
}
