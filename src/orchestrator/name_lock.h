/* One at a time gives a name to a new environment: between the look for others and the creation nobody else of this
 * user comes in between, neither another process nor another thread. */
#ifndef ORCHESTRATOR_NAME_LOCK_H
#define ORCHESTRATOR_NAME_LOCK_H

#include "base/cancel.h"
#include "base/error.h"

struct name_lock {
	int fd; /* -1: not held */
	char *path;
};
#define NAME_LOCK_INIT { -1, NULL }

/* Waits for the others. A runtime directory that cannot be used is no failure: then the engine alone decides, which
 * refuses a second container of the same name. CANCELLED. */
af_code name_lock_take(struct name_lock *lock, const char *name, struct cancel *cancel, struct af_error *err) MUST_CHECK;
/* Any thread; more than once does no harm. */
void name_lock_drop(struct name_lock *lock);

#endif
