/* Host keys: what known_hosts files say of a host. See sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
#ifndef SSH_KNOWN_H
#define SSH_KNOWN_H

#include "base/strbuf.h"

struct known_key {
	char *type;  /* "ssh-ed25519" */
	char *blob;  /* the key as it goes over the wire */
	size_t len;
	char *where; /* "/home/me/.ssh/known_hosts:12" */
	bool revoked;
};
struct known_keys {
	struct known_key *items;
	size_t count;
};

/* Appends the keys that a file's text has for the host; lines that make no sense are left out. `host` in lower case.
 * Pure. */
af_code known_keys_read(const char *text, const char *file, const char *host, int port, struct known_keys *out,
			struct af_error *err) MUST_CHECK;
/* The same from files; those that are not there are passed over. */
af_code known_keys_load(const struct strlist *files, const char *host, int port, struct known_keys *out,
			struct af_error *err) MUST_CHECK;
void known_keys_free(struct known_keys *keys);
static inline void known_keys_cleanup(struct known_keys *keys)
{
	known_keys_free(keys);
}

enum known_verdict {
	KNOWN_SAME,
	KNOWN_NEW,     /* no key of this host, or none of this type */
	KNOWN_CHANGED, /* another key of this type */
	KNOWN_REVOKED,
};
/* *found (may be NULL) is the line that decided, NULL if none. */
enum known_verdict known_keys_check(const struct known_keys *keys, const char *blob, size_t len,
				    const struct known_key **found);
/* The types of key to ask the server for, those that are known first: "ssh-ed25519,ecdsa-sha2-nistp256,…". */
void known_keys_order(const struct known_keys *keys, struct strbuf *out);

/* The type that a key on the wire begins with. malloc'd; NULL if it is none. */
char *key_blob_type(const char *blob, size_t len);

#endif
