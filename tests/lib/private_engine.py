"""A dockerd of one's own: own sockets, data root, containerd, bridge and subnet; nothing of the system's engine,
its containers, its configuration or its firewall chains is touched. Needs root."""
import contextlib
import ctypes
import fcntl
import ipaddress
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from docker_api import ApiError, Docker

READY_WITHIN = 60
STOP_WITHIN = 20
SLOTS = 8
BRIDGES = 50
PR_SET_PDEATHSIG = 1


class CannotStart(Exception):
    pass


def missing():
    """What is in the way of starting one here, or None."""
    if os.geteuid() != 0:
        return "not root"
    for program in ("dockerd", "containerd", "ip"):
        if not find(program):
            return program + " is not installed"
    return None


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin")


def _quiet(*argv):
    """Exit status 0?"""
    program = find(argv[0])
    return bool(program) and subprocess.run([program, *argv[1:]], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _alive(pid, mark):
    """Whether pid is a process of ours: `mark` stands in its arguments."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            return mark.encode() in f.read()
    except OSError:
        return False


def _wait_gone(pid, mark, seconds):
    deadline = time.monotonic() + seconds
    while _alive(pid, mark) and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.02)
    return not _alive(pid, mark)


def _end_process(pid, mark):
    if not _alive(pid, mark):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    if not _wait_gone(pid, mark, STOP_WITHIN):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _wait_gone(pid, mark, 5)


def _end_shims(mark):
    """containerd's shims outlive a containerd that was killed, and their containers outlive them: ends both."""
    shims, parents = set(), {}
    for pid in [int(n) for n in os.listdir("/proc") if n.isdigit()]:
        if _alive(pid, mark):
            shims.add(pid)
        with contextlib.suppress(OSError, IndexError, ValueError):
            with open("/proc/%d/stat" % pid) as f:
                parents[pid] = int(f.read().rpartition(")")[2].split()[1])
    for pid in [p for p, parent in parents.items() if parent in shims and p not in shims] + list(shims):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _unmount_below(folder):
    with open("/proc/self/mounts") as f:
        points = [line.split()[1].replace("\\040", " ") for line in f]
    for point in sorted((p for p in points if p.startswith(folder + "/")), key=len, reverse=True):
        _quiet("umount", "-l", point)


def _networks_in_use():
    found = []
    for what in (["route", "show", "table", "all"], ["addr"]):
        out = subprocess.run([find("ip"), "-4", "-j"] + what, stdout=subprocess.PIPE, text=True).stdout or "[]"
        for row in json.loads(out):
            texts = [row.get("dst", "")] + ["%s/%s" % (a.get("local"), a.get("prefixlen"))
                                            for a in row.get("addr_info", [])]
            for text in texts:
                with contextlib.suppress(ValueError):
                    network = ipaddress.ip_network(text, strict=False)
                    if network.prefixlen:
                        found.append(network)
    return found


def _outer_mtu():
    with contextlib.suppress(Exception):
        out = subprocess.run([find("ip"), "-4", "-j", "route", "get", "192.0.2.1"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        with open("/sys/class/net/%s/mtu" % json.loads(out)[0]["dev"]) as f:
            return int(f.read())
    return 1500


FORWARDING = "/proc/sys/net/ipv4/ip_forward"


def _forwarding(value=None):
    with contextlib.suppress(OSError):
        if value is not None:
            with open(FORWARDING, "w") as f:
                f.write(value)
        with open(FORWARDING) as f:
            return f.read().strip()
    return ""


def _other_bridges(mine):
    return [n for n in os.listdir("/sys/class/net") if n.startswith("afs") and n[3:].isdigit() and n != mine]


def _firewall_rules(bridge, subnet):
    """Lets containers out and answers in, as dockerd would do it, but without chains that it would share with the
    system's engine (hence --iptables=false)."""
    note = ["-m", "comment", "--comment", bridge]
    return [["nat", "POSTROUTING", "-s", subnet, "!", "-d", subnet, *note, "-j", "MASQUERADE"],
            ["filter", "FORWARD", "-s", subnet, *note, "-j", "ACCEPT"],
            ["filter", "FORWARD", "-d", subnet, *note, "-j", "ACCEPT"]]


class PrivateEngine:
    """start() … stop(). `top` holds the data roots; each engine that runs at the same time has one to itself and
    finds its images again the next time."""

    def __init__(self, top):
        self.top = os.path.abspath(top)
        self.state = {}
        self.slot = None
        self.lock = None
        self.run = None
        self.host = None

    # ---- slots: a data root and the state file that tells what a killed run left behind

    def _take_slot(self):
        os.makedirs(self.top, mode=0o711, exist_ok=True)
        for number in range(SLOTS):
            slot = os.path.join(self.top, str(number))
            os.makedirs(slot, exist_ok=True)
            lock = open(os.path.join(slot, "lock"), "w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            self.slot, self.lock = slot, lock
            return
        raise CannotStart("%d engines run already" % SLOTS)

    def _state_path(self):
        return os.path.join(self.slot, "state.json")

    def _remember(self, **what):
        self.state.update(what)
        with open(self._state_path() + ".new", "w") as f:
            json.dump(self.state, f)
        os.replace(self._state_path() + ".new", self._state_path())

    def _forgotten(self):
        """Puts away what an earlier run in this slot could not."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            with open(self._state_path()) as f:
                self.state = json.load(f)
            self._put_away()

    # ---- start

    def start(self):
        why = missing()
        if why:
            raise CannotStart(why)
        self._take_slot()
        self._forgotten()
        self.run = tempfile.mkdtemp(prefix="afs-", dir="/tmp")
        self._remember(run=self.run)
        try:
            self._make_bridge()
            self._start_containerd()
            self._start_dockerd()
        except BaseException:
            self.stop()
            raise
        return self.host

    def _make_bridge(self):
        used = _networks_in_use()
        for number in range(BRIDGES):
            block = "10.%d.0.0/16" % (200 + number)
            if any(ipaddress.ip_network(block).overlaps(n) for n in used):
                continue
            bridge = "afs%d" % number
            # Making the bridge is what reserves the block: it fails if another run was first.
            if not _quiet("ip", "link", "add", bridge, "type", "bridge"):
                continue
            address = "10.%d.0.1/20" % (200 + number)
            self._remember(bridge=bridge, block=block, pool="10.%d.128.0/17" % (200 + number))
            if not (_quiet("ip", "addr", "add", address, "dev", bridge) and _quiet("ip", "link", "set", bridge, "up")):
                raise CannotStart("cannot set up the bridge %s" % bridge)
            # dockerd turns forwarding on; the last of our engines turns it off again.
            self._remember(forwarding=_forwarding())
            rules = []
            for table, *rule in _firewall_rules(bridge, block):
                if _quiet("iptables", "-w", "-t", table, "-I", *rule):
                    rules.append([table, *rule])
                    self._remember(rules=rules)
            return
        raise CannotStart("no network bridge can be made")

    def _spawn(self, name, argv):
        log = open(os.path.join(self.slot, name + ".log"), "w")
        process = subprocess.Popen([find(argv[0]), *argv[1:]], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True, preexec_fn=_die_with_parent)
        log.close()
        self._remember(**{name: process.pid})
        return process

    def _await(self, process, name, ready):
        deadline = time.monotonic() + READY_WITHIN
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                with open(os.path.join(self.slot, name + ".log"), errors="replace") as f:
                    last = (f.read().strip().splitlines() or ["no output"])[-1]
                raise CannotStart("%s %s: %s" % (name, "died" if process.poll() is not None else "hangs", last))
            time.sleep(0.02)

    def _start_containerd(self):
        config = os.path.join(self.run, "containerd.toml")
        with open(config, "w") as f:
            f.write('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
        self.containerd_socket = os.path.join(self.run, "containerd.sock")
        process = self._spawn("containerd", ["containerd", "--config", config, "--address", self.containerd_socket,
                                             "--root", os.path.join(self.slot, "containerd"),
                                             "--state", os.path.join(self.run, "containerd"), "--log-level", "warn"])
        self._await(process, "containerd", lambda: os.path.exists(self.containerd_socket))

    def _start_dockerd(self):
        config = os.path.join(self.run, "daemon.json")
        with open(config, "w") as f:
            f.write("{}\n")
        self.host = "unix://" + os.path.join(self.run, "docker.sock")
        process = self._spawn("dockerd", [
            "dockerd", "--config-file", config, "--host", self.host, "--containerd", self.containerd_socket,
            "--data-root", os.path.join(self.slot, "data"), "--exec-root", os.path.join(self.run, "exec"),
            "--pidfile", os.path.join(self.run, "docker.pid"), "--bridge", self.state["bridge"],
            "--default-address-pool", "base=%s,size=24" % self.state["pool"], "--mtu", str(_outer_mtu()),
            "--iptables=false", "--ip6tables=false", "--log-level", "warn"])
        docker = Docker(self.host)
        self._await(process, "dockerd", docker.answers)
        # What is there already was left by a killed run.
        self.remove_containers()

    # ---- stop

    def remove_containers(self):
        docker = Docker(self.host)
        for container in docker.containers():
            docker.remove(container["Id"])

    def remove_images(self, keep):
        """All images but those with a tag in `keep`, the build cache and the networks."""
        docker = Docker(self.host)
        for image in docker.get("/images/json"):
            tags = image["RepoTags"] or []
            for name in [t for t in tags if t not in keep and t != "<none>:<none>"]:
                docker.remove_image(name)
        for what in ("/images/prune", "/build/prune", "/networks/prune", "/volumes/prune"):
            with contextlib.suppress(ApiError):
                docker.post(what)

    def stop(self):
        if self.slot is None:
            return
        if self.host:
            with contextlib.suppress(OSError, ApiError):
                self.remove_containers()
        self._put_away()
        self.lock.close()
        self.slot = self.host = None

    def _put_away(self):
        state, run = self.state, self.state.get("run")
        for name in ("dockerd", "containerd"):
            if run and name in state:
                _end_process(state[name], run)
        if run and run.startswith("/tmp/afs-"):
            _end_shims(run + "/")
            _unmount_below(run)
            shutil.rmtree(run, ignore_errors=True)
        for table, *rule in state.get("rules", []):
            _quiet("iptables", "-w", "-t", table, "-D", *rule)
        if "bridge" in state:
            _quiet("ip", "link", "del", state["bridge"])
            if state.get("forwarding") == "0" and not _other_bridges(state["bridge"]):
                _forwarding("0")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._state_path())
        self.state = {}
