/* command/logmerge, logline, logsource, pattern: lines of logs. */
#include "unit.h"

#include <string.h>

#include "command/logline.h"
#include "command/logsource.h"
#include "command/pattern.h"

static void logmerge_cleanup(struct logmerge **m)
{
	logmerge_free(*m);
}

static void add(struct logmerge *m, size_t source, int64_t ns, const char *text, int64_t now_ms)
{
	struct log_line line = { .ns = ns, .text = text, .len = strlen(text) };

	assert_true(logmerge_add(m, source, &line, now_ms));
}

static void expect_next(struct logmerge *m, int64_t now_ms, size_t source, const char *text)
{
	struct log_line line;
	size_t from;

	assert_true(logmerge_next(m, now_ms, &from, &line));
	assert_int_equal(from, source);
	assert_int_equal(line.len, strlen(text));
	assert_memory_equal(line.text, text, line.len);
}

static void expect_none(struct logmerge *m, int64_t now_ms)
{
	struct log_line line;
	size_t from;

	assert_false(logmerge_next(m, now_ms, &from, &line));
}

/* ---- merging ---------------------------------------------------------------------------------- */

static void test_merge_is_in_order_of_time(void **state)
{
	AF_AUTO(logmerge) struct logmerge *m = logmerge_new(3, -1, NULL);

	(void) state;
	add(m, 0, 10, "a", 0);
	add(m, 0, 40, "d", 0);
	add(m, 1, 20, "b", 0);
	add(m, 2, 30, "c", 0);
	for (size_t i = 0; i < 3; i++)
		logmerge_end(m, i);
	expect_next(m, 0, 0, "a");
	expect_next(m, 0, 1, "b");
	expect_next(m, 0, 2, "c");
	assert_false(logmerge_done(m));
	expect_next(m, 0, 0, "d");
	expect_none(m, 0);
	assert_true(logmerge_done(m));
}

static void test_merge_waits_for_every_source(void **state)
{
	AF_AUTO(logmerge) struct logmerge *m = logmerge_new(2, -1, NULL);

	(void) state;
	add(m, 0, 10, "a", 0);
	expect_none(m, 1000000);
	assert_int_equal(logmerge_due(m, 1000000), -1);
	add(m, 1, 5, "b", 0);
	expect_next(m, 0, 1, "b");
	expect_none(m, 0);
	logmerge_end(m, 1);
	expect_next(m, 0, 0, "a");
}

static void test_window_lets_lines_go(void **state)
{
	AF_AUTO(logmerge) struct logmerge *m = logmerge_new(2, 200, NULL);

	(void) state;
	add(m, 0, 10, "a", 1000);
	expect_none(m, 1199);
	assert_int_equal(logmerge_due(m, 1150), 50);
	add(m, 1, 5, "late but in time", 1150);
	expect_next(m, 1151, 1, "late but in time");
	expect_none(m, 1151);
	expect_next(m, 1200, 0, "a");
	assert_int_equal(logmerge_due(m, 1200), -1);
	assert_false(logmerge_done(m));
}

static void test_lines_of_a_source_keep_their_order(void **state)
{
	AF_AUTO(logmerge) struct logmerge *m = logmerge_new(1, 200, NULL);

	(void) state;
	add(m, 0, 20, "first", 0);
	add(m, 0, 10, "second", 0);
	/* With a single source there is nothing to wait for. */
	logmerge_end(m, 0);
	expect_next(m, 0, 0, "first");
	expect_next(m, 0, 0, "second");
}

static void test_equal_times_do_not_starve(void **state)
{
	AF_AUTO(logmerge) struct logmerge *m = logmerge_new(2, -1, NULL);

	(void) state;
	add(m, 0, 10, "a", 0);
	add(m, 1, 10, "b", 0);
	logmerge_end(m, 0);
	logmerge_end(m, 1);
	expect_next(m, 0, 0, "a");
	expect_next(m, 0, 1, "b");
}

