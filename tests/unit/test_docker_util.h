/* What the tests of docker/ against a real engine share. */
#ifndef TEST_DOCKER_UTIL_H
#define TEST_DOCKER_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "docker/docker.h"

#define TEST_LABEL "affinetes.test.docker"

struct engine {
	struct http *http;
	struct docker *docker;
	const char *image; /* the base image */
	char label[64];    /* TEST_LABEL=RANDOM: on all that is made here, so that it can be found and removed */
	struct af_error err;
};
extern struct engine engine;

/* Fails the test with the error's text. */
#define ok(rc) check_ok((rc), #rc, __FILE__, __LINE__)
static inline void check_ok(af_code rc, const char *what, const char *file, int line)
{
	if (rc == AF_OK)
		return;
	print_error("%s: %s (%s)\n", what, engine.err.message ? engine.err.message : "?", af_code_name(rc));
	_fail(file, line);
}

/* The call failed as it should; the message holds `part`. */
#define fails(rc, code, part) check_fails((rc), (code), (part), #rc, __FILE__, __LINE__)
static inline void check_fails(af_code rc, af_code code, const char *part, const char *what, const char *file, int line)
{
	bool good = rc == code && engine.err.code == code && engine.err.message && strstr(engine.err.message, part);

	if (!good) {
		print_error("%s: got %s: %s\n  instead of %s: …%s…\n", what, af_code_name(rc),
			    engine.err.message ? engine.err.message : "(no message)", af_code_name(code), part);
		_fail(file, line);
	}
	af_error_clear(&engine.err);
}

/* True (and the plan printed) if there is no engine to test with. */
static inline bool skip_without_engine(void)
{
	if (getenv("AFS_TEST_ENGINE") && getenv("AFS_BASE_IMAGE"))
		return false;
	printf("1..0 # SKIP %s\n", getenv("AFS_TEST_SKIP") ? getenv("AFS_TEST_SKIP") : "no engine to test with");
	return true;
}

static inline int engine_setup(void **state)
{
	AUTO_STRBUF hex = STRBUF_INIT(64);

	(void) state;
	engine.image = getenv("AFS_BASE_IMAGE");
	engine.http = http_new(&engine.err);
	if (!engine.http || random_hex(&hex, 8, &engine.err) != AF_OK ||
	    docker_new(engine.http, NULL, &engine.docker, &engine.err) != AF_OK)
		return -1;
	snprintf(engine.label, sizeof(engine.label), "%s=%s", TEST_LABEL, hex.data);
	return 0;
}

static inline int engine_teardown(void **state)
{
	const char *labels[] = { engine.label, NULL };
	cJSON *list = NULL;
	const cJSON *entry;

	(void) state;
	if (docker_container_list(engine.docker, true, labels, NULL, NULL, &list, NULL) == AF_OK)
		cJSON_ArrayForEach(entry, list)
		{
			const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "Id"));
			if (id && docker_container_remove(engine.docker, id, true, NULL, NULL) != AF_OK)
				print_error("left behind: %s\n", id);
		}
	cJSON_Delete(list);
	docker_free(engine.docker);
	http_free(engine.http);
	af_error_clear(&engine.err);
	return 0;
}

#endif
