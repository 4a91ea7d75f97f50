#include "image/docker_lines.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MAX_HEREDOCS = 16, MAX_NESTING = 32 };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The line at pos without its newline; *next is behind it. */
static const char *line_end(const struct docker_lines *l, const char **next)
{
	const char *stop = memchr(l->pos, '\n', (size_t) (l->end - l->pos));

	*next = stop ? stop + 1 : l->end;
	return stop ? stop : l->end;
}

static void trim(const char **s, const char **end)
{
	while (*s < *end && is_blank(**s))
		++*s;
	while (*end > *s && is_blank((*end)[-1]))
		--*end;
}

/* ---- directives --------------------------------------------------------------- */

/* "# key = value". */
static bool split_directive(const char *s, const char *end, const char **key, size_t *key_len, const char **value,
			    size_t *value_len)
{
	const char *equals, *key_end;

	trim(&s, &end);
	if (s == end || *s != '#')
		return false;
	equals = memchr(s, '=', (size_t) (end - s));
	if (!equals)
		return false;
	s++;
	key_end = equals;
	trim(&s, &key_end);
	*key = s;
	*key_len = (size_t) (key_end - s);
	s = equals + 1;
	trim(&s, &end);
	*value = s;
	*value_len = (size_t) (end - s);
	for (size_t i = 0; i < *key_len; i++)
		if (!isalnum((unsigned char) (*key)[i]))
			return false;
	return *key_len > 0;
}

void docker_lines_init(struct docker_lines *l, const char *text, size_t len)
{
	*l = (struct docker_lines){ .pos = text, .end = text + len, .number = 1, .first = 1, .escape = '\\' };
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		l->pos += 3;
	for (;;) {
		const char *next, *key, *value;
		const char *stop = line_end(l, &next);
		size_t key_len, value_len;

		if (!split_directive(l->pos, stop, &key, &key_len, &value, &value_len))
			return;
		if (key_len == 6 && strncasecmp(key, "escape", 6) == 0) {
			if (value_len == 1 && (*value == '`' || *value == '\\'))
				l->escape = *value;
		} else if (key_len == 6 && strncasecmp(key, "syntax", 6) == 0) {
			l->syntax = value;
			l->syntax_len = value_len;
			l->syntax_line = l->pos;
		} else if (!(key_len == 5 && strncasecmp(key, "check", 5) == 0)) {
			return; /* an ordinary comment ends them */
		}
		l->pos = next;
		l->number++;
	}
}

/* ---- logical lines --------------------------------------------------------------- */

struct heredoc {
	const char *name; /* a span of the logical line */
	size_t len;
	bool indented; /* <<-: tabs before the end mark are fine */
};

/* "<<NAME", "<<-NAME", "3<<NAME", the name perhaps quoted. */
static bool parse_heredoc(const char *word, struct heredoc *doc)
{
	char quote = 0;

	word += strspn(word, "0123456789");
	if (word[0] != '<' || word[1] != '<')
		return false;
	word += 2;
	doc->indented = *word == '-';
	word += doc->indented;
	if (*word == '"' || *word == '\'')
		quote = *word++;
	doc->name = word;
	doc->len = strcspn(word, "<\"' \t");
	word += doc->len;
	return doc->len > 0 && (quote ? word[0] == quote && word[1] == '\0' : *word == '\0');
}

static bool takes_heredoc(const char *line)
{
	static const char *const names[] = { "RUN", "COPY", "ADD" };
	size_t len = strcspn(line, " \t");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (len == strlen(names[i]) && strncasecmp(line, names[i], len) == 0)
			return true;
	return false;
}

/* Moves behind the end mark; false (nothing moved) if there is none: then it was no here-document. */
static bool skip_heredoc(struct docker_lines *l, const struct heredoc *doc)
{
	struct docker_lines at = *l;

	while (at.pos < at.end) {
		const char *next;
		const char *stop = line_end(&at, &next);
		const char *s = at.pos;

		while (doc->indented && s < stop && *s == '\t')
			s++;
		at.pos = next;
		at.number++;
		if (stop > s && stop[-1] == '\r')
			stop--;
		if ((size_t) (stop - s) == doc->len && memcmp(s, doc->name, doc->len) == 0) {
			*l = at;
			return true;
		}
	}
	return false;
}

static void skip_heredocs(struct docker_lines *l, const char *line)
{
	AUTO_STRLIST words = { 0 };

	if (!strstr(line, "<<") || !takes_heredoc(line) || docker_words(line, l->escape, &words, NULL) != AF_OK)
		return;
	for (size_t i = 0, found = 0; i < words.count && found < MAX_HEREDOCS; i++) {
		struct heredoc doc;

		if (parse_heredoc(words.items[i], &doc) && skip_heredoc(l, &doc))
			found++;
	}
}

