/* Dockerfiles: the parser that looks for base images. */
#include <stdint.h>

#include "image/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const args[] = { "BASE_IMAGE=x:1", "V=", NULL };
	struct dockerfile_options opt = { .buildargs = args, .platform = "linux/amd64" };
	struct dockerfile df;
	struct af_error err = AF_ERROR_INIT;
	af_code rc = dockerfile_parse((const char *) data, size, &opt, &df, &err);

	/* A failure says why, a success says nothing. */
	if ((rc == AF_OK) != (err.code == AF_OK))
		__builtin_trap();
	for (size_t i = 0; i < df.images.count; i++)
		if (!*df.images.items[i])
			__builtin_trap();
	dockerfile_free(&df);
	af_error_clear(&err);
	return 0;
}
