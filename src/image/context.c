#include "image/context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "image/tar_stream.h"

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
	struct tar_stream tar;
	int root; /* -1: no directory */

	struct strlist made_up; /* directories of opt.files that are in the stream */
	size_t next_file;
	struct level *levels;
	size_t depth, room;
	bool ended;

	int fd; /* the file being copied; -1 none */
	char *fd_path;
	int64_t fd_left;

	size_t files;
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

static void note(struct context *cx, const char *path, const char *what)
{
	AUTO_FREE char *line = NULL;

	if (!cx->opt.note)
		return;
	line = str_format(NULL, "%s: %s, left out", path, what);
	if (line)
		cx->opt.note(cx->opt.arg, line);
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
		rc = tar_put_directory(&cx->tar, dir, 0755, &cx->error);
		if (rc == AF_OK)
			rc = strlist_take(&cx->made_up, af_steal(dir), &cx->error);
	}
	return rc;
}

static af_code put_file(struct context *cx, const struct context_file *file)
{
	af_code rc = make_up_parents(cx, file->path);

	if (rc == AF_OK)
		rc = tar_put_header(&cx->tar, file->path, S_IFREG | (file->mode ? file->mode : 0644), (int64_t) file->size, NULL,
				    &cx->error);
	if (rc == AF_OK)
		rc = tar_put_data(&cx->tar, file->path, file->data, file->size, &cx->error);
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
			rc = tar_put_directory(&cx->tar, level->path, level->mode, &cx->error);
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
	return tar_put_header(&cx->tar, path, S_IFLNK | 0777, 0, target, &cx->error);
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
	rc = tar_put_header(&cx->tar, *path, st.st_mode, st.st_size, NULL, &cx->error);
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
	char buf[TAR_CHUNK];
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
	rc = tar_put_data(&cx->tar, cx->fd_path, buf, (size_t) n, &cx->error);
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
		return tar_end(&cx->tar, &cx->error);
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

	while (cx->failed == AF_OK && !cx->ended && tar_is_drained(&cx->tar))
		cx->failed = step(cx);
	return cx->failed == AF_OK ? (ssize_t) tar_take(&cx->tar, buf, size) : -1;
}

static void stop(struct context *cx)
{
	while (cx->depth > 0)
		pop_level(cx);
	fd_cleanup(&cx->fd);
	cx->fd = -1;
	free(af_steal(cx->fd_path));
	strlist_free(&cx->made_up);
	tar_abort(&cx->tar);
	af_error_clear(&cx->error);
}

static af_code start(struct context *cx)
{
	char *path;
	af_code rc;

	cx->next_file = cx->files = 0;
	cx->ended = false;
	rc = tar_begin(&cx->tar, &cx->error);
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
	tar_free(&cx->tar);
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
	*bytes = cx->tar.bytes;
}
