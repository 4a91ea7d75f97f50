/* Errors. See error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Messages carry output of builds and containers; this much of it and no more. */
#define ERROR_MAX 65536

static const struct {
	const char *name;
	int status;
} codes[] = {
#define ROW(code, name, status, text) [code] = { name, status },
	AF_CODES(ROW)
#undef ROW
};

/* What a message is when there is no memory for one; never freed. */
static char nomem_message[] = "out of memory";

static void message_free(char *message)
{
	if (message != nomem_message)
		free(message);
}

void af_error_clear(struct af_error *err)
{
	if (!err)
		return;
	message_free(err->message);
	free(err->hint);
	*err = (struct af_error) AF_ERROR_INIT;
}

const char *af_code_name(af_code code)
{
	return (unsigned) code < ARRAY_LEN(codes) ? codes[code].name : "unknown";
}

int af_code_exit_status(af_code code)
{
	return (unsigned) code < ARRAY_LEN(codes) ? codes[code].status : 1;
}

static char *format(const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		return NULL;
	if (strlen(text) > ERROR_MAX)
		memcpy(text + ERROR_MAX - 4, "...", 4);
	return text;
}

/* `message` may be NULL: there was no memory for it. */
static void put_message(struct af_error *err, char *message)
{
	message_free(err->message);
	err->message = message ? message : nomem_message;
}

af_code error_set(struct af_error *err, af_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	char *text = format(fmt, ap);
	va_end(ap);
	put_message(err, text);
	free(err->hint);
	err->hint = NULL;
	err->code = code;
	return code;
}

af_code error_errno(struct af_error *err, af_code code, int errnum, const char *fmt, ...)
{
	char why[128];
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	char *text = format(fmt, ap);
	va_end(ap);
	/* strerror_r here is GNU's: it returns the text, in `why` or static. */
	error_set(err, code, "%s: %s", text ? text : "?", strerror_r(errnum, why, sizeof(why)));
	free(text);
	return code;
}

void error_hint(struct af_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	char *text = format(fmt, ap);
	va_end(ap);
	free(err->hint);
	err->hint = text;
}

af_code error_wrap(struct af_error *err, af_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	char *context = format(fmt, ap);
	va_end(ap);
	char *text = NULL;
	if (context && asprintf(&text, "%s: %s", context, err->message ? err->message : "?") >= 0)
		put_message(err, text);
	free(context);
	err->code = code;
	return code;
}

af_code error_nomem(struct af_error *err)
{
	if (err) {
		put_message(err, NULL);
		free(err->hint);
		err->hint = NULL;
		err->code = AF_ERR_NOMEM;
	}
	return AF_ERR_NOMEM;
}

void error_move(struct af_error *to, struct af_error *from)
{
	if (!from)
		return;
	if (to) {
		af_error_clear(to);
		*to = *from;
		*from = (struct af_error) AF_ERROR_INIT;
	} else {
		af_error_clear(from);
	}
}
