/*
 * What differs between the modes: one const table for each, chosen when an instance is found or made. Everything
 * above speaks to instances, through the functions below, and asks for a mode only where it shows its name.
 *
 * Functions block the calling thread. An instance that is no longer there is AF_ERR_NOT_FOUND; one whose engine, host
 * or supervisor does not answer AF_ERR_UNREACHABLE; what a mode does not have AF_ERR_UNAVAILABLE.
 */
#ifndef ORCHESTRATOR_BACKEND_H
#define ORCHESTRATOR_BACKEND_H

#include "docker/docker.h"

struct deployment;
struct instance;

/* What is known of an instance beyond its state and address. */
struct instance_detail {
	char state[24];       /* "running", "exited", "restarting", …; "" unknown */
	bool running;         /* and not between two runs */
	bool oom;             /* its last run was ended for using too much memory */
	bool tty;             /* its log is a terminal's: instance_logs() wants to know */
	int exit_code;        /* of its last run; -1: unknown */
	int64_t restarts;     /* -1: unknown */
	int health_failures;  /* of the image's own health check, one after the other */
	int health_retries;   /* so many make it unhealthy; 0: it has no such check */
	int64_t started_ns;   /* since 1970; 0: unknown */
	int64_t ended_ns;     /* its last run, while it does not run; 0: unknown */
	int64_t memory_limit; /* bytes; 0: none */
	int64_t pid;          /* on the machine where it runs; 0: none */
	struct strlist env;   /* "KEY=VALUE" as given to it: holds secrets */
};
void instance_detail_free(struct instance_detail *d);
static inline void instance_detail_cleanup(struct instance_detail *d)
{
	instance_detail_free(d);
}

/* A program that runs inside, in the user's place. */
struct instance_program {
	const char *const *argv; /* ends with NULL; NULL: a shell */
	int in_fd;               /* its stdin; -1: none */
	int tty_fd;              /* the terminal that is both its stdin and its stdout; -1: it is not */
	int resize_fd;           /* an eventfd that tells when the size of tty_fd changed; -1: none */
	void (*out)(void *arg, const char *data, size_t len);     /* its stdout; with a tty all its output */
	void (*out_err)(void *arg, const char *data, size_t len); /* its stderr */
	void *arg;
};

struct backend {
	const char *name; /* the mode, as users write it: "docker" */
	bool outside;     /* reached over the network like any service, by proxies where there are such */

	/* Asks for state, address and how it ended, and sets them, under env->lock. */
	af_code (*refresh)(struct instance *inst, struct cancel *cancel, struct af_error *err) MUST_CHECK;

	/* For a deployment: makes it, without starting it; and removes it again, whatever came of that. */
	af_code (*create)(struct deployment *dep, struct instance *inst, struct af_error *err) MUST_CHECK;
	void (*uncreate)(struct deployment *dep, struct instance *inst);
	/* Starts what was created. */
	af_code (*start)(struct instance *inst, struct cancel *cancel, struct af_error *err) MUST_CHECK;
	/* As docker_container_wait(): tells of its next exit, on the I/O thread, once. */
	af_code (*wait_exit)(struct instance *inst, docker_exit_fn done, void *arg, struct http_transfer **out,
			     struct af_error *err) MUST_CHECK;
	/* As docker_container_first_exit(). NULL: a wait tells the truth. */
	af_code (*first_exit)(struct instance *inst, int64_t since_ms, int64_t until_ms, struct cancel *cancel, int *code,
			      struct af_error *err) MUST_CHECK;
	/* SIGTERM, SIGKILL after grace_s. Stopped already is no error. */
	af_code (*stop)(struct instance *inst, int grace_s, struct cancel *cancel, struct af_error *err) MUST_CHECK;
	af_code (*restart)(struct instance *inst, int grace_s, struct cancel *cancel, struct af_error *err) MUST_CHECK;
	/* With `force` also while it runs. Gone already is no error. */
	af_code (*remove)(struct instance *inst, bool force, struct cancel *cancel, struct af_error *err) MUST_CHECK;

	/* `out` is empty before; what was filled in is freed by the caller in any case. */
	af_code (*detail)(struct instance *inst, struct instance_detail *out, struct cancel *cancel,
			  struct af_error *err) MUST_CHECK;
	/* One sample of memory and CPU; cpu_percent stays unknown without `before` (may be NULL). */
	af_code (*usage)(struct instance *inst, const struct docker_stats *before, struct docker_stats *out,
			 struct cancel *cancel, struct af_error *err) MUST_CHECK;
	/* As docker_container_logs(). */
	af_code (*logs)(struct instance *inst, const struct docker_log_options *opt, docker_line_fn fn, void *arg,
			struct cancel *cancel, struct af_error *err) MUST_CHECK;
	/* Runs a program to its end; *status is its exit status. On CANCELLED it is hung up. */
	af_code (*exec)(struct instance *inst, const struct instance_program *program, struct cancel *cancel, int *status,
			struct af_error *err) MUST_CHECK;
};

extern const struct backend backend_docker, backend_url, backend_process;

/* How a last run ended, for people: "exited, exit code 1", "killed for using more memory than its limit of 512M (OOM)".
 * malloc'd. */
char *instance_end_text(const struct instance_detail *d, struct af_error *err);

/* The same, for whoever has an instance. What a mode has not is UNAVAILABLE, with a sentence that says so. */
af_code instance_refresh(struct instance *inst, struct cancel *cancel, struct af_error *err) MUST_CHECK;
af_code instance_stop(struct instance *inst, int grace_s, struct cancel *cancel, struct af_error *err) MUST_CHECK;
af_code instance_restart(struct instance *inst, int grace_s, struct cancel *cancel, struct af_error *err) MUST_CHECK;
af_code instance_remove(struct instance *inst, bool force, struct cancel *cancel, struct af_error *err) MUST_CHECK;
af_code instance_detail(struct instance *inst, struct instance_detail *out, struct cancel *cancel,
			struct af_error *err) MUST_CHECK;
af_code instance_usage(struct instance *inst, const struct docker_stats *before, struct docker_stats *out,
		       struct cancel *cancel, struct af_error *err) MUST_CHECK;
af_code instance_logs(struct instance *inst, const struct docker_log_options *opt, docker_line_fn fn, void *arg,
		      struct cancel *cancel, struct af_error *err) MUST_CHECK;
af_code instance_exec(struct instance *inst, const struct instance_program *program, struct cancel *cancel, int *status,
		      struct af_error *err) MUST_CHECK;

/* ---- docker -------------------------------------------------------------------------- */

/* Pure: from an engine's inspect document. */
af_code docker_detail_read(const cJSON *inspect, struct instance_detail *out, struct af_error *err) MUST_CHECK;
/* Fills an instance from a list entry or an inspect document of `engine`. Under env->lock. */
af_code docker_instance_fill(struct instance *inst, const cJSON *container, struct docker *engine,
			     struct af_error *err) MUST_CHECK;
/* The name in a list entry or inspect document, without the slash; NULL if it has none. Not owned. */
const char *docker_container_plain_name(const cJSON *container);
/* A label as a number from 0 to 65535. */
int docker_number_label(const cJSON *container, const char *label, int fallback);

#endif
