/* affinetes.h: environments are deployed as a whole or not at all, found again, and stopped. */
#include "fake_engine.h"

#include "orchestrator/orchestrator.h"

#define FIRST_IP 40

static struct fake_engine engine;
static struct af *af;
static struct af_env *env;
static struct fake servers[3];
static char port_var[32];
static const char *const *vars = (const char *const[]){ "API_KEY=secret", port_var, NULL };

/* What a healthy environment says to everything. */
static void serve_healthy(struct fake_conn *c)
{
	while (fake_request(c))
		fake_answer(c, 200, !strcmp(c->path, "/methods") ? "{\"methods\":[{\"name\":\"f\",\"signature\":\"(x)\"}]}"
								  : "{\"status\":\"success\",\"result\":[1]}");
}

static void serve_never(struct fake_conn *c)
{
	if (fake_request(c))
		fake_hang(c);
}

static void start_servers(void (*serve)(struct fake_conn *c))
{
	for (int i = 0; i < 3; i++)
		fake_start_at(&servers[i], FIRST_IP + i, i ? servers[0].port : 0, serve, NULL);
	snprintf(port_var, sizeof(port_var), "AFFINETES_PORT=%d", servers[0].port);
}

static void stop_servers(void)
{
	for (int i = 0; i < 3; i++)
		fake_stop(&servers[i]);
}

static int setup(void **state)
{
	(void) state;
	af_error_clear(&err);
	env = NULL;
	engine_start(&engine);
	engine.first_ip = FIRST_IP;
	start_servers(serve_healthy);
	return af_new(&(struct af_options){ .engine = engine.host }, &af, &err);
}

static int teardown(void **state)
{
	(void) state;
	af_free(af_steal(af));
	stop_servers();
	engine_stop(&engine);
	return 0;
}

static struct af_load_options options(int replicas)
{
	return (struct af_load_options){ .image = "img:v1", .name = "calc", .env_vars = vars, .replicas = replicas,
					 .balance = AF_BALANCE_ROUND_ROBIN, .max_in_flight = 700 };
}

static af_code load(const struct af_load_options *opt)
{
	return af_load_env(af, opt, &env, &err);
}

/* ---- deploying -------------------------------------------------------------------------- */

static void test_three_replicas(void **state)
{
	struct af_load_options opt = options(3);

	(void) state;
	opt.mem_limit = "512m";
	opt.cpu_limit = 1.5;
	ok(load(&opt));
	assert_string_equal(af_env_name(env), "calc");
	assert_int_equal(engine_containers(&engine), 3);
	for (int i = 0; i < 3; i++) {
		char name[32];
		snprintf(name, sizeof(name), "calc-%d", i);
		struct fake_container *c = engine_find(&engine, name, strlen(name));
		assert_non_null(c);
		has_text(c->config, "\"Image\":\"img:v1\"");
		has_text(c->config, "\"API_KEY=secret\"");
		has_text(c->config, "\"affinetes.env.name\":\"calc\"");
		has_text(c->config, "\"affinetes.env.type\":\"function_based\"");
		has_text(c->config, "\"affinetes.replicas\":\"3\"");
		has_text(c->config, "\"affinetes.balance\":\"round_robin\"");
		has_text(c->config, "\"affinetes.max_in_flight\":\"700\"");
		has_text(c->config, "\"RestartPolicy\":{\"Name\":\"always\"}");
		has_text(c->config, "\"Memory\":536870912");
		has_text(c->config, "\"NanoCpus\":1500000000");
		assert_null(strstr(c->config, "\"Tty\":true"));
	}
	assert_true(af_env_is_ready(env));
}

static void test_one_replica_has_the_plain_name(void **state)
{
	struct af_load_options opt = options(0);

	(void) state;
	opt.name = NULL;
	ok(load(&opt));
	assert_string_equal(af_env_name(env), "img-v1");
	assert_non_null(engine_find(&engine, "img-v1", 6));
	assert_null(strstr(engine.containers[0].config, "Memory"));
	assert_null(strstr(engine.containers[0].config, "NanoCpus"));
}

