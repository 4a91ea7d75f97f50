/*
 * Every allocation fails once. Each scenario runs again and again, its first, second, third … allocation failing, until
 * it needs no more of them than were allowed. Whatever fails, the scenario ends with a code and an error that belong
 * together; that nothing is lost on the way is the leak detector's matter.
 *
 * The linker puts the functions below between our code and the C library (see Makefile.am). They count on the testing
 * thread only, so that servers, engine and I/O thread are left alone.
 */
#include "fake_engine.h"

#include "base/bytes.h"
#include "base/path.h"
#include "orchestrator/orchestrator.h"

static _Thread_local bool torturing;
static long left;   /* allocations until the one that fails; those behind it succeed again */
static bool failed; /* it did */

static bool out_of_memory(void)
{
	if (!torturing || left-- != 0)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
int __real_vasprintf(char **out, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
int __wrap_vasprintf(char **out, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
int __wrap_asprintf(char **out, const char *fmt, ...) PRINTF_LIKE(2, 3);

void *__wrap_malloc(size_t size)
{
	return out_of_memory() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return out_of_memory() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return out_of_memory() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return out_of_memory() ? NULL : __real_strdup(s);
}

int __wrap_vasprintf(char **out, const char *fmt, va_list ap)
{
	return out_of_memory() ? -1 : __real_vasprintf(out, fmt, ap);
}

int __wrap_asprintf(char **out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int len = __wrap_vasprintf(out, fmt, ap);
	va_end(ap);
	return len;
}

/* cJSON's too. Its trees may lack what there was no memory for, but they must not break us. */
static void *cjson_malloc(size_t size)
{
	return __wrap_malloc(size);
}

static void torture(af_code (*scenario)(void))
{
	for (long allowed = 0;; allowed++) {
		if (allowed > 20000)
			fail_msg("no end of allocations");
		left = allowed;
		failed = false;
		torturing = true;
		af_code rc = scenario();
		torturing = false;
		if (!failed)
			ok(rc);
		if (rc != AF_OK && (err.code != rc || !err.message))
			fail_msg("allocation %ld: code %s with error %s: %s", allowed, af_code_name(rc), af_code_name(err.code),
				 err.message ? err.message : "(none)");
		if (rc == AF_OK && err.message)
			fail_msg("allocation %ld: an error without a code: %s", allowed, err.message);
		af_error_clear(&err);
		if (!failed)
			return;
	}
}

/* ---- base ------------------------------------------------------------------------------ */

static af_code use_buffers(void)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRLIST list = { 0 };
	AUTO_FREE char *text = NULL;
	af_code rc = AF_OK;

	for (int i = 0; i < 40; i++)
		strbuf_addf(&sb, "%d and some more text,", i);
	base64_add(&sb, "abcdef", 6, false);
	url_add_escaped(&sb, "a b");
	text_add_safe(&sb, "\x1b", 1, false);
	for (int i = 0; i < 20 && !rc; i++)
		rc = strlist_add(&list, "item", &err);
	if (!rc)
		rc = random_hex(&sb, 16, &err);
	return rc ? rc : strbuf_steal(&sb, &text, &err);
}

static af_code use_json(void)
{
	static const char base[] = "{\"a\":\"\\u00e4\",\"b\":[1,2,{\"c\":null}]}", over[] = "{\"\\u0061\":1,\"d\":{}}";
	struct json_span one = { base, sizeof(base) - 1 }, two = { over, sizeof(over) - 1 }, value;
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	AUTO_FREE char *text = NULL;

	json_add_merged(&sb, one, two);
	json_add_pretty(&sb, one, 2);
	af_code rc = strbuf_check(&sb, &err);
	if (rc)
		return rc;
	if (json_member(one, "a", &value) && !(text = json_string(value, &err)))
		return AF_ERR_NOMEM;
	struct af_error wrong = AF_ERROR_INIT;
	rc = json_check("{\"a\":}", 6, &wrong);
	error_wrap(&wrong, rc, "arguments %d", 7);
	error_hint(&wrong, "write %s", "JSON");
	assert_true(rc == AF_ERR_PROTOCOL && wrong.code == rc && wrong.message);
	af_error_clear(&wrong);
	return AF_OK;
}

static char dir[64];

static af_code use_files(void)
{
	AUTO_FREE char *below = path_join(dir, "a/b", &err), *file = below ? path_join(below, "file", &err) : NULL;
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	af_code rc = file ? path_mkdirs(below, 0755, &err) : AF_ERR_NOMEM;

	if (!rc)
		rc = file_write(file, "text", 4, 0644, &err);
	if (!rc)
		rc = file_read(file, &sb, &err);
	return rc ? rc : path_remove_tree(below, &err);
}

static void test_base(void **state)
{
	(void) state;
	torture(use_buffers);
	torture(use_json);
	snprintf(dir, sizeof(dir), "/tmp/afs-unit-XXXXXX");
	assert_non_null(mkdtemp(dir));
	torture(use_files);
	ok(path_remove_tree(dir, &err));
}

/* ---- executor --------------------------------------------------------------------------- */

static const char answer[] = "{\"status\":\"success\",\"result\":{\"x\":[1,2,3]}}";

static af_code make_a_call(void)
{
	const struct server server = { .name = "calc" };
	struct http_response resp = { .status = 200, .body = STRBUF_INIT(STRBUF_TEXT) };
	AUTO_FREE char *result = NULL;
	struct call call;
	size_t len;
	af_code rc = call_init(&call, ENV_HTTP_BASED, "v1/run", (struct json_span){ "{\"a\":1}", 7 }, &err);

	if (rc)
		return rc;
	strbuf_add(&resp.body, answer, sizeof(answer) - 1);
	rc = strbuf_check(&resp.body, &err);
	if (!rc)
		rc = call_result(&call, &server, &resp, &result, &len, &err);
	if (!rc) {
		struct http_response bad = { .status = 500, .body = STRBUF_INIT(STRBUF_TEXT) };
		strbuf_adds(&bad.body, "{\"detail\":\"boom\"}");
		assert_int_not_equal(call_result(&call, &server, &bad, &result, &len, NULL), AF_OK);
		http_response_free(&bad);
	}
	http_response_free(&resp);
	call_free(&call);
	return rc;
}

static const char openapi[] =
	"{\"paths\":{\"/f\":{\"post\":{\"description\":\"d\",\"requestBody\":{\"content\":{\"application/json\":{\"schema\":"
	"{\"$ref\":\"#/components/schemas/A\"}}}}}}},\"components\":{\"schemas\":{\"A\":{\"properties\":{\"x\":{\"type\":\"integer\","
	"\"default\":1},\"y\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},\"required\":[\"y\"]}}}}";

static af_code read_openapi(void)
{
	struct method_list list = { 0 };
	af_code rc = openapi_parse(openapi, sizeof(openapi) - 1, &list, &err);

	method_list_free(&list);
	return rc;
}

static af_code read_methods(void)
{
	static const char text[] = "{\"methods\":[{\"name\":\"f\",\"signature\":\"()\",\"doc\":\"d\",\"source\":\"Actor\"},{\"name\":\"g\"}]}";
	struct method_list list = { 0 };
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	af_code rc = methods_parse(text, sizeof(text) - 1, &list, &err);

	if (!rc) {
		method_list_json(&list, &sb);
		rc = strbuf_check(&sb, &err);
	}
	method_list_free(&list);
	return rc;
}

static void test_executor(void **state)
{
	(void) state;
	torture(make_a_call);
	torture(read_openapi);
	torture(read_methods);
}

/* ---- net ----------------------------------------------------------------------------------- */

static struct fake f;
static struct http *http;
static atomic_int done_count;

static void serve_answer(struct fake_conn *c)
{
	while (fake_request(c))
		fake_answer(c, 200, answer);
}

static af_code perform(void)
{
	static const char *const headers[] = { "X-A: 1", NULL };
	struct http_request req = { .endpoint = f.endpoint, .method = "POST", .path = "/call", .headers = headers, .body = "{}",
				    .body_len = 2 };
	struct http_response resp;
	af_code rc = http_perform(http, &req, &resp, &err);

	http_response_free(&resp);
	return rc;
}

static void on_done(void *arg UNUSED, af_code rc UNUSED, struct http_response *resp UNUSED, struct af_error *why UNUSED)
{
	atomic_fetch_add(&done_count, 1);
}

static af_code submit(void)
{
	struct http_request req = { .endpoint = f.endpoint, .method = "POST", .path = "/call", .body = "{}", .body_len = 2 };
	struct http *own = http_new(&err);
	int before = atomic_load(&done_count);

	if (!own)
		return AF_ERR_NOMEM;
	af_code rc = http_submit(own, &req, on_done, NULL, NULL, &err);
	http_free(own);
	/* Once for each that was taken, never for one that was not. */
	assert_int_equal(atomic_load(&done_count) - before, rc == AF_OK);
	return rc;
}

static void test_net(void **state)
{
	(void) state;
	fake_start(&f, serve_answer, NULL);
	http = http_new(&err);
	torture(perform);
	torture(submit);
	http_free(http);
	fake_stop(&f);
}

/* ---- orchestrator ------------------------------------------------------------------------------ */

static struct fake_engine engine;
static struct af *af;
static char port_var[32];

static af_code connect_and_call(void)
{
	struct af_env *env = NULL;
	AUTO_FREE char *text = NULL, *stats = NULL;
	af_code rc = af_connect_env(af, "calc", &env, &err);

	if (rc)
		return rc;
	rc = af_env_call(env, "f", "{\"a\":1}", NULL, &text, &err);
	if (!rc)
		rc = af_env_stats(env, &stats, &err);
	af_env_free(env);
	return rc;
}

static af_code list_all(void)
{
	AF_AUTO(env_list) struct env_list all = { 0 };

	return env_list(af, NULL, &all, &err);
}

/* All or none, also without memory. */
static af_code deploy_one(void)
{
	const char *const vars[] = { port_var, NULL };
	const struct af_load_options opt = { .image = "img:v1", .name = "torture", .env_vars = vars, .mem_limit = "64m" };
	struct af_env *env = NULL;
	af_code rc = af_load_env(af, &opt, &env, &err);

	torturing = false; /* of what does not go well here nobody would hear */
	if (!rc)
		af_env_free(env);
	if (engine_containers(&engine) != 1)
		fail_msg("%s: %s left a container", af_code_name(rc), err.message);
	engine.count = 1;
	return rc;
}

static void drop_made(void)
{
	for (int i = 1; i < ENGINE_MAX; i++) {
		free(af_steal(engine.containers[i].labels));
		free(af_steal(engine.containers[i].env));
		free(af_steal(engine.containers[i].config));
	}
}

static af_code deploy(void)
{
	af_code rc = deploy_one();

	drop_made();
	return rc;
}

static void count_call(void *arg UNUSED, af_code rc UNUSED, const char *result UNUSED, size_t len UNUSED,
		       const struct af_error *why UNUSED)
{
	atomic_fetch_add(&done_count, 1);
}

static struct af_env *shared;

static af_code call_async(void)
{
	int before = atomic_load(&done_count);
	struct af_call *handle = NULL;
	af_code rc = af_env_call_async(shared, "f", NULL, NULL, count_call, NULL, &handle, &err);

	torturing = false;
	while (!rc && atomic_load(&done_count) == before)
		sched_yield();
	assert_int_equal(atomic_load(&done_count) - before, rc == AF_OK);
	af_call_free(handle);
	return rc;
}

static void test_orchestrator(void **state)
{
	(void) state;
	fake_start_at(&f, 60, 0, serve_answer, NULL);
	snprintf(port_var, sizeof(port_var), "AFFINETES_PORT=%d", f.port);
	engine_start(&engine);
	engine.first_ip = 60;
	engine_add(&engine, "calc", "calc", 0, 1, "function_based", f.base);
	ok(af_new(&(struct af_options){ .engine = engine.host }, &af, &err));
	torture(connect_and_call);
	torture(list_all);
	torture(deploy);
	ok(af_connect_env(af, "calc", &shared, &err));
	torture(call_async);
	af_free(af);
	engine_stop(&engine);
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_executor),
		cmocka_unit_test(test_net),
		cmocka_unit_test(test_orchestrator),
	};
	cJSON_Hooks hooks = { cjson_malloc, free };

	cJSON_InitHooks(&hooks);
	return RUN(tests);
}
