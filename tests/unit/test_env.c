/* orchestrator: calls through a pool of servers that fail, on an engine that knows where they are. */
#include "fake_engine.h"

#include "orchestrator/orchestrator.h"

#define CALL(env, method) call_it(env, method, -1, 0, NULL)

static struct fake_engine engine;
static struct af *af;
static struct af_env *env;
static struct call_info info;
static char *result;

static int setup(void **state)
{
	(void) state;
	af_error_clear(&err);
	engine_start(&engine);
	return af_new(&(struct af_options){ .engine = engine.host }, &af, &err);
}

static int teardown(void **state)
{
	(void) state;
	env_free(af_steal(env));
	af_free(af_steal(af));
	engine_stop(&engine);
	free(af_steal(result));
	return 0;
}

static af_code call_it(struct af_env *e, const char *method, int replica, int64_t timeout_ms, struct cancel *cancel)
{
	size_t len;

	free(af_steal(result));
	memset(&info, 0, sizeof(info));
	return env_call(e, method, (struct json_span){ "{\"a\":1}", 7 }, replica, timeout_ms, cancel, &result, &len, &info, &err);
}

/* An environment of `count` replicas whose servers are these. */
static void connect_to(int count, const char *type, struct fake *servers)
{
	for (int i = 0; i < count; i++) {
		char name[32];
		snprintf(name, sizeof(name), count > 1 ? "calc-%d" : "calc", i);
		engine_add(&engine, name, "calc", i, count, type, servers[i].base);
	}
	ok(env_find(af, "calc", NULL, &env, &err));
	env->loaded = true;
	assert_int_equal(env->count, count);
}

/* Answers with its number; remembers the ids of calls in the log. */
static void serve_number(struct fake_conn *c)
{
	while (fake_request(c)) {
		char text[128];
		AUTO_FREE char *id = fake_header(c, "X-Affinetes-Call-Id");
		pthread_mutex_lock(&c->f->lock);
		strbuf_addf(&c->f->log, "id %s\n", id ? id : "none");
		pthread_mutex_unlock(&c->f->lock);
		snprintf(text, sizeof(text), "{\"status\":\"success\",\"result\":%d}", c->f->port);
		fake_answer(c, 200, text);
	}
}

static bool logged(struct fake *f, const char *text)
{
	pthread_mutex_lock(&f->lock);
	bool there = strstr(f->log.data, text) != NULL;
	pthread_mutex_unlock(&f->lock);
	return there;
}

static int count_of(struct fake *f, const char *part)
{
	int n = 0;

	pthread_mutex_lock(&f->lock);
	for (const char *p = f->log.data; (p = strstr(p, part)); p += strlen(part))
		n++;
	pthread_mutex_unlock(&f->lock);
	return n;
}

/* ---- calls that work ------------------------------------------------------------------ */

static void test_a_call(void **state)
{
	struct fake f;
	char want[16];

	(void) state;
	fake_start(&f, serve_number, NULL);
	connect_to(1, "function_based", &f);
	ok(CALL(env, "evaluate"));
	snprintf(want, sizeof(want), "%d", f.port);
	assert_string_equal(result, want);
	assert_int_equal(info.replica, 0);
	assert_true(info.took_us > 0);
	assert_true(logged(&f, "POST /call\n"));
	assert_true(logged(&f, info.id));
	assert_int_equal(env->instances[0].requests, 1);
	assert_int_equal(env->instances[0].in_flight, 0);
	assert_true(env->ours);
	assert_int_equal(env->balance, AF_BALANCE_ROUND_ROBIN);
	fake_stop(&f);
}

static void test_each_in_its_turn(void **state)
{
	struct fake f[3];

	(void) state;
	for (int i = 0; i < 3; i++)
		fake_start(&f[i], serve_number, NULL);
	connect_to(3, "function_based", f);
	for (int i = 0; i < 30; i++)
		ok(CALL(env, "evaluate"));
	for (int i = 0; i < 3; i++)
		assert_int_equal(fake_read(&f[i], &f[i].requests), 10);
	ok(call_it(env, "evaluate", 2, 0, NULL));
	assert_int_equal(info.replica, 2);
	assert_int_equal(fake_read(&f[2], &f[2].requests), 11);
	fails(call_it(env, "evaluate", 3, 0, NULL), AF_ERR_NOT_FOUND, "no replica");
	for (int i = 0; i < 3; i++)
		fake_stop(&f[i]);
}

