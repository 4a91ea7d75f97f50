/* JSON trees and request paths. See tree.h. */
#include "docker/tree.h"

#include <math.h>
#include <string.h>

#include "base/bytes.h"

cJSON *tree_parse(const char *text, size_t len)
{
	/* cJSON's parser wants to see a terminator within the length that it is told (it reads past the end
	 * of some incomplete texts otherwise), so it gets a copy with one. */
	AUTO_STRBUF copy = STRBUF_INIT(STRBUF_HUGE);

	strbuf_add(&copy, text, len);
	if (strbuf_check(&copy, NULL) != AF_OK)
		return NULL;
	return cJSON_ParseWithLength(copy.data, copy.len + 1);
}

const cJSON *tree_get(const cJSON *tree, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(tree, key);
}

const char *tree_string(const cJSON *tree, const char *key)
{
	return cJSON_GetStringValue(tree_get(tree, key));
}

bool tree_bool(const cJSON *tree, const char *key)
{
	return cJSON_IsTrue(tree_get(tree, key));
}

int64_t tree_int(const cJSON *tree, const char *key, int64_t missing)
{
	const cJSON *item = tree_get(tree, key);

	if (!cJSON_IsNumber(item) || isnan(item->valuedouble))
		return missing;
	if (item->valuedouble >= 9223372036854775807.0)
		return INT64_MAX;
	if (item->valuedouble <= -9223372036854775808.0)
		return INT64_MIN;
	return (int64_t) item->valuedouble;
}

bool tree_add(cJSON *tree, const char *key, cJSON *take_member)
{
	if (take_member && cJSON_AddItemToObject(tree, key, take_member))
		return true;
	cJSON_Delete(take_member);
	return false;
}

bool tree_add_string(cJSON *tree, const char *key, const char *value)
{
	return tree_add(tree, key, cJSON_CreateString(value));
}

bool tree_add_strings(cJSON *tree, const char *key, const char *const *items)
{
	AUTO_CJSON *list = NULL;

	if (!items)
		return true;
	list = cJSON_CreateArray();
	for (; list && *items; items++) {
		cJSON *item = cJSON_CreateString(*items);

		if (!item || !cJSON_AddItemToArray(list, item)) {
			cJSON_Delete(item);
			return false;
		}
	}
	return tree_add(tree, key, af_steal(list));
}

static bool add_pair(cJSON *object, const char *pair)
{
	size_t len = strcspn(pair, "=");
	AUTO_FREE char *key = str_ndup(pair, len, NULL);

	if (!key)
		return false;
	/* The last one of a key wins, as on a command line. */
	cJSON_DeleteItemFromObjectCaseSensitive(object, key);
	return tree_add_string(object, key, pair[len] ? pair + len + 1 : "");
}

bool tree_add_pairs(cJSON *tree, const char *key, const char *const *pairs)
{
	AUTO_CJSON *object = NULL;

	if (!pairs)
		return true;
	object = cJSON_CreateObject();
	for (; object && *pairs; pairs++)
		if (!add_pair(object, *pairs))
			return false;
	return tree_add(tree, key, af_steal(object));
}

char *tree_print(const cJSON *tree, struct af_error *err)
{
	char *text = cJSON_PrintUnformatted(tree);

	if (!text)
		error_nomem(err);
	return text;
}

void query_add(struct strbuf *path, const char *key, const char *value)
{
	strbuf_addc(path, memchr(path->data, '?', path->len) ? '&' : '?');
	strbuf_adds(path, key);
	strbuf_addc(path, '=');
	url_add_escaped(path, value);
}

void query_add_int(struct strbuf *path, const char *key, int64_t value)
{
	strbuf_addf(path, "%c%s=%lld", memchr(path->data, '?', path->len) ? '&' : '?', key, (long long) value);
}

af_code query_add_tree(struct strbuf *path, const char *key, const cJSON *tree, struct af_error *err)
{
	AUTO_FREE char *text = NULL;

	if (!tree)
		return error_nomem(err);
	if (!tree->child)
		return AF_OK;
	text = tree_print(tree, err);
	if (!text)
		return AF_ERR_NOMEM;
	query_add(path, key, text);
	return AF_OK;
}

void path_add_reference(struct strbuf *path, const char *ref)
{
	for (; *ref; ref++) {
		char one[2] = { *ref, '\0' };

		if (strchr("/:@", *ref))
			strbuf_addc(path, *ref);
		else
			url_add_escaped(path, one);
	}
}
