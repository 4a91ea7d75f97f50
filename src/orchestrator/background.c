/* affinetes.h: what takes a while and need not be waited for, each on a thread of its own. */
#include <string.h>

#include "orchestrator/orchestrator.h"

struct background {
	struct af *af;
	struct af_env *env; /* that it is about; it is kept until the end; NULL: none */
	void (*run)(struct background *b);
	struct cancel *cancel; /* fires with the caller's and at the end of the context */
	struct cancel *callers;
	const void *options;
	union {
		af_load_done load;
		af_call_done text;
	} done;
	void *arg;
};

static void let_go(struct background *b)
{
	struct af *af = b->af;
	struct af_env *env = b->env;

	cancel_free(b->cancel);
	free(b);
	if (env) {
		pthread_mutex_lock(&env->lock);
		if (!--env->pending)
			pthread_cond_broadcast(&env->idle);
		pthread_mutex_unlock(&env->lock);
	}
	pthread_mutex_lock(&af->lock);
	if (!--af->background)
		pthread_cond_broadcast(&af->idle);
	pthread_mutex_unlock(&af->lock);
}

static void *run(void *arg)
{
	struct background *b = arg;
	struct cancel_waker callers = { .wake = cancel_wake_token, .arg = b->cancel }, end = callers;

	cancel_watch(b->callers, &callers);
	cancel_watch(b->af->end, &end);
	b->run(b);
	cancel_unwatch(b->callers, &callers);
	cancel_unwatch(b->af->end, &end);
	let_go(b);
	return NULL;
}

/* Counts it in, unless it is too late. */
static af_code enter(struct background *b, struct af_error *err)
{
	af_code rc = AF_OK;

	pthread_mutex_lock(&b->af->lock);
	if (cancel_requested(b->af->end))
		rc = error_set(err, AF_ERR_CANCELLED, "the library is being closed");
	else
		b->af->background++;
	pthread_mutex_unlock(&b->af->lock);
	if (rc || !b->env)
		return rc;
	pthread_mutex_lock(&b->env->lock);
	b->env->pending++;
	pthread_mutex_unlock(&b->env->lock);
	return AF_OK;
}

static af_code start(const struct background *what, struct af_error *err)
{
	struct background *b = calloc(1, sizeof(*b));
	pthread_attr_t attr;
	pthread_t thread;

	if (!b)
		return error_nomem(err);
	*b = *what;
	b->cancel = cancel_new(err);
	af_code rc = b->cancel ? enter(b, err) : AF_ERR_NOMEM;
	if (rc) {
		cancel_free(b->cancel);
		free(b);
		return rc;
	}
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	int failed = pthread_create(&thread, &attr, run, b);
	pthread_attr_destroy(&attr);
	if (!failed)
		return AF_OK;
	let_go(b);
	return error_errno(err, AF_ERR_FAILED, failed, "start a thread");
}

void background_end(struct af *af)
{
	/* Under the lock: nothing is counted in after it. */
	pthread_mutex_lock(&af->lock);
	if (af->end)
		cancel_trigger(af->end);
	while (af->background)
		pthread_cond_wait(&af->idle, &af->lock);
	pthread_mutex_unlock(&af->lock);
}

/* ---- what there is -------------------------------------------------------------------- */

static void load(struct background *b)
{
	struct af_load_options options = *(const struct af_load_options *) b->options;
	struct af_error err = AF_ERROR_INIT;
	struct af_env *env = NULL;

	options.cancel = (struct af_cancel *) b->cancel;
	af_code rc = af_load_env(b->af, &options, &env, &err);
	b->done.load(b->arg, rc, env, &err);
	af_error_clear(&err);
}

af_code af_load_env_async(struct af *af, const struct af_load_options *options, af_load_done done, void *arg,
			  struct af_error *err)
{
	return start(&(struct background){ .af = af, .run = load, .options = options, .done.load = done, .arg = arg,
					   .callers = (struct cancel *) options->cancel }, err);
}

/* Hands a text on, which is freed. */
static void tell(struct background *b, af_code rc, char *text, struct af_error *err)
{
	b->done.text(b->arg, rc, rc ? NULL : text, rc || !text ? 0 : strlen(text), err);
	free(text);
	af_error_clear(err);
}

static void build(struct background *b)
{
	struct af_build_options options = *(const struct af_build_options *) b->options;
	struct af_error err = AF_ERROR_INIT;
	char *tag = NULL;

	options.cancel = (struct af_cancel *) b->cancel;
	af_code rc = af_build_image(b->af, &options, &tag, &err);
	tell(b, rc, tag, &err);
}

af_code af_build_image_async(struct af *af, const struct af_build_options *options, af_call_done done, void *arg,
			     struct af_error *err)
{
	return start(&(struct background){ .af = af, .run = build, .options = options, .done.text = done, .arg = arg,
					   .callers = (struct cancel *) options->cancel }, err);
}

static void list_methods(struct background *b)
{
	struct af_error err = AF_ERROR_INIT;
	char *json = NULL;
	af_code rc = af_env_list_methods(b->env, &json, &err);

	tell(b, rc, json, &err);
}

af_code af_env_list_methods_async(struct af_env *env, af_call_done done, void *arg, struct af_error *err)
{
	return start(&(struct background){ .af = env->af, .env = env, .run = list_methods, .done.text = done,
					   .arg = arg }, err);
}

static void clean_up(struct background *b)
{
	struct af_error err = AF_ERROR_INIT;
	af_code rc = af_env_cleanup(b->env, &err);

	tell(b, rc, NULL, &err);
}

af_code af_env_cleanup_async(struct af_env *env, af_call_done done, void *arg, struct af_error *err)
{
	return start(&(struct background){ .af = env->af, .env = env, .run = clean_up, .done.text = done, .arg = arg }, err);
}
