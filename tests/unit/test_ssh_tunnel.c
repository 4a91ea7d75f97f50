/* ssh: what goes through the tunnel, with a real server on the loopback. */
#include "unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "ssh/ssh.h"

#define SSHD "/usr/sbin/sshd"
/* Rounds in which what comes in meets what else the connection is told. */
#define ROUNDS 20

static char *dir;
static int ssh_port, tcp_port, tcp_fd;
static pid_t sshd;
static struct ssh *ssh;
static struct ssh_host *host;

/* ---- a server ------------------------------------------------------------------------------------------ */

static char *in_dir(const char *name)
{
	return path_join(dir, name, NULL);
}

static void write_file(const char *name, const char *text)
{
	AUTO_FREE char *path = in_dir(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t) strlen(text));
	close(fd);
}

static int listen_tcp(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *) &at, len), 0);
	assert_int_equal(listen(fd, 10), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *) &at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static bool is_listening(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons((uint16_t) port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is = connect(fd, (struct sockaddr *) &at, sizeof(at)) == 0;

	close(fd);
	return is;
}

static void make_keys(void)
{
	AUTO_FREE char *command = str_format(NULL, "cd %s && ssh-keygen -q -t ed25519 -N '' -f host && "
					     "mkdir -m 700 .ssh && ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519 && "
					     "cp .ssh/id_ed25519.pub authorized", dir);

	assert_int_equal(system(command), 0);
	AUTO_FREE char *path = in_dir("host.pub");
	AUTO_STRBUF key = STRBUF_INIT(4096);
	ok(file_read(path, &key, &err));
	AUTO_FREE char *known = str_format(NULL, "[127.0.0.1]:%d %s", ssh_port, key.data);
	write_file(".ssh/known_hosts", known);
}

/* Only one port may be gone to: others are refused without a look at the network. */
static void start_sshd(void)
{
	AUTO_FREE char *config = str_format(NULL, "Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nPidFile none\nUsePAM no\n"
					    "StrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\n"
					    "AuthorizedKeysFile %s/authorized\nPermitOpen 127.0.0.1:%d\n", ssh_port, dir, dir,
					    tcp_port);
	int64_t start = clock_ms();

	write_file("config", config);
	AUTO_FREE char *path = in_dir("config");
	AUTO_FREE char *log = in_dir("log");
	mkdir("/run/sshd", 0755);
	sshd = fork();
	if (!sshd) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execl(SSHD, SSHD, "-D", "-E", log, "-f", path, NULL);
		_exit(127);
	}
	while (!is_listening(ssh_port)) {
		assert_true(clock_ms() - start < PATIENCE_MS);
		usleep(10000);
	}
}

/* To the processes that have the connections. */
static void signal_sshd(int what)
{
	AUTO_FREE char *command = str_format(NULL, "pgrep -P %d", (int) sshd);
	FILE *list = popen(command, "re");
	int pid;

	assert_non_null(list);
	while (fscanf(list, "%d", &pid) == 1)
		kill(pid, what);
	pclose(list);
}

static int setup(void **state UNUSED)
{
	static char template[] = "/tmp/afs-tunnel-XXXXXX";
	int fd = listen_tcp(&ssh_port);

	tcp_fd = listen_tcp(&tcp_port);
	close(fd);
	dir = mkdtemp(template);
	setenv("HOME", dir, 1);
	setenv("XDG_RUNTIME_DIR", dir, 1);
	unsetenv("SSH_AUTH_SOCK");
	make_keys();
	start_sshd();
	AUTO_FREE char *url = str_format(NULL, "ssh://root@127.0.0.1:%d", ssh_port);
	ssh = ssh_new(NULL, &err);
	ok(ssh ? AF_OK : err.code);
	ok(ssh_host(ssh, url, &host, &err));
	ok(ssh_connect(host, NULL, &err));
	return 0;
}

