/* ssh: addresses of hosts, the output of `ssh -G`, known_hosts, private key files. */
#include "unit.h"

#include "base/bytes.h"
#include "ssh/config.h"
#include "ssh/keyfile.h"
#include "ssh/known.h"

/* ---- addresses --------------------------------------------------------------------------------------- */

static void expect_url(const char *text, const char *user, const char *host, int port, const char *name)
{
	AF_AUTO(ssh_url) struct ssh_url url = { 0 };

	ok(ssh_url_parse(text, &url, &err));
	assert_string_equal(url.user ? url.user : "-", user ? user : "-");
	assert_string_equal(url.host, host);
	assert_int_equal(url.port, port);
	assert_string_equal(url.name, name);
}

static void test_addresses_of_hosts(void **state)
{
	(void) state;
	expect_url("ssh://gpu-a", NULL, "gpu-a", 0, "gpu-a");
	expect_url("ssh://me@gpu-a", "me", "gpu-a", 0, "gpu-a");
	expect_url("ssh://me@gpu-a:22/", "me", "gpu-a", 22, "gpu-a");
	expect_url("ssh://me@gpu-a:2222", "me", "gpu-a", 2222, "gpu-a:2222");
	expect_url("ssh://[::1]:2222", NULL, "::1", 2222, "[::1]:2222");
	expect_url("ssh://me@[fe80::1%eth0]", "me", "fe80::1%eth0", 0, "fe80::1%eth0");
}

static void test_what_is_no_address(void **state)
{
	static const char *const texts[] = { "", "gpu-a", "ssh://", "ssh://@a", "ssh://me@", "ssh://-oProxyCommand=x",
					     "ssh://-l@a", "ssh://a b", "ssh://a;b", "ssh://a:0", "ssh://a:65536", "ssh://a:",
					     "ssh://[::1", "ssh://[::1]x", "ssh://[]", "ssh://a/b", "http://a", "ssh://$(x)" };
	struct ssh_url url = { 0 };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		fails(ssh_url_parse(texts[i], &url, &err), AF_ERR_USAGE, "is no address of a host");
	fails(ssh_url_parse("ssh://me:secret@a", &url, &err), AF_ERR_USAGE, "passwords are not taken");
}

/* ---- ssh -G -------------------------------------------------------------------------------------------- */

static void test_what_ssh_resolves(void **state)
{
	static const char text[] = "user root\nhostname 10.0.0.7\nport 2222\nidentitiesonly yes\n"
				   "globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2\n"
				   "userknownhostsfile /root/.ssh/known_hosts \"/other place/known\"\n"
				   "identityfile ~/.ssh/id_ed25519\nidentityfile /keys/id\nproxyjump me@jump:22,second\n"
				   "serveraliveinterval 7\nserveralivecountmax 2\nconnecttimeout none\nidentityagent SSH_AUTH_SOCK\n"
				   "hostkeyalias none\nnonsense\n\nport 99999\r\n";
	AF_AUTO(ssh_config) struct ssh_config c = { 0 };

	(void) state;
	ok(ssh_config_parse(text, "/home/me", "/root", &c, &err));
	assert_string_equal(c.hostname, "10.0.0.7");
	assert_string_equal(c.user, "root");
	assert_int_equal(c.port, 2222);
	assert_true(c.identities_only);
	assert_int_equal(c.identities.count, 2);
	assert_string_equal(c.identities.items[0], "/home/me/.ssh/id_ed25519");
	assert_string_equal(c.identities.items[1], "/keys/id");
	assert_int_equal(c.known_hosts.count, 4);
	assert_string_equal(c.known_hosts.items[0], "/home/me/.ssh/known_hosts");
	assert_string_equal(c.known_hosts.items[1], "/other place/known");
	assert_string_equal(c.known_hosts.items[3], "/etc/ssh/ssh_known_hosts2");
	assert_string_equal(c.proxy_jump, "me@jump:22,second");
	assert_int_equal(c.alive_interval_s, 7);
	assert_int_equal(c.connect_timeout_s, 0);
	assert_null(c.agent);
	assert_null(c.alias);
}

/* ---- known_hosts ---------------------------------------------------------------------------------------- */

#define ED "AAAAC3NzaC1lZDI1NTE5AAAAIGsVmyZBGJ0VbmUh5cWqkdgZbHWpEuoBi6o0sYkgKvFD"
#define ED2 "AAAAC3NzaC1lZDI1NTE5AAAAIAsVmyZBGJ0VbmUh5cWqkdgZbHWpEuoBi6o0sYkgKvFD"

static size_t count_known(const char *text, const char *host, int port)
{
	AF_AUTO(known_keys) struct known_keys keys = { 0 };

	ok(known_keys_read(text, "known_hosts", host, port, &keys, &err));
	return keys.count;
}

