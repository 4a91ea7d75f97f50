/*
 * A container engine that has no containers: it speaks as much of the Docker Engine API over a unix socket as
 * orchestrator/ needs, and what "runs in a container" is some server of the test's at 127.0.0.x.
 *
 *     engine_start(&e);
 *     struct fake_container *c = engine_add(&e, "calc-0", "calc", 0, 1, &server);   // a running one
 *     … af_new(&(struct af_options){ .engine = e.host }, …) …
 *     engine_stop(&e);
 *
 * Containers that are created through the API get the addresses 127.0.0.(first_ip), (first_ip + 1), … by replica.
 */
#ifndef TEST_FAKE_ENGINE_H
#define TEST_FAKE_ENGINE_H

#include "fake_server.h"

#include <cjson/cJSON.h>

struct fake_container {
	char id[72], name[64], state[16], ip[32];
	char *labels, *env; /* JSON */
	char *config;       /* the body it was created with; NULL if it was added by the test */
	int exit_code;
	bool oom, there;
	int inspects, starts, exits;
};

#define ENGINE_MAX 16

struct fake_engine {
	struct fake f;
	char host[128];
	/* All under f.lock: */
	struct fake_container containers[ENGINE_MAX];
	int count, made, removed;
	const char *image_type; /* label of the only image, "img:v1"; NULL: it is not here */
	int first_ip;
	int die_at; /* replica that exits with code 3 as soon as it is started; -1: none */
};

static struct fake_container *engine_find(struct fake_engine *e, const char *id, size_t len)
{
	for (int i = 0; i < e->count; i++) {
		struct fake_container *c = &e->containers[i];
		if (c->there && ((strlen(c->id) == len && !strncmp(c->id, id, len)) ||
				 (strlen(c->name) == len && !strncmp(c->name, id, len))))
			return c;
	}
	return NULL;
}

static struct fake_container *engine_new_container(struct fake_engine *e, const char *name)
{
	assert_true(e->count < ENGINE_MAX);
	struct fake_container *c = &e->containers[e->count++];
	snprintf(c->id, sizeof(c->id), "%064d", 1000 + e->count);
	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->state, sizeof(c->state), "created");
	c->there = true;
	return c;
}

/* A container that runs already, of environment `env` (NULL: a foreign one), whose server is `at`. */
UNUSED static struct fake_container *engine_add(struct fake_engine *e, const char *name, const char *env, int replica,
						int replicas, const char *type, const char *base)
{
	pthread_mutex_lock(&e->f.lock);
	struct fake_container *c = engine_new_container(e, name);
	const char *port = strrchr(base, ':') + 1;
	const char *ip = strstr(base, "//") + 2;
	snprintf(c->state, sizeof(c->state), "running");
	snprintf(c->ip, sizeof(c->ip), "%.*s", (int) strcspn(ip, ":"), ip);
	c->labels = env ? str_format(NULL,
				     "{\"affinetes.env.type\":\"%s\",\"affinetes.env.name\":\"%s\",\"affinetes.replica\":\"%d\","
				     "\"affinetes.replicas\":\"%d\",\"affinetes.balance\":\"round_robin\",\"affinetes.port\":\"%s\"}",
				     type, env, replica, replicas, port)
			: str_format(NULL, "{}");
	c->env = str_format(NULL, "[\"AFFINETES_PORT=%s\"]", port);
	pthread_mutex_unlock(&e->f.lock);
	return c;
}

UNUSED static void engine_set_state(struct fake_engine *e, struct fake_container *c, const char *state, int exit_code)
{
	pthread_mutex_lock(&e->f.lock);
	snprintf(c->state, sizeof(c->state), "%s", state);
	c->exit_code = exit_code;
	c->exits += strcmp(state, "running") != 0;
	pthread_cond_broadcast(&e->f.changed);
	pthread_mutex_unlock(&e->f.lock);
}

UNUSED static void engine_set_ip(struct fake_engine *e, struct fake_container *c, const char *ip)
{
	pthread_mutex_lock(&e->f.lock);
	snprintf(c->ip, sizeof(c->ip), "%s", ip);
	pthread_mutex_unlock(&e->f.lock);
}

/* Its server is another one now. */
UNUSED static void engine_move(struct fake_engine *e, struct fake_container *c, const char *base)
{
	const char *port = strrchr(base, ':') + 1;
	const char *ip = strstr(base, "//") + 2;

	pthread_mutex_lock(&e->f.lock);
	snprintf(c->ip, sizeof(c->ip), "%.*s", (int) strcspn(ip, ":"), ip);
	free(c->env);
	c->env = str_format(NULL, "[\"AFFINETES_PORT=%s\"]", port);
	pthread_mutex_unlock(&e->f.lock);
}

