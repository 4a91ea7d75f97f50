/* "ssh://user@host:port". */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "ssh/ssh.h"

#define SCHEME "ssh://"

void ssh_url_free(struct ssh_url *url)
{
	free(url->user);
	free(url->host);
	free(url->name);
	memset(url, 0, sizeof(*url));
}

/* Both become words of a command line: neither may look like an option, nor hold what a shell or a pattern would read. */
static bool plain_word(const char *s, const char *besides)
{
	if (!*s || *s == '-')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char) *s) && !strchr(besides, *s))
			return false;
	return true;
}

static af_code bad(const char *text, const char *why, struct af_error *err)
{
	AUTO_STRBUF safe = STRBUF_INIT(STRBUF_LINE);

	text_add_safe(&safe, text, MIN(strlen(text), (size_t) 200), false);
	error_set(err, AF_ERR_USAGE, "\"%s\" is no address of a host: %s", safe.data, why);
	error_hint(err, "write ssh://user@host:port (user and port may be left out), or localhost");
	return AF_ERR_USAGE;
}

/* [at, end) is "host", "host:port" or "[address]:port". False: it is not. */
static bool split_authority(const char *at, const char *end, struct ssh_url *out)
{
	const char *stop = *at == '[' ? memchr(at, ']', (size_t) (end - at)) : memchr(at, ':', (size_t) (end - at));
	const char *behind = stop && *at == '[' ? stop + 1 : stop ? stop : end;
	int64_t port = 0;

	if (*at == '[' && !stop)
		return false;
	if (behind < end) {
		AUTO_FREE char *digits = str_ndup(behind + 1, (size_t) (end - behind - 1), NULL);
		if (*behind != ':' || !digits || !int_parse(digits, 1, 65535, &port))
			return false;
	}
	if (*at == '[')
		out->host = str_ndup(at + 1, (size_t) (stop - at - 1), NULL);
	else
		out->host = str_ndup(at, (size_t) (behind - at), NULL);
	out->port = (int) port;
	return true;
}

af_code ssh_url_parse(const char *text, struct ssh_url *out, struct af_error *err)
{
	AF_AUTO(ssh_url) struct ssh_url url = { 0 };

	if (!str_starts(text, SCHEME))
		return bad(text, "it does not begin with ssh://", err);
	const char *at = text + strlen(SCHEME), *end = at + strlen(at), *user_end = strrchr(at, '@');
	if (end > at && end[-1] == '/')
		end--;
	if (user_end && user_end < end) {
		url.user = str_ndup(at, (size_t) (user_end - at), err);
		if (!url.user)
			return AF_ERR_NOMEM;
		if (strchr(url.user, ':'))
			return bad("ssh://…", "passwords are not taken; use a key", err);
		if (!plain_word(url.user, "_.-+\\"))
			return bad(text, "the user's name makes no sense", err);
		at = user_end + 1;
	}
	if (!split_authority(at, end, &url))
		return bad(text, "its port is a number from 1 to 65535", err);
	if (!url.host)
		return error_nomem(err);
	bool address = strchr(url.host, ':') != NULL;
	if (!plain_word(url.host, address ? ":.%" : "_.-"))
		return bad(text, "the host's name makes no sense", err);
	bool shows_port = url.port && url.port != 22;
	url.name = str_format(err, shows_port && address ? "[%s]" : "%s", url.host);
	if (url.name && shows_port) {
		AUTO_FREE char *host = url.name;
		url.name = str_format(err, "%s:%d", host, url.port);
	}
	if (!url.name)
		return AF_ERR_NOMEM;
	*out = url;
	memset(&url, 0, sizeof(url));
	return AF_OK;
}
