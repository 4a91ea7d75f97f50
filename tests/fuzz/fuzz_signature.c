/*
 * A Python signature, and behind the first newline what is typed for its parameters. Nothing is refused; a value that
 * is taken is JSON, and comes back from the field that it is written into.
 */
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "ui/call_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void type_in(const struct parameter *p, const char *text, size_t len)
{
	AUTO_STRBUF value = STRBUF_INIT(STRBUF_TEXT), typed = STRBUF_INIT(STRBUF_TEXT), again = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRBUF plain = STRBUF_INIT(STRBUF_TEXT);
	struct af_error err = AF_ERROR_INIT;
	af_code rc = value_read(p, text, len, &value, &err);

	if ((rc != AF_OK) != (err.message != NULL))
		abort();
	af_error_clear(&err);
	if (rc)
		return;
	if (json_check(value.data, value.len, NULL))
		abort();
	value_write(p, json_span_of(&value), &typed);
	if (value_read(p, typed.data, typed.len, &again, NULL))
		abort();
	json_add_pretty(&plain, json_span_of(&value), 0);
	AUTO_STRBUF back = STRBUF_INIT(STRBUF_TEXT);
	json_add_pretty(&back, json_span_of(&again), 0);
	/* The same value; strings may be escaped in another way. */
	if (json_type(json_span_of(&plain)) != JSON_STRING && (plain.len != back.len || memcmp(plain.data, back.data, back.len)))
		abort();
}

static void use(const struct signature *sig, const char *text, size_t len)
{
	if (sig->count > SIGNATURE_MAX_PARAMETERS)
		abort();
	for (size_t i = 0; i < sig->count; i++) {
		const struct parameter *p = &sig->items[i];
		if (!p->name || !*p->name || (p->required && (p->def || p->kind != PARAMETER_PLAIN)))
			abort();
		type_in(p, text, len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data, *newline = size ? memchr(data, '\n', size) : NULL;
	size_t len = newline ? (size_t) (newline - text) : size;
	AF_AUTO(signature) struct signature sig = { 0 };
	struct parameter p = { 0 };

	if (signature_parse(text, len, &sig, NULL))
		abort();
	use(&sig, newline ? newline + 1 : "", newline ? size - len - 1 : 0);
	if (!json_check(text, len, NULL)) {
		if (signature_from_json((struct json_span){ text, len }, &sig, NULL))
			abort();
		use(&sig, newline ? newline + 1 : "", newline ? size - len - 1 : 0);
	}
	annotation_read(text, len, &p);
	type_in(&p, text, size);
	return 0;
}
