#!/usr/bin/python3
"""afs map: thousands of calls, their results in a file, cut off at any moment and gone on with."""
import fcntl
import json
import os
import random
import signal
import subprocess

from engine import AFS, afs, base_image, build, environment_dir, home, image_tag, name, sanitized, start_afs, temp_dir
from readme import commands
from tap import below, check, contains, equal, lacks, main, matches, note, test, wait_for
from terminal import Terminal

ENV = '''
import asyncio, os

class Actor:
    def __init__(self):
        self.seen = {}

    async def fast(self, task_id: int, seed: int = 0):
        return {"task_id": task_id, "seed": seed, "score": task_id % 2, "success": task_id % 4 == 0}

    async def echo(self, **kwargs):
        return kwargs

    async def slow(self, task_id: int, seconds: float = 600.0):
        print("slow", task_id, flush=True)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            print("cancelled", task_id, flush=True)
            raise
        return task_id

    async def odd_fails(self, task_id: int):
        if task_id % 2:
            raise ValueError("odd: %d" % task_id)
        return task_id

    async def fails_twice(self, task_id: int):
        self.seen[task_id] = self.seen.get(task_id, 0) + 1
        if self.seen[task_id] <= 2:
            raise ValueError("not yet")
        return self.seen[task_id]
'''

NAME = name("map")
folder = temp_dir()


def path(word):
    return os.path.join(folder, word)


def map_(method, *args, **options):
    return afs("map", NAME, method, *args, **options)


def lines(word):
    with open(path(word)) as f:
        return [json.loads(line) for line in f]


def by_index(word):
    rows = lines(word)
    equal(len({r["index"] for r in rows}), len(rows), "indexes")
    return {r["index"]: r for r in rows}


@test("an environment of two replicas", timeout=300)
def _():
    tag = build(environment_dir(ENV), "map")
    afs("run", tag, "--name", NAME, "--replicas", "2", "--load-balance", "round_robin", expect=0)


