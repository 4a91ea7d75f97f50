/* Command lines: text to words as a shell would, words to text, and without their secrets. */
#ifndef COMMAND_WORDS_H
#define COMMAND_WORDS_H

#include "command/command.h"

/* Quotes and backslashes as in a shell, nothing is expanded. USAGE on an open quote. */
af_code words_split(const char *line, struct strlist *words, struct af_error *err) MUST_CHECK;
/* Appends the words, quoted where a shell needs it. */
void words_join(struct strbuf *out, const char *const *words, int count);
/* Appends the line with the values of secret options as "***". words[0] is the command's name. */
void words_join_masked(struct strbuf *out, const struct command_spec *spec, const char *const *words, int count);
/* Such a line come back from a history: the value of a secret is "***". words[0] is the command's name. */
bool words_lack_secret(const char *const *words, int count);

#endif
