/* What the files of the logs view share. */
#ifndef UI_VIEW_LOGS_PRIV_H
#define UI_VIEW_LOGS_PRIV_H

#include "ui/log_book.h"
#include "ui/log_spans.h"
#include "ui/views.h"

#define NO_LINE UINT64_MAX
/* The whole screen is worth a row about the filters from this height on, and all words from that. */
#define LOGS_ZOOMED_ROWS 8
#define LOGS_TALL_ROWS 14
/* Books that are kept for when the reader comes back. */
#define BOOKS_MAX 4
/* Rows that one line may take, wrapped or unfolded. */
#define ENTRY_ROWS_MAX 400
#define SCREEN_ROWS_MAX 512
/* Longer lines are drawn and searched for what to mark only so far. */
#define LOGS_SEEN_MAX ((size_t) 65536)

/* Filters belong to an environment, also while its book is closed. */
struct log_scope {
	char *environment; /* "": none is selected */
	struct log_filter filter;
};

enum time_format { WHEN_OFF, WHEN_RELATIVE, WHEN_LOCAL, WHEN_UTC, WHEN_COUNT };

/* Those of laid out JSON are the last. */
enum log_row_kind { ROW_FIRST, ROW_WRAPPED, ROW_MEMBER, ROW_MORE, ROW_JSON_FIRST, ROW_JSON, ROW_JSON_WRAPPED, ROW_JSON_WRAPPED_LAST,
		    ROW_JSON_LAST };

/* One row of the screen. */
struct log_row {
	enum log_row_kind kind;
	uint64_t line;    /* whose text it is */
	size_t from, len; /* in the line's visible text, or in `pretty` */
};

/* Where columns stand, in cells of the area inside of the frame; 0: there is none. */
struct log_columns {
	bool ruled; /* lines between them */
	int time, time_width, replica, level, text;
	int rule; /* between time and level, where no replica stands there */
};

struct logs_view {
	struct view view;
	struct app *app;
	struct log_book *books[BOOKS_MAX]; /* the current one first */
	int book_count;
	struct log_book *book; /* books[0], or NULL: nothing is selected */
	struct log_feed **retired; /* those that still end */
	int retired_count;

	struct log_scope **scopes;
	int scope_count;
	struct log_filter *filter;  /* of the current book's environment */
	struct log_filter *loading; /* of the last session's, the one that is being read; NULL: none yet */
	unsigned generation; /* of the filters; books compare theirs */
	char *search_text;
	struct log_pattern *search;
	uint64_t match; /* the current one */
	int jump;       /* +1, -1: to the next match, as soon as it is known; 0: no */
	int selected;   /* number of the selected replica; < 0: the environment */
	char *selected_id; /* its container's; NULL: the environment */
	bool merge;     /* all replicas, whatever is selected */
	bool wrap, json;
	enum time_format time;
	int shift;      /* cells that long lines are moved to the left */

	bool stopped;   /* no streams any more */
	bool pumping;   /* a message to ourselves is on its way */
	int64_t pumped_ms;
	struct log_save *save; /* being gathered */

	/* Of the last drawing: */
	bool shown, zoomed;
	bool tall; /* with a graph, and a row below */
	int height, width;
	bool cursor_seen;
	size_t last_row; /* rows up to the last one in sight */
	struct log_columns columns;
	uint64_t screen_lines[SCREEN_ROWS_MAX];
	int screen_rows, screen_y;
	int64_t rate_shown;
	int64_t graph_until; /* the second up to which the graph shows */

	struct log_row rows[ENTRY_ROWS_MAX]; /* of the line that was laid out last */
	int row_count;
	struct strbuf pretty, scratch;
	struct log_spans spans;
};

/* ---- view_logs.c */
/* The filter, or what it is for, changed: the list is made anew. */
void logs_refilter(struct logs_view *lv);
/* There is something to find out: goes on with it whenever the UI has nothing else to do. */
void logs_pump(struct logs_view *lv);
/* What is shown is no more there to be selected. */
bool logs_is_left(const struct logs_view *lv);
/* Replicas have numbers of their own in a column. */
bool logs_merged(const struct logs_view *lv);
/* The current book's list is that of the filter as it is now. */
void logs_refresh_list(struct logs_view *lv);
/* Its streams are those of the containers that there are now. */
void logs_sync_feed(struct logs_view *lv);
/* Frees feeds that have ended. */
void logs_reap(struct logs_view *lv);
/* The filter of an environment; NULL: out of memory. */
struct log_filter *logs_filter_of(struct logs_view *lv, const char *environment);
/* Makes `only` of the filter what selection, merging and tracing want. */
void logs_update_only(struct logs_view *lv);

/* ---- view_logs_keys.c */
extern const struct view_ops logs_ops;

