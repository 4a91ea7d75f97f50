/*
 * What `afs map` reads: `--over` words (the first line), the lines of an --over-file (the rest), and a file of results
 * (all of it). Whatever is taken has to come out as JSON objects, and as often as it says.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "command/map_file.h"
#include "command/map_over.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_object(struct over *o, int64_t i)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	if (over_get(o, i, &sb, NULL) == AF_OK &&
	    (json_check(sb.data, sb.len, NULL) || sb.data[strspn(sb.data, " \t\r\n")] != '{'))
		abort();
}

static void read_all(struct over *o)
{
	int64_t total;

	if (over_total(o, &total, NULL))
		return;
	if (total < 1)
		abort();
	for (int64_t i = 0; i < total && i < 20; i++)
		check_object(o, i);
	check_object(o, total - 1);
	check_object(o, total / 2);
	check_object(o, 0);
}

static void read_words(struct over *o, const char *text, size_t len)
{
	AUTO_FREE char *word = str_ndup(text, len, NULL);
	struct af_error err = AF_ERROR_INIT;

	/* Words are separated by blanks here. */
	for (char *save = NULL, *w = word ? strtok_r(word, " ", &save) : NULL; w; w = strtok_r(NULL, " ", &save))
		if (over_add(o, w, &err) && (err.code != AF_ERR_USAGE || !err.message || !err.hint))
			abort();
	af_error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data, *end = memchr(data, '\n', size);
	size_t first = end ? (size_t) (end - text) : size;
	AF_AUTO(over) struct over o;
	struct af_error err = AF_ERROR_INIT;

	over_init(&o);
	read_words(&o, text, first);
	read_all(&o);
	if (end) {
		struct strbuf rest = STRBUF_INIT(STRBUF_TEXT);
		strbuf_add(&rest, end + 1, size - first - 1);
		if (over_add_file(&o, "-", &rest, &err) == AF_OK)
			read_all(&o);
		else if (err.code != AF_ERR_USAGE || !err.message)
			abort();
	}
	af_error_clear(&err);
	for (const char *line = text, *stop = text + size; line < stop;) {
		const char *newline = memchr(line, '\n', (size_t) (stop - line));
		size_t len = newline ? (size_t) (newline - line) : (size_t) (stop - line);
		struct map_line parsed;
		const char *why = NULL;
		if (map_line_parse(line, len, &parsed, &why) ? parsed.index < 0 || !parsed.hash : !why)
			abort();
		line += len + 1;
	}
	return 0;
}
