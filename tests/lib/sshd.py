"""Real SSH servers to test with, each in a network namespace of its own: own address, host keys, configuration.

    from sshd import Sshd, Client
    host = Sshd("a", docker_host="unix:///tmp/…/docker.sock")
    client = Client()                      # a HOME with .ssh
    client.trust(host); host.allow(client.key("ed25519"))
    host.url                               # "ssh://root@198.18.7.2"

Needs root, ip and sshd; missing() says what is lacking. All is taken away when the program ends.
"""
import contextlib
import ctypes
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from tap import at_end

STARTS_WITHIN = 10
PR_SET_PDEATHSIG = 1
PATH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin"
_count = itertools.count(1)


def find(program):
    return shutil.which(program, path=PATH)


def missing():
    """What is in the way of servers here, or None."""
    if os.geteuid() != 0:
        return "not root"
    for program in ("sshd", "ssh", "ssh-keygen", "ip"):
        if not find(program):
            return program + " is not installed"
    name = "afs-probe-%d" % os.getpid()
    if not quiet("ip", "netns", "add", name):
        return "no network namespaces can be made here"
    quiet("ip", "netns", "del", name)
    return None


def quiet(*argv, **options):
    return subprocess.run([find(argv[0]), *argv[1:]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, **options).returncode == 0


def must(*argv):
    done = subprocess.run([find(argv[0]), *argv[1:]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise OSError("%s: %s" % (" ".join(argv), done.stdout.strip()))


def temp_dir():
    path = tempfile.mkdtemp(prefix="afs-ssh-")
    at_end(shutil.rmtree, path, True)
    return path


def keygen(path, kind, passphrase="", comment="test"):
    must("ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", comment, "-f", path,
         *(["-b", "2048"] if kind == "rsa" else []))
    return path


def read(path):
    with open(path) as f:
        return f.read()


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Namespace:
    """A network namespace behind a veth pair; `address` is inside, `gateway` outside."""

    def __init__(self):
        number = next(_count)
        self.name = "afs-%d-%d" % (os.getpid(), number)
        self.outer = "afv%d-%d" % (os.getpid() % 100000, number)
        must("ip", "netns", "add", self.name)
        at_end(self.remove)
        for block in range(os.getpid() * 8 + number, os.getpid() * 8 + number + 4000):
            self.gateway, self.address = ("198.%d.%d.%d" % (18 + block // 64 // 256 % 2, block // 64 % 256,
                                                            block % 64 * 4 + i) for i in (1, 2))
            taken = subprocess.run([find("ip"), "-4", "addr", "show", "to", self.gateway + "/30"],
                                   stdout=subprocess.PIPE).stdout
            if not taken:
                break
        must("ip", "link", "add", self.outer, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        must("ip", "addr", "add", self.gateway + "/30", "dev", self.outer)
        must("ip", "link", "set", self.outer, "up")
        self.run("ip", "addr", "add", self.address + "/30", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "route", "add", "default", "via", self.gateway)

    def run(self, *argv):
        must("ip", "netns", "exec", self.name, *argv)

    def delay(self, ms):
        """False where the kernel has no netem."""
        return quiet("tc", "qdisc", "replace", "dev", self.outer, "root", "netem", "delay", "%dms" % ms, "limit", "100000")

    def no_delay(self):
        quiet("tc", "qdisc", "del", "dev", self.outer, "root")

    def cut(self):
        must("ip", "link", "set", self.outer, "down")

    def mend(self):
        must("ip", "link", "set", self.outer, "up")

    def remove(self):
        quiet("ip", "link", "del", self.outer)
        quiet("ip", "netns", "del", self.name)


class Sshd:
    """A server in a namespace (a new one by default). start(), stop(), kill(); options are lines of sshd_config."""

    def __init__(self, name, docker_host=None, port=22, namespace=None, keys=("ed25519", "ecdsa"), options=(), sysctl=None):
        self.name, self.port = name, port
        self.namespace = namespace or Namespace()
        if sysctl:
            quiet("ip", "netns", "exec", self.namespace.name, "sysctl", "-qw", sysctl)
        self.address = self.namespace.address
        self.dir = temp_dir()
        self.keys = {}
        self.new_host_keys(keys)
        self.docker_host, self.options = docker_host, list(options)
        open(os.path.join(self.dir, "authorized_keys"), "w").close()
        self.process = None
        at_end(self.kill)
        self.start()

    @property
    def url(self):
        return "ssh://root@%s%s" % (self.address, "" if self.port == 22 else ":%d" % self.port)

    def new_host_keys(self, kinds):
        for path in self.keys.values():
            os.unlink(path)
            os.unlink(path + ".pub")
        self.keys = {kind: keygen(os.path.join(self.dir, "host_" + kind), kind, comment=self.name) for kind in kinds}

    def known_hosts(self, *kinds):
        """Lines for a known_hosts file."""
        name = self.address if self.port == 22 else "[%s]:%d" % (self.address, self.port)
        return "".join("%s %s\n" % (name, " ".join(read(path + ".pub").split()[:2]))
                       for kind, path in self.keys.items() if not kinds or kind in kinds)

    def fingerprint(self, kind):
        out = subprocess.run([find("ssh-keygen"), "-lf", self.keys[kind] + ".pub"], stdout=subprocess.PIPE, text=True)
        return out.stdout.split()[1]

    def allow(self, *public_keys):
        with open(os.path.join(self.dir, "authorized_keys"), "w") as f:
            f.write("".join(read(k + ".pub") for k in public_keys))

    def start(self, *options):
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        config = os.path.join(self.dir, "sshd_config")
        lines = ["Port %d" % self.port, "ListenAddress 0.0.0.0", "PidFile none", "UsePAM no", "StrictModes no",
                 "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes",
                 "AuthorizedKeysFile %s/authorized_keys" % self.dir, "LogLevel VERBOSE"]
        lines += ["HostKey " + path for path in self.keys.values()]
        if self.docker_host:
            lines.append("SetEnv DOCKER_HOST=" + self.docker_host)
        # The first word on a matter counts.
        with open(config, "w") as f:
            f.write("\n".join([*options, *self.options, *lines]) + "\n")
        self.log = os.path.join(self.dir, "log")
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [find("ip"), "netns", "exec", self.namespace.name, find("sshd"), "-D", "-e", "-f", config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=_die_with_parent)
        deadline = time.monotonic() + STARTS_WITHIN
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise OSError("sshd does not start: %s" % read(self.log)[-500:])
            time.sleep(0.02)

    def listens(self):
        with contextlib.suppress(OSError), socket.create_connection((self.address, self.port), 1):
            return True
        return False

    def _children(self):
        """sshd's processes, one per connection, which outlive it."""
        found, parents = {self.process.pid}, {}
        for pid in [int(n) for n in os.listdir("/proc") if n.isdigit()]:
            with contextlib.suppress(OSError, IndexError, ValueError), open("/proc/%d/stat" % pid) as f:
                parents[pid] = int(f.read().rpartition(")")[2].split()[1])
        while True:
            more = {p for p, parent in parents.items() if parent in found} - found
            if not more:
                return found - {self.process.pid}
            found |= more

    def drop_connections(self):
        """Kills every connection; the server goes on listening."""
        for pid in self._children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill(self):
        """The server and every connection, at once."""
        if not self.process:
            return
        children = self._children()
        self.process.kill()
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def restart(self, *options):
        self.kill()
        self.start(*options)

    def connections(self):
        """How many logins the log has."""
        return read(self.log).count("Accepted publickey")


class Client:
    """A HOME with .ssh: keys, known_hosts, config."""

    def __init__(self):
        self.home = temp_dir()
        self.ssh = os.path.join(self.home, ".ssh")
        os.mkdir(self.ssh, 0o700)

    def path(self, name):
        return os.path.join(self.ssh, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def key(self, kind, passphrase="", name=None):
        path = self.path(name or "id_" + kind)
        return path if os.path.exists(path) else keygen(path, kind, passphrase, comment="test " + kind)

    def trust(self, *servers):
        self.write("known_hosts", "".join(s.known_hosts() for s in servers))
