/* orchestrator: descriptions of environments that no engine knows, and the directories that hold them. */
#include "unit.h"

#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "orchestrator/registry.h"

static char home[] = "/tmp/afs-test-registry-XXXXXX";

static int setup(void **state)
{
	(void) state;
	strcpy(home, "/tmp/afs-test-registry-XXXXXX");
	return mkdtemp(home) && setenv("XDG_STATE_HOME", home, 1) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void) state;
	af_error_clear(&err);
	return path_remove_tree(home, NULL);
}

/* ---- addresses --------------------------------------------------------------------------- */

static void expect_url(const char *url, const char *want)
{
	char *got = NULL;

	if (want) {
		ok(registry_check_url(url, &got, &err));
		assert_string_equal(got, want);
	} else {
		assert_int_equal(registry_check_url(url, &got, &err), AF_ERR_USAGE);
		af_error_clear(&err);
	}
	free(got);
}

static void test_urls(void **state)
{
	(void) state;
	expect_url("http://host", "http://host");
	expect_url("http://host/", "http://host");
	expect_url("https://host:8000/base/path//", "https://host:8000/base/path");
	expect_url("http://[::1]:80/x", "http://[::1]:80/x");
	expect_url("", NULL);
	expect_url("host:8000", NULL);
	expect_url("http:///path", NULL);
	expect_url("http://:80", NULL);
	expect_url("http://host:0", NULL);
	expect_url("http://host:65536", NULL);
	expect_url("http://host:8o", NULL);
	expect_url("http://[::1", NULL);
	expect_url("http://[]:80", NULL);
	expect_url("http://me:secret@host", NULL);
	expect_url("http://host/?query", NULL);
	expect_url("http://host/#fragment", NULL);
	expect_url("http://host/\033[2J", NULL);
	expect_url("http://ho\xff" "st", NULL);
}

static void test_a_password_is_not_repeated(void **state)
{
	char *out = NULL;

	(void) state;
	assert_int_equal(registry_check_url("http://me:swordfish@host", &out, &err), AF_ERR_USAGE);
	assert_null(strstr(err.message, "swordfish"));
}

/* ---- descriptions --------------------------------------------------------------------------- */

static const char url_text[] = "{\"mode\":\"url\",\"type\":\"http_based\",\"token\":\"0a1b2c3d\",\"url\":\"https://h/p\","
			       "\"insecure\":true,\"balance\":\"least_busy\",\"created\":5,\"max_in_flight\":7}";
static const char process_text[] = "{\"mode\":\"process\",\"token\":\"deadbeef\",\"dir\":\"/d\",\"sockets\":\"/s\","
				   "\"python\":\"/p\",\"replicas\":2,\"memory\":1024,\"cpus\":0.5,\"env\":[\"A=b=c\"]}";

static void test_reading(void **state)
{
	AF_AUTO(registration) struct registration url, process;

	(void) state;
	ok(registration_parse("a", url_text, strlen(url_text), &url, &err));
	assert_ptr_equal(url.backend, &backend_url);
	assert_int_equal(url.type, ENV_HTTP_BASED);
	assert_int_equal(url.balance, AF_BALANCE_LEAST_BUSY);
	assert_true(url.insecure);
	assert_int_equal(url.max_in_flight, 7);
	assert_int_equal(url.max_in_flight_host, 0);
	assert_string_equal(url.url, "https://h/p");
	ok(registration_parse("b", process_text, strlen(process_text), &process, &err));
	assert_ptr_equal(process.backend, &backend_process);
	assert_int_equal(process.replicas, 2);
	assert_int_equal(process.memory, 1024);
	assert_true(process.cpus == 0.5);
	assert_string_equal(process.env.items[0], "A=b=c");
}

static void refused(const char *text)
{
	struct registration r;

	assert_int_equal(registration_parse("a", text, strlen(text), &r, &err), AF_ERR_PROTOCOL);
	assert_null(r.name);
	af_error_clear(&err);
}

