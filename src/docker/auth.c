/*
 * Credentials. See auth.h.
 *
 * config.json names a helper for the registry (credHelpers), else one for all (credsStore), else holds them itself
 * (auths). Helpers: https://github.com/docker/docker-credential-helpers, "get" with the server on stdin.
 */
#include "docker/auth.h"

#include <string.h>

#include "base/bytes.h"
#include "base/process.h"
#include "docker/endpoint.h"
#include "docker/tree.h"

/* Docker Hub goes by this name in config.json and in credential stores. */
#define HUB "docker.io"
#define HUB_KEY "https://index.docker.io/v1/"

#define HELPER_TIMEOUT_MS 20000
#define SECRET_MAX 65536

struct credentials {
	struct strbuf user, password, identity_token, registry_token;
};

static void credentials_cleanup(struct credentials *c)
{
	auth_secret_cleanup(&c->user);
	auth_secret_cleanup(&c->password);
	auth_secret_cleanup(&c->identity_token);
	auth_secret_cleanup(&c->registry_token);
}

void auth_wipe(struct strbuf *sb)
{
	if (sb->size)
		explicit_bzero(sb->data, sb->size);
	strbuf_reset(sb);
}

static void wipe_tree(cJSON *tree)
{
	cJSON *child;

	if (cJSON_IsString(tree))
		explicit_bzero(tree->valuestring, strlen(tree->valuestring));
	cJSON_ArrayForEach(child, tree)
		wipe_tree(child);
}

static void secret_tree_cleanup(cJSON **tree)
{
	if (*tree)
		wipe_tree(*tree);
	cJSON_Delete(*tree);
}
#define AUTO_SECRET_CJSON AF_AUTO(secret_tree) cJSON

static void put(struct strbuf *to, const char *value)
{
	strbuf_reset(to);
	if (value)
		strbuf_adds(to, value);
}

/* ---- config.json --------------------------------------------------------------------- */

/* "https://reg.example.com/v1/" → "reg.example.com": old files have URLs as keys. */
static bool same_server(const char *key, const char *server)
{
	const char *host = key;
	size_t len;

	if (!strcmp(key, server))
		return true;
	if (str_starts(host, "https://"))
		host += 8;
	else if (str_starts(host, "http://"))
		host += 7;
	len = strcspn(host, "/");
	return len == strlen(server) && !strncmp(host, server, len);
}

static void from_entry(const cJSON *entry, struct credentials *c)
{
	AUTO_SECRET plain = STRBUF_INIT(SECRET_MAX);
	const char *auth = tree_string(entry, "auth");
	const char *colon;

	put(&c->user, tree_string(entry, "username"));
	put(&c->password, tree_string(entry, "password"));
	put(&c->identity_token, tree_string(entry, "identitytoken"));
	put(&c->registry_token, tree_string(entry, "registrytoken"));
	if (str_blank(auth) || !base64_decode(&plain, auth, strlen(auth)))
		return;
	colon = memchr(plain.data, ':', plain.len);
	if (!colon)
		return;
	strbuf_reset(&c->user);
	strbuf_add(&c->user, plain.data, (size_t) (colon - plain.data));
	put(&c->password, colon + 1);
}

static void from_file(const cJSON *config, const char *server, struct credentials *c)
{
	const cJSON *entry, *found = NULL;

	cJSON_ArrayForEach(entry, tree_get(config, "auths"))
		if (!found && entry->string && same_server(entry->string, server))
			found = entry;
	if (found)
		from_entry(found, c);
}

/* ---- helpers --------------------------------------------------------------------------- */

/* It becomes part of a program's name: nothing that leads elsewhere. */
static bool is_helper_name(const char *name)
{
	return *name && !strchr(name, '/') && strlen(name) < 100;
}

static void wipe_result(struct process_result *result)
{
	auth_wipe(&result->out);
	process_result_free(result);
}

static void helper_result_cleanup(struct process_result *result)
{
	wipe_result(result);
}

/* "credentials not found in native keychain" and the like are no failure. */
static bool has_none(const struct process_result *result)
{
	return strcasestr(result->out.data, "not found") || strcasestr(result->out.data, "no credentials");
}

static af_code read_answer(const char *program, const struct process_result *result, struct credentials *c,
			   struct af_error *err)
{
	AUTO_SECRET_CJSON *tree = tree_parse(result->out.data, result->out.len);
	const char *user = tree_string(tree, "Username");
	const char *secret = tree_string(tree, "Secret");

