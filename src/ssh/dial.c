/* Making a connection. See dial.h. */
#include "ssh/dial.h"

#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "ssh/auth.h"
#include "ssh/known.h"

#define CONNECT_MS 10000
/* Of one step: the greeting and the exchange of keys, one answer while logging in. */
#define STEP_MS 15000
#define ALIVE_S 5
/* For one that was let go of to end: most do at once. */
#define LINGER_S 2
#define CIPHERS "aes128-ctr,aes192-ctr,aes256-ctr"

struct dial {
	atomic_int refs; /* the thread's and the owner's */
	pthread_mutex_t lock; /* held while `done` runs */
	pthread_t telling;    /* who holds it then */
	atomic_bool told;
	bool released, finished;
	pthread_cond_t end;
	struct cancel *cancel;
	struct ssh_url url;
	struct vault *vault;
	dial_done_fn done;
	void *arg;
};

static void unref(struct dial *d)
{
	if (atomic_fetch_sub(&d->refs, 1) != 1)
		return;
	ssh_url_free(&d->url);
	vault_unref(d->vault);
	cancel_free(d->cancel);
	pthread_cond_destroy(&d->end);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* With the lock held. */
static void await_end(struct dial *d)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LINGER_S;
	while (!d->finished && pthread_cond_timedwait(&d->end, &d->lock, &until) == 0)
		;
}

void dial_release(struct dial *d)
{
	if (!d)
		return;
	if (!atomic_load(&d->told) || !pthread_equal(d->telling, pthread_self())) {
		cancel_trigger(d->cancel);
		pthread_mutex_lock(&d->lock);
		d->released = true;
		await_end(d);
		pthread_mutex_unlock(&d->lock);
	}
	unref(d);
}

void connection_close(struct connection *c)
{
	if (c->session) {
		libssh2_session_disconnect(c->session, "closed");
		if (c->wire.fd >= 0)
			shutdown(c->wire.fd, SHUT_RDWR);
		/* Channels that are open want to hear of their end; the socket tells each that there is none to come. */
		for (int i = 0; i < 1000 && libssh2_session_free(c->session) == LIBSSH2_ERROR_EAGAIN; i++)
			;
	}
	c->session = NULL;
	wire_close(&c->wire);
}

/* ---- the server's key -------------------------------------------------------------------------------- */

static void fingerprint(LIBSSH2_SESSION *session, struct strbuf *out)
{
	const char *hash = libssh2_hostkey_hash(session, LIBSSH2_HOSTKEY_HASH_SHA256);

	strbuf_adds(out, "SHA256:");
	if (hash)
		base64_add(out, hash, 32, false);
	while (out->len && out->data[out->len - 1] == '=')
		strbuf_truncate(out, out->len - 1);
}

/* As the user would write it for ssh-keyscan. */
static char *scan_words(const struct ssh_config *config, const char *type)
{
	const char *kind = type && str_starts(type, "ecdsa") ? "ecdsa" : type && !strcmp(type, "ssh-rsa") ? "rsa" : "ed25519";

	if (config->port == 22)
		return str_format(NULL, "ssh-keyscan -t %s %s", kind, config->hostname);
	return str_format(NULL, "ssh-keyscan -t %s -p %d %s", kind, config->port, config->hostname);
}

static af_code unknown_key(const struct ssh_config *config, const struct known_keys *keys, const char *type,
			   const char *print, struct af_error *err)
{
	AUTO_FREE char *scan = scan_words(config, type);
	const char *file = config->known_hosts.count ? config->known_hosts.items[0] : "~/.ssh/known_hosts";

	error_set(err, AF_ERR_UNREACHABLE, "the host key of %s is not known%s; it is %s %s", config->hostname,
		  keys->count ? " (only of a type that it did not show)" : "", type, print);
	error_hint(err, "if its owner confirms that fingerprint, accept it: %s >> %s%s", scan, file,
		   config->proxy_jump || config->proxy_command ? " (from a machine that sees it), or connect once with ssh" : "");
	return AF_ERR_UNREACHABLE;
}

