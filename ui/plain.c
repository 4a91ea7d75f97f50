/* `--plain`. See plain.h. */
#include "ui/plain.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/feed.h"

#define WAIT_MS 8000

/* Applies messages until `enough` says so; false when time is up. */
static bool wait_for(struct app *app, bool (*enough)(const struct app *app), deadline until)
{
	struct pollfd fd = { .fd = message_queue_fd(app->queue), .events = POLLIN };

	while (!enough(app)) {
		int64_t left = deadline_left(until);
		if (!left)
			return false;
		poll(&fd, 1, (int) left);
		app->now_ms = clock_ms();
		message_apply_all(app->queue, app);
	}
	return true;
}

static bool looked(const struct app *app)
{
	return app->model.loaded;
}

static bool sampled(const struct app *app)
{
	const struct model *m = &app->model;

	for (int i = 0; i < m->count; i++)
		for (int k = 0; k < m->environments[i].count; k++)
			if (!m->environments[i].replicas[k].sampled_ms)
				return false;
	return true;
}

/* What engines say fills one field of one line, whatever it is. */
static void add_safe(struct strbuf *sb, const char *text)
{
	text_add_safe(sb, text, strlen(text), false);
}

static void add_figures(struct strbuf *sb, double cpu, int64_t memory, uint64_t requests, uint64_t errors)
{
	strbuf_adds(sb, " cpu=");
	if (isnan(cpu))
		strbuf_adds(sb, "-");
	else
		strbuf_addf(sb, "%.1f%%", cpu);
	strbuf_adds(sb, " mem=");
	if (memory < 0)
		strbuf_adds(sb, "-");
	else
		size_format(sb, memory);
	strbuf_addf(sb, " requests=%llu errors=%llu", (unsigned long long) requests, (unsigned long long) errors);
}

static void print_environment(const struct environment *e, struct strbuf *sb)
{
	strbuf_adds(sb, "environment ");
	add_safe(sb, e->name);
	strbuf_addf(sb, " up=%d/%d", e->up, MAX(e->planned, e->count));
	add_figures(sb, e->cpu_percent, e->memory, e->requests, e->errors);
	strbuf_addf(sb, " mode=%s image=", e->mode);
	add_safe(sb, e->image);
	strbuf_addc(sb, '\n');
	for (int i = 0; i < e->count; i++) {
		const struct replica *r = &e->replicas[i];
		strbuf_adds(sb, "replica ");
		add_safe(sb, e->name);
		strbuf_addf(sb, "/%d host=%s state=\"", r->number, r->host);
		add_safe(sb, r->word);
		strbuf_addc(sb, '"');
		add_figures(sb, r->cpu_percent, r->memory, r->requests, r->errors);
		if (r->source != COUNT_NONE)
			strbuf_addf(sb, " counted_by=%s", r->source == COUNT_SERVER ? "server" : "afs");
		strbuf_addf(sb, " restarts=%d status=\"", r->restarts);
		add_safe(sb, r->status);
		strbuf_adds(sb, "\"\n");
	}
}

static void print_hosts(const struct model *m, struct strbuf *sb)
{
	for (int i = 0; i < m->host_count; i++) {
		strbuf_addf(sb, "host %s %s", m->hosts[i].name, m->hosts[i].reachable ? "reachable" : "unreachable");
		if (m->hosts[i].error) {
			strbuf_adds(sb, " error=\"");
			add_safe(sb, m->hosts[i].error);
			strbuf_addc(sb, '"');
		}
		strbuf_addc(sb, '\n');
	}
}

af_code plain_print(struct app *app, struct af_error *err)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);
	deadline until = deadline_in(WAIT_MS);

	app->feed = feed_start(app, err);
	if (!app->feed)
		return AF_ERR_FAILED;
	if (!wait_for(app, looked, until))
		return error_set(err, AF_ERR_TIMEOUT, "the engine gave no answer within %d s", WAIT_MS / 1000);
	wait_for(app, sampled, until);
	print_hosts(&app->model, &out);
	for (int i = 0; i < app->model.count; i++)
		print_environment(&app->model.environments[i], &out);
	af_code rc = strbuf_check(&out, err);
	if (!rc && (fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout)))
		rc = error_set(err, AF_ERR_IO, "write to stdout");
	if (!rc && app->model.host_count && !app->model.hosts[0].reachable)
		rc = error_set(err, AF_ERR_UNREACHABLE, "%s", app->model.hosts[0].error);
	return rc;
}
