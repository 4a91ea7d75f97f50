/*
 * JSON as text. Arguments and results pass through unparsed, so that every
 * digit of a number survives; cJSON is used only for what we build or read
 * ourselves (engine answers and the like).
 *
 * All functions here work on spans of text, check RFC 8259 grammar and UTF-8,
 * and bound the nesting depth, so that they may be pointed at bytes from
 * anywhere.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

#define JSON_MAX_DEPTH 512

/* A piece of JSON text, not owned, not NUL-terminated. */
struct json_span {
	const char *text;
	size_t len;
};

enum json_type { JSON_INVALID, JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Checks that `text` is exactly one JSON value. On error err names line and column. */
af_code json_check(const char *text, size_t len, struct af_error *err) MUST_CHECK;

/* Type by the first byte of an already checked value. */
enum json_type json_type(struct json_span value);

/*
 * Walks an object's members or an array's items (already checked text):
 *
 *     struct json_iter it = json_iter(value);
 *     while (json_next(&it)) … it.key (raw, with quotes; empty for arrays), it.value
 */
struct json_iter {
	struct json_span key;
	struct json_span value;
	const char *pos, *end;
};
struct json_iter json_iter(struct json_span container);
bool json_next(struct json_iter *it);

/* A member of a checked object by (plain) name; the last one wins. False if there is none. */
bool json_member(struct json_span object, const char *name, struct json_span *value);
/* The decoded text of a JSON string span; NULL and err set on failure (also for "\u0000"). */
char *json_string(struct json_span string, struct af_error *err);
/* Appends the same, NULs included. */
void json_add_decoded(struct strbuf *sb, struct json_span string);
/* True if a raw key span equals the plain name. */
bool json_key_is(struct json_span key, const char *name);

/* Appends s as a quoted JSON string; bytes that are no UTF-8 become U+FFFD. */
void json_add_string(struct strbuf *sb, const char *s, size_t len);
/* Appends checked JSON indented by `indent` spaces per level, numbers untouched; 0 = one line. */
void json_add_pretty(struct strbuf *sb, struct json_span value, int indent);
/* Appends the members of `over` and those of `base` that `over` does not have, as one object.
 * Order: base's order, then what is new. Either may be empty ({NULL,0}) . */
void json_add_merged(struct strbuf *sb, struct json_span base, struct json_span over);

static inline struct json_span json_span_of(const struct strbuf *sb)
{
	return (struct json_span){ sb->data, sb->len };
}

#endif