static af_code check_host_key(LIBSSH2_SESSION *session, const struct ssh_config *config, const struct known_keys *keys,
			      struct af_error *err)
{
	AUTO_STRBUF print = STRBUF_INIT(256);
	const struct known_key *line = NULL;
	size_t len = 0;
	int libssh2_type;
	const char *blob = libssh2_session_hostkey(session, &len, &libssh2_type);
	AUTO_FREE char *type = blob ? key_blob_type(blob, len) : NULL;
	const char *alias = config->alias ? config->alias : config->hostname;
	AUTO_FREE char *name = config->alias || config->port == 22 ? str_dup(alias, err)
								     : str_format(err, "[%s]:%d", alias, config->port);

	if (!name)
		return AF_ERR_NOMEM;
	if (!type)
		return error_set(err, AF_ERR_PROTOCOL, "%s showed no host key", config->hostname);
	fingerprint(session, &print);
	switch (known_keys_check(keys, blob, len, &line)) {
	case KNOWN_SAME:
		return AF_OK;
	case KNOWN_NEW:
		return unknown_key(config, keys, type, print.data, err);
	case KNOWN_CHANGED:
		error_set(err, AF_ERR_UNREACHABLE, "the host key of %s has CHANGED: it is now %s %s, and %s says otherwise; "
			  "somebody may be listening in", config->hostname, type, print.data, line->where);
		error_hint(err, "ask its owner; if the new key is right: ssh-keygen -R \"%s\", and accept it anew", name);
		return AF_ERR_UNREACHABLE;
	case KNOWN_REVOKED:
		break;
	}
	error_set(err, AF_ERR_UNREACHABLE, "the host key of %s is revoked (%s)", config->hostname, line->where);
	error_hint(err, "ask its owner for a new one");
	return AF_ERR_UNREACHABLE;
}

/* ---- the steps ----------------------------------------------------------------------------------------- */

static void shut(void *arg)
{
	shutdown(((const struct wire *) arg)->fd, SHUT_RDWR);
}

static af_code load_known_keys(const struct ssh_config *config, struct known_keys *keys, struct af_error *err)
{
	AUTO_FREE char *name = str_dup(config->alias ? config->alias : config->hostname, err);

	if (!name)
		return AF_ERR_NOMEM;
	for (char *p = name; *p; p++)
		*p = (char) tolower((unsigned char) *p);
	return known_keys_load(&config->known_hosts, name, config->alias ? 22 : config->port, keys, err);
}

/* What libssh2 says, or the child that should have led there. */
static af_code no_handshake(struct connection *c, struct af_error *err)
{
	AUTO_FREE char *words = wire_words(&c->wire);
	AUTO_STRBUF safe = STRBUF_INIT(STRBUF_LINE);
	char *why = NULL;

	libssh2_session_last_error(c->session, &why, NULL, 0);
	if (words)
		why = words;
	text_add_safe(&safe, why ? why : "", why ? MIN(strlen(why), (size_t) 500) : 0, false);
	error_set(err, AF_ERR_UNREACHABLE, words ? "the way there: %s" : "SSH handshake: %s",
		  safe.len ? safe.data : "the connection broke");
	return AF_ERR_UNREACHABLE;
}

static af_code handshake(struct connection *c, const struct ssh_config *config, bool *final, struct af_error *err)
{
	AF_AUTO(known_keys) struct known_keys keys = { 0 };
	AUTO_STRBUF order = STRBUF_INIT(STRBUF_LINE);
	af_code rc = load_known_keys(config, &keys, err);

	if (rc)
		return rc;
	c->session = libssh2_session_init();
	known_keys_order(&keys, &order);
	if (!c->session || strbuf_check(&order, NULL))
		return error_nomem(err);
	libssh2_session_method_pref(c->session, LIBSSH2_METHOD_HOSTKEY, order.data);
	/* libssh2 works through a packet block by block, and what counts is how long one takes: fewer rounds are faster. */
	libssh2_session_method_pref(c->session, LIBSSH2_METHOD_CRYPT_CS, CIPHERS);
	libssh2_session_method_pref(c->session, LIBSSH2_METHOD_CRYPT_SC, CIPHERS);
	libssh2_session_set_blocking(c->session, 1);
	libssh2_session_set_timeout(c->session, STEP_MS);
	if (libssh2_session_handshake(c->session, c->wire.fd))
		return no_handshake(c, err);
	rc = check_host_key(c->session, config, &keys, err);
	*final = rc != AF_OK;
	return rc;
}

