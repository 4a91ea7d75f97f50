#!/usr/bin/python3
"""Replicas that die under load: every call has one answer, and none runs again whose server lived on."""
import json
import os
import signal
import threading
import time
from collections import defaultdict

from engine import afs, base_image, build, docker, environment_dir, name, start_afs, temp_dir
from tap import below, check, contains, equal, main, matches, note, test, wait_for

# Each start and each completion is a line in a file that all replicas share; LIFE is one run of one server.
WITNESS = '''
import asyncio, os, socket, time, uuid

LIFE = uuid.uuid4().hex[:8]
LOG = os.open("/shared/log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)

def witness(what, task_id):
    os.write(LOG, ("%s %d %s %s %.6f\\n" % (what, task_id, socket.gethostname(), LIFE, time.time())).encode())

witness("boot", -1)

class Actor:
    async def work(self, task_id: int, seconds: float = 0.0):
        witness("start", task_id)
        await asyncio.sleep(seconds)
        witness("end", task_id)
        return {"task_id": task_id, "score": 1.0, "success": True}

    async def who(self):
        return socket.gethostname()

    async def eat_once(self, megabytes: int):
        try:
            os.close(os.open("/shared/ate", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return "enough"
        return len(b"x" * (megabytes << 20))

    async def die(self):
        os._exit(7)
'''

image = None
shared = temp_dir()
os.chmod(shared, 0o777)
results = temp_dir()
NAME = name("fire")


def out(word):
    return os.path.join(results, word + ".jsonl")


def lines(path):
    with open(path) as f:
        return [json.loads(line) for line in f]


def witnessed():
    """[(what, task, host, life, time)]"""
    with open(os.path.join(shared, "log")) as f:
        rows = [line.split() for line in f.read().splitlines()]
    return [(r[0], int(r[1]), r[2], r[3], float(r[4])) for r in rows if len(r) == 5]


def starts():
    return [w for w in witnessed() if w[0] == "start"]


def forget():
    with open(os.path.join(shared, "log"), "w"):
        pass


def pid_of(container):
    return docker.inspect(container)["State"]["Pid"]


def run_env(*args, replicas=3):
    afs("stop", NAME)
    for f in ("log", "ate"):
        path = os.path.join(shared, f)
        if os.path.exists(path):
            os.remove(path)
    afs("run", image, "--name", NAME, "--replicas", str(replicas), "--load-balance", "round_robin",
        "--volume", shared + ":/shared", *args, expect=0, timeout=120)


def begin_map(word, count, *args):
    return start_afs("map", NAME, "work", "--over", "task_id=0..%d" % (count - 1), "--out", out(word), *args)


def finish(process, status=0, timeout=150):
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except Exception:
        process.kill()
        stdout, stderr = process.communicate()
        check(False, "the map did not end:\n%s" % stderr.decode()[-3000:])
    equal(process.returncode, status, "exit status\n%s" % stderr.decode()[-3000:])
    return json.loads(stdout), stderr.decode()


def one_answer_each(word, count):
    rows = lines(out(word))
    equal(sorted(r["index"] for r in rows), list(range(count)), "indexes of lines")
    for row in rows:
        equal(row.get("error"), None, "error of call %d" % row["index"])
        equal(row["result"]["task_id"], row["index"], "result of call %d" % row["index"])
    return rows


def runs_by_task():
    runs = defaultdict(list)
    for w in witnessed():
        if w[0] in ("start", "end"):
            runs[w[1]].append(w)
    return runs


def none_ran_twice_at_a_time(spared=()):
    """Lives of one host follow one another; what was run again was cut off by the end of the life before."""
    last_of_life = {}
    for w in witnessed():
        last_of_life[w[3]] = w[4]
    again = 0
    for task, log in runs_by_task().items():
        begun = [w for w in log if w[0] == "start"]
        again += len(begun) > 1
        equal(len({w[3] for w in begun}), len(begun), "task %d: lives that ran it" % task)
        for first, second in zip(begun, begun[1:]):
            check(first[2] not in spared, "task %d ran again though its replica lived on: %s" % (task, log))
            check(last_of_life[first[3]] < second[4], "task %d ran on two at a time: %s" % (task, log))
        check(any(w[0] == "end" for w in log), "task %d did not end: %s" % (task, log))
    return again


@test("an image", timeout=300)
def _():
    global image
    image = build(environment_dir(WITNESS), "fire")


@test("kill -9, docker restart and OOM under 1,000 concurrent calls: 1,000 answers", timeout=240)
def _():
    run_env("--mem-limit", "160m")
    process = begin_map("three", 1000, "--arg", "seconds=4", "--concurrency", "1000")
    wait_for(lambda: len(starts()) >= 990, 60, "1,000 calls in flight")
    killer = threading.Thread(target=lambda: docker.post("/containers/%s-1/restart" % NAME, t="10"))
    killer.start()
    os.kill(pid_of(NAME + "-0"), signal.SIGKILL)
    eaten = afs("call", NAME, "eat_once", "--arg", "megabytes=600", "--replica", "2", expect=0)
    equal(eaten.json, "enough", "the second run of the call whose server was killed for it")
    # Its connection may have gone without a word.
    below(eaten.seconds, 20, "seconds of a call whose server was killed")
    killer.join()
    summary, _ = finish(process)
    rows = one_answer_each("three", 1000)
    equal(summary["succeeded"], 1000, "succeeded")
    again = none_ran_twice_at_a_time()
    check(again > 500, "only %d were run again: were they in flight?" % again)
    slowest = max(rows, key=lambda r: r["seconds"])
    note("%d of 1,000 were cut off and run again; most attempts %d; slowest call %.1f s, by %s" % (
        again, max(r["attempts"] for r in rows), slowest["seconds"], slowest["instance"]))


