/*
 * What the engines tell of watched environments (env_watch() in orchestrator.h): one stream of events for each engine, for
 * as long as the context lives. An engine that goes away is a state of its host and no error of the program: the stream is
 * opened again, with longer and longer pauses, and the instances are asked themselves meanwhile.
 */
#ifndef ORCHESTRATOR_WATCH_H
#define ORCHESTRATOR_WATCH_H

#include "orchestrator/orchestrator.h"

/* No event reaches it after this. */
void env_unwatch(struct af_env *env);
/* Ends the streams; before the context's http client is freed, */
void watches_end(struct af *af);
/* and what is left of them after that. */
void watches_free(struct af *af);

#endif
