/* See tar_stream.h. */
#include "image/tar_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum {
	PENDING_MAX = 16 * TAR_CHUNK, /* libarchive writes a header or a chunk at a time */
	FIXED_TIME = 946684800,       /* 2000-01-01: late enough for zip, which begins in 1980 */
};

static af_code failure(struct tar_stream *tar, const char *path, struct af_error *err)
{
	const char *why = archive_error_string(tar->archive);

	return error_set(err, AF_ERR_IO, "put %s into the build context: %s", path, why ? why : "no reason given");
}

static la_ssize_t collect(struct archive *archive, void *arg, const void *data, size_t len)
{
	struct tar_stream *tar = arg;

	if (tar->aborting)
		return -1;
	strbuf_add(&tar->pending, data, len);
	if (tar->pending.failed != AF_OK) {
		archive_set_error(archive, ENOMEM, "out of memory");
		return -1;
	}
	return (la_ssize_t) len;
}

af_code tar_begin(struct tar_stream *tar, struct af_error *err)
{
	tar_free(tar);
	*tar = (struct tar_stream){ .archive = archive_write_new(), .pending = STRBUF_INIT(PENDING_MAX) };
	if (!tar->archive)
		return error_nomem(err);
	/* GNU's long names are bytes; pax would want them in the locale's encoding, and the library has no locale. */
	if (archive_write_set_format_gnutar(tar->archive) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(tar->archive, TAR_CHUNK) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(tar->archive, 1) != ARCHIVE_OK ||
	    archive_write_open(tar->archive, tar, NULL, collect, NULL) != ARCHIVE_OK)
		return failure(tar, ".", err);
	return AF_OK;
}

af_code tar_put_header(struct tar_stream *tar, const char *path, mode_t mode, int64_t size, const char *link,
		       struct af_error *err)
{
	struct archive_entry *entry = archive_entry_new();
	af_code rc = AF_OK;

	if (!entry)
		return error_nomem(err);
	archive_entry_copy_pathname(entry, path);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_size(entry, size);
	archive_entry_set_mtime(entry, FIXED_TIME, 0);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	if (link)
		archive_entry_copy_symlink(entry, link);
	if (archive_write_header(tar->archive, entry) != ARCHIVE_OK)
		rc = failure(tar, path, err);
	archive_entry_free(entry);
	return rc;
}

af_code tar_put_directory(struct tar_stream *tar, const char *path, mode_t mode, struct af_error *err)
{
	AUTO_FREE char *slashed = str_format(err, "%s/", path);

	return slashed ? tar_put_header(tar, slashed, S_IFDIR | mode, 0, NULL, err) : AF_ERR_NOMEM;
}

af_code tar_put_data(struct tar_stream *tar, const char *path, const char *data, size_t len, struct af_error *err)
{
	while (len > 0) {
		la_ssize_t n = archive_write_data(tar->archive, data, len);

		if (n <= 0)
			return failure(tar, path, err);
		data += n;
		len -= (size_t) n;
		tar->bytes += n;
	}
	return AF_OK;
}

af_code tar_end(struct tar_stream *tar, struct af_error *err)
{
	return archive_write_close(tar->archive) == ARCHIVE_OK ? AF_OK : failure(tar, ".", err);
}

bool tar_is_drained(struct tar_stream *tar)
{
	if (tar->taken < tar->pending.len)
		return false;
	strbuf_reset(&tar->pending);
	tar->taken = 0;
	return true;
}

size_t tar_take(struct tar_stream *tar, char *buf, size_t size)
{
	size_t n = MIN(size, tar->pending.len - tar->taken);

	memcpy(buf, tar->pending.data + tar->taken, n);
	tar->taken += n;
	return n;
}

void tar_abort(struct tar_stream *tar)
{
	if (!tar->archive)
		return;
	/* Freeing would fill an unfinished file up with zeros, gigabytes perhaps: let that fail at once.
	 * (archive_write_fail() is made for this, but leaks in libarchive 3.6.) */
	tar->aborting = true;
	archive_write_free(af_steal(tar->archive));
}

void tar_free(struct tar_stream *tar)
{
	tar_abort(tar);
	strbuf_free(&tar->pending);
}
