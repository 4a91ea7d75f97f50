/* From an engine's refusal to an error. See answer.h. */
#include "docker/answer.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "docker/tree.h"

/* Of a message; more is some proxy's web page. */
#define MESSAGE_MAX 4096

struct verdict {
	const char *part; /* of the message, lower case */
	af_code code;     /* AF_OK: as the status says */
	const char *hint;
};

static const struct verdict verdicts[] = {
	{ "no space left on device", AF_OK,
	  "the engine's disk is full: `docker system df` shows what takes the space, `docker system prune` frees some" },
	{ "client version ", AF_ERR_UNAVAILABLE, "unset DOCKER_API_VERSION to let the versions be negotiated" },
	{ "client sent an http request to an https server", AF_ERR_UNREACHABLE,
	  "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH for this engine" },
	{ "cannot connect to the docker daemon", AF_ERR_UNREACHABLE, NULL },
};

#define LOGIN_HINT "log in with `docker login REGISTRY`; check that the account may use this repository"
#define NETWORK_HINT "the engine's host cannot reach the registry: check its network, DNS and proxy settings"

static const struct verdict registry_verdicts[] = {
	{ "no space left on device", AF_OK,
	  "the engine's disk is full: `docker system df` shows what takes the space, `docker system prune` frees some" },
	{ "does not exist locally", AF_ERR_NOT_FOUND, "the engine has no image of that name: build or pull it first" },
	{ "pull access denied", AF_ERR_NOT_FOUND, "check the name; a private image needs `docker login` first" },
	{ "manifest unknown", AF_ERR_NOT_FOUND, "the repository has no such tag" },
	{ "repository does not exist", AF_ERR_NOT_FOUND, "check the name" },
	{ "no basic auth credentials", AF_ERR_FAILED, LOGIN_HINT },
	{ "unauthorized", AF_ERR_FAILED, LOGIN_HINT },
	{ "denied", AF_ERR_FAILED, LOGIN_HINT },
	{ "toomanyrequests", AF_ERR_FAILED, "the registry limits pulls: wait, or log in with `docker login`" },
	{ "no such host", AF_ERR_UNREACHABLE, NETWORK_HINT },
	{ "dial tcp", AF_ERR_UNREACHABLE, NETWORK_HINT },
	{ "i/o timeout", AF_ERR_UNREACHABLE, NETWORK_HINT },
	{ "awaiting headers", AF_ERR_UNREACHABLE, NETWORK_HINT },
	{ "server gave http response to https client", AF_ERR_UNREACHABLE,
	  "the registry speaks plain HTTP: add it to the engine's \"insecure-registries\"" },
	{ "x509: ", AF_ERR_UNREACHABLE, "the engine does not trust the registry's certificate" },
};

static const struct verdict *find(const struct verdict *table, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcasestr(text, table[i].part))
			return &table[i];
	return NULL;
}

static af_code fail(const struct verdict *verdict, af_code code, const char *text, struct af_error *err)
{
	AUTO_STRBUF safe = STRBUF_INIT(STRBUF_TEXT);
	size_t len = strnlen(text, MESSAGE_MAX);

	while (len && (text[len - 1] == '\n' || text[len - 1] == ' ' || text[len - 1] == '\r'))
		len--;
	text_add_safe(&safe, text, len, true);
	if (verdict && verdict->code)
		code = verdict->code;
	error_set(err, code, "%s", safe.len ? safe.data : "the engine gave no reason");
	if (verdict && verdict->hint)
		error_hint(err, "%s", verdict->hint);
	return code;
}

af_code answer_fail(af_code code, const char *text, struct af_error *err)
{
	return fail(find(verdicts, ARRAY_LEN(verdicts), text), code, text, err);
}

af_code answer_registry(af_code code, const char *text, struct af_error *err)
{
	return fail(find(registry_verdicts, ARRAY_LEN(registry_verdicts), text), code, text, err);
}

static af_code code_of(long status)
{
	switch (status) {
	case 400:
		return AF_ERR_USAGE;
	case 404:
		return AF_ERR_NOT_FOUND;
	case 409:
		return AF_ERR_EXISTS;
	case 501:
	case 503:
		return AF_ERR_UNAVAILABLE;
	default:
		return AF_ERR_FAILED;
	}
}

/* {"message":"…"}; podman has "cause" beside it, which the message repeats. Old engines and proxies send text. */
af_code answer_check(const struct http_response *resp, struct af_error *err)
{
	AUTO_CJSON *tree = NULL;
	const char *message;

	/* Engines redirect only from paths that name nothing ("//", ".."); 304 is "is so already". */
	if (resp->status >= 300 && resp->status < 400 && resp->status != 304)
		return error_set(err, AF_ERR_NOT_FOUND, "the engine has nothing of that name");
	if (resp->status < 400)
		return AF_OK;
	tree = tree_parse(resp->body.data, resp->body.len);
	message = tree_string(tree, "message");
	if (!message && !strncmp(resp->content_type, "text/html", 9))
		return error_set(err, AF_ERR_PROTOCOL, "a web server answered (HTTP %ld), not a container engine",
				 resp->status);
	if (!message && resp->body.len == 0)
		return error_set(err, code_of(resp->status), "the engine refused (HTTP %ld)", resp->status);
	return answer_fail(code_of(resp->status), message ? message : resp->body.data, err);
}

static const char *socket_hint(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return "no engine is running here: start it (`sudo systemctl start docker`), install one (docker.io, podman), "
		       "or set DOCKER_HOST";
	if (access(path, R_OK | W_OK) != 0)
		return "you may not use this socket: `sudo usermod -aG docker $USER` and log in again, or use sudo";
	return "the socket is there but no engine listens on it: `sudo systemctl start docker`";
}

af_code answer_transport(af_code rc, const struct engine_endpoint *ep, struct af_error *err)
{
	if (rc == AF_ERR_UNREACHABLE && ep->unix_path)
		error_hint(err, "%s", socket_hint(ep->unix_path));
	else if (rc == AF_ERR_UNREACHABLE && ep->has_tls)
		error_hint(err, "check the engine at %s (named by %s), its certificates and yours (DOCKER_CERT_PATH)", ep->host,
			   ep->from);
	else if (rc == AF_ERR_UNREACHABLE)
		error_hint(err, "is a container engine listening at %s (named by %s)? If it wants TLS, set DOCKER_TLS_VERIFY=1",
			   ep->host, ep->from);
	else if (rc == AF_ERR_PROTOCOL)
		error_hint(err, "is a container engine listening at %s (named by %s)?", ep->host, ep->from);
	else if (rc == AF_ERR_TIMEOUT)
		error_hint(err, "the engine is overloaded or hangs: `docker info` should answer at once");
	return rc;
}
