/* afs doctor: is everything there that the other commands need? */
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/bytes.h"
#include "base/json_write.h"
#include "base/path.h"
#include "base/process.h"
#include "command/commands.h"
#include "command/doctor.h"
#include "docker/tree.h"
#include "orchestrator/orchestrator.h"

static const struct operand_spec operands[] = { { 0 } };

static const struct option_spec options[] = {
	{ "json", 0, WORD_FLAG, .help = "print a JSON list" },
	{ 0 },
};

static const char *const examples[] = { "afs doctor", "afs doctor --json", NULL };

const struct command_spec cmd_doctor = {
	.name = "doctor",
	.group = "Manage",
	.summary = "Check engine, disk, base image, remote hosts and tools",
	.description = "Says for each finding what to do about it. The exit status is 0 unless something is in the way: 4 when "
		       "the engine cannot be reached, else 1.\n"
		       "--json prints a list: check, status (ok, warning, error), finding, advice (null where there is none).",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_doctor_run,
};

#define DEFAULT_BASE_IMAGE "python:3.12-slim"
#define GIB ((int64_t) 1 << 30)
#define LITTLE_DISK (5 * GIB)  /* an environment with a machine-learning library takes as much */
#define NO_DISK (GIB / 2)

/* ---- the engine ------------------------------------------------------------------------------ */

static void check_engine(struct doctor *d)
{
	struct af_error err = AF_ERROR_INIT;
	struct docker *engine = NULL;
	AUTO_CJSON *version = NULL;
	af_code rc = af_engine(d->cx->af, d->cx->cancel, &engine, &err);

	if (!rc)
		rc = docker_version(engine, d->cx->cancel, &version, &err);
	if (!rc)
		rc = docker_info(engine, d->cx->cancel, &d->info, &err);
	if (rc) {
		doctor_add(d, BROKEN, "engine", err.hint ? err.hint : "install docker (apt-get install docker.io) and start it; "
							       "DOCKER_HOST names an engine elsewhere", "%s", err.message);
		af_error_clear(&err);
		return;
	}
	d->engine = engine;
	doctor_add(d, FINE, "engine", NULL, "%s, version %s on %s/%s", docker_host(engine), tree_string(version, "Version"),
	    tree_string(version, "Os"), tree_string(version, "Arch"));
	doctor_add(d, FINE, "api", NULL, "the engine speaks API %s", tree_string(version, "ApiVersion"));
}

static void check_builder(struct doctor *d)
{
	if (!d->engine)
		return;
	if (docker_has_buildkit(d->engine))
		doctor_add(d, FINE, "builder", NULL, "BuildKit");
	else
		doctor_add(d, DOUBTFUL, "builder", "nothing has to be done; Dockerfiles that need BuildKit (RUN --mount) will not build",
		    "the classic builder: this engine has no BuildKit");
}

static void check_limits(struct doctor *d)
{
	const char *cgroup = tree_string(d->info, "CgroupVersion");

	if (!d->engine)
		return;
	if (!tree_bool(d->info, "MemoryLimit"))
		doctor_add(d, DOUBTFUL, "limits", "enable the memory cgroup controller: boot with cgroup_enable=memory",
		    "the engine cannot limit memory, so --mem-limit has no effect");
	else if (!tree_bool(d->info, "CpuCfsQuota"))
		doctor_add(d, DOUBTFUL, "limits", "the kernel lacks CONFIG_CFS_BANDWIDTH", "--cpu-limit has no effect");
	else
		doctor_add(d, FINE, "limits", NULL, "memory and CPU can be limited (cgroup v%s)", cgroup ? cgroup : "1");
}

/* ---- disks --------------------------------------------------------------------------------------- */

/* Free bytes where `path` is or will be; -1: unknown. */
static int64_t free_space(const char *path)
{
	AUTO_FREE char *at = strdup(path);
	struct statvfs fs;

	while (at && !path_exists(at)) {
		char *slash = strrchr(at, '/');
		if (!slash || slash == at)
			return -1;
		*slash = '\0';
	}
	return at && statvfs(at, &fs) == 0 ? (int64_t) (fs.f_bavail * fs.f_frsize) : -1;
}

static void add_space(struct doctor *d, const char *check, const char *what, const char *path, int64_t little,
		      const char *advice)
{
	int64_t space = free_space(path);
	AUTO_STRBUF size = STRBUF_INIT(STRBUF_LINE);

	if (space < 0)
		return;
	size_format(&size, space);
	enum status status = space < MIN(NO_DISK, little) ? BROKEN : space < little ? DOUBTFUL : FINE;
	doctor_add(d, status, check, status == FINE ? NULL : advice, "%s free for %s (%s)", size.data, what, path);
}

static void check_storage(struct doctor *d)
{
	const char *driver = tree_string(d->info, "Driver"), *root = tree_string(d->info, "DockerRootDir");

	if (!d->engine || !driver)
		return;
	if (strcmp(driver, "vfs") == 0)
		doctor_add(d, DOUBTFUL, "storage", "use overlay2: a file system such as ext4 or xfs under the engine's data root",
		    "the storage driver vfs copies every layer: builds and starts are slow and large");
	else
		doctor_add(d, FINE, "storage", NULL, "storage driver %s", driver);
	/* The path is the engine's; only one on this machine shares our file systems. */
	if (root && str_starts(docker_host(d->engine), "unix://") && path_is_dir(root))
		add_space(d, "disk", "images and containers", root, LITTLE_DISK, "make room: docker system prune");
}

