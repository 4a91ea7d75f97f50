/* What was typed into forms and not sent: a form that is left, for another method or altogether, is as it was when one
 * comes back to it. Of this session alone, in memory: secrets are among it. */
#ifndef UI_FORM_DRAFT_H
#define UI_FORM_DRAFT_H

#include "ui/app.h"
#include "ui/form.h"

/* Takes down the form's method and texts. */
void draft_keep(struct app *app, const char *environment, const struct form *f);
/* Fills them into a form of the same method; what has no field any more is left out. */
void draft_recall(struct app *app, const char *environment, struct form *f);
/* The method that was left last; NULL: none. */
const char *draft_method(const struct app *app, const char *environment);
void drafts_forget_all(struct app *app);

#endif
