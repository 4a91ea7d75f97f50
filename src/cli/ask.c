/* Asking for a secret. See ask.h. */
#include "cli/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/terminal.h"

#define SECRET_MAX 1024
/* How soon a cancellation is noticed. */
#define LOOK_MS 100

/* One byte from the terminal; false at its end, or when nobody waits any more. */
static bool read_byte(int tty, const struct terminal *t, struct af_cancel *cancel, char *byte)
{
	struct pollfd pfd = { .fd = tty, .events = POLLIN };

	for (;;) {
		if (af_cancel_requested(cancel) || cancel_requested(t->cancel))
			return false;
		int ready = poll(&pfd, 1, LOOK_MS);
		if (ready < 0 && errno != EINTR)
			return false;
		if (ready > 0)
			return read(tty, byte, 1) == 1;
	}
}

static bool read_line(int tty, const struct terminal *t, struct af_cancel *cancel, char *line)
{
	size_t len = 0;

	while (read_byte(tty, t, cancel, &line[len])) {
		if (line[len] == '\n') {
			line[len] = '\0';
			return true;
		}
		if (len + 1 < SECRET_MAX)
			len++;
	}
	return false;
}

static void say(int tty, const char *text)
{
	if (write(tty, text, strlen(text)) < 0)
		return; /* nor could anything else be said */
}

bool ask_secret(void *arg, const char *question, struct af_cancel *cancel, char **answer)
{
	struct terminal *t = arg;
	char line[SECRET_MAX] = "";
	struct termios before, silent;
	AUTO_CLOSE int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty < 0 || tcgetattr(tty, &before) < 0)
		return false;
	pthread_mutex_lock(&t->lock);
	bar_hide(&t->bar);
	silent = before;
	silent.c_lflag &= ~(tcflag_t) ECHO;
	silent.c_lflag |= ICANON | ISIG;
	tcsetattr(tty, TCSAFLUSH, &silent);
	say(tty, question);
	bool given = read_line(tty, t, cancel, line);
	say(tty, "\n");
	tcsetattr(tty, TCSAFLUSH, &before);
	bar_restore(&t->bar);
	pthread_mutex_unlock(&t->lock);
	*answer = given ? strdup(line) : NULL;
	explicit_bzero(line, sizeof(line));
	return *answer != NULL;
}
