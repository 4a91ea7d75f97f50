#include "image/context.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"

enum {
	CHUNK = 64 * 1024,
	PENDING_MAX = 16 * CHUNK, /* libarchive writes a header or a chunk at a time */
	FIXED_TIME = 946684800,   /* 2000-01-01: late enough for zip, which begins in 1980 */
};

/* A directory that is being walked. */
struct level {
	char *path; /* relative; "" is the root, which has no entry of its own */
	mode_t mode;
	bool sent;  /* an excluded one is sent only when something in it is */
	struct strlist names;
	size_t next;
};

struct context {
	struct context_options opt;
	struct archive *archive;
	struct strbuf pending; /* made but not read yet, from `taken` on */
	size_t taken;
	int root; /* -1: no directory */

	struct strlist made_up; /* directories of opt.files that are in the stream */
	size_t next_file;
	struct level *levels;
	size_t depth, room;
	bool ended;
	bool stopping; /* nothing is collected any more */

	int fd; /* the file being copied; -1 none */
	char *fd_path;
	int64_t fd_left;

	size_t files;
	int64_t bytes;
	af_code failed;
	struct af_error error;
};

/* ---- failing --------------------------------------------------------------------- */

static const char unreadable_hint[] = "make it readable, or list it in .dockerignore";

static af_code read_failure(struct context *cx, const char *path, int errnum)
{
	af_code rc = error_errno(&cx->error, AF_ERR_IO, errnum, "read %s/%s", cx->opt.dir, path);

	if (errnum == EACCES || errnum == EPERM)
		error_hint(&cx->error, unreadable_hint);
	return rc;
}

static af_code archive_failure(struct context *cx, const char *path)
{
	const char *why = archive_error_string(cx->archive);

	return error_set(&cx->error, AF_ERR_IO, "put %s into the build context: %s", path, why ? why : "no reason given");
}

static void note(struct context *cx, const char *path, const char *what)
{
	AUTO_FREE char *line = NULL;

	if (!cx->opt.note)
		return;
	line = str_format(NULL, "%s: %s, left out", path, what);
	if (line)
		cx->opt.note(cx->opt.arg, line);
}

/* ---- writing the archive ------------------------------------------------------------ */

static la_ssize_t collect(struct archive *archive, void *arg, const void *data, size_t len)
{
	struct context *cx = arg;

	if (cx->stopping)
		return -1;
	strbuf_add(&cx->pending, data, len);
	if (cx->pending.failed != AF_OK) {
		archive_set_error(archive, ENOMEM, "out of memory");
		return -1;
	}
	return (la_ssize_t) len;
}

static af_code open_archive(struct context *cx)
{
	cx->archive = archive_write_new();
	if (!cx->archive)
		return error_nomem(&cx->error);
	/* GNU's long names are bytes; pax would want them in the locale's encoding, and the library has no locale. */
	if (archive_write_set_format_gnutar(cx->archive) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(cx->archive, CHUNK) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(cx->archive, 1) != ARCHIVE_OK ||
	    archive_write_open(cx->archive, cx, NULL, collect, NULL) != ARCHIVE_OK)
		return archive_failure(cx, ".");
	return AF_OK;
}

static af_code put_header(struct context *cx, const char *path, mode_t mode, int64_t size, const char *link)
{
	struct archive_entry *entry = archive_entry_new();
	af_code rc = AF_OK;

	if (!entry)
		return error_nomem(&cx->error);
	archive_entry_copy_pathname(entry, path);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_size(entry, size);
	archive_entry_set_mtime(entry, FIXED_TIME, 0);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	if (link)
		archive_entry_copy_symlink(entry, link);
	if (archive_write_header(cx->archive, entry) != ARCHIVE_OK)
		rc = archive_failure(cx, path);
	archive_entry_free(entry);
	return rc;
}

