/* .dockerignore: the cases of Docker's documentation and of moby/patternmatcher. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "image/ignore.h"

static bool excludes(const char *patterns, const char *path)
{
	AF_AUTO(ignore) struct ignore *ig = NULL;

	assert_int_equal(ignore_parse(patterns, strlen(patterns), &ig, NULL), AF_OK);
	return ignore_excludes(ig, path);
}

struct match_case {
	const char *patterns, *path;
	bool excluded;
};

static void check_cases(const struct match_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (excludes(cases[i].patterns, cases[i].path) != cases[i].excluded)
			fail_msg("patterns '%s': '%s' should %sbe excluded", cases[i].patterns, cases[i].path,
				 cases[i].excluded ? "" : "not ");
}

#define CHECK(...)                                                   \
	do {                                                         \
		static const struct match_case cases[] = { __VA_ARGS__ }; \
		check_cases(cases, ARRAY_LEN(cases));                \
	} while (0)

static void test_plain(void **state)
{
	(void) state;
	CHECK({ "fileutils.go", "fileutils.go", true }, { "fileutils.go", "other.go", false },
	      { "fileutils.go", "a/fileutils.go", false }, { "build", "build/x/y", true }, { "build", "builder", false },
	      { "build/x", "build", false }, { "build/x", "build/x/deep/er", true });
}

static void test_star(void **state)
{
	(void) state;
	CHECK({ "*", "fileutils.go", true }, { "*", "a/b", true }, { "*.go", "fileutils.go", true }, { "*.go", "a/x.go", false },
	      { "*/temp*", "somedir/temporary.txt", true }, { "*/temp*", "somedir/temp", true },
	      { "*/temp*", "temp", false }, { "*/*/temp*", "somedir/subdir/temporary.txt", true },
	      { "*/*/temp*", "somedir/temporary.txt", false }, { "a*b", "ab", true }, { "a*b", "axxb", true },
	      { "a*b", "a/b", false }, { "dir/*", "dir", false }, { "dir/*", "dir/x", true }, { "dir/*", "dir/x/y", true },
	      { "*.x.*", "a.x.b", true }, { "*.x.*", "a.y.b", false });
}

static void test_question_mark(void **state)
{
	(void) state;
	CHECK({ "temp?", "tempa", true }, { "temp?", "temp", false }, { "temp?", "tempab", false }, { "temp?", "temp/", false },
	      { "a?c", "a/c", false }, { "a?c", "a\xc3\xa4""c", true }, { "a?c", "a\xff""c", true });
}

static void test_double_star(void **state)
{
	(void) state;
	CHECK({ "**", "file", true }, { "**", "a/b/c", true }, { "**/", "file", true }, { "**/", "file/", true },
	      { "**/file", "file", true }, { "**/file", "a/file", true }, { "**/file", "a/b/file", true },
	      { "**/file", "a/b/afile", false }, { "**/*.go", "main.go", true }, { "**/*.go", "x/y/main.go", true },
	      { "**/*.go", "x/main.gone", false }, { "dir/**", "dir", false }, { "dir/**", "dir/file", true },
	      { "dir/**", "dir/a/b", true }, { "dir/**/", "dir/a/b", true }, { "**/dir2/*", "dir/dir2/file", true },
	      { "**/dir2/*", "dir/dir2/a/file", true }, { "**/dir2/**", "dir/dir2/a/file", true },
	      { "**file", "file", true }, { "**file", "dir/file", true }, { "**/**/*.txt", "dir/dir/file.txt", true },
	      { "a**/*.txt", "a/file.txt", true }, { "a**/*.txt", "a/dir/file.txt", true },
	      { "a**/*.txt", "b/file.txt", false }, { "a/**/b", "a/b", true }, { "a/**/b", "a/x/y/b", true },
	      { "a/**/b", "a/xb", false }, { "**/.foo", ".foo", true }, { "**/.foo", "bar.foo", false },
	      { "**/foo/bar", "x/foo/bar", true }, { "foo**bar", "foo/a/bar", true }, { "***/x", "a/b/x", true });
}

static void test_classes(void **state)
{
	(void) state;
	CHECK({ "[a-c].txt", "b.txt", true }, { "[a-c].txt", "d.txt", false }, { "[^a-c].txt", "d.txt", true },
	      { "[^a-c].txt", "a.txt", false }, { "[^a]b", "/b", false }, { "x[\\]]y", "x]y", true }, { "[-x]", "-", true },
	      { "[x-]", "-", true }, { "f[ab][cd]", "fad", true }, { "[\xc3\xa4-\xc3\xbc]", "\xc3\xb6", true });
}