bool docker_lines_next(struct docker_lines *l, struct strbuf *line)
{
	bool more = true, begun = false;

	strbuf_reset(line);
	while (more && l->pos < l->end) {
		const char *s = l->pos, *next;
		const char *stop = line_end(l, &next);
		size_t number = l->number;

		l->pos = next;
		l->number++;
		if (!begun) {
			while (s < stop && is_blank(*s))
				s++;
		}
		while (stop > s && is_blank(stop[-1]))
			stop--;
		const char *first = s;
		while (first < stop && is_blank(*first))
			first++;
		/* Comments and empty lines are dropped between instructions and inside of them alike. */
		if (first == stop || *first == '#')
			continue;
		if (!begun)
			l->first = number;
		begun = true;
		more = stop[-1] == l->escape && !(stop - s >= 2 && stop[-2] == l->escape);
		strbuf_add(line, s, (size_t) (stop - s) - more);
	}
	if (begun)
		skip_heredocs(l, line->data);
	return begun;
}

/* ---- words --------------------------------------------------------------------------- */

af_code docker_words(const char *line, char escape, struct strlist *words, struct af_error *err)
{
	const char *s = line;

	for (;;) {
		const char *start;
		char quote = 0;
		char *word;
		af_code rc;

		while (is_blank(*s))
			s++;
		if (!*s)
			return AF_OK;
		for (start = s; *s && (quote || !is_blank(*s)); s++) {
			if (*s == escape && quote != '\'' && s[1])
				s++;
			else if (quote)
				quote = *s == quote ? 0 : quote;
			else if (*s == '"' || *s == '\'')
				quote = *s;
		}
		word = str_ndup(start, (size_t) (s - start), err);
		if (!word)
			return AF_ERR_NOMEM;
		rc = strlist_take(words, word, err);
		if (rc != AF_OK)
			return rc;
	}
}

struct expansion {
	const char *pos;
	char escape;
	docker_lookup_fn lookup;
	void *arg;
	int depth;
};

static bool expand_until(struct expansion *e, char stop, struct strbuf *out);

static bool is_name(char c)
{
	return isalnum((unsigned char) c) || c == '_';
}

/* pos is behind the name in "${name": the operator, its word, the brace. */
static bool expand_operator(struct expansion *e, const char *value, struct strbuf *out)
{
	AUTO_STRBUF word = STRBUF_INIT(STRBUF_LINE);
	bool filled = value != NULL;
	char operator;

	if (*e->pos == ':') {
		filled = !str_blank(value);
		e->pos++;
	}
	operator = *e->pos;
	if (operator != '-' && operator != '+' && operator != '?')
		return false;
	e->pos++;
	if (!expand_until(e, '}', &word) || *e->pos != '}')
		return false;
	e->pos++;
	if (operator == '+')
		strbuf_add(out, word.data, filled ? word.len : 0);
	else if (filled)
		strbuf_adds(out, value);
	else if (operator == '-')
		strbuf_add(out, word.data, word.len);
	else
		return false;
	return true;
}

/* pos is behind the '$'. */
static bool expand_variable(struct expansion *e, struct strbuf *out)
{
	bool braces = *e->pos == '{';
	AUTO_FREE char *name = NULL;
	const char *start, *value;

	e->pos += braces;
	for (start = e->pos; is_name(*e->pos); e->pos++)
		;
	if (e->pos == start) {
		if (!braces)
			strbuf_addc(out, '$');
		return !braces;
	}
	name = str_ndup(start, (size_t) (e->pos - start), NULL);
	if (!name)
		return false;
	value = e->lookup(e->arg, name);
	if (braces && *e->pos != '}')
		return expand_operator(e, value, out);
	e->pos += braces;
	if (value)
		strbuf_adds(out, value);
	return true;
}

/* Up to the end, or to `stop`, which is left at pos. */
static bool expand_until(struct expansion *e, char stop, struct strbuf *out)
{
	char quote = 0;
	bool ok = ++e->depth <= MAX_NESTING;

	while (ok && *e->pos && (quote || !stop || *e->pos != stop)) {
		char c = *e->pos++;

		if (c == e->escape && quote != '\'' && *e->pos)
			strbuf_addc(out, *e->pos++);
		else if (c == '$' && quote != '\'')
			ok = expand_variable(e, out);
		else if (quote && c == quote)
			quote = 0;
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
		else
			strbuf_addc(out, c);
	}
	e->depth--;
	return ok && !quote;
}

bool docker_expand(const char *word, char escape, docker_lookup_fn lookup, void *arg, struct strbuf *out)
{
	struct expansion e = { .pos = word, .escape = escape, .lookup = lookup, .arg = arg };

	return expand_until(&e, 0, out) && out->failed == AF_OK;
}
