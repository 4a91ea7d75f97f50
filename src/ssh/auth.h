/* Logging in: the agent's keys, then key files. */
#ifndef SSH_AUTH_H
#define SSH_AUTH_H

#include <libssh2.h>

#include "ssh/config.h"
#include "ssh/vault.h"

/* On a session that blocks (with a timeout). UNREACHABLE says what was tried; *final: trying again is of no use. */
af_code auth_login(LIBSSH2_SESSION *session, const struct ssh_config *config, struct vault *vault,
		   struct cancel *cancel, bool *final, struct af_error *err) MUST_CHECK;

/* Does an agent listen there, and answer within a few seconds? */
bool auth_agent_answers(const char *path);

#endif
