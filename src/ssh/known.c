/* Host keys. See known.h. */
#include "ssh/known.h"

#include <ctype.h>
#include <fnmatch.h>
#include <libssh2.h>
#include <string.h>

#include "base/bytes.h"
#include "base/path.h"

#define FILE_LARGEST (64u * 1024 * 1024)
#define LINE_LARGEST 16384u

/* What libssh2 can verify, in our order. RSA host keys only with SHA-1, which newer servers do not offer. */
static const char *const types[] = {
	"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
};

static void free_key(struct known_key *key)
{
	free(key->type);
	free(key->blob);
	free(key->where);
}

void known_keys_free(struct known_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		free_key(&keys->items[i]);
	free(keys->items);
	memset(keys, 0, sizeof(*keys));
}

char *key_blob_type(const char *blob, size_t len)
{
	const unsigned char *b = (const unsigned char *) blob;
	size_t n = len < 4 ? SIZE_MAX : (size_t) b[0] << 24 | (size_t) b[1] << 16 | (size_t) b[2] << 8 | b[3];

	if (n > 64 || n > len - 4)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!isgraph(b[4 + i]))
			return NULL;
	return str_ndup(blob + 4, n, NULL);
}

/* ---- names --------------------------------------------------------------------------------------- */

/* 20 bytes in base64. */
static bool is_sha1(const char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	return strspn(text, alphabet) == 27 && text[27] == '=';
}

/* "|1|SALT|HASH": over anything else libssh2 would lose memory. */
static bool is_hashed_name(const char *text)
{
	return strlen(text) == 60 && str_starts(text, "|1|") && is_sha1(text + 3) && text[31] == '|' && is_sha1(text + 32);
}

/* Salted and hashed: libssh2 knows how. The line's own key serves as the key that is looked for. */
static bool hashed_matches(const char *hashed, const char *key_text, const struct strbuf *blob, const char *name)
{
	LIBSSH2_SESSION *session = is_hashed_name(hashed) ? libssh2_session_init() : NULL;
	LIBSSH2_KNOWNHOSTS *hosts = session ? libssh2_knownhost_init(session) : NULL;
	AUTO_STRBUF line = STRBUF_INIT(2 * LINE_LARGEST);
	struct libssh2_knownhost *entry;
	bool matches = false;

	strbuf_addf(&line, "%s ssh-ed25519 %s\n", hashed, key_text);
	if (hosts && !strbuf_check(&line, NULL) &&
	    libssh2_knownhost_readline(hosts, line.data, line.len, LIBSSH2_KNOWNHOST_FILE_OPENSSH) == 0)
		matches = libssh2_knownhost_checkp(hosts, name, -1, blob->data, blob->len,
						   LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_RAW,
						   &entry) == LIBSSH2_KNOWNHOST_CHECK_MATCH;
	if (hosts)
		libssh2_knownhost_free(hosts);
	if (session)
		libssh2_session_free(session);
	return matches;
}

/* "[host]:2222" is no set of characters here: brackets are escaped before patterns are compared. */
static bool pattern_matches(const char *pattern, size_t len, const char *name)
{
	AUTO_STRBUF quoted = STRBUF_INIT(2 * LINE_LARGEST);

	for (size_t i = 0; i < len; i++) {
		if (strchr("[]\\", pattern[i]))
			strbuf_addc(&quoted, '\\');
		strbuf_addc(&quoted, (char) tolower((unsigned char) pattern[i]));
	}
	return !strbuf_check(&quoted, NULL) && fnmatch(quoted.data, name, 0) == 0;
}

/* "a,b,*.lab,!c.lab": one that says no decides. */
static bool list_matches(const char *list, const char *name)
{
	bool matches = false;

	for (const char *p = list; *p;) {
		size_t len = strcspn(p, ","), no = *p == '!';
		if (len > no && pattern_matches(p + no, len - no, name)) {
			if (no)
				return false;
			matches = true;
		}
		p += len + (p[len] == ',');
	}
	return matches;
}

/* ---- lines ---------------------------------------------------------------------------------------- */

/* The next word of a line; NULL at its end. malloc'd. */
static char *next_word(const char **at, const char *end)
{
	const char *p = *at, *start;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	start = p;
	while (p < end && *p != ' ' && *p != '\t' && *p != '\r')
		p++;
	*at = p;
	return p > start ? str_ndup(start, (size_t) (p - start), NULL) : NULL;
}

static af_code append(struct known_keys *keys, struct known_key *take_key, struct af_error *err)
{
	struct known_key *items = realloc(keys->items, (keys->count + 1) * sizeof(*items));

	if (items)
		keys->items = items;
	if (!items || !take_key->where) {
		free_key(take_key);
		return error_nomem(err);
	}
	items[keys->count++] = *take_key;
	return AF_OK;
}

