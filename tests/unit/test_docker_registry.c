/* Pushing and pulling with credentials, against a real engine and a registry of our own beside it. */
#include "test_docker_util.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/path.h"

extern char **environ;

struct engine engine;
static char home[] = "/tmp/afs-test-XXXXXX";
static char registry[64]; /* "127.0.0.1:PORT" */
static int registry_stdin = -1;
static pid_t registry_pid;
static struct strbuf lines = STRBUF_INIT(STRBUF_TEXT);

#define PASSWORD "pa55:wörd"

/* ---- the registry -------------------------------------------------------------- */

/* Its first line, which may come in pieces: whoever closes the pipe before the last one ends the registry. */
static bool read_line(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len < size && read(fd, line + len, 1) == 1) {
		if (line[len] == '\n') {
			line[len] = '\0';
			return len > 0;
		}
		len++;
	}
	return false;
}

static int start_registry(void)
{
	AUTO_FREE char *script = str_format(NULL, "%s/tests/engine/docker_registry.py", getenv("AFS_SRCDIR"));
	char program[] = "python3", user[] = "me:" PASSWORD, port[16] = "";
	char *argv[] = { program, script, user, NULL };
	posix_spawn_file_actions_t actions;
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	int rc = posix_spawnp(&registry_pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	registry_stdin = in[1];
	bool told = !rc && read_line(out[0], port, sizeof(port));
	close(out[0]);
	if (!told)
		return -1;
	snprintf(registry, sizeof(registry), "127.0.0.1:%s", port);
	return 0;
}

static int setup(void **state)
{
	if (!mkdtemp(home) || setenv("DOCKER_CONFIG", home, 1))
		return -1;
	return start_registry() ? -1 : engine_setup(state);
}

static int teardown(void **state)
{
	int status;

	close(registry_stdin);
	waitpid(registry_pid, &status, 0);
	strbuf_free(&lines);
	return engine_teardown(state) || path_remove_tree(home, NULL) != AF_OK;
}

/* What `docker login` would have stored. */
static void log_in(const char *password)
{
	AUTO_FREE char *path = str_format(NULL, "%s/config.json", home);
	AUTO_FREE char *pair = str_format(NULL, "me:%s", password);
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	strbuf_addf(&text, "{\"auths\":{\"%s\":{\"auth\":\"", registry);
	base64_add(&text, pair, strlen(pair), false);
	strbuf_adds(&text, "\"}}}");
	assert_int_equal(file_write(path, text.data, text.len, 0600, NULL), AF_OK);
}

/* ---- an image --------------------------------------------------------------------- */

static void on_line(void *arg, const char *text, size_t len)
{
	(void) arg;
	strbuf_add(&lines, text, len);
	strbuf_addc(&lines, '\n');
}

static const struct docker_progress progress = { .line = on_line };

struct tar {
	char data[4096];
	size_t pos;
};

/* A file in a tar (POSIX ustar). */
static void put_file(char *at, const char *name, const char *text)
{
	unsigned sum = 0;

	snprintf(at, 100, "%s", name);
	memcpy(at + 100, "0000644", 8);
	snprintf(at + 124, 12, "%011o", (unsigned) strlen(text) & 0xfffffff);
	memcpy(at + 136, "00000000000", 12);
	memset(at + 148, ' ', 8);
	at[156] = '0';
	memcpy(at + 257, "ustar\00000", 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char) at[i];
	snprintf(at + 148, 8, "%06o", sum & 0777777);
	memcpy(at + 512, text, strlen(text));
}

static ssize_t read_tar(void *arg, char *buf, size_t size)
{
	struct tar *tar = arg;
	size_t n = MIN(size, sizeof(tar->data) - tar->pos);

	memcpy(buf, tar->data + tar->pos, n);
	tar->pos += n;
	return (ssize_t) n;
}

static char *make_image(const char *tag)
{
	struct tar tar = { .pos = 0 };
	const char *labels[] = { engine.label, NULL };
	struct docker_build_options opt = { .tag = tag, .labels = labels, .read = read_tar, .read_arg = &tar };
	char *id = NULL;

	put_file(tar.data, "Dockerfile", "FROM scratch\nCOPY hello /hello\n");
	put_file(tar.data + 1024, "hello", tag);
	ok(docker_image_build(engine.docker, &opt, NULL, NULL, &id, &engine.err));
	return id;
}

static void forget_image(const char *ref, char *id)
{
	ok(docker_image_remove(engine.docker, ref, true, NULL, &engine.err));
	ok(docker_image_remove(engine.docker, id, true, NULL, &engine.err));
}

static char *id_of(const char *ref)
{
	cJSON *tree = NULL;
	char *id;

	ok(docker_image_inspect(engine.docker, ref, NULL, &tree, &engine.err));
	id = str_dup(cJSON_GetStringValue(cJSON_GetObjectItem(tree, "Id")), NULL);
	cJSON_Delete(tree);
	return id;
}

/* The error is about the login and does not hold it. */
static void is_refused(af_code rc)
{
	assert_true(rc == AF_ERR_FAILED || rc == AF_ERR_NOT_FOUND);
	assert_non_null(engine.err.hint);
	assert_non_null(strstr(engine.err.hint, "docker login"));
	assert_null(strstr(engine.err.message, "pa55"));
	assert_null(strstr(engine.err.message, "wrong"));
	af_error_clear(&engine.err);
}

static void test_push_and_pull(void **state)
{
	AUTO_FREE char *tag = str_format(NULL, "%s/deep/er/app:v1.2", registry);
	AUTO_FREE char *gone = str_format(NULL, "%s/deep/er/app:v9", registry);
	AUTO_FREE char *id = make_image(tag);

	(void) state;
	log_in(PASSWORD);
	strbuf_reset(&lines);
	ok(docker_image_push(engine.docker, tag, &progress, NULL, &engine.err));
	assert_true(lines.len > 0);
	forget_image(tag, id);
	strbuf_reset(&lines);
	ok(docker_image_pull(engine.docker, tag, &progress, NULL, &engine.err));
	assert_true(lines.len > 0);
	AUTO_FREE char *again = id_of(tag);
	assert_string_equal(again, id);
	forget_image(tag, id);
	fails(docker_image_pull(engine.docker, gone, NULL, NULL, &engine.err), AF_ERR_NOT_FOUND, gone);
}

static void test_pull_by_digest(void **state)
{
	AUTO_FREE char *tag = str_format(NULL, "%s/app:v1", registry);
	AUTO_FREE char *id = make_image(tag);
	cJSON *tree = NULL;

	(void) state;
	log_in(PASSWORD);
	ok(docker_image_push(engine.docker, tag, NULL, NULL, &engine.err));
	ok(docker_image_inspect(engine.docker, tag, NULL, &tree, &engine.err));
	AUTO_FREE char *digest = str_dup(cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(tree, "RepoDigests"), 0)), NULL);
	cJSON_Delete(tree);
	assert_non_null(strchr(digest, '@'));
	forget_image(tag, id);
	ok(docker_image_pull(engine.docker, digest, NULL, NULL, &engine.err));
	AUTO_FREE char *again = id_of(digest);
	assert_string_equal(again, id);
	forget_image(digest, id);
}

