#!/usr/bin/python3
"""afs as a process, without an engine: what goes to which stream, exit statuses, signals, broken pipes."""
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from tap import at_end, check, contains, equal, lacks, main, test, wait_for  # noqa: E402

AFS = os.path.abspath(os.environ.get("AFS") or "./afs")
WORK = tempfile.TemporaryDirectory(prefix="afs-streams-")
at_end(WORK.cleanup)
# Nothing here may reach an engine that happens to run.
ENV = {k: v for k, v in os.environ.items() if not k.startswith(("DOCKER_", "AFS_")) and k not in ("NO_COLOR", "TERM")}
ENV.update(DOCKER_HOST="unix://%s/none.sock" % WORK.name, HOME=WORK.name, XDG_CONFIG_HOME=WORK.name,
           XDG_STATE_HOME=WORK.name, XDG_CACHE_HOME=WORK.name)


def afs(*args, **options):
    options = dict({"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}, **options)
    done = subprocess.run([AFS, *args], env=ENV, cwd=WORK.name, timeout=60, **options)
    done.out = (done.stdout or b"").decode()
    done.err = (done.stderr or b"").decode()
    return done


def on_terminal(*args, **variables):
    """(status, everything printed) with all three streams on a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen([AFS, *args], env=dict(ENV, **dict({"TERM": "xterm"}, **variables)), cwd=WORK.name, stdin=slave,
                               stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(master)
    return process.wait(timeout=60), shown.decode()


def refused(done, status, *parts):
    """One sentence and a hint on stderr, nothing on stdout."""
    equal(done.returncode, status, "status of %s" % (done.args,))
    equal(done.out, "", "stdout")
    check(done.err.startswith("afs: "), done.err)
    lines = done.err.splitlines()
    check(len(lines) >= 2 and lines[1].startswith("  hint: "), done.err)
    for part in parts:
        contains(done.err, part, "stderr")


@test("afs, afs --help and afs help show the overview on stdout")
def _():
    texts = [afs(*a) for a in ((), ("--help",), ("-h",), ("help",))]
    for done in texts:
        equal((done.returncode, done.err), (0, ""))
        equal(done.out, texts[0].out)
    contains(texts[0].out, "afs call")


@test("afs COMMAND --help and afs help COMMAND are the same, whatever else is wrong")
def _():
    done = afs("run", "--nonsense", "--help")
    equal((done.returncode, done.err), (0, ""))
    equal(done.out, afs("help", "run").out)


@test("each help is plain text in lines that fit")
def _():
    for line in afs("--help").out.splitlines():
        command = re.match(r"  ([a-z]+) {2,}[A-Z]", line)
        for text in afs("help", command.group(1)).out.splitlines() if command else ():
            check(len(text) <= 80 and "\\n" not in text, "afs help %s: %s" % (command.group(1), text))


@test("afs --version")
def _():
    done = afs("--version")
    equal((done.returncode, done.err), (0, ""))
    check(done.out.startswith("afs ") and done.out.endswith("\n"), done.out)


@test("wrong usage: status 2, one sentence, a hint, an empty stdout")
def _():
    refused(afs("bulid"), 2, '"bulid"', "afs build")
    refused(afs("help", "nope"), 2, '"nope"')
    refused(afs("--nope"), 2, '"--nope"')
    refused(afs("build"), 2, "ENV_DIR is missing")
    refused(afs("run", "image", "--replicas", "many"), 2, '"many"', "afs run --help")
    refused(afs("call", "env"), 2, "METHOD is missing")
    refused(afs("--generate", "html"), 2, "html")
    refused(afs("--complete", "nothing"), 2, "nothing")


@test("a JSON typo is shown with its place")
def _():
    done = afs("call", "env", "method", "--json", '{"a": 1, b: 2}')
    refused(done, 2, "line 1 column 10")
    lines = done.err.splitlines()
    equal(lines[2].index("^"), lines[1].index("b: 2"), "column of the caret")
    refused(afs("call", "env", "method", "--arg", "ids=[10,,20]"), 2, "--arg ids")
    refused(afs("call", "env", "method", "-", input=b"[1]", stdin=None), 2, "stdin")


@test("escape sequences in words do not reach the terminal")
def _():
    done = afs("\x1b[2J\x07nope")
    equal(done.returncode, 2)
    lacks(done.err, "\x1b")
    lacks(done.err, "\x07")
    status, shown = on_terminal("ps", "\x1b]0;title\x07")
    equal(status, 2)
    lacks(shown, "\x1b]0")


@test("init prints nothing on stdout, and never overwrites")
def _():
    done = afs("init", "my-env", "--template", "actor")
    equal((done.returncode, done.out), (0, ""))
    contains(done.err, "afs build my-env --tag my-env:v1")
    before = open(os.path.join(WORK.name, "my-env", "env.py"), "rb").read()
    refused(afs("init", "my-env"), 2, "exists already")
    equal(open(os.path.join(WORK.name, "my-env", "env.py"), "rb").read(), before)


@test("a directory that cannot be written to is an error of the file system")
def _():
    done = afs("init", "/proc/my-env")
    check(done.returncode in (1, 3), done.err)
    contains(done.err, "/proc/my-env")


@test("a full disk behind stdout is an error")
def _():
    with open("/dev/full", "wb") as full:
        done = afs("--generate", "man", stdout=full)
    equal(done.returncode, 1)
    contains(done.err, "No space left on device")


@test("a stdout that nobody reads is an error")
def _():
    reader, writer = os.pipe()
    os.close(reader)
    done = afs("--help", stdout=writer)
    os.close(writer)
    equal(done.returncode, 1)
    contains(done.err, "Broken pipe")


@test("streams that are closed from the start")
def _():
    def closing(*fds):
        return {"preexec_fn": lambda: [os.close(fd) for fd in fds], "stdout": None, "stderr": None, "stdin": None}

    equal(afs("--help", **closing(1)).returncode, 1)
    equal(afs("nope", **closing(2)).returncode, 2)
    equal(afs("nope", **closing(0, 1, 2)).returncode, 2)
    equal(afs("init", "closed", **closing(0, 1, 2)).returncode, 0)
    equal(sorted(os.listdir(os.path.join(WORK.name, "closed")))[0], "Dockerfile")


@test("help is bold on a terminal, unless NO_COLOR or TERM=dumb")
def _():
    contains(on_terminal("--help")[1], "\x1b[1m")
    lacks(on_terminal("--help", NO_COLOR="1")[1], "\x1b")
    lacks(on_terminal("--help", TERM="dumb")[1], "\x1b")
    lacks(afs("--help").out, "\x1b")


def waiting_for_input(**options):
    """An afs that reads its arguments from a stdin that never ends."""
    reader, writer = os.pipe()
    process = subprocess.Popen([AFS, "call", "env", "method", "-"], env=ENV, stdin=reader, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, **options)
    os.close(reader)
    return process, writer


def is_blocking(process, signals):
    """Whether a thread of the process waits for these signals."""
    with open("/proc/%d/status" % process.pid) as f:
        masks = dict(line.split(":\t") for line in f if ":\t" in line)
    blocked = int(masks["SigBlk"], 16)
    return all(blocked & 1 << (s - 1) for s in signals)


@test("SIGINT, SIGTERM and SIGHUP interrupt: status 130")
def _():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process, writer = waiting_for_input()
        wait_for(lambda: is_blocking(process, [number]), what="the signals' thread")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        os.close(writer)
        equal((process.returncode, out), (130, b""))
        contains(err.decode(), "interrupted")


@test("a signal that was ignored at start stays ignored")
def _():
    process, writer = waiting_for_input(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    wait_for(lambda: is_blocking(process, [signal.SIGINT]), what="the signals' thread")
    check(not is_blocking(process, [signal.SIGHUP]), "SIGHUP is awaited")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    os.close(writer)
    equal(process.returncode, 130)
    lacks(err.decode(), "cleaning up")


@test("an engine that never answers can be interrupted")
def _():
    path = os.path.join(WORK.name, "silent.sock")
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(path)
        engine.listen(8)
        engine.settimeout(30)
        process = subprocess.Popen([AFS, "call", "env", "method"], env=dict(ENV, DOCKER_HOST="unix://" + path),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        connection, _ = engine.accept()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        connection.close()
    equal((process.returncode, out), (130, b""), err.decode())


@test("an engine that is off: status 4")
def _():
    refused(afs("call", "env", "method"), 4, "none.sock")


@test("completion offers nothing, and quickly, without an engine")
def _():
    for words in (("image",), ("env",), ("method", "my-env")):
        equal(afs("--complete", *words).out, "")


if __name__ == "__main__":
    main()
