#include <string.h>

#include "command/command.h"

void command_out(struct command_context *cx, const char *text, size_t len)
{
	if (len > 0)
		cx->io->out(cx->io->arg, text, len);
}

void command_outf(struct command_context *cx, const char *fmt, ...)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_HUGE);
	va_list ap;

	va_start(ap, fmt);
	strbuf_addv(&sb, fmt, ap);
	va_end(ap);
	command_out(cx, sb.data, sb.len);
}

void command_note(struct command_context *cx, const char *fmt, ...)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	va_list ap;

	va_start(ap, fmt);
	strbuf_addv(&sb, fmt, ap);
	va_end(ap);
	cx->io->note(cx->io->arg, sb.data);
}
