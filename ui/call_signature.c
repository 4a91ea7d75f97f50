/* See call_signature.h. */
#include "ui/call_signature.h"

#include <ctype.h>
#include <string.h>

/* Brackets in annotations and defaults. */
#define DEPTH_MAX 32

/* ---- text in pieces --------------------------------------------------------------------------- */

struct piece {
	const char *text;
	size_t len;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct piece trimmed(const char *text, size_t len)
{
	while (len && is_space(*text)) {
		text++;
		len--;
	}
	while (len && is_space(text[len - 1]))
		len--;
	return (struct piece){ text, len };
}

static bool piece_is(struct piece p, const char *word)
{
	return p.len == strlen(word) && !memcmp(p.text, word, p.len);
}

/* Behind the Python string literal that begins at `i`; the end where it does not end. */
static size_t behind_string(const char *text, size_t i, size_t len)
{
	char quote = text[i++];

	while (i < len && text[i] != quote)
		i += text[i] == '\\' && i + 1 < len ? 2 : 1;
	return MIN(i + 1, len);
}

/* The first of `stops` outside of brackets and strings, at or behind `from`; len if there is none. */
static size_t find_outside(const char *text, size_t from, size_t len, const char *stops)
{
	int depth = 0;

	for (size_t i = from; i < len;) {
		char c = text[i];
		if (depth == 0 && c && strchr(stops, c))
			return i;
		if (c == '"' || c == '\'') {
			i = behind_string(text, i, len);
			continue;
		}
		if (c && strchr("([{", c) && depth < DEPTH_MAX)
			depth++;
		else if (c && strchr(")]}", c) && depth > 0)
			depth--;
		i++;
	}
	return len;
}

/* ---- annotations --------------------------------------------------------------------------------- */

static enum value_type type_of_name(struct piece name)
{
	static const struct {
		const char *name;
		enum value_type type;
	} names[] = {
		{ "str", VALUE_STR },	    { "int", VALUE_INT },      { "float", VALUE_FLOAT },  { "bool", VALUE_BOOL },
		{ "list", VALUE_LIST },	    { "List", VALUE_LIST },    { "Sequence", VALUE_LIST }, { "Iterable", VALUE_LIST },
		{ "tuple", VALUE_LIST },    { "Tuple", VALUE_LIST },   { "set", VALUE_LIST },	  { "Set", VALUE_LIST },
		{ "dict", VALUE_DICT },	    { "Dict", VALUE_DICT },    { "Mapping", VALUE_DICT }, { "Text", VALUE_STR },
		{ "MutableMapping", VALUE_DICT },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (piece_is(name, names[i].name))
			return names[i].type;
	return VALUE_ANY;
}

/* "typing.List" → "List" */
static struct piece last_name(struct piece p)
{
	for (size_t i = p.len; i > 0; i--)
		if (p.text[i - 1] == '.')
			return (struct piece){ p.text + i, p.len - i };
	return p;
}

static void read_annotation(struct piece a, struct parameter *p, int depth);

/* Members of a union: None makes it nullable; one other is the type, several are anything. */
static void read_union(struct piece all, char separator, struct parameter *p, int depth)
{
	char stops[] = { separator, '\0' };
	struct parameter member = { 0 };
	int others = 0;

	for (size_t i = 0; i <= all.len;) {
		size_t end = find_outside(all.text, i, all.len, stops);
		struct piece part = trimmed(all.text + i, end - i);
		if (piece_is(part, "None") || piece_is(part, "NoneType")) {
			p->nullable = true;
		} else if (part.len) {
			member = (struct parameter){ 0 };
			read_annotation(part, &member, depth + 1);
			p->nullable |= member.nullable;
			others++;
		}
		i = end + 1;
	}
	p->type = others == 1 ? member.type : VALUE_ANY;
	p->items = others == 1 ? member.items : VALUE_ANY;
}

static void read_brackets(struct piece name, struct piece inner, struct parameter *p, int depth)
{
	struct parameter item = { 0 };

	if (piece_is(name, "Optional")) {
		read_annotation(inner, p, depth + 1);
		p->nullable = true;
	} else if (piece_is(name, "Union")) {
		read_union(inner, ',', p, depth);
	} else if (piece_is(name, "Annotated")) {
		size_t end = find_outside(inner.text, 0, inner.len, ",");
		read_annotation(trimmed(inner.text, end), p, depth + 1);
	} else {
		p->type = type_of_name(name);
		/* A tuple's items differ. */
		bool alike = find_outside(inner.text, 0, inner.len, ",") == inner.len;
		if (p->type == VALUE_LIST && alike) {
			read_annotation(inner, &item, depth + 1);
			p->items = item.nullable ? VALUE_ANY : item.type;
		}
	}
}

static void read_annotation(struct piece a, struct parameter *p, int depth)
{
	a = trimmed(a.text, a.len);
	if (depth > DEPTH_MAX || !a.len)
		return;
	/* A forward reference. */
	if (a.len > 2 && (*a.text == '"' || *a.text == '\'') && behind_string(a.text, 0, a.len) == a.len) {
		read_annotation((struct piece){ a.text + 1, a.len - 2 }, p, depth + 1);
		return;
	}
	if (find_outside(a.text, 0, a.len, "|") < a.len) {
		read_union(a, '|', p, depth);
		return;
	}
	size_t open = find_outside(a.text, 0, a.len, "[");
	if (open < a.len && a.text[a.len - 1] == ']') {
		struct piece name = last_name(trimmed(a.text, open));
		read_brackets(name, trimmed(a.text + open + 1, a.len - open - 2), p, depth);
		return;
	}
	p->type = type_of_name(last_name(a));
	p->nullable |= piece_is(a, "None");
}

void annotation_read(const char *text, size_t len, struct parameter *p)
{
	p->type = p->items = VALUE_ANY;
	p->nullable = false;
	read_annotation((struct piece){ text, len }, p, 0);
}

const char *value_type_name(enum value_type type)
{
	static const char *const names[] = { "any", "str", "int", "float", "bool", "list", "dict" };

	return names[type];
}

/* ---- signatures ------------------------------------------------------------------------------------ */

static void parameter_free(struct parameter *p)
{
	free(p->name);
	free(p->annotation);
	free(p->def);
}

void signature_free(struct signature *sig)
{
	for (size_t i = 0; i < sig->count; i++)
		parameter_free(&sig->items[i]);
	free(sig->items);
	*sig = (struct signature){ 0 };
}

/* Takes stars off the name; NULL texts: there is none. */
static af_code add_parameter(struct signature *sig, struct piece name, struct piece annotation, struct piece def,
			     struct af_error *err)
{
	struct parameter p = { 0 };
	size_t stars = 0;

