/*
 * Parameters of a method, from its Python signature, e.g. "(task_id: int, ids: list[int] = None, *, seed=0, **kwargs)".
 *
 * The signature is text that an environment sent: anything may stand there. What cannot be understood becomes a
 * parameter without a type, or ends the list; nothing is ever refused.
 */
#ifndef UI_CALL_SIGNATURE_H
#define UI_CALL_SIGNATURE_H

#include <stdbool.h>

#include "base/json.h"
#include "base/strbuf.h"

#define SIGNATURE_MAX_PARAMETERS 256

/* What a value has to be. ANY: JSON where it is JSON, else text. */
enum value_type { VALUE_ANY, VALUE_STR, VALUE_INT, VALUE_FLOAT, VALUE_BOOL, VALUE_LIST, VALUE_DICT };
const char *value_type_name(enum value_type type); /* "int", "any" */

struct parameter {
	char *name;
	char *annotation; /* as written; NULL: none */
	char *def;        /* the default as Python wrote it; NULL: none */
	enum value_type type, items; /* items: of a list; ANY where unknown */
	bool required;
	bool nullable;    /* None may be given */
	enum { PARAMETER_PLAIN, PARAMETER_REST, PARAMETER_KEYWORDS } kind; /* *args, **kwargs */
};
struct signature {
	struct parameter *items;
	size_t count;
};

/* Replaces what is in `out`. NOMEM only. */
af_code signature_parse(const char *text, size_t len, struct signature *out, struct af_error *err) MUST_CHECK;
/* From the injected server's list (checked JSON): [{"name": "**kw", "required": …, "default": …, "annotation": …}]. */
af_code signature_from_json(struct json_span list, struct signature *out, struct af_error *err) MUST_CHECK;
void signature_free(struct signature *sig);
static inline void signature_cleanup(struct signature *sig)
{
	signature_free(sig);
}
/* "int | None", "Optional[List[int]]", "'str'" → what it means. */
void annotation_read(const char *text, size_t len, struct parameter *p);

/*
 * What was typed for a parameter → JSON text, appended to `out`. Every digit of a number is kept. USAGE says in a few
 * words what is wrong: `not an int: "1x"`. A string may stand in quotes, as JSON; "" is the empty one.
 */
af_code value_read(const struct parameter *p, const char *text, size_t len, struct strbuf *out,
		   struct af_error *err) MUST_CHECK;
/* The reverse: how a value is typed, so that value_read() gives it back. */
void value_write(const struct parameter *p, struct json_span value, struct strbuf *out);

#endif