/* ---- view_logs_state.c */
void logs_free(struct view *v);
void logs_save_state(struct view *v, struct strbuf *out);
void logs_load_state(struct view *v, const char *key, const char *value);

/* ---- view_logs_rows.c */
/* Lays a line out into lv->rows; returns how many. */
int logs_layout(struct logs_view *lv, uint64_t line);
void logs_draw_row(struct logs_view *lv, const struct area *a, int y, const struct log_row *row, bool first_of_line);
/* False: the line has as many rows as it may have. */
bool logs_add_row(struct logs_view *lv, struct log_row row);
/* Marks what filters keep and the search finds among the bytes of [from, from + len) of the text that were drawn at x. */
void logs_mark(struct logs_view *lv, const struct area *a, int y, int x, uint64_t line, const char *text, size_t from, size_t len);
bool logs_can_open(struct logs_view *lv, uint64_t line);

/* ---- view_logs_json.c */
/* The line is JSON and shown laid out. */
bool logs_json_open(const struct logs_view *lv, const struct log_record *r);
void logs_lay_json(struct logs_view *lv, uint64_t line);
void logs_draw_json(struct logs_view *lv, const struct area *a, int y, const struct log_row *row);

/* ---- view_logs_time.c */
int logs_time_width(enum time_format format, bool narrow);
void logs_add_time(const struct logs_view *lv, struct strbuf *out, int64_t ns, bool narrow);
/* "02:24:33", whatever the format is. */
void logs_add_clock(const struct logs_view *lv, struct strbuf *out, int64_t ns);
const char *logs_time_name(enum time_format format);

/* ---- view_logs_crumb.c */
void logs_crumb(struct view *v, struct app *app, struct strbuf *path, struct strbuf *facts);

/* ---- view_logs_draw.c */
void logs_draw(struct view *v, struct app *app, const struct area *a, bool focused);
double logs_rate(const struct logs_view *lv);

/* ---- view_logs_head.c */
void logs_draw_graph_row(struct logs_view *lv, const struct area *a, int y);
/* What filters, from x on. */
void logs_draw_rules(const struct logs_view *lv, const struct area *a, int y, int x);
void logs_draw_filter_row(const struct logs_view *lv, const struct area *a, int y);
void logs_draw_heading(const struct logs_view *lv, const struct area *a, int y);
/* The row below the frame: who is who, and how full the buffer is. */
void logs_draw_status(const struct logs_view *lv, const struct area *a, int y);

/* ---- view_logs_move.c */
size_t logs_place(const struct logs_view *lv, uint64_t line);
void logs_hold(struct logs_view *lv);
void logs_follow(struct logs_view *lv);
/* Puts the cursor on the line of a row that is in sight. */
void logs_point(struct logs_view *lv, uint64_t line);
/* Puts the cursor on a row and brings as much of it into sight as there is room for. */
void logs_set_cursor(struct logs_view *lv, size_t row);
/* Jumps: with some lines around it. */
void logs_show(struct logs_view *lv, uint64_t line);
/* Where the drawing begins: index of the first row and how many of its screen rows are out of sight. */
void logs_first_row(struct logs_view *lv, size_t *index, int *skip);
int logs_move(struct logs_view *lv, enum action action);
/* The size has changed. */
void logs_resized(struct logs_view *lv);
void logs_scroll(struct logs_view *lv, int rows);
int logs_next_error(struct logs_view *lv, int step);
int logs_minute(struct logs_view *lv, int step);
/* The line that actions mean: the one under the cursor, or the newest. */
uint64_t logs_current(const struct logs_view *lv);

/* ---- view_logs_find.c */
void logs_set_search(struct logs_view *lv, const char *text);
/* Behind an expression that is typed: how to go on, or why it is none yet. */
void logs_remark(struct app *app, const char *how, const struct af_error *err);
int logs_next_match(struct logs_view *lv, int step);
void logs_try_jump(struct logs_view *lv);
void logs_ask_search(struct logs_view *lv);
void logs_ask_filter(struct logs_view *lv);
int logs_trace_line(struct logs_view *lv);
/* NULL: nothing is traced any more. */
void logs_set_trace(struct logs_view *lv, enum log_purpose purpose, const char *regex);
/* Appends a regular expression for the ids (task, call, episode) that the text names; false: none. */
bool logs_trace_pattern(struct strbuf *out, const char *text, size_t len);

/* ---- view_logs_save.c */
void logs_copy(struct logs_view *lv);
void logs_ask_save(struct logs_view *lv);
/* Gathers some more; true: there is more to do. */
bool logs_save_step(struct logs_view *lv, int64_t budget_us);
/* A line was inserted. */
void logs_save_moved(struct logs_view *lv, uint64_t line);
void logs_save_drop(struct logs_view *lv);

/* ---- view_logs_filters.c: the stack of rules, as a view over the others */
struct view *logs_filters_view_new(struct logs_view *lv, struct af_error *err);

#endif
