/* The best guess for a mistyped word among candidates. */
#ifndef COMMAND_NEAREST_H
#define COMMAND_NEAREST_H

#include <stddef.h>

/*
 *     struct nearest n = nearest_to("bulid");
 *     nearest_offer(&n, "build"); nearest_offer(&n, "run"); …
 *     if (n.best) …
 */
struct nearest {
	const char *word;
	const char *best;  /* NULL while nothing is near */
	unsigned distance; /* of best */
};

struct nearest nearest_to(const char *word);
void nearest_offer(struct nearest *n, const char *candidate);

/* Insertions, deletions, replacements and swaps of neighbours that make a into b; at most 255. */
unsigned word_distance(const char *a, const char *b);

#endif
