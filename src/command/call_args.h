/* The arguments of a method call, from --arg, --json and stdin, as one JSON object. */
#ifndef COMMAND_CALL_ARGS_H
#define COMMAND_CALL_ARGS_H

#include "command/command.h"

/*
 * The object for `afs call`'s parsed words. Reads stdin (io->read_input) where a "-" asks for it.
 * Values are taken over byte for byte. USAGE errors show where the JSON goes wrong.
 */
af_code call_args_read(const struct args *args, const struct command_io *io, char **out, struct af_error *err) MUST_CHECK;

/*
 * The same without a command line: `pairs` are KEY=VALUE, `object` is the text of a JSON object that
 * comes from `origin` ("--json", "stdin"), or NULL. Appends the object to `out`.
 */
af_code call_args_merge(const struct strlist *pairs, const char *object, size_t len, const char *origin,
			struct strbuf *out, struct af_error *err) MUST_CHECK;

#endif
