/* Command lines and words. See words.h. */
#include "command/words.h"

#include <string.h>

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

/* If the word is a secret option: the rest behind its name, which is "" or "=value" (long), "value" (short). */
static const char *behind_secret(const struct command_spec *spec, const char *word)
{
	for (const struct option_spec *o = spec->options; o && o->name; o++) {
		size_t len = strlen(o->name);
		if (!o->secret)
			continue;
		if (str_starts(word, "--") && !strncmp(word + 2, o->name, len) && (!word[2 + len] || word[2 + len] == '='))
			return word + 2 + len;
		if (o->short_name && word[0] == '-' && word[1] == o->short_name)
			return word + 2;
	}
	return NULL;
}

/* Of KEY=VALUE the key stays: it tells what was set. A bare KEY is no secret. */
static void add_masked(struct strbuf *out, const char *value)
{
	AUTO_FREE char *key = str_ndup(value, strcspn(value, "="), NULL);

	if (key)
		add_quoted(out, key);
	if (strchr(value, '='))
		strbuf_adds(out, "=***");
}

void words_join_masked(struct strbuf *out, const struct command_spec *spec, const char *const *words, int count)
{
	for (int i = 0; i < count; i++) {
		const char *rest = i ? behind_secret(spec, words[i]) : NULL;
		strbuf_adds(out, i ? " " : "");
		if (!rest) {
			add_quoted(out, words[i]);
			continue;
		}
		strbuf_add(out, words[i], (size_t) (rest - words[i]));
		if (*rest == '=')
			strbuf_addc(out, *rest++);
		if (*rest) {
			add_masked(out, rest);
		} else if (i + 1 < count) {
			strbuf_addc(out, ' ');
			add_masked(out, words[++i]);
		}
	}
}
