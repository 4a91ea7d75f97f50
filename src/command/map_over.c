/* The arguments of many calls. See map_over.h. */
#include "command/map_over.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

void over_init(struct over *o)
{
	*o = (struct over){ .inner = 1, .lines = 1, .line = -1, .text = STRBUF_INIT(STRBUF_HUGE) };
}

static void axis_free(struct over_axis *axis)
{
	for (size_t i = 0; i < axis->item_count; i++)
		free(axis->items[i].json);
	free(axis->items);
	free(axis->key);
}

void over_free(struct over *o)
{
	for (size_t i = 0; i < o->axis_count; i++)
		axis_free(&o->axes[i]);
	free(o->axes);
	free(o->path);
	free(o->current);
	if (o->file)
		fclose(o->file);
	strbuf_free(&o->text);
	over_init(o);
}

/* ---- --over KEY=VALUES ----------------------------------------------------------------------- */

/* "--over task_id: …", and below it the word with a mark where it goes wrong. */
static af_code wrong(const char *word, const char *at, size_t len, const char *what, struct af_error *err)
{
	AUTO_STRBUF key = STRBUF_INIT(STRBUF_LINE), before = STRBUF_INIT(STRBUF_LINE), rest = STRBUF_INIT(STRBUF_LINE);

	text_add_safe(&key, word, MIN(strcspn(word, "="), (size_t) 60), false);
	/* Of a long word, what stands just before. */
	const char *from = at - word > 40 ? at - 40 : word;
	while (from > word && ((unsigned char) *from & 0xc0) == 0x80)
		from--;
	text_add_safe(&before, from, (size_t) (at - from), false);
	text_add_safe(&rest, at, MIN(MAX(len, (size_t) 1), MIN((size_t) 60, strlen(at))), false);
	error_set(err, AF_ERR_USAGE, "--over %s: %s", key.data, what);
	error_hint(err, "%s%s%s\n%*s^\nas in --over task_id=0..999, --over seed=0..100..10, --over model=a,b",
		   from > word ? "…" : "", before.data, rest.data, (int) before.len + (from > word), "");
	return AF_ERR_USAGE;
}

/* Reads a whole number at the front; returns its length, 0 if there is none. */
static size_t leading_int(const char *text, size_t len, int64_t *out)
{
	char copy[24];
	size_t n = len && *text == '-';

	while (n < len && text[n] >= '0' && text[n] <= '9')
		n++;
	if (n == (size_t) (*text == '-') || n >= sizeof(copy))
		return 0;
	memcpy(copy, text, n);
	copy[n] = '\0';
	return int_parse(copy, INT64_MIN, INT64_MAX, out) ? n : 0;
}

static bool dots_at(const char *text, size_t len, size_t pos)
{
	return pos + 2 <= len && text[pos] == '.' && text[pos + 1] == '.';
}

/* How many there are from `from` to `to`; 0: none, or too many. */
static int64_t range_count(int64_t from, int64_t to, int64_t step)
{
	uint64_t span = step > 0 ? (uint64_t) to - (uint64_t) from : (uint64_t) from - (uint64_t) to;
	uint64_t by = step > 0 ? (uint64_t) step : 0 - (uint64_t) step;

	if (step == 0 || (step > 0 ? to < from : from < to) || span / by >= (uint64_t) MAP_MAX_CALLS)
		return 0;
	return (int64_t) (span / by) + 1;
}

/* "0..9", "0..100..10", "9..0": false when it does not begin like one. */
static bool is_range(const char *text, size_t len)
{
	int64_t ignored;
	size_t n = len ? leading_int(text, len, &ignored) : 0;

	return n && dots_at(text, len, n);
}

static af_code add_range(struct over_item *item, const char *word, const char *text, size_t len, struct af_error *err)
{
	size_t n = leading_int(text, len, &item->from) + 2;
	int64_t to;
	size_t m = n < len ? leading_int(text + n, len - n, &to) : 0;

	if (!m)
		return wrong(word, text, len, "a range goes from one whole number to another", err);
	n += m;
	item->step = to < item->from ? -1 : 1;
	if (n < len) {
		m = dots_at(text, len, n) && n + 2 < len ? leading_int(text + n + 2, len - n - 2, &item->step) : 0;
		if (!m || n + 2 + m != len)
			return wrong(word, text + n, len - n, "behind a range there may be its step: FROM..TO..STEP", err);
	}
	item->count = range_count(item->from, to, item->step);
	if (!item->count)
		return wrong(word, text, len, item->step == 0 ? "a step of 0 leads nowhere"
				     : (item->step > 0) == (to >= item->from) ? "these are too many"
									       : "the step leads away from the end", err);
	return AF_OK;
}

