/* base/clock and base/bytes: durations, times, sizes, numbers, encodings. */
#include "unit.h"

#include "base/bytes.h"

static void is_duration(const char *text, int64_t want)
{
	int64_t ms = -1;

	ok(duration_parse(text, &ms, &err));
	assert_int_equal(ms, want);
}

static void test_durations(void **state)
{
	static const char *const bad[] = { "", "s", "-1", "1x", "1 s", "1.2.3", "1S", "1e3", ".", "99999999999999999999d", "1m30s" };

	(void) state;
	is_duration("90", 90000);
	is_duration("0", 0);
	is_duration("1.5s", 1500);
	is_duration("500ms", 500);
	is_duration("10m", 600000);
	is_duration("2h", 7200000);
	is_duration("1d", 86400000);
	is_duration("0.0005", 1);
	is_duration(".5", 500);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t ms = -7;
		fails(duration_parse(bad[i], &ms, &err), AF_ERR_USAGE, "is not a duration");
		assert_int_equal(ms, -7);
	}
}

static void test_durations_for_people(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ -5, "0 ms" },        { 38, "38 ms" },      { 999, "999 ms" },   { 1000, "1.0 s" },       { 4190, "4.1 s" },
		{ 59999, "59.9 s" },   { 60000, "1m00s" },   { 192000, "3m12s" }, { 3600000, "1h00m" },    { 86399999, "23h59m" },
		{ 86400000, "1d" },    { 432000000, "5d" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_STRBUF sb = STRBUF_INIT(64);
		duration_format(&sb, rows[i].ms);
		assert_string_equal(sb.data, rows[i].text);
	}
}

static void test_short_durations_for_people(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} rows[] = {
		{ -5, "0 ms" }, { 0, "0.0 ms" }, { 912, "0.9 ms" }, { 9999, "9.9 ms" }, { 10400, "10 ms" }, { 530000, "530 ms" },
		{ 1910000, "1.9 s" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_STRBUF sb = STRBUF_INIT(64);
		duration_format_us(&sb, rows[i].us);
		assert_string_equal(sb.data, rows[i].text);
	}
}

static void test_deadlines(void **state)
{
	(void) state;
	assert_int_equal(deadline_in(0), DEADLINE_NONE);
	assert_int_equal(deadline_in(-1), DEADLINE_NONE);
	assert_int_equal(deadline_in(INT64_MAX), DEADLINE_NONE);
	assert_int_equal(deadline_left(DEADLINE_NONE), INT64_MAX);
	assert_int_equal(deadline_left(clock_ms() - 1), 0);
	int64_t left = deadline_left(deadline_in(100000));
	assert_true(left > 90000 && left <= 100000);
}

static void is_time(const char *text, int64_t want_ns)
{
	int64_t ns = 0;

	assert_int_equal(rfc3339_parse(text, strlen(text), &ns), strlen(text));
	assert_int_equal(ns, want_ns);
}

static void test_reading_times(void **state)
{
	static const char *const bad[] = { "", "2026", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z",
					   "2026-00-02T03:04:05Z", "2026-01-32T03:04:05Z", "2026-01-02T24:04:05Z",
					   "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z", "2026-01-02T03:04:05+02", "2026-1-2T03:04:05Z",
					   "2026-01-02X03:04:05Z" };
	int64_t ns;

	(void) state;
	is_time("1970-01-01T00:00:00Z", 0);
	is_time("2026-01-02T03:04:05.123456789Z", INT64_C(1767323045123456789));
	is_time("2026-01-02t03:04:05z", INT64_C(1767323045000000000));
	is_time("2026-01-02 03:04:05.5+02:00", INT64_C(1767315845500000000));
	is_time("2026-01-02T03:04:05-00:30", INT64_C(1767324845000000000));
	is_time("2026-01-02T03:04:05.1234567891234Z", INT64_C(1767323045123456789));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (rfc3339_parse(bad[i], strlen(bad[i]), &ns))
			fail_msg("taken for a time: %s", bad[i]);
	/* A log line: the rest is left. */
	assert_int_equal(rfc3339_parse("2026-01-02T03:04:05Z hello", 26, &ns), 20);
	for (size_t len = 0; len < 30; len++)
		assert_int_equal(rfc3339_parse("2026-01-02T03:04:05.123456789Z", len, &ns), 0);
}

