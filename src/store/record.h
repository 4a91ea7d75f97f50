/* One call into the history, best effort. */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "store/store.h"

/*
 * Opens the store, adds the call, closes it: about a millisecond. A history that cannot be written (no home, a full
 * or read-only disk, another writer) is no reason to fail, nor to say anything: the call itself went as it went.
 */
void store_record(const struct call_record *r);

#endif
