/* The images that a Dockerfile builds upon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "image/docker_lines.h"
#include "image/dockerfile.h"

static const char *const no_args[] = { NULL };

/* The images, separated by blanks; "error: …" for a failure. */
static void parse(const char *text, const char *const *args, struct strbuf *out)
{
	struct dockerfile_options opt = { .buildargs = args, .platform = "linux/amd64" };
	AF_AUTO(dockerfile) struct dockerfile df;
	struct af_error err = AF_ERROR_INIT;

	strbuf_reset(out);
	if (dockerfile_parse(text, strlen(text), &opt, &df, &err) != AF_OK)
		strbuf_addf(out, "error: %s%s", err.message, df.images.count ? "; " : "");
	for (size_t i = 0; i < df.images.count; i++)
		strbuf_addf(out, "%s%s", i ? " " : "", df.images.items[i]);
	af_error_clear(&err);
}

static void expect(const char *text, const char *images)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);

	parse(text, no_args, &out);
	assert_string_equal(out.data, images);
}

static void expect_with(const char *arg, const char *text, const char *images)
{
	const char *const args[] = { "OTHER=1", arg, NULL };
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);

	parse(text, args, &out);
	assert_string_equal(out.data, images);
}

static void test_from(void **state)
{
	(void) state;
	expect("FROM python:3.12-slim\n", "python:3.12-slim");
	expect("from python", "python");
	expect("  \tFROM   python  \r\n", "python");
	expect("FROM --platform=linux/arm64 python AS x\n", "python");
	expect("FROM --platform=$BUILDPLATFORM python@sha256:00\n", "python@sha256:00");
	expect("FROM scratch\n", "");
	expect("FROM localhost:5000/a/b:c\n", "localhost:5000/a/b:c");
	expect("FROM a\nFROM b\n", "b");
	expect("FROM x-${TARGETARCH}:$TARGETOS\n", "x-amd64:linux");
	expect("\xef\xbb\xbf""FROM a", "a");
}

static void test_comments_and_continuations(void **state)
{
	(void) state;
	expect("# FROM no\n\n  # FROM no\nFROM a\nRUN x\n", "a");
	expect("FROM \\\n  # in between\n\n  a\n", "a");
	expect("FROM a\nRUN x \\\n FROM b\n", "a");
	expect("FROM a\nRUN echo \\\\\nFROM b\n", "b");
	expect("# escape=`\nFROM `\n a\nRUN c:\\\nFROM b\n", "b");
	expect("#escape = `\n# syntax=x\nFROM `\n a\n", "a");
	expect("# a comment\n# escape=`\nFROM \\\n a\n", "a");
}

static void test_args(void **state)
{
	(void) state;
	expect("ARG B=python\nFROM $B\n", "python");
	expect("ARG B=python\nFROM ${B}:3\n", "python:3");
	expect("ARG B=\"python:3\"\nFROM ${B}\n", "python:3");
	expect("ARG B='a$b'\nFROM ${B}\n", "a$b");
	expect("ARG V=3.12\nARG B=python:${V}-slim\nFROM $B\n", "python:3.12-slim");
	expect("ARG V=3 W=4\nFROM p:$V.$W\n", "p:3.4");
	expect("ARG B\nFROM ${B:-python}\n", "python");
	expect("ARG B=\nFROM ${B:-python}\n", "python");
	expect("ARG B=\nFROM x${B-python}\n", "x");
	expect("FROM ${B-python}\n", "python");
	expect("ARG B=1\nFROM p${B:+:slim}\n", "p:slim");
	expect("FROM p${B:+:slim}\n", "p");
	expect("ARG T=x\nFROM ${B:-${C:-p:$T}}\n", "p:x");
	expect("ARG B=a\nARG B=b\nFROM $B\n", "b");
	expect("FROM a\nARG B=b\nFROM $B\n", "error: Dockerfile line 3: the base image $B is empty");
}

static void test_build_args(void **state)
{
	(void) state;
	expect_with("B=mine", "ARG B=python\nFROM $B\n", "mine");
	expect_with("B=mine", "ARG B\nFROM $B\n", "mine");
	expect_with("B=mine", "FROM ${B:-not}\n", "not");
	expect_with("V=9", "ARG V=3\nARG B=p:$V\nFROM $B\n", "p:9");
	expect_with("BB=9", "ARG B=p\nFROM $B\n", "p");
	expect_with("B=a=b", "ARG B\nFROM x:$B\n", "x:a=b");
}

