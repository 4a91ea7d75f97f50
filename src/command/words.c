/* Command lines and words. See words.h. */
#include "command/words.h"

#include <string.h>

#include "base/json.h"
#include "store/mask.h"

/* One word from *p, which stands on its first byte. */
static af_code one_word(const char **p, struct strbuf *word, struct af_error *err)
{
	char quote = 0;

	for (; **p; (*p)++) {
		char c = **p;
		if (quote) {
			if (c == quote)
				quote = 0;
			else if (c == '\\' && quote == '"' && (*p)[1] && strchr("\"\\$`", (*p)[1]))
				strbuf_addc(word, *++*p);
			else
				strbuf_addc(word, c);
		} else if (c == ' ' || c == '\t' || c == '\n') {
			break;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '\\' && (*p)[1]) {
			strbuf_addc(word, *++*p);
		} else {
			strbuf_addc(word, c);
		}
	}
	if (quote)
		return error_set(err, AF_ERR_USAGE, "a quote (%c) is not closed", quote);
	return strbuf_check(word, err);
}

af_code words_split(const char *line, struct strlist *words, struct af_error *err)
{
	AUTO_STRBUF word = STRBUF_INIT(STRBUF_TEXT);

	for (const char *p = line;;) {
		p += strspn(p, " \t\n");
		if (!*p)
			return AF_OK;
		strbuf_reset(&word);
		af_code rc = one_word(&p, &word, err);
		if (!rc)
			rc = strlist_add(words, word.data, err);
		if (rc)
			return rc;
	}
}

static void add_quoted(struct strbuf *out, const char *w)
{
	if (*w && !w[strcspn(w, " \t\n\"'\\$`*?[]{}()<>|&;#~!")]) {
		strbuf_adds(out, w);
		return;
	}
	strbuf_addc(out, '\'');
	for (; *w; w++) {
		if (*w == '\'')
			strbuf_adds(out, "'\\''");
		else
			strbuf_addc(out, *w);
	}
	strbuf_addc(out, '\'');
}

void words_join(struct strbuf *out, const char *const *words, int count)
{
	for (int i = 0; i < count; i++) {
		strbuf_adds(out, i ? " " : "");
		add_quoted(out, words[i]);
	}
}

/* ---- secrets ------------------------------------------------------------------------ */

/* "--name", "--name=value": the option; *rest gets what stands behind its name. */
static const struct option_spec *long_option(const struct command_spec *spec, const char *word, const char **rest)
{
	size_t len = strcspn(word + 2, "=");

	*rest = word + 2 + len;
	for (const struct option_spec *o = spec->options; o && o->name; o++)
		if (strlen(o->name) == len && !strncmp(word + 2, o->name, len))
			return o;
	return NULL;
}

/* "-n", "-n5", "-fn5": the one of a bundle that takes a value, which is the last. */
static const struct option_spec *short_option(const struct command_spec *spec, const char *word, const char **rest)
{
	for (const char *c = word + 1; *c; c++) {
		const struct option_spec *o = spec->options;
		while (o && o->name && o->short_name != *c)
			o++;
		*rest = c + 1;
		if (!o || !o->name || o->kind != WORD_FLAG)
			return o && o->name ? o : NULL;
	}
	return NULL;
}

/* The option with a value that the word is, or NULL. */
static const struct option_spec *valued_option(const struct command_spec *spec, const char *word, const char **rest)
{
	const struct option_spec *o = NULL;

	if (str_starts(word, "--"))
		o = long_option(spec, word, rest);
	else if (word[0] == '-' && word[1])
		o = short_option(spec, word, rest);
	return o && o->kind != WORD_FLAG ? o : NULL;
}

/* Of KEY=VALUE the key stays: it tells what was set. A bare KEY is no secret. */
static void add_masked(struct strbuf *out, const char *value)
{
	AUTO_FREE char *key = str_ndup(value, strcspn(value, "="), NULL);

	if (key)
		add_quoted(out, key);
	if (strchr(value, '='))
		strbuf_adds(out, "=" MASKED);
}

