/* See record.h. */
#include "store/record.h"

void store_record(const struct call_record *r)
{
	AF_AUTO(store) struct store *s = NULL;

	if (store_open(NULL, &s, NULL) || store_add(s, r, NULL, NULL))
		return;
}
