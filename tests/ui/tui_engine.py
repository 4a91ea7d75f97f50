"""A container engine that only says so: states, figures and logs that a real one cannot be brought to on demand.

    engine = FakeEngine([container("calc", 0, of=2), container("calc", 1, of=2, state="exited", oom=True)])
    engine.log("calc-0", ["a line", b"\\x1b]0;not a title\\a"])
    engine.update("calc-1", state="running")
    engine.stop()              # SIGSTOP: accepts connections and says nothing
    engine.go_on()

It runs as a process of its own and speaks what afs asks of the Docker Engine API on a unix socket: lists, inspect,
stats, logs, events, stop, restart, remove. Each container's server answers too (/health, /methods, /stats, /call), at an
address of its own in 127.0.0.0/8.
"""
import asyncio
import collections
import itertools
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.parse

CHUNK = 16384  # dockerd cuts longer lines into pieces of this size
KEPT = 250000  # lines of a container's log


def rfc3339(ns):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + ".%09dZ" % (ns % 10**9)


# ---- what there is

def container(env, replica=0, of=1, state="running", status=None, **fields):
    """A container as the fake engine wants it. Fields: oom, exit_code, restarts, mem_limit, cpu (percent of a core),
    memory, started, finished (seconds ago), health ((failures, retries) of the image's own check), image, type, balance,
    env_vars, server (the answer of /stats, None: it counts nothing, False: nobody answers, "hangs": it takes requests and
    says nothing), methods, foreign (has no labels of ours), id (where several engines are simulated)."""
    code = fields.get("exit_code", 137 if fields.get("oom") else 0)
    status = status or {"running": "Up 3 hours", "exited": "Exited (%d) 2 minutes ago" % code,
                        "created": "Created"}.get(state, state)
    made = {"name": "%s-%d" % (env, replica) if of > 1 else env, "env": env, "replica": replica, "of": of,
            "state": state, "status": status, "oom": False, "exit_code": code, "restarts": 0, "mem_limit": 0,
            "cpu": 1.0, "memory": 50 << 20, "started": 11520, "image": env.replace("/", "-") + ":v1",
            "type": "function_based", "balance": "round_robin", "env_vars": [], "finished": None, "server": counts(0),
            "methods": METHODS, "foreign": False, "health": None}
    made.update(fields)
    return made


METHODS = [
    {"name": "evaluate", "signature": "(task_id: int, model: str, seed: int = None, temperature: float = 0.7)",
     "source": "Actor", "endpoint": "POST /evaluate", "doc": "Scores one task."},
    {"name": "list_tasks", "signature": "()", "source": "Actor", "endpoint": "POST /list_tasks"},
    {"name": "reset", "signature": "(seed: int = 0)", "source": "Actor", "endpoint": "POST /reset"},
]


def counts(requests, errors=0, in_flight=0, p50=88.0, p95=412.0, p99=1900.0, **methods):
    """An answer of /stats. methods: name=(calls, errors), errors being answers with status 500."""
    if not methods and requests:
        methods = {"evaluate": (requests, errors)}
    rows = {name: {"calls": calls, "errors": errs, "errors_4xx": 0, "errors_5xx": errs, "timeouts": 0,
                   "p50_ms": p50, "p95_ms": p95, "p99_ms": p99}
            for name, (calls, errs) in methods.items()}
    seen = {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99} if requests else {}
    return {"since": 1767225600.0, "requests": requests, "errors": errors, "in_flight": in_flight, **seen, "methods": rows}


def many(environments=200, replicas=5):
    """The world of the large benchmarks and tests."""
    return [container("env-%03d" % e, r, of=replicas, cpu=(e * 7 + r) % 90, memory=(40 + e % 200) << 20,
                      server=counts(e * 1000 + r * 10, e % 7)) for e in range(environments) for r in range(replicas)]


