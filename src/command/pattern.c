#include "command/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

/* Steps of backtracking per line: some tens of milliseconds. */
#define MATCH_LIMIT 1000000

struct pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_match_context_free(p->limits);
	pcre2_match_data_free(p->data);
	pcre2_code_free(p->code);
	free(p);
}

static af_code compile(struct pattern *p, const char *text, struct af_error *err)
{
	PCRE2_SIZE place = 0;
	int why = 0;
	PCRE2_UCHAR reason[256];

	/* Lines come from anywhere: bytes that are no UTF-8 just do not match. */
	p->code = pcre2_compile((PCRE2_SPTR) text, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF,
				&why, &place, NULL);
	if (p->code)
		return AF_OK;
	pcre2_get_error_message(why, reason, sizeof(reason));
	error_set(err, AF_ERR_USAGE, "\"%s\" is no regular expression: %s, at character %zu", text, (const char *) reason,
		  (size_t) place + 1);
	error_hint(err, "special characters mean themselves behind a backslash: \\[ \\( \\* \\?");
	return AF_ERR_USAGE;
}

af_code pattern_new(const char *text, struct pattern **out, struct af_error *err)
{
	struct pattern *p = calloc(1, sizeof(*p));
	af_code rc = p ? compile(p, text, err) : error_nomem(err);

	if (!rc) {
		pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE); /* where it cannot be had the interpreter does it */
		p->data = pcre2_match_data_create(1, NULL);
		p->limits = pcre2_match_context_create(NULL);
		if (!p->data || !p->limits)
			rc = error_nomem(err);
	}
	if (rc) {
		pattern_free(p);
		return rc;
	}
	pcre2_set_match_limit(p->limits, MATCH_LIMIT);
	*out = p;
	return AF_OK;
}

bool pattern_matches(struct pattern *p, const char *line, size_t len)
{
	int rc = pcre2_match(p->code, (PCRE2_SPTR) line, len, 0, 0, p->data, p->limits);

	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(p->code, (PCRE2_SPTR) line, len, 0, PCRE2_NO_JIT, p->data, p->limits);
	return rc >= 0;
}
