/* Kinds of environments. See envtype.h. */
#include "base/envtype.h"

#include <string.h>

const char *env_type_name(enum env_type type)
{
	return type == ENV_HTTP_BASED ? "http_based" : "function_based";
}

enum env_type env_type_of(const char *label)
{
	return label && !strcmp(label, "http_based") ? ENV_HTTP_BASED : ENV_FUNCTION_BASED;
}