static void test_names_in_known_hosts(void **state)
{
	(void) state;
	assert_int_equal(count_known("a,b ssh-ed25519 " ED " comment\n", "b", 22), 1);
	assert_int_equal(count_known("a,b ssh-ed25519 " ED "\n", "c", 22), 0);
	assert_int_equal(count_known("*.lab,!x.lab ssh-ed25519 " ED "\n", "y.lab", 22), 1);
	assert_int_equal(count_known("*.lab,!x.lab ssh-ed25519 " ED "\n", "x.lab", 22), 0);
	assert_int_equal(count_known("GPU-A ssh-ed25519 " ED, "gpu-a", 22), 1);
	assert_int_equal(count_known("a ssh-ed25519 " ED "\n", "a", 2222), 0);
	assert_int_equal(count_known("[a]:2222 ssh-ed25519 " ED "\n", "a", 2222), 1);
	assert_int_equal(count_known("[a]:2222 ssh-ed25519 " ED "\n", "a", 22), 0);
	/* The hashed forms of "gpu-a" and "[gpu-a]:2222", as ssh-keygen -H writes them. */
	static const char hashed[] = "|1|Qtp9S/V16pH6GGYWIVbse32IScs=|pNCnTyDU4/PRXnesVJftvbIV9Mg= ssh-ed25519 " ED "\n"
				     "|1|ldb5D6inK2hIZd+Rj89pFaY2V9I=|hdaXrchsVQ/brtafScTmQYBgqRs= ssh-ed25519 " ED "\n";
	assert_int_equal(count_known(hashed, "gpu-a", 22), 1);
	assert_int_equal(count_known(hashed, "gpu-a", 2222), 1);
	assert_int_equal(count_known(hashed, "gpu-a", 2223), 0);
	assert_int_equal(count_known(hashed, "gpu-b", 22), 0);
}

static void test_lines_that_make_no_sense(void **state)
{
	static const char text[] = "\n# comment\na\na ssh-ed25519\na ssh-ed25519 !!!\na ssh-ed25519 AAAA\n@cert-authority a ssh-ed25519 " ED
				   "\n|1|x|y ssh-ed25519 " ED "\n|9|x ssh-ed25519 " ED "\n \t \r\na ssh-ed25519 " ED "\r\n";
	AF_AUTO(known_keys) struct known_keys keys = { 0 };

	(void) state;
	ok(known_keys_read(text, "file", "a", 22, &keys, &err));
	assert_int_equal(keys.count, 1);
	assert_string_equal(keys.items[0].where, "file:11");
	assert_string_equal(keys.items[0].type, "ssh-ed25519");
}

static enum known_verdict verdict(const char *lines, const char *key)
{
	AF_AUTO(known_keys) struct known_keys keys = { 0 };
	AUTO_STRBUF blob = STRBUF_INIT(STRBUF_LINE);

	ok(known_keys_read(lines, "file", "a", 22, &keys, &err));
	assert_true(base64_decode(&blob, key, strlen(key)));
	return known_keys_check(&keys, blob.data, blob.len, NULL);
}

static void test_verdicts(void **state)
{
	(void) state;
	assert_int_equal(verdict("", ED), KNOWN_NEW);
	assert_int_equal(verdict("a ssh-ed25519 " ED "\n", ED), KNOWN_SAME);
	assert_int_equal(verdict("a ssh-ed25519 " ED2 "\n", ED), KNOWN_CHANGED);
	assert_int_equal(verdict("a ssh-ed25519 " ED2 "\na ssh-ed25519 " ED "\n", ED), KNOWN_SAME);
	assert_int_equal(verdict("a ssh-ed25519 " ED "\n@revoked a ssh-ed25519 " ED "\n", ED), KNOWN_REVOKED);
	assert_int_equal(verdict("@revoked a ssh-ed25519 " ED2 "\n", ED), KNOWN_NEW);
}

static void test_known_types_are_asked_for_first(void **state)
{
	AF_AUTO(known_keys) struct known_keys keys = { 0 };
	AUTO_STRBUF order = STRBUF_INIT(STRBUF_LINE);

	(void) state;
	ok(known_keys_read("a x AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAA\n", "file", "a", 22, &keys, &err));
	known_keys_order(&keys, &order);
	assert_string_equal(order.data, "ecdsa-sha2-nistp384,ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp521,ssh-rsa");
}

/* ---- key files ------------------------------------------------------------------------------------------- */

static void expect_key(const char *text, bool is_key, const char *type, bool encrypted)
{
	struct key_info info;

	assert_int_equal(key_file_read(text, strlen(text), &info), is_key);
	if (!is_key)
		return;
	assert_string_equal(info.type, type);
	assert_int_equal(info.encrypted, encrypted);
}

static void test_private_key_files(void **state)
{
	(void) state;
	/* The magic, cipher, KDF, one key: the beginning of what ssh-keygen writes. */
	expect_key("-----BEGIN OPENSSH PRIVATE KEY-----\n"
		   "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAADwAAAAtzc2gtZWQyNTUxOQ==\n"
		   "-----END OPENSSH PRIVATE KEY-----\n", true, "ssh-ed25519", false);
	expect_key("-----BEGIN OPENSSH PRIVATE KEY-----\n"
		   "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAAAAAAAEAAAALAAAAB3NzaC1yc2E=\n"
		   "-----END OPENSSH PRIVATE KEY-----\n", true, "ssh-rsa", true);
	expect_key("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n", false, "", false);
	expect_key("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA", false, "", false);
	expect_key("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", true, "ssh-rsa", true);
	expect_key("-----BEGIN EC PRIVATE KEY-----\nx\n", true, "ecdsa-sha2-nistp256", false);
	expect_key("ssh-ed25519 AAAA me\n", false, "", false);
	assert_true(key_type_usable("ssh-ed25519"));
	assert_true(key_type_usable("ecdsa-sha2-nistp384"));
	assert_false(key_type_usable("ssh-rsa"));
	assert_false(key_type_usable("sk-ssh-ed25519@openssh.com"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_of_hosts),
		cmocka_unit_test(test_what_is_no_address),
		cmocka_unit_test(test_what_ssh_resolves),
		cmocka_unit_test(test_names_in_known_hosts),
		cmocka_unit_test(test_lines_that_make_no_sense),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_known_types_are_asked_for_first),
		cmocka_unit_test(test_private_key_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
