/* Compiler attributes and scope-end cleanup. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#include <stdlib.h>
#include <unistd.h>

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_CHECK __attribute__((warn_unused_result))
#define UNUSED __attribute__((unused))

/* AF_AUTO(strbuf) struct strbuf sb = …; runs strbuf_cleanup(&sb) at scope end.
 * A type offers itself by defining `static inline void TYPE_cleanup(T *p)`. */
#define AF_AUTO(type) __attribute__((cleanup(type##_cleanup)))

static inline void free_cleanup(void *p)
{
	free(*(void **) p);
}

static inline void fd_cleanup(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* AUTO_FREE char *s = …;   AUTO_CLOSE int fd = -1; */
#define AUTO_FREE AF_AUTO(free)
#define AUTO_CLOSE AF_AUTO(fd)

/* Hands ownership on: returns the pointer and leaves NULL behind. */
#define af_steal(ptr)                     \
	({                                \
		__typeof__(ptr) p_ = (ptr); \
		(ptr) = NULL;             \
		p_;                       \
	})

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* The struct that holds this member. */
#define container_of(ptr, type, member) ((type *) ((char *) (ptr) - offsetof(type, member)))

#endif
