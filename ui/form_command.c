/* The afs command that does what a form does. See form.h. */
#include <string.h>

#include "base/clock.h"
#include "command/words.h"
#include "store/mask.h"
#include "ui/form.h"

/* VALUE of --arg KEY=VALUE: text where afs reads it as this very string, else JSON. */
static void add_value(struct strbuf *out, struct json_span value)
{
	static const struct parameter any = { .type = VALUE_ANY };

	value_write(&any, value, out);
}

static af_code add_argument(struct strlist *words, struct json_span key, struct json_span value, bool masked,
			    struct af_error *err)
{
	AUTO_STRBUF word = STRBUF_INIT(STRBUF_HUGE);
	char *text = NULL;

	json_add_decoded(&word, key);
	bool secret = name_is_secret(word.data, word.len);
	strbuf_addc(&word, '=');
	if (secret && masked)
		strbuf_adds(&word, MASKED);
	else
		add_value(&word, value);
	af_code rc = strlist_add(words, "--arg", err);
	if (!rc)
		rc = strbuf_steal(&word, &text, err);
	return rc ? rc : strlist_take(words, text, err);
}

static af_code add_options(struct strlist *words, int target, int64_t timeout_ms, struct af_error *err)
{
	af_code rc = AF_OK;

	if (target == TARGET_ALL)
		rc = strlist_add(words, "--all", err);
	else if (target >= 0)
		rc = strlist_take(words, str_format(err, "--replica=%d", target), err);
	if (!rc && timeout_ms != CALL_TIMEOUT_MS)
		rc = strlist_take(words, timeout_ms % 1000 ? str_format(err, "--timeout=%lldms", (long long) timeout_ms)
							   : str_format(err, "--timeout=%lld", (long long) timeout_ms / 1000),
				  err);
	return rc;
}

af_code call_command(const char *environment, const char *method, struct json_span args, int target, int64_t timeout_ms,
		     bool masked, struct strbuf *out, struct af_error *err)
{
	const char *const start[] = { "afs", "call", environment, method };
	AUTO_STRLIST words = { 0 };
	af_code rc = AF_OK;

	for (size_t i = 0; !rc && i < ARRAY_LEN(start); i++)
		rc = strlist_add(&words, start[i], err);
	for (struct json_iter it = json_iter(args); !rc && json_next(&it);)
		rc = add_argument(&words, it.key, it.value, masked, err);
	if (!rc)
		rc = add_options(&words, target, timeout_ms, err);
	if (!rc)
		words_join(out, (const char *const *) words.items, (int) words.count);
	return rc ? rc : strbuf_check(out, err);
}

void call_add_times(struct strbuf *sb, int repeat, int concurrency)
{
	if (repeat > 1)
		strbuf_addf(sb, "   (%d times", repeat);
	if (repeat > 1 && concurrency > 1)
		strbuf_addf(sb, ", %d at a time", MIN(repeat, concurrency));
	if (repeat > 1)
		strbuf_addc(sb, ')');
}

static int number_of(const struct field *in, int max)
{
	long n = strtol(in->text.data, NULL, 10);

	return n >= 1 && n <= max ? (int) n : 1;
}

void form_add_times(const struct form *f, struct strbuf *sb)
{
	call_add_times(sb, number_of(&f->repeat, REPEAT_MAX), number_of(&f->concurrency, CONCURRENCY_MAX));
}

af_code form_command(const struct form *f, const char *environment, struct strbuf *out, struct af_error *err)
{
	AUTO_STRBUF args = STRBUF_INIT(STRBUF_HUGE);
	int64_t timeout_ms = 0;

	form_peek(f, &args);
	if (f->timeout.text.len && duration_parse(f->timeout.text.data, &timeout_ms, NULL))
		timeout_ms = CALL_TIMEOUT_MS;
	return call_command(environment, f->method, json_span_of(&args), f->target, timeout_ms, true, out, err);
}
