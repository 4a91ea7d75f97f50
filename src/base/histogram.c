/* Latency histogram. See histogram.h. */
#include "base/histogram.h"

#include "base/attr.h"

/* Values below HISTOGRAM_SUB have a bucket each; above, the top bit picks the power of two and the four
 * bits below it the bucket therein. */
static int bucket_of(int64_t us)
{
	if (us < HISTOGRAM_SUB)
		return us < 0 ? 0 : (int) us;
	int top = 63 - __builtin_clzll((unsigned long long) us);
	int bucket = (top - 3) * HISTOGRAM_SUB + (int) (us >> (top - 4) & (HISTOGRAM_SUB - 1));
	return MIN(bucket, HISTOGRAM_SIZE - 1);
}

/* The middle of a bucket. */
static int64_t value_of(int bucket)
{
	if (bucket < HISTOGRAM_SUB)
		return bucket;
	int shift = bucket / HISTOGRAM_SUB - 1;
	int64_t low = (int64_t) (HISTOGRAM_SUB + bucket % HISTOGRAM_SUB) << shift;
	return low + ((int64_t) 1 << shift) / 2;
}

void histogram_add(struct histogram *h, int64_t us)
{
	h->counts[bucket_of(us)]++;
	h->total++;
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	for (int i = 0; i < HISTOGRAM_SIZE; i++)
		to->counts[i] += from->counts[i];
	to->total += from->total;
}

int64_t histogram_percentile(const struct histogram *h, double percent)
{
	double wanted = (double) h->total * percent / 100;
	uint64_t seen = 0;

	for (int i = 0; h->total && i < HISTOGRAM_SIZE; i++) {
		seen += h->counts[i];
		if (h->counts[i] && (double) seen >= wanted)
			return value_of(i);
	}
	return 0;
}
