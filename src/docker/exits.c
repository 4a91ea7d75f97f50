/* How a container ended, from the engine's memory of events. See docker.h. */
#include <string.h>

#include "base/bytes.h"
#include "docker/answer.h"
#include "docker/client.h"
#include "docker/ndjson.h"
#include "docker/tree.h"

#define EVENT_MAX 65536u
#define ANSWER_MS 5000

struct first_exit {
	struct ndjson lines;
	int code;
};

static bool on_event(void *arg, const cJSON *event)
{
	struct first_exit *e = arg;
	const cJSON *attributes = tree_get(tree_get(event, "Actor"), "Attributes");
	const char *code = cJSON_GetStringValue(tree_get(attributes, "exitCode"));
	int64_t value;

	if (code && int_parse(code, 0, 255, &value))
		e->code = (int) value;
	return e->code < 0;
}

static bool on_data(void *arg, const char *data, size_t len)
{
	struct first_exit *e = arg;

	return ndjson_feed(&e->lines, data, len);
}

static af_code events_of(struct strbuf *path, const char *id, int64_t since_ms, int64_t until_ms, struct af_error *err)
{
	const char *const ids[] = { id, NULL };
	static const char *const kinds[] = { "die", NULL };
	AUTO_CJSON *filters = cJSON_CreateObject();

	if (!filters || !tree_add_strings(filters, "container", ids) || !tree_add_strings(filters, "event", kinds))
		return error_nomem(err);
	strbuf_addf(path, "/events?since=%lld.%03lld&until=%lld.%03lld", (long long) (since_ms / 1000),
		    (long long) (since_ms % 1000), (long long) (until_ms / 1000), (long long) (until_ms % 1000));
	return query_add_tree(path, "filters", filters, err);
}

af_code docker_container_first_exit(struct docker *d, const char *id, int64_t since_ms, int64_t until_ms,
				    struct cancel *cancel, int *code, struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	AF_AUTO(http_response) struct http_response resp = { .body = STRBUF_INIT(0) };
	struct first_exit e = { .code = -1 };
	struct engine_request req = { .on_data = on_data, .arg = &e, .timeout_ms = ANSWER_MS, .cancel = cancel };
	af_code rc = events_of(&path, id, since_ms, until_ms, err);

	if (rc)
		return rc;
	req.path = path.data;
	ndjson_init(&e.lines, EVENT_MAX, on_event, &e);
	rc = engine_perform(d, &req, &resp, err);
	if (!rc)
		ndjson_end(&e.lines);
	ndjson_free(&e.lines);
	*code = e.code;
	if (!rc && e.code < 0)
		rc = error_set(err, AF_ERR_NOT_FOUND, "the engine remembers no exit of %s", id);
	return rc;
}
