/* Builds and images against a real engine. */
#include "test_docker_util.h"

#include <dirent.h>

#include "base/path.h"

struct engine engine;

/* ---- a context: a tar in memory --------------------------------------------------- */

struct context {
	struct strbuf tar;
	size_t pos;
	int rewinds;
	size_t fail_at; /* reading gives up there; 0: never */
};
#define CONTEXT_INIT { .tar = STRBUF_INIT(STRBUF_HUGE) }

/* POSIX ustar. */
static void add_file(struct context *c, const char *name, const void *data, size_t len)
{
	char head[512] = { 0 };
	unsigned sum = 0;

	snprintf(head, 100, "%s", name);
	memcpy(head + 100, "0000644", 8);
	memcpy(head + 108, "0000000", 8);
	memcpy(head + 116, "0000000", 8);
	snprintf(head + 124, 12, "%011o", (unsigned) len & 0xfffffff);
	memcpy(head + 136, "00000000000", 12);
	memset(head + 148, ' ', 8);
	head[156] = '0';
	memcpy(head + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(head); i++)
		sum += (unsigned char) head[i];
	snprintf(head + 148, 8, "%06o", sum & 0777777);
	strbuf_add(&c->tar, head, sizeof(head));
	strbuf_add(&c->tar, data, len);
	while (c->tar.len % 512)
		strbuf_addc(&c->tar, '\0');
}

static void end_tar(struct context *c)
{
	static const char zeroes[1024];

	strbuf_add(&c->tar, zeroes, sizeof(zeroes));
	assert_int_equal(strbuf_check(&c->tar, NULL), AF_OK);
}

/* "FROM base" and the lines given. */
static void dockerfile(struct context *c, const char *head, const char *lines)
{
	AUTO_FREE char *text = str_format(NULL, "%sFROM %s\n%s", head, engine.image, lines);

	add_file(c, "Dockerfile", text, strlen(text));
}

static ssize_t read_tar(void *arg, char *buf, size_t size)
{
	struct context *c = arg;
	size_t n = MIN(size, c->tar.len - c->pos);

	if (c->fail_at && c->pos >= c->fail_at)
		return -1;
	memcpy(buf, c->tar.data + c->pos, n);
	c->pos += n;
	return (ssize_t) n;
}

static bool rewind_tar(void *arg)
{
	struct context *c = arg;

	c->pos = 0;
	c->rewinds++;
	return true;
}

/* ---- building ------------------------------------------------------------------------ */

struct seen {
	struct strbuf lines;
	int64_t done, total; /* steps */
	struct cancel *cancel; /* triggered by the line "#… now" */
};

static void on_line(void *arg, const char *text, size_t len)
{
	struct seen *seen = arg;

	strbuf_add(&seen->lines, text, len);
	strbuf_addc(&seen->lines, '\n');
	if (seen->cancel && len > 4 && !memcmp(text + len - 4, " now", 4))
		cancel_trigger(seen->cancel);
}

static void on_amount(void *arg, const char *label, int64_t done, int64_t total, bool bytes)
{
	struct seen *seen = arg;

	(void) bytes;
	if (!strcmp(label, "steps")) {
		seen->done = done;
		seen->total = total;
	}
}

static af_code build(struct context *c, struct docker_build_options opt, struct seen *seen, char **id)
{
	struct docker_progress progress = { .arg = seen, .line = on_line, .amount = on_amount };

	strbuf_init(&seen->lines, STRBUF_TEXT);
	opt.read = read_tar;
	opt.rewind = rewind_tar;
	opt.read_arg = c;
	c->pos = 0;
	return docker_image_build(engine.docker, &opt, &progress, seen->cancel, id, &engine.err);
}

static void has(const struct seen *seen, const char *part)
{
	if (strstr(seen->lines.data, part))
		return;
	print_error("no \"%s\" in:\n%s", part, seen->lines.data);
	fail();
}

static void remove_image(char *id)
{
	ok(docker_image_remove(engine.docker, id, true, NULL, &engine.err));
	free(id);
}

