#!/usr/bin/python3
"""afs history: what afs call did, kept and found again."""
import csv
import io
import json
import os
import stat
import threading

from engine import afs, environment, home, name
from environments import actor_image
from tap import check, contains, equal, lacks, main, test

NAME = name("past")


def state(*path):
    base = environment().get("XDG_STATE_HOME") or os.path.join(home(), ".local", "state")
    return os.path.join(base, "affinetes", *path)


def call(method, *args, **options):
    return afs("call", NAME, method, *args, **options)


def history(*args, **options):
    return afs("history", *args, **dict({"expect": 0}, **options))


@test("an environment with two replicas", timeout=300)
def _():
    afs("run", actor_image(), "--name", NAME, "--replicas", "2", expect=0)


@test("nothing was called yet")
def _():
    done = history()
    equal(done.out, "")
    contains(done.err, "no calls")
    equal(history("--json").json, [])
    equal(history("--export", "jsonl").out, "")


@test("calls are kept with arguments, result, replica and time")
def _():
    call("echo", "--arg", "seed=9007199254740993", "--arg", "x=0.10", expect=0)
    call("add", "--arg", "a=2", "--replica", "1", expect=0)
    call("fail", "--arg", "message=out of cheese", expect=1)
    rows = history("--json").json
    equal([row["method"] for row in rows], ["fail", "add", "echo"])
    equal([row["status"] for row in rows], ["method-failed", "ok", "ok"])
    equal(rows[1]["replica"], 1)
    equal(rows[0]["environment"], NAME)
    contains(rows[0]["error"], "out of cheese")
    check(rows[1]["took_ms"] > 0, rows[1])
    contains(history("--json").out, "9007199254740993")
    shown = history("--show", str(rows[2]["id"]))
    contains(shown.out, '"x": 0.10')
    contains(shown.out, '"seed": 9007199254740993')


@test("the table has a row for each")
def _():
    lines = history().out.splitlines()
    equal(len(lines), 4)
    contains(lines[0], "STATUS")
    contains(lines[1], "method-failed")
    contains(lines[3], "seed=9007199254740993")


@test("searching and choosing")
def _():
    equal(len(history("CHEESE", "--json").json), 1)
    equal(len(history("--failed", "--json").json), 1)
    equal(len(history("--method", "add", "--json").json), 1)
    equal(len(history("--env", NAME, "--limit", "2", "--json").json), 2)
    equal(len(history("--env", "other", "--json").json), 0)
    equal(len(history("--since", "10m", "--json").json), 3)
    equal(len(history("--since", "2100-01-01T00:00:00Z", "--json").json), 0)


@test("--all keeps one call for each replica")
def _():
    call("who", "--all", expect=0)
    rows = history("--method", "who", "--json").json
    equal(sorted(row["replica"] for row in rows), [0, 1])


@test("values of secret arguments are not kept, wherever they turn up")
def _():
    call("echo", "--arg", "api_key=hunter2222", "--arg", 'more={"token": "t0ken-t0ken"}', "--arg", "max_tokens=5", expect=0)
    call("fail", "--arg", "message=wrong", "--json", '{"message": "the key hunter2222"}', expect=1)
    row = history("--method", "echo", "--limit", "1", "--json").json[0]
    equal(row["args"], {"api_key": "***", "more": {"token": "***"}, "max_tokens": 5})
    shown = history("--show", str(row["id"])).out
    lacks(shown, "hunter2222")
    lacks(shown, "t0ken-t0ken")
    for file in os.listdir(state()):
        with open(state(file), "rb") as f:
            check(b"t0ken-t0ken" not in f.read(), file)


@test("exports: JSON lines and CSV, with the results")
def _():
    rows = [json.loads(line) for line in history("--export", "jsonl").out.splitlines()]
    equal(len(rows), 7)
    equal([row["result"] for row in rows if row["method"] == "add"], [3])
    table = list(csv.DictReader(io.StringIO(history("--export", "csv", "--method", "fail").out)))
    equal(len(table), 2)
    contains(table[0]["error"], "Traceback")
    equal(json.loads(table[1]["args"]), {"message": "out of cheese"})


@test("a long result is cut and says so")
def _():
    call("big", "--arg", "size=3000000", expect=0)
    row = history("--method", "big", "--json").json[0]
    shown = history("--show", str(row["id"])).json
    equal(shown["result_bytes"], 3000002)
    equal(len(shown["result_begin"]), 1 << 20)
    check("result" not in shown, "a result that was cut is no result")


@test("the files are the user's alone")
def _():
    for file in os.listdir(state()):
        if file.startswith("history.db"):
            equal(stat.S_IMODE(os.stat(state(file)).st_mode), 0o600, file)


@test("calls at the same time are all kept")
def _():
    before = len(history("--limit", "0", "--json").json)
    threads = [threading.Thread(target=call, args=("echo", "--arg", "n=%d" % i)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(len(history("--limit", "0", "--json").json), before + 20)


@test("a history that cannot be written is no failure")
def _():
    done = call("add", "--arg", "a=1", env={"XDG_STATE_HOME": "/proc/nothing"}, expect=0)
    equal((done.out, done.err), ("2\n", ""))
    folder = os.path.join(home(), "broken")
    os.makedirs(os.path.join(folder, "affinetes"))
    with open(os.path.join(folder, "affinetes", "history.db"), "w") as f:
        f.write("no database at all, " * 100)
    done = call("add", "--arg", "a=1", env={"XDG_STATE_HOME": folder}, expect=0)
    equal((done.out, done.err), ("2\n", ""))
    failed = afs("history", env={"XDG_STATE_HOME": folder}, expect=1)
    contains(failed.err, "history.db")


@test("forgetting one, and all")
def _():
    rows = history("--json").json
    contains(history("--forget", str(rows[0]["id"])).err, "1 call forgotten")
    equal(history("--json", "--limit", "1").json[0]["id"], rows[1]["id"])
    history("--forget", str(rows[0]["id"]), expect=3)
    history("--show", "999999", expect=3)
    history("--clear")
    equal(history("--json").json, [])


@test("what excludes what")
def _():
    history("--clear", "--show", "1", expect=2)
    history("--export", "xml", expect=2)
    history("--since", "yesterday-ish", expect=2)


main(engine=True)
