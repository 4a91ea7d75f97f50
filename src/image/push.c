/* Into a registry. */
#include <string.h>

#include "docker/tree.h"
#include "image/build_priv.h"

/* The registry as it stands in references: people paste URLs. */
static const char *registry_start(const char *registry)
{
	const char *scheme = strstr(registry, "://");

	return scheme ? scheme + 3 : registry;
}

/* What stands behind the registry in a tag: "localhost:5000/a/b:v1" → "a/b:v1". */
static const char *behind_registry(const char *tag)
{
	const char *slash = strchr(tag, '/');
	size_t len = slash ? (size_t) (slash - tag) : 0;

	if (slash && (memchr(tag, '.', len) || memchr(tag, ':', len) || (len == 9 && strncmp(tag, "localhost", 9) == 0)))
		return slash + 1;
	return tag;
}

af_code push_target(const char *registry, const char *tag, char **out, struct af_error *err)
{
	const char *start = registry_start(registry);
	size_t len = strlen(start);
	AUTO_FREE char *target = NULL;
	af_code rc;

	while (len > 0 && start[len - 1] == '/')
		len--;
	if (strncmp(tag, start, len) == 0 && tag[len] == '/')
		target = str_dup(tag, err);
	else
		target = str_format(err, "%.*s/%s", (int) len, start, behind_registry(tag));
	if (!target)
		return AF_ERR_NOMEM;
	rc = docker_reference_parse(target, NULL, NULL, NULL, err);
	if (rc != AF_OK)
		return error_wrap(err, rc, "--registry %s", registry);
	*out = af_steal(target);
	return AF_OK;
}

static bool exists(struct build *b, const char *reference)
{
	AUTO_CJSON *tree = NULL;

	return docker_image_inspect(b->d, reference, b->cancel, &tree, NULL) == AF_OK;
}

af_code build_push(struct build *b, const char *tag, char **pushed, struct af_error *err)
{
	AUTO_FREE char *target = NULL;
	bool ours = false;
	af_code rc = AF_OK;

	if (b->opt->registry) {
		rc = push_target(b->opt->registry, tag, &target, err);
		if (rc == AF_OK && strcmp(target, tag) != 0) {
			ours = !exists(b, target);
			rc = build_tag(b, tag, target, err);
		}
	} else {
		target = str_dup(tag, err);
		rc = target ? AF_OK : AF_ERR_NOMEM;
	}
	if (rc == AF_OK) {
		build_note(b, "push %s", target);
		rc = docker_image_push(b->d, target, b->progress, b->cancel, err);
	}
	if (rc == AF_OK)
		*pushed = af_steal(target);
	else if (ours)
		/* The second name is of no use to anybody if it did not arrive. */
		build_discard(b->d, target);
	return rc;
}
