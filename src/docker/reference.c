/* Image references, by the grammar of https://github.com/distribution/reference. */
#include <ctype.h>
#include <string.h>

#include "docker/docker.h"

#define NAME_MAX_LEN 255
#define TAG_MAX_LEN 128
#define DEFAULT_REGISTRY "docker.io"

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
	return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

/* One of ".", "_", "__", "-", "--", …: its length, 0 if none is there. */
static size_t separator(const char *s, size_t len)
{
	size_t n = 0;

	if (len && s[0] == '.')
		return 1;
	if (len && s[0] == '_')
		return len > 1 && s[1] == '_' ? 2 : 1;
	while (n < len && s[n] == '-')
		n++;
	return n;
}

static bool is_path_component(const char *s, size_t len)
{
	size_t i = 0;

	for (;;) {
		size_t start = i;

		while (i < len && is_lower_alnum(s[i]))
			i++;
		if (i == start)
			return false;
		if (i == len)
			return true;
		size_t gap = separator(s + i, len - i);
		if (!gap)
			return false;
		i += gap;
	}
}

static bool is_path(const char *s, size_t len)
{
	while (len) {
		const char *slash = memchr(s, '/', len);
		size_t n = slash ? (size_t) (slash - s) : len;

		if (!is_path_component(s, n))
			return false;
		if (!slash)
			return true;
		s += n + 1;
		len -= n + 1;
	}
	return false;
}

static bool is_port(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char) s[i]))
			return false;
	return len > 0 && len <= 5;
}

static bool is_host(const char *s, size_t len)
{
	if (len > 2 && s[0] == '[' && s[len - 1] == ']') {
		for (size_t i = 1; i < len - 1; i++)
			if (!isxdigit((unsigned char) s[i]) && s[i] != ':')
				return false;
		return true;
	}
	for (size_t i = 0; i < len; i++) {
		bool edge = i == 0 || i == len - 1 || s[i - 1] == '.' || s[i + 1] == '.';

		if (!is_alnum(s[i]) && (edge || (s[i] != '-' && s[i] != '.')))
			return false;
	}
	return len > 0;
}

static bool is_registry(const char *s, size_t len)
{
	const char *colon = memrchr(s, ':', len);

	if (colon && !memchr(colon, ']', (size_t) (s + len - colon)))
		return is_host(s, (size_t) (colon - s)) && is_port(colon + 1, (size_t) (s + len - colon - 1));
	return is_host(s, len);
}

static bool is_tag(const char *s, size_t len)
{
	if (!len || len > TAG_MAX_LEN || s[0] == '.' || s[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(s[i]) && !strchr("_.-", s[i]))
			return false;
	return true;
}

/* "sha256:" and hexadecimal digits. */
static bool is_digest(const char *s)
{
	size_t algorithm = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-_");
	const char *hex = s + algorithm + 1;

	return algorithm && s[algorithm] == ':' && strlen(hex) >= 32 && strspn(hex, "0123456789abcdef") == strlen(hex);
}

/* The parts of a reference, not owned. */
struct parts {
	const char *registry, *path, *tag, *digest;
	size_t registry_len, path_len, tag_len;
};

static bool split(const char *ref, struct parts *p)
{
	const char *at = strchr(ref, '@');
	size_t len = at ? (size_t) (at - ref) : strlen(ref);
	const char *slash = memchr(ref, '/', len);
	const char *tag_colon;

	*p = (struct parts){ .path = ref, .digest = at ? at + 1 : NULL };
	if (slash) {
		size_t n = (size_t) (slash - ref);

		/* "localhost", a dot, a colon or a capital makes the first part a registry. */
		bool host = (n == 9 && !strncmp(ref, "localhost", 9)) || memchr(ref, '.', n) || memchr(ref, ':', n);
		for (size_t i = 0; i < n; i++)
			host = host || isupper((unsigned char) ref[i]);
		if (host) {
			p->registry = ref;
			p->registry_len = n;
			p->path = slash + 1;
		}
	}
	p->path_len = (size_t) (ref + len - p->path);
	tag_colon = memchr(p->path, ':', p->path_len);
	if (tag_colon) {
		p->tag = tag_colon + 1;
		p->tag_len = (size_t) (ref + len - p->tag);
		p->path_len = (size_t) (tag_colon - p->path);
	}
	return (!p->registry || is_registry(p->registry, p->registry_len)) && is_path(p->path, p->path_len) &&
	       p->registry_len + p->path_len <= NAME_MAX_LEN && (!p->tag || is_tag(p->tag, p->tag_len)) &&
	       (!p->digest || is_digest(p->digest));
}

static af_code no_reference(const char *ref, const struct parts *p, struct af_error *err)
{
	bool upper = false;

	for (size_t i = 0; i < p->path_len; i++)
		upper = upper || isupper((unsigned char) p->path[i]);
	error_set(err, AF_ERR_USAGE, "\"%.*s\" is no name of an image", (int) MIN(strlen(ref), (size_t) 300), ref);
	error_hint(err, upper ? "names of images are in lower case" : "write name:tag, or registry/name:tag");
	return AF_ERR_USAGE;
}

af_code docker_reference_parse(const char *ref, char **registry, char **path, char **tag, struct af_error *err)
{
	AUTO_FREE char *r = NULL, *n = NULL, *t = NULL;
	struct parts p;

	if (!split(ref, &p))
		return no_reference(ref, &p, err);
	r = p.registry ? str_ndup(p.registry, p.registry_len, err) : str_dup(DEFAULT_REGISTRY, err);
	n = str_ndup(p.path, p.path_len, err);
	t = p.digest ? str_dup(p.digest, err) : p.tag ? str_ndup(p.tag, p.tag_len, err) : str_dup("latest", err);
	if (!r || !n || !t)
		return AF_ERR_NOMEM;
	if (registry)
		*registry = af_steal(r);
	if (path)
		*path = af_steal(n);
	if (tag)
		*tag = af_steal(t);
	return AF_OK;
}
