#include "command/usage.h"

#include <ctype.h>
#include <string.h>

/* Values to begin with, by the first letters of the annotation. */
static const struct {
	const char *type, *value;
} values[] = {
	{ "int", "1" },	     { "float", "0.5" },  { "bool", "true" },	{ "str", "text" },
	{ "list", "'[]'" },  { "List", "'[]'" },  { "tuple", "'[]'" },	{ "Sequence", "'[]'" },
	{ "dict", "'{}'" },  { "Dict", "'{}'" },  { "Mapping", "'{}'" }, { "integer", "1" },
	{ "number", "0.5" }, { "string", "text" }, { "array", "'[]'" },	{ "object", "'{}'" },
};

/* The end of what begins at s: the next of `stops` outside of brackets and quotes, or the end of the text. */
static const char *outside(const char *s, const char *stops)
{
	int depth = 0;

	for (; *s; s++) {
		if (depth == 0 && strchr(stops, *s))
			return s;
		if (*s == '\'' || *s == '"') {
			char quote = *s++;
			while (*s && *s != quote)
				s += *s == '\\' && s[1] ? 2 : 1;
			if (!*s)
				return s;
		} else if (strchr("([{", *s)) {
			depth++;
		} else if (strchr(")]}", *s)) {
			if (depth-- == 0)
				return s;
		}
	}
	return s;
}

static void trim(const char **text, size_t *len)
{
	while (*len && isspace((unsigned char) **text)) {
		(*text)++;
		(*len)--;
	}
	while (*len && isspace((unsigned char) (*text)[*len - 1]))
		(*len)--;
}

static void parse(const char *text, const char *end, struct parameter *out)
{
	const char *name_end = outside(text, ":=,"), *type_end = name_end;

	*out = (struct parameter){ .name = text, .name_len = (size_t) (name_end - text) };
	trim(&out->name, &out->name_len);
	if (*name_end == ':') {
		type_end = outside(name_end + 1, "=,");
		out->type = name_end + 1;
		out->type_len = (size_t) (type_end - out->type);
		trim(&out->type, &out->type_len);
	}
	out->required = type_end == end && out->name_len && *out->name != '*';
}

bool signature_next(const char **pos, struct parameter *out)
{
	while (**pos && **pos != ')') {
		const char *start = *pos + (**pos == '(' || **pos == ','), *end = outside(start, ",");

		*pos = end;
		if (end == start && !*end)
			return false;
		parse(start, end, out);
		if (out->name_len && !(out->name_len == 1 && strchr("*/", *out->name)))
			return true;
	}
	return false;
}

static const char *value_for(const struct parameter *p)
{
	for (size_t i = 0; p->type && i < ARRAY_LEN(values); i++)
		if (strlen(values[i].type) <= p->type_len && !strncmp(p->type, values[i].type, strlen(values[i].type)))
			return values[i].value;
	return "VALUE";
}

void usage_add_call(struct strbuf *sb, const char *env, const struct method *method)
{
	const char *pos = method->signature;
	struct parameter p;

	strbuf_addf(sb, "afs call %s %s", env, method->name);
	while (signature_next(&pos, &p))
		if (p.required)
			strbuf_addf(sb, " --arg %.*s=%s", (int) p.name_len, p.name, value_for(&p));
}

void usage_add_summary(struct strbuf *sb, const char *doc)
{
	if (!doc)
		return;
	doc += strspn(doc, " \t\r\n");
	strbuf_add(sb, doc, strcspn(doc, "\r\n"));
}
