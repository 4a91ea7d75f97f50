/*
 * Environments: replicas that are deployed, found again, called through a pool, and stopped.
 *
 * Docker is the registry: what runs is read from its containers' labels, so every process sees the same.
 * The functions of affinetes.h (api.c) are thin covers over these, which add progress and cancellation.
 */
#ifndef ORCHESTRATOR_ORCHESTRATOR_H
#define ORCHESTRATOR_ORCHESTRATOR_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/cancel.h"
#include "base/histogram.h"
#include "docker/docker.h"
#include "executor/executor.h"
#include "orchestrator/backend.h"

struct af_env;

struct registration;

enum instance_state {
	INSTANCE_UP,       /* its container runs */
	INSTANCE_STARTING, /* created, restarting, or not answering yet */
	INSTANCE_DOWN,     /* exited, dead, paused, or it refused a connection */
};
const char *instance_state_name(enum instance_state state); /* "up", "starting", "down" */

/* Calls that wait, the oldest first. */
struct call_queue {
	struct af_call *first, *last;
	size_t count;
};

/* What is known of the process behind an instance. Under env->lock. */
struct vitals {
	char *life;       /* sets one run of its process apart from the next; NULL: not known */
	atomic_uint run;  /* how many lives have ended, as far as noticed */
	atomic_bool dead; /* it does not run, its engine says */
	bool gone;        /* and it will not come back by itself */
	bool examined;    /* somebody is finding out how it is: not chosen meanwhile */
	bool checked;     /* somebody asks the engine about it, as a matter of routine */
	bool unwell;      /* its own health check failed */
	bool forgetful;   /* its server knows no call ids: it would run a repeated call once more */
	bool seen_up;     /* it answered once, or was found running */
	int64_t leaving_until; /* clock_ms(): it said that it is stopping */
};

/* One replica. Identity, mode and engine never change; what may change is under env->lock. */
struct instance {
	struct af_env *env;
	const struct backend *backend;
	int replica;           /* from 0 */
	char *name;            /* the container's */
	char *id;              /* the container's */
	char *host;            /* "local" */
	struct af_host *machine;  /* where its engine is; not owned; NULL: no engine runs it */
	struct docker *engine; /* not owned; mode docker only */
	struct http_tls tls;   /* for a base that begins with https; strings are not owned */
	char *image;
	int64_t created;       /* seconds since 1970; 0 unknown */
	int port;

	/* Changed under the lock, looked at by anybody: the texts stay where they are as long as the instance does. */
	const char *_Atomic base;   /* "http://172.17.0.2:8000"; NULL: no address */
	const char *_Atomic socket; /* the unix socket that leads there; NULL: base says it all */
	const char *_Atomic status; /* the engine's words: "Up 3 hours", "Exited (137) 2 minutes ago" */
	const char *_Atomic ended;  /* how its last run ended, as far as seen: "exited, exit code 3", OOM; NULL: not seen */
	_Atomic(enum instance_state) state;
	struct strlist texts; /* all that base, socket, status and ended have been */
	_Atomic int64_t pid;  /* on the machine where it runs, as far as seen; 0: unknown */
	int busy;       /* calls in flight through others, as far as known */
	int in_flight;  /* through this process, as are: */
	uint64_t requests, errors;
	struct histogram latency;
	struct vitals vitals;
	struct call_queue waiting; /* calls that no other instance may take */
	struct sitting *sittings;  /* transfers that a thread waits for, to be broken off when it dies */
};

struct af_env {
	struct af *af;
	char *name;  /* "calc"; "calc@gpu-b" for the second of that name, which another deployed on another host */
	char *token; /* of its deployment; NULL: not known */
	char *image;
	enum env_type type;
	enum af_balance balance;
	bool ours;   /* its containers carry our labels: it may be stopped */
	bool loaded; /* by this process: the pool's turn is this process's own */
	bool keep;
	int planned; /* replicas there were meant to be */
	char *unseen; /* where the others may be: "ssh://gpu-b: connection refused"; NULL: every host answered */
	struct registration *registered; /* modes url and process; NULL: its engine knows it */
	struct instance *instances;
	size_t count;

	int max_in_flight;      /* calls at a time through this process: to each instance, */
	int max_in_flight_host; /* and to all of a host; 0: no limit */

