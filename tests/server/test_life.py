"""Beginning and end of the server, with one worker and with several."""
import os
import signal
import socket
import stat
import subprocess
import time

from serving import Serving, answer_of, id_for, result_of
from tap import below, check, contains, equal, lacks, main, matches, skip, test, wait_for

ENV = '''
import asyncio
import atexit
import os
import signal
import subprocess
import threading
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
atexit.register(lambda: touch("atexit"))


def touch(name):
    open(os.path.join(FOLDER, name), "w").close()

async def wait(name="wait"):
    touch(name)
    try:
        await asyncio.sleep(60)
    finally:
        touch(name + ".ended")

def hung(name="hung"):
    touch(name)
    threading.Event().wait()

async def blocks_the_loop(name="blocks"):
    touch(name)
    time.sleep(60)

async def soon(name="soon"):
    touch(name)
    await asyncio.sleep(0.1)
    return "soon"

def lasting_thread():
    threading.Thread(target=threading.Event().wait).start()

def child():
    return subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def pid():
    return os.getpid()
'''


def has(server, name):
    return os.path.exists(server.path(name))


def stops_within_a_second(server, number=signal.SIGTERM):
    began = time.monotonic()
    equal(server.terminate(number), 0, "exit status")
    below(time.monotonic() - began, 1.0, "seconds to the end")


def refused(server):
    try:
        server.connect().close()
        return False
    except OSError:
        return True


def ends(server, seconds=5):
    try:
        return server.process.wait(timeout=seconds)
    finally:
        server.kill()


def register(workers):
    kind = "%d worker%s: " % (workers, "s" if workers > 1 else "")

    @test(kind + "SIGTERM with nothing to do")
    def _():
        with Serving(ENV, workers) as server:
            idle = server.client()
            idle.request("GET", "/health")
            idle.getresponse().read()
            stops_within_a_second(server)
            equal(server.stderr(), "")
            check(has(server, "atexit"), "atexit was not called")
            check(refused(server), "somebody still listens")

    @test(kind + "SIGTERM with calls in flight: they are cancelled and answered")
    def _():
        with Serving(ENV, workers) as server:
            calls = [server.start(name) for name in ("wait", "hung", "wait")]
            calls += [server.start("wait", id_for(worker, workers), name="w2") for worker in range(workers)]
            result_of(server.call("lasting_thread"))
            result_of(server.call("child"))
            wait_for(lambda: all(has(server, name) for name in ("wait", "hung", "w2")))
            server.wait_in_flight(3 + workers)
            stops_within_a_second(server)
            for call in calls:
                status, body = answer_of(call)
                equal(status, 503)
                contains(body["detail"], "stopped")
            check(has(server, "wait.ended") and has(server, "w2.ended"), "CancelledError did not arrive")
            lacks(server.stderr(), "Traceback")

    @test(kind + "SIGTERM lets a call finish that is about to")
    def _():
        with Serving(ENV, workers) as server:
            call = server.start("soon")
            wait_for(lambda: has(server, "soon"))
            stops_within_a_second(server)
            equal(answer_of(call)[1], {"status": "success", "result": "soon"})

    @test(kind + "SIGTERM while a method blocks the event loop")
    def _():
        with Serving(ENV, workers) as server:
            server.start("blocks_the_loop")
            wait_for(lambda: has(server, "blocks"))
            stops_within_a_second(server)

    @test(kind + "SIGINT is the same")
    def _():
        with Serving(ENV, workers) as server:
            stops_within_a_second(server, signal.SIGINT)

    @test(kind + "an env.py that cannot be imported: its traceback once, and the end")
    def _():
        for code, text in (("import nothing_of_that_name\n", "ModuleNotFoundError: No module named"),
                           ("def f(:\n", "SyntaxError"),
                           ("import sys\nsys.exit(0)\n", "SystemExit"),
                           (None, "there is no env.py in")):
            server = Serving(code, workers)
            check(ends(server) > 0, "exit status 0")
            contains(server.stderr(), text)
            equal(server.stderr().count("cannot be imported:"), 1, "reports")
            lacks("\n".join(server.lines), "event=ready")

    @test(kind + "SIGTERM while env.py is being imported")
    def _():
        server = Serving("open('importing', 'w').close()\nimport time\ntime.sleep(60)\n", workers)
        wait_for(lambda: has(server, "importing"))
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        ends(server)
        below(time.monotonic() - began, 1.0, "seconds to the end")

    @test(kind + "as process 1 it ends like that, too")
    def _():
        unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
        if subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
            skip("no new PID namespace allowed")
        with Serving(ENV, workers, wrap=unshare) as server:
            server.start("hung")
            wait_for(lambda: has(server, "hung"))
            inside = subprocess.check_output(["pgrep", "-P", str(server.process.pid)], universal_newlines=True)
            began = time.monotonic()
            os.kill(int(inside), signal.SIGTERM)
            server.process.wait(timeout=5)
            below(time.monotonic() - began, 1.0, "seconds to the end")


register(1)
register(2)


