/*
 * Commands: one row each, shared by afs (argv) and afs-tui (its command line).
 *
 * From the rows come dispatch, --help, the man page, completion for shells and
 * readline, and the forms of afs-tui. A command reads its parsed arguments, does
 * its work top to bottom on the calling thread, and talks to the user only
 * through `struct command_io`.
 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/strbuf.h"

/* What a word may be; decides the check when parsing and what completion offers. */
enum word_kind {
	WORD_TEXT,     /* anything */
	WORD_FLAG,     /* options only: takes no value */
	WORD_INT,      /* decimal, within [min, max] */
	WORD_SECONDS,  /* a duration: "90", "1.5s", "10m"; kept in ms */
	WORD_SIZE,     /* "512m", "2g"; kept in bytes */
	WORD_CHOICE,   /* one of `choices` */
	WORD_KEYVALUE, /* KEY=VALUE, KEY not empty */
	WORD_ENVVAR,   /* KEY=VALUE, or KEY: the value from the caller's environment */
	WORD_JSON,     /* JSON text */
	WORD_DECIMAL,  /* a positive number such as "1.5" */
	WORD_FILE,
	WORD_DIR,
	WORD_IMAGE,    /* completion: images of the engine */
	WORD_ENV,      /* completion: names of environments */
	WORD_METHOD,   /* completion: methods of the environment named before */
	WORD_HOST,     /* ssh://… or localhost */
	WORD_URL,
	WORD_TEMPLATE,
};

struct option_spec {
	const char *name;  /* long name without dashes */
	char short_name;   /* 0: none */
	enum word_kind kind;
	const char *value; /* how the value is called in help: "MEM" */
	const char *choices; /* WORD_CHOICE: "a|b|c" */
	const char *def;   /* default as text, shown in help; NULL: none */
	const char *help;  /* one line, no full stop */
	int64_t min, max;  /* WORD_INT; both 0: no bounds */
	bool repeat;       /* may be given several times; otherwise the last one wins */
	bool required;
	bool secret;       /* the value is masked wherever the command line is shown or kept */
};

struct operand_spec {
	const char *name; /* "IMAGE" */
	enum word_kind kind;
	const char *help;
	bool optional;
	bool repeat; /* the last one only: NAME… */
};

struct args;
struct command_io;
struct command_context;

struct command_spec {
	const char *name;
	const char *group;       /* heading in the list of commands; commands of a group stand together */
	const char *summary;     /* one line for the list of commands */
	const char *description; /* paragraphs for --help and the man page; NULL: none */
	const struct operand_spec *operands; /* ends with name == NULL */
	const struct option_spec *options;   /* ends with name == NULL */
	const char *const *examples;         /* ends with NULL; may be NULL */
	bool trailing_command; /* takes "-- CMD ARG…" */
	bool standalone;       /* works without the library's context: cx->af is NULL */
	af_code (*run)(struct command_context *cx, const struct args *args, struct af_error *err);
};

extern const struct command_spec *const command_table[]; /* ends with NULL */

const struct command_spec *command_find(const char *name);
/* The best guess for a mistyped name, NULL if nothing is near. */
const char *command_nearest(const char *name);

/* ---- parsed arguments -------------------------------------------------- */

/* Parses words (without the command's own name). USAGE errors name the option, quote the
 * offending word and hint at `afs COMMAND --help`. Options and operands may be mixed; "--" ends
 * options; "--opt=value", "--opt value", "-n value", "-nvalue", bundled short flags. */
af_code args_parse(const struct command_spec *spec, int count, const char *const *words, struct args **out,
		   struct af_error *err) MUST_CHECK;
void args_free(struct args *args);
static inline void args_cleanup(struct args **args)
{
	args_free(*args);
}

bool args_has(const struct args *args, const char *option);          /* given, or a flag that is set */
const char *args_text(const struct args *args, const char *option);  /* given value, else the default, else NULL */
int64_t args_number(const struct args *args, const char *option);    /* INT as is, SECONDS in ms, SIZE in bytes; 0 when absent */
double args_decimal(const struct args *args, const char *option);    /* DECIMAL; 0 when absent */
const struct strlist *args_all(const struct args *args, const char *option); /* of a repeated option; never NULL */
const char *args_operand(const struct args *args, const char *name); /* NULL when absent */
const struct strlist *args_rest(const struct args *args, const char *name);  /* of a repeated operand; never NULL */
const struct strlist *args_command(const struct args *args);         /* what stood behind "--"; never NULL */
/* USAGE when both options were given. */
af_code args_exclusive(const struct args *args, const char *one, const char *other, struct af_error *err) MUST_CHECK;
const struct command_spec *args_spec(const struct args *args); /* whose words these are */
bool args_help(const struct args *args); /* --help was among the words (nothing else is checked then) */

/* ---- talking to the user ------------------------------------------------ */

/* What a long step has done so far. total 0: unknown. */
struct command_progress {
	const char *label; /* "push calc:v1", "step 4/7 RUN pip install" */
	int64_t done, total;
	const char *unit; /* "B" for bytes, "" for counts */
};

/* afs writes to stdout/stderr, afs-tui into a job. Any thread of the command may call these. */
struct command_io {
	void *arg;
	bool color;       /* escape sequences may be used in `out` */
	bool interactive; /* stdout is a terminal: tables for people, live updates */
	bool quiet;
	bool live;        /* progress is a line that changes; where it is not, each new label becomes a line of its own */
	void (*out)(void *arg, const char *text, size_t len);   /* result: bytes as they are */
	void (*note)(void *arg, const char *line);              /* for people: one line, no newline */
	void (*log)(void *arg, const char *line);               /* detail of a long step, e.g. build output */
	void (*progress)(void *arg, const struct command_progress *p); /* NULL p: over */
	/* The caller's stdin for "-"; USAGE where there is none. */
	af_code (*read_input)(void *arg, struct strbuf *out, struct af_error *err);
	int (*width)(void *arg); /* columns of the terminal behind `out`; 0: none, nothing is to be cut */

	/* For a program that the command runs in the user's place (exec). */
	void (*out_err)(void *arg, const char *text, size_t len); /* its stderr: bytes as they are */
	int in_fd;     /* its stdin; -1: none */
	int tty_fd;    /* the terminal that is both stdin and stdout; -1: it is not */
	int resize_fd; /* an eventfd that tells when the size of tty_fd changed; -1: none */
};

struct af;
struct command_context {
	struct af *af; /* the library's context */
	struct command_io *io;
	struct cancel *cancel;
	int exit_status; /* of a program that the command ran (exec); afs ends with it after AF_OK */
};

void command_out(struct command_context *cx, const char *text, size_t len);
void command_outf(struct command_context *cx, const char *fmt, ...) PRINTF_LIKE(2, 3);
void command_note(struct command_context *cx, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* An error that does not end the command. */
void command_note_error(struct command_context *cx, const struct af_error *e);
/* The engine and the hosts that did not answer. */
struct env_list;
void command_note_troubles(struct command_context *cx, const struct env_list *list);

/* ---- what commands print ------------------------------------------------- */

/* A JSON value and a newline: indented on a terminal, else as it is. AF_OK unless memory runs out or
 * the writing of `json` failed before. */
af_code command_json(struct command_context *cx, const struct strbuf *json, struct af_error *err) MUST_CHECK;
struct columns;
/* A table, cut to the terminal's width where there is one. */
af_code command_columns(struct command_context *cx, struct columns *table, struct af_error *err) MUST_CHECK;
/* The value is untrusted text: it is made harmless where `out` is a terminal. */
void command_text(struct command_context *cx, const char *text, size_t len);

#endif
