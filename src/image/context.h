/*
 * A build context as a tar stream that is made while it is read. In memory are
 * one chunk and the names of the directories being walked, whatever the size.
 *
 * The same tree gives the same bytes on every machine: names are sorted,
 * times are fixed, owners are root. So the engine's cache holds across clones.
 */
#ifndef IMAGE_CONTEXT_H
#define IMAGE_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "image/ignore.h"

/* A file that exists in the stream only. */
struct context_file {
	const char *path; /* relative; its directories are made up as needed */
	const void *data;
	size_t size;
	mode_t mode; /* 0: 0644 */
};

struct context_options {
	const char *dir;              /* NULL: only `files` */
	const struct ignore *ignore;  /* NULL: everything. Dockerfile and .dockerignore are sent in any case. */
	const struct context_file *files; /* come first; they hide files of the same path in dir */
	size_t file_count;
	/* Optional: something that was left out (a socket, a file that is gone), one line. */
	void (*note)(void *arg, const char *line);
	void *arg;
};

struct context;

/* What the options point to must stay until context_free(). NOT_FOUND if there is no such directory. */
af_code context_new(const struct context_options *opt, struct context **out, struct af_error *err) MUST_CHECK;
void context_free(struct context *cx);
static inline void context_cleanup(struct context **cx)
{
	context_free(*cx);
}

/* For docker_build_options, with the context as argument: bytes, 0 at the end, -1 on failure. */
ssize_t context_read(void *cx, char *buf, size_t size);
bool context_rewind(void *cx);

/* Why context_read() failed; AF_OK (err untouched) if it did not. Hands the error over. */
af_code context_failure(struct context *cx, struct af_error *err) MUST_CHECK;
/* What was put into the stream so far. */
void context_totals(const struct context *cx, size_t *files, int64_t *bytes);

#endif
