/* ssh: addresses, what `ssh -G` prints, known_hosts, private key files. The first byte chooses. */
#include <stdlib.h>
#include <string.h>

#include "ssh/config.h"
#include "ssh/keyfile.h"
#include "ssh/known.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken may stand in a command line. */
static void check_url(const char *text)
{
	AF_AUTO(ssh_url) struct ssh_url url = { 0 };

	if (ssh_url_parse(text, &url, NULL) != AF_OK)
		return;
	if (!*url.host || *url.host == '-' || strpbrk(url.host, " \t\n;$`'\"/@") || url.port < 0 || url.port > 65535)
		abort();
	if (url.user && (!*url.user || *url.user == '-' || strpbrk(url.user, " \t\n;$`'\":@")))
		abort();
}

static void check_config(const char *text)
{
	AF_AUTO(ssh_config) struct ssh_config config = { .port = 22 };

	if (ssh_config_parse(text, "/home/me", "/root", &config, NULL))
		return;
	if (config.port < 1 || config.port > 65535)
		abort();
}

static void check_known(const char *text)
{
	AF_AUTO(known_keys) struct known_keys keys = { 0 };
	AUTO_STRBUF order = STRBUF_INIT(STRBUF_LINE);

	if (known_keys_read(text, "file", "gpu-a", 2222, &keys, NULL))
		return;
	known_keys_order(&keys, &order);
	for (size_t i = 0; i < keys.count; i++) {
		enum known_verdict v = known_keys_check(&keys, keys.items[i].blob, keys.items[i].len, NULL);
		if (v != KNOWN_SAME && v != KNOWN_REVOKED)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct key_info info;

	if (!size)
		return 0;
	AUTO_FREE char *text = str_ndup((const char *) data + 1, strnlen((const char *) data + 1, size - 1), NULL);
	if (!text)
		return 0;
	switch (*data) {
	case 'u': check_url(text); break;
	case 'c': check_config(text); break;
	case 'k': check_known(text); break;
	default: key_file_read((const char *) data + 1, size - 1, &info);
	}
	return 0;
}
