/* Passphrases that the user gave: asked for once, one question at a time, kept until the end. */
#ifndef SSH_VAULT_H
#define SSH_VAULT_H

#include "ssh/ssh.h"

struct vault;

struct vault *vault_new(const struct ssh_options *options, struct af_error *err);
struct vault *vault_ref(struct vault *v);
void vault_unref(struct vault *v); /* the last one wipes what it holds; NULL is fine */
bool vault_can_ask(const struct vault *v);
/* The passphrase of a key file, malloc'd; free with secret_free(). wrong: what was handed out before did not fit.
 * False: there is none to be had. Blocks while the user types. */
bool vault_get(struct vault *v, const char *file, bool wrong, struct cancel *cancel, char **out);

void secret_free(char *secret); /* wipes; NULL is fine */
static inline void secret_cleanup(char **secret)
{
	secret_free(*secret);
}
#define AUTO_SECRET_TEXT AF_AUTO(secret) char

#endif
