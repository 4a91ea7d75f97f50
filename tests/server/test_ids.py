"""A call with an id runs once, whatever happens to its connections; with one worker and with three."""
import json
import os

from serving import Serving, answer_of, id_for, result_of
from tap import check, contains, equal, main, matches, test, wait_for

ENV = '''
import asyncio
import os
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))


def note(name):
    """Counts across workers: one byte per time."""
    with open(os.path.join(FOLDER, name), "a") as file:
        file.write("x")


async def hold(name):
    """Runs until the file NAME.go is there."""
    note(name)
    try:
        while not os.path.exists(os.path.join(FOLDER, name + ".go")):
            await asyncio.sleep(0.005)
    except asyncio.CancelledError:
        note(name + ".cancelled")
        raise
    return name + " done"

def hold_def(name):
    note(name)
    while not os.path.exists(os.path.join(FOLDER, name + ".go")):
        time.sleep(0.005)
    return name + " done"

def once(name, size=0):
    note(name)
    return "x" * size

def fail(name):
    note(name)
    raise ValueError("failed")

def pid():
    return os.getpid()

def die():
    os._exit(7)
'''


def runs(server, name):
    try:
        return os.path.getsize(server.path(name))
    except FileNotFoundError:
        return 0


def go(server, name):
    open(server.path(name + ".go"), "w").close()


def register(workers):
    """The tests that hold for any number of workers."""
    kind = "%d worker%s: " % (workers, "s" if workers > 1 else "")
    box = {}

    def server():
        if not box:
            box["server"] = Serving(ENV, workers=workers).__enter__()
        return box["server"]

    @test(kind + "a repeated id gets the stored answer")
    def _():
        first = server().post_raw("/once", {"name": "a"}, "stored")
        for _ in range(6):
            again = server().post_raw("/once", {"name": "a"}, "stored")
            equal((again.status, again.body), (first.status, first.body))
            equal(again.headers.get("x-affinetes-replayed"), "1")
        check("x-affinetes-replayed" not in first.headers)
        equal(runs(server(), "a"), 1)

    @test(kind + "a failure is stored as well")
    def _():
        first = server().call("fail", "failing", name="f")
        equal(first[0], 500)
        equal(server().call("fail", "failing", name="f"), first)
        equal(runs(server(), "f"), 1)

    @test(kind + "the same id joins the running call")
    def _():
        for method in ("hold", "hold_def"):
            clients = [server().start(method, method + "-id", name=method) for _ in range(5)]
            wait_for(lambda: runs(server(), method), what="the call runs")
            equal(server().in_flight(), 1)
            go(server(), method)
            for client in clients:
                equal(answer_of(client), (200, {"status": "success", "result": method + " done"}))
            equal(runs(server(), method), 1)

    @test(kind + "the same id for another request is 409")
    def _():
        result_of(server().call("once", "other", name="b"))
        for reply in (server().call("once", "other", name="c"), server().post("/once", {"name": "b"}, "other")):
            equal(reply[0], 409)
            contains(reply[1]["detail"], "other")
        client = server().start("hold", "other-running", name="j")
        wait_for(lambda: runs(server(), "j"))
        equal(server().call("hold", "other-running", name="k")[0], 409)
        go(server(), "j")
        equal(answer_of(client)[0], 200)
        equal(runs(server(), "c"), 0)

    @test(kind + "a dropped connection is joined again within the grace period")
    def _():
        server().start("hold", "dropped", name="d").close()
        wait_for(lambda: runs(server(), "d"))
        again = server().start("hold", "dropped", name="d")
        wait_for(lambda: [row for row in server().log("rejoin") if row["id"] == "dropped"])
        again.close()
        client = server().start("hold", "dropped", name="d")
        go(server(), "d")
        equal(answer_of(client), (200, {"status": "success", "result": "d done"}))
        equal((runs(server(), "d"), runs(server(), "d.cancelled")), (1, 0))

    @test(kind + "what finished while nobody listened is there for the retry")
    def _():
        server().start("hold", "unheard", name="u").close()
        wait_for(lambda: runs(server(), "u"))
        go(server(), "u")
        server().logged(id="unheard")
        equal(server().call("hold", "unheard", name="u")[1]["result"], "u done")
        equal(runs(server(), "u"), 1)

    @test(kind + "without an id a dropped connection cancels the call")
    def _():
        client = server().start("hold", name="n")
        wait_for(lambda: runs(server(), "n"))
        client.close()
        wait_for(lambda: runs(server(), "n.cancelled"), what="CancelledError")
        equal(server().logged(method="hold", status="499")["id"], "-")

    @test(kind + "a body of 5 MB and its answer, twice under one id")
    def _():
        for _ in range(2):
            reply = server().post_raw("/once", json.dumps({"name": "l", "size": 5 << 20}) + " " * (5 << 20), "large")
            equal(len(reply.body), (5 << 20) + len('{"status":"success","result":""}'))
        equal(runs(server(), "l"), 1)

    @test(kind + "requests that never became a call do not use up their id")
    def _():
        equal(server().call("nothing", "fresh")[0], 404)
        equal(server().post("/call", b"{", "fresh")[0], 400)
        result_of(server().call("once", "fresh", name="g"))

    @test(kind + "an id must be visible ASCII, 200 characters at most")
    def _():
        for text in ("a b", "x" * 201, "\u00e4"):
            reply = server().request("POST", "/once", b'{"name":"i"}', {"X-Affinetes-Call-Id": text.encode("latin-1")})
            equal(reply.status, 400)
        equal(runs(server(), "i"), 0)
        server().kill()


