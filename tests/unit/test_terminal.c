/*
 * The terminal, on a pseudo-terminal of its own: a child draws on it and reports what it reads; whatever ends the child,
 * the terminal is as it was before.
 */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "unit.h"

#include "ui/terminal.h"

/* ---- the child --------------------------------------------------------------------------------------------- */

static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

static void report_key(FILE *out, keycode key)
{
	char name[32] = "?";

	keycode_name(key, name, sizeof(name));
	fprintf(out, "%s\n", name);
}

/* False: leave. */
static bool report(FILE *out, const struct terminal_event *e)
{
	static const char *const clicks[] = { "click", "double", "wheel up", "wheel down" };

	switch (e->kind) {
	case EVENT_KEY:
		report_key(out, e->key);
		return e->key != 'q';
	case EVENT_PASTE:
		fprintf(out, "paste %zu%s ", e->len, e->truncated ? " truncated" : "");
		for (size_t i = 0; i < MIN(e->len, (size_t) 40); i++)
			fprintf(out, e->text[i] < ' ' ? "<%d>" : "%c", e->text[i]);
		fprintf(out, "\n");
		return true;
	case EVENT_MOUSE:
		fprintf(out, "%s %d %d\n", clicks[e->mouse.what], e->mouse.y, e->mouse.x);
		return true;
	case EVENT_RESIZE: {
		struct area all = canvas_begin();
		fprintf(out, "size %dx%d\n", all.w, all.h);
		canvas_show();
		return true;
	}
	default:
		fprintf(out, "leave %d\n", e->signal);
		return false;
	}
}

static void child(int report_fd)
{
	struct theme theme;
	struct terminal_event event = { .kind = EVENT_NONE };
	FILE *out = fdopen(report_fd, "w");

	setlinebuf(out);
	/* The test's own handlers, and a sanitizer's. */
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
		signal(crashes[i], SIG_DFL);
	theme_default(&theme);
	if (canvas_start(&theme, GLYPHS_UNICODE, true, &err)) {
		fprintf(out, "failed %s\n", err.message);
		return;
	}
	terminal_mouse(true);
	struct area all = canvas_begin();
	struct look look = { .fg = { COLOUR_RGB, 0x123456 }, .bg = { COLOUR_RGB, 0x000009 } };
	draw_str(&all, 0, 0, ROLE_OK, "drawn");
	draw_look(&all, 1, 0, &look, "drawn", 5);
	canvas_show();
	fprintf(out, "started\n");
	for (bool on = true; on;) {
		struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { terminal_signal_fd(), POLLIN, 0 } };
		poll(fds, ARRAY_LEN(fds), 100);
		while (on && terminal_next(&event) != EVENT_NONE)
			on = report(out, &event);
	}
	canvas_end();
	theme_free(&theme);
	fprintf(out, "ended\n");
}

/* ---- the test's side ------------------------------------------------------------------------------------------ */

struct terminal {
	pid_t pid;
	int pty, slave, reports;
	struct termios before;
	struct strbuf screen;  /* all that was sent to the terminal */
	struct strbuf heard;   /* reports not yet looked at */
};

static void spawn_child(struct terminal *t, const char *term, const char *colorterm)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(openpty(&t->pty, &t->slave, NULL, NULL, &size), 0);
	assert_int_equal(tcgetattr(t->slave, &t->before), 0);
	t->pid = fork();
	assert_true(t->pid >= 0);
	if (!t->pid) {
		close(fds[0]);
		close(t->pty);
		setenv("TERM", term, 1);
		setenv("COLORTERM", colorterm, 1);
		if (login_tty(t->slave) == 0)
			child(fds[1]);
		_exit(0);
	}
	close(fds[1]);
	t->reports = fds[0];
	t->screen = STRBUF_INIT(STRBUF_TEXT);
	t->heard = STRBUF_INIT(STRBUF_TEXT);
}

static void read_into(int fd, struct strbuf *sb)
{
	if (!strbuf_reserve(sb, 4096))
		fail_msg("too much came");
	ssize_t n = read(fd, sb->data + sb->len, 4096);
	if (n > 0)
		strbuf_advance(sb, (size_t) n);
}

static void listen_to(struct terminal *t, int ms)
{
	struct pollfd fds[] = { { t->pty, POLLIN, 0 }, { t->reports, POLLIN, 0 } };

	if (poll(fds, ARRAY_LEN(fds), ms) <= 0)
		return;
	if (fds[0].revents & POLLIN)
		read_into(t->pty, &t->screen);
	if (fds[1].revents & POLLIN)
		read_into(t->reports, &t->heard);
}

/* The next report is this one. */
static void hears(struct terminal *t, const char *line)
{
	int64_t start = clock_ms();
	char *end;

	while (!(end = strchr(t->heard.data, '\n'))) {
		listen_to(t, 100);
		if (clock_ms() - start > PATIENCE_MS)
			fail_msg("\"%s\" did not come", line);
	}
	*end = '\0';
	assert_string_equal(t->heard.data, line);
	strbuf_remove(&t->heard, 0, (size_t) (end + 1 - t->heard.data));
}

