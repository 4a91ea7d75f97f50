/*
 * How many cells of a terminal characters take, without a locale, which would take longer to load than most commands
 * take. Only what matters: East Asian wide characters, emoji, and what has no width of its own.
 */
#ifndef BASE_WIDTH_H
#define BASE_WIDTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one character of `len` > 0 bytes; a byte that begins none is U+FFFD. Returns the bytes. */
size_t utf8_decode(const char *text, size_t len, uint32_t *out);
/* Asks its neighbours to join or to turn round, or is nothing at all: ZWJ, variation selectors, skin tones, directions. */
bool char_is_invisible(uint32_t c);
/* Combines with the character before it. */
bool char_is_mark(uint32_t c);
/* 0 for the two above, 2 for wide ones, else 1. */
int char_width(uint32_t c);

#endif
