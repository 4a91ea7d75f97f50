/* The files under src/templates, embedded into the binary at build time by base/embed.sh. */
#ifndef TEMPLATES_TEMPLATES_H
#define TEMPLATES_TEMPLATES_H

#include <stddef.h>

struct template_file {
	const char *path;          /* relative to src/templates, with '/' */
	const unsigned char *data; /* size bytes, then a NUL that size does not count */
	size_t size;
};

/* In the order of template_files in Makefile.am. */
extern const struct template_file template_files[];
extern const size_t template_file_count;

#endif
