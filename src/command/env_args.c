#include "command/env_args.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/path.h"

/* A variable set before gives way to the new one. */
static af_code put(struct strlist *out, char *take_pair, struct af_error *err)
{
	size_t len = strcspn(take_pair, "=") + 1;

	for (size_t i = 0; i < out->count; i++)
		if (strncmp(out->items[i], take_pair, len) == 0) {
			free(out->items[i]);
			out->items[i] = take_pair;
			return AF_OK;
		}
	return strlist_take(out, take_pair, err);
}

static af_code put_own(struct strlist *out, const char *key, const char *value, struct af_error *err)
{
	char *pair = str_format(err, "%s=%s", key, value);

	return pair ? put(out, pair, err) : AF_ERR_NOMEM;
}

af_code env_args_add(struct strlist *out, const char *word, struct af_error *err)
{
	const char *value;

	if (word[0] == '=' || word[0] == '\0')
		return error_set(err, AF_ERR_USAGE, "--env takes KEY=VALUE or KEY");
	if (strchr(word, '=')) {
		char *pair = str_dup(word, err);

		return pair ? put(out, pair, err) : AF_ERR_NOMEM;
	}
	value = getenv(word);
	if (!value) {
		error_set(err, AF_ERR_USAGE, "--env %s: your environment has no such variable", word);
		error_hint(err, "export it first, or give the value: --env %s=VALUE", word);
		return AF_ERR_USAGE;
	}
	return put_own(out, word, value, err);
}

/* ---- files --------------------------------------------------------------------- */

/* What the line holds may be a secret in the wrong place, so it is never shown. */
static af_code bad_line(const char *path, int line, const char *what, struct af_error *err)
{
	error_set(err, AF_ERR_USAGE, "%s line %d: %s", path, line, what);
	error_hint(err, "lines are KEY=VALUE, KEY, or # and a comment");
	return AF_ERR_USAGE;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static af_code parse_line(struct strlist *out, const char *path, int number, const char *line, struct af_error *err)
{
	size_t key;
	const char *own;

	while (blank(*line))
		line++;
	if (!*line || *line == '#')
		return AF_OK;
	key = strcspn(line, "=");
	if (key == 0)
		return bad_line(path, number, "there is no name before =", err);
	if (line[key]) {
		char *pair;

		if (strcspn(line, " \t") < key)
			return bad_line(path, number, "the name contains a space", err);
		pair = str_dup(line, err);
		return pair ? put(out, pair, err) : AF_ERR_NOMEM;
	}
	while (key > 0 && blank(line[key - 1]))
		key--;
	AUTO_FREE char *name = str_ndup(line, key, err);
	if (!name)
		return AF_ERR_NOMEM;
	if (name[strcspn(name, " \t")])
		return bad_line(path, number, "the name contains a space", err);
	own = getenv(name);
	return own ? put_own(out, name, own, err) : AF_OK;
}

af_code env_args_parse(struct strlist *out, const char *path, const char *text, size_t len, struct af_error *err)
{
	const char *end = text + len;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	for (int number = 1; text < end; number++) {
		const char *stop = memchr(text, '\n', (size_t) (end - text));
		size_t size = (size_t) ((stop ? stop : end) - text);
		size_t used = size > 0 && text[size - 1] == '\r' ? size - 1 : size;
		AUTO_FREE char *line = NULL;
		af_code rc;

		if (memchr(text, '\0', used) || !utf8_valid(text, used))
			return bad_line(path, number, "this is not UTF-8 text", err);
		line = str_ndup(text, used, err);
		rc = line ? parse_line(out, path, number, line, err) : AF_ERR_NOMEM;
		if (rc)
			return rc;
		text = stop ? stop + 1 : end;
	}
	return AF_OK;
}

static af_code read_file(struct strlist *out, const char *path, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	af_code rc = file_read(path, &text, err);

	return rc ? rc : env_args_parse(out, path, text.data, text.len, err);
}

af_code env_args_read(const struct args *args, struct strlist *out, struct af_error *err)
{
	const struct strlist *files = args_all(args, "env-file"), *words = args_all(args, "env");
	af_code rc = AF_OK;

	for (size_t i = 0; !rc && i < files->count; i++)
		rc = read_file(out, files->items[i], err);
	if (rc)
		return error_wrap(err, rc, "run: --env-file");
	for (size_t i = 0; !rc && i < words->count; i++)
		rc = env_args_add(out, words->items[i], err);
	return rc ? error_wrap(err, rc, "run") : AF_OK;
}
