#include "command/call_args.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json.h"

/* How many bytes of a broken line are shown on either side of the place. */
#define EXCERPT 32

static bool json_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct json_span trim(const char *text, size_t len)
{
	while (len > 0 && json_space(text[0])) {
		text++;
		len--;
	}
	while (len > 0 && json_space(text[len - 1]))
		len--;
	return (struct json_span){ text, len };
}

/* ---- showing where JSON goes wrong --------------------------------------------- */

/* json_check names the place as "line L column C", in bytes from 1. Returns the place as an offset,
 * or len where it names none. */
static size_t error_offset(const struct af_error *err, struct json_span text)
{
	const char *line_at = strstr(err->message, "line "), *column_at = strstr(err->message, "column ");
	size_t offset = 0;

	if (!line_at || !column_at)
		return text.len;
	for (long line = strtol(line_at + 5, NULL, 10); line > 1; line--) {
		const char *end = memchr(text.text + offset, '\n', text.len - offset);

		if (!end)
			return text.len;
		offset = (size_t) (end - text.text) + 1;
	}
	offset += (size_t) MAX(strtol(column_at + 7, NULL, 10), 1) - 1;
	return MIN(offset, text.len);
}

/* Appends [from, to) so that each character takes one column; returns how many. */
static size_t add_columns(struct strbuf *sb, struct json_span text, size_t from, size_t to)
{
	size_t columns = 0;

	while (from < to) {
		size_t len = utf8_len(text.text + from, text.len - from);
		bool plain = len > 1 || (len == 1 && text.text[from] >= ' ' && text.text[from] != 0x7f);

		if (plain)
			strbuf_add(sb, text.text + from, len);
		else
			strbuf_addc(sb, text.text[from] == '\t' ? ' ' : '?');
		from += len ? len : 1;
		columns++;
	}
	return columns;
}

static bool inside_character(struct json_span text, size_t at)
{
	return at < text.len && ((unsigned char) text.text[at] & 0xc0) == 0x80;
}

/* Appends the line around the place, and below it a caret that points there. */
static void add_excerpt(struct strbuf *sb, struct json_span text, size_t place)
{
	size_t start = place, end = place, columns = 0;

	while (start > 0 && text.text[start - 1] != '\n' && (place - start < EXCERPT || inside_character(text, start)))
		start--;
	while (end < text.len && text.text[end] != '\n' && (end - place < EXCERPT || inside_character(text, end)))
		end++;
	if (start > 0 && text.text[start - 1] != '\n') {
		strbuf_adds(sb, "...");
		columns = 3;
	}
	columns += add_columns(sb, text, start, place);
	add_columns(sb, text, place, end);
	if (end < text.len && text.text[end] != '\n')
		strbuf_adds(sb, "...");
	strbuf_addf(sb, "\n%*s^", (int) columns, "");
}

/* Like json_check, as a USAGE error about `what` with an excerpt; `advice` may follow it. */
static af_code check_json(struct json_span text, const char *what, const char *advice, struct af_error *err)
{
	struct af_error why = AF_ERROR_INIT;
	AUTO_STRBUF hint = STRBUF_INIT(STRBUF_LINE);
	af_code rc = json_check(text.text, text.len, &why);

	if (rc == AF_OK)
		return AF_OK;
	add_excerpt(&hint, text, error_offset(&why, text));
	if (advice)
		strbuf_addf(&hint, "\n%s", advice);
	error_set(err, AF_ERR_USAGE, "%s: %s", what, why.message);
	error_hint(err, "%s", hint.data);
	af_error_clear(&why);
	return AF_ERR_USAGE;
}

/* ---- --arg KEY=VALUE ------------------------------------------------------------- */

/* Text that begins like this was meant as JSON; a mistake in it must not turn it into a string. */
static bool begins_like_json(struct json_span value)
{
	return value.len > 0 && strchr("{[\"", value.text[0]);
}

static af_code add_value(struct strbuf *out, const char *key, const char *text, struct af_error *err)
{
	struct json_span value = trim(text, strlen(text));
	AUTO_FREE char *what = NULL, *advice = NULL;

	if (json_check(value.text, value.len, NULL) == AF_OK) {
		strbuf_add(out, value.text, value.len);
		return AF_OK;
	}
	if (!begins_like_json(value)) {
		json_add_string(out, text, strlen(text));
		return AF_OK;
	}
	what = str_format(err, "--arg %s", key);
	advice = str_format(err, "a string that begins with %c goes in quotes inside of the value: '\"%c…\"'",
			    value.text[0], value.text[0]);
	if (!what || !advice)
		return AF_ERR_NOMEM;
	return check_json(value, what, value.text[0] == '"' ? NULL : advice, err);
}

static size_t key_len(const char *pair)
{
	return strcspn(pair, "=");
}

static bool given_again(const struct strlist *pairs, size_t index)
{
	size_t len = key_len(pairs->items[index]) + 1;

	for (size_t i = index + 1; i < pairs->count; i++)
		if (strncmp(pairs->items[i], pairs->items[index], len) == 0)
			return true;
	return false;
}

