#!/usr/bin/python3
"""afs against engines that are not what they should be, and commands on all environments at once. No real engine is
needed, and none is touched."""
import json
import os
import signal
import threading

from engine import afs, start_afs
from fake_engine import FakeEngine, container
from tap import check, contains, equal, lacks, main, skip, test, wait_for

ROWS = [container("calc", "calc"), container("pool-0", "pool", "exited", 0, 2), container("pool-1", "pool", "exited", 1, 2),
        container("half-0", "half", "running", 0, 2), container("half-1", "half", "exited", 1, 2), container("theirs")]


def listing(rows):
    """/containers/json with the engine's own filtering by label."""
    def answer(handler, query):
        wanted = json.loads(query.get("filters", "{}")).get("label", [])
        wanted = list(wanted)

        def fits(row):
            return all(row["Labels"].get(w.partition("=")[0]) == w.partition("=")[2] if "=" in w else w in row["Labels"]
                       for w in wanted)
        handler.answer(200, [r for r in rows if fits(r)])
    return answer


def engine(*more, rows=ROWS):
    return FakeEngine(*more, ("GET", "/containers/json", listing(rows)), ("POST", "/containers/.*/stop", (204, b"")),
                      ("POST", "/containers/.*/restart", (204, b"")), ("DELETE", "/containers/.*", (204, b"")))


def on(fake, *words, **options):
    return afs(*words, env={"DOCKER_HOST": fake.host}, **options)


def ids(*names):
    return [r["Id"] for r in ROWS if r["Names"][0][1:] in names]


def removed(fake):
    return sorted(r.split("/")[2] for r in fake.asked("DELETE"))


@test("stop --all stops and removes what is ours, and nothing else")
def _():
    fake = engine()
    done = on(fake, "stop", "--all", expect=0)
    equal(sorted(done.out.split()), ["calc", "half", "pool"], "stdout")
    equal(removed(fake), sorted(ids("calc", "pool-0", "pool-1", "half-0", "half-1")), "removed")
    check(not any(ids("theirs")[0] in r for r in fake.requests), "a foreign container was touched")


@test("rm --all removes what does not run")
def _():
    fake = engine()
    equal(on(fake, "rm", "--all", expect=0).out, "pool\n", "stdout")
    equal(removed(fake), sorted(ids("pool-0", "pool-1")), "removed")


@test("rm --all --force removes all that is ours")
def _():
    fake = engine()
    equal(sorted(on(fake, "rm", "--all", "--force", expect=0).out.split()), ["calc", "half", "pool"], "stdout")
    equal(removed(fake), sorted(ids("calc", "pool-0", "pool-1", "half-0", "half-1")), "removed")


@test("rm of what runs in part removes no part of it")
def _():
    fake = engine()
    contains(on(fake, "rm", "half", expect=2).err, "half is running", "stderr")
    equal(fake.asked("DELETE"), [], "removed")


@test("with nothing there, --all does nothing and says so")
def _():
    fake = engine(rows=[])
    for words in (["stop", "--all"], ["rm", "--all"], ["restart", "--all"]):
        done = on(fake, *words, expect=0)
        equal(done.out, "", "stdout")
        contains(done.err, "nothing to " + words[0], "stderr")
    equal(on(fake, "ps", "--json", expect=0).out, "[]\n", "ps --json")


@test("a container that cannot be removed: the others go all the same, status 1")
def _():
    broken = ids("calc")[0]
    fake = engine(("DELETE", "/containers/%s" % broken, (500, {"message": "device or resource busy"})))
    done = on(fake, "stop", "--all", expect=1)
    equal(sorted(done.out.split()), ["half", "pool"], "stdout")
    contains(done.err, "calc", "stderr")
    contains(done.err, "device or resource busy", "stderr")


@test("a name given twice is stopped once")
def _():
    fake = engine()
    equal(on(fake, "stop", "calc", "calc", expect=0).out, "calc\n", "stdout")
    equal(len(fake.asked("DELETE")), 1, "removals")


