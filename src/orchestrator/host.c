/* Hosts. See host.h. */
#include "orchestrator/host.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/path.h"
#include "base/settings.h"

#define FILE_LARGEST (1024u * 1024)

/* ---- one host ------------------------------------------------------------------------------------------ */

static bool is_local(const char *text)
{
	return !strcmp(text, "localhost") || !strcmp(text, "local");
}

af_code host_check(const char *text, struct af_error *err)
{
	AF_AUTO(ssh_url) struct ssh_url url = { 0 };

	return is_local(text) ? AF_OK : ssh_url_parse(text, &url, err);
}

/* With af->lock held. */
static struct af_host *add_host(struct af *af, const char *name, struct ssh_host *ssh, struct af_error *err)
{
	struct af_host *h = calloc(1, sizeof(*h)), **end = &af->hosts;

	if (!h || !(h->name = str_dup(name, err))) {
		free(h);
		error_nomem(err);
		return NULL;
	}
	h->af = af;
	h->ssh = ssh;
	while (*end)
		end = &(*end)->next;
	*end = h;
	return h;
}

/* With af->lock held: this machine is the first of the list. */
static struct af_host *local(struct af *af, struct af_error *err)
{
	return af->hosts ? af->hosts : add_host(af, "local", NULL, err);
}

struct af_host *host_local(struct af *af)
{
	pthread_mutex_lock(&af->lock);
	struct af_host *h = local(af, NULL);
	pthread_mutex_unlock(&af->lock);
	return h;
}

static bool ask(void *arg, const char *question, struct cancel *cancel, char **answer)
{
	const struct af *af = arg;

	/* A public token is an internal one by another name. */
	return af->ask(af->ask_arg, question, (struct af_cancel *) cancel, answer);
}

static af_code remote(struct af *af, const char *text, struct af_host **out, struct af_error *err)
{
	struct ssh_options options = { .ask = af->ask ? ask : NULL, .arg = af };
	struct ssh_host *ssh;

	if (!af->ssh && !(af->ssh = ssh_new(&options, err)))
		return AF_ERR_FAILED;
	af_code rc = ssh_host(af->ssh, text, &ssh, err);
	if (rc)
		return rc;
	for (struct af_host *h = af->hosts; h; h = h->next)
		if (h->ssh == ssh) {
			*out = h;
			return AF_OK;
		}
	*out = add_host(af, ssh_host_name(ssh), ssh, err);
	return *out ? AF_OK : AF_ERR_NOMEM;
}

af_code host_get(struct af *af, const char *text, struct af_host **out, struct af_error *err)
{
	af_code rc = host_check(text, err);

	if (rc)
		return rc;
	pthread_mutex_lock(&af->lock);
	*out = local(af, err);
	rc = !*out ? AF_ERR_NOMEM : is_local(text) ? AF_OK : remote(af, text, out, err);
	pthread_mutex_unlock(&af->lock);
	return rc;
}

/* ---- its engine ------------------------------------------------------------------------------------------ */

static af_code reach(void *arg, struct cancel *cancel, struct af_error *err)
{
	return ssh_connect(((struct af_host *) arg)->ssh, cancel, err);
}

static char *refusal(void *arg)
{
	struct af_host *h = arg;
	const char *path;

	return ssh_engine_path(h->ssh, &path, NULL) ? NULL : ssh_refusal(h->ssh, path);
}

static af_code make_engine(struct af_host *h, struct af_error *err)
{
	struct docker_way way = { .arg = h, .reach = reach, .refusal = refusal };
	const char *path;

	if (!h->ssh)
		return docker_new(h->af->http, h->af->engine_host, &h->engine, err);
	af_code rc = ssh_engine_path(h->ssh, &path, err);
	return rc ? rc : docker_new_via(h->af->http, ssh_host_url(h->ssh), path, &way, &h->engine, err);
}

af_code host_engine(struct af_host *h, struct cancel *cancel, struct docker **out, struct af_error *err)
{
	af_code rc = AF_OK;

	pthread_mutex_lock(&h->af->lock);
	if (!h->engine)
		rc = make_engine(h, err);
	*out = h->engine;
	pthread_mutex_unlock(&h->af->lock);
	return rc ? rc : docker_connect(*out, cancel, err);
}

void hosts_free(struct af *af)
{
	while (af->hosts) {
		struct af_host *h = af->hosts;
		af->hosts = h->next;
		docker_free(h->engine);
		free(h->name);
		free(h);
	}
	ssh_free(af_steal(af->ssh));
}

/* ---- those that are known ---------------------------------------------------------------------------------- */

