/* A tar archive that is made piece by piece and read meanwhile. Stable: times, owners and order are the caller's
 * or fixed, so that equal files give equal bytes, and a builder's cache holds. */
#ifndef IMAGE_TAR_STREAM_H
#define IMAGE_TAR_STREAM_H

#include <sys/types.h>

#include "base/strbuf.h"

/* A good size for pieces of data. */
#define TAR_CHUNK (64 * 1024)

struct archive;

/* Zero is one that has not begun. It must not move once it has. */
struct tar_stream {
	struct archive *archive;
	struct strbuf pending; /* made but not taken yet, from `taken` on */
	size_t taken;
	bool aborting; /* nothing is collected any more */
	int64_t bytes; /* of the files' data so far */
};

af_code tar_begin(struct tar_stream *tar, struct af_error *err) MUST_CHECK;
/* mode with its type; `link` is a symbolic link's target, else NULL. A file's data of that size has to follow. */
af_code tar_put_header(struct tar_stream *tar, const char *path, mode_t mode, int64_t size, const char *link,
		       struct af_error *err) MUST_CHECK;
af_code tar_put_directory(struct tar_stream *tar, const char *path, mode_t mode, struct af_error *err) MUST_CHECK;
af_code tar_put_data(struct tar_stream *tar, const char *path, const char *data, size_t len, struct af_error *err) MUST_CHECK;
af_code tar_end(struct tar_stream *tar, struct af_error *err) MUST_CHECK;

/* Is everything taken that was made? Empties the buffer then. */
bool tar_is_drained(struct tar_stream *tar);
size_t tar_take(struct tar_stream *tar, char *buf, size_t size);

/* Leaves it as before tar_begin(), wherever it was. */
void tar_abort(struct tar_stream *tar);
void tar_free(struct tar_stream *tar);

#endif
