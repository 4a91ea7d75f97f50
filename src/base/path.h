/* Files and paths. */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/strbuf.h"

char *path_join(const char *dir, const char *name, struct af_error *err);
const char *path_base(const char *path); /* the part behind the last '/' */
bool path_exists(const char *path);
bool path_is_dir(const char *path);
/* Makes dir and its parents. */
af_code path_mkdirs(const char *dir, mode_t mode, struct af_error *err) MUST_CHECK;
/* Appends the whole file. NOT_FOUND if there is none. */
af_code file_read(const char *path, struct strbuf *out, struct af_error *err) MUST_CHECK;
/* Writes to a temporary file beside it and renames: old or new, never half. */
af_code file_write(const char *path, const void *data, size_t len, mode_t mode, struct af_error *err) MUST_CHECK;
/* Writes the file only if there is none (AF_ERR_EXISTS). */
af_code file_create(const char *path, const void *data, size_t len, mode_t mode, struct af_error *err) MUST_CHECK;
/* Removes a directory tree without following links. */
af_code path_remove_tree(const char *dir, struct af_error *err) MUST_CHECK;

enum path_home { HOME_CONFIG, HOME_STATE, HOME_CACHE, HOME_RUNTIME };
/* "$XDG_…_HOME/affinetes" by the XDG rules (runtime: $XDG_RUNTIME_DIR, else /tmp/affinetes-UID, 0700 and ours). */
char *path_home(enum path_home which, struct af_error *err);
/* As people write it: "~/…" below $HOME, else as it is. */
char *path_shown(const char *path, struct af_error *err);
/* "/tmp/affinetes-UID", as above: for paths that have to be short. */
char *path_private_tmp(struct af_error *err);

#endif
