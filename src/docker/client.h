/* Requests to one engine: shared by the files of docker/ only. */
#ifndef DOCKER_CLIENT_H
#define DOCKER_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>

#include "docker/docker.h"
#include "docker/endpoint.h"

#define ENGINE_TIMEOUT_MS 60000

/* An API version 1.N as a number that compares. */
#define API(minor) (1000 + (minor))

struct docker {
	struct http *http;
	struct engine_endpoint ep;
	struct docker_way way;
	char *wanted_api; /* DOCKER_API_VERSION; NULL: negotiate */
	pthread_mutex_t lock;
	atomic_bool connected; /* what follows is set and does not change any more */
	char prefix[16];       /* "/v1.41" */
	int api;
	bool podman;
	bool buildkit; /* /build understands version=2 */
};

struct engine_request {
	const char *method; /* NULL: GET */
	const char *path;   /* without the version */
	const char *header; /* one more "Name: value"; may be NULL */
	const char *body;   /* JSON text; must stay valid until the request is over; NULL: none */
	ssize_t (*read)(void *arg, char *buf, size_t size); /* instead of body: a tar stream */
	int64_t timeout_ms; /* 0: ENGINE_TIMEOUT_MS, < 0: none */
	void (*on_head)(void *arg, const struct http_response *resp);
	bool (*on_data)(void *arg, const char *data, size_t len);
	void *arg;
	struct cancel *cancel;
};

/* Connects where that is still to be done, sends, waits. AF_OK where the status is below 400; otherwise the
 * engine's message is the error. `resp` is filled and must be freed in any case. */
af_code engine_perform(struct docker *d, const struct engine_request *req, struct http_response *resp,
		       struct af_error *err) MUST_CHECK;
/* The same with the answer read as JSON: *out NULL for an empty one. */
af_code engine_json(struct docker *d, const struct engine_request *req, cJSON **out, struct af_error *err) MUST_CHECK;
/* The same with an answer that does not matter. */
af_code engine_do(struct docker *d, const struct engine_request *req, struct af_error *err) MUST_CHECK;
/* As http_submit (req->cancel and req->timeout_ms 0 mean none). The done function asks answer_check first. */
af_code engine_submit(struct docker *d, const struct engine_request *req, http_done_fn done, void *done_arg,
		      struct http_transfer **out, struct af_error *err) MUST_CHECK;
/* As http_upgrade. */
af_code engine_upgrade(struct docker *d, const struct engine_request *req, struct http_pipe **out,
		       struct af_error *err) MUST_CHECK;

#endif
