/* Lines and errors per second of the last minutes, by the lines' own times. */
#ifndef UI_LOG_RATES_H
#define UI_LOG_RATES_H

#include <stdbool.h>
#include <stdint.h>

#define LOG_RATES_SIZE 256

struct log_rates {
	int64_t newest; /* second since 1970 */
	uint32_t lines[LOG_RATES_SIZE], errors[LOG_RATES_SIZE]; /* second s stands at s % SIZE */
};

void log_rates_add(struct log_rates *r, int64_t ns, bool error);
/* Values of the `count` seconds that end with `now`, oldest first; neither may be NULL. True if any is not 0. */
bool log_rates_last(const struct log_rates *r, int64_t now, int count, double *lines, uint32_t *errors);
/* A graph does not go on when nothing comes: the second up to which it shows, `now` or a little after the last line; 0:
 * there was none. */
int64_t log_rates_until(const struct log_rates *r, int64_t now);
/* Lines per second lately. */
double log_rates_now(const struct log_rates *r, int64_t now);

#endif
