/* BuildKit's trace from a hostile engine: messages, each with its length in one byte before it. */
#include <string.h>

#include "docker/buildkit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_line(void *arg, const char *text, size_t len)
{
	(void) arg;
	if (memchr(text, '\x1b', len))
		__builtin_trap();
}

static void on_amount(void *arg, const char *label, int64_t done, int64_t total, bool bytes)
{
	(void) arg;
	(void) done;
	(void) bytes;
	if (strchr(label, '\x1b') || total < 0)
		return;
}

static const struct docker_progress progress = { .line = on_line, .amount = on_amount };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buildkit *b = buildkit_new(&progress, NULL);
	AUTO_STRBUF tail = STRBUF_INIT(STRBUF_TEXT);
	const struct tail *output;
	const char *step, *why;

	if (!b)
		return 0;
	buildkit_trace(b, (const char *) data, size);
	while (size) {
		size_t len = MIN(size - 1, (size_t) data[0]);

		buildkit_status(b, (const char *) data + 1, len);
		data += len + 1;
		size -= len + 1;
	}
	if (buildkit_failure(b, &step, &why, &output)) {
		tail_print(output, &tail);
		if (!*step && !*why)
			__builtin_trap();
	}
	buildkit_free(b);
	return 0;
}
