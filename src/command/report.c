#include "command/report.h"

#include <string.h>

#include "base/clock.h"
#include "command/columns.h"
#include "command/usage.h"

#define SHOWN_METHODS 12

const char *instance_address(const struct instance *inst)
{
	/* A synthetic host that only leads to the socket says nothing. */
	if (inst->socket && !inst->engine)
		return inst->socket;
	const char *authority = inst->base ? strstr(inst->base, "://") : NULL;

	return authority ? authority + 3 : inst->base;
}

void report_instance(struct json_writer *w, const struct instance *inst)
{
	json_put_int(w, "replica", inst->replica);
	json_put_string(w, "container", inst->name);
	json_put_string(w, "id", inst->id);
	json_put_string(w, "host", inst->host);
	json_put_string(w, "address", instance_address(inst));
}

void report_methods(struct json_writer *w, const char *key, const struct method_list *methods)
{
	AUTO_STRBUF list = STRBUF_INIT(STRBUF_TEXT);

	method_list_json(methods, &list);
	json_put_raw(w, key, json_span_of(&list));
}

static void note_methods(struct command_context *cx, const struct method_list *methods)
{
	command_note(cx, "methods");
	for (size_t i = 0; i < methods->count && i < SHOWN_METHODS; i++) {
		const struct method *m = &methods->items[i];
		AUTO_STRBUF line = STRBUF_INIT(STRBUF_TEXT);

		strbuf_adds(&line, m->name);
		strbuf_adds(&line, m->signature);
		if (!str_blank(m->doc)) {
			strbuf_adds(&line, "  ");
			usage_add_summary(&line, m->doc);
		}
		command_note(cx, "  %s", line.data);
	}
	if (methods->count > SHOWN_METHODS)
		command_note(cx, "  and %zu more", methods->count - SHOWN_METHODS);
}

void report_started(struct command_context *cx, const struct af_env *env, const struct method_list *methods,
		    int64_t ready_ms)
{
	AUTO_STRBUF took = STRBUF_INIT(STRBUF_LINE);

	duration_format(&took, ready_ms);
	bool ours = env->count && !env->instances[0].backend->outside;
	command_note(cx, ours ? "%s runs %s (%s), ready after %s" : "%s is %s (%s), which answered after %s", env->name,
		     env->image, env_type_name(env->type), took.data);
	if (methods->count)
		note_methods(cx, methods);
	command_note(cx, "try");
	for (size_t i = 0; i < methods->count && i < 2; i++) {
		AUTO_STRBUF call = STRBUF_INIT(STRBUF_LINE);

		usage_add_call(&call, env->name, &methods->items[i]);
		command_note(cx, "  %s", call.data);
	}
	if (ours)
		command_note(cx, "  afs logs %s --follow", env->name);
	command_note(cx, "  afs stop %s", env->name);
}
