/* The user's own keys, for people who look for what is wrong. */
#ifndef SSH_KEYS_H
#define SSH_KEYS_H

#include "base/strbuf.h"

/* Appends names of the usual key files, and whether an agent answers: those that can be used, those that cannot. */
void ssh_keys_find(struct strbuf *usable, struct strbuf *unusable);

#endif
