/*
 * BuildKit's trace → lines such as
 *
 *     #3 [2/4] RUN pip install …
 *     #3 Collecting uvicorn
 *     #3 DONE 1.2s
 *
 * The messages are those of https://github.com/moby/buildkit/blob/master/api/services/control/control.proto:
 *
 *     StatusResponse  1 vertexes, 2 statuses, 3 logs, 4 warnings
 *     Vertex          1 digest, 3 name, 4 cached, 5 started, 6 completed, 7 error
 *     VertexStatus    1 ID, 2 vertex, 3 name, 4 current, 5 total
 *     VertexLog       1 vertex, 4 msg
 *     VertexWarning   3 short
 *     Timestamp       1 seconds, 2 nanos
 */
#include "docker/buildkit.h"

#include <string.h>

#include "base/bytes.h"
#include "docker/protobuf.h"

/* No Dockerfile has so many; a hostile stream may. */
#define STEPS_MAX 4096
#define NAME_LEN_MAX 1000
#define ERROR_LEN_MAX 4000

struct step {
	char *digest, *name, *error;
	unsigned number; /* as shown; 0: not shown yet */
	bool internal;   /* BuildKit's own housekeeping: shown only if it fails */
	bool cached, ended;
	double started, completed; /* seconds since 1970; 0: not yet */
	struct strbuf partial;     /* output without its newline yet */
	struct tail tail;
};

struct buildkit {
	const struct docker_progress *progress;
	struct step **steps;
	size_t count, size;
	unsigned shown;
	size_t told_done, told_total; /* as reported last */
	const struct step *failed;    /* the first one */
};

struct buildkit *buildkit_new(const struct docker_progress *progress, struct af_error *err)
{
	struct buildkit *b = calloc(1, sizeof(*b));

	if (!b)
		error_nomem(err);
	else
		b->progress = progress;
	return b;
}

static void step_free(struct step *s)
{
	if (!s)
		return;
	free(s->digest);
	free(s->name);
	free(s->error);
	strbuf_free(&s->partial);
	tail_free(&s->tail);
	free(s);
}

void buildkit_free(struct buildkit *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++)
		step_free(b->steps[i]);
	free(b->steps);
	free(b);
}

/* ---- steps ------------------------------------------------------------------------ */

static struct step *find_step(const struct buildkit *b, const char *digest, size_t len)
{
	/* Newest first: what is told is mostly about those. */
	for (size_t i = b->count; i-- > 0;)
		if (strlen(b->steps[i]->digest) == len && !memcmp(b->steps[i]->digest, digest, len))
			return b->steps[i];
	return NULL;
}

static struct step *add_step(struct buildkit *b, const char *digest, size_t len)
{
	struct step *s;

	if (b->count == STEPS_MAX)
		return NULL;
	if (b->count == b->size) {
		size_t size = b->size ? b->size * 2 : 16;
		struct step **steps = realloc(b->steps, size * sizeof(*steps));

		if (!steps)
			return NULL;
		b->steps = steps;
		b->size = size;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	strbuf_init(&s->partial, STRBUF_LINE);
	tail_init(&s->tail);
	s->digest = str_ndup(digest, len, NULL);
	if (!s->digest) {
		step_free(s);
		return NULL;
	}
	b->steps[b->count++] = s;
	return s;
}

/* Printable, on one line. */
static char *clean_text(const char *text, size_t len, size_t max)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	char *out = NULL;

	text_add_safe(&sb, text, MIN(len, max), false);
	return strbuf_steal(&sb, &out, NULL) == AF_OK ? out : NULL;
}

static double timestamp(const struct pb_field *field)
{
	struct pb pb = pb_of(field->data, field->len);
	struct pb_field f;
	double seconds = 0;

	while (pb_next(&pb, &f)) {
		if (f.number == 1 && f.wire == PB_VARINT)
			seconds += (double) (int64_t) f.value;
		else if (f.number == 2 && f.wire == PB_VARINT)
			seconds += (double) (int32_t) f.value / 1e9;
	}
	return seconds;
}

