/* Which key means what where. See keymap.h. */
#include "ui/keymap.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>

#include "ui/canvas.h"

const struct action_row action_rows[] = {
	[ACT_NONE] = { .name = "" },
#define ACTION_ROW(act, name, context, keys, hint, help) [act] = { act, name, context, keys, hint, help },
	ACTIONS(ACTION_ROW)
#undef ACTION_ROW
};

bool action_among(enum action action, const enum action *list)
{
	while (*list != ACT_NONE && *list != action)
		list++;
	return *list != ACT_NONE;
}

#define KEYS_PER_ACTION 8

struct keys {
	keycode keys[KEYS_PER_ACTION];
	int count;
};

struct keymap {
	struct keys actions[ACT_COUNT];
	bool readonly;
};

static bool holds(const struct keys *keys, keycode key)
{
	for (int i = 0; i < keys->count; i++)
		if (keys->keys[i] == key)
			return true;
	return false;
}

/* "Up k" */
static af_code parse_keys(struct keys *out, const char *text, struct af_error *err)
{
	*out = (struct keys){ 0 };
	for (const char *p = text + strspn(text, " \t"); *p; p += strspn(p, " \t")) {
		size_t n = strcspn(p, " \t");
		keycode key = key_parse(p, n);
		if (!key) {
			error_set(err, AF_ERR_USAGE, "no such key: \"%.*s\"", (int) MIN(n, (size_t) 40), p);
			error_hint(err, "keys are written as q, S, ^S, F4, M-x, S-Tab, C-Left, Enter, Esc, Tab, Space, Up, PgDn, Home");
			return AF_ERR_USAGE;
		}
		if (out->count == KEYS_PER_ACTION)
			return error_set(err, AF_ERR_USAGE, "more than %d keys for one action", KEYS_PER_ACTION);
		if (!holds(out, key))
			out->keys[out->count++] = key;
		p += n;
	}
	return AF_OK;
}

static enum action action_of(const char *name)
{
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++)
		if (!strcmp(action_rows[i].name, name))
			return (enum action) i;
	return ACT_NONE;
}

/* Another action of the same context that has one of the keys; *key is it. */
static enum action clash(const struct keymap *map, enum action action, const struct keys *keys, keycode *key)
{
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		if (i == (int) action || action_rows[i].context != action_rows[action].context)
			continue;
		for (int k = 0; k < keys->count; k++)
			if (holds(&map->actions[i], keys->keys[k])) {
				*key = keys->keys[k];
				return (enum action) i;
			}
	}
	return ACT_NONE;
}

struct keymap *keymap_new(struct af_error *err)
{
	struct keymap *map = calloc(1, sizeof(*map));

	if (!map) {
		error_nomem(err);
		return NULL;
	}
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++)
		if (parse_keys(&map->actions[i], action_rows[i].keys, err)) {
			free(map);
			return NULL;
		}
	return map;
}

void keymap_free(struct keymap *map)
{
	free(map);
}

af_code keymap_bind(struct keymap *map, const char *name, const char *text, struct af_error *err)
{
	enum action action = action_of(name), other;
	struct keys keys;
	keycode key;

	if (action == ACT_NONE) {
		error_set(err, AF_ERR_USAGE, "no such action: \"%.40s\"", name);
		error_hint(err, "? lists the actions with their keys");
		return AF_ERR_USAGE;
	}
	af_code rc = parse_keys(&keys, text, err);
	if (rc)
		return error_wrap(err, rc, "%s", name);
	other = clash(map, action, &keys, &key);
	if (other != ACT_NONE) {
		char shown[32] = "";
		keycode_name(key, shown, sizeof(shown));
		error_set(err, AF_ERR_EXISTS, "%s: %s is the key of %s already", name, shown, action_rows[other].name);
		error_hint(err, "give %s another key, or none", action_rows[other].name);
		return AF_ERR_EXISTS;
	}
	map->actions[action] = keys;
	return AF_OK;
}

enum action keymap_find(const struct keymap *map, const enum key_context *contexts, keycode key)
{
	for (;; contexts++) {
		for (int i = ACT_NONE + 1; i < ACT_COUNT; i++)
			if (action_rows[i].context == *contexts && holds(&map->actions[i], key))
				return (enum action) i;
		if (*contexts == KEYS_GLOBAL)
			return ACT_NONE;
	}
}

char *keymap_keys(const struct keymap *map, enum action action, struct af_error *err)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_LINE);
	const struct keys *keys = &map->actions[action];
	char *text = NULL;

	for (int i = 0; i < keys->count; i++) {
		char name[32];
		if (keycode_name(keys->keys[i], name, sizeof(name)))
			strbuf_addf(&out, "%s%s", out.len ? " " : "", name);
	}
	return strbuf_steal(&out, &text, err) ? NULL : text;
}

/* Short for the footer. */
static const char *short_name(keycode key)
{
	static const struct {
		keycode key;
		const char *name;
	} rows[] = {
		{ ' ', "space" },
		{ KEY_SPECIAL + KEY_UP, "↑" },
		{ KEY_SPECIAL + KEY_DOWN, "↓" },
		{ KEY_SPECIAL + KEY_LEFT, "←" },
		{ KEY_SPECIAL + KEY_RIGHT, "→" },
	};

	if (key == '\r')
		return glyph(GLYPH_ENTER);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].key == key && (key == ' ' || canvas_glyphs() != GLYPHS_ASCII))
			return rows[i].name;
	return NULL;
}

void keymap_readonly(struct keymap *map)
{
	map->readonly = true;
}

static const char *hint_of(keycode key, char *buf, size_t size)
{
	const char *name = short_name(key);

	if (name)
		return name;
	return keycode_name(key, buf, size) ? buf : "";
}

static const char *first_key(const struct keymap *map, enum action action, char *buf, size_t size)
{
	const struct keys *keys = &map->actions[action];

	return keys->count ? hint_of(keys->keys[0], buf, size) : "";
}

const char *keymap_hint_in_text(const struct keymap *map, enum action action, char *buf, size_t size)
{
	const struct keys *keys = &map->actions[action];

	for (int i = 0; i < (int) keys->count; i++)
		if (keys->keys[i] < ' ' || keys->keys[i] >= KEY_SPECIAL)
			return hint_of(keys->keys[i], buf, size);
	return "";
}

const char *keymap_hint(const struct keymap *map, enum action action, char *buf, size_t size)
{
	static const enum action change[] = { ACT_BUILD, ACT_RUN, ACT_CALL, ACT_EXEC, ACT_STOP, ACT_RESTART, ACT_REMOVE, ACT_NONE };

	return map->readonly && action_among(action, change) ? "" : first_key(map, action, buf, size);
}

const char *keymap_say(const struct keymap *map, const char *text, char *buf, size_t size)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_LINE);

	for (const char *p = text; *p;) {
		size_t plain = strcspn(p, "{"), len = strcspn(p + plain, "}");
		strbuf_add(&out, p, plain);
		p += plain;
		if (!*p)
			break;
		AUTO_FREE char *name = str_ndup(p + 1, len - 1, NULL);
		char key[32] = "";
		const char *hint = name ? first_key(map, action_of(name), key, sizeof(key)) : "";
		strbuf_adds(&out, *hint ? hint : name);
		p += len + (p[len] == '}');
	}
	size_t fits = MIN(out.len, size - 1);
	while (fits && ((unsigned char) out.data[fits] & 0xc0) == 0x80)
		fits--; /* no half of a character */
	snprintf(buf, size, "%.*s", (int) fits, out.data);
	return buf;
}