	pthread_mutex_t lock;
	pthread_cond_t idle; /* nothing is pending any more */
	size_t turn;         /* round robin */
	uint64_t random;     /* the state of random balancing; 0: not seeded */
	size_t pending;      /* asynchronous calls, and all else that still looks at this */
	struct af_call *calls;
	struct call_queue waiting; /* calls that any instance may take */
	size_t queued;             /* there and in the instances' own queues */
	struct desk *desk;         /* deals with the queues; see queue.c */
	struct cancel *stop;       /* ends the examinations */
	bool closing;
	struct af_env *next; /* in af->envs */
	struct af_env *next_watched; /* in af->watched; see watch.h */
	atomic_bool watched;
};

struct af {
	struct http *http;
	char *engine_host;
	bool (*ask)(void *arg, const char *question, struct af_cancel *cancel, char **answer); /* as in af_options */
	void *ask_arg;
	struct cancel *end;   /* fires when the context is being freed */
	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t idle;  /* nothing is left in the background */
	struct af_host *hosts; /* this machine first; see host.h */
	struct ssh *ssh;    /* NULL: no other was named yet */
	struct af_env *envs;
	size_t background; /* operations that nobody waits for (background.c) */
	struct af_env *watched;
	struct watch *watches; /* one for each engine */
};

/* Interrupts and awaits what goes on in the background; nothing begins there any more. */
void background_end(struct af *af);

/* This machine's engine, connected. Those of other hosts: host.h. */
af_code af_engine(struct af *af, struct cancel *cancel, struct docker **out, struct af_error *err) MUST_CHECK;

/* ---- deploying, stopping (deploy.c, lifecycle.c) -------------------------------- */

struct deploy_events {
	void *arg;
	void (*note)(void *arg, const char *line);                       /* "replica 1 is ready (0.38 s)"; any thread */
	const struct docker_progress *pull;                             /* may be NULL */
};

/* As af_load_env(), with events (may be NULL). The environment is not in the registry of `af` yet. */
af_code env_deploy(struct af *af, const struct af_load_options *opt, const struct deploy_events *events,
		   struct cancel *cancel, struct af_env **out, struct af_error *err) MUST_CHECK;
/* Where nobody says otherwise. */
#define STOP_GRACE_S 10
/* SIGTERM, then SIGKILL after grace_s, then removal; all replicas at once. Goes on after a failure. */
af_code env_stop(struct af_env *env, int grace_s, struct cancel *cancel, struct af_error *err) MUST_CHECK;
/* Restarts the containers (replica < 0: all at once) and waits until they are ready again. */
af_code env_restart(struct af_env *env, int replica, int64_t ready_timeout_ms, struct cancel *cancel,
		    struct af_error *err) MUST_CHECK;
/* Removes containers, running or not only with `force`. */
af_code env_remove(struct af_env *env, bool force, struct cancel *cancel, struct af_error *err) MUST_CHECK;

/* "docker.io/me/calc:v1" → "calc-v1". malloc'd. */
char *env_name_of_image(const char *image, struct af_error *err);
/* What an engine takes as a container's name. */
af_code env_name_check(const char *name, struct af_error *err) MUST_CHECK;
/* What af_balance_name() gave; anything else counts as random. */
enum af_balance balance_of(const char *name);
/* "calc", or "calc-2" where there are several. malloc'd. */
char *env_container_name(const char *name, int replica, int replicas, struct af_error *err);

/* ---- finding (discover.c) --------------------------------------------------------- */

struct host_trouble {
	char *host; /* "gpu-a" */
	struct af_error why;
};
struct env_list {
	struct af_env **items;
	size_t count;
	struct af_error missing; /* why those of this machine's engine are not among them; empty: they are */
	struct host_trouble *troubles; /* hosts that did not answer */
	size_t trouble_count;
};
/* All environments, running or not, by name: what is registered here and what the engines of all hosts know, asked at the
 * same time. An engine that does not answer is an error only where it would have been all. */
af_code env_list(struct af *af, struct cancel *cancel, struct env_list *out, struct af_error *err) MUST_CHECK;
/* Appends; frees the environment where that fails. */
af_code env_list_add(struct env_list *list, struct af_env *take_env, struct af_error *err) MUST_CHECK;
void env_list_free(struct env_list *list);
static inline void env_list_cleanup(struct env_list *list)
{
	env_list_free(list);
}
/* One by its name, or by the name or id of a container (then that replica only; also one that was not started by
 * afs). NOT_FOUND names what is there. */
