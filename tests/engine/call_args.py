#!/usr/bin/python3
"""afs call: arguments in, results out, exit statuses."""
import json
import signal

from engine import AFS, afs, docker, name, run, sanitized, start_afs
from environments import actor_image
from tap import below, check, contains, equal, lacks, main, matches, skip, test, wait_for, within

NAME = name("calls")
image = None


def call(method, *args, **options):
    return afs("call", NAME, method, *args, **options)


def log():
    out, err = docker.logs(NAME)
    return (out + err).decode("utf-8", "replace")


@test("an environment to call", timeout=300)
def _():
    global image
    image = actor_image()
    afs("run", image, "--name", NAME, "--env", "API_KEY=k e=y", expect=0)


# ---- arguments

@test("numbers keep every digit")
def _():
    done = call("echo", "--arg", "seed=9007199254740993", "--arg", "x=0.1000000000000000055",
                "--arg", "big=123456789012345678901234567890", "--arg", "e=1.0E+400", "--arg", "z=-0.0", expect=0)
    for part in ("9007199254740993", "0.1000000000000000055", "123456789012345678901234567890", "1.0E+400", "-0.0"):
        contains(done.out, part, "stdout")


@test("a list is a list, an object an object, and other text a string")
def _():
    got = call("echo", "--arg", "ids=[10,20]", "--arg", 'o={"a": [1]}', "--arg", "model=gpt-4", "--arg", "t=true",
               "--arg", "n=null", "--arg", "empty=", "--arg", 'quoted="10"', "--arg", "path=a=b", "--arg", "nan=NaN",
               "--arg", "version=1.2.3", expect=0).json
    equal(got, {"ids": [10, 20], "o": {"a": [1]}, "model": "gpt-4", "t": True, "n": None, "empty": "", "quoted": "10",
                "path": "a=b", "nan": "NaN", "version": "1.2.3"})


@test("--json overrides --arg for equal keys, and the last --arg wins")
def _():
    got = call("echo", "--arg", "a=1", "--arg", "b=1", "--arg", "b=2", "--json", '{"a": 9007199254740993, "c": 3}',
               expect=0)
    equal(got.json, {"a": 9007199254740993, "b": 2, "c": 3})


@test("- reads the arguments from stdin, as --json - does")
def _():
    equal(call("echo", "-", stdin='{"a": 1.50}', expect=0).out, '{"a":1.50}\n')
    equal(call("echo", "--json", "-", "--arg", "b=1", stdin='\n {"a": 2}\n', expect=0).json, {"a": 2, "b": 1})


@test("text passes in every script and with every character")
def _():
    text = "h\u00e9 \u6f22\u5b57 \U0001f600 \"quotes\" \\ \t \n \x7f"
    equal(call("echo", "--arg", "x=" + text, expect=0).json["x"], text)


@test("a value of a megabyte passes through stdin")
def _():
    text = "y" * (1 << 20)
    equal(call("echo", "-", stdin=json.dumps({"x": text}), expect=0).json["x"], text)


@test("typed parameters and defaults arrive")
def _():
    equal(call("add", "--arg", "a=2", expect=0).out, "3\n")
    equal(call("add", "--arg", "a=2", "--arg", "b=40", expect=0).out, "42\n")


@test("environment variables are there when the Actor is made")
def _():
    equal(call("key_is", "--arg", "value=k e=y", expect=0).out, "true\n")


# ---- results

@test("a result of 10 MB arrives whole")
def _():
    done = call("big", "--arg", "size=10485760", expect=0)
    equal(len(done.raw_out), 10485760 + 3, "length")
    equal(done.raw_out.strip(b'"\n'), b"x" * 10485760, "result")


@test("--raw prints a string without its quotes")
def _():
    equal(call("text", "--raw", expect=0).raw_out, 'first \u00e9\n"second"\n\n'.encode())
    equal(call("add", "--arg", "a=1", "--raw", expect=0).out, "2\n")


@test("nothing but the result is on stdout, whatever the method prints")
def _():
    done = call("say", "--arg", "text=hello", expect=0)
    equal((done.out, done.err), ("null\n", ""))
    contains(log(), "hello", "log")


