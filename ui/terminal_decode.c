/* What the numbers in key sequences mean. See terminal_priv.h. */
#include <curses.h>
#include <string.h>

#include "ui/terminal_priv.h"

keycode decode_special(int code)
{
	static const struct {
		int curses;
		keycode key;
	} rows[] = {
		{ KEY_ENTER, '\r' },
		{ KEY_SLEFT, KEY_SHIFT | (KEY_SPECIAL + KEY_LEFT) },
		{ KEY_SRIGHT, KEY_SHIFT | (KEY_SPECIAL + KEY_RIGHT) },
		{ KEY_SR, KEY_SHIFT | (KEY_SPECIAL + KEY_UP) },
		{ KEY_SF, KEY_SHIFT | (KEY_SPECIAL + KEY_DOWN) },
		{ KEY_SHOME, KEY_SHIFT | (KEY_SPECIAL + KEY_HOME) },
		{ KEY_SEND, KEY_SHIFT | (KEY_SPECIAL + KEY_END) },
		{ KEY_SPREVIOUS, KEY_SHIFT | (KEY_SPECIAL + KEY_PPAGE) },
		{ KEY_SNEXT, KEY_SHIFT | (KEY_SPECIAL + KEY_NPAGE) },
		{ KEY_SDC, KEY_SHIFT | (KEY_SPECIAL + KEY_DC) },
		{ KEY_SIC, KEY_SHIFT | (KEY_SPECIAL + KEY_IC) },
		{ KEY_FIND, KEY_SPECIAL + KEY_HOME },
		{ KEY_SELECT, KEY_SPECIAL + KEY_END },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].curses == code)
			return rows[i].key;
	return KEY_SPECIAL + code;
}

keycode decode_held(int number)
{
	int bits = number > 1 ? number - 1 : 0;

	return (bits & 1 ? KEY_SHIFT : 0) | (bits & 10 ? KEY_META : 0) | (bits & 4 ? KEY_CTRL : 0);
}

keycode decode_extended(int code)
{
	static const struct {
		const char *name;
		int curses;
	} rows[] = {
		{ "kLFT", KEY_LEFT }, { "kRIT", KEY_RIGHT }, { "kUP", KEY_UP },     { "kDN", KEY_DOWN },
		{ "kHOM", KEY_HOME }, { "kEND", KEY_END },   { "kPRV", KEY_PPAGE }, { "kNXT", KEY_NPAGE },
		{ "kDC", KEY_DC },    { "kIC", KEY_IC },
	};
	const char *name = keyname(code);

	for (size_t i = 0; name && i < ARRAY_LEN(rows); i++) {
		size_t n = strlen(rows[i].name);
		if (strncmp(name, rows[i].name, n) != 0)
			continue;
		if (!name[n])
			return KEY_SHIFT | (KEY_SPECIAL + rows[i].curses); /* "kDN", "kUP" */
		if (name[n] >= '2' && name[n] <= '9' && !name[n + 1])
			return decode_held(name[n] - '0') | (KEY_SPECIAL + rows[i].curses);
	}
	return 0;
}

keycode decode_tilde(int number)
{
	static const int codes[] = { 0, KEY_HOME, KEY_IC, KEY_DC, KEY_END, KEY_PPAGE, KEY_NPAGE, KEY_HOME, KEY_END };
	/* F1 to F20 lie between 11 and 34, with gaps as on a VT220. */
	static const char functions[] = { 1, 2, 3, 4, 5, 0, 6, 7, 8, 9, 10, 0, 11, 12, 13, 14, 0, 15, 16, 0, 17, 18, 19, 20 };

	if (number > 0 && number < (int) ARRAY_LEN(codes))
		return KEY_SPECIAL + codes[number];
	if (number >= 11 && number < 11 + (int) ARRAY_LEN(functions) && functions[number - 11])
		return KEY_SPECIAL + KEY_F(functions[number - 11]);
	return 0;
}

keycode decode_letter(char final)
{
	static const struct {
		char final;
		int code;
	} rows[] = {
		{ 'A', KEY_UP },   { 'B', KEY_DOWN }, { 'C', KEY_RIGHT }, { 'D', KEY_LEFT }, { 'H', KEY_HOME },
		{ 'F', KEY_END },  { 'P', KEY_F(1) }, { 'Q', KEY_F(2) },  { 'R', KEY_F(3) }, { 'S', KEY_F(4) },
		{ 'Z', KEY_BTAB },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].final == final)
			return KEY_SPECIAL + rows[i].code;
	return 0;
}

keycode decode_character(int c, int modifiers)
{
	keycode with = decode_held(modifiers);

	if (c == 0x7f)
		return KEY_SPECIAL + KEY_BACKSPACE;
	if (with & KEY_CTRL && c >= '@' && c < 0x7f)
		c &= 0x1f;
	return c | (with & KEY_META);
}
