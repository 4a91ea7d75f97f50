/*
 * What the history may hold. "db" in front: the rest is the file itself. Otherwise up to the first newline the arguments
 * of a call, behind it its result: masked, shown as a tree, a table and rows of text, and compared.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "store/mask.h"
#include "store/store.h"
#include "ui/form.h"
#include "ui/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_file(const uint8_t *data, size_t size)
{
	char path[64];
	AF_AUTO(call_list) struct call_list list = { 0 };
	AF_AUTO(saved_list) struct saved_list saved = { 0 };
	struct call_record r;
	struct store *s = NULL;

	snprintf(path, sizeof(path), "/tmp/afs-fuzz-history-%d", (int) getpid());
	if (file_write(path, data, size, 0600, NULL))
		return;
	if (!store_open(path, &s, NULL)) {
		if (!store_list(s, &(struct call_query){ .limit = 50 }, &list, NULL) && list.count &&
		    !store_get(s, list.items[0].id, &r, NULL))
			call_record_free(&r);
		if (store_saved(s, NULL, &saved, NULL))
			saved.count = 0;
	}
	store_close(s);
	static const char *const ends[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		AUTO_FREE char *file = str_format(NULL, "%s%s", path, ends[i]);
		if (file)
			unlink(file);
	}
}

static void mask(struct json_span args)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT), again = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRLIST secrets = { 0 };

	if (args_mask(args, &out, &secrets, NULL) || json_check(out.data, out.len, NULL))
		abort();
	/* What was masked once stays as it is. */
	if (args_mask(json_span_of(&out), &again, NULL, NULL) || strcmp(out.data, again.data))
		abort();
	strbuf_reset(&again);
	secrets_replace(&secrets, args.text, args.len, &again);
}

static void load(struct json_span args)
{
	static const struct method m = { .name = (char *) "m", .signature = (char *) "(a: int, b: str = None, c: list = None)" };
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT), line = STRBUF_INIT(STRBUF_TEXT);
	struct form f;

	form_init(&f);
	if (form_set_method(&f, "m", &m, NULL))
		abort();
	form_load(&f, args);
	if (form_arguments(&f, &out) && (json_check(out.data, out.len, NULL) || json_type(json_span_of(&out)) != JSON_OBJECT))
		abort();
	if (form_command(&f, "env", &line, NULL))
		abort();
	form_free(&f);
}

static void walk(struct result_tree *t)
{
	struct table table = { 0 };
	struct result_row r;

	for (size_t i = 0; i < result_tree_rows(t) && i < 2000; i++) {
		AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
		if (!result_tree_row(t, i, &r) || result_tree_parent(t, i) > i)
			abort();
		if (r.kind == ROW_VALUE && json_check(r.value.text, r.value.len, NULL))
			abort();
		result_tree_path(t, i, &text);
		if (r.kind == ROW_VALUE && (*r.value.text == '{' || *r.value.text == '['))
			result_preview(r.value, 40, &text);
		result_tree_unfold(t, i);
	}
	for (size_t i = 0; i < t->text.len; i += 1 + t->text.len / 50)
		if (result_tree_reveal(t, i) >= result_tree_rows(t))
			abort();
	table_find(&table, t, 0);
	table_free(&table);
	result_tree_set_width(t, 20);
	while (result_tree_rows(t) > 1 && result_tree_fold(t, result_tree_parent(t, result_tree_rows(t) - 1)))
		;
}

static void page(const char *text, size_t len)
{
	struct pager p = { 0 };
	struct json_span row;
	size_t seen = 0, n = 0;

	pager_set(&p, text, len);
	for (; pager_row(&p, 13, n, &row); n++)
		seen += row.len;
	if (seen > len || n != pager_all(&p, 13) || (len && pager_find(&p, 13, len - 1) != n - 1))
		abort();
	pager_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data, *newline = size ? memchr(data, '\n', size) : NULL;
	size_t len = newline ? (size_t) (newline - text) : size;
	struct json_span args = { text, len };
	struct result_tree t;
	struct diff d;

	if (size > 2 && !memcmp(data, "db", 2)) {
		read_file(data + 2, size - 2);
		return 0;
	}
	page(text, size);
	bool good = len && !strchr(" \t\r", *text) && !strchr(" \t\r", text[len - 1]) && !json_check(text, len, NULL);
	if (!good)
		return 0;
	mask(args);
	if (json_type(args) == JSON_OBJECT)
		load(args);
	if (!result_tree_init(&t, args, NULL))
		walk(&t);
	result_tree_free(&t);
	const char *rest = newline ? newline + 1 : "";
	if (!json_check(rest, newline ? size - len - 1 : 0, NULL) &&
	    !diff_make(&d, str_ndup(text, len, NULL), str_ndup(rest, size - len - 1, NULL), NULL))
		diff_free(&d);
	return 0;
}
