/* Logging in. See auth.h. */
#include "ssh/auth.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/bytes.h"
#include "base/path.h"
#include "ssh/keyfile.h"
#include "ssh/known.h"

#define AGENT_ANSWER_MS 3000
#define PASSPHRASE_TRIES 3
/* Servers hang up after six keys (MaxAuthTries); one or two are left for the files. */
#define AGENT_TRIES 4

struct login {
	LIBSSH2_SESSION *session;
	const struct ssh_config *config;
	struct vault *vault;
	struct cancel *cancel;
	struct strlist public_keys; /* of the identity files, in base64 */
	struct strbuf tried, unusable, locked; /* for the message */
	int agent_tries;
	bool in;   /* logged in */
	bool lost; /* the server hung up */
};

static void add_name(struct strbuf *sb, const char *name)
{
	strbuf_adds(sb, sb->len ? ", " : "");
	text_add_safe(sb, name, MIN(strlen(name), (size_t) 200), false);
}

/* Of an attempt: are more worth the while? */
static void judge(struct login *l, int rc)
{
	l->in = rc == 0;
	l->lost = rc == LIBSSH2_ERROR_SOCKET_DISCONNECT || rc == LIBSSH2_ERROR_SOCKET_SEND ||
		  rc == LIBSSH2_ERROR_SOCKET_RECV || rc == LIBSSH2_ERROR_TIMEOUT || rc == LIBSSH2_ERROR_SOCKET_TIMEOUT;
}

static bool over(const struct login *l)
{
	return l->in || l->lost || cancel_requested(l->cancel);
}

/* ---- the agent ------------------------------------------------------------------------------------- */

static const char *agent_path(const struct ssh_config *config)
{
	const char *path = config->agent ? config->agent : getenv("SSH_AUTH_SOCK");

	return str_blank(path) || !strcmp(path, "none") ? NULL : path;
}

/* One that is forwarded from a machine that is gone takes questions and never answers; libssh2 would wait for ever. */
bool auth_agent_answers(const char *path)
{
	static const unsigned char list_identities[] = { 0, 0, 0, 1, 11 };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char byte;

	if (fd < 0 || strlen(path) >= sizeof(at.sun_path))
		return false;
	memcpy(at.sun_path, path, strlen(path));
	return connect(fd, (struct sockaddr *) &at, sizeof(at)) == 0 &&
	       send(fd, list_identities, sizeof(list_identities), MSG_NOSIGNAL) == sizeof(list_identities) &&
	       poll(&pfd, 1, AGENT_ANSWER_MS) > 0 && recv(fd, &byte, 1, 0) == 1;
}

static bool is_configured(const struct login *l, const struct libssh2_agent_publickey *id)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);

	base64_add(&text, id->blob, id->blob_len, false);
	return strlist_has(&l->public_keys, text.data);
}

static void try_identity(struct login *l, LIBSSH2_AGENT *agent, struct libssh2_agent_publickey *id)
{
	AUTO_FREE char *type = key_blob_type((const char *) id->blob, id->blob_len);
	AUTO_FREE char *name = str_format(NULL, "%s (agent)", str_blank(id->comment) ? type : id->comment);

	if (!type || !name)
		return;
	if (!key_type_usable(type)) {
		add_name(&l->unusable, name);
		return;
	}
	add_name(&l->tried, name);
	l->agent_tries++;
	judge(l, libssh2_agent_userauth(agent, l->config->user, id));
}

/* Those that the configuration names first: servers do not listen for long. */
static void try_agent(struct login *l, bool configured)
{
	const char *path = agent_path(l->config);
	LIBSSH2_AGENT *agent = path && auth_agent_answers(path) ? libssh2_agent_init(l->session) : NULL;
	struct libssh2_agent_publickey *id = NULL;

	if (!agent)
		return;
	libssh2_agent_set_identity_path(agent, path);
	if (libssh2_agent_connect(agent) == 0 && libssh2_agent_list_identities(agent) == 0)
		while (!over(l) && l->agent_tries < AGENT_TRIES && libssh2_agent_get_identity(agent, &id, id) == 0)
			if (is_configured(l, id) == configured)
				try_identity(l, agent, id);
	libssh2_agent_disconnect(agent);
	libssh2_agent_free(agent);
}

/* ---- key files --------------------------------------------------------------------------------------- */

static void note_public_key(struct login *l, const char *file)
{
	AUTO_FREE char *path = str_format(NULL, "%s.pub", file);
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);

	if (!path || file_read(path, &text, NULL))
		return;
	char *key = strchr(text.data, ' ');
	if (!key)
		return;
	key++;
	key[strcspn(key, " \r\n")] = '\0';
	if (strlist_add(&l->public_keys, key, NULL))
		return;
}

static int offer_file(struct login *l, const char *file, const char *passphrase)
{
	return libssh2_userauth_publickey_fromfile_ex(l->session, l->config->user, (unsigned) strlen(l->config->user), NULL,
						      file, passphrase);
}

