/* The context tar: made with image/context, read back with libarchive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/path.h"
#include "image/context.h"

static char *dir;

static char *in_dir(const char *name)
{
	char *path = path_join(dir, name, NULL);

	assert_non_null(path);
	return path;
}

static void make_file(const char *name, const char *text, mode_t mode)
{
	AUTO_FREE char *path = in_dir(name);
	AUTO_FREE char *parent = str_ndup(path, (size_t) (strrchr(path, '/') - path), NULL);

	assert_int_equal(path_mkdirs(parent, 0755, NULL), AF_OK);
	assert_int_equal(file_write(path, text, strlen(text), mode, NULL), AF_OK);
	assert_int_equal(chmod(path, mode), 0);
}

static int set_up(void **state)
{
	(void) state;
	dir = strdup("/tmp/affinetes-test-XXXXXX");
	return dir && mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void) state;
	assert_int_equal(path_remove_tree(dir, NULL), AF_OK);
	free(dir);
	return 0;
}

/* The whole stream, read in pieces of `piece` bytes. */
static af_code drain(struct context *cx, size_t piece, struct strbuf *out)
{
	for (;;) {
		ssize_t n;

		assert_true(strbuf_reserve(out, piece));
		n = context_read(cx, out->data + out->len, piece);
		if (n <= 0)
			return n < 0 ? context_failure(cx, NULL) : AF_OK;
		strbuf_advance(out, (size_t) n);
	}
}

/* "TYPE MODE PATH [→ LINK] [= CONTENT]" per entry. */
static void list(const struct strbuf *tar, struct strbuf *out)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;

	assert_int_equal(archive_read_support_format_tar(a), ARCHIVE_OK);
	assert_int_equal(archive_read_open_memory(a, tar->data, tar->len), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		mode_t type = archive_entry_filetype(e);
		char content[256];
		la_ssize_t n;

		assert_int_equal(archive_entry_uid(e), 0);
		assert_int_equal(archive_entry_gid(e), 0);
		assert_int_equal(archive_entry_mtime(e), 946684800);
		strbuf_addf(out, "%c %04o %s", type == AE_IFDIR ? 'd' : type == AE_IFLNK ? 'l' : 'f',
			    (unsigned) archive_entry_perm(e), archive_entry_pathname(e));
		if (type == AE_IFLNK)
			strbuf_addf(out, " -> %s", archive_entry_symlink(e));
		n = archive_read_data(a, content, sizeof(content));
		if (n > 0)
			strbuf_addf(out, " = %.*s", (int) MIN(n, 40), content);
		strbuf_addc(out, '\n');
	}
	archive_read_free(a);
}

static void expect(const struct context_options *opt, const char *listing)
{
	AF_AUTO(context) struct context *cx = NULL;
	AUTO_STRBUF tar = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);

	assert_int_equal(context_new(opt, &cx, NULL), AF_OK);
	assert_int_equal(drain(cx, 1000, &tar), AF_OK);
	list(&tar, &out);
	assert_string_equal(out.data, listing);
}

static void test_tree(void **state)
{
	struct context_options opt = { .dir = dir };
	AUTO_FREE char *link = in_dir("link");
	AUTO_FREE char *empty = in_dir("empty");

	(void) state;
	make_file("env.py", "x = 1\n", 0644);
	make_file("b/run.sh", "#!", 0755);
	make_file("b/a/deep", "", 0600);
	make_file("Zed", "z", 0444);
	assert_int_equal(symlink("../etc/passwd", link), 0);
	assert_int_equal(mkdir(empty, 0700), 0);
	expect(&opt, "f 0444 Zed = z\nd 0755 b/\nd 0755 b/a/\nf 0600 b/a/deep\nf 0755 b/run.sh = #!\n"
		     "d 0700 empty/\nf 0644 env.py = x = 1\n\nl 0777 link -> ../etc/passwd\n");
}

static void test_ignore(void **state)
{
	static const char patterns[] = "*\n!env.py\n!src/**/*.py\nsrc/no.py\n";
	AF_AUTO(ignore) struct ignore *ig = NULL;
	struct context_options opt = { .dir = dir };

	(void) state;
	assert_int_equal(ignore_parse(patterns, strlen(patterns), &ig, NULL), AF_OK);
	opt.ignore = ig;
	make_file(".dockerignore", patterns, 0644);
	make_file("Dockerfile", "FROM a", 0644);
	make_file("env.py", "", 0644);
	make_file("other", "", 0644);
	make_file("src/x/y/keep.py", "", 0644);
	make_file("src/x/drop.txt", "", 0644);
	make_file("src/no.py", "", 0644);
	make_file("data/big", "", 0644);
	expect(&opt, "f 0644 .dockerignore = *\n!env.py\n!src/**/*.py\nsrc/no.py\n\nf 0644 Dockerfile = FROM a\nf 0644 env.py\n"
		     "d 0755 src/\nd 0755 src/x/\nd 0755 src/x/y/\nf 0644 src/x/y/keep.py\n");
}

