/*
 * affinetes: run evaluation environments in containers and call their methods.
 *
 *     struct af_error err = AF_ERROR_INIT;
 *     struct af *af = NULL;
 *     struct af_env *env = NULL;
 *     char *result = NULL;
 *
 *     if (af_new(NULL, &af, &err) == AF_OK &&
 *         af_load_env(af, &(struct af_load_options){ .image = "calc:v1", .replicas = 3 }, &env, &err) == AF_OK &&
 *         af_env_call(env, "evaluate", "{\"task_id\": 10}", NULL, &result, &err) == AF_OK)
 *             puts(result);
 *     else
 *             fprintf(stderr, "%s\n", err.message);
 *     free(result);
 *     af_free(af);            // stops the environments that were loaded with cleanup on
 *     af_error_clear(&err);
 *
 * Conventions
 *   - Every function that can fail returns an af_code and takes a `struct af_error *`
 *     that the caller owns; it may be NULL and is untouched on success.
 *   - Strings handed out (char **) are malloc'd, the caller frees them with free().
 *   - Options are structs; zero means the default. Strings in them are copied.
 *   - Times are milliseconds unless the name says otherwise; a timeout of 0 is none.
 *   - Unless a comment says otherwise every function may be called from any thread.
 *   - The library never prints, exits, or touches signals, locale or process-wide state.
 */
#ifndef AFFINETES_H
#define AFFINETES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AF_PUBLIC __attribute__((visibility("default")))

/* ---------------------------------------------------------------- errors -- */

/* One row per code: enum, name, exit status of `afs`, meaning. */
#define AF_CODES(X)                                                                               \
	X(AF_OK, "ok", 0, "done")                                                                 \
	X(AF_ERR_METHOD, "method-failed", 1, "the method raised an error")                        \
	X(AF_ERR_BUILD, "build-failed", 1, "the image could not be built")                        \
	X(AF_ERR_FAILED, "failed", 1, "the operation failed")                                     \
	X(AF_ERR_IO, "io", 1, "reading or writing a file failed")                                 \
	X(AF_ERR_NOMEM, "no-memory", 1, "out of memory")                                          \
	X(AF_ERR_TOO_LARGE, "too-large", 1, "larger than the limit")                              \
	X(AF_ERR_PROTOCOL, "protocol", 1, "the other side sent something that is not understood") \
	X(AF_ERR_USAGE, "usage", 2, "wrong arguments")                                            \
	X(AF_ERR_EXISTS, "exists", 2, "the name is in use")                                       \
	X(AF_ERR_NOT_FOUND, "not-found", 3, "no such environment, method, image or file")         \
	X(AF_ERR_UNREACHABLE, "unreachable", 4, "engine, host or service not reachable")          \
	X(AF_ERR_LOST, "lost", 4, "the instance died while the call ran")                         \
	X(AF_ERR_UNAVAILABLE, "unavailable", 4, "not available here")                             \
	X(AF_ERR_TIMEOUT, "timeout", 5, "timed out")                                              \
	X(AF_ERR_CANCELLED, "cancelled", 130, "interrupted")

typedef enum af_code {
#define AF_CODE_ENUM(code, name, status, text) code,
	AF_CODES(AF_CODE_ENUM)
#undef AF_CODE_ENUM
} af_code;

struct af_error {
	af_code code;
	char *message; /* one sentence: what, where, why; NULL when empty */
	char *hint;    /* what to do next; may be NULL */
};
#define AF_ERROR_INIT { AF_OK, NULL, NULL }

/* Frees what the error holds and makes it empty. */
AF_PUBLIC void af_error_clear(struct af_error *err);
/* "not-found" for AF_ERR_NOT_FOUND; static. */
AF_PUBLIC const char *af_code_name(af_code code);
/* The exit status that `afs` gives for a code. */
AF_PUBLIC int af_code_exit_status(af_code code);
/* The library's version, e.g. "0.1.0"; static. */
AF_PUBLIC const char *af_version(void);

#ifdef __cplusplus
}
#endif
#endif
