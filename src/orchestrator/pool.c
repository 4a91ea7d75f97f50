/* The pool: which replica gets a call, and what became of its calls. */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/path.h"
#include "orchestrator/flight.h"

bool pool_usable(const struct instance *inst)
{
	return inst->state == INSTANCE_UP && inst->base && !inst->vitals.examined;
}

static int on_host(const struct af_env *env, const char *host)
{
	int n = 0;

	for (size_t i = 0; i < env->count; i++)
		if (!strcmp(env->instances[i].host, host))
			n += env->instances[i].in_flight;
	return n;
}

static bool has_room(const struct instance *inst)
{
	const struct af_env *env = inst->env;

	return (!env->max_in_flight || inst->in_flight < env->max_in_flight) &&
	       (!env->max_in_flight_host || on_host(env, inst->host) < env->max_in_flight_host);
}

static bool takes_calls(const struct instance *inst, const struct instance *avoid)
{
	return inst != avoid && pool_usable(inst) && has_room(inst);
}

/* xorshift: even enough to spread calls, and no system call for each of them. Under env->lock. */
static size_t random_below(struct af_env *env, size_t n)
{
	uint64_t x = env->random;

	while (!x)
		if (getrandom(&x, sizeof(x), GRND_NONBLOCK) != sizeof(x))
			x = (uint64_t) clock_us();
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	env->random = x;
	return (size_t) (((x >> 32) * n) >> 32);
}

/*
 * The turn of an environment that several processes call (`afs call` lives for one call only): a counter in
 * a file under the runtime directory, one lock held for a read and a write. Without it: a random start.
 */
static size_t shared_turn(struct af_env *env)
{
	uint64_t turn = random_below(env, 1u << 16);
	AUTO_FREE char *dir = path_home(HOME_RUNTIME, NULL);
	AUTO_FREE char *name = str_format(NULL, "%s.turn", env->name);
	AUTO_FREE char *path = dir && name ? path_join(dir, name, NULL) : NULL;

	if (!path || path_mkdirs(dir, 0700, NULL))
		return turn;
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return turn;
	if (pread(fd, &turn, sizeof(turn), 0) != sizeof(turn))
		turn = 0;
	uint64_t next = turn + 1;
	if (pwrite(fd, &next, sizeof(next), 0) != sizeof(next))
		return turn;
	return turn;
}

/* The first that takes calls from `start` on, wrapping round; NULL if none does. */
static struct instance *next_from(struct af_env *env, size_t start, const struct instance *avoid)
{
	for (size_t i = 0; i < env->count; i++) {
		struct instance *inst = &env->instances[(start + i) % env->count];
		if (takes_calls(inst, avoid))
			return inst;
	}
	return NULL;
}

static struct instance *least_busy(struct af_env *env, const struct instance *avoid)
{
	struct instance *best = NULL;
	size_t start = random_below(env, env->count);

	for (size_t i = 0; i < env->count; i++) {
		struct instance *inst = &env->instances[(start + i) % env->count];
		if (takes_calls(inst, avoid) &&
		    (!best || inst->in_flight + inst->busy < best->in_flight + best->busy))
			best = inst;
	}
	return best;
}

/* Uniform over those that take calls: the k-th of them. */
static struct instance *at_random(struct af_env *env, const struct instance *avoid)
{
	size_t n = 0;

	for (size_t i = 0; i < env->count; i++)
		n += takes_calls(&env->instances[i], avoid);
	size_t k = n ? random_below(env, n) : 0;
	for (size_t i = 0; i < env->count; i++)
		if (takes_calls(&env->instances[i], avoid) && k-- == 0)
			return &env->instances[i];
	return NULL;
}

static struct instance *choose(struct af_env *env, const struct instance *avoid)
{
	if (!env->count)
		return NULL;
	if (env->balance == AF_BALANCE_LEAST_BUSY)
		return least_busy(env, avoid);
	if (env->balance == AF_BALANCE_ROUND_ROBIN) {
		struct instance *next = next_from(env, env->turn, avoid);
		/* Behind the one that had its turn: the neighbour of one that is down does not get both shares. */
		if (next)
			env->turn = (size_t) (next - env->instances) + 1;
		return next;
	}
	return at_random(env, avoid);
}

