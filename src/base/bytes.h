/* Sizes, numbers and encodings in text. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* "512m", "2g", "1.5GiB", "1048576" → bytes, 1024-based as docker reads them. USAGE on anything else. */
af_code size_parse(const char *text, int64_t *bytes, struct af_error *err) MUST_CHECK;
/* "201M", "1.4G" in 1024s, at most 5 columns. */
void size_format(struct strbuf *sb, int64_t bytes);
/* 36104 → "36,104" */
void count_format(struct strbuf *sb, uint64_t n);
/* Whole text is a decimal number within [min, max]. */
bool int_parse(const char *text, int64_t min, int64_t max, int64_t *out);
bool double_parse(const char *text, double *out);

/* alphabet: base64url without padding when `url`. */
void base64_add(struct strbuf *sb, const void *data, size_t len, bool url);
/* Appends the decoded bytes; false if the text is no base64 (either alphabet, padding optional). */
bool base64_decode(struct strbuf *sb, const char *text, size_t len);

/* Length of the valid UTF-8 sequence at s (1–4), 0 if it is none. */
size_t utf8_len(const char *s, size_t left);
bool utf8_valid(const char *s, size_t len);

/* Appends percent-encoded for a path segment or query value. */
void url_add_escaped(struct strbuf *sb, const char *s);

/* Untrusted text for a terminal: control bytes, escape sequences and bad UTF-8 are shown
 * harmlessly (\x1b, U+FFFD); newline and tab are kept when `keep_lines`. */
void text_add_safe(struct strbuf *sb, const char *s, size_t len, bool keep_lines);

/* len random bytes as lowercase hex (2 × len characters). */
af_code random_hex(struct strbuf *sb, size_t len, struct af_error *err) MUST_CHECK;

#endif
