/* Asking the user for a secret, on the terminal itself. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "affinetes.h"

/* As af_options.ask_passphrase; `arg` is the struct terminal. */
bool ask_secret(void *arg, const char *question, struct af_cancel *cancel, char **answer);

#endif
