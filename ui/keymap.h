/*
 * Actions: one row each gives the name in the config file, the default keys, the context, the hint in the footer and
 * the line in `?`. A key means the action of the innermost context that binds it.
 *
 * Keys are written as in the config file: "q", "S", "^S", "F4", "Enter", "Esc", "Tab", "S-Tab", "Space", "Up", "PgDn",
 * "Home", "M-x".
 */
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include <stdbool.h>

#include "base/strbuf.h"

/* Contexts from inner to outer: the focused view's, then LIST if the view is one, then GLOBAL. TEXT contexts (prompt,
 * form fields, search lines) take printable keys as text before any binding. */
enum key_context { KEYS_GLOBAL, KEYS_LIST, KEYS_ENVS, KEYS_DETAIL, KEYS_LOGS, KEYS_FORM, KEYS_RESULT, KEYS_HISTORY, KEYS_DIALOG, KEYS_CONTEXT_COUNT };

/* enum, name, context, default keys, hint (NULL: not in the footer), help */
#define ACTIONS(X)                                                                                            \
	X(ACT_QUIT, "quit", KEYS_GLOBAL, "q", "quit", "Leave; environments go on")                                 \
	X(ACT_HELP, "help", KEYS_GLOBAL, "? F1", "keys", "List the keys that work here, and search them")         \
	X(ACT_COMMAND, "command", KEYS_GLOBAL, ":", "command", "Open the command line")                           \
	X(ACT_PANE_1, "pane-1", KEYS_GLOBAL, "1", NULL, "Go to pane 1, environments")                             \
	X(ACT_PANE_2, "pane-2", KEYS_GLOBAL, "2", NULL, "Go to pane 2, detail")                                   \
	X(ACT_PANE_3, "pane-3", KEYS_GLOBAL, "3", NULL, "Go to pane 3, logs")                                     \
	X(ACT_PANE_4, "pane-4", KEYS_GLOBAL, "4", NULL, "Go to pane 4, the call")                                 \
	X(ACT_NEXT_PANE, "next-pane", KEYS_GLOBAL, "Tab", "next", "Go to the next pane")                          \
	X(ACT_PREVIOUS_PANE, "previous-pane", KEYS_GLOBAL, "S-Tab", NULL, "Go to the previous pane")              \
	X(ACT_BACK, "back", KEYS_GLOBAL, "Esc", "back", "Go back, close what is open")                            \
	X(ACT_ZOOM, "zoom", KEYS_GLOBAL, "z", "zoom", "Give the pane the whole screen, or take it back")          \
	X(ACT_REDRAW, "redraw", KEYS_GLOBAL, "^L", NULL, "Draw the whole screen anew")                            \
	X(ACT_SUSPEND, "suspend", KEYS_GLOBAL, "^Z", NULL, "Stop; `fg` comes back")                               \
	X(ACT_THEME, "theme", KEYS_GLOBAL, "F9", NULL, "Choose a theme")                                          \
	X(ACT_MOUSE, "mouse", KEYS_GLOBAL, "M", NULL, "Give the mouse to the terminal, or take it back")          \
	X(ACT_JOBS, "jobs", KEYS_GLOBAL, "J", NULL, "Show jobs and their output")                                 \
	X(ACT_CANCEL_JOB, "cancel-job", KEYS_GLOBAL, "^C", NULL, "Cancel the newest job that runs")               \
	X(ACT_BUILD, "build", KEYS_GLOBAL, "b", "build", "Begin a build command")                                 \
	X(ACT_RUN, "run", KEYS_GLOBAL, "r", "run", "Begin a run command")                                         \
	X(ACT_CALL, "call", KEYS_GLOBAL, "c", "call", "Call a method")                                            \
	X(ACT_UP, "up", KEYS_LIST, "Up k", NULL, "Up")                                                            \
	X(ACT_DOWN, "down", KEYS_LIST, "Down j", NULL, "Down")                                                    \
	X(ACT_PAGE_UP, "page-up", KEYS_LIST, "PgUp ^B", NULL, "One screen up")                                    \
	X(ACT_PAGE_DOWN, "page-down", KEYS_LIST, "PgDn ^F", NULL, "One screen down")                              \
	X(ACT_FIRST, "first", KEYS_LIST, "Home g", NULL, "To the first")                                          \
	X(ACT_LAST, "last", KEYS_LIST, "End G", NULL, "To the last; logs follow again")                           \
	X(ACT_OPEN, "open", KEYS_LIST, "Enter", "open", "Open, fold or unfold")                                   \
	X(ACT_LEFT, "left", KEYS_LIST, "Left h", NULL, "Fold, or to the left")                                    \
	X(ACT_RIGHT, "right", KEYS_LIST, "Right", NULL, "Unfold, or to the right")                                \
	X(ACT_SEARCH, "search", KEYS_LIST, "/", "search", "Search (in lists: filter by name)")                    \
	X(ACT_SEARCH_NEXT, "search-next", KEYS_LIST, "n", NULL, "Next match")                                     \
	X(ACT_SEARCH_PREVIOUS, "search-previous", KEYS_LIST, "N", NULL, "Previous match")                         \
	X(ACT_COPY, "copy", KEYS_LIST, "y", "copy", "Copy to the clipboard")                                      \
	X(ACT_COPY_ALT, "copy-alt", KEYS_LIST, "Y", NULL, "Copy the path, or the equal afs command")              \
	X(ACT_SAVE, "save", KEYS_LIST, "S", NULL, "Save what is shown to a file")                                 \
	X(ACT_MARK, "mark", KEYS_ENVS, "Space", "mark", "Mark for an action on several")                          \
	X(ACT_ACTIONS, "actions", KEYS_ENVS, "a", "actions", "Choose an action")                                  \
	X(ACT_SORT, "sort", KEYS_ENVS, "o", "sort", "Sort by the next column")                                    \
	X(ACT_SORT_REVERSE, "sort-reverse", KEYS_ENVS, "O", NULL, "Turn the order round")                         \
	X(ACT_NEXT_DOWN, "next-down", KEYS_ENVS, "d", NULL, "Go to the next replica that is down")                \
	X(ACT_LOGS, "logs", KEYS_ENVS, "l", "logs", "Show the logs")                                              \
	X(ACT_EXEC, "exec", KEYS_ENVS, "e", "exec", "Open a shell in the replica")                                \
	X(ACT_STOP, "stop", KEYS_ENVS, "s", "stop", "Stop the environment")                                       \
	X(ACT_RESTART, "restart", KEYS_ENVS, "R", "restart", "Restart")                                           \
	X(ACT_REMOVE, "remove", KEYS_ENVS, "x", "remove", "Remove the containers")                                \
	X(ACT_TAB_NEXT, "tab-next", KEYS_DETAIL, "] Right", NULL, "Next tab")                                     \
	X(ACT_TAB_PREVIOUS, "tab-previous", KEYS_DETAIL, "[ Left", NULL, "Previous tab")                          \
	X(ACT_REVEAL, "reveal", KEYS_DETAIL, "v", NULL, "Show or mask secret values")                             \
	X(ACT_FILTER, "filter", KEYS_LOGS, "f", "filter", "Keep only lines that match a regular expression")      \
	X(ACT_FILTER_STACK, "filters", KEYS_LOGS, "F", NULL, "Edit the stack of filters")                         \
	X(ACT_LEVEL, "level", KEYS_LOGS, "v", NULL, "Least level that is shown")                                  \
	X(ACT_ERROR_NEXT, "error-next", KEYS_LOGS, "e", "error", "Next error")                                    \
	X(ACT_ERROR_PREVIOUS, "error-previous", KEYS_LOGS, "E", NULL, "Previous error")                           \
	X(ACT_WRAP, "wrap", KEYS_LOGS, "w", NULL, "Wrap long lines")                                              \
	X(ACT_TIME, "time", KEYS_LOGS, "t", NULL, "Time: off, relative, local, UTC")                              \
	X(ACT_JSON, "json", KEYS_LOGS, "i", NULL, "Show JSON lines laid out")                                     \
	X(ACT_TRACE, "trace", KEYS_LOGS, "T", NULL, "Only the lines of this line's task")                         \
	X(ACT_MERGE, "merge", KEYS_LOGS, "m", NULL, "All replicas, or the selected one")                          \
	X(ACT_PAUSE, "pause", KEYS_LOGS, "Space", "pause", "Hold the view, or follow")                            \
	X(ACT_MINUTE_BACK, "minute-back", KEYS_LOGS, "[", NULL, "One minute back")                                \
	X(ACT_MINUTE_ON, "minute-on", KEYS_LOGS, "]", NULL, "One minute on")                                      \
	X(ACT_SEND, "send", KEYS_FORM, "^S", "send", "Send the call")                                             \
	X(ACT_EDIT_JSON, "edit-json", KEYS_FORM, "F4", "JSON", "Edit the arguments as JSON")                      \
	X(ACT_SAVE_CALL, "save-call", KEYS_FORM, "F6", "save", "Save the call under a name")                      \
	X(ACT_EARLIER, "earlier", KEYS_FORM, "^R", "earlier", "Values of earlier calls")                          \
	X(ACT_HISTORY, "history", KEYS_FORM, "H M-h", "history", "Go to the earlier calls")                           \
	X(ACT_REPEAT, "repeat", KEYS_FORM, "R M-r", "repeat ×N", "Send the call several times")                      \
	X(ACT_RAW, "raw", KEYS_RESULT, "w", NULL, "Raw text, or the tree")                                        \
	X(ACT_TABLE, "table", KEYS_RESULT, "t", NULL, "Lists of objects as a table")                              \
	X(ACT_DIFF, "diff", KEYS_RESULT, "D d", "diff", "Compare with the result before")                           \
	X(ACT_PATH, "path", KEYS_RESULT, ".", NULL, "Go to a path, as jq writes it")                              \
	X(ACT_CALL_LOGS, "call-logs", KEYS_RESULT, "l", "logs", "The log lines of this call")                     \
	X(ACT_EDITOR, "editor", KEYS_RESULT, "e", NULL, "Open in $EDITOR")                                        \
	X(ACT_RERUN, "rerun", KEYS_HISTORY, "r", "rerun", "Run it again")                                         \
	X(ACT_STAR, "star", KEYS_HISTORY, "*", NULL, "Save under a name")                                         \
	X(ACT_DELETE, "delete", KEYS_HISTORY, "x", NULL, "Forget it")

