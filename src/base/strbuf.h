/*
 * A growing byte string with a maximum. `data` is never NULL and always ends in
 * a NUL that `len` does not count.
 *
 * Appending never fails visibly: the first failure (out of memory, or longer
 * than `max`) sticks, later appends do nothing, and strbuf_check() or
 * strbuf_steal() report it once at the end.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct strbuf {
	char *data;
	size_t len;
	size_t size;
	size_t max;
	af_code failed;
};

extern char strbuf_empty[1];

/* Common maxima. */
#define STRBUF_LINE (64u * 1024)
#define STRBUF_TEXT (16u * 1024 * 1024)
#define STRBUF_HUGE ((size_t) 1024 * 1024 * 1024)

#define STRBUF_INIT(maximum) ((struct strbuf){ .data = strbuf_empty, .max = (maximum) })

void strbuf_init(struct strbuf *sb, size_t max);
void strbuf_free(struct strbuf *sb); /* may be used again afterwards, same max */
void strbuf_reset(struct strbuf *sb); /* empty, memory kept, failure forgotten */

void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_adds(struct strbuf *sb, const char *s);
void strbuf_addc(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) PRINTF_LIKE(2, 3);
void strbuf_addv(struct strbuf *sb, const char *fmt, va_list ap);
void strbuf_insert(struct strbuf *sb, size_t pos, const void *data, size_t len);
void strbuf_remove(struct strbuf *sb, size_t pos, size_t len);
void strbuf_truncate(struct strbuf *sb, size_t len);
/* Makes room for `more` bytes; true if there is. For reading straight into data + len. */
bool strbuf_reserve(struct strbuf *sb, size_t more);
/* After writing into reserved room. */
void strbuf_advance(struct strbuf *sb, size_t len);

/* AF_OK, or the sticky failure (AF_ERR_NOMEM, AF_ERR_TOO_LARGE) as an error. */
af_code strbuf_check(const struct strbuf *sb, struct af_error *err) MUST_CHECK;
/* Hands the string over (malloc'd, NUL-terminated; caller frees) and empties sb. */
af_code strbuf_steal(struct strbuf *sb, char **out, struct af_error *err) MUST_CHECK;

static inline void strbuf_cleanup(struct strbuf *sb)
{
	strbuf_free(sb);
}
#define AUTO_STRBUF AF_AUTO(strbuf) struct strbuf

/* A list of owned strings, NULL-terminated so that it can be an argv. */
struct strlist {
	char **items; /* never NULL after the first add; items[count] == NULL */
	size_t count;
	size_t size;
};

af_code strlist_add(struct strlist *l, const char *s, struct af_error *err) MUST_CHECK;
af_code strlist_take(struct strlist *l, char *take_s, struct af_error *err) MUST_CHECK;
void strlist_free(struct strlist *l);
bool strlist_has(const struct strlist *l, const char *s);
void strlist_sort(struct strlist *l);

static inline void strlist_cleanup(struct strlist *l)
{
	strlist_free(l);
}
#define AUTO_STRLIST AF_AUTO(strlist) struct strlist

/* printf into a fresh string; NULL and err set when out of memory. */
char *str_format(struct af_error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *str_dup(const char *s, struct af_error *err);
char *str_ndup(const char *s, size_t len, struct af_error *err);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* True for NULL and "". */
bool str_blank(const char *s);

#endif