UNUSED static int engine_containers(struct fake_engine *e)
{
	int there = 0;

	pthread_mutex_lock(&e->f.lock);
	for (int i = 0; i < e->count; i++)
		there += e->containers[i].there;
	pthread_mutex_unlock(&e->f.lock);
	return there;
}

/* ---- answers ---------------------------------------------------------------------- */

static void add_network(struct strbuf *sb, const struct fake_container *c)
{
	strbuf_addf(sb, "\"NetworkSettings\":{\"Networks\":{\"bridge\":{\"IPAddress\":\"%s\"}}}",
		    strcmp(c->state, "running") ? "" : c->ip);
}

static void add_inspect(struct strbuf *sb, const struct fake_container *c)
{
	strbuf_addf(sb,
		    "{\"Id\":\"%s\",\"Name\":\"/%s\",\"Created\":\"2026-01-02T03:04:05.1Z\",\"State\":{\"Status\":\"%s\","
		    "\"ExitCode\":%d,\"OOMKilled\":%s},\"Config\":{\"Image\":\"img:v1\",\"Tty\":false,\"Labels\":%s,\"Env\":%s},"
		    "\"HostConfig\":{\"Memory\":536870912},",
		    c->id, c->name, c->state, c->exit_code, c->oom ? "true" : "false", c->labels, c->env);
	add_network(sb, c);
	strbuf_addc(sb, '}');
}

/* By the environment's name in the filter, as far as we care; every one that has labels without. */
static void add_list(struct strbuf *sb, struct fake_engine *e, const char *query)
{
	bool first = true;

	strbuf_addc(sb, '[');
	for (int i = 0; i < e->count; i++) {
		const struct fake_container *c = &e->containers[i];
		const char *named = strstr(query, "affinetes.env.name%3D");
		size_t len = named ? strcspn(named + 21, "%&") : 0;
		AUTO_FREE char *label = str_format(NULL, "\"affinetes.env.name\":\"%.*s\"", (int) len, named ? named + 21 : "");
		if (!c->there || !strcmp(c->labels, "{}") || (named && !strstr(c->labels, label)))
			continue;
		strbuf_addf(sb, "%s{\"Id\":\"%s\",\"Names\":[\"/%s\"],\"Image\":\"img:v1\",\"State\":\"%s\",\"Status\":\"status of %s\","
				"\"Created\":1767323045,\"Labels\":%s,",
			    first ? "" : ",", c->id, c->name, c->state, c->state, c->labels);
		add_network(sb, c);
		strbuf_addc(sb, '}');
		first = false;
	}
	strbuf_addc(sb, ']');
}

static const char *engine_create(struct fake_engine *e, struct fake_conn *c, struct strbuf *sb, int *status)
{
	const char *name = strstr(c->path, "name=") + 5;

	if (engine_find(e, name, strlen(name))) {
		*status = 409;
		return "{\"message\":\"Conflict. The container name is already in use\"}";
	}
	cJSON *config = cJSON_ParseWithLength(c->body.data, c->body.len);
	struct fake_container *made = engine_new_container(e, name);
	char *labels = cJSON_PrintUnformatted(cJSON_GetObjectItem(config, "Labels"));
	char *env = cJSON_PrintUnformatted(cJSON_GetObjectItem(config, "Env"));
	const char *replica = cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(config, "Labels"), "affinetes.replica"));
	made->labels = str_dup(labels, NULL);
	made->env = str_dup(env, NULL);
	made->config = str_ndup(c->body.data, c->body.len, NULL);
	snprintf(made->ip, sizeof(made->ip), "127.0.0.%d", e->first_ip + (replica ? atoi(replica) : 0));
	e->made++;
	cJSON_free(labels);
	cJSON_free(env);
	cJSON_Delete(config);
	strbuf_addf(sb, "{\"Id\":\"%s\",\"Warnings\":[]}", made->id);
	*status = 201;
	return NULL;
}

/* The head at once, the rest when it exits or is removed. */
static void engine_wait(struct fake_engine *e, struct fake_conn *c, struct fake_container *box)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
	int exits = box->exits;

	fake_says(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
	while (box->exits == exits && box->there && !e->f.stopping)
		pthread_cond_wait(&e->f.changed, &e->f.lock);
	strbuf_addf(&sb, "{\"StatusCode\":%d}", box->there ? box->exit_code : 137);
	AUTO_FREE char *chunk = str_format(NULL, "%zx\r\n%s\r\n0\r\n\r\n", sb.len, sb.data);
	fake_says(c, chunk);
}