static af_code log_in(struct dial *d, struct connection *c, const struct ssh_config *config, bool *final,
		      struct af_error *err)
{
	af_code rc = auth_login(c->session, config, d->vault, d->cancel, final, err);

	if (rc)
		return rc;
	libssh2_session_set_blocking(c->session, 0);
	c->alive_interval_s = config->alive_interval_s ? config->alive_interval_s : ALIVE_S;
	libssh2_keepalive_config(c->session, 0, (unsigned) c->alive_interval_s);
	return AF_OK;
}

static af_code connect_all(struct dial *d, struct connection *c, bool *final, struct af_error *err)
{
	AF_AUTO(ssh_config) struct ssh_config config = { 0 };
	struct cancel_waker waker = { .wake = shut, .arg = &c->wire };
	af_code rc = ssh_config_load(&d->url, d->cancel, &config, err);

	if (rc) {
		*final = true;
		return rc;
	}
	deadline until = deadline_in(config.connect_timeout_s ? (int64_t) config.connect_timeout_s * 1000 : CONNECT_MS);
	rc = wire_open(&config, until, d->cancel, &c->wire, err);
	if (rc)
		return rc;
	cancel_watch(d->cancel, &waker);
	rc = handshake(c, &config, final, err);
	if (!rc)
		rc = log_in(d, c, &config, final, err);
	cancel_unwatch(d->cancel, &waker);
	return rc;
}

static void *run(void *arg)
{
	struct dial *d = arg;
	struct dial_result result = { .connection = { .wire = WIRE_INIT } };

	result.rc = connect_all(d, &result.connection, &result.final, &result.err);
	if (result.rc)
		connection_close(&result.connection);
	pthread_mutex_lock(&d->lock);
	if (!d->released) {
		d->telling = pthread_self();
		atomic_store(&d->told, true);
		d->done(d->arg, &result);
	} else if (!result.rc) {
		connection_close(&result.connection);
	}
	af_error_clear(&result.err);
	d->finished = true;
	pthread_cond_broadcast(&d->end);
	pthread_mutex_unlock(&d->lock);
	unref(d);
	return NULL;
}

static void set_up_libssh2(void)
{
	/* It can only fail for want of memory, and then so does all that follows. */
	if (libssh2_init(0))
		return;
}

static af_code start_thread(struct dial *d, struct af_error *err)
{
	pthread_t thread;
	sigset_t all, before;

	/* Signals belong to the program. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&thread, NULL, run, d);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed)
		return error_errno(err, AF_ERR_FAILED, failed, "start a thread");
	pthread_detach(thread);
	return AF_OK;
}

struct dial *dial_start(const struct ssh_url *url, struct vault *vault, dial_done_fn done, void *arg, struct af_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct dial *d = calloc(1, sizeof(*d));

	if (!d) {
		error_nomem(err);
		return NULL;
	}
	pthread_once(&once, set_up_libssh2);
	atomic_init(&d->refs, 2);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->end, NULL);
	d->vault = vault_ref(vault);
	d->done = done;
	d->arg = arg;
	d->url = (struct ssh_url){ .user = url->user ? str_dup(url->user, err) : NULL, .host = str_dup(url->host, err),
				   .port = url->port };
	d->cancel = cancel_new(err);
	if (d->url.host && (!url->user || d->url.user) && d->cancel && !start_thread(d, err))
		return d;
	atomic_store(&d->refs, 1);
	unref(d);
	return NULL;
}
