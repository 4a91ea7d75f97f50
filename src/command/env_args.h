/* The environment variables of `afs run`, from --env and --env-file. */
#ifndef COMMAND_ENV_ARGS_H
#define COMMAND_ENV_ARGS_H

#include "command/command.h"

/*
 * Appends KEY=VALUE for all of them, each key once: --env overrides --env-file, later ones earlier ones.
 * Errors never contain a value.
 */
af_code env_args_read(const struct args *args, struct strlist *out, struct af_error *err) MUST_CHECK;

/* One --env word, KEY=VALUE or KEY: a KEY that the caller's environment lacks is a USAGE error. */
af_code env_args_add(struct strlist *out, const char *word, struct af_error *err) MUST_CHECK;

/*
 * The text of an env file as docker reads it: a line is empty, a "# comment", KEY=VALUE with the value
 * as it stands (no quotes, no escapes), or KEY. A KEY that the caller's environment lacks is left out.
 */
af_code env_args_parse(struct strlist *out, const char *path, const char *text, size_t len,
		       struct af_error *err) MUST_CHECK;

#endif