static void test_added_files(void **state)
{
	static const struct context_file files[] = {
		{ .path = "Dockerfile", .data = "FROM b", .size = 6 },
		{ .path = "_x/a/one", .data = "1", .size = 1, .mode = 0755 },
		{ .path = "_x/two", .data = "2", .size = 1 },
	};
	struct context_options alone = { .files = files, .file_count = 3 };
	struct context_options opt = { .dir = dir, .files = files, .file_count = 3 };

	(void) state;
	make_file("Dockerfile", "FROM a", 0600);
	make_file("_x/three", "3", 0644);
	expect(&alone, "f 0644 Dockerfile = FROM b\nd 0755 _x/\nd 0755 _x/a/\nf 0755 _x/a/one = 1\nf 0644 _x/two = 2\n");
	expect(&opt, "f 0644 Dockerfile = FROM b\nd 0755 _x/\nd 0755 _x/a/\nf 0755 _x/a/one = 1\nf 0644 _x/two = 2\n"
		     "f 0644 _x/three = 3\n");
}

static void test_names(void **state)
{
	AUTO_STRBUF name = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRBUF listing = STRBUF_INIT(STRBUF_TEXT);
	AUTO_FREE char *link = in_dir("zlink");
	struct context_options opt = { .dir = dir };

	(void) state;
	for (int i = 0; i < 5; i++)
		strbuf_adds(&name, "a-directory-with-quite-a-long-name-to-go-beyond-what-ustar-holds/");
	strbuf_adds(&name, "file");
	make_file(name.data, "long", 0644);
	make_file("bad-\xff-utf8", "", 0644);
	make_file("\xc3\xa4\xe4\xbd\xa0\xf0\x9f\x98\x80.txt", "utf8", 0644);
	make_file("with space\nand newline", "", 0644);
	assert_int_equal(symlink(name.data, link), 0);
	for (char *slash = strchr(name.data, '/'); slash; slash = strchr(slash + 1, '/'))
		strbuf_addf(&listing, "d 0755 %.*s/\n", (int) (slash - name.data), name.data);
	strbuf_addf(&listing, "f 0644 %s = long\nf 0644 bad-\xff-utf8\nf 0644 with space\nand newline\n", name.data);
	strbuf_addf(&listing, "l 0777 zlink -> %s\nf 0644 \xc3\xa4\xe4\xbd\xa0\xf0\x9f\x98\x80.txt = utf8\n", name.data);
	expect(&opt, listing.data);
}

/* The same bytes whatever the order of creation, the times, and the size of the reads; also after rewinding. */
static void test_same_bytes(void **state)
{
	static const char *const names[] = { "b", "a/2", "a/1", "env.py" };
	AUTO_STRBUF first = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRBUF second = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRBUF again = STRBUF_INIT(STRBUF_TEXT);
	struct context_options opt = { 0 };
	AF_AUTO(context) struct context *cx = NULL;
	AF_AUTO(context) struct context *cx2 = NULL;
	AUTO_FREE char *one = in_dir("one");
	AUTO_FREE char *two = in_dir("two");
	char pieces[512];

	(void) state;
	for (size_t i = 0; i < 4; i++) {
		AUTO_FREE char *a = str_format(NULL, "one/%s", names[i]);
		AUTO_FREE char *b = str_format(NULL, "two/%s", names[3 - i]);
		const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 + (time_t) i } };
		AUTO_FREE char *path = in_dir(b);

		make_file(a, names[i], 0644);
		make_file(b, names[3 - i], 0644);
		assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	}
	opt.dir = one;
	assert_int_equal(context_new(&opt, &cx, NULL), AF_OK);
	assert_int_equal(drain(cx, 7, &first), AF_OK);
	opt.dir = two;
	assert_int_equal(context_new(&opt, &cx2, NULL), AF_OK);
	assert_int_equal(drain(cx2, 65536, &second), AF_OK);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.data, second.data, first.len);
	assert_true(context_rewind(cx2));
	assert_int_equal(context_read(cx2, pieces, sizeof(pieces)), sizeof(pieces));
	assert_true(context_rewind(cx2));
	assert_int_equal(drain(cx2, 4096, &again), AF_OK);
	assert_int_equal(first.len, again.len);
	assert_memory_equal(first.data, again.data, first.len);
	assert_int_equal(context_read(cx2, pieces, sizeof(pieces)), 0);
}

static struct context *open_big(const char *name, size_t size, struct context_options *opt)
{
	AUTO_FREE char *path = in_dir(name);
	struct context *cx = NULL;
	char buf[1024];

	make_file(name, "", 0644);
	assert_int_equal(truncate(path, (off_t) size), 0);
	opt->dir = dir;
	assert_int_equal(context_new(opt, &cx, NULL), AF_OK);
	/* The header and the first chunk have been made now. */
	assert_true(context_read(cx, buf, sizeof(buf)) > 0);
	return cx;
}