static af_code add_value(struct over_item *item, const char *word, const char *text, size_t len, struct af_error *err)
{
	AUTO_STRBUF json = STRBUF_INIT(STRBUF_TEXT);

	item->count = 1;
	if (len && json_check(text, len, NULL) == AF_OK)
		strbuf_add(&json, text, len);
	else if (!len)
		return wrong(word, text, 0, "a value is missing", err);
	else if (strchr("{[\"", *text))
		return wrong(word, text, len, "this begins like JSON and is none", err);
	else if (!utf8_valid(text, len))
		return wrong(word, text, len, "this is not UTF-8 text", err);
	else
		json_add_string(&json, text, len);
	return strbuf_steal(&json, &item->json, err);
}

/* The length of the element at the front: up to a comma that is in no string or bracket. */
static size_t element_len(const char *text)
{
	bool quoted = false;
	size_t depth = 0, n;

	if (!strchr("{[\"", *text))
		return strcspn(text, ",");
	for (n = 0; text[n] && (quoted || depth || text[n] != ','); n++) {
		if (quoted && text[n] == '\\' && text[n + 1])
			n++;
		else if (text[n] == '"')
			quoted = !quoted;
		else if (!quoted && strchr("{[", text[n]))
			depth++;
		else if (!quoted && strchr("}]", text[n]) && depth)
			depth--;
	}
	return n;
}

static af_code add_items(struct over_axis *axis, const char *word, const char *text, struct af_error *err)
{
	for (;;) {
		size_t len = element_len(text);
		struct over_item *items = realloc(axis->items, (axis->item_count + 1) * sizeof(*items));
		if (!items)
			return error_nomem(err);
		axis->items = items;
		struct over_item *item = &items[axis->item_count++];
		*item = (struct over_item){ 0 };
		af_code rc = is_range(text, len) ? add_range(item, word, text, len, err) : add_value(item, word, text, len, err);
		if (rc)
			return rc;
		axis->count += item->count;
		if (axis->count > MAP_MAX_CALLS)
			return wrong(word, text, len, "these are too many", err);
		text += len;
		if (!*text)
			return AF_OK;
		text++;
	}
}

static bool has_key(const struct over *o, const char *key)
{
	for (size_t i = 0; i < o->axis_count; i++)
		if (!strcmp(o->axes[i].key, key))
			return true;
	return false;
}

af_code over_add(struct over *o, const char *word, struct af_error *err)
{
	AUTO_STRBUF key = STRBUF_INIT(STRBUF_TEXT);
	size_t len = strcspn(word, "=");
	struct over_axis axis = { 0 };

	if (!len || !word[len] || !utf8_valid(word, len))
		return wrong(word, word, strlen(word), "KEY=VALUES was expected", err);
	json_add_string(&key, word, len);
	if (has_key(o, key.data))
		return wrong(word, word, len, "there are values for it already", err);
	struct over_axis *axes = realloc(o->axes, (o->axis_count + 1) * sizeof(*axes));
	if (!axes)
		return error_nomem(err);
	o->axes = axes;
	af_code rc = strbuf_steal(&key, &axis.key, err);
	if (!rc)
		rc = add_items(&axis, word, word + len + 1, err);
	if (!rc && o->inner > MAP_MAX_CALLS / axis.count)
		rc = wrong(word, word, len, "together with the others these are too many", err);
	if (rc) {
		axis_free(&axis);
		return rc;
	}
	o->inner *= axis.count;
	axes[o->axis_count++] = axis;
	return AF_OK;
}

/* ---- the lines of a file ------------------------------------------------------------------------ */

static bool blank(const char *text, size_t len)
{
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	return !len;
}

/* The next line into o->current; its length, -1 at the end. */
static ssize_t read_line(struct over *o)
{
	if (o->path)
		return getline(&o->current, &o->line_size, o->file);
	if (o->pos >= o->text.len)
		return -1;
	const char *from = o->text.data + o->pos, *end = memchr(from, '\n', o->text.len - o->pos);
	size_t len = end ? (size_t) (end - from) + 1 : o->text.len - o->pos;
	char *copy = realloc(o->current, len + 1);
	if (!copy) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(copy, from, len);
	copy[len] = '\0';
	o->current = copy;
	o->pos += len;
	return (ssize_t) len;
}

/* The next line that is not blank; false at the end. */
static bool next_line(struct over *o)
{
	ssize_t len;

	while ((len = read_line(o)) >= 0) {
		o->number++;
		if (blank(o->current, (size_t) len))
			continue;
		while (len > 0 && strchr("\r\n", o->current[len - 1]))
			len--;
		o->current_len = (size_t) len;
		o->line++;
		return true;
	}
	return false;
}

