/* The way to a value by its path. See result_tree.h. */
#include <ctype.h>
#include <string.h>

#include "ui/result_priv.h"

static bool member(struct json_span *value, const char *name)
{
	if (json_type(*value) != JSON_OBJECT)
		return false;
	for (struct json_iter it = json_iter(*value); json_next(&it);)
		if (json_key_is(it.key, name)) {
			*value = it.value;
			return true;
		}
	return false;
}

static bool item(struct json_span *value, size_t index)
{
	if (json_type(*value) != JSON_ARRAY)
		return false;
	for (struct json_iter it = json_iter(*value); json_next(&it); index--)
		if (!index) {
			*value = it.value;
			return true;
		}
	return false;
}

/* "[2]" or "[\"odd name\"]"; *p stands on the bracket. */
static bool step_in_brackets(struct json_span *value, const char **p)
{
	const char *start = *p + 1, *end = start;
	AUTO_STRBUF name = STRBUF_INIT(STRBUF_TEXT);

	if (*start == '"') {
		end = skip_string(start, start + strlen(start));
		if (end - start < 2 || end[-1] != '"' || *end != ']' || json_check(start, (size_t) (end - start), NULL))
			return false;
		json_add_decoded(&name, (struct json_span){ start, (size_t) (end - start) });
		*p = end + 1;
		return member(value, name.data);
	}
	char *behind;
	unsigned long index = strtoul(start, &behind, 10);
	if (!isdigit((unsigned char) *start) || *behind != ']')
		return false;
	*p = behind + 1;
	return item(value, index);
}

/* ".action", or "action" where a path begins. */
static bool step_by_name(struct json_span *value, const char **p)
{
	const char *start = *p + (**p == '.');
	size_t len = strcspn(start, ".["), trimmed = len;

	*p = start + len;
	while (!**p && trimmed && start[trimmed - 1] == ' ')
		trimmed--;
	AUTO_FREE char *name = str_ndup(start, trimmed, NULL);
	/* ".[2]" is jq's too. */
	if (!len && **p == '[')
		return true;
	return len && name && member(value, name);
}

bool result_path_find(struct json_span *value, const char *path)
{
	const char *p = path + strspn(path, " ");

	p += *p == '$';
	if (!strcmp(p, "."))
		return true;
	while (p[strspn(p, " ")])
		if (*p == '[' ? !step_in_brackets(value, &p) : !step_by_name(value, &p))
			return false;
	return true;
}
