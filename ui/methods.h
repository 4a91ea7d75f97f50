/* Methods of environments, fetched in the background once and kept until the environment changes. */
#ifndef UI_METHODS_H
#define UI_METHODS_H

#include "executor/executor.h"
#include "ui/app.h"

/* NULL: not known (yet); a fetch is under way, or failed a moment ago. UI thread. */
const struct method_list *methods_of(struct app *app, const char *environment);
/* Why they are not known; NULL: they are, or are being fetched. */
const char *methods_error(struct app *app, const char *environment);
void methods_forget_all(struct app *app);

/* Names of a signature's parameters: "(task_id: int, seed: int = 0, **kwargs)" → task_id, seed. */
void signature_names(const char *signature, struct strlist *names);

#endif
