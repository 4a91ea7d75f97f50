/* .dockerignore: the first line is a path, the rest are the patterns it is matched with. */
#include <stdint.h>
#include <string.h>

#include "base/strbuf.h"
#include "image/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	const char *stop = size ? memchr(text, '\n', size) : NULL;
	size_t len = stop ? (size_t) (stop - text) : 0;
	AUTO_FREE char *path = str_ndup(text, len, NULL);
	AF_AUTO(ignore) struct ignore *ig = NULL;

	if (!path || ignore_parse(text + len, size - len, &ig, NULL) != AF_OK)
		return 0;
	/* A directory that is left out whole takes all that is in it along. */
	if (ignore_excludes(ig, path) && !ignore_may_keep_below(ig, path)) {
		AUTO_FREE char *below = str_format(NULL, "%s/x", path);

		if (below && *path && !ignore_excludes(ig, below))
			__builtin_trap();
	}
	return 0;
}