@test("a worker that dies is replaced and named in the log")
def _():
    with Serving(ENV, workers=2) as server:
        check(server.process.pid != result_of(server.call("pid")))
        try:
            server.call("die")
        except ConnectionError:
            pass
        row = wait_for(lambda: server.log("worker_died"))[0]
        equal((row["level"], row["signal"]), ("error", "9"))
        wait_for(lambda: len(server.log("ready")) == 3, what="a successor")
        result_of(server.call("pid"))
        stops_within_a_second(server)


@test("a worker that does not come up again ends the server")
def _():
    code = """
        import os
        if os.path.exists("broken"):
            raise RuntimeError("broken")
        def die():
            open("broken", "w").close()
            os._exit(1)
    """
    with Serving(code, workers=2) as server:
        try:
            server.call("die")
        except ConnectionError:
            pass
        equal(server.process.wait(timeout=10), 1)
        contains(server.stderr(), "RuntimeError: broken")


@test("workers do not outlive their supervisor")
def _():
    with Serving(ENV, workers=2, files={"tmp/x": ""}, TMPDIR="tmp") as server:
        os.unlink(server.path("tmp/x"))
        directory = server.path("tmp")
        check(os.listdir(directory), "no runtime directory")
        server.process.kill()
        wait_for(lambda: refused(server), what="the end of the workers")
        wait_for(lambda: not os.listdir(directory), what="the end of the runtime directory")


@test("on a unix socket")
def _():
    for workers in (1, 2):
        with Serving(ENV, workers, uds="s.sock") as server:
            equal(stat.S_IMODE(os.stat(server.uds).st_mode), 0o600)
            result_of(server.call("pid"))
            stops_within_a_second(server)
            check(not os.path.exists(server.uds), "the socket is left behind")
    with Serving(ENV, uds="s.sock") as server:
        server.process.kill()
        server.process.wait()
        check(os.path.exists(server.uds))
        directory = server.directory
        server = Serving(ENV, AFFINETES_UDS=os.path.join(directory, "s.sock"), uds="s.sock")
        server.uds = os.path.join(directory, "s.sock")
        with server:
            equal(server.get("/health")[0], 200, "on the socket that a killed server left")


@test("settings that make no sense and ports in use are named")
def _():
    taken = socket.socket()
    taken.bind(("0.0.0.0", 0))
    taken.listen()
    for setting, text in (({"AFFINETES_PORT": "http"}, "AFFINETES_PORT must be a number, not 'http'"),
                          ({"AFFINETES_PORT": "70000"}, "AFFINETES_PORT must be from 0 to 65535, not 70000"),
                          ({"UVICORN_WORKERS": "0"}, "UVICORN_WORKERS must be from 1 to"),
                          ({"AFFINETES_GRACE": "-1"}, "AFFINETES_GRACE must be from 0 to"),
                          ({"AFFINETES_PORT": taken.getsockname()[1]}, "cannot listen on 0.0.0.0:%d: Address already in use"
                           % taken.getsockname()[1])):
        server = Serving(ENV, **setting)
        equal(ends(server), 1)
        contains(server.stderr(), "affinetes: " + text)
        lacks(server.stderr(), "Traceback")
    taken.close()


@test("the port is closed until the environment is there")
def _():
    with Serving(ENV) as server:
        port = server.port
    code = "import os, time\nopen('importing', 'w').close()\nwhile not os.path.exists('go'): time.sleep(0.01)\n" + ENV
    server = Serving(code, AFFINETES_PORT=port)
    try:
        wait_for(lambda: has(server, "importing"))
        server.port = port
        check(refused(server), "somebody listens already")
        open(server.path("go"), "w").close()
        server.wait_ready()
        equal(server.get("/health")[0], 200)
    finally:
        server.kill()


@test("uvicorn _affinetes.server:app serves as well, and stops as quickly")
def _():
    with Serving(ENV) as server:
        port = server.port
    server = Serving(ENV, command=["-m", "uvicorn", "_affinetes.server:app", "--port", str(port), "--log-level", "warning"])
    try:
        server.port = port
        wait_for(lambda: not refused(server), what="uvicorn")
        equal(result_of(server.call("soon", "an-id")), "soon")
        server.start("hung")
        wait_for(lambda: has(server, "hung"))
        stops_within_a_second(server)
    finally:
        server.kill()
    server = Serving("import nothing_of_that_name\n", command=["-m", "uvicorn", "_affinetes.server:app", "--port", str(port)])
    check(ends(server) > 0)
    matches(server.stderr(), "ModuleNotFoundError")


@test("modules of the environment come before the server's own")
def _():
    files = dict.fromkeys(("request_logger.py", "server.py"), "WHO = 'environment'")
    code = "import request_logger, server\ndef who():\n    return [request_logger.WHO, server.WHO]\n"
    with Serving(code, files=files) as server:
        equal(result_of(server.call("who")), ["environment", "environment"])


@test("prints of methods appear at once")
def _():
    with Serving("def hello():\n    print('hello there')\n") as server:
        result_of(server.call("hello"))
        wait_for(lambda: "hello there" in server.lines)


main()
