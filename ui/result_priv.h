/* Shared by the files of the result's tree only. */
#ifndef UI_RESULT_PRIV_H
#define UI_RESULT_PRIV_H

#include <stdint.h>

#include "ui/result_tree.h"
#include "ui/theme.h"

/* Lists from this length on are not spread out at once. */
#define RESULT_ALIKE_FROM 9

struct result_node {
	struct result_node *parent;
	size_t at;             /* which child of the parent; 0 at the top */
	struct json_span value;
	bool is_string;
	/* A container: where each child begins (its key, in objects), and where the closing bracket stands. */
	uint32_t *starts;
	size_t count, shown;
	struct result_node **open; /* unfolded children, by `at` */
	size_t open_count;
	/* A string: its decoded text, and where its lines begin. */
	struct strbuf text;
	uint32_t *lines;
	size_t line_count;
	bool cut;
	size_t rows; /* below its heading */
};

/* Indexes a container or lays out a string; NULL when out of memory. */
struct result_node *node_new(struct json_span value, int width);
void node_free(struct result_node *n);
/* Breaks a string's text at newlines and at `width` cells. False when out of memory. */
bool node_lay_out(struct result_node *n, int width);
/* Rows of its own children or lines. */
size_t node_own_rows(const struct result_node *n);
void node_child(const struct result_node *n, size_t i, struct json_span *key, struct json_span *value);
/* The child that the offset, from the node's beginning, is in. */
size_t node_child_at(const struct result_node *n, size_t offset);

/* How a value looks; objects and lists as `container`. */
enum role result_role(struct json_span value, enum role container);

/* Pieces of checked text. */
const char *skip_blanks(const char *p, const char *end);
const char *skip_string(const char *p, const char *end); /* p stands on the opening quote */

#endif
