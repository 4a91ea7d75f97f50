/* What is typed for a parameter, and the JSON that it means. See call_signature.h. */
#include <string.h>

#include "base/bytes.h"
#include "ui/call_signature.h"

/* Of what was typed this much is repeated in an error. */
#define EXCERPT 24

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct json_span trimmed(const char *text, size_t len)
{
	while (len && is_blank(*text)) {
		text++;
		len--;
	}
	while (len && is_blank(text[len - 1]))
		len--;
	return (struct json_span){ text, len };
}

static bool is(struct json_span s, const char *word)
{
	return s.len == strlen(word) && !memcmp(s.text, word, s.len);
}

static af_code wrong(const char *wanted, struct json_span s, struct af_error *err)
{
	AUTO_STRBUF quoted = STRBUF_INIT(STRBUF_LINE);
	size_t len = MIN(s.len, (size_t) EXCERPT);

	while (len < s.len && len > 0 && ((unsigned char) s.text[len] & 0xc0) == 0x80)
		len--;
	text_add_safe(&quoted, s.text, len, false);
	return error_set(err, AF_ERR_USAGE, "not %s: \"%s%s\"", wanted, quoted.data, len < s.len ? "…" : "");
}

static bool is_json(struct json_span s, enum json_type type)
{
	return s.len && json_type(s) == type && !json_check(s.text, s.len, NULL);
}

static bool is_int(struct json_span s)
{
	return is_json(s, JSON_NUMBER) && !memchr(s.text, '.', s.len) && !memchr(s.text, 'e', s.len) &&
	       !memchr(s.text, 'E', s.len);
}

/* True, False and None as Python writes them are taken too. */
static const char *word_of(struct json_span s)
{
	static const char *const words[][2] = { { "true", "true" },   { "True", "true" }, { "false", "false" },
						{ "False", "false" }, { "null", "null" }, { "None", "null" } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (is(s, words[i][0]))
			return words[i][1];
	return NULL;
}

/* JSON that is broken: what json_check says, without "not JSON: ". */
static af_code broken(struct json_span s, struct af_error *err)
{
	struct af_error why = AF_ERROR_INIT;

	if (!json_check(s.text, s.len, &why))
		return AF_OK;
	error_set(err, AF_ERR_USAGE, "%s", why.message);
	af_error_clear(&why);
	return AF_ERR_USAGE;
}

static af_code read_container(const struct parameter *p, struct json_span s, struct strbuf *out, struct af_error *err)
{
	enum json_type want = p->type == VALUE_LIST ? JSON_ARRAY : JSON_OBJECT;
	int index = 0;

	if (json_type(s) == want) {
		af_code rc = broken(s, err);
		if (rc)
			return rc;
	} else {
		return wrong(p->type == VALUE_LIST ? "a list, as in [1, 2]" : "an object, as in {\"a\": 1}", s, err);
	}
	for (struct json_iter it = json_iter(s); p->type == VALUE_LIST && p->items && json_next(&it); index++) {
		enum json_type type = json_type(it.value);
		bool good = p->items == VALUE_INT     ? is_int(it.value)
			    : p->items == VALUE_FLOAT ? type == JSON_NUMBER
			    : p->items == VALUE_STR   ? type == JSON_STRING
			    : p->items == VALUE_BOOL  ? type == JSON_BOOL
			    : p->items == VALUE_LIST  ? type == JSON_ARRAY
						      : type == JSON_OBJECT;
		AUTO_FREE char *what = good ? NULL : str_format(err, "%s (item %d)", value_type_name(p->items), index);
		if (!good)
			return what ? wrong(what, it.value, err) : AF_ERR_NOMEM;
	}
	strbuf_add(out, s.text, s.len);
	return AF_OK;
}

/* It was meant as JSON; a mistake must not turn it into a string. */
static bool begins_like_json(struct json_span s)
{
	return s.len && memchr("{[\"", *s.text, 3);
}

static af_code read_any(struct json_span s, const char *text, size_t len, struct strbuf *out, struct af_error *err)
{
	const char *word = word_of(s);

	if (word) {
		strbuf_adds(out, word);
	} else if (!json_check(s.text, s.len, NULL)) {
		strbuf_add(out, s.text, s.len);
	} else {
		af_code rc = begins_like_json(s) ? broken(s, err) : AF_OK;
		if (rc)
			return rc;
		json_add_string(out, text, len);
	}
	return AF_OK;
}

static af_code read_bool(struct json_span s, struct strbuf *out, struct af_error *err)
{
	const char *word = word_of(s);

	if (!word || !strcmp(word, "null"))
		return wrong("a bool (true or false)", s, err);
	strbuf_adds(out, word);
	return AF_OK;
}

/* A string in quotes is JSON, here as behind --arg. */
static void read_string(struct json_span s, const char *text, size_t len, struct strbuf *out)
{
	if (is_json(s, JSON_STRING))
		strbuf_add(out, s.text, s.len);
	else
		json_add_string(out, text, len);
}

af_code value_read(const struct parameter *p, const char *text, size_t len, struct strbuf *out, struct af_error *err)
{
	struct json_span s = trimmed(text, len);
	const char *word = word_of(s);

	if (!utf8_valid(text, len))
		return error_set(err, AF_ERR_USAGE, "not UTF-8 text");
	if (p->nullable && word && !strcmp(word, "null")) {
		strbuf_adds(out, word);
		return AF_OK;
	}
	switch (p->type) {
	case VALUE_STR:
		read_string(s, text, len, out);
		return AF_OK;
	case VALUE_INT:
	case VALUE_FLOAT:
		if (p->type == VALUE_INT ? !is_int(s) : !is_json(s, JSON_NUMBER))
			return wrong(p->type == VALUE_INT ? "an int" : "a float", s, err);
		strbuf_add(out, s.text, s.len);
		return AF_OK;
	case VALUE_BOOL:
		return read_bool(s, out, err);
	case VALUE_LIST:
	case VALUE_DICT:
		return read_container(p, s, out, err);
	default:
		return read_any(s, text, len, out, err);
	}
}

/* Would the decoded text be read as this same string? */
static bool stays_text(const struct parameter *p, const struct strbuf *text)
{
	struct json_span s = trimmed(text->data, text->len);
	const char *word = word_of(s);

	if (!s.len || is_json(s, JSON_STRING) || strlen(text->data) != text->len || memchr(text->data, '\n', text->len))
		return false;
	if (p->nullable && word && !strcmp(word, "null"))
		return false;
	if (p->type == VALUE_STR)
		return true;
	return p->type == VALUE_ANY && !word && !begins_like_json(s) && json_check(s.text, s.len, NULL);
}

void value_write(const struct parameter *p, struct json_span value, struct strbuf *out)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	if (json_type(value) == JSON_STRING) {
		json_add_decoded(&text, value);
		if (stays_text(p, &text)) {
			strbuf_add(out, text.data, text.len);
			return;
		}
	}
	json_add_pretty(out, value, 0);
}
