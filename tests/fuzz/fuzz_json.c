/*
 * Any bytes as JSON. What the checker takes must be taken by cJSON too (and what it prints by the checker), and the
 * functions for checked text must hold together on it.
 */
#include <cjson/cJSON.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool is_json(const struct strbuf *sb)
{
	return json_check(sb->data, sb->len, NULL) == AF_OK;
}

static struct json_span trimmed(const char *text, size_t len)
{
	while (len && strchr(" \n\t\r", *text)) {
		text++;
		len--;
	}
	while (len && strchr(" \n\t\r", text[len - 1]))
		len--;
	return (struct json_span){ text, len };
}

static void check_string(struct json_span string)
{
	AUTO_STRBUF decoded = STRBUF_INIT(STRBUF_TEXT), quoted = STRBUF_INIT(STRBUF_TEXT), again = STRBUF_INIT(STRBUF_TEXT);
	AUTO_FREE char *text = json_string(string, NULL);

	json_add_decoded(&decoded, string);
	must(utf8_valid(decoded.data, decoded.len));
	must((text != NULL) == !memchr(decoded.data, '\0', decoded.len));
	json_add_string(&quoted, decoded.data, decoded.len);
	must(is_json(&quoted));
	json_add_decoded(&again, json_span_of(&quoted));
	must(again.len == decoded.len && !memcmp(again.data, decoded.data, again.len));
}

static void walk(struct json_span value, int depth)
{
	enum json_type type = json_type(value);

	must(depth <= JSON_MAX_DEPTH && type != JSON_INVALID);
	must(json_check(value.text, value.len, NULL) == AF_OK);
	if (type == JSON_STRING)
		check_string(value);
	if ((type != JSON_OBJECT && type != JSON_ARRAY) || depth > 20)
		return;
	for (struct json_iter it = json_iter(value); json_next(&it);) {
		must((it.key.len > 0) == (type == JSON_OBJECT));
		if (it.key.len)
			check_string(it.key);
		walk(it.value, depth + 1);
	}
}

/* Printed again it is the same, whatever the indentation. */
static void check_pretty(struct json_span value)
{
	AUTO_STRBUF pretty = STRBUF_INIT(STRBUF_HUGE), flat = STRBUF_INIT(STRBUF_HUGE), back = STRBUF_INIT(STRBUF_HUGE);

	json_add_pretty(&pretty, value, 2);
	must(is_json(&pretty));
	json_add_pretty(&flat, value, 0);
	json_add_pretty(&back, json_span_of(&pretty), 0);
	must(flat.len == back.len && !memcmp(flat.data, back.data, flat.len));
}

static void check_merge(struct json_span object)
{
	AUTO_STRBUF same = STRBUF_INIT(STRBUF_HUGE), more = STRBUF_INIT(STRBUF_HUGE);
	struct json_span extra = { "{\"a\":[9007199254740993]}", 24 }, got;

	json_add_merged(&same, object, object);
	must(is_json(&same));
	json_add_merged(&more, object, extra);
	must(is_json(&more) && json_member(json_span_of(&more), "a", &got));
	must(got.len == 18 && !memcmp(got.text, "[9007199254740993]", 18));
}

/* cJSON stops at 1,000 levels and takes no text of NULs; what it does take need not be JSON. */
static void compare_with_cjson(struct json_span value)
{
	cJSON *tree = cJSON_ParseWithLength(value.text, value.len);

	must(tree != NULL);
	char *printed = cJSON_PrintUnformatted(tree);
	must(printed && json_check(printed, strlen(printed), NULL) == AF_OK);
	cJSON_free(printed);
	cJSON_Delete(tree);
}

/* cJSON refuses what JSON allows: halves of surrogate pairs, a NUL as an escape, numbers of more than 63 characters. */
static bool cjson_takes_it(struct json_span value)
{
	size_t run = 0;

	for (size_t i = 0; i < value.len; i++) {
		run = strchr("0123456789.eE+-", value.text[i]) ? run + 1 : 0;
		if (run > 60 || (value.text[i] == '\\' && i + 1 < value.len && value.text[i + 1] == 'u'))
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct af_error err = AF_ERROR_INIT;
	const char *text = (const char *) data;
	af_code rc = json_check(text, size, &err);

	must((rc == AF_OK) == (err.message == NULL));
	must(rc == AF_OK || utf8_valid(err.message, strlen(err.message)));
	af_error_clear(&err);
	if (rc)
		return 0;
	struct json_span value = trimmed(text, size);
	walk(value, 0);
	check_pretty(value);
	if (json_type(value) == JSON_OBJECT)
		check_merge(value);
	if (cjson_takes_it(value))
		compare_with_cjson(value);
	return 0;
}
