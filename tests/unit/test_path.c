/* base/path: files are whole or not there, trees go without following links. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "unit.h"

#include "base/path.h"

static char dir[64];

static int make_dir(void **state)
{
	(void) state;
	snprintf(dir, sizeof(dir), "/tmp/afs-unit-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
	(void) state;
	return path_remove_tree(dir, NULL) == AF_OK ? 0 : -1;
}

/* A path below the test's directory, good until the next but seven. */
static const char *in_dir(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	ok(file_write(in_dir(name), text, strlen(text), 0644, &err));
}

static void test_joining(void **state)
{
	AUTO_FREE char *a = path_join("/a", "b", &err), *b = path_join("/a/", "b", &err), *c = path_join("/a", "/b", &err),
		       *d = path_join("", "b", &err);

	(void) state;
	assert_string_equal(a, "/a/b");
	assert_string_equal(b, "/a/b");
	assert_string_equal(c, "/b");
	assert_string_equal(d, "b");
	assert_string_equal(path_base("/a/b"), "b");
	assert_string_equal(path_base("b"), "b");
	assert_string_equal(path_base("/a/"), "");
}

static void test_making_directories(void **state)
{
	(void) state;
	ok(path_mkdirs(in_dir("a/b//c/"), 0755, &err));
	assert_true(path_is_dir(in_dir("a/b/c")));
	ok(path_mkdirs(in_dir("a/b/c"), 0755, &err));
	ok(path_mkdirs("/", 0755, &err));
	put("file", "x");
	fails(path_mkdirs(in_dir("file"), 0755, &err), AF_ERR_IO, "file of that name");
	assert_int_equal(path_mkdirs(in_dir("file/below"), 0755, NULL), AF_ERR_IO);
	assert_int_equal(path_mkdirs("", 0755, NULL), AF_ERR_IO);
}

static void test_reading(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	put("file", "hello");
	strbuf_adds(&sb, "> ");
	ok(file_read(in_dir("file"), &sb, &err));
	assert_string_equal(sb.data, "> hello");
	fails(file_read(in_dir("none"), &sb, &err), AF_ERR_NOT_FOUND, "none: No such file");
	fails(file_read(dir, &sb, &err), AF_ERR_IO, "is a directory");
	fails(file_read(in_dir("file/x"), &sb, &err), AF_ERR_NOT_FOUND, "Not a directory");
	put("empty", "");
	strbuf_reset(&sb);
	ok(file_read(in_dir("empty"), &sb, &err));
	assert_int_equal(sb.len, 0);
}

static void test_reading_has_a_limit(void **state)
{
	struct strbuf sb = STRBUF_INIT(10);

	(void) state;
	put("ten", "0123456789");
	ok(file_read(in_dir("ten"), &sb, &err)); /* the limit itself is no more than the limit */
	assert_string_equal(sb.data, "0123456789");
	strbuf_free(&sb);
	put("eleven", "0123456789x");
	fails(file_read(in_dir("eleven"), &sb, &err), AF_ERR_TOO_LARGE, "10 bytes");
	strbuf_free(&sb);
	fails(file_read("/dev/zero", &sb, &err), AF_ERR_TOO_LARGE, "10 bytes");
	strbuf_free(&sb);
}

