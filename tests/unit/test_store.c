/* History of calls and saved calls, on real files. */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "base/path.h"
#include "store/mask.h"
#include "store/record.h"
#include "store/store.h"

static char dir[] = "/tmp/afs-store-XXXXXX";
static char *path;

static int before_all(void **state UNUSED)
{
	if (!mkdtemp(dir))
		return -1;
	path = path_join(dir, "history.db", NULL);
	return path ? 0 : -1;
}

static int after_all(void **state UNUSED)
{
	free(path);
	return path_remove_tree(dir, NULL) ? -1 : 0;
}

/* Each test begins without a file. */
static int fresh(void **state UNUSED)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		AUTO_FREE char *file = str_format(NULL, "%s%s", path, ends[i]);
		unlink(file);
	}
	return 0;
}

static struct store *opened(void)
{
	struct store *s = NULL;

	ok(store_open(path, &s, &err));
	return s;
}

static struct call_record record_of(const char *method, const char *args, const char *result)
{
	return (struct call_record){
		.started_ms = 1000,
		.took_us = 530000,
		.environment = (char *) "affine",
		.method = (char *) method,
		.replica = 1,
		.args = (char *) args,
		.call_id = (char *) "abc",
		.result = (char *) result,
		.result_len = result ? (int64_t) strlen(result) : 0,
	};
}

static int64_t add(struct store *s, const char *method, const char *args, const char *result)
{
	struct call_record r = record_of(method, args, result);
	int64_t id = 0;

	ok(store_add(s, &r, &id, &err));
	return id;
}

static void test_what_was_added_comes_back(void **state UNUSED)
{
	AF_AUTO(store) struct store *s = opened();
	AF_AUTO(call_list) struct call_list list = { 0 };
	struct call_record r;
	int64_t id = add(s, "evaluate", "{\"seed\": 9007199254740993}", "{\"score\": 0.10}");

	ok(store_get(s, id, &r, &err));
	assert_string_equal(r.environment, "affine");
	assert_string_equal(r.method, "evaluate");
	assert_string_equal(r.args, "{\"seed\":9007199254740993}");
	assert_string_equal(r.result, "{\"score\": 0.10}");
	assert_string_equal(r.call_id, "abc");
	assert_int_equal(r.replica, 1);
	assert_int_equal(r.took_us, 530000);
	assert_int_equal(r.result_len, 15);
	assert_null(r.error);
	assert_false(r.cut);
	call_record_free(&r);
	ok(store_list(s, &(struct call_query){ .limit = 5 }, &list, &err));
	assert_int_equal(list.count, 1);
	assert_null(list.items[0].result);
	fails(store_get(s, 4711, &r, &err), AF_ERR_NOT_FOUND, "4711");
}

