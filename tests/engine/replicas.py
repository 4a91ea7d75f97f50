#!/usr/bin/python3
"""Several replicas: deployed together, called through a pool, stopped together."""
import time
from concurrent.futures import ThreadPoolExecutor

from engine import afs, build, containers_of, docker, environment_dir, name, sanitized
from environments import ACTOR, actor_image
from tap import check, contains, equal, main, test, within

NAME = name("pool")
image = None


def call(method, *args, **options):
    return afs("call", NAME, method, *args, **options)


@test("three replicas start at the same time", timeout=300)
def _():
    global image
    image = actor_image()
    done = afs("run", image, "--name", NAME, "--replicas", "3", "--load-balance", "round_robin", "--json", expect=0)
    equal([r["container"] for r in done.json["replicas"]], ["%s-%d" % (NAME, i) for i in range(3)], "containers")
    equal(len({r["address"] for r in done.json["replicas"]}), 3, "addresses")
    equal(len(containers_of(NAME)), 3, "containers")


@test("--replica calls that one")
def _():
    for i in range(3):
        row = docker.inspect("%s-%d" % (NAME, i))
        equal(call("who", "--replica", str(i), expect=0).json, row["Config"]["Hostname"], "host name")


@test("a replica is also called by its container's name")
def _():
    row = docker.inspect("%s-1" % NAME)
    equal(afs("call", NAME + "-1", "who", expect=0).json, row["Config"]["Hostname"], "host name")


@test("--all calls each replica once")
def _():
    before = {i["replica"]: i["requests"] for i in afs("stats", NAME, "--json", expect=0).json["instances"]}
    rows = call("who", "--all", expect=0).json
    equal([r["replica"] for r in rows], [0, 1, 2], "replicas")
    equal(len({r["result"] for r in rows}), 3, "host names")
    after = {i["replica"]: i["requests"] for i in afs("stats", NAME, "--json", expect=0).json["instances"]}
    equal({r: after[r] - before[r] for r in after}, {0: 1, 1: 1, 2: 1}, "calls")


@test("--all tells which replica failed, and why")
def _():
    done = call("fail", "--all", "--arg", "message=all of them", expect=1)
    equal([r["replica"] for r in done.json], [0, 1, 2], "replicas")
    for row in done.json:
        equal(row["error"]["code"], "method-failed", "code")
        contains(row["error"]["message"], "all of them", "message")
    contains(done.err, "3 of 3 replicas failed", "stderr")


@test("calls of many processes reach every replica")
def _():
    with ThreadPoolExecutor(4) as pool:
        hosts = list(pool.map(lambda _: call("who", expect=0).json, range(30)))
    equal(len(set(hosts)), 3, "replicas that were called")


@test("stats add the replicas up")
def _():
    done = afs("stats", NAME, "--json", expect=0).json
    equal(done["balance"], "round_robin", "balance")
    equal(done["requests"], sum(i["requests"] for i in done["instances"]), "requests")
    contains(afs("stats", NAME, expect=0).out, "total", "table")


@test("a replica that is stopped is not chosen, and is no problem for the others")
def _():
    docker.post("/containers/%s-0/stop" % NAME, t="0")
    hosts = {call("who", expect=0).json for _ in range(8)}
    equal(len(hosts), 2, "replicas that were called")
    done = afs("ps", "--json", expect=0).json
    replicas = next(r for r in done if r["name"] == NAME)["replicas"]
    equal([r["state"] for r in replicas], ["exited", "up", "up"], "states")
    contains(call("who", "--replica", "0", expect=4).err, "%s-0" % NAME, "stderr")


@test("restart --replica brings one back and leaves the others alone")
def _():
    before = [docker.inspect("%s-%d" % (NAME, i))["State"]["StartedAt"] for i in range(3)]
    afs("restart", NAME, "--replica", "0", expect=0)
    after = [docker.inspect("%s-%d" % (NAME, i))["State"]["StartedAt"] for i in range(3)]
    check(after[0] > before[0], "replica 0 was not restarted")
    equal(after[1:], before[1:], "starts of the others")
    call("who", "--replica", "0", expect=0)


@test("rm refuses what runs, all or nothing")
def _():
    contains(afs("rm", NAME, expect=2).err, "--force", "stderr")
    equal(len(containers_of(NAME)), 3, "containers")


@test("stop removes all three within a second", timeout=300)
def _():
    def stop():
        started = time.monotonic()
        afs("stop", NAME, expect=0)
        seconds = time.monotonic() - started
        equal(containers_of(NAME), [], "containers")
        return seconds

    def start_and_stop():
        afs("run", image, "--name", NAME, "--replicas", "3", expect=0)
        return stop()

    stop()
    within(2 if sanitized() else 1, start_and_stop)


@test("if one replica fails the others are removed, and the error names it", timeout=300)
def _():
    # The last one to make its folder in the shared volume finds three and gives up.
    tag = build(environment_dir('''
import os, socket, sys
os.mkdir("/shared/" + socket.gethostname())
if len(os.listdir("/shared")) == 3:
    sys.exit("there were two before me")
''' + ACTOR), "one-fails")
    env = name("one-fails")
    volume = env + "-shared"
    try:
        done = afs("run", tag, "--name", env, "--replicas", "3", "--volume", volume + ":/shared", expect=1)
        contains(done.err, env + "-", "stderr")
        contains(done.err, "there were two before me", "stderr")
        equal(containers_of(env), [], "containers")
    finally:
        docker.delete("/volumes/" + volume, force="1")


@test("stop --all and rm take several names; one that is unknown does not keep the others")
def _():
    one, two = name("one"), name("two")
    for env in (one, two):
        afs("run", image, "--name", env, expect=0)
    done = afs("stop", one, "no-such-environment", two, expect=3)
    equal(sorted(done.out.split()), sorted([one, two]), "stdout")
    contains(done.err, "no-such-environment", "stderr")
    equal(containers_of(one) + containers_of(two), [], "containers")


@test("two that start the same name at once: one is there, the other is told", timeout=300)
def _():
    for first, second in ((1, 2), (2, 1), (2, 2), (1, 1), (3, 1)):
        env = name("race")
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(lambda n: afs("run", image, "--name", env, "--replicas", str(n)), (first, second)))
        equal(sorted(done.status for done in both), [0, 2], "statuses of %d and %d replicas" % (first, second))
        lost = next(done for done in both if done.status)
        contains(lost.err, "the name %s is in use" % env, "stderr")
        replicas = (first, second)[[done.status for done in both].index(0)]
        equal(len(containers_of(env)), replicas, "containers")
        afs("stop", env, expect=0)


main(engine=True)
