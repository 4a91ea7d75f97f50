/* Container output: frames apart, then lines. See docker.h and demux.h. */
#include "docker/demux.h"

#include <string.h>

bool frames_feed(struct frames *f, const char *data, size_t len, frame_fn fn, void *arg)
{
	while (len && !f->broken) {
		if (f->left) {
			size_t take = MIN(len, f->left);
			bool first = f->have != 0;

			f->left -= take;
			f->have = 0;
			if (!fn(arg, f->fd, first, data, take))
				return false;
			data += take;
			len -= take;
			continue;
		}
		f->head[f->have++] = (unsigned char) *data++;
		len--;
		if (f->have < sizeof(f->head))
			continue;
		f->broken = f->head[0] > 3 || f->head[1] || f->head[2] || f->head[3];
		f->fd = f->head[0] >= DOCKER_STDERR ? DOCKER_STDERR : DOCKER_STDOUT;
		f->left = (size_t) f->head[4] << 24 | (size_t) f->head[5] << 16 | (size_t) f->head[6] << 8 | f->head[7];
		/* `have` stays 8 until the body begins, which is how its first piece is known. */
		if (!f->left)
			f->have = 0;
	}
	return !f->broken;
}

/* ---- lines ---------------------------------------------------------------------- */

struct docker_demux {
	struct frames frames;
	bool tty, timestamps;
	bool enough;
	bool in_time[3]; /* by fd: within a time that is taken out */
	struct strbuf line[3]; /* by fd: begun, not ended */
	size_t max_line;
	docker_line_fn fn;
	void *arg;
};

struct docker_demux *docker_demux_new(bool tty, size_t max_line, docker_line_fn fn, void *arg, struct af_error *err)
{
	struct docker_demux *x = calloc(1, sizeof(*x));

	if (!x) {
		error_nomem(err);
		return NULL;
	}
	x->tty = tty;
	x->max_line = MAX(max_line, (size_t) 1);
	x->fn = fn;
	x->arg = arg;
	for (size_t i = 0; i < ARRAY_LEN(x->line); i++)
		strbuf_init(&x->line[i], x->max_line);
	return x;
}

void docker_demux_free(struct docker_demux *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < ARRAY_LEN(x->line); i++)
		strbuf_free(&x->line[i]);
	free(x);
}

void demux_set_tty(struct docker_demux *x, bool tty)
{
	x->tty = tty;
}

void demux_set_timestamps(struct docker_demux *x)
{
	x->timestamps = true;
}

static bool pass_line(struct docker_demux *x, enum docker_fd fd, const char *text, size_t len)
{
	if (len && text[len - 1] == '\r')
		len--;
	x->enough = !x->fn(x->arg, fd, text, len);
	return !x->enough;
}

/* Bytes of one stream without a newline among them. False: enough, or no memory. */
static bool keep(struct docker_demux *x, enum docker_fd fd, const char *data, size_t len)
{
	struct strbuf *line = &x->line[fd];

	while (len) {
		size_t take = MIN(len, x->max_line - line->len);

		strbuf_add(line, data, take);
		if (strbuf_check(line, NULL) != AF_OK)
			return false;
		data += take;
		len -= take;
		if (!len)
			break;
		/* More is to come and the line is full: it goes on in pieces. */
		x->enough = !x->fn(x->arg, fd, line->data, line->len);
		strbuf_reset(line);
		if (x->enough)
			return false;
	}
	return true;
}

static bool add_text(struct docker_demux *x, enum docker_fd fd, const char *data, size_t len)
{
	struct strbuf *line = &x->line[fd];

	while (len) {
		const char *newline = memchr(data, '\n', len);
		size_t take = newline ? (size_t) (newline - data) : len;

		if (newline && !line->len && take <= x->max_line) {
			if (!pass_line(x, fd, data, take)) /* whole: no copy */
				return false;
		} else {
			if (!keep(x, fd, data, take))
				return false;
			if (newline && !pass_line(x, fd, line->data, line->len))
				return false;
			if (newline)
				strbuf_reset(line);
		}
		take += newline ? 1 : 0;
		data += take;
		len -= take;
	}
	return true;
}

static bool on_frame(void *arg, enum docker_fd fd, bool first, const char *data, size_t len)
{
	struct docker_demux *x = arg;

	if (x->timestamps && first)
		x->in_time[fd] = x->line[fd].len > 0;
	if (x->in_time[fd]) {
		const char *space = memchr(data, ' ', len);

		if (!space)
			return true;
		x->in_time[fd] = false;
		len -= (size_t) (space + 1 - data);
		data = space + 1;
	}
	return add_text(x, fd, data, len);
}

bool docker_demux_feed(struct docker_demux *x, const char *data, size_t len)
{
	if (x->enough)
		return false;
	if (x->tty)
		return add_text(x, DOCKER_STDOUT, data, len);
	return frames_feed(&x->frames, data, len, on_frame, x);
}

void docker_demux_end(struct docker_demux *x)
{
	for (enum docker_fd fd = DOCKER_STDOUT; fd <= DOCKER_STDERR && !x->enough; fd++)
		if (x->line[fd].len) {
			pass_line(x, fd, x->line[fd].data, x->line[fd].len);
			strbuf_reset(&x->line[fd]);
		}
}
