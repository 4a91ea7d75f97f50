/* command/cmd_init: the files of a new environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "command/command.h"

#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }

static char dir[] = "/tmp/afs-test-init-XXXXXX";
static char template[] = "/tmp/afs-test-init-XXXXXX";
static struct af_error err = AF_ERROR_INIT;
static struct strbuf notes;
static size_t results;

static void out(void *arg, const char *text, size_t len)
{
	(void) arg;
	(void) text;
	results += len;
}

static void note(void *arg, const char *line)
{
	(void) arg;
	strbuf_adds(&notes, line);
	strbuf_addc(&notes, '\n');
}

/* Each test works in an empty directory of its own. */
static int setup(void **state)
{
	(void) state;
	memcpy(dir, template, sizeof(dir));
	unsetenv("AFS_BASE_IMAGE");
	strbuf_init(&notes, STRBUF_TEXT);
	results = 0;
	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void) state;
	strbuf_free(&notes);
	af_error_clear(&err);
	return chdir("/") == 0 && path_remove_tree(dir, NULL) == AF_OK ? 0 : -1;
}

static af_code init(const char *const *words)
{
	struct command_io io = { .out = out, .note = note };
	struct command_context cx = { .io = &io };
	AF_AUTO(args) struct args *args = NULL;
	int count = 0;

	while (words[count])
		count++;
	af_error_clear(&err);
	strbuf_reset(&notes);
	assert_int_equal(args_parse(command_find("init"), count, words, &args, NULL), AF_OK);
	return command_find("init")->run(&cx, args, &err);
}

static void contains(const char *path, const char *text)
{
	AUTO_STRBUF file = STRBUF_INIT(STRBUF_TEXT);

	assert_int_equal(file_read(path, &file, NULL), AF_OK);
	if (!strstr(file.data, text))
		fail_msg("%s lacks \"%s\":\n%s", path, text, file.data);
	assert_null(strstr(file.data, "@BASE_IMAGE@"));
}

static void lacks(const char *path, const char *text)
{
	AUTO_STRBUF file = STRBUF_INIT(STRBUF_TEXT);

	assert_int_equal(file_read(path, &file, NULL), AF_OK);
	assert_null(strstr(file.data, text));
}

static int entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void is_basic(const char *path)
{
	AUTO_FREE char *env = path_join(path, "env.py", NULL);

	contains(env, "def ");
	lacks(env, "class Actor");
	lacks(env, "FastAPI");
}

static void test_default_is_basic(void **state)
{
	(void) state;
	assert_int_equal(init(WORDS("my-env")), AF_OK);
	is_basic("my-env");
	contains("my-env/Dockerfile", "FROM");
	assert_true(entries("my-env") >= 2);
	assert_int_equal(results, 0);
}

static void test_actor(void **state)
{
	(void) state;
	assert_int_equal(init(WORDS("my-env", "--template", "actor")), AF_OK);
	contains("my-env/env.py", "class Actor");
}

static void test_fastapi_with_type(void **state)
{
	(void) state;
	assert_int_equal(init(WORDS("web-env", "--type", "http", "--template", "fastapi")), AF_OK);
	contains("web-env/env.py", "FastAPI");
	contains("web-env/Dockerfile", "CMD");
}

static void test_type_http_alone(void **state)
{
	(void) state;
	assert_int_equal(init(WORDS("web", "--type=http")), AF_OK);
	contains("web/env.py", "FastAPI");
}

static void test_template_fastapi_alone(void **state)
{
	(void) state;
	assert_int_equal(init(WORDS("web", "--template=fastapi")), AF_OK);
	contains("web/env.py", "FastAPI");
}

static void test_type_function_with_its_templates(void **state)
{
	(void) state;
	assert_int_equal(init(WORDS("a", "--type=function")), AF_OK);
	is_basic("a");
	assert_int_equal(init(WORDS("b", "--type=function", "--template=basic")), AF_OK);
	is_basic("b");
	assert_int_equal(init(WORDS("c", "--type=function", "--template=actor")), AF_OK);
	contains("c/env.py", "class Actor");
}

static void test_contradictions(void **state)
{
	(void) state;
	assert_int_equal(init(WORDS("x", "--type=function", "--template=fastapi")), AF_ERR_USAGE);
	assert_non_null(err.hint);
	assert_int_equal(init(WORDS("x", "--type=http", "--template=actor")), AF_ERR_USAGE);
	assert_int_equal(init(WORDS("x", "--type=http", "--template=basic")), AF_ERR_USAGE);
	assert_non_null(strstr(err.message, "basic"));
	assert_false(path_exists("x"));
}

static void test_base_image(void **state)
{
	(void) state;
	assert_int_equal(init(WORDS("a")), AF_OK);
	contains("a/Dockerfile", "BASE_IMAGE=python:3");
	assert_int_equal(init(WORDS("b", "--base-image", "reg.example:5000/team/py@sha256:00ff")), AF_OK);
	contains("b/Dockerfile", "BASE_IMAGE=reg.example:5000/team/py@sha256:00ff\n");
	setenv("AFS_BASE_IMAGE", "affinetes-base:1", 1);
	assert_int_equal(init(WORDS("c")), AF_OK);
	contains("c/Dockerfile", "BASE_IMAGE=affinetes-base:1\n");
	assert_int_equal(init(WORDS("d", "--base-image", "mine:2")), AF_OK);
	contains("d/Dockerfile", "BASE_IMAGE=mine:2\n");
	setenv("AFS_BASE_IMAGE", "", 1);
	assert_int_equal(init(WORDS("e")), AF_OK);
	contains("e/Dockerfile", "BASE_IMAGE=python:3");
}

