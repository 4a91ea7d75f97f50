/* What the feed brings is merged into the model: what was measured goes on, what is gone goes, a server that began anew
 * counts anew. */
#include "ui_app.h"

#include "base/clock.h"
#include "ui/feed_priv.h"

static struct app app;
static struct instance instances[8];
static struct af_env envs[4], *env_items[4];
static struct env_list list;

static int begin(void **state UNUSED)
{
	af_error_clear(&err);
	app = (struct app){ .now_ms = 1000000 };
	memset(instances, 0, sizeof(instances));
	memset(envs, 0, sizeof(envs));
	list = (struct env_list){ .items = env_items };
	return 0;
}

static int end(void **state UNUSED)
{
	model_free(&app.model);
	return 0;
}

static void set(int i, const char *id, enum instance_state state, const char *status)
{
	static char ids[8][32];

	snprintf(ids[i], sizeof(ids[i]), "%s", id);
	instances[i].backend = &backend_docker;
	instances[i].id = instances[i].name = ids[i];
	instances[i].host = (char *) "local";
	instances[i].image = (char *) "img";
	instances[i].replica = i;
	instances[i].state = state;
	instances[i].status = status;
}

/* One environment with instances[first] … */
static void put_env(const char *name, int first, int count)
{
	struct af_env *e = &envs[list.count];

	*e = (struct af_env){ .name = (char *) name, .image = (char *) "img", .instances = instances + first,
			      .count = (size_t) count, .planned = count, .ours = true };
	env_items[list.count++] = e;
}

static void apply(struct message *m)
{
	m->apply(&app, m);
	m->discard(m);
}

static void apply_list(void)
{
	struct listing *l = listing_new("local", NULL);

	ok(listing_fill(l, &list, &err));
	apply(&l->message);
}

static void apply_failure(const char *why)
{
	struct af_error e = AF_ERROR_INIT;

	if (error_set(&e, AF_ERR_UNREACHABLE, "%s", why) != AF_ERR_UNREACHABLE)
		fail();
	struct listing *l = listing_new("local", &e);
	af_error_clear(&e);
	apply(&l->message);
}

/* A sample that says so many requests. */
static struct samples *sample_of(const char *id, uint64_t requests)
{
	struct samples *all = samples_new(1);
	struct sample *s = &all->items[0];

	*s = (struct sample){ .id = strdup(id), .taken = true, .has_stats = true, .cpu_percent = 5, .memory = 1000, .addressed = true, .asked = true,
			      .answered = true, .source = COUNT_SERVER, .requests = requests, .p50_ms = 1, .p95_ms = 2,
			      .p99_ms = 3 };
	return all;
}

static struct replica *replica(const char *id)
{
	return model_replica(&app.model, id, NULL);
}

static void test_first_list(void **state UNUSED)
{
	set(0, "a0", INSTANCE_UP, "Up 3 hours");
	set(1, "a1", INSTANCE_DOWN, "Exited (137) 2 minutes ago");
	set(2, "b0", INSTANCE_STARTING, "Restarting");
	put_env("a", 0, 2);
	put_env("b", 2, 1);
	apply_list();
	assert_true(app.model.loaded);
	assert_int_equal(app.model.count, 2);
	assert_int_equal(app.model.replicas, 3);
	assert_string_equal(replica("a0")->word, "up");
	assert_string_equal(replica("a1")->word, "exit 137");
	assert_string_equal(replica("b0")->word, "starting");
	assert_int_equal(app.model.host_count, 1);
	assert_true(app.model.hosts[0].reachable);
	assert_true(isnan(replica("a0")->cpu_percent) && replica("a0")->memory < 0);
}

