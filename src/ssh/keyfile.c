/* Private key files. See keyfile.h; the format is that of PROTOCOL.key in OpenSSH. */
#include "ssh/keyfile.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "ssh/known.h"

#define BEGIN_OPENSSH "-----BEGIN OPENSSH PRIVATE KEY-----"
#define END_OPENSSH "-----END OPENSSH PRIVATE KEY-----"
#define MAGIC "openssh-key-v1" /* and its NUL */

/* Takes a string with its length in front from [*at, end). */
static bool take_string(const char **at, const char *end, const char **text, size_t *len)
{
	const unsigned char *p = (const unsigned char *) *at;

	if (end - *at < 4)
		return false;
	*len = (size_t) p[0] << 24 | (size_t) p[1] << 16 | (size_t) p[2] << 8 | p[3];
	*text = *at + 4;
	if (*len > (size_t) (end - *text))
		return false;
	*at = *text + *len;
	return true;
}

static bool read_blob(const struct strbuf *blob, struct key_info *out)
{
	const char *at = blob->data + sizeof(MAGIC), *end = blob->data + blob->len, *text;
	size_t len;

	if (blob->len < sizeof(MAGIC) || memcmp(blob->data, MAGIC, sizeof(MAGIC)) != 0)
		return false;
	if (!take_string(&at, end, &text, &len))
		return false;
	out->encrypted = len != 4 || memcmp(text, "none", 4) != 0;
	/* The KDF, its options, the number of keys, the public key. */
	if (!take_string(&at, end, &text, &len) || !take_string(&at, end, &text, &len) || end - at < 4)
		return false;
	at += 4;
	if (!take_string(&at, end, &text, &len))
		return false;
	AUTO_FREE char *type = key_blob_type(text, len);
	if (type)
		snprintf(out->type, sizeof(out->type), "%s", type);
	return type != NULL;
}

static bool read_openssh(const char *text, const char *end, struct key_info *out)
{
	AUTO_STRBUF base64 = STRBUF_INIT(STRBUF_LINE), blob = STRBUF_INIT(STRBUF_LINE);

	for (const char *p = text; p < end; p++)
		if (*p != '\n' && *p != '\r' && *p != ' ')
			strbuf_addc(&base64, *p);
	return !strbuf_check(&base64, NULL) && base64_decode(&blob, base64.data, base64.len) &&
	       !strbuf_check(&blob, NULL) && read_blob(&blob, out);
}

bool key_file_read(const char *text, size_t len, struct key_info *out)
{
	static const struct {
		const char *begin, *type;
		bool encrypted;
	} pem[] = {
		{ "-----BEGIN RSA PRIVATE KEY-----", "ssh-rsa", false },
		{ "-----BEGIN DSA PRIVATE KEY-----", "ssh-dss", false },
		{ "-----BEGIN EC PRIVATE KEY-----", "ecdsa-sha2-nistp256", false },
		{ "-----BEGIN PRIVATE KEY-----", "", false },
		{ "-----BEGIN ENCRYPTED PRIVATE KEY-----", "", true },
	};
	const char *begin = memmem(text, len, BEGIN_OPENSSH, strlen(BEGIN_OPENSSH));

	*out = (struct key_info){ 0 };
	if (begin) {
		const char *body = begin + strlen(BEGIN_OPENSSH);
		const char *end = memmem(body, len - (size_t) (body - text), END_OPENSSH, strlen(END_OPENSSH));
		return end && read_openssh(body, end, out);
	}
	for (size_t i = 0; i < ARRAY_LEN(pem); i++)
		if (memmem(text, len, pem[i].begin, strlen(pem[i].begin))) {
			snprintf(out->type, sizeof(out->type), "%s", pem[i].type);
			out->encrypted = pem[i].encrypted || memmem(text, len, "ENCRYPTED", 9) != NULL;
			return true;
		}
	return false;
}

bool key_type_usable(const char *type)
{
	return !*type || !strcmp(type, "ssh-ed25519") || str_starts(type, "ecdsa-sha2-");
}
