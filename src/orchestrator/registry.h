/*
 * What no engine can hold: the environments of modes url and process. Each is a directory of its own under
 * $XDG_STATE_HOME/affinetes/environments, 0700, with the description in env.json, which is written once, before the
 * directory gets its name, and never changed. How a process environment is doing is asked of its supervisors.
 *
 *     NAME/env.json   what was asked for; holds secrets (0600)
 *     NAME/N/         replica N of a process environment: its log, and the lock of its supervisor
 */
#ifndef ORCHESTRATOR_REGISTRY_H
#define ORCHESTRATOR_REGISTRY_H

#include "orchestrator/orchestrator.h"

struct registration {
	char *name;
	const struct backend *backend;
	enum env_type type;
	enum af_balance balance;
	int max_in_flight, max_in_flight_host; /* 0: no limit */
	char *token;     /* hex; tells two environments apart that had the same name one after the other */
	int64_t created; /* seconds since 1970 */

	/* mode url */
	char *url;       /* scheme, host, port, base path; no '/' at the end */
	bool insecure;
	char *ca_file;   /* NULL: the system's authorities */

	/* mode process */
	char *dir;       /* absolute: where env.py is */
	char *sockets;   /* absolute: a directory of its own, for short paths */
	char *python;    /* absolute */
	int replicas;
	int64_t memory;  /* bytes for each replica; 0: no limit */
	double cpus;     /* 0: no limit */
	struct strlist env; /* "KEY=VALUE" */
};
void registration_free(struct registration *r);
static inline void registration_cleanup(struct registration *r)
{
	registration_free(r);
}

/* Pure. PROTOCOL if it is no description that we could have written. `name` is copied. */
af_code registration_parse(const char *name, const char *text, size_t len, struct registration *out,
			   struct af_error *err) MUST_CHECK;
/* Pure: the text that registration_parse() reads. */
void registration_write(const struct registration *r, struct strbuf *out);
/* USAGE unless it is http(s)://host[:port][/path] without a user, a query or a fragment. *out: without '/' at its end. */
af_code registry_check_url(const char *url, char **out, struct af_error *err) MUST_CHECK;

/* Adds it whole or not at all. EXISTS: the name is there already. */
af_code registry_add(const struct registration *r, struct af_error *err) MUST_CHECK;
/* NOT_FOUND: there is none of that name. */
af_code registry_load(const char *name, struct registration *out, struct af_error *err) MUST_CHECK;
/* A number that changes when an environment comes or goes. Cheap. */
int64_t registry_stamp(void);
/* Sorted. Without a state directory there are none. */
af_code registry_names(struct strlist *out, struct af_error *err) MUST_CHECK;
/* Gone already is no error. What is in use by a new environment of the same name is not touched: `token` tells. */
af_code registry_remove(const char *name, const char *token, struct af_error *err) MUST_CHECK;
/* The environment's directory; malloc'd. */
char *registry_dir(const char *name, struct af_error *err);
/* Does replica N have its directory? Removes it; the last one takes the environment along. */
bool registry_has_replica(const char *name, int replica);
af_code registry_remove_replica(const struct registration *r, int replica, struct af_error *err) MUST_CHECK;

#endif
