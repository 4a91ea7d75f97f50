#include <ctype.h>
#include <string.h>

#include "base/path.h"
#include "base/strbuf.h"
#include "image/git.h"

static const char *const schemes[] = { "https://", "http://", "git://", "ssh://", "file://" };

static bool has_scheme(const char *s)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (str_starts(s, schemes[i]))
			return true;
	return false;
}

/* "user@host:path": no '/' before the ':'. */
static bool is_scp_like(const char *s)
{
	size_t at = strcspn(s, "@:/");
	size_t colon;

	if (at == 0 || s[at] != '@')
		return false;
	colon = at + 1 + strcspn(s + at + 1, ":/");
	return colon > at + 1 && s[colon] == ':' && s[colon + 1] && s[colon + 1] != '#';
}

static bool is_bare_repository(const char *dir)
{
	AUTO_FREE char *head = path_join(dir, "HEAD", NULL);
	AUTO_FREE char *objects = path_join(dir, "objects", NULL);
	AUTO_FREE char *env = path_join(dir, "env.py", NULL);

	return head && objects && env && path_exists(head) && path_is_dir(objects) && !path_exists(env);
}

bool git_is_url(const char *source)
{
	AUTO_FREE char *path = str_ndup(source, strcspn(source, "#"), NULL);

	if (has_scheme(source))
		return true;
	if (path_is_dir(source))
		return is_bare_repository(source);
	return is_scp_like(source) || (path && *path && is_bare_repository(path));
}

/* What `git check-ref-format` allows, a commit's name among it. */
static bool is_ref(const char *ref)
{
	size_t len = strlen(ref);

	if (len == 0 || len > 255 || *ref == '-' || *ref == '/' || ref[len - 1] == '/' || ref[len - 1] == '.' ||
	    str_ends(ref, ".lock") || strstr(ref, "..") || strstr(ref, "//") || strstr(ref, "@{") || strstr(ref, "/."))
		return false;
	for (; *ref; ref++)
		if (iscntrl((unsigned char) *ref) || strchr(" ~^:?*[\\+", *ref))
			return false;
	return true;
}

static bool leads_out(const char *subdir)
{
	while (*subdir) {
		size_t len = strcspn(subdir, "/");

		if (len == 2 && strncmp(subdir, "..", 2) == 0)
			return true;
		subdir += len;
		subdir += strspn(subdir, "/");
	}
	return false;
}

/* "REF", "REF:SUBDIR", ":SUBDIR". */
static af_code parse_fragment(const char *fragment, struct git_source *out, struct af_error *err)
{
	size_t len = strcspn(fragment, ":");
	const char *subdir = fragment[len] ? fragment + len + 1 : "";

	subdir += strspn(subdir, "/");
	if (leads_out(subdir))
		return error_set(err, AF_ERR_USAGE, "'%s': the directory must be inside of the repository", subdir);
	if (len > 0 && !(out->ref = str_ndup(fragment, len, err)))
		return AF_ERR_NOMEM;
	if (*subdir && !(out->subdir = str_dup(subdir, err)))
		return AF_ERR_NOMEM;
	if (out->ref && !is_ref(out->ref))
		return error_set(err, AF_ERR_USAGE, "'%s' is no name of a branch, tag or commit", out->ref);
	return AF_OK;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if (iscntrl((unsigned char) *s))
			return true;
	return false;
}

af_code git_source_parse(const char *source, struct git_source *out, struct af_error *err)
{
	size_t len = strcspn(source, "#");
	af_code rc;

	*out = (struct git_source){ 0 };
	if (len == 0 || *source == '-' || has_control(source)) {
		rc = error_set(err, AF_ERR_USAGE, "'%s' is no git URL", has_control(source) ? "…" : source);
		error_hint(err, "https://HOST/REPOSITORY.git#REF:SUBDIR or git@HOST:REPOSITORY.git#REF:SUBDIR");
		return rc;
	}
	out->url = str_ndup(source, len, err);
	if (!out->url)
		return AF_ERR_NOMEM;
	/* "ssh://-oProxyCommand=…" would be an option of ssh. git refuses it too; so do we. */
	if (strstr(out->url, "://-") || strstr(out->url, "@-"))
		rc = error_set(err, AF_ERR_USAGE, "'%s': a host's name does not begin with '-'", out->url);
	else
		rc = source[len] ? parse_fragment(source + len + 1, out, err) : AF_OK;
	if (rc != AF_OK)
		git_source_free(out);
	return rc;
}

void git_source_free(struct git_source *s)
{
	free(s->url);
	free(s->ref);
	free(s->subdir);
	*s = (struct git_source){ 0 };
}
