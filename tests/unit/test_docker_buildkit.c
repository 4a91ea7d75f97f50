/* docker/buildkit and docker/protobuf: BuildKit's trace → lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "docker/buildkit.h"
#include "docker/protobuf.h"

static struct strbuf got = STRBUF_INIT(STRBUF_HUGE);
static struct buildkit *b;

static void on_line(void *arg, const char *text, size_t len)
{
	(void) arg;
	strbuf_add(&got, text, len);
	strbuf_addc(&got, '\n');
}

static void on_amount(void *arg, const char *label, int64_t done, int64_t total, bool bytes)
{
	(void) arg;
	if (bytes)
		strbuf_addf(&got, "%s=%lld/%lld\n", label, (long long) done, (long long) total);
}

static const struct docker_progress progress = { .line = on_line, .amount = on_amount };

static int setup(void **state)
{
	(void) state;
	strbuf_reset(&got);
	b = buildkit_new(&progress, NULL);
	return b ? 0 : -1;
}

static int teardown(void **state)
{
	(void) state;
	buildkit_free(b);
	strbuf_free(&got);
	return 0;
}

/* ---- writing messages ------------------------------------------------------------ */

static void put_varint(struct strbuf *sb, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		strbuf_addc(sb, (char) (value | 0x80));
	strbuf_addc(sb, (char) value);
}

static void put_int(struct strbuf *sb, unsigned field, uint64_t value)
{
	put_varint(sb, field << 3);
	put_varint(sb, value);
}

static void put_bytes(struct strbuf *sb, unsigned field, const void *data, size_t len)
{
	put_varint(sb, field << 3 | 2);
	put_varint(sb, len);
	strbuf_add(sb, data, len);
}

static void put_text(struct strbuf *sb, unsigned field, const char *text)
{
	if (text)
		put_bytes(sb, field, text, strlen(text));
}

static void put_time(struct strbuf *sb, unsigned field, int64_t ms)
{
	AUTO_STRBUF time = STRBUF_INIT(100);

	if (!ms)
		return;
	put_int(&time, 1, (uint64_t) (ms / 1000));
	put_int(&time, 2, (uint64_t) (ms % 1000 * 1000000));
	put_bytes(sb, field, time.data, time.len);
}

struct vertex {
	const char *digest, *name, *error;
	int64_t started, completed; /* ms */
	bool cached;
};

static void put_vertex(struct strbuf *sb, struct vertex v)
{
	AUTO_STRBUF message = STRBUF_INIT(STRBUF_TEXT);

	put_text(&message, 1, v.digest);
	put_text(&message, 2, "sha256:an-input");
	put_text(&message, 3, v.name);
	if (v.cached)
		put_int(&message, 4, 1);
	put_time(&message, 5, v.started);
	put_time(&message, 6, v.completed);
	put_text(&message, 7, v.error);
	put_bytes(sb, 1, message.data, message.len);
}

static void put_log(struct strbuf *sb, const char *digest, const char *text)
{
	AUTO_STRBUF message = STRBUF_INIT(STRBUF_TEXT);

	put_text(&message, 1, digest);
	put_time(&message, 2, 1000);
	put_int(&message, 3, 1);
	put_text(&message, 4, text);
	put_bytes(sb, 3, message.data, message.len);
}

/* Sends what is in sb, as the engine does, and empties it. */
static void send_trace(struct strbuf *sb)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	base64_add(&text, sb->data, sb->len, false);
	assert_true(buildkit_trace(b, text.data, text.len));
	strbuf_reset(sb);
}

/* ---- tests -------------------------------------------------------------------------- */

static void test_steps(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	put_vertex(&sb, (struct vertex){ .digest = "d0", .name = "[internal] load build definition", .started = 1, .completed = 2 });
	put_vertex(&sb, (struct vertex){ .digest = "d1", .name = "[1/3] FROM base" });
	put_vertex(&sb, (struct vertex){ .digest = "d2", .name = "[2/3] RUN make" });
	put_vertex(&sb, (struct vertex){ .digest = "d3", .name = "[3/3] COPY x /" });
	send_trace(&sb);
	assert_string_equal(got.data, "");
	put_vertex(&sb, (struct vertex){ .digest = "d1", .name = "[1/3] FROM base", .started = 1000, .completed = 1000, .cached = true });
	send_trace(&sb);
	put_vertex(&sb, (struct vertex){ .digest = "d2", .name = "[2/3] RUN make", .started = 2000 });
	put_log(&sb, "d2", "first\nsec");
	send_trace(&sb);
	/* Output in the message that ends the step, before its vertex on the wire. */
	put_log(&sb, "d2", "ond\n\nlast");
	put_vertex(&sb, (struct vertex){ .digest = "d2", .name = "[2/3] RUN make", .started = 2000, .completed = 3250 });
	put_vertex(&sb, (struct vertex){ .digest = "d3", .name = "[3/3] COPY x /", .started = 3300, .completed = 3300 });
	send_trace(&sb);
	assert_string_equal(got.data, "#1 [1/3] FROM base\n#1 CACHED\n#2 [2/3] RUN make\n#2 first\n#3 [3/3] COPY x /\n#2 second\n#2 \n"
				      "#2 last\n#2 DONE 1.2s\n#3 DONE 0.0s\n");
}

