#!/usr/bin/python3
"""The main job on remote hosts: two SSH servers, each with its own engine, beside this machine's."""
import json
import os
import time

from docker_api import Docker
from engine import afs, build, environment_dir, name, start_afs, temp_dir
from readme import run_example
from ssh_hosts import client, hosts, ssh_env
from tap import at_end, check, contains, equal, main, test

ENV = '''
import asyncio, json, os, socket, time

class Actor:
    async def where(self):
        return socket.gethostname()

    async def slow(self, seconds: float, word: str):
        with open("/tmp/journal", "a") as f:
            f.write("start %s\\n" % word)
        await asyncio.sleep(seconds)
        with open("/tmp/journal", "a") as f:
            f.write("end %s\\n" % word)
        return word

    async def journal(self):
        try:
            with open("/tmp/journal") as f:
                return f.read().split("\\n")[:-1]
        except FileNotFoundError:
            return []

    async def big(self, size: int):
        return "x" * size
'''

IMAGE = None
NAME = name("far")


def image():
    global IMAGE
    if IMAGE is None:
        IMAGE = build(environment_dir(ENV), "far")
    return IMAGE


def run_far(*args, **options):
    return afs(*args, env=ssh_env(), **options)


def clean():
    run_far("stop", NAME)


@test("replicas go to the hosts in turn, and the image is sent to those that have it not", timeout=300)
def _():
    a, b = hosts("a", "b")
    at_end(clean)
    out = run_far("run", image(), "--name", NAME, "--replicas", "3", "--load-balance", "round_robin", "--host", a.url,
                  "--host", "localhost", "--host", b.url, "--json", expect=0, timeout=280)
    equal([r["host"] for r in out.json["replicas"]], [a.address, "local", b.address])
    equal([len(Docker(e).containers()) for e in (a.docker_host, b.docker_host)], [1, 1], "containers of the hosts")


@test("every command finds them from another shell")
def _():
    a, b = hosts("a", "b")
    rows = [e for e in run_far("ps", "--json", expect=0).json if e["name"] == NAME]
    equal([r["host"] for r in rows[0]["replicas"]], [a.address, "local", b.address])
    equal([r["state"] for r in rows[0]["replicas"]], ["up"] * 3)
    check(rows[0]["replicas"][0]["memory"] > 1e6, "memory of a remote replica")
    names = {json.loads(run_far("call", NAME, "where", "--replica", str(i), expect=0).out) for i in range(3)}
    equal(len(names), 3, "replicas that were called")
    contains(run_far("methods", NAME, expect=0).out, "where")
    contains(run_far("logs", NAME, "--replica", "0", expect=0).out, "where")
    equal(run_far("exec", NAME, "--", "echo", "hello", expect=0).out, "hello\n")
    contains(run_far("stats", NAME, expect=0).out, b.address)
    contains(run_far("call", NAME + "-2", "where", expect=0).out, '"')


@test("10 MB come back whole")
def _():
    out = run_far("call", NAME, "big", "--arg", "size=10000000", "--replica", "0", expect=0).out
    equal(len(out.strip()), 10000002)


@test("no port is open, and nothing is left in the runtime directory")
def _():
    run = os.path.join(client().home, "run", "affinetes")
    equal([n for n in os.listdir(run) if n.startswith("ssh-")], [])


@test("restart over SSH")
def _():
    run_far("restart", NAME, expect=0)
    contains(run_far("call", NAME, "where", "--replica", "2", expect=0).out, '"')


def journal(replica):
    return json.loads(run_far("call", NAME, "journal", "--replica", str(replica), expect=0).out)


def wait_for(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < until, "it took too long")
        time.sleep(0.05)


@test("a connection that is cut in mid-call: the answer comes, and the method ran once")
def _():
    a, _ = hosts("a", "b")
    call = start_afs("call", NAME, "slow", "--arg", "seconds=4", "--arg", "word=cut", "--replica", "0", env=ssh_env())
    wait_for(lambda: "start cut" in journal(0))
    a.drop_connections()
    out, err = call.communicate(timeout=60)
    equal((call.returncode, out), (0, b'"cut"\n'), err.decode())
    equal([line for line in journal(0) if line.endswith(" cut")], ["start cut", "end cut"])


