/* All hosts of a program. See ssh.h. */
#include "ssh/ssh.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/path.h"
#include "ssh/tunnel.h"

/* "/DIR/ssh-XXXXXX/1234567890" must fit in a socket's address. */
#define DIR_LONGEST 80
#define DIR_PREFIX "ssh-"
#define YOUNG_S 60

/* ---- the directory -------------------------------------------------------------------------------------- */

/* Of a program that was killed: nobody holds its lock any more. */
static void sweep_one(const char *dir, const char *name)
{
	AUTO_FREE char *path = path_join(dir, name, NULL);
	AUTO_FREE char *lock = path ? path_join(path, "lock", NULL) : NULL;
	struct stat st;

	if (!lock || lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != getuid() ||
	    time(NULL) - st.st_mtime < YOUNG_S)
		return;
	AUTO_CLOSE int fd = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
		return;
	if (path_remove_tree(path, NULL))
		return;
}

static void sweep(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (str_starts(entry->d_name, DIR_PREFIX))
			sweep_one(dir, entry->d_name);
	if (d)
		closedir(d);
}

static af_code make_dir(struct ssh *ssh, struct af_error *err)
{
	AUTO_FREE char *home = path_home(HOME_RUNTIME, err);
	af_code rc = home ? AF_OK : AF_ERR_IO;

	if (!rc && strlen(home) > DIR_LONGEST) {
		free(home);
		home = str_dup("/tmp", err);
		rc = home ? AF_OK : AF_ERR_NOMEM;
	} else if (!rc) {
		rc = path_mkdirs(home, 0700, err);
		sweep(home);
	}
	if (rc)
		return rc;
	ssh->dir = str_format(err, "%s/%sXXXXXX", home, DIR_PREFIX);
	if (!ssh->dir)
		return AF_ERR_NOMEM;
	if (!mkdtemp(ssh->dir)) { /* 0700 */
		rc = error_errno(err, AF_ERR_IO, errno, "make directory %s", ssh->dir);
		free(af_steal(ssh->dir));
		return rc;
	}
	AUTO_FREE char *lock = path_join(ssh->dir, "lock", err);
	ssh->dir_lock = lock ? open(lock, O_RDONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (ssh->dir_lock < 0 || flock(ssh->dir_lock, LOCK_EX | LOCK_NB) < 0)
		return error_errno(err, AF_ERR_IO, errno, "lock %s", ssh->dir);
	return AF_OK;
}

/* ---- life ------------------------------------------------------------------------------------------------ */

struct ssh *ssh_new(const struct ssh_options *options, struct af_error *err)
{
	struct ssh *ssh = calloc(1, sizeof(*ssh));

	if (!ssh) {
		error_nomem(err);
		return NULL;
	}
	pthread_mutex_init(&ssh->lock, NULL);
	ssh->dir_lock = -1;
	ssh->vault = vault_new(options, err);
	if (ssh->vault && make_dir(ssh, err) == AF_OK && (ssh->loop = loop_new(err)))
		return ssh;
	ssh_free(ssh);
	return NULL;
}

static void let_go_of_dial(struct ssh_host *h)
{
	pthread_mutex_lock(&h->lock);
	struct dial *dial = af_steal(h->dial);
	pthread_mutex_unlock(&h->lock);
	dial_release(dial);
}

struct closing {
	struct loop_task task;
	struct ssh *ssh;
};

static void close_hosts(struct loop_task *task)
{
	struct closing *c = container_of(task, struct closing, task);

	for (struct ssh_host *h = c->ssh->hosts; h; h = h->next)
		host_close(h);
}

void ssh_free(struct ssh *ssh)
{
	struct closing closing = { .task.run = close_hosts, .ssh = ssh };

	if (!ssh)
		return;
	ssh->closing = true;
	for (struct ssh_host *h = ssh->hosts; h; h = h->next)
		let_go_of_dial(h);
	if (ssh->loop) {
		loop_post(ssh->loop, &closing.task);
		loop_free(ssh->loop);
	}
	while (ssh->hosts) {
		struct ssh_host *h = ssh->hosts;
		ssh->hosts = h->next;
		host_free(h);
	}
	if (ssh->dir && path_remove_tree(ssh->dir, NULL) == AF_OK)
		free(af_steal(ssh->dir));
	free(ssh->dir);
	if (ssh->dir_lock >= 0)
		close(ssh->dir_lock);
	vault_unref(ssh->vault);
	pthread_mutex_destroy(&ssh->lock);
	free(ssh);
}

/* ---- hosts ------------------------------------------------------------------------------------------------- */

af_code ssh_host(struct ssh *ssh, const char *url, struct ssh_host **out, struct af_error *err)
{
	AF_AUTO(ssh_url) struct ssh_url parsed = { 0 };
	af_code rc = ssh_url_parse(url, &parsed, err);
	struct ssh_host *h;

	if (rc)
		return rc;
	pthread_mutex_lock(&ssh->lock);
	for (h = ssh->hosts; h && strcmp(h->text, url) != 0; h = h->next)
		;
	if (!h && (h = host_new(ssh, url, &parsed, err))) {
		h->next = ssh->hosts;
		ssh->hosts = h;
	}
	pthread_mutex_unlock(&ssh->lock);
	*out = h;
	return h ? AF_OK : AF_ERR_NOMEM;
}

const char *ssh_host_url(const struct ssh_host *host)
{
	return host->text;
}

const char *ssh_host_name(const struct ssh_host *host)
{
	return host->url.name;
}

static af_code path_of(struct ssh_host *h, const char *ip, int port, const char **path, struct af_error *err)
{
	struct listener *l;

	pthread_mutex_lock(&h->lock);
	for (l = h->listeners; l; l = l->next)
		if (ip ? l->ip && !strcmp(l->ip, ip) && l->port == port : !l->ip)
			break;
	if (!l)
		l = listener_new(h, ip, port, err);
	pthread_mutex_unlock(&h->lock);
	if (!l)
		return AF_ERR_IO;
	*path = l->path;
	return AF_OK;
}

af_code ssh_engine_path(struct ssh_host *host, const char **path, struct af_error *err)
{
	return path_of(host, NULL, 0, path, err);
}

af_code ssh_address_path(struct ssh_host *host, const char *ip, int port, const char **path, struct af_error *err)
{
	return path_of(host, ip, port, path, err);
}

char *ssh_refusal(struct ssh_host *host, const char *path)
{
	char *why = NULL;

	pthread_mutex_lock(&host->lock);
	for (struct listener *l = host->listeners; l; l = l->next)
		if (!strcmp(l->path, path) && l->refusal)
			why = strdup(l->refusal);
	pthread_mutex_unlock(&host->lock);
	return why;
}
