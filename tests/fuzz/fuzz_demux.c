/* Container output from a hostile engine: whatever it is cut into, the same lines come out. */
#include <stdlib.h>
#include <string.h>

#include "docker/demux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_line(void *arg, enum docker_fd fd, const char *line, size_t len)
{
	struct strbuf *lines = arg;

	if (fd != DOCKER_STDOUT && fd != DOCKER_STDERR)
		abort();
	strbuf_addc(lines, (char) ('0' + fd));
	strbuf_add(lines, line, len);
	strbuf_addc(lines, '\n');
	return true;
}

static void run(uint8_t options, const char *data, size_t size, size_t piece, struct strbuf *lines)
{
	struct docker_demux *x = docker_demux_new(options & 1, 1 + (options >> 2), on_line, lines, NULL);
	bool good = x != NULL;

	if (!x)
		abort();
	if (options & 2)
		demux_set_timestamps(x);
	for (size_t at = 0; good && at < size; at += piece)
		good = docker_demux_feed(x, data + at, MIN(piece, size - at));
	docker_demux_end(x);
	docker_demux_free(x);
}

/* The first byte chooses options, the second how the rest is cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_STRBUF whole = STRBUF_INIT(STRBUF_HUGE);
	AUTO_STRBUF pieces = STRBUF_INIT(STRBUF_HUGE);

	if (size < 2)
		return 0;
	run(data[0], (const char *) data + 2, size - 2, SIZE_MAX, &whole);
	run(data[0], (const char *) data + 2, size - 2, 1u + data[1], &pieces);
	if (whole.len != pieces.len || memcmp(whole.data, pieces.data, whole.len))
		abort();
	return 0;
}