@test("ps shows dead replicas without asking their servers")
def _():
    fake = engine(("GET", "/containers/.*/json", (200, {"State": {"Status": "exited", "ExitCode": 137, "OOMKilled": True}, "RestartCount": 5})),
                  rows=[container("pool-0", "pool", "exited", 0, 2), container("pool-1", "pool", "exited", 1, 2)])
    environment, = on(fake, "ps", "--json", expect=0).json
    equal([(r["state"], r["oom"], r["exit_code"], r["restarts"]) for r in environment["replicas"]],
          [("exited", True, 137, 5)] * 2, "replicas")
    out = on(fake, "ps", expect=0).out
    contains(out, "0/2 up", "table")
    contains(out, "oom", "table")


@test("names and states from an engine do not act on a terminal")
def _():
    evil = container("evil", "evil\x1b[2J", image="x\x1b]0;y\x07")
    out = on(engine(rows=[evil]), "ps", expect=0).out
    lacks(out, "\x1b", "table")
    contains(out, "\\x1b", "table")


@test("a call to an environment without a running replica: status 4 and why")
def _():
    fake = engine(("GET", "/containers/.*/json", (200, {"State": {"Status": "exited", "ExitCode": 1}})))
    done = on(fake, "call", "pool", "echo", expect=4)
    contains(done.err, "exited, exit code 1", "stderr")


# ---- engines that are not what they should be

@test("an engine that fails: status 1 and its words")
def _():
    fake = FakeEngine(("GET", "/containers/json", (500, {"message": "the daemon is confused"})))
    contains(on(fake, "ps", expect=1).err, "the daemon is confused", "stderr")
    fake = FakeEngine(("GET", "/containers/json", (500, b"<html>no JSON</html>")))
    contains(on(fake, "ps", expect=1).err, "no JSON", "stderr")


@test("an engine that answers nonsense: status 1")
def _():
    for body in (b"", b"{", b"[1, 2", b"\xff\xfe", b"null", b'{"a": 1}', b'["x", 5, null, {}]', b"[" * 100000):
        done = on(FakeEngine(("GET", "/containers/json", (200, body))), "ps")
        check(done.status in (0, 1), "status for %r\n%s" % (body[:20], done))
        lacks(done.err, "Sanitizer", "stderr for %r" % body[:20])


@test("an engine that breaks off in the middle: status 4")
def _():
    def half(handler, _query):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"[")
        handler.close_connection = True
    done = on(FakeEngine(("GET", "/containers/json", half)), "ps")
    check(done.status in (1, 4), "status\n%s" % done)


@test("an engine that never answers is left with ^C")
def _():
    asked, over = threading.Event(), threading.Event()

    def never(_handler, _query):
        asked.set()
        over.wait(60)
    fake = FakeEngine(("GET", "/containers/json", never))
    process = start_afs("ps", env={"DOCKER_HOST": fake.host})
    wait_for(asked.is_set, what="the request")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    over.set()
    equal((process.returncode, out), (130, b""))
    contains(err.decode(), "interrupted", "stderr")


@test("an engine without permission: status 4 and the group to join")
def _():
    fake = FakeEngine()
    path = fake.host[len("unix://"):]
    if os.geteuid() == 0:
        skip("root may do everything")
    os.chmod(path, 0)
    contains(on(fake, "ps", expect=4).err, "docker", "stderr")


@test("doctor finds what is wrong with an engine")
def _():
    fake = FakeEngine(("GET", "/version", (200, {"Version": "20.10", "ApiVersion": "1.41", "Os": "linux", "Arch": "amd64"})),
                      ("GET", "/info", (200, {"Driver": "vfs", "MemoryLimit": False, "CpuCfsQuota": True})))
    rows = {r["check"]: r for r in on(fake, "doctor", "--json", expect=0).json}
    for word in ("limits", "storage", "base image"):
        equal(rows[word]["status"], "warning", word)
        check(rows[word]["advice"], "no advice for " + word)
    text = on(fake, "doctor", expect=0).out
    contains(text, "! storage", "table")


main()
