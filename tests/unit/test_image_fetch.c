/* Programs that a build runs: git on local repositories, python3 on config.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/process.h"
#include "image/buildargs.h"
#include "image/git.h"

static char *dir; /* of the test; TMPDIR is dir/tmp */
static char *tmp;

static char *in_dir(const char *name)
{
	char *path = path_join(dir, name, NULL);

	assert_non_null(path);
	return path;
}

static int set_up(void **state)
{
	AUTO_FREE char *home = NULL;

	(void) state;
	dir = strdup("/tmp/affinetes-test-XXXXXX");
	if (!dir || !mkdtemp(dir))
		return -1;
	tmp = in_dir("tmp");
	home = in_dir("home");
	setenv("TMPDIR", tmp, 1);
	setenv("HOME", home, 1);
	unsetenv("XDG_CONFIG_HOME");
	return mkdir(tmp, 0700) + mkdir(home, 0700);
}

/* Whatever happened, nothing may be left in the temporary directory. */
static int tear_down(void **state)
{
	int left = rmdir(tmp);

	(void) state;
	assert_int_equal(path_remove_tree(dir, NULL), AF_OK);
	free(dir);
	free(tmp);
	return left;
}

static void write_file(const char *name, const char *text)
{
	AUTO_FREE char *path = in_dir(name);
	AUTO_FREE char *parent = str_ndup(path, (size_t) (strrchr(path, '/') - path), NULL);

	assert_int_equal(path_mkdirs(parent, 0755, NULL), AF_OK);
	assert_int_equal(file_write(path, text, strlen(text), 0644, NULL), AF_OK);
}

/* ---- git ---------------------------------------------------------------------------- */

/* Without git there is nothing to test, which is no failure (cmocka's skip() is one in TAP). */
static bool has_git(void)
{
	const char *const argv[] = { "git", "--version", NULL };
	AF_AUTO(process_result) struct process_result r;

	return process_run(&(struct process_spec){ .argv = argv }, &r, NULL) == AF_OK && r.status == 0;
}

/* A repository with a branch "main" (HEAD), a branch "feature/x" and a tag "v1". Gives the first commit's id. */
static char *make_repository(void)
{
	static const char script[] =
		"set -e; git init -q .; git symbolic-ref HEAD refs/heads/main\n"
		"git config user.email t@example.com; git config user.name t\n"
		"mkdir -p envs/calc; echo one > envs/calc/env.py; echo root > env.py; ln -s /etc envs/out; ln -s calc envs/in\n"
		"git add .; git commit -qm one; git tag v1; git rev-parse HEAD\n"
		"echo two > env.py; git commit -qam two\n"
		"git checkout -q -b feature/x; echo three > env.py; git commit -qam three; git checkout -q main\n";
	const char *const argv[] = { "sh", "-c", script, NULL };
	AUTO_FREE char *repo = in_dir("repo");
	AF_AUTO(process_result) struct process_result r;

	assert_int_equal(mkdir(repo, 0755), 0);
	assert_int_equal(process_run(&(struct process_spec){ .argv = argv, .cwd = repo }, &r, NULL), AF_OK);
	if (r.status != 0)
		fail_msg("git: %s", r.err.data);
	return str_ndup(r.out.data, 40, NULL);
}

static af_code fetch(const char *fragment, struct git_checkout *out, struct af_error *err)
{
	AUTO_FREE char *url = str_format(NULL, "file://%s/repo%s", dir, fragment);
	AF_AUTO(git_source) struct git_source source;

	assert_int_equal(git_source_parse(url, &source, NULL), AF_OK);
	return git_fetch(&source, NULL, NULL, out, err);
}

static void expect_fetched(const char *fragment, const char *file, const char *content)
{
	AF_AUTO(git_checkout) struct git_checkout checkout;
	AUTO_FREE char *path = NULL, *git = NULL;
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	struct af_error err = AF_ERROR_INIT;

	if (fetch(fragment, &checkout, &err) != AF_OK)
		fail_msg("%s: %s", fragment, err.message);
	path = path_join(checkout.dir, file, NULL);
	git = path_join(checkout.dir, ".git", NULL);
	assert_int_equal(file_read(path, &text, NULL), AF_OK);
	assert_string_equal(text.data, content);
	assert_false(path_exists(git));
}

