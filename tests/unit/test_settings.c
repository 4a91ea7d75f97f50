/* base/settings: lines of the config file. */
#include "unit.h"

#include "base/settings.h"

static void expect_next(struct setting *s, int line, const char *name, const char *value)
{
	assert_true(setting_next(s));
	assert_int_equal(s->line, line);
	assert_string_equal(s->name ? s->name : "-", name ? name : "-");
	assert_string_equal(s->value ? s->value : "-", value ? value : "-");
}

static void test_lines(void **state)
{
	AF_AUTO(setting) struct setting s = { .next = "# comment\n\n  theme = dark \r\nhost=ssh://a\n\t# more\nnonsense\n= x\na = b = c" };

	(void) state;
	expect_next(&s, 3, "theme", "dark");
	expect_next(&s, 4, "host", "ssh://a");
	expect_next(&s, 6, NULL, NULL);
	expect_next(&s, 7, NULL, NULL);
	expect_next(&s, 8, "a", "b = c");
	assert_false(setting_next(&s));
	assert_false(setting_next(&s));
}

static void test_nothing(void **state)
{
	AF_AUTO(setting) struct setting s = { .next = "" };

	(void) state;
	assert_false(setting_next(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines), cmocka_unit_test(test_nothing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
