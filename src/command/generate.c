#include "command/generate.h"

#include <string.h>

af_code generate(struct strbuf *out, const char *kind, struct af_error *err)
{
	static const struct {
		const char *kind;
		void (*write)(struct strbuf *out);
	} documents[] = {
		{ "man", generate_man },
		{ "bash", generate_bash },
		{ "zsh", generate_zsh },
		{ "fish", generate_fish },
	};

	for (size_t i = 0; i < ARRAY_LEN(documents); i++)
		if (strcmp(documents[i].kind, kind) == 0) {
			documents[i].write(out);
			return strbuf_check(out, err);
		}
	error_set(err, AF_ERR_USAGE, "there is nothing to generate that is called \"%s\"", kind);
	error_hint(err, "it is one of man, bash, zsh and fish");
	return AF_ERR_USAGE;
}

const char *generate_dynamic(enum word_kind kind)
{
	if (kind == WORD_IMAGE)
		return "image";
	if (kind == WORD_ENV)
		return "env";
	return kind == WORD_METHOD ? "method" : NULL;
}
