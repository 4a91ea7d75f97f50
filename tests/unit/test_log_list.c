/* ui/log_pattern, log_filter, log_list: what is shown and found is the same, however it was found out. */
#include "unit.h"

#include "ui/log_list.h"

static uint64_t random_state = 88172645463325252u;

static unsigned below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned) (random_state % n);
}

struct world {
	struct log_store *store;
	struct log_filter filter;
	struct log_list list;
	struct log_grouping groupings[3];
};

static void world_init(struct world *w, size_t max_lines)
{
	*w = (struct world){ .store = log_store_new(max_lines, 64 << 20, &err) };
	log_filter_init(&w->filter);
	log_list_init(&w->list, w->store, &w->filter);
	log_store_on_drop(w->store, log_list_dropped, &w->list);
}

static void world_cleanup(struct world *w)
{
	log_list_free(&w->list);
	log_filter_free(&w->filter);
	log_store_free(w->store);
}

static bool add(struct world *w, unsigned replica, const char *text)
{
	size_t len = strlen(text);
	bool sgr = strchr(text, '\x1b') != NULL;
	uint64_t line = log_store_add(w->store, &w->groupings[replica], 1, (uint16_t) replica, log_parse(text, len, sgr), text, len);

	return log_list_added(&w->list, line);
}

static void add_random(struct world *w)
{
	static const char *const texts[] = {
		"INFO task_id=1 begins",  "INFO task_id=2 begins",	"WARN task_id=1 slow",	       "DEBUG noise",
		"ERROR task_id=2 failed", "Traceback (most recent call last):", "  File \"task_id=1\", line 3", "ValueError: task_id=2",
		"\x1b[31mtask\x1b[0m_id=1 in red", "\"GET /health HTTP/1.1\" 200", "\"GET /health?task_id=2\" 200", "\"GET /stats?task_id=1\" 200",
		"",			  "nothing in particular",
	};

	add(w, below(3), texts[below(ARRAY_LEN(texts))]);
}

static void finish(struct world *w)
{
	while (log_list_step(&w->list, 50))
		;
	assert_true(log_list_done(&w->list));
}

/* Where the group of a head is shown: probes at the newest of them. */
static uint64_t place_of(struct world *w, uint64_t head)
{
	uint64_t last = head;

	if (log_store_at(w->store, head)->flags & LOG_HEALTH)
		for (uint64_t line = head; line < log_store_end(w->store); line++)
			if (log_store_head(w->store, line) == head)
				last = line;
	return last;
}

/* The list as it should be, found in the simplest way. Members of groups whose head was dropped are left out. */
static void expect_right(struct world *w)
{
	size_t row = 0, hit = 0;
	uint64_t lines = 0, fresh = 0;

	for (uint64_t line = log_store_first(w->store); line < log_store_end(w->store); line++) {
		uint64_t head = log_store_head(w->store, line);
		if (head < log_store_first(w->store) || place_of(w, head) != line ||
		    !log_filter_passes_group(&w->filter, w->store, head))
			continue;
		const struct log_group *g = log_store_group(w->store, head);
		bool found = false;
		for (uint64_t m = MAX(head, w->list.held); m < log_store_end(w->store); m++)
			fresh += log_store_head(w->store, m) == head;
		assert_true(row < w->list.rows.count);
		assert_int_equal(log_number(&w->list.rows, row++), line);
		lines += 1 + (g ? g->members : 0);
		for (uint64_t m = head; w->list.search && !found; m = g ? log_store_next_member(w->store, g, m) : 0) {
			size_t len;
			if (m == 0 && head != 0)
				break;
			const char *text = log_visible(w->store, log_store_at(w->store, m), &w->filter.plain, &len);
			found = log_pattern_find(w->list.search, text, len, 0, NULL, NULL);
			if (!g)
				break;
		}
		if (found)
			assert_int_equal(log_number(&w->list.hits, hit++), line);
	}
	assert_int_equal(row, w->list.rows.count);
	assert_int_equal(hit, w->list.hits.count);
	assert_int_equal(lines, w->list.lines);
	assert_int_equal(fresh, w->list.fresh);
}