static void test_base_images_that_are_none(void **state)
{
	static const char *const bad[] = { "a\nRUN rm -rf /", "a b", "$(id)", "-x", "a\tb", "a#b", "\xff" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(init(WORDS("x", "--base-image", bad[i])), AF_ERR_USAGE);
		setenv("AFS_BASE_IMAGE", bad[i], 1);
		assert_int_equal(init(WORDS("x")), AF_ERR_USAGE);
		assert_non_null(strstr(err.message, "AFS_BASE_IMAGE"));
		unsetenv("AFS_BASE_IMAGE");
	}
	assert_false(path_exists("x"));
}

static void test_existing_directory(void **state)
{
	(void) state;
	assert_int_equal(path_mkdirs("here/data", 0777, NULL), AF_OK);
	assert_int_equal(init(WORDS("here/")), AF_OK);
	assert_true(path_exists("here/data"));
	is_basic("here");
	assert_int_equal(path_mkdirs("cwd", 0777, NULL), AF_OK);
	assert_int_equal(chdir("cwd"), 0);
	assert_int_equal(init(WORDS(".")), AF_OK);
	is_basic(".");
}

static void test_parents_are_made(void **state)
{
	(void) state;
	assert_int_equal(init(WORDS("environments/deep/sat")), AF_OK);
	is_basic("environments/deep/sat");
}

/* Either file in the way: nothing is written, nothing is changed. */
static void test_nothing_is_overwritten(void **state)
{
	static const char *const names[][2] = { { "a/env.py", "a/Dockerfile" }, { "b/Dockerfile", "b/env.py" } };

	(void) state;
	assert_int_equal(path_mkdirs("a", 0777, NULL), AF_OK);
	assert_int_equal(path_mkdirs("b", 0777, NULL), AF_OK);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(file_create(names[i][0], "mine", 4, 0600, NULL), AF_OK);
		assert_int_equal(init(WORDS(i ? "b" : "a")), AF_ERR_EXISTS);
		assert_non_null(strstr(err.message, names[i][0]));
		contains(names[i][0], "mine");
		assert_false(path_exists(names[i][1]));
	}
}

static void test_twice(void **state)
{
	(void) state;
	assert_int_equal(init(WORDS("x")), AF_OK);
	assert_int_equal(init(WORDS("x", "--template=actor")), AF_ERR_EXISTS);
	is_basic("x");
}

static void test_links_are_not_followed(void **state)
{
	(void) state;
	assert_int_equal(mkdir("x", 0777), 0);
	assert_int_equal(symlink("../victim", "x/Dockerfile"), 0);
	assert_int_equal(init(WORDS("x")), AF_ERR_EXISTS);
	assert_false(path_exists("victim"));
	assert_int_equal(entries("x"), 1);
}

static void test_a_file_in_the_way(void **state)
{
	(void) state;
	assert_int_equal(file_create("x", "", 0, 0600, NULL), AF_OK);
	assert_int_equal(init(WORDS("x")), AF_ERR_EXISTS);
	assert_int_not_equal(init(WORDS("x/y")), AF_OK);
	assert_int_equal(entries("."), 1);
}

static void test_unusable_names(void **state)
{
	static const char *const bad[] = { "a\nb", "a\x1b[2J", "a\x7f", "\xff\xfe", "\xc3" };
	char huge[300];

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(init(WORDS(bad[i])), AF_ERR_USAGE);
		assert_null(strchr(err.message, '\x1b'));
	}
	assert_int_equal(init(WORDS("--", "-x")), AF_ERR_USAGE);
	memset(huge, 'x', sizeof(huge));
	huge[sizeof(huge) - 1] = '\0';
	assert_int_not_equal(init(WORDS(huge)), AF_OK);
	assert_int_equal(entries("."), 0);
}

static void test_next_steps(void **state)
{
	(void) state;
	assert_int_equal(init(WORDS("My Env's")), AF_OK);
	assert_non_null(strstr(notes.data, "wrote My Env's/env.py\n"));
	assert_non_null(strstr(notes.data, "afs build 'My Env'\\''s' --tag my-env-s:v1\n"));
	assert_non_null(strstr(notes.data, "afs run my-env-s:v1 --name my-env-s\n"));
	assert_int_equal(init(WORDS("deep/eval-env/")), AF_OK);
	assert_non_null(strstr(notes.data, "afs build deep/eval-env/ --tag eval-env:v1\n"));
	assert_int_equal(init(WORDS("你好")), AF_OK);
	assert_non_null(strstr(notes.data, "--tag env:v1\n"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_default_is_basic),
		TEST(test_actor),
		TEST(test_fastapi_with_type),
		TEST(test_type_http_alone),
		TEST(test_template_fastapi_alone),
		TEST(test_type_function_with_its_templates),
		TEST(test_contradictions),
		TEST(test_base_image),
		TEST(test_base_images_that_are_none),
		TEST(test_existing_directory),
		TEST(test_parents_are_made),
		TEST(test_nothing_is_overwritten),
		TEST(test_twice),
		TEST(test_links_are_not_followed),
		TEST(test_a_file_in_the_way),
		TEST(test_unusable_names),
		TEST(test_next_steps),
	};

	return cmocka_run_group_tests_name("init", tests, NULL, NULL);
}
