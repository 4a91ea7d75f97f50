/* The form of a call: a field per parameter, or all of them as JSON text; where it goes, how often, for how long. */
#ifndef UI_FORM_H
#define UI_FORM_H

#include "executor/executor.h"
#include "store/store.h"
#include "ui/call_signature.h"
#include "ui/field.h"
#include "ui/model.h"

/* As afs call has it. */
#define CALL_TIMEOUT_MS 300000
#define REPEAT_MAX 100000
#define CONCURRENCY_MAX 64

enum { TARGET_AUTO = -1, TARGET_ALL = -2 }; /* else the replica's number */

struct form_field {
	const struct parameter *p; /* of form->sig; NULL: `extra`, further arguments as a JSON object */
	struct field input;
	char *error;            /* NULL: none */
	struct strlist earlier; /* as typed, newest first */
	bool secret;            /* its name looks like one */
	bool lost;              /* it was given once and is not kept: it has to be typed again, or cleared */
};

/* What can have the keys, from the top down. */
enum control_kind { CONTROL_METHOD, CONTROL_FIELD, CONTROL_JSON, CONTROL_TARGET, CONTROL_REPEAT, CONTROL_CONCURRENCY,
		    CONTROL_TIMEOUT, CONTROL_SEND, CONTROL_EDIT_JSON, CONTROL_SAVE };
struct control {
	enum control_kind kind;
	int index; /* of a field */
};

#define FORM_SPOTS 24

struct form {
	char *method;    /* NULL: to be chosen */
	char *text;      /* the signature, for people */
	char *doc;       /* what it does; NULL: not told */
	struct signature sig;
	struct form_field *fields;
	int count;
	bool json;       /* the arguments are edited as text */
	struct field editor;
	char *json_error;
	int target;
	struct field repeat, concurrency, timeout;
	char *number_error; /* of one of these three */
	int focus;       /* an index of controls */
	int top;         /* first row shown */
	int page;        /* rows of the JSON editor */
	int rows, height; /* what there is, and what was shown of it last */
	int fields_y;    /* the row of the first field, as drawn last */
	struct form_spot {
		int y, x, width; /* as drawn last, for the mouse */
		enum control_kind kind;
		int target;      /* of CONTROL_TARGET */
	} spots[FORM_SPOTS];
	int spot_count;
};

void form_init(struct form *f);
void form_free(struct form *f);
/* Empty fields for a method. Its server may have told nothing (m NULL): then one field takes all as JSON. */
af_code form_set_method(struct form *f, const char *name, const struct method *m, struct af_error *err) MUST_CHECK;
/* Fills in arguments, a checked JSON object: what has no field goes to the extra one, or else the form turns to JSON.
 * Masked secrets stay empty. */
void form_load(struct form *f, struct json_span args);
/* Appends the arguments as a JSON object. False: something is wrong, which its field now says; it has the focus. */
bool form_arguments(struct form *f, struct strbuf *out);
/* The same of what is right so far, and nothing is said. */
void form_peek(const struct form *f, struct strbuf *out);
/* repeat, concurrency, timeout in ms; false as before. */
bool form_numbers(struct form *f, int *repeat, int *concurrency, int64_t *timeout_ms);
void form_set_repeat(struct form *f, int repeat, int concurrency);
void form_set_numbers(struct form *f, int repeat, int concurrency, int64_t timeout_ms);
/* Turns between fields and JSON text; false: the text has to be put right first. */
bool form_toggle_json(struct form *f);
/* Values of earlier calls of this method, newest first. */
void form_set_earlier(struct form *f, const struct call_list *calls);
int form_errors(const struct form *f);

/* ---- keys ------------------------------------------------------------------------------------------ */

int form_controls(const struct form *f);
struct control form_control(const struct form *f, int i);
struct control form_focused(const struct form *f);
void form_focus(struct form *f, enum control_kind kind, int index);
/* The next or previous control; false: there is none, the focus leaves the form. What is left is checked. */
bool form_step(struct form *f, int step);
/* The input that has the focus; NULL: a button or the like. */
struct field *form_input(struct form *f);
/* Text keys. False: it means nothing here. */
bool form_key(struct form *f, keycode key);
void form_paste(struct form *f, const char *text, size_t len);
void form_clear_input(struct form *f);
/* A click or the wheel on a place of the form as it was drawn last. */
void form_click(struct form *f, int y, int x, int what);
/* To the next target. */
void form_turn_target(struct form *f, const struct environment *env, int step);

/* What form_draw() would need there: sets rows and height. */
void form_measure(struct form *f, const struct area *a, const struct environment *env, const char *message, bool focused);
/* The whole; `env` NULL: it vanished. `message` (may be NULL) stands where the fields would. */
void form_draw(struct form *f, const struct area *a, const struct keymap *keys, const struct environment *env,
	       const char *message, bool focused);

/* "afs call affine evaluate --arg task_id=17 --timeout 60", secrets as *** if `masked`. */
af_code call_command(const char *environment, const char *method, struct json_span args, int target, int64_t timeout_ms,
		     bool masked, struct strbuf *out, struct af_error *err) MUST_CHECK;

/* "   (20 times, 15 at a time)": afs has no command that repeats a call; once is what it says anyway. */
void call_add_times(struct strbuf *sb, int repeat, int concurrency);
/* Of what the form holds so far. */
void form_add_times(const struct form *f, struct strbuf *sb);

/* The same for what the form holds now, masked. */
af_code form_command(const struct form *f, const char *environment, struct strbuf *out, struct af_error *err) MUST_CHECK;

#endif
