/* orchestrator: which replica gets a call, names, statistics. */
#include <pthread.h>
#include <sys/stat.h>

#include "unit.h"

#include "base/path.h"
#include "orchestrator/orchestrator.h"

static struct af_env *env;

static void make(int replicas, enum af_balance balance)
{
	env_free(env);
	env = env_new(NULL, "calc", &err);
	env->balance = balance;
	env->loaded = true;
	for (int i = 0; i < replicas; i++) {
		struct instance *inst = env_add_instance(env, i, &err);
		inst->name = str_format(&err, "calc-%d", i);
		inst->state = INSTANCE_UP;
		ok(instance_set_address(inst, "127.0.0.1", &err));
	}
}

static int drop(void **state)
{
	(void) state;
	env_free(af_steal(env));
	af_error_clear(&err);
	return 0;
}

static int take(int replica, const struct instance *avoid)
{
	struct instance *inst = NULL;

	ok(pool_take(env, replica, avoid, &inst, &err));
	return inst->replica;
}

/* ---- round robin ------------------------------------------------------------------ */

static void test_round_robin_is_exact(void **state)
{
	int first, counts[5] = { 0 };

	(void) state;
	make(5, AF_BALANCE_ROUND_ROBIN);
	first = take(-1, NULL);
	for (int i = 1; i < 1000; i++)
		assert_int_equal(take(-1, NULL), (first + i) % 5);
	for (int i = 0; i < 5; i++)
		counts[i] = env->instances[i].in_flight;
	for (int i = 0; i < 5; i++)
		assert_int_equal(counts[i], 200);
}

static void *take_many(void *failed)
{
	for (int i = 0; i < 3000; i++) {
		struct instance *inst;
		if (pool_take(env, -1, NULL, &inst, NULL))
			*(bool *) failed = true;
		else
			pool_give(inst, AF_OK, 10);
	}
	return NULL;
}

static void under_eight_threads(void)
{
	pthread_t threads[8];
	bool failed[8] = { false };

	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_many, &failed[i]), 0);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_false(failed[i]);
	}
}

static void test_round_robin_is_exact_under_threads(void **state)
{
	(void) state;
	make(3, AF_BALANCE_ROUND_ROBIN);
	under_eight_threads();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(env->instances[i].requests, 8000);
		assert_int_equal(env->instances[i].in_flight, 0);
	}
}

static void test_round_robin_around_one_that_is_down(void **state)
{
	int counts[4] = { 0 };

	(void) state;
	make(4, AF_BALANCE_ROUND_ROBIN);
	pool_mark(&env->instances[1], INSTANCE_DOWN);
	for (int i = 0; i < 300; i++)
		counts[take(-1, NULL)]++;
	/* Its neighbour does not get its share too. */
	assert_int_equal(counts[0], 100);
	assert_int_equal(counts[1], 0);
	assert_int_equal(counts[2], 100);
	assert_int_equal(counts[3], 100);
	pool_mark(&env->instances[1], INSTANCE_UP);
	for (int i = 0; i < 400; i++)
		counts[take(-1, NULL)]++;
	assert_int_equal(counts[1], 100);
	assert_int_equal(counts[3], 200);
}

