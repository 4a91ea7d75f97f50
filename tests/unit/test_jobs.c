/* Jobs: commands and work on threads of their own, what they say on the UI thread, and their end with the program's. */
#include <semaphore.h>
#include <stdatomic.h>

#include "ui_app.h"

#include "base/path.h"

static struct app *app = &ui.app;
static int over, freed;
static enum job_state how;
static af_code code;
static atomic_bool entered;

static sem_t answer;
static atomic_bool let_go;

/* As a file system that does not answer. */
static af_code stuck_work(void *arg UNUSED, struct cancel *cancel UNUSED, struct af_error *e UNUSED)
{
	atomic_store(&entered, true);
	while (sem_wait(&answer))
		;
	return AF_OK;
}

static void free_stuck(void *arg UNUSED)
{
	atomic_store(&let_go, true);
}

static bool is_let_go(void)
{
	return atomic_load(&let_go);
}

static int begin(void **state UNUSED)
{
	over = freed = 0;
	code = AF_OK;
	atomic_store(&entered, false);
	ui_start(36, 120);
	return 0;
}

static int end(void **state UNUSED)
{
	ui_end();
	return 0;
}

static void job_over(struct app *a, const struct job_row *job, void *arg)
{
	assert_ptr_equal(a, app);
	assert_ptr_equal(arg, &over);
	how = job->state;
	over++;
}

static bool is_over(void)
{
	return over > 0;
}

static bool has_entered(void)
{
	return atomic_load(&entered);
}

static void work_over(struct app *a, void *arg, af_code rc, const struct af_error *e)
{
	assert_ptr_equal(a, app);
	assert_ptr_equal(arg, &freed);
	assert_int_equal(freed, 0); /* the argument is still there */
	code = rc;
	if (rc)
		assert_non_null(e->message);
	over++;
}

static void free_it(void *arg)
{
	assert_ptr_equal(arg, &freed);
	freed++;
}

static af_code work(void *arg UNUSED, struct cancel *cancel UNUSED, struct af_error *e UNUSED)
{
	return AF_OK;
}

static af_code broken_work(void *arg UNUSED, struct cancel *cancel UNUSED, struct af_error *e)
{
	return error_set(e, AF_ERR_FAILED, "it broke");
}

/* Until it is cancelled. */
static af_code endless_work(void *arg UNUSED, struct cancel *cancel, struct af_error *e)
{
	atomic_store(&entered, true);
	while (!cancel_requested(cancel))
		cancel_sleep(cancel, 1000);
	return cancel_check(cancel, e);
}

static void test_command(void **state UNUSED)
{
	int id = 0;

	ok(job_start(app, "history --limit 1", job_over, &over, &id, &err));
	assert_true(id > 0);
	ui_until(is_over);
	assert_int_equal(how, JOB_DONE);
	const struct job_row *row = job_find(app, id);
	assert_string_equal(row->line, "history --limit 1");
	assert_int_equal(row->exit_status, 0);
	assert_true(row->ended_ms >= row->started_ms);
	assert_int_equal(job_newest_running(app), 0);
	assert_ptr_equal(job_list(app)[0], row);
	assert_null(job_list(app)[1]);
}

static void test_command_fails(void **state UNUSED)
{
	int id = 0;

	ok(job_start(app, "stop nothing", job_over, &over, &id, &err));
	ui_until(is_over);
	assert_int_equal(how, JOB_FAILED);
	assert_non_null(job_find(app, id)->error);
	assert_true(job_find(app, id)->exit_status != 0);
}

static void test_usage(void **state UNUSED)
{
	fails(job_start(app, "", NULL, NULL, NULL, &err), AF_ERR_USAGE, "no command");
	fails(job_start(app, "frobnicate x", NULL, NULL, NULL, &err), AF_ERR_USAGE, "frobnicate");
	fails(job_start(app, "ps --nothing", NULL, NULL, NULL, &err), AF_ERR_USAGE, "--nothing");
	fails(job_start(app, "run 'x", NULL, NULL, NULL, &err), AF_ERR_USAGE, "quote");
	assert_null(job_list(app)[0]);
}

static void test_secrets_are_not_listed(void **state UNUSED)
{
	int id = 0;

	ok(job_start(app, "run x --env PW=hunter2", job_over, &over, &id, &err));
	assert_string_equal(job_find(app, id)->line, "run x --env PW=***");
	ui_until(is_over);
	assert_null(strstr(ui_text(), "hunter2"));
}

static void test_work(void **state UNUSED)
{
	int id = 0;

	ok(job_work(app, "work", work, work_over, free_it, &freed, &id, &err));
	assert_int_equal(job_newest_running(app), id);
	ui_until(is_over);
	assert_int_equal(over, 1);
	assert_int_equal(code, AF_OK);
	assert_int_equal(job_find(app, id)->state, JOB_DONE);
	over = 0;
	freed = 0;
	ok(job_work(app, "broken", broken_work, work_over, free_it, &freed, &id, &err));
	ui_until(is_over);
	assert_int_equal(code, AF_ERR_FAILED);
	assert_string_equal(job_find(app, id)->error, "it broke");
}

