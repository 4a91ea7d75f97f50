/* Candidates for a word, for the shells' completion (`afs --complete KIND [ARG]`) and for afs-tui. */
#ifndef COMMAND_COMPLETE_H
#define COMMAND_COMPLETE_H

#include "command/command.h"

/*
 * Appends the candidates of a kind, as generate_dynamic() calls it. `arg` is the name of the
 * environment for "method", else unused; may be NULL. USAGE for an unknown kind.
 * Candidates with characters that a shell would act on are left out: they come from outside.
 */
af_code complete_kind(struct command_context *cx, const char *kind, const char *arg, struct strlist *out,
		      struct af_error *err) MUST_CHECK;

#endif