static void test_words(void **state UNUSED)
{
	set(0, "p", INSTANCE_DOWN, "Up 3 minutes (Paused)");
	set(1, "d", INSTANCE_DOWN, "Dead");
	set(2, "n", INSTANCE_DOWN, "");
	set(3, "x", INSTANCE_DOWN, "Exited (99999) ago");
	set(4, "l", INSTANCE_DOWN, "a sentence that is longer than a word");
	put_env("a", 0, 5);
	apply_list();
	assert_string_equal(replica("p")->word, "paused");
	assert_string_equal(replica("d")->word, "Dead");
	assert_string_equal(replica("n")->word, "down");
	assert_string_equal(replica("x")->word, "Exited (99999)");
	assert_true(strlen(replica("l")->word) < sizeof(replica("l")->word));
}

static void test_carry_over(void **state UNUSED)
{
	set(0, "a0", INSTANCE_UP, "Up 1 hour");
	put_env("a", 0, 1);
	apply_list();
	struct samples *s = sample_of("a0", 10);
	s->items[0].methods = calloc(1, sizeof(struct method_count));
	s->items[0].methods[0] = (struct method_count){ .name = strdup("m"), .calls = 10 };
	s->items[0].method_count = 1;
	apply(&s->message);
	apply_list();
	const struct replica *r = replica("a0");
	assert_int_equal(r->requests, 10);
	assert_int_equal(r->memory, 1000);
	assert_int_equal(r->method_count, 1);
	assert_string_equal(r->methods[0].name, "m");
	assert_int_equal(app.model.requests, 10);
	/* It went down: nothing of what it took now is still true, its counts are. */
	set(0, "a0", INSTANCE_DOWN, "Exited (1) now");
	apply_list();
	r = replica("a0");
	assert_true(isnan(r->cpu_percent) && isnan(r->rate) && isnan(r->p95_ms) && r->memory < 0);
	assert_false(r->healthy);
	assert_int_equal(r->requests, 10);
	assert_string_equal(r->word, "exit 1");
}

static void test_vanished(void **state UNUSED)
{
	set(0, "a0", INSTANCE_UP, "Up");
	set(1, "a1", INSTANCE_UP, "Up");
	put_env("a", 0, 2);
	apply_list();
	envs[0].count = 1;
	apply_list();
	assert_non_null(replica("a0"));
	assert_null(replica("a1"));
	/* What was under way for it comes too late. */
	apply(&sample_of("a1", 5)->message);
	assert_int_equal(app.model.requests, 0);
	list.count = 0;
	apply_list();
	assert_int_equal(app.model.count, 0);
	assert_int_equal(app.model.replicas, 0);
}

static void test_rates(void **state UNUSED)
{
	set(0, "a0", INSTANCE_UP, "Up");
	put_env("a", 0, 1);
	apply_list();
	apply(&sample_of("a0", 1000)->message);
	/* One look tells no rate. */
	assert_true(isnan(replica("a0")->rate));
	app.now_ms += 2000;
	apply(&sample_of("a0", 1020)->message);
	assert_float_equal(replica("a0")->rate, 10, 1e-9);
	assert_float_equal(app.model.rate, 10, 1e-9);
	/* Too soon after: it does not jump. */
	app.now_ms += 2500;
	apply(&sample_of("a0", 1045)->message);
	assert_float_equal(replica("a0")->rate, 10, 1e-9);
	app.now_ms += 100;
	apply(&sample_of("a0", 1100)->message);
	assert_float_equal(replica("a0")->rate, 10, 1e-9);
	assert_int_equal(replica("a0")->requests, 1100);
}

static void test_server_began_anew(void **state UNUSED)
{
	set(0, "a0", INSTANCE_UP, "Up");
	put_env("a", 0, 1);
	apply_list();
	apply(&sample_of("a0", 1000)->message);
	app.now_ms += 2000;
	apply(&sample_of("a0", 1020)->message);
	app.now_ms += 2000;
	apply(&sample_of("a0", 3)->message);
	const struct replica *r = replica("a0");
	assert_int_equal(r->requests, 3);
	assert_true(isnan(r->rate));
	app.now_ms += 2000;
	apply(&sample_of("a0", 7)->message);
	assert_float_equal(replica("a0")->rate, 2, 1e-9);
}

