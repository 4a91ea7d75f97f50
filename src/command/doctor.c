/* What `afs doctor` finds, and remote hosts. See doctor.h. */
#include "command/doctor.h"

#include <stdarg.h>
#include <string.h>

#include "base/parallel.h"
#include "docker/tree.h"
#include "orchestrator/host.h"
#include "ssh/keys.h"

void doctor_add(struct doctor *d, enum status status, const char *check, const char *advice, const char *fmt, ...)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);
	struct finding f = { .status = status, .check = check, .advice = advice ? strdup(advice) : NULL };
	struct finding *grown = realloc(d->findings, (d->count + 1) * sizeof(*grown));
	va_list ap;

	va_start(ap, fmt);
	strbuf_addv(&text, fmt, ap);
	va_end(ap);
	if (grown)
		d->findings = grown;
	if (grown && (f.advice || !advice) && strbuf_steal(&text, &f.text, NULL) == AF_OK) {
		d->findings[d->count++] = f;
		return;
	}
	free(f.advice);
	d->failed = AF_ERR_NOMEM;
}

/* ---- hosts --------------------------------------------------------------------------------------------- */

struct visit {
	struct af_host *host;
	struct cancel *cancel;
	cJSON *version;
	struct af_error err;
};

static void visit_one(void *arg, size_t i)
{
	struct visit *v = (struct visit *) arg + i;
	struct docker *engine;

	if (v->host->ssh && host_engine(v->host, v->cancel, &engine, &v->err) == AF_OK &&
	    docker_version(engine, v->cancel, &v->version, &v->err))
		v->version = NULL;
}

static void report_visit(struct doctor *d, struct visit *v)
{
	if (v->version)
		doctor_add(d, FINE, "host", NULL, "%s: connected, engine %s on %s/%s", v->host->name,
			   tree_string(v->version, "Version"), tree_string(v->version, "Os"), tree_string(v->version, "Arch"));
	else
		doctor_add(d, BROKEN, "host", v->err.hint, "%s", v->err.message);
	d->hosts += v->version != NULL;
	cJSON_Delete(v->version);
	af_error_clear(&v->err);
}

static void check_keys(struct doctor *d)
{
	AUTO_STRBUF usable = STRBUF_INIT(STRBUF_LINE), unusable = STRBUF_INIT(STRBUF_LINE);

	ssh_keys_find(&usable, &unusable);
	if (usable.len)
		doctor_add(d, FINE, "ssh keys", NULL, "%s", usable.data);
	else
		doctor_add(d, DOUBTFUL, "ssh keys", "ssh-keygen -t ed25519, then ssh-copy-id to the hosts; or ssh-add a key",
			   unusable.len ? "only of kinds that cannot be used (RSA, DSA, tokens): %s" : "there are none%s", unusable.data);
}

static void check_lines(struct doctor *d)
{
	AUTO_STRLIST wrong = { 0 };

	host_config_check(&wrong);
	for (size_t i = 0; i < wrong.count; i++)
		doctor_add(d, DOUBTFUL, "host", "mend the line: host = ssh://user@host", "config file: %s", wrong.items[i]);
}

void doctor_check_hosts(struct doctor *d)
{
	AUTO_FREE struct af_host **hosts = NULL;
	size_t count = 0;

	check_lines(d);
	struct visit *visits = host_list(d->cx->af, &hosts, &count, NULL) ? NULL : calloc(count, sizeof(*visits));
	if (!visits) {
		d->failed = AF_ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++)
		visits[i] = (struct visit){ .host = hosts[i], .cancel = d->cx->cancel };
	parallel_run(count, visit_one, visits);
	if (count > 1)
		check_keys(d);
	for (size_t i = 0; i < count; i++)
		if (hosts[i]->ssh)
			report_visit(d, &visits[i]);
	free(visits);
}
