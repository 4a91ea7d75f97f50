/* Credentials for registries, from where `docker login` puts them. Their values never stand in an error. */
#ifndef DOCKER_AUTH_H
#define DOCKER_AUTH_H

#include "base/cancel.h"
#include "base/strbuf.h"

/* Appends "X-Registry-Auth: …" for a registry ("docker.io", "localhost:5000"); an empty record where there are no
 * credentials. If a credential helper fails the record is empty and err says why: whether that matters is
 * for the caller to say. */
af_code auth_header(const char *registry, struct cancel *cancel, struct strbuf *header, struct af_error *err) MUST_CHECK;
/* Overwrites what a secret was in before it is freed. */
void auth_wipe(struct strbuf *sb);
static inline void auth_secret_cleanup(struct strbuf *sb)
{
	auth_wipe(sb);
	strbuf_free(sb);
}
#define AUTO_SECRET AF_AUTO(auth_secret) struct strbuf

#endif
