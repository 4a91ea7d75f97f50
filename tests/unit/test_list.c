/* A cursor that stays on its item whatever happens to the rows around it. */
#include "unit.h"

#include "ui/view.h"

static const char *const letters[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
#define LETTERS ((int) ARRAY_LEN(letters))

static int act(struct list *l, enum action action)
{
	return list_act(l, letters, LETTERS, 4, action);
}

static void test_moves(void **state UNUSED)
{
	struct list l = { 0 };

	list_sync(&l, letters, LETTERS, 4);
	assert_string_equal(l.selected, "a");
	assert_int_equal(act(&l, ACT_UP), REACT_HANDLED);
	assert_int_equal(act(&l, ACT_DOWN), REACT_HANDLED | REACT_REDRAW);
	assert_string_equal(l.selected, "b");
	act(&l, ACT_PAGE_DOWN);
	assert_string_equal(l.selected, "e");
	assert_int_equal(l.top, 1);
	act(&l, ACT_LAST);
	assert_string_equal(l.selected, "j");
	assert_int_equal(l.top, 6);
	assert_int_equal(act(&l, ACT_DOWN), REACT_HANDLED);
	act(&l, ACT_PAGE_UP);
	assert_string_equal(l.selected, "g");
	assert_int_equal(l.top, 6);
	act(&l, ACT_PAGE_UP);
	act(&l, ACT_FIRST);
	assert_string_equal(l.selected, "a");
	assert_int_equal(l.top, 0);
	assert_int_equal(act(&l, ACT_OPEN), REACT_NONE);
	list_free(&l);
}

static void test_stays_on_its_item(void **state UNUSED)
{
	static const char *const sorted[] = { "j", "i", "h", "g", "f", "e", "d", "c", "b", "a" };
	static const char *const filtered[] = { "c", "g" };
	struct list l = { 0 };

	list_select(&l, "c");
	list_sync(&l, letters, LETTERS, 4);
	assert_int_equal(l.row, 2);
	list_sync(&l, sorted, LETTERS, 4);
	assert_string_equal(l.selected, "c");
	assert_int_equal(l.row, 7);
	assert_int_equal(l.top, 4);
	list_sync(&l, filtered, 2, 4);
	assert_string_equal(l.selected, "c");
	assert_int_equal(l.row, 0);
	assert_int_equal(l.top, 0);
	assert_false(l.gone);
	list_free(&l);
}

static void test_item_vanishes(void **state UNUSED)
{
	static const char *const without[] = { "a", "b", "d", "e" };
	struct list l = { 0 };

	list_select(&l, "c");
	list_sync(&l, letters, LETTERS, 4);
	list_sync(&l, without, 4, 4);
	assert_true(l.gone);
	assert_string_equal(l.selected, "c");
	assert_int_equal(l.row, 2);
	/* The next one has its place. */
	assert_int_equal(list_act(&l, without, 4, 4, ACT_DOWN), REACT_HANDLED | REACT_REDRAW);
	assert_string_equal(l.selected, "d");
	assert_false(l.gone);
	/* And back, if it comes back. */
	list_select(&l, "c");
	list_sync(&l, without, 4, 4);
	assert_true(l.gone);
	list_sync(&l, letters, LETTERS, 4);
	assert_false(l.gone);
	assert_int_equal(l.row, 2);
	list_free(&l);
}

static void test_last_item_vanishes(void **state UNUSED)
{
	struct list l = { 0 };

	list_select(&l, "j");
	list_sync(&l, letters, LETTERS, 4);
	list_sync(&l, letters, 3, 4);
	assert_true(l.gone);
	assert_int_equal(l.row, 2);
	assert_int_equal(l.top, 0);
	list_act(&l, letters, 3, 4, ACT_UP);
	assert_string_equal(l.selected, "b");
	list_free(&l);
}

static void test_empty(void **state UNUSED)
{
	struct list l = { 0 };

	list_sync(&l, NULL, 0, 4);
	assert_null(l.selected);
	assert_false(l.gone);
	assert_int_equal(list_act(&l, NULL, 0, 4, ACT_DOWN), REACT_HANDLED);
	assert_int_equal(list_act(&l, NULL, 0, 4, ACT_OPEN), REACT_NONE);
	list_sync(&l, letters, LETTERS, 4);
	assert_string_equal(l.selected, "a");
	list_sync(&l, NULL, 0, 4);
	assert_true(l.gone);
	list_sync(&l, letters, LETTERS, 4);
	assert_false(l.gone);
	list_free(&l);
}

static void test_height(void **state UNUSED)
{
	struct list l = { 0 };

	list_select(&l, "h");
	list_sync(&l, letters, LETTERS, 3);
	assert_int_equal(l.top, 5);
	/* A higher pane shows no empty rows while there are rows above. */
	list_sync(&l, letters, LETTERS, 8);
	assert_int_equal(l.top, 2);
	list_sync(&l, letters, LETTERS, 0);
	assert_int_equal(l.top, 7);
	list_sync(&l, letters, LETTERS, 100);
	assert_int_equal(l.top, 0);
	list_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_stays_on_its_item),
		cmocka_unit_test(test_item_vanishes),
		cmocka_unit_test(test_last_item_vanishes),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_height),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
