/*
 * Colours by meaning. Views name roles; a theme file gives each role a look:
 *
 *     # comment
 *     name = Deep Sea
 *     error = #e06c75 bold
 *     selected = #e2e6ed on #2c323c soft
 *     title.focused = cyan bold
 *
 * A look is [COLOUR] [on COLOUR] [bold] [dim] [italic] [underline] [reverse] [soft]. COLOUR is #rrggbb,
 * 0–255, one of the eight names with "bright-" before them if wanted, or "default": the terminal's own. With "soft" a
 * selected row leaves text that has a colour its own. What has a background has a colour too: nobody knows the terminal's. Colours are brought down
 * to what the terminal has: true colour → 256 → 8 → none. Without colours only the attributes of the row below count,
 * so that no role is told by colour alone.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>

#include "base/strbuf.h"

/* enum, name in files, default look, attributes without colour, meaning */
#define THEME_ROLES(X)                                                                              \
	X(ROLE_TEXT, "text", "default", "", "ordinary text")                                        \
	X(ROLE_DIM, "dim", "default dim", "dim", "less important text, stale data")                 \
	X(ROLE_STRONG, "strong", "default bold", "bold", "names, headings in text")                 \
	X(ROLE_BORDER, "border", "bright-black", "", "frame of a pane")                             \
	X(ROLE_BORDER_FOCUSED, "border.focused", "cyan", "bold", "frame of the pane that has the keys") \
	X(ROLE_TITLE, "title", "default", "", "title of a pane")                                    \
	X(ROLE_TITLE_FOCUSED, "title.focused", "cyan bold", "bold", "title of the pane that has the keys") \
	X(ROLE_TAB, "tab", "bright-black", "", "a tab")                                             \
	X(ROLE_TAB_CURRENT, "tab.current", "default bold", "reverse", "the tab that is open")       \
	X(ROLE_HEADER, "header", "#e2e6ed on #1f2430", "reverse", "the line at the top")            \
	X(ROLE_FOOTER, "footer", "bright-black", "", "hints at the bottom")                         \
	X(ROLE_KEY, "key", "cyan bold", "bold", "a key in a hint")                                  \
	X(ROLE_COLUMN, "column", "bright-black bold", "bold", "column headings")                    \
	X(ROLE_SELECTED, "selected", "#e2e6ed on #2d3f55 soft", "reverse", "the row under the cursor")   \
	X(ROLE_SELECTED_IDLE, "selected.idle", "#e2e6ed on #262b33 soft", "underline", "the same in a pane without the keys") \
	X(ROLE_MARKED, "marked", "yellow bold", "bold", "rows marked for an action")                \
	X(ROLE_OK, "ok", "green", "", "up, healthy, done")                                          \
	X(ROLE_BUSY, "busy", "yellow", "", "starting, running")                                     \
	X(ROLE_WARN, "warn", "yellow bold", "bold", "warnings")                                     \
	X(ROLE_ERROR, "error", "red bold", "bold", "down, failed, errors")                          \
	X(ROLE_INFO, "info", "blue", "", "notices, level INFO")                                     \
	X(ROLE_DEBUG, "debug", "bright-black", "dim", "level DEBUG")                                \
	X(ROLE_TIME, "time", "bright-black", "dim", "time stamps")                                  \
	X(ROLE_MATCH, "match", "black on yellow", "reverse", "what a search found")                 \
	X(ROLE_MATCH_CURRENT, "match.current", "black on bright-yellow bold", "reverse bold", "the match under the cursor") \
	X(ROLE_FILTER, "filter", "magenta", "underline", "what a filter kept a line for")           \
	X(ROLE_GRAPH, "graph", "cyan", "", "graphs and sparks")                                     \
	X(ROLE_GRAPH_ALT, "graph.alt", "magenta", "", "a second graph")                             \
	X(ROLE_AXIS, "axis", "bright-black", "dim", "axes and units")                               \
	X(ROLE_PROMPT, "prompt", "cyan bold", "bold", "the command line's prompt")                  \
	X(ROLE_GHOST, "ghost", "bright-black", "dim", "what could be typed next")                   \
	X(ROLE_FIELD, "field", "#e2e6ed on #262b33", "underline", "an input field")                 \
	X(ROLE_FIELD_FOCUSED, "field.focused", "#e2e6ed on #2d3f55", "reverse", "the input field being typed in") \
	X(ROLE_FIELD_ERROR, "field.error", "red", "bold", "what is wrong with a field")             \
	X(ROLE_JSON_KEY, "json.key", "cyan", "", "JSON: names")                                     \
	X(ROLE_JSON_STRING, "json.string", "green", "", "JSON: strings")                            \
	X(ROLE_JSON_NUMBER, "json.number", "yellow", "", "JSON: numbers")                           \
	X(ROLE_JSON_WORD, "json.word", "magenta", "", "JSON: true, false, null")                    \
	X(ROLE_DIFF_ADD, "diff.add", "green", "bold", "only in the newer one")                      \
	X(ROLE_DIFF_REMOVE, "diff.remove", "red", "underline", "only in the older one")             \
	X(ROLE_REPLICA_0, "replica.0", "cyan", "", "the first replica's lines")                     \
	X(ROLE_REPLICA_1, "replica.1", "magenta", "", "the second's, and so on round")              \
	X(ROLE_REPLICA_2, "replica.2", "yellow", "", "")                                            \
	X(ROLE_REPLICA_3, "replica.3", "green", "", "")                                             \
	X(ROLE_REPLICA_4, "replica.4", "blue", "", "")                                              \
	X(ROLE_REPLICA_5, "replica.5", "red", "", "")                                               \
	X(ROLE_DIALOG, "dialog", "#e2e6ed on #1f2430", "", "overlays and questions")                \
	X(ROLE_BUTTON, "button", "#e2e6ed on #3a4150", "", "a button")                              \
	X(ROLE_BUTTON_FOCUSED, "button.focused", "black on cyan bold", "reverse bold", "the button that ↵ presses")