static void test_writing_times(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(64);

	(void) state;
	rfc3339_format(&sb, INT64_C(1767323045123));
	assert_string_equal(sb.data, "2026-01-02T03:04:05.123Z");
	strbuf_reset(&sb);
	rfc3339_format(&sb, -1);
	assert_string_equal(sb.data, "1969-12-31T23:59:59.999Z");
}

static void test_since(void **state)
{
	int64_t ms = 0;

	(void) state;
	ok(since_parse("2026-01-02T03:04:05Z", &ms, &err));
	assert_int_equal(ms, INT64_C(1767323045000));
	ok(since_parse("1767323045", &ms, &err));
	assert_int_equal(ms, INT64_C(1767323045000));
	int64_t now = wall_ms();
	ok(since_parse("10m", &ms, &err));
	assert_true(ms >= now - 600000 && ms < now - 600000 + PATIENCE_MS);
	fails(since_parse("yesterday", &ms, &err), AF_ERR_USAGE, "no point in time");
	fails(since_parse("", &ms, &err), AF_ERR_USAGE, "no point in time");
	fails(since_parse("2026-01-02T03:04:05Zx", &ms, &err), AF_ERR_USAGE, "no point in time");
}

static void test_clocks_go_forward(void **state)
{
	int64_t before = clock_us();

	(void) state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_us();
		assert_true(now >= before);
		before = now;
	}
	assert_true(wall_ms() > INT64_C(1700000000000));
}

/* ---- bytes -------------------------------------------------------------------- */

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} rows[] = {
		{ "0", 0 },           { "1048576", 1048576 }, { "512m", 536870912 },   { "2g", INT64_C(2147483648) },
		{ "1.5GiB", 1610612736 }, { "1kb", 1024 },    { "7B", 7 },             { "1T", INT64_C(1099511627776) },
		{ "0.5k", 512 },      { "9007199254740991", INT64_C(9007199254740991) },
	};
	static const char *const bad[] = { "", "m", "-1m", "1x", "1 m", "1.2.3m", "99999999t", "1e3", "0x10", "1mm", "nan" };
	int64_t bytes;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ok(size_parse(rows[i].text, &bytes, &err));
		assert_int_equal(bytes, rows[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		fails(size_parse(bad[i], &bytes, &err), AF_ERR_USAGE, "is not a size");
}

static void test_sizes_for_people(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} rows[] = {
		{ 0, "0B" }, { 999, "999B" }, { 1000, "1.0K" }, { 1024, "1.0K" }, { 10240, "10K" }, { 1023 * 1024, "1.0M" },
		{ INT64_C(1503238553), "1.4G" }, { INT64_C(201) << 20, "201M" }, { INT64_MAX, "8192P" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_STRBUF sb = STRBUF_INIT(64);
		size_format(&sb, rows[i].bytes);
		assert_string_equal(sb.data, rows[i].text);
		assert_true(sb.len <= 5);
	}
}

static void test_integers(void **state)
{
	static const char *const bad[] = { "", "-", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "11", "-1", "a" };
	int64_t value = 7;

	(void) state;
	assert_true(int_parse("10", 0, 10, &value));
	assert_int_equal(value, 10);
	assert_true(int_parse("-9223372036854775808", INT64_MIN, INT64_MAX, &value));
	assert_true(value == INT64_MIN);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (int_parse(bad[i], 0, 10, &value))
			fail_msg("taken for an integer: %s", bad[i]);
}

static void test_doubles(void **state)
{
	static const char *const bad[] = { "", "nan", "inf", "0x1p3", "1e999", "1,5", "1.2.3", "1e", " 1", "--1" };
	double value = 0;

	(void) state;
	assert_true(double_parse("0.5", &value));
	assert_true(value == 0.5);
	assert_true(double_parse("-1e3", &value));
	assert_true(value == -1000);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (double_parse(bad[i], &value))
			fail_msg("taken for a number: %s", bad[i]);
}

static void round_trip(const char *data, size_t len, bool url, const char *want)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT), back = STRBUF_INIT(STRBUF_TEXT);

	base64_add(&text, data, len, url);
	assert_string_equal(text.data, want);
	assert_true(base64_decode(&back, text.data, text.len));
	assert_int_equal(back.len, len);
	assert_memory_equal(back.data, data, len);
}

