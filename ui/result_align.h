/* Which items of two JSON lists belong together when they are compared. */
#ifndef UI_RESULT_ALIGN_H
#define UI_RESULT_ALIGN_H

#include <stdint.h>

#include "base/json.h"

struct member {
	struct json_span key, value; /* no key: an item of a list */
};
struct members {
	struct member *items; /* in the order of the text */
	struct member **sorted;
	size_t count;
};

#define UNMATCHED SIZE_MAX

/* For each item of `after` the index of its counterpart in `before`, or UNMATCHED; none is the counterpart of two. Objects
 * are told apart by a member such as "id" or "name" where all have one of their own; else equal items belong together, as
 * many as possible in their order, and what stands between two of those goes by its place. Very long lists go by place. */
void lists_align(const struct members *before, const struct members *after, size_t *match);

#endif
