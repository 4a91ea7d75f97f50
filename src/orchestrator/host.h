/*
 * Hosts: the machine that this runs on, and others over SSH, each with its engine.
 *
 * Known are those of the config file ("host = ssh://…"), those that environments were started on before (a list
 * under $XDG_STATE_HOME/affinetes, from which one goes when it is found without environments), and those named in
 * this process.
 */
#ifndef ORCHESTRATOR_HOST_H
#define ORCHESTRATOR_HOST_H

#include "orchestrator/orchestrator.h"
#include "ssh/ssh.h"

struct af_host {
	struct af *af;
	char *name;            /* "local", "gpu-a" */
	struct ssh_host *ssh;  /* NULL: this machine */
	struct docker *engine; /* made by the first use; under af->lock */
	bool remembered;       /* it is in the list of those used before, and not in the config file; under af->lock */
	struct af_host *next;
};

/* USAGE unless it is "localhost", "local" or "ssh://…". Pure. */
af_code host_check(const char *text, struct af_error *err) MUST_CHECK;
/* The same host for the same words; it belongs to `af`. */
af_code host_get(struct af *af, const char *text, struct af_host **out, struct af_error *err) MUST_CHECK;
struct af_host *host_local(struct af *af); /* NULL when out of memory */
/* Its engine, connected: UNREACHABLE says why not. Not from the I/O thread. */
af_code host_engine(struct af_host *h, struct cancel *cancel, struct docker **out, struct af_error *err) MUST_CHECK;
/* All that are known, this machine first; the list is the caller's to free(), the hosts are not. A line of the config
 * file that makes no sense is passed over here (doctor and afs-tui tell). */
af_code host_list(struct af *af, struct af_host ***out, size_t *count, struct af_error *err) MUST_CHECK;
/* What its engine knows of environments, as far as they are on this host; what is registered (registered_list()) is not
 * among them. For whoever follows hosts one by one; all at once: env_list(). */
af_code host_env_list(struct af_host *h, struct cancel *cancel, struct env_list *out, struct af_error *err) MUST_CHECK;
/* An environment is about to be started there: other processes shall look for it there, too. */
af_code host_remember(struct af_host *h, struct af_error *err) MUST_CHECK;
void host_forget(struct af_host *h);
/* Appends what is wrong with "host" lines of the config file. */
void host_config_check(struct strlist *wrong);
/* At the end of `af`, after its requests. */
void hosts_free(struct af *af);

/* The same of this machine, with what is registered here; out->missing as env_list() has it. */
af_code env_list_here(struct af *af, struct cancel *cancel, struct env_list *out, struct af_error *err) MUST_CHECK;

/* ---- asking all of them (survey.c) ------------------------------------------------------ */

struct survey_answer {
	struct af_host *host;
	struct docker *engine;
	cJSON *containers; /* NULL: it did not answer */
	struct af_error err;
};
struct survey {
	struct survey_answer *answers; /* this machine's first */
	size_t count;
};
/* Lists the containers with a label on all hosts at the same time. one: an environment is looked for, and nobody is
 * waited for once all its replicas have been found; hosts whose answer was not waited for have the code CANCELLED. */
af_code survey_hosts(struct af *af, const char *label, bool one, struct cancel *cancel, struct survey *out,
		     struct af_error *err) MUST_CHECK;
void survey_free(struct survey *s);
static inline void survey_cleanup(struct survey *s)
{
	survey_free(s);
}

#endif
