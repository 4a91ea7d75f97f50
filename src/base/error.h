/*
 * Errors: made once where they happen, wrapped with context on the way up.
 *
 * Every fallible function returns an af_code and takes a `struct af_error *`
 * that its caller owns and may leave NULL. It is untouched on success. The
 * message reads from the outside in:
 *
 *     run calc: pull python:3.12-slim: connect /run/docker.sock: permission denied
 *
 * The types stand in affinetes.h, since users of the library see them too.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "affinetes.h"
#include "base/attr.h"

/* Sets code and message (a message set before is freed). Returns `code`. */
af_code error_set(struct af_error *err, af_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As error_set, with ": " and the text of `errnum` appended. */
af_code error_errno(struct af_error *err, af_code code, int errnum, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Says what the user can do next. Replaces an earlier hint. */
void error_hint(struct af_error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts "context: " before the message. Returns `code` unchanged, also for a
 * NULL err, so that `return error_wrap(err, rc, "pull %s", image);` is one line. */
af_code error_wrap(struct af_error *err, af_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Out of memory needs no allocation to be reported. Returns AF_ERR_NOMEM. */
af_code error_nomem(struct af_error *err);

/* Moves `from` into `to` (either may be NULL); `from` is empty afterwards. */
void error_move(struct af_error *to, struct af_error *from);

#endif
