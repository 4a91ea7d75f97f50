/* afs run: an image or a directory → a running environment. */
#include <string.h>

#include "base/clock.h"
#include "base/json_write.h"
#include "command/commands.h"
#include "command/env_args.h"
#include "command/logshow.h"
#include "command/report.h"
#include "command/run_mode.h"
#include "command/sink.h"
#include "image/build.h"
#include "orchestrator/host.h"

static const struct operand_spec operands[] = {
	{ "IMAGE", WORD_IMAGE, .help = "image to start", .optional = true },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "dir", 0, WORD_DIR, .value = "ENV_DIR", .help = "build this directory first and start the result; with --mode process it runs as it is" },
	{ "url", 0, WORD_TEXT, .value = "URL", .help = "register a service that runs already: http(s)://host:port/path" },
	{ "insecure", 0, WORD_FLAG, .help = "do not check the certificate; with --url" },
	{ "ca-file", 0, WORD_FILE, .value = "FILE", .help = "trust the authorities in this PEM file; with --url" },
	{ "tag", 't', WORD_IMAGE, .value = "TAG", .help = "tag of the image built with --dir; else one is made up" },
	{ "no-cache", 0, WORD_FLAG, .help = "build every step anew; with --dir" },
	{ "build-arg", 0, WORD_KEYVALUE, .value = "KEY=VALUE", .repeat = true, .help = "build argument; with --dir" },
	{ "name", 0, WORD_TEXT, .value = "NAME", .help = "name of the environment; else derived from the image, the directory or the host" },
	{ "env", 'e', WORD_ENVVAR, .value = "KEY[=VALUE]", .repeat = true, .secret = true,
	  .help = "environment variable; KEY alone takes your own value" },
	{ "env-file", 0, WORD_FILE, .value = "FILE", .repeat = true,
	  .help = "file with lines KEY=VALUE or KEY; --env overrides it" },
	{ "replicas", 'n', WORD_INT, .value = "N", .def = "1", .min = 1, .max = 1000, .help = "number of instances" },
	{ "load-balance", 0, WORD_CHOICE, .value = "HOW", .choices = "random|round_robin|least_busy", .def = "random",
	  .help = "how calls choose their instance" },
	{ "max-in-flight", 0, WORD_INT, .value = "N", .min = 1, .max = 65535,
	  .help = "calls at a time to each instance; further ones queue" },
	{ "max-in-flight-host", 0, WORD_INT, .value = "N", .min = 1, .max = 65535,
	  .help = "calls at a time to all instances of a host" },
	{ "host", 0, WORD_HOST, .value = "HOST", .repeat = true,
	  .help = "where replicas run, in turn: ssh://user@host:port, localhost (default)" },
	{ "mode", 0, WORD_CHOICE, .value = "MODE", .choices = "docker|process|url|basilica",
	  .help = "containers; processes of this machine, from --dir; a service, at --url; basilica is reserved" },
	{ "pull", 0, WORD_FLAG, .help = "pull the image before starting" },
	{ "mem-limit", 'm', WORD_SIZE, .value = "MEM", .help = "memory limit of each instance: 512m, 1g, 2g" },
	{ "cpu-limit", 0, WORD_DECIMAL, .value = "CPUS", .help = "CPUs of each instance: 0.5, 2" },
	{ "network", 0, WORD_TEXT, .value = "NAME", .help = "engine network to join" },
	{ "volume", 'v', WORD_TEXT, .value = "SOURCE:TARGET[:ro]", .repeat = true,
	  .help = "directory or volume to mount" },
	{ "force-recreate", 0, WORD_FLAG, .help = "replace a running environment of that name" },
	{ "rm", 0, WORD_FLAG, .help = "stay and show its logs; stop and remove it on ^C or SIGTERM" },
	{ "timeout", 0, WORD_SECONDS, .value = "SECS", .def = "120", .help = "time to become ready; 0 waits forever" },
	{ "json", 0, WORD_FLAG, .help = "print name, replicas and methods as JSON" },
	{ 0 },
};

