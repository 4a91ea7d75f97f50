/* Asking all hosts at the same time. See host.h. */
#include <string.h>

#include "base/parallel.h"
#include "orchestrator/host.h"

struct asking {
	const char *const *labels;
	struct survey *survey;
	bool one;
	struct cancel *stop; /* fires when the caller's does, or when nobody needs the rest */
	pthread_mutex_t lock;
	int found, planned;
};

/* The containers of one environment: are they all here? */
static void count_found(struct asking *a, const cJSON *containers)
{
	pthread_mutex_lock(&a->lock);
	if (cJSON_GetArraySize(containers)) {
		a->planned = docker_number_label(containers->child, LABEL_REPLICAS, 1);
		a->found += cJSON_GetArraySize(containers);
	}
	if (a->found && a->found >= a->planned)
		cancel_trigger(a->stop);
	pthread_mutex_unlock(&a->lock);
}

static void ask_one(void *arg, size_t i)
{
	struct asking *a = arg;
	struct survey_answer *answer = &a->survey->answers[i];
	af_code rc = host_engine(answer->host, a->stop, &answer->engine, &answer->err);

	if (!rc)
		rc = docker_container_list(answer->engine, true, a->labels, NULL, a->stop, &answer->containers, &answer->err);
	if (!rc && a->one)
		count_found(a, answer->containers);
}

/* Most environments are on this machine, and then nobody else need be asked. */
static void ask_all(struct asking *a)
{
	size_t count = a->survey->count;

	if (!a->one || count == 1) {
		parallel_run(count, ask_one, a);
		return;
	}
	ask_one(a, 0);
	if (cancel_requested(a->stop)) {
		for (size_t i = 1; i < count; i++)
			a->survey->answers[i].err.code = AF_ERR_CANCELLED;
		return;
	}
	a->survey->answers++;
	parallel_run(count - 1, ask_one, a);
	a->survey->answers--;
}

af_code survey_hosts(struct af *af, const char *label, bool one, struct cancel *cancel, struct survey *out,
		     struct af_error *err)
{
	const char *const labels[] = { label, NULL };
	struct cancel_waker link = { .wake = cancel_wake_token };
	struct asking a = { .labels = labels, .survey = out, .one = one, .lock = PTHREAD_MUTEX_INITIALIZER };
	AUTO_FREE struct af_host **hosts = NULL;
	af_code rc = host_list(af, &hosts, &out->count, err);

	out->answers = rc ? NULL : calloc(out->count, sizeof(*out->answers));
	a.stop = out->answers ? cancel_new(err) : NULL;
	if (!a.stop) {
		survey_free(out);
		return rc ? rc : error_nomem(err);
	}
	for (size_t i = 0; i < out->count; i++)
		out->answers[i].host = hosts[i];
	link.arg = a.stop;
	cancel_watch(cancel, &link);
	ask_all(&a);
	cancel_unwatch(cancel, &link);
	cancel_free(a.stop);
	rc = cancel_check(cancel, err);
	if (rc)
		survey_free(out);
	return rc;
}

void survey_free(struct survey *s)
{
	for (size_t i = 0; s->answers && i < s->count; i++) {
		cJSON_Delete(s->answers[i].containers);
		af_error_clear(&s->answers[i].err);
	}
	free(s->answers);
	*s = (struct survey){ 0 };
}