static void test_the_file_is_private_and_survives(void **state UNUSED)
{
	struct stat st;
	int64_t count = 0;

	close(open(path, O_CREAT | O_WRONLY, 0644));
	struct store *s = opened();
	add(s, "m", "{}", NULL);
	store_close(s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	AUTO_FREE char *wal = str_format(NULL, "%s-wal", path);
	if (stat(wal, &st) == 0)
		assert_int_equal(st.st_mode & 0777, 0600);
	s = opened();
	ok(store_count(s, NULL, &count, &err));
	assert_int_equal(count, 1);
	ok(store_count(s, "of-another", &count, &err));
	assert_int_equal(count, 0);
	store_close(s);
}

static void test_queries(void **state UNUSED)
{
	AF_AUTO(store) struct store *s = opened();
	struct call_list list;
	struct call_record failed = record_of("reset", "{\"task\": \"100%\"}", NULL);

	for (int i = 0; i < 5; i++)
		add(s, "evaluate", i % 2 ? "{\"task_id\":17}" : "{\"task_id\":18}", "1");
	failed.code = AF_ERR_TIMEOUT;
	failed.error = (char *) "it gave no answer";
	failed.started_ms = 5000;
	ok(store_add(s, &failed, NULL, &err));
	static const struct {
		struct call_query q;
		size_t count;
	} cases[] = {
		{ { .method = "evaluate" }, 5 },	 { { .environment = "affine" }, 6 },
		{ { .environment = "other" }, 0 },	 { { .text = "task_id\":17" }, 2 },
		{ { .failed = true }, 1 },		 { { .text = "NO ANSWER" }, 1 },
		{ { .since_ms = 2000 }, 1 },		 { { .limit = 3 }, 3 },
		{ { .before = 3 }, 2 },			 { { .text = "100%" }, 1 },
		{ { .text = "1%7" }, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ok(store_list(s, &cases[i].q, &list, &err));
		assert_int_equal(list.count, cases[i].count);
		for (size_t j = 1; j < list.count; j++)
			assert_true(list.items[j].id < list.items[j - 1].id);
		call_list_free(&list);
	}
}

static void test_the_result_before(void **state UNUSED)
{
	AF_AUTO(store) struct store *s = opened();
	struct call_record r;
	int64_t first = add(s, "evaluate", "{}", "1");

	add(s, "other", "{}", "2");
	add(s, "evaluate", "{}", NULL);
	int64_t last = add(s, "evaluate", "{}", "3");
	ok(store_get_before(s, last, &r, &err));
	assert_int_equal(r.id, first);
	call_record_free(&r);
	fails(store_get_before(s, first, &r, &err), AF_ERR_NOT_FOUND, "no earlier result");
}

static void test_secrets_are_not_written(void **state UNUSED)
{
	AF_AUTO(store) struct store *s = opened();
	struct call_record r = record_of("m", "{\"api_key\":\"hunter2222\",\"o\":{\"Password\":\"pass-word\"},\"max_tokens\":5}",
					 "{\"args\":{\"k\":\"hunter2222\"}}");

	r.error = (char *) "refused: hunter2222 is wrong, pass-word too";
	ok(store_add(s, &r, NULL, &err));
	ok(store_get(s, 1, &r, &err));
	assert_string_equal(r.args, "{\"api_key\":\"***\",\"o\":{\"Password\":\"***\"},\"max_tokens\":5}");
	assert_string_equal(r.result, "{\"args\":{\"k\":\"***\"}}");
	assert_string_equal(r.error, "refused: *** is wrong, *** too");
	call_record_free(&r);
	ok(store_save(s, &(struct saved_call){ .name = (char *) "x", .environment = (char *) "e", .method = (char *) "m",
					       .args = (char *) "{\"token\":\"abcd\"}" }, &err));
	AF_AUTO(saved_list) struct saved_list saved = { 0 };
	ok(store_saved(s, NULL, &saved, &err));
	assert_string_equal(saved.items[0].args, "{\"token\":\"***\"}");
}

static void test_which_names_are_secret(void **state UNUSED)
{
	static const char *const yes[] = { "key", "api_key", "apiKey", "API_KEY", "OPENAI_API_KEY", "X-Api-Key", "token",
					   "accessToken", "hf_token", "client_secret", "password", "Authorization", "apikey" };
	static const char *const no[] = { "max_tokens", "tokens", "keyboard", "monkey", "keys", "secretary", "task_id", "",
					  "tokenizer", "passwords_tried" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (!name_is_secret(yes[i], strlen(yes[i])))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (name_is_secret(no[i], strlen(no[i])))
			fail_msg("%s", no[i]);
}

static void test_long_results_are_cut(void **state UNUSED)
{
	AF_AUTO(store) struct store *s = opened();
	size_t len = STORE_MAX_RESULT + 100;
	AUTO_FREE char *text = malloc(len + 1);
	struct call_record r;

	/* Two bytes each, so that the cut comes into the middle of one. */
	text[0] = '"';
	for (size_t i = 1; i + 1 < len; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	text[len - 1] = '"';
	text[len] = '\0';
	int64_t id = add(s, "m", "{}", text);
	ok(store_get(s, id, &r, &err));
	assert_true(r.cut);
	assert_int_equal(r.result_len, len);
	assert_int_equal(strlen(r.result), STORE_MAX_RESULT - 1);
	call_record_free(&r);
}

static void test_brief_lists_leave_long_arguments_out(void **state UNUSED)
{
	AF_AUTO(store) struct store *s = opened();
	AUTO_FREE char *args = str_format(NULL, "{\"x\":\"%0*d\"}", STORE_BRIEF_BYTES, 0);
	struct call_list list;
	struct call_record r;
	int64_t id = add(s, "m", args, NULL);

	add(s, "m", "{\"y\":1}", NULL);
	ok(store_list(s, &(struct call_query){ .brief = true }, &list, &err));
	assert_true(list.items[1].args_cut);
	assert_string_equal(list.items[1].args, "{}");
	assert_false(list.items[0].args_cut);
	assert_string_equal(list.items[0].args, "{\"y\":1}");
	call_list_free(&list);
	ok(store_get(s, id, &r, &err));
	assert_string_equal(r.args, args);
	assert_false(r.args_cut);
	call_record_free(&r);
}

static void test_old_calls_are_forgotten(void **state UNUSED)
{
	AF_AUTO(store) struct store *s = opened();
	size_t len = 1000 * 1000;
	AUTO_FREE char *text = malloc(len + 1);
	int64_t count = 0;
	struct call_record r;

	memset(text, '1', len);
	text[len] = '\0';
	for (int i = 0; i < 128; i++)
		add(s, "m", "{}", text);
	ok(store_count(s, NULL, &count, &err));
	assert_int_equal(count, STORE_MAX_BYTES / ((int64_t) len + 2));
	fails(store_get(s, 1, &r, &err), AF_ERR_NOT_FOUND, "no call");
	ok(store_get(s, 128, &r, &err));
	call_record_free(&r);
}

static void test_forgetting(void **state UNUSED)
{
	AF_AUTO(store) struct store *s = opened();
	int64_t count = 0;

	for (int i = 0; i < 3; i++)
		add(s, "m", "{}", "1");
	ok(store_forget(s, 2, &count, &err));
	assert_int_equal(count, 1);
	ok(store_forget(s, 2, &count, &err));
	assert_int_equal(count, 0);
	ok(store_forget(s, 0, &count, &err));
	assert_int_equal(count, 2);
}

static void test_saved_calls(void **state UNUSED)
{
	AF_AUTO(store) struct store *s = opened();
	struct saved_list list;
	struct saved_call c = { .name = (char *) "smoke", .environment = (char *) "affine", .method = (char *) "evaluate",
				.args = (char *) "{\"task_id\":1}", .replica = -2, .timeout_ms = 60000, .repeat = 5,
				.concurrency = 2 };

	ok(store_save(s, &c, &err));
	c.args = (char *) "{\"task_id\":2}";
	ok(store_save(s, &c, &err));
	ok(store_saved(s, "affine", &list, &err));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].args, "{\"task_id\":2}");
	assert_int_equal(list.items[0].replica, -2);
	assert_int_equal(list.items[0].repeat, 5);
	assert_true(list.items[0].saved_ms > 0);
	saved_list_free(&list);
	/* Another environment has names of its own. */
	c.environment = (char *) "other";
	ok(store_save(s, &c, &err));
	ok(store_unsave(s, "affine", "smoke", &err));
	ok(store_saved(s, NULL, &list, &err));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].environment, "other");
	saved_list_free(&list);
	ok(store_unsave(s, "other", "smoke", &err));
	ok(store_saved(s, NULL, &list, &err));
	assert_int_equal(list.count, 0);
}

