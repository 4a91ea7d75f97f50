/* afs build: an environment directory or git repository → an image. */
#include "command/commands.h"
#include "command/sink.h"
#include "image/build.h"
#include "orchestrator/orchestrator.h"

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
		"A resolve_buildargs function in config.py gets the arguments of --build-arg and may add to and change them; "
		"a BASE_IMAGE given by --build-arg or AFS_BASE_IMAGE stays.\n"
		"Where env.py has an Actor class or plain functions, the HTTP server is added in a second build stage. "
		"Where it has a FastAPI application of its own, the Dockerfile is used as it is.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_build_run,
};

static af_code check(const struct args *args, struct af_error *err)
{
	if (!args_has(args, "registry") || args_has(args, "push"))
		return AF_OK;
	error_set(err, AF_ERR_USAGE, "build: --registry says where to push to, and --push is missing");
	error_hint(err, "add --push, or leave --registry out");
	return AF_ERR_USAGE;
}

static void report(struct command_context *cx, const struct image_build_result *r, bool quiet)
{
	if (quiet) {
		command_outf(cx, "%s\n", r->id);
		return;
	}
	command_note(cx, "%s: %s, %.19s%s", r->tag, env_type_name(r->type), r->id,
		     r->unchanged ? ", nothing has changed" : "");
	if (r->pushed)
		command_note(cx, "pushed %s", r->pushed);
	command_outf(cx, "%s\n", r->pushed ? r->pushed : r->tag);
}

af_code cmd_build_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	bool quiet = args_has(args, "quiet");
	struct docker_progress progress = command_sink(cx);
	struct image_build_options opt = {
		.source = args_operand(args, "ENV_DIR"),
		.tag = args_text(args, "tag"),
		.push = args_has(args, "push"),
		.registry = args_text(args, "registry"),
		.no_cache = args_has(args, "no-cache"),
		.buildargs = (const char *const *) args_all(args, "build-arg")->items,
	};
	AF_AUTO(image_build_result) struct image_build_result result = { 0 };
	struct docker *engine;
	af_code rc = check(args, err);

	if (!rc)
		rc = af_engine(cx->af, cx->cancel, &engine, err);
	if (rc)
		return rc;
	rc = image_build(engine, &opt, quiet ? NULL : &progress, cx->cancel, &result, err);
	command_sink_end(cx);
	if (!rc)
		report(cx, &result, quiet);
	return rc;
}
