#!/usr/bin/python3
"""afs run --url: services that run already, behind real servers: the injected one, FastAPI's, nginx with TLS and a base
path. No engine is needed; none answers."""
import http.server
import os
import shutil
import socket
import subprocess
import threading

from engine import SRCDIR, afs, environment, environment_dir, home, name, run, temp_dir, write_files
from readme import run_example
from tap import at_end, check, contains, equal, lacks, main, matches, skip, test, wait_for

PYTHON = "/usr/bin/python3"
NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
ENV = """
def twice(x: int):
    '''Twice as much.'''
    return {"y": 2 * x}

def fail():
    raise ValueError("on purpose")
"""
APP = """from fastapi import FastAPI
app = FastAPI()

@app.get('/health')
def health():
    return {'status': 'ok'}

@app.post('/thrice')
def thrice(body: dict):
    return {'y': body['x'] * 3}
"""
NGINX = """daemon off;
error_log stderr;
pid {dir}/pid;
events {{}}
http {{
  access_log off;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u;
  scgi_temp_path {dir}/s;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {dir}/server.pem;
    ssl_certificate_key {dir}/server.key;
    location /envs/calc/ {{ proxy_pass http://127.0.0.1:{behind}/; }}
  }}
}}
"""
made = []


def tool(*words, **options):
    return afs(*words, env={**NO_ENGINE, **options.pop("env", {})}, **options)


def registered(env):
    return os.path.exists(os.path.join(home(), ".local/state/affinetes/environments", env))


def new(word):
    made.append(name(word))
    return made[-1]


at_end(lambda: [tool("rm", "--force", env) for env in made])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def serve(argv, port, **options):
    """A server until the program ends, once it listens."""
    log = open(os.path.join(temp_dir(), "log"), "w+")
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)
    at_end(p.wait)
    at_end(p.kill)

    def listens():
        check(p.poll() is None, "the server ended: " + open(log.name).read())
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0
    wait_for(listens, what="the server")
    return p


def injected_server(folder, port):
    package = os.path.join(temp_dir(), "_affinetes")
    shutil.copytree(os.path.join(SRCDIR, "src/templates/server"), package)
    env = environment(AFFINETES_ENV_DIR=folder, AFFINETES_PORT=str(port))
    return serve([PYTHON, os.path.join(package, "server.py")], port, env=env)


def openssl(*words):
    equal(run(["openssl", *words]).status, 0, "openssl " + words[0])


def certificates(folder):
    """ca.pem, and server.pem with server.key for 127.0.0.1 that it signed."""
    f = folder + "/"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a CA of our own",
            "-keyout", f + "ca.key", "-out", f + "ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", f + "server.key",
            "-out", f + "csr")
    write_files(folder, ext="subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", f + "csr", "-CA", f + "ca.pem", "-CAkey", f + "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", f + "ext", "-out", f + "server.pem")


PORT = free_port()
SERVER = injected_server(environment_dir(ENV), PORT)


@test("a function_based service is registered under a name; nothing is started")
def _():
    global CALC
    CALC = new("calc")
    done = tool("run", "--url", "http://127.0.0.1:%d/" % PORT, "--name", CALC, expect=0)
    equal(done.out, CALC + "\n", "stdout")
    contains(done.err, "twice(x: int)", "stderr")
    contains(done.err, "function_based", "stderr")


@test("it can be called from any shell, and says what failed")
def _():
    equal(tool("call", CALC, "twice", "--arg", "x=21", expect=0).json, {"y": 42}, "result")
    contains(tool("call", CALC, "fail", expect=1).err, "on purpose", "stderr")
    contains(tool("call", CALC, "nothing", expect=3).err, "methods of %s: fail, twice" % CALC, "hint")
    contains(tool("methods", CALC, expect=0).out, "Twice as much.", "methods")


