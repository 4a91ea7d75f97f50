/* Containers, streams and commands against a real engine. */
#include "test_docker_util.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

struct engine engine;

/* ---- helpers ------------------------------------------------------------------- */

/* Creates a container that runs `script` under sh; freed by the caller. */
static char *create(const char *name, const char *script, bool tty)
{
	cJSON *config = cJSON_CreateObject();
	cJSON *labels = cJSON_AddObjectToObject(config, "Labels");
	const char *command[] = { "sh", "-c", script };
	char *id = NULL;

	cJSON_AddStringToObject(config, "Image", engine.image);
	cJSON_AddStringToObject(labels, TEST_LABEL, strchr(engine.label, '=') + 1);
	cJSON_AddItemToObject(config, "Cmd", cJSON_CreateStringArray(command, 3));
	cJSON_AddBoolToObject(config, "Tty", tty);
	ok(docker_container_create(engine.docker, name, config, NULL, &id, &engine.err));
	cJSON_Delete(config);
	return id;
}

static char *start(const char *script)
{
	char *id = create(NULL, script, false);

	ok(docker_container_start(engine.docker, id, NULL, &engine.err));
	return id;
}

static void drop(char *id)
{
	ok(docker_container_remove(engine.docker, id, true, NULL, &engine.err));
	free(id);
}

/* What a callback on the I/O thread left, with waiting for it. */
struct box {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int count, value;
	bool over;
	af_code rc;
	struct strbuf text;
};
#define BOX_INIT { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .value = -99, \
		   .text = STRBUF_INIT(STRBUF_TEXT) }

/* Until at least `count` came, or the end. */
static void box_await(struct box *b, int count)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	pthread_mutex_lock(&b->lock);
	while (b->count < count && !b->over)
		if (pthread_cond_timedwait(&b->changed, &b->lock, &until))
			break;
	pthread_mutex_unlock(&b->lock);
}

static void box_await_end(struct box *b)
{
	box_await(b, INT32_MAX);
	assert_true(b->over);
}

static void box_put(struct box *b, const char *text, size_t len, int value, bool over)
{
	pthread_mutex_lock(&b->lock);
	b->count++;
	b->value = value;
	b->over = b->over || over;
	strbuf_add(&b->text, text, len);
	if (len)
		strbuf_addc(&b->text, '\n');
	pthread_cond_signal(&b->changed);
	pthread_mutex_unlock(&b->lock);
}

static void on_exit_code(void *arg, int code)
{
	box_put(arg, "", 0, code, true);
}

static bool on_line(void *arg, enum docker_fd fd, const char *line, size_t len)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	strbuf_addc(&text, fd == DOCKER_STDERR ? '2' : '1');
	strbuf_add(&text, line, len);
	box_put(arg, text.data, text.len, 0, false);
	return true;
}

static void on_end(void *arg, af_code rc, const struct af_error *err)
{
	((struct box *) arg)->rc = rc;
	box_put(arg, err && err->message && rc ? err->message : "", 0, 0, true);
}

static const char *string_at(const cJSON *tree, const char *a, const char *b)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(tree, a), b));
}

/* ---- engine -------------------------------------------------------------------- */

static void test_version(void **state)
{
	cJSON *version = NULL, *info = NULL;

	(void) state;
	ok(docker_connect(engine.docker, NULL, &engine.err));
	ok(docker_version(engine.docker, NULL, &version, &engine.err));
	ok(docker_info(engine.docker, NULL, &info, &engine.err));
	assert_non_null(cJSON_GetObjectItem(version, "ApiVersion"));
	assert_non_null(cJSON_GetObjectItem(info, "NCPU"));
	cJSON_Delete(version);
	cJSON_Delete(info);
}

static void test_refused_version(void **state)
{
	struct docker *d = NULL;
	cJSON *list = NULL;

	(void) state;
	setenv("DOCKER_API_VERSION", "1.999", 1);
	ok(docker_new(engine.http, NULL, &d, &engine.err));
	unsetenv("DOCKER_API_VERSION");
	af_code rc = docker_container_list(d, false, NULL, NULL, NULL, &list, &engine.err);
	/* podman takes any version. */
	if (rc != AF_OK) {
		assert_non_null(engine.err.hint);
		fails(rc, AF_ERR_UNAVAILABLE, "too new");
	}
	cJSON_Delete(list);
	docker_free(d);
}

