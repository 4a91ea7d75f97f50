/*
 * The grammar below a Dockerfile's instructions: directives, logical lines, words, variables.
 * Follows BuildKit's frontend (moby/buildkit, frontend/dockerfile/{parser,shell}).
 */
#ifndef IMAGE_DOCKER_LINES_H
#define IMAGE_DOCKER_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct docker_lines {
	const char *pos, *end;
	size_t number;   /* of the line at pos, from 1 */
	size_t first;    /* number of the first line of the last result */
	char escape;     /* '\\', or '`' by "# escape=`" */
	/* The value of "# syntax=…", a span of the text; NULL: none. */
	const char *syntax;
	size_t syntax_len;
	const char *syntax_line; /* where that line starts */
};

/* Reads the directives. The text must stay. */
void docker_lines_init(struct docker_lines *l, const char *text, size_t len);
/* The next instruction with its continuation lines joined, without comments and without the bodies
 * of its here-documents. False at the end. */
bool docker_lines_next(struct docker_lines *l, struct strbuf *line);

/* Splits at white space outside of quotes; quotes and escapes stay in the words. */
af_code docker_words(const char *line, char escape, struct strlist *words, struct af_error *err) MUST_CHECK;

/* A variable's value, NULL if it is not set. Not owned. */
typedef const char *(*docker_lookup_fn)(void *arg, const char *name);
/* Appends the word with quotes removed and $x, ${x}, ${x:-y}, ${x-y}, ${x:+y}, ${x+y} replaced. False for
 * what is not understood (${x#y} and the like, a missing brace); `out` is of no use then. */
bool docker_expand(const char *word, char escape, docker_lookup_fn lookup, void *arg, struct strbuf *out);

#endif
