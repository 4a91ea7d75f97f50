/* afs run: an image, a directory or a service → a running environment. */
#include "command/commands.h"

static const struct operand_spec operands[] = {
	{ "IMAGE", WORD_IMAGE, .help = "image to start", .optional = true },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "dir", 0, WORD_DIR, .value = "ENV_DIR", .help = "build this directory first and start the result" },
	{ "tag", 't', WORD_IMAGE, .value = "TAG", .help = "tag of the image built with --dir; else one is made up" },
	{ "no-cache", 0, WORD_FLAG, .help = "build every step anew; with --dir" },
	{ "build-arg", 0, WORD_KEYVALUE, .value = "KEY=VALUE", .repeat = true, .help = "build argument; with --dir" },
	{ "name", 0, WORD_TEXT, .value = "NAME", .help = "name of the environment; else derived from the image" },
	{ "env", 'e', WORD_ENVVAR, .value = "KEY[=VALUE]", .repeat = true, .secret = true,
	  .help = "environment variable; KEY alone takes your own value" },
	{ "env-file", 0, WORD_FILE, .value = "FILE", .repeat = true,
	  .help = "file with lines KEY=VALUE or KEY; --env overrides it" },
	{ "replicas", 'n', WORD_INT, .value = "N", .def = "1", .min = 1, .max = 1000, .help = "number of instances" },
	{ "load-balance", 0, WORD_CHOICE, .value = "HOW", .choices = "random|round_robin|least_busy", .def = "random",
	  .help = "how calls choose their instance" },
	{ "host", 0, WORD_HOST, .value = "HOST", .repeat = true,
	  .help = "deploy to ssh://[USER@]HOST[:PORT]; localhost mixes in" },
	{ "mode", 0, WORD_CHOICE, .value = "MODE", .choices = "docker|process|url|basilica", .def = "docker",
	  .help = "containers, local processes, or a service that runs already; basilica is reserved" },
	{ "url", 0, WORD_URL, .value = "URL", .help = "service to connect to; implies --mode url" },
	{ "pull", 0, WORD_FLAG, .help = "pull the image before starting" },
	{ "mem-limit", 'm', WORD_SIZE, .value = "MEM", .help = "memory limit of each instance: 512m, 1g, 2g" },
	{ "cpu-limit", 0, WORD_DECIMAL, .value = "CPUS", .help = "CPUs of each instance: 0.5, 2" },
	{ "network", 0, WORD_TEXT, .value = "NAME", .help = "engine network to join" },
	{ "volume", 'v', WORD_TEXT, .value = "SOURCE:TARGET[:ro]", .repeat = true,
	  .help = "directory or volume to mount" },
	{ "force-recreate", 0, WORD_FLAG, .help = "replace a running environment of that name" },
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
	"afs run my-env:v1 --replicas 4 --host ssh://me@gpu-a --host localhost",
	"afs run --url http://your-service.com:8080 --name remote",
	NULL,
};

const struct command_spec cmd_run = {
	.name = "run",
	.group = "Workflow",
	.summary = "Start an environment and wait until it is ready",
	.description = "Starts IMAGE, or the image built from --dir, or connects to the service at --url. Replicas are "
		       "deployed at the same time; when one fails, or on ^C, all are removed again.\n"
		       "No port is opened: instances are reached on the engine's network, or through SSH on other hosts. "
		       "When everything is ready, name, methods and an example call are shown.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_run_run,
};
