/* Lines of JSON from a hostile engine: progress, events, statistics, list entries, errors. */
#include <string.h>

#include "docker/answer.h"
#include "docker/classic.h"
#include "docker/ndjson.h"
#include "docker/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct classic classic;
	struct docker_stats stats;
};

static void on_line(void *arg, const char *text, size_t len)
{
	(void) arg;
	/* Touches every byte. */
	if (memchr(text, '\x1b', len))
		__builtin_trap();
}

static void on_amount(void *arg, const char *label, int64_t done, int64_t total, bool bytes)
{
	(void) arg;
	(void) done;
	(void) total;
	(void) bytes;
	if (strchr(label, '\x1b'))
		__builtin_trap();
}

static const struct docker_progress progress = { .line = on_line, .amount = on_amount };

static bool on_tree(void *arg, const cJSON *tree)
{
	struct run *run = arg;
	const char *stream = tree_string(tree, "stream"), *failure = progress_error(tree);
	struct af_error err = AF_ERROR_INIT;

	progress_status(&progress, tree);
	if (stream)
		classic_text(&run->classic, stream, strlen(stream));
	if (failure)
		answer_registry(AF_ERR_FAILED, failure, &err);
	af_error_clear(&err);
	docker_stats_parse(tree, &run->stats, &run->stats);
	docker_stats_parse(tree, NULL, &run->stats);
	docker_container_ip(tree);
	docker_container_label(tree, "affinetes.env.name");
	return true;
}

static void refuse(const char *data, size_t size, long status)
{
	struct http_response resp = { .status = status, .body = STRBUF_INIT(STRBUF_TEXT) };
	struct af_error err = AF_ERROR_INIT;

	strbuf_add(&resp.body, data, size);
	if (answer_check(&resp, &err) != AF_OK && !err.message)
		__builtin_trap();
	af_error_clear(&err);
	http_response_free(&resp);
}

/* The first byte tells how the rest is cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data + 1;
	struct run run = { 0 };
	struct ndjson n;
	size_t piece;

	if (!size)
		return 0;
	piece = 1u + data[0];
	size--;
	classic_init(&run.classic, &progress);
	ndjson_init(&n, 4096, on_tree, &run);
	for (size_t at = 0; at < size && ndjson_feed(&n, text + at, MIN(piece, size - at)); at += piece)
		;
	ndjson_end(&n);
	ndjson_free(&n);
	classic_end(&run.classic, data[0] & 1);
	classic_free(&run.classic);
	refuse(text, size, 200 + data[0] * 2);
	return 0;
}
