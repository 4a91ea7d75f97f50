/* The results of `afs map`. See map_file.h. */
#include "command/map_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/bytes.h"

/* ---- lines ------------------------------------------------------------------------------ */

uint32_t map_hash(const char *method, struct json_span args)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	for (const char *p = method; *p; p++)
		h = (h ^ (unsigned char) *p) * 0x100000001b3u;
	h = (h ^ 0xffu) * 0x100000001b3u;
	for (size_t i = 0; i < args.len; i++)
		h = (h ^ (unsigned char) args.text[i]) * 0x100000001b3u;
	uint32_t folded = (uint32_t) (h ^ (h >> 32));
	return folded ? folded : 1;
}

static bool parse_index(struct json_span value, int64_t *out)
{
	char copy[24];

	if (value.len >= sizeof(copy))
		return false;
	memcpy(copy, value.text, value.len);
	copy[value.len] = '\0';
	return int_parse(copy, 0, INT64_MAX - 1, out);
}

static bool parse_hash(struct json_span value, uint32_t *out)
{
	uint32_t hash = 0;

	if (value.len != 10 || value.text[0] != '"' || value.text[9] != '"')
		return false;
	for (size_t i = 1; i < 9; i++) {
		const char *digit = value.text[i] ? strchr("0123456789abcdef", value.text[i]) : NULL;
		if (!digit)
			return false;
		hash = hash << 4 | (uint32_t) (digit - "0123456789abcdef");
	}
	*out = hash;
	return hash != 0;
}

bool map_line_parse(const char *text, size_t len, struct map_line *out, const char **why)
{
	struct json_span line = { text, len }, value;

	*why = "it is not JSON";
	if (!len || json_check(text, len, NULL))
		return false;
	while (strchr(" \t\r\n", *line.text)) {
		line.text++;
		line.len--;
	}
	*why = "it is no result of a map";
	if (json_type(line) != JSON_OBJECT || !json_member(line, "index", &value) || !parse_index(value, &out->index) ||
	    !json_member(line, "hash", &value) || !parse_hash(value, &out->hash))
		return false;
	out->result = (struct json_span){ 0 };
	out->failed = json_member(line, "error", &value);
	return out->failed || json_member(line, "result", &out->result);
}

/* ---- what is there already ------------------------------------------------------------------- */

void map_done_free(struct map_done *d)
{
	free(d->hashes);
	*d = (struct map_done){ 0 };
}

static af_code note_done(struct map_done *d, const struct map_line *line, struct af_error *err)
{
	if (line->index >= d->size) {
		int64_t size = MAX(line->index + 1, MAX(d->size * 2, (int64_t) 1024));
		uint32_t *hashes = realloc(d->hashes, (size_t) size * sizeof(*hashes));
		if (!hashes)
			return error_nomem(err);
		memset(hashes + d->size, 0, (size_t) (size - d->size) * sizeof(*hashes));
		d->hashes = hashes;
		d->size = size;
	}
	if (!d->hashes[line->index]) {
		d->count++;
		scores_add(&d->scores, line->result);
	}
	d->hashes[line->index] = line->hash;
	return AF_OK;
}

struct scan {
	struct map_file *f;
	FILE *in, *keep; /* keep: a copy without failed lines; NULL: only looking */
	int64_t total;
	struct map_done *done;
};

/* Reads to the end, or to a last line without its end; *whole gets the bytes of all lines that are whole. */
static af_code scan(struct scan *s, int64_t *whole, struct af_error *err)
{
	AUTO_FREE char *line = NULL;
	size_t size = 0, number = 0;
	ssize_t len;
	af_code rc = AF_OK;

	*whole = 0;
	while (!rc && (len = getline(&line, &size, s->in)) > 0 && line[len - 1] == '\n') {
		struct map_line parsed = { 0 };
		const char *why = NULL;
		number++;
		if (!map_line_parse(line, (size_t) len - 1, &parsed, &why))
			return error_set(err, AF_ERR_USAGE, "%s: line %zu: %s", s->f->path, number, why);
		if (parsed.index >= s->total)
			return error_set(err, AF_ERR_USAGE, "%s: line %zu is of another map: its index is %lld, of %lld calls here",
					 s->f->path, number, (long long) parsed.index, (long long) s->total);
		*whole += len;
		if (s->keep) {
			if (!parsed.failed && fwrite(line, 1, (size_t) len, s->keep) != (size_t) len)
				rc = error_errno(err, AF_ERR_IO, errno, "write %s", s->f->path);
		} else if (parsed.failed) {
			s->done->failed++;
		} else {
			rc = note_done(s->done, &parsed, err);
		}
	}
	return rc || !ferror(s->in) ? rc : error_errno(err, AF_ERR_IO, errno, "read %s", s->f->path);
}

static FILE *reader(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	FILE *in = copy < 0 ? NULL : fdopen(copy, "r");

	if (in)
		rewind(in);
	else if (copy >= 0)
		close(copy);
	return in;
}

