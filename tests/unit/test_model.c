/* What the dashboard knows: series of seconds, sums of rows, who is off its siblings' load, look-ups. */
#include <math.h>

#include "unit.h"

#include "ui/model.h"

#define T0 1000000 /* some clock_ms() */

static struct replica replica(const char *id, enum replica_state state, double rate, uint64_t requests)
{
	return (struct replica){ .id = strdup(id), .state = state, .rate = rate, .requests = requests,
				 .cpu_percent = NAN, .memory = -1, .p50_ms = NAN, .p95_ms = NAN, .p99_ms = NAN };
}

static struct environment *add(struct model *m, const char *name, int replicas)
{
	m->environments = realloc(m->environments, (size_t) (m->count + 1) * sizeof(*m->environments));
	struct environment *e = &m->environments[m->count++];
	*e = (struct environment){ .name = strdup(name), .planned = replicas, .ours = true };
	e->replicas = calloc((size_t) replicas + 1, sizeof(*e->replicas));
	return e;
}

static void push(struct environment *e, struct replica r)
{
	e->replicas[e->count++] = r;
}

static void test_sums(void **state UNUSED)
{
	struct model m = { 0 };
	struct environment *e = add(&m, "a", 3);

	push(e, replica("1", REPLICA_UP, 2, 10));
	push(e, replica("2", REPLICA_STARTING, NAN, 0));
	push(e, replica("3", REPLICA_DOWN, NAN, 7));
	e->replicas[0].cpu_percent = 12.5;
	e->replicas[0].memory = 100;
	e->replicas[0].errors = 1;
	e->replicas[2].errors = 2;
	push(add(&m, "b", 1), replica("4", REPLICA_UP, 3, 5));
	model_update(&m, T0);
	e = &m.environments[0];
	assert_int_equal(e->up, 1);
	assert_int_equal(e->starting, 1);
	assert_int_equal(e->down, 1);
	assert_float_equal(e->cpu_percent, 12.5, 1e-9);
	assert_int_equal(e->memory, 100);
	assert_true(m.environments[1].memory < 0 && isnan(m.environments[1].cpu_percent));
	/* The header's figures are those of the rows. */
	assert_int_equal(m.requests, e->requests + m.environments[1].requests);
	assert_int_equal(m.requests, 22);
	assert_int_equal(m.errors, 3);
	assert_float_equal(m.rate, 5, 1e-9);
	assert_int_equal(m.replicas, 4);
	assert_int_equal(m.up + m.starting + m.down, 4);
	model_free(&m);
}

static void test_sums_of_nothing(void **state UNUSED)
{
	struct model m = { 0 };

	model_update(&m, T0);
	assert_true(isnan(m.rate));
	assert_int_equal(m.replicas, 0);
	add(&m, "empty", 0);
	model_update(&m, T0);
	assert_true(isnan(m.environments[0].rate) && isnan(m.rate));
	model_free(&m);
	model_free(&m);
}

static void test_uneven(void **state UNUSED)
{
	struct model m = { 0 };
	struct environment *e = add(&m, "a", 4);

	push(e, replica("1", REPLICA_UP, 10, 0));
	push(e, replica("2", REPLICA_UP, 10, 0));
	push(e, replica("3", REPLICA_UP, 4, 0));
	model_update(&m, T0);
	assert_false(e->replicas[0].uneven); /* mean 8, 25 % off is 6 to 10 */
	assert_false(e->replicas[1].uneven);
	assert_true(e->replicas[2].uneven);
	/* One that nobody has measured yet makes nobody uneven. */
	e->replicas[2].rate = NAN;
	model_update(&m, T0);
	for (int i = 0; i < 3; i++)
		assert_false(e->replicas[i].uneven);
	/* One that is down neither. */
	e->replicas[2] = (e->replicas[2].rate = 0, e->replicas[2].state = REPLICA_DOWN, e->replicas[2]);
	model_update(&m, T0);
	for (int i = 0; i < 3; i++)
		assert_false(e->replicas[i].uneven);
	/* Hardly any load: chance. */
	e->replicas[0].rate = 0.5;
	e->replicas[1].rate = 0.1;
	model_update(&m, T0);
	assert_false(e->replicas[0].uneven || e->replicas[1].uneven);
	model_free(&m);
}

