/* Deploying processes: a directory is looked at, registered, and its replicas get their supervisors. */
#include <ctype.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/process.h"
#include "docker/tree.h"
#include "image/detect.h"
#include "image/server_files.h"
#include "orchestrator/backend/process.h"

/* Python alone needs more. */
#define MEMORY_MIN (32 * 1024 * 1024)
/* With "/999.c" behind it a path has to fit into sun_path. */
#define SOCKETS_MAX 90
#define PROBE_MS 10000

af_code process_create(struct deployment *dep UNUSED, struct instance *inst, struct af_error *err)
{
	return process_spawn(inst, err);
}

void process_uncreate(struct deployment *dep UNUSED, struct instance *inst)
{
	if (process_remove(inst, true, NULL, NULL))
		return;
}

/* ---- the directory --------------------------------------------------------------------------- */

/* A directory with env.py, or an env.py. */
static af_code find_dir(const char *path, char **dir, struct af_error *err)
{
	AUTO_FREE char *real = realpath(path, NULL);

	if (!real) {
		error_set(err, AF_ERR_NOT_FOUND, "%s: no such directory", path);
		error_hint(err, "`afs init NAME` makes one");
		return AF_ERR_NOT_FOUND;
	}
	if (!path_is_dir(real)) {
		if (strcmp(path_base(real), "env.py") != 0)
			return error_set(err, AF_ERR_USAGE, "%s: a directory or an env.py was expected", path);
		*(char *) (path_base(real) - (path_base(real) - real > 1)) = '\0';
	}
	*dir = af_steal(real);
	return AF_OK;
}

static af_code look_at(struct registration *r, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	AUTO_FREE char *path = path_join(r->dir, "env.py", err);
	af_code rc = path ? file_read(path, &text, err) : AF_ERR_NOMEM;

	if (rc == AF_ERR_NOT_FOUND) {
		error_set(err, rc, "%s: an environment needs this file, and it is not there", path);
		error_hint(err, "`afs init NAME` makes a directory with a working env.py");
	}
	if (!rc)
		r->type = detect_type(text.data, text.len);
	return rc;
}

static char *name_of_dir(const char *dir, struct af_error *err)
{
	char *name = str_dup(path_base(dir), err);

	for (char *p = name; p && *p; p++)
		if (!isalnum((unsigned char) *p) && !strchr("_.-", *p))
			*p = '-';
	return name;
}

/* ---- Python ------------------------------------------------------------------------------------- */

static bool usable(const char *python)
{
	return python && access(python, X_OK) == 0;
}

static char *python_in_path(void)
{
	const char *path = getenv("PATH");

	for (const char *p = path; p && *p; p += strcspn(p, ":"), p += *p == ':') {
		AUTO_FREE char *file = str_format(NULL, "%.*s/python3", (int) strcspn(p, ":"), p);
		if (usable(file) && *file == '/')
			return af_steal(file);
	}
	return NULL;
}

static bool has_module(const char *python, const char *module, struct cancel *cancel)
{
	AF_AUTO(process_result) struct process_result result;
	const char *const argv[] = { python, "-c", "import importlib.util, sys\n"
				     "sys.exit(importlib.util.find_spec(sys.argv[1]) is None)", module, NULL };
	struct process_spec spec = { .argv = argv, .timeout_ms = PROBE_MS, .cancel = cancel };

	return process_run(&spec, &result, NULL) == AF_OK && result.status == 0;
}

/* The directory's own one, else the user's, unless only the system's can serve. */
static af_code choose_python(struct registration *r, struct cancel *cancel, struct af_error *err)
{
	static const char *const own[] = { ".venv", "venv" };
	static const char system_python[] = "/usr/bin/python3";

	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		AUTO_FREE char *path = str_format(NULL, "%s/%s/bin/python3", r->dir, own[i]);
		if (usable(path)) {
			r->python = af_steal(path);
			return AF_OK;
		}
	}
	r->python = python_in_path();
	bool other = r->python && usable(system_python) && strcmp(r->python, system_python) != 0;
	if (r->python && (!other || has_module(r->python, "uvicorn", cancel)))
		return AF_OK;
	if (usable(system_python) && (!r->python || has_module(system_python, "uvicorn", cancel))) {
		free(r->python);
		r->python = str_dup(system_python, err);
		return r->python ? AF_OK : AF_ERR_NOMEM;
	}
	return r->python ? AF_OK : error_set(err, AF_ERR_NOT_FOUND, "mode process needs python3, and it is not in PATH");
}

/* ---- the description ------------------------------------------------------------------------------- */

/* Where there is room for short paths. */
static af_code choose_sockets(struct registration *r, struct af_error *err)
{
	AUTO_FREE char *home = path_home(HOME_RUNTIME, NULL);
	AUTO_FREE char *dir = home ? path_join(home, r->token, NULL) : NULL;

	if (dir && strlen(dir) <= SOCKETS_MAX && path_mkdirs(dir, 0700, NULL) == AF_OK && access(dir, W_OK) == 0) {
		r->sockets = af_steal(dir);
		return AF_OK;
	}
	AUTO_FREE char *tmp = path_private_tmp(err);
	r->sockets = tmp ? path_join(tmp, r->token, err) : NULL;
	return r->sockets ? path_mkdirs(r->sockets, 0700, err) : AF_ERR_IO;
}

