/* Documents made from the command table, at build time: `afs --generate KIND`. */
#ifndef COMMAND_GENERATE_H
#define COMMAND_GENERATE_H

#include "command/command.h"

/* Appends the document of that kind: man, bash, zsh or fish. USAGE for any other. */
af_code generate(struct strbuf *out, const char *kind, struct af_error *err) MUST_CHECK;

void generate_man(struct strbuf *out);
void generate_bash(struct strbuf *out);
void generate_zsh(struct strbuf *out);
void generate_fish(struct strbuf *out);

/* What `afs --complete` calls the kind ("image", "env", "method"); NULL where it knows no candidates. */
const char *generate_dynamic(enum word_kind kind);

#endif
