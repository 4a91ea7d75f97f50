/* What the unit tests share: cmocka, and checks of codes with the text of the error that came with them. */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/strbuf.h"

/* Longer than anything here may take on a busy machine: a test that waits so long has failed. */
#define PATIENCE_MS 20000

/* The error that ok() and fails() look at; empty between the checks. */
static struct af_error err UNUSED;

#define ok(rc) check_ok((rc), #rc, __FILE__, __LINE__)
UNUSED static void check_ok(af_code rc, const char *what, const char *file, int line)
{
	if (rc == AF_OK && !err.message)
		return;
	print_error("%s: %s (%s)\n", what, err.message ? err.message : "?", af_code_name(rc));
	af_error_clear(&err);
	_fail(file, line);
}

/* It failed as it should, and `part` stands in the message. */
#define fails(rc, code, part) check_fails((rc), (code), (part), #rc, __FILE__, __LINE__)
UNUSED static void check_fails(af_code rc, af_code code, const char *part, const char *what, const char *file, int line)
{
	if (rc != code || err.code != code || !err.message || !strstr(err.message, part)) {
		print_error("%s: got %s: %s\n  instead of %s: …%s…\n", what, af_code_name(rc),
			    err.message ? err.message : "(no message)", af_code_name(code), part);
		af_error_clear(&err);
		_fail(file, line);
	}
	af_error_clear(&err);
}

#define has_text(text, part) check_text((text), (part), __FILE__, __LINE__)
UNUSED static void check_text(const char *text, const char *part, const char *file, int line)
{
	if (text && strstr(text, part))
		return;
	print_error("\"%s\" lacks \"%s\"\n", text ? text : "(null)", part);
	_fail(file, line);
}

/* `what` took from `least` to `most` milliseconds since `start` (clock_ms). */
#define took(start, least, most) check_took((start), (least), (most), __FILE__, __LINE__)
UNUSED static void check_took(int64_t start, int64_t least, int64_t most, const char *file, int line)
{
	int64_t ms = clock_ms() - start;

	if (ms >= least && ms <= most)
		return;
	print_error("took %lld ms instead of %lld to %lld\n", (long long) ms, (long long) least, (long long) most);
	_fail(file, line);
}

#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

#endif