/* As a marker is that comes late: `back` lines before the end. */
static void insert(struct world *w, unsigned back)
{
	uint64_t first = log_store_first(w->store), end = log_store_end(w->store);
	uint64_t line = end - first > back ? end - back : first;
	struct log_meta meta = { .flags = LOG_MARKER };

	assert_true(log_store_insert(w->store, line, 1, 0, meta, "task_id=1 ends", 14));
	line = MAX(line, log_store_first(w->store));
	assert_memory_equal(log_store_text(w->store, log_store_at(w->store, line)), "task_id=1 ends", 14);
	for (int i = 0; i < 3; i++) {
		log_moved(&w->groupings[i].head, line);
		log_moved(&w->groupings[i].probe, line);
	}
	log_list_inserted(&w->list, line);
}

/* ---- patterns ---------------------------------------------------------------------------------- */

static bool finds(const char *pattern, const char *text)
{
	struct log_pattern *p = NULL;

	ok(log_pattern_new(pattern, &p, &err));
	bool found = log_pattern_find(p, text, strlen(text), 0, NULL, NULL);
	log_pattern_free(p);
	return found;
}

static void test_smart_case(void **state)
{
	(void) state;
	assert_true(finds("error", "an ERROR"));
	assert_false(finds("Error", "an ERROR"));
	assert_true(finds("\\W", "a b"));
	assert_true(finds("\\Wb", "A B"));
	assert_true(finds("ä.", "eine Ähre"));
	assert_true(finds("^.$", "日"));
	assert_true(finds("x|y", "\xff\xfe y"));
}

static void test_bad_patterns(void **state)
{
	struct log_pattern *p = NULL;

	(void) state;
	fails(log_pattern_new("a(", &p, &err), AF_ERR_USAGE, "no regular expression");
	assert_null(p);
}

static void test_hopeless_patterns_end(void **state)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	int64_t start = clock_ms();

	(void) state;
	for (int i = 0; i < 5000; i++)
		strbuf_addc(&text, 'a');
	assert_false(finds("^(a+)+$|^(a|aa)+b", (strbuf_addc(&text, '!'), text.data)));
	took(start, 0, 5000);
}

/* ---- filters ----------------------------------------------------------------------------------- */

static size_t shown(struct world *w)
{
	log_list_restart(&w->list);
	finish(w);
	return w->list.rows.count;
}

static void test_rules_stack(void **state)
{
	AF_AUTO(world) struct world w;

	(void) state;
	world_init(&w, 100);
	add(&w, 0, "INFO task 1 begins");
	add(&w, 1, "WARN task 1 waits");
	add(&w, 2, "task 2 begins");
	add(&w, 0, "ERROR task 2 broke");
	assert_int_equal(shown(&w), 4);
	ok(log_filter_add(&w.filter, false, RULE_STACK, "task 1", &err));
	assert_int_equal(shown(&w), 2);
	ok(log_filter_add(&w.filter, true, RULE_STACK, "waits", &err));
	assert_int_equal(shown(&w), 1);
	w.filter.rules[0].off = true;
	assert_int_equal(shown(&w), 3);
	w.filter.least = LEVEL_WARN;
	assert_int_equal(shown(&w), 1);
	w.filter.least = LEVEL_INFO; /* lines without a level count as that */
	assert_int_equal(shown(&w), 3);
	w.filter.muted = 1;
	assert_int_equal(shown(&w), 1);
	w.filter.only = 0;
	assert_int_equal(shown(&w), 2);
	fails(log_filter_edit(&w.filter, 0, "(", &err), AF_ERR_USAGE, "regular");
	assert_string_equal(w.filter.rules[0].text, "task 1");
}

