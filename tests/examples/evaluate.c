/*
 * Builds an environment, runs three replicas of it, evaluates some tasks and stops everything again.
 *
 *     evaluate DIRECTORY IMAGE [BUILDARG…]
 *     evaluate ./calc calc:v1 BASE_IMAGE=python:3.12-slim
 *
 * Prints the result of each task and the pool's statistics, each as one line of JSON. Compile it with
 *
 *     cc evaluate.c $(pkg-config --cflags --libs affinetes)
 */
#include <stdio.h>
#include <stdlib.h>

#include <affinetes.h>

#define TASKS 6

static void show_line(void *arg, const char *line, size_t len)
{
	fprintf(arg, "%.*s\n", (int) len, line);
}

static af_code build(struct af *af, char **argv, struct af_error *err)
{
	const struct af_build_options options = {
		.env_path = argv[1],
		.image_tag = argv[2],
		.buildargs = (const char *const *) &argv[3],
		.on_line = show_line,
		.arg = stderr,
	};

	return af_build_image(af, &options, NULL, err);
}

static af_code evaluate(struct af_env *env, int task, struct af_error *err)
{
	const struct af_call_options options = { .timeout_ms = 60000 };
	char kwargs[64], *result = NULL;

	snprintf(kwargs, sizeof(kwargs), "{\"task_id\": %d}", task);
	af_code rc = af_env_call(env, "evaluate", kwargs, &options, &result, err);
	if (rc == AF_OK)
		printf("%s\n", result);
	free(result);
	return rc;
}

static af_code show_statistics(struct af_env *env, struct af_error *err)
{
	char *stats = NULL;
	af_code rc = af_env_stats(env, &stats, err);

	if (rc == AF_OK)
		printf("%s\n", stats);
	free(stats);
	return rc;
}

static af_code run(struct af *af, const char *image, struct af_error *err)
{
	const struct af_load_options options = {
		.image = image,
		.replicas = 3,
		.balance = AF_BALANCE_ROUND_ROBIN,
		.mem_limit = "512m",
	};
	/* Stopped and removed at the end of this function, whichever way it is left. */
	AF_AUTO_ENV struct af_env *env = NULL;
	af_code rc = af_load_env(af, &options, &env, err);

	for (int task = 0; rc == AF_OK && task < TASKS; task++)
		rc = evaluate(env, task, err);
	return rc == AF_OK ? show_statistics(env, err) : rc;
}

int main(int argc, char **argv)
{
	struct af_error err = AF_ERROR_INIT;
	struct af *af = NULL;

	if (argc < 3) {
		fprintf(stderr, "usage: %s DIRECTORY IMAGE [BUILDARG…]\n", argv[0]);
		return 2;
	}
	af_code rc = af_new(NULL, &af, &err);
	if (rc == AF_OK)
		rc = build(af, argv, &err);
	if (rc == AF_OK)
		rc = run(af, argv[2], &err);
	if (rc != AF_OK)
		fprintf(stderr, "%s\n", err.message);
	if (err.hint)
		fprintf(stderr, "%s\n", err.hint);
	af_error_clear(&err);
	af_free(af);
	return af_code_exit_status(rc);
}
