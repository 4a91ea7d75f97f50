/* docker/demux: multiplexed streams → lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "docker/demux.h"

static struct strbuf got = STRBUF_INIT(STRBUF_HUGE);
static int enough_after; /* lines; 0: never */

static bool on_line(void *arg, enum docker_fd fd, const char *line, size_t len)
{
	(void) arg;
	strbuf_addf(&got, "%d:", fd);
	strbuf_add(&got, line, len);
	strbuf_addc(&got, '\n');
	return !enough_after || --enough_after > 0;
}

static int setup(void **state)
{
	(void) state;
	strbuf_reset(&got);
	enough_after = 0;
	return 0;
}

static int teardown(void **state)
{
	(void) state;
	strbuf_free(&got);
	return 0;
}

static void frame(struct strbuf *sb, int type, const char *text)
{
	size_t len = strlen(text);
	char head[8] = { (char) type, 0, 0, 0, (char) (len >> 24), (char) (len >> 16), (char) (len >> 8), (char) len };

	strbuf_add(sb, head, sizeof(head));
	strbuf_add(sb, text, len);
}

/* The stream fed in two pieces, cut at `cut`. */
static bool feed(struct docker_demux *x, const struct strbuf *stream, size_t cut)
{
	return docker_demux_feed(x, stream->data, cut) &&
	       docker_demux_feed(x, stream->data + cut, stream->len - cut);
}

static void test_every_cut(void **state)
{
	AUTO_STRBUF stream = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	frame(&stream, 1, "one\ntw");
	frame(&stream, 2, "error\r\n");
	frame(&stream, 1, "");
	frame(&stream, 1, "o\n\nlast");
	frame(&stream, 3, "from the engine\n");
	for (size_t cut = 0; cut <= stream.len; cut++) {
		struct docker_demux *x = docker_demux_new(false, 100, on_line, NULL, NULL);

		strbuf_reset(&got);
		assert_true(feed(x, &stream, cut));
		docker_demux_end(x);
		docker_demux_free(x);
		assert_string_equal(got.data, "1:one\n2:error\n1:two\n1:\n2:from the engine\n1:last\n");
	}
}

static void test_byte_by_byte(void **state)
{
	AUTO_STRBUF stream = STRBUF_INIT(STRBUF_TEXT);
	struct docker_demux *x = docker_demux_new(false, 100, on_line, NULL, NULL);

	(void) state;
	frame(&stream, 1, "one\n");
	frame(&stream, 2, "two\n");
	for (size_t i = 0; i < stream.len; i++)
		assert_true(docker_demux_feed(x, stream.data + i, 1));
	docker_demux_end(x);
	docker_demux_free(x);
	assert_string_equal(got.data, "1:one\n2:two\n");
}

static void test_tty(void **state)
{
	struct docker_demux *x = docker_demux_new(true, 100, on_line, NULL, NULL);

	(void) state;
	assert_true(docker_demux_feed(x, "\1\0\0\0a\r\nb", 8));
	docker_demux_end(x);
	docker_demux_end(x);
	docker_demux_free(x);
	assert_int_equal(got.len, 12);
	assert_memory_equal(got.data, "1:\1\0\0\0a\n1:b\n", 12);
}

static void test_long_line(void **state)
{
	struct docker_demux *x = docker_demux_new(true, 4, on_line, NULL, NULL);

	(void) state;
	assert_true(docker_demux_feed(x, "abc", 3));
	assert_true(docker_demux_feed(x, "defghij\nabcd\nabcde\n", 19));
	docker_demux_free(x);
	assert_string_equal(got.data, "1:abcd\n1:efgh\n1:ij\n1:abcd\n1:abcd\n1:e\n");
}

static void test_nonsense(void **state)
{
	static const char *const heads[] = { "\4\0\0\0\0\0\0\1x", "\1\1\0\0\0\0\0\1x", "\1\0\0\1\0\0\0\1x", "hello wo" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		struct docker_demux *x = docker_demux_new(false, 100, on_line, NULL, NULL);

		assert_false(docker_demux_feed(x, heads[i], 8));
		assert_false(docker_demux_feed(x, "\1\0\0\0\0\0\0\2x\n", 10));
		docker_demux_end(x);
		docker_demux_free(x);
	}
	assert_int_equal(got.len, 0);
}

/* A frame of four gigabytes is no reason to reserve anything. */
static void test_huge_frame(void **state)
{
	struct docker_demux *x = docker_demux_new(false, 100, on_line, NULL, NULL);

	(void) state;
	assert_true(docker_demux_feed(x, "\1\0\0\0\xff\xff\xff\xff" "x\ny", 11));
	docker_demux_end(x);
	docker_demux_free(x);
	assert_string_equal(got.data, "1:x\n1:y\n");
}

static void test_enough(void **state)
{
	struct docker_demux *x = docker_demux_new(true, 100, on_line, NULL, NULL);

	(void) state;
	enough_after = 2;
	assert_false(docker_demux_feed(x, "a\nb\nc\nd", 7));
	assert_false(docker_demux_feed(x, "e\n", 2));
	docker_demux_end(x);
	docker_demux_free(x);
	assert_string_equal(got.data, "1:a\n1:b\n");
}

/* One line in three frames, each with its time; the other stream in between. */
static void test_times_within_a_line(void **state)
{
	AUTO_STRBUF stream = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	frame(&stream, 1, "2026-01-01T00:00:00.1Z one ");
	frame(&stream, 2, "2026-01-01T00:00:00.2Z other\n");
	frame(&stream, 1, "2026-01-01T00:00:00.3Z two ");
	frame(&stream, 1, "2026-01-01T00:00:00.4Z three\n");
	frame(&stream, 1, "2026-01-01T00:00:00.5Z next\n");
	for (size_t cut = 0; cut <= stream.len; cut++) {
		struct docker_demux *x = docker_demux_new(false, 100, on_line, NULL, NULL);

		strbuf_reset(&got);
		demux_set_timestamps(x);
		assert_true(feed(x, &stream, cut));
		docker_demux_free(x);
		assert_string_equal(got.data, "2:2026-01-01T00:00:00.2Z other\n"
					      "1:2026-01-01T00:00:00.1Z one two three\n"
					      "1:2026-01-01T00:00:00.5Z next\n");
	}
}

static void test_free_nothing(void **state)
{
	(void) state;
	docker_demux_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_cut, setup),
		cmocka_unit_test_setup(test_byte_by_byte, setup),
		cmocka_unit_test_setup(test_tty, setup),
		cmocka_unit_test_setup(test_long_line, setup),
		cmocka_unit_test_setup(test_nonsense, setup),
		cmocka_unit_test_setup(test_huge_frame, setup),
		cmocka_unit_test_setup(test_enough, setup),
		cmocka_unit_test_setup(test_times_within_a_line, setup),
		cmocka_unit_test(test_free_nothing),
	};

	return cmocka_run_group_tests_name("docker demux", tests, NULL, teardown);
}
