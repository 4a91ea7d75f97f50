/*
 * Has two hundred calls of a running environment in flight at once, without a thread for each, and cancels every
 * tenth of them.
 *
 *     many_calls NAME METHOD [ARGUMENTS]
 *     many_calls calc evaluate '{"task_id": 7}'
 *
 * Prints how many ended in which way, as one line of JSON. Compile it with
 *
 *     cc -pthread many_calls.c $(pkg-config --cflags --libs affinetes)
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <affinetes.h>

#define CALLS 200

/* Written on the library's thread, read on ours. */
struct tally {
	pthread_mutex_t lock;
	pthread_cond_t all_over;
	int left, succeeded, cancelled, failed;
	char failure[200]; /* the first */
};

/* Runs on the library's thread: it counts and is gone. Result and error are the library's; what is wanted of them
 * has to be copied. */
static void on_done(void *arg, af_code rc, const char *result, size_t len, const struct af_error *err)
{
	struct tally *tally = arg;

	(void) result;
	(void) len;
	pthread_mutex_lock(&tally->lock);
	if (rc == AF_OK)
		tally->succeeded++;
	else if (rc == AF_ERR_CANCELLED)
		tally->cancelled++;
	else if (tally->failed++ == 0)
		snprintf(tally->failure, sizeof(tally->failure), "%s", err->message);
	if (--tally->left == 0)
		pthread_cond_signal(&tally->all_over);
	pthread_mutex_unlock(&tally->lock);
}

static void wait_for_all(struct tally *tally)
{
	pthread_mutex_lock(&tally->lock);
	while (tally->left > 0)
		pthread_cond_wait(&tally->all_over, &tally->lock);
	pthread_mutex_unlock(&tally->lock);
}

/* Starts them all and comes back at once; `left` counts those that got under way. */
static af_code start(struct af_env *env, const char *method, const char *arguments, struct tally *tally,
		     struct af_call **calls, struct af_error *err)
{
	const struct af_call_options options = { .timeout_ms = 60000 };

	for (int i = 0; i < CALLS; i++) {
		pthread_mutex_lock(&tally->lock);
		tally->left++;
		pthread_mutex_unlock(&tally->lock);
		af_code rc = af_env_call_async(env, method, arguments, &options, on_done, tally, &calls[i], err);
		if (rc != AF_OK) { /* on_done will not be called for this one */
			pthread_mutex_lock(&tally->lock);
			tally->left--;
			pthread_mutex_unlock(&tally->lock);
			return rc;
		}
	}
	return AF_OK;
}

static af_code call_many(struct af_env *env, const char *method, const char *arguments, struct af_error *err)
{
	struct tally tally = { .lock = PTHREAD_MUTEX_INITIALIZER, .all_over = PTHREAD_COND_INITIALIZER };
	struct af_call *calls[CALLS] = { NULL };
	af_code rc = start(env, method, arguments, &tally, calls, err);

	for (int i = 0; i < CALLS; i += 10)
		if (calls[i])
			af_call_cancel(calls[i]);
	wait_for_all(&tally);
	for (int i = 0; i < CALLS; i++)
		af_call_free(calls[i]);
	if (rc == AF_OK)
		printf("{\"succeeded\": %d, \"cancelled\": %d, \"failed\": %d}\n", tally.succeeded, tally.cancelled, tally.failed);
	if (tally.failed)
		fprintf(stderr, "%s\n", tally.failure);
	return rc;
}

int main(int argc, char **argv)
{
	struct af_error err = AF_ERROR_INIT;
	struct af_env *env = NULL;
	struct af *af = NULL;

	if (argc < 3) {
		fprintf(stderr, "usage: %s NAME METHOD [ARGUMENTS]\n", argv[0]);
		return 2;
	}
	af_code rc = af_new(NULL, &af, &err);
	if (rc == AF_OK)
		rc = af_connect_env(af, argv[1], &env, &err);
	if (rc == AF_OK)
		rc = call_many(env, argv[2], argc > 3 ? argv[3] : NULL, &err);
	if (rc != AF_OK)
		fprintf(stderr, "%s\n", err.message);
	af_error_clear(&err);
	af_free(af); /* and the handle of the environment with it, which goes on running */
	return af_code_exit_status(rc);
}
