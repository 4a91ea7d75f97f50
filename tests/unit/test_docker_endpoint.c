/* docker/endpoint, docker/context, docker/auth: what stands in the environment and under ~/.docker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/path.h"
#include "docker/auth.h"
#include "docker/docker.h"
#include "docker/endpoint.h"

static struct af_error err = AF_ERROR_INIT;
static struct engine_endpoint ep;
static char home[64], path_before[4096];

static const char *const variables[] = {
	"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH",
	"DOCKER_API_VERSION", "XDG_RUNTIME_DIR",
};

static int setup(void **state)
{
	(void) state;
	snprintf(path_before, sizeof(path_before), "%s", getenv("PATH"));
	snprintf(home, sizeof(home), "/tmp/afs-test-XXXXXX");
	if (!mkdtemp(home))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	return setenv("HOME", home, 1);
}

static int teardown(void **state)
{
	(void) state;
	endpoint_free(&ep);
	af_error_clear(&err);
	setenv("PATH", path_before, 1);
	return path_remove_tree(home, NULL) == AF_OK ? 0 : -1;
}

/* Writes a file under HOME. */
static void put(const char *name, const char *text, mode_t mode)
{
	AUTO_FREE char *path = str_format(NULL, "%s/%s", home, name);
	AUTO_FREE char *dir = str_ndup(path, (size_t) (strrchr(path, '/') - path), NULL);

	assert_int_equal(path_mkdirs(dir, 0700, NULL), AF_OK);
	assert_int_equal(file_write(path, text, strlen(text), mode, NULL), AF_OK);
}

static af_code resolve(const char *host)
{
	endpoint_free(&ep);
	af_error_clear(&err);
	return endpoint_resolve(host, &ep, &err);
}

static void resolves(const char *host, const char *to)
{
	af_code rc = resolve(host);

	if (rc)
		print_error("%s\n", err.message);
	assert_int_equal(rc, AF_OK);
	assert_string_equal(ep.host, to);
}

/* ---- addresses ------------------------------------------------------------------------- */

static void test_addresses(void **state)
{
	(void) state;
	resolves("unix:///a/b.sock", "unix:///a/b.sock");
	assert_string_equal(ep.unix_path, "/a/b.sock");
	assert_null(endpoint_http(&ep).tls);
	resolves("/a/b.sock", "/a/b.sock");
	assert_string_equal(ep.unix_path, "/a/b.sock");
	resolves("tcp://h", "tcp://h");
	assert_string_equal(ep.base, "http://h:2375");
	assert_null(ep.unix_path);
	resolves("tcp://h:1/", "tcp://h:1/");
	assert_string_equal(ep.base, "http://h:1");
	resolves("tcp://[::1]:5/x/", "tcp://[::1]:5/x/");
	assert_string_equal(ep.base, "http://[::1]:5/x");
	resolves("tcp://[::1]", "tcp://[::1]");
	assert_string_equal(ep.base, "http://[::1]:2375");
	resolves("https://h", "https://h");
	assert_string_equal(ep.base, "https://h:2376");
	assert_non_null(endpoint_http(&ep).tls);
}

static void test_bad_addresses(void **state)
{
	static const char *const hosts[] = { "unix://relative", "tcp://", "ftp://x", "nonsense", "npipe:////./pipe/docker" };
	AUTO_STRBUF longest = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		assert_int_equal(resolve(hosts[i]), AF_ERR_USAGE);
	strbuf_adds(&longest, "unix:///");
	for (int i = 0; i < 107; i++)
		strbuf_addc(&longest, 'x');
	assert_int_equal(resolve(longest.data), AF_ERR_USAGE);
	strbuf_truncate(&longest, longest.len - 1);
	assert_int_equal(resolve(longest.data), AF_OK);
	assert_int_equal(resolve("ssh://user@host"), AF_ERR_UNAVAILABLE);
	assert_non_null(err.hint);
}

/* ---- where to look ----------------------------------------------------------------------- */

static void test_order(void **state)
{
	(void) state;
	put(".docker/contexts/meta/abc/meta.json",
	    "{\"Name\":\"lab\",\"Endpoints\":{\"docker\":{\"Host\":\"tcp://lab:1\"}}}", 0600);
	put(".docker/contexts/meta/def/meta.json",
	    "{\"Name\":\"other\",\"Endpoints\":{\"docker\":{\"Host\":\"unix:///other.sock\"}}}", 0600);
	put(".docker/contexts/meta/bad/meta.json", "{", 0600);
	put(".docker/config.json", "{\"currentContext\":\"lab\"}", 0600);
	resolves(NULL, "tcp://lab:1");
	assert_string_equal(ep.from, "context \"lab\"");
	setenv("DOCKER_CONTEXT", "other", 1);
	resolves("", "unix:///other.sock");
	setenv("DOCKER_HOST", "tcp://env:1", 1);
	resolves(NULL, "tcp://env:1");
	assert_string_equal(ep.from, "DOCKER_HOST");
	resolves("tcp://arg:1", "tcp://arg:1");
	unsetenv("DOCKER_HOST");
	setenv("DOCKER_CONTEXT", "default", 1);
	assert_int_equal(resolve(NULL), AF_OK);
	assert_string_equal(ep.from, "default");
	setenv("DOCKER_CONTEXT", "gone", 1);
	assert_int_equal(resolve(NULL), AF_ERR_UNREACHABLE);
	assert_non_null(strstr(err.message, "\"gone\""));
	assert_non_null(err.hint);
}

