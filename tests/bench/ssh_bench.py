"""What the way through SSH costs: calls beside the same without it, a large result beside `ssh -L`."""
import contextlib
import os
import socket
import subprocess
import tempfile

import sshd
import tap
from bench import CLIENT_CPU, SERVER_CPU, Row, Unavailable, built, median, on_cpus, program, run, server, wait_until
from calls import ANSWER, KWARGS, free_port
from environment import ENV_PY

ROUNDS = 5
IN_FLIGHT = 32
CALLS = 10000
LARGE = 100 * 1000 * 1000
FAST, LARGE_AT, REAL = 8000, 8001, 8002
SERVER = os.path.join(os.path.dirname(os.path.realpath(__file__)), os.pardir, os.pardir, "src", "templates", "server")

NGINX = """\
daemon off;
pid nginx.pid;
error_log stderr error;
worker_processes 1;
events { worker_connections 4096; }
http {
    access_log off;
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
    default_type application/json;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    server {
        listen %d backlog=4096;
        location / { return 200 '%s'; }
    }
    server {
        listen %d;
        root .;
        error_page 405 =200 $uri;  # to a POST a file is no answer; that error's page is
    }
}
"""


class Place:
    """A server in a network namespace, nginx beside it, and a user who may log in."""

    def __init__(self):
        # BBR, some machines' default, paces itself by what it guesses of the wire; of a virtual one it guesses wrong.
        with on_cpus(SERVER_CPU):
            self.host = sshd.Sshd("bench", sysctl="net.ipv4.tcp_congestion_control=reno")
        self.user = sshd.Client()
        self.key = self.user.key("ed25519")
        self.host.allow(self.key)
        self.user.trust(self.host)
        self.env = {**os.environ, "HOME": self.user.home, "XDG_RUNTIME_DIR": self.user.home, "SSH_AUTH_SOCK": ""}

    def ours(self, mode, port, *more, far=True, at=None):
        env = {**self.env, "BENCH_HOST": self.host.url} if far else self.env
        return run(built("bench_calls"), mode, "%s:%d" % (at or self.host.address, port), "evaluate", KWARGS, "2",
                   *map(str, more), cpus=CLIENT_CPU, env=env).json()["per_second"]

    def answers(self, port):
        with contextlib.suppress(OSError), socket.create_connection((self.host.address, port), 1):
            return True
        return False

    def pairs(self, port):
        """Calls per second with SSH and without, several times. A call that fails ends it with an error."""
        both = [(self.ours("concurrent", port, IN_FLIGHT), self.ours("concurrent", port, IN_FLIGHT, far=False))
                for _ in range(ROUNDS)]
        return [far for far, _ in both], [near for _, near in both]

    @contextlib.contextmanager
    def forwarded(self, port):
        """The local port that `ssh -L` makes of one there."""
        local = free_port()
        argv = [program("ssh"), "-F", "none", "-N", "-i", self.key, "-o", "UserKnownHostsFile=" + self.user.path("known_hosts"),
                "-L", "127.0.0.1:%d:%s:%d" % (local, self.host.address, port), "root@" + self.host.address]

        def listens():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", local), 1):
                return True
            return False
        with server(argv, cpus=CLIENT_CPU):
            wait_until("ssh forwards", listens)
            yield local


@contextlib.contextmanager
def place():
    why = sshd.missing()
    if why:
        raise Unavailable("no SSH server: " + why)
    with tempfile.TemporaryDirectory(prefix="afs-bench-") as folder:
        os.chmod(folder, 0o755)
        with open(os.path.join(folder, "call"), "w") as f:
            f.write('{"status":"success","result":"' + "x" * LARGE + '"}')
        with open(os.path.join(folder, "nginx.conf"), "w") as f:
            f.write(NGINX % (FAST, ANSWER, LARGE_AT))
        with open(os.path.join(folder, "env.py"), "w") as f:
            f.write(ENV_PY)
        os.symlink(os.path.realpath(SERVER), os.path.join(folder, "_affinetes"))
        try:
            here = Place()
            there = [program("ip"), "netns", "exec", here.host.namespace.name]
            nginx = there + [program("nginx"), "-p", folder, "-c", "nginx.conf", "-e", "stderr"]
            real = there + ["/usr/bin/python3", os.path.join(folder, "_affinetes", "server.py")]
            env = dict(os.environ, AFFINETES_ENV_DIR=folder, AFFINETES_PORT=str(REAL))
            with server(nginx, cpus=SERVER_CPU), server(real, cpus=SERVER_CPU, env=env, stdout=subprocess.DEVNULL):
                wait_until("nginx answers", lambda: here.answers(LARGE_AT))
                wait_until("the environment answers", lambda: here.answers(REAL))
                yield here
        finally:
            tap.end_all()


def through_ssh():
    with place() as here:
        real_far, real_near = here.pairs(REAL)
        far, near = here.pairs(FAST)
        with here.forwarded(FAST) as port:
            forwarded = [here.ours("concurrent", port, IN_FLIGHT, far=False, at="127.0.0.1") for _ in range(ROUNDS)]
        with here.forwarded(LARGE_AT) as port:
            large = [(here.ours("result", LARGE_AT), here.ours("result", port, far=False, at="127.0.0.1"))
                     for _ in range(ROUNDS)]
    count = int(sum(real_far + far) * 2)
    if count < CALLS:
        raise RuntimeError("only %d calls" % count)
    yield Row("calls to an environment through SSH, %d in flight" % IN_FLIGHT, median(real_far), "without", median(real_near),
              "1/s", [f / n for f, n in zip(real_far, real_near)], at_least=0.6)
    yield Row("calls through SSH to a server with a fixed answer", median(far), "without", median(near), "1/s",
              [f / n for f, n in zip(far, near)], at_least=0.6, note="0 of %s failed" % format(count, ","))
    yield Row("the same", median(far), "by ssh -L", median(forwarded), "1/s", [f / n for f, n in zip(far, forwarded)])
    yield Row("a 100 MB result through SSH", median([f for f, _ in large]) / 1e6, "by ssh -L",
              median([n for _, n in large]) / 1e6, "MB/s", [f / n for f, n in large], at_least=0.6)
