/* The injected server outside of an image. */
#ifndef IMAGE_SERVER_FILES_H
#define IMAGE_SERVER_FILES_H

#include "base/error.h"

/* Writes it to DIR/_affinetes; started as `python3 DIR/_affinetes/server.py`. */
af_code server_files_write(const char *dir, struct af_error *err) MUST_CHECK;

#endif
