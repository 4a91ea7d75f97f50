/*
 * Docker Engine API client (https://docs.docker.com/reference/api/engine/; podman's socket speaks it too).
 *
 * Functions block the calling thread unless they say "stream"; answers that are read further are cJSON
 * trees (the caller frees with cJSON_Delete). An engine that cannot be reached is AF_ERR_UNREACHABLE, a 404
 * AF_ERR_NOT_FOUND, a 409 AF_ERR_EXISTS; the engine's own message is always part of ours.
 */
#ifndef DOCKER_DOCKER_H
#define DOCKER_DOCKER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/strbuf.h"
#include "net/http.h"

/* ---- finding an engine -------------------------------------------------- */

struct docker;

/* host: "unix:///path", "tcp://host:port", or NULL to look where the docker command looks: DOCKER_HOST,
 * DOCKER_CONTEXT, currentContext of ~/.docker/config.json, then the usual sockets, rootless and podman's.
 * No connection is made yet. `name` is how the engine is called in messages and lists ("local"). */
af_code docker_new(struct http *http, const char *host, struct docker **out, struct af_error *err) MUST_CHECK;
/* How to get to an engine that is not simply there. */
struct docker_way {
	void *arg;
	/* Before each request that a thread waits for: sees to it that there is a way, or says why not. */
	af_code (*reach)(void *arg, struct cancel *cancel, struct af_error *err);
	/* What the other end said when a connection came to nothing: "docker: command not found". malloc'd; NULL: nothing. */
	char *(*refusal)(void *arg);
};
/* An engine at the other end of a socket of ours; `name` is how users know it ("ssh://gpu-a"). `way` is copied. */
af_code docker_new_via(struct http *http, const char *name, const char *unix_path, const struct docker_way *way,
		       struct docker **out, struct af_error *err) MUST_CHECK;
void docker_free(struct docker *d);
const char *docker_host(const struct docker *d); /* "unix:///var/run/docker.sock" */
/* Negotiates the API version (once; later calls return at once). The other functions call it themselves. */
af_code docker_connect(struct docker *d, struct cancel *cancel, struct af_error *err) MUST_CHECK;
/* Does the engine build with BuildKit? Known once connected. */
bool docker_has_buildkit(const struct docker *d);
/* GET /version and /info. */
af_code docker_version(struct docker *d, struct cancel *cancel, cJSON **out, struct af_error *err) MUST_CHECK;
af_code docker_info(struct docker *d, struct cancel *cancel, cJSON **out, struct af_error *err) MUST_CHECK;

/* One API request: path without the version ("/containers/json?all=1"); `body` is JSON or NULL. The answer's
 * tree goes to *out (may be NULL; NULL tree for an empty answer). timeout_ms 0: 60 s. */
af_code docker_request(struct docker *d, const char *method, const char *path, const cJSON *body,
		       int64_t timeout_ms, struct cancel *cancel, cJSON **out, struct af_error *err) MUST_CHECK;

/* ---- containers ---------------------------------------------------------- */

/* label_filters: "key" or "key=value", NULL-terminated, may be NULL. name: exactly; may be NULL. Array of list entries. */
af_code docker_container_list(struct docker *d, bool all, const char *const *label_filters, const char *name,
			      struct cancel *cancel, cJSON **out, struct af_error *err) MUST_CHECK;
/* config: the body of POST /containers/create. EXISTS: the name is in use; NOT_FOUND: no such image. Once sent
 * it is not cancelled: the container would be made all the same, and nobody would know its id. */
af_code docker_container_create(struct docker *d, const char *name, const cJSON *config, struct cancel *cancel,
				char **id, struct af_error *err) MUST_CHECK;
af_code docker_container_start(struct docker *d, const char *id, struct cancel *cancel, struct af_error *err) MUST_CHECK;
/* Stopped already is no error. grace_s: seconds between SIGTERM and SIGKILL. */
af_code docker_container_stop(struct docker *d, const char *id, int grace_s, struct cancel *cancel,
			      struct af_error *err) MUST_CHECK;
af_code docker_container_restart(struct docker *d, const char *id, int grace_s, struct cancel *cancel,
				 struct af_error *err) MUST_CHECK;
/* Gone already is no error. Anonymous volumes go with it. */
af_code docker_container_remove(struct docker *d, const char *id, bool force, struct cancel *cancel,
				struct af_error *err) MUST_CHECK;
af_code docker_container_inspect(struct docker *d, const char *id, struct cancel *cancel, cJSON **out,
				 struct af_error *err) MUST_CHECK;
