/* Regular expressions over lines. See log_pattern.h. */
#include "ui/log_pattern.h"

#include <ctype.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

/* Steps of backtracking per line: a few milliseconds. */
#define MATCH_LIMIT 100000

struct log_pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

void log_pattern_free(struct log_pattern *p)
{
	if (!p)
		return;
	pcre2_match_context_free(p->limits);
	pcre2_match_data_free(p->data);
	pcre2_code_free(p->code);
	free(p);
}

/* Capitals that are looked for; not those of \W and the like. */
static bool has_capitals(const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		else if (isupper((unsigned char) *text))
			return true;
	}
	return false;
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char) *text >= 0x80 || (*text == '\\' && strchr("pPxNoX", text[1])) || *text == '.')
			return false;
	return true;
}

static af_code compile(struct log_pattern *p, const char *text, struct af_error *err)
{
	/* Where only ASCII can be meant the bytes need not be read as characters, which is faster. */
	uint32_t options = is_ascii(text) ? 0 : PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
	PCRE2_SIZE place = 0;
	int why = 0;
	PCRE2_UCHAR reason[256];

	options |= has_capitals(text) ? 0 : PCRE2_CASELESS;
	p->code = pcre2_compile((PCRE2_SPTR) text, PCRE2_ZERO_TERMINATED, options, &why, &place, NULL);
	if (p->code)
		return AF_OK;
	pcre2_get_error_message(why, reason, sizeof(reason));
	error_set(err, AF_ERR_USAGE, "\"%s\" is no regular expression: %s, at character %zu", text, (const char *) reason,
		  (size_t) place + 1);
	error_hint(err, "special characters mean themselves behind a backslash: \\[ \\( \\* \\?");
	return AF_ERR_USAGE;
}

af_code log_pattern_new(const char *text, struct log_pattern **out, struct af_error *err)
{
	struct log_pattern *p = calloc(1, sizeof(*p));
	af_code rc = p ? compile(p, text, err) : error_nomem(err);

	if (!rc) {
		pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE); /* where it cannot be had the interpreter does it */
		p->data = pcre2_match_data_create(1, NULL);
		p->limits = pcre2_match_context_create(NULL);
		if (!p->data || !p->limits)
			rc = error_nomem(err);
	}
	if (rc) {
		log_pattern_free(p);
		return rc;
	}
	pcre2_set_match_limit(p->limits, MATCH_LIMIT);
	*out = p;
	return AF_OK;
}

af_code log_pattern_check(const char *text, struct af_error *err)
{
	struct log_pattern *p = NULL;
	af_code rc = log_pattern_new(text, &p, err);

	log_pattern_free(p);
	return rc;
}

bool log_pattern_find(struct log_pattern *p, const char *text, size_t len, size_t start, size_t *from, size_t *to)
{
	if (start > len)
		return false;
	int rc = pcre2_match(p->code, (PCRE2_SPTR) text, len, start, 0, p->data, p->limits);

	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(p->code, (PCRE2_SPTR) text, len, start, PCRE2_NO_JIT, p->data, p->limits);
	if (rc < 0)
		return false;
	const PCRE2_SIZE *place = pcre2_get_ovector_pointer(p->data);
	if (from)
		*from = place[0];
	if (to)
		*to = place[1];
	/* \K may turn them round. */
	if (from && to && *from > *to)
		*to = *from;
	return true;
}