@test("ps and stats show mode, health and what its server counted; the engine that is away is only a note")
def _():
    done = tool("ps", "--json", expect=0)
    row, = [e for e in done.json if e["name"] == CALC]
    replica, = row["replicas"]
    equal((row["mode"], row["type"], replica["state"], replica["health"]), ("url", "function_based", "up", "ok"), "row")
    equal((replica["address"], replica["host"]), ("127.0.0.1:%d" % PORT, "127.0.0.1"), "where")
    equal((replica["memory"], replica["restarts"]), (None, None), "what nobody knows")
    contains(done.err, "nonexistent", "stderr")
    equal(tool("stats", CALC, "--json", expect=0).json["requests"], 3, "requests")


@test("logs, exec and restart say that there is none: status 4")
def _():
    for words, part in ((["logs", CALC], "no log"), (["logs", CALC, "-f"], "no log"), (["exec", CALC], "no shell"),
                        (["restart", CALC], "no server that could be restarted")):
        done = tool(*words, expect=4)
        contains(done.err, "mode url", words[0])
        contains(done.err, part, words[0])


@test("its name is taken, unless it is to be replaced")
def _():
    url = "http://127.0.0.1:%d" % PORT
    contains(tool("run", "--url", url, "--name", CALC, expect=2).err, "in use", "stderr")
    tool("run", "--url", url, "--name", CALC, "--force-recreate", expect=0)
    equal(len([e for e in tool("ps", "--json").json if e["name"] == CALC]), 1, "environments")


@test("without a name it is called as its host")
def _():
    made.append("127.0.0.1")
    equal(tool("run", "--url", "http://127.0.0.1:%d" % PORT, expect=0).out, "127.0.0.1\n", "name")
    equal(tool("call", "127.0.0.1", "twice", "--arg", "x=2", expect=0).json, {"y": 4}, "result")
    equal(tool("stop", "127.0.0.1", expect=0).out, "127.0.0.1\n", "stopped")
    equal(tool("call", "127.0.0.1", "twice", "--arg", "x=2").status, 4, "afterwards")


@test("a service with an application of its own is http_based")
def _():
    if run([PYTHON, "-c", "import fastapi"]).status:
        skip("no fastapi here")
    folder, port, env = temp_dir(), free_port(), new("app")
    write_files(folder, app_py=APP)
    serve([PYTHON, "-m", "uvicorn", "app:app", "--port", str(port)], port, cwd=folder)
    contains(tool("run", "--url", "http://127.0.0.1:%d" % port, "--name", env, expect=0).err, "http_based", "stderr")
    equal(tool("call", env, "thrice", "--arg", "x=5", expect=0).json, {"y": 15}, "result")


@test("the library calls a service by its URL and lets go of it")
def _():
    example = os.path.join(os.environ.get("AFS_BUILDDIR") or ".", "tests", "examples", "modes")
    done = run([example, "url", "http://127.0.0.1:%d" % PORT, "twice", '{"x": 8}'], env=NO_ENGINE, expect=0)
    equal(done.out, '{"y":16}\n', "result")
    check(not registered("modes-example"), "it is registered")


@test("the example in README.md")
def _():
    url = "http://127.0.0.1:%d/" % PORT
    run_example("Mode url: a service that runs already", {"calc": new("readme"), "https://envs.example.org/calc": url},
                env=NO_ENGINE)


