/* See name_lock.h. */
#include "orchestrator/name_lock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

/* A holder keeps it for tenths of a second. */
#define LOOK_MS 10

/* Without taking the file away: it is another's. */
static void let_go(struct name_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
	free(af_steal(lock->path));
}

/* False: somebody has it, or (then it is closed) had it and took the file away. */
static bool try_lock(struct name_lock *lock)
{
	struct stat st;

	if (flock(lock->fd, LOCK_EX | LOCK_NB) < 0)
		return false;
	if (fstat(lock->fd, &st) == 0 && st.st_nlink > 0)
		return true;
	close(lock->fd);
	lock->fd = -1;
	return false;
}

af_code name_lock_take(struct name_lock *lock, const char *name, struct cancel *cancel, struct af_error *err)
{
	AUTO_FREE char *dir = path_home(HOME_RUNTIME, NULL);
	AUTO_FREE char *file = str_format(NULL, "%s.lock", name);

	lock->path = dir && file ? path_join(dir, file, NULL) : NULL;
	if (!lock->path || path_mkdirs(dir, 0700, NULL))
		return AF_OK;
	for (;;) {
		if (lock->fd < 0)
			lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (lock->fd < 0 || try_lock(lock))
			return AF_OK;
		af_code rc = cancel_check(cancel, err);
		if (rc) {
			let_go(lock);
			return rc;
		}
		if (lock->fd >= 0)
			cancel_sleep(cancel, LOOK_MS);
	}
}

void name_lock_drop(struct name_lock *lock)
{
	if (lock->fd >= 0)
		unlink(lock->path);
	let_go(lock);
}