static void test_a_foreign_container(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_number, NULL);
	engine_add(&engine, "foreign", NULL, 0, 0, "", f.base);
	ok(env_find(af, "foreign", NULL, &env, &err));
	assert_false(env->ours);
	ok(CALL(env, "evaluate"));
	fails(env_stop(env, 1, NULL, &err), AF_ERR_USAGE, "foreign was not started by afs");
	assert_int_equal(engine_containers(&engine), 1);
	fake_stop(&f);
}

static void test_names_that_are_not_there(void **state)
{
	struct fake f;

	(void) state;
	assert_int_equal(env_find(af, "calc", NULL, &env, &err), AF_ERR_NOT_FOUND);
	has_text(err.hint, "nothing runs");
	fails(err.code, AF_ERR_NOT_FOUND, "no environment calc");
	fake_start(&f, serve_number, NULL);
	engine_add(&engine, "other", "other", 0, 1, "function_based", f.base);
	assert_int_equal(env_find(af, "../../info", NULL, &env, &err), AF_ERR_NOT_FOUND);
	has_text(err.hint, "there are: other");
	fails(err.code, AF_ERR_NOT_FOUND, "no environment ../../info");
	assert_null(strstr(engine.f.log.data, "info"));
	fake_stop(&f);
}

/* ---- one that is not there ----------------------------------------------------------------- */

static void test_nothing_sent_goes_to_another(void **state)
{
	struct fake f[3];

	(void) state;
	for (int i = 0; i < 3; i++)
		fake_start(&f[i], serve_number, NULL);
	connect_to(3, "http_based", f);
	fake_stop(&f[1]);
	for (int i = 0; i < 30; i++) {
		int64_t start = clock_ms();
		ok(CALL(env, "evaluate"));
		took(start, 0, 2000);
		assert_int_not_equal(info.replica, 1);
	}
	assert_int_equal(fake_read(&f[0], &f[0].requests) + fake_read(&f[2], &f[2].requests), 30);
	assert_in_range(fake_read(&f[0], &f[0].requests), 14, 16);
	assert_true(env->instances[1].vitals.examined); /* asked once, and then no more */
	assert_int_equal(env->instances[1].requests, 1);
	fake_stop(&f[0]);
	fake_stop(&f[2]);
}

static void test_it_has_moved(void **state)
{
	struct fake f[2];

	(void) state;
	fake_start(&f[0], serve_number, NULL);
	fake_start(&f[1], serve_number, NULL);
	connect_to(2, "function_based", f);
	fake_stop(&f[1]);
	fake_start_at(&f[1], 2, f[1].port, serve_number, NULL); /* same port, other address */
	engine_set_ip(&engine, &engine.containers[1], "127.0.0.2");
	int calls = 0;
	for (deadline until = deadline_in(PATIENCE_MS); deadline_left(until) && !count_of(&f[1], "POST /call"); calls++)
		ok(CALL(env, "evaluate"));
	assert_int_equal(count_of(&f[1], "POST /call"), 1);
	assert_int_equal(count_of(&f[0], "POST /call"), calls - 1);
	fake_stop(&f[0]);
	fake_stop(&f[1]);
}

static void test_the_only_one_comes_back_elsewhere(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_number, NULL);
	connect_to(1, "function_based", &f);
	fake_stop(&f);
	engine_set_state(&engine, &engine.containers[0], "restarting", 0);
	engine_set_ip(&engine, &engine.containers[0], "127.0.0.3");
	fake_start_at(&f, 3, f.port, serve_number, NULL);
	engine_set_state(&engine, &engine.containers[0], "running", 0);
	ok(call_it(env, "evaluate", -1, 10000, NULL));
	assert_string_equal(env->instances[0].base, f.base);
	fake_stop(&f);
}

static void *come_back(void *arg)
{
	struct fake *f = arg;

	/* The engine is asked where it is: it restarts. Only then it comes back. */
	fake_await(&engine.f, &engine.containers[0].inspects, 3);
	engine_set_ip(&engine, &engine.containers[0], "127.0.0.4");
	fake_start_at(f, 4, f->port, serve_number, NULL);
	engine_set_state(&engine, &engine.containers[0], "running", 0);
	return NULL;
}

