/* An image from one engine to another: GET /images/NAME/get there, POST /images/load here, a socket between them. */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/parallel.h"
#include "docker/answer.h"
#include "docker/client.h"
#include "docker/ndjson.h"
#include "docker/progress.h"
#include "docker/tree.h"

#define STATUS_MAX (1024 * 1024)

struct copy {
	struct docker *from, *to;
	const char *image, *label;
	const struct docker_progress *progress;
	struct cancel *cancel; /* fires with the caller's, or when one side failed */
	int in, out;           /* the socket's two ends */
	int64_t total, done;
	atomic_bool got_all;
	struct ndjson lines;
	char *failure; /* the other engine's text */
	af_code rc[2];
	struct af_error err[2];
};

/* ---- out of one ---------------------------------------------------------------------------------------- */

static bool on_data(void *arg, const char *data, size_t len)
{
	struct copy *c = arg;

	while (len) {
		ssize_t n = send(c->in, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		len -= (size_t) n;
	}
	return true;
}

static void save(struct copy *c)
{
	AF_AUTO(http_response) struct http_response resp;
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	struct engine_request req = { .path = NULL, .timeout_ms = -1, .on_data = on_data, .arg = c, .cancel = c->cancel };

	strbuf_adds(&path, "/images/");
	path_add_reference(&path, c->image);
	strbuf_adds(&path, "/get");
	req.path = path.data;
	c->rc[0] = engine_perform(c->from, &req, &resp, &c->err[0]);
	c->got_all = c->rc[0] == AF_OK;
	shutdown(c->in, SHUT_WR);
}

/* ---- into the other --------------------------------------------------------------------------------------- */

static ssize_t read_some(void *arg, char *buf, size_t size)
{
	struct copy *c = arg;
	ssize_t n;

	do
		n = read(c->out, buf, size);
	while (n < 0 && errno == EINTR);
	c->done += MAX(n, (ssize_t) 0);
	if (n > 0 && c->progress)
		c->progress->amount(c->progress->arg, c->label, MIN(c->done, c->total), c->total, true);
	/* Half an image must not pass for a whole one. */
	return n == 0 && !c->got_all ? -1 : n;
}

static bool on_status(void *arg, const cJSON *tree)
{
	struct copy *c = arg;
	const char *failure = progress_error(tree);

	if (failure)
		c->failure = str_dup(failure, NULL);
	return !failure;
}

static bool on_answer(void *arg, const char *data, size_t len)
{
	struct copy *c = arg;

	return ndjson_feed(&c->lines, data, len);
}

static void load(struct copy *c)
{
	AF_AUTO(http_response) struct http_response resp;
	struct engine_request req = { .method = "POST", .path = "/images/load?quiet=1", .read = read_some, .timeout_ms = -1,
				      .on_data = on_answer, .arg = c, .cancel = c->cancel };

	ndjson_init(&c->lines, STATUS_MAX, on_status, c);
	c->rc[1] = engine_perform(c->to, &req, &resp, &c->err[1]);
	ndjson_end(&c->lines);
	if (!c->rc[1] && c->failure)
		c->rc[1] = error_set(&c->err[1], AF_ERR_FAILED, "%s", c->failure);
	ndjson_free(&c->lines);
	/* Whoever still sends is not to wait for a reader. */
	shutdown(c->out, SHUT_RDWR);
	if (c->rc[1])
		cancel_trigger(c->cancel);
}

/* ---- both --------------------------------------------------------------------------------------------------- */

static void one_side(void *arg, size_t i)
{
	if (i)
		load(arg);
	else
		save(arg);
}

static af_code find_size(struct copy *c, struct cancel *cancel, struct af_error *err)
{
	AUTO_CJSON *doc = NULL;
	af_code rc = docker_image_inspect(c->from, c->image, cancel, &doc, err);

	c->total = rc ? 0 : tree_int(doc, "Size", 0);
	return rc;
}

/* The side that failed first, not the one that was then called off. */
static af_code verdict(struct copy *c, struct cancel *cancel, struct af_error *err)
{
	int side = c->rc[0] && c->rc[0] != AF_ERR_CANCELLED ? 0 : c->rc[1] ? 1 : 0;
	af_code rc = cancel_check(cancel, err);

	if (rc || !c->rc[side])
		return rc;
	error_move(err, &c->err[side]);
	return c->rc[side];
}

af_code docker_image_copy(struct docker *from, struct docker *to, const char *image, const char *where,
			  const struct docker_progress *progress, struct cancel *cancel, struct af_error *err)
{
	AUTO_FREE char *label = str_format(err, "send %s to %s", image, where);
	struct copy c = { .from = from, .to = to, .image = image, .label = label, .progress = progress };
	struct cancel_waker link = { .wake = cancel_wake_token };
	int pair[2];
	af_code rc = label ? find_size(&c, cancel, err) : AF_ERR_NOMEM;

	if (rc)
		return rc;
	if (!(c.cancel = cancel_new(err)))
		return AF_ERR_NOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		cancel_free(c.cancel);
		return error_errno(err, AF_ERR_IO, errno, "socketpair");
	}
	c.in = pair[0];
	c.out = pair[1];
	link.arg = c.cancel;
	cancel_watch(cancel, &link);
	parallel_run(2, one_side, &c);
	cancel_unwatch(cancel, &link);
	cancel_free(c.cancel);
	close(pair[0]);
	close(pair[1]);
	rc = verdict(&c, cancel, err);
	free(c.failure);
	af_error_clear(&c.err[0]);
	af_error_clear(&c.err[1]);
	return rc ? error_wrap(err, rc, "%s", label) : AF_OK;
}
