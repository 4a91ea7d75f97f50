/*
 * affinetes: run evaluation environments in containers and call their methods.
 *
 *     struct af_error err = AF_ERROR_INIT;
 *     struct af *af = NULL;
 *     struct af_env *env = NULL;
 *     char *result = NULL;
 *
 *     if (af_new(NULL, &af, &err) == AF_OK &&
 *         af_load_env(af, &(struct af_load_options){ .image = "calc:v1", .replicas = 3 }, &env, &err) == AF_OK &&
 *         af_env_call(env, "evaluate", "{\"task_id\": 10}", NULL, &result, &err) == AF_OK)
 *             puts(result);
 *     else
 *             fprintf(stderr, "%s\n", err.message);
 *     free(result);
 *     af_free(af);            // stops the environments that were loaded without .keep
 *     af_error_clear(&err);
 *
 * Conventions
 *   - Every function that can fail returns an af_code and takes a `struct af_error *`
 *     that the caller owns; it may be NULL and is untouched on success.
 *   - Strings handed out (char **) are malloc'd, the caller frees them with free().
 *   - Options are structs; zero means the default. Strings in them are copied.
 *   - Times are milliseconds unless the name says otherwise; a timeout of 0 is none.
 *   - Unless a comment says otherwise every function may be called from any thread.
 *   - The library never prints, exits, or touches signals, locale or process-wide state.
 */
#ifndef AFFINETES_H
#define AFFINETES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AF_PUBLIC __attribute__((visibility("default")))

/* ---------------------------------------------------------------- errors -- */

/* One row per code: enum, name, exit status of `afs`, meaning. */
#define AF_CODES(X)                                                                               \
	X(AF_OK, "ok", 0, "done")                                                                 \
	X(AF_ERR_METHOD, "method-failed", 1, "the method raised an error")                        \
	X(AF_ERR_BUILD, "build-failed", 1, "the image could not be built")                        \
	X(AF_ERR_FAILED, "failed", 1, "the operation failed")                                     \
	X(AF_ERR_IO, "io", 1, "reading or writing a file failed")                                 \
	X(AF_ERR_NOMEM, "no-memory", 1, "out of memory")                                          \
	X(AF_ERR_TOO_LARGE, "too-large", 1, "larger than the limit")                              \
	X(AF_ERR_PROTOCOL, "protocol", 1, "the other side sent something that is not understood") \
	X(AF_ERR_USAGE, "usage", 2, "wrong arguments")                                            \
	X(AF_ERR_EXISTS, "exists", 2, "the name is in use")                                       \
	X(AF_ERR_NOT_FOUND, "not-found", 3, "no such environment, method, image or file")         \
	X(AF_ERR_UNREACHABLE, "unreachable", 4, "engine, host or service not reachable")          \
	X(AF_ERR_LOST, "lost", 4, "the instance died while the call ran")                         \
	X(AF_ERR_UNAVAILABLE, "unavailable", 4, "not available here")                             \
	X(AF_ERR_TIMEOUT, "timeout", 5, "timed out")                                              \
	X(AF_ERR_CANCELLED, "cancelled", 130, "interrupted")

typedef enum af_code {
#define AF_CODE_ENUM(code, name, status, text) code,
	AF_CODES(AF_CODE_ENUM)
#undef AF_CODE_ENUM
} af_code;

struct af_error {
	af_code code;
	char *message; /* one sentence: what, where, why; NULL when empty */
	char *hint;    /* what to do next; may be NULL */
};
#define AF_ERROR_INIT { AF_OK, NULL, NULL }

/* Frees what the error holds and makes it empty. */
AF_PUBLIC void af_error_clear(struct af_error *err);
/* "not-found" for AF_ERR_NOT_FOUND; static. */
AF_PUBLIC const char *af_code_name(af_code code);
/* The exit status that `afs` gives for a code. */
AF_PUBLIC int af_code_exit_status(af_code code);
/* The library's version, e.g. "0.1.0"; static. */
AF_PUBLIC const char *af_version(void);

/* ---------------------------------------------------------------- context -- */

