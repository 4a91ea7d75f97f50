/* See name_lock.h. */
#include "orchestrator/name_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/path.h"

/* A holder keeps it for tenths of a second. */
#define LOOK_MS 10

af_code name_lock_take(struct name_lock *lock, const char *name, struct cancel *cancel, struct af_error *err)
{
	AUTO_FREE char *dir = path_home(HOME_RUNTIME, NULL);
	AUTO_FREE char *file = str_format(NULL, "%s.lock", name);
	AUTO_FREE char *path = dir && file ? path_join(dir, file, NULL) : NULL;
	af_code rc = AF_OK;

	if (!path || path_mkdirs(dir, 0700, NULL))
		return AF_OK;
	lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	while (lock->fd >= 0 && flock(lock->fd, LOCK_EX | LOCK_NB) < 0 && !(rc = cancel_check(cancel, err)))
		cancel_sleep(cancel, LOOK_MS);
	if (rc)
		name_lock_drop(lock);
	return rc;
}

void name_lock_drop(struct name_lock *lock)
{
	int fd = lock->fd;

	lock->fd = -1;
	if (fd >= 0)
		close(fd);
}
