/* See mask.h. */
#include "store/mask.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Shorter ones stand everywhere by chance. */
#define SECRET_LEAST 4

static bool is_secret_word(const char *word, size_t len)
{
	static const char *const words[] = { "key",	   "apikey",	    "token",	     "secret",	   "password",
					     "passwd",	   "passphrase",    "authorization", "credential", "credentials" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == len && !strncasecmp(words[i], word, len))
			return true;
	return false;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Where a word ends that begins at `from`: before a separator or a capital behind a small letter. */
static size_t word_end(const char *name, size_t from, size_t len)
{
	size_t i = from;

	while (i < len && isalnum((unsigned char) name[i])) {
		if (i > from && is_upper(name[i]) && !is_upper(name[i - 1]))
			break;
		i++;
	}
	return i;
}

bool name_is_secret(const char *name, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t end = word_end(name, i, len);
		if (is_secret_word(name + i, end - i))
			return true;
		i = MAX(end, i + (end == i));
	}
	return false;
}

static bool key_is_secret(struct json_span key)
{
	return key.len > 2 && name_is_secret(key.text + 1, key.len - 2);
}

/* Strings in what is masked may be repeated elsewhere. Numbers stand anywhere by chance. */
static af_code note_secrets(struct json_span value, struct strlist *secrets, struct af_error *err)
{
	enum json_type type = json_type(value);
	af_code rc = AF_OK;

	if (type == JSON_STRING)
		return strlist_take(secrets, str_ndup(value.text + 1, value.len - 2, err), err);
	if (type != JSON_ARRAY && type != JSON_OBJECT)
		return AF_OK;
	for (struct json_iter it = json_iter(value); !rc && json_next(&it);)
		rc = note_secrets(it.value, secrets, err);
	return rc;
}

static bool is_blank(struct json_span value)
{
	return json_type(value) == JSON_NULL || (json_type(value) == JSON_STRING && value.len == 2);
}

static af_code mask_value(struct json_span value, struct strbuf *out, struct strlist *secrets, struct af_error *err)
{
	enum json_type type = json_type(value);
	bool first = true;
	af_code rc = AF_OK;

	if (type != JSON_OBJECT && type != JSON_ARRAY) {
		strbuf_add(out, value.text, value.len);
		return AF_OK;
	}
	strbuf_addc(out, type == JSON_OBJECT ? '{' : '[');
	for (struct json_iter it = json_iter(value); !rc && json_next(&it); first = false) {
		strbuf_adds(out, first ? "" : ",");
		strbuf_add(out, it.key.text, it.key.len);
		strbuf_adds(out, it.key.len ? ":" : "");
		if (!key_is_secret(it.key) || is_blank(it.value)) {
			rc = mask_value(it.value, out, secrets, err);
			continue;
		}
		strbuf_adds(out, "\"" MASKED "\"");
		if (secrets)
			rc = note_secrets(it.value, secrets, err);
	}
	strbuf_addc(out, type == JSON_OBJECT ? '}' : ']');
	return rc;
}

af_code args_mask(struct json_span args, struct strbuf *out, struct strlist *secrets, struct af_error *err)
{
	af_code rc = mask_value(args, out, secrets, err);

	return rc ? rc : strbuf_check(out, err);
}

static void replace_one(struct strbuf *text, const char *secret, struct strbuf *out)
{
	size_t n = strlen(secret);
	const char *p = text->data, *end = p + text->len, *at;

	strbuf_reset(out);
	while ((at = memmem(p, (size_t) (end - p), secret, n))) {
		strbuf_add(out, p, (size_t) (at - p));
		strbuf_adds(out, MASKED);
		p = at + n;
	}
	strbuf_add(out, p, (size_t) (end - p));
}

void secrets_replace(const struct strlist *secrets, const char *text, size_t len, struct strbuf *out)
{
	AUTO_STRBUF now = STRBUF_INIT(STRBUF_HUGE), next = STRBUF_INIT(STRBUF_HUGE);

	strbuf_add(&now, text, len);
	for (size_t i = 0; i < secrets->count; i++) {
		if (strlen(secrets->items[i]) < SECRET_LEAST || !strstr(now.data, secrets->items[i]))
			continue;
		replace_one(&now, secrets->items[i], &next);
		struct strbuf swapped = now;
		now = next;
		next = swapped;
	}
	strbuf_add(out, now.data, now.len);
}
