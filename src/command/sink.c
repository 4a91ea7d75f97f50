#include "command/sink.h"

static void on_line(void *arg, const char *text, size_t len)
{
	struct command_context *cx = arg;
	AUTO_FREE char *line = str_ndup(text, len, NULL);

	if (line)
		cx->io->log(cx->io->arg, line);
}

static void on_amount(void *arg, const char *label, int64_t done, int64_t total, bool bytes)
{
	struct command_context *cx = arg;
	struct command_progress p = { .label = label, .done = done, .total = total, .unit = bytes ? "B" : "" };

	if (cx->io->live) /* elsewhere the lines tell enough */
		cx->io->progress(cx->io->arg, &p);
}

struct docker_progress command_sink(struct command_context *cx)
{
	return (struct docker_progress){ .arg = cx, .line = on_line, .amount = on_amount };
}

void command_sink_end(struct command_context *cx)
{
	cx->io->progress(cx->io->arg, NULL);
}