static void test_calling_what_was_loaded(void **state)
{
	struct af_load_options opt = options(3);
	char *text = NULL;

	(void) state;
	ok(load(&opt));
	for (int i = 0; i < 9; i++) {
		ok(af_env_call(env, "f", "{\"x\":1}", NULL, &text, &err));
		assert_string_equal(text, "[1]");
		free(text);
	}
	ok(af_env_call(env, "f", NULL, &(struct af_call_options){ .replica = 2, .timeout_ms = 5000 }, &text, &err));
	free(text);
	ok(af_env_stats(env, &text, &err));
	has_text(text, "\"requests\":10,\"errors\":0,");
	has_text(text, "\"requests\":4,");
	free(text);
	ok(af_env_list_methods(env, &text, &err));
	has_text(text, "\"signature\":\"(x)\"");
	free(text);
	fails(af_env_call(env, "f", "[1]", NULL, &text, &err), AF_ERR_USAGE, "JSON object was expected");
	fails(af_env_call(env, "f", "{", NULL, &text, &err), AF_ERR_USAGE, "not JSON");
}

static void test_one_dies_and_all_are_removed(void **state)
{
	struct af_load_options opt = options(3);

	(void) state;
	engine.die_at = 1;
	int64_t start = clock_ms();
	assert_int_equal(load(&opt), AF_ERR_FAILED);
	took(start, 0, 3000);
	has_text(err.message, "run calc: calc-1 died while starting, exit code 3");
	has_text(err.message, "ImportError: numpy");
	has_text(err.message, "last");
	assert_null(strstr(err.message, "secret"));
	assert_non_null(err.hint);
	af_error_clear(&err);
	assert_int_equal(engine_containers(&engine), 0);
	assert_int_equal(engine.made, engine.removed);
}

static void test_one_is_never_ready(void **state)
{
	struct af_load_options opt = options(1);

	(void) state;
	stop_servers();
	start_servers(serve_never);
	opt.ready_timeout_ms = 200;
	int64_t start = clock_ms();
	assert_int_equal(load(&opt), AF_ERR_TIMEOUT);
	took(start, 199, 4000);
	has_text(err.message, "calc is not ready after ");
	has_text(err.message, "ImportError: numpy");
	af_error_clear(&err);
	assert_int_equal(engine_containers(&engine), 0);
}

static void *cancel_later(void *cancel)
{
	fake_await(&servers[0], &servers[0].requests, 1); /* it is being asked for its health */
	cancel_trigger(cancel);
	return NULL;
}

