/* Asking `ssh -G`. See config.h. */
#include "ssh/config.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/path.h"
#include "base/process.h"

#define ASK_MS 10000

void ssh_config_free(struct ssh_config *config)
{
	free(config->hostname);
	free(config->user);
	free(config->alias);
	free(config->proxy_jump);
	free(config->proxy_command);
	free(config->agent);
	free(config->file);
	strlist_free(&config->identities);
	strlist_free(&config->known_hosts);
	memset(config, 0, sizeof(*config));
}

/* ---- the answer ------------------------------------------------------------------------------ */

struct reading {
	struct ssh_config *out;
	const char *home, *account_home;
};

/* "~/.ssh/id" → "/home/me/.ssh/id". malloc'd. */
static char *expand(const struct reading *r, const char *path, struct af_error *err)
{
	if (str_starts(path, "~/"))
		return path_join(r->home, path + 2, err);
	size_t len = r->account_home ? strlen(r->account_home) : 0;
	if (len && strcmp(r->account_home, r->home) != 0 && !strncmp(path, r->account_home, len) && path[len] == '/')
		return path_join(r->home, path + len + 1, err);
	return str_dup(path, err);
}

static af_code set_text(char **field, const char *value, struct af_error *err)
{
	char *copy = str_dup(value, err);

	if (!copy)
		return AF_ERR_NOMEM;
	free(*field);
	*field = copy;
	return AF_OK;
}

static af_code add_path(const struct reading *r, struct strlist *list, const char *path, struct af_error *err)
{
	char *full = expand(r, path, err);

	return full ? strlist_take(list, full, err) : AF_ERR_NOMEM;
}

/* Several files in one line; a name with a space in it stands in quotes. */
static af_code add_paths(const struct reading *r, const char *value, struct af_error *err)
{
	af_code rc = AF_OK;

	while (*value && rc == AF_OK) {
		bool quoted = *value == '"';
		size_t len = strcspn(value + quoted, quoted ? "\"" : " \t");
		AUTO_FREE char *path = str_ndup(value + quoted, len, err);
		if (!path)
			return AF_ERR_NOMEM;
		if (*path && strcmp(path, "none") != 0)
			rc = add_path(r, &r->out->known_hosts, path, err);
		value += quoted + len;
		value += strspn(value, quoted ? "\" \t" : " \t");
	}
	return rc;
}

static int number(const char *value, int max)
{
	int64_t n;

	return int_parse(value, 0, max, &n) ? (int) n : 0;
}

static bool is_none(const char *value)
{
	return !*value || !strcasecmp(value, "none");
}

static af_code take(const struct reading *r, const char *key, const char *value, struct af_error *err)
{
	struct ssh_config *c = r->out;

	if (!strcmp(key, "hostname"))
		return *value ? set_text(&c->hostname, value, err) : AF_OK;
	if (!strcmp(key, "user"))
		return *value ? set_text(&c->user, value, err) : AF_OK;
	if (!strcmp(key, "port"))
		c->port = number(value, 65535) ? number(value, 65535) : c->port;
	else if (!strcmp(key, "connecttimeout"))
		c->connect_timeout_s = number(value, 3600);
	else if (!strcmp(key, "serveraliveinterval"))
		c->alive_interval_s = number(value, 3600);
	else if (!strcmp(key, "serveralivecountmax"))
		c->alive_count = number(value, 1000);
	else if (!strcmp(key, "identitiesonly"))
		c->identities_only = !strcmp(value, "yes");
	else if (!strcmp(key, "identityfile") && !is_none(value))
		return add_path(r, &c->identities, value, err);
	else if (!strcmp(key, "userknownhostsfile") || !strcmp(key, "globalknownhostsfile"))
		return add_paths(r, value, err);
	else if (!strcmp(key, "hostkeyalias") && !is_none(value))
		return set_text(&c->alias, value, err);
	else if (!strcmp(key, "proxyjump") && !is_none(value))
		return set_text(&c->proxy_jump, value, err);
	else if (!strcmp(key, "proxycommand") && !is_none(value))
		return set_text(&c->proxy_command, value, err);
	else if (!strcmp(key, "identityagent") && strcmp(value, "SSH_AUTH_SOCK") != 0) {
		AUTO_FREE char *path = expand(r, value, err);
		return path ? set_text(&c->agent, path, err) : AF_ERR_NOMEM;
	}
	return AF_OK;
}