static af_code add_pair(struct strbuf *out, const char *pair, struct af_error *err)
{
	size_t len = key_len(pair);
	AUTO_FREE char *key = str_ndup(pair, len, err);

	if (!key)
		return AF_ERR_NOMEM;
	if (len == 0 || pair[len] != '=') {
		error_set(err, AF_ERR_USAGE, "--arg takes KEY=VALUE");
		error_hint(err, "as in --arg task_id=10");
		return AF_ERR_USAGE;
	}
	if (!utf8_valid(pair, strlen(pair))) {
		error_set(err, AF_ERR_USAGE, "--arg %s is not UTF-8 text", utf8_valid(key, len) ? key : "KEY=VALUE");
		error_hint(err, "JSON carries text only; pass other bytes as base64");
		return AF_ERR_USAGE;
	}
	strbuf_adds(out, out->len > 1 ? ", " : "");
	json_add_string(out, key, len);
	strbuf_adds(out, ": ");
	return add_value(out, key, pair + len + 1, err);
}

/* Of equal keys the last one wins. */
static af_code pairs_object(const struct strlist *pairs, struct strbuf *out, struct af_error *err)
{
	strbuf_addc(out, '{');
	for (size_t i = 0; i < pairs->count; i++) {
		af_code rc = given_again(pairs, i) ? AF_OK : add_pair(out, pairs->items[i], err);

		if (rc)
			return rc;
	}
	strbuf_addc(out, '}');
	return strbuf_check(out, err);
}

/* ---- the whole ---------------------------------------------------------------------- */

static af_code check_object(struct json_span object, const char *origin, struct af_error *err)
{
	af_code rc;

	if (object.len == 0) {
		error_set(err, AF_ERR_USAGE, "%s: a JSON object was expected, there is nothing", origin);
		error_hint(err, "no arguments at all are written {}");
		return AF_ERR_USAGE;
	}
	rc = check_json(object, origin, NULL, err);
	if (rc)
		return rc;
	if (json_type(object) != JSON_OBJECT) {
		error_set(err, AF_ERR_USAGE, "%s: a JSON object was expected", origin);
		error_hint(err, "arguments have names: {\"task_id\": 10}");
		return AF_ERR_USAGE;
	}
	return AF_OK;
}

af_code call_args_merge(const struct strlist *pairs, const char *object, size_t len, const char *origin,
			struct strbuf *out, struct af_error *err)
{
	AUTO_STRBUF base = STRBUF_INIT(STRBUF_HUGE);
	struct json_span over = trim(object, object ? len : 0);
	af_code rc = pairs_object(pairs, &base, err);

	if (!rc && object)
		rc = check_object(over, origin, err);
	if (rc)
		return rc;
	if (!object)
		strbuf_add(out, base.data, base.len);
	else if (pairs->count == 0)
		strbuf_add(out, over.text, over.len);
	else
		json_add_merged(out, json_span_of(&base), over);
	return strbuf_check(out, err);
}

/* What the words behind METHOD are: KEY=VALUE pairs, added to those of --arg, or a "-" that asks for stdin. */
static af_code sort_words(const struct args *args, struct strlist *pairs, bool *from_input, struct af_error *err)
{
	const struct strlist *words = args_rest(args, "ARGUMENT"), *given = args_all(args, "arg");
	af_code rc = AF_OK;

	for (size_t i = 0; i < given->count && !rc; i++)
		rc = strlist_add(pairs, given->items[i], err);
	for (size_t i = 0; i < words->count && !rc; i++) {
		const char *word = words->items[i];
		if (!strcmp(word, "-")) {
			*from_input = true;
		} else if (strchr(word, '=') && *word != '=') {
			rc = strlist_add(pairs, word, err);
		} else {
			rc = error_set(err, AF_ERR_USAGE, "\"%s\" is no KEY=VALUE", word);
			error_hint(err, "arguments are given as KEY=VALUE or --json '{…}'; - reads them from stdin");
		}
	}
	return rc;
}

static af_code read_args(const struct args *args, const struct command_io *io, struct strbuf *out,
			 struct af_error *err)
{
	AUTO_STRBUF input = STRBUF_INIT(STRBUF_HUGE);
	AUTO_STRLIST pairs = { 0 };
	const char *json = args_text(args, "json");
	bool dash = false, json_dash = json && !strcmp(json, "-");
	af_code rc = sort_words(args, &pairs, &dash, err);

	if (rc)
		return rc;
	if (dash && json && !json_dash) {
		error_set(err, AF_ERR_USAGE, "- and --json exclude each other");
		error_hint(err, "give the JSON object once: on stdin or behind --json");
		return AF_ERR_USAGE;
	}
	if (!dash && !json_dash)
		return call_args_merge(&pairs, json, json ? strlen(json) : 0, "--json", out, err);
	rc = io->read_input(io->arg, &input, err);
	if (rc)
		return rc;
	return call_args_merge(&pairs, input.data, input.len, "stdin", out, err);
}

af_code call_args_read(const struct args *args, const struct command_io *io, char **out, struct af_error *err)
{
	AUTO_STRBUF object = STRBUF_INIT(STRBUF_HUGE);
	af_code rc = read_args(args, io, &object, err);

	if (!rc)
		rc = strbuf_steal(&object, out, err);
	return rc ? error_wrap(err, rc, "%s", args_spec(args)->name) : AF_OK;
}