enum action {
	ACT_NONE,
#define ACTION_ENUM(act, name, context, keys, hint, help) act,
	ACTIONS(ACTION_ENUM)
#undef ACTION_ENUM
	ACT_COUNT
};

/* A key as the terminal sent it: a Unicode character, a control character, or KEY_SPECIAL + ncurses' KEY_ code.
 * Enter is '\r', Tab '\t', Esc 27, Space ' '; Backspace is KEY_SPECIAL + KEY_BACKSPACE, S-Tab KEY_SPECIAL + KEY_BTAB. */
typedef int keycode;
#define KEY_SPECIAL 0x200000
#define KEY_CTRL 0x400000   /* | special key: "C-Left" */
#define KEY_META 0x800000   /* | character or special key: Alt was held, "M-x", "M-Left" */
#define KEY_SHIFT 0x1000000 /* | special key: "S-Left" */
#define KEY_CTRL_C 3        /* clears a line that is being typed, whatever it is bound to elsewhere */

/* "Up", "^S", "M-x", "é" → its code; 0: there is no such key. */
keycode key_parse(const char *name, size_t len);
/* The reverse, as key_parse() reads it; false if it has no name. */
bool keycode_name(keycode key, char *buf, size_t size);

struct keymap; /* starts with the default keys */
struct keymap *keymap_new(struct af_error *err);
void keymap_free(struct keymap *map);
/* Replaces an action's keys ("Up k"; "" unbinds). USAGE: no such action or key; EXISTS: another action of the same
 * context has the key, err names it, nothing is changed. The same key in an inner context is no clash: it means the
 * innermost. So that a file can swap keys, its reader first unbinds all the actions that the file names. */
