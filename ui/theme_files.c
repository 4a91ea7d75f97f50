/* Where themes are found. See theme.h. */
#include <dirent.h>
#include <string.h>

#include "base/path.h"
#include "ui/theme.h"

#ifndef THEMES_DIR
#define THEMES_DIR "/usr/local/share/affinetes/themes"
#endif

#define THEME_MAX ((size_t) 256 * 1024)
static const char suffix[] = ".theme";

/* Beside the program: where it runs from the tree that it was built in. */
static af_code add_beside_program(struct strlist *dirs, struct af_error *err)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	while (n > 0 && path[n - 1] != '/')
		n--;
	if (n <= 0)
		return AF_OK;
	return strlist_take(dirs, str_format(err, "%.*sthemes", (int) n, path), err);
}

/* In the order in which they are looked into. */
static af_code directories(struct strlist *dirs, struct af_error *err)
{
	AUTO_FREE char *config = path_home(HOME_CONFIG, NULL);
	const char *extra = getenv("AFS_THEMES");
	af_code rc = AF_OK;

	if (config)
		rc = strlist_take(dirs, path_join(config, "themes", err), err);
	if (!rc && !str_blank(extra))
		rc = strlist_add(dirs, extra, err);
	if (!rc)
		rc = add_beside_program(dirs, err);
	if (!rc)
		rc = strlist_add(dirs, THEMES_DIR, err);
	return rc;
}

static int is_theme(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strlen(entry->d_name) > strlen(suffix) && str_ends(entry->d_name, suffix);
}

static af_code add_names(struct strlist *names, const char *dir, struct af_error *err)
{
	struct dirent **entries = NULL;
	int count = scandir(dir, &entries, is_theme, NULL);
	af_code rc = AF_OK;

	for (int i = 0; i < count; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - strlen(suffix)] = '\0';
		if (!rc && !strlist_has(names, entries[i]->d_name))
			rc = strlist_add(names, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

af_code theme_names(struct strlist *names, struct af_error *err)
{
	AUTO_STRLIST dirs = { 0 };
	af_code rc = directories(&dirs, err);

	if (!rc && !strlist_has(names, "default"))
		rc = strlist_add(names, "default", err);
	for (size_t i = 0; !rc && i < dirs.count; i++)
		rc = add_names(names, dirs.items[i], err);
	strlist_sort(names);
	return rc;
}

static af_code not_found(const char *name, struct af_error *err)
{
	AUTO_STRLIST names = { 0 };
	AUTO_STRBUF list = STRBUF_INIT(STRBUF_LINE);
	af_code rc = theme_names(&names, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < names.count; i++)
		strbuf_addf(&list, "%s%s", i ? ", " : "", names.items[i]);
	rc = error_set(err, AF_ERR_NOT_FOUND, "no theme \"%s\"", name);
	error_hint(err, "there are: %s", list.data);
	return rc;
}

static af_code load_file(struct theme *theme, const char *path, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(THEME_MAX);
	af_code rc = file_read(path, &text, err);

	if (rc)
		return rc;
	rc = theme_parse(theme, path, text.data, text.len, err);
	if (theme->name || rc == AF_ERR_NOMEM)
		return rc;
	/* One without a name has that of its file. */
	const char *base = path_base(path);
	size_t len = strlen(base) - (str_ends(base, suffix) ? strlen(suffix) : 0);
	theme->name = str_ndup(base, len, NULL);
	return rc;
}

/* NOT_FOUND if none of them has it. */
static af_code load_from(struct theme *theme, const struct strlist *dirs, const char *name, struct af_error *err)
{
	for (size_t i = 0; i < dirs->count; i++) {
		struct af_error found = AF_ERROR_INIT;
		AUTO_FREE char *path = str_format(err, "%s/%s%s", dirs->items[i], name, suffix);
		if (!path)
			return AF_ERR_NOMEM;
		af_code rc = load_file(theme, path, &found);
		if (rc == AF_ERR_NOT_FOUND) {
			af_error_clear(&found);
			continue;
		}
		if (rc)
			error_move(err, &found);
		return rc;
	}
	return AF_ERR_NOT_FOUND;
}

af_code theme_load(struct theme *theme, const char *name, struct af_error *err)
{
	AUTO_STRLIST dirs = { 0 };

	if (!strcmp(name, "default")) {
		theme_free(theme);
		theme_default(theme);
		return AF_OK;
	}
	if (strchr(name, '/'))
		return load_file(theme, name, err);
	af_code rc = directories(&dirs, err);
	if (rc)
		return rc;
	rc = load_from(theme, &dirs, name, err);
	return rc == AF_ERR_NOT_FOUND ? not_found(name, err) : rc;
}
