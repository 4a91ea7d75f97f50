/* The config file: what is wrong is named by line and left out, the rest holds. */
#include <curses.h>

#include "unit.h"

#include "ui/config.h"

static struct options options;
static struct keymap *keymap;
static struct strlist errors;

static int begin(void **state UNUSED)
{
	config_defaults(&options);
	keymap = keymap_new(&err);
	return !keymap;
}

static int end(void **state UNUSED)
{
	options_free(&options);
	keymap_free(keymap);
	strlist_free(&errors);
	return 0;
}

/* Reads it and expects so many complaints. */
static void parse(const char *text, size_t complaints)
{
	strlist_free(&errors);
	ok(config_parse(&options, keymap, "conf", text, &errors, &err));
	if (errors.count != complaints)
		fail_msg("%zu complaints, not %zu; the first: %s", errors.count, complaints,
			 errors.count ? errors.items[0] : "none");
}

static void bound(enum action action, const char *want)
{
	AUTO_FREE char *keys = keymap_keys(keymap, action, NULL);

	assert_string_equal(keys, want);
}

static void test_defaults(void **state UNUSED)
{
	parse("", 0);
	assert_string_equal(options.theme, "dark");
	assert_true(options.mouse && options.color);
	assert_false(options.readonly || options.ascii);
	assert_int_equal(options.log_lines, 100000);
	assert_int_equal(options.log_bytes, 64 * 1024 * 1024);
	assert_int_equal(options.time_format, 1);
}

static void test_options(void **state UNUSED)
{
	parse("# a comment\n\n  theme=mono\r\nreadonly = yes\n\tmouse =off  \nlog-lines = 200000\nlog-bytes = 1m\n"
	      "time-format = utc", 0);
	assert_string_equal(options.theme, "mono");
	assert_true(options.readonly);
	assert_false(options.mouse);
	assert_int_equal(options.log_lines, 200000);
	assert_int_equal(options.log_bytes, 1024 * 1024);
	assert_int_equal(options.time_format, 3);
}

static void test_errors_by_line(void **state UNUSED)
{
	parse("theme = light\nnonsense\nreadonly = perhaps\n\n# x\nlog-lines = 7\nlog-bytes = -1\ncolour = true\n= 3\n"
	      "theme =\n", 7);
	has_text(errors.items[0], "conf:2: NAME = VALUE");
	has_text(errors.items[1], "conf:3: readonly cannot be \"perhaps\" (default: false)");
	has_text(errors.items[2], "conf:6: log-lines");
	has_text(errors.items[3], "conf:7: log-bytes");
	has_text(errors.items[4], "conf:8: there is no option colour");
	has_text(errors.items[5], "conf:9:");
	has_text(errors.items[6], "conf:10: theme");
	/* The wrong lines changed nothing. */
	assert_string_equal(options.theme, "light");
	assert_false(options.readonly);
	assert_int_equal(options.log_lines, 100000);
}

static void test_keys(void **state UNUSED)
{
	parse("key.quit = ^Q\nkey.stop = F8 D\n", 0);
	bound(ACT_QUIT, "^Q");
	bound(ACT_STOP, "F8 D");
	parse("key.stop =\n", 0);
	bound(ACT_STOP, "");
}

static void test_swapped_keys(void **state UNUSED)
{
	parse("key.stop = x\nkey.remove = s\n", 0);
	bound(ACT_STOP, "x");
	bound(ACT_REMOVE, "s");
	assert_int_equal(keymap_find(keymap, (const enum key_context[]){ KEYS_ENVS, KEYS_GLOBAL }, 'x'), ACT_STOP);
}

static void test_clashes(void **state UNUSED)
{
	parse("theme = light\nkey.stop = x\n", 1);
	has_text(errors.items[0], "conf:2:");
	has_text(errors.items[0], "remove");
	bound(ACT_REMOVE, "x");
	bound(ACT_STOP, "s"); /* as if the line were not there */
}

static void test_bad_keys(void **state UNUSED)
{
	parse("key.stop = NoSuchKey\nkey.nothing = x\nkey. = x\nkey.quit = \n", 3);
	has_text(errors.items[0], "conf:1:");
	has_text(errors.items[1], "conf:2:");
	has_text(errors.items[2], "conf:3:");
	bound(ACT_STOP, "s");
	bound(ACT_QUIT, "");
	/* A key that another line took meanwhile is not taken back. */
	parse("key.stop = NoSuchKey\nkey.remove = s\n", 1);
	bound(ACT_REMOVE, "s");
	bound(ACT_STOP, "");
}

static void test_hostile(void **state UNUSED)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	parse("\033]0;evil\a = 1\n", 1);
	assert_null(strchr(errors.items[0], 033));
	for (int i = 0; i < 300000; i++)
		strbuf_addc(&text, 'x');
	parse(text.data, 1);
	strbuf_insert(&text, 0, "readonly = ", strlen("readonly = "));
	parse(text.data, 1);
	strbuf_reset(&text);
	for (int i = 0; i < 20000; i++)
		strbuf_adds(&text, "=\n");
	parse(text.data, 20000);
	parse("log-lines = 99999999999999999999\nlog-bytes = 99999999999999999999t\nkey.stop = \xff\xfe\n", 3);
	parse("\r\n\r\n   \r\n#\r\n", 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),	 TEST(test_options), TEST(test_errors_by_line), TEST(test_keys),
		TEST(test_swapped_keys), TEST(test_clashes), TEST(test_bad_keys),	TEST(test_hostile),
	};

	return RUN(tests);
}
