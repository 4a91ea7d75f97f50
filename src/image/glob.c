#include "image/glob.h"

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/strbuf.h"

/* A path has at most PATH_MAX characters, so a longer pattern could match none. */
enum { MAX_TOKENS = 4096 };

enum token_kind {
	TOKEN_CHAR,     /* this character */
	TOKEN_ANY,      /* ?: one character but '/' */
	TOKEN_STAR,     /* *: any number of characters but '/' */
	TOKEN_DEEP,     /* ** at the end: anything */
	TOKEN_DEEP_DIR, /* ** elsewhere, with a '/' behind it: nothing, or anything that ends in '/' */
	TOKEN_CLASS,    /* […] */
};

struct range {
	uint32_t first, last;
};

struct token {
	enum token_kind kind;
	uint32_t c; /* TOKEN_CHAR */
	bool negated; /* TOKEN_CLASS */
	struct range *ranges;
	size_t range_count;
};

struct glob {
	struct token *tokens;
	size_t token_count;
	char *head; /* what stands before the first wildcard; all of it if there is none */
	char *tail; /* what stands behind the last one; "" if there is none */
	bool plain; /* no wildcard */
};

/* ---- characters ------------------------------------------------------------- */

/* One character; a byte that is no UTF-8 stands for itself, outside of Unicode. */
static uint32_t decode(const char *s, size_t left, size_t *len)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t n = utf8_len(s, left);
	uint32_t c;

	*len = n ? n : 1;
	if (n == 0)
		return 0x110000u + (unsigned char) *s;
	c = (unsigned char) s[0] & mask[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char) s[i] & 0x3f);
	return c;
}

/* ---- compiling ---------------------------------------------------------------- */

struct compiler {
	const char *pos, *end;
	struct glob *glob;
};

static af_code add_token(struct compiler *cc, struct token token, struct af_error *err)
{
	struct glob *p = cc->glob;

	if (p->token_count == MAX_TOKENS)
		return error_set(err, AF_ERR_USAGE, "the pattern is too long");
	if (p->token_count % 32 == 0) {
		struct token *grown = realloc(p->tokens, (p->token_count + 32) * sizeof(*grown));

		if (!grown)
			return error_nomem(err);
		p->tokens = grown;
	}
	p->tokens[p->token_count++] = token;
	return AF_OK;
}

static uint32_t take_char(struct compiler *cc)
{
	size_t len;
	uint32_t c = decode(cc->pos, (size_t) (cc->end - cc->pos), &len);

	cc->pos += len;
	return c;
}

/* A character of a class, perhaps behind a backslash. */
static bool take_class_char(struct compiler *cc, uint32_t *c)
{
	if (cc->pos < cc->end && *cc->pos == '\\')
		cc->pos++;
	if (cc->pos == cc->end)
		return false;
	*c = take_char(cc);
	return true;
}

static af_code add_range(struct token *token, struct range range, struct af_error *err)
{
	struct range *grown = realloc(token->ranges, (token->range_count + 1) * sizeof(*grown));

	if (!grown)
		return error_nomem(err);
	token->ranges = grown;
	token->ranges[token->range_count++] = range;
	return AF_OK;
}

/* pos is behind the '['. A ']' that comes first is a character, as in a regular expression. */
static af_code compile_class(struct compiler *cc, struct af_error *err)
{
	struct token token = { .kind = TOKEN_CLASS };
	af_code rc = AF_OK;

	if (cc->pos < cc->end && *cc->pos == '^') {
		token.negated = true;
		cc->pos++;
	}
	do {
		struct range range;

		if (!take_class_char(cc, &range.first)) {
			rc = error_set(err, AF_ERR_USAGE, "'[' without ']'");
			break;
		}
		range.last = range.first;
		if (cc->end - cc->pos >= 2 && cc->pos[0] == '-' && cc->pos[1] != ']') {
			cc->pos++;
			if (!take_class_char(cc, &range.last) || range.last < range.first) {
				rc = error_set(err, AF_ERR_USAGE, "a range in '[…]' ends before it begins");
				break;
			}
		}
		rc = add_range(&token, range, err);
	} while (rc == AF_OK && (cc->pos == cc->end || *cc->pos != ']'));

	if (rc == AF_OK) {
		cc->pos++;
		rc = add_token(cc, token, err);
	}
	if (rc != AF_OK)
		free(token.ranges);
	return rc;
}

/* pos is behind the first '*'. */
static af_code compile_star(struct compiler *cc, struct af_error *err)
{
	if (cc->pos == cc->end || *cc->pos != '*')
		return add_token(cc, (struct token){ .kind = TOKEN_STAR }, err);
	cc->pos++;
	if (cc->pos < cc->end && *cc->pos == '/')
		cc->pos++;
	return add_token(cc, (struct token){ .kind = cc->pos == cc->end ? TOKEN_DEEP : TOKEN_DEEP_DIR }, err);
}

static af_code compile_tokens(struct compiler *cc, struct af_error *err)
{
	af_code rc = AF_OK;

	while (cc->pos < cc->end && rc == AF_OK) {
		uint32_t c = take_char(cc);

		if (c == '*')
			rc = compile_star(cc, err);
		else if (c == '?')
			rc = add_token(cc, (struct token){ .kind = TOKEN_ANY }, err);
		else if (c == '[')
			rc = compile_class(cc, err);
		else {
			if (c == '\\' && cc->pos < cc->end)
				c = take_char(cc);
			rc = add_token(cc, (struct token){ .kind = TOKEN_CHAR, .c = c }, err);
		}
	}
	return rc;
}

