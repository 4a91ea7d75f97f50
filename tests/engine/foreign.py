#!/usr/bin/python3
"""Others' clients and others' containers: the protocol is theirs as much as ours."""
import http.client
import json

from engine import afs, base_image, containers_of, docker, name
from environments import actor_image
from tap import contains, equal, lacks, main, test, wait_for

NAME = name("foreign")
OTHER = name("other")
address = None


def request(method, path, body=None, headers=None):
    """(status, parsed body) of one request by a client that knows nothing of us."""
    connection = http.client.HTTPConnection(address, 8000, timeout=30)
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, body=data, headers={"Content-Type": "application/json", **(headers or {})})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text)


def healthy():
    try:
        return request("GET", "/health")[0] == 200
    except OSError:
        return False


@test("a container that somebody else starts from our image serves", timeout=300)
def _():
    global address
    docker.create(NAME, actor_image(), env=["API_KEY=theirs"])
    address = docker.address(NAME)
    wait_for(healthy, what="GET /health")
    equal(request("GET", "/health"), (200, {"status": "ok"}), "GET /health")


@test("GET /methods has the members that clients read")
def _():
    status, body = request("GET", "/methods")
    equal(status, 200, "status")
    row = next(m for m in body["methods"] if m["name"] == "add")
    equal((row["source"], row["endpoint"]), ("Actor", "POST /add"), "row")
    contains(row["signature"], "a: int", "signature")
    contains(body, "usage", "answer")


@test("POST /call answers with status and result")
def _():
    equal(request("POST", "/call", {"method": "add", "args": [2], "kwargs": {"b": 3}}),
          (200, {"status": "success", "result": 5}))
    equal(request("POST", "/call", {"method": "echo", "args": [], "kwargs": {"seed": 9007199254740993}}),
          (200, {"status": "success", "result": {"seed": 9007199254740993}}))


@test("POST /NAME takes args and kwargs, or the kwargs themselves")
def _():
    equal(request("POST", "/add", {"args": [2], "kwargs": {"b": 3}})[1]["result"], 5)
    equal(request("POST", "/add", {"a": 2, "b": 40})[1]["result"], 42)


@test("failures have the status and detail of the protocol")
def _():
    status, body = request("POST", "/call", {"method": "fail", "args": [], "kwargs": {}})
    equal(status, 500, "status")
    contains(body["detail"], "it went wrong", "detail")
    contains(body["detail"], "Traceback", "detail")
    equal(request("POST", "/call", {"method": "nope", "args": [], "kwargs": {}}),
          (404, {"detail": "Method not found: nope"}))


@test("afs calls it by its name alone")
def _():
    equal(afs("call", NAME, "add", "--arg", "a=1", "--arg", "b=1", expect=0).out, "2\n")
    equal(afs("call", NAME, "key_is", "--arg", "value=theirs", expect=0).out, "true\n")


@test("afs calls it by its id, whole or shortened")
def _():
    full = docker.inspect(NAME)["Id"]
    for word in (full, full[:12]):
        equal(afs("call", word, "add", "--arg", "a=1", "--arg", "b=2", expect=0).out, "3\n")


@test("methods, logs, stats, exec and ps work on it")
def _():
    contains([m["name"] for m in afs("methods", NAME, "--json", expect=0).json], "add", "methods")
    contains(afs("logs", NAME, expect=0).out, "method=add", "logs")
    equal(afs("stats", NAME, "--json", expect=0).json["instances"][0]["counted_by"], "server", "stats")
    equal(afs("exec", NAME, "--", "echo", "inside", expect=0).out, "inside\n", "exec")
    row = next(r for r in afs("ps", "--json", expect=0).json if r["name"] == NAME)
    equal(row["ours"], False, "ours")


@test("stop, restart and rm refuse it and say what to do")
def _():
    started = docker.inspect(NAME)["State"]["StartedAt"]
    for command in (["stop"], ["restart"], ["rm", "--force"]):
        done = afs(*command, NAME, expect=2)
        equal(done.out, "", "stdout")
        contains(done.err, "was not started by afs", "stderr")
        contains(done.err, "docker ", "stderr")
    equal(docker.inspect(NAME)["State"]["StartedAt"], started, "start")


@test("run does not take its name away")
def _():
    image = docker.inspect(NAME)["Config"]["Image"]
    done = afs("run", image, "--name", NAME, "--force-recreate", expect=2)
    contains(done.err, NAME, "stderr")
    equal(len(containers_of(NAME)), 1, "containers")


# ---- not even our image

SERVER = '''
import http.server, json
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def do_GET(self):
        self.answer(200, {"methods": [{"name": "double", "signature": "(self, x)", "source": "Actor", "endpoint": "POST /double"}],
                          "usage": {}} if self.path == "/methods" else {"status": "ok"})
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body["method"] != "double":
            return self.answer(404, {"detail": "Method not found: " + body["method"]})
        if body["kwargs"].get("x") is None:
            return self.answer(200, {"status": "failed", "result": {"error": "x is missing"}})
        self.answer(200, {"status": "success", "result": body["kwargs"]["x"] * 2})
http.server.ThreadingHTTPServer(("0.0.0.0", 8000), H).serve_forever()
'''


@test("a container of any image that speaks the protocol can be called")
def _():
    global address
    docker.create(OTHER, base_image(), cmd=["python3", "-c", SERVER])
    address = docker.address(OTHER)
    wait_for(healthy, what="GET /health")
    equal(afs("call", OTHER, "double", "--arg", "x=21", expect=0).out, "42\n")


@test("its failures are told as such")
def _():
    contains(afs("call", OTHER, "double", expect=1).err, "x is missing", "stderr")
    contains(afs("call", OTHER, "triple", expect=3).err, "double", "stderr")


@test("its methods are listed, without self")
def _():
    row, = afs("methods", OTHER, "--json", expect=0).json
    equal((row["name"], row["signature"]), ("double", "(x)"))


@test("a server without /stats counts nothing, and nothing breaks")
def _():
    done = afs("stats", OTHER, "--json", expect=0)
    equal(done.json["instances"][0]["counted_by"], None, "source")
    lacks(done.err, "afs:", "stderr")


main(engine=True)