@test("on a terminal the result is indented")
def _():
    done = run(["script", "-qec", "%s call %s echo --arg a=[1]" % (AFS, NAME), "/dev/null"], expect=0)
    contains(done.out.replace("\r", ""), '{\n  "a": [\n    1\n  ]\n}\n', "stdout")


@test("a result that cannot be written is an error")
def _():
    with open("/dev/full", "w") as full:
        process = start_afs("call", NAME, "add", "--arg", "a=1", stdout=full)
        err = process.communicate(timeout=60)[1].decode()
    equal(process.returncode, 1, "status")
    contains(err, "No space left on device", "stderr")


# ---- failures

@test("a method that raises: status 1, message and traceback")
def _():
    done = call("fail", "--arg", "message=out of cheese", expect=1)
    equal(done.out, "", "stdout")
    contains(done.err, "out of cheese", "stderr")
    contains(done.err, "Traceback", "stderr")
    contains(done.err, "env.py", "stderr")


@test("a result that JSON cannot hold: status 1, naming the path")
def _():
    done = call("nan", expect=1)
    matches(done.err, r"scores.*1", "stderr")


@test("no such method: status 3, with the methods there are")
def _():
    done = call("nope", expect=3)
    contains(done.err, "nope", "stderr")
    contains(done.err, "echo", "stderr")


@test("no such environment: status 3, with the environments there are")
def _():
    done = afs("call", "no-such-environment", "echo", expect=3)
    contains(done.err, "no-such-environment", "stderr")
    contains(done.err, NAME, "stderr")


@test("an argument that the method does not take: status 1")
def _():
    contains(call("add", "--arg", "c=1", expect=1).err, "add", "stderr")


@test("a timeout: status 5, how long it waited, and the method is told")
def _():
    before = log().count("was cancelled")
    contains(call("hang", "--timeout", "0.3", expect=5).err, "300 ms", "stderr")
    wait_for(lambda: log().count("was cancelled") > before, what="the method's cancellation")
    within(2, lambda: call("hang", "--timeout", "0.3", expect=5).seconds)


@test("^C: status 130, and the method is told")
def _():
    before = log().count("was cancelled")
    hanging = log().count("hanging")
    process = start_afs("call", NAME, "hang")
    wait_for(lambda: log().count("hanging") > hanging, what="the call")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    equal((process.returncode, out), (130, b""))
    contains(err.decode(), "interrupted", "stderr")
    wait_for(lambda: log().count("was cancelled") > before, what="the method's cancellation")


@test("the environment dies during the call: status 4 or the answer of a second try, never a hang", timeout=90)
def _():
    done = call("die", "--timeout", "60")
    check(done.status in (1, 4), "status\n%s" % done)
    equal(done.out, "", "stdout")
    check(done.err.startswith("afs: "), done.err)
    lacks(done.err, "Sanitizer", "stderr")


@test("after it died it comes back by itself, and calls go on")
def _():
    equal(call("add", "--arg", "a=1", expect=0).out, "2\n")


@test("--all and --raw, --all and --replica exclude each other")
def _():
    call("echo", "--all", "--raw", expect=2)
    call("echo", "--all", "--replica", "0", expect=2)


@test("a replica that is not there: status 3")
def _():
    contains(call("echo", "--replica", "7", expect=3).err, "7", "stderr")


@test("no afs process needs more than 16 MB for a call")
def _():
    if sanitized():
        skip("built with sanitizers")
    # What wait4() tells counts what this process was before it became afs.
    before = log().count("hanging")
    process = start_afs("call", NAME, "hang")
    wait_for(lambda: log().count("hanging") > before, 20, "the call is under way")
    with open("/proc/%d/status" % process.pid) as f:
        peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM:"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    equal(process.returncode, 130, "exit status")
    below(peak, 16 * 1024, "peak of its memory in KiB")


@test("completion knows environments, their methods and images")
def _():
    contains(afs("--complete", "env", expect=0).out.split(), NAME, "environments")
    contains(afs("--complete", "method", NAME, expect=0).out.split(), "echo", "methods")
    contains(afs("--complete", "image", expect=0).out.split(), image, "images")


main(engine=True)
