/*
 * Calls on their way: shared by pool.c (who takes them), queue.c (those that wait), recovery.c (what becomes of them when
 * an instance fails), async.c (on the I/O thread) and invoke.c (on the thread that waits).
 *
 * A call of which no byte was sent may go to any instance. One that was cut off belongs to its instance: as long as that
 * one's process lives, the server joins a repeated call to the running one by its id, and nobody else may run it too. Once
 * the process is known to have died the call runs nowhere, and may be run again: there when it is back, elsewhere when
 * it is gone for good. Servers that know no call ids are not sent such a call again.
 */
#ifndef ORCHESTRATOR_FLIGHT_H
#define ORCHESTRATOR_FLIGHT_H

#include "base/clock.h"
#include "orchestrator/orchestrator.h"

/* How often a call is run again because the process that ran it died, and how often its connection may break. */
#define DEATHS_MAX 3
#define BREAKS_MAX 5

struct af_call {
	struct af_env *env;
	struct call call;
	int replica;           /* the only one that may be asked; < 0: any */
	int64_t timeout_ms;
	deadline until;
	int64_t began_us;
	call_end end;
	void *arg;

	/* Owned by whoever has the call at the moment: the submitter, the queue, the I/O thread. */
	struct instance *inst;  /* asked last */
	struct instance *avoid; /* not reachable a moment ago */
	unsigned run;           /* inst's, when it was sent */
	bool begun;             /* inst may have begun it */
	int attempts, breaks, deaths;
	long status; /* of the answer, as HTTP has it; 0: none came */
	char *died_of;          /* of each death; NULL: none */
	struct af_error why;    /* what kept the last attempt from an answer */
	int64_t away_since;     /* clock_ms(): nobody could take it from then on */

	atomic_int refs; /* one while it runs, one for the caller's handle */
	atomic_bool cancelled;
	atomic_bool broken; /* its transfer was ended because its instance died */
	pthread_mutex_t lock; /* for transfer: submitted here, cancelled there */
	struct http_transfer *transfer;
	struct af_call *next, **link;    /* in env->calls, under env->lock */
	struct af_call *before, *behind; /* in its queue, under env->lock */
	struct call_queue *queue;        /* NULL: in none */
	bool over;                       /* it is there only to be ended, with `why` */
};

/* A call whose thread drives its transfer itself; in inst->sittings while it does. */
struct sitting {
	struct cancel *token; /* ends the transfer */
	unsigned run;         /* the instance's, when it was sent */
	bool broken;          /* because that run is over */
	struct sitting *next, **link;
};

/* ---- pool.c: all under env->lock ---------------------------------------------------- */

/* Is it up, and nothing speaks against it? */
bool pool_usable(const struct instance *inst);
/* The instance that the call gets now; NULL: none has room. Counts it in. */
struct instance *pool_choose(struct af_env *env, const struct instance *avoid);
bool pool_enter(struct instance *inst);
/* UNREACHABLE: says of each, or of that replica, how it is. */
af_code pool_none_up(struct af_env *env, int replica, struct af_error *err);
/* What to look at when an instance fails; and, where it is down, how it is started again. A service at a URL has neither a
 * log nor a start that could be had from here. */
void pool_hint(const struct af_env *env, bool down, struct af_error *err);

/* ---- queue.c ---------------------------------------------------------------------------- */

/* Puts the call into the queue of the instance that alone may take it, else of all. From then on it belongs to the
 * queue: it ends there, or is submitted, on the I/O thread. */
af_code queue_add(struct af_call *c, struct af_error *err) MUST_CHECK;
/* Ends the call with that error, on the I/O thread. */
void queue_end(struct af_call *c, struct af_error *err);
/* Something changed that waiting calls may go on by: looks at the queues on the I/O thread. `all`: at each call in them.
 * Under env->lock. */
void queue_stir(struct af_env *env, bool all);
void queue_free(struct af_env *env);

/* ---- recovery.c -------------------------------------------------------------------------- */

/* Something speaks against the instance: it is examined on a thread of its own and not chosen until it is known to
 * be well. Under env->lock; nothing happens while it is being examined. */
void instance_examine(struct instance *inst);
/* Nothing speaks against it, but its engine may have told what nobody heard: it is asked, and what does not fit leads to
 * an examination. Under env->lock. */
void instance_check(struct instance *inst);
/* As instance_examine(), for whoever saw its run `run` fail: one that lives anew since is not blamed. */
void instance_suspect(struct instance *inst, unsigned run);


/* After an attempt that came to nothing (UNREACHABLE, LOST): true when the call goes on, through the queue; else rc
 * and err are its end. Any thread. */
bool call_goes_on(struct af_call *c, af_code *rc, bool sent, bool leaving, struct af_error *err);
/* Its process died: counted; false when that was once too often, and err says of what. Under env->lock. */
bool call_survives(struct af_call *c, struct af_error *err);

/* ---- async.c ------------------------------------------------------------------------------- */

struct af_call *call_new(struct af_env *env, const char *method, struct json_span kwargs, int replica,
			 int64_t timeout_ms, struct af_error *err);
void call_unref(struct af_call *c);
/* It is one of the environment's from here on. CANCELLED when that is closing. */
af_code call_enlist(struct af_call *c, struct af_error *err) MUST_CHECK;
void call_delist(struct af_call *c);
/* Sends it to c->inst, where it is counted in already. */
void call_dispatch(struct af_call *c);
/* On the I/O thread. */
void call_finish(struct af_call *c, af_code rc, char *take_result, size_t len, struct af_error *err);
void call_get_info(const struct af_call *c, struct call_info *info);

/* What an exchange with an instance came to. */
struct verdict {
	af_code rc;
	bool unanswered; /* no word of the method's, nor of the server about it */
	bool failed;     /* that is, the instance did: the call may go on */
	bool sent;       /* it may have begun the call */
	bool leaving;    /* it said that it is stopping */
	char *result;    /* malloc'd; NULL unless rc is AF_OK */
	size_t len;
};
/* Reads the answer and counts the call out. `broken`: the transfer was ended because the instance died. */
void call_judge(struct af_call *c, af_code rc, bool broken, struct http_response *resp, struct verdict *v,
		struct af_error *err);

#endif
