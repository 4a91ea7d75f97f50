/* Log lines of a hostile container: what comes out acts on no terminal, and nothing is read past its end. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "ui/log_list.h"
#include "ui/log_spans.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* UTF-8 without controls, C1 too; ESC only where a colour begins. */
static void check_harmless(const char *text, size_t len)
{
	require(utf8_valid(text, len));
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char) text[i];
		require((c >= 0x20 && c != 0x7f) || log_sgr_len(text + i, len - i));
		require(c != 0xc2 || (unsigned char) text[i + 1] >= 0xa0);
	}
}

static void check_line(const char *text, size_t len, struct log_store *store, struct log_grouping *g, struct log_list *list)
{
	AUTO_STRBUF clean = STRBUF_INIT(STRBUF_TEXT), again = STRBUF_INIT(STRBUF_TEXT), plain = STRBUF_INIT(STRBUF_TEXT);
	struct log_spans spans;
	bool sgr = log_clean(&clean, text, len);
	struct log_meta m = log_parse(clean.data, clean.len, sgr);

	check_harmless(clean.data, clean.len);
	require(m.body <= clean.len && m.level < LEVEL_COUNT);
	require(log_clean(&again, clean.data, clean.len) == sgr);
	require(again.len == clean.len && !memcmp(again.data, clean.data, clean.len));
	log_strip(&plain, clean.data, clean.len);
	require(!memchr(plain.data, '\x1b', plain.len));
	log_spans_init(&spans);
	log_spans_read(&spans, clean.data, clean.len, sgr);
	require(spans.len == plain.len && !memcmp(spans.text, plain.data, plain.len));
	for (size_t i = 0; i < spans.count; i++)
		require(spans.items[i].from <= spans.len && (i == 0) == (spans.items[i].from == 0));
	log_spans_free(&spans);
	uint64_t line = log_store_add(store, g, 0, 0, m, clean.data, clean.len);
	require(line != UINT64_MAX);
	log_list_added(list, line);
}

/* The first line is a filter, as far as it is one; the others are the log. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data, *end = text + size;
	struct log_store *store = log_store_new(50, 1 << 20, NULL);
	struct log_grouping grouping = { 0 };
	struct log_filter filter;
	struct log_list list;

	setlocale(LC_ALL, "C.UTF-8");
	log_filter_init(&filter);
	log_list_init(&list, store, &filter);
	log_store_on_drop(store, log_list_dropped, &list);
	for (bool first = true; text < end; first = false) {
		const char *newline = memchr(text, '\n', (size_t) (end - text));
		size_t len = newline ? (size_t) (newline - text) : (size_t) (end - text);
		AUTO_FREE char *pattern = first ? str_ndup(text, len < 64 ? len : 64, NULL) : NULL;
		if (!first)
			check_line(text, len, store, &grouping, &list);
		else if (log_filter_set(&filter, RULE_QUICK, pattern, NULL))
			require(filter.count == 0);
		text += len + (newline != NULL);
	}
	while (log_list_step(&list, 1000))
		;
	require(list.lines <= log_store_end(store));
	log_list_free(&list);
	log_filter_free(&filter);
	log_store_free(store);
	return 0;
}