static void test_unreachable(void **state)
{
	struct docker *d = NULL;

	(void) state;
	ok(docker_new(engine.http, "unix:///nowhere/docker.sock", &d, &engine.err));
	af_code rc = docker_connect(d, NULL, &engine.err);
	assert_non_null(engine.err.hint);
	fails(rc, AF_ERR_UNREACHABLE, "/nowhere/docker.sock");
	docker_free(d);
	ok(docker_new(engine.http, "tcp://127.0.0.1:1", &d, &engine.err));
	fails(docker_connect(d, NULL, &engine.err), AF_ERR_UNREACHABLE, "127.0.0.1:1");
	docker_free(d);
}

/* ---- containers ------------------------------------------------------------------- */

static void test_lifecycle(void **state)
{
	AUTO_FREE char *name = str_format(NULL, "afs.test-%s", strchr(engine.label, '=') + 1);
	char *id = create(name, "sleep 1000", false);
	const char *labels[] = { engine.label, NULL };
	cJSON *tree = NULL;

	(void) state;
	ok(docker_container_start(engine.docker, id, NULL, &engine.err));
	ok(docker_container_start(engine.docker, id, NULL, &engine.err)); /* is running: no error */
	ok(docker_container_inspect(engine.docker, id, NULL, &tree, &engine.err));
	assert_string_equal(docker_container_label(tree, TEST_LABEL), strchr(engine.label, '=') + 1);
	assert_null(docker_container_label(tree, "no.such.label"));
	assert_non_null(docker_container_ip(tree));
	cJSON_Delete(tree);

	ok(docker_container_list(engine.docker, false, labels, name, NULL, &tree, &engine.err));
	assert_int_equal(cJSON_GetArraySize(tree), 1);
	assert_string_equal(docker_container_label(tree->child, TEST_LABEL), strchr(engine.label, '=') + 1);
	assert_non_null(docker_container_ip(tree->child));
	cJSON_Delete(tree);
	/* The name is compared as a whole and is no pattern. */
	ok(docker_container_list(engine.docker, true, labels, "afs", NULL, &tree, &engine.err));
	assert_int_equal(cJSON_GetArraySize(tree), 0);
	cJSON_Delete(tree);

	ok(docker_container_restart(engine.docker, id, 0, NULL, &engine.err));
	ok(docker_container_stop(engine.docker, id, 0, NULL, &engine.err));
	ok(docker_container_stop(engine.docker, id, 0, NULL, &engine.err)); /* is stopped: no error */
	ok(docker_container_inspect(engine.docker, id, NULL, &tree, &engine.err));
	assert_null(docker_container_ip(tree));
	cJSON_Delete(tree);
	ok(docker_container_remove(engine.docker, id, false, NULL, &engine.err));
	ok(docker_container_remove(engine.docker, id, false, NULL, &engine.err)); /* is gone: no error */
	fails(docker_container_inspect(engine.docker, id, NULL, &tree, &engine.err), AF_ERR_NOT_FOUND, id);
	free(id);
}

static void test_create_refusals(void **state)
{
	AUTO_FREE char *name = str_format(NULL, "afs-used-%s", strchr(engine.label, '=') + 1);
	const char *command[] = { "true" };
	char *id = create(name, "true", false), *other = NULL;
	cJSON *config = cJSON_CreateObject();

	(void) state;
	cJSON_AddStringToObject(config, "Image", engine.image);
	cJSON_AddItemToObject(config, "Cmd", cJSON_CreateStringArray(command, 1));
	fails(docker_container_create(engine.docker, name, config, NULL, &other, &engine.err), AF_ERR_EXISTS, name);
	cJSON_ReplaceItemInObject(config, "Image", cJSON_CreateString("afs/no-such-image:v9"));
	fails(docker_container_create(engine.docker, NULL, config, NULL, &other, &engine.err), AF_ERR_NOT_FOUND,
	      "no-such-image");
	fails(docker_container_start(engine.docker, "afs-no-such", NULL, &engine.err), AF_ERR_NOT_FOUND, "afs-no-such");
	/* A name that is no name must not become another path. */
	fails(docker_container_start(engine.docker, "a/../b?x=1", NULL, &engine.err), AF_ERR_NOT_FOUND, "");
	cJSON_Delete(config);
	drop(id);
}

