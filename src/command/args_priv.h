/* Inside of struct args: shared by args.c (access), parse.c and word.c. */
#ifndef COMMAND_ARGS_PRIV_H
#define COMMAND_ARGS_PRIV_H

#include "command/command.h"

struct arg_value {
	struct strlist given; /* flags: one "" per time */
	int64_t number;       /* of the last one, or of the default */
	double decimal;
};

struct args {
	const struct command_spec *spec;
	struct arg_value *options; /* as spec->options */
	struct strlist *operands;  /* as spec->operands */
	size_t option_count, operand_count;
	struct strlist command;
	bool help;
};

/* Empty, with the defaults' numbers. */
af_code args_new(const struct command_spec *spec, struct args **out, struct af_error *err) MUST_CHECK;

/* Checks a word by its kind and stores its number. `spec` is an option's, or made from an operand's;
 * errors call it `label` ("--tag", "NAME"). */
af_code word_check(const struct option_spec *spec, const char *label, const char *word, struct arg_value *out,
		   struct af_error *err) MUST_CHECK;
/* Appends "word", harmless for a terminal and cut when long. */
void word_quote(struct strbuf *sb, const char *word);
/* True if word is one of "a|b|c". */
bool choice_has(const char *choices, const char *word);
/* Walks "a|b|c": sets *choice and *len; false at the end. Start with *pos = choices. */
bool choice_next(const char **pos, const char **choice, size_t *len);

#endif
