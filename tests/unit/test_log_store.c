/* ui/log_store, log_group, log_rates: lines are kept up to a maximum, and grouped. */
#include "unit.h"

#include "ui/log_rates.h"
#include "ui/log_store.h"

static void log_store_cleanup(struct log_store **s)
{
	log_store_free(*s);
}

static uint64_t add(struct log_store *s, struct log_grouping *g, const char *text)
{
	size_t len = strlen(text);

	return log_store_add(s, g, 1, 0, log_parse(text, len, false), text, len);
}

static void expect_text(const struct log_store *s, uint64_t line, const char *text)
{
	const struct log_record *r = log_store_at(s, line);

	assert_int_equal(r->len, strlen(text));
	assert_memory_equal(log_store_text(s, r), text, r->len);
}

/* ---- the maximum ------------------------------------------------------------------------------ */

static void test_lines_are_dropped_and_counted(void **state)
{
	AF_AUTO(log_store) struct log_store *s = log_store_new(1000, 1 << 20, &err);
	struct log_grouping g = { 0 };
	char text[32];

	(void) state;
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		assert_int_equal(add(s, &g, text), i);
	}
	assert_int_equal(log_store_end(s), 5000);
	assert_int_equal(log_store_first(s), 4000);
	assert_int_equal(log_store_dropped(s), 4000);
	expect_text(s, 4000, "line 4000");
	expect_text(s, 4999, "line 4999");
}

static void test_bytes_are_bounded(void **state)
{
	AF_AUTO(log_store) struct log_store *s = log_store_new(1000000, 2 << 20, &err);
	struct log_grouping g = { 0 };
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	for (int i = 0; i < 1000; i++)
		strbuf_adds(&text, "ten bytes ");
	for (int i = 0; i < 2000; i++)
		add(s, &g, text.data);
	assert_true(log_store_bytes(s) <= (2 << 20) + 256 * 1024);
	assert_true(log_store_end(s) - log_store_first(s) > 100);
	expect_text(s, log_store_first(s), text.data);
	assert_int_equal(log_store_dropped(s), log_store_first(s));
}

static void test_lines_longer_than_a_chunk(void **state)
{
	AF_AUTO(log_store) struct log_store *s = log_store_new(100, 4 << 20, &err);
	struct log_grouping g = { 0 };
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	for (int i = 0; i < 1 << 20; i++)
		strbuf_addc(&text, 'y');
	for (int i = 0; i < 20; i++) {
		add(s, &g, "before");
		add(s, &g, text.data);
		expect_text(s, log_store_end(s) - 1, text.data);
		expect_text(s, log_store_end(s) - 2, "before");
	}
	assert_true(log_store_bytes(s) <= 6 << 20);
}

/* ---- groups ----------------------------------------------------------------------------------- */

static const char *const traceback[] = {
	"Traceback (most recent call last):", "  File \"a.py\", line 1, in f", "    g()", "KeyError: 'x'", "",
	"During handling of the above exception, another exception occurred:", "", "Traceback (most recent call last):",
	"  File \"a.py\", line 3, in f", "ValueError: y",
};

static void test_a_traceback_is_one(void **state)
{
	AF_AUTO(log_store) struct log_store *s = log_store_new(1000, 1 << 20, &err);
	struct log_grouping g = { 0 }, other = { 0 };
	uint64_t head, member;
	unsigned count = 0;

	(void) state;
	add(s, &g, "INFO before");
	head = add(s, &g, traceback[0]);
	/* Lines of others in between do not matter. */
	for (size_t i = 1; i < ARRAY_LEN(traceback); i++) {
		add(s, &other, "INFO from elsewhere");
		add(s, &g, traceback[i]);
	}
	uint64_t after = add(s, &g, "INFO after");
	const struct log_group *group = log_store_group(s, head);
	assert_non_null(group);
	assert_int_equal(group->members, ARRAY_LEN(traceback) - 1);
	for (member = head; (member = log_store_next_member(s, group, member));)
		expect_text(s, member, traceback[++count]);
	assert_int_equal(count, ARRAY_LEN(traceback) - 1);
	assert_null(log_store_group(s, after));
	assert_int_equal(log_store_at(s, group->last)->level, LEVEL_ERROR);
	assert_int_equal(log_store_errors(s), 1);
}

static void test_other_groups(void **state)
{
	AF_AUTO(log_store) struct log_store *s = log_store_new(1000, 1 << 20, &err);
	struct log_grouping g = { 0 };

	(void) state;
	uint64_t info = add(s, &g, "INFO indented below");
	uint64_t indented = add(s, &g, "    this");
	uint64_t error = add(s, &g, "ERROR with detail");
	add(s, &g, "    at main.java:1");
	assert_null(log_store_group(s, info));
	assert_int_equal(log_store_at(s, indented)->head, 0);
	assert_int_equal(log_store_group(s, error)->members, 1);
}

static uint64_t add_at(struct log_store *s, struct log_grouping *g, int64_t seconds, const char *text)
{
	size_t len = strlen(text);

	return log_store_add(s, g, seconds * 1000000000, 0, log_parse(text, len, false), text, len);
}

