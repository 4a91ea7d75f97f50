"""What other clients rely on: paths, bodies, statuses."""
import threading

from serving import Serving, result_of
from tap import at_end, check, contains, equal, lacks, main, matches, test

ENV = '''
import asyncio
import functools
import threading
import time
from dataclasses import dataclass
from json import dumps

made = []


class Actor:
    """An actor."""

    def __init__(self):
        time.sleep(0.05)
        made.append(1)
        self.instance_method = lambda: "instance"

    async def evaluate(self, task_id: int, seed: int = 0, *rest, **more) -> dict:
        """Scores a task.

        In two lines.
        """
        return {"task_id": task_id, "seed": seed, "rest": rest, "more": more}

    def count(self):
        return len(made)

    def where(self):
        return threading.current_thread() is threading.main_thread()

    async def where_async(self):
        return threading.current_thread() is threading.main_thread()

    def returns_awaitable(self):
        return asyncio.sleep(0.01, "awaited")

    async def fail(self):
        raise ValueError("no luck")

    def leave(self):
        raise SystemExit(3)

    @staticmethod
    def static(x):
        return x

    @functools.lru_cache(None)
    def cached(self):
        return "cached"

    def timeout_seen(self, timeout):
        return timeout

    def call(self):
        return "my call"

    def _private(self):
        return "secret"


class Other:
    pass


def helper(a, b=2):
    """Adds."""
    return a + b


def count():
    return "module"
'''

server = Serving(ENV).__enter__()
at_end(server.kill)


@test("GET /health")
def _():
    equal(server.request("GET", "/health").body, b'{"status":"ok"}')


@test("GET /methods lists public methods of the Actor and functions of the module")
def _():
    status, body = server.get("/methods")
    equal(status, 200)
    rows = {row["name"]: row for row in body["methods"]}
    evaluate = rows["evaluate"]
    equal(evaluate["signature"], "(self, task_id: int, seed: int = 0, *rest, **more) -> dict")
    equal((evaluate["source"], evaluate["endpoint"], evaluate["async"]), ("Actor", "POST /evaluate", True))
    equal(evaluate["doc"], "Scores a task.\n\nIn two lines.")
    equal([p["name"] for p in evaluate["parameters"]], ["task_id", "seed", "*rest", "**more"])
    equal(evaluate["parameters"][0], {"name": "task_id", "required": True, "default": None, "annotation": "int"})
    equal(evaluate["parameters"][1], {"name": "seed", "required": False, "default": "0", "annotation": "int"})
    equal((rows["helper"]["source"], rows["helper"]["signature"]), ("module", "(a, b=2)"))
    equal(rows["count"]["source"], "Actor", "a name that both have")
    equal([p["name"] for p in rows["static"]["parameters"]], ["x"])
    for name in ("_private", "Other", "dataclass", "dumps", "Actor", "made"):
        check(name not in rows, name + " is listed")
    equal(sorted(body["usage"]), ["restful_style", "sdk_style"])