enum role {
#define ROLE_ENUM(role, name, look, mono, help) role,
	THEME_ROLES(ROLE_ENUM)
#undef ROLE_ENUM
	ROLE_COUNT
};

/* A colour of a look: default, an index, or rgb. */
struct colour {
	enum { COLOUR_DEFAULT, COLOUR_INDEX, COLOUR_RGB } kind;
	int value; /* index, or 0xrrggbb */
};
struct look {
	struct colour fg, bg;
	unsigned attributes; /* LOOK_BOLD | … */
};
enum { LOOK_BOLD = 1, LOOK_DIM = 2, LOOK_ITALIC = 4, LOOK_UNDERLINE = 8, LOOK_REVERSE = 16,
       LOOK_SOFT = 32 /* its colour counts for what has none of its own; never sent to a terminal */ };

struct theme {
	char *name; /* what the file calls it; NULL: the default */
	struct look looks[ROLE_COUNT];
};

struct role_row {
	const char *name, *look, *mono, *help;
};
extern const struct role_row role_rows[]; /* by role, ROLE_COUNT */

/* The built-in default: the terminal's own colours. For a theme that holds nothing yet. */
void theme_default(struct theme *theme);
/* A look as in a theme file; USAGE says what is wrong. */
af_code look_parse(struct look *look, const char *text, size_t len, struct af_error *err) MUST_CHECK;
/* Reads a theme file's text over the default; what the theme held is gone. USAGE errors name file and line; the rest of
 * the file still counts. */
af_code theme_parse(struct theme *theme, const char *file, const char *text, size_t len, struct af_error *err) MUST_CHECK;
/* By name ("default", or NAME.theme in the user's directory ~/.config/affinetes/themes, then in $AFS_THEMES, then in
 * themes/ beside the program, then where themes are installed), or by path if there is a '/' in it. The theme held one before, or is zeroed. NOT_FOUND lists
 * what there is and changes nothing; USAGE as theme_parse(). */
af_code theme_load(struct theme *theme, const char *name, struct af_error *err) MUST_CHECK;
/* Names of all that can be loaded, sorted. */
af_code theme_names(struct strlist *names, struct af_error *err) MUST_CHECK;
void theme_free(struct theme *theme);

/* "#rrggbb", "0"–"255", "bright-red", "default"; false if it is none. */
bool colour_parse(struct colour *colour, const char *text, size_t len);
/* The nearest of the eight standard colours by hue to `rgb` 0xrrggbb, and the nearest of 256 (of the fixed ones: 16–255).
 * And back: what an index of 256 usually looks like. */
int colour_to_8(int rgb);
int colour_to_256(int rgb);
int colour_of_256(int index);

#endif
