#!/usr/bin/python3
"""However it ends, the terminal is as it was before; ^Z and fg."""
import os
import re
import signal

from engine import sanitized, temp_dir
from tap import check, equal, main, test, wait_for
from tui import ALTERNATE, MOUSE, PASTE, TUI, Tui
from tui_engine import FakeEngine, container

engine = FakeEngine([container("calc", 0, of=2), container("calc", 1, of=2)])


def started():
    ui = Tui(engine=engine, rows=24, columns=80)
    ui.wait("calc")
    check({ALTERNATE, PASTE} <= ui.screen.modes, "modes: %s" % ui.screen.modes)
    check(ui.screen.modes & MOUSE, "the mouse is off")
    return ui


def ends(number):
    @test("%s restores the terminal" % number.name)
    def _():
        ui = started()
        ui.process.send_signal(number)
        ui.end(status=None)
        ui.check_restored()


for n in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    ends(n)


def crashes(number):
    @test("%s restores the terminal, and it dies of it" % number.name)
    def _():
        ui = started()
        ui.process.send_signal(number)
        status = ui.end(status=None)
        ui.check_restored()
        check(status == -number or sanitized() and status != 0, "status %s" % status)


for n in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL):
    crashes(n)


@test("signals in the middle of a command line, a question and help do the same")
def _():
    for keys in ([":", "c", "a", "l", "l"], ["s"], ["?"]):
        ui = started()
        ui.keys(*keys)
        ui.wait(lambda: "afs> call" in ui.text or "confirm" in ui.text or "─ Keys" in ui.text or "━ Keys" in ui.text)
        ui.process.send_signal(signal.SIGTERM)
        ui.end(status=None)
        ui.check_restored()


@test("q restores it, with status 0")
def _():
    ui = started()
    ui.keys("q")
    ui.end(0)
    ui.check_restored()


@test("the terminal going away ends it")
def _():
    ui = started()
    os.close(ui.master)
    os.close(ui.slave)
    ui.master = ui.slave = -1
    wait_for(lambda: ui.process.poll() is not None, what="its end")


def shell():
    """An interactive shell that has job control."""
    inputrc = os.path.join(temp_dir(), "inputrc")
    with open(inputrc, "w") as f:
        f.write("set enable-bracketed-paste off\n")
    ui = Tui(engine=engine, rows=24, columns=80, command=["bash", "--noprofile", "--norc", "-i"],
             env={"PS1": "ready> ", "HISTFILE": None, "INPUTRC": inputrc})
    ui.wait("ready>")
    return ui


def settings_in_shell(ui):
    ui.type("stty -a | tr '\\n' ' ' | tr -s ' ' > %s/stty; echo done-$?\n" % ui.home)
    ui.wait(re.compile("^done-0", re.M))
    with open(ui.home + "/stty") as f:
        return re.sub(r"(rows|columns) \d+", "", f.read())


@test("^Z gives the terminal back and stops; fg draws everything anew", timeout=180)
def _():
    ui = shell()
    before = settings_in_shell(ui)
    ui.type("clear; %s\n" % TUI)
    ui.wait("calc", "[1] Environments", lambda: ALTERNATE in ui.screen.modes)
    ui.keys(":")
    ui.type("call ca")
    ui.wait("afs> call ca")
    ui.keys("Esc", "^Z")
    ui.wait("Stopped", "ready>", lambda: not ui.screen.modes & ({ALTERNATE, PASTE, 1} | MOUSE))
    check(not ui.screen.cursor.hidden, "the cursor is hidden")
    ui.type("clear\n")
    equal(settings_in_shell(ui), before, "stty -a")
    engine.add(container("newcomer"))
    ui.type("clear; fg\n")
    ui.wait("calc", "newcomer", "[1] Environments", lambda: {ALTERNATE, PASTE} <= ui.screen.modes and ui.screen.modes & MOUSE)
    ui.gone("ready>")
    ui.keys("Down")
    ui.wait("▌  ● 0 local")
    # The size changed while it was away.
    ui.keys("^Z")
    ui.wait("Stopped", lambda: ALTERNATE not in ui.screen.modes)
    ui.resize(30, 100)
    ui.type("clear; fg\n")
    ui.wait("[1] Environments", ui.is_redrawn)
    ui.keys("q")
    ui.wait("ready>", lambda: ALTERNATE not in ui.screen.modes)
    ui.type("clear\n")
    equal(settings_in_shell(ui), before, "stty -a at the end")


@test("SIGTSTP and SIGCONT from outside do the same", timeout=180)
def _():
    ui = shell()
    ui.type("clear; %s\n" % TUI)
    ui.wait("calc", lambda: ALTERNATE in ui.screen.modes)
    pid = int(os.popen("pgrep -P %d" % ui.process.pid).read().split()[0])
    os.kill(pid, signal.SIGTSTP)
    ui.wait("Stopped", lambda: not ui.screen.modes & ({ALTERNATE, PASTE, 1} | MOUSE))
    ui.type("clear; fg\n")
    ui.wait("[1] Environments", lambda: ALTERNATE in ui.screen.modes)
    ui.keys("q")
    ui.wait("ready>", lambda: ALTERNATE not in ui.screen.modes)


main()
