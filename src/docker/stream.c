/* Streams that stay open: logs, events, a container's exit. See docker.h. */
#include <string.h>

#include "base/bytes.h"
#include "docker/answer.h"
#include "docker/client.h"
#include "docker/demux.h"
#include "docker/ndjson.h"
#include "docker/tree.h"

/* A longer line of a log comes in pieces; a longer event is none. */
#define LOG_LINE_MAX (1024 * 1024)
#define EVENT_MAX (1024 * 1024)

/* ---- logs ------------------------------------------------------------------------- */

static void add_time(struct strbuf *path, const char *key, int64_t ns)
{
	strbuf_addf(path, "%c%s=%lld.%09lld", memchr(path->data, '?', path->len) ? '&' : '?', key,
		    (long long) (ns / 1000000000), (long long) (ns % 1000000000));
}

static af_code logs_path(struct strbuf *path, const char *id, const struct docker_log_options *opt,
			 struct af_error *err)
{
	strbuf_adds(path, "/containers/");
	url_add_escaped(path, id);
	strbuf_addf(path, "/logs?stdout=1&stderr=1&follow=%d&timestamps=%d", opt->follow, opt->timestamps);
	if (opt->tail >= 0)
		query_add_int(path, "tail", opt->tail);
	if (opt->since_ns > 0)
		add_time(path, "since", opt->since_ns);
	return strbuf_check(path, err);
}

static struct docker_demux *logs_demux(const struct docker_log_options *opt, docker_line_fn fn, void *arg,
				       struct af_error *err)
{
	struct docker_demux *x = docker_demux_new(opt->tty, LOG_LINE_MAX, fn, arg, err);

	if (x && opt->timestamps)
		demux_set_timestamps(x);
	return x;
}

struct logs {
	struct docker_demux *demux;
	bool enough;  /* by fn, or the stream made no sense */
	docker_line_fn fn;
	docker_end_fn end;
	void *arg;
	bool fn_ended; /* fn said enough */
};

static bool on_log_line(void *arg, enum docker_fd fd, const char *line, size_t len)
{
	struct logs *l = arg;

	l->fn_ended = !l->fn(l->arg, fd, line, len);
	return !l->fn_ended;
}

/* Since API 1.42 the answer says which it is. What engines said before that means nothing. */
static void on_logs_head(void *arg, const struct http_response *resp)
{
	struct logs *l = arg;

	if (str_starts(resp->content_type, "application/vnd.docker.multiplexed-stream"))
		demux_set_tty(l->demux, false);
}

static bool on_logs_data(void *arg, const char *data, size_t len)
{
	struct logs *l = arg;

	l->enough = !docker_demux_feed(l->demux, data, len);
	return !l->enough;
}

/* How the stream ended, from the transfer's verdict. */
static af_code logs_verdict(struct logs *l, af_code rc, struct af_error *err)
{
	if (rc == AF_OK && l->enough && !l->fn_ended)
		return error_set(err, AF_ERR_PROTOCOL, "the engine's log stream makes no sense");
	if (rc == AF_OK && !l->fn_ended)
		docker_demux_end(l->demux);
	return rc;
}

af_code docker_container_logs(struct docker *d, const char *id, const struct docker_log_options *opt,
			      docker_line_fn fn, void *arg, struct cancel *cancel, struct af_error *err)
{
	AF_AUTO(http_response) struct http_response resp = { .body = STRBUF_INIT(0) };
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	struct logs l = { .fn = fn, .arg = arg };
	struct engine_request req = {
		.timeout_ms = -1, .on_head = on_logs_head, .on_data = on_logs_data, .arg = &l,
		.cancel = cancel,
	};
	af_code rc = logs_path(&path, id, opt, err);

	if (rc != AF_OK)
		return rc;
	l.demux = logs_demux(opt, on_log_line, &l, err);
	if (!l.demux)
		return AF_ERR_NOMEM;
	req.path = path.data;
	rc = logs_verdict(&l, engine_perform(d, &req, &resp, err), err);
	docker_demux_free(l.demux);
	return rc;
}