static void try_locked(struct login *l, const char *file)
{
	for (int i = 0; i < PASSPHRASE_TRIES && !over(l); i++) {
		AUTO_SECRET_TEXT *passphrase = NULL;
		if (!vault_get(l->vault, file, i > 0, l->cancel, &passphrase))
			break;
		int rc = offer_file(l, file, passphrase);
		judge(l, rc);
		if (rc != LIBSSH2_ERROR_FILE) { /* it was opened */
			add_name(&l->tried, file);
			return;
		}
	}
	add_name(&l->locked, file);
}

static void try_file(struct login *l, const char *file, bool encrypted)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);
	struct key_info info;

	if (file_read(file, &text, NULL))
		return;
	bool is_key = key_file_read(text.data, text.len, &info);
	explicit_bzero(text.data, text.len);
	if (!is_key || info.encrypted != encrypted)
		return;
	if (!key_type_usable(info.type)) {
		add_name(&l->unusable, file);
	} else if (encrypted) {
		try_locked(l, file);
	} else {
		add_name(&l->tried, file);
		judge(l, offer_file(l, file, NULL));
	}
}

/* ---- what came of it ---------------------------------------------------------------------------------- */

static af_code refused(const struct login *l, bool *final, struct af_error *err)
{
	const struct ssh_config *c = l->config;
	af_code rc = cancel_check(l->cancel, err);

	if (rc)
		return rc;
	*final = !l->lost || l->tried.len > 0;
	if (l->lost && !l->tried.len)
		return error_set(err, AF_ERR_UNREACHABLE, "the connection broke while logging in");
	error_set(err, AF_ERR_UNREACHABLE, "no key was accepted for user %s%s%s%s%s%s%s%s%s%s", c->user,
		  l->tried.len ? "; tried: " : "", l->tried.data,
		  l->unusable.len ? "; not usable: " : "", l->unusable.data,
		  l->unusable.len ? " (RSA, DSA and token keys)" : "",
		  l->locked.len ? "; locked by a passphrase: " : "", l->locked.data,
		  !l->tried.len && !l->unusable.len && !l->locked.len ? ": there is none" : "",
		  l->lost ? "; then the server hung up" : "");
	if (l->locked.len)
		error_hint(err, "load the key into the agent: ssh-add %.*s", (int) strcspn(l->locked.data, ","), l->locked.data);
	else if (l->unusable.len)
		error_hint(err, "use an ed25519 key: ssh-keygen -t ed25519, then ssh-copy-id -i ~/.ssh/id_ed25519.pub -p %d %s@%s",
			   c->port, c->user, c->hostname);
	else if (l->lost)
		error_hint(err, "name the right key in ~/.ssh/config: IdentityFile and IdentitiesOnly yes");
	else
		error_hint(err, "%sallow your key there: ssh-copy-id -p %d %s@%s", l->tried.len ? "" : "make a key (ssh-keygen -t ed25519) and ",
			   c->port, c->user, c->hostname);
	return AF_ERR_UNREACHABLE;
}

static af_code try_all(struct login *l, bool *final, struct af_error *err)
{
	const struct strlist *files = &l->config->identities;

	for (size_t i = 0; i < files->count; i++)
		note_public_key(l, files->items[i]);
	try_agent(l, true);
	for (int encrypted = 0; encrypted < 2; encrypted++) {
		for (size_t i = 0; i < files->count && !over(l); i++)
			try_file(l, files->items[i], encrypted);
		if (!encrypted && !over(l) && !l->config->identities_only)
			try_agent(l, false);
	}
	return l->in ? AF_OK : refused(l, final, err);
}

af_code auth_login(LIBSSH2_SESSION *session, const struct ssh_config *config, struct vault *vault,
		   struct cancel *cancel, bool *final, struct af_error *err)
{
	const char *ways = libssh2_userauth_list(session, config->user, (unsigned) strlen(config->user));

	if (!ways && libssh2_userauth_authenticated(session))
		return AF_OK;
	if (!ways)
		return error_set(err, AF_ERR_UNREACHABLE, "the connection broke while logging in");
	if (!strstr(ways, "publickey")) {
		*final = true;
		error_set(err, AF_ERR_UNREACHABLE, "the server takes no keys, only: %s", ways);
		error_hint(err, "set PubkeyAuthentication yes in its sshd_config");
		return AF_ERR_UNREACHABLE;
	}
	struct login l = { .session = session, .config = config, .vault = vault, .cancel = cancel,
			   .tried = STRBUF_INIT(STRBUF_LINE), .unusable = STRBUF_INIT(STRBUF_LINE),
			   .locked = STRBUF_INIT(STRBUF_LINE) };
	af_code rc = try_all(&l, final, err);
	strlist_free(&l.public_keys);
	strbuf_free(&l.tried);
	strbuf_free(&l.unusable);
	strbuf_free(&l.locked);
	return rc;
}