bool pool_enter(struct instance *inst)
{
	if (!takes_calls(inst, NULL))
		return false;
	inst->in_flight++;
	return true;
}

struct instance *pool_choose(struct af_env *env, const struct instance *avoid)
{
	if (env->balance == AF_BALANCE_ROUND_ROBIN && !env->loaded && !env->turn && env->count > 1)
		env->turn = shared_turn(env);
	struct instance *inst = choose(env, avoid);
	if (!inst && avoid)
		inst = choose(env, NULL);
	if (inst)
		inst->in_flight++;
	return inst;
}

void pool_hint(const struct af_env *env, bool down, struct af_error *err)
{
	if (env->count && !env->instances[0].backend->logs)
		error_hint(err, "see how the service is doing where it runs");
	else if (down)
		error_hint(err, "see `afs logs %s`; start it again with `afs restart %s`", env->name, env->name);
	else
		error_hint(err, "see what it does with `afs logs %s`", env->name);
}

af_code pool_none_up(struct af_env *env, int replica, struct af_error *err)
{
	AUTO_STRBUF why = STRBUF_INIT(STRBUF_LINE);

	for (size_t i = 0; i < env->count; i++) {
		const struct instance *inst = &env->instances[i];
		if (replica < 0 || inst->replica == replica)
			strbuf_addf(&why, "%s%s: %s", why.len ? "; " : "", inst->name,
				    str_blank(inst->status) ? instance_state_name(inst->state) : inst->status);
	}
	if (replica >= 0 && !why.len)
		return error_set(err, AF_ERR_NOT_FOUND, "%s has no replica %d", env->name, replica);
	error_set(err, AF_ERR_UNREACHABLE, replica >= 0 ? "the replica is not up (%s%s)" : "no replica of %s is up (%s)",
		  replica >= 0 ? "" : env->name, why.data);
	pool_hint(env, true, err);
	return AF_ERR_UNREACHABLE;
}

/* Is there one up, whether it has room or not? */
static bool any_usable(const struct af_env *env, int replica)
{
	for (size_t i = 0; i < env->count; i++)
		if (pool_usable(&env->instances[i]) && (replica < 0 || env->instances[i].replica == replica))
			return true;
	return false;
}

af_code pool_take(struct af_env *env, int replica, const struct instance *avoid, struct instance **out,
		  struct af_error *err)
{
	struct instance *inst = NULL;
	af_code rc = AF_OK;

	pthread_mutex_lock(&env->lock);
	if (replica >= 0) {
		inst = env_replica(env, replica);
		if (inst && (inst->waiting.count || !pool_enter(inst)))
			inst = NULL;
	} else if (!env->waiting.count) {
		inst = pool_choose(env, avoid);
	}
	if (!inst && any_usable(env, replica))
		rc = error_set(err, AF_ERR_UNAVAILABLE, "all of %s have as many calls as they may", env->name);
	else if (!inst)
		rc = pool_none_up(env, replica, err);
	*out = inst;
	pthread_mutex_unlock(&env->lock);
	return rc;
}

void pool_give(struct instance *inst, af_code rc, int64_t took_us)
{
	struct af_env *env = inst->env;

	pthread_mutex_lock(&env->lock);
	inst->in_flight--;
	if (took_us >= 0) {
		inst->requests++;
		if (rc && rc != AF_ERR_CANCELLED)
			inst->errors++;
		histogram_add(&inst->latency, took_us);
	}
	if (env->queued)
		queue_stir(env, false);
	pthread_mutex_unlock(&env->lock);
}

void pool_mark(struct instance *inst, enum instance_state state)
{
	pthread_mutex_lock(&inst->env->lock);
	inst->state = state;
	if (state == INSTANCE_UP) {
		inst->vitals.seen_up = true;
		inst->vitals.gone = inst->vitals.dead = false;
	}
	if (inst->env->queued)
		queue_stir(inst->env, false);
	pthread_mutex_unlock(&inst->env->lock);
}
