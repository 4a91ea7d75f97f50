/*
 * Secrets in the arguments of calls.
 *
 * A name looks secret when one of its words is: key, apikey, token, secret, password, passwd, passphrase,
 * authorization, credential(s). Words are set apart by anything that is no letter or digit, or by a capital letter:
 * api_key, accessToken, X-Api-Key; but neither max_tokens nor keyboard.
 */
#ifndef STORE_MASK_H
#define STORE_MASK_H

#include <stdbool.h>

#include "base/json.h"
#include "base/strbuf.h"

#define MASKED "***"

bool name_is_secret(const char *name, size_t len);
/* Appends the checked JSON value on one line, with "***" for what stands under secret names, at any depth. The
 * strings that were masked go to `secrets` (may be NULL), as they stood: without quotes, escapes as they are. */
af_code args_mask(struct json_span args, struct strbuf *out, struct strlist *secrets, struct af_error *err) MUST_CHECK;
/* Appends text with every occurrence of a secret replaced; those shorter than 4 bytes are left alone. */
void secrets_replace(const struct strlist *secrets, const char *text, size_t len, struct strbuf *out);

#endif