static char *file_of(enum path_home home, const char *name)
{
	AUTO_FREE char *dir = path_home(home, NULL);

	return dir ? path_join(dir, name, NULL) : NULL;
}

/* The "host" lines of the config file. */
static void read_config(struct strlist *out)
{
	AUTO_FREE char *path = file_of(HOME_CONFIG, "config");
	AUTO_STRBUF text = STRBUF_INIT(FILE_LARGEST);
	AF_AUTO(setting) struct setting s = { 0 };

	if (!path || file_read(path, &text, NULL))
		return;
	s.next = text.data;
	while (setting_next(&s))
		if (s.name && !strcmp(s.name, "host") && !strlist_has(out, s.value) && strlist_add(out, s.value, NULL))
			return;
}

void host_config_check(struct strlist *wrong)
{
	AUTO_STRLIST config = { 0 };

	read_config(&config);
	for (size_t i = 0; i < config.count; i++) {
		struct af_error why = AF_ERROR_INIT;
		if (host_check(config.items[i], &why) && why.message && strlist_add(wrong, why.message, NULL))
			break;
		af_error_clear(&why);
	}
}

/* One address a line. */
static void read_remembered(struct strlist *out)
{
	AUTO_FREE char *path = file_of(HOME_STATE, "hosts");
	AUTO_STRBUF text = STRBUF_INIT(FILE_LARGEST);

	if (!path || file_read(path, &text, NULL))
		return;
	for (char *p = text.data, *end; *p; p = end) {
		end = p + strcspn(p, "\n");
		if (*end)
			*end++ = '\0';
		if (*p && !strlist_has(out, p) && strlist_add(out, p, NULL))
			return;
	}
}

af_code host_list(struct af *af, struct af_host ***out, size_t *count, struct af_error *err)
{
	AUTO_STRLIST config = { 0 }, used = { 0 };
	struct af_host *h;
	size_t n = 0;

	read_config(&config);
	read_remembered(&used);
	for (size_t i = 0; i < config.count + used.count; i++) {
		bool configured = i < config.count;
		const char *text = configured ? config.items[i] : used.items[i - config.count];
		if (host_get(af, text, &h, NULL))
			continue;
		pthread_mutex_lock(&af->lock);
		h->remembered = !configured && !strlist_has(&config, text);
		pthread_mutex_unlock(&af->lock);
	}
	pthread_mutex_lock(&af->lock);
	local(af, NULL);
	for (h = af->hosts; h; h = h->next)
		n++;
	*out = calloc(n + 1, sizeof(struct af_host *));
	*count = 0;
	for (h = af->hosts; h && *out; h = h->next)
		(*out)[(*count)++] = h;
	pthread_mutex_unlock(&af->lock);
	return *out && n ? AF_OK : error_nomem(err);
}

/* Rewrites the list; one process at a time. */
static af_code change_list(const char *add, const char *drop, struct af_error *err)
{
	AUTO_FREE char *dir = path_home(HOME_STATE, err);
	AUTO_FREE char *path = dir ? path_join(dir, "hosts", err) : NULL;
	AUTO_FREE char *lock = dir ? path_join(dir, "hosts.lock", err) : NULL;
	AUTO_STRLIST list = { 0 };
	AUTO_STRBUF text = STRBUF_INIT(FILE_LARGEST);
	af_code rc = path && lock ? path_mkdirs(dir, 0700, err) : AF_ERR_IO;

	if (rc)
		return rc;
	AUTO_CLOSE int fd = open(lock, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	read_remembered(&list);
	if (add ? strlist_has(&list, add) : !strlist_has(&list, drop))
		return AF_OK;
	for (size_t i = 0; i < list.count; i++)
		if (!drop || strcmp(list.items[i], drop) != 0)
			strbuf_addf(&text, "%s\n", list.items[i]);
	if (add)
		strbuf_addf(&text, "%s\n", add);
	rc = strbuf_check(&text, err);
	return rc ? rc : file_write(path, text.data, text.len, 0600, err);
}

af_code host_remember(struct af_host *h, struct af_error *err)
{
	AUTO_STRLIST config = { 0 };

	if (!h->ssh)
		return AF_OK;
	read_config(&config);
	if (strlist_has(&config, ssh_host_url(h->ssh)))
		return AF_OK;
	return change_list(ssh_host_url(h->ssh), NULL, err);
}

void host_forget(struct af_host *h)
{
	/* It is asked again the next time, no more. */
	if (h->ssh && change_list(NULL, ssh_host_url(h->ssh), NULL))
		return;
}
