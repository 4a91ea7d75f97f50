/* Where panes stand: inside the screen and never over each other, whatever its size. */
#include "unit.h"

#include "ui/frame.h"

static bool inside(const struct area *a, int rows, int cols)
{
	return a->y >= 0 && a->x >= 0 && a->h > 0 && a->w > 0 && a->y + a->h <= rows && a->x + a->w <= cols;
}

static bool overlap(const struct area *a, const struct area *b)
{
	return a->y < b->y + b->h && b->y < a->y + a->h && a->x < b->x + b->w && b->x < a->x + a->w;
}

/* All that is shown, in `out`; returns how many. */
static int shown(const struct layout *l, struct area *out)
{
	int n = 0;

	out[n++] = l->header;
	out[n++] = l->notices;
	out[n++] = l->prompt;
	out[n++] = l->footer;
	for (int i = 0; i < PANE_COUNT; i++)
		if (l->panes[i].h > 0)
			out[n++] = l->panes[i];
	return n;
}

static void check_size(int rows, int cols, enum pane focus, bool zoomed)
{
	struct layout l;
	struct area areas[8];
	int cells = 0;

	layout_compute(&l, rows, cols, focus, zoomed);
	assert_int_equal(l.too_small, rows < LAYOUT_MIN_ROWS || cols < LAYOUT_MIN_COLS);
	if (l.too_small)
		return;
	int n = shown(&l, areas);
	for (int i = 0; i < n; i++) {
		if (!inside(&areas[i], rows, cols))
			fail_msg("%dx%d focus %d: area %d is outside", cols, rows, focus, i);
		cells += areas[i].h * areas[i].w;
		for (int k = 0; k < i; k++)
			if (overlap(&areas[i], &areas[k]))
				fail_msg("%dx%d focus %d: areas %d and %d overlap", cols, rows, focus, k, i);
	}
	/* No cell belongs to nobody, and who has the keys is seen. */
	assert_int_equal(cells, rows * cols);
	assert_true(l.panes[focus].h >= 4);
}

static void test_all_sizes(void **state UNUSED)
{
	for (int rows = 0; rows < 90; rows++)
		for (int cols = 0; cols < 260; cols += cols < 130 ? 1 : 17)
			for (int focus = 0; focus < PANE_COUNT; focus++) {
				check_size(rows, cols, (enum pane) focus, false);
				check_size(rows, cols, (enum pane) focus, true);
			}
}

static void count_panes(int cols, int rows, int want)
{
	struct layout l;
	struct area areas[8];

	layout_compute(&l, rows, cols, PANE_ENVS, false);
	assert_int_equal(shown(&l, areas) - 4, want);
	assert_int_equal(l.tabs, want < 3);
}

static void test_known_sizes(void **state UNUSED)
{
	struct layout l;

	count_panes(120, 36, 3);
	count_panes(100, 30, 3);
	count_panes(80, 24, 2);
	count_panes(60, 15, 1);
	count_panes(50, 12, 1);
	/* One above the other: the detail takes the place of the environments. */
	layout_compute(&l, 24, 80, PANE_DETAIL, false);
	assert_int_equal(l.panes[PANE_ENVS].h, 0);
	assert_true(l.panes[PANE_DETAIL].h > 0 && l.panes[PANE_LOGS].h > 0);
	layout_compute(&l, 11, 200, PANE_ENVS, false);
	assert_true(l.too_small);
	layout_compute(&l, 40, 49, PANE_ENVS, false);
	assert_true(l.too_small);
}

static void test_zoom(void **state UNUSED)
{
	struct layout l;

	layout_compute(&l, 36, 120, PANE_LOGS, true);
	assert_int_equal(l.panes[PANE_LOGS].h, l.body.h);
	assert_int_equal(l.panes[PANE_LOGS].w, 120);
	assert_int_equal(l.panes[PANE_ENVS].h + l.panes[PANE_DETAIL].h, 0);
	assert_true(l.tabs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_sizes), cmocka_unit_test(test_known_sizes), cmocka_unit_test(test_zoom),
	};

	return RUN(tests);
}
