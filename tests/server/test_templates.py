"""The environments that `afs init` writes, and what the second build stage brings along."""
import ast
import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading

from serving import PYTHON, SERVER, TEMPLATES, TOP, Serving, parse_line, result_of
from tap import at_end, check, contains, equal, main, matches, skip, test, wait_for


def template(name, file="env.py"):
    with open(os.path.join(TEMPLATES, "init", name, file), encoding="utf-8") as stream:
        return stream.read()


def register(name):
    @test("template %s: evaluates, and echoes every digit" % name)
    def _():
        with Serving(template(name)) as server:
            result = result_of(server.call("evaluate", task_id=100))
            equal((result["task_id"], result["score"], result["success"]), (100, 1.0, True))
            equal(result_of(server.call("evaluate", task_id=100))["question"], result["question"])
            equal(result_of(server.call("evaluate", task_id=100, answer=-1))["score"], 0.0)
            reply = server.post_raw("/echo", '{"seed":9007199254740993,"x":0.1000000000000000055}')
            contains(reply.body, b'{"seed":9007199254740993,"x":0.1000000000000000055}')
            equal([row["name"] for row in server.get("/methods")[1]["methods"]], ["echo", "evaluate"])


register("basic")
register("actor")


@test("template fastapi: healthy, evaluates, echoes every digit")
def _():
    if subprocess.run([PYTHON, "-c", "import fastapi"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("no fastapi here")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = template("fastapi", "Dockerfile").split("CMD ")[1]
    command = [port if word == "8000" else word for word in json.loads(command)[1:]]
    server = Serving(template("fastapi"), command=[str(word) for word in command])
    try:
        server.port = port

        def healthy():
            try:
                return server.get("/health") == (200, {"status": "ok"})
            except OSError:
                return False
        wait_for(healthy)
        status, result = server.post("/evaluate", {"task_id": 100})
        equal((status, result["task_id"], result["score"]), (200, 100, 1.0))
        equal(server.post_raw("/echo", '{"x":0.1000000000000000055}').body, b'{"x":0.1000000000000000055}')
        check({"/health", "/evaluate", "/echo"} <= set(server.get("/openapi.json")[1]["paths"]))
    finally:
        server.kill()


@test("the Dockerfiles take their base from outside")
def _():
    for name in ("basic", "actor", "fastapi"):
        matches(template(name, "Dockerfile"), r"\AARG BASE_IMAGE=@BASE_IMAGE@\nFROM \$\{BASE_IMAGE\}\n")
    with open(os.path.join(SERVER, "Dockerfile"), encoding="utf-8") as stream:
        matches(stream.read(), r"^FROM @BASE@$.*^ENTRYPOINT \[\]\nCMD \[\"python3\", \"/app/_affinetes/server.py\"\]\n\Z")


@test("what runs in containers is Python 3.8")
def _():
    for folder, _folders, files in os.walk(TEMPLATES):
        for name in files:
            if name.endswith(".py"):
                with open(os.path.join(folder, name), encoding="utf-8") as stream:
                    ast.parse(stream.read(), name, feature_version=(3, 8))


# ---- install.py


def install(python, **env):
    """-> exit status, output, the directory"""
    place = os.path.join(tempfile.mkdtemp(dir=TOP), "_affinetes")
    shutil.copytree(SERVER, place, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run([python, os.path.join(place, "install.py")], env=dict(os.environ, **env),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    return done.returncode, done.stdout, place


@test("an image with uvicorn is left as it is")
def _():
    status, output, place = install(PYTHON)
    equal(status, 0)
    matches(output, r"server ready, Python 3\.\d+, uvicorn [\d.]+")
    check(not os.path.exists(os.path.join(place, "vendor")))


@test("an image without uvicorn whose pip finds none is told what to do")
def _():
    bare = tempfile.mkdtemp(dir=TOP)
    subprocess.check_call([PYTHON, "-m", "venv", "--without-pip", bare])
    status, output, _place = install(os.path.join(bare, "bin", "python3"), PIP_NO_INDEX="1", PIP_FIND_LINKS=bare)
    equal(status, 1)
    contains(output, "no uvicorn" if "installing" in output else "neither uvicorn nor a pip")
    contains(output, "RUN pip install uvicorn")


# ---- modules that environments import


@test("request_logger: events carry the context of their request")
def _():
    code = """
        from request_logger import RequestLogger, log_event, get_logger

        def talk():
            log_event("outside", level="warning", n=1)
            with RequestLogger(task_id=5, model="a b", base_url="https://me:pw@host/v1"):
                log_event("inside", text="one\\ntwo")
            logger = RequestLogger(task_id=6)
            logger.__enter__()
            get_logger().error("third")
            logger.__exit__(None, None, None)
            log_event("outside_again")
            try:
                with RequestLogger(task_id=7):
                    raise ValueError("bad")
            except ValueError:
                pass
    """
    with Serving(code) as server:
        result_of(server.call("talk"))
        wait_for(lambda: server.log("request_error"))
        rows = {row["event"]: row for row in server.log()}
        equal((rows["outside"]["level"], rows["outside"]["n"], "task_id" in rows["outside"]), ("warning", "1", False))
        equal((rows["inside"]["task_id"], rows["inside"]["model"], rows["inside"]["text"]), ("5", "a b", "one\ntwo"))
        equal(rows["inside"]["base_url"], "https://host/v1")
        equal((rows["third"]["level"], rows["third"]["task_id"]), ("error", "6"))
        check("task_id" not in rows["outside_again"])
        equal((rows["request_error"]["error"], rows["request_error"]["error_type"]), ("bad", "ValueError"))
        check(all(parse_line(line) for line in server.lines if line))


@test("openenv: responses become results")
def _():
    code = """
        from affinetes.core.openenv import OpenEnvResponse, ResetRequest, StepRequest

        class Actor:
            async def reset(self, task_id=None, seed=None):
                return OpenEnvResponse(observation="go", episode_id="e1", info={"task_id": task_id})
            async def step(self, action, episode_id=None):
                return OpenEnvResponse(observation=action, reward=1, done=True).model_dump()
            def wrong(self):
                return OpenEnvResponse(reward=1.0)
            def requests(self):
                return [ResetRequest(task_id=3), StepRequest(action="a").dict()]
    """
    with Serving(code) as server:
        equal(result_of(server.call("reset", task_id=3)), {
            "observation": "go", "reward": 0.0, "done": False, "truncated": False, "episode_id": "e1", "info": {"task_id": 3}})
        equal(result_of(server.call("step", action="left"))["reward"], 1.0)
        contains(server.call("wrong")[1]["detail"], "OpenEnvResponse needs observation")
        equal(result_of(server.call("requests")), [{"task_id": 3, "seed": None, "kwargs": None},
                                                   {"action": "a", "episode_id": None, "kwargs": None}])
        equal([row["name"] for row in server.get("/methods")[1]["methods"]], ["requests", "reset", "step", "wrong"])


class Model(http.server.BaseHTTPRequestHandler):
    """An OpenAI-compatible endpoint; the model's name says how it behaves."""

    asked = []

    def log_message(self, *_args):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Model.asked.append(dict(asked, path=self.path, key=self.headers["Authorization"]))
        flaky = asked["model"] == "flaky" and sum(a["model"] == "flaky" for a in Model.asked) == 1
        self.send_response(503 if flaky else 400 if asked["model"] == "long" else 200)
        self.end_headers()
        if flaky or asked["model"] == "long":
            self.wfile.write(b'{"error":{"code":"context_length_exceeded"}}')
        elif asked["stream"]:
            for text in ("<think>hm", "</think>", "Hello ", "w\u00f6rld"):
                delta = {"content": text, "reasoning_content": "r"}
                self.wfile.write(b"data: %s\n\n" % json.dumps({"choices": [{"delta": delta}]}).encode())
            self.wfile.write(b'data: {"choices":[],"usage":{"total_tokens":3}}\n\ndata: [DONE]\n\n')
        else:
            message = {"content": " plain "}
            self.wfile.write(json.dumps({"choices": [{"message": message}], "usage": {"total_tokens": 1}}).encode())


@test("llm_chat: streams, plain answers, retries, refusals")
def _():
    endpoint = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    at_end(endpoint.server_close)
    at_end(endpoint.shutdown)
    code = """
        from affinetes.core.llm_chat import llm_chat, create_client

        MESSAGES = [{"role": "user", "content": "Hi"}]

        async def ask(base_url, **options):
            result = await llm_chat(messages=MESSAGES, base_url=base_url, api_key="key", **options)
            return [result.content, result.reasoning, result.usage]

        async def pair(base_url):
            client = create_client(base_url, "key")
            content, usage = await llm_chat(messages=MESSAGES, model="m", base_url=base_url, api_key="key",
                                            stream=False, timeout=5, temperature=0.7, seed=1, client=client)
            await client.close()
            return [content, usage]
    """
    url = "http://127.0.0.1:%d/v1/" % endpoint.server_port
    with Serving(code, no_proxy="*") as server:
        equal(result_of(server.call("ask", base_url=url, model="m", strip_think_tags=True, max_tokens=9)),
              ["Hello w\u00f6rld", "rrrr", {"total_tokens": 3}])
        asked = Model.asked[-1]
        equal((asked["path"], asked["key"], asked["max_tokens"]), ("/v1/chat/completions", "Bearer key", 9))
        check("seed" not in asked and "temperature" not in asked)
        equal(result_of(server.call("pair", base_url=url)), ["plain", {"total_tokens": 1}])
        equal((Model.asked[-1]["seed"], Model.asked[-1]["temperature"]), (1, 0.7))
        equal(result_of(server.call("ask", base_url=url, model="flaky", max_retries=1))[2], {"total_tokens": 3})
        contains(server.call("ask", base_url=url, model="long", max_retries=3)[1]["detail"], "Context length exceeded")
        status, body = server.call("ask", base_url="http://127.0.0.1:1", model="m")
        equal(status, 500)
        contains(body["detail"], "API call failed after 1 attempts")


main()
