/*
 * What a server answers: the first two bytes are the status, the rest the body. Read as the answer to a call of either
 * kind and as a list of methods; whatever it is, it is a result that is JSON or an error that can be shown.
 */
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "executor/executor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Nothing of the server's reaches a terminal raw; lines and tabs of a traceback do. */
static void must_be_safe(const char *text)
{
	must(utf8_valid(text, strlen(text)));
	for (const char *p = text; *p; p++)
		must((unsigned char) *p >= 0x20 || *p == '\n' || *p == '\t');
}

static void read_result(enum env_type type, long status, const char *body, size_t len)
{
	const struct server server = { .name = "env" };
	struct http_response resp = { .status = status, .body = STRBUF_INIT(STRBUF_HUGE) };
	struct af_error err = AF_ERROR_INIT;
	struct call call;
	char *result = NULL;
	size_t result_len = 0;

	must(call_init(&call, type, "method", (struct json_span){ 0 }, NULL) == AF_OK);
	strbuf_add(&resp.body, body, len);
	af_code rc = call_result(&call, &server, &resp, &result, &result_len, &err);
	must((rc == AF_OK) == (result != NULL) && (rc == AF_OK) == (err.message == NULL));
	if (result)
		must(strlen(result) == result_len && json_check(result, result_len, NULL) == AF_OK);
	else
		must_be_safe(err.message);
	free(result);
	af_error_clear(&err);
	http_response_free(&resp);
	call_free(&call);
}

static void read_methods(const char *body, size_t len)
{
	struct method_list list = { 0 };
	struct af_error err = AF_ERROR_INIT;
	af_code rc = methods_parse(body, len, &list, &err);

	must((rc == AF_OK) == (err.message == NULL) && (!rc || !list.count));
	for (size_t i = 0; i < list.count; i++)
		must(*list.items[i].name && list.items[i].signature);
	method_list_free(&list);
	af_error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	/* "20…" to "59…" as text, so that a corpus can be read; anything else as a number. */
	long status = (data[0] - '0') * 100 + (data[1] - '0') * 10;
	const char *body = (const char *) data + 2;

	for (long last = 0; last < 10; last += 4) {
		read_result(ENV_FUNCTION_BASED, status + last, body, size - 2);
		read_result(ENV_HTTP_BASED, status + last, body, size - 2);
	}
	read_methods(body, size - 2);
	return 0;
}