static void send_bytes(struct terminal *t, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(t->pty, bytes, MIN(len, (size_t) 1024));
		assert_true(n > 0 || errno == EAGAIN);
		bytes += n;
		len -= (size_t) n;
		listen_to(t, 0);
	}
}

static void types(struct terminal *t, const char *bytes)
{
	send_bytes(t, bytes, strlen(bytes));
}

static void is_restored(struct terminal *t)
{
	struct termios after;

	has_text(t->screen.data, "\033[?1049l");
	has_text(t->screen.data, "\033[?2004l");
	has_text(t->screen.data, "\033[?1000l");
	/* The last word about the cursor is that it is there. */
	const char *hidden = strstr(t->screen.data, "\033[?25l");
	const char *shown = strstr(hidden ? hidden : t->screen.data, "\033[?25h");
	assert_non_null(hidden);
	assert_non_null(shown);
	assert_int_equal(tcgetattr(t->slave, &after), 0);
	assert_int_equal(after.c_lflag, t->before.c_lflag);
	assert_int_equal(after.c_iflag, t->before.c_iflag);
	assert_int_equal(after.c_oflag, t->before.c_oflag);
}

/* Waits until it is gone; returns its wait status. */
static int wait_child(struct terminal *t)
{
	int64_t start = clock_ms();
	int status = 0;

	while (waitpid(t->pid, &status, WNOHANG) == 0) {
		listen_to(t, 20);
		assert_true(clock_ms() - start < PATIENCE_MS);
	}
	t->pid = 0;
	size_t before;
	do {
		before = t->screen.len;
		listen_to(t, 50);
	} while (t->screen.len > before);
	return status;
}

static int start_terminal(void **state)
{
	struct terminal *t = calloc(1, sizeof(*t));

	*state = t;
	spawn_child(t, "xterm-256color", "");
	hears(t, "started");
	return 0;
}

static int stop_terminal(void **state)
{
	struct terminal *t = *state;

	if (t->pid > 0) {
		kill(t->pid, SIGKILL);
		wait_child(t);
	}
	if (t->pty >= 0) {
		close(t->pty);
		close(t->slave);
	}
	close(t->reports);
	strbuf_free(&t->screen);
	strbuf_free(&t->heard);
	free(t);
	return 0;
}

/* ---- tests -------------------------------------------------------------------------------------------------------- */

static void test_keys(void **state)
{
	static const struct {
		const char *bytes, *name;
	} rows[] = {
		{ "a", "a" },             { "\r", "Enter" },         { "\t", "Tab" },         { " ", "Space" },
		{ "\x7f", "Backspace" },  { "\x13", "^S" },          { "\x03", "^C" },        { "\033OA", "Up" },
		{ "\033[A", "Up" },       { "\033[1;5D", "C-Left" }, { "\033[1;2B", "S-Down" }, { "\033[1;7C", "M-C-Right" },
		{ "\033[5~", "PgUp" },    { "\033[3;5~", "C-Del" },  { "\033[Z", "S-Tab" },   { "\033OP", "F1" },
		{ "\033[15~", "F5" },     { "\033[24~", "F12" },     { "\033x", "M-x" },      { "\033\x7f", "M-Backspace" },
		{ "é", "é" },             { "日", "日" },            { "\033[97;5u", "^A" },  { "\033[H", "Home" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		types(*state, rows[i].bytes);
		hears(*state, rows[i].name);
	}
}

static void test_esc(void **state)
{
	types(*state, "\033");
	hears(*state, "Esc");
	types(*state, "\033\033");
	hears(*state, "Esc");
	hears(*state, "Esc");
	types(*state, "\033\033[A");
	hears(*state, "Esc");
	hears(*state, "Up");
}

/* What is no key is swallowed whole: none of it counts as typed. */
static void test_strange_sequences(void **state)
{
	types(*state, "\033[1;9Xa");
	hears(*state, "a");
	types(*state, "\033[?62;1;6cb");
	hears(*state, "b");
	types(*state, "\033]11;rgb:0000/0000/0000\033\\c");
	hears(*state, "c");
	types(*state, "\033P1$r0m\033\\d");
	hears(*state, "d");
	types(*state, "\033[I\033[Oe");
	hears(*state, "e");
	types(*state, "\xff\xc3(\x80" "f");
	hears(*state, "f");
}

static void test_paste(void **state)
{
	types(*state, "\033[200~one\r\ntwo\rthree\tx\x07\033[31m\xff\xc2\x9bq\033[201~a");
	hears(*state, "paste 20 one<10>two<10>three<9>x[31mq");
	hears(*state, "a");
	types(*state, "\033[200~1\033[201~\033[200~2\033[201~b\033[A");
	hears(*state, "paste 1 1");
	hears(*state, "paste 1 2");
	hears(*state, "b");
	hears(*state, "Up");
}

static void test_long_paste(void **state)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	strbuf_adds(&text, "\033[200~");
	for (int i = 0; i < 300000; i++)
		strbuf_adds(&text, "0123456789");
	strbuf_adds(&text, "\033[201~z");
	send_bytes(*state, text.data, text.len);
	hears(*state, "paste 1048576 truncated 0123456789012345678901234567890123456789");
	hears(*state, "z");
}