@test("a thousand calls: a line for each, and a summary")
def _():
    done = map_("fast", "--over", "task_id=0..999", "--arg", "seed=9007199254740993", "--out", path("a"), expect=0)
    rows = by_index("a")
    equal(sorted(rows), list(range(1000)), "indexes")
    row = rows[7]
    equal(sorted(row), ["arguments", "attempts", "hash", "index", "instance", "result", "seconds", "started"], "members")
    equal(row["arguments"], {"seed": 9007199254740993, "task_id": 7}, "arguments")
    equal(row["result"]["seed"], 9007199254740993, "seed")
    check(row["instance"] in (NAME + "-0", NAME + "-1"), row["instance"])
    matches(row["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", "started")
    summary = done.json
    equal({k: summary[k] for k in ("calls", "succeeded", "failed", "mean_score", "success_rate", "environment", "method")},
          {"calls": 1000, "succeeded": 1000, "failed": 0, "mean_score": 0.5, "success_rate": 0.25, "environment": NAME,
           "method": "fast"}, "summary")
    check(summary["p50_ms"] > 0 and summary["per_second"] > 0, summary)
    taken = [sum(r["instance"].endswith("-%d" % i) for r in rows.values()) for i in (0, 1)]
    equal(taken, [500, 500], "calls of each replica")


@test("without --out the lines are on stdout and the summary on stderr")
def _():
    done = map_("fast", "--over", "task_id=3,5", expect=0)
    equal(sorted(json.loads(line)["result"]["task_id"] for line in done.out.splitlines()), [3, 5], "results")
    contains(done.err, '"succeeded":2', "stderr")


@test("ranges, steps, lists and combinations")
def _():
    done = map_("echo", "--over", "n=0..10..5,7,-1..-2", "--over", 'm=a,"b,c",[1,2],0.10', "--arg", "n=99", "--arg", "z=1",
                expect=0)
    got = [json.loads(line)["result"] for line in done.out.splitlines()]
    want = [{"n": n, "m": m, "z": 1} for n in (0, 5, 10, 7, -1, -2) for m in ("a", "b,c", [1, 2], 0.1)]
    equal(sorted(map(json.dumps, (dict(sorted(g.items())) for g in got))),
          sorted(map(json.dumps, (dict(sorted(w.items())) for w in want))), "arguments")
    contains(done.out, "0.10", "digits")


@test("lines of a file, and of stdin")
def _():
    with open(path("args"), "w") as f:
        f.write('{"a": 1}\n\n  {"a": 2, "b": [1, 2]}\r\n{"a": 3}')
    for args, stdin in ((["--over-file", path("args")], b""), (["--over-file", "-"], open(path("args"), "rb").read())):
        done = map_("echo", *args, "--over", "c=1,2", stdin=stdin, expect=0)
        got = sorted((json.loads(line) for line in done.out.splitlines()), key=lambda r: r["index"])
        equal([(r["result"]["a"], r["result"]["c"]) for r in got], [(a, c) for a in (1, 2, 3) for c in (1, 2)], "results")


@test("what makes no sense is refused before anything is called, and says where it goes wrong")
def _():
    for args, part in (([], "--over"),
                       (["--over", "task_id=0..x"], "a range goes from one whole number to another"),
                       (["--over", "task_id=0..9..0"], "a step of 0"),
                       (["--over", "task_id=0..9..-1"], "leads away from the end"),
                       (["--over", "task_id=0..9223372036854775807"], "too many"),
                       (["--over", "a=0..999999", "--over", "b=0..999999", "--over", "c=0..9999"], "too many"),
                       (["--over", "task_id=1,,2"], "a value is missing"),
                       (["--over", "task_id=[1,2"], "begins like JSON"),
                       (["--over", "a=1", "--over", "a=2"], "already"),
                       (["--over", "a=1", "--resume"], "--out"),
                       (["--over", "a=1", "--concurrency", "0"], "--concurrency")):
        done = map_("echo", *args, "--out", path("never"), expect=2) if "--resume" not in args else \
            map_("echo", *args, expect=2)
        contains(done.err, part, "stderr of %s" % args)
        check(not os.path.exists(path("never")), "the file was made for %s" % args)
    contains(map_("echo", "--over", "task_id=0..9,1..x,3", expect=2).err, "\n" + 21 * " " + "^", "mark")
    with open(path("bad"), "w") as f:
        f.write('{"a": 1}\n{"a": }\n')
    contains(map_("echo", "--over-file", path("bad"), expect=2).err, "line 2", "stderr")
    with open(path("bad"), "w") as f:
        f.write('{"a": 1}\n[1]\n')
    contains(map_("echo", "--over-file", path("bad"), expect=2).err, "line 2 is no JSON object", "stderr")
    map_("echo", "--over-file", path("nowhere"), expect=3)
    contains(map_("no_such", "--over", "a=1,2,3", "--out", path("nosuch"), expect=3).err, "fast", "hint")
    equal(afs("map", "no-such-env", "f", "--over", "a=1", expect=3).out, "", "stdout")


@test("a method that raises is an answer, not tried again; --retry-failed does")
def _():
    done = map_("odd_fails", "--over", "task_id=0..9", "--out", path("odd"), expect=1)
    contains(done.err, "5 of 10 calls failed (5 method-failed)", "stderr")
    equal(done.json["failures"], {"method-failed": 5}, "failures")
    rows = by_index("odd")
    equal(rows[3]["error"]["code"], "method-failed", "code")
    contains(rows[3]["error"]["message"], "odd: 3", "message")
    equal({r["attempts"] for r in rows.values()}, {1}, "attempts")
    # Each replica counts by itself.
    done = map_("fails_twice", "--over", "task_id=0..3", "--retry-failed", "--retries", "5", "--out", path("twice"), expect=0)
    check(all(r["attempts"] >= 3 for r in lines("twice")), lines("twice"))
    check(done.json["retried"] >= 8, done.json)


@test("--resume makes what is missing or failed, and nothing else")
def _():
    contains(map_("odd_fails", "--over", "task_id=0..9", "--out", path("odd"), expect=2).err, "--resume", "stderr")
    before = {i: r for i, r in by_index("odd").items() if "result" in r}
    done = map_("odd_fails", "--over", "task_id=0..9", "--out", path("odd"), "--resume", expect=1)
    equal(done.json["done_before"], 5, "done before")
    after = by_index("odd")
    equal(len(after), 10, "lines")
    equal({i: after[i] for i in before}, before, "lines of calls that succeeded")
    # A last line that was cut off.
    with open(path("a"), "rb+") as f:
        f.seek(-9, os.SEEK_END)
        f.truncate()
    done = map_("fast", "--over", "task_id=0..999", "--arg", "seed=9007199254740993", "--out", path("a"), "--resume", expect=0)
    equal(done.json["succeeded"], 1, "calls made")
    equal(len(by_index("a")), 1000, "lines")
    # All is there: nothing is called.
    summary = map_("fast", "--over", "task_id=0..999", "--arg", "seed=9007199254740993", "--out", path("a"), "--resume",
                   expect=0).json
    equal({k: summary[k] for k in ("succeeded", "done_before", "mean_score", "success_rate")},
          {"succeeded": 0, "done_before": 1000, "mean_score": 0.5, "success_rate": 0.25}, "summary of nothing new")
    # More of the same is fine, something else is not.
    equal(map_("fast", "--over", "task_id=0..1009", "--arg", "seed=9007199254740993", "--out", path("a"), "--resume",
               expect=0).json["succeeded"], 10, "calls made")
    contains(map_("fast", "--over", "task_id=0..1009", "--out", path("a"), "--resume", expect=2).err, "another map", "stderr")
    contains(map_("fast", "--over", "task_id=0..9", "--out", path("a"), "--resume", expect=2).err, "another map", "stderr")
    with open(path("foreign"), "w") as f:
        f.write('{"index": 0}\n')
    contains(map_("fast", "--over", "task_id=0..9", "--out", path("foreign"), "--resume", expect=2).err, "line 1", "stderr")


@test("the example in README.md")
def _():
    env, tag, where = name("eval"), image_tag("eval"), temp_dir()
    afs("init", "eval", "--template", "actor", cwd=where, expect=0)
    afs("build", os.path.join(where, "eval"), "--tag", tag, "--build-arg", "BASE_IMAGE=" + base_image(), expect=0, timeout=200)
    afs("run", tag, "--name", env, "--replicas", "2", expect=0, timeout=120)
    maps = [words for words, _ in commands("Thousands of calls: `afs map`") if words[0] == "map"]
    equal(len(maps), 2, "maps in the example")
    for words in maps:
        summary = afs(*[env if word == "eval" else word for word in words], cwd=where, expect=0, timeout=120).json
        equal(summary["succeeded"] + summary["done_before"], 3000, "calls")
        equal(summary["mean_score"], 1, "mean score")
    with open(os.path.join(where, "results.jsonl")) as f:
        equal(sorted(json.loads(line)["result"]["task_id"] for line in f), list(range(3000)), "results")
    afs("stop", env, expect=0)


@test("two maps do not write to one file")
def _():
    process = start_afs("map", NAME, "slow", "--over", "task_id=0..3", "--out", path("lock"))
    wait_for(lambda: os.path.exists(path("lock")) and locked(path("lock")), 20, "the first has the file")
    contains(map_("slow", "--over", "task_id=0..3", "--out", path("lock"), "--resume", expect=4).err, "another map", "stderr")
    process.send_signal(signal.SIGINT)
    equal(process.wait(20), 130, "exit status")


def locked(file):
    with open(file) as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        except OSError:
            return True


@test("^C cancels what is in flight, keeps what is written, and says how to go on")
def _():
    with open(path("mixed"), "w") as f:
        for i in range(40):
            f.write('{"task_id": %d, "seconds": %s}\n' % (i, 0 if i < 10 else 500))
    process = start_afs("map", NAME, "slow", "--over-file", path("mixed"), "--out", path("int"), "--concurrency", "20")
    wait_for(lambda: os.path.exists(path("int")) and len(open(path("int")).readlines()) == 10, 20, "ten results")
    wait_for(lambda: afs("logs", NAME, expect=0).out.count("slow 2") > 5, 20, "calls in flight")
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=20)
    equal(process.returncode, 130, "exit status")
    contains(stderr.decode(), "interrupted after 10 of 40 calls", "stderr")
    contains(stderr.decode(), "--resume", "stderr")
    equal(sorted(by_index("int")), list(range(10)), "lines")
    equal(json.loads(stdout)["succeeded"], 10, "summary")
    wait_for(lambda: afs("logs", NAME, expect=0).out.count("cancelled") >= 20, 20, "the environment is told")