/* Both builders, the same way: output, build arguments, labels, tag, cache. */
static void build_twice(bool classic)
{
	struct context c = CONTEXT_INIT;
	AUTO_FREE char *tag = str_format(NULL, "afs-test-%s:v1", strchr(engine.label, '=') + 1);
	AUTO_FREE char *arg = str_format(NULL, "WHO=%s", tag);
	AUTO_FREE char *said = str_format(NULL, " hello %s\n", tag);
	const char *args[] = { arg, NULL };
	const char *labels[] = { engine.label, NULL };
	struct docker_build_options opt = { .tag = tag, .buildargs = args, .labels = labels, .classic = classic };
	struct seen first = { 0 }, second = { 0 };
	char *id = NULL, *again = NULL;
	cJSON *image = NULL;

	dockerfile(&c, "", "ARG WHO\nCOPY data.txt /data.txt\nRUN echo hello $WHO && echo \"  indented\" >&2\n");
	add_file(&c, "data.txt", "data", 4);
	end_tar(&c);
	ok(build(&c, opt, &first, &id));
	has(&first, "RUN echo hello");
	has(&first, said);
	has(&first, "   indented\n");
	has(&first, " DONE ");
	assert_true(first.total > 0 && first.done == first.total);
	assert_true(str_starts(id, "sha256:"));
	ok(build(&c, opt, &second, &again));
	has(&second, " CACHED\n");
	assert_string_equal(id, again);
	ok(docker_image_inspect(engine.docker, tag, NULL, &image, &engine.err));
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(image, "Id")), id);
	assert_string_equal(docker_container_label(image, TEST_LABEL), strchr(engine.label, '=') + 1);
	cJSON_Delete(image);
	ok(docker_image_list(engine.docker, labels, NULL, &image, &engine.err));
	assert_int_equal(cJSON_GetArraySize(image), 1);
	cJSON_Delete(image);
	strbuf_free(&first.lines);
	strbuf_free(&second.lines);
	strbuf_free(&c.tar);
	free(again);
	remove_image(id);
}

static void test_build(void **state)
{
	(void) state;
	build_twice(false);
}

static void test_build_classic(void **state)
{
	(void) state;
	build_twice(true);
}

static void failing_step(bool classic)
{
	struct context c = CONTEXT_INIT;
	struct seen seen = { 0 };
	char *id = NULL;

	dockerfile(&c, "", "RUN echo fine\nRUN for i in $(seq 40); do echo line $i; done; printf 'the\\033[31m last'; exit 3\n");
	end_tar(&c);
	af_code rc = build(&c, (struct docker_build_options){ .classic = classic }, &seen, &id);
	assert_int_equal(rc, AF_ERR_BUILD);
	assert_non_null(strstr(engine.err.message, "RUN for i in"));
	assert_non_null(strstr(engine.err.message, "\n  line 40\n"));
	assert_null(strstr(engine.err.message, "line 20\n"));
	assert_null(strchr(engine.err.message, '\033'));
	assert_true(str_ends(engine.err.message, "\n  the last"));
	fails(rc, AF_ERR_BUILD, " 3\n");
	assert_null(id);
	has(&seen, " ERROR");
	strbuf_free(&seen.lines);
	strbuf_free(&c.tar);
}

static void test_step_fails(void **state)
{
	(void) state;
	failing_step(false);
}

static void test_step_fails_classic(void **state)
{
	(void) state;
	failing_step(true);
}

/* The engine may refuse, and hang up, while megabytes of context are still to come. */
static void test_no_dockerfile(void **state)
{
	struct context c = CONTEXT_INIT;
	AUTO_FREE char *zeroes = calloc(1, 30 << 20);

	(void) state;
	add_file(&c, "big", zeroes, 30 << 20);
	end_tar(&c);
	for (int classic = 0; classic < 2; classic++) {
		struct docker_build_options opt = { .dockerfile = "sub/Missing", .classic = classic };
		struct seen seen = { 0 };
		char *id = NULL;

		fails(build(&c, opt, &seen, &id), AF_ERR_BUILD, "Missing");
		strbuf_free(&seen.lines);
	}
	strbuf_free(&c.tar);
}

