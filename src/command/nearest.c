#include "command/nearest.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"

/* Longer words are never a mistyped name. */
#define WORD_MAX 40
#define FAR 255u

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	return MIN(MIN(a, b), c);
}

unsigned word_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned rows[3][WORD_MAX + 1];

	if (la > WORD_MAX || lb > WORD_MAX)
		return FAR;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned) j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

		row[0] = (unsigned) i;
		for (size_t j = 1; j <= lb; j++) {
			row[j] = least(row[j - 1] + 1, above[j] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], above2[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

struct nearest nearest_to(const char *word)
{
	return (struct nearest){ .word = word, .distance = FAR };
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	size_t len = strlen(n->word);
	unsigned limit = len <= 3 ? 1 : len <= 7 ? 2 : 3;
	unsigned distance = word_distance(n->word, candidate);

	/* A beginning is a good guess, however much is missing. */
	if (len >= 2 && strncmp(n->word, candidate, len) == 0)
		distance = MIN(distance, 1u);
	if (distance < len && distance <= limit && distance < n->distance) {
		n->best = candidate;
		n->distance = distance;
	}
}