	while (stars < name.len && stars < 2 && name.text[stars] == '*')
		stars++;
	p.kind = stars == 0 ? PARAMETER_PLAIN : stars == 1 ? PARAMETER_REST : PARAMETER_KEYWORDS;
	p.name = str_ndup(name.text + stars, name.len - stars, err);
	p.annotation = annotation.text ? str_ndup(annotation.text, annotation.len, err) : NULL;
	p.def = def.text ? str_ndup(def.text, def.len, err) : NULL;
	p.required = !def.text && !stars;
	if (annotation.text)
		annotation_read(annotation.text, annotation.len, &p);
	/* `ids: list = None` says that None may be given, whatever the annotation is. */
	p.nullable |= def.text && piece_is(def, "None");
	struct parameter *items = realloc(sig->items, (sig->count + 1) * sizeof(*items));
	if (items)
		sig->items = items;
	if (!items || !p.name || (annotation.text && !p.annotation) || (def.text && !p.def)) {
		parameter_free(&p);
		return error_nomem(err);
	}
	items[sig->count++] = p;
	return AF_OK;
}

static bool is_name(struct piece p)
{
	size_t i = 0;

	while (i < p.len && i < 2 && p.text[i] == '*')
		i++;
	if (i == p.len || isdigit((unsigned char) p.text[i]))
		return false;
	for (; i < p.len; i++)
		if (!isalnum((unsigned char) p.text[i]) && p.text[i] != '_' && (unsigned char) p.text[i] < 0x80)
			return false;
	return true;
}

/* "name: annotation = default" */
static af_code read_parameter(struct signature *sig, struct piece text, struct af_error *err)
{
	size_t colon = find_outside(text.text, 0, text.len, ":=");
	size_t equals = find_outside(text.text, 0, text.len, "=");
	struct piece name = trimmed(text.text, colon), annotation = { 0 }, def = { 0 };

	/* "/" and "*" only set parameters apart; "..." stands for what nobody knows. */
	if (!is_name(name))
		return AF_OK;
	if (colon < equals)
		annotation = trimmed(text.text + colon + 1, equals - colon - 1);
	if (equals < text.len)
		def = trimmed(text.text + equals + 1, text.len - equals - 1);
	return add_parameter(sig, name, annotation, def, err);
}

af_code signature_parse(const char *text, size_t len, struct signature *out, struct af_error *err)
{
	struct piece all = trimmed(text, len);
	af_code rc = AF_OK;

	signature_free(out);
	if (!all.len || *all.text != '(')
		return AF_OK;
	size_t end = find_outside(all.text, 1, all.len, ")");
	for (size_t i = 1; !rc && i < end && out->count < SIGNATURE_MAX_PARAMETERS;) {
		size_t stop = find_outside(all.text, i, end, ",");
		rc = read_parameter(out, trimmed(all.text + i, stop - i), err);
		i = stop + 1;
	}
	if (rc)
		signature_free(out);
	return rc;
}

/* A member's text; NULL if there is none, or none that can be shown. */
static char *text_member(struct json_span object, const char *name)
{
	struct json_span value;

	if (!json_member(object, name, &value) || json_type(value) != JSON_STRING)
		return NULL;
	return json_string(value, NULL);
}

af_code signature_from_json(struct json_span list, struct signature *out, struct af_error *err)
{
	af_code rc = AF_OK;

	signature_free(out);
	for (struct json_iter it = json_iter(list); !rc && json_next(&it) && out->count < SIGNATURE_MAX_PARAMETERS;) {
		if (json_type(it.value) != JSON_OBJECT)
			continue;
		AUTO_FREE char *name = text_member(it.value, "name");
		AUTO_FREE char *annotation = text_member(it.value, "annotation");
		AUTO_FREE char *def = text_member(it.value, "default");
		if (!name || !is_name((struct piece){ name, strlen(name) }))
			continue;
		rc = add_parameter(out, (struct piece){ name, strlen(name) },
				   (struct piece){ annotation, annotation ? strlen(annotation) : 0 },
				   (struct piece){ def, def ? strlen(def) : 0 }, err);
	}
	if (rc)
		signature_free(out);
	return rc;
}
