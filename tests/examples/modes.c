/*
 * Loads an environment in a mode without containers, calls a method of it, and lets go of it again.
 *
 *     modes process DIRECTORY METHOD [ARGUMENTS]
 *     modes url URL METHOD [ARGUMENTS]
 *
 *     modes process ./calc evaluate '{"task_id": 3}'
 *     modes url https://envs.example.org/calc evaluate '{"task_id": 3}'
 *
 * Prints the result as one line of JSON. Compile it with
 *
 *     cc modes.c $(pkg-config --cflags --libs affinetes)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <affinetes.h>

static af_code run(struct af *af, char **argv, struct af_error *err)
{
	const struct af_call_options call = { .timeout_ms = 60000 };
	struct af_load_options load = { .name = "modes-example" };
	struct af_env *env = NULL;
	char *result = NULL;

	if (!strcmp(argv[1], "process")) {
		load.mode = AF_MODE_PROCESS;
		load.env_path = argv[2];
		load.replicas = 2;
	} else {
		load.mode = AF_MODE_URL;
		load.base_url = argv[2];
	}
	af_code rc = af_load_env(af, &load, &env, err);
	if (rc == AF_OK)
		rc = af_env_call(env, argv[3], argv[4], &call, &result, err);
	if (rc == AF_OK)
		printf("%s\n", result);
	free(result);
	return rc; /* af_free() lets go of the environment */
}

int main(int argc, char **argv)
{
	struct af_error err = AF_ERROR_INIT;
	struct af *af = NULL;

	if (argc < 4 || (strcmp(argv[1], "process") && strcmp(argv[1], "url"))) {
		fprintf(stderr, "usage: %s process|url WHERE METHOD [ARGUMENTS]\n", argv[0]);
		return 2;
	}
	af_code rc = af_new(NULL, &af, &err);
	if (rc == AF_OK)
		rc = run(af, argv, &err);
	if (rc != AF_OK)
		fprintf(stderr, "%s\n%s\n", err.message, err.hint ? err.hint : "");
	af_free(af);
	af_error_clear(&err);
	return af_code_exit_status(rc);
}
