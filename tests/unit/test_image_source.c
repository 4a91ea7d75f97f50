/* What is built: detection, git URLs, names, push targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "image/build_priv.h"
#include "image/detect.h"
#include "image/git.h"

/* ---- detection ------------------------------------------------------------------ */

static void expect_type(const char *text, enum env_type type)
{
	if (detect_type(text, strlen(text)) != type)
		fail_msg("'%s' is %s", text, env_type_name(type));
}

static void test_http_based(void **state)
{
	(void) state;
	expect_type("from fastapi import FastAPI\napp = FastAPI()\n", ENV_HTTP_BASED);
	expect_type("import fastapi\napp=fastapi.FastAPI(title='x')\n", ENV_HTTP_BASED);
	expect_type("from fastapi import FastAPI\napp: FastAPI = FastAPI()\n", ENV_HTTP_BASED);
	expect_type("from fastapi import FastAPI\nwebapp = FastAPI()\n", ENV_HTTP_BASED);
	expect_type("from fastapi import FastAPI\ndef make():\n    app  =  FastAPI()\n    return app\n", ENV_HTTP_BASED);
	expect_type("\"\"\"docs # \"\"\"\nfrom fastapi import FastAPI\napp = FastAPI()\n", ENV_HTTP_BASED);
	expect_type("x = 'it\\'s'  # '\nfrom fastapi import FastAPI\napp = FastAPI()\n", ENV_HTTP_BASED);
	expect_type("s = 'unfinished\nfrom fastapi import FastAPI\napp = FastAPI()", ENV_HTTP_BASED);
}

static void test_function_based(void **state)
{
	(void) state;
	expect_type("", ENV_FUNCTION_BASED);
	expect_type("class Actor:\n    pass\n", ENV_FUNCTION_BASED);
	expect_type("app = 1\n", ENV_FUNCTION_BASED);
	expect_type("from fastapi import FastAPI\n", ENV_FUNCTION_BASED);
	expect_type("# from fastapi import FastAPI\n# app = FastAPI()\n", ENV_FUNCTION_BASED);
	expect_type("\"\"\"from fastapi import FastAPI\napp = FastAPI()\n\"\"\"\n", ENV_FUNCTION_BASED);
	expect_type("from fastapi import FastAPI\nif app == 1: pass\n", ENV_FUNCTION_BASED);
	expect_type("MyFastAPIThing\napp = 1\n", ENV_FUNCTION_BASED);
	expect_type("FastAPI\nhappy = 1\napple = 2\nf(apps)\n", ENV_FUNCTION_BASED);
}

static void test_labels(void **state)
{
	(void) state;
	assert_int_equal(env_type_of("http_based"), ENV_HTTP_BASED);
	assert_int_equal(env_type_of("function_based"), ENV_FUNCTION_BASED);
	assert_int_equal(env_type_of(NULL), ENV_FUNCTION_BASED);
	assert_string_equal(env_type_name(ENV_HTTP_BASED), "http_based");
}

static void expect_missing(const char *dir, const char *what)
{
	struct af_error err = AF_ERROR_INIT;
	enum env_type type;

	assert_int_equal(detect_environment(dir, &type, &err), AF_ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, what));
	assert_non_null(strstr(err.hint, "afs init"));
	af_error_clear(&err);
}

static void test_directory(void **state)
{
	char dir[] = "/tmp/affinetes-test-XXXXXX";
	AUTO_FREE char *env = NULL, *dockerfile = NULL;
	enum env_type type;

	(void) state;
	expect_missing("/no/such/dir", "/no/such/dir: no such directory");
	assert_non_null(mkdtemp(dir));
	env = path_join(dir, "env.py", NULL);
	dockerfile = path_join(dir, "Dockerfile", NULL);
	expect_missing(dir, "/env.py: ");
	assert_int_equal(file_write(env, "def f(): pass\n", 14, 0644, NULL), AF_OK);
	expect_missing(dir, "/Dockerfile: ");
	assert_int_equal(mkdir(dockerfile, 0755), 0);
	expect_missing(dir, "/Dockerfile: ");
	assert_int_equal(path_remove_tree(dockerfile, NULL), AF_OK);
	assert_int_equal(file_write(dockerfile, "FROM x\n", 7, 0644, NULL), AF_OK);
	assert_int_equal(detect_environment(dir, &type, NULL), AF_OK);
	assert_int_equal(type, ENV_FUNCTION_BASED);
	assert_int_equal(path_remove_tree(dir, NULL), AF_OK);
}

/* ---- git URLs -------------------------------------------------------------------------- */

static void expect_source(const char *source, const char *url, const char *ref, const char *subdir)
{
	AF_AUTO(git_source) struct git_source s;

	assert_true(git_is_url(source));
	assert_int_equal(git_source_parse(source, &s, NULL), AF_OK);
	assert_string_equal(s.url, url);
	assert_string_equal(s.ref ? s.ref : "-", ref ? ref : "-");
	assert_string_equal(s.subdir ? s.subdir : "-", subdir ? subdir : "-");
}

