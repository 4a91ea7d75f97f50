/* env.json of an environment in mode url or process: what is taken can be written and read again, to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT), again = STRBUF_INIT(STRBUF_TEXT);
	AF_AUTO(registration) struct registration first = { 0 }, second = { 0 };
	AUTO_FREE char *input = malloc(size + 1);

	memcpy(input, data, size);
	input[size] = '\0';
	if (registration_parse("name", input, size, &first, NULL))
		return 0;
	if (first.replicas < 0 || first.replicas > 1000 || (first.url && first.url[strlen(first.url) - 1] == '/'))
		abort();
	registration_write(&first, &text);
	if (strbuf_check(&text, NULL) || registration_parse("name", text.data, text.len, &second, NULL))
		abort();
	registration_write(&second, &again);
	if (strbuf_check(&again, NULL) || strcmp(text.data, again.data) != 0)
		abort();
	return 0;
}