@test("the Actor is made on the first call, and once however many calls there are")
def _():
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(server.call("count"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal([result_of(answer) for answer in answers], [1] * 8)


@test("POST /call with kwargs, with args, with both")
def _():
    equal(server.request("POST", "/call", b'{"method":"helper","args":[1],"kwargs":{"b":5}}').body,
          b'{"status":"success","result":6}')
    equal(result_of(server.post("/call", {"method": "helper", "args": [1]})), 3)
    equal(result_of(server.post("/call", {"method": "evaluate", "kwargs": {"task_id": 1, "x": "y"}})),
          {"task_id": 1, "seed": 0, "rest": [], "more": {"x": "y"}})


@test("POST /NAME with args and kwargs, with flat arguments, with nothing")
def _():
    equal(result_of(server.post("/helper", {"args": [1], "kwargs": {"b": 2}})), 3)
    equal(result_of(server.post("/helper", {"kwargs": {"a": 1}})), 3)
    equal(result_of(server.post("/helper", {"a": 10, "b": 1})), 11)
    equal(result_of(server.post("/count")), 1)
    equal(result_of(server.post("/count", " ")), 1)


@test("async methods run on the event loop, others on threads")
def _():
    equal(result_of(server.call("where")), False)
    equal(result_of(server.call("where_async")), True)
    equal(result_of(server.call("returns_awaitable")), "awaited")


@test("decorated, static and instance methods can be called")
def _():
    equal(result_of(server.call("cached")), "cached")
    equal(result_of(server.post("/static", {"x": 4})), 4)
    equal(result_of(server.call("instance_method")), "instance")


@test("a method named like a path of the server is reached through /call")
def _():
    equal(result_of(server.call("call")), "my call")
    rows = {row["name"]: row for row in server.get("/methods")[1]["methods"]}
    equal(rows["call"]["endpoint"], "POST /call")


@test("what a method raises is a 500 with message and traceback")
def _():
    status, body = server.call("fail")
    equal(status, 500)
    matches(body["detail"], r"\Ano luck\nTraceback .*env.py.*raise ValueError.*ValueError: no luck\s*\Z")
    lacks(body["detail"], "server.py", "traceback")
    status, body = server.post("/helper", {"nonsense": 1})
    equal(status, 500)
    contains(body["detail"], "unexpected keyword argument 'nonsense'")


@test("sys.exit() in a method ends the call and not the server")
def _():
    status, body = server.call("leave")
    equal(status, 500)
    contains(body["detail"], "SystemExit")
    equal(server.get("/health")[0], 200)


@test("unknown and private methods are 404")
def _():
    for name in ("nothing", "_private", "__init__", "Other", "dumps", "made"):
        equal(server.call(name), (404, {"detail": "Method not found: " + name}))
        equal(server.post("/" + name, {}), (404, {"detail": "Method not found: " + name}))


@test("a body of the wrong form is refused with what is wrong")
def _():
    for path, body, status, text in (
        ("/call", b"{", 400, "not JSON"),
        ("/call", b'{"method":"helper","kwargs":{"a":NaN}}', 400, "not JSON"),
        ("/call", b"\xff", 400, "not UTF-8: byte 0"),
        ("/call", b"[" * 100000, 400, "nested too deeply"),
        ("/call", b"[]", 422, "JSON object"),
        ("/call", b"{}", 422, '"method"'),
        ("/call", b'{"method":1}', 422, '"method"'),
        ("/call", b'{"method":"helper","args":{}}', 422, '"args"'),
        ("/call", b'{"method":"helper","kwargs":[]}', 422, '"kwargs"'),
        ("/helper", b'"text"', 422, "JSON object"),
        ("/helper", b'{"args":[1],"b":2}', 422, '"kwargs"'),
        ("/helper", b"not json", 400, "not JSON"),
    ):
        got, answer = server.post(path, body)
        equal((got, path), (status, path))
        contains(answer["detail"], text)


@test("other paths and verbs")
def _():
    equal(server.get("/nothing"), (404, {"detail": "Not Found"}))
    equal(server.request("DELETE", "/call").status, 405)
    equal(server.request("HEAD", "/health").status, 200)


@test("a connection serves many requests")
def _():
    client = server.client()
    for number in range(50):
        client.request("POST", "/helper", b'{"a":%d}' % number)
        response = client.getresponse()
        equal(response.read(), b'{"status":"success","result":%d}' % (number + 2))
    client.close()


@test("a numeric timeout is passed on and enforced later than that")
def _():
    equal(result_of(server.call("timeout_seen", timeout=7)), 7)
    code = """
        import asyncio, time
        async def slow(timeout): await asyncio.sleep(60)
        def hung(timeout): time.sleep(60)
    """
    with Serving(code, patch="s.TIMEOUT_MARGIN = 0.2") as short:
        for name in ("slow", "hung"):
            status, body = short.call(name, timeout=0.1)
            equal((status, body["status"]), (200, "failed"))
            contains(body["result"]["error"], "ended after 0.3 s")
            equal(short.logged(method=name)["failed"], "timeout")
            counts = short.get("/stats")[1]["methods"][name]
            equal([counts[key] for key in ("errors", "errors_4xx", "errors_5xx", "timeouts")], [1, 0, 0, 1])
        equal(short.in_flight(), 0)


@test("an Actor that cannot be made is a 500, and is tried again")
def _():
    code = """
        import os
        class Actor:
            def __init__(self):
                if not os.path.exists("key"):
                    raise RuntimeError("no key")
            def hello(self):
                return "hello"
    """
    with Serving(code) as broken:
        status, body = broken.call("hello")
        equal(status, 500)
        matches(body["detail"], r"\AFailed to initialize Actor: no key\nTraceback")
        open(broken.path("key"), "w").close()
        equal(result_of(broken.call("hello")), "hello")


main()
