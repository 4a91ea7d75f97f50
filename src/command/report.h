/* Environments, instances and methods as JSON and as text for people: what several commands show. */
#ifndef COMMAND_REPORT_H
#define COMMAND_REPORT_H

#include "base/json_write.h"
#include "command/command.h"
#include "orchestrator/orchestrator.h"

/* Members of an open object: replica, container, id, host, address. */
void report_instance(struct json_writer *w, const struct instance *inst);
/* [{"name","signature","doc","source"}, …] */
void report_methods(struct json_writer *w, const char *key, const struct method_list *methods);
/* What `afs run` tells after starting: methods and what to do next. */
void report_started(struct command_context *cx, const struct af_env *env, const struct method_list *methods,
		    int64_t ready_ms);
/* "172.17.0.2:8000"; NULL: no address. Not owned. */
const char *instance_address(const struct instance *inst);

#endif