af_code keymap_bind(struct keymap *map, const char *action, const char *keys, struct af_error *err) MUST_CHECK;
/* contexts: inner to outer, ends with KEYS_GLOBAL. */
enum action keymap_find(const struct keymap *map, const enum key_context *contexts, keycode key);
/* "Up k" as bound now, for help; malloc'd. */
char *keymap_keys(const struct keymap *map, enum action action, struct af_error *err);
/* The first key for hints: "↵", "^S", "F4". Static or in `buf`. */
const char *keymap_hint(const struct keymap *map, enum action action, char *buf, size_t size);
/* From now on there are no hints for what changes something; the keys stay, to say that it is off. */
void keymap_readonly(struct keymap *map);
/* Text with the first key of each "{action}" in its place: "no calls yet; {call} makes one". An action without a key is
 * named. In `buf`, cut to its size. */
const char *keymap_say(const struct keymap *map, const char *text, char *buf, size_t size);
/* The first that is no character: those are text where a field has the keys. */
const char *keymap_hint_in_text(const struct keymap *map, enum action action, char *buf, size_t size);

struct action_row {
	enum action action;
	const char *name;
	enum key_context context;
	const char *keys, *hint, *help;
};
extern const struct action_row action_rows[]; /* ACT_COUNT rows; [ACT_NONE] is empty */

/* Is it one of the list, which ends with ACT_NONE? */
bool action_among(enum action action, const enum action *list);

#endif
