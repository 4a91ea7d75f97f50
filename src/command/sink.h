/* Progress of builds and pulls, handed to the user's io. */
#ifndef COMMAND_SINK_H
#define COMMAND_SINK_H

#include "command/command.h"
#include "docker/docker.h"

/* Lines go to io->log, amounts to io->progress. Valid as long as `cx`. */
struct docker_progress command_sink(struct command_context *cx);
/* The long step is over, whatever came of it. */
void command_sink_end(struct command_context *cx);

#endif