static void test_no_answer(void **state UNUSED)
{
	set(0, "a0", INSTANCE_UP, "Up");
	put_env("a", 0, 1);
	apply_list();
	struct samples *s = sample_of("a0", 0);
	s->items[0].answered = false;
	s->items[0].source = COUNT_NONE;
	apply(&s->message);
	assert_string_equal(replica("a0")->word, "no answer");
	/* Nobody looked: that says nothing about it. */
	apply(&sample_of("a0", 1)->message);
	s = sample_of("a0", 0);
	s->items[0] = (struct sample){ .id = s->items[0].id };
	apply(&s->message);
	assert_string_equal(replica("a0")->word, "up");
	/* Where there is no address there is nothing to ask. */
	s = sample_of("a0", 0);
	s->items[0].addressed = s->items[0].asked = s->items[0].answered = false;
	s->items[0].source = COUNT_NONE;
	apply(&s->message);
	assert_string_equal(replica("a0")->word, "up");
	/* One that was not asked this time is as it was. */
	s = sample_of("a0", 0);
	s->items[0].answered = false;
	apply(&s->message);
	s = sample_of("a0", 0);
	s->items[0].asked = s->items[0].answered = false;
	apply(&s->message);
	assert_string_equal(replica("a0")->word, "no answer");
}

/* It runs, and its server has just begun. */
static struct samples *silent(const char *id, int64_t started_ms)
{
	struct samples *all = sample_of(id, 0);
	struct sample *s = &all->items[0];

	s->answered = false;
	s->source = COUNT_NONE;
	s->has_detail = s->running = true;
	s->started_ms = started_ms;
	return all;
}

static const char *waits(const char *id, int64_t now_ms)
{
	static char text[200];
	AUTO_STRBUF sb = STRBUF_INIT(sizeof(text) - 1);

	replica_add_wait(&sb, replica(id), now_ms);
	snprintf(text, sizeof(text), "%s", sb.data);
	return text;
}

static void test_starting(void **state UNUSED)
{
	int64_t now = wall_ms();

	set(0, "a0", INSTANCE_UP, "Up Less than a second");
	put_env("a", 0, 1);
	apply_list();
	apply(&silent("a0", now - 8000)->message);
	const struct replica *r = replica("a0");
	assert_int_equal(r->state, REPLICA_STARTING);
	assert_string_equal(r->word, "starting");
	assert_int_equal(app.model.starting, 1);
	assert_int_equal(app.model.up, 0);
	assert_string_equal(waits("a0", now), "no answer yet · 00:08");
	/* A list that comes meanwhile changes nothing. */
	apply_list();
	assert_int_equal(replica("a0")->state, REPLICA_STARTING);
	/* An image with a health check of its own. */
	struct samples *s = silent("a0", now - 8000);
	s->items[0].health_failures = 2;
	s->items[0].health_retries = 5;
	apply(&s->message);
	assert_string_equal(waits("a0", now + 3600000), "health 2/5 · 1:00:08");
	/* It answers; from then on silence is no start any more. */
	apply(&sample_of("a0", 0)->message);
	assert_int_equal(replica("a0")->state, REPLICA_UP);
	assert_int_equal(app.model.up, 1);
	apply(&silent("a0", now - 8000)->message);
	assert_string_equal(replica("a0")->word, "no answer");
	/* The next run begins anew. */
	apply(&silent("a0", now - 1000)->message);
	assert_string_equal(replica("a0")->word, "starting");
}

/* Two minutes are what `afs run` gives it. */
static void test_started_long_ago(void **state UNUSED)
{
	set(0, "a0", INSTANCE_UP, "Up 3 minutes");
	set(1, "a1", INSTANCE_STARTING, "Created");
	set(2, "a2", INSTANCE_STARTING, "Restarting (1) 5 seconds ago");
	instances[1].created = wall_ms() / 1000 - 100;
	put_env("a", 0, 3);
	apply_list();
	apply(&silent("a0", wall_ms() - 180000)->message);
	assert_string_equal(replica("a0")->word, "no answer");
	assert_int_equal(replica("a0")->state, REPLICA_UP);
	assert_string_equal(waits("a1", instances[1].created * 1000 + 100000), "created · 01:40");
	assert_string_equal(waits("a2", wall_ms()), "Restarting (1) 5 seconds ago");
	assert_int_equal(app.model.starting, 2);
}