static void test_failure(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRBUF tail = STRBUF_INIT(STRBUF_TEXT);
	const char *step = NULL, *why = NULL;
	const struct tail *output = NULL;

	(void) state;
	assert_false(buildkit_failure(b, &step, &why, &output));
	put_vertex(&sb, (struct vertex){ .digest = "d1", .name = "[1/2] RUN sleep", .started = 1000 });
	put_vertex(&sb, (struct vertex){ .digest = "d2", .name = "[2/2] RUN make", .started = 1000 });
	put_log(&sb, "d2", "\x1b[31mno rule\x1b[0m");
	send_trace(&sb);
	put_vertex(&sb, (struct vertex){ .digest = "d1", .started = 1000, .completed = 2000, .error = "context canceled" });
	put_vertex(&sb, (struct vertex){ .digest = "d2", .started = 1000, .completed = 2000, .error = "exit code: 2" });
	send_trace(&sb);
	assert_true(buildkit_failure(b, &step, &why, &output));
	assert_string_equal(step, "[2/2] RUN make");
	assert_string_equal(why, "exit code: 2");
	tail_print(output, &tail);
	assert_string_equal(tail.data, "\n  no rule");
	assert_non_null(strstr(got.data, "#1 CANCELLED\n"));
	assert_non_null(strstr(got.data, "#2 ERROR: exit code: 2\n"));
}

/* What BuildKit does for itself is shown when it fails, but is no step of the user's. */
static void test_internal_failure(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	const char *step = NULL, *why = NULL;
	const struct tail *output = NULL;

	(void) state;
	put_vertex(&sb, (struct vertex){ .digest = "d1", .name = "[internal] load metadata for x", .started = 1, .completed = 2,
					 .error = "not found" });
	send_trace(&sb);
	assert_string_equal(got.data, "#1 [internal] load metadata for x\n#1 ERROR: not found\n");
	assert_false(buildkit_failure(b, &step, &why, &output));
}

static void test_status_and_warning(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRBUF message = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	put_text(&message, 1, "sha256:1");
	put_text(&message, 2, "d1");
	put_text(&message, 3, "extracting\x1b[2J");
	put_int(&message, 4, 512);
	put_int(&message, 5, 1024);
	put_bytes(&sb, 2, message.data, message.len);
	strbuf_reset(&message);
	put_int(&message, 2, 1);
	put_text(&message, 3, "LegacyKeyValueFormat");
	put_bytes(&sb, 4, message.data, message.len);
	send_trace(&sb);
	assert_string_equal(got.data, "extracting\\x1b[2J=512/1024\nwarning: LegacyKeyValueFormat\n");
}

/* Fields of the future are passed over, whatever their type. */
static void test_unknown_fields(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRBUF message = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	put_text(&message, 1, "d1");
	put_text(&message, 3, "[1/1] FROM x");
	put_int(&message, 99, UINT64_MAX);
	strbuf_add(&message, "\x31" "12345678", 9); /* 6, fixed64 */
	strbuf_add(&message, "\x3d" "1234", 5);     /* 7, fixed32 */
	put_time(&message, 5, 5);
	put_bytes(&sb, 1, message.data, message.len);
	put_text(&sb, 200, "?");
	send_trace(&sb);
	assert_string_equal(got.data, "#1 [1/1] FROM x\n");
}

static void test_hostile(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} messages[] = {
		{ "\x0a", 1 },                                          /* no length */
		{ "\x0a\x7f" "x", 3 },                                  /* longer than the message */
		{ "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 }, /* of 2^64-1 bytes */
		{ "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12 },
		{ "\x0b\x0c", 2 },                                      /* a group */
		{ "\x00", 1 },                                          /* field 0 */
		{ "\x0a\x02\x0a\x7f", 4 },                              /* broken within */
		{ "\x0d\x01\x02", 3 },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		assert_false(buildkit_status(b, messages[i].bytes, messages[i].len));
	assert_false(buildkit_trace(b, "no base64!", 10));
	assert_true(buildkit_trace(b, "", 0));
	assert_string_equal(got.data, "");
}

/* Logs of unknown vertexes, names of control bytes, thousands of vertexes, lines without an end. */
static void test_limits(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_HUGE);
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_HUGE);

	(void) state;
	put_log(&sb, "nobody", "x\n");
	assert_false(buildkit_status(b, sb.data, sb.len));
	strbuf_reset(&sb);
	put_vertex(&sb, (struct vertex){ .digest = "d", .name = "two\nlines\x1b[2J", .started = 1 });
	send_trace(&sb);
	assert_string_equal(got.data, "#1 two\\x0alines\\x1b[2J\n");
	for (int i = 0; i < 200000; i++)
		strbuf_addc(&text, 'x');
	put_log(&sb, "d", text.data);
	send_trace(&sb);
	assert_int_equal(memchr(got.data + 30, '\n', got.len - 30) != NULL, true);
	for (int i = 0; i < 5000; i++) {
		AUTO_FREE char *digest = str_format(NULL, "v%d", i);
		put_vertex(&sb, (struct vertex){ .digest = digest, .name = "x" });
	}
	assert_false(buildkit_status(b, sb.data, sb.len));
}

static void test_reader(void **state)
{
	static const char message[] = "\x08\x96\x01\x12\x03" "abc" "\x1d\x01\x02\x03\x04";
	struct pb pb = pb_of(message, sizeof(message) - 1);
	struct pb_field f;

	(void) state;
	assert_true(pb_next(&pb, &f));
	assert_true(f.number == 1 && f.wire == PB_VARINT && f.value == 150);
	assert_true(pb_next(&pb, &f));
	assert_true(f.number == 2 && f.wire == PB_BYTES && f.len == 3 && !memcmp(f.data, "abc", 3));
	assert_true(pb_next(&pb, &f));
	assert_true(f.number == 3 && f.wire == PB_FIXED32 && f.value == 0x04030201);
	assert_false(pb_next(&pb, &f));
	assert_false(pb.broken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(test_internal_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(test_status_and_warning, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_fields, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test(test_reader),
	};

	return cmocka_run_group_tests_name("docker buildkit", tests, NULL, NULL);
}