static void test_refused(void **state)
{
	AUTO_FREE char *tag = str_format(NULL, "%s/app:v2", registry);
	AUTO_FREE char *config = str_format(NULL, "%s/config.json", home);
	AUTO_FREE char *id = make_image(tag);

	(void) state;
	log_in("wrong-pa55");
	is_refused(docker_image_push(engine.docker, tag, NULL, NULL, &engine.err));
	is_refused(docker_image_pull(engine.docker, tag, NULL, NULL, &engine.err));
	unlink(config);
	is_refused(docker_image_push(engine.docker, tag, NULL, NULL, &engine.err));
	is_refused(docker_image_pull(engine.docker, tag, NULL, NULL, &engine.err));
	forget_image(tag, id);
	fails(docker_image_push(engine.docker, tag, NULL, NULL, &engine.err), AF_ERR_NOT_FOUND, tag);
}

/* A helper that fails stops a push, which needs it, and not a pull, which may not. */
static void test_broken_helper(void **state)
{
	AUTO_FREE char *tag = str_format(NULL, "%s/app:v3", registry);
	AUTO_FREE char *path = str_format(NULL, "%s/config.json", home);
	static const char text[] = "{\"credsStore\":\"afs-no-such-helper\"}";

	(void) state;
	assert_int_equal(file_write(path, text, strlen(text), 0600, NULL), AF_OK);
	fails(docker_image_push(engine.docker, tag, NULL, NULL, &engine.err), AF_ERR_FAILED,
	      "docker-credential-afs-no-such-helper");
	strbuf_reset(&lines);
	is_refused(docker_image_pull(engine.docker, tag, &progress, NULL, &engine.err));
	assert_non_null(strstr(lines.data, "going on without credentials"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_push_and_pull),
		cmocka_unit_test(test_pull_by_digest),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_broken_helper),
	};

	if (skip_without_engine())
		return 0;
	/* The engine must see the same 127.0.0.1. */
	if (!getenv("AFS_SRCDIR") || (getenv("DOCKER_HOST") && !str_starts(getenv("DOCKER_HOST"), "unix:"))) {
		printf("1..0 # SKIP the engine is elsewhere\n");
		return 0;
	}
	return cmocka_run_group_tests_name("docker registry", tests, setup, teardown);
}