static void test_start_fails(void **state)
{
	cJSON *config = cJSON_CreateObject();
	const char *command[] = { "/no/such/program" };
	char *id = NULL;

	(void) state;
	cJSON_AddStringToObject(config, "Image", engine.image);
	cJSON_AddItemToObject(config, "Cmd", cJSON_CreateStringArray(command, 1));
	ok(docker_container_create(engine.docker, NULL, config, NULL, &id, &engine.err));
	cJSON_Delete(config);
	af_code rc = docker_container_start(engine.docker, id, NULL, &engine.err);
	fails(rc, AF_ERR_FAILED, "/no/such/program");
	drop(id);
}

static void test_wait(void **state)
{
	char *id = create(NULL, "exit 3", false);
	struct box box = BOX_INIT;
	struct http_transfer *t = NULL;

	(void) state;
	ok(docker_container_wait(engine.docker, id, on_exit_code, &box, &t, &engine.err));
	ok(docker_container_start(engine.docker, id, NULL, &engine.err));
	box_await_end(&box);
	assert_int_equal(box.value, 3);
	http_transfer_unref(t);
	drop(id);
	fails(docker_container_wait(engine.docker, "afs-no-such", on_exit_code, &box, &t, &engine.err), AF_ERR_NOT_FOUND,
	      "afs-no-such");
	assert_int_equal(box.count, 1);
}

static void test_wait_cancelled(void **state)
{
	char *id = start("sleep 1000");
	struct box box = BOX_INIT;
	struct http_transfer *t = NULL;

	(void) state;
	ok(docker_container_wait(engine.docker, id, on_exit_code, &box, &t, &engine.err));
	http_transfer_cancel(t);
	http_transfer_unref(t);
	box_await_end(&box);
	assert_int_equal(box.value, -1);
	drop(id);
}

/* ---- logs ---------------------------------------------------------------------------- */

static void await_exit(const char *id)
{
	cJSON *tree = NULL;
	deadline end = deadline_in(20000);

	for (bool running = true; running && deadline_left(end); cJSON_Delete(tree)) {
		ok(docker_container_inspect(engine.docker, id, NULL, &tree, &engine.err));
		running = cJSON_IsTrue(cJSON_GetObjectItem(cJSON_GetObjectItem(tree, "State"), "Running"));
		if (running)
			cancel_sleep(NULL, 10);
	}
}

static char *logs(const char *id, struct docker_log_options opt)
{
	struct box box = BOX_INIT;
	char *text = NULL;

	ok(docker_container_logs(engine.docker, id, &opt, on_line, &box, NULL, &engine.err));
	ok(strbuf_steal(&box.text, &text, &engine.err));
	return text;
}

static void test_logs(void **state)
{
	char *id = start("echo one; echo two >&2; printf three");
	char *text;

	(void) state;
	await_exit(id);
	text = logs(id, (struct docker_log_options){ .tail = -1 });
	assert_non_null(strstr(text, "1one\n"));
	assert_non_null(strstr(text, "2two\n"));
	assert_non_null(strstr(text, "1three\n"));
	free(text);
	text = logs(id, (struct docker_log_options){ .tail = 0 });
	assert_string_equal(text, "");
	free(text);
	text = logs(id, (struct docker_log_options){ .tail = -1, .since_ns = (wall_ms() + 3600000) * 1000000 });
	assert_string_equal(text, "");
	free(text);
	fails(docker_container_logs(engine.docker, "afs-no-such", &(struct docker_log_options){ .tail = -1 }, on_line, NULL,
				    NULL, &engine.err),
	      AF_ERR_NOT_FOUND, "afs-no-such");
	drop(id);
}