static void test_base64(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	round_trip("", 0, false, "");
	round_trip("f", 1, false, "Zg==");
	round_trip("fo", 2, false, "Zm8=");
	round_trip("foo", 3, false, "Zm9v");
	round_trip("foobar", 6, true, "Zm9vYmFy");
	round_trip("\xfb\xff\xfe", 3, false, "+//+");
	round_trip("\xfb\xff\xfe\x00", 4, true, "-__-AA");
	assert_false(base64_decode(&sb, "A", 1));
	assert_false(base64_decode(&sb, "AB*D", 4));
	assert_false(base64_decode(&sb, "AB\0D", 4));
	assert_true(base64_decode(&sb, "Zg", 2));
}

static void test_utf8(void **state)
{
	(void) state;
	assert_int_equal(utf8_len("", 0), 0);
	assert_int_equal(utf8_len("\0", 1), 1);
	assert_int_equal(utf8_len("\xc3\xa4", 2), 2);
	assert_int_equal(utf8_len("\xc3\xa4", 1), 0);
	assert_int_equal(utf8_len("\xe2\x82\xac", 3), 3);
	assert_int_equal(utf8_len("\xf0\x9f\x98\x80", 4), 4);
	assert_int_equal(utf8_len("\x80", 1), 0);
	assert_int_equal(utf8_len("\xc0\x80", 2), 0);
	assert_int_equal(utf8_len("\xe0\x80\x80", 3), 0);
	assert_int_equal(utf8_len("\xed\xa0\x80", 3), 0);
	assert_int_equal(utf8_len("\xf0\x80\x80\x80", 4), 0);
	assert_int_equal(utf8_len("\xf4\x90\x80\x80", 4), 0);
	assert_int_equal(utf8_len("\xf5\x80\x80\x80", 4), 0);
	assert_true(utf8_valid("a\xc3\xa4" "b", 4));
	assert_false(utf8_valid("a\xc3", 2));
}

static void test_urls(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	url_add_escaped(&sb, "a/b c?d=e&f%\xc3\xa4-._~");
	assert_string_equal(sb.data, "a%2Fb%20c%3Fd%3De%26f%25%C3%A4-._~");
}

static void is_safe(const char *text, size_t len, bool lines, const char *want)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	text_add_safe(&sb, text, len, lines);
	assert_string_equal(sb.data, want);
	assert_true(utf8_valid(sb.data, sb.len));
}

static void test_text_for_terminals(void **state)
{
	(void) state;
	is_safe("plain \xc3\xa4", 8, false, "plain \xc3\xa4");
	is_safe("\x1b[31m\x07", 6, true, "\\x1b[31m\\x07");
	is_safe("a\nb\tc\r", 6, true, "a\nb\tc\\x0d");
	is_safe("a\nb\t", 4, false, "a\\x0ab\\x09");
	is_safe("\xc2\x9b" "31m", 5, true, "\\x9b31m"); /* CSI in one character */
	is_safe("\x9b\xff", 2, true, "\xef\xbf\xbd\xef\xbf\xbd");
	is_safe("a\0b", 3, true, "a\\x00b");
	is_safe("\x7f", 1, true, "\\x7f");
}

static void test_random(void **state)
{
	AUTO_STRBUF a = STRBUF_INIT(STRBUF_LINE), b = STRBUF_INIT(STRBUF_LINE), small = STRBUF_INIT(3);

	(void) state;
	ok(random_hex(&a, 100, &err));
	ok(random_hex(&b, 100, &err));
	assert_int_equal(a.len, 200);
	assert_int_equal(strspn(a.data, "0123456789abcdef"), 200);
	assert_string_not_equal(a.data, b.data);
	fails(random_hex(&small, 16, &err), AF_ERR_TOO_LARGE, "limit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_durations_for_people),
		cmocka_unit_test(test_short_durations_for_people),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_reading_times),
		cmocka_unit_test(test_writing_times),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_clocks_go_forward),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_sizes_for_people),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_text_for_terminals),
		cmocka_unit_test(test_random),
	};

	return RUN(tests);
}