register(1)
register(3)


@test("after the grace period a call that nobody waits for is cancelled")
def _():
    with Serving(ENV, AFFINETES_GRACE=0) as server:
        server.start("hold", "left", name="e").close()
        wait_for(lambda: runs(server, "e.cancelled"), what="CancelledError")
        status, body = server.call("hold", "left", name="e")
        equal(status, 499)
        contains(body["detail"], "client left")
    with Serving(ENV, patch="s.Server.read_settings = lambda self: (setattr(self, 'grace', 0.1), "
                            "setattr(self, 'thread_limit', 8))") as server:
        server.start("hold", "left", name="e").close()
        wait_for(lambda: runs(server, "e.cancelled"), what="CancelledError")
        equal(server.logged(id="left")["status"], "499")


@test("a call outlives the first of two clients")
def _():
    with Serving(ENV, AFFINETES_GRACE=0) as server:
        first, second = (server.start("hold", "two", name="t") for _ in range(2))
        wait_for(lambda: runs(server, "t"))
        first.close()
        server.get("/health")
        go(server, "t")
        equal(answer_of(second)[0], 200)
        equal(runs(server, "t"), 1)


@test("answers that no longer fit are forgotten oldest first, but do not run again")
def _():
    with Serving(ENV, patch="s.SMALL_ANSWER = 4000; s.app.answers.small.budget = 5000; "
                            "s.app.answers.large.budget = 20000") as server:
        for number in range(4):
            result_of(server.call("once", "small%d" % number, name="small", size=1000))
        equal(server.call("once", "small0", name="small", size=1000)[0], 410)
        equal(server.call("once", "small3", name="small", size=1000)[0], 200)
        for number in range(3):
            result_of(server.call("once", "large%d" % number, name="large", size=8000))
        status, body = server.call("once", "large0", name="large", size=8000)
        equal(status, 410)
        matches(body["detail"], "large0 ran, but its answer is not kept")
        equal(result_of(server.call("once", "large2", name="large", size=8000)), "x" * 8000)
        equal(server.call("once", "small3", name="small", size=1000)[0], 200, "a small answer beside large ones")
        equal(server.call("once", "large0", name="other")[0], 409)
        equal((runs(server, "small"), runs(server, "large")), (4, 3))
    with Serving(ENV, patch="s.ANSWER_SECONDS = 0") as server:
        for _ in range(2):
            result_of(server.call("once", "brief", name="brief"))
        equal(runs(server, "brief"), 2)


@test("3 workers: all of them take calls, each id has one of them")
def _():
    with Serving(ENV, workers=3) as server:
        owners = [result_of(server.call("pid", id_for(worker, 3))) for worker in range(3)]
        equal(len(set(owners)), 3)


@test("3 workers: the death of one fails its calls and nothing else")
def _():
    with Serving(ENV, workers=3) as server:
        victim = result_of(server.call("pid", id_for(1, 3, "who")))
        other = server.start("hold", id_for(2, 3, "other"), name="o")
        mine = server.start("hold", id_for(1, 3, "mine"), name="m")
        wait_for(lambda: runs(server, "o") and runs(server, "m"))
        os.kill(victim, 9)
        try:
            status, body = answer_of(mine)
            equal(status, 502)
            contains(body["detail"], "died")
        except ConnectionError:
            pass  # it was that very worker which took the connection
        equal(wait_for(lambda: server.log("worker_died"))[0]["signal"], "9")
        # It waits for the successor instead of failing.
        check(result_of(server.call("pid", id_for(1, 3, "next"))) != victim, "there is no successor")
        go(server, "o")
        try:
            equal(answer_of(other)[0], 200)
        except ConnectionError:
            equal(result_of(server.call("hold", id_for(2, 3, "other"), name="o")), "o done")
        equal(runs(server, "o"), 1)


main()