static void test_escapes(void **state)
{
	(void) state;
	CHECK({ "a\\*b", "a*b", true }, { "a\\*b", "axb", false }, { "a\\?", "a?", true }, { "\\[x", "[x", true },
	      { "a.b", "axb", false }, { "a+b", "aab", false }, { "a$", "a", false }, { "a$", "a$", true },
	      { "(x)", "(x)", true }, { "{a,b}", "a", false }, { "a|b", "a", false });
}

static void test_exceptions(void **state)
{
	(void) state;
	CHECK({ "*.md\n!README.md", "README.md", false }, { "*.md\n!README.md", "OTHER.md", true },
	      { "!README.md\n*.md", "README.md", true }, { "*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true },
	      { "*.md\n!README*.md\nREADME-secret.md", "README-x.md", false },
	      { "*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false }, { "**\n!util/docker/web", "util/docker/web/foo", false },
	      { "**\n!util/docker/web", "util/docker", true }, { "docs\n!docs/keep", "docs/keep/a", false },
	      { "docs\n!docs/keep", "docs/a", true }, { "*\n! env.py", "env.py", false }, { "!x", "y", false });
}

static void test_lines(void **state)
{
	(void) state;
	CHECK({ "# comment\n\n  a  \r\n\tb\t", "a", true }, { "# comment\n\n  a  \r\n\tb\t", "b", true },
	      { "#a", "#a", false }, { "\\#a", "#a", true }, { " #a", "#a", true }, { "\xef\xbb\xbf""a", "a", true },
	      { "", "a", false }, { "/a", "a", true }, { "./a", "a", true }, { "a/", "a", true }, { "a//b", "a/b", true },
	      { "a/./b/", "a/b", true }, { "a/../b", "b", true }, { "../a", "a", false }, { "/../a", "a", true },
	      { "a/b/../..", "a", false }, { "x/../../a", "a", false }, { "/", "a", false }, { ".", "a", false },
	      { "!/x\nx", "x", true });
}

static void expect_error(const char *patterns, const char *message)
{
	AF_AUTO(ignore) struct ignore *ig = NULL;
	struct af_error err = AF_ERROR_INIT;

	assert_int_equal(ignore_parse(patterns, strlen(patterns), &ig, &err), AF_ERR_USAGE);
	assert_string_equal(err.message, message);
	af_error_clear(&err);
}

static void test_errors(void **state)
{
	(void) state;
	expect_error("a\n!", "line 2: '!' without a pattern");
	expect_error("[", "line 1: '[' without ']'");
	expect_error("x\ny\n[a-", "line 3: '[' without ']'");
	expect_error("[]", "line 1: '[' without ']'");
	expect_error("[z-a]", "line 1: a range in '[…]' ends before it begins");
}

static bool keeps_below(const char *patterns, const char *dir)
{
	AF_AUTO(ignore) struct ignore *ig = NULL;

	assert_int_equal(ignore_parse(patterns, strlen(patterns), &ig, NULL), AF_OK);
	return ignore_may_keep_below(ig, dir);
}

static void test_keep_below(void **state)
{
	(void) state;
	assert_false(keeps_below("node_modules", "node_modules"));
	assert_true(keeps_below("*\n!a/b/c", "a"));
	assert_true(keeps_below("*\n!a/b/c", "a/b"));
	assert_false(keeps_below("*\n!a/b/c", "a/x"));
	assert_false(keeps_below("*\n!a/b", "ab"));
	assert_true(keeps_below("*\n!**/*.py", "deep/er"));
	assert_true(keeps_below("*\n!src/*.py", "src"));
	assert_true(keeps_below("*\n!sr*/x", "src"));
	assert_false(keeps_below("*\n!src/*.py", "doc"));
	assert_false(keeps_below("*\n!env.py", "src"));
	assert_false(ignore_may_keep_below(NULL, "src"));
	assert_false(ignore_excludes(NULL, "src"));
}

/* No pattern takes exponential time. */
static void test_hard_pattern(void **state)
{
	char path[2001];

	(void) state;
	memset(path, 'a', 2000);
	path[2000] = '\0';
	assert_false(excludes("**a**a**a**a**a**a**a**a**a**a**a**a**a**a**a**ab*", path));
	assert_false(excludes("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b*", path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_star), cmocka_unit_test(test_question_mark),
		cmocka_unit_test(test_double_star), cmocka_unit_test(test_classes), cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_exceptions), cmocka_unit_test(test_lines), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_keep_below), cmocka_unit_test(test_hard_pattern),
	};

	return cmocka_run_group_tests_name("dockerignore", tests, NULL, NULL);
}
