/* The manual page afs-tui(1), in mdoc, from the tables of keys, options and roles. */
#ifndef UI_MANUAL_H
#define UI_MANUAL_H

#include "base/strbuf.h"

void manual_add(struct strbuf *out);

#endif
