/* The docker command's contexts: named engines under ~/.docker/contexts. */
#ifndef DOCKER_CONTEXT_H
#define DOCKER_CONTEXT_H

#include <stdbool.h>

#include "base/error.h"

struct docker_context {
	char *host;       /* Endpoints.docker.Host */
	char *tls_dir;    /* where its ca.pem, cert.pem and key.pem are; NULL: no TLS */
	bool skip_verify; /* SkipTLSVerify */
};

/* config_dir: ~/.docker. UNREACHABLE if there is no such context. */
af_code context_load(const char *config_dir, const char *name, struct docker_context *out, struct af_error *err) MUST_CHECK;
void docker_context_free(struct docker_context *ctx);
static inline void docker_context_cleanup(struct docker_context *ctx)
{
	docker_context_free(ctx);
}

#endif
