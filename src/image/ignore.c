#include "image/ignore.h"

#include <string.h>

#include "base/strbuf.h"
#include "image/glob.h"

struct pattern {
	bool exception;
	struct glob *glob;
};

struct ignore {
	struct pattern *patterns;
	size_t count;
};

/* ---- reading the file ------------------------------------------------------------ */

static void trim(const char **s, const char **end)
{
	static const char white[] = " \t\r\n\v\f";

	while (*s < *end && strchr(white, **s))
		++*s;
	while (*end > *s && strchr(white, (*end)[-1]))
		--*end;
}

/* What Go's filepath.Clean makes of it, without a leading '/': no "//", ".", "x/..", no '/' at the end. */
static void clean(const char *s, const char *end, struct strbuf *out)
{
	bool rooted = s < end && *s == '/';
	size_t fixed = 0; /* length of "../.." that nothing takes away */

	while (s < end) {
		const char *stop = memchr(s, '/', (size_t) (end - s));
		size_t len = (size_t) ((stop ? stop : end) - s);
		bool up = len == 2 && memcmp(s, "..", 2) == 0;

		if (up && out->len > fixed) {
			char *slash = memrchr(out->data, '/', out->len);

			strbuf_truncate(out, slash && (size_t) (slash - out->data) > fixed ? (size_t) (slash - out->data) : fixed);
		} else if (len > 0 && !(len == 1 && *s == '.') && !(up && rooted)) {
			if (out->len > 0)
				strbuf_addc(out, '/');
			strbuf_add(out, s, len);
			if (up)
				fixed = out->len;
		}
		s += len + (stop ? 1 : 0);
	}
}

static af_code ignore_add(struct ignore *ig, bool exception, const struct strbuf *text, size_t line, struct af_error *err)
{
	struct pattern *grown = realloc(ig->patterns, (ig->count + 1) * sizeof(*grown));
	struct glob *glob = NULL;

	if (!grown)
		return error_nomem(err);
	ig->patterns = grown;
	af_code rc = glob_compile(text->data, text->len, &glob, err);
	if (rc != AF_OK)
		return error_wrap(err, rc, "line %zu", line);
	ig->patterns[ig->count++] = (struct pattern){ exception, glob };
	return AF_OK;
}

static af_code parse_line(struct ignore *ig, const char *s, const char *end, size_t line, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);
	bool exception = false;
	af_code rc;

	if (s < end && *s == '#')
		return AF_OK;
	trim(&s, &end);
	if (s == end)
		return AF_OK;
	if (*s == '!') {
		exception = true;
		s++;
		trim(&s, &end);
		if (s == end)
			return error_set(err, AF_ERR_USAGE, "line %zu: '!' without a pattern", line);
	}
	clean(s, end, &text);
	rc = strbuf_check(&text, err);
	if (rc != AF_OK)
		return error_wrap(err, rc, "line %zu", line);
	return text.len ? ignore_add(ig, exception, &text, line, err) : AF_OK;
}

af_code ignore_parse(const char *text, size_t len, struct ignore **out, struct af_error *err)
{
	const char *end = text + len;
	AF_AUTO(ignore) struct ignore *ig = calloc(1, sizeof(*ig));

	if (!ig)
		return error_nomem(err);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	for (size_t line = 1; text < end; line++) {
		const char *stop = memchr(text, '\n', (size_t) (end - text));
		af_code rc = parse_line(ig, text, stop ? stop : end, line, err);

		if (rc != AF_OK)
			return rc;
		text = stop ? stop + 1 : end;
	}
	*out = af_steal(ig);
	return AF_OK;
}

void ignore_free(struct ignore *ig)
{
	if (!ig)
		return;
	for (size_t i = 0; i < ig->count; i++)
		glob_free(ig->patterns[i].glob);
	free(ig->patterns);
	free(ig);
}

/* ---- deciding -------------------------------------------------------------------- */

/* The path itself or a directory that it is in. */
static bool covers(const struct glob *glob, const char *path)
{
	size_t len = strlen(path);

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
		if (glob_matches(glob, path, (size_t) (slash - path)))
			return true;
	return glob_matches(glob, path, len);
}

bool ignore_excludes(const struct ignore *ig, const char *path)
{
	for (size_t i = ig ? ig->count : 0; i > 0; i--)
		if (covers(ig->patterns[i - 1].glob, path))
			return !ig->patterns[i - 1].exception;
	return false;
}

bool ignore_may_keep_below(const struct ignore *ig, const char *dir)
{
	for (size_t i = 0; ig && i < ig->count; i++)
		if (ig->patterns[i].exception && glob_may_match_below(ig->patterns[i].glob, dir))
			return true;
	return false;
}
