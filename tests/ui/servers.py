#!/usr/bin/python3
"""Servers that start, hang, or count nothing."""
import re

from engine import afs
from tap import below, check, equal, main, test
from tui import Tui
from tui_engine import FakeEngine, container, counts

engine = FakeEngine([
    container("calc", 0, of=2, server=counts(100), started=600),
    container("calc", 1, of=2, server=counts(200), started=600),
    container("slow", server=False, started=8),
    container("checked", server=False, started=8, health=(2, 5)),
    container("plain", server=None, started=600),
])
ui = Tui(engine=engine, theme="roles")


def asked(path):
    return engine.info()["requests"].get("server " + path, 0)


@test("one whose server has not answered yet is starting, and says for how long")
def _():
    ui.wait(re.compile(r"◐ 0 local +starting +no answer yet · 00:\d\d"), re.compile(r"slow +0/1"),
            re.compile("● 3 up +◐ 2 starting"))
    y, x = ui.find("starting  no answer")
    equal(ui.role(y, x)[0], "busy", "role")


@test("an image's own health check is told with its failures")
def _():
    ui.wait(re.compile(r"◐ 0 local +starting +health 2/5 · 00:\d\d"))


@test("it is up as soon as its server answers, without waiting for a round of all")
def _():
    before = asked("/stats")
    engine.update("slow", server=counts(7))
    ui.wait(re.compile(r"slow +1/1 .* 7 "), re.compile("● 4 up +◐ 1 starting"))
    check(asked("/stats") > before)


@test("a pool that starts runs as well: to stop it wants its name")
def _():
    for name in ("calc-0", "calc-1"):
        engine.update(name, state="exited")
        engine.update(name, state="running", server=False)
    ui.wait(re.compile(r"calc +0/2"), re.compile(r"◐ 1 local +starting"))
    ui.keys("1", "/")
    ui.type("calc")
    ui.keys("Enter", "Home", "s")
    ui.wait("Stop and remove calc?", "2 running replicas", "Type calc:")
    ui.keys("Esc", "Esc")
    engine.update("calc-0", server=counts(100))
    engine.update("calc-1", server=counts(200))
    ui.wait(re.compile(r"calc +2/2 .* 300 "))


@test("one that hangs says so; the others' figures go on, and its host is not old")
def _():
    ui.wait(re.compile(r"calc +2/2 .* 300 "))
    engine.update("calc-1", server="hangs")
    ui.wait(re.compile(r"✖|● 1 local +no answer"), "no answer")
    for requests in (150, 170, 190):
        engine.update("calc-0", server=counts(requests))
        ui.wait(re.compile(r"● 0 local +up .* %d " % requests))
        check("no word" not in ui.text and "s ago" not in ui.text, "the host counts as hung\n%s" % ui.text)
    engine.update("calc-1", server=counts(200))
    ui.gone("no answer")


@test("a server that counts nothing: the calls that afs made, named as such")
def _():
    for i in range(3):
        afs("call", "plain", "evaluate", "--arg", "task_id=%d" % i, expect=0,
            env={"DOCKER_HOST": engine.host, "HOME": ui.home, "XDG_RUNTIME_DIR": ui.home})
    ui.keys("1", "/")
    ui.type("plain")
    ui.keys("Enter", "Home")
    ui.wait(re.compile(r"▾ plain +1/1 .* 3 "), "CALLED BY AFS", re.compile(r"evaluate +3 +100.0% +0"))
    check("in flight" not in ui.text and "timeouts" not in ui.text, "what nobody counts is shown\n%s" % ui.text)


@test("it is asked seldom: its log may be full of our questions otherwise")
def _():
    engine.update("calc-0", server=None)
    ui.keys("Esc")
    ui.wait("calc")
    health = asked("/health")
    engine.update("calc-1", server=counts(201))
    for requests in range(202, 205):  # rounds go on
        ui.wait(re.compile(r"● 1 local +up .* %d " % (requests - 1)))
        engine.update("calc-1", server=counts(requests))
    below(asked("/health") - health, 3, "questions to servers that count nothing")


@test("deaths are told: of memory, by themselves, by somebody's signal")
def _():
    engine.update("calc-1", state="exited", oom=True, exit_code=137)
    ui.wait(re.compile(r"✖ \d\d:\d\d:\d\d calc·1 OOM-killed \(137\)"), re.compile(r"✖ 1 local +oom"))
    engine.update("calc-1", state="running", oom=False, restarts=1)
    ui.wait(re.compile(r"● 1 local ↻1 oom +up"))
    engine.update("slow", state="exited", exit_code=3)
    ui.wait(re.compile(r"✖ \d\d:\d\d:\d\d slow·0 died \(exit 3\)"))
    engine.update("slow", state="running")
    ui.wait(re.compile(r"slow +1/1"))
    ui.command("restart slow")
    ui.wait(re.compile(r"✔ \d\d:\d\d:\d\d restart slow"))
    check("was stopped" not in ui.text, "what a job did is told twice\n%s" % ui.text)
    ui.quit()


main()