static void on_logs_done(void *arg, af_code rc, struct http_response *resp, struct af_error *err)
{
	struct logs *l = arg;

	if (rc == AF_OK)
		rc = answer_check(resp, err);
	rc = logs_verdict(l, rc, err);
	l->end(l->arg, rc, err);
	docker_demux_free(l->demux);
	free(l);
}

af_code docker_logs_stream(struct docker *d, const char *id, const struct docker_log_options *opt,
			   docker_line_fn fn, docker_end_fn end, void *arg, struct http_transfer **out,
			   struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	struct engine_request req = { .on_head = on_logs_head, .on_data = on_logs_data };
	struct logs *l;
	af_code rc = logs_path(&path, id, opt, err);

	if (rc != AF_OK)
		return rc;
	l = calloc(1, sizeof(*l));
	if (!l)
		return error_nomem(err);
	*l = (struct logs){ .fn = fn, .end = end, .arg = arg };
	l->demux = logs_demux(opt, on_log_line, l, err);
	req.path = path.data;
	req.arg = l;
	rc = l->demux ? engine_submit(d, &req, on_logs_done, l, out, err) : AF_ERR_NOMEM;
	if (rc != AF_OK) {
		docker_demux_free(l->demux);
		free(l);
	}
	return rc;
}

/* ---- events ------------------------------------------------------------------------- */

struct events {
	struct ndjson lines;
	docker_event_fn fn;
	docker_end_fn end;
	void *arg;
};

static bool on_event(void *arg, const cJSON *tree)
{
	struct events *e = arg;

	e->fn(e->arg, tree);
	return true;
}

static bool on_events_data(void *arg, const char *data, size_t len)
{
	struct events *e = arg;

	return ndjson_feed(&e->lines, data, len);
}

static void on_events_done(void *arg, af_code rc, struct http_response *resp, struct af_error *err)
{
	struct events *e = arg;

	if (rc == AF_OK)
		rc = answer_check(resp, err);
	if (rc == AF_OK && e->lines.broken)
		rc = error_set(err, AF_ERR_PROTOCOL, "the engine's event stream makes no sense");
	e->end(e->arg, rc, err);
	ndjson_free(&e->lines);
	free(e);
}

static af_code events_path(struct strbuf *path, const char *label, int64_t since_ns, struct af_error *err)
{
	static const char *const types[] = { "container", NULL };
	const char *labels[] = { label, NULL };
	AUTO_CJSON *filters = cJSON_CreateObject();

	if (!filters || !tree_add_strings(filters, "type", types) ||
	    (label && !tree_add_strings(filters, "label", labels)))
		return error_nomem(err);
	strbuf_adds(path, "/events");
	if (since_ns > 0)
		add_time(path, "since", since_ns);
	af_code rc = query_add_tree(path, "filters", filters, err);
	return rc == AF_OK ? strbuf_check(path, err) : rc;
}

af_code docker_events_stream(struct docker *d, const char *label, int64_t since_ns, docker_event_fn fn,
			     docker_end_fn end, void *arg, struct http_transfer **out, struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	struct engine_request req = { .on_data = on_events_data };
	struct events *e;
	af_code rc = events_path(&path, label, since_ns, err);

	if (rc != AF_OK)
		return rc;
	e = calloc(1, sizeof(*e));
	if (!e)
		return error_nomem(err);
	*e = (struct events){ .fn = fn, .end = end, .arg = arg };
	ndjson_init(&e->lines, EVENT_MAX, on_event, e);
	req.path = path.data;
	req.arg = e;
	rc = engine_submit(d, &req, on_events_done, e, out, err);
	if (rc != AF_OK) {
		ndjson_free(&e->lines);
		free(e);
	}
	return rc;
}
