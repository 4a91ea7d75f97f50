/* The user's keys. See keys.h. */
#include "ssh/keys.h"

#include "base/path.h"
#include "ssh/auth.h"
#include "ssh/keyfile.h"

void ssh_keys_find(struct strbuf *usable, struct strbuf *unusable)
{
	static const char *const names[] = { "id_ed25519", "id_ecdsa", "id_rsa", "id_dsa", "id_ed25519_sk", "id_ecdsa_sk" };
	const char *home = getenv("HOME"), *agent = getenv("SSH_AUTH_SOCK");

	for (size_t i = 0; home && i < ARRAY_LEN(names); i++) {
		AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);
		AUTO_FREE char *path = str_format(NULL, "%s/.ssh/%s", home, names[i]);
		struct key_info info;
		if (!path || file_read(path, &text, NULL) || !key_file_read(text.data, text.len, &info))
			continue;
		struct strbuf *list = key_type_usable(info.type) ? usable : unusable;
		strbuf_addf(list, "%s%s%s", list->len ? ", " : "", path, info.encrypted ? " (with a passphrase)" : "");
	}
	if (!str_blank(agent) && auth_agent_answers(agent))
		strbuf_addf(usable, "%sthe agent", usable->len ? ", " : "");
}