/* As the first version made it. */
static void test_an_older_file_is_brought_up_to_date(void **state UNUSED)
{
	static const char old[] =
		"DROP TABLE saved; CREATE TABLE saved (name TEXT PRIMARY KEY, environment TEXT NOT NULL, method TEXT NOT NULL,"
		" args TEXT NOT NULL, replica INTEGER NOT NULL, timeout_ms INTEGER NOT NULL, repeat INTEGER NOT NULL,"
		" concurrency INTEGER NOT NULL, saved_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL) WITHOUT ROWID;"
		"INSERT INTO saved VALUES ('smoke','affine','evaluate','{\"task_id\":7}',-1,60000,3,2,1000,0);"
		"PRAGMA user_version = 1";
	struct saved_list list;
	sqlite3 *db = NULL;

	store_close(opened());
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, old, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	AF_AUTO(store) struct store *s = opened();
	ok(store_saved(s, "affine", &list, &err));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].name, "smoke");
	assert_string_equal(list.items[0].args, "{\"task_id\":7}");
	assert_int_equal(list.items[0].timeout_ms, 60000);
	assert_int_equal(list.items[0].repeat, 3);
	saved_list_free(&list);
}

static void test_a_newer_file_is_left_alone(void **state UNUSED)
{
	struct store *s = opened();
	sqlite3 *db = NULL;

	store_close(s);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	fails(store_open(path, &s, &err), AF_ERR_UNAVAILABLE, "newer");
}