static int teardown(void **state UNUSED)
{
	signal_sshd(SIGCONT); /* a test may have failed in between */
	ssh_free(ssh);
	kill(sshd, SIGTERM);
	waitpid(sshd, NULL, 0);
	close(tcp_fd);
	return path_remove_tree(dir, NULL);
}

/* The server's end of the connection has bytes that nobody has read. */
static bool unread_there(void)
{
	FILE *table = fopen("/proc/net/tcp", "re");
	char line[512];
	unsigned port, state, out, in;
	bool found = false;

	assert_non_null(table);
	while (fgets(line, sizeof(line), table))
		if (sscanf(line, " %*d: %*x:%x %*x:%*x %x %x:%x", &port, &state, &out, &in) == 4)
			found |= (int) port == ssh_port && state == 1 && in;
	fclose(table);
	return found;
}

/* ---- going through it ------------------------------------------------------------------------------------ */

static int go_to(int port)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *path;

	ok(ssh_address_path(host, "127.0.0.1", port, &path, &err));
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *) &at, sizeof(at)), 0);
	return fd;
}

/* The next bytes, or 0 at the end. */
static ssize_t next_bytes(int fd, char *buf, size_t size)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (poll(&pfd, 1, PATIENCE_MS) != 1)
		fail_msg("nothing came through the tunnel");
	return recv(fd, buf, size, 0);
}

static void pass(int from, int to)
{
	char buf[64];

	assert_int_equal(send(from, "words", 5, MSG_NOSIGNAL), 5);
	assert_int_equal(next_bytes(to, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "words", 5);
}

struct way {
	int here, there;
};

static struct way make_way(void)
{
	struct way w = { .here = go_to(tcp_port), .there = accept4(tcp_fd, NULL, NULL, SOCK_CLOEXEC) };

	pass(w.here, w.there);
	return w;
}

static void end_way(struct way *w)
{
	close(w->here);
	close(w->there);
}

/* With the server stopped: what it was told is there, and bytes for `w` are, too. Then it sees both at once, answers
 * both at once, and says nothing more. */
static void answer_at_once(struct way *w)
{
	int64_t start = clock_ms();
	char buf[64];

	while (!unread_there() && clock_ms() - start < PATIENCE_MS)
		usleep(1000);
	assert_int_equal(send(w->there, "words", 5, MSG_NOSIGNAL), 5);
	signal_sshd(SIGCONT);
	assert_int_equal(next_bytes(w->here, buf, sizeof(buf)), 5);
}

static void refusal_and_data_at_once(void **state UNUSED)
{
	struct way w = make_way();
	char buf[64];

	for (int i = 0; i < ROUNDS; i++) {
		signal_sshd(SIGSTOP);
		int refused = go_to(1);
		answer_at_once(&w);
		assert_true(next_bytes(refused, buf, sizeof(buf)) <= 0);
		close(refused);
	}
	end_way(&w);
}

static void opening_and_data_at_once(void **state UNUSED)
{
	struct way w = make_way();

	for (int i = 0; i < ROUNDS; i++) {
		signal_sshd(SIGSTOP);
		int here = go_to(tcp_port);
		answer_at_once(&w);
		struct way other = { here, accept4(tcp_fd, NULL, NULL, SOCK_CLOEXEC) };
		pass(other.here, other.there);
		end_way(&other);
	}
	end_way(&w);
}

static void close_and_data_at_once(void **state UNUSED)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct way first = make_way(), w = make_way(), last = make_way();
		signal_sshd(SIGSTOP);
		end_way(i % 2 ? &first : &last);
		answer_at_once(&w);
		end_way(i % 2 ? &last : &first);
		end_way(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusal_and_data_at_once),
		cmocka_unit_test(opening_and_data_at_once),
		cmocka_unit_test(close_and_data_at_once),
	};

	if (geteuid() != 0 || access(SSHD, X_OK) < 0) {
		printf("1..0 # SKIP no sshd can be started here\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