/* NAME=VALUE hides its value if its name tells of a secret. */
static void add_pair(struct strbuf *out, const char *word)
{
	size_t len = strcspn(word, "=");

	if (word[len] && name_is_secret(word, len))
		add_masked(out, word);
	else
		add_quoted(out, word);
}

static void add_json(struct strbuf *out, const char *text)
{
	AUTO_STRBUF masked = STRBUF_INIT(STRBUF_TEXT);
	size_t len = strlen(text);
	struct json_span span = { .text = text, .len = len };

	/* "-" is stdin. What is no JSON may be anything. */
	if (!strcmp(text, "-"))
		strbuf_adds(out, text);
	else if (json_check(text, len, NULL) || args_mask(span, &masked, NULL, NULL))
		strbuf_adds(out, MASKED);
	else
		add_quoted(out, strstr(masked.data, "\"" MASKED "\"") ? masked.data : text);
}

static void add_value(struct strbuf *out, const struct option_spec *o, const char *value)
{
	if (o->secret)
		add_masked(out, value);
	else if (o->kind == WORD_JSON)
		add_json(out, value);
	else
		add_pair(out, value);
}

void words_join_masked(struct strbuf *out, const struct command_spec *spec, const char *const *words, int count)
{
	for (int i = 0; i < count; i++) {
		const char *rest = NULL;
		const struct option_spec *o = i ? valued_option(spec, words[i], &rest) : NULL;
		strbuf_adds(out, i ? " " : "");
		/* Behind it stands a program's command line, which is nobody's but its own. */
		if (spec->trailing_command && !strcmp(words[i], "--")) {
			words_join(out, words + i, count - i);
			return;
		}
		if (!o) {
			add_pair(out, words[i]);
			continue;
		}
		strbuf_add(out, words[i], (size_t) (rest - words[i]));
		if (*rest == '=' && str_starts(words[i], "--"))
			strbuf_addc(out, *rest++);
		else if (!*rest && i + 1 < count)
			strbuf_addc(out, ' ');
		if (*rest || rest[-1] == '=')
			add_value(out, o, rest);
		else if (i + 1 < count)
			add_value(out, o, words[++i]);
	}
}

/* The whole value, or a whole string of JSON. */
static bool has_mask(const char *word)
{
	size_t len = strlen(word), n = strlen("=" MASKED);

	return !strcmp(word, MASKED) || (len >= n && !strcmp(word + len - n, "=" MASKED)) || strstr(word, "\"" MASKED "\"");
}

/* The word with something else in the place of the mask. */
static char *unmasked(const char *word)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	char *out = NULL;

	for (const char *mask; (mask = strstr(word, MASKED)); word = mask + strlen(MASKED)) {
		strbuf_add(&sb, word, (size_t) (mask - word));
		strbuf_addc(&sb, 'x');
	}
	strbuf_adds(&sb, word);
	return strbuf_steal(&sb, &out, NULL) ? NULL : out;
}

/* A mask stands for a secret where anything else would be masked as well. */
bool words_lack_secret(const char *const *words, int count)
{
	const struct command_spec *spec = count > 0 ? command_find(words[0]) : NULL;
	bool lacks = false;

	for (int i = 1; spec && !lacks && i < count; i++) {
		AUTO_STRBUF before = STRBUF_INIT(STRBUF_TEXT), after = STRBUF_INIT(STRBUF_TEXT);
		if (!has_mask(words[i]))
			continue;
		AUTO_FREE char *word = unmasked(words[i]);
		AUTO_FREE const char **others = calloc((size_t) count, sizeof(*others));
		if (!word || !others)
			return false;
		memcpy(others, words, (size_t) count * sizeof(*others));
		others[i] = word;
		words_join_masked(&before, spec, words, count);
		words_join_masked(&after, spec, others, count);
		lacks = !strcmp(before.data, after.data);
	}
	return lacks;
}