static void test_cancel(void **state UNUSED)
{
	int id = 0;

	ok(job_work(app, "endless", endless_work, work_over, free_it, &freed, &id, &err));
	ui_until(has_entered);
	has_text(ui_text(), "endless");
	job_cancel(app, id);
	job_cancel(app, id);
	job_cancel(app, id + 1);
	ui_until(is_over);
	assert_int_equal(code, AF_ERR_CANCELLED);
	assert_int_equal(job_find(app, id)->state, JOB_CANCELLED);
}

/* ^C cancels the newest, and never leaves. */
static void test_cancel_key(void **state UNUSED)
{
	int id = 0;

	ui_key("^C");
	assert_false(app->quit);
	ok(job_work(app, "endless", endless_work, work_over, free_it, &freed, &id, &err));
	ui_until(has_entered);
	ui_key("^C");
	assert_false(app->quit);
	ui_until(is_over);
	assert_int_equal(code, AF_ERR_CANCELLED);
}

static void test_quiet(void **state UNUSED)
{
	ok(job_quiet(app, endless_work, work_over, free_it, &freed));
	assert_int_equal(job_newest_running(app), 0);
	assert_null(job_list(app)[0]);
	ui_until(has_entered);
	/* Its end comes with the program's: nobody is told, the argument is freed. */
	job_end_all(app);
	message_apply_all(app->queue, app);
	assert_int_equal(freed, 1);
}

static void test_end_with_running_jobs(void **state UNUSED)
{
	int ids[3];

	for (int i = 0; i < 3; i++)
		ok(job_work(app, "endless", endless_work, NULL, NULL, NULL, &ids[i], &err));
	ok(job_start(app, "history", NULL, NULL, NULL, &err));
	ui_until(has_entered);
	job_end_all(app);
	job_end_all(app);
	assert_null(app->jobs);
	assert_null(job_list(app)[0]);
	assert_null(job_find(app, ids[0]));
}

/* Of those that are over the oldest are forgotten; who runs never is. */
static void test_many(void **state UNUSED)
{
	int first = 0, id = 0;

	ok(job_work(app, "endless", endless_work, NULL, NULL, NULL, &first, &err));
	for (int i = 0; i < 120; i++) {
		over = freed = 0;
		ok(job_work(app, "work", work, work_over, NULL, &freed, &id, &err));
		ui_until(is_over);
	}
	int count = 0;
	for (const struct job_row *const *j = job_list(app); *j; j++)
		count++;
	assert_true(count < 60);
	assert_int_equal(job_find(app, first)->state, JOB_RUNNING);
	assert_int_equal(job_list(app)[0]->id, id);
}

/* The end of a job may start another. */
static void start_next(struct app *a, void *arg, af_code rc, const struct af_error *e)
{
	work_over(a, arg, rc, e);
	if (over < 3) {
		ok(job_quiet(a, work, start_next, NULL, &freed));
	}
}

static bool three_over(void)
{
	return over >= 3;
}

static void test_chain(void **state UNUSED)
{
	ok(job_quiet(app, work, start_next, NULL, &freed));
	ui_until(three_over);
	assert_int_equal(over, 3);
}

/* The end does not wait for it, and it may come back when all else is gone. */
static void test_a_loose_end(void **state UNUSED)
{
	assert_int_equal(sem_init(&answer, 0, 0), 0);
	atomic_store(&let_go, false);
	ok(job_loose(app, stuck_work, work_over, free_stuck, &freed));
	ui_until(has_entered);
	job_end_all(app);
	assert_false(is_let_go());
	sem_post(&answer);
	ui_until(is_let_go);
	assert_int_equal(over, 0);
}

/* One that ends in time is as any other. */
static void test_a_loose_job_that_ends(void **state UNUSED)
{
	ok(job_loose(app, work, work_over, free_it, &freed));
	ui_until(is_over);
	job_end_all(app);
	message_apply_all(app->queue, app);
	assert_int_equal(freed, 1);
}

/* What is read at the same time is bounded; who waits gets it later. */
static const struct strlist *names;

static bool has_names(void)
{
	names = candidates(app, CANDIDATES_FILES, ui.home, NULL);
	return names != NULL;
}

static void test_many_directories(void **state UNUSED)
{
	AUTO_FREE char *path = str_format(NULL, "%s/name", ui.home);

	ok(file_write(path, "", 0, 0600, &err));
	for (int i = 0; i < 100; i++) {
		AUTO_FREE char *dir = str_format(NULL, "/nowhere/%d", i);
		assert_null(candidates(app, CANDIDATES_FILES, dir, NULL));
	}
	ui_until(has_names);
	assert_int_equal(names->count, 1);
	assert_string_equal(names->items[0], "name");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_command), TEST(test_command_fails), TEST(test_usage), TEST(test_secrets_are_not_listed),
		TEST(test_work),    TEST(test_cancel),	      TEST(test_cancel_key), TEST(test_quiet),
		TEST(test_end_with_running_jobs), TEST(test_many), TEST(test_chain),
		TEST(test_a_loose_end), TEST(test_a_loose_job_that_ends), TEST(test_many_directories),
	};

	return RUN(tests);
}
