/* What became of the calls of a map so far: counts, times, and what their results say of success. */
#ifndef COMMAND_MAP_TALLY_H
#define COMMAND_MAP_TALLY_H

#include "base/histogram.h"
#include "base/json_write.h"

/* What results say of success. */
struct map_scores {
	double sum;
	int64_t count;               /* results that have a `score` */
	int64_t verdicts, successes; /* those that have `success`; where it is true */
};
/* `result` is checked JSON. */
void scores_add(struct map_scores *s, struct json_span result);

struct map_tally {
	int64_t total, before; /* calls in all; of these, done by an earlier map */
	int64_t succeeded, failed, retried;
	int64_t by_code[AF_ERR_CANCELLED + 1];
	struct histogram latency;
	struct map_scores scores; /* those of before are among them */
	int64_t began_us;
	/* For the rate of late: */
	int64_t seen_us, seen;
	double rate;
};

void tally_init(struct map_tally *t, int64_t total, int64_t before, const struct map_scores *scores_before);
/* A call that is over; `result` is checked JSON, or empty. */
void tally_add(struct map_tally *t, af_code rc, struct json_span result, int64_t took_us);
/* "4.2k/s · ETA 12s · 3 failed · score 0.71 · success 88%". Not more often than now and then: the rate is since the last
 * time. */
void tally_line(struct map_tally *t, struct strbuf *sb);
int64_t tally_over(const struct map_tally *t); /* with those of before */
/* The members of the summary. */
void tally_json(const struct map_tally *t, struct json_writer *w);
/* "2 method-failed, 1 timeout". */
void tally_failures(const struct map_tally *t, struct strbuf *sb);

#endif