static void test_git_urls(void **state)
{
	(void) state;
	expect_source("https://host/a/b.git", "https://host/a/b.git", NULL, NULL);
	expect_source("https://host/a/b.git#v1", "https://host/a/b.git", "v1", NULL);
	expect_source("https://host/a/b.git#v1:sub/dir", "https://host/a/b.git", "v1", "sub/dir");
	expect_source("https://host/a/b.git#:sub", "https://host/a/b.git", NULL, "sub");
	expect_source("https://host/a/b.git#:/sub", "https://host/a/b.git", NULL, "sub");
	expect_source("https://host/a/b.git#", "https://host/a/b.git", NULL, NULL);
	expect_source("https://host/a/b#refs/heads/x:", "https://host/a/b", "refs/heads/x", NULL);
	expect_source("git@host:a/b.git#feature/x:c", "git@host:a/b.git", "feature/x", "c");
	expect_source("ssh://git@host:2222/b.git#0123abcd", "ssh://git@host:2222/b.git", "0123abcd", NULL);
	expect_source("file:///srv/x.git#main", "file:///srv/x.git", "main", NULL);
	expect_source("git://host/x", "git://host/x", NULL, NULL);
}

static void test_no_git_urls(void **state)
{
	static const char *const plain[] = {
		".", "./env", "/srv/env", "env", "", "env#x", "dir/a@b:c", "a:b", "@host:x", "git@host", "git@:x", "ftp://host/x",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (git_is_url(plain[i]))
			fail_msg("'%s' is no git URL", plain[i]);
}

static void test_bad_git_urls(void **state)
{
	static const char *const bad[] = {
		"-u./x", "#main", "ssh://-oProxyCommand=x/y", "git@-oProxyCommand=x:y", "https://host/x#--upload-pack=x",
		"https://host/x#a..b", "https://host/x#a b", "https://host/x#a^", "https://host/x#a*", "https://host/x#a.lock",
		"https://host/x#+a", "https://host/x#/a", "https://host/x#a/", "https://host/x#a@{1}", "https://host/x#a\\b",
		"https://host/x#main:../etc", "https://host/x#main:a/../../b", "https://host/x#main:..", "https://ho\nst/x",
		"https://host/x#a\x01", "https://host/x#.", "https://host/x#a/.b",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AF_AUTO(git_source) struct git_source s;

		if (git_source_parse(bad[i], &s, NULL) != AF_ERR_USAGE)
			fail_msg("'%s' should be refused", bad[i]);
	}
}

/* ---- names ---------------------------------------------------------------------------------- */

static void expect_tag(const char *source, const char *tag)
{
	AUTO_FREE char *got = image_default_tag(source, NULL);

	assert_non_null(got);
	assert_string_equal(got, tag);
	assert_int_equal(docker_reference_parse(got, NULL, NULL, NULL, NULL), AF_OK);
}

static void test_default_tags(void **state)
{
	(void) state;
	expect_tag("calc", "calc:latest");
	expect_tag("envs/My Env", "my-env:latest");
	expect_tag("envs/a_b..C--/", "a-b-c:latest");
	expect_tag("/no/such/___", "env:latest");
	expect_tag("/", "env:latest");
	expect_tag("https://host/x/calc.git", "calc:latest");
	expect_tag("https://host/x/calc.git#v1:envs/sub", "sub:latest");
	expect_tag("git@host:calc.git", "calc:latest");
	assert_null(image_default_tag("https://host/x#a..b", NULL));
}

static void expect_target(const char *registry, const char *tag, const char *target)
{
	AUTO_FREE char *got = NULL;

	assert_int_equal(push_target(registry, tag, &got, NULL), AF_OK);
	assert_string_equal(got, target);
}

static void test_push_targets(void **state)
{
	char *got = NULL;

	(void) state;
	expect_target("docker.io/username", "my-env:v1", "docker.io/username/my-env:v1");
	expect_target("docker.io/username/", "my-env", "docker.io/username/my-env");
	expect_target("https://ghcr.io/me", "my-env:v1", "ghcr.io/me/my-env:v1");
	expect_target("localhost:5000", "a/b:v1", "localhost:5000/a/b:v1");
	expect_target("localhost:5000", "localhost:5000/a/b:v1", "localhost:5000/a/b:v1");
	expect_target("ghcr.io", "localhost:5000/a/b:v1", "ghcr.io/a/b:v1");
	assert_int_equal(push_target("not a registry", "x:v1", &got, NULL), AF_ERR_USAGE);
	assert_int_equal(push_target("", "x:v1", &got, NULL), AF_ERR_USAGE);
	assert_null(got);
}

/* Told wrong before any engine is asked. */
static void expect_usage(const struct image_build_options *opt, const char *message)
{
	AF_AUTO(image_build_result) struct image_build_result r;
	struct af_error err = AF_ERROR_INIT;

	assert_int_equal(image_build(NULL, opt, NULL, NULL, &r, &err), AF_ERR_USAGE);
	assert_non_null(strstr(err.message, message));
	af_error_clear(&err);
}

static void test_options(void **state)
{
	(void) state;
	expect_usage(&(struct image_build_options){ .source = "", .tag = "x" }, "no directory");
	expect_usage(&(struct image_build_options){ .source = ".", .tag = "x", .registry = "r" }, "--push");
	expect_usage(&(struct image_build_options){ .source = ".", .tag = "UPPER:v1" }, "UPPER");
	expect_usage(&(struct image_build_options){ .source = ".", .tag = "" }, "\"\"");
	expect_usage(&(struct image_build_options){ .source = ".", .tag = "x", .push = true, .registry = "a b" }, "a b");
	expect_usage(&(struct image_build_options){ .source = "https://h/x#a..b", .tag = "x" }, "a..b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_based), cmocka_unit_test(test_function_based), cmocka_unit_test(test_labels),
		cmocka_unit_test(test_directory), cmocka_unit_test(test_git_urls), cmocka_unit_test(test_no_git_urls),
		cmocka_unit_test(test_bad_git_urls), cmocka_unit_test(test_default_tags), cmocka_unit_test(test_push_targets),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