static void test_growing_file(void **state)
{
	AUTO_STRBUF tar = STRBUF_INIT(STRBUF_TEXT);
	struct context_options opt = { 0 };
	AF_AUTO(context) struct context *cx = open_big("log", 1 << 20, &opt);
	AUTO_FREE char *path = in_dir("log");
	size_t files;
	int64_t bytes;

	(void) state;
	assert_int_equal(truncate(path, 2 << 20), 0);
	assert_int_equal(drain(cx, 4096, &tar), AF_OK);
	context_totals(cx, &files, &bytes);
	assert_int_equal(files, 1);
	assert_int_equal(bytes, 1 << 20);
}

static void test_shrinking_file(void **state)
{
	AUTO_STRBUF tar = STRBUF_INIT(STRBUF_TEXT);
	struct context_options opt = { 0 };
	AF_AUTO(context) struct context *cx = open_big("log", 1 << 20, &opt);
	AUTO_FREE char *path = in_dir("log");
	struct af_error err = AF_ERROR_INIT;
	char buf[4096];

	(void) state;
	assert_int_equal(truncate(path, 10), 0);
	while (context_read(cx, buf, sizeof(buf)) > 0)
		;
	assert_int_equal(context_failure(cx, &err), AF_ERR_IO);
	assert_non_null(strstr(err.message, "/log: it was cut short meanwhile"));
	assert_non_null(strstr(err.hint, ".dockerignore"));
	af_error_clear(&err);
}

static void test_vanished(void **state)
{
	struct context_options opt = { .dir = dir };
	AF_AUTO(context) struct context *cx = NULL;
	AUTO_STRBUF tar = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);
	AUTO_FREE char *gone = in_dir("b");

	(void) state;
	make_file("a", "", 0644);
	make_file("b", "", 0644);
	make_file("c", "", 0644);
	assert_int_equal(context_new(&opt, &cx, NULL), AF_OK); /* the names of the root are read here */
	assert_int_equal(unlink(gone), 0);
	assert_int_equal(drain(cx, 4096, &tar), AF_OK);
	list(&tar, &out);
	assert_string_equal(out.data, "f 0644 a\nf 0644 c\n");
}

static void test_unreadable(void **state)
{
	struct context_options opt = { .dir = dir };
	AF_AUTO(context) struct context *cx = NULL;
	struct af_error err = AF_ERROR_INIT;
	uid_t user = geteuid();
	char buf[512];
	ssize_t n;

	(void) state;
	make_file("secret", "x", 0000);
	assert_int_equal(chmod(dir, 0755), 0);
	if (user == 0)
		assert_int_equal(seteuid(65534), 0); /* root reads everything */
	assert_int_equal(context_new(&opt, &cx, NULL), AF_OK);
	n = context_read(cx, buf, sizeof(buf));
	assert_int_equal(seteuid(user), 0);
	assert_int_equal(n, -1);
	assert_int_equal(context_failure(cx, &err), AF_ERR_IO);
	assert_non_null(strstr(err.message, "/secret: "));
	assert_non_null(strstr(err.hint, ".dockerignore"));
	af_error_clear(&err);
}

static void keep_note(void *arg, const char *line)
{
	strbuf_addf(arg, "%s\n", line);
}

static void test_special_files(void **state)
{
	AUTO_STRBUF notes = STRBUF_INIT(STRBUF_TEXT);
	struct context_options opt = { .dir = dir, .note = keep_note, .arg = &notes };
	AUTO_FREE char *fifo = in_dir("pipe");
	AUTO_FREE char *path = in_dir("sock");
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void) state;
	assert_true(strlen(path) < sizeof(sa.sun_path));
	memcpy(sa.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *) &sa, sizeof(sa)), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	make_file("env.py", "", 0644);
	expect(&opt, "f 0644 env.py\n");
	assert_string_equal(notes.data, "pipe: it is no file, directory or link, left out\n"
					"sock: it is no file, directory or link, left out\n");
}

static void test_no_directory(void **state)
{
	struct context_options opt = { .dir = "/no/such/dir" };
	struct context *cx = NULL;
	struct af_error err = AF_ERROR_INIT;

	(void) state;
	assert_int_equal(context_new(&opt, &cx, &err), AF_ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, "/no/such/dir"));
	af_error_clear(&err);
}

/* A stream that is given up in the middle leaves nothing behind (the sanitizers look). */
static void test_given_up(void **state)
{
	struct context_options opt = { 0 };
	AF_AUTO(context) struct context *cx = open_big("big", 8 << 20, &opt);

	(void) state;
	make_file("x/y", "", 0644);
	assert_non_null(cx);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(test_tree), WITH_DIR(test_ignore), WITH_DIR(test_added_files), WITH_DIR(test_names),
		WITH_DIR(test_same_bytes), WITH_DIR(test_growing_file), WITH_DIR(test_shrinking_file),
		WITH_DIR(test_vanished), WITH_DIR(test_unreadable), WITH_DIR(test_special_files),
		cmocka_unit_test(test_no_directory), WITH_DIR(test_given_up),
	};

	return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