static void test_calls_wait_for_a_restart(void **state)
{
	struct fake f;
	pthread_t thread;

	(void) state;
	fake_start(&f, serve_number, NULL);
	connect_to(1, "function_based", &f);
	fake_stop(&f);
	engine_set_state(&engine, &engine.containers[0], "restarting", 137);
	assert_int_equal(pthread_create(&thread, NULL, come_back, &f), 0);
	ok(call_it(env, "evaluate", -1, 15000, NULL));
	pthread_join(thread, NULL);
	assert_string_equal(env->instances[0].base, f.base);
	/* It was marked as down, and is known to be back. */
	ok(CALL(env, "evaluate"));
	fake_stop(&f);
}

static void test_calls_wait_no_longer_than_their_timeout(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_number, NULL);
	connect_to(1, "function_based", &f);
	fake_stop(&f);
	engine_set_state(&engine, &engine.containers[0], "restarting", 137);
	int64_t start = clock_ms();
	fails(call_it(env, "evaluate", -1, 300, NULL), AF_ERR_TIMEOUT, "calc did not come back within 300 ms");
	took(start, 299, 3000);
}

static void test_it_is_gone(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_number, NULL);
	connect_to(1, "function_based", &f);
	fake_stop(&f);
	engine.containers[0].oom = true;
	engine_set_state(&engine, &engine.containers[0], "exited", 137);
	int64_t start = clock_ms();
	fails(call_it(env, "evaluate", -1, 15000, NULL), AF_ERR_UNREACHABLE,
	      "killed for using more memory than its limit of 512M (OOM), exit code 137");
	took(start, 0, 5000);
	/* A pool that knows it is down asks once more before it says so. */
	fails(call_it(env, "evaluate", -1, 15000, NULL), AF_ERR_UNREACHABLE, "OOM");
	pthread_mutex_lock(&engine.f.lock);
	engine.containers[0].there = false;
	pthread_mutex_unlock(&engine.f.lock);
	fails(call_it(env, "evaluate", -1, 15000, NULL), AF_ERR_UNREACHABLE, "removed");
}

static void test_one_that_was_down_is_found_again(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_number, NULL);
	connect_to(1, "function_based", &f);
	pool_mark(&env->instances[0], INSTANCE_DOWN);
	ok(CALL(env, "evaluate"));
	fake_stop(&f);
}

/* ---- one that dies in the middle -------------------------------------------------------------- */

/* The first call of all is taken and never answered: its connection breaks. */
static void serve_break_first(struct fake_conn *c)
{
	while (fake_request(c)) {
		AUTO_FREE char *id = fake_header(c, "X-Affinetes-Call-Id");
		bool call = !strcmp(c->method, "POST");
		pthread_mutex_lock(&c->f->lock);
		strbuf_addf(&c->f->log, "id %s\n", id ? id : "none");
		bool first = call && !c->f->passed++;
		pthread_mutex_unlock(&c->f->lock);
		if (first)
			return;
		fake_answer(c, 200, call && strcmp(c->path, "/call") ? "\"plain\"" : "{\"status\":\"success\",\"result\":\"joined\"}");
	}
}

static void test_a_broken_call_is_joined_where_it_ran(void **state)
{
	struct fake f[3];

	(void) state;
	for (int i = 0; i < 3; i++)
		fake_start(&f[i], serve_break_first, NULL);
	connect_to(3, "function_based", f);
	for (int i = 0; i < 3; i++) {
		ok(CALL(env, "evaluate"));
		assert_string_equal(result, "\"joined\"");
		assert_int_equal(info.replica, i);
		assert_int_equal(count_of(&f[i], "POST /call"), 2);
		assert_int_equal(count_of(&f[i], info.id), 2); /* under the same id */
		assert_int_equal(count_of(&f[(i + 1) % 3], info.id), 0);
		assert_int_equal(count_of(&f[(i + 2) % 3], info.id), 0);
	}
	for (int i = 0; i < 3; i++)
		fake_stop(&f[i]);
}

static void test_a_broken_call_without_an_id_is_not_sent_again(void **state)
{
	struct fake f[2];

	(void) state;
	for (int i = 0; i < 2; i++)
		fake_start(&f[i], serve_break_first, NULL);
	connect_to(2, "http_based", f);
	fails(CALL(env, "evaluate"), AF_ERR_LOST, "the call may have run");
	assert_int_equal(count_of(&f[0], "POST") + count_of(&f[1], "POST"), 1);
	fake_stop(&f[0]);
	fake_stop(&f[1]);
}