static void test_damaged_files(void **state UNUSED)
{
	struct store *s = NULL;
	sqlite3 *db = NULL;

	store_close(opened());
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = -1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	fails(store_open(path, &s, &err), AF_ERR_IO, path);
	ok(file_write(path, "this is no database, and it is long enough to be looked at", 58, 0600, &err));
	fails(store_open(path, &s, &err), AF_ERR_IO, path);
	fails(store_open("/proc/nothing/here.db", &s, &err), AF_ERR_IO, "/proc/nothing");
}

static void test_recording_never_fails(void **state UNUSED)
{
	struct call_record r = record_of("m", "{}", "1");
	char *before = getenv("XDG_STATE_HOME");
	AUTO_FREE char *kept = before ? strdup(before) : NULL;
	int64_t count = 0;

	setenv("XDG_STATE_HOME", "/proc/nothing", 1);
	store_record(&r);
	setenv("XDG_STATE_HOME", dir, 1);
	store_record(&r);
	AF_AUTO(store) struct store *s = NULL;
	ok(store_open(NULL, &s, &err));
	ok(store_count(s, NULL, &count, &err));
	assert_int_equal(count, 1);
	if (kept)
		setenv("XDG_STATE_HOME", kept, 1);
	else
		unsetenv("XDG_STATE_HOME");
}

static void *write_many(void *arg)
{
	struct store *s = NULL;
	struct call_record r = record_of("m", "{}", "1");
	intptr_t failed = store_open(path, &s, NULL) != AF_OK;

	for (int i = 0; i < 50 && !failed; i++)
		failed = store_add(s, &r, NULL, NULL) != AF_OK;
	store_close(s);
	*(intptr_t *) arg = failed;
	return NULL;
}

static void test_many_writers(void **state UNUSED)
{
	pthread_t threads[4];
	intptr_t failed[4];
	int64_t count = 0;

	store_close(opened());
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, &failed[i]), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(failed[i], 0);
	}
	AF_AUTO(store) struct store *s = opened();
	ok(store_count(s, NULL, &count, &err));
	assert_int_equal(count, 200);
}

/* As many `afs call` do it: each alone, one after the other. */
static void test_the_log_does_not_grow_for_ever(void **state UNUSED)
{
	AUTO_FREE char *wal = str_format(NULL, "%s-wal", path);
	AUTO_STRBUF result = STRBUF_INIT(STRBUF_TEXT);
	struct stat st;
	off_t largest = 0;

	strbuf_addc(&result, '"');
	for (int i = 0; i < 100000; i++)
		strbuf_addc(&result, 'x');
	strbuf_addc(&result, '"');
	for (int i = 0; i < 100; i++) {
		struct store *s = opened();
		add(s, "m", "{}", result.data);
		store_close(s);
		if (stat(wal, &st) == 0)
			largest = MAX(largest, st.st_size);
	}
	assert_in_range(largest, 1, 2 * 1024 * 1024);
}