static void test_writing_replaces_as_a_whole(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	struct stat st;

	(void) state;
	put("file", "old");
	ok(file_write(in_dir("file"), "a\0b", 3, 0600, &err));
	assert_int_equal(stat(in_dir("file"), &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(st.st_mode & 0777, 0600);
	fails(file_write(in_dir("no/such"), "x", 1, 0600, &err), AF_ERR_NOT_FOUND, "no/such");
	/* Something that cannot be replaced stays, and nothing is left beside it. */
	ok(path_mkdirs(in_dir("d"), 0755, &err));
	fails(file_write(in_dir("d"), "x", 1, 0600, &err), AF_ERR_IO, "rename");
	assert_true(path_is_dir(in_dir("d")));
	ok(path_remove_tree(in_dir("d"), &err));
	assert_int_equal(unlink(in_dir("file")), 0);
	assert_int_equal(rmdir(dir), 0); /* empty */
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void *write_many(void *text)
{
	for (int i = 0; i < 50; i++)
		if (file_write(in_dir("shared"), text, strlen(text), 0600, NULL))
			return text;
	return NULL;
}

static void test_readers_never_see_half(void **state)
{
	static char path[128], a[20001], b[20001];
	pthread_t thread;
	void *result;

	(void) state;
	memset(a, 'a', sizeof(a) - 1);
	memset(b, 'b', sizeof(b) - 1);
	snprintf(path, sizeof(path), "%s", in_dir("shared"));
	ok(file_write(path, b, sizeof(b) - 1, 0600, &err));
	assert_int_equal(pthread_create(&thread, NULL, write_many, a), 0);
	for (int i = 0; i < 50; i++) {
		AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
		ok(file_read(path, &sb, &err));
		assert_int_equal(sb.len, 20000);
		assert_int_equal(sb.data[0], sb.data[19999]);
	}
	pthread_join(thread, &result);
	assert_null(result);
}

static void test_creating_overwrites_nothing(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	ok(file_create(in_dir("new"), "1", 1, 0644, &err));
	fails(file_create(in_dir("new"), "2", 1, 0644, &err), AF_ERR_EXISTS, "exists already");
	assert_int_equal(symlink("/nowhere", in_dir("link")), 0);
	fails(file_create(in_dir("link"), "2", 1, 0644, &err), AF_ERR_EXISTS, "exists already");
	ok(file_read(in_dir("new"), &sb, &err));
	assert_string_equal(sb.data, "1");
	assert_true(path_exists(in_dir("link")));
	assert_false(path_exists(in_dir("nothing")));
	fails(file_create("/dev/full/x", "2", 1, 0644, &err), AF_ERR_NOT_FOUND, "/dev/full/x");
}

static void test_removing_follows_no_links(void **state)
{
	(void) state;
	ok(path_mkdirs(in_dir("keep"), 0755, &err));
	put("keep/file", "x");
	ok(path_mkdirs(in_dir("tree/a/b"), 0755, &err));
	put("tree/a/b/file", "x");
	assert_int_equal(symlink(in_dir("keep"), in_dir("tree/a/link")), 0);
	assert_int_equal(symlink(in_dir("keep"), in_dir("top-link")), 0);
	ok(path_remove_tree(in_dir("tree"), &err));
	assert_false(path_exists(in_dir("tree")));
	assert_true(path_exists(in_dir("keep/file")));
	assert_int_equal(path_remove_tree(in_dir("top-link"), NULL), AF_ERR_IO);
	assert_true(path_exists(in_dir("keep/file")));
	ok(path_remove_tree(in_dir("tree"), &err)); /* gone already */
	assert_int_equal(path_remove_tree(in_dir("keep/file"), NULL), AF_ERR_IO);
}

static void test_shown(void **state UNUSED)
{
	static const struct {
		const char *path, *want;
	} rows[] = { { "/home/me/.config/x", "~/.config/x" }, { "/home/merry/x", "/home/merry/x" }, { "/home/me", "/home/me" }, { "/etc/x", "/etc/x" } };

	setenv("HOME", "/home/me", 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *got = path_shown(rows[i].path, &err);
		assert_string_equal(got, rows[i].want);
	}
	unsetenv("HOME");
	AUTO_FREE char *whole = path_shown("/home/me/x", &err);
	assert_string_equal(whole, "/home/me/x");
}

static void is_home(enum path_home which, const char *want)
{
	AUTO_FREE char *got = path_home(which, &err);

	ok(got ? AF_OK : AF_ERR_FAILED);
	assert_string_equal(got, want);
}

static void test_homes(void **state)
{
	(void) state;
	setenv("HOME", "/home/u", 1);
	setenv("XDG_CONFIG_HOME", "/c", 1);
	setenv("XDG_STATE_HOME", "relative", 1);
	unsetenv("XDG_CACHE_HOME");
	setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	is_home(HOME_CONFIG, "/c/affinetes");
	is_home(HOME_STATE, "/home/u/.local/state/affinetes");
	is_home(HOME_CACHE, "/home/u/.cache/affinetes");
	is_home(HOME_RUNTIME, "/run/user/1/affinetes");
	unsetenv("HOME");
	assert_null(path_home(HOME_CACHE, &err));
	fails(err.code, AF_ERR_IO, "neither XDG_CACHE_HOME nor HOME is set");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_joining),
		TEST(test_making_directories),
		TEST(test_reading),
		TEST(test_reading_has_a_limit),
		TEST(test_writing_replaces_as_a_whole),
		TEST(test_readers_never_see_half),
		TEST(test_creating_overwrites_nothing),
		TEST(test_removing_follows_no_links),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_homes),
	};

	return RUN(tests);
}
