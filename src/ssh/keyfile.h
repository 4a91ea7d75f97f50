/* What can be told of a private key file without its passphrase. */
#ifndef SSH_KEYFILE_H
#define SSH_KEYFILE_H

#include "base/strbuf.h"

struct key_info {
	char type[64];  /* "ssh-ed25519"; "" unknown */
	bool encrypted; /* it needs a passphrase */
};
/* OpenSSH's own format and PEM. False: it is no private key. Pure. */
bool key_file_read(const char *text, size_t len, struct key_info *out);
/* Can libssh2 log in with it at servers of today? RSA would need rsa-sha2, keys on tokens more than a file. */
bool key_type_usable(const char *type);

#endif
