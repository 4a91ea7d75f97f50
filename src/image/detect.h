/* What an environment directory holds. */
#ifndef IMAGE_DETECT_H
#define IMAGE_DETECT_H

#include <stddef.h>

#include "base/error.h"
#include "image/build.h"

/*
 * An env.py with a FastAPI application of its own is http_based: its code, without comments and
 * strings, has the name FastAPI and assigns to something whose name ends in "app" ("app = …",
 * "app=…", "app: FastAPI = …"). Everything else is function_based. Other clients search the
 * plain text for "FastAPI" and "app =" or "app="; leaving comments and strings out differs
 * from that only where the text merely talks about such an application.
 */
enum env_type detect_type(const char *text, size_t len);

/* Checks that the directory has env.py and Dockerfile, and tells its type. NOT_FOUND names what is missing. */
af_code detect_environment(const char *dir, enum env_type *type, struct af_error *err) MUST_CHECK;

#endif