@test("one that is killed: nothing runs again that the others had", timeout=240)
def _():
    run_env()
    spared = {docker.inspect("%s-%d" % (NAME, i))["Config"]["Hostname"] for i in (1, 2)}
    process = begin_map("one", 600, "--arg", "seconds=1", "--concurrency", "300")
    wait_for(lambda: len(starts()) >= 290, 60, "300 calls in flight")
    os.kill(pid_of(NAME + "-0"), signal.SIGKILL)
    finish(process)
    one_answer_each("one", 600)
    again = none_ran_twice_at_a_time(spared)
    check(0 < again <= 100, "%d were run again" % again)


@test("one that is stopped for good: 0 of 300 fail, and none goes there any more", timeout=240)
def _():
    run_env()
    gone = docker.inspect(NAME + "-1")["Config"]["Hostname"]
    process = begin_map("stopped", 300, "--arg", "seconds=0.5", "--concurrency", "60")
    wait_for(lambda: len(starts()) >= 60, 60, "calls in flight")
    docker.post("/containers/%s-1/stop" % NAME, t="0")
    stopped_at = time.time()
    summary, _ = finish(process)
    equal(summary["failed"], 0, "failed")
    one_answer_each("stopped", 300)
    none_ran_twice_at_a_time()
    late = [w for w in starts() if w[2] == gone and w[4] > stopped_at]
    equal(late, [], "starts at the one that is stopped")
    docker.post("/containers/%s-1/start" % NAME)


@test("a server that dies of each call is not fed it for ever, and the error says what it died of", timeout=120)
def _():
    run_env(replicas=1)
    done = afs("call", NAME, "die", "--timeout", "60", expect=4)
    contains(done.err, "died 4 times while it ran die", "stderr")
    equal(done.err.count("exit code 7"), 1, "the same reason is said once")
    equal(len([w for w in witnessed() if w[0] == "boot"]) >= 4, True, "boots")


@test("calls wait for a restart within their own time", timeout=120)
def _():
    run_env(replicas=1)
    docker.post("/containers/%s/pause" % NAME)
    try:
        done = afs("call", NAME, "who", "--timeout", "2", expect=5)
        contains(done.err, "2", "stderr")
    finally:
        docker.post("/containers/%s/unpause" % NAME)
    restart = threading.Thread(target=lambda: docker.post("/containers/%s/restart" % NAME, t="10"))
    restart.start()
    for _ in range(20):
        afs("call", NAME, "who", "--timeout", "60", expect=0)
    restart.join()


HEALTHCHECK = """ARG BASE_IMAGE=%s
FROM ${BASE_IMAGE}
WORKDIR /app
COPY . /app
HEALTHCHECK --interval=1s --retries=1 CMD test ! -e /shared/ill-$HOSTNAME -a ! -e /shared/ill-$(cat /etc/hostname)
"""


@test("one that its own health check says is unwell is not chosen until it is well", timeout=200)
def _():
    global image
    image = build(environment_dir(WITNESS, HEALTHCHECK % base_image()), "health")
    run_env(replicas=2)
    host = docker.inspect(NAME + "-0")["Config"]["Hostname"]

    def health():
        return docker.inspect(NAME + "-0")["State"]["Health"]["Status"]

    wait_for(lambda: health() == "healthy", 30, "the first health check")
    process = begin_map("ill", 1600, "--arg", "seconds=0.05", "--concurrency", "8")
    wait_for(lambda: len(starts()) >= 20, 60, "calls in flight")
    open(os.path.join(shared, "ill-" + host), "w").close()
    wait_for(lambda: health() == "unhealthy", 30, "unhealthy")
    known = time.time() + 0.5
    wait_for(lambda: [w for w in starts() if w[4] > known + 1], 30, "calls go on")
    equal([w for w in starts() if w[2] == host and w[4] > known], [], "calls of the one that is unwell")
    os.remove(os.path.join(shared, "ill-" + host))
    wait_for(lambda: health() == "healthy", 30, "healthy")
    well = time.time()
    wait_for(lambda: [w for w in starts() if w[2] == host and w[4] > well] or process.poll() is not None, 30, "calls again")
    check([w for w in starts() if w[2] == host and w[4] > well], "none went there again")
    finish(process)
    one_answer_each("ill", 1600)
    none_ran_twice_at_a_time({host})


@test("an engine that hangs does not hold up calls to instances that answer", timeout=120)
def _():
    run_env(replicas=2)
    process = begin_map("hang", 400, "--arg", "seconds=0.05", "--concurrency", "8")
    wait_for(lambda: len(starts()) >= 20, 60, "calls in flight")
    pid = docker_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        before = len(starts())
        wait_for(lambda: len(starts()) >= before + 100, 30, "calls while the engine hangs")
    finally:
        os.kill(pid, signal.SIGCONT)
    finish(process)
    one_answer_each("hang", 400)


def docker_pid():
    """The process behind the engine's socket."""
    import socket
    import struct
    s = socket.socket(socket.AF_UNIX)
    s.connect(os.environ["DOCKER_HOST"][len("unix://"):])
    pid = struct.unpack("3i", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    s.close()
    return pid


@test("stop ends it")
def _():
    afs("stop", NAME, expect=0)


main(engine=True)