static const char *const examples[] = {
	"afs run bignickeye/agentgym:webshop-v2 --env CHUTES_API_KEY=xxx",
	"afs run affine:v2 --name affine-prod --mem-limit 2g",
	"afs run --dir environments/my-env --tag my-env:latest",
	"afs run my-env:latest --pull",
	"afs run my-env:v1 --replicas 3 --load-balance round_robin",
	"afs run my-env:v1 --replicas 4 --host ssh://me@gpu-a --host ssh://me@gpu-b",
	"afs run --dir environments/my-env --mode process",
	"afs run --url https://envs.example.org/calc --name calc",
	NULL,
};

const struct command_spec cmd_run = {
	.name = "run",
	.group = "Workflow",
	.summary = "Start an environment and wait until it is ready",
	.description = "Starts IMAGE, or the image built from --dir. Replicas are deployed at the same time; when one fails, "
		       "or on ^C, all are removed again.\n"
		       "--mode process starts the env.py of --dir as processes of this machine, without an image, supervised and "
		       "restarted; nothing isolates them, and requirements.txt is not installed. --dir takes this way by itself, "
		       "and says so, where no container engine can be reached; --mode docker makes that an error. --url "
		       "registers a service under a name; nothing is started.\n"
		       "No port is opened: instances are reached on the engine's network. When everything is ready, "
		       "methods and example calls are shown on stderr, and the name is printed on stdout.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_run_run,
};

/* This machine's, and where there is none that of the first host. */
static af_code build_engine(struct command_context *cx, const struct args *args, struct docker **engine, struct af_error *err)
{
	const struct strlist *hosts = args_all(args, "host");
	struct af_error none = AF_ERROR_INIT;
	struct af_host *first;
	af_code rc = af_engine(cx->af, cx->cancel, engine, &none);

	if (rc != AF_ERR_UNREACHABLE || !hosts->count) {
		if (rc)
			error_move(err, &none);
		return rc;
	}
	af_error_clear(&none);
	rc = host_get(cx->af, hosts->items[0], &first, err);
	return rc ? rc : host_engine(first, cx->cancel, engine, err);
}

/* The image to start: the one that was named, or the one that --dir makes. */
static af_code get_image(struct command_context *cx, const struct args *args, enum af_mode mode, char **image,
			 struct af_error *err)
{
	AF_AUTO(image_build_result) struct image_build_result result = { 0 };
	struct docker_progress progress = command_sink(cx);
	struct image_build_options opt = {
		.source = args_text(args, "dir"),
		.tag = args_text(args, "tag"),
		.no_cache = args_has(args, "no-cache"),
		.pull = args_has(args, "pull"),
		.buildargs = (const char *const *) args_all(args, "build-arg")->items,
	};
	struct docker *engine;
	af_code rc;

	if (mode != AF_MODE_DOCKER)
		return AF_OK;
	if (!opt.source) {
		*image = str_dup(args_operand(args, "IMAGE"), err);
		return *image ? AF_OK : AF_ERR_NOMEM;
	}
	rc = build_engine(cx, args, &engine, err);
	if (rc == AF_ERR_UNREACHABLE && !args_has(args, "host"))
		error_hint(err, "start the engine, or do without it: afs run --dir %s --mode process", opt.source);
	if (!rc)
		rc = image_build(engine, &opt, &progress, cx->cancel, &result, err);
	command_sink_end(cx);
	if (!rc) {
		command_note(cx, "built %s", result.tag);
		*image = af_steal(result.tag);
	}
	return rc;
}

static void on_note(void *arg, const char *line)
{
	command_note(arg, "%s", line);
}

static af_code deploy(struct command_context *cx, const struct args *args, enum af_mode mode, const char *image,
		      const struct strlist *vars, struct af_env **env, struct af_error *err)
{
	struct docker_progress progress = command_sink(cx);
	struct deploy_events events = { .arg = cx, .note = on_note, .pull = &progress };
	struct af_load_options opt = {
		.image = image,
		.env_path = mode == AF_MODE_DOCKER ? NULL : args_text(args, "dir"),
		.base_url = args_text(args, "url"),
		.insecure = args_has(args, "insecure"),
		.ca_file = args_text(args, "ca-file"),
		.name = args_text(args, "name"),
		.env_vars = (const char *const *) vars->items,
		.replicas = (int) args_number(args, "replicas"),
		.balance = balance_of(args_text(args, "load-balance")),
		.max_in_flight = (int) args_number(args, "max-in-flight"),
		.max_in_flight_host = (int) args_number(args, "max-in-flight-host"),
		.mem_limit = args_text(args, "mem-limit"),
		.cpu_limit = args_decimal(args, "cpu-limit"),
		/* What was just built is newer than what a registry has. */
		.pull = args_has(args, "pull") && !args_has(args, "dir"),
		.keep = true,
		.force_recreate = args_has(args, "force-recreate"),
		.mode = mode,
		.hosts = (const char *const *) args_all(args, "host")->items,
		.network = args_text(args, "network"),
		.volumes = (const char *const *) args_all(args, "volume")->items,
		.ready_timeout_ms = args_number(args, "timeout") ? args_number(args, "timeout") : INT64_MAX,
	};
	af_code rc = env_deploy(cx->af, &opt, &events, cx->cancel, env, err);

	command_sink_end(cx);
	return rc;
}

