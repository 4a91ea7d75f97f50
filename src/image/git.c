#include "image/git.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/path.h"
#include "base/process.h"
#include "base/strbuf.h"

struct fetcher {
	const struct git_source *source;
	const struct docker_progress *progress;
	struct cancel *cancel;
	char *work;         /* the working tree */
	char *secret;       /* "user:password@" of the URL, never to be shown; NULL: none */
	char *shown;        /* the URL without it */
	struct strbuf meter; /* git's progress line as far as it has come */
};

/* ---- what may be shown --------------------------------------------------------------- */

static af_code find_secret(struct fetcher *f, struct af_error *err)
{
	const char *url = f->source->url;
	const char *host = str_starts(url, "http") ? strstr(url, "://") : NULL;
	/* The last '@' before the path, since a password may hold one. */
	const char *at = host ? memrchr(host + 3, '@', strcspn(host + 3, "/")) : NULL;

	if (!at) {
		f->shown = str_dup(url, err);
		return f->shown ? AF_OK : AF_ERR_NOMEM;
	}
	f->shown = str_format(err, "%.*s***%s", (int) (host + 3 - url), url, at);
	f->secret = f->shown ? str_ndup(host + 3, (size_t) (at + 1 - host - 3), err) : NULL;
	return f->secret ? AF_OK : AF_ERR_NOMEM;
}

static void add_redacted(const struct fetcher *f, struct strbuf *out, const char *s, size_t len)
{
	size_t secret = f->secret ? strlen(f->secret) : 0;

	while (len > 0) {
		const char *at = secret ? memmem(s, len, f->secret, secret) : NULL;
		size_t before = at ? (size_t) (at - s) : len;

		strbuf_add(out, s, before);
		if (!at)
			return;
		strbuf_adds(out, "***@");
		s += before + secret;
		len -= before + secret;
	}
}

/* ---- running git ----------------------------------------------------------------------- */

/* "Receiving objects:  45% (9/20), 1.2 MiB": label, done, total. */
static void show_meter(struct fetcher *f)
{
	const char *line = f->meter.data;
	const char *open = strchr(line, '(');
	const char *slash = open ? strchr(open, '/') : NULL;
	size_t label = strcspn(line, ":");
	AUTO_FREE char *name = NULL, *done = NULL, *total = NULL;
	int64_t a, b;

	if (!slash || !f->progress || !f->progress->amount)
		return;
	if (str_starts(line, "remote: ")) {
		line += strlen("remote: ");
		label = strcspn(line, ":");
	}
	name = str_ndup(line, label, NULL);
	done = str_ndup(open + 1, (size_t) (slash - open - 1), NULL);
	total = str_ndup(slash + 1, strcspn(slash + 1, ")"), NULL);
	if (name && done && total && int_parse(done, 0, INT64_MAX, &a) && int_parse(total, 0, INT64_MAX, &b))
		f->progress->amount(f->progress->arg, name, a, b, false);
}

static void on_output(void *arg, int fd, const char *data, size_t len)
{
	struct fetcher *f = arg;

	for (size_t i = 0; fd == STDERR_FILENO && i < len; i++) {
		if (data[i] != '\r' && data[i] != '\n') {
			strbuf_addc(&f->meter, data[i]);
			continue;
		}
		show_meter(f);
		strbuf_reset(&f->meter);
	}
}

/* Where git's messages say why: the first "fatal:" line, or the one before it where that only says
 * that there is no connection. */
static const char *find_reason(const struct strbuf *text, size_t *len)
{
	const char *best = text->data;
	const char *before = NULL;

	for (const char *s = text->data; *s;) {
		size_t n = strcspn(s, "\n");

		if (str_starts(s, "fatal: ") || str_starts(s, "error: ")) {
			best = s;
			if (before && str_starts(s, "fatal: Could not read from remote"))
				best = before;
			break;
		}
		if (n > 0)
			best = before = s;
		s += n + (s[n] == '\n');
	}
	if (str_starts(best, "fatal: ") || str_starts(best, "error: "))
		best += strlen("fatal: ");
	*len = strcspn(best, "\r\n");
	return best;
}

static af_code reason_code(const char *text)
{
	static const struct {
		const char *words;
		af_code code;
	} known[] = {
		{ "find remote ref", AF_ERR_NOT_FOUND },
		{ "does not appear to be a git repository", AF_ERR_NOT_FOUND },
		{ "not found", AF_ERR_NOT_FOUND },
		{ "does not exist", AF_ERR_NOT_FOUND },
		{ "Could not resolve host", AF_ERR_UNREACHABLE },
		{ "onnection", AF_ERR_UNREACHABLE },
		{ "unable to access", AF_ERR_UNREACHABLE },
		{ "Could not read from remote", AF_ERR_UNREACHABLE },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strstr(text, known[i].words))
			return known[i].code;
	return AF_ERR_FAILED;
}

