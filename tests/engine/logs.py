#!/usr/bin/python3
"""afs logs: merged, filtered, followed."""
import re
import signal
import threading

from engine import AFS, afs, docker, name, run, start_afs
from environments import actor_image
from tap import at_end, check, contains, equal, lacks, main, matches, test, wait_for

NAME = name("logs")
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"


def say(text, replica=0, **options):
    afs("call", NAME, "say", "--arg", "text=" + text, "--replica", str(replica), expect=0, **options)


def lines(text, part):
    return [line for line in text.splitlines() if part in line]


class Follow:
    """afs logs --follow, its output so far."""

    def __init__(self, *args):
        self.process = start_afs("logs", NAME, "--follow", *args)
        self.text = ""
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        at_end(self.thread.join, 5)

    def _read(self):
        for line in self.process.stdout:
            self.text += line.decode("utf-8", "replace")

    def wait(self, part, count=1):
        wait_for(lambda: self.text.count(part) >= count, what="%d × %r in the log" % (count, part))

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(20)
        self.thread.join(10)
        return status


@test("an environment with three replicas", timeout=300)
def _():
    afs("run", actor_image(), "--name", NAME, "--replicas", "3", expect=0)


@test("replicas are merged by time, with their number before each line")
def _():
    for i, replica in enumerate([2, 0, 1, 0, 2]):
        say("merge %d" % i, replica)
    done = afs("logs", NAME, expect=0)
    equal(re.findall(r"^(\d) \| merge (\d)$", done.out, re.M),
          [("2", "0"), ("0", "1"), ("1", "2"), ("0", "3"), ("2", "4")], "lines")
    equal(done.err, "", "stderr")


@test("--replica shows one, without a number")
def _():
    done = afs("logs", NAME, "--replica", "0", expect=0)
    equal(lines(done.out, "merge"), ["merge 1", "merge 3"], "lines")
    afs("logs", NAME, "--replica", "9", expect=3)


@test("stdout and stderr both come on stdout")
def _():
    afs("call", NAME, "say", "--arg", "text=to stderr", "--arg", "stream=stderr", "--replica", "0", expect=0)
    contains(afs("logs", NAME, "--replica", "0", expect=0).out, "to stderr\n")


@test("--timestamps puts the engine's time before each line")
def _():
    out = afs("logs", NAME, "--timestamps", expect=0).out
    matches(out, r"^2 \| %s merge 0$" % TIME)
    times = re.findall(TIME, "\n".join(line.split()[2] for line in out.splitlines()))
    equal(times, sorted(times), "order of times")
    matches(afs("logs", NAME, "--replica", "0", "-t", expect=0).out, r"^%s merge 1$" % TIME)


@test("--tail gives the last lines of each replica")
def _():
    for replica in range(3):
        say("tail", replica)
    out = afs("logs", NAME, "--tail", "2", expect=0).out
    equal(len(out.splitlines()), 6, "lines")
    equal(len(lines(out, "| tail")), 3, "lines that say tail")
    equal(afs("logs", NAME, "--tail", "0", expect=0).out, "", "no lines")


@test("--since leaves older lines out")
def _():
    say("old", 0)
    stamp = re.search(TIME, lines(afs("logs", NAME, "--replica", "0", "-t", expect=0).out, "old")[0]).group()
    say("new", 0)
    out = afs("logs", NAME, "--replica", "0", "--since", stamp, expect=0).out
    contains(out, "new")
    lacks(out, "merge")
    contains(afs("logs", NAME, "--since", "1h", expect=0).out, "merge 0")
    contains(afs("logs", NAME, "--since", "yesterday-ish", expect=2).err, "yesterday-ish")


@test("--grep keeps lines that match")
def _():
    out = afs("logs", NAME, "--grep", r"merge [13]$", expect=0).out
    equal(out, "0 | merge 1\n0 | merge 3\n", "stdout")
    equal(afs("logs", NAME, "--grep", "no such line anywhere", expect=0).out, "")
    contains(afs("logs", NAME, "--grep", "a(b", expect=2).err, "a(b")


