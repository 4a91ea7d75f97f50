#include <string.h>

#include "base/bytes.h"
#include "base/json.h"
#include "command/columns.h"
#include "command/command.h"
#include "orchestrator/orchestrator.h"

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

void command_text(struct command_context *cx, const char *text, size_t len)
{
	AUTO_STRBUF safe = STRBUF_INIT(STRBUF_HUGE);

	if (!cx->io->interactive) {
		command_out(cx, text, len);
		return;
	}
	text_add_safe(&safe, text, len, true);
	command_out(cx, safe.data, safe.len);
}

af_code command_json(struct command_context *cx, const struct strbuf *json, struct af_error *err)
{
	AUTO_STRBUF pretty = STRBUF_INIT(STRBUF_HUGE);
	af_code rc = strbuf_check(json, err);

	if (rc)
		return rc;
	if (!cx->io->interactive) {
		command_out(cx, json->data, json->len);
		command_out(cx, "\n", 1);
		return AF_OK;
	}
	json_add_pretty(&pretty, json_span_of(json), 2);
	strbuf_addc(&pretty, '\n');
	rc = strbuf_check(&pretty, err);
	if (!rc)
		command_text(cx, pretty.data, pretty.len);
	return rc;
}

af_code command_columns(struct command_context *cx, struct columns *table, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	af_code rc = columns_print(table, &text, cx->io->width ? cx->io->width(cx->io->arg) : 0, err);

	if (!rc)
		command_out(cx, text.data, text.len);
	return rc;
}

void command_note_troubles(struct command_context *cx, const struct env_list *list)
{
	if (list->missing.code)
		command_note(cx, "what containers there are is not known: %s", list->missing.message);
	for (size_t i = 0; i < list->trouble_count; i++)
		command_note_error(cx, &list->troubles[i].why);
}

void command_note_error(struct command_context *cx, const struct af_error *e)
{
	command_note(cx, "afs: %s", e->message);
	if (e->hint)
		command_note(cx, "  hint: %s", e->hint);
}