static void test_git_fetch(void **state)
{
	AUTO_FREE char *commit = NULL, *full = NULL, *abbreviated = NULL;

	(void) state;
	if (!has_git())
		return;
	commit = make_repository();
	full = str_format(NULL, "#%s", commit);
	abbreviated = str_format(NULL, "#%.8s", commit);
	expect_fetched("", "env.py", "two\n");
	expect_fetched("#main", "env.py", "two\n");
	expect_fetched("#v1", "env.py", "root\n");
	expect_fetched("#feature/x", "env.py", "three\n");
	expect_fetched("#refs/tags/v1", "env.py", "root\n");
	expect_fetched(full, "env.py", "root\n");
	expect_fetched(abbreviated, "env.py", "root\n");
	expect_fetched("#main:envs/calc", "env.py", "one\n");
	expect_fetched("#:envs/in", "env.py", "one\n");
}

static void expect_refused(const char *fragment, af_code code, const char *message)
{
	AF_AUTO(git_checkout) struct git_checkout checkout;
	struct af_error err = AF_ERROR_INIT;
	af_code rc = fetch(fragment, &checkout, &err);

	if (rc != code || !strstr(err.message, message))
		fail_msg("%s: %s, %s", fragment, af_code_name(rc), err.message);
	af_error_clear(&err);
}

static void test_git_failures(void **state)
{
	AUTO_FREE char *commit = NULL;

	(void) state;
	if (!has_git())
		return;
	expect_refused("", AF_ERR_NOT_FOUND, "/repo");
	commit = make_repository();
	expect_refused("#nope", AF_ERR_NOT_FOUND, "nope");
	expect_refused("#deadbeef", AF_ERR_NOT_FOUND, "no branch, tag or commit 'deadbeef'");
	expect_refused("#main:nope", AF_ERR_NOT_FOUND, "no directory nope");
	expect_refused("#main:env.py", AF_ERR_NOT_FOUND, "no directory env.py");
	expect_refused("#main:envs/out", AF_ERR_USAGE, "leads out of the repository");
}

static void test_git_no_password_is_shown(void **state)
{
	AF_AUTO(git_source) struct git_source source;
	AF_AUTO(git_checkout) struct git_checkout checkout;
	struct af_error err = AF_ERROR_INIT;

	(void) state;
	if (!has_git())
		return;
	assert_int_equal(git_source_parse("http://me:geheim@127.0.0.1:1/x.git#main", &source, NULL), AF_OK);
	assert_int_equal(git_fetch(&source, NULL, NULL, &checkout, &err), AF_ERR_UNREACHABLE);
	assert_non_null(strstr(err.message, "http://***@127.0.0.1:1/x.git#main"));
	assert_null(strstr(err.message, "geheim"));
	assert_string_equal(checkout.shown, "http://***@127.0.0.1:1/x.git");
	af_error_clear(&err);
}

static void test_git_cancelled(void **state)
{
	struct cancel *cancel = cancel_new(NULL);
	AF_AUTO(git_source) struct git_source source;
	AF_AUTO(git_checkout) struct git_checkout checkout;

	(void) state;
	cancel_trigger(cancel);
	assert_int_equal(git_source_parse("http://127.0.0.1:1/x.git", &source, NULL), AF_OK);
	assert_int_equal(git_fetch(&source, NULL, cancel, &checkout, NULL), AF_ERR_CANCELLED);
	cancel_free(cancel);
}

/* ---- config.py -------------------------------------------------------------------------- */

static void keep_line(void *arg, const char *text, size_t len)
{
	strbuf_add(arg, text, len);
	strbuf_addc(arg, '\n');
}

static af_code resolve(const char *const *given, struct strlist *out, struct strbuf *lines, struct af_error *err)
{
	struct docker_progress progress = { .arg = lines, .line = keep_line };

	return buildargs_resolve(dir, given, lines ? &progress : NULL, NULL, out, err);
}

static void expect_args(const char *const *given, const char *joined)
{
	AUTO_STRLIST out = { 0 };
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	struct af_error err = AF_ERROR_INIT;

	if (resolve(given, &out, NULL, &err) != AF_OK)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < out.count; i++)
		strbuf_addf(&text, "%s;", out.items[i]);
	assert_string_equal(text.data, joined);
}

static void expect_args_error(const char *const *given, af_code code, const char *message)
{
	AUTO_STRLIST out = { 0 };
	struct af_error err = AF_ERROR_INIT;

	assert_int_equal(resolve(given, &out, NULL, &err), code);
	if (!strstr(err.message, message))
		fail_msg("%s", err.message);
	af_error_clear(&err);
}