static void test_series(void **state UNUSED)
{
	struct series s = { 0 };
	double got[SERIES_SIZE];

	series_last(&s, T0, got, SERIES_SIZE);
	for (int i = 0; i < SERIES_SIZE; i++)
		assert_true(isnan(got[i]));
	series_put(&s, T0, 1);
	series_last(&s, T0, got, 3);
	assert_true(isnan(got[0]) && isnan(got[1]) && got[2] == 1);
	/* A steady line has no gaps: the seconds between two samples have the newer's value. */
	series_put(&s, T0 + 2000, 5);
	series_last(&s, T0 + 2000, got, 4);
	assert_true(isnan(got[0]) && got[1] == 1 && got[2] == 5 && got[3] == 5);
	/* It holds for a while after the last sample, then there is nothing. */
	series_last(&s, T0 + 2000 + SERIES_HOLD * 1000, got, 1);
	assert_true(got[0] == 5);
	series_last(&s, T0 + 2000 + (SERIES_HOLD + 1) * 1000, got, 1);
	assert_true(isnan(got[0]));
	/* A gap stays a gap. */
	series_put(&s, T0 + 30000, 9);
	series_last(&s, T0 + 30000, got, 25);
	assert_true(got[24] == 9 && isnan(got[23]) && isnan(got[0]));
}

static void test_series_wraps(void **state UNUSED)
{
	struct series s = { 0 };
	double got[SERIES_SIZE];

	for (int i = 0; i < 5 * SERIES_SIZE; i++)
		series_put(&s, T0 + i * 1000, i);
	series_last(&s, T0 + (5 * SERIES_SIZE - 1) * 1000, got, SERIES_SIZE);
	for (int i = 0; i < SERIES_SIZE; i++)
		assert_true(got[i] == 4 * SERIES_SIZE + i);
	/* Twice in a second: the newest counts. */
	series_put(&s, T0 + (5 * SERIES_SIZE - 1) * 1000 + 900, 42);
	series_last(&s, T0 + (5 * SERIES_SIZE - 1) * 1000, got, 1);
	assert_true(got[0] == 42);
	/* After a long sleep nothing old is left. */
	series_put(&s, T0 + 100000000, 7);
	series_last(&s, T0 + 100000000, got, SERIES_SIZE);
	for (int i = 0; i < SERIES_SIZE - 1; i++)
		assert_true(isnan(got[i]));
	assert_true(got[SERIES_SIZE - 1] == 7);
}

static void test_look_up(void **state UNUSED)
{
	struct model m = { 0 };
	struct environment *found = NULL;

	push(add(&m, "a", 1), replica("1", REPLICA_UP, 0, 0));
	push(add(&m, "b", 1), replica("2", REPLICA_UP, 0, 0));
	assert_ptr_equal(model_environment(&m, "b"), &m.environments[1]);
	assert_null(model_environment(&m, "c"));
	assert_null(model_environment(&m, NULL));
	assert_ptr_equal(model_replica(&m, "2", &found), &m.environments[1].replicas[0]);
	assert_ptr_equal(found, &m.environments[1]);
	assert_non_null(model_replica(&m, "1", NULL));
	assert_null(model_replica(&m, "3", NULL));
	assert_null(model_replica(&m, NULL, NULL));
	model_free(&m);
}

/* ---- hosts ------------------------------------------------------------------------------------------------------ */

