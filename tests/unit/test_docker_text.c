/* docker/: lines of JSON, references, readable progress, the classic builder's output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "docker/classic.h"
#include "docker/ndjson.h"
#include "docker/tree.h"

static struct strbuf got = STRBUF_INIT(STRBUF_HUGE);

static int setup(void **state)
{
	(void) state;
	strbuf_reset(&got);
	return 0;
}

static int teardown(void **state)
{
	(void) state;
	strbuf_free(&got);
	return 0;
}

/* ---- lines of JSON --------------------------------------------------------------- */

static bool on_tree(void *arg, const cJSON *tree)
{
	AUTO_FREE char *text = tree_print(tree, NULL);

	strbuf_adds(&got, text);
	strbuf_addc(&got, '\n');
	return !arg || --*(int *) arg > 0;
}

static void test_ndjson_every_cut(void **state)
{
	static const char stream[] = "{\"a\":1}\n\r\n{\"b\":\"x\\ny\"}\r\n  \n[2]\n{\"c\":3}";

	(void) state;
	for (size_t cut = 0; cut < sizeof(stream); cut++) {
		struct ndjson n;

		strbuf_reset(&got);
		ndjson_init(&n, 100, on_tree, NULL);
		assert_true(ndjson_feed(&n, stream, cut));
		assert_true(ndjson_feed(&n, stream + cut, sizeof(stream) - 1 - cut));
		assert_true(ndjson_end(&n));
		assert_string_equal(got.data, "{\"a\":1}\n{\"b\":\"x\\ny\"}\n[2]\n{\"c\":3}\n");
		ndjson_free(&n);
	}
}

static void test_ndjson_broken(void **state)
{
	static const char *const streams[] = { "{\"a\":\n", "hello\n", "{} {}x\n{}\n", "{\"a\":\"\xff", "\x01\n" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		struct ndjson n;

		ndjson_init(&n, 100, on_tree, NULL);
		bool fine = ndjson_feed(&n, streams[i], strlen(streams[i])) && ndjson_end(&n);
		/* What follows a value on its line is not looked at. */
		assert_true(!fine || i == 2);
		assert_true(n.broken || i == 2);
		if (!fine)
			assert_false(ndjson_feed(&n, "{}\n", 3));
		ndjson_free(&n);
	}
}

static void test_ndjson_limits(void **state)
{
	AUTO_STRBUF deep = STRBUF_INIT(STRBUF_TEXT);
	struct ndjson n;
	int left = 1;

	(void) state;
	ndjson_init(&n, 10, on_tree, NULL);
	assert_true(ndjson_feed(&n, "[1]\n", 4));
	assert_false(ndjson_feed(&n, "[1,2,3,4,5,6,7,8]", 17));
	assert_true(n.broken);
	ndjson_free(&n);

	for (int i = 0; i < 100000; i++)
		strbuf_addc(&deep, '[');
	strbuf_addc(&deep, '\n');
	ndjson_init(&n, STRBUF_TEXT, on_tree, NULL);
	assert_false(ndjson_feed(&n, deep.data, deep.len));
	ndjson_free(&n);

	strbuf_reset(&got);
	ndjson_init(&n, 100, on_tree, &left);
	assert_false(ndjson_feed(&n, "{}\n{}\n", 6));
	assert_false(ndjson_end(&n));
	assert_true(n.enough && !n.broken);
	assert_string_equal(got.data, "{}\n");
	ndjson_free(&n);
}

static void test_tree_numbers(void **state)
{
	static const char text[] = "{\"a\":1e300,\"b\":-1e300,\"c\":12,\"d\":\"12\",\"e\":null}";
	AUTO_CJSON *tree = tree_parse(text, strlen(text));

	(void) state;
	assert_true(tree_int(tree, "a", 0) == INT64_MAX);
	assert_true(tree_int(tree, "b", 0) == INT64_MIN);
	assert_int_equal(tree_int(tree, "c", 0), 12);
	assert_int_equal(tree_int(tree, "d", -7), -7);
	assert_int_equal(tree_int(tree, "e", -7), -7);
	assert_int_equal(tree_int(NULL, "e", -7), -7);
	assert_null(tree_string(tree, "c"));
}

static void test_queries(void **state)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_TEXT);
	static const char *const pairs[] = { "A=1", "B", "A=2=3", NULL };
	AUTO_CJSON *tree = cJSON_CreateObject();

	(void) state;
	path_add_reference(&path, "reg:5/a b?c@d");
	query_add(&path, "x", "a&b=\xc3\xa9");
	query_add_int(&path, "n", -5);
	assert_true(tree_add_pairs(tree, "p", pairs));
	assert_int_equal(query_add_tree(&path, "p", tree->child, NULL), AF_OK);
	assert_string_equal(path.data, "reg:5/a%20b%3Fc@d?x=a%26b%3D%C3%A9&n=-5"
				       "&p=%7B%22B%22%3A%22%22%2C%22A%22%3A%222%3D3%22%7D");
}

/* ---- references --------------------------------------------------------------------- */