static af_code read_line(const char *at, const char *end, const char *file, int number, const char *name,
			 struct known_keys *out, struct af_error *err)
{
	AUTO_FREE char *first = next_word(&at, end);
	bool marked = first && *first == '@', revoked = marked && !strcmp(first, "@revoked");

	/* Certificates are not spoken here. */
	if (!first || *first == '#' || (marked && !revoked))
		return AF_OK;
	AUTO_FREE char *hosts = marked ? next_word(&at, end) : af_steal(first);
	AUTO_FREE char *type = next_word(&at, end);
	AUTO_FREE char *key_text = next_word(&at, end);
	AUTO_STRBUF blob = STRBUF_INIT(LINE_LARGEST);
	if (!hosts || !type || !key_text || !base64_decode(&blob, key_text, strlen(key_text)) || strbuf_check(&blob, NULL))
		return AF_OK;
	AUTO_FREE char *real_type = key_blob_type(blob.data, blob.len);
	if (!real_type)
		return AF_OK;
	if (*hosts == '|' ? !hashed_matches(hosts, key_text, &blob, name) : !list_matches(hosts, name))
		return AF_OK;
	struct known_key key = { .type = af_steal(real_type), .len = blob.len, .revoked = revoked,
				 .where = str_format(err, "%s:%d", file, number) };
	af_code rc = strbuf_steal(&blob, &key.blob, err);
	if (rc) {
		free_key(&key);
		return rc;
	}
	return append(out, &key, err);
}

af_code known_keys_read(const char *text, const char *file, const char *host, int port, struct known_keys *out,
			struct af_error *err)
{
	AUTO_FREE char *name = port == 22 ? str_dup(host, err) : str_format(err, "[%s]:%d", host, port);
	int number = 0;
	af_code rc = name ? AF_OK : AF_ERR_NOMEM;

	for (const char *p = text; *p && !rc;) {
		size_t len = strcspn(p, "\n");
		number++;
		if (len <= LINE_LARGEST)
			rc = read_line(p, p + len, file, number, name, out, err);
		p += len + (p[len] == '\n');
	}
	return rc;
}

af_code known_keys_load(const struct strlist *files, const char *host, int port, struct known_keys *out,
			struct af_error *err)
{
	af_code rc = AF_OK;

	for (size_t i = 0; i < files->count && !rc; i++) {
		AUTO_STRBUF text = STRBUF_INIT(FILE_LARGEST);
		struct af_error why = AF_ERROR_INIT;
		rc = file_read(files->items[i], &text, &why);
		if (rc == AF_ERR_NOT_FOUND)
			rc = AF_OK;
		else if (rc)
			error_move(err, &why);
		else
			rc = known_keys_read(text.data, files->items[i], host, port, out, err);
		af_error_clear(&why);
	}
	return rc;
}

/* ---- verdicts ------------------------------------------------------------------------------------- */

static bool same_key(const struct known_key *key, const char *blob, size_t len)
{
	return key->len == len && !memcmp(key->blob, blob, len);
}

enum known_verdict known_keys_check(const struct known_keys *keys, const char *blob, size_t len,
				    const struct known_key **found)
{
	AUTO_FREE char *type = key_blob_type(blob, len);
	enum known_verdict verdict = KNOWN_NEW;
	const struct known_key *decided = NULL;

	for (size_t i = 0; i < keys->count && verdict != KNOWN_REVOKED; i++) {
		const struct known_key *key = &keys->items[i];
		bool same = same_key(key, blob, len);
		if (key->revoked ? !same : verdict == KNOWN_SAME)
			continue;
		if (!key->revoked && !same && (!type || strcmp(key->type, type) != 0))
			continue;
		verdict = key->revoked ? KNOWN_REVOKED : same ? KNOWN_SAME : KNOWN_CHANGED;
		decided = key;
	}
	if (found)
		*found = decided;
	return verdict;
}

static bool knows_type(const struct known_keys *keys, const char *type)
{
	for (size_t i = 0; i < keys->count; i++)
		if (!keys->items[i].revoked && !strcmp(keys->items[i].type, type))
			return true;
	return false;
}

void known_keys_order(const struct known_keys *keys, struct strbuf *out)
{
	for (int known = 1; known >= 0; known--)
		for (size_t i = 0; i < ARRAY_LEN(types); i++)
			if (knows_type(keys, types[i]) == (known == 1))
				strbuf_addf(out, "%s%s", out->len ? "," : "", types[i]);
}
