/* See log_rates.h. */
#include "ui/log_rates.h"

#include <string.h>

#include "base/attr.h"

/* The rate is that of so many whole seconds. */
#define LATELY 3

void log_rates_add(struct log_rates *r, int64_t ns, bool error)
{
	int64_t second = ns / 1000000000;

	if (second > r->newest) {
		if (second - r->newest >= LOG_RATES_SIZE)
			memset(r, 0, sizeof(*r));
		else
			for (int64_t s = r->newest + 1; s <= second; s++)
				r->lines[s % LOG_RATES_SIZE] = r->errors[s % LOG_RATES_SIZE] = 0;
		r->newest = second;
	}
	if (second < 0 || r->newest - second >= LOG_RATES_SIZE)
		return;
	r->lines[second % LOG_RATES_SIZE]++;
	r->errors[second % LOG_RATES_SIZE] += error;
}

static bool known(const struct log_rates *r, int64_t second)
{
	return second > 0 && second <= r->newest && r->newest - second < LOG_RATES_SIZE;
}

bool log_rates_last(const struct log_rates *r, int64_t now, int count, double *lines, uint32_t *errors)
{
	bool any = false;

	for (int i = 0; i < count; i++) {
		int64_t second = now - count + 1 + i;
		bool there = known(r, second);
		uint32_t n = there ? r->lines[second % LOG_RATES_SIZE] : 0;
		lines[i] = n;
		errors[i] = there ? r->errors[second % LOG_RATES_SIZE] : 0;
		any |= n > 0;
	}
	return any;
}

int64_t log_rates_until(const struct log_rates *r, int64_t now)
{
	return r->newest ? MIN(now, r->newest + LATELY + 1) : 0;
}

double log_rates_now(const struct log_rates *r, int64_t now)
{
	double lines[LATELY], sum = 0;
	uint32_t errors[LATELY];

	log_rates_last(r, now - 1, LATELY, lines, errors);
	for (int i = 0; i < LATELY; i++)
		sum += lines[i];
	return sum / LATELY;
}