@test("secrets are masked in the file, and tell calls apart all the same")
def _():
    map_("echo", "--over", "task_id=1,2", "--arg", "api_key=hunter2hunter2", "--out", path("secret"), expect=0)
    row = lines("secret")[0]
    equal(row["arguments"]["api_key"], "***", "argument")
    map_("echo", "--over", "task_id=1,2", "--arg", "api_key=another-secret", "--out", path("secret"), "--resume", expect=2)
    map_("echo", "--over", "task_id=1,2", "--arg", "api_key=hunter2hunter2", "--out", path("secret"), "--resume", expect=0)


@test("a full disk ends it with an error, and what is there is whole")
def _():
    if os.geteuid():
        from tap import skip
        skip("mounting takes root")
    disk = path("disk")
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=True)
    try:
        done = map_("fast", "--over", "task_id=0..4999", "--out", disk + "/out", expect=1)
        contains(done.err, "No space left", "stderr")
        with open(disk + "/out") as f:
            whole = [json.loads(line) for line in f]
        check(100 < len(whole) < 5000, "%d lines" % len(whole))
        subprocess.run(["mount", "-o", "remount,size=16m", disk], check=True)
        map_("fast", "--over", "task_id=0..4999", "--out", disk + "/out", "--resume", expect=0)
        with open(disk + "/out") as f:
            equal(sorted(json.loads(line)["index"] for line in f), list(range(5000)), "indexes")
    finally:
        subprocess.run(["umount", disk])


