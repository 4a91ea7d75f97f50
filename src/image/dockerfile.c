#include "image/dockerfile.h"

#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "image/docker_lines.h"

struct stage {
	char *name;          /* AS name; NULL: none */
	char *base;          /* image or stage; NULL: not understood */
	struct strlist from; /* COPY --from=, RUN --mount=from= */
	bool needed;
};

struct parser {
	const struct dockerfile_options *opt;
	struct dockerfile *out;
	struct docker_lines lines;
	struct strlist values; /* "NAME=value" of the ARGs before the first FROM that have one */
	struct stage *stages;
	size_t stage_count;
};

/* ---- variables ----------------------------------------------------------------- */

static const char *value_of(const char *const *list, const char *name)
{
	size_t len = strlen(name);

	for (; list && *list; list++)
		if (strncmp(*list, name, len) == 0 && (*list)[len] == '=')
			return *list + len + 1;
	return NULL;
}

/* The engine sets these by itself. "linux/arm64/v8" → OS, ARCH, VARIANT. */
static const char *platform_value(const char *platform, const char *name)
{
	if (!platform || !(str_starts(name, "TARGET") || str_starts(name, "BUILD")))
		return NULL;
	name += *name == 'T' ? strlen("TARGET") : strlen("BUILD");
	if (strcmp(name, "PLATFORM") == 0)
		return platform;
	if (strcmp(name, "ARCH") == 0 && strchr(platform, '/'))
		return strchr(platform, '/') + 1;
	return strcmp(name, "OS") == 0 && str_starts(platform, "linux/") ? "linux" : NULL;
}

static const char *lookup(void *arg, const char *name)
{
	const struct parser *p = arg;
	const char *value = value_of((const char *const *) p->values.items, name);

	return value ? value : platform_value(p->opt->platform, name);
}

/* NULL for what is not understood, and with err set when out of memory. */
static char *expand(struct parser *p, const char *word, af_code *rc, struct af_error *err)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
	char *text = NULL;

	if (docker_expand(word, p->lines.escape, lookup, p, &sb))
		*rc = strbuf_steal(&sb, &text, err);
	return text;
}

/* One "NAME" or "NAME=default". */
static af_code parse_arg(struct parser *p, const char *word, struct af_error *err)
{
	size_t len = strcspn(word, "=");
	AUTO_FREE char *name = str_ndup(word, len, err);
	AUTO_FREE char *fallback = NULL;
	const char *value;
	char *entry;
	af_code rc = AF_OK;

	if (!name)
		return AF_ERR_NOMEM;
	rc = strlist_add(&p->out->args, name, err);
	if (rc == AF_OK && word[len] == '=')
		fallback = expand(p, word + len + 1, &rc, err);
	value = value_of(p->opt->buildargs, name);
	if (!value)
		value = fallback;
	if (rc != AF_OK || !value)
		return rc;
	entry = str_format(err, "%s=%s", name, value);
	if (!entry)
		return AF_ERR_NOMEM;
	rc = strlist_take(&p->values, entry, err);
	/* The latest comes first, since it is the one that holds. */
	if (rc == AF_OK && p->values.count > 1) {
		memmove(p->values.items + 1, p->values.items, (p->values.count - 1) * sizeof(char *));
		p->values.items[0] = entry;
	}
	return rc;
}

/* ---- stages ----------------------------------------------------------------------- */

static void stage_free(struct stage *s)
{
	free(s->name);
	free(s->base);
	strlist_free(&s->from);
}

static af_code blank_base(const struct parser *p, const char *word, struct af_error *err)
{
	af_code rc = error_set(err, AF_ERR_BUILD, "Dockerfile line %zu: the base image %s is empty", p->lines.first, word);
	const char *name = strchr(word, '$');

	if (name) {
		name += strspn(name, "${");
		error_hint(err, "give it by --build-arg %.*s=IMAGE", (int) strcspn(name, "}:-+?/"), name);
	}
	return rc;
}

/* "FROM [--platform=…] IMAGE [AS NAME]"; words[0] is FROM. */
static af_code parse_from(struct parser *p, const struct strlist *words, struct af_error *err)
{
	struct stage *grown, *s;
	size_t i = 1;
	af_code rc = AF_OK;

	while (i < words->count && str_starts(words->items[i], "--"))
		i++;
	if (i == words->count)
		return error_set(err, AF_ERR_BUILD, "Dockerfile line %zu: FROM without an image", p->lines.first);
	grown = realloc(p->stages, (p->stage_count + 1) * sizeof(*grown));
	if (!grown)
		return error_nomem(err);
	p->stages = grown;
	s = &p->stages[p->stage_count++];
	*s = (struct stage){ .base = expand(p, words->items[i], &rc, err) };
	if (rc == AF_OK && s->base && !*s->base)
		rc = blank_base(p, words->items[i], err);
	if (rc == AF_OK && i + 2 < words->count && strcasecmp(words->items[i + 1], "AS") == 0) {
		s->name = str_dup(words->items[i + 2], err);
		if (!s->name)
			rc = AF_ERR_NOMEM;
	}
	return rc;
}

static af_code add_source(struct parser *p, const char *name, size_t len, struct af_error *err)
{
	struct stage *s = &p->stages[p->stage_count - 1];
	char *copy;

	/* Variables do not stand here, the engine says so better than we could. */
	if (len == 0 || memchr(name, '$', len))
		return AF_OK;
	copy = str_ndup(name, len, err);
	return copy ? strlist_take(&s->from, copy, err) : AF_ERR_NOMEM;
}