@test("a server that is killed and comes back in mid-call: the same")
def _():
    a, _ = hosts("a", "b")
    call = start_afs("call", NAME, "slow", "--arg", "seconds=3", "--arg", "word=killed", "--replica", "0", env=ssh_env())
    wait_for(lambda: "start killed" in journal(0))
    a.kill()
    wait_for(lambda: not a.listens())
    a.start()
    out, err = call.communicate(timeout=60)
    equal((call.returncode, out), (0, b'"killed"\n'), err.decode())
    equal([line for line in journal(0) if line.endswith(" killed")], ["start killed", "end killed"])


@test("a map whose connection is cut again and again: every call has its answer, and ran once", timeout=300)
def _():
    a, _ = hosts("a", "b")
    one = name("one")
    at_end(run_far, "stop", one)
    run_far("run", image(), "--name", one, "--host", a.url, expect=0)
    go = start_afs("map", one, "slow", "--over", "word=0..299", "--arg", "seconds=0.5", "--concurrency", "32", env=ssh_env())
    lines = []
    for _ in range(3):
        lines += [go.stdout.readline() for _ in range(40)]
        a.drop_connections()
    lines += go.stdout.readlines()  # communicate() would pass over what readline() has read ahead
    err = go.stderr.read()
    equal(go.wait(), 0, err.decode())
    words = sorted(json.loads(line)["arguments"]["word"] for line in lines if line.strip())
    equal(words, list(range(300)), "answers")
    journal = json.loads(run_far("call", one, "journal", expect=0).out)
    equal(sorted(journal), sorted("%s %d" % (what, n) for what in ("start", "end") for n in range(300)), "what ran")
    run_far("stop", one, expect=0)


@test("more engine requests at once than MaxSessions allows", timeout=300)
def _():
    a, _ = hosts("a", "b")
    many = name("many")
    at_end(run_far, "stop", many)
    a.restart("MaxSessions 2")
    try:
        run_far("run", image(), "--name", many, "--replicas", "5", "--host", a.url, expect=0, timeout=240)
        # Five streams that stay open, and requests beside them.
        follow = start_afs("logs", many, "-f", env=ssh_env())
        seen = set()
        while len(seen) < 5:
            line = follow.stdout.readline()
            check(line, "logs -f ended")
            seen.add(line.split()[0])
        rows = [e for e in run_far("ps", "--json", expect=0).json if e["name"] == many]
        equal([r["state"] for r in rows[0]["replicas"]], ["up"] * 5)
        check(all(r["memory"] for r in rows[0]["replicas"]), "memory of each")
        follow.terminate()
        follow.wait()
        run_far("stop", many, expect=0)
    finally:
        a.restart()


@test("a host that is away is named beside what the others have, and keeps nobody waiting for long")
def _():
    a, b = hosts("a", "b")
    b.kill()
    started = time.monotonic()
    out = run_far("ps", "--json", expect=0)
    check(time.monotonic() - started < 20, "ps took too long")
    contains(out.err, b.address)
    contains(out.err, "refused")
    rows = [e for e in out.json if e["name"] == NAME]
    equal([r["host"] for r in rows[0]["replicas"]], [a.address, "local"])
    contains(run_far("call", NAME, "where", "--replica", "0", expect=0).out, '"')
    contains(run_far("restart", NAME, expect=0).err, "2 of 3 replicas were found")
    b.start()


@test("the example in README.md", timeout=300)
def _():
    a, b = hosts("a", "b")
    folder = temp_dir()
    afs("init", "eval", "--template", "actor", cwd=folder, expect=0)
    far = name("readme")
    at_end(run_far, "stop", far)
    run_example("Remote hosts", {"eval:v1": build(os.path.join(folder, "eval"), "readme"), "eval": far,
                                 "ssh://me@gpu-a": a.url, "ssh://me@gpu-b": b.url}, env=ssh_env(), timeout=240)


@test("stop removes it from every host, and hosts without environments are forgotten")
def _():
    a, b = hosts("a", "b")
    run_far("stop", NAME, expect=0)
    equal([len(Docker(e).containers()) for e in (a.docker_host, b.docker_host)], [0, 0], "containers of the hosts")
    run_far("ps", expect=0)
    with open(os.path.join(client().home, ".local/state/affinetes/hosts")) as f:
        equal(f.read(), "")


main(engine=True)
