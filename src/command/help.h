/* Help texts for a terminal, from the command table: 80 columns at most. */
#ifndef COMMAND_HELP_H
#define COMMAND_HELP_H

#include "command/command.h"

/* `afs --help`: workflow and commands. `color`: headings are bold. */
void help_overview(struct strbuf *sb, bool color);
/* `afs COMMAND --help`. */
void help_command(struct strbuf *sb, const struct command_spec *spec, bool color);

/* "afs run [IMAGE] [OPTIONS]", required options by name. */
void help_usage(struct strbuf *sb, const struct command_spec *spec);
/* "random, round_robin or least_busy; repeatable; default: random": what the spec knows
 * beyond `help`. Appends nothing if that is nothing. */
void help_option_facts(struct strbuf *sb, const struct option_spec *opt);
/* Appends text wrapped at `width` columns; `indent` columns are used up already and begin each further line.
 * "\n" in the text begins a new line. */
void help_wrap(struct strbuf *sb, const char *text, int indent, int width);

#endif
