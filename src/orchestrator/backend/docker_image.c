/* Images for hosts. See docker_image.h. */
#include "orchestrator/backend/docker_image.h"

#include <string.h>

#include "base/clock.h"
#include "base/parallel.h"
#include "docker/tree.h"

void image_places_free(struct image_places *places)
{
	free(places->items);
	cJSON_Delete(places->image);
	*places = (struct image_places){ 0 };
}

/* ---- the hosts ------------------------------------------------------------------------------------------- */

struct connecting {
	struct image_places *places;
	struct cancel *cancel;
	struct af_error *errors;
};

static void connect_place(void *arg, size_t i)
{
	struct connecting *c = arg;
	struct image_place *place = &c->places->items[i];

	if (host_engine(place->host, c->cancel, &place->engine, &c->errors[i]))
		place->engine = NULL;
}

static af_code add_place(struct image_places *places, struct af_host *h, struct af_error *err)
{
	for (size_t i = 0; i < places->count; i++)
		if (places->items[i].host == h)
			return error_set(err, AF_ERR_USAGE, "the host %s was named twice", h->name);
	struct image_place *items = realloc(places->items, (places->count + 1) * sizeof(*items));
	if (!items)
		return error_nomem(err);
	places->items = items;
	items[places->count++] = (struct image_place){ .host = h };
	return AF_OK;
}

af_code image_places_find(struct af *af, const struct af_load_options *opt, struct cancel *cancel, struct image_places *out,
			  struct af_error *err)
{
	static const char *const here[] = { "localhost", NULL };
	struct connecting c = { .places = out, .cancel = cancel };
	size_t most = opt->replicas > 1 ? (size_t) opt->replicas : 1;
	af_code rc = AF_OK;

	/* Those behind the last replica would get none. */
	for (const char *const *text = opt->hosts && opt->hosts[0] ? opt->hosts : here; *text && !rc && out->count < most; text++) {
		struct af_host *h;
		rc = host_get(af, *text, &h, err);
		if (!rc)
			rc = add_place(out, h, err);
	}
	c.errors = rc ? NULL : calloc(out->count, sizeof(*c.errors));
	if (!c.errors)
		return rc ? rc : error_nomem(err);
	parallel_run(out->count, connect_place, &c);
	for (size_t i = 0; i < out->count; i++) {
		if (!rc && c.errors[i].code) {
			rc = c.errors[i].code;
			error_move(err, &c.errors[i]);
		}
		af_error_clear(&c.errors[i]);
	}
	free(c.errors);
	return rc;
}

/* ---- the image ----------------------------------------------------------------------------------------------- */

static int64_t created_ns(const cJSON *image)
{
	const char *text = tree_string(image, "Created");
	int64_t ns;

	return text && rfc3339_parse(text, strlen(text), &ns) ? ns : 0;
}

/* What was built since, here or on the host that is the source, counts: it is what the user means by the name. */
static bool outdated(const cJSON *there, const cJSON *here)
{
	const char *a = tree_string(there, "Id"), *b = tree_string(here, "Id");

	return here && a && b && strcmp(a, b) != 0 && created_ns(here) > created_ns(there);
}

static af_code pull(const struct af_load_options *opt, const struct image_place *place,
		    const struct docker_progress *progress, struct cancel *cancel, struct af_error *err)
{
	af_code rc = docker_image_pull(place->engine, opt->image, progress, cancel, err);

	if (!rc || rc == AF_ERR_CANCELLED || opt->pull)
		return rc;
	error_wrap(err, AF_ERR_NOT_FOUND, "no image %s %s%s, and it could not be pulled", opt->image,
		   place->host->ssh ? "here or on " : "here", place->host->ssh ? place->host->name : "");
	error_hint(err, "build it (`afs build DIR --tag %s`) or check its name", opt->image);
	return AF_ERR_NOT_FOUND;
}

/* *out: the image there, by now. `source` has it as `here`, if not NULL. */
static af_code supply(const struct af_load_options *opt, const struct image_place *place, struct docker *source,
		      const cJSON *here, const struct docker_progress *progress, struct cancel *cancel, cJSON **out,
		      struct af_error *err)
{
	struct af_error why = AF_ERROR_INIT;
	af_code rc = opt->pull ? AF_ERR_NOT_FOUND : docker_image_inspect(place->engine, opt->image, cancel, out, &why);

	if (rc && rc != AF_ERR_NOT_FOUND) {
		error_move(err, &why);
		return rc;
	}
	af_error_clear(&why);
	if (!rc && !(place->host->ssh && outdated(*out, here)))
		return AF_OK;
	cJSON_Delete(*out);
	*out = NULL;
	if (place->host->ssh && here && !opt->pull)
		rc = docker_image_copy(source, place->engine, opt->image, place->host->name, progress, cancel, err);
	else
		rc = pull(opt, place, progress, cancel, err);
	return rc ? rc : docker_image_inspect(place->engine, opt->image, cancel, out, err);
}

static bool any_remote(const struct image_places *places)
{
	for (size_t i = 0; i < places->count; i++)
		if (places->items[i].host->ssh)
			return true;
	return false;
}

af_code image_places_supply(struct af *af, const struct af_load_options *opt, const struct docker_progress *progress,
			    struct image_places *places, struct cancel *cancel, struct af_error *err)
{
	AUTO_CJSON *here = NULL;
	struct docker *source = NULL;
	af_code rc = AF_OK;

	/* Without an engine, or the image, here, the first host that has it is where the others get it from. */
	if (!opt->pull && any_remote(places) && af_engine(af, cancel, &source, NULL) == AF_OK &&
	    docker_image_inspect(source, opt->image, cancel, &here, NULL))
		here = NULL;
	for (size_t i = 0; i < places->count && !rc; i++) {
		cJSON_Delete(places->image);
		places->image = NULL;
		rc = supply(opt, &places->items[i], source, here, progress, cancel, &places->image, err);
		if (!rc && !here && !opt->pull) {
			here = cJSON_Duplicate(places->image, true);
			source = places->items[i].engine;
		}
	}
	return rc;
}