static void test_bad_dockerfile(void **state)
{
	struct context c = CONTEXT_INIT;

	(void) state;
	dockerfile(&c, "", "RUNN echo\n");
	end_tar(&c);
	for (int classic = 0; classic < 2; classic++) {
		struct seen seen = { 0 };
		char *id = NULL;
		af_code rc = build(&c, (struct docker_build_options){ .classic = classic }, &seen, &id);

		assert_true(rc == AF_ERR_BUILD && strcasestr(engine.err.message, "unknown instruction: "));
		assert_non_null(strstr(engine.err.message, "RUNN"));
		af_error_clear(&engine.err);
		strbuf_free(&seen.lines);
	}
	strbuf_free(&c.tar);
}

static void test_bad_tag(void **state)
{
	struct context c = CONTEXT_INIT;
	struct seen seen = { 0 };
	char *id = NULL;

	(void) state;
	dockerfile(&c, "", "");
	end_tar(&c);
	fails(build(&c, (struct docker_build_options){ .tag = "Not A Tag" }, &seen, &id), AF_ERR_BUILD, "");
	strbuf_free(&seen.lines);
	strbuf_free(&c.tar);
}

/* A frontend from a registry needs a session, which only the classic builder does without. */
static void test_fallback(void **state)
{
	struct context c = CONTEXT_INIT;
	struct seen seen = { 0 };
	const char *labels[] = { engine.label, NULL };
	char *id = NULL;

	(void) state;
	dockerfile(&c, "# syntax=localhost:1/no/such:1\n", "RUN echo done by hand\n");
	end_tar(&c);
	ok(build(&c, (struct docker_build_options){ .labels = labels }, &seen, &id));
	has(&seen, " done by hand\n");
	strbuf_free(&seen.lines);
	strbuf_free(&c.tar);
	remove_image(id);
}

static void test_context_unreadable(void **state)
{
	struct context c = CONTEXT_INIT;
	struct seen seen = { 0 };
	AUTO_FREE char *zeroes = calloc(1, 1 << 20);
	char *id = NULL;

	(void) state;
	dockerfile(&c, "", "");
	add_file(&c, "big", zeroes, 1 << 20);
	end_tar(&c);
	c.fail_at = 300000;
	fails(build(&c, (struct docker_build_options){ 0 }, &seen, &id), AF_ERR_IO, "context");
	assert_int_equal(c.rewinds, 0);
	strbuf_free(&seen.lines);
	strbuf_free(&c.tar);
}

/* A process of this machine sleeps for exactly `seconds`: the engine's, unless it is elsewhere. */
static bool sleeper_runs(const char *seconds)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while (proc && !found && (entry = readdir(proc))) {
		AUTO_FREE char *path = str_format(NULL, "/proc/%s/cmdline", entry->d_name);
		AUTO_STRBUF line = STRBUF_INIT(STRBUF_TEXT);

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || file_read(path, &line, NULL) != AF_OK)
			continue;
		found = !strcmp(line.data, "sleep") && line.len > 6 && !strcmp(line.data + 6, seconds);
	}
	if (proc)
		closedir(proc);
	return found;
}

static bool is_podman(void)
{
	cJSON *version = NULL;
	bool podman = false;
	const cJSON *part;

	ok(docker_version(engine.docker, NULL, &version, &engine.err));
	cJSON_ArrayForEach(part, cJSON_GetObjectItem(version, "Components"))
	{
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(part, "Name"));
		podman = podman || (name && str_starts(name, "Podman"));
	}
	cJSON_Delete(version);
	return podman;
}

