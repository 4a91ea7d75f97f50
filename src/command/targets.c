#include "command/targets.h"

#include <string.h>

#include "base/parallel.h"

struct target {
	struct af_env *env; /* NULL: not found */
	af_code rc;
	struct af_error err;
};

struct targets {
	struct target *items;
	size_t count;
	target_step step;
	void *arg;
};

static void free_targets(struct targets *t)
{
	for (size_t i = 0; i < t->count; i++) {
		env_free(t->items[i].env);
		af_error_clear(&t->items[i].err);
	}
	free(t->items);
}

/* ---- finding ----------------------------------------------------------------------------- */

static af_code check_words(const struct args *args, const char *command, struct af_error *err)
{
	bool names = args_rest(args, "NAME")->count > 0;

	if (names != args_has(args, "all"))
		return AF_OK;
	error_set(err, AF_ERR_USAGE, names ? "%s: names and --all exclude each other" : "%s: no environment was named",
		  command);
	error_hint(err, "`afs %s NAME…` or `afs %s --all`; `afs ps` lists them", command, command);
	return AF_ERR_USAGE;
}

static af_code find_all(struct command_context *cx, target_filter filter, struct targets *t, struct af_error *err)
{
	AF_AUTO(env_list) struct env_list list = { 0 };
	af_code rc = env_list(cx->af, cx->cancel, &list, err);

	if (rc)
		return rc;
	command_note_troubles(cx, &list);
	t->items = calloc(list.count + 1, sizeof(*t->items));
	if (!t->items)
		return error_nomem(err);
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i]->ours && (!filter || filter(t->arg, list.items[i])))
			t->items[t->count++].env = af_steal(list.items[i]);
	return AF_OK;
}

static bool given_before(const struct strlist *names, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(names->items[i], names->items[index]) == 0)
			return true;
	return false;
}

static af_code find_named(struct command_context *cx, const struct strlist *names, struct targets *t,
			  struct af_error *err)
{
	t->items = calloc(names->count, sizeof(*t->items));
	if (!t->items)
		return error_nomem(err);
	for (size_t i = 0; i < names->count; i++) {
		struct target *target = &t->items[t->count];

		if (given_before(names, i))
			continue;
		t->count++;
		target->rc = env_find(cx->af, names->items[i], cx->cancel, &target->env, &target->err);
		if (target->rc && target->rc != AF_ERR_NOT_FOUND) { /* the engine: it would be the same for all */
			error_move(err, &target->err);
			return target->rc;
		}
		if (!target->rc && target->env->unseen)
			command_note(cx, "%s: %zu of %d replicas were found; %s", target->env->name, target->env->count,
				     target->env->planned, target->env->unseen);
	}
	return AF_OK;
}

/* ---- doing ---------------------------------------------------------------------------------- */

static void run_step(void *arg, size_t i)
{
	struct targets *t = arg;
	struct target *target = &t->items[i];

	if (target->env)
		target->rc = t->step(t->arg, target->env, &target->err);
}

static af_code report(struct command_context *cx, struct targets *t, struct af_error *err)
{
	struct target *first = NULL;

	for (size_t i = 0; i < t->count; i++) {
		struct target *target = &t->items[i];

		if (!target->rc)
			command_outf(cx, "%s\n", target->env->name);
		else if (first)
			command_note_error(cx, &target->err);
		else
			first = target;
	}
	if (!first)
		return AF_OK;
	error_move(err, &first->err);
	return first->rc;
}

af_code targets_run(struct command_context *cx, const struct args *args, target_filter filter, target_step step,
		    void *arg, struct af_error *err)
{
	struct targets t = { .step = step, .arg = arg };
	bool all = args_has(args, "all");
	af_code rc = check_words(args, args_spec(args)->name, err);

	if (rc)
		return rc;
	rc = all ? find_all(cx, filter, &t, err) : find_named(cx, args_rest(args, "NAME"), &t, err);
	if (!rc) {
		parallel_run(t.count, run_step, &t);
		rc = report(cx, &t, err);
		if (!rc && all && t.count == 0)
			command_note(cx, "there is nothing to %s", args_spec(args)->name);
	}
	free_targets(&t);
	return rc;
}