static void test_interrupted(void **state)
{
	struct af_load_options opt = options(3);
	struct cancel *cancel = cancel_new(&err);
	pthread_t thread;

	(void) state;
	stop_servers();
	start_servers(serve_never);
	opt.cancel = (struct af_cancel *) cancel;
	assert_int_equal(pthread_create(&thread, NULL, cancel_later, cancel), 0);
	int64_t start = clock_ms();
	fails(load(&opt), AF_ERR_CANCELLED, "nothing of calc is left running");
	took(start, 0, 4000);
	pthread_join(thread, NULL);
	assert_int_equal(engine_containers(&engine), 0);
	/* Before it began nothing is made at all. */
	int made = engine.made;
	fails(load(&opt), AF_ERR_CANCELLED, "interrupted");
	assert_int_equal(engine.made, made);
	cancel_free(cancel);
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void refused(const struct af_load_options *opt, af_code code, const char *part)
{
	fails(load(opt), code, part);
	assert_int_equal(engine.made, 0);
	assert_null(env);
}

static void test_options_that_make_no_sense(void **state)
{
	struct af_load_options opt = options(1);

	(void) state;
	opt.mode = AF_MODE_BASILICA;
	refused(&opt, AF_ERR_UNAVAILABLE, "basilica");
	opt = options(-1);
	refused(&opt, AF_ERR_USAGE, "-1 replicas");
	opt = options(1001);
	refused(&opt, AF_ERR_USAGE, "1001 replicas");
	opt = options(1);
	opt.mem_limit = "lots";
	refused(&opt, AF_ERR_USAGE, "memory limit: \"lots\" is not a size");
	opt.mem_limit = "1m";
	refused(&opt, AF_ERR_USAGE, "less than 6");
	opt = options(1);
	opt.name = "bad name";
	refused(&opt, AF_ERR_USAGE, "cannot be the name");
	opt = options(1);
	opt.image = "";
	refused(&opt, AF_ERR_USAGE, "no image");
}

static void test_no_such_image(void **state)
{
	struct af_load_options opt = options(1);

	(void) state;
	engine.image_type = NULL;
	assert_int_equal(load(&opt), AF_ERR_NOT_FOUND);
	has_text(err.hint, "afs build");
	fails(err.code, AF_ERR_NOT_FOUND, "no image img:v1 here");
	assert_int_equal(engine.made, 0);
}

static void test_the_name_is_in_use(void **state)
{
	struct af_load_options opt = options(2);
	struct af_env *first, *second = NULL;

	(void) state;
	ok(load(&opt));
	first = env;
	assert_int_equal(af_load_env(af, &opt, &second, &err), AF_ERR_EXISTS);
	has_text(err.hint, "--force-recreate");
	fails(err.code, AF_ERR_EXISTS, "run calc: the name calc is in use by an environment (image img:v1");
	assert_int_equal(engine_containers(&engine), 2);
	assert_true(af_env_is_ready(first)); /* the one that was there goes on */
}

static void test_a_foreign_container_has_the_name(void **state)
{
	struct af_load_options opt = options(1);

	(void) state;
	engine_add(&engine, "calc", NULL, 0, 0, "", servers[0].base);
	opt.force_recreate = true; /* not even then */
	assert_int_equal(load(&opt), AF_ERR_EXISTS);
	has_text(err.hint, "docker rm -f calc");
	fails(err.code, AF_ERR_EXISTS, "a container that afs did not start");
	assert_int_equal(engine_containers(&engine), 1);
}

static void test_recreating(void **state)
{
	struct af_load_options opt = options(1);

	(void) state;
	engine_add(&engine, "calc-0", "calc", 0, 2, "function_based", servers[0].base);
	engine_add(&engine, "calc-1", "calc", 1, 2, "function_based", servers[1].base);
	opt.force_recreate = true;
	ok(load(&opt));
	assert_int_equal(engine.removed, 2);
	assert_int_equal(engine_containers(&engine), 1);
}

static void test_one_that_stands_still_gives_way(void **state)
{
	struct af_load_options opt = options(1);

	(void) state;
	engine_add(&engine, "calc", "calc", 0, 1, "function_based", servers[0].base);
	engine_set_state(&engine, &engine.containers[0], "exited", 0);
	ok(load(&opt));
	assert_int_equal(engine.removed, 1);
}

static void test_no_engine(void **state)
{
	struct af_load_options opt = options(1);
	struct af *other = NULL;

	(void) state;
	ok(af_new(&(struct af_options){ .engine = "unix:///nowhere/docker.sock" }, &other, &err));
	assert_int_equal(af_load_env(other, &opt, &env, &err), AF_ERR_UNREACHABLE);
	assert_non_null(err.hint);
	fails(err.code, AF_ERR_UNREACHABLE, "/nowhere/docker.sock");
	fails(af_connect_env(other, "calc", &env, &err), AF_ERR_UNREACHABLE, "/nowhere/docker.sock");
	af_free(other);
	af_free(NULL);
	fails(af_new(&(struct af_options){ .engine = "nonsense" }, &other, &err) ? err.code
										  : af_load_env(other, &opt, &env, &err),
	      AF_ERR_USAGE, "nonsense");
	af_free(other);
}

/* ---- stopping ---------------------------------------------------------------------------------- */

static void test_cleaning_up(void **state)
{
	struct af_load_options opt = options(3);
	char *text = NULL;

	(void) state;
	ok(load(&opt));
	ok(af_env_cleanup(env, &err));
	assert_int_equal(engine_containers(&engine), 0);
	assert_int_equal(engine.removed, 3);
	ok(af_env_cleanup(env, &err)); /* gone already */
	assert_int_not_equal(af_env_call(env, "f", NULL, NULL, &text, NULL), AF_OK);
	assert_false(af_env_is_ready(env));
}

static void test_the_context_ends_what_it_began(void **state)
{
	struct af_load_options opt = options(2);

	(void) state;
	ok(load(&opt));
	af_free(af_steal(af));
	assert_int_equal(engine_containers(&engine), 0);
}

static void test_what_is_kept_stays(void **state)
{
	struct af_load_options opt = options(2);

	(void) state;
	opt.keep = true;
	ok(load(&opt));
	ok(af_cleanup_all(af, &err));
	assert_int_equal(engine_containers(&engine), 2);
	af_free(af_steal(af));
	assert_int_equal(engine_containers(&engine), 2);
}

static void test_connecting_owns_nothing(void **state)
{
	(void) state;
	engine_add(&engine, "calc", "calc", 0, 1, "function_based", servers[0].base);
	ok(af_connect_env(af, "calc", &env, &err));
	assert_true(af_env_is_ready(env));
	ok(af_cleanup_all(af, &err));
	af_env_free(env);
	assert_int_equal(engine_containers(&engine), 1);
	ok(af_connect_env(af, "calc", &env, &err));
	ok(af_env_cleanup(env, &err)); /* told to */
	assert_int_equal(engine_containers(&engine), 0);
}

static void leave_scope(const struct af_load_options *opt)
{
	AF_AUTO_ENV struct af_env *scoped = NULL;

	ok(af_load_env(af, opt, &scoped, &err));
	assert_int_equal(engine_containers(&engine), 1);
}

static void test_the_end_of_a_scope(void **state)
{
	struct af_load_options opt = options(1);

	(void) state;
	leave_scope(&opt);
	assert_int_equal(engine_containers(&engine), 0);
	af_env_free(NULL);
}

static void test_the_registry(void **state)
{
	struct af_load_options opt = options(1);
	struct af_env *second;
	char **names = NULL;

	(void) state;
	ok(af_list_environments(af, &names, &err));
	assert_null(names[0]);
	af_names_free(names);
	opt.name = "zeta";
	ok(load(&opt));
	engine_add(&engine, "alpha", "alpha", 0, 1, "function_based", servers[1].base);
	ok(af_connect_env(af, "alpha", &second, &err));
	ok(af_list_environments(af, &names, &err));
	assert_string_equal(names[0], "alpha");
	assert_string_equal(names[1], "zeta");
	assert_null(names[2]);
	af_names_free(names);
	af_names_free(NULL);
	assert_ptr_equal(af_get_environment(af, "zeta"), env);
	assert_null(af_get_environment(af, "beta"));
	ok(af_cleanup_all(af, &err));
	assert_int_equal(engine_containers(&engine), 1); /* alpha was not ours to stop */
	af_env_free(env);
	assert_null(af_get_environment(af, "zeta"));
}

static void test_restarting(void **state)
{
	struct af_load_options opt = options(2);

	(void) state;
	ok(load(&opt));
	ok(env_restart(env, 1, 10000, NULL, &err));
	assert_int_equal(engine.containers[0].starts + engine.containers[1].starts, 3);
	ok(env_restart(env, -1, 10000, NULL, &err));
	assert_int_equal(engine.containers[0].starts + engine.containers[1].starts, 5);
	assert_true(af_env_is_ready(env));
	fails(env_restart(env, 7, 10000, NULL, &err), AF_ERR_NOT_FOUND, "no replica 7");
	fails(env_remove(env, false, NULL, &err), AF_ERR_USAGE, "it is running");
	assert_int_equal(engine_containers(&engine), 2);
	ok(env_remove(env, true, NULL, &err));
	assert_int_equal(engine_containers(&engine), 0);
}

static void test_listing(void **state)
{
	AF_AUTO(env_list) struct env_list all = { 0 };

	(void) state;
	ok(env_list(af, NULL, &all, &err));
	assert_int_equal(all.count, 0);
	engine_add(&engine, "b-1", "b", 1, 2, "function_based", servers[1].base);
	engine_add(&engine, "b-0", "b", 0, 2, "function_based", servers[0].base);
	engine_add(&engine, "a", "a", 0, 1, "http_based", servers[2].base);
	engine_set_state(&engine, &engine.containers[2], "exited", 1);
	ok(env_list(af, NULL, &all, &err));
	assert_int_equal(all.count, 2);
	assert_string_equal(all.items[0]->name, "a");
	assert_int_equal(all.items[0]->type, ENV_HTTP_BASED);
	assert_int_equal(all.items[0]->instances[0].state, INSTANCE_DOWN);
	assert_null(all.items[0]->instances[0].base);
	assert_int_equal(all.items[1]->count, 2);
	assert_string_equal(all.items[1]->instances[0].name, "b-0");
	assert_string_equal(all.items[1]->instances[0].base, servers[0].base);
	assert_ptr_equal(all.items[1]->instances[1].env, all.items[1]);
}

/* ---- without waiting ---------------------------------------------------------------------- */

struct outcome {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int times;
	af_code rc;
	char text[256];
	struct af_env *env;
};
#define OUTCOME_INIT { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER }

static void note_outcome(struct outcome *o, af_code rc, const char *text, struct af_env *of)
{
	pthread_mutex_lock(&o->lock);
	o->times++;
	o->rc = rc;
	o->env = of;
	snprintf(o->text, sizeof(o->text), "%s", text ? text : "");
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
}

static void on_loaded(void *arg, af_code rc, struct af_env *loaded, const struct af_error *why)
{
	note_outcome(arg, rc, why->message, loaded);
}

static void on_text(void *arg, af_code rc, const char *text, size_t len, const struct af_error *why)
{
	assert_int_equal(len, text ? strlen(text) : 0);
	note_outcome(arg, rc, rc ? why->message : text, NULL);
}

/* Its result; OK again for the next. */
static af_code await_outcome(struct outcome *o)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&o->lock);
	while (!o->times && !pthread_cond_timedwait(&o->changed, &o->lock, &until))
		;
	assert_int_equal(o->times, 1);
	o->times = 0;
	pthread_mutex_unlock(&o->lock);
	return o->rc;
}

