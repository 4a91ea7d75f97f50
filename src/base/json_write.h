/*
 * Writing JSON member by member into a strbuf, which keeps any failure until
 * strbuf_check(): no step in between has to be looked at.
 *
 *     struct json_writer w = json_writer(&sb);
 *     json_open(&w, NULL, '{');
 *     json_put_string(&w, "name", "calc");
 *     json_open(&w, "replicas", '[');
 *     json_put_int(&w, NULL, 1);
 *     json_close(&w, ']');
 *     json_close(&w, '}');
 */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include "base/json.h"

struct json_writer {
	struct strbuf *sb;
	bool follows; /* something stands before in the same container */
};

static inline struct json_writer json_writer(struct strbuf *sb)
{
	return (struct json_writer){ .sb = sb };
}

/* `key` is NULL inside of arrays and at the top. */
void json_open(struct json_writer *w, const char *key, char bracket);
void json_close(struct json_writer *w, char bracket);
void json_put_string(struct json_writer *w, const char *key, const char *s); /* NULL: null */
void json_put_int(struct json_writer *w, const char *key, int64_t value);
void json_put_number(struct json_writer *w, const char *key, double value);  /* NAN: null; at most 3 decimals */
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);
void json_put_raw(struct json_writer *w, const char *key, struct json_span value); /* checked JSON */

#endif
