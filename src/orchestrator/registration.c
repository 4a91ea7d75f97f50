/* The description of an environment as text. See registry.h. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json_write.h"
#include "docker/tree.h"
#include "orchestrator/registry.h"

#define REPLICAS_MAX 1000
#define URL_MAX 2048
/* With "/999.c" behind it, it has to fit into a sun_path. */
#define SOCKETS_MAX 96

void registration_free(struct registration *r)
{
	free(r->name);
	free(r->token);
	free(r->url);
	free(r->ca_file);
	free(r->dir);
	free(r->sockets);
	free(r->python);
	strlist_free(&r->env);
	*r = (struct registration){ 0 };
}

/* ---- addresses --------------------------------------------------------------------------- */

static af_code bad_url(const char *url, const char *why, struct af_error *err)
{
	AUTO_STRBUF safe = STRBUF_INIT(STRBUF_LINE);

	text_add_safe(&safe, url, MIN(strlen(url), (size_t) 200), false);
	error_set(err, AF_ERR_USAGE, "\"%s\" cannot be the URL of an environment: %s", safe.data, why);
	error_hint(err, "it looks like this: https://host:8000/base/path");
	return AF_ERR_USAGE;
}

/* host, host:port or [address]:port */
static bool is_authority(const char *s, size_t len)
{
	const char *end = s + len, *host_end = *s == '[' ? memchr(s, ']', len) : memchr(s, ':', len);
	int64_t port;

	if (*s == '[' && (!host_end++ || host_end == s + 2))
		return false;
	if (!host_end)
		host_end = end;
	if (host_end == s)
		return false;
	for (const char *p = s; p < host_end; p++)
		if (!isalnum((unsigned char) *p) && !strchr(*s == '[' ? "[]:." : "-._", *p))
			return false;
	if (host_end == end)
		return true;
	AUTO_FREE char *digits = str_ndup(host_end + 1, (size_t) (end - host_end - 1), NULL);
	return *host_end == ':' && digits && int_parse(digits, 1, 65535, &port);
}

af_code registry_check_url(const char *url, char **out, struct af_error *err)
{
	const char *rest = str_starts(url, "http://") ? url + 7 : str_starts(url, "https://") ? url + 8 : NULL;
	size_t len = strlen(url);

	if (!rest)
		return bad_url(url, "it begins with neither http:// nor https://", err);
	if (len > URL_MAX)
		return bad_url(url, "it is too long", err);
	size_t authority = strcspn(rest, "/?#");
	if (memchr(rest, '@', authority)) {
		error_set(err, AF_ERR_USAGE, "the URL of an environment may hold no user and password");
		error_hint(err, "they would be shown wherever its address is");
		return AF_ERR_USAGE;
	}
	if (!authority || !is_authority(rest, authority))
		return bad_url(url, "its host makes no sense", err);
	for (const char *p = rest + authority; *p; p++)
		if ((unsigned char) *p <= ' ' || (unsigned char) *p >= 0x7f || strchr("?#\\\"<>", *p))
			return bad_url(url, "behind the host there may be a path and nothing else", err);
	while (url[len - 1] == '/')
		len--;
	*out = str_ndup(url, len, err);
	return *out ? AF_OK : AF_ERR_NOMEM;
}

/* ---- writing ------------------------------------------------------------------------------- */

