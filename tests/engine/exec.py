#!/usr/bin/python3
"""afs exec: commands and shells in a replica, with a terminal and without."""
import os
import signal

from engine import AFS, afs, docker, name, start_afs
from environments import actor_image
from tap import check, contains, equal, main, test, wait_for
from terminal import Terminal

NAME = name("exec")


def inside(*words, **options):
    return afs("exec", NAME, "--", *words, **options)


def processes(part):
    """Command lines in the first replica that have `part`."""
    return [row for row in docker.get("/containers/%s-0/top" % NAME)["Processes"] if part in row[-1]]


@test("an environment with two replicas", timeout=300)
def _():
    afs("run", actor_image(), "--name", NAME, "--replicas", "2", expect=0)


@test("stdout and stderr come out apart, the status is the command's")
def _():
    done = inside("sh", "-c", "echo to stdout; echo to stderr >&2; exit 7")
    equal((done.status, done.out, done.err), (7, "to stdout\n", "to stderr\n"))


@test("bytes pass both ways unchanged")
def _():
    data = os.urandom(3000000)
    equal(inside("cat", stdin=data, expect=0).raw_out == data, True, "3 MB through cat")


@test("the end of stdin is passed on")
def _():
    equal(inside("wc", "-c", stdin="x" * 1000, expect=0).out.strip(), "1000")


@test("stdin that the command does not read is no error")
def _():
    equal(inside("true", stdin=b"y" * 1000000, expect=0).out, "")


@test("words are passed as they are, without a shell")
def _():
    equal(inside("printf", "%s|", "a b", "$HOME", "*", "", "--help", expect=0).out, "a b|$HOME|*||--help|")


@test("output comes while the command runs")
def _():
    process = start_afs("exec", NAME, "--", "sh", "-c", "echo first; exec cat", stdin=-1)
    equal(process.stdout.readline(), b"first\n")
    process.stdin.write(b"second\n")
    process.stdin.flush()
    equal(process.stdout.readline(), b"second\n")
    process.stdin.close()
    equal(process.wait(20), 0, "status")


@test("--replica chooses one")
def _():
    for i in range(2):
        got = afs("exec", NAME, "--replica", str(i), "--", "cat", "/etc/hostname", expect=0).out.strip()
        equal(got, docker.inspect("%s-%d" % (NAME, i))["Config"]["Hostname"])
    afs("exec", NAME, "--replica", "5", "--", "true", expect=3)


@test("a command that is not there: 126 or 127, as a shell would say")
def _():
    done = inside("no-such-command")
    check(done.status in (126, 127), "status\n%s" % done)
    contains(done.out + done.err, "no-such-command")


@test("without a command and without a terminal a shell reads stdin")
def _():
    equal(afs("exec", NAME, stdin="echo $((6*7))\nexit 3\n", expect=3).out, "42\n")


@test("^C without a terminal ends it with 130, and the command inside")
def _():
    process = start_afs("exec", NAME, "--", "sh", "-c", "echo ready; sleep 1234; true")
    equal(process.stdout.readline(), b"ready\n")
    check(processes("sleep 1234"), "the command does not run")
    process.send_signal(signal.SIGINT)
    equal(process.wait(20), 130, "status")
    wait_for(lambda: not processes("sleep 1234"), what="the end of the command inside")


@test("on a terminal the command has one, of the same size and kind")
def _():
    terminal = Terminal([AFS, "exec", NAME, "--", "sh", "-c", 
                         # Engines before API 1.42 set the size a moment after the start.
                         "while [ \"$(stty size)\" = '0 0' ]; do :; done; stty size; echo $TERM; tty"], 33, 101)
    terminal.wait("33 101\r\n")
    terminal.wait("xterm\r\n")
    terminal.wait("/dev/pts/")
    equal(terminal.end(), 0, "status")


@test("a shell: bash, typing, ^C for the program inside, exit status")
def _():
    terminal = Terminal([AFS, "exec", NAME])
    before = terminal.settings()
    terminal.type("echo sh=$0 $((6*7))\r")
    terminal.wait("sh=bash 42\r\n")
    check(terminal.settings() != before, "the terminal is not raw")
    terminal.type("sleep 4321\r")
    wait_for(lambda: processes("sleep 4321"), what="sleep inside")
    terminal.type("\x03")
    terminal.wait("^C")
    wait_for(lambda: not processes("sleep 4321"), what="the end of sleep")
    terminal.type("exit 9\r")
    equal(terminal.end(), 9, "status")
    equal(terminal.settings(), before, "settings of the terminal")


@test("a resized terminal is resized inside")
def _():
    terminal = Terminal([AFS, "exec", NAME, "--", "sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done"], 24, 80)
    terminal.wait("ready")
    terminal.resize(40, 132)
    terminal.wait("40 132")
    terminal.type("\x03")
    terminal.end()


@test("the terminal is restored when afs is terminated")
def _():
    for number in (signal.SIGTERM, signal.SIGHUP):
        terminal = Terminal([AFS, "exec", NAME])
        before = terminal.settings()
        terminal.type("echo $((6*7))\r")
        terminal.wait("42\r\n")
        terminal.process.send_signal(number)
        equal(terminal.end(), 130, "status")
        wait_for(lambda: not processes("bash"), what="the end of the shell inside")
        equal(terminal.settings(), before, "settings of the terminal")


@test("the terminal is restored when the container dies")
def _():
    terminal = Terminal([AFS, "exec", NAME, "--replica", "1"])
    before = terminal.settings()
    terminal.type("echo $((6*7))\r")
    terminal.wait("42\r\n")
    docker.post("/containers/%s-1/kill" % NAME)
    check(terminal.end() != 0, "status 0")
    equal(terminal.settings(), before, "settings of the terminal")


@test("an environment that does not run: status 4 and what to do")
def _():
    for i in range(2):
        docker.post("/containers/%s-%d/stop" % (NAME, i), t="0")
    done = inside("true", expect=4)
    contains(done.err, "does not run", "stderr")
    contains(done.err, "afs restart", "stderr")


@test("an environment that is not there: status 3")
def _():
    afs("exec", "no-such-environment", "--", "true", expect=3)


main(engine=True)
