/* Where the engine is: what the docker command would find, found without starting it. */
#ifndef DOCKER_ENDPOINT_H
#define DOCKER_ENDPOINT_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "net/http.h"

struct engine_endpoint {
	char *host;      /* as the user knows it: "unix:///var/run/docker.sock" */
	char *from;      /* what named it: "DOCKER_HOST", "context \"lab\"", "default" */
	char *base;      /* for http_endpoint */
	char *unix_path; /* NULL unless it is a unix socket */
	bool has_tls, insecure;
	char *ca, *cert, *key; /* files; may be NULL */
	struct http_tls tls;   /* points to the three above */
};

/* Fills `out` (zeroed by the caller). host NULL: see docker_new. Reads the environment and the configuration. */
af_code endpoint_resolve(const char *host, struct engine_endpoint *out, struct af_error *err) MUST_CHECK;
/* At the other end of a socket of ours. */
af_code endpoint_via(const char *name, const char *unix_path, struct engine_endpoint *out, struct af_error *err) MUST_CHECK;
void endpoint_free(struct engine_endpoint *ep);
static inline void endpoint_cleanup(struct engine_endpoint *ep)
{
	endpoint_free(ep);
}
/* For a request to it. */
struct http_endpoint endpoint_http(const struct engine_endpoint *ep);

/* $DOCKER_CONFIG, or ~/.docker; malloc'd. */
char *docker_config_dir(struct af_error *err);
/* config.json in it as a tree; *out NULL (and AF_OK) if there is none. */
af_code docker_config_load(cJSON **out, struct af_error *err) MUST_CHECK;

#endif
