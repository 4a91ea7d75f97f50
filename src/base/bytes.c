/* Sizes, numbers and encodings. See bytes.h. */
#include "base/bytes.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

static const struct {
	const char *suffix;
	int shift;
} size_units[] = {
	{ "", 0 },    { "b", 0 },    { "k", 10 },   { "kb", 10 },  { "kib", 10 }, { "m", 20 },   { "mb", 20 },
	{ "mib", 20 }, { "g", 30 },   { "gb", 30 },  { "gib", 30 }, { "t", 40 },   { "tb", 40 },  { "tib", 40 },
};

af_code size_parse(const char *text, int64_t *bytes, struct af_error *err)
{
	size_t digits = strspn(text, "0123456789.");
	AUTO_FREE char *number = str_ndup(text, digits, err);
	double value;

	if (!number)
		return AF_ERR_NOMEM;
	if (double_parse(number, &value))
		for (size_t i = 0; i < ARRAY_LEN(size_units); i++) {
			double result = ldexp(value, size_units[i].shift);
			if (!strcasecmp(text + digits, size_units[i].suffix) && result < 9e18) {
				*bytes = (int64_t) result;
				return AF_OK;
			}
		}
	error_set(err, AF_ERR_USAGE, "\"%s\" is not a size", text);
	error_hint(err, "write a number with a unit: 512m, 1g, 2.5g");
	return AF_ERR_USAGE;
}

void size_format(struct strbuf *sb, int64_t bytes)
{
	static const char units[] = "BKMGTP";
	double value = (double) bytes;
	size_t unit = 0;

	while (value >= 999.5 && unit + 2 < sizeof(units)) {
		value /= 1024;
		unit++;
	}
	strbuf_addf(sb, value < 9.95 && unit ? "%.1f%c" : "%.0f%c", value, units[unit]);
}

void count_format(struct strbuf *sb, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long) n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			strbuf_addc(sb, ',');
		strbuf_addc(sb, digits[i]);
	}
}

bool int_parse(const char *text, int64_t min, int64_t max, int64_t *out)
{
	char *end;

	if (!isdigit((unsigned char) *text) && !(*text == '-' && isdigit((unsigned char) text[1])))
		return false;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return false;
	*out = value;
	return true;
}

/* The program's locale may have a decimal comma. */
static locale_t plain_locale;

static void make_plain_locale(void)
{
	plain_locale = newlocale(LC_ALL_MASK, "C", (locale_t) 0);
}

bool double_parse(const char *text, double *out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char *end;

	pthread_once(&once, make_plain_locale);
	/* strtod also takes hex, "inf" and "nan"; we do not. */
	if (!*text || text[strspn(text, "0123456789.eE+-")])
		return false;
	double value = plain_locale ? strtod_l(text, &end, plain_locale) : strtod(text, &end);
	if (*end || !isfinite(value))
		return false;
	*out = value;
	return true;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64_add(struct strbuf *sb, const void *data, size_t len, bool url)
{
	const unsigned char *p = data;
	const char *set = url ? alphabet_url : alphabet;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = MIN(len - i, (size_t) 3);
		unsigned v = (unsigned) p[i] << 16 | (n > 1 ? (unsigned) p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0);
		char out[4] = { set[v >> 18], set[v >> 12 & 63], set[v >> 6 & 63], set[v & 63] };
		strbuf_add(sb, out, n + 1);
		if (!url)
			strbuf_add(sb, "==", 3 - n);
	}
}

static int base64_value(char c)
{
	if (c == '-')
		c = '+';
	if (c == '_')
		c = '/';
	const char *p = c ? strchr(alphabet, c) : NULL;
	return p ? (int) (p - alphabet) : -1;
}

bool base64_decode(struct strbuf *sb, const char *text, size_t len)
{
	unsigned bits = 0, count = 0;

	while (len && text[len - 1] == '=')
		len--;
	if (len % 4 == 1)
		return false;
	if (!strbuf_reserve(sb, len / 4 * 3 + 3))
		return false;
	for (size_t i = 0; i < len; i++) {
		int v = base64_value(text[i]);
		if (v < 0)
			return false;
		bits = bits << 6 | (unsigned) v;
		count += 6;
		if (count >= 8) {
			count -= 8;
			strbuf_addc(sb, (char) (bits >> count & 255));
		}
	}
	return true;
}

size_t utf8_len(const char *s, size_t left)
{
	const unsigned char *p = (const unsigned char *) s;

	if (!left)
		return 0;
	if (p[0] < 0x80)
		return 1;
	size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || left < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, beyond U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

bool utf8_valid(const char *s, size_t len)
{
	for (size_t i = 0, n; i < len; i += n)
		if (!(n = utf8_len(s + i, len - i)))
			return false;
	return true;
}

void url_add_escaped(struct strbuf *sb, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char) *s;
		if (isalnum(c) || strchr("-._~", c))
			strbuf_addc(sb, *s);
		else
			strbuf_addf(sb, "%%%02X", c);
	}
}

void text_add_safe(struct strbuf *sb, const char *s, size_t len, bool keep_lines)
{
	for (size_t i = 0, n; i < len; i += n) {
		unsigned char c = (unsigned char) s[i];
		n = utf8_len(s + i, len - i);
		if (!n) {
			strbuf_adds(sb, "\xef\xbf\xbd");
			n = 1;
		} else if (keep_lines && (c == '\n' || c == '\t')) {
			strbuf_addc(sb, s[i]);
		} else if (c < 0x20 || c == 0x7f) {
			strbuf_addf(sb, "\\x%02x", c);
		} else if (n == 2 && c == 0xc2 && (unsigned char) s[i + 1] < 0xa0) {
			strbuf_addf(sb, "\\x%02x", (unsigned char) s[i + 1]); /* C1 controls */
		} else {
			strbuf_add(sb, s + i, n);
		}
	}
}

af_code random_hex(struct strbuf *sb, size_t len, struct af_error *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[32];
	char text[2 * sizeof(raw)];

	while (len) {
		size_t n = MIN(len, sizeof(raw));
		/* Up to 256 bytes come whole once the pool is initialised. */
		if (getrandom(raw, n, 0) != (ssize_t) n)
			return error_errno(err, AF_ERR_FAILED, errno, "read random bytes");
		for (size_t i = 0; i < n; i++) {
			text[2 * i] = digits[raw[i] >> 4];
			text[2 * i + 1] = digits[raw[i] & 15];
		}
		strbuf_add(sb, text, 2 * n);
		len -= n;
	}
	return strbuf_check(sb, err);
}