static af_code print_json(struct command_context *cx, const struct af_env *env, const struct method_list *methods,
			  int64_t ready_ms, struct af_error *err)
{
	AUTO_STRBUF json = STRBUF_INIT(STRBUF_TEXT);
	struct json_writer w = json_writer(&json);

	json_open(&w, NULL, '{');
	json_put_string(&w, "name", env->name);
	json_put_string(&w, "image", env->image);
	json_put_string(&w, "type", env_type_name(env->type));
	json_put_string(&w, "mode", env_mode(env));
	json_open(&w, "replicas", '[');
	for (size_t i = 0; i < env->count; i++) {
		json_open(&w, NULL, '{');
		report_instance(&w, &env->instances[i]);
		json_close(&w, '}');
	}
	json_close(&w, ']');
	report_methods(&w, "methods", methods);
	json_put_int(&w, "ready_ms", ready_ms);
	json_close(&w, '}');
	return command_json(cx, &json, err);
}

static af_code started(struct command_context *cx, const struct args *args, struct af_env *env, int64_t ready_ms,
		       struct af_error *err)
{
	AF_AUTO(method_list) struct method_list methods = { 0 };
	struct af_error why = AF_ERROR_INIT;
	af_code rc = env_methods(env, cx->cancel, &methods, &why);

	if (rc && rc != AF_ERR_CANCELLED) /* it runs and can be called all the same */
		command_note(cx, "its methods are not known: %s", why.message);
	af_error_clear(&why);
	rc = cancel_check(cx->cancel, err);
	if (rc)
		return rc;
	if (args_has(args, "json"))
		return print_json(cx, env, &methods, ready_ms, err);
	report_started(cx, env, &methods, ready_ms);
	command_outf(cx, "%s\n", env->name);
	return AF_OK;
}

/* With --rm: the environment lives as long as we do. */
static af_code attend(struct command_context *cx, struct af_env *env, struct af_error *err)
{
	const struct logs_wanted wanted = { .replica = -1, .tail = -1, .follow = true, .aside = true };
	struct af_error why = AF_ERROR_INIT;

	command_note(cx, "%s is stopped and removed on ^C", env->name);
	af_code rc = logs_show(cx, env, &wanted, err);
	if (!cancel_requested(cx->cancel)) /* somebody else removed it, or its logs cannot be had */
		command_note(cx, "%s: its logs have ended", env->name);
	af_code stop_rc = env_stop(env, STOP_GRACE_S, NULL, &why);
	if (!rc && stop_rc) {
		rc = stop_rc;
		error_move(err, &why);
	}
	af_error_clear(&why);
	return rc;
}

af_code cmd_run_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	AF_AUTO(env) struct af_env *env = NULL;
	AUTO_STRLIST vars = { 0 };
	AUTO_FREE char *image = NULL;
	enum af_mode mode;
	af_code rc = run_mode_choose(cx, args, &mode, err);

	if (!rc)
		rc = env_args_read(args, &vars, err);
	if (!rc)
		rc = get_image(cx, args, mode, &image, err);
	int64_t began = clock_ms();
	if (!rc)
		rc = deploy(cx, args, mode, image, &vars, &env, err);
	if (rc)
		return rc;
	rc = started(cx, args, env, clock_ms() - began, err);
	/* Interrupted at the last moment: nobody was told of it, so it must not stay. */
	if (rc == AF_ERR_CANCELLED && env_remove(env, true, NULL, NULL))
		command_note(cx, "%s could not be removed; stop it with `afs rm --force %s`", env->name, env->name);
	return !rc && args_has(args, "rm") ? attend(cx, env, err) : rc;
}