static af_code put_directory(struct context *cx, const char *path, mode_t mode)
{
	AUTO_FREE char *slashed = str_format(&cx->error, "%s/", path);

	return slashed ? put_header(cx, slashed, S_IFDIR | mode, 0, NULL) : AF_ERR_NOMEM;
}

static af_code put_data(struct context *cx, const char *path, const char *data, size_t len)
{
	while (len > 0) {
		la_ssize_t n = archive_write_data(cx->archive, data, len);

		if (n <= 0)
			return archive_failure(cx, path);
		data += n;
		len -= (size_t) n;
		cx->bytes += n;
	}
	return AF_OK;
}

/* ---- files that exist in the stream only ------------------------------------------------ */

static const struct context_file *find_file(const struct context *cx, const char *path)
{
	for (size_t i = 0; i < cx->opt.file_count; i++)
		if (strcmp(cx->opt.files[i].path, path) == 0)
			return &cx->opt.files[i];
	return NULL;
}

static af_code make_up_parents(struct context *cx, const char *path)
{
	af_code rc = AF_OK;

	for (const char *slash = strchr(path, '/'); slash && rc == AF_OK; slash = strchr(slash + 1, '/')) {
		AUTO_FREE char *dir = str_ndup(path, (size_t) (slash - path), &cx->error);

		if (!dir)
			return AF_ERR_NOMEM;
		if (strlist_has(&cx->made_up, dir))
			continue;
		rc = put_directory(cx, dir, 0755);
		if (rc == AF_OK)
			rc = strlist_take(&cx->made_up, af_steal(dir), &cx->error);
	}
	return rc;
}

static af_code put_file(struct context *cx, const struct context_file *file)
{
	af_code rc = make_up_parents(cx, file->path);

	if (rc == AF_OK)
		rc = put_header(cx, file->path, S_IFREG | (file->mode ? file->mode : 0644), (int64_t) file->size, NULL);
	if (rc == AF_OK)
		rc = put_data(cx, file->path, file->data, file->size);
	cx->files++;
	return rc;
}

/* ---- walking the directory ---------------------------------------------------------------- */

static bool is_always_sent(const char *path)
{
	return strcmp(path, "Dockerfile") == 0 || strcmp(path, ".dockerignore") == 0;
}

static bool is_excluded(const struct context *cx, const char *path)
{
	return !is_always_sent(path) && ignore_excludes(cx->opt.ignore, path);
}