static void engine_run(struct fake_engine *e, struct fake_container *box)
{
	box->starts++;
	snprintf(box->state, sizeof(box->state), "running");
	if (e->die_at >= 0 && atoi(strrchr(box->ip, '.') + 1) == e->first_ip + e->die_at) {
		snprintf(box->state, sizeof(box->state), "exited");
		box->exit_code = 3;
		box->exits++;
		pthread_cond_broadcast(&e->f.changed);
	}
}

static void engine_end(struct fake_engine *e, struct fake_container *box, bool remove)
{
	snprintf(box->state, sizeof(box->state), "exited");
	box->exits++;
	if (remove) {
		box->there = false;
		e->removed++;
	}
	pthread_cond_broadcast(&e->f.changed);
}

#define LOG_LINES "\2\0\0\0\0\0\0\22ImportError: numpy\1\0\0\0\0\0\0\5last\n"

/* "/containers/ID/VERB"; NULL: `sb` is the answer, unless it was given here (status 0). */
static const char *engine_container(struct fake_engine *e, struct fake_conn *c, const char *rest, struct strbuf *sb, int *status)
{
	size_t len = strcspn(rest, "/?");
	struct fake_container *box = engine_find(e, rest, len);
	const char *verb = rest + len;

	*status = 404;
	if (!box)
		return "{\"message\":\"No such container\"}";
	*status = 204;
	if (!strcmp(c->method, "DELETE")) {
		engine_end(e, box, true);
	} else if (!strcmp(verb, "/json")) {
		box->inspects++;
		*status = 200;
		add_inspect(sb, box);
	} else if (!strcmp(verb, "/start")) {
		engine_run(e, box);
	} else if (str_starts(verb, "/stop")) {
		engine_end(e, box, false);
	} else if (str_starts(verb, "/restart")) {
		engine_end(e, box, false);
		engine_run(e, box);
	} else if (str_starts(verb, "/logs")) {
		*status = 200;
		strbuf_add(sb, LOG_LINES, sizeof(LOG_LINES) - 1);
	} else if (str_starts(verb, "/wait")) {
		*status = 0;
		engine_wait(e, c, box);
	} else {
		*status = 500;
	}
	return NULL;
}

static const char *engine_answer(struct fake_engine *e, struct fake_conn *c, struct strbuf *sb, int *status)
{
	const char *path = str_starts(c->path, "/v1.") ? strchr(c->path + 1, '/') : c->path;

	*status = 200;
	if (!strcmp(path, "/_ping"))
		return "OK";
	if (str_starts(path, "/containers/json")) {
		add_list(sb, e, path);
		return NULL;
	}
	if (str_starts(path, "/containers/create"))
		return engine_create(e, c, sb, status);
	if (str_starts(path, "/containers/"))
		return engine_container(e, c, path + 12, sb, status);
	if (str_starts(path, "/images/img") && e->image_type) {
		strbuf_addf(sb, "{\"Id\":\"sha256:1\",\"Config\":{\"Labels\":{\"affinetes.env.type\":\"%s\"}}}", e->image_type);
		return NULL;
	}
	*status = 404;
	return "{\"message\":\"No such image, or no such route\"}";
}

static void serve_engine(struct fake_conn *c)
{
	struct fake_engine *e = c->arg;

	while (fake_request(c)) {
		AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
		int status;
		pthread_mutex_lock(&e->f.lock);
		const char *text = engine_answer(e, c, &sb, &status);
		pthread_mutex_unlock(&e->f.lock);
		if (text)
			strbuf_adds(&sb, text);
		if (status == 204)
			fake_says(c, "HTTP/1.1 204 No Content\r\n\r\n");
		else if (status && strstr(c->path, "_ping"))
			fake_says(c, "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK");
		else if (status)
			fake_answer_bytes(c, status, sb.data, sb.len);
	}
}

UNUSED static void engine_start(struct fake_engine *e)
{
	memset(e, 0, sizeof(*e));
	e->image_type = "function_based";
	e->die_at = -1;
	fake_start_unix(&e->f, serve_engine, e);
	snprintf(e->host, sizeof(e->host), "unix://%s", e->f.unix_path);
}

UNUSED static void engine_stop(struct fake_engine *e)
{
	fake_stop(&e->f);
	for (int i = 0; i < e->count; i++) {
		free(e->containers[i].labels);
		free(e->containers[i].env);
		free(e->containers[i].config);
	}
}

#endif