/* The address from an inspect or list entry: of the first network that has one; NULL if none. Not owned. */
const char *docker_container_ip(const cJSON *container);
/* The environment's label helper: a label of an inspect or list entry, NULL if absent. Not owned. */
const char *docker_container_label(const cJSON *container, const char *key);

/* Tells when the container exits next: on the I/O thread, once. Register before starting it: when this
 * returns AF_OK the engine is watching. `exit_code` is -1 where the wait itself broke off (also by
 * http_transfer_cancel(*out)). Unref *out. Not from the I/O thread. */
typedef void (*docker_exit_fn)(void *arg, int exit_code);
af_code docker_container_wait(struct docker *d, const char *id, docker_exit_fn done, void *arg,
			      struct http_transfer **out, struct af_error *err) MUST_CHECK;

/* The code of the first exit between two wall-clock times, as the engine remembers it (a wait's answer may tell 0 where
 * the container was restarted meanwhile). NOT_FOUND: it remembers none. */
af_code docker_container_first_exit(struct docker *d, const char *id, int64_t since_ms, int64_t until_ms,
				    struct cancel *cancel, int *code, struct af_error *err) MUST_CHECK;

/* ---- logs, events, statistics (docker/stream.c) --------------------------- */

enum docker_fd { DOCKER_STDOUT = 1, DOCKER_STDERR = 2 };

/* Takes a multiplexed stream apart (or passes a tty's raw one on) and cuts it into lines. */
struct docker_demux;
typedef bool (*docker_line_fn)(void *arg, enum docker_fd fd, const char *line, size_t len); /* no newline; false: enough */
/* A line longer than max_line comes in pieces. */
struct docker_demux *docker_demux_new(bool tty, size_t max_line, docker_line_fn fn, void *arg, struct af_error *err);
/* False once fn said so or the stream makes no sense. */
bool docker_demux_feed(struct docker_demux *x, const char *data, size_t len);
void docker_demux_end(struct docker_demux *x); /* passes the unfinished last line on */
void docker_demux_free(struct docker_demux *x);

struct docker_log_options {
	bool follow;
	int tail;           /* lines from the end; < 0: all */
	int64_t since_ns;   /* since 1970; 0: from the start */
	bool timestamps;    /* each line begins with an RFC 3339 time and a space */
	bool tty;           /* Config.Tty of the container */
};
/* Blocks until the log ends, fn says enough, or cancel. */
af_code docker_container_logs(struct docker *d, const char *id, const struct docker_log_options *opt,
			      docker_line_fn fn, void *arg, struct cancel *cancel, struct af_error *err) MUST_CHECK;
/* Stream: lines and the end arrive on the I/O thread. Unref *out after cancelling it. */
typedef void (*docker_end_fn)(void *arg, af_code rc, const struct af_error *err);
af_code docker_logs_stream(struct docker *d, const char *id, const struct docker_log_options *opt,
			   docker_line_fn fn, docker_end_fn end, void *arg, struct http_transfer **out,
			   struct af_error *err) MUST_CHECK;

/* Stream: /events of containers carrying `label`; each event is a tree that stays docker's. since_ns 0: from now. */
typedef void (*docker_event_fn)(void *arg, const cJSON *event);
af_code docker_events_stream(struct docker *d, const char *label, int64_t since_ns, docker_event_fn fn,
			     docker_end_fn end, void *arg, struct http_transfer **out, struct af_error *err) MUST_CHECK;

struct docker_stats {
	double cpu_percent; /* of one core, as `docker stats` computes it; NAN unknown */
	int64_t memory;     /* bytes without the page cache; -1 unknown */
	int64_t memory_limit;
	int64_t cpu_ns, system_ns; /* raw counters, to compute deltas between samples */
	int online_cpus;
	int64_t read_ns;    /* when the sample was taken, since 1970; 0 unknown */
};
/* From one /stats document; `before` (may be NULL) replaces precpu_stats. Pure. */
void docker_stats_parse(const cJSON *doc, const struct docker_stats *before, struct docker_stats *out);
/* The percentage between two samples of a container; NAN where they do not tell. Pure. */
double docker_stats_cpu(const struct docker_stats *before, const struct docker_stats *now);
/* One sample: percent needs `before`, else NAN. See docker/cgroup.h for containers on this machine. Docker answers at its collector's next tick, which takes up to a
 * second while somebody else is watching the container too. */
af_code docker_container_stats(struct docker *d, const char *id, const struct docker_stats *before,
			       struct cancel *cancel, struct docker_stats *out, struct af_error *err) MUST_CHECK;
/* Stream: one sample a second, with its percentage from the second one on. */
typedef void (*docker_stats_fn)(void *arg, const struct docker_stats *stats);
af_code docker_stats_stream(struct docker *d, const char *id, docker_stats_fn fn, docker_end_fn end, void *arg,
			    struct http_transfer **out, struct af_error *err) MUST_CHECK;