static void cancelled(bool classic)
{
	struct context c = CONTEXT_INIT;
	struct seen seen = { .cancel = cancel_new(NULL) };
	AUTO_FREE char *tag = str_format(NULL, "afs-test-%s:cancelled", strchr(engine.label, '=') + 1);
	AUTO_FREE char *seconds = str_format(NULL, "%d", classic ? 70000111 : 70000222);
	AUTO_FREE char *lines = str_format(NULL, "RUN sleep %s & sleep 0.2; echo now; wait\n", seconds);
	cJSON *image = NULL;
	char *id = NULL;
	int64_t start;

	dockerfile(&c, "", lines);
	end_tar(&c);
	start = clock_ms();
	fails(build(&c, (struct docker_build_options){ .tag = tag, .classic = classic, .no_cache = true }, &seen, &id),
	      AF_ERR_CANCELLED, "interrupted");
	assert_true(clock_ms() - start < 20000);
	/* The engine notices the closed connection and ends the step; podman 4.3 does not, and nothing helps. */
	deadline end = deadline_in(15000);
	while (!is_podman() && sleeper_runs(seconds) && deadline_left(end))
		cancel_sleep(NULL, 50);
	assert_true(is_podman() || !sleeper_runs(seconds));
	fails(docker_image_inspect(engine.docker, tag, NULL, &image, &engine.err), AF_ERR_NOT_FOUND, tag);
	cancel_free(seen.cancel);
	strbuf_free(&seen.lines);
	strbuf_free(&c.tar);
}

static void test_cancel(void **state)
{
	(void) state;
	cancelled(false);
}

static void test_cancel_classic(void **state)
{
	(void) state;
	cancelled(true);
}

/* ---- images --------------------------------------------------------------------------- */

static void test_tag(void **state)
{
	AUTO_FREE char *tag = str_format(NULL, "localhost:5/afs/test-%s:v2", strchr(engine.label, '=') + 1);
	cJSON *image = NULL;

	(void) state;
	ok(docker_image_tag(engine.docker, engine.image, tag, NULL, &engine.err));
	ok(docker_image_inspect(engine.docker, tag, NULL, &image, &engine.err));
	cJSON_Delete(image);
	ok(docker_image_remove(engine.docker, tag, false, NULL, &engine.err));
	ok(docker_image_remove(engine.docker, tag, false, NULL, &engine.err)); /* is gone: no error */
	fails(docker_image_inspect(engine.docker, tag, NULL, &image, &engine.err), AF_ERR_NOT_FOUND, tag);
	fails(docker_image_tag(engine.docker, tag, "other:v1", NULL, &engine.err), AF_ERR_NOT_FOUND, tag);
	fails(docker_image_tag(engine.docker, engine.image, "Upper:v1", NULL, &engine.err), AF_ERR_USAGE, "Upper:v1");
	fails(docker_image_inspect(engine.docker, "", NULL, &image, &engine.err), AF_ERR_USAGE, "empty");
}

static void test_registry_down(void **state)
{
	AUTO_FREE char *tag = str_format(NULL, "localhost:1/afs-%s:v1", strchr(engine.label, '=') + 1);

	(void) state;
	fails(docker_image_pull(engine.docker, tag, NULL, NULL, &engine.err), AF_ERR_UNREACHABLE, tag);
	ok(docker_image_tag(engine.docker, engine.image, tag, NULL, &engine.err));
	fails(docker_image_push(engine.docker, tag, NULL, NULL, &engine.err), AF_ERR_UNREACHABLE, tag);
	ok(docker_image_remove(engine.docker, tag, false, NULL, &engine.err));
	fails(docker_image_pull(engine.docker, "Not/A Name", NULL, NULL, &engine.err), AF_ERR_USAGE, "Not/A Name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_build_classic),
		cmocka_unit_test(test_step_fails),
		cmocka_unit_test(test_step_fails_classic),
		cmocka_unit_test(test_no_dockerfile),
		cmocka_unit_test(test_bad_dockerfile),
		cmocka_unit_test(test_bad_tag),
		cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_context_unreadable),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_cancel_classic),
		cmocka_unit_test(test_tag),
		cmocka_unit_test(test_registry_down),
	};

	if (skip_without_engine())
		return 0;
	return cmocka_run_group_tests_name("docker build", tests, engine_setup, engine_teardown);
}
