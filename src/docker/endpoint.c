/* Finding the engine. See endpoint.h; the order is that of the docker command (cli/command, `docker context`). */
#include "docker/endpoint.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/path.h"
#include "docker/context.h"
#include "docker/tree.h"

#define DEFAULT_SOCKET "/var/run/docker.sock"

/* Set and not empty, else NULL. */
static const char *env(const char *name)
{
	const char *value = getenv(name);

	return str_blank(value) ? NULL : value;
}

void endpoint_free(struct engine_endpoint *ep)
{
	free(ep->host);
	free(ep->from);
	free(ep->base);
	free(ep->unix_path);
	free(ep->ca);
	free(ep->cert);
	free(ep->key);
	memset(ep, 0, sizeof(*ep));
}

struct http_endpoint endpoint_http(const struct engine_endpoint *ep)
{
	return (struct http_endpoint){
		.base = ep->base,
		.unix_path = ep->unix_path,
		.tls = ep->has_tls ? &ep->tls : NULL,
	};
}

/* ---- configuration ---------------------------------------------------------- */

static char *home_dir(struct af_error *err)
{
	const char *home = env("HOME");
	struct passwd record, *found = NULL;
	char buf[4096];

	if (!home && getpwuid_r(getuid(), &record, buf, sizeof(buf), &found) == 0 && found)
		home = found->pw_dir;
	return str_dup(home ? home : "/", err);
}

char *docker_config_dir(struct af_error *err)
{
	AUTO_FREE char *home = NULL;

	if (env("DOCKER_CONFIG"))
		return str_dup(env("DOCKER_CONFIG"), err);
	home = home_dir(err);
	return home ? path_join(home, ".docker", err) : NULL;
}

af_code docker_config_load(cJSON **out, struct af_error *err)
{
	AUTO_FREE char *dir = docker_config_dir(err);
	AUTO_FREE char *path = dir ? path_join(dir, "config.json", err) : NULL;
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	struct af_error why = AF_ERROR_INIT;
	af_code rc;

	*out = NULL;
	if (!path)
		return AF_ERR_NOMEM;
	rc = file_read(path, &text, &why);
	if (rc != AF_OK) {
		/* Somebody else's unreadable file (sudo, a service user) is as good as none. */
		bool absent = rc == AF_ERR_NOT_FOUND || access(path, R_OK) != 0;

		if (!absent)
			error_move(err, &why);
		af_error_clear(&why);
		return absent ? AF_OK : rc;
	}
	*out = tree_parse(text.data, text.len);
	if (!cJSON_IsObject(*out)) {
		cJSON_Delete(*out);
		*out = NULL;
		error_set(err, AF_ERR_FAILED, "read %s: it is not a JSON object", path);
		error_hint(err, "repair the file, or name the engine with DOCKER_HOST");
		return AF_ERR_FAILED;
	}
	return AF_OK;
}

/* ---- one host string ---------------------------------------------------------- */

static af_code set_unix(const char *path, struct engine_endpoint *out, struct af_error *err)
{
	if (path[0] != '/')
		return error_set(err, AF_ERR_USAGE, "engine address %s: a socket's path begins with a slash", out->host);
	if (strlen(path) >= sizeof(((struct sockaddr_un *) NULL)->sun_path))
		return error_set(err, AF_ERR_USAGE, "engine address %s: a socket's path holds at most 107 bytes",
				 out->host);
	out->unix_path = str_dup(path, err);
	out->base = str_dup("http://docker", err);
	return out->unix_path && out->base ? AF_OK : AF_ERR_NOMEM;
}

/* authority: "host", "host:port", "[::1]:port", perhaps with a path behind it. */
static af_code set_tcp(const char *authority, struct engine_endpoint *out, struct af_error *err)
{
	size_t len = strcspn(authority, "/");
	size_t path_len = strlen(authority);
	const char *bracket = memchr(authority, ']', len);
	const char *from = bracket ? bracket : authority;
	bool has_port = memchr(from, ':', (size_t) (authority + len - from)) != NULL;

	while (path_len > len && authority[path_len - 1] == '/')
		path_len--;
	if (len == 0)
		return error_set(err, AF_ERR_USAGE, "engine address %s: no host in it", out->host);
	out->base = str_format(err, "http%s://%.*s%s%.*s", out->has_tls ? "s" : "", (int) len, authority,
			       has_port ? "" : out->has_tls ? ":2376" : ":2375", (int) (path_len - len), authority + len);
	return out->base ? AF_OK : AF_ERR_NOMEM;
}

