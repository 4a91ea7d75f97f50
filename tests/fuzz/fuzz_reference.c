/* What users write: image references and addresses of engines. What is taken comes apart without rest. */
#include <stdlib.h>
#include <string.h>

#include "docker/docker.h"
#include "docker/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_reference(const char *text)
{
	AUTO_FREE char *registry = NULL, *path = NULL, *tag = NULL;
	AUTO_FREE char *whole = NULL;

	if (docker_reference_parse(text, &registry, &path, &tag, NULL) != AF_OK)
		return;
	if (strlen(registry) + strlen(path) > 300 || strpbrk(path, ":@? \n") || strpbrk(tag, "/@? \n"))
		abort();
	/* Put together again it is a reference to the same. */
	whole = str_format(NULL, "%s/%s%s%s", registry, path, strchr(tag, ':') ? "@" : ":", tag);
	if (strlen(registry) + strlen(path) <= 255 && docker_reference_parse(whole, NULL, NULL, NULL, NULL) != AF_OK)
		abort();
}

static void check_endpoint(const char *text)
{
	struct engine_endpoint ep = { 0 };

	if (endpoint_resolve(text, &ep, NULL) == AF_OK && *text && (!ep.base || !ep.host))
		abort();
	endpoint_free(&ep);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = str_ndup((const char *) data, strnlen((const char *) data, size), NULL);

	if (!text)
		return 0;
	check_reference(text);
	if (*text)
		check_endpoint(text);
	return 0;
}