static void test_config_elsewhere(void **state)
{
	AUTO_FREE char *dir = str_format(NULL, "%s/elsewhere", home);

	(void) state;
	put("elsewhere/config.json", "{\"currentContext\":\"x\"}", 0600);
	put("elsewhere/contexts/meta/1/meta.json", "{\"Name\":\"x\",\"Endpoints\":{\"docker\":{}}}", 0600);
	setenv("DOCKER_CONFIG", dir, 1);
	assert_int_equal(resolve(NULL), AF_ERR_UNREACHABLE);
	assert_non_null(strstr(err.message, "names no engine"));
	put("elsewhere/config.json", "{\"currentContext\":", 0600);
	assert_int_equal(resolve(NULL), AF_ERR_FAILED);
	assert_non_null(strstr(err.message, "elsewhere/config.json"));
	/* An engine that is named needs no configuration. */
	resolves("tcp://h:1", "tcp://h:1");
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	return fd;
}

static void test_rootless(void **state)
{
	AUTO_FREE char *dir = str_format(NULL, "%s/podman", home);
	AUTO_FREE char *podman = str_format(NULL, "%s/podman.sock", dir);
	AUTO_FREE char *rootless = str_format(NULL, "%s/docker.sock", home);
	AUTO_FREE char *host = NULL;

	(void) state;
	if (access("/var/run/docker.sock", F_OK) == 0 || access("/run/podman/podman.sock", F_OK) == 0)
		skip(); /* the system's engine comes first */
	resolves(NULL, "unix:///var/run/docker.sock");
	assert_int_equal(path_mkdirs(dir, 0700, NULL), AF_OK);
	setenv("XDG_RUNTIME_DIR", home, 1);
	AUTO_CLOSE int first = listen_at(podman);
	host = str_format(NULL, "unix://%s", podman);
	resolves(NULL, host);
	AUTO_CLOSE int second = listen_at(rootless);
	free(host);
	host = str_format(NULL, "unix://%s", rootless);
	resolves(NULL, host);
	assert_true(first >= 0 && second >= 0);
}

/* ---- TLS --------------------------------------------------------------------------------- */

static void test_tls_from_env(void **state)
{
	AUTO_FREE char *dir = str_format(NULL, "%s/certs", home);
	AUTO_FREE char *ca = str_format(NULL, "%s/ca.pem", dir);

	(void) state;
	put("certs/ca.pem", "x", 0600);
	setenv("DOCKER_TLS_VERIFY", "1", 1);
	setenv("DOCKER_CERT_PATH", dir, 1);
	setenv("DOCKER_HOST", "tcp://h", 1);
	resolves(NULL, "tcp://h");
	assert_string_equal(ep.base, "https://h:2376");
	assert_string_equal(endpoint_http(&ep).tls->ca_file, ca);
	assert_null(endpoint_http(&ep).tls->cert_file);
	assert_false(ep.tls.insecure);
	unsetenv("DOCKER_TLS_VERIFY");
	setenv("DOCKER_TLS", "1", 1);
	resolves(NULL, "tcp://h");
	assert_true(ep.tls.insecure);
}

static void test_tls_from_context(void **state)
{
	AUTO_FREE char *cert = str_format(NULL, "%s/.docker/contexts/tls/abc/docker/cert.pem", home);

	(void) state;
	put(".docker/contexts/meta/abc/meta.json",
	    "{\"Name\":\"lab\",\"Endpoints\":{\"docker\":{\"Host\":\"tcp://lab\",\"SkipTLSVerify\":true}}}", 0600);
	put(".docker/contexts/tls/abc/docker/cert.pem", "x", 0600);
	put(".docker/contexts/tls/abc/docker/key.pem", "x", 0600);
	setenv("DOCKER_CONTEXT", "lab", 1);
	resolves(NULL, "tcp://lab");
	assert_string_equal(ep.base, "https://lab:2376");
	assert_string_equal(ep.tls.cert_file, cert);
	assert_true(ep.tls.insecure);
}

static void test_docker_new(void **state)
{
	struct docker *d = NULL;

	(void) state;
	assert_int_equal(docker_new(NULL, "tcp://h:1", &d, &err), AF_OK);
	assert_string_equal(docker_host(d), "tcp://h:1");
	docker_free(d);
	docker_free(NULL);
	assert_int_equal(docker_new(NULL, "tcp://", &d, &err), AF_ERR_USAGE);
}

/* ---- credentials ----------------------------------------------------------------------------- */