/* Takes a call, and then it is gone for good, as its engine knows. */
static void serve_die(struct fake_conn *c)
{
	while (fake_request(c)) {
		if (strcmp(c->path, "/call"))
			continue;
		fake_refuse(c->f);
		engine_set_state(&engine, &engine.containers[0], "exited", 1);
		return;
	}
}

static void test_a_call_whose_server_died_for_good_is_run_by_another(void **state)
{
	struct fake f[2];

	(void) state;
	fake_start(&f[0], serve_die, NULL);
	fake_start(&f[1], serve_number, NULL);
	connect_to(2, "function_based", f);
	int64_t start = clock_ms();
	ok(CALL(env, "evaluate"));
	took(start, 0, 6000);
	assert_int_equal(info.replica, 1);
	assert_int_equal(info.attempts, 2);
	assert_int_equal(count_of(&f[1], info.id), 1);
	/* One that may not go there has nobody left. */
	fails(call_it(env, "evaluate", 0, 5000, NULL), AF_ERR_UNREACHABLE, "exited, exit code 1");
	fake_stop(&f[0]);
	fake_stop(&f[1]);
}

/* Answers a first call, so that the connection is kept; takes the second and dies. libcurl tries again by itself, in vain. */
static void serve_answer_and_die(struct fake_conn *c)
{
	while (fake_request(c)) {
		if (fake_read(c->f, &c->f->requests) == 2) {
			fake_refuse(c->f);
			engine_set_state(&engine, &engine.containers[0], "exited", 1);
			return;
		}
		fake_answer(c, 200, "{\"status\":\"success\",\"result\":1}");
	}
}

static void test_a_call_for_one_replica_stays_there(void **state)
{
	struct fake f[2];

	(void) state;
	fake_start(&f[0], serve_answer_and_die, NULL);
	fake_start(&f[1], serve_number, NULL);
	connect_to(2, "function_based", f);
	ok(call_it(env, "evaluate", 0, 0, NULL));
	fails(call_it(env, "evaluate", 0, 0, NULL), AF_ERR_LOST, "calc-0 is gone (exited, exit code 1) while it ran evaluate");
	assert_int_equal(fake_read(&f[1], &f[1].requests), 0);
	fake_stop(&f[0]);
	fake_stop(&f[1]);
}

/* ---- time ------------------------------------------------------------------------------------- */

static void serve_hang(struct fake_conn *c)
{
	while (fake_request(c)) {
		pthread_mutex_lock(&c->f->lock);
		strbuf_add(&c->f->log, c->body.data, c->body.len);
		pthread_mutex_unlock(&c->f->lock);
		if (!strcmp(c->path, "/cancel"))
			fake_answer(c, 200, "{}");
		else if (!strcmp(c->path, "/health"))
			fake_answer(c, 200, "{}");
	}
}

static void test_a_timeout_is_told_to_the_server(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_hang, NULL);
	connect_to(1, "function_based", &f);
	int64_t start = clock_ms();
	assert_int_equal(call_it(env, "evaluate", -1, 120, NULL), AF_ERR_TIMEOUT);
	took(start, 119, 2000);
	has_text(err.hint, "--timeout");
	fails(err.code, AF_ERR_TIMEOUT, "calc.evaluate gave no answer within 120 ms and was cancelled");
	assert_true(logged(&f, "POST /cancel\n{\"id\":\""));
	assert_true(logged(&f, info.id));
	assert_int_equal(env->instances[0].in_flight, 0);
	fake_stop(&f);
}

struct trigger {
	struct fake *f;
	struct cancel *cancel;
};

static void *cancel_when_asked(void *arg)
{
	struct trigger *t = arg;

	fake_await(t->f, &t->f->requests, 1);
	cancel_trigger(t->cancel);
	return NULL;
}

static void test_an_interrupt_is_told_to_the_server(void **state)
{
	struct fake f;
	struct trigger t = { &f, cancel_new(&err) };
	pthread_t thread;

	(void) state;
	fake_start(&f, serve_hang, NULL);
	connect_to(1, "function_based", &f);
	assert_int_equal(pthread_create(&thread, NULL, cancel_when_asked, &t), 0);
	int64_t start = clock_ms();
	fails(call_it(env, "evaluate", -1, 0, t.cancel), AF_ERR_CANCELLED, "interrupted");
	took(start, 0, 2000);
	pthread_join(thread, NULL);
	assert_true(logged(&f, "POST /cancel\n{\"id\":\""));
	cancel_free(t.cancel);
	fake_stop(&f);
}

