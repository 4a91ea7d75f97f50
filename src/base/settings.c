/* Lines of settings. See settings.h. */
#include "base/settings.h"

#include <ctype.h>
#include <string.h>

#include "base/strbuf.h"

void setting_free(struct setting *s)
{
	free(af_steal(s->name));
	free(af_steal(s->value));
}

/* [p, end) without white space around it. malloc'd. */
static char *trimmed(const char *p, const char *end)
{
	while (p < end && isspace((unsigned char) *p))
		p++;
	while (end > p && isspace((unsigned char) end[-1]))
		end--;
	return str_ndup(p, (size_t) (end - p), NULL);
}

static void read_line(struct setting *s, const char *line, size_t len)
{
	const char *equals = memchr(line, '=', len);

	if (!equals)
		return;
	s->name = trimmed(line, equals);
	s->value = trimmed(equals + 1, line + len);
	if (!s->name || !s->value || !*s->name)
		setting_free(s);
}

bool setting_next(struct setting *s)
{
	setting_free(s);
	while (*s->next) {
		const char *line = s->next;
		size_t len = strcspn(line, "\n"), blank = strspn(line, " \t\r");
		s->next = line + len + (line[len] == '\n');
		s->line++;
		if (blank >= len || line[blank] == '#')
			continue;
		read_line(s, line, len);
		return true;
	}
	return false;
}