af_code env_find(struct af *af, const char *name, struct cancel *cancel, struct af_env **out, struct af_error *err) MUST_CHECK;
void env_free(struct af_env *env);
/* For AF_AUTO(env) struct af_env *env = NULL; */
static inline void env_cleanup(struct af_env **env)
{
	env_free(*env);
}
struct af_env *env_new(struct af *af, const char *name, struct af_error *err);
/* NULL when out of memory. Pointers to instances are stable once all are added. */
struct instance *env_add_instance(struct af_env *env, int replica, struct af_error *err);
/* "docker", "process", "url". */
const char *env_mode(const struct af_env *env);
/* Says where it is; before its address is set. False when out of memory. */
struct af_host;
bool instance_place(struct instance *inst, struct af_host *machine, struct docker *engine);
/* Sets base from an address; NULL: none. */
af_code instance_set_address(struct instance *inst, const char *ip, struct af_error *err) MUST_CHECK;
/* Sets status, NULL as "". Under the lock. */
af_code instance_set_status(struct instance *inst, const char *text, struct af_error *err) MUST_CHECK;
/* Appends to inst->texts unless it is there; NULL when out of memory. Under the lock. */
const char *instance_keep_text(struct instance *inst, const char *text, struct af_error *err);
/* How the executor sees it now; its address may be NULL. */
struct server instance_server(const struct instance *inst);
/* The instance with that number, NULL if there is none. */
struct instance *env_replica(struct af_env *env, int replica);

/* ---- calling (pool.c, queue.c, recovery.c, async.c, invoke.c) -------------------------- */

/* Chooses an instance that is up and has room, and counts the call in; replica >= 0: that one. `avoid` (may be NULL) is
 * not chosen while there is another. UNREACHABLE when none is up: err says why for each. UNAVAILABLE when all that are
 * have as many calls as they may, or others wait already. */
af_code pool_take(struct af_env *env, int replica, const struct instance *avoid, struct instance **out,
		  struct af_error *err) MUST_CHECK;
/* Counts it out. took_us < 0: it was never sent, and leaves no trace in the statistics. */
void pool_give(struct instance *inst, af_code rc, int64_t took_us);
void pool_mark(struct instance *inst, enum instance_state state);

/* What a refresh learns about the process: `life` sets one run of it apart from the next (when it started, its pid), NULL
 * where it does not run, "" where that cannot be told. Under env->lock. */
void instance_note_life(struct instance *inst, const char *life);

struct call_info {
	int replica;     /* that was asked last; -1: none */
	int64_t took_us; /* from the call to the answer, with all waiting */
	int attempts;    /* how often it was sent */
	long status;     /* of the answer, as HTTP has it; 0: none came */
	char id[33];
};
/* Blocks. kwargs: checked JSON object or empty. replica < 0: the balancer chooses. *result is malloc'd JSON text. */
af_code env_call(struct af_env *env, const char *method, struct json_span kwargs, int replica, int64_t timeout_ms,
		 struct cancel *cancel, char **result, size_t *len, struct call_info *info, struct af_error *err) MUST_CHECK;
/* The end of a call that nobody waits for: once, on the I/O thread, where it must not block. It may take *result. */
typedef void (*call_end)(void *arg, af_code rc, char **result, size_t len, const struct call_info *info,
			 struct af_error *err);
/* As af_env_call_async(). */
af_code env_submit(struct af_env *env, const char *method, struct json_span kwargs, int replica, int64_t timeout_ms,
		   call_end end, void *arg, struct af_call **call, struct af_error *err) MUST_CHECK;
/* The methods, from the first replica that answers. No call: it takes nobody's turn and is not counted. */
af_code env_methods(struct af_env *env, struct cancel *cancel, struct method_list *out, struct af_error *err) MUST_CHECK;
/* Appends a method list, or the pool's statistics as af_env_stats() describes them. */
void method_list_json(const struct method_list *list, struct strbuf *sb);
void env_stats_json(struct af_env *env, struct strbuf *sb);
/* USAGE unless it is a JSON object or empty. */
af_code call_arguments_check(struct json_span args, struct af_error *err) MUST_CHECK;
/* No asynchronous call begins after this, and none is left when it returns. Not from the I/O thread. */
void env_cancel_calls(struct af_env *env);
/* For whoever keeps an environment and calls it for a while: what its engines tell of it is listened to until it is freed,
 * so that an instance is not chosen from the moment it dies. Without it, a call that fails is what tells. */
void env_watch(struct af_env *env);
/* The same, with what they remember from then on (wall_ms()). */
void env_watch_since(struct af_env *env, int64_t since_ms);
/* Adds "methods: a, b, c" as a hint to a NOT_FOUND about a method. */
void env_hint_methods(struct af_env *env, const char *method, struct cancel *cancel, struct af_error *err);

#endif