/* Another file in its place, without the lines of failed calls: whole before it is there, and locked. */
static af_code leave_failed_out(struct map_file *f, int64_t total, struct af_error *err)
{
	AUTO_FREE char *path = str_format(err, "%s.XXXXXX", f->path);
	struct scan s = { .f = f, .total = total };
	struct stat st;
	int64_t whole;
	af_code rc = AF_OK;

	if (!path)
		return AF_ERR_NOMEM;
	int fd = mkostemp(path, O_APPEND | O_CLOEXEC);
	if (fd < 0 || fstat(f->fd, &st) < 0 || fchmod(fd, st.st_mode & 0777) < 0) {
		rc = error_errno(err, AF_ERR_IO, errno, "create a file beside %s", f->path);
		if (fd >= 0)
			unlink(path);
		fd_cleanup(&fd);
		return rc;
	}
	s.in = reader(f->fd);
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	s.keep = copy < 0 ? NULL : fdopen(copy, "a");
	if (!s.in || !s.keep)
		rc = error_nomem(err);
	else
		rc = scan(&s, &whole, err);
	if (s.in)
		fclose(s.in);
	if (s.keep && fclose(s.keep) && !rc)
		rc = error_errno(err, AF_ERR_IO, errno, "write %s", path);
	if (!rc && (flock(fd, LOCK_EX | LOCK_NB) < 0 || fsync(fd) < 0 || rename(path, f->path) < 0))
		rc = error_errno(err, AF_ERR_IO, errno, "replace %s", f->path);
	if (rc) {
		unlink(path);
		close(fd);
		return rc;
	}
	close(f->fd);
	f->fd = fd;
	return AF_OK;
}

static af_code take_up(struct map_file *f, int64_t total, struct map_done *done, struct af_error *err)
{
	struct scan s = { .f = f, .in = reader(f->fd), .total = total, .done = done };
	int64_t whole;

	if (!s.in)
		return error_nomem(err);
	af_code rc = scan(&s, &whole, err);
	fclose(s.in);
	if (!rc && ftruncate(f->fd, whole) < 0)
		rc = error_errno(err, AF_ERR_IO, errno, "take the last line off %s", f->path);
	if (!rc && done->failed)
		rc = leave_failed_out(f, total, err);
	return rc;
}

/* ---- the file ------------------------------------------------------------------------------------ */

static af_code open_file(struct map_file *f, bool resume, struct af_error *err)
{
	struct stat st, named;

	f->fd = open(f->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | (resume ? 0 : O_EXCL), 0666);
	if (f->fd < 0 && errno == EEXIST) {
		error_set(err, AF_ERR_EXISTS, "%s is there already", f->path);
		error_hint(err, "go on with it by --resume, or choose another --out");
		return AF_ERR_EXISTS;
	}
	if (f->fd < 0)
		return error_errno(err, AF_ERR_IO, errno, "create %s", f->path);
	if (fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, AF_ERR_USAGE, "--out %s is no ordinary file", f->path);
	/* One that is being replaced has another name by the time it is locked. */
	if (flock(f->fd, LOCK_EX | LOCK_NB) < 0 || stat(f->path, &named) < 0 || named.st_ino != st.st_ino) {
		error_set(err, AF_ERR_UNAVAILABLE, "another map is writing to %s", f->path);
		error_hint(err, "wait for it, or choose another --out");
		return AF_ERR_UNAVAILABLE;
	}
	return AF_OK;
}

af_code map_file_open(struct map_file *f, const char *path, bool resume, int64_t total, struct map_done *done,
		      struct af_error *err)
{
	struct stat st;

	*f = (struct map_file){ .fd = -1, .path = str_dup(path, err) };
	if (!f->path)
		return AF_ERR_NOMEM;
	af_code rc = open_file(f, resume, err);
	if (!rc && resume)
		rc = take_up(f, total, done, err);
	if (!rc && fstat(f->fd, &st) == 0)
		f->size = st.st_size;
	if (rc)
		map_file_close(f);
	return rc;
}

af_code map_file_write(struct map_file *f, const struct strbuf *lines, struct af_error *err)
{
	size_t done = 0;

	while (done < lines->len) {
		ssize_t n = write(f->fd, lines->data + done, lines->len - done);
		if (n > 0) {
			done += (size_t) n;
		} else if (n == 0 || errno != EINTR) {
			int why = n ? errno : ENOSPC;
			/* Lines that are whole stay; what cannot be taken off now, the next opening takes away. */
			const char *end = done ? memrchr(lines->data, '\n', done) : NULL;
			f->size += end ? end - lines->data + 1 : 0;
			if (ftruncate(f->fd, f->size) < 0 && !why)
				why = errno;
			return error_errno(err, AF_ERR_IO, why, "write %s", f->path);
		}
	}
	f->size += (int64_t) lines->len;
	return AF_OK;
}

af_code map_file_sync(struct map_file *f, struct af_error *err)
{
	return fsync(f->fd) < 0 ? error_errno(err, AF_ERR_IO, errno, "write %s", f->path) : AF_OK;
}

void map_file_close(struct map_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	*f = (struct map_file){ .fd = -1 };
}
