/* Any bytes as an OpenAPI document: methods with names and signatures, or an error, and in bounded time. */
#include <stdint.h>
#include <string.h>

#include "executor/executor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct method_list list = { 0 };
	struct af_error err = AF_ERROR_INIT;
	af_code rc = openapi_parse((const char *) data, size, &list, &err);

	if ((rc == AF_OK) != (err.message == NULL) || (rc && list.count))
		abort();
	for (size_t i = 0; i < list.count; i++) {
		const struct method *m = &list.items[i];
		size_t len = strlen(m->signature);
		if (!*m->name || m->signature[0] != '(' || m->signature[len - 1] != ')' || strcmp(m->source, "openapi"))
			abort();
	}
	method_list_free(&list);
	af_error_clear(&err);
	return 0;
}
