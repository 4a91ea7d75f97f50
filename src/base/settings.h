/* Lines "name = value", as the config file has them; '#' begins a comment. */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct setting {
	int line;           /* from 1 */
	char *name, *value; /* white space around them gone; NULL both: the line is no such pair */
	const char *next;   /* where to go on */
};
/* The first at or behind `text` that is no comment and not blank. False at the end. Begin with s = { .next = text }. */
bool setting_next(struct setting *s);
void setting_free(struct setting *s); /* also in the middle */

static inline void setting_cleanup(struct setting *s)
{
	setting_free(s);
}

#endif