static af_code read_names(struct context *cx, struct level *level)
{
	int fd = openat(cx->root, *level->path ? level->path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	af_code rc = AF_OK;

	if (!dir) {
		rc = read_failure(cx, level->path, errno);
		fd_cleanup(&fd);
		return rc;
	}
	while (errno = 0, rc == AF_OK && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = strlist_add(&level->names, entry->d_name, &cx->error);
	if (rc == AF_OK && errno)
		rc = read_failure(cx, level->path, errno);
	closedir(dir);
	strlist_sort(&level->names);
	return rc;
}

static af_code push_level(struct context *cx, char *take_path, mode_t mode, bool sent)
{
	struct level *level;

	if (cx->depth == cx->room) {
		size_t room = cx->room ? cx->room * 2 : 16;
		struct level *grown = realloc(cx->levels, room * sizeof(*grown));

		if (!grown) {
			free(take_path);
			return error_nomem(&cx->error);
		}
		cx->levels = grown;
		cx->room = room;
	}
	level = &cx->levels[cx->depth++];
	*level = (struct level){ .path = take_path, .mode = mode, .sent = sent };
	return read_names(cx, level);
}

static void pop_level(struct context *cx)
{
	struct level *level = &cx->levels[--cx->depth];

	free(level->path);
	strlist_free(&level->names);
}

/* Before something in them is sent, the directories are. */
static af_code put_levels(struct context *cx)
{
	af_code rc = AF_OK;

	for (size_t i = 0; i < cx->depth && rc == AF_OK; i++) {
		struct level *level = &cx->levels[i];

		if (level->sent)
			continue;
		level->sent = true;
		if (!strlist_has(&cx->made_up, level->path))
			rc = put_directory(cx, level->path, level->mode);
	}
	return rc;
}

static af_code visit_directory(struct context *cx, char *take_path, mode_t mode)
{
	bool excluded = is_excluded(cx, take_path);
	af_code rc;

	if (excluded && !ignore_may_keep_below(cx->opt.ignore, take_path)) {
		free(take_path);
		return AF_OK;
	}
	rc = push_level(cx, take_path, mode, false);
	return rc == AF_OK && !excluded ? put_levels(cx) : rc;
}

static af_code visit_link(struct context *cx, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(cx->root, path, target, sizeof(target) - 1);

	if (n < 0)
		return read_failure(cx, path, errno);
	target[n] = '\0';
	cx->files++;
	return put_header(cx, path, S_IFLNK | 0777, 0, target);
}

/* Opens it; step() copies it chunk by chunk. */
static af_code visit_file(struct context *cx, char **path)
{
	int fd = openat(cx->root, *path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	af_code rc;

	if (fd < 0 && errno == ENOENT) {
		note(cx, *path, "it has just been removed");
		return AF_OK;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = read_failure(cx, *path, errno);
		fd_cleanup(&fd);
		return rc;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		note(cx, *path, "it is no file any more");
		return AF_OK;
	}
	cx->fd = fd;
	cx->fd_left = st.st_size;
	cx->files++;
	rc = put_header(cx, *path, st.st_mode, st.st_size, NULL);
	cx->fd_path = af_steal(*path);
	return rc;
}

static af_code visit(struct context *cx, const char *name)
{
	const struct level *level = &cx->levels[cx->depth - 1];
	AUTO_FREE char *path = str_format(&cx->error, "%s%s%s", level->path, *level->path ? "/" : "", name);
	struct stat st;
	af_code rc;

	if (!path)
		return AF_ERR_NOMEM;
	if (find_file(cx, path))
		return AF_OK;
	if (fstatat(cx->root, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return is_excluded(cx, path) ? AF_OK : read_failure(cx, path, errno);
		note(cx, path, "it has just been removed");
		return AF_OK;
	}
	if (S_ISDIR(st.st_mode))
		return visit_directory(cx, af_steal(path), st.st_mode & 07777);
	if (is_excluded(cx, path))
		return AF_OK;
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) {
		note(cx, path, "it is no file, directory or link");
		return AF_OK;
	}
	rc = put_levels(cx);
	if (rc != AF_OK)
		return rc;
	return S_ISLNK(st.st_mode) ? visit_link(cx, path) : visit_file(cx, &path);
}

/* The header has promised a size: more is left out, less cannot be made up. */
static af_code copy_chunk(struct context *cx)
{
	char buf[CHUNK];
	size_t want = (size_t) MIN(cx->fd_left, (int64_t) sizeof(buf));
	ssize_t n = want ? read(cx->fd, buf, want) : 0;
	af_code rc = AF_OK;

	if (n < 0 && errno == EINTR)
		return AF_OK;
	if (n < 0)
		return read_failure(cx, cx->fd_path, errno);
	if (n == 0 && want > 0) {
		rc = error_set(&cx->error, AF_ERR_IO, "read %s/%s: it was cut short meanwhile", cx->opt.dir, cx->fd_path);
		error_hint(&cx->error, "build again when nothing writes to it, or list it in .dockerignore");
		return rc;
	}
	rc = put_data(cx, cx->fd_path, buf, (size_t) n);
	cx->fd_left -= n;
	if (cx->fd_left == 0) {
		fd_cleanup(&cx->fd);
		cx->fd = -1;
		free(af_steal(cx->fd_path));
	}
	return rc;
}

/* ---- the stream ------------------------------------------------------------------------------ */

/* One thing further: a file's header, a chunk, a directory, the end. */
static af_code step(struct context *cx)
{
	struct level *level;

	if (cx->fd >= 0)
		return copy_chunk(cx);
	if (cx->next_file < cx->opt.file_count)
		return put_file(cx, &cx->opt.files[cx->next_file++]);
	if (cx->depth == 0) {
		cx->ended = true;
		return archive_write_close(cx->archive) == ARCHIVE_OK ? AF_OK : archive_failure(cx, ".");
	}
	level = &cx->levels[cx->depth - 1];
	if (level->next < level->names.count)
		return visit(cx, level->names.items[level->next++]);
	pop_level(cx);
	return AF_OK;
}

ssize_t context_read(void *arg, char *buf, size_t size)
{
	struct context *cx = arg;
	size_t n;

	while (cx->failed == AF_OK && !cx->ended && cx->taken == cx->pending.len) {
		strbuf_reset(&cx->pending);
		cx->taken = 0;
		cx->failed = step(cx);
	}
	if (cx->failed != AF_OK)
		return -1;
	n = MIN(size, cx->pending.len - cx->taken);
	memcpy(buf, cx->pending.data + cx->taken, n);
	cx->taken += n;
	return (ssize_t) n;
}

static void stop(struct context *cx)
{
	while (cx->depth > 0)
		pop_level(cx);
	fd_cleanup(&cx->fd);
	cx->fd = -1;
	free(af_steal(cx->fd_path));
	strlist_free(&cx->made_up);
	if (cx->archive) {
		/* Freeing would fill an unfinished file up with zeros, gigabytes perhaps: let that fail at once.
		 * (archive_write_fail() is made for this, but leaks in libarchive 3.6.) */
		cx->stopping = true;
		archive_write_free(cx->archive);
		cx->stopping = false;
		cx->archive = NULL;
	}
	strbuf_reset(&cx->pending);
	cx->taken = 0;
	af_error_clear(&cx->error);
}

static af_code start(struct context *cx)
{
	char *path;
	af_code rc;

	cx->next_file = cx->files = 0;
	cx->bytes = 0;
	cx->ended = false;
	rc = open_archive(cx);
	if (rc != AF_OK || cx->root < 0)
		return rc;
	path = str_dup("", &cx->error);
	return path ? push_level(cx, path, 0755, true) : AF_ERR_NOMEM;
}

bool context_rewind(void *arg)
{
	struct context *cx = arg;

	stop(cx);
	cx->failed = start(cx);
	return cx->failed == AF_OK;
}

af_code context_new(const struct context_options *opt, struct context **out, struct af_error *err)
{
	AF_AUTO(context) struct context *cx = calloc(1, sizeof(*cx));

	if (!cx)
		return error_nomem(err);
	cx->opt = *opt;
	cx->pending = STRBUF_INIT(PENDING_MAX);
	cx->fd = cx->root = -1;
	if (opt->dir) {
		cx->root = open(opt->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (cx->root < 0)
			return error_errno(err, errno == ENOENT || errno == ENOTDIR ? AF_ERR_NOT_FOUND : AF_ERR_IO, errno,
					   "open %s", opt->dir);
	}
	cx->failed = start(cx);
	if (cx->failed != AF_OK)
		return context_failure(cx, err);
	*out = af_steal(cx);
	return AF_OK;
}

void context_free(struct context *cx)
{
	if (!cx)
		return;
	stop(cx);
	fd_cleanup(&cx->root);
	strbuf_free(&cx->pending);
	free(cx->levels);
	free(cx);
}

af_code context_failure(struct context *cx, struct af_error *err)
{
	if (cx->failed != AF_OK)
		error_move(err, &cx->error);
	return cx->failed;
}

void context_totals(const struct context *cx, size_t *files, int64_t *bytes)
{
	*files = cx->files;
	*bytes = cx->bytes;
}
