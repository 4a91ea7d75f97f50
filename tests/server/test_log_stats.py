"""The line per call on stdout, and GET /stats."""
import time

from serving import Serving, answer_of, id_for, result_of
from tap import at_end, below, check, equal, lacks, main, matches, test, wait_for

ENV = '''
import asyncio
import os
import time

async def echo(**kwargs):
    return kwargs

def fail(**kwargs):
    raise ValueError("secret-in-error")

def pause(seconds):
    time.sleep(seconds)

async def hold():
    while not os.path.exists("go"):
        await asyncio.sleep(0.005)
'''

LINE = (r"\Atime=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=%s event=call method=%s status=%d ms=\d+\.\d{3} "
        r"id=%s( task_id=%s)?\Z")

server = Serving(ENV).__enter__()
at_end(server.kill)


def line_of(method):
    return wait_for(lambda: [line for line in server.lines if "method=" + method + " " in line], what="line of " + method)[-1]


@test("a call is one line with time, level, method, status, duration, id and task_id")
def _():
    result_of(server.call("echo", "id-1", task_id=7))
    matches(line_of("echo"), LINE % ("info", "echo", 200, "id-1", "7"))
    server.call("fail")
    matches(line_of("fail"), LINE % ("error", "fail", 500, "-", "none"))
    server.call("nothing")
    matches(line_of("nothing"), LINE % ("warning", "nothing", 404, "-", "none"))
    result_of(server.post("/pause", {"seconds": 0.05}))
    below(49, float(server.logged(method="pause")["ms"]), "ms")


@test("health, stats and methods are not logged, arguments and errors neither")
def _():
    before = len(server.log())
    for path in ("/health", "/stats", "/methods"):
        server.get(path)
    result_of(server.call("echo", token="secret-in-argument"))
    wait_for(lambda: len(server.log()) > before)
    equal(len(server.log()), before + 1)
    lacks("\n".join(server.lines), "secret")


@test("whatever a client sends, a call stays one line")
def _():
    values = ['a b\nlevel=error event=call "x"', "\x1b[31m\x7f\x00", "\u00e4\u2028\u0085\U0001f600", "=", "", "x" * 1000,
              "9007199254740993"]
    for value in values:
        before = len(server.lines)
        result_of(server.call("echo", task_id=value))
        wait_for(lambda: len(server.lines) > before)
        row = server.log("call")[-1]
        equal(row["task_id"], value if len(value) <= 200 else value[:200] + "...")
        check(server.lines[-1].isascii() and server.lines[-1].isprintable(), repr(server.lines[-1]))
    for name in ("a\nb", "x" * 1000, "\u00e4 \x1b"):
        before = len(server.lines)
        equal(server.call(name)[0], 404)
        wait_for(lambda: len(server.lines) > before)
        equal(server.log("call")[-1]["method"], name if len(name) <= 200 else name[:200] + "...")
    for value in ([1], {"a": 1}, None):
        result_of(server.call("echo", task_id=value))
        check("task_id" not in server.log("call")[-1])


@test("a retry is no call, but it is told")
def _():
    for _ in range(2):
        result_of(server.call("echo", "again"))
    row = wait_for(lambda: server.log("replay"))[-1]
    equal((row["id"], row["status"]), ("again", "200"))
    equal(len([row for row in server.log("call") if row["id"] == "again"]), 1)


def register(workers):
    @test("statistics, summed over %d" % workers)
    def _():
        began = time.time()
        with Serving(ENV, workers) as own:
            status, empty = own.get("/stats")
            equal((empty["requests"], empty["errors"], empty["in_flight"], empty["methods"]), (0, 0, 0, {}))
            equal(empty["p50_ms"], None)
            for number in range(20):
                # With an id each worker gets its share for certain.
                result_of(own.call("echo", id_for(number % workers, workers, "n%d" % number)))
            for number in range(4):
                result_of(own.call("pause", seconds=0.05))
            for number in range(3):
                own.call("fail")
            own.call("nothing")
            own.post("/call", b"{")
            clients = [own.start("hold", id_for(number % workers, workers, "h%d" % number)) for number in range(3)]
            own.wait_in_flight(3)
            stats = own.get("/stats")[1]
            check(began - 1 <= stats["since"] <= time.time(), "since")
            equal((stats["requests"], stats["errors"], stats["in_flight"], stats["abandoned"]), (29, 5, 3, 0))
            equal((stats["workers"], stats["workers_answered"]), (workers, workers))
            equal(sorted(stats["methods"]), ["echo", "fail", "pause"])
            equal((stats["methods"]["echo"]["calls"], stats["methods"]["echo"]["errors"]), (20, 0))
            equal((stats["methods"]["fail"]["calls"], stats["methods"]["fail"]["errors"]), (3, 3))
            equal([stats["methods"]["fail"][key] for key in ("errors_4xx", "errors_5xx", "timeouts")], [0, 3, 0])
            pause = stats["methods"]["pause"]
            check(began <= stats["methods"]["echo"]["last"] <= pause["last"] <= time.time(), "when each was called last")
            check(48 <= pause["p50_ms"] <= pause["p95_ms"] <= pause["p99_ms"], repr(pause))
            below(stats["p50_ms"], 48, "p50 of all")
            open(own.path("go"), "w").close()
            for client in clients:
                equal(answer_of(client)[0], 200)
            equal(own.get("/stats")[1]["methods"]["hold"]["calls"], 3)


register(1)
register(3)


@test("a percentile is right within 3 %")
def _():
    import importlib.util
    import os
    from serving import SERVER

    spec = importlib.util.spec_from_file_location("server_under_test", os.path.join(SERVER, "server.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for scale in (0.00002, 0.001, 1.7, 600):
        latencies = module.Latencies()
        for number in range(1, 1001):
            latencies.add(scale * number / 1000)
        for share in (0.5, 0.95, 0.99):
            below(abs(latencies.percentile_ms(share) / (scale * share * 1000) - 1), 0.1 if scale < 0.001 else 0.03, "error")
        below(len(latencies.bins), 400, "bins")


main()
