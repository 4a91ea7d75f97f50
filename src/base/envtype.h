/* The two kinds of environments, and the labels that images and containers carry. */
#ifndef BASE_ENVTYPE_H
#define BASE_ENVTYPE_H

enum env_type {
	ENV_FUNCTION_BASED, /* env.py has functions; the injected server speaks for it */
	ENV_HTTP_BASED,     /* env.py has a server of its own */
};

#define LABEL_TYPE "affinetes.env.type"      /* on images, and so on containers: what env_type_name() says */
#define LABEL_VERSION "affinetes.version"    /* of the program that made it */
#define LABEL_NAME "affinetes.env.name"      /* on containers that afs started: the environment's name */
#define LABEL_REPLICA "affinetes.replica"    /* its number, from 0 */
#define LABEL_REPLICAS "affinetes.replicas"  /* how many there were meant to be */
#define LABEL_PORT "affinetes.port"          /* where its server listens, if not at 8000 */
#define LABEL_DEPLOYMENT "affinetes.deployment" /* random, the same on all that one `run` started */
#define LABEL_BALANCE "affinetes.balance"    /* random, round_robin, least_busy */
#define LABEL_MAX_IN_FLIGHT "affinetes.max_in_flight" /* calls at a time to each replica; absent: no limit */
#define LABEL_MAX_IN_FLIGHT_HOST "affinetes.max_in_flight_host" /* and to all of a host */

const char *env_type_name(enum env_type type); /* "function_based", "http_based" */
/* What a label says; NULL or anything unknown counts as function_based. */
enum env_type env_type_of(const char *label);

#endif