static void test_stages(void **state)
{
	(void) state;
	expect("FROM a AS one\nFROM b\nCOPY --from=one /x /x\n", "a b");
	expect("FROM a AS one\nFROM one\n", "a");
	expect("FROM a AS One\nFROM ONE as two\nFROM two\n", "a");
	expect("FROM a\nFROM b\nCOPY --from=0 /x /x\n", "a b");
	expect("FROM a AS unused\nFROM b\n", "b");
	expect("FROM a\nFROM b\nCOPY --from=7 /x /x\n", "b 7");
	expect("FROM b\nCOPY --chown=1 --from=ghcr.io/x/uv:1 /uv /uv\n", "b ghcr.io/x/uv:1");
	expect("FROM b\nRUN --mount=type=bind,from=tool,target=/t --mount=type=cache,target=/c from=no\n", "b tool");
	expect("FROM b\nCOPY --from=$X /a /b\n", "b");
	expect("FROM b\nCOPY a --from=x\n", "b");
	expect("FROM a AS a\nFROM a\n", "a");
	expect("FROM b\nCOPY --from=b /x /y\n", "b");
	expect("FROM a AS x\nFROM c AS y\nCOPY --from=x / /\nFROM d\nRUN --mount=from=y true\n", "a c d");
}

static void test_heredocs(void **state)
{
	(void) state;
	expect("FROM a\nRUN <<EOF\nFROM b\nEOF\n", "a");
	expect("FROM a\nRUN <<-'E' cat\n\tFROM b\n\tE\nFROM c\n", "c");
	expect("FROM a\nCOPY <<one <<\"two\" /d/\nFROM b\none\nFROM c\ntwo\nRUN x\n", "a");
	expect("FROM a\nRUN python -c 'print(1<<x)'\nFROM b\n", "b");
	expect("FROM a\nRUN cat <<EOF\nFROM b\n", "b");
	expect("FROM a\nRUN 3<<E y\nFROM b\r\nE\r\n", "a");
	expect("FROM a\nENV X=<<E\nFROM b\nE\n", "b");
}

static void test_failures(void **state)
{
	(void) state;
	expect("", "error: Dockerfile: there is no FROM in it");
	expect("# FROM a\n", "error: Dockerfile: there is no FROM in it");
	expect("\nFROM\n", "error: Dockerfile line 2: FROM without an image");
	expect("FROM --platform=x\n", "error: Dockerfile line 1: FROM without an image");
	expect("ARG B\n\nFROM ${B}\n", "error: Dockerfile line 3: the base image ${B} is empty");
	/* Not understood: left to the engine. */
	expect("ARG B=a-b\nFROM ${B%-*}\n", "");
	expect("FROM ${B\n", "");
	expect("FROM ${B:?must}\n", "");
}

static void test_hint_names_the_argument(void **state)
{
	static const char text[] = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n";
	struct dockerfile_options opt = { 0 };
	AF_AUTO(dockerfile) struct dockerfile df;
	struct af_error err = AF_ERROR_INIT;

	(void) state;
	assert_int_equal(dockerfile_parse(text, sizeof(text) - 1, &opt, &df, &err), AF_ERR_BUILD);
	assert_string_equal(err.hint, "give it by --build-arg BASE_IMAGE=IMAGE");
	assert_true(strlist_has(&df.args, "BASE_IMAGE"));
	af_error_clear(&err);
}

static void test_names_and_syntax(void **state)
{
	static const char text[] = "# syntax = docker/dockerfile:1 \n# escape=\\\nARG A B=2\nARG C\nFROM x\nARG D\n";
	struct dockerfile_options opt = { 0 };
	AF_AUTO(dockerfile) struct dockerfile df;

	(void) state;
	assert_int_equal(dockerfile_parse(text, sizeof(text) - 1, &opt, &df, NULL), AF_OK);
	assert_string_equal(df.syntax, "docker/dockerfile:1");
	assert_int_equal(df.args.count, 3);
	assert_true(strlist_has(&df.args, "A") && strlist_has(&df.args, "B") && strlist_has(&df.args, "C"));
}

static void test_syntax_line(void **state)
{
	static const char text[] = "# escape=`\n#syntax=a/b\nFROM x\n";
	struct docker_lines lines;

	(void) state;
	docker_lines_init(&lines, text, sizeof(text) - 1);
	assert_ptr_equal(lines.syntax_line, text + 11);
	assert_int_equal(lines.syntax_len, 3);
	assert_int_equal(lines.escape, '`');
	docker_lines_init(&lines, "FROM x\n# syntax=y\n", 18);
	assert_null(lines.syntax);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from), cmocka_unit_test(test_comments_and_continuations), cmocka_unit_test(test_args),
		cmocka_unit_test(test_build_args), cmocka_unit_test(test_stages), cmocka_unit_test(test_heredocs),
		cmocka_unit_test(test_failures), cmocka_unit_test(test_hint_names_the_argument),
		cmocka_unit_test(test_names_and_syntax), cmocka_unit_test(test_syntax_line),
	};

	return cmocka_run_group_tests_name("dockerfile", tests, NULL, NULL);
}
