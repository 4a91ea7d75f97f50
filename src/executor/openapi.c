/* Methods of an http_based environment from its OpenAPI document (3.0 and 3.1). See executor.h. */
#include <stdio.h>
#include <string.h>

#include "executor/executor.h"

/* References may point in circles, and a circle of several branches multiplies: nodes looked at for one operation. */
#define DEPTH_MAX 16
#define NODES_MAX 2000

struct document {
	const cJSON *root;
	int nodes; /* that may still be looked at */
};

static const cJSON *get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* One step of a JSON pointer (RFC 6901): "~1" is '/', "~0" is '~'. */
static const cJSON *step_to(const cJSON *at, const char *step, size_t len)
{
	AUTO_STRBUF name = STRBUF_INIT(STRBUF_LINE);

	for (size_t i = 0; i < len; i++)
		if (step[i] == '~' && i + 1 < len && (step[i + 1] == '0' || step[i + 1] == '1'))
			strbuf_addc(&name, step[++i] == '0' ? '~' : '/');
		else
			strbuf_addc(&name, step[i]);
	return strbuf_check(&name, NULL) ? NULL : get(at, name.data);
}

/* The object behind "#/components/schemas/Name"; others are not followed. */
static const cJSON *resolve(struct document *doc, const cJSON *node)
{
	for (int depth = 0; depth < DEPTH_MAX && doc->nodes-- > 0; depth++) {
		const char *ref = cJSON_GetStringValue(get(node, "$ref"));
		if (!ref)
			return node;
		if (!str_starts(ref, "#/"))
			return NULL;
		const cJSON *at = doc->root;
		for (const char *p = ref + 2; at && *p;) {
			size_t len = strcspn(p, "/");
			at = step_to(at, p, len);
			p += len + (p[len] == '/');
		}
		node = at;
	}
	return NULL;
}

/* A parameter found so far; order of the document, later mentions add what was missing. */
struct param {
	const char *name;
	const cJSON *schema;
	bool required;
};
struct params {
	struct param *items;
	size_t count;
};

static af_code add_param(struct params *ps, const char *name, const cJSON *schema, bool required, struct af_error *err)
{
	for (size_t i = 0; i < ps->count; i++)
		if (!strcmp(ps->items[i].name, name)) {
			ps->items[i].required |= required;
			if (schema)
				ps->items[i].schema = schema;
			return AF_OK;
		}
	struct param *items = realloc(ps->items, (ps->count + 1) * sizeof(*items));
	if (!items)
		return error_nomem(err);
	ps->items = items;
	items[ps->count++] = (struct param){ name, schema, required };
	return AF_OK;
}

static af_code mark_required(struct params *ps, const cJSON *required, struct af_error *err)
{
	const cJSON *name;
	af_code rc = AF_OK;

	cJSON_ArrayForEach(name, required)
		if (!rc && cJSON_IsString(name))
			rc = add_param(ps, name->valuestring, NULL, true, err);
	return rc;
}

/* Collects the properties of a body's schema: its own, and those of each part of an allOf. */
static af_code add_schema(struct params *ps, struct document *doc, const cJSON *schema, int depth, struct af_error *err)
{
	const cJSON *part, *prop;
	af_code rc = AF_OK;

	schema = resolve(doc, schema);
	if (!schema || depth > DEPTH_MAX)
		return AF_OK;
	cJSON_ArrayForEach(part, get(schema, "allOf"))
		if (!rc && doc->nodes > 0)
			rc = add_schema(ps, doc, part, depth + 1, err);
	cJSON_ArrayForEach(prop, get(schema, "properties"))
		if (!rc && prop->string)
			rc = add_param(ps, prop->string, prop, false, err);
	return rc ? rc : mark_required(ps, get(schema, "required"), err);
}

/* ---- as a signature ------------------------------------------------------------------ */

static const char *python_type(const char *type)
{
	static const char *const types[][2] = { { "integer", "int" }, { "number", "float" },  { "string", "str" },
						{ "boolean", "bool" }, { "array", "list" },    { "object", "dict" },
						{ "null", "None" } };

	for (size_t i = 0; type && i < ARRAY_LEN(types); i++)
		if (!strcmp(type, types[i][0]))
			return types[i][1];
	return "Any";
}

static void add_type(struct strbuf *sb, struct document *doc, const cJSON *schema, int depth);

/* "int | None" for anyOf, oneOf and for 3.1's list of types. */
static void add_union(struct strbuf *sb, struct document *doc, const cJSON *parts, int depth)
{
	const cJSON *part;

	cJSON_ArrayForEach(part, parts) {
		if (doc->nodes <= 0 && part != parts->child)
			break;
		if (part != parts->child)
			strbuf_adds(sb, " | ");
		if (cJSON_IsString(part))
			strbuf_adds(sb, python_type(part->valuestring));
		else
			add_type(sb, doc, part, depth + 1);
	}
}

