#include "image/detect.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/strbuf.h"

/* ---- Python, just enough ------------------------------------------------------- */

/* Behind the string that starts at s (on its first quote). An unfinished one-line string ends with its line. */
static const char *skip_string(const char *s, const char *end)
{
	char quote = *s;
	bool triple = end - s >= 3 && s[1] == quote && s[2] == quote;

	for (s += triple ? 3 : 1; s < end; s++) {
		if (*s == '\\' && s + 1 < end)
			s++;
		else if (!triple && (*s == quote || *s == '\n'))
			return s + 1;
		else if (triple && end - s >= 3 && s[0] == quote && s[1] == quote && s[2] == quote)
			return s + 3;
	}
	return end;
}

/* The text without comments; a string leaves its quotes. */
static void strip_python(const char *s, const char *end, struct strbuf *code)
{
	while (s < end) {
		if (*s == '#') {
			while (s < end && *s != '\n')
				s++;
		} else if (*s == '"' || *s == '\'') {
			s = skip_string(s, end);
			strbuf_adds(code, "''");
		} else {
			strbuf_addc(code, *s++);
		}
	}
}

static bool is_word(char c)
{
	return isalnum((unsigned char) c) || c == '_';
}

static bool has_word(const char *code, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(code, word); at; at = strstr(at + len, word))
		if ((at == code || !is_word(at[-1])) && !is_word(at[len]))
			return true;
	return false;
}

/* "app = …", "app=…", "app: FastAPI = …"; not "app == …". */
static bool assigns_app(const char *code)
{
	for (const char *at = strstr(code, "app"); at; at = strstr(at + 3, "app")) {
		const char *s = at + 3;

		s += strspn(s, " \t");
		if (*s == ':')
			s += strcspn(s, "=\n(");
		if (s[0] == '=' && s[1] != '=')
			return true;
	}
	return false;
}

enum env_type detect_type(const char *text, size_t len)
{
	AUTO_STRBUF code = STRBUF_INIT(STRBUF_HUGE);

	strip_python(text, text + len, &code);
	return has_word(code.data, "FastAPI") && assigns_app(code.data) ? ENV_HTTP_BASED : ENV_FUNCTION_BASED;
}

/* ---- the directory ------------------------------------------------------------- */

static af_code require_file(const char *dir, const char *name, struct af_error *err)
{
	AUTO_FREE char *path = path_join(dir, name, err);
	struct stat st;
	af_code rc;

	if (!path)
		return AF_ERR_NOMEM;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		return AF_OK;
	rc = error_set(err, AF_ERR_NOT_FOUND, "%s: an environment needs this file, and it is not there", path);
	error_hint(err, "`afs init NAME` makes a directory with a working env.py and Dockerfile");
	return rc;
}

af_code detect_environment(const char *dir, enum env_type *type, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	AUTO_FREE char *path = NULL;
	af_code rc;

	if (!path_is_dir(dir)) {
		rc = error_set(err, AF_ERR_NOT_FOUND, "%s: no such directory", dir);
		error_hint(err, "`afs init NAME` makes one");
		return rc;
	}
	rc = require_file(dir, "env.py", err);
	if (rc == AF_OK)
		rc = require_file(dir, "Dockerfile", err);
	if (rc != AF_OK)
		return rc;
	path = path_join(dir, "env.py", err);
	if (!path)
		return AF_ERR_NOMEM;
	rc = file_read(path, &text, err);
	if (rc == AF_OK)
		*type = detect_type(text.data, text.len);
	return rc;
}