static void test_long_runs_keep_memory_flat(void **state)
{
	AF_AUTO(logmerge) struct logmerge *m = logmerge_new(1, -1, NULL);
	char text[1000];

	(void) state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 1000; i++)
		add(m, 0, i, text, 0);
	size_t before = logmerge_held(m, 0);
	for (int i = 0; i < 20000; i++) {
		expect_next(m, 0, 0, text);
		add(m, 0, 1000 + i, text, 0);
	}
	assert_int_equal(logmerge_held(m, 0), before);
}

static void test_any_bytes_pass(void **state)
{
	AF_AUTO(logmerge) struct logmerge *m = logmerge_new(1, -1, NULL);
	struct log_line line = { .ns = 1, .text = "a\0b\xff", .len = 4 };
	size_t from;

	(void) state;
	assert_true(logmerge_add(m, 0, &line, 0));
	logmerge_end(m, 0);
	assert_true(logmerge_next(m, 0, &from, &line));
	assert_int_equal(line.len, 4);
	assert_memory_equal(line.text, "a\0b\xff", 4);
	line = (struct log_line){ .text = "", .len = 0 };
	assert_true(logmerge_add(m, 0, &line, 0));
	assert_true(logmerge_next(m, 0, &from, &line));
	assert_int_equal(line.len, 0);
}

/* ---- resuming --------------------------------------------------------------------------------- */

static void test_resuming_skips_what_was_seen(void **state)
{
	struct log_source s = { 0 };

	(void) state;
	assert_true(log_source_is_new(&s, 10));
	assert_true(log_source_is_new(&s, 20));
	assert_true(log_source_is_new(&s, 20));
	log_source_resume(&s);
	assert_int_equal(s.since_ns, 20);
	assert_false(log_source_is_new(&s, 10)); /* an engine that rounds down */
	assert_false(log_source_is_new(&s, 20));
	assert_false(log_source_is_new(&s, 20));
	assert_true(log_source_is_new(&s, 20)); /* a third line of that very time */
	assert_true(log_source_is_new(&s, 30));
	log_source_resume(&s);
	assert_int_equal(s.skip, 1);
}

static void test_resuming_twice_without_a_line_between(void **state)
{
	struct log_source s = { 0 };

	(void) state;
	assert_true(log_source_is_new(&s, 20));
	log_source_resume(&s);
	assert_false(log_source_is_new(&s, 20));
	log_source_resume(&s);
	assert_false(log_source_is_new(&s, 20));
	assert_true(log_source_is_new(&s, 21));
}

static void test_resuming_in_the_middle_of_one_time(void **state)
{
	struct log_source s = { 0 };

	(void) state;
	assert_true(log_source_is_new(&s, 20));
	log_source_resume(&s);
	assert_false(log_source_is_new(&s, 20));
	assert_true(log_source_is_new(&s, 20));
	log_source_resume(&s);
	assert_int_equal(s.skip, 2);
}

static void test_resuming_before_any_line(void **state)
{
	struct log_source s = { .since_ns = 5 };

	(void) state;
	log_source_resume(&s);
	assert_int_equal(s.since_ns, 5);
	assert_true(log_source_is_new(&s, 5));
}

/* ---- showing ------------------------------------------------------------------------------------ */

static void expect_line(const struct log_style *style, int replica, const char *text, size_t time_len, const char *want)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
	struct log_line line = { .time_len = time_len, .text = text, .len = strlen(text) };

	log_line_format(&sb, style, replica, &line);
	assert_string_equal(sb.data, want);
}

static void test_styles_of_lines(void **state)
{
	static const char timed[] = "2026-01-02T03:04:05Z hello";

	(void) state;
	expect_line(&(struct log_style){ 0 }, 0, "hello", 0, "hello\n");
	expect_line(&(struct log_style){ 0 }, 0, timed, 20, "hello\n");
	expect_line(&(struct log_style){ .timestamps = true }, 0, timed, 20, "2026-01-02T03:04:05Z hello\n");
	expect_line(&(struct log_style){ .numbers = true }, 12, timed, 20, "12 | hello\n");
	expect_line(&(struct log_style){ .numbers = true, .color = true }, 0, "hi", 0, "\x1b[36m0 |\x1b[0m hi\n");
	/* An empty line has a time and nothing behind it. */
	expect_line(&(struct log_style){ 0 }, 0, "2026-01-02T03:04:05Z", 20, "\n");
	expect_line(&(struct log_style){ 0 }, 0, "\x1b[2J\xff", 0, "\x1b[2J\xff\n");
}

