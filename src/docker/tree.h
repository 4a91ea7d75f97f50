/* Reading what an engine said: cJSON trees whose members may be missing or of another type. */
#ifndef DOCKER_TREE_H
#define DOCKER_TREE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

static inline void cjson_cleanup(cJSON **tree)
{
	cJSON_Delete(*tree);
}
#define AUTO_CJSON AF_AUTO(cjson) cJSON

/* The tree of one JSON text; NULL if it is none or nests too deep. */
cJSON *tree_parse(const char *text, size_t len);

/* Members; `tree` may be NULL. NULL where absent or of another type; not owned. */
const cJSON *tree_get(const cJSON *tree, const char *key);
const char *tree_string(const cJSON *tree, const char *key);
bool tree_bool(const cJSON *tree, const char *key);
/* A whole number, `missing` where there is none. Doubles beyond int64_t are cut to its range. */
int64_t tree_int(const cJSON *tree, const char *key, int64_t missing);

/* Adds a member and hands it over to `tree`; false when out of memory (the member is freed then). */
bool tree_add(cJSON *tree, const char *key, cJSON *take_member);
bool tree_add_string(cJSON *tree, const char *key, const char *value);
/* An array of strings; `items` ends with NULL and may be NULL (nothing is added then). */
bool tree_add_strings(cJSON *tree, const char *key, const char *const *items);
/* {"KEY":"VALUE",…} from "KEY=VALUE" ("KEY" alone: an empty value); `pairs` as above. */
bool tree_add_pairs(cJSON *tree, const char *key, const char *const *pairs);
/* As text, malloc'd; NULL and err set when out of memory. */
char *tree_print(const cJSON *tree, struct af_error *err);

/* A path with a query: appends "?key=value" or "&key=value", the value percent-encoded. */
void query_add(struct strbuf *path, const char *key, const char *value);
void query_add_int(struct strbuf *path, const char *key, int64_t value);
/* The same with a tree as the value, unless it has no members. */
af_code query_add_tree(struct strbuf *path, const char *key, const cJSON *tree, struct af_error *err) MUST_CHECK;
/* Appends an image reference as part of a path: '/', ':' and '@' stay as they are. */
void path_add_reference(struct strbuf *path, const char *ref);

#endif