/* The decoded header for a registry. */
static void sends(const char *registry, const char *json)
{
	AUTO_SECRET header = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	static const char name[] = "X-Registry-Auth: ";
	af_code rc = auth_header(registry, NULL, &header, &err);

	if (rc)
		print_error("%s\n", err.message);
	assert_int_equal(rc, AF_OK);
	assert_true(str_starts(header.data, name));
	/* Engines want the padding. */
	assert_int_equal((header.len - strlen(name)) % 4, 0);
	assert_true(base64_decode(&text, header.data + strlen(name), header.len - strlen(name)));
	assert_string_equal(text.data, json);
}

#define NONE "{}"

static void test_auth_file(void **state)
{
	(void) state;
	sends("docker.io", NONE);
	put(".docker/config.json",
	    "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"bWU6cGE6c3M=\"}," /* me:pa:ss */
	    "\"https://old.example/v1/\":{\"auth\":\"YTpi\"},"
	    "\"reg:5000\":{\"identitytoken\":\"tok\"},"
	    "\"pod\":{\"username\":\"u\",\"password\":\"p\"},"
	    "\"broken\":{\"auth\":\"!!\"}}}",
	    0600);
	sends("docker.io", "{\"username\":\"me\",\"password\":\"pa:ss\",\"serveraddress\":\"https://index.docker.io/v1/\"}");
	sends("old.example", "{\"username\":\"a\",\"password\":\"b\",\"serveraddress\":\"old.example\"}");
	sends("reg:5000", "{\"identitytoken\":\"tok\",\"serveraddress\":\"reg:5000\"}");
	sends("pod", "{\"username\":\"u\",\"password\":\"p\",\"serveraddress\":\"pod\"}");
	sends("broken", NONE);
	sends("reg", NONE);
}

/* A credential helper of ours, first in PATH. */
static void helper(const char *name, const char *script)
{
	AUTO_FREE char *file = str_format(NULL, "bin/docker-credential-%s", name);
	AUTO_FREE char *text = str_format(NULL, "#!/bin/sh\n%s\n", script);
	AUTO_FREE char *path = str_format(NULL, "%s/bin:%s", home, path_before);

	put(file, text, 0700);
	setenv("PATH", path, 1);
}

static void test_auth_helper(void **state)
{
	(void) state;
	put(".docker/config.json",
	    "{\"credsStore\":\"all\",\"credHelpers\":{\"gcr.io\":\"one\",\"docker.io\":\"hub\"},"
	    "\"auths\":{\"x\":{\"auth\":\"YTpi\"}}}",
	    0600);
	helper("all", "read server; echo '{\"ServerURL\":\"'$server'\",\"Username\":\"for-'$server'\",\"Secret\":\"'$1'\"}'");
	helper("one", "echo '{\"Username\":\"<token>\",\"Secret\":\"t0k\"}'");
	helper("hub", "echo 'credentials not found in native keychain'; exit 1");
	sends("x", "{\"username\":\"for-x\",\"password\":\"get\",\"serveraddress\":\"x\"}");
	sends("gcr.io", "{\"identitytoken\":\"t0k\",\"serveraddress\":\"gcr.io\"}");
	sends("docker.io", NONE);
}

/* Fails, and neither message nor hint tells what the helper said. */
static void helper_fails(const char *part)
{
	AUTO_SECRET header = STRBUF_INIT(STRBUF_TEXT);

	af_error_clear(&err);
	assert_int_equal(auth_header("x", NULL, &header, &err), AF_ERR_FAILED);
	assert_non_null(strstr(err.message, part));
	assert_null(strstr(err.message, "s3cret"));
	assert_true(!err.hint || !strstr(err.hint, "s3cret"));
	assert_string_equal(header.data, "X-Registry-Auth: e30=");
}

static void test_auth_helper_fails(void **state)
{
	(void) state;
	put(".docker/config.json", "{\"credsStore\":\"bad\"}", 0600);
	helper_fails("docker-credential-bad");
	helper("bad", "echo s3cret; echo s3cret >&2; exit 2");
	helper_fails("status 2");
	helper("bad", "echo '{\"Secret\":\"s3cret\"}'");
	helper_fails("docker-credential-bad");
	helper("bad", "cat /dev/zero | head -c 1000000");
	helper_fails("docker-credential-bad");
	put(".docker/config.json", "{\"credsStore\":\"../../bin/sh\"}", 0600);
	helper_fails("helper");
	put(".docker/config.json", "[]", 0600);
	helper_fails("config.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_config_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rootless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tls_from_env, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tls_from_context, setup, teardown),
		cmocka_unit_test_setup_teardown(test_docker_new, setup, teardown),
		cmocka_unit_test_setup_teardown(test_auth_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_auth_helper, setup, teardown),
		cmocka_unit_test_setup_teardown(test_auth_helper_fails, setup, teardown),
	};

	return cmocka_run_group_tests_name("docker endpoint", tests, NULL, NULL);
}