static void add_call(struct store *s, const char *method, int replica, int64_t started_ms, int64_t took_us, af_code code)
{
	struct call_record r = record_of(method, "{}", "1");

	r.replica = replica;
	r.started_ms = started_ms;
	r.took_us = took_us;
	r.code = code;
	ok(store_add(s, &r, NULL, &err));
}

static void test_counts(void **state UNUSED)
{
	AF_AUTO(store) struct store *s = opened();
	struct call_counts counts;

	ok(store_counts(s, "affine", 0, &counts, &err));
	assert_int_equal(counts.count, 0);
	call_counts_free(&counts);
	for (int i = 0; i < 100; i++)
		add_call(s, "evaluate", 0, 2000 + i, 1000 * (i < 90 ? 10 : 900), i % 10 ? AF_OK : AF_ERR_METHOD);
	add_call(s, "reset", 0, 5000, 1000, AF_OK);
	add_call(s, "evaluate", 1, 3000, 1000, AF_ERR_TIMEOUT);
	add_call(s, "evaluate", -1, 3000, 1000, AF_ERR_UNREACHABLE); /* reached nobody */
	add_call(s, "evaluate", 0, 100, 1000, AF_OK);                /* of one that had the name before */
	ok(store_counts(s, "affine", 1000, &counts, &err));
	assert_int_equal(counts.count, 3);
	const struct call_count *c = counts.items;
	assert_int_equal(c[0].replica, 0);
	assert_string_equal(c[0].method, "evaluate");
	assert_int_equal(c[0].calls, 100);
	assert_int_equal(c[0].errors, 10);
	assert_int_equal(c[0].last_ms, 2099);
	assert_true(c[0].p50_ms > 9 && c[0].p50_ms < 11);
	assert_true(c[0].p95_ms > 800 && c[0].p95_ms < 1000);
	assert_string_equal(c[1].method, "reset");
	assert_int_equal(c[1].calls, 1);
	assert_int_equal(c[2].replica, 1);
	assert_int_equal(c[2].errors, 1);
	call_counts_free(&counts);
	ok(store_counts(s, "other", 0, &counts, &err));
	assert_int_equal(counts.count, 0);
	call_counts_free(&counts);
}

static void test_version(void **state UNUSED)
{
	AF_AUTO(store) struct store *reader = opened();
	AF_AUTO(store) struct store *writer = opened();
	int64_t before, same, after;

	ok(store_version(reader, &before, &err));
	ok(store_version(reader, &same, &err));
	assert_int_equal(before, same);
	add_call(writer, "evaluate", 0, 1000, 1000, AF_OK);
	ok(store_version(reader, &after, &err));
	assert_int_not_equal(before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_what_was_added_comes_back, fresh),
		cmocka_unit_test_setup(test_the_file_is_private_and_survives, fresh),
		cmocka_unit_test_setup(test_queries, fresh),
		cmocka_unit_test_setup(test_the_result_before, fresh),
		cmocka_unit_test_setup(test_secrets_are_not_written, fresh),
		cmocka_unit_test_setup(test_which_names_are_secret, fresh),
		cmocka_unit_test_setup(test_long_results_are_cut, fresh),
		cmocka_unit_test_setup(test_brief_lists_leave_long_arguments_out, fresh),
		cmocka_unit_test_setup(test_old_calls_are_forgotten, fresh),
		cmocka_unit_test_setup(test_forgetting, fresh),
		cmocka_unit_test_setup(test_saved_calls, fresh),
		cmocka_unit_test_setup(test_an_older_file_is_brought_up_to_date, fresh),
		cmocka_unit_test_setup(test_a_newer_file_is_left_alone, fresh),
		cmocka_unit_test_setup(test_damaged_files, fresh),
		cmocka_unit_test_setup(test_recording_never_fails, fresh),
		cmocka_unit_test_setup(test_many_writers, fresh),
		cmocka_unit_test_setup(test_counts, fresh),
		cmocka_unit_test_setup(test_version, fresh),
		cmocka_unit_test_setup(test_the_log_does_not_grow_for_ever, fresh),
	};
	return cmocka_run_group_tests(tests, before_all, after_all);
}