/* What a host lists: "calc:TOKEN:0,2" and so on. */
static void list(struct model *m, const char *origin, bool only_registered, const char *const *environments)
{
	struct model fresh = { 0 };

	for (; *environments; environments++) {
		AUTO_FREE char *text = strdup(*environments);
		char *token = strchr(text, ':'), *numbers;
		*token++ = '\0';
		numbers = strchr(token, ':');
		*numbers++ = '\0';
		struct environment *e = add(&fresh, text, 3);
		e->token = strdup(token);
		e->mode = strdup("docker");
		for (char *p = numbers; *p; p += strspn(p + 1, ",") + 1) {
			AUTO_FREE char *id = str_format(NULL, "%s-%s-%c", origin, text, *p);
			struct replica r = replica(id, REPLICA_UP, 1, 1);
			r.number = *p - '0';
			r.origin = strdup(origin);
			r.host = strdup(origin);
			push(e, r);
		}
	}
	model_take(m, origin, &fresh, only_registered);
	model_free(&fresh);
}

/* "calc 0local 1gpu-a" and so on. */
static void has_environments(const struct model *m, const char *expected)
{
	AUTO_STRBUF got = STRBUF_INIT(4096);

	for (int i = 0; i < m->count; i++) {
		strbuf_addf(&got, "%s%s", i ? "; " : "", m->environments[i].name);
		for (int k = 0; k < m->environments[i].count; k++)
			strbuf_addf(&got, " %d%s", m->environments[i].replicas[k].number, m->environments[i].replicas[k].host);
	}
	assert_string_equal(got.data, expected);
}

static void test_hosts(void **state UNUSED)
{
	struct model m = { 0 };

	list(&m, "gpu-a", false, (const char *[]){ "calc:t1:1", NULL });
	list(&m, "local", false, (const char *[]){ "calc:t1:0,2", "sat:t2:0", NULL });
	has_environments(&m, "calc 0local 1gpu-a 2local; sat 0local");
	/* A name that two have given without knowing of each other. */
	list(&m, "gpu-b", false, (const char *[]){ "sat:t3:0", NULL });
	has_environments(&m, "calc 0local 1gpu-a 2local; sat 0local; sat@gpu-b 0gpu-b");
	list(&m, "gpu-b", false, (const char *[]){ "sat:t3:0,1", NULL });
	has_environments(&m, "calc 0local 1gpu-a 2local; sat 0local; sat@gpu-b 0gpu-b 1gpu-b");
	/* One that lists no more takes nothing of the others' away. */
	list(&m, "local", false, (const char *[]){ NULL });
	has_environments(&m, "calc 1gpu-a; sat@gpu-b 0gpu-b 1gpu-b");
	/* An engine that says nothing keeps its containers. */
	list(&m, "gpu-a", true, (const char *[]){ NULL });
	has_environments(&m, "calc 1gpu-a; sat@gpu-b 0gpu-b 1gpu-b");
	list(&m, "gpu-a", false, (const char *[]){ NULL });
	list(&m, "gpu-b", false, (const char *[]){ NULL });
	has_environments(&m, "");
	model_free(&m);
}

static void test_stale_rows(void **state UNUSED)
{
	struct model m = { 0 };

	list(&m, "local", false, (const char *[]){ "calc:t1:0", NULL });
	list(&m, "gpu-a", false, (const char *[]){ "calc:t1:1", NULL });
	m.hosts = calloc(2, sizeof(*m.hosts));
	m.host_count = 2;
	m.hosts[0] = (struct model_host){ .name = strdup("local"), .reachable = true, .seen_ms = 100000 };
	m.hosts[1] = (struct model_host){ .name = strdup("gpu-a"), .reachable = false, .seen_ms = 100000 };
	const struct environment *e = &m.environments[0];
	assert_false(replica_is_stale(&m, e, &e->replicas[0], 100000));
	assert_true(replica_is_stale(&m, e, &e->replicas[1], 100000));
	assert_false(environment_is_stale(&m, e, 100000));
	assert_true(environment_is_stale(&m, e, 110000));
	model_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),   cmocka_unit_test(test_sums_of_nothing), cmocka_unit_test(test_uneven),
		cmocka_unit_test(test_series), cmocka_unit_test(test_series_wraps),    cmocka_unit_test(test_look_up),
		cmocka_unit_test(test_hosts),  cmocka_unit_test(test_stale_rows),
	};

	return RUN(tests);
}