static void test_in_the_background(void **state)
{
	struct af_load_options opt = options(3);
	struct outcome o = OUTCOME_INIT;

	(void) state;
	ok(af_load_env_async(af, &opt, on_loaded, &o, &err));
	assert_int_equal(await_outcome(&o), AF_OK);
	assert_ptr_equal(o.env, af_get_environment(af, "calc"));
	assert_int_equal(engine_containers(&engine), 3);
	ok(af_env_list_methods_async(o.env, on_text, &o, &err));
	env = o.env;
	assert_int_equal(await_outcome(&o), AF_OK);
	has_text(o.text, "\"signature\":\"(x)\"");
	ok(af_load_env_async(af, &opt, on_loaded, &o, &err));
	assert_int_equal(await_outcome(&o), AF_ERR_EXISTS);
	has_text(o.text, "in use");
	assert_null(o.env);
	ok(af_build_image_async(af, &(struct af_build_options){ .env_path = "/nowhere", .image_tag = "x:1" }, on_text, &o, &err));
	assert_int_equal(await_outcome(&o), AF_ERR_NOT_FOUND);
	ok(af_env_cleanup_async(env, on_text, &o, &err));
	assert_int_equal(await_outcome(&o), AF_OK);
	assert_string_equal(o.text, "");
	assert_int_equal(engine_containers(&engine), 0);
}