/* Each `afs call` is a process of its own: their turns go on in a file. */
static void test_turns_go_on_from_process_to_process(void **state)
{
	char dir[] = "/tmp/afs-unit-XXXXXX";
	int counts[3] = { 0 };

	(void) state;
	assert_non_null(mkdtemp(dir));
	setenv("XDG_RUNTIME_DIR", dir, 1);
	for (int i = 0; i < 30; i++) {
		make(3, AF_BALANCE_ROUND_ROBIN);
		env->loaded = false;
		counts[take(-1, NULL)]++;
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(counts[i], 10);
	/* A file that is broken, or cannot be had, is no reason to fail. */
	AUTO_FREE char *path = str_format(&err, "%s/affinetes/calc.turn", dir);
	ok(file_write(path, "xyz", 3, 0600, &err));
	make(3, AF_BALANCE_ROUND_ROBIN);
	env->loaded = false;
	take(-1, NULL);
	setenv("XDG_RUNTIME_DIR", "/proc/nowhere", 1);
	make(3, AF_BALANCE_ROUND_ROBIN);
	env->loaded = false;
	take(-1, NULL);
	unsetenv("XDG_RUNTIME_DIR");
	ok(path_remove_tree(dir, &err));
}

/* ---- random ------------------------------------------------------------------------- */

static void test_random_is_even(void **state)
{
	int counts[4] = { 0 }, same = 0, before = -1;

	(void) state;
	make(4, AF_BALANCE_RANDOM);
	for (int i = 0; i < 8000; i++) {
		int now = take(-1, NULL);
		counts[now]++;
		same += now == before;
		before = now;
	}
	/* Standard deviation 39: seven of them. */
	for (int i = 0; i < 4; i++)
		assert_in_range(counts[i], 1730, 2270);
	assert_in_range(same, 1730, 2270); /* and no turn taking */
}

static void test_random_is_even_among_those_that_are_up(void **state)
{
	int counts[4] = { 0 };

	(void) state;
	make(4, AF_BALANCE_RANDOM);
	pool_mark(&env->instances[0], INSTANCE_DOWN);
	pool_mark(&env->instances[2], INSTANCE_STARTING);
	for (int i = 0; i < 4000; i++)
		counts[take(-1, NULL)]++;
	assert_int_equal(counts[0] + counts[2], 0);
	assert_in_range(counts[1], 1780, 2220);
}

static void test_two_environments_differ(void **state)
{
	char a[65], b[65];

	(void) state;
	for (int run = 0; run < 2; run++) {
		make(10, AF_BALANCE_RANDOM);
		for (int i = 0; i < 64; i++)
			(run ? b : a)[i] = (char) ('0' + take(-1, NULL));
	}
	a[64] = b[64] = '\0';
	assert_string_not_equal(a, b);
}

/* ---- least busy ------------------------------------------------------------------------ */

static void test_least_busy(void **state)
{
	struct instance *inst;

	(void) state;
	make(3, AF_BALANCE_LEAST_BUSY);
	env->instances[0].in_flight = 5;
	env->instances[1].in_flight = 2;
	env->instances[2].in_flight = 4;
	assert_int_equal(take(-1, NULL), 1);
	assert_int_equal(take(-1, NULL), 1);
	/* 5, 4, 4 */
	for (int i = 0; i < 5; i++)
		take(-1, NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(env->instances[i].in_flight, 6);
	env->instances[0].busy = 10; /* through others */
	for (int i = 0; i < 10; i++)
		assert_int_not_equal(take(-1, NULL), 0);
	ok(pool_take(env, -1, &env->instances[1], &inst, &err));
	assert_int_equal(inst->replica, 2);
}

static void test_least_busy_spreads_when_all_are_idle(void **state)
{
	int counts[3] = { 0 };

	(void) state;
	make(3, AF_BALANCE_LEAST_BUSY);
	for (int i = 0; i < 600; i++) {
		struct instance *inst;
		ok(pool_take(env, -1, NULL, &inst, &err));
		counts[inst->replica]++;
		pool_give(inst, AF_OK, 1);
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(counts[i], 110, 290);
}

static void test_least_busy_under_threads(void **state)
{
	(void) state;
	make(3, AF_BALANCE_LEAST_BUSY);
	under_eight_threads();
	uint64_t sum = 0;
	for (int i = 0; i < 3; i++) {
		sum += env->instances[i].requests;
		assert_int_equal(env->instances[i].in_flight, 0);
	}
	assert_int_equal(sum, 24000);
}

/* ---- all of them ------------------------------------------------------------------------- */

static void test_avoiding_one(void **state)
{
	static const enum af_balance all[] = { AF_BALANCE_RANDOM, AF_BALANCE_ROUND_ROBIN, AF_BALANCE_LEAST_BUSY };

	(void) state;
	for (size_t b = 0; b < ARRAY_LEN(all); b++) {
		make(3, all[b]);
		for (int i = 0; i < 60; i++)
			assert_int_not_equal(take(-1, &env->instances[1]), 1);
		pool_mark(&env->instances[0], INSTANCE_DOWN);
		for (int i = 0; i < 20; i++)
			assert_int_equal(take(-1, &env->instances[1]), 2);
		/* Better than nothing. */
		pool_mark(&env->instances[2], INSTANCE_DOWN);
		assert_int_equal(take(-1, &env->instances[1]), 1);
	}
}

static void test_a_replica_by_its_number(void **state)
{
	struct instance *inst = NULL;

	(void) state;
	make(3, AF_BALANCE_ROUND_ROBIN);
	for (int i = 0; i < 10; i++)
		assert_int_equal(take(2, &env->instances[2]), 2);
	fails(pool_take(env, 3, NULL, &inst, &err), AF_ERR_NOT_FOUND, "calc has no replica 3");
	assert_null(inst);
	pool_mark(&env->instances[2], INSTANCE_DOWN);
	fails(pool_take(env, 2, NULL, &inst, &err), AF_ERR_UNREACHABLE, "calc-2: down");
}

static void test_none_is_up(void **state)
{
	struct instance *inst = NULL;

	(void) state;
	make(2, AF_BALANCE_RANDOM);
	pool_mark(&env->instances[0], INSTANCE_DOWN);
	ok(instance_set_address(&env->instances[1], NULL, &err)); /* up, but nowhere */
	env->instances[0].status = instance_keep_text(&env->instances[0], "Exited (137) 2 minutes ago", &err);
	assert_int_equal(pool_take(env, -1, NULL, &inst, &err), AF_ERR_UNREACHABLE);
	has_text(err.message, "no replica of calc is up (");
	has_text(err.message, "calc-0: Exited (137) 2 minutes ago");
	has_text(err.message, "calc-1: ");
	has_text(err.hint, "afs restart calc");
	af_error_clear(&err);
	make(0, AF_BALANCE_LEAST_BUSY);
	fails(pool_take(env, -1, NULL, &inst, &err), AF_ERR_UNREACHABLE, "no replica of calc");
}

static void test_limits_of_calls_in_flight(void **state)
{
	static const enum af_balance all[] = { AF_BALANCE_RANDOM, AF_BALANCE_ROUND_ROBIN, AF_BALANCE_LEAST_BUSY };
	struct instance *inst;

	(void) state;
	for (size_t b = 0; b < ARRAY_LEN(all); b++) {
		make(3, all[b]);
		env->max_in_flight = 2;
		for (int i = 0; i < 6; i++)
			take(-1, NULL);
		for (int i = 0; i < 3; i++)
			assert_int_equal(env->instances[i].in_flight, 2);
		fails(pool_take(env, -1, NULL, &inst, &err), AF_ERR_UNAVAILABLE, "as many calls as they may");
		fails(pool_take(env, 1, NULL, &inst, &err), AF_ERR_UNAVAILABLE, "as many calls as they may");
		pool_give(&env->instances[1], AF_OK, 1);
		assert_int_equal(take(-1, NULL), 1);
		/* The one to avoid, where it alone has room. */
		pool_give(&env->instances[2], AF_OK, 1);
		assert_int_equal(take(-1, &env->instances[2]), 2);
		env->max_in_flight_host = 5;
		pool_give(&env->instances[0], AF_OK, 1);
		fails(pool_take(env, -1, NULL, &inst, &err), AF_ERR_UNAVAILABLE, "as many calls as they may");
		pool_give(&env->instances[0], AF_OK, 1);
		assert_int_equal(take(-1, NULL), 0);
	}
}

/* What was never sent is no request, and took no time. */
static void test_what_was_not_sent_leaves_no_trace(void **state)
{
	struct instance *inst;

	(void) state;
	make(1, AF_BALANCE_RANDOM);
	ok(pool_take(env, -1, NULL, &inst, &err));
	pool_give(inst, AF_ERR_NOMEM, -1);
	assert_int_equal(inst->in_flight, 0);
	assert_int_equal(inst->requests, 0);
	assert_int_equal(inst->errors, 0);
	assert_int_equal(inst->latency.total, 0);
}

/* Lives: what counts as a death, and what does not. */
static void test_lives(void **state)
{
	struct instance *inst;

	(void) state;
	make(1, AF_BALANCE_RANDOM);
	inst = &env->instances[0];
	instance_note_life(inst, "a");
	instance_note_life(inst, "a");
	assert_int_equal(inst->vitals.run, 0);
	instance_note_life(inst, "b");
	assert_int_equal(inst->vitals.run, 1);
	instance_note_life(inst, NULL);
	instance_note_life(inst, NULL);
	assert_int_equal(inst->vitals.run, 2);
	assert_true(inst->vitals.dead);
	instance_note_life(inst, "c"); /* the end was counted */
	assert_int_equal(inst->vitals.run, 2);
	assert_false(inst->vitals.dead);
	instance_note_life(inst, ""); /* nothing is known */
	assert_int_equal(inst->vitals.run, 2);
	instance_note_life(inst, "d");
	assert_int_equal(inst->vitals.run, 3);
}

static void test_counting(void **state)
{
	struct instance *inst;
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	make(1, AF_BALANCE_RANDOM);
	static const af_code codes[] = { AF_OK, AF_ERR_METHOD, AF_ERR_TIMEOUT, AF_ERR_CANCELLED, AF_OK };
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		ok(pool_take(env, -1, NULL, &inst, &err));
		assert_int_equal(inst->in_flight, 1);
		pool_give(inst, codes[i], 1500);
	}
	take(-1, NULL);
	env_stats_json(env, &sb);
	ok(json_check(sb.data, sb.len, &err));
	has_text(sb.data, "\"name\":\"calc\",\"balance\":\"random\",\"requests\":5,\"errors\":2,\"queued\":0,\"instances\":[{\"replica\":");
	has_text(sb.data, "\"address\":\"http://127.0.0.1:8000\",\"state\":\"up\",\"requests\":5,\"errors\":2,\"in_flight\":1,\"queued\":0,\"p50_ms\":1.5");
}

/* ---- names and addresses ----------------------------------------------------------------- */

static void name_of(const char *image, const char *want)
{
	AUTO_FREE char *name = env_name_of_image(image, &err);

	assert_string_equal(name, want);
}

static void test_names_of_images(void **state)
{
	(void) state;
	name_of("calc:v1", "calc-v1");
	name_of("calc", "calc");
	name_of("docker.io/me/calc:v1", "calc-v1");
	name_of("localhost:5000/calc", "calc");
	name_of("reg:5000/a/b:1.2@sha256:abc", "b-1.2");
}

static void test_names_that_engines_take(void **state)
{
	static const char *const bad[] = { "", "a", "-a", ".a", "a b", "a/b", "a\n", "\xc3\xa4" "b", "a:b", "\x1b[31m" };
	char long_name[200];

	(void) state;
	ok(env_name_check("calc-v1.0_x", &err));
	ok(env_name_check("0a", &err));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(env_name_check(bad[i], &err), AF_ERR_USAGE);
		assert_null(strchr(err.message, '\x1b'));
		assert_null(strchr(err.message, '\n'));
		af_error_clear(&err);
	}
	memset(long_name, 'a', sizeof(long_name));
	long_name[128] = '\0';
	ok(env_name_check(long_name, &err));
	long_name[128] = 'a';
	long_name[129] = '\0';
	fails(env_name_check(long_name, &err), AF_ERR_USAGE, "cannot be the name");
}

static void test_names_of_containers(void **state)
{
	AUTO_FREE char *one = env_container_name("calc", 0, 1, &err), *two = env_container_name("calc", 1, 2, &err);

	(void) state;
	assert_string_equal(one, "calc");
	assert_string_equal(two, "calc-1");
	assert_string_equal(af_balance_name(AF_BALANCE_ROUND_ROBIN), "round_robin");
	assert_string_equal(af_balance_name(AF_BALANCE_LEAST_BUSY), "least_busy");
	assert_string_equal(af_balance_name((enum af_balance) 99), "random");
	assert_string_equal(instance_state_name(INSTANCE_STARTING), "starting");
}

static void test_addresses(void **state)
{
	struct instance *inst;

	(void) state;
	make(1, AF_BALANCE_RANDOM);
	inst = &env->instances[0];
	const char *before = inst->base;
	ok(instance_set_address(inst, "fd00::2", &err));
	assert_string_equal(inst->base, "http://[fd00::2]:8000");
	/* Whoever is about to use the old one may still look at it. */
	assert_string_equal(before, "http://127.0.0.1:8000");
	ok(instance_set_address(inst, NULL, &err));
	assert_null(inst->base);
	inst->port = 9000;
	ok(instance_set_address(inst, "10.0.0.1", &err));
	assert_string_equal(inst->base, "http://10.0.0.1:9000");
}

static void test_arguments(void **state)
{
	(void) state;
	ok(call_arguments_check((struct json_span){ NULL, 0 }, &err));
	ok(call_arguments_check((struct json_span){ " {}", 3 }, &err));
	fails(call_arguments_check((struct json_span){ "[1]", 3 }, &err), AF_ERR_USAGE, "JSON object was expected");
	fails(call_arguments_check((struct json_span){ "{\"a\":}", 6 }, &err), AF_ERR_USAGE, "arguments: not JSON: line 1 column 6");
}

static void test_methods_as_json(void **state)
{
	AF_AUTO(method_list) struct method_list list = { 0 };
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	method_list_json(&list, &sb);
	assert_string_equal(sb.data, "[]");
	strbuf_reset(&sb);
	ok(method_list_add(&list, "f\"", "(x: str = \"\\n\")", NULL, "Actor", &err));
	ok(method_list_add(&list, "g", "()", "Does\ng.", NULL, &err));
	method_list_json(&list, &sb);
	ok(json_check(sb.data, sb.len, &err));
	has_text(sb.data, "{\"name\":\"f\\\"\",\"signature\":\"(x: str = \\\"\\\\n\\\")\",\"doc\":null,\"source\":\"Actor\"}");
}

#define TEST(f) cmocka_unit_test_teardown(f, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_robin_is_exact),
		TEST(test_round_robin_is_exact_under_threads),
		TEST(test_round_robin_around_one_that_is_down),
		TEST(test_turns_go_on_from_process_to_process),
		TEST(test_random_is_even),
		TEST(test_random_is_even_among_those_that_are_up),
		TEST(test_two_environments_differ),
		TEST(test_least_busy),
		TEST(test_least_busy_spreads_when_all_are_idle),
		TEST(test_least_busy_under_threads),
		TEST(test_avoiding_one),
		TEST(test_a_replica_by_its_number),
		TEST(test_none_is_up),
		TEST(test_limits_of_calls_in_flight),TEST(test_what_was_not_sent_leaves_no_trace),TEST(test_lives),TEST(test_counting),
		TEST(test_names_of_images),
		TEST(test_names_that_engines_take),
		TEST(test_names_of_containers),
		TEST(test_addresses),
		TEST(test_arguments),
		TEST(test_methods_as_json),
	};

	return RUN(tests);
}
