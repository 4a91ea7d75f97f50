/* The classic builder's output. See classic.h. */
#include "docker/classic.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

void classic_init(struct classic *c, const struct docker_progress *progress)
{
	*c = (struct classic){ .progress = progress, .line = STRBUF_INIT(STRBUF_LINE), .step = STRBUF_INIT(STRBUF_LINE) };
	tail_init(&c->tail);
}

void classic_free(struct classic *c)
{
	strbuf_free(&c->line);
	strbuf_free(&c->step);
	tail_free(&c->tail);
}

static void end_step(struct classic *c)
{
	if (!c->step.len)
		return;
	if (c->cached)
		progress_linef(c->progress, "#%ld CACHED", c->number);
	else
		progress_linef(c->progress, "#%ld DONE %.1fs", c->number, (double) (clock_ms() - c->started) / 1000);
	progress_amount(c->progress, "steps", c->number, c->total, false);
}

/* Digits at *p as a number of at most six; moves *p. */
static long take_number(const char **p)
{
	long value = 0;

	for (int i = 0; i < 6 && **p >= '0' && **p <= '9'; i++, (*p)++)
		value = value * 10 + (**p - '0');
	return value;
}

/* "2/4"; moves *p. */
static bool take_fraction(const char **p, long *part, long *whole)
{
	*part = take_number(p);
	if (!*part || **p != '/')
		return false;
	++*p;
	*whole = take_number(p);
	return *whole > 0;
}

/* "Step 2/4 : RUN make", podman: "STEP 2/4: RUN make", with several stages "[1/2] STEP 2/4: RUN make" */
static bool is_step(struct classic *c, const char *line)
{
	const char *p = line;
	long stage = 0, stages = 0, number, total;

	if (*p == '[') {
		p++;
		if (!take_fraction(&p, &stage, &stages) || !str_starts(p, "] "))
			return false;
		p += 2;
	}
	if (strncasecmp(p, "Step ", 5) != 0)
		return false;
	p += 5;
	if (!take_fraction(&p, &number, &total))
		return false;
	p += strspn(p, " ");
	if (*p++ != ':')
		return false;
	p += strspn(p, " ");
	end_step(c);
	c->number++;
	c->total = stages ? 0 : total;
	c->cached = false;
	c->started = clock_ms();
	tail_reset(&c->tail);
	strbuf_reset(&c->step);
	if (stages)
		strbuf_addf(&c->step, "[stage-%ld %ld/%ld] %.1000s", stage, number, total, p);
	else
		strbuf_addf(&c->step, "[%ld/%ld] %.1000s", number, total, p);
	progress_linef(c->progress, "#%ld %s", c->number, c->step.data);
	return true;
}

/* Nothing but at least `min` hexadecimal digits. */
static bool is_hex(const char *text, size_t min)
{
	size_t len = strspn(text, "0123456789abcdef");

	return len >= min && !text[len];
}

/* The builder talking about itself. */
static bool is_remark(struct classic *c, const char *line)
{
	const char *arrow = line + strspn(line, " ");

	if (str_starts(arrow, "--")) {
		arrow += strspn(arrow, "-");
		if (arrow[0] == '>') {
			arrow += 1 + strspn(arrow + 1, " ");
			c->cached = c->cached || str_starts(arrow, "Using cache");
			if (str_starts(arrow, "Using cache") || str_starts(arrow, "Running in ") || is_hex(arrow, 8))
				return true;
		}
	}
	if (is_hex(line, 64) && strlen(line) < sizeof(c->id)) {
		snprintf(c->id, sizeof(c->id), "%s", line);
		return true;
	}
	if (line[0] == '[' && strstr(line, "] COMMIT"))
		return true;
	return str_starts(line, "Removing intermediate container ") || str_starts(line, "Removed intermediate container ") ||
	       str_starts(line, "Successfully built ") || str_starts(line, "Successfully tagged ") ||
	       str_starts(line, "COMMIT");
}

static void take_line(struct classic *c, const char *text, size_t len)
{
	AUTO_STRBUF clean = STRBUF_INIT(STRBUF_TEXT);

	progress_clean(&clean, text, len);
	if (!clean.len || is_step(c, clean.data) || is_remark(c, clean.data))
		return;
	if (!c->step.len) {
		progress_line(c->progress, clean.data, clean.len);
		return;
	}
	tail_add(&c->tail, clean.data, clean.len);
	progress_linef(c->progress, "#%ld %s", c->number, clean.data);
}

/* A command's last line may lack its newline; what the builder says next then comes as a piece of its own. */
static bool begins_remark(const char *text, size_t len)
{
	static const char *const starts[] = { "Removing intermediate container ", " ---> ", "Step " };

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (len > strlen(starts[i]) && !memcmp(text, starts[i], strlen(starts[i])))
			return true;
	return false;
}

static void flush(struct classic *c)
{
	if (c->line.len)
		take_line(c, c->line.data, c->line.len);
	strbuf_reset(&c->line);
}

void classic_text(struct classic *c, const char *text, size_t len)
{
	if (begins_remark(text, len))
		flush(c);
	while (len) {
		const char *newline = memchr(text, '\n', len);
		size_t take = newline ? (size_t) (newline - text) : MIN(len, STRBUF_LINE - c->line.len);

		if (newline && !c->line.len) {
			take_line(c, text, take);
		} else {
			strbuf_add(&c->line, text, MIN(take, STRBUF_LINE - c->line.len));
			if (newline || c->line.len == STRBUF_LINE)
				flush(c);
		}
		take += newline ? 1 : 0;
		text += take;
		len -= take;
	}
}

void classic_end(struct classic *c, bool ok)
{
	flush(c);
	if (ok)
		end_step(c);
	else if (c->step.len)
		progress_linef(c->progress, "#%ld ERROR", c->number);
}
