/* afs build: an environment directory or git repository → an image. */
#include "command/commands.h"

static const struct operand_spec operands[] = {
	{ "ENV_DIR", WORD_DIR, .help = "environment directory, or git URL: https://….git#REF:SUBDIR, git@HOST:PATH" },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "tag", 't', WORD_IMAGE, .value = "TAG", .required = true, .help = "name of the image, NAME:VERSION" },
	{ "push", 0, WORD_FLAG, .help = "push the image to its registry after the build" },
	{ "registry", 0, WORD_TEXT, .value = "URL", .help = "registry to push to, such as docker.io/USER; with --push" },
	{ "no-cache", 0, WORD_FLAG, .help = "build every step anew" },
	{ "quiet", 'q', WORD_FLAG, .help = "no build output; print the image id" },
	{ "build-arg", 0, WORD_KEYVALUE, .value = "KEY=VALUE", .repeat = true,
	  .help = "build argument for the Dockerfile's ARG" },
	{ 0 },
};

static const char *const examples[] = {
	"afs build environments/affine --tag affine:v2",
	"afs build my-env --tag my-env:v1 --push --registry docker.io/username",
	"afs build my-env --tag my-env:v1 --no-cache",
	"afs build my-env --tag my-env:v1 --build-arg ENV_NAME=prod",
	"afs build https://github.com/org/envs.git#main:sat --tag sat:v1",
	NULL,
};

const struct command_spec cmd_build = {
	.name = "build",
	.group = "Workflow",
	.summary = "Build an image from an environment directory or git repository",
	.description =
		"The directory needs env.py and a Dockerfile; requirements.txt, config.py and .dockerignore are honoured. "
		"A resolve_buildargs function in config.py supplies build arguments; --build-arg and AFS_BASE_IMAGE "
		"override them.\n"
		"Where env.py has an Actor class or plain functions, the HTTP server is added in a second build stage. "
		"Where it has a FastAPI application of its own, the Dockerfile is used as it is.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_build_run,
};