/* Reads out->host; TLS is set already. */
static af_code parse_host(struct engine_endpoint *out, struct af_error *err)
{
	const char *host = out->host;

	if (str_starts(host, "unix://"))
		return set_unix(host + 7, out, err);
	if (host[0] == '/')
		return set_unix(host, out, err);
	if (str_starts(host, "tcp://"))
		return set_tcp(host + 6, out, err);
	if (str_starts(host, "http://"))
		return set_tcp(host + 7, out, err);
	if (str_starts(host, "https://")) {
		out->has_tls = true;
		return set_tcp(host + 8, out, err);
	}
	if (str_starts(host, "ssh://")) {
		error_set(err, AF_ERR_UNAVAILABLE, "engine address %s: the local engine is not one behind SSH", host);
		error_hint(err, "name it as a host: `afs run --host %s`, or a line \"host = %s\" in the config file", host, host);
		return AF_ERR_UNAVAILABLE;
	}
	error_set(err, AF_ERR_USAGE, "\"%s\" is no address of an engine", host);
	error_hint(err, "write unix:///path/to/docker.sock or tcp://host:port");
	return AF_ERR_USAGE;
}

/* ---- TLS --------------------------------------------------------------------- */

static af_code tls_file(const char *dir, const char *name, char **out, struct af_error *err)
{
	AUTO_FREE char *path = path_join(dir, name, err);

	if (!path)
		return AF_ERR_NOMEM;
	if (path_exists(path))
		*out = af_steal(path);
	return AF_OK;
}

/* ca.pem, cert.pem and key.pem, as far as they are there. */
static af_code tls_files(const char *dir, struct engine_endpoint *out, struct af_error *err)
{
	af_code rc = tls_file(dir, "ca.pem", &out->ca, err);

	if (rc == AF_OK)
		rc = tls_file(dir, "cert.pem", &out->cert, err);
	if (rc == AF_OK)
		rc = tls_file(dir, "key.pem", &out->key, err);
	return rc;
}

/* DOCKER_TLS_VERIFY (any value): TLS with the server checked; DOCKER_TLS: without that. */
static af_code tls_from_env(struct engine_endpoint *out, struct af_error *err)
{
	AUTO_FREE char *dir = NULL;

	if (!env("DOCKER_TLS_VERIFY") && !env("DOCKER_TLS"))
		return AF_OK;
	dir = env("DOCKER_CERT_PATH") ? str_dup(env("DOCKER_CERT_PATH"), err) : docker_config_dir(err);
	if (!dir)
		return AF_ERR_NOMEM;
	out->has_tls = true;
	out->insecure = !env("DOCKER_TLS_VERIFY");
	return tls_files(dir, out, err);
}

/* ---- where to look ------------------------------------------------------------- */

static af_code use_host(const char *host, const char *from, struct engine_endpoint *out, struct af_error *err)
{
	af_code rc;

	out->host = str_dup(host, err);
	out->from = str_dup(from, err);
	if (!out->host || !out->from)
		return AF_ERR_NOMEM;
	rc = tls_from_env(out, err);
	return rc == AF_OK ? parse_host(out, err) : rc;
}

static af_code use_context(const char *name, struct engine_endpoint *out, struct af_error *err)
{
	AF_AUTO(docker_context) struct docker_context ctx = { 0 };
	AUTO_FREE char *dir = docker_config_dir(err);
	af_code rc;

	if (!dir)
		return AF_ERR_NOMEM;
	rc = context_load(dir, name, &ctx, err);
	if (rc != AF_OK)
		return rc;
	out->from = str_format(err, "context \"%s\"", name);
	out->host = af_steal(ctx.host);
	if (!out->from)
		return AF_ERR_NOMEM;
	if (ctx.tls_dir && !str_starts(out->host, "unix:")) {
		out->has_tls = true;
		out->insecure = ctx.skip_verify;
		rc = tls_files(ctx.tls_dir, out, err);
	}
	return rc == AF_OK ? parse_host(out, err) : rc;
}