static void test_plain_args(void **state)
{
	(void) state;
	expect_args(NULL, "");
	expect_args((const char *const[]){ "A=1", "B=", "A=x=y", NULL }, "A=x=y;B=;");
	expect_args_error((const char *const[]){ "A", NULL }, AF_ERR_USAGE, "build argument 'A': KEY=VALUE");
	expect_args_error((const char *const[]){ "=x", NULL }, AF_ERR_USAGE, "'=x'");
	write_file("config.py", "raise SystemExit('not run: it does not resolve anything')\n");
	expect_args((const char *const[]){ "A=1", NULL }, "A=1;");
}

static void test_resolved_args(void **state)
{
	AUTO_FREE char *cache = in_dir("__pycache__");

	(void) state;
	write_file("helper.py", "NAMES = {'academia': 'tool'}\n");
	write_file("config.py", "import helper, os\n"
				"def resolve_buildargs(buildargs: dict) -> dict:\n"
				"    print('printing is fine')\n"
				"    return {'BASE_IMAGE': 'python:3.8', 'ENV_NAME': helper.NAMES.get(buildargs.get('ENV_NAME'), ''),\n"
				"            'N': 3, 'GONE': None, 'HERE': os.path.basename(os.getcwd())[:9], 'U': '\xc3\xa4\\n'}\n");
	expect_args((const char *const[]){ "ENV_NAME=academia", "X=1", NULL },
		    "ENV_NAME=tool;X=1;BASE_IMAGE=python:3.8;N=3;HERE=affinetes;U=\xc3\xa4\n;");
	expect_args((const char *const[]){ "BASE_IMAGE=mine", NULL }, "BASE_IMAGE=mine;ENV_NAME=;N=3;HERE=affinetes;U=\xc3\xa4\n;");
	assert_false(path_exists(cache));
}

static void test_what_it_prints(void **state)
{
	AUTO_STRLIST out = { 0 };
	AUTO_STRBUF lines = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	write_file("config.py", "def resolve_buildargs(a):\n    print('one')\n    print('two')\n    return a\n");
	assert_int_equal(resolve((const char *const[]){ "A=b", NULL }, &out, &lines, NULL), AF_OK);
	assert_string_equal(lines.data, "one\ntwo\n");
	assert_string_equal(out.items[0], "A=b");
}

static void test_failing_config(void **state)
{
	(void) state;
	write_file("config.py", "def resolve_buildargs(a):\n    raise ValueError('ENV_NAME must be provided')\n");
	expect_args_error(NULL, AF_ERR_BUILD, "config.py: resolve_buildargs: ValueError: ENV_NAME must be provided");
	write_file("config.py", "def resolve_buildargs(a:\n");
	expect_args_error(NULL, AF_ERR_BUILD, "SyntaxError");
	write_file("config.py", "def resolve_buildargs(a):\n    return ['x']\n");
	expect_args_error(NULL, AF_ERR_BUILD, "returned list, not a dict");
	write_file("config.py", "def resolve_buildargs(a):\n    return {'a=b': 1}\n");
	expect_args_error(NULL, AF_ERR_BUILD, "'a=b'");
	write_file("config.py", "import os\ndef resolve_buildargs(a):\n    os._exit(7)\n");
	expect_args_error(NULL, AF_ERR_BUILD, "ended with status 7");
	write_file("config.py", "import os\ndef resolve_buildargs(a):\n    os._exit(0)\n");
	expect_args_error(NULL, AF_ERR_BUILD, "gave no answer");
}

static void test_no_python(void **state)
{
	AUTO_FREE char *path = strdup(getenv("PATH"));

	(void) state;
	write_file("config.py", "def resolve_buildargs(a):\n    return a\n");
	setenv("PATH", "/no/such/dir", 1);
	expect_args_error(NULL, AF_ERR_BUILD, "python3 is needed");
	setenv("PATH", path, 1);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(test_git_fetch), WITH_DIR(test_git_failures), WITH_DIR(test_git_no_password_is_shown),
		WITH_DIR(test_git_cancelled), WITH_DIR(test_plain_args), WITH_DIR(test_resolved_args),
		WITH_DIR(test_what_it_prints), WITH_DIR(test_failing_config), WITH_DIR(test_no_python),
	};

	return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}