static void test_the_end_interrupts_the_background(void **state)
{
	struct af_load_options opt = options(2);
	struct outcome o = OUTCOME_INIT;

	(void) state;
	stop_servers();
	start_servers(serve_never);
	ok(af_load_env_async(af, &opt, on_loaded, &o, &err));
	fake_await(&servers[0], &servers[0].requests, 1);
	int64_t start = clock_ms();
	af_free(af_steal(af));
	took(start, 0, 5000);
	assert_int_equal(o.times, 1);
	assert_int_equal(o.rc, AF_ERR_CANCELLED);
	assert_int_equal(engine_containers(&engine), 0);
}

static void test_the_version(void **state)
{
	(void) state;
	assert_true(strspn(af_version(), "0123456789.") == strlen(af_version()));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_three_replicas),
		TEST(test_one_replica_has_the_plain_name),
		TEST(test_calling_what_was_loaded),
		TEST(test_one_dies_and_all_are_removed),
		TEST(test_one_is_never_ready),
		TEST(test_interrupted),
		TEST(test_options_that_make_no_sense),
		TEST(test_no_such_image),
		TEST(test_the_name_is_in_use),
		TEST(test_a_foreign_container_has_the_name),
		TEST(test_recreating),
		TEST(test_one_that_stands_still_gives_way),
		TEST(test_no_engine),
		TEST(test_cleaning_up),
		TEST(test_the_context_ends_what_it_began),
		TEST(test_what_is_kept_stays),
		TEST(test_connecting_owns_nothing),
		TEST(test_the_end_of_a_scope),
		TEST(test_the_registry),
		TEST(test_restarting),
		TEST(test_listing),
		TEST(test_in_the_background),
		TEST(test_the_end_interrupts_the_background),
		cmocka_unit_test(test_the_version),
	};

	return RUN(tests);
}
