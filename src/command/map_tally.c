/* Counting. See map_tally.h. */
#include "command/map_tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

void tally_init(struct map_tally *t, int64_t total, int64_t before, const struct map_scores *scores_before)
{
	*t = (struct map_tally){ .total = total, .before = before, .scores = *scores_before, .began_us = clock_us() };
	t->seen_us = t->began_us;
}

int64_t tally_over(const struct map_tally *t)
{
	return t->before + t->succeeded + t->failed;
}

void scores_add(struct map_scores *s, struct json_span result)
{
	struct json_span value;
	char copy[64];

	if (json_type(result) != JSON_OBJECT)
		return;
	if (json_member(result, "score", &value) && json_type(value) == JSON_NUMBER && value.len < sizeof(copy)) {
		memcpy(copy, value.text, value.len);
		copy[value.len] = '\0';
		double score = strtod(copy, NULL);
		if (isfinite(score)) {
			s->sum += score;
			s->count++;
		}
	}
	if (json_member(result, "success", &value) && json_type(value) == JSON_BOOL) {
		s->verdicts++;
		s->successes += *value.text == 't';
	}
}

void tally_add(struct map_tally *t, af_code rc, struct json_span result, int64_t took_us)
{
	histogram_add(&t->latency, took_us);
	if (rc) {
		t->failed++;
		t->by_code[rc]++;
	} else {
		t->succeeded++;
		scores_add(&t->scores, result);
	}
}

static void add_rate(struct strbuf *sb, double rate)
{
	if (rate >= 10000)
		strbuf_addf(sb, "%.1fk/s", rate / 1000);
	else
		strbuf_addf(sb, rate >= 10 ? "%.0f/s" : "%.1f/s", rate);
}

void tally_line(struct map_tally *t, struct strbuf *sb)
{
	int64_t now = clock_us(), over = t->succeeded + t->failed, left = t->total - t->before - over;
	double seconds = (double) (now - t->seen_us) / 1e6;

	if (seconds > 0) {
		double late = (double) (over - t->seen) / seconds;
		/* What went on for the last ten seconds or so counts. */
		double weight = t->seen ? MIN(seconds / 10, 1.0) : 1.0;
		t->rate += weight * (late - t->rate);
	}
	t->seen_us = now;
	t->seen = over;
	add_rate(sb, t->rate);
	if (left > 0 && t->rate > 0) {
		strbuf_adds(sb, " · ETA ");
		duration_format(sb, (int64_t) ((double) left / t->rate) * 1000);
	}
	if (t->failed)
		strbuf_addf(sb, " · %lld failed", (long long) t->failed);
	if (t->scores.count)
		strbuf_addf(sb, " · score %.3g", t->scores.sum / (double) t->scores.count);
	if (t->scores.verdicts)
		strbuf_addf(sb, " · success %.0f%%", 100.0 * (double) t->scores.successes / (double) t->scores.verdicts);
}

void tally_failures(const struct map_tally *t, struct strbuf *sb)
{
	bool follows = false;

	for (int code = AF_OK; code <= AF_ERR_CANCELLED; code++)
		if (t->by_code[code]) {
			strbuf_addf(sb, "%s%lld %s", follows ? ", " : "", (long long) t->by_code[code],
				    af_code_name((af_code) code));
			follows = true;
		}
}

void tally_json(const struct map_tally *t, struct json_writer *w)
{
	double seconds = (double) (clock_us() - t->began_us) / 1e6;
	int64_t over = t->succeeded + t->failed;

	json_put_int(w, "calls", t->total);
	json_put_int(w, "done_before", t->before);
	json_put_int(w, "succeeded", t->succeeded);
	json_put_int(w, "failed", t->failed);
	json_open(w, "failures", '{');
	for (int code = AF_OK; code <= AF_ERR_CANCELLED; code++)
		if (t->by_code[code])
			json_put_int(w, af_code_name((af_code) code), t->by_code[code]);
	json_close(w, '}');
	json_put_int(w, "retried", t->retried);
	json_put_number(w, "seconds", seconds);
	json_put_number(w, "per_second", seconds > 0 ? (double) over / seconds : 0);
	json_put_number(w, "p50_ms", over ? (double) histogram_percentile(&t->latency, 50) / 1e3 : NAN);
	json_put_number(w, "p95_ms", over ? (double) histogram_percentile(&t->latency, 95) / 1e3 : NAN);
	json_put_number(w, "mean_score", t->scores.count ? t->scores.sum / (double) t->scores.count : NAN);
	json_put_number(w, "success_rate", t->scores.verdicts ? (double) t->scores.successes / (double) t->scores.verdicts : NAN);
}