static af_code describe(struct deployment *dep, struct registration *r, struct cancel *cancel, struct af_error *err)
{
	const struct af_load_options *opt = dep->opt;
	AUTO_STRBUF token = STRBUF_INIT(64);
	af_code rc = find_dir(opt->env_path, &r->dir, err);

	if (!rc)
		rc = look_at(r, err);
	if (!rc)
		rc = random_hex(&token, 4, err);
	if (!rc)
		rc = strbuf_steal(&token, &r->token, err);
	for (const char *const *v = opt->env_vars; !rc && v && *v; v++)
		rc = strlist_add(&r->env, *v, err);
	if (rc)
		return rc;
	r->backend = &backend_process;
	r->balance = opt->balance;
	r->max_in_flight = opt->max_in_flight;
	r->max_in_flight_host = opt->max_in_flight_host;
	r->created = wall_ms() / 1000;
	r->replicas = MAX(opt->replicas, 1);
	r->memory = dep->memory;
	r->cpus = opt->cpu_limit;
	r->name = opt->name ? str_dup(opt->name, err) : name_of_dir(r->dir, err);
	rc = r->name ? env_name_check(r->name, err) : AF_ERR_NOMEM;
	return rc ? rc : choose_python(r, cancel, err);
}

static af_code check_options(struct deployment *dep, struct af_error *err)
{
	const struct af_load_options *opt = dep->opt;

	if (str_blank(opt->env_path))
		return error_set(err, AF_ERR_USAGE, "mode process: no directory was named");
	if (opt->image || opt->base_url || opt->insecure || opt->ca_file || opt->pull || opt->network ||
	    (opt->volumes && opt->volumes[0]) || (opt->hosts && opt->hosts[0]))
		return error_set(err, AF_ERR_USAGE, "mode process: images, URLs, hosts, networks and volumes have no meaning there");
	return deploy_check(dep, MEMORY_MIN, err);
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

/* Under the name's lock. */
static af_code enter(struct deployment *dep, struct registration *r, struct cancel *cancel, struct af *af,
		     struct af_error *err)
{
	af_code rc = deploy_make_room(af, dep->opt, r->name, cancel, err);

	if (!rc)
		rc = choose_sockets(r, err);
	if (!rc)
		rc = registry_add(r, err);
	if (rc)
		return rc;
	AUTO_FREE char *token = str_dup(r->token, err), *home = registry_dir(r->name, err), *name = str_dup(r->name, err);
	rc = token && home && name ? server_files_write(home, err) : AF_ERR_NOMEM;
	if (!rc)
		rc = registered_env(af, r, -1, cancel, &dep->env, err);
	if (rc && name && token && registry_remove(name, token, NULL))
		return rc;
	return rc;
}

/* What could not be had as it was asked for. */
static void note_limits(const struct deployment *dep, struct cancel *cancel)
{
	const struct registration *r = dep->env->registered;
	AUTO_CJSON *state = NULL;

	if ((!r->memory && r->cpus <= 0) ||
	    process_ask(&dep->env->instances[0], "GET", "/state", 1000, cancel, &state, NULL))
		return;
	const char *by = tree_string(state, "memory_by");
	if (by && !strcmp(by, "rlimit"))
		deploy_note(dep, "no control group can be made here: the memory limit holds for each process by itself");
	if (r->cpus > 0 && !tree_bool(state, "cpu_limited"))
		deploy_note(dep, "no control group can be made here: the CPU limit does not hold");
}

/* Says which module is missing, and that nobody installs it. */
static void explain(const struct registration *r, struct af_error *err)
{
	static const char words[] = "No module named '";
	const char *at = err && err->message ? strstr(err->message, words) : NULL;

	if (!at) {
		if (err && err->code == AF_ERR_FAILED)
			error_hint(err, "the lines above say why; mend env.py and run it again");
		return;
	}
	at += strlen(words);
	size_t len = strcspn(at, "'");
	for (const char *next = at; (next = strstr(next, words)); len = strcspn(at, "'")) /* the last one counts */
		at = next += strlen(words);
	error_hint(err, "mode process installs no requirements.txt: %s -m pip install %.*s", r->python, (int) len, at);
}

af_code process_deploy(struct af *af, const struct af_load_options *opt, const struct deploy_events *events,
		       struct cancel *cancel, struct af_env **out, struct af_error *err)
{
	struct deployment dep = { .opt = opt, .events = events, .started = clock_us(), .lock = NAME_LOCK_INIT };
	AF_AUTO(registration) struct registration r = { 0 };
	af_code rc = check_options(&dep, err);

	if (!rc)
		rc = describe(&dep, &r, cancel, err);
	if (rc)
		return rc;
	AUTO_FREE char *name = str_dup(r.name, err);
	rc = name ? name_lock_take(&dep.lock, name, cancel, err) : AF_ERR_NOMEM;
	if (!rc)
		rc = enter(&dep, &r, cancel, af, err);
	if (!rc) {
		dep.env->keep = opt->keep;
		dep.env->loaded = true;
		for (size_t i = 0; i < dep.env->count; i++)
			dep.env->instances[i].state = INSTANCE_STARTING;
		deploy_note(&dep, "%s runs as processes of this machine: nothing isolates them", name);
		rc = deploy_run(&dep, cancel, err);
	}
	name_lock_drop(&dep.lock);
	if (!rc) {
		note_limits(&dep, cancel);
		*out = dep.env;
		return AF_OK;
	}
	if (dep.env)
		explain(dep.env->registered, err);
	env_free(dep.env);
	return error_wrap(err, rc, "run %s", str_blank(name) ? "it" : name);
}
