/* Words of the command line, checked by their kind. */
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "command/args_priv.h"

#define QUOTED_MAX 60

void word_quote(struct strbuf *sb, const char *word)
{
	size_t len = strlen(word), shown = len;

	if (len > QUOTED_MAX) {
		shown = QUOTED_MAX;
		while (shown > 0 && ((unsigned char) word[shown] & 0xc0) == 0x80)
			shown--;
	}
	strbuf_addc(sb, '"');
	text_add_safe(sb, word, shown, false);
	strbuf_adds(sb, shown < len ? "…\"" : "\"");
}

bool choice_next(const char **pos, const char **choice, size_t *len)
{
	if (!*pos || !**pos)
		return false;
	*choice = *pos;
	*len = strcspn(*pos, "|");
	*pos += *len + ((*pos)[*len] == '|');
	return true;
}

bool choice_has(const char *choices, const char *word)
{
	const char *choice;
	size_t len;

	while (choice_next(&choices, &choice, &len))
		if (strlen(word) == len && memcmp(choice, word, len) == 0)
			return true;
	return false;
}

/* "takes …, not 'word'": `what` is what the kind takes. A secret word is not repeated. */
static af_code reject(const struct option_spec *spec, const char *label, const char *word, const char *what, struct af_error *err)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	strbuf_addf(&sb, "%s takes %s", label, what);
	if (!spec->secret) {
		strbuf_adds(&sb, ", not ");
		word_quote(&sb, word);
	}
	return error_set(err, AF_ERR_USAGE, "%s", sb.data);
}

static af_code check_int(const struct option_spec *spec, const char *label, const char *word, int64_t *out, struct af_error *err)
{
	bool bounded = spec->min != 0 || spec->max != 0;
	AUTO_STRBUF what = STRBUF_INIT(STRBUF_LINE);

	if (int_parse(word, bounded ? spec->min : INT64_MIN, bounded ? spec->max : INT64_MAX, out))
		return AF_OK;
	strbuf_adds(&what, "a whole number");
	if (bounded && spec->max == INT32_MAX)
		strbuf_addf(&what, " from %lld up", (long long) spec->min);
	else if (bounded)
		strbuf_addf(&what, " from %lld to %lld", (long long) spec->min, (long long) spec->max);
	return reject(spec, label, word, what.data, err);
}

static af_code check_choice(const struct option_spec *spec, const char *label, const char *word, struct af_error *err)
{
	AUTO_STRBUF what = STRBUF_INIT(STRBUF_LINE);
	const char *pos = spec->choices, *choice;
	size_t len;

	if (choice_has(spec->choices, word))
		return AF_OK;
	while (choice_next(&pos, &choice, &len)) {
		if (what.len > 0)
			strbuf_adds(&what, *pos ? ", " : " or ");
		strbuf_add(&what, choice, len);
	}
	return reject(spec, label, word, what.data, err);
}

static af_code check_name(const struct option_spec *spec, const char *label, const char *word, bool value_needed, struct af_error *err)
{
	const char *what = value_needed ? "KEY=VALUE" : "KEY=VALUE or KEY";

	if (word[0] == '=' || word[0] == '\0' || (value_needed && !strchr(word, '=')))
		return reject(spec, label, word, what, err);
	return AF_OK;
}

static af_code check_prefixed(const struct option_spec *spec, const char *label, const char *word, const char *const *prefixes,
			      const char *what, struct af_error *err)
{
	for (; *prefixes; prefixes++)
		if (str_starts(word, *prefixes) && word[strlen(*prefixes)])
			return AF_OK;
	return reject(spec, label, word, what, err);
}

static af_code check_decimal(const struct option_spec *spec, const char *label, const char *word, double *out, struct af_error *err)
{
	if (double_parse(word, out) && isfinite(*out) && *out > 0)
		return AF_OK;
	return reject(spec, label, word, "a positive number such as 1.5", err);
}

/* 0 is "no limit", so a time that only rounds to 0 must not pass as one. */
static af_code check_duration(const struct option_spec *spec, const char *label, const char *word, int64_t *out,
			      struct af_error *err)
{
	if (duration_parse(word, out, NULL) == AF_OK && (*out > 0 || !strpbrk(word, "123456789")))
		return AF_OK;
	return reject(spec, label, word, "a time such as 90, 1.5s or 10m", err);
}

af_code word_check(const struct option_spec *spec, const char *label, const char *word, struct arg_value *out,
		   struct af_error *err)
{
	static const char *const ssh[] = { "ssh://", NULL };
	static const char *const http[] = { "http://", "https://", NULL };

	if (!word[0])
		return error_set(err, AF_ERR_USAGE, "%s is empty", label);
	switch (spec->kind) {
	case WORD_INT:
		return check_int(spec, label, word, &out->number, err);
	case WORD_SECONDS:
		return check_duration(spec, label, word, &out->number, err);
	case WORD_SIZE:
		if (size_parse(word, &out->number, NULL) == AF_OK && out->number > 0)
			return AF_OK;
		return reject(spec, label, word, "a size such as 512m or 2g", err);
	case WORD_DECIMAL:
		return check_decimal(spec, label, word, &out->decimal, err);
	case WORD_CHOICE:
	case WORD_TEMPLATE:
		return check_choice(spec, label, word, err);
	case WORD_KEYVALUE:
		return check_name(spec, label, word, true, err);
	case WORD_ENVVAR:
		return check_name(spec, label, word, false, err);
	case WORD_HOST:
		if (strcmp(word, "localhost") == 0)
			return AF_OK;
		return check_prefixed(spec, label, word, ssh, "ssh://[USER@]HOST[:PORT] or localhost", err);
	case WORD_URL:
		return check_prefixed(spec, label, word, http, "an http:// or https:// address", err);
	case WORD_TEXT:
	case WORD_FLAG:
	case WORD_JSON:
	case WORD_FILE:
	case WORD_DIR:
	case WORD_IMAGE:
	case WORD_ENV:
	case WORD_METHOD:
		break;
	}
	return AF_OK;
}
