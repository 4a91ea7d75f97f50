/* Starting a supervisor. See process.h. */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/process.h"
#include "orchestrator/backend/process.h"

#define PROGRAM "affinetes-supervise"
#define START_MS 10000

/* ---- the program -------------------------------------------------------------------------- */

/* The library may be used by a program in /tmp, where anybody could put one: only our own and root's count. */
static bool is_program(const char *path)
{
	struct stat st;

	return path && access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_uid == 0 || st.st_uid == geteuid()) && !(st.st_mode & S_IWOTH);
}

/* Beside the file, or one folder above it, since libtool puts what it links into .libs; or in an installed tree that was
 * moved. */
static char *program_near(const char *file)
{
	static const char *const ways[] = { "", "../", "../libexec/affinetes/" };
	const char *slash = strrchr(file, '/');

	for (size_t i = 0; slash && i < ARRAY_LEN(ways); i++) {
		AUTO_FREE char *path = str_format(NULL, "%.*s/%s" PROGRAM, (int) (slash - file), file, ways[i]);
		if (is_program(path))
			return af_steal(path);
	}
	return NULL;
}

/* In the build tree next to the program or library that this is, else where it was installed. */
static char *find_program(struct af_error *err)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	Dl_info info;
	char *found = NULL;

	self[MAX(len, (ssize_t) 0)] = '\0';
	if (dladdr(&backend_process, &info) && info.dli_fname && strstr(info.dli_fname, ".so"))
		found = program_near(info.dli_fname);
	if (!found)
		found = program_near(self);
	if (!found && is_program(PKGLIBEXECDIR "/" PROGRAM))
		return str_dup(PKGLIBEXECDIR "/" PROGRAM, err);
	if (!found) {
		error_set(err, AF_ERR_NOT_FOUND, "mode process needs the program " PROGRAM ", and it is not there");
		error_hint(err, "it belongs to %s; install affinetes again", PKGLIBEXECDIR);
	}
	return found;
}

/* ---- what it starts -------------------------------------------------------------------------- */

char *process_log_path(const struct instance *inst, struct af_error *err)
{
	AUTO_FREE char *dir = registry_dir(inst->env->name, err);

	return dir ? str_format(err, "%s/%d/log", dir, inst->replica) : NULL;
}

af_code process_variables(const struct instance *inst, struct strlist *out, struct af_error *err)
{
	const struct registration *r = inst->env->registered;
	af_code rc = strlist_take(out, str_format(err, "AFFINETES_UDS=%s/%d", r->sockets, inst->replica), err);

	if (!rc)
		rc = strlist_take(out, str_format(err, "AFFINETES_ENV_DIR=%s", r->dir), err);
	if (!rc)
		rc = strlist_add(out, "PYTHONUNBUFFERED=1", err);
	for (size_t i = 0; !rc && i < r->env.count; i++)
		if (!str_starts(r->env.items[i], "AFFINETES_UDS=") && !str_starts(r->env.items[i], "AFFINETES_ENV_DIR="))
			rc = strlist_add(out, r->env.items[i], err);
	return rc;
}

static af_code add_words(struct strlist *argv, const struct instance *inst, const char *program, struct af_error *err)
{
	const struct registration *r = inst->env->registered;
	AUTO_FREE char *home = registry_dir(r->name, err);
	af_code rc = strlist_add(argv, program, err);

	if (!rc)
		rc = strlist_take(argv, str_format(err, "affinetes-%s", inst->id), err);
	if (!rc)
		rc = strlist_take(argv, str_format(err, "%s/%d", r->sockets, inst->replica), err);
	if (!rc)
		rc = strlist_take(argv, process_log_path(inst, err), err);
	if (!rc)
		rc = strlist_add(argv, r->dir, err);
	if (!rc)
		rc = strlist_take(argv, str_format(err, "%lld", (long long) r->memory), err);
	if (!rc)
		rc = strlist_take(argv, str_format(err, "%.3f", r->cpus), err);
	if (!rc)
		rc = strlist_add(argv, r->python, err);
	if (!rc && r->type == ENV_FUNCTION_BASED)
		return home ? strlist_take(argv, str_format(err, "%s/_affinetes/server.py", home), err) : AF_ERR_NOMEM;
	const char *const uvicorn[] = { "-m", "uvicorn", "env:app", "--uds" };
	for (size_t i = 0; !rc && i < ARRAY_LEN(uvicorn); i++)
		rc = strlist_add(argv, uvicorn[i], err);
	return rc ? rc : strlist_take(argv, str_format(err, "%s/%d", r->sockets, inst->replica), err);
}

af_code process_spawn(struct instance *inst, struct af_error *err)
{
	AUTO_FREE char *program = find_program(err);
	AUTO_STRLIST argv = { 0 }, env = { 0 };
	AF_AUTO(process_result) struct process_result result = { .out = STRBUF_INIT(0), .err = STRBUF_INIT(0) };
	af_code rc = program ? path_mkdirs(inst->env->registered->sockets, 0700, err) : AF_ERR_NOT_FOUND;

	if (!rc)
		rc = add_words(&argv, inst, program, err);
	if (!rc)
		rc = process_variables(inst, &env, err);
	if (rc)
		return rc;
	/* Not cancellable: it would be there, and nobody would know. It is for a moment only. */
	struct process_spec spec = { .argv = (const char *const *) argv.items, .env = (const char *const *) env.items,
				     .cwd = "/", .timeout_ms = START_MS };
	rc = process_run(&spec, &result, err);
	if (rc || !result.status)
		return rc;
	AUTO_FREE char *why = process_last_line(&result.err, NULL);
	return error_set(err, AF_ERR_FAILED, "the supervisor of %s did not start: %s", inst->name,
			 str_blank(why) ? "it does not say why" : why);
}