@test("behind TLS and a base path: the certificate is checked, by a CA of one's own, or not at all if so wanted")
def _():
    if not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"):
        skip("no nginx here")
    folder, port = temp_dir(), free_port()
    certificates(folder)
    write_files(folder, conf=NGINX.format(dir=folder, port=port, behind=PORT))
    serve([shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-c", folder + "/conf"], port)
    url = "https://127.0.0.1:%d/envs/calc/" % port
    refused = tool("run", "--url", url, "--name", new("tls"), expect=4)
    contains(refused.err, "certificate", "stderr")
    contains(refused.err, "--insecure", "hint")
    for options in (["--ca-file", folder + "/ca.pem"], ["--insecure"]):
        env = new("tls")
        tool("run", "--url", url, "--name", env, *options, expect=0)
        equal(tool("call", env, "twice", "--arg", "x=4", cwd="/", expect=0).json, {"y": 8}, "result")
        contains(tool("methods", env, expect=0).out, "twice", "methods")
        row, = [e for e in tool("ps", "--json").json if e["name"] == env]
        equal(row["replicas"][0]["health"], "ok", "health")
    wrong = tool("run", "--url", "https://127.0.0.1:%d/envs" % port, "--insecure", "--name", new("path"), expect=1)
    contains(wrong.err, "is no environment", "stderr")
    tool("run", "--url", url, "--name", new("ca"), "--ca-file", "/nonexistent.pem", expect=3)


@test("what cannot be a URL, or says what it must not, is refused")
def _():
    for url, part in (("ftp://x", "http://"), ("http://", "host"), ("http://user:swordfish@x", "password"),
                      ("http://x/?q=1", "path"), ("http://x:99999", "host"), ("http://x y", "host"),
                      ("nothing", "http://"), ("http://x/a\nb", "path"), ("http://[::1", "host")):
        done = tool("run", "--url", url, expect=2)
        contains(done.err, part, "stderr for %r" % url)
        lacks(done.err, "swordfish", "stderr")
    url = "http://127.0.0.1:%d" % PORT
    for words in (["--replicas", "2"], ["--env", "A=b"], ["--mem-limit", "1g"], ["--mode", "docker"], ["some-image"],
                  ["--dir", "."], ["--network", "x"]):
        tool("run", "--url", url, *words, expect=2)
    tool("run", "--mode", "url", expect=2)


@test("what does not answer is not registered: status 4")
def _():
    env = new("away")
    done = tool("run", "--url", "http://127.0.0.1:%d" % free_port(), "--name", env, expect=4)
    contains(done.err, "refused", "stderr")
    check(not registered(env), "it is registered")


@test("a description that makes no sense hides only itself, and says where it is")
def _():
    folder = os.path.join(home(), ".local/state/affinetes/environments", "t-broken")
    for text in ("", "{", "[]", '{"mode":"url","token":"00000000","url":"ftp://x"}', '{"mode":"url","token":"../../x"}',
                 "\0" * 100, '{"mode":"process","token":"00000000","dir":"relative","sockets":"/s","replicas":1}'):
        write_files(folder, **{"env.json": text})
        contains(tool("call", "t-broken", "x", expect=1).err, "makes no sense", "stderr")
        equal(tool("call", CALC, "twice", "--arg", "x=3", expect=0).json, {"y": 6}, "another one")
        check(any(e["name"] == CALC for e in tool("ps", "--json", expect=0).json), "ps lacks another one")
    shutil.rmtree(folder)


class OtherServer(http.server.BaseHTTPRequestHandler):
    """Speaks the protocol as it was before call ids; the first call is cut off while it runs."""
    runs = 0
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        body = {"/health": b'{"status":"ok"}', "/methods": b'{"methods":[{"name":"f","signature":"()"}],"usage":{}}'}
        self.answer(body.get(self.path, b'{"detail":"Not Found"}'), 200 if self.path in body else 404)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        OtherServer.runs += 1
        if OtherServer.runs == 1:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        else:
            self.answer(b'{"status":"success","result":%d}' % OtherServer.runs)


@test("a server that knows no call ids is not sent a call twice")
def _():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OtherServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env = new("other")
    tool("run", "--url", "http://127.0.0.1:%d" % server.server_port, "--name", env, expect=0)
    contains(tool("call", env, "f", expect=4).err, "the call may have run", "stderr")
    equal(OtherServer.runs, 1, "runs")
    equal(tool("call", env, "f", expect=0).json, 2, "result of the next call")


@test("a service that ends is seen as such")
def _():
    SERVER.kill()
    SERVER.wait()
    row, = [e for e in tool("ps", "--json", expect=0).json if e["name"] == CALC]
    equal(row["replicas"][0]["health"], "bad", "health")
    done = tool("call", CALC, "twice", "--arg", "x=1", "--timeout", "2")
    matches(done.err, r"refused|did not come back|not up|no answer", "stderr")


@test("stop and rm forget it")
def _():
    tool("stop", CALC, expect=0)
    contains(tool("stop", CALC, expect=4).err, "nonexistent", "stderr")
    check(not registered(CALC), "it is there")


main()