/* The flags in front of COPY's, ADD's and RUN's own words. */
static af_code parse_sources(struct parser *p, const struct strlist *words, struct af_error *err)
{
	af_code rc = AF_OK;

	for (size_t i = 1; i < words->count && rc == AF_OK && str_starts(words->items[i], "--"); i++) {
		const char *word = words->items[i];

		if (str_starts(word, "--from=")) {
			rc = add_source(p, word + 7, strlen(word + 7), err);
		} else if (str_starts(word, "--mount=")) {
			for (word += 8; *word && rc == AF_OK; word += *word == ',') {
				if (str_starts(word, "from="))
					rc = add_source(p, word + 5, strcspn(word + 5, ","), err);
				word += strcspn(word, ",");
			}
		}
	}
	return rc;
}

static af_code parse_instruction(struct parser *p, const char *line, struct af_error *err)
{
	AUTO_STRLIST words = { 0 };
	af_code rc = docker_words(line, p->lines.escape, &words, err);
	const char *name = words.count ? words.items[0] : "";

	if (rc != AF_OK)
		return rc;
	if (strcasecmp(name, "FROM") == 0)
		return parse_from(p, &words, err);
	if (strcasecmp(name, "ARG") == 0 && p->stage_count == 0) {
		for (size_t i = 1; i < words.count && rc == AF_OK; i++)
			rc = parse_arg(p, words.items[i], err);
		return rc;
	}
	if (p->stage_count > 0 &&
	    (strcasecmp(name, "COPY") == 0 || strcasecmp(name, "ADD") == 0 || strcasecmp(name, "RUN") == 0))
		return parse_sources(p, &words, err);
	return AF_OK;
}

/* ---- what the last stage needs ----------------------------------------------------- */

/* A stage before `end` by name, or by number where those count too; `end` if there is none. */
static size_t find_stage(const struct parser *p, const char *name, bool numbers, size_t end)
{
	int64_t number;

	for (size_t i = end; i > 0; i--)
		if (p->stages[i - 1].name && strcasecmp(p->stages[i - 1].name, name) == 0)
			return i - 1;
	if (numbers && end > 0 && int_parse(name, 0, (int64_t) end - 1, &number))
		return (size_t) number;
	return end;
}

static void mark_needed(struct parser *p)
{
	p->stages[p->stage_count - 1].needed = true;
	/* Stages refer to earlier ones only. */
	for (size_t i = p->stage_count; i > 0; i--) {
		struct stage *s = &p->stages[i - 1];
		size_t at = s->base ? find_stage(p, s->base, false, i - 1) : i - 1;

		if (!s->needed)
			continue;
		if (at < i - 1)
			p->stages[at].needed = true;
		for (size_t k = 0; k < s->from.count; k++) {
			at = find_stage(p, s->from.items[k], true, i - 1);
			if (at < i - 1)
				p->stages[at].needed = true;
		}
	}
}

static af_code add_image(struct parser *p, const char *name, bool numbers, size_t stage, struct af_error *err)
{
	struct strlist *images = &p->out->images;

	if (!name || strcmp(name, "scratch") == 0 || strlist_has(images, name) ||
	    find_stage(p, name, numbers, stage) < stage)
		return AF_OK;
	return strlist_add(images, name, err);
}

static af_code collect_images(struct parser *p, struct af_error *err)
{
	af_code rc = AF_OK;

	mark_needed(p);
	for (size_t i = 0; i < p->stage_count && rc == AF_OK; i++) {
		const struct stage *s = &p->stages[i];

		if (!s->needed)
			continue;
		rc = add_image(p, s->base, false, i, err);
		for (size_t k = 0; k < s->from.count && rc == AF_OK; k++)
			rc = add_image(p, s->from.items[k], true, i, err);
	}
	return rc;
}

static af_code parse_all(struct parser *p, struct af_error *err)
{
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_TEXT);
	af_code rc = AF_OK;

	if (p->lines.syntax_len > 0) {
		p->out->syntax = str_ndup(p->lines.syntax, p->lines.syntax_len, err);
		if (!p->out->syntax)
			return AF_ERR_NOMEM;
	}
	while (rc == AF_OK && docker_lines_next(&p->lines, &line)) {
		rc = strbuf_check(&line, err);
		if (rc == AF_OK)
			rc = parse_instruction(p, line.data, err);
	}
	if (rc == AF_OK && p->stage_count == 0)
		rc = error_set(err, AF_ERR_BUILD, "Dockerfile: there is no FROM in it");
	return rc == AF_OK ? collect_images(p, err) : rc;
}

af_code dockerfile_parse(const char *text, size_t len, const struct dockerfile_options *opt, struct dockerfile *out,
			 struct af_error *err)
{
	struct parser p = { .opt = opt, .out = out };
	af_code rc;

	*out = (struct dockerfile){ 0 };
	docker_lines_init(&p.lines, text, len);
	rc = parse_all(&p, err);
	for (size_t i = 0; i < p.stage_count; i++)
		stage_free(&p.stages[i]);
	free(p.stages);
	strlist_free(&p.values);
	return rc;
}

void dockerfile_free(struct dockerfile *df)
{
	strlist_free(&df->images);
	strlist_free(&df->args);
	free(df->syntax);
	*df = (struct dockerfile){ 0 };
}