static void splits(const char *ref, const char *registry, const char *path, const char *tag)
{
	AUTO_FREE char *r = NULL, *p = NULL, *t = NULL;

	assert_int_equal(docker_reference_parse(ref, &r, &p, &t, NULL), AF_OK);
	assert_string_equal(r, registry);
	assert_string_equal(p, path);
	assert_string_equal(t, tag);
}

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_references(void **state)
{
	(void) state;
	splits("python", "docker.io", "python", "latest");
	splits("python:3.12-slim", "docker.io", "python", "3.12-slim");
	splits("user/app_x__y.z--1:V_1.0-b", "docker.io", "user/app_x__y.z--1", "V_1.0-b");
	splits("docker.io/library/python", "docker.io", "library/python", "latest");
	splits("localhost/app", "localhost", "app", "latest");
	splits("localhost:5000/a/b/c:v1", "localhost:5000", "a/b/c", "v1");
	splits("ghcr.io/o/app@sha256:" HEX64, "ghcr.io", "o/app", "sha256:" HEX64);
	splits("app:v1@sha256:" HEX64, "docker.io", "app", "sha256:" HEX64);
	splits("[::1]:5000/app:v1", "[::1]:5000", "app", "v1");
	splits("Host/app", "Host", "app", "latest");
	assert_int_equal(docker_reference_parse("a:b", NULL, NULL, NULL, NULL), AF_OK);
}

static void test_no_references(void **state)
{
	static const char *const refs[] = {
		"", " ", "Upper", "a:", ":v1", "a:-x", "a:.x", "a/", "/a", "a//b", "a b", "a:b c", "a@sha256", "a@sha256:12",
		"-a", "a-", "a._b", "a___b", "a..b", "reg.io:x/a", "reg-.io/a", "reg.io/", "a:b:c", "a@b@c", "\xc3\xa9",
		"[::1/a", "[zz]:1/a", "a@sha256:" HEX64 "/../x", "../../etc", "a?b=c",
	};
	AUTO_STRBUF longest = STRBUF_INIT(STRBUF_TEXT);
	struct af_error err = AF_ERROR_INIT;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
		if (docker_reference_parse(refs[i], NULL, NULL, NULL, &err) != AF_ERR_USAGE)
			fail_msg("taken: \"%s\"", refs[i]);
		assert_non_null(err.hint);
		af_error_clear(&err);
	}
	for (int i = 0; i < 256; i++)
		strbuf_addc(&longest, 'a');
	assert_int_equal(docker_reference_parse(longest.data, NULL, NULL, NULL, NULL), AF_ERR_USAGE);
	assert_int_equal(docker_reference_parse(longest.data + 1, NULL, NULL, NULL, NULL), AF_OK);
	strbuf_insert(&longest, 0, "a:", 2);
	assert_int_equal(docker_reference_parse(longest.data, NULL, NULL, NULL, NULL), AF_ERR_USAGE);
	longest.data[2 + 128] = '\0';
	assert_int_equal(docker_reference_parse(longest.data, NULL, NULL, NULL, NULL), AF_OK);
}

/* ---- progress ------------------------------------------------------------------------ */

static void on_line(void *arg, const char *text, size_t len)
{
	(void) arg;
	strbuf_add(&got, text, len);
	strbuf_addc(&got, '\n');
}

static void on_amount(void *arg, const char *label, int64_t done, int64_t total, bool bytes)
{
	(void) arg;
	strbuf_addf(&got, "%s=%lld/%lld%s\n", label, (long long) done, (long long) total, bytes ? "B" : "");
}

static const struct docker_progress progress = { .line = on_line, .amount = on_amount };

static void cleans(const char *text, const char *clean)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	progress_clean(&sb, text, strlen(text));
	assert_string_equal(sb.data, clean);
}

static void test_clean(void **state)
{
	(void) state;
	cleans("plain\ttext", "plain\ttext");
	cleans("\x1b[91mred\x1b[0m", "red");
	cleans("10%\r50%\r100%", "100%");
	cleans("done\r", "done");
	cleans("\x1b]0;title\x07shown", "shown");
	cleans("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link");
	cleans("\x1b(Bascii\x1b=", "ascii");
	cleans("cut \x1b[3", "cut ");
	cleans("cut \x1b", "cut ");
	cleans("bell\x07 \xff", "bell\\x07 \xef\xbf\xbd");
	cleans("\x1b[2J\x1b[H\x1b[?25lx", "x");
}

static void passes(const char *json, const char *expected)
{
	AUTO_CJSON *tree = tree_parse(json, strlen(json));

	strbuf_reset(&got);
	assert_non_null(tree);
	assert_int_equal(progress_status(&progress, tree), *expected != '\0');
	assert_string_equal(got.data, expected);
}