static af_code git_failure(const struct fetcher *f, const struct process_result *r, struct af_error *err)
{
	AUTO_STRBUF why = STRBUF_INIT(STRBUF_LINE);
	size_t len;
	const char *reason = find_reason(&r->err, &len);
	af_code code = reason_code(r->err.data);

	add_redacted(f, &why, reason, len);
	if (why.len == 0)
		strbuf_addf(&why, "git ended with status %d", r->status);
	error_set(err, code, "fetch %s%s%s: %s", f->shown, f->source->ref ? "#" : "",
		  f->source->ref ? f->source->ref : "", why.data);
	if (strstr(r->err.data, "could not read Username") || strstr(r->err.data, "Permission denied"))
		error_hint(err, "set up a credential helper or an SSH key for git: nothing is asked for here");
	else if (strstr(r->err.data, "Host key verification failed"))
		error_hint(err, "accept the host's key once with ssh, then build again");
	return code;
}

/* Runs git in the working tree. */
static af_code git_run(struct fetcher *f, const char *const *args, struct process_result *result, struct af_error *err)
{
	/* No prompt can be answered; a repository's own hooks and the user's must not run; where afs itself
	 * runs in a hook, that repository is not ours; messages are read, so they are in English. */
	static const char *const env[] = {
		"GIT_TERMINAL_PROMPT=0", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
		"GIT_COMMON_DIR", "GIT_NAMESPACE", "LC_ALL=C", "LANGUAGE", "GIT_HTTP_LOW_SPEED_LIMIT=1",
		"GIT_HTTP_LOW_SPEED_TIME=60", "GIT_LFS_SKIP_SMUDGE", NULL,
	};
	static const char *const head[] = { "git", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", NULL };
	const char *argv[24];
	struct process_spec spec = {
		.argv = argv, .env = env, .cwd = f->work, .cancel = f->cancel, .on_output = on_output, .arg = f,
	};
	size_t n = 0;
	af_code rc;

	for (size_t i = 0; head[i]; i++)
		argv[n++] = head[i];
	for (size_t i = 0; args[i] && n < ARRAY_LEN(argv) - 1; i++)
		argv[n++] = args[i];
	argv[n] = NULL;
	rc = process_run(&spec, result, err);
	if (rc == AF_ERR_NOT_FOUND) {
		rc = error_set(err, AF_ERR_UNAVAILABLE, "fetch %s: git is not installed", f->shown);
		error_hint(err, "install git, or clone the repository elsewhere and build its directory");
	}
	return rc;
}

static af_code git_must(struct fetcher *f, const char *const *args, struct af_error *err)
{
	AF_AUTO(process_result) struct process_result r;
	af_code rc = git_run(f, args, &r, err);

	return rc == AF_OK && r.status != 0 ? git_failure(f, &r, err) : rc;
}

/* ---- fetching ------------------------------------------------------------------------------ */

static bool is_commit(const char *ref)
{
	size_t len = ref ? strlen(ref) : 0;

	return len >= 4 && len <= 64 && strspn(ref, "0123456789abcdef") == len;
}

/* Everything: for servers that give no single commit, abbreviated ones, and those that cannot be shallow. */
static af_code fetch_all(struct fetcher *f, struct af_error *err)
{
	/* HEAD comes first, so that FETCH_HEAD is it. */
	const char *const fetch[] = {
		"fetch", "--progress", "--tags", "--", "origin", "HEAD", "+refs/heads/*:refs/remotes/origin/*", NULL,
	};
	const char *ref = f->source->ref;
	AUTO_FREE char *branch = str_format(err, "refs/remotes/origin/%s", ref ? ref : "");
	const char *const names[] = { ref ? ref : "FETCH_HEAD", ref ? branch : NULL };
	af_code rc = branch ? git_must(f, fetch, err) : AF_ERR_NOMEM;

	for (size_t i = 0; rc == AF_OK && i < ARRAY_LEN(names) && names[i]; i++) {
		const char *const checkout[] = { "checkout", "-q", "--detach", names[i], "--", NULL };
		AF_AUTO(process_result) struct process_result r;

		rc = git_run(f, checkout, &r, err);
		if (rc != AF_OK || r.status == 0)
			return rc;
	}
	if (rc != AF_OK)
		return rc;
	return error_set(err, AF_ERR_NOT_FOUND, "fetch %s: no branch, tag or commit '%s'", f->shown, ref ? ref : "HEAD");
}

static af_code fetch_one(struct fetcher *f, struct af_error *err)
{
	const char *ref = f->source->ref ? f->source->ref : "HEAD";
	const char *const fetch[] = { "fetch", "--progress", "--depth", "1", "--no-tags", "--", "origin", ref, NULL };
	const char *const checkout[] = { "checkout", "-q", "--detach", "FETCH_HEAD", "--", NULL };
	AF_AUTO(process_result) struct process_result r;
	af_code rc = git_run(f, fetch, &r, err);

	if (rc != AF_OK)
		return rc;
	if (r.status == 0)
		return git_must(f, checkout, err);
	if (is_commit(f->source->ref) || strstr(r.err.data, "shallow"))
		return fetch_all(f, err);
	return git_failure(f, &r, err);
}

static af_code fetch_submodules(struct fetcher *f, struct af_error *err)
{
	const char *const update[] = { "submodule", "--quiet", "update", "--init", "--recursive", "--depth", "1", NULL };
	AUTO_FREE char *modules = path_join(f->work, ".gitmodules", err);

	if (!modules)
		return AF_ERR_NOMEM;
	return path_exists(modules) ? git_must(f, update, err) : AF_OK;
}

static af_code fetch(struct fetcher *f, struct af_error *err)
{
	const char *const init[] = { "init", "-q", "--template=", ".", NULL };
	/* By name, because a submodule's URL may be relative to its. */
	const char *const remote[] = { "remote", "add", "origin", f->source->url, NULL };
	AUTO_FREE char *git_dir = path_join(f->work, ".git", err);
	af_code rc = git_dir ? git_must(f, init, err) : AF_ERR_NOMEM;

	if (rc == AF_OK)
		rc = git_must(f, remote, err);
	if (rc == AF_OK)
		rc = fetch_one(f, err);
	if (rc == AF_OK)
		rc = fetch_submodules(f, err);
	return rc == AF_OK ? path_remove_tree(git_dir, err) : rc;
}

/* ---- the checkout ---------------------------------------------------------------------------- */

static af_code make_root(struct git_checkout *out, struct af_error *err)
{
	const char *tmp = getenv("TMPDIR");

	out->root = str_format(err, "%s/affinetes-git-XXXXXX", str_blank(tmp) ? "/tmp" : tmp);
	if (!out->root)
		return AF_ERR_NOMEM;
	if (!mkdtemp(out->root)) {
		af_code rc = error_errno(err, AF_ERR_IO, errno, "make a directory %s", out->root);

		free(af_steal(out->root));
		return rc;
	}
	return AF_OK;
}

/* The real place of the subdirectory, which a symbolic link must not lead out of the checkout. */
static af_code find_subdir(const struct fetcher *f, struct git_checkout *out, struct af_error *err)
{
	const char *subdir = f->source->subdir ? f->source->subdir : ".";
	AUTO_FREE char *joined = path_join(f->work, subdir, err);
	AUTO_FREE char *real = joined ? realpath(joined, NULL) : NULL;
	AUTO_FREE char *top = realpath(f->work, NULL);
	size_t len = top ? strlen(top) : 0;

	if (!joined)
		return AF_ERR_NOMEM;
	if (!real || !path_is_dir(real))
		return error_set(err, AF_ERR_NOT_FOUND, "fetch %s: no directory %s in it", f->shown, subdir);
	if (!top || strncmp(real, top, len) != 0 || (real[len] && real[len] != '/'))
		return error_set(err, AF_ERR_USAGE, "fetch %s: %s leads out of the repository", f->shown, subdir);
	out->dir = af_steal(real);
	return AF_OK;
}

static af_code fetch_into(struct fetcher *f, struct git_checkout *out, struct af_error *err)
{
	af_code rc = find_secret(f, err);

	if (rc == AF_OK)
		rc = make_root(out, err);
	if (rc != AF_OK)
		return rc;
	/* Not the root itself: its last component would name the image. */
	f->work = path_join(out->root, "work", err);
	rc = f->work ? path_mkdirs(f->work, 0700, err) : AF_ERR_NOMEM;
	if (rc == AF_OK)
		rc = fetch(f, err);
	return rc == AF_OK ? find_subdir(f, out, err) : rc;
}

af_code git_fetch(const struct git_source *source, const struct docker_progress *progress, struct cancel *cancel,
		  struct git_checkout *out, struct af_error *err)
{
	struct fetcher f = {
		.source = source, .progress = progress, .cancel = cancel, .meter = STRBUF_INIT(STRBUF_LINE),
	};
	af_code rc;

	*out = (struct git_checkout){ 0 };
	rc = fetch_into(&f, out, err);
	strbuf_free(&f.meter);
	free(f.secret);
	out->shown = f.shown;
	free(f.work);
	return rc;
}

void git_checkout_free(struct git_checkout *c)
{
	/* One that does not go stays where temporary things are: there is nobody left to tell. */
	af_code rc UNUSED = c->root ? path_remove_tree(c->root, NULL) : AF_OK;

	free(c->root);
	free(c->dir);
	free(c->shown);
	*c = (struct git_checkout){ 0 };
}