static void show(struct buildkit *b, struct step *s)
{
	if (s->number || !s->name || (s->internal && !s->error))
		return;
	s->number = ++b->shown;
	progress_linef(b->progress, "#%u %s", s->number, s->name);
}

static void show_output(struct buildkit *b, struct step *s, const char *text, size_t len)
{
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_TEXT);
	size_t prefix;

	show(b, s);
	strbuf_addf(&line, "#%u ", s->number);
	prefix = line.len;
	progress_clean(&line, text, len);
	tail_add(&s->tail, line.data + prefix, line.len - prefix);
	if (s->number)
		progress_line(b->progress, line.data, line.len);
}

static void add_output(struct buildkit *b, struct step *s, const char *text, size_t len)
{
	while (len) {
		const char *newline = memchr(text, '\n', len);
		size_t take = newline ? (size_t) (newline - text) : MIN(len, STRBUF_LINE - s->partial.len);

		if (newline && !s->partial.len) {
			show_output(b, s, text, take);
		} else {
			strbuf_add(&s->partial, text, MIN(take, STRBUF_LINE - s->partial.len));
			if (newline || s->partial.len == STRBUF_LINE) {
				show_output(b, s, s->partial.data, s->partial.len);
				strbuf_reset(&s->partial);
			}
		}
		take += newline ? 1 : 0;
		text += take;
		len -= take;
	}
}

/* The line that ends a step, once. */
static void show_end(struct buildkit *b, struct step *s)
{
	if (s->ended || !s->completed)
		return;
	s->ended = true;
	if (s->partial.len)
		show_output(b, s, s->partial.data, s->partial.len);
	strbuf_reset(&s->partial);
	show(b, s);
	if (!s->number)
		return;
	if (s->error)
		progress_linef(b->progress, "#%u %s%s", s->number, strstr(s->error, "context canceled") ? "CANCELLED" : "ERROR: ",
			       strstr(s->error, "context canceled") ? "" : s->error);
	else if (s->cached)
		progress_linef(b->progress, "#%u CACHED", s->number);
	else
		progress_linef(b->progress, "#%u DONE %.1fs", s->number,
			       s->completed > s->started ? s->completed - s->started : 0.0);
}

/* ---- messages ----------------------------------------------------------------------- */

static void take_vertex_field(struct step *s, const struct pb_field *f)
{
	if (f->number == 3 && f->wire == PB_BYTES && !s->name) {
		s->name = clean_text(f->data, f->len, NAME_LEN_MAX);
		/* A context that came as the request's body is unpacked by a step of its own. */
		s->internal = s->name && (str_starts(s->name, "[internal]") || !strcmp(s->name, "copy /context /"));
	} else if (f->number == 4 && f->wire == PB_VARINT) {
		s->cached = f->value != 0;
	} else if (f->number == 5 && f->wire == PB_BYTES) {
		s->started = timestamp(f);
	} else if (f->number == 6 && f->wire == PB_BYTES) {
		s->completed = timestamp(f);
	} else if (f->number == 7 && f->wire == PB_BYTES && f->len && !s->error) {
		s->error = clean_text(f->data, f->len, ERROR_LEN_MAX);
	}
}

/* The bytes of one field of a message; len 0 if it has none such. */
static struct pb_field bytes_field(const struct pb_field *message, uint32_t number)
{
	struct pb pb = pb_of(message->data, message->len);
	struct pb_field f, found = { .data = "" };

	while (pb_next(&pb, &f))
		if (f.number == number && f.wire == PB_BYTES)
			found = f;
	return found;
}

