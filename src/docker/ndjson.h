/* JSON values one per line, as engines stream progress and events. */
#ifndef DOCKER_NDJSON_H
#define DOCKER_NDJSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/strbuf.h"

/* Gets each value as a tree that stays ours; false: enough. */
typedef bool (*ndjson_fn)(void *arg, const cJSON *tree);

struct ndjson {
	struct strbuf line; /* begun, not ended */
	ndjson_fn fn;
	void *arg;
	bool broken; /* a line is no JSON or longer than the limit: the rest makes no sense */
	bool enough;
};

void ndjson_init(struct ndjson *n, size_t max_line, ndjson_fn fn, void *arg);
/* False once fn said so or the stream makes no sense. */
bool ndjson_feed(struct ndjson *n, const char *data, size_t len);
/* A last line without its newline. */
bool ndjson_end(struct ndjson *n);
void ndjson_free(struct ndjson *n);

#endif
