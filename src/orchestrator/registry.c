/* Directories under the state directory. See registry.h. */
#include "orchestrator/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/path.h"

/* A new directory has a name that no environment can have, until it is complete. */
#define UNFINISHED ".new-"
#define GOING ".old-"
/* Making and removing is a matter of milliseconds. */
#define LEFTOVER_S 600
#define FILE_NAME "env.json"

static char *registry_home(struct af_error *err)
{
	AUTO_FREE char *state = path_home(HOME_STATE, err);

	return state ? path_join(state, "environments", err) : NULL;
}

char *registry_dir(const char *name, struct af_error *err)
{
	AUTO_FREE char *home = registry_home(err);

	return home ? path_join(home, name, err) : NULL;
}

static char *replica_dir(const char *dir, int replica, struct af_error *err)
{
	return str_format(err, "%s/%d", dir, replica);
}

/* ---- what a program left that was killed halfway ------------------------------------------- */

static bool is_leftover(const char *path, const char *name)
{
	struct stat st;

	return (str_starts(name, UNFINISHED) || str_starts(name, GOING)) && lstat(path, &st) == 0 &&
	       st.st_mtime + LEFTOVER_S < wall_ms() / 1000;
}

static void remove_leftovers(const char *home)
{
	DIR *d = opendir(home);

	for (struct dirent *e; d && (e = readdir(d));) {
		AUTO_FREE char *path = path_join(home, e->d_name, NULL);
		if (path && is_leftover(path, e->d_name) && path_remove_tree(path, NULL))
			break;
	}
	if (d)
		closedir(d);
}

/* ---- adding ---------------------------------------------------------------------------- */

static af_code fill(const char *dir, const struct registration *r, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	AUTO_FREE char *path = path_join(dir, FILE_NAME, err);

	registration_write(r, &text);
	af_code rc = path ? strbuf_check(&text, err) : AF_ERR_NOMEM;
	if (!rc)
		rc = file_write(path, text.data, text.len, 0600, err);
	for (int i = 0; !rc && i < r->replicas; i++) {
		AUTO_FREE char *sub = replica_dir(dir, i, err);
		rc = sub ? path_mkdirs(sub, 0700, err) : AF_ERR_NOMEM;
	}
	return rc;
}

af_code registry_add(const struct registration *r, struct af_error *err)
{
	AUTO_FREE char *home = registry_home(err);
	AUTO_FREE char *dir = home ? path_join(home, r->name, err) : NULL;
	AUTO_FREE char *fresh = dir ? str_format(err, "%s/" UNFINISHED "%s", home, r->token) : NULL;

	if (!fresh)
		return AF_ERR_NOMEM;
	remove_leftovers(home);
	af_code rc = path_mkdirs(fresh, 0700, err);
	if (!rc)
		rc = fill(fresh, r, err);
	if (!rc && renameat2(AT_FDCWD, fresh, AT_FDCWD, dir, RENAME_NOREPLACE) < 0) {
		if (errno == EEXIST || errno == ENOTEMPTY)
			rc = error_set(err, AF_ERR_EXISTS, "the name %s is in use", r->name);
		else
			rc = error_errno(err, AF_ERR_IO, errno, "make %s", dir);
	}
	if (rc && path_remove_tree(fresh, NULL))
		return rc;
	return rc;
}

/* ---- reading ----------------------------------------------------------------------------- */

af_code registry_load(const char *name, struct registration *out, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	struct af_error none = AF_ERROR_INIT;
	af_code rc = AF_ERR_NOT_FOUND;

	*out = (struct registration){ 0 };
	/* What cannot be a name must not become a path. */
	if (!env_name_check(name, NULL)) {
		AUTO_FREE char *dir = registry_dir(name, &none);
		AUTO_FREE char *path = dir ? path_join(dir, FILE_NAME, &none) : NULL;
		rc = path ? file_read(path, &text, &none) : AF_ERR_NOT_FOUND;
	}
	af_error_clear(&none);
	if (rc == AF_ERR_NOT_FOUND)
		return error_set(err, AF_ERR_NOT_FOUND, "no environment %s is registered", name);
	if (rc)
		return error_set(err, rc, "the description of %s cannot be read", name);
	return registration_parse(name, text.data, text.len, out, err);
}

af_code registry_names(struct strlist *out, struct af_error *err)
{
	AUTO_FREE char *home = registry_home(NULL);
	DIR *d = home ? opendir(home) : NULL;
	af_code rc = AF_OK;

	if (!d)
		return AF_OK;
	for (struct dirent *e; !rc && (e = readdir(d));)
		if (!env_name_check(e->d_name, NULL))
			rc = strlist_add(out, e->d_name, err);
	closedir(d);
	strlist_sort(out);
	return rc;
}

int64_t registry_stamp(void)
{
	AUTO_FREE char *home = registry_home(NULL);
	struct stat st;

	if (!home || stat(home, &st))
		return 0;
	return (int64_t) st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

/* ---- removing ------------------------------------------------------------------------------ */

af_code registry_remove(const char *name, const char *token, struct af_error *err)
{
	AF_AUTO(registration) struct registration now = { 0 };
	AUTO_FREE char *home = registry_home(err);
	AUTO_FREE char *dir = home ? path_join(home, name, err) : NULL;
	AUTO_FREE char *going = dir ? str_format(err, "%s/" GOING "%s", home, token) : NULL;
	af_code rc = going ? registry_load(name, &now, NULL) : AF_ERR_NOMEM;

	if (rc == AF_ERR_NOT_FOUND || (!rc && strcmp(now.token, token) != 0))
		return AF_OK;
	if (rc == AF_ERR_NOMEM)
		return rc;
	/* Out of sight first: it is there whole, or not at all. */
	if (rename(dir, going) < 0 && errno != ENOENT)
		return error_errno(err, AF_ERR_IO, errno, "remove %s", dir);
	return path_remove_tree(going, err);
}

bool registry_has_replica(const char *name, int replica)
{
	AUTO_FREE char *dir = registry_dir(name, NULL);
	AUTO_FREE char *sub = dir ? replica_dir(dir, replica, NULL) : NULL;

	return sub && path_is_dir(sub);
}

af_code registry_remove_replica(const struct registration *r, int replica, struct af_error *err)
{
	AUTO_FREE char *dir = registry_dir(r->name, err);
	AUTO_FREE char *sub = dir ? replica_dir(dir, replica, err) : NULL;
	af_code rc = sub ? path_remove_tree(sub, err) : AF_ERR_NOMEM;

	for (int i = 0; !rc && i < r->replicas; i++)
		if (registry_has_replica(r->name, i))
			return AF_OK;
	return rc ? rc : registry_remove(r->name, r->token, err);
}