static void test_probes_are_one_row(void **state)
{
	static const char probe[] = "172.17.0.1 \"GET /health\" 200  1ms";
	AF_AUTO(log_store) struct log_store *s = log_store_new(1000, 1 << 20, &err);
	struct log_grouping g = { 0 };

	(void) state;
	uint64_t first = add_at(s, &g, 0, probe), traceback_head = 0, member = first, found = 0;
	/* Whatever comes between, and without tearing it apart. */
	for (size_t i = 0; i < ARRAY_LEN(traceback); i++) {
		uint64_t line = add_at(s, &g, 10, traceback[i]);
		traceback_head = i ? traceback_head : line;
		add_at(s, &g, 10, probe);
		add_at(s, &g, 10, "INFO:     1.2.3.4:5 - \"GET /stats?x=1 HTTP/1.1\" 200 OK");
	}
	assert_int_equal(log_store_group(s, first)->members, 2 * ARRAY_LEN(traceback));
	assert_int_equal(log_store_group(s, traceback_head)->members, ARRAY_LEN(traceback) - 1);
	while ((member = log_store_next_member(s, log_store_group(s, first), member)))
		found++;
	assert_int_equal(found, 2 * ARRAY_LEN(traceback));
	/* One that failed stands for itself. */
	uint64_t failed = add_at(s, &g, 20, "\"GET /health HTTP/1.1\" 503");
	assert_true(!log_store_at(s, failed)->head && log_store_at(s, failed)->level == LEVEL_ERROR);
	/* After some minutes it is seen again that they come. */
	uint64_t later = add_at(s, &g, 301, probe);
	assert_int_equal(log_store_at(s, later)->head, 0);
	assert_true(log_store_at(s, add_at(s, &g, 302, probe))->head > 0);
}

static void test_probes_outlive_their_first(void **state)
{
	static const char probe[] = "\"GET /health\" 200";
	AF_AUTO(log_store) struct log_store *s = log_store_new(10, 1 << 20, &err);
	struct log_grouping g = { 0 };
	unsigned alone = 0;

	(void) state;
	for (int i = 0; i < 100; i++)
		add_at(s, &g, 0, probe);
	for (uint64_t line = log_store_first(s); line < log_store_end(s); line++)
		alone += !log_store_at(s, line)->head;
	assert_true(alone <= 1);
}

static uint64_t gone_lines, gone_members;

static void on_drop(void *arg, uint64_t row, uint32_t members)
{
	(void) arg;
	(void) row;
	gone_lines++;
	gone_members += members;
}

static void test_groups_are_dropped_with_their_heads(void **state)
{
	AF_AUTO(log_store) struct log_store *s = log_store_new(50, 1 << 20, &err);
	struct log_grouping g = { 0 };

	(void) state;
	gone_lines = gone_members = 0;
	log_store_on_drop(s, on_drop, NULL);
	for (int i = 0; i < 100; i++) {
		for (size_t j = 0; j < ARRAY_LEN(traceback); j++)
			add(s, &g, traceback[j]);
		add(s, &g, "INFO x");
	}
	assert_int_equal(log_store_dropped(s), 1050);
	/* Members that stand alone now are in neither sum. */
	assert_true(gone_lines + gone_members >= 1050 && gone_lines + gone_members < 1061);
	for (uint64_t line = log_store_first(s); line < log_store_end(s); line++) {
		const struct log_group *group = log_store_group(s, line);
		assert_true(!group || (group->head == line && group->last < log_store_end(s)));
	}
}

/* ---- rates ------------------------------------------------------------------------------------ */

static void test_rates(void **state)
{
	struct log_rates r = { 0 };
	double lines[10];
	uint32_t errors[10];
	int64_t second = 1700000000;

	(void) state;
	for (int i = 0; i < 40; i++)
		log_rates_add(&r, (second + i / 10) * 1000000000, i == 5);
	assert_true(log_rates_last(&r, second + 3, 10, lines, errors));
	assert_true(lines[9] == 10 && lines[6] == 10 && lines[5] == 0);
	assert_int_equal(errors[6], 1);
	assert_true(log_rates_now(&r, second + 4) == 10);
	/* Late ones count where they belong, very old ones nowhere. */
	log_rates_add(&r, (second + 1) * 1000000000, true);
	log_rates_add(&r, 5, true);
	log_rates_last(&r, second + 3, 10, lines, errors);
	assert_true(lines[7] == 11 && errors[7] == 1);
	assert_false(log_rates_last(&r, second + 100, 10, lines, errors));
	log_rates_add(&r, (second + 100000) * 1000000000, false);
	assert_true(log_rates_last(&r, second + 100000, 10, lines, errors));
	assert_true(lines[9] == 1 && lines[8] == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_are_dropped_and_counted), cmocka_unit_test(test_bytes_are_bounded),
		cmocka_unit_test(test_lines_longer_than_a_chunk),     cmocka_unit_test(test_a_traceback_is_one),
		cmocka_unit_test(test_other_groups),		      cmocka_unit_test(test_groups_are_dropped_with_their_heads),
		cmocka_unit_test(test_rates),			      cmocka_unit_test(test_probes_are_one_row),
		cmocka_unit_test(test_probes_outlive_their_first),
	};

	return RUN(tests);
}