static void test_status(void **state)
{
	(void) state;
	passes("{\"status\":\"Pulling from x\",\"id\":\"latest\"}", "latest: Pulling from x\n");
	passes("{\"status\":\"Downloading\",\"id\":\"ab\",\"progressDetail\":{\"current\":5,\"total\":9}}",
	       "Downloading ab=5/9B\n");
	passes("{\"status\":\"Waiting\",\"id\":\"ab\",\"progressDetail\":{}}", "ab: Waiting\n");
	passes("{\"status\":\"\\u001b[2Jx\"}", "x\n");
	passes("{\"aux\":{\"ID\":\"x\"}}", "");
	passes("[]", "");
	passes("{\"status\":5}", "");
	progress_line(NULL, "x", 1);
	progress_linef(NULL, "%d", 1);
	progress_amount(&(struct docker_progress){ 0 }, "x", 1, 2, true);
}

static void test_tail(void **state)
{
	struct tail t;

	(void) state;
	tail_init(&t);
	tail_print(&t, &got);
	assert_string_equal(got.data, "");
	for (char c = 'a'; c <= 'z'; c++)
		tail_add(&t, &c, 1);
	tail_print(&t, &got);
	assert_string_equal(got.data, "\n  l\n  m\n  n\n  o\n  p\n  q\n  r\n  s\n  t\n  u\n  v\n  w\n  x\n  y\n  z");
	tail_free(&t);
}

/* ---- the classic builder --------------------------------------------------------------- */

static char *classic_run(const char *const *pieces, bool well)
{
	struct classic c;
	char *text = NULL, *again;

	/* "DONE 0.0s" → "DONE": times differ. */
	strbuf_reset(&got);
	classic_init(&c, &progress);
	for (; *pieces; pieces++)
		classic_text(&c, *pieces, strlen(*pieces));
	classic_end(&c, well);
	classic_free(&c);
	assert_int_equal(strbuf_steal(&got, &text, NULL), AF_OK);
	strbuf_init(&got, STRBUF_HUGE);
	while ((again = strstr(text, " DONE 0.")))
		memmove(again + 5, again + 10, strlen(again + 10) + 1);
	return text;
}

static void test_classic(void **state)
{
	static const char *const pieces[] = {
		"Step 1/3 : FROM base", "\n", " ---> 0123456789ab\n", "Step 2/3 : RUN make\n", " ---> Running in 0123456789ab\n",
		"\x1b[91mwarn", "ing\x1b[0m\nno newline", "Removing intermediate container 0123456789ab\n",
		" ---> 0123456789ab\n", "Step 3/3 : CMD [\"x\"]\n ---> Using cache\n", " ---> 0123456789ab\n",
		"Successfully built 0123456789ab\n", "Successfully tagged a:b\n", NULL,
	};
	AUTO_FREE char *text = classic_run(pieces, true);

	(void) state;
	assert_string_equal(text, "#1 [1/3] FROM base\n#1 DONE\nsteps=1/3\n#2 [2/3] RUN make\n#2 warning\n#2 no newline\n"
				  "#2 DONE\nsteps=2/3\n#3 [3/3] CMD [\"x\"]\n#3 CACHED\nsteps=3/3\n");
}

static void test_classic_podman(void **state)
{
	static const char *const pieces[] = {
		"[1/2] STEP 1/1: FROM base AS one\n", "--> 38853c0f34a\n", "[2/2] STEP 1/2: FROM base\n",
		"[2/2] STEP 2/2: RUN make\n", "--> Using cache " HEX64 "\n", "made\n", "[2/2] COMMIT a:b\n", "--> 38853c0f34a\n",
		HEX64 "\n", NULL,
	};
	AUTO_FREE char *text = classic_run(pieces, false);

	(void) state;
	assert_string_equal(text, "#1 [stage-1 1/1] FROM base AS one\n#1 DONE\nsteps=1/0\n#2 [stage-2 1/2] FROM base\n#2 DONE\n"
				  "steps=2/0\n#3 [stage-2 2/2] RUN make\n#3 made\n#3 ERROR\n");
}

static void test_classic_no_steps(void **state)
{
	static const char *const pieces[] = { "Step", " x/y : no\n", "Step 1/ : no\n", "[1/2 STEP 1/2: no\n", "Step 0/5 : no", NULL };
	AUTO_FREE char *text = classic_run(pieces, true);

	(void) state;
	assert_string_equal(text, "Step x/y : no\nStep 1/ : no\n[1/2 STEP 1/2: no\nStep 0/5 : no\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_ndjson_every_cut, setup),
		cmocka_unit_test_setup(test_ndjson_broken, setup),
		cmocka_unit_test_setup(test_ndjson_limits, setup),
		cmocka_unit_test_setup(test_tree_numbers, setup),
		cmocka_unit_test_setup(test_queries, setup),
		cmocka_unit_test_setup(test_references, setup),
		cmocka_unit_test_setup(test_no_references, setup),
		cmocka_unit_test_setup(test_clean, setup),
		cmocka_unit_test_setup(test_status, setup),
		cmocka_unit_test_setup(test_tail, setup),
		cmocka_unit_test_setup(test_classic, setup),
		cmocka_unit_test_setup(test_classic_podman, setup),
		cmocka_unit_test_setup(test_classic_no_steps, setup),
	};

	return cmocka_run_group_tests_name("docker text", tests, NULL, teardown);
}
