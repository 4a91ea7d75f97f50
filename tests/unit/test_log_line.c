/* ui/log_line, log_level, log_spans: bytes of containers made harmless, and what they say. */
#include "unit.h"

#include <locale.h>

#include "base/bytes.h"
#include "ui/log_spans.h"

/* ---- cleaning --------------------------------------------------------------------------------- */

#define cleans(from, to) check_clean((from), sizeof(from) - 1, (to), __LINE__)
static void check_clean(const char *from, size_t len, const char *to, int line)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);

	log_clean(&out, from, len);
	if (strcmp(out.data, to) != 0) {
		print_error("line %d: \"%s\" instead of \"%s\"\n", line, out.data, to);
		fail();
	}
	assert_true(utf8_valid(out.data, out.len));
}

static void test_plain_text_stays(void **state)
{
	(void) state;
	cleans("", "");
	cleans("hello, wörld", "hello, wörld");
	cleans("日本語 👩‍👩‍👧 e\u0301", "日本語 👩‍👩‍👧 e\u0301");
}

static void test_controls_are_pictures(void **state)
{
	(void) state;
	cleans("a\0b", "a␀b");
	cleans("\x01\x7f\b\a", "␁␡␈␇");
	cleans("c1 \xc2\x9b"
	       "2J",
	       "c1 \xef\xbf\xbd"
	       "2J");
	cleans("bad \xff\xfe \xe2\x82", "bad \xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd");
	cleans("over\xc0\xaflong", "over\xef\xbf\xbd\xef\xbf\xbdlong");
}

static void test_sequences_vanish_but_colours(void **state)
{
	(void) state;
	cleans("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m");
	cleans("\x1b[2J\x1b[Hclear\x1b[K", "clear");
	cleans("\x1b]0;title\aseen", "seen");
	cleans("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link");
	cleans("\x1bPq#0\x1b\\dcs", "dcs");
	cleans("\x1b(Bcharset\x1b=\x1b"
	       "c",
	       "charset");
	cleans("\x1b[?25l\x1b[>4;2mx", "x");
	/* What does not end shows itself, and nothing behind it is hidden. */
	cleans("\x1b]0;never ends", "␛]0;never ends");
	cleans("\x1b[31", "␛[31");
	cleans("end \x1b", "end ␛");
}

static void test_tabs_and_returns(void **state)
{
	(void) state;
	cleans("a\tb", "a       b");
	cleans("\t1234567\t8", "        1234567 8");
	cleans("日本\tx", "日本    x");
	cleans("line\r", "line");
	cleans("10%\r50%\r100%", "␍100%");
	cleans("evil\rgood\r", "␍good");
}

static void test_a_megabyte(void **state)
{
	AUTO_STRBUF in = STRBUF_INIT(STRBUF_TEXT), out = STRBUF_INIT(STRBUF_TEXT);
	int64_t start = clock_ms();

	(void) state;
	for (int i = 0; i < 1 << 20; i++)
		strbuf_addc(&in, i % 3 ? 'x' : '\0');
	assert_false(log_clean(&out, in.data, in.len));
	assert_true(out.len > in.len);
	took(start, 0, 2000);
}

/* ---- levels ----------------------------------------------------------------------------------- */

#define level_is(text, level, body) check_level((text), (level), (body), __LINE__)
static void check_level(const char *text, enum log_level level, const char *body, int line)
{
	struct log_meta m = log_parse(text, strlen(text), strchr(text, '\x1b') != NULL);

	if (m.level != level || strcmp(text + m.body, body) != 0) {
		print_error("line %d: %s: %s, \"%s\"\n", line, text, log_level_name(m.level), text + m.body);
		fail();
	}
}

static void test_levels_at_the_front(void **state)
{
	(void) state;
	level_is("INFO:     172.17.0.1:1 - started", LEVEL_INFO, "172.17.0.1:1 - started");
	level_is("2026-01-02 03:04:05,678 WARNING something", LEVEL_WARN, "something");
	level_is("2026-01-02T03:04:05.678Z ERROR it broke", LEVEL_ERROR, "it broke");
	level_is("2026-01-02T03:04:05+02:00 [debug] x", LEVEL_DEBUG, "x");
	level_is("[2026-01-02 03:04:05] CRITICAL: x", LEVEL_FATAL, "x");
	level_is("03:04:05.1 | INFO | hello", LEVEL_INFO, "hello");
	level_is("time=2026-01-02T03:04:05.123Z level=warning event=call method=x", LEVEL_WARN, "call method=x");
	level_is("level=error msg=\"no\"", LEVEL_ERROR, "msg=\"no\"");
	level_is("WARNING:root:careful", LEVEL_WARN, "root:careful");
	level_is("error: no such file", LEVEL_ERROR, "no such file");
	/* Nothing is left: the line is shown whole. */
	level_is("INFO", LEVEL_INFO, "INFO");
}

static void test_levels_elsewhere(void **state)
{
	(void) state;
	level_is("2026-01-02 03:04:05,678 - app - INFO - hello", LEVEL_INFO, "app - INFO - hello");
	level_is("main.c:12 FATAL out of luck", LEVEL_FATAL, "main.c:12 FATAL out of luck");
	level_is("{\"msg\":\"x\",\"level\":\"error\"}", LEVEL_ERROR, "{\"msg\":\"x\",\"level\":\"error\"}");
	level_is("{\"severity\": \"Warning\"}", LEVEL_WARN, "{\"severity\": \"Warning\"}");
	level_is("172.17.0.1 \"POST /call HTTP/1.1\" 500 -", LEVEL_ERROR, "172.17.0.1 \"POST /call HTTP/1.1\" 500 -");
	level_is("172.17.0.1 \"GET / HTTP/1.1\" 404", LEVEL_WARN, "172.17.0.1 \"GET / HTTP/1.1\" 404");
	level_is("\x1b[32mINFO\x1b[0m:     x", LEVEL_INFO, "\x1b[32mINFO\x1b[0m:     x");
}