static af_code rewind_lines(struct over *o, struct af_error *err)
{
	o->pos = o->number = 0;
	o->line = -1;
	if (!o->path)
		return AF_OK;
	if (!o->file && !(o->file = fopen(o->path, "re")))
		return error_errno(err, errno == ENOENT ? AF_ERR_NOT_FOUND : AF_ERR_IO, errno, "--over-file %s", o->path);
	rewind(o->file);
	return AF_OK;
}

static af_code check_line(const struct over *o, const char *name, struct af_error *err)
{
	struct af_error why = AF_ERROR_INIT;
	size_t lead = strspn(o->current, " \t");
	af_code rc = json_check(o->current, o->current_len, &why);

	if (rc)
		error_set(err, AF_ERR_USAGE, "--over-file %s: line %zu: %s", name, o->number, why.message);
	else if (o->current[lead] != '{')
		rc = error_set(err, AF_ERR_USAGE, "--over-file %s: line %zu is no JSON object", name, o->number);
	af_error_clear(&why);
	if (rc)
		error_hint(err, "each line holds the arguments of one call: {\"task_id\": 10, \"seed\": 1}");
	return rc ? AF_ERR_USAGE : AF_OK;
}

af_code over_add_file(struct over *o, const char *path, struct strbuf *take_text, struct af_error *err)
{
	if (take_text) {
		o->text = *take_text;
		*take_text = STRBUF_INIT(take_text->max);
	} else if (!(o->path = str_dup(path, err))) {
		return AF_ERR_NOMEM;
	}
	af_code rc = rewind_lines(o, err);
	while (!rc && next_line(o))
		rc = check_line(o, path, err);
	if (!rc && o->file && ferror(o->file))
		rc = error_errno(err, AF_ERR_IO, errno, "--over-file %s", path);
	if (!rc && o->line < 0) {
		rc = error_set(err, AF_ERR_USAGE, "--over-file %s: there is nothing in it", path);
		error_hint(err, "each line holds the arguments of one call: {\"task_id\": 10, \"seed\": 1}");
	}
	o->lines = o->line + 1;
	return rc ? rc : rewind_lines(o, err);
}

static af_code go_to_line(struct over *o, int64_t line, struct af_error *err)
{
	af_code rc = line < o->line ? rewind_lines(o, err) : AF_OK;

	while (!rc && o->line < line)
		if (!next_line(o))
			rc = error_set(err, AF_ERR_IO, "--over-file %s became shorter while it was read", o->path ? o->path : "-");
	if (rc || json_check(o->current, o->current_len, NULL) == AF_OK)
		return rc;
	return error_set(err, AF_ERR_IO, "--over-file %s: line %zu changed while it was read", o->path ? o->path : "-", o->number);
}

/* ---- one of them ------------------------------------------------------------------------------------ */

af_code over_total(const struct over *o, int64_t *total, struct af_error *err)
{
	if (o->lines > MAP_MAX_CALLS / o->inner)
		return error_set(err, AF_ERR_USAGE, "these are too many calls: %lld lines times %lld", (long long) o->lines,
				 (long long) o->inner);
	*total = o->lines * o->inner;
	return AF_OK;
}

static void add_value_at(struct strbuf *sb, const struct over_axis *axis, int64_t i)
{
	const struct over_item *item = axis->items;

	while (i >= item->count)
		i -= (item++)->count;
	if (item->json)
		strbuf_adds(sb, item->json);
	else
		strbuf_addf(sb, "%lld", (long long) ((uint64_t) item->from + (uint64_t) item->step * (uint64_t) i));
}

static void add_combination(struct strbuf *sb, const struct over *o, int64_t i)
{
	int64_t left = o->inner;

	strbuf_addc(sb, '{');
	for (size_t a = 0; a < o->axis_count; a++) {
		const struct over_axis *axis = &o->axes[a];
		left /= axis->count;
		strbuf_addf(sb, "%s%s:", a ? "," : "", axis->key);
		add_value_at(sb, axis, i / left);
		i %= left;
	}
	strbuf_addc(sb, '}');
}

af_code over_get(struct over *o, int64_t i, struct strbuf *out, struct af_error *err)
{
	AUTO_STRBUF axes = STRBUF_INIT(STRBUF_TEXT);
	bool file = o->path || o->text.len;
	af_code rc = file ? go_to_line(o, i / o->inner, err) : AF_OK;

	if (rc)
		return rc;
	if (!file) {
		add_combination(out, o, i);
	} else if (!o->axis_count) {
		strbuf_add(out, o->current, o->current_len);
	} else {
		add_combination(&axes, o, i % o->inner);
		json_add_merged(out, (struct json_span){ o->current, o->current_len }, json_span_of(&axes));
	}
	return strbuf_check(out, err);
}