@test("in a pipe the bytes are what the environment wrote")
def _():
    afs("call", NAME, "say_bytes", "--arg", 'hexes="1b5b324a001b5b33316d726564"', "--replica", "1", expect=0)
    contains(afs("logs", NAME, "--replica", "1", expect=0).raw_out, bytes.fromhex("1b5b324a001b5b33316d726564"))


@test("on a terminal control bytes do not act, colours do")
def _():
    done = run(["script", "-qec", "%s logs %s --replica 1 --grep red" % (AFS, NAME), "/dev/null"],
               env={"TERM": "xterm"}, expect=0)
    contains(done.raw_out, b"\\x1b[2J\\x00")
    contains(done.raw_out, b"\x1b[31mred\x1b[0m")
    lacks(done.raw_out, b"\x1b[2J")


@test("a line of 100,000 bytes stays one line")
def _():
    text = "long " + "z" * 100000
    afs("call", NAME, "say", "-", "--replica", "0", stdin='{"text": "%s"}' % text, expect=0)
    equal(lines(afs("logs", NAME, "--replica", "0", expect=0).out, "long z"), [text], "line")
    equal(lines(afs("logs", NAME, expect=0).out, "long z"), ["0 | " + text], "merged line")


@test("--follow shows lines of all replicas as they come, and ^C ends it")
def _():
    follow = Follow("--tail", "0")
    try:
        # Nothing tells when the streams are open: one line after the other until one arrives.
        wait_for(lambda: say("knock", 0) or "knock" in follow.text, what="the first line", interval=0.05)
        for replica in (1, 2, 0):
            say("follow %d" % replica, replica)
            follow.wait("%d | follow %d\n" % (replica, replica))
    finally:
        status = follow.interrupt()
    equal(status, 0, "status")
    equal(re.findall(r"follow (\d)", follow.text), ["1", "2", "0"], "order")


@test("--follow goes on after a restart, without losing or doubling a line", timeout=120)
def _():
    follow = Follow("--replica", "1")
    try:
        for turn in range(3):
            afs("call", NAME, "say_many", "--arg", "count=500", "--arg", "prefix=turn %d" % turn, "--replica", "1", expect=0)
            docker.post("/containers/%s-1/restart" % NAME, t="0")
            afs("call", NAME, "add", "--arg", "a=1", "--replica", "1", "--timeout", "60", expect=0)
        say("the end", 1)
        follow.wait("the end")
    finally:
        follow.interrupt()
    got = re.findall(r"^turn (\d) (\d+)$", follow.text, re.M)
    equal(got, [(str(t), str(i)) for t in range(3) for i in range(500)], "lines")


@test("many lines of several replicas keep their order, and none is lost", timeout=120)
def _():
    count = 20000
    for replica in (0, 1, 2):
        afs("call", NAME, "say_many", "--arg", "count=%d" % count, "--arg", "prefix=many", "--replica", str(replica), expect=0)
    got = {str(r): [] for r in range(3)}
    for replica, number in re.findall(r"^(\d) \| many (\d+)$", afs("logs", NAME, expect=0).out, re.M):
        got[replica].append(int(number))
    for replica in got:
        equal(got[replica] == list(range(count)), True, "lines of replica %s in order and complete" % replica)


@test("who stops reading stops afs")
def _():
    process = start_afs("logs", NAME, "--follow")
    process.stdout.readline()
    process.stdout.close()
    afs("call", NAME, "say_many", "--arg", "count=50", "--replica", "0", expect=0)
    check(process.wait(20) is not None)


@test("--follow ends when the environment is removed")
def _():
    follow = Follow("--tail", "1")
    wait_for(lambda: follow.text.count("\n") >= 3, what="the last lines")
    afs("stop", NAME, expect=0)
    equal(follow.process.wait(20), 0, "status")


@test("logs of what is not there: status 3")
def _():
    afs("logs", NAME, expect=3)


main(engine=True)