static bool read_vertex(struct buildkit *b, const struct pb_field *message)
{
	struct pb_field digest = bytes_field(message, 1), f;
	struct pb pb = pb_of(message->data, message->len);
	struct step *s = find_step(b, digest.data, digest.len);

	if (!s)
		s = add_step(b, digest.data, digest.len);
	if (!s)
		return false;
	while (pb_next(&pb, &f))
		take_vertex_field(s, &f);
	if (s->started)
		show(b, s);
	if (s->error && !b->failed && !strstr(s->error, "context canceled"))
		b->failed = s;
	return !pb.broken;
}

static bool read_status(struct buildkit *b, const struct pb_field *message)
{
	struct pb pb = pb_of(message->data, message->len);
	struct pb_field id = bytes_field(message, 1), name = bytes_field(message, 3), f;
	AUTO_FREE char *label = NULL;
	int64_t current = 0, total = 0;

	while (pb_next(&pb, &f)) {
		if (f.number == 4 && f.wire == PB_VARINT)
			current = (int64_t) f.value;
		else if (f.number == 5 && f.wire == PB_VARINT)
			total = (int64_t) f.value;
	}
	label = name.len ? clean_text(name.data, name.len, 200) : clean_text(id.data, id.len, 200);
	if (label && (current > 0 || total > 0))
		progress_amount(b->progress, label, current, total, true);
	return !pb.broken;
}

static bool read_log(struct buildkit *b, const struct pb_field *message)
{
	struct pb_field vertex = bytes_field(message, 1), text = bytes_field(message, 4);
	struct step *s = find_step(b, vertex.data, vertex.len);

	if (s)
		add_output(b, s, text.data, text.len);
	return s != NULL;
}

static bool read_warning(struct buildkit *b, const struct pb_field *message)
{
	struct pb_field text = bytes_field(message, 3);
	AUTO_FREE char *clean = clean_text(text.data, text.len, NAME_LEN_MAX);

	if (clean && *clean)
		progress_linef(b->progress, "warning: %s", clean);
	return true;
}

static void tell_amount(struct buildkit *b)
{
	size_t done = 0, total = 0;

	for (size_t i = 0; i < b->count; i++)
		if (!b->steps[i]->internal) {
			total++;
			done += b->steps[i]->ended;
		}
	if (done == b->told_done && total == b->told_total)
		return;
	b->told_done = done;
	b->told_total = total;
	progress_amount(b->progress, "steps", (int64_t) done, (int64_t) total, false);
}

static bool (*const readers[])(struct buildkit *, const struct pb_field *) = {
	[1] = read_vertex,
	[2] = read_status,
	[3] = read_log,
	[4] = read_warning,
};

bool buildkit_status(struct buildkit *b, const char *message, size_t len)
{
	bool ok = true;

	/* Vertexes first, whatever the order on the wire: what follows is about them. Their ends last, so that
	 * output which comes in the same message stands before them. */
	for (size_t kind = 1; kind < ARRAY_LEN(readers); kind++) {
		struct pb pb = pb_of(message, len);
		struct pb_field f;

		while (pb_next(&pb, &f))
			if (f.number == kind && f.wire == PB_BYTES)
				ok = readers[kind](b, &f) && ok;
		ok = ok && !pb.broken;
	}
	for (size_t i = 0; i < b->count; i++)
		show_end(b, b->steps[i]);
	tell_amount(b);
	return ok;
}

bool buildkit_trace(struct buildkit *b, const char *base64, size_t len)
{
	AUTO_STRBUF message = STRBUF_INIT(STRBUF_TEXT);

	return base64_decode(&message, base64, len) && strbuf_check(&message, NULL) == AF_OK &&
	       buildkit_status(b, message.data, message.len);
}

bool buildkit_failure(const struct buildkit *b, const char **step, const char **why, const struct tail **output)
{
	if (!b->failed || b->failed->internal || !b->failed->name)
		return false;
	*step = b->failed->name;
	*why = b->failed->error;
	*output = &b->failed->tail;
	return true;
}