/* An engine cuts a long line into pieces, each with a time of its own. */
static void test_long_line(void **state)
{
	char *id = start("python3 -c 'print(\"x\" * 100000); print(\"end\")'");
	char *text, *line;
	int64_t ns;

	(void) state;
	await_exit(id);
	text = logs(id, (struct docker_log_options){ .tail = -1, .timestamps = true });
	line = strchr(text, ' ');
	assert_non_null(line);
	assert_int_equal(rfc3339_parse(text + 1, strlen(text + 1), &ns), line - text - 1);
	assert_true(llabs((long long) (ns / 1000000 - wall_ms())) < 60000);
	assert_int_equal(strspn(line + 1, "x"), 100000);
	assert_int_equal(line[100001], '\n');
	free(text);
	drop(id);
}

static void test_tty_logs(void **state)
{
	char *id = create(NULL, "echo one; echo two >&2", true);
	char *text;

	(void) state;
	ok(docker_container_start(engine.docker, id, NULL, &engine.err));
	await_exit(id);
	text = logs(id, (struct docker_log_options){ .tail = -1, .tty = true });
	assert_string_equal(text, "1one\n1two\n");
	free(text);
	drop(id);
}

static void test_follow(void **state)
{
	char *id = start("echo one; sleep 0.2; echo two; sleep 0.2; echo three");
	char *text = logs(id, (struct docker_log_options){ .tail = -1, .follow = true });

	(void) state;
	assert_string_equal(text, "1one\n1two\n1three\n");
	free(text);
	drop(id);
}

static bool only_one(void *arg, enum docker_fd fd, const char *line, size_t len)
{
	(void) fd;
	(void) line;
	(void) len;
	++*(int *) arg;
	return false;
}

static void test_follow_enough(void **state)
{
	char *id = start("while true; do echo tick; sleep 0.05; done");
	struct docker_log_options opt = { .tail = -1, .follow = true };
	int count = 0;

	(void) state;
	ok(docker_container_logs(engine.docker, id, &opt, only_one, &count, NULL, &engine.err));
	assert_int_equal(count, 1);
	drop(id);
}

static bool cancel_at_line(void *arg, enum docker_fd fd, const char *line, size_t len)
{
	(void) fd;
	(void) line;
	(void) len;
	cancel_trigger(arg);
	return true;
}

static void test_follow_cancel(void **state)
{
	char *id = start("echo one; sleep 1000");
	struct docker_log_options opt = { .tail = -1, .follow = true };
	struct cancel *cancel = cancel_new(NULL);

	(void) state;
	fails(docker_container_logs(engine.docker, id, &opt, cancel_at_line, cancel, cancel, &engine.err),
	      AF_ERR_CANCELLED, "interrupted");
	cancel_free(cancel);
	drop(id);
}

static void test_logs_stream(void **state)
{
	char *id = start("echo one; sleep 1000");
	struct docker_log_options opt = { .tail = -1, .follow = true };
	struct http_transfer *t = NULL;
	struct box box = BOX_INIT;

	(void) state;
	ok(docker_logs_stream(engine.docker, id, &opt, on_line, on_end, &box, &t, &engine.err));
	box_await(&box, 1);
	http_transfer_cancel(t);
	http_transfer_unref(t);
	box_await_end(&box);
	assert_int_equal(box.rc, AF_ERR_CANCELLED);
	assert_string_equal(box.text.data, "1one\n");
	strbuf_free(&box.text);

	struct box gone = BOX_INIT;
	ok(docker_logs_stream(engine.docker, "afs-no-such", &opt, on_line, on_end, &gone, &t, &engine.err));
	box_await_end(&gone);
	assert_int_equal(gone.rc, AF_ERR_NOT_FOUND);
	http_transfer_unref(t);
	strbuf_free(&gone.text);
	drop(id);
}

/* ---- events and statistics ------------------------------------------------------------ */