/* The user's files before the system's, in whatever order ssh names them: a line of the user's counts first. */
static af_code each_line(const struct reading *r, const char *text, bool global, struct af_error *err)
{
	af_code rc = AF_OK;

	for (const char *p = text; *p && rc == AF_OK;) {
		size_t len = strcspn(p, "\n"), key_len = MIN(strcspn(p, " \t\n"), len);
		AUTO_FREE char *key = str_ndup(p, key_len, err);
		const char *v = p + key_len;
		while (v < p + len && (*v == ' ' || *v == '\t'))
			v++;
		AUTO_FREE char *value = str_ndup(v, (size_t) (p + len - v), err);
		if (!key || !value)
			return AF_ERR_NOMEM;
		if (len && value[0] && value[strlen(value) - 1] == '\r')
			value[strlen(value) - 1] = '\0';
		if (!strcmp(key, "globalknownhostsfile") == global)
			rc = take(r, key, value, err);
		p += len + (p[len] == '\n');
	}
	return rc;
}

af_code ssh_config_parse(const char *text, const char *home, const char *account_home, struct ssh_config *out,
			 struct af_error *err)
{
	struct reading r = { out, home, account_home };
	af_code rc = each_line(&r, text, false, err);

	return rc ? rc : each_line(&r, text, true, err);
}

/* ---- the question ----------------------------------------------------------------------------- */

struct account {
	char name[256], home[1024];
};

static void look_up_account(struct account *a)
{
	struct passwd record, *found = NULL;
	char buf[4096];

	*a = (struct account){ 0 };
	if (getpwuid_r(getuid(), &record, buf, sizeof(buf), &found) || !found)
		return;
	snprintf(a->name, sizeof(a->name), "%s", found->pw_name);
	snprintf(a->home, sizeof(a->home), "%s", found->pw_dir);
}

/* Without ssh: what it would say to an empty configuration. */
static af_code defaults(const struct reading *r, struct af_error *err)
{
	static const char *const keys[] = { "~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa" };
	af_code rc = AF_OK;

	for (size_t i = 0; i < ARRAY_LEN(keys) && rc == AF_OK; i++)
		rc = add_path(r, &r->out->identities, keys[i], err);
	if (rc == AF_OK)
		rc = add_path(r, &r->out->known_hosts, "~/.ssh/known_hosts", err);
	return rc ? rc : add_path(r, &r->out->known_hosts, "/etc/ssh/ssh_known_hosts", err);
}

/* ssh looks into the account's home whatever HOME says; everything else here follows HOME. */
static af_code config_file(const struct reading *r, char **out, struct af_error *err)
{
	if (!strcmp(r->home, r->account_home))
		return AF_OK;
	AUTO_FREE char *path = path_join(r->home, ".ssh/config", err);
	if (!path)
		return AF_ERR_NOMEM;
	if (path_exists(path))
		*out = af_steal(path);
	else
		*out = str_dup("none", err);
	return *out ? AF_OK : AF_ERR_NOMEM;
}

static af_code ask_ssh(const struct reading *r, const struct ssh_url *url, struct cancel *cancel, struct af_error *err)
{
	AF_AUTO(process_result) struct process_result result;
	char port[16];
	const char *argv[12] = { "ssh", "-G" };
	size_t n = 2;

	if (r->out->file) {
		argv[n++] = "-F";
		argv[n++] = r->out->file;
	}
	if (url->user) {
		argv[n++] = "-l";
		argv[n++] = url->user;
	}
	if (url->port) {
		snprintf(port, sizeof(port), "%d", url->port);
		argv[n++] = "-p";
		argv[n++] = port;
	}
	argv[n++] = "--";
	argv[n++] = url->host;
	struct process_spec spec = { .argv = argv, .timeout_ms = ASK_MS, .cancel = cancel };
	af_code rc = process_run(&spec, &result, err);
	if (rc)
		return rc;
	if (result.status) {
		AUTO_FREE char *why = process_last_line(&result.err, NULL);
		error_set(err, AF_ERR_FAILED, "`ssh -G %s`: %s", url->host, str_blank(why) ? "it failed" : why);
		error_hint(err, "mend ~/.ssh/config");
		return AF_ERR_FAILED;
	}
	return ssh_config_parse(result.out.data, r->home, r->account_home, r->out, err);
}

af_code ssh_config_load(const struct ssh_url *url, struct cancel *cancel, struct ssh_config *out, struct af_error *err)
{
	struct account account;
	struct af_error why = AF_ERROR_INIT;
	const char *home = getenv("HOME");

	*out = (struct ssh_config){ .port = url->port ? url->port : 22, .alive_count = 3 };
	look_up_account(&account);
	struct reading r = { out, str_blank(home) ? account.home : home, account.home };
	af_code rc = set_text(&out->hostname, url->host, err);
	if (!rc)
		rc = set_text(&out->user, url->user ? url->user : account.name, err);
	if (!rc)
		rc = config_file(&r, &out->file, err);
	if (rc)
		return rc;
	rc = ask_ssh(&r, url, cancel, &why);
	if (rc == AF_ERR_NOT_FOUND) {
		af_error_clear(&why);
		return defaults(&r, err);
	}
	error_move(rc ? err : NULL, &why);
	return rc;
}