enum socket_state { SOCKET_NONE, SOCKET_FORBIDDEN, SOCKET_USABLE };

static enum socket_state socket_state(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return SOCKET_NONE;
	return access(path, R_OK | W_OK) == 0 ? SOCKET_USABLE : SOCKET_FORBIDDEN;
}

static af_code add_candidate(struct strlist *list, const char *dir, const char *name, struct af_error *err)
{
	char *path;

	if (!dir)
		return AF_OK;
	path = path_join(dir, name, err);
	return path ? strlist_take(list, path, err) : AF_ERR_NOMEM;
}

static af_code candidates(struct strlist *list, struct af_error *err)
{
	AUTO_FREE char *home = home_dir(err);
	const char *runtime = env("XDG_RUNTIME_DIR");
	af_code rc = home ? strlist_add(list, DEFAULT_SOCKET, err) : AF_ERR_NOMEM;

	if (rc == AF_OK)
		rc = add_candidate(list, runtime, "docker.sock", err); /* rootless */
	if (rc == AF_OK)
		rc = add_candidate(list, home, ".docker/run/docker.sock", err); /* Docker Desktop, Colima's link */
	if (rc == AF_OK)
		rc = add_candidate(list, home, ".docker/desktop/docker.sock", err);
	if (rc == AF_OK)
		rc = add_candidate(list, runtime, "podman/podman.sock", err);
	return rc == AF_OK ? strlist_add(list, "/run/podman/podman.sock", err) : rc;
}

/* A socket that we may use before one that we may not: a user with a rootless engine is not
 * told about the rights on the system's. */
static af_code use_default(struct engine_endpoint *out, struct af_error *err)
{
	AUTO_STRLIST list = { 0 };
	AUTO_FREE char *host = NULL;
	const char *best = DEFAULT_SOCKET;
	enum socket_state best_state = SOCKET_NONE;
	af_code rc = candidates(&list, err);

	if (rc != AF_OK)
		return rc;
	for (size_t i = 0; i < list.count; i++) {
		enum socket_state state = socket_state(list.items[i]);

		if (state > best_state) {
			best = list.items[i];
			best_state = state;
		}
	}
	host = str_format(err, "unix://%s", best);
	return host ? use_host(host, "default", out, err) : AF_ERR_NOMEM;
}

static af_code resolve(const char *host, struct engine_endpoint *out, struct af_error *err)
{
	AUTO_CJSON *config = NULL;
	const char *context = env("DOCKER_CONTEXT");
	af_code rc;

	if (!str_blank(host))
		return use_host(host, "the caller", out, err);
	if (env("DOCKER_HOST"))
		return use_host(env("DOCKER_HOST"), "DOCKER_HOST", out, err);
	if (!context) {
		rc = docker_config_load(&config, err);
		if (rc != AF_OK)
			return rc;
		context = tree_string(config, "currentContext");
	}
	/* "default" is no stored context: it stands for all of the above being unset. */
	if (!str_blank(context) && strcmp(context, "default") != 0)
		return use_context(context, out, err);
	return use_default(out, err);
}

af_code endpoint_resolve(const char *host, struct engine_endpoint *out, struct af_error *err)
{
	AF_AUTO(endpoint) struct engine_endpoint ep = { 0 };
	af_code rc = resolve(host, &ep, err);

	if (rc != AF_OK)
		return rc;
	ep.tls = (struct http_tls){
		.ca_file = ep.ca, .cert_file = ep.cert, .key_file = ep.key, .insecure = ep.insecure,
	};
	*out = ep;
	memset(&ep, 0, sizeof(ep));
	return AF_OK;
}

af_code endpoint_via(const char *name, const char *unix_path, struct engine_endpoint *out, struct af_error *err)
{
	out->host = str_dup(name, err);
	out->from = str_dup("a host", err);
	return out->host && out->from ? set_unix(unix_path, out, err) : AF_ERR_NOMEM;
}
