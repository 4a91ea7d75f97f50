/* Keys as they are written: "Up", "^S", "M-x", "C-Left". See keymap.h. */
#include <curses.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "ui/keymap.h"

static const struct {
	const char *name;
	keycode key;
} names[] = {
	{ "Enter", '\r' },
	{ "Tab", '\t' },
	{ "Esc", 27 },
	{ "Space", ' ' },
	{ "Up", KEY_SPECIAL + KEY_UP },
	{ "Down", KEY_SPECIAL + KEY_DOWN },
	{ "Left", KEY_SPECIAL + KEY_LEFT },
	{ "Right", KEY_SPECIAL + KEY_RIGHT },
	{ "PgUp", KEY_SPECIAL + KEY_PPAGE },
	{ "PgDn", KEY_SPECIAL + KEY_NPAGE },
	{ "Home", KEY_SPECIAL + KEY_HOME },
	{ "End", KEY_SPECIAL + KEY_END },
	{ "Ins", KEY_SPECIAL + KEY_IC },
	{ "Del", KEY_SPECIAL + KEY_DC },
	{ "Backspace", KEY_SPECIAL + KEY_BACKSPACE },
	{ "S-Tab", KEY_SPECIAL + KEY_BTAB },
};

#define FUNCTION_KEYS 24

static keycode named(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i].name) == len && !strncasecmp(names[i].name, name, len))
			return names[i].key;
	if ((*name == 'F' || *name == 'f') && len >= 2 && len <= 3) {
		int number = 0;
		for (size_t i = 1; i < len; i++) {
			if (name[i] < '0' || name[i] > '9')
				return 0;
			number = number * 10 + (name[i] - '0');
		}
		return number >= 1 && number <= FUNCTION_KEYS && name[1] != '0' ? KEY_SPECIAL + KEY_F(number) : 0;
	}
	return 0;
}

/* Exactly one printable character. */
static keycode character(const char *name, size_t len)
{
	static const unsigned char first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t n = utf8_len(name, len);

	if (!n || n != len || (unsigned char) *name <= ' ' || *name == 0x7f)
		return 0;
	keycode c = (unsigned char) *name & first_bits[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char) name[i] & 0x3f);
	return c >= 0x80 && c < 0xa0 ? 0 : c;
}

static keycode control(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char) (c - 'a' + 'A');
	if (c == '?')
		return KEY_SPECIAL + KEY_BACKSPACE;
	return c >= 'A' && c <= '_' ? c & 0x1f : 0;
}

static bool is_special(keycode key)
{
	return key & KEY_SPECIAL;
}

keycode key_parse(const char *name, size_t len)
{
	keycode key = len ? named(name, len) : 0;

	if (key)
		return key;
	if (len == 2 && *name == '^')
		return control(name[1]);
	if (len > 2 && name[1] == '-') {
		key = key_parse(name + 2, len - 2);
		switch (*name) {
		case 'M':
			return key ? key | KEY_META : 0;
		case 'C':
			if (is_special(key))
				return key | KEY_CTRL;
			return len == 3 ? control(name[2]) : 0;
		case 'S':
			return is_special(key) ? key | KEY_SHIFT : 0;
		}
	}
	return character(name, len);
}

static bool plain_name(keycode key, char *buf, size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].key == key)
			return snprintf(buf, size, "%s", names[i].name) < (int) size;
	for (int i = 1; i <= FUNCTION_KEYS; i++)
		if (key == KEY_SPECIAL + KEY_F(i))
			return snprintf(buf, size, "F%d", i) < (int) size;
	if (is_special(key) || key <= 0)
		return false;
	if (key < ' ')
		return snprintf(buf, size, "^%c", key + '@') < (int) size;
	if (key < 0x80)
		return snprintf(buf, size, "%c", key) < (int) size;
	/* UTF-8 by hand: the name is that of a file, whatever the locale is. */
	char utf8[5] = { 0 };
	int n = key < 0x800 ? 2 : key < 0x10000 ? 3 : 4;
	for (int i = n - 1; i > 0; i--, key >>= 6)
		utf8[i] = (char) (0x80 | (key & 0x3f));
	utf8[0] = (char) (0xf00 >> n | key);
	return snprintf(buf, size, "%s", utf8) < (int) size;
}

bool keycode_name(keycode key, char *buf, size_t size)
{
	static const struct {
		keycode bit;
		const char *prefix;
	} held[] = { { KEY_META, "M-" }, { KEY_CTRL, "C-" }, { KEY_SHIFT, "S-" } };
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		if (key & held[i].bit) {
			if (used + 2 >= size)
				return false;
			memcpy(buf + used, held[i].prefix, 3);
			used += 2;
			key &= ~held[i].bit;
		}
	return plain_name(key, buf + used, size - used);
}