static void add_char(struct strbuf *sb, uint32_t c)
{
	if (c >= 0x110000) {
		strbuf_addc(sb, (char) (c - 0x110000));
	} else if (c < 0x80) {
		strbuf_addc(sb, (char) c);
	} else {
		int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
		static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };

		strbuf_addc(sb, (char) (lead[more] | c >> 6 * more));
		while (more-- > 0)
			strbuf_addc(sb, (char) (0x80 | (c >> 6 * more & 0x3f)));
	}
}

/* Most paths are told apart by the plain text at either end of a pattern, without running it. */
static af_code find_ends(struct glob *p, struct af_error *err)
{
	AUTO_STRBUF head = STRBUF_INIT(STRBUF_LINE);
	AUTO_STRBUF tail = STRBUF_INIT(STRBUF_LINE);
	size_t i = 0, j = p->token_count;
	af_code rc;

	for (; i < p->token_count && p->tokens[i].kind == TOKEN_CHAR; i++)
		add_char(&head, p->tokens[i].c);
	p->plain = i == p->token_count;
	while (j > i && p->tokens[j - 1].kind == TOKEN_CHAR)
		j--;
	for (; j < p->token_count; j++)
		add_char(&tail, p->tokens[j].c);
	rc = strbuf_steal(&head, &p->head, err);
	return rc == AF_OK ? strbuf_steal(&tail, &p->tail, err) : rc;
}

af_code glob_compile(const char *text, size_t len, struct glob **out, struct af_error *err)
{
	AF_AUTO(glob) struct glob *p = calloc(1, sizeof(*p));
	struct compiler cc = { .pos = text, .end = text + len, .glob = p };
	af_code rc = p ? compile_tokens(&cc, err) : error_nomem(err);

	if (rc == AF_OK)
		rc = find_ends(p, err);
	if (rc == AF_OK)
		*out = af_steal(p);
	return rc;
}

void glob_free(struct glob *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->token_count; i++)
		free(p->tokens[i].ranges);
	free(p->tokens);
	free(p->head);
	free(p->tail);
	free(p);
}

/* ---- matching -------------------------------------------------------------------- */

static bool class_has(const struct token *t, uint32_t c)
{
	for (size_t i = 0; i < t->range_count; i++)
		if (c >= t->ranges[i].first && c <= t->ranges[i].last)
			return !t->negated;
	return t->negated;
}

/* States are positions in the token list; those that may match nothing let the next one in too. */
static void enter(const struct glob *p, unsigned char *states, size_t i)
{
	while (!states[i]) {
		states[i] = 1;
		if (i == p->token_count)
			return;
		switch (p->tokens[i].kind) {
		case TOKEN_STAR:
		case TOKEN_DEEP:
		case TOKEN_DEEP_DIR:
			i++;
			break;
		case TOKEN_CHAR:
		case TOKEN_ANY:
		case TOKEN_CLASS:
			return;
		}
	}
}

static void advance(const struct glob *p, unsigned char *next, size_t i, uint32_t c)
{
	const struct token *t = &p->tokens[i];

	switch (t->kind) {
	case TOKEN_CHAR:
		if (t->c == c)
			enter(p, next, i + 1);
		break;
	case TOKEN_ANY:
		if (c != '/')
			enter(p, next, i + 1);
		break;
	case TOKEN_CLASS:
		if (c != '/' && class_has(t, c))
			enter(p, next, i + 1);
		break;
	case TOKEN_STAR:
		if (c != '/')
			enter(p, next, i);
		break;
	case TOKEN_DEEP:
		enter(p, next, i);
		break;
	case TOKEN_DEEP_DIR:
		/* Not enter(): having begun, it must end in '/'. */
		next[i] = 1;
		if (c == '/')
			enter(p, next, i + 1);
		break;
	}
}

/* All ways at once, so that no pattern takes more than its length times the path's. */
static bool run_glob(const struct glob *p, const char *s, size_t len)
{
	unsigned char a[MAX_TOKENS + 1], b[MAX_TOKENS + 1];
	unsigned char *now = a, *next = b, *swap;
	size_t n = p->token_count + 1;

	memset(now, 0, n);
	enter(p, now, 0);
	while (len > 0) {
		size_t used;
		uint32_t c = decode(s, len, &used);

		memset(next, 0, n);
		for (size_t i = 0; i < p->token_count; i++)
			if (now[i])
				advance(p, next, i, c);
		if (!memchr(next, 1, n))
			return false;
		swap = now;
		now = next;
		next = swap;
		s += used;
		len -= used;
	}
	return now[p->token_count];
}

bool glob_matches(const struct glob *p, const char *s, size_t len)
{
	size_t head = strlen(p->head);
	size_t tail = strlen(p->tail);

	if (p->plain)
		return len == head && memcmp(s, p->head, len) == 0;
	if (len < head + tail || memcmp(s, p->head, head) != 0 || memcmp(s + len - tail, p->tail, tail) != 0)
		return false;
	return run_glob(p, s, len);
}

bool glob_may_match_below(const struct glob *p, const char *dir)
{
	size_t len = strlen(dir);
	size_t head = strlen(p->head);

	if (head > len)
		return memcmp(p->head, dir, len) == 0 && p->head[len] == '/';
	return !p->plain && memcmp(p->head, dir, head) == 0;
}