@test("limits of calls in flight: the others queue")
def _():
    done = map_("slow", "--over", "task_id=0..29", "--arg", "seconds=0.2", "--concurrency", "30", "--max-in-flight", "5",
                "--out", path("limit"), expect=0)
    check(done.json["seconds"] > 0.55, "30 calls of 0.2 s, 10 at a time, in %s s" % done.json["seconds"])
    done = map_("slow", "--over", "task_id=0..9", "--arg", "seconds=30", "--concurrency", "10", "--max-in-flight", "1",
                "--timeout", "1", "--retries", "0", "--out", path("queue"), expect=1)
    equal(done.json["failures"], {"timeout": 10}, "failures")
    messages = [r["error"]["message"] for r in lines("queue")]
    # All have the same time, and the last moment of those that were sent first may still be another's.
    check(any("in the queue" in m for m in messages), "no call says that it waited in the queue: %s" % messages)
    check(all("in the queue" in m or "no answer within 1.0 s" in m for m in messages), messages)


@test("killed -9 ten times at random moments and resumed: every call once", timeout=400)
def _():
    count = 4000 if sanitized() else 20000
    args = ["map", NAME, "fast", "--over", "task_id=0..%d" % (count - 1), "--out", path("kill"), "--concurrency", "64",
            "--resume"]
    seed = random.randrange(1 << 30)
    rng = random.Random(seed)
    note("seed %d" % seed)
    sizes = []
    for i in range(10):
        process = start_afs(*args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        have = len(sizes) and sizes[-1] or 0
        goal = have + rng.randrange(1, 2 * count // 11 * 250)
        wait_for(lambda: process.poll() is not None or (os.path.exists(path("kill")) and
                                                        os.path.getsize(path("kill")) >= goal), 120, "results", interval=0.001)
        process.kill()
        process.wait()
        sizes.append(os.path.getsize(path("kill")))
    before = open(path("kill"), "rb").read()
    before = before[:before.rfind(b"\n") + 1]
    afs(*args, expect=0, timeout=200)
    with open(path("kill"), "rb") as f:
        text = f.read()
    check(text.startswith(before), "lines that were written changed")
    rows = [json.loads(line) for line in text.splitlines()]
    equal(len(rows), count, "lines")
    equal(sorted(r["index"] for r in rows), list(range(count)), "indexes")
    check(all(r["result"]["task_id"] == r["index"] for r in rows), "results")


@test("memory does not grow with the number of calls")
def _():
    if sanitized():
        from tap import skip
        skip("sanitizers keep what was freed")
    few = map_("fast", "--over", "task_id=0..1999", "--out", path("m1"), expect=0).rss
    many = map_("fast", "--over", "task_id=0..19999", "--out", path("m2"), expect=0, timeout=200).rss
    below(many, few + 4096, "KiB with ten times the calls")


@test("on a terminal no control character of a result gets through")
def _():
    terminal = Terminal([AFS, "map", NAME, "echo", "--over", "n=1", "--arg", "x=\u009b31m"])
    equal(terminal.end(), 0, "status")
    contains(terminal.text, "\\x9b31m", "output")
    lacks(terminal.text, "\u009b", "output")


@test("stop")
def _():
    afs("stop", NAME, expect=0)
    lacks(afs("ps", expect=0).out, NAME, "ps")


main(engine=True)