def overview():
    """What the first picture of the design shows, on one host."""
    webshop = {"of": 4, "image": "agentgym:webshop"}
    made = [container("affine", 0, of=3, cpu=38, memory=201 << 20, server=counts(12041, 12)),
            container("affine", 1, of=3, cpu=44, memory=207 << 20, mem_limit=2 << 30, image="affine:v2",
                      server=counts(12050, 25, evaluate=(11802, 19), list_tasks=(236, 0), reset=(12, 6))),
            container("affine", 2, of=3, cpu=41, memory=204 << 20, server=counts(12013, 36))]
    for i, (requests, errors) in enumerate([(3301, 13), (3288, 16), (3291, 30)]):
        made.append(container("webshop", i, **dict(webshop, cpu=11 + i, memory=(340 + 4 * i) << 20,
                                                            server=counts(requests, errors))))
    made.append(container("webshop", 3, **dict(webshop, state="exited", oom=True, finished=206,
                                                        mem_limit=512 << 20)))
    made += [container("sat", 0, of=2, cpu=1.6, memory=48 << 20, server=counts(1070)),
             container("sat", 1, of=2, cpu=1.4, memory=48 << 20, server=counts(1070)),
             container("calculator", cpu=0, memory=41 << 20, server=counts(89)),
             container("liveweb-arena", state="created", type="http_based", server=None)]
    return made


# ---- the tests' side

class FakeEngine:
    def __init__(self, containers=(), folder=None):
        from engine import temp_dir
        from tap import at_end
        self.path = os.path.join(folder or temp_dir(), "engine.sock")
        self.host = "unix://" + self.path
        self.process = None
        self.start()
        at_end(self.kill)
        self.containers(containers)

    def start(self):
        """Also after kill(): the engine is back, empty."""
        ready, theirs = os.pipe()
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), self.path, str(theirs)],
                                        pass_fds=[theirs], stdin=subprocess.DEVNULL)
        os.close(theirs)
        started = os.read(ready, 1)
        os.close(ready)
        if not started:
            raise RuntimeError("the fake engine did not start")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def _do(self, operation, **values):
        body = json.dumps(dict(values, op=operation)).encode()
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(self.path)
            s.sendall(b"POST /_test HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            data = b""
            while True:
                more = s.recv(1 << 20)
                if not more:
                    break
                data += more
        head, _, answer = data.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0] + b" ":
            raise RuntimeError("fake engine: %s" % answer.decode())
        return json.loads(answer)

    def containers(self, containers):
        """From now on there are these and no others."""
        self._do("containers", containers=list(containers))

    def add(self, *containers):
        self._do("add", containers=list(containers))

    def remove(self, name):
        self._do("remove", name=name)

    def update(self, name, **fields):
        self._do("update", name=name, fields=fields)

    def log(self, name, lines, at=None, stream=1):
        """Lines, str or bytes; `at`: nanoseconds since 1970, of the first; a millisecond lies between lines."""
        texts = [line.encode() if isinstance(line, str) else line for line in lines]
        self._do("log", name=name, lines=[t.decode("latin-1") for t in texts], at=at, stream=stream)

    def flood(self, names, rate, seconds=0, lines=0):
        """`rate` lines a second from each of the names, for so long or so many; 0 and 0: until flood_off()."""
        self._do("flood", names=list(names), rate=rate, seconds=seconds, lines=lines)

    def flood_off(self):
        self._do("flood_off")

    def fill(self, name, lines):
        """A log of so many lines, at once."""
        self._do("fill", name=name, lines=lines)

    def big_result(self, size):
        """The method `big` answers with JSON of about so many bytes."""
        self._do("big_result", size=size)

    def break_logs(self):
        """Ends all log streams that are being followed."""
        self._do("break_logs")

    def info(self):
        """{"requests": {path: count}, "logged": {name: lines so far}, "calls": [bodies of /call], "servers": {name: where
        it answers}}"""
        return self._do("info")


# ---- the engine's side

