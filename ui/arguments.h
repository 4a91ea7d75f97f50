/* What stands on the command line of afs-tui. */
#ifndef UI_ARGUMENTS_H
#define UI_ARGUMENTS_H

#include <stdbool.h>

struct arguments {
	bool plain, help, version, manual;
	const char *script, *theme; /* NULL: not given */
	bool readonly, ascii;
};

/* False: wrong usage, of which stderr tells. */
bool arguments_parse(struct arguments *a, int argc, char **argv);
extern const char arguments_usage[];

#endif
