#!/usr/bin/python3
"""Examples for users of libaffinetes, compiled against nothing but its header, do what they say.
The third, modes, is tested with mode process."""
import json
import os

from engine import afs, base_image, containers_of, docker, image_tag, name, run, temp_dir
from environments import actor_image
from tap import check, contains, equal, main, test

EXAMPLES = os.path.join(os.environ.get("AFS_BUILDDIR") or ".", "tests", "examples")
EVALUATE, MANY = os.path.join(EXAMPLES, "evaluate"), os.path.join(EXAMPLES, "many_calls")
tag = image_tag("example")


def lines(done):
    return [json.loads(line) for line in done.out.splitlines()]


@test("evaluate builds, runs three replicas, calls them in turn and stops them", timeout=400)
def _():
    folder = temp_dir()
    afs("init", "calc", "--type", "function", "--template", "actor", cwd=folder, expect=0)
    done = run([EVALUATE, os.path.join(folder, "calc"), tag, "BASE_IMAGE=" + base_image()], timeout=400, expect=0)
    *results, stats = lines(done)
    equal([r["task_id"] for r in results], list(range(6)), "tasks")
    check(all(r["success"] for r in results), "a task failed: %s" % results)
    equal([i["requests"] for i in stats["instances"]], [2, 2, 2], "requests")
    equal(stats["errors"], 0, "errors")
    equal(stats["balance"], "round_robin", "balance")
    equal(containers_of(tag.replace(":", "-")), [], "containers")
    check(docker.image(tag), "no image")


@test("evaluate says what is wrong")
def _():
    done = run([EVALUATE, "/nowhere", tag], expect=3)
    contains(done.err, "/nowhere", "stderr")
    run([EVALUATE], expect=2)


@test("many_calls has two hundred calls in flight and cancels every tenth", timeout=300)
def _():
    env = name("many")
    afs("run", actor_image(), "--name", env, "--replicas", "2", expect=0, timeout=200)
    done = run([MANY, env, "hang", '{"seconds": 1}'], expect=0)
    equal(lines(done), [{"succeeded": 180, "cancelled": 20, "failed": 0}], "calls")
    equal(len(containers_of(env)), 2, "containers that go on")
    done = run([MANY, env, "nope"], expect=0)
    check(lines(done)[0]["succeeded"] == 0, "calls of no method succeeded")
    contains(done.err, "no method nope", "stderr")


@test("many_calls of nothing that runs")
def _():
    done = run([MANY, "no-such-environment", "hang"], expect=3)
    contains(done.err, "no environment no-such-environment", "stderr")


main(engine=True)