static void test_one_rule_for_each_purpose(void **state)
{
	AF_AUTO(world) struct world w;

	(void) state;
	world_init(&w, 100);
	ok(log_filter_set(&w.filter, RULE_QUICK, "a", &err));
	ok(log_filter_set(&w.filter, RULE_QUICK, "b", &err));
	assert_int_equal(w.filter.count, 1);
	assert_string_equal(log_filter_get(&w.filter, RULE_QUICK)->text, "b");
	ok(log_filter_set(&w.filter, RULE_QUICK, "", &err));
	assert_null(log_filter_get(&w.filter, RULE_QUICK));
	assert_int_equal(w.filter.count, 0);
}

/* ---- the list ------------------------------------------------------------------------------------ */

static void run_random(size_t max_lines, bool rule, bool search)
{
	AF_AUTO(world) struct world w;
	struct log_pattern *p = NULL;

	world_init(&w, max_lines);
	ok(log_pattern_new("task_id=2", &p, &err));
	for (int i = 0; i < 300; i++)
		add_random(&w);
	if (rule)
		ok(log_filter_add(&w.filter, false, RULE_STACK, "task_id=1", &err));
	log_list_restart(&w.list);
	if (search)
		log_list_search(&w.list, p);
	/* What is there already and what comes are looked at in turns. */
	for (int i = 0; i < 1000; i++) {
		add_random(&w);
		if (i % 7 == 0)
			log_list_step(&w.list, 0);
		if (i == 500)
			log_list_hold(&w.list);
		if (i % 11 == 0)
			insert(&w, below(40));
	}
	finish(&w);
	expect_right(&w);
	for (int i = 0; i < 1000; i++) {
		add_random(&w);
		if (i % 23 == 0)
			insert(&w, below(2000));
	}
	expect_right(&w);
	log_list_search(&w.list, NULL);
	log_pattern_free(p);
}

static void test_lists_are_right(void **state)
{
	(void) state;
	for (int i = 0; i < 8; i++)
		run_random(i & 4 ? 500 : 10000, i & 1, i & 2);
}

static void test_large_lists_are_quick(void **state)
{
	AF_AUTO(world) struct world w;
	char text[200];
	struct log_pattern *p = NULL;

	(void) state;
	world_init(&w, 200000);
	for (int i = 0; i < 200000; i++) {
		snprintf(text, sizeof(text),
			 "2026-01-02 03:04:05 INFO request_start task_id:%d|type:abd|seed:%d|model:deepseek-v3 elapsed_ms=%d", i % 997,
			 i, i % 31);
		add(&w, 0, text);
	}
	ok(log_filter_add(&w.filter, false, RULE_STACK, "task_id\\W+(16|17)\\b", &err));
	log_list_restart(&w.list);
	int64_t start = clock_us();
	log_list_step(&w.list, 3000);
	int64_t first = clock_us() - start;
	finish(&w);
	int64_t all = clock_us() - start;
	assert_int_equal(w.list.rows.count, 402);
	w.filter.rules[0].off = true;
	log_list_restart(&w.list);
	finish(&w);
	ok(log_pattern_new("score|seed:199", &p, &err));
	start = clock_us();
	log_list_search(&w.list, p);
	finish(&w);
	print_message("# 200,000 lines: filter %lld us (first step %lld), search %lld us\n", (long long) all, (long long) first,
		      (long long) (clock_us() - start));
	assert_true(first < 500000);
	log_list_search(&w.list, NULL);
	log_pattern_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smart_case),	cmocka_unit_test(test_bad_patterns),
		cmocka_unit_test(test_hopeless_patterns_end), cmocka_unit_test(test_rules_stack),
		cmocka_unit_test(test_one_rule_for_each_purpose), cmocka_unit_test(test_lists_are_right),
		cmocka_unit_test(test_large_lists_are_quick),
	};

	return RUN(tests);
}
