"""A real server in front of an env.py, and clients for it."""
import collections
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading

LIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "lib")
if LIB not in sys.path:
    sys.path.insert(0, LIB)

from tap import at_end, skip_all, wait_for  # noqa: E402

TEMPLATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir, "src", "templates")
SERVER = os.path.realpath(os.path.join(TEMPLATES, "server"))
TOP = tempfile.mkdtemp(prefix="afs-server-test-")

Reply = collections.namedtuple("Reply", "status body headers")


def find_python():
    """One that has uvicorn; the tests' own may be another."""
    for python in (os.environ.get("AFS_TEST_PYTHON"), sys.executable, "/usr/bin/python3"):
        if python and subprocess.run([python, "-c", "import uvicorn"], stderr=subprocess.DEVNULL).returncode == 0:
            return python
    skip_all("no Python with uvicorn")


PYTHON = find_python()


class Serving:
    """`code` as env.py, served. `patch` changes the server's constants; its module is `s` there.

    Used as a context: it is ready inside and gone afterwards.
    """

    def __init__(self, code, workers=1, patch="", uds=None, command=None, wrap=(), files=None, **env):
        self.directory = tempfile.mkdtemp(dir=TOP)
        os.symlink(SERVER, self.path("_affinetes"))
        for name, text in dict(files or {}, **({"env.py": code} if code is not None else {})).items():
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(textwrap.dedent(text))
        if command is None:
            command = [self.path("_affinetes/server.py")]
        if patch:
            start = "import sys; sys.path[:0] = [%r]; import _affinetes.server as s; %s; sys.exit(s.main())"
            command = ["-c", start % (self.directory, patch)]
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("PYTHONPATH", "UVICORN_WORKERS") and not name.startswith("AFFINETES_")}
        environment.update(AFFINETES_ENV_DIR=self.directory, AFFINETES_PORT="0", PYTHONDONTWRITEBYTECODE="1", TMPDIR=TOP)
        if workers > 1:
            environment["UVICORN_WORKERS"] = str(workers)
        if uds:
            environment["AFFINETES_UDS"] = self.uds = self.path(uds)
        else:
            self.uds = None
        environment.update({name: str(value) for name, value in env.items()})
        self.workers = workers
        self.port = None
        self.lines = []
        self.process = subprocess.Popen(
            list(wrap) + [PYTHON] + command, cwd=self.directory, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, start_new_session=True)
        self.errors = []
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                         for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.errors))]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def path(self, name):
        return os.path.join(self.directory, name)

    # ---- its life

    def __enter__(self):
        try:
            self.wait_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_exc):
        self.kill()

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError("the server ended with %d:\n%s" % (self.process.poll(), self.stderr()))
            found = self.log("ready")
            return len(found) >= self.workers and found
        address = wait_for(ready, what="server ready")[0]["address"]
        if not self.uds:
            self.port = int(address.rsplit(":", 1)[1])

    def terminate(self, number=signal.SIGTERM):
        """-> exit status; the caller measures."""
        self.process.send_signal(number)
        return self.process.wait(timeout=10)

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for reader in self._readers:
            reader.join(5)
        self.process.stdout.close()
        self.process.stderr.close()

    def stderr(self):
        if self.process.poll() is not None:
            self._readers[1].join(5)
        return "\n".join(self.errors)

    # ---- its log

    def log(self, event=None):
        """The structured lines, as dicts."""
        rows = [parse_line(line) for line in list(self.lines) if line.startswith("time=")]
        return [row for row in rows if event is None or row["event"] == event]

    def logged(self, **fields):
        """Waits for a line of a call with these fields."""
        def found():
            return [row for row in self.log("call") if all(row.get(key) == value for key, value in fields.items())]
        return wait_for(found, what="log line with %r" % fields)[0]

    # ---- its clients

    def connect(self, timeout=20):
        if self.uds:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        else:
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(timeout)
        sock.connect(self.uds or ("127.0.0.1", self.port))
        return sock

    def client(self, timeout=20):
        client = http.client.HTTPConnection("localhost", timeout=timeout)
        client.sock = self.connect(timeout)
        return client

    def request(self, verb, path, body=None, headers=None, timeout=20):
        client = self.client(timeout)
        try:
            client.request(verb, path, body, headers or {})
            response = client.getresponse()
            return Reply(response.status, response.read(), dict(response.getheaders()))
        finally:
            client.close()

    def get(self, path):
        reply = self.request("GET", path)
        return reply.status, json.loads(reply.body)

    def post(self, path, body=b"", call_id=None, timeout=20):
        """-> (status, parsed body); `body` is bytes, text or something to be made JSON."""
        reply = self.post_raw(path, body, call_id, timeout)
        return reply.status, json.loads(reply.body)

    def post_raw(self, path, body=b"", call_id=None, timeout=20):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        return self.request("POST", path, body, {"X-Affinetes-Call-Id": call_id} if call_id else {}, timeout)

    def call(self, method, call_id=None, **kwargs):
        return self.post("/call", {"method": method, "args": [], "kwargs": kwargs}, call_id)

    def start(self, method, call_id=None, **kwargs):
        """Sends a call and leaves its answer for later; close() the result to drop it."""
        body = json.dumps({"method": method, "args": [], "kwargs": kwargs}).encode()
        client = self.client()
        client.request("POST", "/call", body, {"X-Affinetes-Call-Id": call_id} if call_id else {})
        return client

    def in_flight(self):
        return self.get("/stats")[1]["in_flight"]

    def wait_in_flight(self, count):
        wait_for(lambda: self.in_flight() == count, what="%d calls in flight" % count)


def answer_of(client):
    """-> (status, parsed body) of what start() sent."""
    response = client.getresponse()
    try:
        return response.status, json.loads(response.read())
    finally:
        client.close()


def parse_line(line):
    """A key=value line as a dict; quoted values are JSON strings."""
    row, rest = {}, line
    while rest:
        key, _, rest = rest.partition("=")
        if rest.startswith('"'):
            value, end = json.JSONDecoder().raw_decode(rest)
        else:
            end = rest.find(" ") if " " in rest else len(rest)
            value = rest[:end]
        row[key], rest = value, rest[end + 1:]
    return row


def result_of(reply):
    status, body = reply
    if status != 200 or body.get("status") != "success":
        raise AssertionError("the call failed: %s %s" % (status, body))
    return body["result"]


def id_for(worker, workers, prefix="call"):
    """A call id that belongs to this worker; Peers.owner() in server.py decides."""
    import zlib

    return next(text for text in ("%s-%d" % (prefix, n) for n in range(10000))
                if zlib.crc32(text.encode()) % workers == worker)


at_end(shutil.rmtree, TOP, True)
