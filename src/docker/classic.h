/* What the classic builder prints (and podman's, which says nearly the same), in BuildKit's form. */
#ifndef DOCKER_CLASSIC_H
#define DOCKER_CLASSIC_H

#include "docker/progress.h"

struct classic {
	const struct docker_progress *progress;
	struct strbuf line; /* begun, not ended */
	struct strbuf step; /* "[2/4] RUN make"; empty before the first */
	long number;        /* of the step, counted through; 0: none yet */
	long total;         /* 0: unknown, podman tells it stage by stage */
	bool cached;
	int64_t started; /* clock_ms() */
	struct tail tail;
	char id[80];     /* the last line that is nothing but an image's id: podman's result */
};

void classic_init(struct classic *c, const struct docker_progress *progress);
void classic_free(struct classic *c);
/* One {"stream": text}: any part of the output. */
void classic_text(struct classic *c, const char *text, size_t len);
/* The build is over; ends the last step's lines where it went well. */
void classic_end(struct classic *c, bool ok);

#endif
