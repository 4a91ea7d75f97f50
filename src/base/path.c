/* Files and paths. See path.h. */
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static af_code code_of(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR ? AF_ERR_NOT_FOUND : AF_ERR_IO;
}

char *path_join(const char *dir, const char *name, struct af_error *err)
{
	if (*name == '/' || !*dir)
		return str_dup(name, err);
	return str_format(err, "%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool path_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool path_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

af_code path_mkdirs(const char *dir, mode_t mode, struct af_error *err)
{
	AUTO_FREE char *path = str_dup(dir, err);

	if (!path)
		return AF_ERR_NOMEM;
	for (char *p = path + !!*path;; p++) {
		if (*p && *p != '/')
			continue;
		char end = *p;
		*p = '\0';
		if (mkdir(path, mode) < 0 && errno != EEXIST)
			return error_errno(err, AF_ERR_IO, errno, "make directory %s", path);
		if (!end)
			break;
		*p = end;
	}
	if (!path_is_dir(dir))
		return error_set(err, AF_ERR_IO, "make directory %s: there is a file of that name", dir);
	return AF_OK;
}

af_code file_read(const char *path, struct strbuf *out, struct af_error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return error_errno(err, code_of(errno), errno, "open %s", path);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return error_set(err, AF_ERR_IO, "read %s: is a directory", path);
	for (;;) {
		char beyond;
		/* At the limit: is there more? */
		bool full = out->len >= out->max;
		if (!full && !strbuf_reserve(out, 1))
			return error_wrap(err, strbuf_check(out, err), "read %s", path);
		ssize_t n = full ? read(fd, &beyond, 1)
				 : read(fd, out->data + out->len, MIN(out->size - 1, out->max) - out->len);
		if (n == 0)
			return AF_OK;
		if (n < 0 && errno != EINTR)
			return error_errno(err, AF_ERR_IO, errno, "read %s", path);
		if (n > 0 && full)
			return error_set(err, AF_ERR_TOO_LARGE, "read %s: larger than %zu bytes", path, out->max);
		if (n > 0)
			strbuf_advance(out, (size_t) n);
	}
}

static af_code write_all(int fd, const char *path, const char *data, size_t len, struct af_error *err)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, AF_ERR_IO, errno, "write %s", path);
		data += n;
		len -= (size_t) n;
	}
	return AF_OK;
}

af_code file_write(const char *path, const void *data, size_t len, mode_t mode, struct af_error *err)
{
	AUTO_FREE char *temp = str_format(err, "%s.XXXXXX", path);

	if (!temp)
		return AF_ERR_NOMEM;
	int fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, code_of(errno), errno, "create %s", temp);
	af_code rc = write_all(fd, temp, data, len, err);
	if (!rc && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		rc = error_errno(err, AF_ERR_IO, errno, "write %s", temp);
	if (close(fd) < 0 && !rc)
		rc = error_errno(err, AF_ERR_IO, errno, "write %s", temp);
	if (!rc && rename(temp, path) < 0)
		rc = error_errno(err, AF_ERR_IO, errno, "rename %s to %s", temp, path);
	if (rc)
		unlink(temp);
	return rc;
}

af_code file_create(const char *path, const void *data, size_t len, mode_t mode, struct af_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0 && errno == EEXIST)
		return error_set(err, AF_ERR_EXISTS, "%s exists already", path);
	if (fd < 0)
		return error_errno(err, code_of(errno), errno, "create %s", path);
	af_code rc = write_all(fd, path, data, len, err);
	if (close(fd) < 0 && !rc)
		rc = error_errno(err, AF_ERR_IO, errno, "write %s", path);
	if (rc)
		unlink(path);
	return rc;
}

/* What another has removed meanwhile is gone as well. */
static int failure(int errnum)
{
	return errnum == ENOENT ? 0 : errnum;
}

/* Empties and closes the directory. */
static int empty_dir(int dirfd)
{
	DIR *d = fdopendir(dirfd);
	int failed = 0;

	if (!d) {
		failed = errno;
		close(dirfd);
		return failed;
	}
	for (struct dirent *e; !failed && (e = readdir(d));) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (unlinkat(dirfd, e->d_name, 0) == 0)
			continue;
		if (errno != EISDIR && errno != EPERM) {
			failed = failure(errno);
			continue;
		}
		int sub = openat(dirfd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		failed = sub < 0 ? failure(errno) : empty_dir(sub);
		if (!failed && unlinkat(dirfd, e->d_name, AT_REMOVEDIR) < 0)
			failed = failure(errno);
	}
	closedir(d);
	return failed;
}

af_code path_remove_tree(const char *dir, struct af_error *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return AF_OK;
	int failed = fd < 0 ? errno : empty_dir(fd);
	if (!failed && rmdir(dir) < 0)
		failed = failure(errno);
	return failed ? error_errno(err, AF_ERR_IO, failed, "remove %s", dir) : AF_OK;
}

/* A directory in /tmp that nobody else could have put there. */
char *path_private_tmp(struct af_error *err)
{
	AUTO_FREE char *dir = str_format(err, "/tmp/affinetes-%u", (unsigned) getuid());
	struct stat st;

	if (!dir)
		return NULL;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		error_errno(err, AF_ERR_IO, errno, "make directory %s", dir);
		return NULL;
	}
	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != getuid() || (st.st_mode & 077)) {
		error_set(err, AF_ERR_IO, "%s is not a private directory of yours", dir);
		error_hint(err, "remove it, or set XDG_RUNTIME_DIR");
		return NULL;
	}
	return af_steal(dir);
}

char *path_home(enum path_home which, struct af_error *err)
{
	static const struct {
		const char *variable, *below_home;
	} homes[] = {
		[HOME_CONFIG] = { "XDG_CONFIG_HOME", ".config" },
		[HOME_STATE] = { "XDG_STATE_HOME", ".local/state" },
		[HOME_CACHE] = { "XDG_CACHE_HOME", ".cache" },
		[HOME_RUNTIME] = { "XDG_RUNTIME_DIR", NULL },
	};
	const char *dir = getenv(homes[which].variable), *home = getenv("HOME");

	/* The XDG rules: a relative path there is to be ignored. */
	if (dir && *dir == '/')
		return path_join(dir, "affinetes", err);
	if (!homes[which].below_home)
		return path_private_tmp(err);
	if (str_blank(home)) {
		error_set(err, AF_ERR_IO, "neither %s nor HOME is set", homes[which].variable);
		return NULL;
	}
	return str_format(err, "%s/%s/affinetes", home, homes[which].below_home);
}

char *path_shown(const char *path, struct af_error *err)
{
	const char *home = getenv("HOME");
	size_t len = home ? strlen(home) : 0;

	if (len > 1 && str_starts(path, home) && path[len] == '/')
		return str_format(err, "~%s", path + len);
	return str_dup(path, err);
}