/* ---- images --------------------------------------------------------------- */

/* Progress of pull, push, build: called on the calling thread. */
struct docker_progress {
	void *arg;
	/* One readable line: a build step, its output, a pull's status. */
	void (*line)(void *arg, const char *text, size_t len);
	/* Amount done of a named piece (layer, build step); total 0: unknown. bytes tells the unit. */
	void (*amount)(void *arg, const char *label, int64_t done, int64_t total, bool bytes);
};

af_code docker_image_inspect(struct docker *d, const char *image, struct cancel *cancel, cJSON **out,
			     struct af_error *err) MUST_CHECK;
/* label_filters as above; array. */
af_code docker_image_list(struct docker *d, const char *const *label_filters, struct cancel *cancel, cJSON **out,
			  struct af_error *err) MUST_CHECK;
af_code docker_image_tag(struct docker *d, const char *image, const char *target, struct cancel *cancel,
			 struct af_error *err) MUST_CHECK;
/* Absent already is no error. */
af_code docker_image_remove(struct docker *d, const char *image, bool force, struct cancel *cancel,
			    struct af_error *err) MUST_CHECK;
/* Credentials come from ~/.docker/config.json and its helpers. */
af_code docker_image_pull(struct docker *d, const char *image, const struct docker_progress *progress,
			  struct cancel *cancel, struct af_error *err) MUST_CHECK;
af_code docker_image_push(struct docker *d, const char *image, const struct docker_progress *progress,
			  struct cancel *cancel, struct af_error *err) MUST_CHECK;
/* What `docker save | docker load` does, from one engine to another. `where` names the other in progress and messages. */
af_code docker_image_copy(struct docker *from, struct docker *to, const char *image, const char *where,
			  const struct docker_progress *progress, struct cancel *cancel, struct af_error *err) MUST_CHECK;
/* Splits "registry:5000/name:tag@digest". registry is "docker.io" where none is named; path is as written ("python",
 * "user/app"); tag is the digest ("sha256:…") where there is one, else the tag, else "latest". Any out may be NULL;
 * malloc'd. USAGE if it is no reference. */
af_code docker_reference_parse(const char *ref, char **registry, char **path, char **tag, struct af_error *err) MUST_CHECK;

struct docker_build_options {
	const char *tag;        /* NULL: untagged */
	const char *dockerfile; /* path in the context; NULL: "Dockerfile" */
	bool no_cache;
	bool pull;              /* classic builder only: BuildKit wants a session for it; pull the base images before */
	const char *const *buildargs; /* "KEY=VALUE", NULL-terminated; may be NULL */
	const char *const *labels;    /* the same */
	bool classic;           /* never BuildKit */
	/* The context as a tar stream; as in http_request.read. */
	ssize_t (*read)(void *arg, char *buf, size_t size);
	/* Starts the stream again, for the fallback from BuildKit to classic; false: cannot. May be NULL. */
	bool (*rewind)(void *arg);
	void *read_arg;
};
/* BuildKit where the engine has it. BUILD on failure, with the last lines of the failed step in the message; IO if
 * `read` gave up. Cancelling closes the connection, at which the engine ends the build. */
af_code docker_image_build(struct docker *d, const struct docker_build_options *opt,
			   const struct docker_progress *progress, struct cancel *cancel, char **image_id,
			   struct af_error *err) MUST_CHECK;

/* ---- exec ------------------------------------------------------------------ */

struct docker_exec_options {
	const char *const *argv; /* NULL-terminated */
	const char *const *env;  /* may be NULL */
	const char *workdir;     /* may be NULL */
	bool tty, stdin_open;
	int rows, cols;          /* with tty; 0: leave */
};
/* Starts the command; its raw stream is *pipe (multiplexed unless tty), its id for resize and exit code is *id. */
af_code docker_exec_start(struct docker *d, const char *container, const struct docker_exec_options *opt,
			  struct cancel *cancel, char **id, struct http_pipe **pipe, struct af_error *err) MUST_CHECK;
af_code docker_exec_resize(struct docker *d, const char *id, int rows, int cols, struct af_error *err) MUST_CHECK;
af_code docker_exec_exit_code(struct docker *d, const char *id, int *code, struct af_error *err) MUST_CHECK;
/* Runs a command to its end and collects stdout (and stderr into `errors`, may be NULL). */
af_code docker_exec_run(struct docker *d, const char *container, const struct docker_exec_options *opt,
			struct cancel *cancel, int *exit_code, struct strbuf *output, struct strbuf *errors,
			struct af_error *err) MUST_CHECK;

#endif