static void on_event(void *arg, const cJSON *event)
{
	const char *action = cJSON_GetStringValue(cJSON_GetObjectItem(event, "Action"));
	const char *id = string_at(event, "Actor", "ID");

	assert_non_null(id);
	box_put(arg, action ? action : "?", action ? strlen(action) : 1, 0, false);
}

static void test_events(void **state)
{
	struct http_transfer *t = NULL;
	struct box box = BOX_INIT;
	int64_t since = wall_ms() * 1000000;
	deadline end = deadline_in(20000);
	bool died = false;
	char *id;

	(void) state;
	ok(docker_events_stream(engine.docker, engine.label, since, on_event, on_end, &box, &t, &engine.err));
	id = start("exit 0");
	for (int seen = 1; !died && deadline_left(end); seen++) {
		box_await(&box, seen);
		pthread_mutex_lock(&box.lock);
		died = strstr(box.text.data, "die\n") || strstr(box.text.data, "died\n");
		pthread_mutex_unlock(&box.lock);
	}
	assert_true(died);
	http_transfer_cancel(t);
	http_transfer_unref(t);
	box_await_end(&box);
	assert_non_null(strstr(box.text.data, "create\n"));
	assert_non_null(strstr(box.text.data, "start\n"));
	strbuf_free(&box.text);
	drop(id);
}

static void test_stats(void **state)
{
	char *id = start("while :; do :; done");
	struct docker_stats first, second;

	(void) state;
	ok(docker_container_stats(engine.docker, id, NULL, NULL, &first, &engine.err));
	cancel_sleep(NULL, 300);
	ok(docker_container_stats(engine.docker, id, &first, NULL, &second, &engine.err));
	print_message("# cpu %.1f%%, memory %lld of %lld\n", second.cpu_percent, (long long) second.memory,
		      (long long) second.memory_limit);
	assert_true(second.cpu_ns > first.cpu_ns);
	/* One busy loop; other tests may want the processor too. */
	assert_true(second.cpu_percent > 5 && second.cpu_percent < 130);
	assert_true(second.memory > 0 && second.memory < 100000000);
	assert_true(second.memory_limit > second.memory);
	drop(id);
}

static void on_stats(void *arg, const struct docker_stats *stats)
{
	box_put(arg, "", 0, isnan(stats->cpu_percent) ? -1 : (int) stats->cpu_percent, false);
}

static void test_stats_stream(void **state)
{
	char *id = start("while :; do :; done");
	struct http_transfer *t = NULL;
	struct box box = BOX_INIT;

	(void) state;
	ok(docker_stats_stream(engine.docker, id, on_stats, on_end, &box, &t, &engine.err));
	box_await(&box, 3);
	assert_true(box.value > 5 && box.value < 130);
	http_transfer_cancel(t);
	http_transfer_unref(t);
	box_await_end(&box);
	assert_int_equal(box.rc, AF_ERR_CANCELLED);
	strbuf_free(&box.text);
	drop(id);
}

/* ---- exec ------------------------------------------------------------------------------- */

static void test_exec_run(void **state)
{
	char *id = start("sleep 1000");
	const char *argv[] = { "sh", "-c", "echo $WHO in $(pwd); printf oops >&2; exit 7", NULL };
	const char *env[] = { "WHO=me", NULL };
	struct docker_exec_options opt = { .argv = argv, .env = env, .workdir = "/usr" };
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRBUF errors = STRBUF_INIT(STRBUF_TEXT);
	int code = -5;

	(void) state;
	ok(docker_exec_run(engine.docker, id, &opt, NULL, &code, &out, &errors, &engine.err));
	assert_string_equal(out.data, "me in /usr\n");
	assert_string_equal(errors.data, "oops");
	assert_int_equal(code, 7);

	const char *missing[] = { "/no/such/program", NULL };
	opt = (struct docker_exec_options){ .argv = missing };
	strbuf_reset(&out);
	if (docker_exec_run(engine.docker, id, &opt, NULL, &code, &out, NULL, &engine.err) == AF_OK)
		assert_true(code == 126 || code == 127);
	af_error_clear(&engine.err);
	drop(id);
	fails(docker_exec_run(engine.docker, "afs-no-such", &opt, NULL, &code, &out, NULL, &engine.err), AF_ERR_NOT_FOUND,
	      "afs-no-such");
}