static void serve_too_late(struct fake_conn *c)
{
	while (fake_request(c))
		fake_answer(c, 504, "{\"detail\":\"the method took longer than its own timeout of 3 s\"}");
}

/* The server's own limit, not ours: its words stand. */
static void test_a_timeout_of_the_server(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_too_late, NULL);
	connect_to(1, "function_based", &f);
	fails(CALL(env, "evaluate"), AF_ERR_TIMEOUT, "longer than its own timeout of 3 s");
	assert_int_equal(fake_read(&f, &f.requests), 1);
	fake_stop(&f);
}

/* ---- many threads while addresses change ------------------------------------------------------- */

static atomic_int wrong;

static void *call_many(void *arg)
{
	struct af_env *e = arg;

	for (int i = 0; i < 60; i++) {
		AUTO_FREE char *text = NULL;
		size_t len;
		if (env_call(e, "evaluate", (struct json_span){ NULL, 0 }, -1, 20000, NULL, &text, &len, NULL, NULL))
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void test_moving_under_eight_threads(void **state)
{
	pthread_t threads[8];
	struct fake f[2];

	(void) state;
	atomic_store(&wrong, 0);
	fake_start(&f[0], serve_number, NULL);
	fake_start(&f[1], serve_number, NULL);
	connect_to(2, "function_based", f);
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_many, env), 0);
	for (int i = 0; i < 10; i++) {
		char ip[32];
		fake_stop(&f[1]);
		snprintf(ip, sizeof(ip), "127.0.0.%d", 20 + i);
		engine_set_ip(&engine, &engine.containers[1], ip);
		fake_start_at(&f[1], 20 + i, f[1].port, serve_number, NULL);
		ok(instance_refresh(&env->instances[1], NULL, &err));
	}
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(wrong, 0);
	fake_stop(&f[0]);
	fake_stop(&f[1]);
}

/* ---- methods --------------------------------------------------------------------------------------- */

static void serve_methods(struct fake_conn *c)
{
	while (fake_request(c))
		fake_answer(c, strcmp(c->path, "/methods") ? 404 : 200, "{\"methods\":[{\"name\":\"evaluate\"},{\"name\":\"ping\"}]}");
}

static void test_methods(void **state)
{
	AF_AUTO(method_list) struct method_list list = { 0 };
	struct fake f;

	(void) state;
	fake_start(&f, serve_methods, NULL);
	connect_to(1, "function_based", &f);
	ok(env_methods(env, NULL, &list, &err));
	assert_int_equal(list.count, 2);
	assert_int_equal(env->instances[0].requests, 0); /* no call */
	assert_int_equal(env->instances[0].in_flight, 0);
	assert_int_equal(CALL(env, "evalute"), AF_ERR_NOT_FOUND);
	env_hint_methods(env, "evalute", NULL, &err);
	assert_string_equal(err.hint, "methods of calc: evaluate, ping");
	fails(err.code, AF_ERR_NOT_FOUND, "calc has no method evalute");
	fake_stop(&f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_call),
		TEST(test_each_in_its_turn),
		TEST(test_a_foreign_container),
		TEST(test_names_that_are_not_there),
		TEST(test_nothing_sent_goes_to_another),
		TEST(test_it_has_moved),
		TEST(test_the_only_one_comes_back_elsewhere),
		TEST(test_calls_wait_for_a_restart),
		TEST(test_calls_wait_no_longer_than_their_timeout),
		TEST(test_it_is_gone),
		TEST(test_one_that_was_down_is_found_again),
		TEST(test_a_broken_call_is_joined_where_it_ran),
		TEST(test_a_broken_call_without_an_id_is_not_sent_again),
		TEST(test_a_call_whose_server_died_for_good_is_run_by_another),
		TEST(test_a_call_for_one_replica_stays_there),
		TEST(test_a_timeout_is_told_to_the_server),
		TEST(test_an_interrupt_is_told_to_the_server),
		TEST(test_a_timeout_of_the_server),
		TEST(test_moving_under_eight_threads),
		TEST(test_methods),
	};

	return RUN(tests);
}
