/* The context: connections, the engine, the registry of environments. */
#include <string.h>

#include "orchestrator/host.h"
#include "orchestrator/watch.h"

af_code af_new(const struct af_options *options, struct af **out, struct af_error *err)
{
	struct af *af = calloc(1, sizeof(*af));

	if (!af)
		return error_nomem(err);
	af->ask = options ? options->ask_passphrase : NULL;
	af->ask_arg = options ? options->arg : NULL;
	pthread_mutex_init(&af->lock, NULL);
	pthread_cond_init(&af->idle, NULL);
	af->end = cancel_new(err);
	af->http = http_new(err);
	if (!af->end || !af->http || (options && options->engine && !(af->engine_host = str_dup(options->engine, err)))) {
		af_free(af);
		return AF_ERR_NOMEM;
	}
	*out = af;
	return AF_OK;
}

void af_free(struct af *af)
{
	if (!af)
		return;
	background_end(af);
	while (af->envs)
		af_env_free(af->envs);
	watches_end(af);
	http_free(af->http); /* before the engine: its streams end here */
	watches_free(af);
	hosts_free(af);
	cancel_free(af->end);
	pthread_cond_destroy(&af->idle);
	pthread_mutex_destroy(&af->lock);
	free(af->engine_host);
	free(af);
}

af_code af_engine(struct af *af, struct cancel *cancel, struct docker **out, struct af_error *err)
{
	struct af_host *h = host_local(af);

	return h ? host_engine(h, cancel, out, err) : error_nomem(err);
}