static void test_mouse(void **state)
{
	types(*state, "\033[<0;5;6M\033[<0;5;6m");
	hears(*state, "click 5 4");
	types(*state, "\033[<0;5;6M\033[<64;300;2M\033[<65;1;1M");
	hears(*state, "double 5 4");
	hears(*state, "wheel up 1 299");
	hears(*state, "wheel down 0 0");
	types(*state, "\033[<2;5;6M\033[M !!x");
	hears(*state, "click 0 0");
	hears(*state, "x");
}

static void test_resize(void **state)
{
	struct terminal *t = *state;
	struct winsize size = { .ws_row = 15, .ws_col = 60 };

	assert_int_equal(ioctl(t->pty, TIOCSWINSZ, &size), 0);
	hears(t, "size 60x15");
}

static void test_continued(void **state)
{
	struct terminal *t = *state;

	kill(t->pid, SIGSTOP);
	kill(t->pid, SIGCONT);
	hears(t, "size 80x24");
	kill(t->pid, SIGTSTP); /* nobody could continue it, so that it does not stop */
	hears(t, "size 80x24");
}

static void test_end(void **state)
{
	struct terminal *t = *state;

	types(t, "q");
	hears(t, "q");
	hears(t, "ended");
	assert_int_equal(wait_child(t), 0);
	is_restored(t);
}

static void test_signals(void **state UNUSED)
{
	static const int numbers[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct terminal *t;
		char line[20];
		start_terminal((void **) &t);
		kill(t->pid, numbers[i]);
		snprintf(line, sizeof(line), "leave %d", numbers[i]);
		hears(t, line);
		hears(t, "ended");
		assert_int_equal(wait_child(t), 0);
		is_restored(t);
		stop_terminal((void **) &t);
	}
}

static void test_crashes(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
		struct terminal *t;
		start_terminal((void **) &t);
		kill(t->pid, crashes[i]);
		int status = wait_child(t);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == crashes[i]);
		is_restored(t);
		stop_terminal((void **) &t);
	}
}

static void test_hangup(void **state)
{
	struct terminal *t = *state;

	close(t->slave);
	close(t->pty);
	t->pty = t->slave = -1;
	int status = wait_child(t);
	assert_true(WIFEXITED(status));
}

static void test_colours(void **state UNUSED)
{
	static const struct {
		const char *term, *colorterm, *sent;
	} rows[] = {
		/* The darkest blues are one step of green away from the palette's numbers. */
		{ "xterm-256color", "truecolor", "\033[38;2;18;52;86m\033[48;2;0;1;9m" },
		{ "xterm-256color", "", "\033[38;5;23m\033[48;5;16m" },
		{ "xterm", "", "\033[34mdrawn" },
		{ "linux", "truecolor", "\033[34mdrawn" },
		{ "vt100", "truecolor", "drawn" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct terminal *t = calloc(1, sizeof(*t));
		spawn_child(t, rows[i].term, rows[i].colorterm);
		hears(t, "started");
		types(t, "q");
		hears(t, "q");
		hears(t, "ended");
		wait_child(t);
		has_text(t->screen.data, rows[i].sent);
		stop_terminal((void **) &t);
	}
}

static void test_unusable(void **state UNUSED)
{
	static const char *const names[] = { "", "nonsense", "dumb" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct terminal *t = calloc(1, sizeof(*t));
		spawn_child(t, names[i], "");
		int status = wait_child(t);
		assert_int_equal(status, 0);
		has_text(t->heard.data, "failed TERM=");
		assert_int_equal(t->screen.len, 0);
		stop_terminal((void **) &t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keys, start_terminal, stop_terminal),
		cmocka_unit_test_setup_teardown(test_esc, start_terminal, stop_terminal),
		cmocka_unit_test_setup_teardown(test_strange_sequences, start_terminal, stop_terminal),
		cmocka_unit_test_setup_teardown(test_paste, start_terminal, stop_terminal),
		cmocka_unit_test_setup_teardown(test_long_paste, start_terminal, stop_terminal),
		cmocka_unit_test_setup_teardown(test_mouse, start_terminal, stop_terminal),
		cmocka_unit_test_setup_teardown(test_resize, start_terminal, stop_terminal),
		cmocka_unit_test_setup_teardown(test_continued, start_terminal, stop_terminal),
		cmocka_unit_test_setup_teardown(test_end, start_terminal, stop_terminal),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_crashes),
		cmocka_unit_test_setup_teardown(test_hangup, start_terminal, stop_terminal),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_unusable),
	};

	setlocale(LC_ALL, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
