/* A line that is typed in a view itself: a filter, a search, the name that a question wants. Fields of forms are more. */
#ifndef UI_TYPED_H
#define UI_TYPED_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "ui/keymap.h"

/* Characters are appended, Backspace takes the last one away. False: the key is for something else. */
bool typed_key(struct strbuf *line, keycode key);
/* Enter is the end of it; Esc and ^C are too, and it is to be cleared. */
enum typed_end { TYPED_ON, TYPED_DONE, TYPED_CLEARED };
enum typed_end typed_ends(keycode key);

#endif