static void expect_safe(const char *text, bool color, const char *want)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	log_add_safe(&sb, text, strlen(text), color);
	assert_string_equal(sb.data, want);
}

static void test_terminals_are_safe(void **state)
{
	(void) state;
	expect_safe("plain\ttext \xc3\xa9", true, "plain\ttext \xc3\xa9");
	expect_safe("\x1b[1;31mred\x1b[m", true, "\x1b[1;31mred\x1b[m\x1b[0m");
	expect_safe("\x1b[1;31mred\x1b[m", false, "red");
	expect_safe("\x1b[2Jx", true, "\\x1b[2Jx");
	expect_safe("\x1b]0;title\x07", true, "\\x1b]0;title\\x07");
	expect_safe("a\rb", true, "a\\x0db");
	expect_safe("\xff\xc2\x9b", true, "\xef\xbf\xbd\\x9b");
	expect_safe("\x1b[38;5;", true, "\\x1b[38;5;");
	expect_safe("\x1b[", true, "\\x1b[");
	expect_safe("\x1b", true, "\\x1b");
}

/* ---- choosing ----------------------------------------------------------------------------------- */

static void test_patterns(void **state)
{
	struct pattern *p;

	(void) state;
	assert_int_equal(pattern_new("task_id\\W+17\\b", &p, NULL), AF_OK);
	assert_true(pattern_matches(p, "call task_id: 17 ok", 19));
	assert_false(pattern_matches(p, "call task_id: 175", 17));
	assert_true(pattern_matches(p, "\xff\xfe task_id=17", 13));
	assert_false(pattern_matches(p, "", 0));
	pattern_free(p);
	assert_int_equal(pattern_new("\xc3\x89t\xc3\xa9", &p, NULL), AF_OK);
	assert_true(pattern_matches(p, "l'\xc3\x89t\xc3\xa9", 7));
	pattern_free(p);
}

static void test_bad_pattern_names_the_place(void **state)
{
	struct pattern *p;

	(void) state;
	fails(pattern_new("a(b", &p, &err), AF_ERR_USAGE, "\"a(b\" is no regular expression");
	fails(pattern_new("a(b", &p, &err), AF_ERR_USAGE, "at character 4");
}

static void test_pattern_gives_up_in_time(void **state)
{
	char line[200];
	struct pattern *p;

	(void) state;
	memset(line, 'a', sizeof(line));
	assert_int_equal(pattern_new("(a+)+(b+)+$", &p, NULL), AF_OK);
	assert_false(pattern_matches(p, line, sizeof(line)));
	pattern_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge_is_in_order_of_time),
		cmocka_unit_test(test_merge_waits_for_every_source),
		cmocka_unit_test(test_window_lets_lines_go),
		cmocka_unit_test(test_lines_of_a_source_keep_their_order),
		cmocka_unit_test(test_equal_times_do_not_starve),
		cmocka_unit_test(test_long_runs_keep_memory_flat),
		cmocka_unit_test(test_any_bytes_pass),
		cmocka_unit_test(test_resuming_skips_what_was_seen),
		cmocka_unit_test(test_resuming_twice_without_a_line_between),
		cmocka_unit_test(test_resuming_in_the_middle_of_one_time),
		cmocka_unit_test(test_resuming_before_any_line),
		cmocka_unit_test(test_styles_of_lines),
		cmocka_unit_test(test_terminals_are_safe),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_bad_pattern_names_the_place),
		cmocka_unit_test(test_pattern_gives_up_in_time),
	};

	return cmocka_run_group_tests_name("logmerge", tests, NULL, NULL);
}