void registration_write(const struct registration *r, struct strbuf *out)
{
	struct json_writer w = json_writer(out);

	json_open(&w, NULL, '{');
	json_put_string(&w, "mode", r->backend->name);
	json_put_string(&w, "type", env_type_name(r->type));
	json_put_string(&w, "balance", af_balance_name(r->balance));
	json_put_string(&w, "token", r->token);
	json_put_int(&w, "created", r->created);
	json_put_int(&w, "max_in_flight", r->max_in_flight);
	json_put_int(&w, "max_in_flight_host", r->max_in_flight_host);
	if (r->backend == &backend_url) {
		json_put_string(&w, "url", r->url);
		json_put_bool(&w, "insecure", r->insecure);
		json_put_string(&w, "ca_file", r->ca_file);
	} else {
		json_put_string(&w, "dir", r->dir);
		json_put_string(&w, "sockets", r->sockets);
		json_put_string(&w, "python", r->python);
		json_put_int(&w, "replicas", r->replicas);
		json_put_int(&w, "memory", r->memory);
		json_put_number(&w, "cpus", r->cpus);
		json_open(&w, "env", '[');
		for (size_t i = 0; i < r->env.count; i++)
			json_put_string(&w, NULL, r->env.items[i]);
		json_close(&w, ']');
	}
	json_close(&w, '}');
	strbuf_addc(out, '\n');
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool take_string(const cJSON *doc, const char *key, char **out)
{
	const char *text = tree_string(doc, key);

	return text && (*out = strdup(text)) != NULL;
}

/* An absolute path without control characters. */
static bool take_path(const cJSON *doc, const char *key, size_t max, char **out)
{
	if (!take_string(doc, key, out) || **out != '/' || strlen(*out) > max)
		return false;
	for (const char *p = *out; *p; p++)
		if ((unsigned char) *p < ' ')
			return false;
	return true;
}

static bool take_url_part(const cJSON *doc, struct registration *r)
{
	const char *url = tree_string(doc, "url");

	r->insecure = tree_bool(doc, "insecure");
	if (tree_string(doc, "ca_file") && !take_path(doc, "ca_file", 4096, &r->ca_file))
		return false;
	return url && registry_check_url(url, &r->url, NULL) == AF_OK;
}

static bool take_process_part(const cJSON *doc, struct registration *r)
{
	const cJSON *cpus = tree_get(doc, "cpus"), *var;
	int64_t replicas = tree_int(doc, "replicas", 0);

	if (!take_path(doc, "dir", 4096, &r->dir) || !take_path(doc, "sockets", SOCKETS_MAX, &r->sockets) ||
	    !take_path(doc, "python", 4096, &r->python))
		return false;
	r->memory = tree_int(doc, "memory", 0);
	r->cpus = cJSON_IsNumber(cpus) ? cpus->valuedouble : 0;
	if (replicas < 1 || replicas > REPLICAS_MAX || r->memory < 0 || !(r->cpus >= 0 && r->cpus < 1e6))
		return false;
	r->replicas = (int) replicas;
	cJSON_ArrayForEach(var, tree_get(doc, "env"))
		if (!cJSON_IsString(var) || !strchr(var->valuestring, '=') || *var->valuestring == '=' ||
		    strlist_add(&r->env, var->valuestring, NULL))
			return false;
	return true;
}

static int take_limit(const cJSON *doc, const char *key)
{
	return (int) MIN(MAX(tree_int(doc, key, 0), (int64_t) 0), (int64_t) INT32_MAX);
}

static bool is_token(const char *s)
{
	size_t len = strlen(s);

	return len == 8 && strspn(s, "0123456789abcdef") == len;
}

static bool take(const cJSON *doc, struct registration *r)
{
	const char *mode = tree_string(doc, "mode");

	if (!mode || !take_string(doc, "token", &r->token) || !is_token(r->token))
		return false;
	r->type = env_type_of(tree_string(doc, "type"));
	r->balance = balance_of(tree_string(doc, "balance"));
	r->created = tree_int(doc, "created", 0);
	r->max_in_flight = take_limit(doc, "max_in_flight");
	r->max_in_flight_host = take_limit(doc, "max_in_flight_host");
	r->backend = !strcmp(mode, "url") ? &backend_url : !strcmp(mode, "process") ? &backend_process : NULL;
	if (!r->backend)
		return false;
	return r->backend == &backend_url ? take_url_part(doc, r) : take_process_part(doc, r);
}

af_code registration_parse(const char *name, const char *text, size_t len, struct registration *out,
			   struct af_error *err)
{
	AUTO_CJSON *doc = tree_parse(text, len);

	*out = (struct registration){ .name = str_dup(name, err) };
	if (!out->name)
		return AF_ERR_NOMEM;
	if (take(doc, out))
		return AF_OK;
	registration_free(out);
	error_set(err, AF_ERR_PROTOCOL, "the description of %s makes no sense", name);
	AUTO_FREE char *dir = registry_dir(name, NULL);
	error_hint(err, "remove it by hand: %s", dir ? dir : name);
	return AF_ERR_PROTOCOL;
}