/* dockerd tells of a death before its list knows of it. */
static void test_ended_before_the_list(void **state UNUSED)
{
	set(0, "a0", INSTANCE_UP, "Up 3 minutes");
	put_env("a", 0, 1);
	apply_list();
	apply(&sample_of("a0", 7)->message);
	struct samples *s = samples_new(1);
	s->items[0] = (struct sample){ .id = strdup("a0"), .taken = true, .has_detail = true, .exit_code = 137, .oom = true };
	apply(&s->message);
	const struct replica *r = replica("a0");
	assert_int_equal(r->state, REPLICA_DOWN);
	assert_string_equal(r->word, "oom");
	assert_true(r->memory < 0 && isnan(r->cpu_percent));
	assert_int_equal(r->requests, 7);
	assert_int_equal(app.model.down, 1);
}

static void test_unhealthy(void **state UNUSED)
{
	set(0, "a0", INSTANCE_UP, "Up 3 minutes (unhealthy)");
	put_env("a", 0, 1);
	apply_list();
	apply(&sample_of("a0", 1)->message);
	assert_string_equal(replica("a0")->word, "unhealthy");
}

static void test_inspected(void **state UNUSED)
{
	set(0, "a0", INSTANCE_DOWN, "Exited (137) 1 second ago");
	put_env("a", 0, 1);
	apply_list();
	struct samples *s = samples_new(1);
	s->items[0] = (struct sample){ .id = strdup("a0"), .taken = true, .has_detail = true, .oom = true, .exit_code = 137,
				       .restarts = 2, .memory_limit = 64 };
	apply(&s->message);
	const struct replica *r = replica("a0");
	assert_string_equal(r->word, "oom");
	assert_int_equal(r->restarts, 2);
	assert_int_equal(r->memory_limit, 64);
	assert_int_equal(r->exit_code, 137);
}

static void test_stale_host(void **state UNUSED)
{
	set(0, "a0", INSTANCE_UP, "Up");
	put_env("a", 0, 1);
	apply_list();
	int64_t seen = app.model.hosts[0].seen_ms;
	apply_failure("connect: refused");
	/* What was known stays. */
	assert_int_equal(app.model.count, 1);
	assert_non_null(replica("a0"));
	assert_false(app.model.hosts[0].reachable);
	assert_string_equal(app.model.hosts[0].error, "connect: refused");
	assert_int_equal(app.model.hosts[0].seen_ms, seen);
	apply_list();
	assert_true(app.model.hosts[0].reachable);
	assert_null(app.model.hosts[0].error);
}

static void test_failure_first(void **state UNUSED)
{
	apply_failure("no engine");
	assert_true(app.model.loaded);
	assert_int_equal(app.model.count, 0);
	assert_int_equal(app.model.hosts[0].seen_ms, 0);
}

/* Never applied: nothing leaks. */
static void test_discarded(void **state UNUSED)
{
	set(0, "a0", INSTANCE_UP, "Up");
	put_env("a", 0, 1);
	struct listing *l = listing_new("local", NULL);
	ok(listing_fill(l, &list, &err));
	l->message.discard(&l->message);
	struct samples *s = sample_of("a0", 1);
	s->message.discard(&s->message);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_first_list), TEST(test_words),      TEST(test_carry_over), TEST(test_vanished),
		TEST(test_rates),      TEST(test_server_began_anew), TEST(test_no_answer), TEST(test_inspected),
		TEST(test_starting),   TEST(test_started_long_ago),  TEST(test_unhealthy), TEST(test_ended_before_the_list),
		TEST(test_stale_host), TEST(test_failure_first), TEST(test_discarded),
	};

	return RUN(tests);
}