struct af;        /* everything the library holds: connections, threads, environments */
struct af_env;    /* a running environment: one or more replicas */
struct af_call;   /* an asynchronous call */
struct af_cancel; /* a token that interrupts what was given it */

struct af_options {
	const char *engine; /* "unix:///path" or "tcp://host:port"; NULL: where the docker command looks */
	/* Asks the user for the passphrase of a key of SSH, on a thread of the library; *answer is malloc'd, and wiped and
	 * freed by the library. False: there is none to be had. It must end soon once `cancel`, which may be looked at by
	 * af_cancel_requested(), fires. NULL: keys with a passphrase are only used from the agent. */
	bool (*ask_passphrase)(void *arg, const char *question, struct af_cancel *cancel, char **answer);
	void *arg;
};

/* `options` may be NULL. Connects to nothing yet. */
AF_PUBLIC af_code af_new(const struct af_options *options, struct af **af, struct af_error *err);
/* Stops every environment that was loaded and is not kept (.keep), then frees everything: environments and calls that go
 * on are gone afterwards; a struct af_call that was handed out is still to be freed by af_call_free(). Blocks until that is
 * done; nothing else may use `af` meanwhile. NULL is fine. */
AF_PUBLIC void af_free(struct af *af);

/* A token may serve many operations and is not owned by them. Trigger from any thread, but not from a signal
 * handler. NULL when out of memory. */
AF_PUBLIC struct af_cancel *af_cancel_new(void);
AF_PUBLIC void af_cancel_trigger(struct af_cancel *cancel);
AF_PUBLIC bool af_cancel_requested(const struct af_cancel *cancel);
AF_PUBLIC void af_cancel_free(struct af_cancel *cancel);

/* ----------------------------------------------------------------- images -- */

struct af_build_options {
	const char *env_path;  /* directory with env.py and Dockerfile, or a git URL (…#ref:subdir) */
	const char *image_tag; /* "calc:v1" */
	bool nocache;
	bool push;             /* to `registry`, or where the tag says */
	const char *registry;
	const char *const *buildargs; /* "KEY=VALUE", ends with NULL; may be NULL */
	/* Optional: each line of the build's output, on the calling thread. */
	void (*on_line)(void *arg, const char *line, size_t len);
	void *arg;
	struct af_cancel *cancel;
};

/* Builds an image on this machine's engine and waits. *image_tag (may be NULL) gets its tag, malloc'd. Where a Dockerfile
 * has ARG BASE_IMAGE and `buildargs` have none, AFS_BASE_IMAGE from the environment is it. USAGE: env_path or image_tag
 * missing or malformed; NOT_FOUND: no such directory, or no env.py in it; BUILD: the build failed. */
AF_PUBLIC af_code af_build_image(struct af *af, const struct af_build_options *options, char **image_tag,
				 struct af_error *err);

/* ----------------------------------------------------------- environments -- */

enum af_mode {
	AF_MODE_DOCKER,   /* containers, of this machine's engine or of those of `hosts` */
	AF_MODE_PROCESS,  /* processes of this machine, straight from env_path: nothing isolates them */
	AF_MODE_URL,      /* a service that runs already, at base_url */
	AF_MODE_BASILICA, /* not available yet: AF_ERR_UNAVAILABLE */
};

enum af_balance {
	AF_BALANCE_RANDOM,
	AF_BALANCE_ROUND_ROBIN,
	AF_BALANCE_LEAST_BUSY, /* with the fewest calls in flight */
};
AF_PUBLIC const char *af_balance_name(enum af_balance balance); /* "round_robin"; static */