static void add_type(struct strbuf *sb, struct document *doc, const cJSON *schema, int depth)
{
	const cJSON *at = resolve(doc, schema), *type = get(at, "type");
	static const char *const unions[] = { "anyOf", "oneOf", "allOf" };

	if (depth > DEPTH_MAX || !at) {
		strbuf_adds(sb, "Any");
		return;
	}
	if (cJSON_IsArray(type)) {
		add_union(sb, doc, type, depth);
		return;
	}
	for (size_t i = 0; !type && i < ARRAY_LEN(unions); i++)
		if (cJSON_GetArraySize(get(at, unions[i])) > 0) {
			add_union(sb, doc, get(at, unions[i]), depth);
			return;
		}
	strbuf_adds(sb, python_type(cJSON_GetStringValue(type)));
	if (cJSON_IsString(type) && !strcmp(type->valuestring, "array") && get(at, "items")) {
		strbuf_addc(sb, '[');
		add_type(sb, doc, get(at, "items"), depth + 1);
		strbuf_addc(sb, ']');
	}
}

/* JSON → the way Python writes it. */
static void add_default(struct strbuf *sb, const cJSON *value)
{
	char *text = cJSON_PrintUnformatted(value);

	if (cJSON_IsNull(value))
		strbuf_adds(sb, "None");
	else if (cJSON_IsBool(value))
		strbuf_adds(sb, cJSON_IsTrue(value) ? "True" : "False");
	else
		strbuf_adds(sb, text ? text : "...");
	cJSON_free(text);
}

static void add_signature(struct strbuf *sb, struct document *doc, const struct params *ps)
{
	strbuf_addc(sb, '(');
	for (size_t i = 0; i < ps->count; i++) {
		const struct param *p = &ps->items[i];
		const cJSON *fallback = get(resolve(doc, p->schema), "default");
		strbuf_addf(sb, "%s%s: ", i ? ", " : "", p->name);
		add_type(sb, doc, p->schema, 0);
		if (fallback || !p->required) {
			strbuf_adds(sb, " = ");
			if (fallback)
				add_default(sb, fallback);
			else
				strbuf_adds(sb, "None");
		}
	}
	strbuf_addc(sb, ')');
}

/* ---- operations ------------------------------------------------------------------------ */

static af_code collect_params(struct params *ps, struct document *doc, const cJSON *op, struct af_error *err)
{
	const cJSON *body = resolve(doc, get(op, "requestBody")), *p;
	const cJSON *json = get(get(body, "content"), "application/json");
	af_code rc = AF_OK;

	cJSON_ArrayForEach(p, get(op, "parameters")) {
		const cJSON *param = resolve(doc, p);
		const char *name = cJSON_GetStringValue(get(param, "name"));
		if (!rc && name)
			rc = add_param(ps, name, get(param, "schema"), cJSON_IsTrue(get(param, "required")), err);
	}
	return rc ? rc : add_schema(ps, doc, get(json, "schema"), 0, err);
}

static af_code add_operation(struct method_list *out, struct document *doc, const cJSON *path, const cJSON *op,
			     struct af_error *err)
{
	AUTO_STRBUF signature = STRBUF_INIT(STRBUF_TEXT);
	const char *doc_text = cJSON_GetStringValue(get(op, "description"));
	struct params ps = { 0 };

	if (!doc_text)
		doc_text = cJSON_GetStringValue(get(op, "summary"));
	doc->nodes = NODES_MAX;
	af_code rc = collect_params(&ps, doc, op, err);
	doc->nodes = NODES_MAX;
	add_signature(&signature, doc, &ps);
	free(ps.items);
	if (!rc)
		rc = strbuf_check(&signature, err);
	return rc ? rc : method_list_add(out, path->string + 1, signature.data, doc_text, "openapi", err);
}

af_code openapi_parse(const char *text, size_t len, struct method_list *out, struct af_error *err)
{
	cJSON *root = cJSON_ParseWithLength(text, len);
	const cJSON *paths = get(root, "paths"), *path;
	struct document doc = { .root = root };
	af_code rc = AF_OK;

	if (!cJSON_IsObject(paths))
		rc = error_set(err, AF_ERR_PROTOCOL, "the answer is no OpenAPI document");
	cJSON_ArrayForEach(path, paths) {
		const cJSON *op = get(path, "post");
		if (!rc && op && path->string && path->string[0] == '/' && path->string[1])
			rc = add_operation(out, &doc, path, op, err);
	}
	cJSON_Delete(root);
	if (rc)
		method_list_free(out);
	return rc;
}
