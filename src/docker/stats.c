/* Statistics of containers: from the engine's document to numbers. See docker.h. */
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "docker/answer.h"
#include "docker/client.h"
#include "docker/ndjson.h"
#include "docker/tree.h"

/* Of one document; those of machines with hundreds of CPUs and disks have some 50 KiB. */
#define STATS_MAX (1024 * 1024)

static int64_t read_time(const cJSON *doc, const char *key)
{
	const char *text = tree_string(doc, key);
	int64_t ns = 0;

	return text && rfc3339_parse(text, strlen(text), &ns) ? ns : 0;
}

static void parse_cpu(const cJSON *cpu, struct docker_stats *out)
{
	const cJSON *usage = tree_get(cpu, "cpu_usage");

	out->cpu_ns = tree_int(usage, "total_usage", -1);
	out->system_ns = tree_int(cpu, "system_cpu_usage", -1);
	out->online_cpus = (int) MAX(MIN(tree_int(cpu, "online_cpus", 0), INT64_C(65536)), INT64_C(0));
	/* Old engines have no online_cpus; the list is absent on cgroup v2. */
	if (!out->online_cpus)
		out->online_cpus = cJSON_GetArraySize(tree_get(usage, "percpu_usage"));
}

/*
 * `docker stats` takes the container's share of the machine's time, times the number of CPUs. That is the same as
 * its time by the clock's, where both samples say when they were taken, and the clock is right with podman too,
 * whose system_cpu_usage leaves idle time out.
 */
double docker_stats_cpu(const struct docker_stats *before, const struct docker_stats *now)
{
	double used, system, wall;

	if (before->cpu_ns < 0 || now->cpu_ns < before->cpu_ns)
		return NAN;
	used = (double) now->cpu_ns - (double) before->cpu_ns;
	system = (double) now->system_ns - (double) before->system_ns;
	wall = (double) now->read_ns - (double) before->read_ns;
	if (before->read_ns > 0 && wall > 0)
		return used / wall * 100;
	if (now->online_cpus > 0 && before->system_ns > 0 && system > 0)
		return used / system * now->online_cpus * 100;
	return NAN;
}

/* What `docker stats` subtracts: page cache that can be dropped, by its name in cgroup v1, then v2. */
static int64_t page_cache(const cJSON *memory)
{
	const cJSON *stats = tree_get(memory, "stats");
	int64_t cache = tree_int(stats, "total_inactive_file", -1);

	if (cache < 0)
		cache = tree_int(stats, "inactive_file", -1);
	if (cache < 0)
		cache = tree_int(stats, "cache", 0);
	return cache;
}

void docker_stats_parse(const cJSON *doc, const struct docker_stats *before, struct docker_stats *out)
{
	const cJSON *memory = tree_get(doc, "memory_stats");
	int64_t usage = tree_int(memory, "usage", -1);
	int64_t cache = page_cache(memory);
	struct docker_stats pre = { 0 };

	*out = (struct docker_stats){ .cpu_percent = NAN };
	parse_cpu(tree_get(doc, "cpu_stats"), out);
	out->read_ns = read_time(doc, "read");
	/* A container that does not run has empty statistics. */
	out->memory = usage > 0 ? usage - (cache > 0 && cache < usage ? cache : 0) : -1;
	out->memory_limit = MAX(tree_int(memory, "limit", 0), INT64_C(0));
	if (!before) {
		parse_cpu(tree_get(doc, "precpu_stats"), &pre);
		pre.read_ns = read_time(doc, "preread");
		/* The first of a series, and every one-shot, has zeroes there. */
		if (pre.cpu_ns > 0 || pre.system_ns > 0)
			before = &pre;
	}
	if (before)
		out->cpu_percent = docker_stats_cpu(before, out);
}

/* ---- asking ------------------------------------------------------------------------- */

static af_code stats_path(struct strbuf *path, const char *id, const char *query, struct af_error *err)
{
	strbuf_adds(path, "/containers/");
	url_add_escaped(path, id);
	strbuf_adds(path, query);
	return strbuf_check(path, err);
}

af_code docker_container_stats(struct docker *d, const char *id, const struct docker_stats *before,
			       struct cancel *cancel, struct docker_stats *out, struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	AUTO_CJSON *doc = NULL;
	af_code rc = docker_connect(d, cancel, err);

	if (rc != AF_OK)
		return rc;
	/* Without one-shot Docker waits for a second sample. */
	rc = stats_path(&path, id, d->api >= API(41) ? "/stats?stream=0&one-shot=1" : "/stats?stream=0", err);
	if (rc == AF_OK)
		rc = docker_request(d, "GET", path.data, NULL, 0, cancel, &doc, err);
	if (rc == AF_OK)
		docker_stats_parse(doc, before, out);
	return rc;
}

struct watch {
	struct ndjson lines;
	struct docker_stats last;
	bool have_last;
	docker_stats_fn fn;
	docker_end_fn end;
	void *arg;
};

static bool on_sample(void *arg, const cJSON *doc)
{
	struct watch *w = arg;
	struct docker_stats now;

	docker_stats_parse(doc, w->have_last ? &w->last : NULL, &now);
	w->last = now;
	w->have_last = now.cpu_ns > 0;
	w->fn(w->arg, &now);
	return true;
}

static bool on_stats_data(void *arg, const char *data, size_t len)
{
	struct watch *w = arg;

	return ndjson_feed(&w->lines, data, len);
}

static void on_stats_done(void *arg, af_code rc, struct http_response *resp, struct af_error *err)
{
	struct watch *w = arg;

	if (rc == AF_OK)
		rc = answer_check(resp, err);
	if (rc == AF_OK && w->lines.broken)
		rc = error_set(err, AF_ERR_PROTOCOL, "the engine's statistics make no sense");
	w->end(w->arg, rc, err);
	ndjson_free(&w->lines);
	free(w);
}

af_code docker_stats_stream(struct docker *d, const char *id, docker_stats_fn fn, docker_end_fn end, void *arg,
			    struct http_transfer **out, struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	struct engine_request req = { .on_data = on_stats_data };
	struct watch *w;
	af_code rc = stats_path(&path, id, "/stats?stream=1", err);

	if (rc != AF_OK)
		return rc;
	w = calloc(1, sizeof(*w));
	if (!w)
		return error_nomem(err);
	*w = (struct watch){ .fn = fn, .end = end, .arg = arg };
	ndjson_init(&w->lines, STATS_MAX, on_sample, w);
	req.path = path.data;
	req.arg = w;
	rc = engine_submit(d, &req, on_stats_done, w, out, err);
	if (rc != AF_OK) {
		ndjson_free(&w->lines);
		free(w);
	}
	return rc;
}