/* What has no meaning in a mode is refused (USAGE). */
struct af_load_options {
	const char *image;           /* mode docker */
	const char *env_path;        /* mode process: a directory with env.py, or an env.py */
	const char *base_url;        /* mode url: http(s)://host[:port][/path] */
	bool insecure;               /* mode url: the certificate is not checked */
	const char *ca_file;         /* mode url: PEM file with the authorities to trust; NULL: the system's */
	const char *name;            /* NULL: the image's last component with ':' as '-', the directory, the host */
	const char *const *env_vars; /* "KEY=VALUE", ends with NULL; may be NULL */
	int replicas;                /* 1 to 1000; 0: 1 */
	enum af_balance balance;
	int max_in_flight;           /* calls at a time, of each context, to each replica; 0: no limit. Further ones queue */
	int max_in_flight_host;      /* and to all replicas of a host together */
	const char *mem_limit;       /* "512m", "2g" (1024-based), for each replica; NULL: none */
	double cpu_limit;            /* CPUs for each replica; 0: none */
	bool pull;                   /* mode docker: ask the registry even if the image is here */
	bool keep;                   /* af_free() and af_cleanup_all() leave it running */
	bool force_recreate;         /* stop an environment of that name first */
	enum af_mode mode;
	/* Mode docker: "localhost", "ssh://[user@]host[:port]", ends with NULL: replicas go to them in turn; NULL: localhost.
	 * The image is sent to those that have it not. */
	const char *const *hosts;
	const char *network;         /* mode docker; NULL: the engine's default */
	const char *const *volumes;  /* mode docker: "SOURCE:TARGET[:ro]", ends with NULL; may be NULL */
	int64_t ready_timeout_ms;    /* 0: 120 s; mode url: 30 s at most */
	struct af_cancel *cancel;
};

/* Starts the replicas at the same time and waits until all are ready; in mode url, until the service has answered. If one
 * fails, or on cancellation, none is left. EXISTS: the name is in use; NOT_FOUND: no such image or directory; UNREACHABLE:
 * engine, host or service; TIMEOUT: not ready in time; UNAVAILABLE: mode basilica. The environment belongs to `af`;
 * af_env_free() or af_free() ends it. */
AF_PUBLIC af_code af_load_env(struct af *af, const struct af_load_options *options, struct af_env **env,
			      struct af_error *err);
/* Connects to a running environment of any mode (or a plain container) by name; looks on this machine, on the hosts of the
 * config file and on those used before. Never stops it unless told to. NOT_FOUND; UNREACHABLE: where it might be cannot be
 * asked. */
AF_PUBLIC af_code af_connect_env(struct af *af, const char *name, struct af_env **env, struct af_error *err);

/* As long as the environment. */
AF_PUBLIC const char *af_env_name(const struct af_env *env);
/* Does every replica answer GET /health now? Asks them in turn, each for 2 s at most. */
AF_PUBLIC bool af_env_is_ready(struct af_env *env);
/* JSON: [{"name","signature","doc","source"}, …] */
AF_PUBLIC af_code af_env_list_methods(struct af_env *env, char **json, struct af_error *err);
/* JSON: {"name","balance","requests","errors","queued","instances":[{"replica","host","address","state","requests",
 * "errors","in_flight","queued","p50_ms","p95_ms","p99_ms"}, …]}: what went through this process. Queued are calls that
 * wait for room or for an instance to come back; an instance's own are those that no other may take. Replicas count from 0;
 * `state` is "up", "starting" or "down"; `address` is null where there is none; times are 0 before the first call. */
AF_PUBLIC af_code af_env_stats(struct af_env *env, char **json, struct af_error *err);
/* Stops and removes its containers or processes, all at once: SIGTERM, and SIGKILL after 10 s. What is at a URL is forgotten
 * and goes on. The handle stays valid; calls fail from then on. */
AF_PUBLIC af_code af_env_cleanup(struct af_env *env, struct af_error *err);
/* Cleans up unless the environment is kept, cancels its calls and frees it. NULL is fine. */
AF_PUBLIC void af_env_free(struct af_env *env);

/* Stops at scope end: AF_AUTO_ENV struct af_env *env = NULL; */
static inline void af_env_cleanup_at_end(struct af_env **env)
{
	af_env_free(*env);
}
#define AF_AUTO_ENV __attribute__((cleanup(af_env_cleanup_at_end)))

/* ------------------------------------------------------------------ calls -- */

struct af_call_options {
	int64_t timeout_ms; /* a deadline for the whole call; 0: none */
	int replica;        /* N + 1: replica N (they count from 0) and no other; 0: the balancer chooses */
	struct af_cancel *cancel; /* for af_env_call; asynchronous calls have af_call_cancel() */
};