static void check_folders(struct doctor *d)
{
	static const struct {
		enum path_home home;
		const char *what;
	} homes[] = { { HOME_CACHE, "caches" }, { HOME_STATE, "history" } };

	for (size_t i = 0; i < ARRAY_LEN(homes); i++) {
		struct af_error err = AF_ERROR_INIT;
		AUTO_FREE char *path = path_home(homes[i].home, &err);
		af_code rc = path ? path_mkdirs(path, 0700, &err) : err.code;

		if (rc || access(path, W_OK) < 0)
			doctor_add(d, DOUBTFUL, "folders", "make it writable, or set XDG_CACHE_HOME and XDG_STATE_HOME",
			    "%s", rc ? err.message : path);
		else
			add_space(d, "folders", homes[i].what, path, NO_DISK, "make room there");
		af_error_clear(&err);
	}
}

/* ---- what builds need ------------------------------------------------------------------------------ */

static void check_base_image(struct doctor *d)
{
	const char *wanted = getenv("AFS_BASE_IMAGE"), *image = str_blank(wanted) ? DEFAULT_BASE_IMAGE : wanted;
	struct af_error err = AF_ERROR_INIT;
	AUTO_CJSON *doc = NULL;
	af_code rc;

	if (!d->engine)
		return;
	rc = docker_image_inspect(d->engine, image, d->cx->cancel, &doc, &err);
	if (rc == AF_OK)
		doctor_add(d, FINE, "base image", NULL, "%s is here", image);
	else if (rc == AF_ERR_NOT_FOUND)
		doctor_add(d, DOUBTFUL, "base image", "the first build pulls it; without a registry, name one that is here in AFS_BASE_IMAGE",
		    "%s is not here yet", image);
	else
		doctor_add(d, DOUBTFUL, "base image", err.hint, "%s", err.message);
	af_error_clear(&err);
}

static void check_tool(struct doctor *d, const char *tool, const char *without)
{
	const char *const argv[] = { tool, "--version", NULL };
	struct process_spec spec = { .argv = argv, .timeout_ms = 10000, .cancel = d->cx->cancel };
	AF_AUTO(process_result) struct process_result result;
	AUTO_FREE char *advice = str_format(NULL, "apt-get install %s", tool);
	af_code rc = process_run(&spec, &result, NULL);

	if (rc || result.status)
		doctor_add(d, DOUBTFUL, tool, advice, "%s is missing: %s", tool, without);
	else
		doctor_add(d, FINE, tool, NULL, "%.*s", (int) strcspn(result.out.data, "\r\n"), result.out.data);
}

/* ---- the report ---------------------------------------------------------------------------------------- */

static void print_text(const struct doctor *d)
{
	static const char *const marks[] = { "\xe2\x9c\x94", "!", "\xe2\x9c\x96" };
	static const int colors[] = { 32, 33, 31 };
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);

	for (size_t i = 0; i < d->count; i++) {
		const struct finding *f = &d->findings[i];

		if (d->cx->io->color)
			strbuf_addf(&out, "\x1b[%dm%s\x1b[0m ", colors[f->status], marks[f->status]);
		else
			strbuf_addf(&out, "%s ", marks[f->status]);
		strbuf_addf(&out, "%-11s ", f->check);
		text_add_safe(&out, f->text, strlen(f->text), false);
		strbuf_addc(&out, '\n');
		if (f->advice) {
			strbuf_addf(&out, "  %-11s ", "");
			text_add_safe(&out, f->advice, strlen(f->advice), false);
			strbuf_addc(&out, '\n');
		}
	}
	command_out(d->cx, out.data, out.len);
}

static af_code print_json(const struct doctor *d, struct af_error *err)
{
	static const char *const names[] = { "ok", "warning", "error" };
	AUTO_STRBUF json = STRBUF_INIT(STRBUF_TEXT);
	struct json_writer w = json_writer(&json);

	json_open(&w, NULL, '[');
	for (size_t i = 0; i < d->count; i++) {
		json_open(&w, NULL, '{');
		json_put_string(&w, "check", d->findings[i].check);
		json_put_string(&w, "status", names[d->findings[i].status]);
		json_put_string(&w, "finding", d->findings[i].text);
		json_put_string(&w, "advice", d->findings[i].advice);
		json_close(&w, '}');
	}
	json_close(&w, ']');
	return command_json(d->cx, &json, err);
}

static af_code verdict(const struct doctor *d, struct af_error *err)
{
	size_t broken = 0;

	for (size_t i = 0; i < d->count; i++)
		broken += d->findings[i].status == BROKEN;
	if (!d->engine && !d->hosts)
		return error_set(err, AF_ERR_UNREACHABLE, "doctor: there is no engine to work with");
	if (broken)
		return error_set(err, AF_ERR_FAILED, "doctor: %zu %s in the way", broken, broken == 1 ? "thing is" : "things are");
	return AF_OK;
}

af_code cmd_doctor_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	struct doctor d = { .cx = cx };
	af_code rc;

	check_engine(&d);
	check_builder(&d);
	check_limits(&d);
	check_storage(&d);
	check_folders(&d);
	check_base_image(&d);
	doctor_check_hosts(&d);
	check_tool(&d, "git", "environments cannot be built from git URLs");
	check_tool(&d, "python3", "config.py with resolve_buildargs cannot be asked");
	rc = d.failed ? error_nomem(err) : cancel_check(cx->cancel, err);
	if (!rc && args_has(args, "json"))
		rc = print_json(&d, err);
	else if (!rc)
		print_text(&d);
	if (!rc)
		rc = verdict(&d, err);
	for (size_t i = 0; i < d.count; i++) {
		free(d.findings[i].text);
		free(d.findings[i].advice);
	}
	free(d.findings);
	cJSON_Delete(d.info);
	return rc;
}