class Log:
    """Lines as the frames of a stream without a tty, with times."""

    def __init__(self):
        self.frames = collections.deque(maxlen=KEPT)  # (ns, frames)
        self.followers = set()
        self.count = 0
        self.last = 0

    def add(self, text, ns, stream=1):
        self.last = ns = max(ns, self.last + 1)
        stamp = rfc3339(ns).encode() + b" "
        out = b""
        data = text + b"\n"
        for i in range(0, len(data), CHUNK):
            piece = stamp + data[i:i + CHUNK]
            out += struct.pack(">BxxxI", stream, len(piece)) + piece
        self.frames.append((ns, out))
        self.count += 1
        return out

    def tell(self, data):
        for queue in list(self.followers):
            queue.put_nowait(data)


class Engine:
    def __init__(self):
        self.by_id = {}
        self.logs = collections.defaultdict(Log)
        self.events = set()
        self.deaths = []  # (id, event)
        self.floods = []
        self.requests = collections.Counter()
        self.calls = []
        self.ids = itertools.count(1)
        self.port = 0
        self.listing = None
        self.big = b'{"status": "success", "result": null}'

    # -- the world

    def named(self, name):
        for c in self.by_id.values():
            if name in (c["id"], c["name"]) or (len(name) >= 12 and c["id"].startswith(name)):
                return c
        raise KeyError(name)

    def add(self, containers):
        for c in containers:
            n = next(self.ids)
            c["id"] = c.get("id") or "%012x%052x" % (0xfa0000000000 + n, n)
            c["address"] = "127.%d.%d.%d" % (77 + n // 60000, n % 60000 // 250, n % 250 + 1)
            c["started_ns"] = time.time_ns() - c["started"] * 10**9
            self.by_id[c["id"]] = c
            self.event(c, "start")

    def remove(self, c):
        del self.by_id[c["id"]]
        if c["state"] == "running":
            self.event(c, "kill")
            self.event(c, "die")
        self.event(c, "destroy")
        log = self.logs.pop(c["name"], None)
        if log:
            log.tell(None)

    def event(self, c, action):
        self.listing = None
        data = json.dumps({"Type": "container", "Action": action, "status": action, "id": c["id"],
                           "Actor": {"ID": c["id"], "Attributes": dict(labels(c), name=c["name"], exitCode=str(c["exit_code"]))},
                           "time": int(time.time()), "timeNano": time.time_ns()}).encode() + b"\n"
        if action == "die":
            self.deaths.append((c["id"], data))
        for queue in list(self.events):
            queue.put_nowait(data)

    def control(self, q):
        op = q["op"]
        if op == "containers":
            for c in list(self.by_id.values()):
                self.remove(c)
            self.add(q["containers"])
        elif op == "add":
            self.add(q["containers"])
        elif op == "remove":
            self.remove(self.named(q["name"]))
        elif op == "update":
            c = self.named(q["name"])
            before = c["state"]
            c.update(q["fields"])
            if c["state"] != before:
                if c["state"] == "running":
                    c["started_ns"] = time.time_ns()
                if c["oom"] and c["state"] == "exited":
                    self.event(c, "oom")
                self.event(c, "start" if c["state"] == "running" else "die")
            self.listing = None
        elif op == "log":
            log = self.logs[self.named(q["name"])["name"]]
            at = q["at"] or time.time_ns()
            log.tell(b"".join(log.add(text.encode("latin-1"), at + i * 10**6, q["stream"])
                              for i, text in enumerate(q["lines"])))
        elif op == "fill":
            log = self.logs[self.named(q["name"])["name"]]
            at = time.time_ns() - q["lines"] * 10**6
            log.tell(b"".join(log.add(flood_line(i), at + i * 10**6) for i in range(q["lines"])))
        elif op == "flood":
            for name in q["names"]:
                self.floods.append(asyncio.ensure_future(self.flood(self.logs[name], q["rate"], q["seconds"], q["lines"])))
        elif op == "flood_off":
            while self.floods:
                self.floods.pop().cancel()
        elif op == "big_result":
            row = '{"id": %d, "name": "item number %d", "score": 0.%d, "tags": ["red", "green"], "ok": true}'
            rows, length = [], 0
            while length < q["size"]:
                rows.append(row % (len(rows), len(rows), len(rows)))
                length += len(rows[-1]) + 2
            self.big = ('{"status": "success", "result": {"rows": [%s]}}' % ", ".join(rows)).encode()
        elif op == "break_logs":
            for log in self.logs.values():
                log.tell(None)
        elif op != "info":
            raise KeyError(op)
        return {"requests": dict(self.requests), "logged": {name: log.count for name, log in self.logs.items()},
                "calls": self.calls,
                "servers": {c["name"]: "%s:%d" % (c["address"], self.port) for c in self.by_id.values()}}

    async def flood(self, log, rate, seconds, lines):
        started, done = time.monotonic(), 0
        end = min(rate * seconds or 1 << 60, lines or 1 << 60)
        while done < end:
            due = min(int((time.monotonic() - started) * rate), end)
            if due > done:
                now = time.time_ns()
                log.tell(b"".join(log.add(flood_line(i), now) for i in range(done, due)))
                done = due
            await asyncio.sleep(0.01)

    # -- answers

    def list(self):
        if self.listing is None:
            self.listing = json.dumps([entry(c, self.port) for c in self.by_id.values()]).encode()
        return self.listing

    def inspect(self, c):
        running = c["state"] == "running"
        health, check = {}, {}
        if c["health"]:
            health = {"Health": {"Status": "starting", "FailingStreak": c["health"][0]}}
            check = {"Healthcheck": {"Retries": c["health"][1]}}
        return {"Id": c["id"], "Name": "/" + c["name"], "Created": rfc3339(c["started_ns"]), "Image": "sha256:" + "0" * 64,
                "State": {"Status": c["state"], "Running": running, "Pid": 0, "ExitCode": 0 if running else c["exit_code"],
                          "OOMKilled": c["oom"], "StartedAt": rfc3339(c["started_ns"]),
                          "FinishedAt": rfc3339(0 if running or c["finished"] is None else
                                                time.time_ns() - c["finished"] * 10**9), **health},
                "RestartCount": c["restarts"], "HostConfig": {"Memory": c["mem_limit"], "NetworkMode": "bridge"},
                "Config": {"Image": c["image"], "Labels": labels(c, self.port), "Env": c["env_vars"], "Tty": False, **check},
                "NetworkSettings": network(c)}

    def stats(self, c):
        now = time.monotonic_ns()
        return {"read": rfc3339(time.time_ns()), "id": c["id"], "name": "/" + c["name"],
                "cpu_stats": {"cpu_usage": {"total_usage": int(now * c["cpu"] / 100)}, "system_cpu_usage": now * 2,
                              "online_cpus": 2},
                "precpu_stats": {"cpu_usage": {"total_usage": 0}},
                "memory_stats": {"usage": c["memory"], "limit": c["mem_limit"] or 8 << 30, "stats": {"inactive_file": 0}}}


def flood_line(i):
    level = "ERROR" if i % 100 == 99 else "INFO"
    return b"%s request_start task_id:%d|type:abd|seed:%d|model:deepseek-v3 elapsed_ms=%d n=%d" % (
        level.encode(), i % 50, i % 7, i % 900, i)


def labels(c, port=0):
    made = {"affinetes.env.type": c["type"], "affinetes.version": "0.1.0"}
    if not c["foreign"]:
        made.update({"affinetes.env.name": c["env"], "affinetes.replica": str(c["replica"]),
                     "affinetes.replicas": str(c["of"]), "affinetes.port": str(port),
                     "affinetes.balance": c["balance"], "affinetes.deployment": "fake-" + c["env"]})
    return made


def network(c):
    address = c["address"] if c["state"] == "running" else ""
    return {"Networks": {"bridge": {"IPAddress": address, "Gateway": "127.0.0.1", "IPPrefixLen": 8}}}


def entry(c, port):
    return {"Id": c["id"], "Names": ["/" + c["name"]], "Image": c["image"], "ImageID": "sha256:" + "0" * 64,
            "Command": "python3 /app/_affinetes/server.py", "Created": c["started_ns"] // 10**9, "Ports": [],
            "Labels": labels(c, port), "State": c["state"], "Status": c["status"],
            "HostConfig": {"NetworkMode": "bridge"}, "NetworkSettings": network(c), "Mounts": []}


# ---- HTTP

REASONS = {200: "OK", 204: "No Content", 304: "Not Modified", 404: "Not Found", 500: "Internal Server Error"}


async def read_request(reader):
    """(method, path, query, body), or None at the end of the connection."""
    line = await reader.readline()
    if not line.strip():
        return None
    method, target = line.decode("latin-1").split()[:2]
    length = 0
    while True:
        header = (await reader.readline()).strip().lower()
        if not header:
            break
        if header.startswith(b"content-length:"):
            length = int(header.split(b":")[1])
    body = await reader.readexactly(length) if length else b""
    path, _, query = target.partition("?")
    return method, path, {k: v[0] for k, v in urllib.parse.parse_qs(query).items()}, body


def answer(writer, status, body=b"", kind="application/json"):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    writer.write(b"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nApi-Version: 1.41\r\nContent-Length: %d\r\n\r\n" % (
        status, REASONS.get(status, "").encode(), kind.encode(), len(body)) + body)


async def stream(reader, writer, kind, first, queue, followers):
    """Chunked: what is there, and then what comes, until None or until the client leaves."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % kind.encode())
    gone = asyncio.ensure_future(reader.read(1))
    try:
        for data in first:
            if data:
                writer.write(b"%x\r\n%s\r\n" % (len(data), data))
                await writer.drain()
        while queue is not None:
            wait = asyncio.ensure_future(queue.get())
            await asyncio.wait({wait, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not wait.done():
                wait.cancel()
                return
            data = wait.result()
            if data is None:
                break
            if data:
                writer.write(b"%x\r\n%s\r\n" % (len(data), data))
                await writer.drain()
        writer.write(b"0\r\n\r\n")
    finally:
        gone.cancel()
        followers.discard(queue)


def log_start(log, query):
    """Chunks of what `tail` and `since` ask for."""
    frames = list(log.frames)
    since = float(query.get("since") or 0)
    if since:
        limit = int(since * 10**9)
        if "." in query["since"]:
            whole, part = query["since"].split(".")
            limit = int(whole) * 10**9 + int(part.ljust(9, "0")[:9])
        frames = [f for f in frames if f[0] >= limit]
    tail = query.get("tail", "all")
    if tail != "all":
        frames = frames[len(frames) - int(tail):] if int(tail) < len(frames) else frames
        frames = frames if int(tail) else []
    return [b"".join(f[1] for f in frames[i:i + 500]) for i in range(0, len(frames), 500)]


async def serve_engine(engine, reader, writer):
    while True:
        request = await read_request(reader)
        if not request:
            return
        method, path, query, body = request
        if path == "/_test":
            try:
                answer(writer, 200, engine.control(json.loads(body)))
            except Exception as e:
                answer(writer, 500, repr(e).encode())
            return
        if path.startswith("/v1."):
            path = "/" + path.split("/", 2)[2]
        engine.requests[path.split("/")[-1] if path.startswith("/containers/") else path] += 1
        if path == "/_ping":
            answer(writer, 200, b"OK", "text/plain")
        elif path == "/version":
            answer(writer, 200, {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12"})
        elif path == "/info":
            answer(writer, 200, {"ServerVersion": "20.10.24", "NCPU": 2, "CgroupVersion": "2"})
        elif path == "/events":
            if "until" in query:  # what is past; of that only how a container died
                wanted = json.loads(query["filters"]).get("container", [])
                answer(writer, 200, b"".join(data for id, data in engine.deaths if id in wanted))
                continue
            queue = asyncio.Queue()
            engine.events.add(queue)
            await stream(reader, writer, "application/json", [], queue, engine.events)
            return
        elif path == "/containers/json":
            filters = json.loads(query.get("filters", "{}"))
            wanted = filters.get("label", [])
            wanted = list(wanted) if isinstance(wanted, (list, dict)) else []
            if any("=" in w for w in wanted) or "name" in filters:
                answer(writer, 200, [entry(c, engine.port) for c in engine.by_id.values() if passes(c, engine.port, wanted, filters)])
            else:
                answer(writer, 200, engine.list())
        elif path.startswith("/containers/"):
            if await serve_container(engine, reader, writer, method, path, query):
                return
        else:
            answer(writer, 404, {"message": "page not found"})
        await writer.drain()


def passes(c, port, wanted, filters):
    have = labels(c, port)
    names = list(filters.get("name", []))
    if names and not any(n.strip("^$").lstrip("/") == c["name"] for n in names):
        return False
    return all(have.get(w.partition("=")[0]) == w.partition("=")[2] if "=" in w else w in have for w in wanted)


async def serve_container(engine, reader, writer, method, path, query):
    """True: the connection was used up."""
    name, _, verb = path[len("/containers/"):].partition("/")
    try:
        c = engine.named(urllib.parse.unquote(name))
    except KeyError:
        answer(writer, 404, {"message": "No such container: " + name})
        return False
    if method == "DELETE":
        engine.remove(c)
        answer(writer, 204)
    elif verb == "json":
        answer(writer, 200, engine.inspect(c))
    elif verb == "stats":
        answer(writer, 200, engine.stats(c))
    elif verb == "logs":
        log = engine.logs[c["name"]]
        queue = None
        first = log_start(log, query)
        if query.get("follow") == "1" and c["state"] == "running":
            queue = asyncio.Queue()
            log.followers.add(queue)
        await stream(reader, writer, "application/vnd.docker.multiplexed-stream", first, queue, log.followers)
        return True
    elif verb in ("stop", "kill"):
        c.update(state="exited", status="Exited (0) 1 second ago", exit_code=0)
        engine.event(c, "kill")
        engine.event(c, "die")
        answer(writer, 204)
    elif verb in ("start", "restart"):
        c.update(state="running", status="Up 1 second", started_ns=time.time_ns())
        engine.event(c, "start")
        answer(writer, 204)
    elif verb == "wait":
        answer(writer, 200, {"StatusCode": c["exit_code"]})
    else:
        answer(writer, 404, {"message": "page not found"})
    return False


async def serve_server(engine, reader, writer):
    """The server inside a container, told by the address at which it was reached."""
    address = writer.get_extra_info("sockname")[0]
    c = next((c for c in engine.by_id.values() if c["address"] == address), None)
    while c and c["server"] is not False:
        request = await read_request(reader)
        if not request or c["server"] is False:
            return
        method, path, _, body = request
        engine.requests["server " + path] += 1
        while c["server"] == "hangs":
            await asyncio.sleep(0.05)
        if path == "/health":
            answer(writer, 200, {"status": "ok"})
        elif path == "/methods":
            answer(writer, 200, {"methods": c["methods"], "usage": {}})
        elif path == "/stats" and c["server"]:
            answer(writer, 200, c["server"])
        elif path == "/call":
            call = json.loads(body)
            if call["method"] == "big":
                answer(writer, 200, engine.big)
                await writer.drain()
                continue
            engine.calls.append(call)
            await asyncio.sleep(call["kwargs"].get("sleep", 0))
            if "raise" in call["kwargs"]:
                answer(writer, 500, {"detail": call["kwargs"]["raise"]})
                await writer.drain()
                continue
            result = call["kwargs"].get("result") or {"method": call["method"], "kwargs": call["kwargs"], "replica": c["replica"]}
            answer(writer, 200, {"status": "success", "result": result})
        else:
            answer(writer, 404, {"detail": "Not Found"})
        await writer.drain()


def served(serve, engine):
    async def serve_one(reader, writer):
        try:
            await serve(engine, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
    return serve_one


async def main(path, ready):
    engine = Engine()
    server = await asyncio.start_server(served(serve_server, engine), "0.0.0.0", 0, backlog=1000)
    engine.port = server.sockets[0].getsockname()[1]
    await asyncio.start_unix_server(served(serve_engine, engine), path, limit=1 << 26, backlog=1000)
    os.write(ready, b"1")
    os.close(ready)
    while os.getppid() != 1:  # the test program is gone: so are we
        await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