/*
 * A call whose instance fails goes on by itself. Where nothing of it was sent, another instance gets it. Where it was cut
 * off in the middle, the same server is asked again under the same call id and joins it to the running one; only when that
 * server's process is known to have died is it run again, there when it is back, else elsewhere, three times at most
 * (then AF_ERR_LOST, which says what the server died of). Servers of http_based environments know no ids: what was cut off
 * there is AF_ERR_LOST. Waiting for an instance ends with the call's own time, and without one after two minutes.
 */

/* Calls a method with keyword arguments (a JSON object; NULL: none) and waits. *result is JSON text, numbers as the
 * method wrote them. METHOD: it raised (message and traceback in err); NOT_FOUND: no such method or replica; USAGE: `kwargs`
 * is no JSON object; TIMEOUT, CANCELLED: its time was up or it was cancelled, and the environment was told; UNREACHABLE,
 * LOST: see above. `options` may be NULL. */
AF_PUBLIC af_code af_env_call(struct af_env *env, const char *method, const char *kwargs,
			      const struct af_call_options *options, char **result, struct af_error *err);

/* Called once per asynchronous call, on the library's I/O thread: it must not block, nor call anything that waits.
 * `result` is JSON text for AF_OK and else NULL; both it and `err` are the library's and gone afterwards. */
typedef void (*af_call_done)(void *arg, af_code rc, const char *result, size_t len, const struct af_error *err);

/* Starts a call and returns at once; thousands may be in flight. `method`, `kwargs` and `options` are not needed afterwards;
 * the token in `options` is not looked at. `done` is called only where this is AF_OK, and may be before it has returned.
 * *call (may be NULL) is freed by af_call_free(). */
AF_PUBLIC af_code af_env_call_async(struct af_env *env, const char *method, const char *kwargs,
				    const struct af_call_options *options, af_call_done done, void *arg,
				    struct af_call **call, struct af_error *err);
/* Ends it with AF_ERR_CANCELLED unless it is over; the environment is told. Any thread. */
AF_PUBLIC void af_call_cancel(struct af_call *call);
/* The call itself goes on. NULL is fine. */
AF_PUBLIC void af_call_free(struct af_call *call);

/* ------------------------------------------------------- without waiting -- */

/* The functions above that take a while, each on a thread of the library's. They return at once; if that is AF_OK,
 * `done` is called once, on that thread: it may block and call anything but af_free(), nor af_env_free() for the
 * environment that it is about. `options` and what it points to must stay as they are until then. af_free() interrupts
 * what goes on. */
typedef void (*af_load_done)(void *arg, af_code rc, struct af_env *env, const struct af_error *err);
AF_PUBLIC af_code af_load_env_async(struct af *af, const struct af_load_options *options, af_load_done done, void *arg,
				    struct af_error *err);
/* done's `result` is the image's tag. */
AF_PUBLIC af_code af_build_image_async(struct af *af, const struct af_build_options *options, af_call_done done, void *arg,
				       struct af_error *err);
/* done's `result` is what af_env_list_methods() gives. */
AF_PUBLIC af_code af_env_list_methods_async(struct af_env *env, af_call_done done, void *arg, struct af_error *err);
/* done's `result` is NULL. */
AF_PUBLIC af_code af_env_cleanup_async(struct af_env *env, af_call_done done, void *arg, struct af_error *err);

/* --------------------------------------------------------------- registry -- */

/* The environments of this context, loaded or connected: names, malloc'd list ending with NULL; free with
 * af_names_free(). */
AF_PUBLIC af_code af_list_environments(struct af *af, char ***names, struct af_error *err);
AF_PUBLIC void af_names_free(char **names);
/* NULL if there is none of that name. It stays owned as before: who frees it meanwhile, frees it under your hands. */
AF_PUBLIC struct af_env *af_get_environment(struct af *af, const char *name);
/* af_env_cleanup() for all that are not kept, one after the other; goes on after a failure and returns the first. No
 * environment may be loaded, connected or freed meanwhile. */
AF_PUBLIC af_code af_cleanup_all(struct af *af, struct af_error *err);

#ifdef __cplusplus
}
#endif
#endif
