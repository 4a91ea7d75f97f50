/* What completion has to ask for, asked in the background and kept for a while: images of the engine, values of earlier
 * calls, names in a directory. */
#ifndef UI_CANDIDATES_H
#define UI_CANDIDATES_H

#include "ui/app.h"

enum candidate_kind {
	CANDIDATES_IMAGES, /* "calc:v1" */
	CANDIDATES_VALUES, /* of a method's earlier calls, newest first, as words of a command: "model='a b'" */
	CANDIDATES_FILES,  /* in a directory as typed ("" is the working one): "env.py", "src/" */
};

/* NULL: not known yet; prompt_news() is told when it is. IMAGES needs neither name, VALUES environment and method, FILES
 * a directory. UI thread. */
const struct strlist *candidates(struct app *app, enum candidate_kind kind, const char *one, const char *other);
void candidates_forget_all(struct app *app);

#endif
