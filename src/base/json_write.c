/* JSON, member by member. See json_write.h. */
#include "base/json_write.h"

#include <math.h>
#include <string.h>

static void begin(struct json_writer *w, const char *key)
{
	if (w->follows)
		strbuf_addc(w->sb, ',');
	w->follows = true;
	if (key) {
		json_add_string(w->sb, key, strlen(key));
		strbuf_addc(w->sb, ':');
	}
}

void json_open(struct json_writer *w, const char *key, char bracket)
{
	begin(w, key);
	strbuf_addc(w->sb, bracket);
	w->follows = false;
}

void json_close(struct json_writer *w, char bracket)
{
	strbuf_addc(w->sb, bracket);
	w->follows = true;
}

void json_put_raw(struct json_writer *w, const char *key, struct json_span value)
{
	begin(w, key);
	strbuf_add(w->sb, value.text, value.len);
}

void json_put_null(struct json_writer *w, const char *key)
{
	json_put_raw(w, key, (struct json_span){ "null", 4 });
}

void json_put_string(struct json_writer *w, const char *key, const char *s)
{
	if (!s) {
		json_put_null(w, key);
		return;
	}
	begin(w, key);
	json_add_string(w->sb, s, strlen(s));
}

void json_put_int(struct json_writer *w, const char *key, int64_t value)
{
	begin(w, key);
	strbuf_addf(w->sb, "%lld", (long long) value);
}

void json_put_number(struct json_writer *w, const char *key, double value)
{
	if (!isfinite(value)) {
		json_put_null(w, key);
		return;
	}
	begin(w, key);
	/* No thousandths where a double has none, and where they would not fit an integer. */
	if (fabs(value) >= 1e15) {
		strbuf_addf(w->sb, "%.0f", value);
		return;
	}
	/* The locale's decimal point may be a comma; digits in thousandths have none. */
	long long thousandths = llround(value * 1000), whole = llabs(thousandths) / 1000;
	int rest = (int) (llabs(thousandths) % 1000), digits = 3;
	strbuf_addf(w->sb, "%s%lld", thousandths < 0 ? "-" : "", whole);
	if (!rest)
		return;
	for (; rest % 10 == 0; digits--)
		rest /= 10;
	strbuf_addf(w->sb, ".%0*d", digits, rest);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
	json_put_raw(w, key, value ? (struct json_span){ "true", 4 } : (struct json_span){ "false", 5 });
}
