/* What ~/.ssh/config says of a host, as `ssh -G` resolves it. */
#ifndef SSH_CONFIG_H
#define SSH_CONFIG_H

#include "ssh/ssh.h"

struct ssh_config {
	char *hostname, *user;
	int port;
	char *alias;         /* HostKeyAlias; NULL: hostname */
	char *proxy_jump;    /* NULL: none; as ssh writes it: "user@host:port,…" */
	char *proxy_command; /* NULL: none */
	char *agent;         /* IdentityAgent: a path; NULL: SSH_AUTH_SOCK; "none": no agent */
	bool identities_only;
	int connect_timeout_s; /* 0: not set */
	int alive_interval_s;  /* 0: not set */
	int alive_count;
	struct strlist identities;  /* files, '~' expanded */
	struct strlist known_hosts; /* files: the user's, then the system's */
	char *file;                 /* what ssh must be told to read (-F); NULL: what it reads anyway */
};

/* Pure: the output of `ssh -G`, over what is in `out` already. Lines that are not understood are left alone.
 * `home` stands for '~'; `account_home` (may be NULL), where ssh itself looks, is replaced by it. */
af_code ssh_config_parse(const char *text, const char *home, const char *account_home, struct ssh_config *out,
			 struct af_error *err) MUST_CHECK;
/* Asks ssh; where there is none, the defaults. `out` need not be initialised and must be freed in any case. */
af_code ssh_config_load(const struct ssh_url *url, struct cancel *cancel, struct ssh_config *out,
			struct af_error *err) MUST_CHECK;
void ssh_config_free(struct ssh_config *config);
static inline void ssh_config_cleanup(struct ssh_config *config)
{
	ssh_config_free(config);
}

#endif
