/*
 * Latencies in buckets that grow with the value: any percentile within 6 %, in
 * constant memory, from microseconds to days.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB 16 /* buckets per power of two */
#define HISTOGRAM_SIZE (38 * HISTOGRAM_SUB)

struct histogram {
	uint32_t counts[HISTOGRAM_SIZE];
	uint64_t total;
};

void histogram_add(struct histogram *h, int64_t us);
void histogram_merge(struct histogram *to, const struct histogram *from);
/* The value that `percent` of all are not above, in microseconds; 0 while empty. */
int64_t histogram_percentile(const struct histogram *h, double percent);

#endif
