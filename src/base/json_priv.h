/* Shared by json.c and json_text.c only. */
#ifndef BASE_JSON_PRIV_H
#define BASE_JSON_PRIV_H

/* The value of four hex digits at p, -1 if they are none. */
int json_hex4(const char *p, const char *end);

#endif