static void test_what_makes_no_sense(void **state)
{
	(void) state;
	refused("");
	refused("null");
	refused("[]");
	refused("{\"mode\":\"docker\",\"token\":\"0a1b2c3d\"}");
	refused("{\"mode\":\"url\",\"token\":\"0a1b2c3d\"}");
	refused("{\"mode\":\"url\",\"token\":\"../../..\",\"url\":\"http://h\"}");
	refused("{\"mode\":\"url\",\"token\":\"0a1b2c3\",\"url\":\"http://h\"}");
	refused("{\"mode\":\"url\",\"token\":7,\"url\":\"http://h\"}");
	refused("{\"mode\":\"url\",\"token\":\"0a1b2c3d\",\"url\":\"file:///etc/passwd\"}");
	refused("{\"mode\":\"url\",\"token\":\"0a1b2c3d\",\"url\":\"http://h\",\"ca_file\":\"relative\"}");
	refused("{\"mode\":\"process\",\"token\":\"deadbeef\",\"dir\":\"d\",\"sockets\":\"/s\",\"python\":\"/p\",\"replicas\":1}");
	refused("{\"mode\":\"process\",\"token\":\"deadbeef\",\"dir\":\"/d\",\"sockets\":\"/s\",\"python\":\"/p\",\"replicas\":0}");
	refused("{\"mode\":\"process\",\"token\":\"deadbeef\",\"dir\":\"/d\",\"sockets\":\"/s\",\"python\":\"/p\","
		"\"replicas\":1000000}");
	refused("{\"mode\":\"process\",\"token\":\"deadbeef\",\"dir\":\"/d\",\"sockets\":\"/s\",\"python\":\"/p\",\"replicas\":1,"
		"\"env\":[\"NOTHING\"]}");
	refused("{\"mode\":\"process\",\"token\":\"deadbeef\",\"dir\":\"/d\\n\",\"sockets\":\"/s\",\"python\":\"/p\","
		"\"replicas\":1}");
}

/* ---- directories ------------------------------------------------------------------------------- */

static void add(const char *name, const char *text, af_code want)
{
	AF_AUTO(registration) struct registration r;

	ok(registration_parse(name, text, strlen(text), &r, &err));
	assert_int_equal(registry_add(&r, &err), want);
	af_error_clear(&err);
}

static void test_adding_and_removing(void **state)
{
	AF_AUTO(registration) struct registration r;
	AUTO_STRLIST names = { 0 };

	(void) state;
	ok(registry_names(&names, &err));
	assert_int_equal(names.count, 0);
	add("two", process_text, AF_OK);
	add("one", url_text, AF_OK);
	add("two", url_text, AF_ERR_EXISTS);
	ok(registry_names(&names, &err));
	assert_int_equal(names.count, 2);
	assert_string_equal(names.items[0], "one");
	ok(registry_load("two", &r, &err));
	assert_string_equal(r.dir, "/d");
	/* Of another with the same name nothing is touched. */
	ok(registry_remove("two", "00000000", &err));
	assert_true(registry_has_replica("two", 1));
	ok(registry_remove_replica(&r, 0, &err));
	assert_false(registry_has_replica("two", 0));
	ok(registry_remove_replica(&r, 1, &err));
	ok(registry_remove("one", "0a1b2c3d", &err));
	ok(registry_remove("one", "0a1b2c3d", &err));
	strlist_free(&names);
	ok(registry_names(&names, &err));
	assert_int_equal(names.count, 0);
}

static void test_nobody_else_may_look(void **state)
{
	AUTO_FREE char *dir = NULL, *file = NULL;
	struct stat st;

	(void) state;
	add("mine", process_text, AF_OK);
	dir = registry_dir("mine", &err);
	assert_return_code(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	file = path_join(dir, "env.json", &err);
	assert_return_code(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
}

static void test_no_name_leads_elsewhere(void **state)
{
	struct registration r;

	(void) state;
	assert_int_equal(registry_load("../environments", &r, &err), AF_ERR_NOT_FOUND);
	af_error_clear(&err);
	assert_int_equal(registry_load("", &r, &err), AF_ERR_NOT_FOUND);
	af_error_clear(&err);
	assert_int_equal(registry_load("nothing", &r, &err), AF_ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_urls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_password_is_not_repeated, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reading, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_makes_no_sense, setup, teardown),
		cmocka_unit_test_setup_teardown(test_adding_and_removing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_else_may_look, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_name_leads_elsewhere, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
