"""POST /cancel, and what becomes of methods that hang."""
import os
import time

from serving import Serving, answer_of, id_for, result_of
from tap import below, contains, equal, main, test, wait_for

ENV = '''
import asyncio
import os
import threading
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
never = threading.Event()


def touch(name):
    open(os.path.join(FOLDER, name), "w").close()


async def wait(name):
    touch(name)
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        touch(name + ".cancelled")
        raise

async def stubborn(name):
    touch(name)
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            touch(name + ".cancelled")

def busy(name):
    touch(name)
    try:
        while True:
            time.sleep(0.001)
    finally:
        touch(name + ".cancelled")

def hung(name):
    touch(name)
    never.wait()

def awaits(name):
    return wait(name)

def quick(x=1):
    return x

def threads():
    return sum(thread.name == "affinetes-method" for thread in threading.enumerate())
'''


def has(server, name):
    return lambda: os.path.exists(server.path(name))


def running(server, method, name, call_id=None):
    client = server.start(method, call_id, name=name)
    wait_for(has(server, name), what="the call runs")
    return client


def cancel(server, call_id):
    status, body = server.post("/cancel", {"id": call_id})
    equal((status, body["id"]), (200, call_id))
    return body["state"]


def register(workers):
    kind = "%d worker%s: " % (workers, "s" if workers > 1 else "")

    @test(kind + "async methods get CancelledError, their clients 499, both at once")
    def _():
        with Serving(ENV, workers=workers) as server:
            for method in ("wait", "awaits", "stubborn"):
                client = running(server, method, method, method + "-id")
                began = time.monotonic()
                equal(cancel(server, method + "-id"), "cancelled")
                status, body = answer_of(client)
                below(time.monotonic() - began, 1, "seconds")
                equal(status, 499)
                contains(body["detail"], "cancelled")
                equal(server.get("/stats")[1]["methods"][method]["errors_4xx"], 1)
                wait_for(has(server, method + ".cancelled"), what="CancelledError")
                equal(cancel(server, method + "-id"), "finished")
                equal(server.call(method, method + "-id", name=method)[0], 499, "the retry")
            client = running(server, "wait", "late", "late-id")
            server.post("/cancel", {"id": "late-id", "why": "timeout"})
            status, body = answer_of(client)
            equal(status, 499)
            contains(body["detail"], "time was up")
            counts = server.get("/stats")[1]["methods"]["wait"]
            equal([counts[key] for key in ("errors", "errors_4xx", "timeouts")], [2, 1, 1])
            equal(server.in_flight(), 0)

    @test(kind + "a cancellation that overtakes its call holds")
    def _():
        with Serving(ENV, workers=workers) as server:
            for worker in range(workers):
                call_id = id_for(worker, workers)
                equal(cancel(server, call_id), "unknown")
                status, body = server.call("quick", call_id)
                equal(status, 499)
                contains(body["detail"], "before it arrived")


register(1)
register(2)


@test("a `def` method ends at its next instruction")
def _():
    with Serving(ENV) as server:
        client = running(server, "busy", "busy", "busy-id")
        equal(cancel(server, "busy-id"), "cancelled")
        equal(answer_of(client)[0], 499)
        wait_for(has(server, "busy.cancelled"), what="the end of the method")
        wait_for(lambda: server.get("/stats")[1]["abandoned"] == 0, what="no abandoned thread")


@test("hung `def` methods do not use up the threads of others")
def _():
    with Serving(ENV, AFFINETES_THREADS=2) as server:
        for number in range(6):
            name = "hung%d" % number
            client = running(server, "hung", name, name)
            equal(cancel(server, name), "cancelled")
            equal(answer_of(client)[0], 499)
        equal(server.get("/stats")[1]["abandoned"], 6)
        began = time.monotonic()
        equal(result_of(server.call("quick", x=5)), 5)
        below(time.monotonic() - began, 1, "seconds")


@test("without an id a hung `def` method is left behind when its client leaves")
def _():
    with Serving(ENV, AFFINETES_THREADS=1) as server:
        running(server, "hung", "h").close()
        equal(result_of(server.call("quick")), 1)
        equal(server.logged(method="hung")["status"], "499")


@test("the pool has its limit, waiting calls their turn, cancelled ones none")
def _():
    with Serving(ENV, AFFINETES_THREADS=1) as server:
        first = running(server, "hung", "first", "first")
        waiting = server.start("hung", "waiting", name="waiting")
        later = server.start("quick", "later", x=7)
        server.wait_in_flight(3)
        equal(cancel(server, "waiting"), "cancelled")
        equal(answer_of(waiting)[0], 499)
        equal(cancel(server, "first"), "cancelled")
        equal(answer_of(first)[0], 499)
        equal(result_of(answer_of(later)), 7)
        equal(has(server, "waiting")(), False, "the cancelled call ran")
        equal(result_of(server.call("threads")), 2, "threads: the hung one and its successor")


@test("too many hung methods: a clear refusal")
def _():
    with Serving(ENV, patch="s.MAX_ABANDONED = 1") as server:
        client = running(server, "hung", "h", "h")
        equal(cancel(server, "h"), "cancelled")
        equal(answer_of(client)[0], 499)
        status, body = server.call("quick")
        equal(status, 503)
        contains(body["detail"], "restart the environment")


@test("a cancellation needs an id")
def _():
    with Serving(ENV) as server:
        for body in (b"{}", b'{"id":1}', b"[]", b'{"id":"a b"}'):
            equal(server.post("/cancel", body)[0], 422)
        equal(server.post("/cancel", b"{")[0], 400)


main()