static void test_exec_limits(void **state)
{
	char *id = start("sleep 1000");
	const char *much[] = { "head", "-c", "3000000", "/dev/zero", NULL };
	const char *hangs[] = { "sleep", "1000", NULL };
	struct docker_exec_options opt = { .argv = much };
	AUTO_STRBUF all = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRBUF small = STRBUF_INIT(1000);
	struct cancel *cancel = cancel_new(NULL);
	int code = -5;

	(void) state;
	ok(docker_exec_run(engine.docker, id, &opt, NULL, &code, &all, NULL, &engine.err));
	assert_int_equal(all.len, 3000000);
	fails(docker_exec_run(engine.docker, id, &opt, NULL, &code, &small, NULL, &engine.err), AF_ERR_TOO_LARGE, "");
	cancel_trigger(cancel);
	opt.argv = hangs;
	fails(docker_exec_run(engine.docker, id, &opt, cancel, &code, &all, NULL, &engine.err), AF_ERR_CANCELLED,
	      "interrupted");
	cancel_free(cancel);
	drop(id);
}

/* Reads from a pipe until its end. */
static void drain(struct http_pipe *pipe, struct strbuf *to)
{
	struct pollfd fd = { http_pipe_fd(pipe), POLLIN, 0 };
	char buf[4096];

	for (ssize_t n; (n = http_pipe_read(pipe, buf, sizeof(buf))) != 0;) {
		assert_int_not_equal(n, -2);
		if (n > 0)
			strbuf_add(to, buf, (size_t) n);
		else
			assert_int_equal(poll(&fd, 1, 20000), 1);
	}
}

static void test_exec_pipe(void **state)
{
	char *id = start("sleep 1000"), *exec = NULL;
	const char *argv[] = { "cat", NULL };
	struct docker_exec_options opt = { .argv = argv, .stdin_open = true };
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);
	struct http_pipe *pipe = NULL;
	int code = -5;

	(void) state;
	ok(docker_exec_start(engine.docker, id, &opt, NULL, &exec, &pipe, &engine.err));
	assert_int_equal(http_pipe_write(pipe, "hello\n", 6), 6);
	http_pipe_shutdown(pipe);
	drain(pipe, &out);
	http_pipe_close(pipe);
	assert_int_equal(out.len, 8 + 6);
	assert_memory_equal(out.data, "\1\0\0\0\0\0\0\6hello\n", 14);
	ok(docker_exec_exit_code(engine.docker, exec, &code, &engine.err));
	assert_int_equal(code, 0);
	free(exec);
	drop(id);
}

static void test_exec_tty(void **state)
{
	char *id = start("sleep 1000"), *exec = NULL;
	/* The size is set right after the start. */
	const char *argv[] = { "sh", "-c", "until stty size | grep -q 33; do sleep 0.02; done; stty size", NULL };
	struct docker_exec_options opt = { .argv = argv, .tty = true, .rows = 33, .cols = 99 };
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);
	struct http_pipe *pipe = NULL;

	(void) state;
	ok(docker_exec_start(engine.docker, id, &opt, NULL, &exec, &pipe, &engine.err));
	drain(pipe, &out);
	http_pipe_close(pipe);
	assert_string_equal(out.data, "33 99\r\n");
	free(exec);
	drop(id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_refused_version),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_lifecycle),
		cmocka_unit_test(test_create_refusals),
		cmocka_unit_test(test_start_fails),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_wait_cancelled),
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_tty_logs),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_follow_enough),
		cmocka_unit_test(test_follow_cancel),
		cmocka_unit_test(test_logs_stream),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_stats_stream),
		cmocka_unit_test(test_exec_run),
		cmocka_unit_test(test_exec_limits),
		cmocka_unit_test(test_exec_pipe),
		cmocka_unit_test(test_exec_tty),
	};

	if (skip_without_engine())
		return 0;
	return cmocka_run_group_tests_name("docker engine", tests, engine_setup, engine_teardown);
}