static void test_no_levels(void **state)
{
	(void) state;
	level_is("", LEVEL_NONE, "");
	level_is("an error in a sentence", LEVEL_NONE, "an error in a sentence");
	level_is("information INFORMED errors=0", LEVEL_NONE, "information INFORMED errors=0");
	level_is("{\"error\": null}", LEVEL_NONE, "{\"error\": null}");
	level_is("12:34:56", LEVEL_NONE, "12:34:56");
}

static unsigned flags_of(const char *text)
{
	return log_parse(text, strlen(text), strchr(text, '\x1b') != NULL).flags;
}

static void test_flags(void **state)
{
	(void) state;
	assert_int_equal(flags_of("{\"a\":1}"), LOG_JSON);
	assert_int_equal(flags_of("INFO {\"a\":1}"), LOG_JSON);
	assert_int_equal(flags_of("{not closed"), 0);
	assert_int_equal(flags_of("{'a': 1}"), 0);
	assert_int_equal(flags_of("{}"), LOG_JSON);
	assert_int_equal(flags_of("Traceback (most recent call last):"), LOG_TRACEBACK);
	assert_int_equal(flags_of("ERROR Traceback (most recent call last):"), LOG_TRACEBACK);
	assert_int_equal(flags_of("  File \"x.py\", line 1"), LOG_INDENT);
	assert_int_equal(flags_of(""), LOG_INDENT);
	assert_int_equal(flags_of("During handling of the above exception, another exception occurred:"), LOG_CHAIN);
	assert_int_equal(flags_of("1.2.3.4 - \"GET /health HTTP/1.1\" 200 OK"), LOG_HEALTH);
	assert_int_equal(flags_of("172.17.0.1 \"GET /health\" 200  1ms"), LOG_HEALTH);
	assert_int_equal(flags_of("::1 - - [x] \"HEAD /healthz HTTP/1.1\" 200 15 \"-\" \"curl\""), LOG_HEALTH);
	assert_int_equal(flags_of("\"GET /stats?since=0 HTTP/1.1\" 200"), LOG_HEALTH);
	assert_int_equal(flags_of("1.2.3.4 - \"GET /health HTTP/1.1\" 503"), 0);
	assert_int_equal(flags_of("\"GET /healthy-food HTTP/1.1\" 200"), 0);
	assert_int_equal(flags_of("he said \"GET /health\" and left"), 0);
	assert_int_equal(flags_of("\"GET /health\" 2000"), 0);
	assert_int_equal(flags_of("\x1b[1mx\x1b[0m"), LOG_SGR);
}

/* ---- colours ---------------------------------------------------------------------------------- */

static void log_spans_cleanup(struct log_spans *s)
{
	log_spans_free(s);
}

static void read_spans(struct log_spans *s, const char *text)
{
	log_spans_read(s, text, strlen(text), strchr(text, '\x1b') != NULL);
}

static void test_spans(void **state)
{
	AF_AUTO(log_spans) struct log_spans s;

	(void) state;
	log_spans_init(&s);
	read_spans(&s, "plain");
	assert_int_equal(s.count, 1);
	assert_int_equal(s.len, 5);
	read_spans(&s, "a\x1b[1;31mred\x1b[0m b");
	assert_string_equal(s.text, "ared b");
	assert_int_equal(s.count, 3);
	assert_int_equal(s.items[1].from, 1);
	assert_true(s.items[1].coloured);
	assert_int_equal(s.items[1].look.fg.value, 1);
	assert_int_equal(s.items[1].look.attributes, LOOK_BOLD);
	assert_false(s.items[2].coloured);
	/* Those that follow each other are one. */
	read_spans(&s, "\x1b[4m\x1b[38;5;200m\x1b[48;2;1;2;3mx");
	assert_int_equal(s.count, 1);
	assert_int_equal(s.items[0].look.fg.value, 200);
	assert_int_equal(s.items[0].look.bg.kind, COLOUR_RGB);
	assert_int_equal(s.items[0].look.bg.value, 0x010203);
}

static void test_sgr(void **state)
{
	struct look look = { 0 };

	(void) state;
	assert_true(log_sgr_apply(&look, "\x1b[97;1;3;7m", 11));
	assert_int_equal(look.fg.value, 15);
	assert_int_equal(look.attributes, LOOK_BOLD | LOOK_ITALIC | LOOK_REVERSE);
	assert_true(log_sgr_apply(&look, "\x1b[22;39m", 8));
	assert_int_equal(look.attributes, LOOK_ITALIC | LOOK_REVERSE);
	assert_int_equal(look.fg.kind, COLOUR_DEFAULT);
	assert_false(log_sgr_apply(&look, "\x1b[m", 3));
	/* Cut short, or nonsense: no harm. */
	assert_false(log_sgr_apply(&look, "\x1b[38;5m", 7));
	assert_false(log_sgr_apply(&look, "\x1b[999999999999m", 15));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_text_stays), cmocka_unit_test(test_controls_are_pictures),
		cmocka_unit_test(test_sequences_vanish_but_colours), cmocka_unit_test(test_tabs_and_returns),
		cmocka_unit_test(test_a_megabyte), cmocka_unit_test(test_levels_at_the_front),
		cmocka_unit_test(test_levels_elsewhere), cmocka_unit_test(test_no_levels),
		cmocka_unit_test(test_flags), cmocka_unit_test(test_spans), cmocka_unit_test(test_sgr),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return RUN(tests);
}