	if (!user || !secret)
		return error_set(err, AF_ERR_FAILED, "credential helper %s answered with something else than credentials",
				 program);
	/* A token is marked by its user's name. */
	if (!strcmp(user, "<token>")) {
		put(&c->identity_token, secret);
	} else {
		put(&c->user, user);
		put(&c->password, secret);
	}
	return AF_OK;
}

static af_code from_helper(const char *name, const char *server, struct cancel *cancel, struct credentials *c,
			   struct af_error *err)
{
	AUTO_FREE char *program = str_format(err, "docker-credential-%s", name);
	const char *argv[] = { program, "get", NULL };
	struct process_spec spec = {
		.argv = argv,
		.input = server,
		.input_len = strlen(server),
		.timeout_ms = HELPER_TIMEOUT_MS,
		.max_output = SECRET_MAX,
		.cancel = cancel,
	};
	AF_AUTO(helper_result) struct process_result result = { .out = STRBUF_INIT(0), .err = STRBUF_INIT(0) };
	af_code rc;

	if (!program)
		return AF_ERR_NOMEM;
	if (!is_helper_name(name))
		return error_set(err, AF_ERR_FAILED, "the docker configuration names no sensible credential helper");
	rc = process_run(&spec, &result, err);
	if (rc != AF_OK)
		return error_wrap(err, rc == AF_ERR_NOT_FOUND ? AF_ERR_FAILED : rc, "credential helper %s", program);
	if (result.status == 0)
		return read_answer(program, &result, c, err);
	if (has_none(&result))
		return AF_OK;
	/* What it printed may hold anything: it is not repeated. */
	error_set(err, AF_ERR_FAILED, "credential helper %s failed (status %d)", program, result.status);
	error_hint(err, "`echo %s | %s get` shows why", server, program);
	return AF_ERR_FAILED;
}

/* ---- the header -------------------------------------------------------------------------- */

static af_code find(const char *server, struct cancel *cancel, struct credentials *c, struct af_error *err)
{
	AUTO_SECRET_CJSON *config = NULL;
	const char *helper;
	af_code rc = docker_config_load(&config, err);

	if (rc != AF_OK)
		return rc;
	helper = tree_string(tree_get(config, "credHelpers"), !strcmp(server, HUB_KEY) ? HUB : server);
	if (!helper)
		helper = tree_string(tree_get(config, "credHelpers"), server);
	if (str_blank(helper))
		helper = tree_string(config, "credsStore");
	if (!str_blank(helper))
		return from_helper(helper, server, cancel, c, err);
	from_file(config, server, c);
	return AF_OK;
}

static bool add_member(cJSON *record, const char *key, const struct strbuf *value)
{
	return !value->len || tree_add_string(record, key, value->data);
}

/* base64url with its padding, without which engines do not take it. */
static af_code encode(cJSON *record, struct strbuf *header, struct af_error *err)
{
	char *text = tree_print(record, err);
	size_t len;

	if (!text)
		return AF_ERR_NOMEM;
	len = strlen(text);
	strbuf_adds(header, "X-Registry-Auth: ");
	base64_add(header, text, len, true);
	strbuf_add(header, "==", (3 - len % 3) % 3);
	explicit_bzero(text, len);
	free(text);
	return strbuf_check(header, err);
}

af_code auth_header(const char *registry, struct cancel *cancel, struct strbuf *header, struct af_error *err)
{
	const char *server = !strcmp(registry, HUB) || !strcmp(registry, "index.docker.io") ? HUB_KEY : registry;
	AF_AUTO(credentials) struct credentials c = {
		STRBUF_INIT(SECRET_MAX), STRBUF_INIT(SECRET_MAX), STRBUF_INIT(SECRET_MAX), STRBUF_INIT(SECRET_MAX),
	};
	AUTO_SECRET_CJSON *record = cJSON_CreateObject();
	af_code rc = find(server, cancel, &c, err);
	bool any = c.user.len || c.password.len || c.identity_token.len || c.registry_token.len;
	af_code encoded;

	if (!record || !add_member(record, "username", &c.user) || !add_member(record, "password", &c.password) ||
	    !add_member(record, "identitytoken", &c.identity_token) ||
	    !add_member(record, "registrytoken", &c.registry_token) ||
	    (any && !tree_add_string(record, "serveraddress", server)))
		return error_nomem(err);
	encoded = encode(record, header, rc == AF_OK ? err : NULL);
	return rc == AF_OK ? encoded : rc;
}
