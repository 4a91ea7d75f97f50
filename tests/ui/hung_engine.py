#!/usr/bin/python3
"""An engine that hangs, goes away and comes back."""
import re
import time

from tap import below, check, equal, main, test
from tui import Tui
from tui_engine import FakeEngine, container, counts

WORLD = [container("calc", 0, of=2, server=counts(100)), container("calc", 1, of=2, server=counts(200)), container("sat")]

engine = FakeEngine(WORLD)
ui = Tui(engine=engine, theme="roles")


def role_of(text):
    y, x = ui.find(text)
    return ui.role(y, x)[0]


def keys_answer():
    """Each key shows within a moment, whatever the engine does."""
    for key, shown in [("Down", "calc·0"), ("Down", "calc·1"), ("Home", "[2] calc "), ("?", "Search (in lists"), ("Esc", None),
                       ("2", None), ("1", None)]:
        started = time.monotonic()
        ui.keys(key)
        if shown:
            ui.wait(shown)
            below(time.monotonic() - started, 2, "seconds until %s shows %s" % (key, shown))
    started = time.monotonic()
    ui.keys(":")
    ui.type("abc")
    ui.wait("afs> abc")
    below(time.monotonic() - started, 2, "seconds until the command line shows what is typed")
    ui.keys("Esc")
    ui.gone("afs> abc")


@test("all is fresh at first")
def _():
    ui.wait("calc", "sat", re.compile("req 300"))
    equal(role_of("● 0 local"), "ok", "role of a replica that is up")


@test("a hung engine: every key answers, at once and later")
def _():
    engine.stop()
    keys_answer()


@test("stale rows are dimmed, and the header says how old they are", timeout=60)
def _():
    ui.wait(re.compile(r"local, as of \d+ s ago: no word"))
    equal(role_of("● 0 local"), "dim", "role of a stale replica")
    check("calc" in ui.text and "sat" in ui.text, "rows are gone")
    ages = {ui.wait(re.compile(r"as of (\d+) s ago")).group(1)}
    ui.until(lambda: ages.add(re.search(r"as of (\d+) s ago", ui.text).group(1)) or len(ages) > 2, "that the age grows")
    keys_answer()


@test("no dialog stands in the way")
def _():
    check("Please confirm" not in ui.text and "━ Jobs" not in ui.text, "something is open\n%s" % ui)


@test("it goes on by itself when the engine does")
def _():
    engine.go_on()
    ui.gone("no word")
    ui.wait(lambda: role_of("● 0 local") == "ok", "envs 2")
    engine.update("sat", state="exited", exit_code=9, status="Exited (9) now")
    ui.wait("exit 9")


@test("an engine that is gone: told, dimmed, keys answer", timeout=60)
def _():
    engine.kill()
    ui.wait(re.compile(r"local, as of \d+ s ago: connect "))
    ui.wait(lambda: role_of("● 0 local") == "dim")
    keys_answer()


@test("a command meanwhile fails with the reason, as a notice", timeout=60)
def _():
    ui.command("ps")
    ui.wait(re.compile(r"✖ .*ps: "))


@test("it is back: what it has now is shown, without any key", timeout=60)
def _():
    engine.start()
    engine.containers([container("calc", 0, of=2), container("fresh")])
    ui.wait("fresh", "envs 2", lambda: role_of("● 0 local") == "ok")
    ui.gone("no word", "sat ")


@test("logs go on after their stream was broken, no line lost or doubled")
def _():
    ui.keys("Esc", "1", "Home")
    ui.keys("/")
    ui.type("fresh")
    ui.keys("Enter", "Home")
    ui.wait("[2] fresh")
    engine.log("fresh", ["line %d." % i for i in range(5)])
    ui.wait("line 4.")
    engine.break_logs()
    engine.log("fresh", ["line %d." % i for i in range(5, 8)])
    ui.wait("line 7.")
    lines = [m.group(1) for line in ui.lines for m in [re.search(r"(line \d)\.", line)] if m]
    equal(lines, ["line %d" % i for i in range(8)], "lines")


@test("started while there is no engine, it waits for it")
def _():
    engine.kill()
    other = Tui(engine=engine)
    other.wait("[1] Environments", re.compile("local: "))
    engine.start()
    engine.containers(WORLD)
    other.wait("calc", "envs 2")
    other.quit()
    other.check_restored()


@test("leaving while the engine hangs takes no time", timeout=60)
def _():
    ui.keys("Esc")
    ui.wait("▾ calc")
    engine.stop()
    started = time.monotonic()
    ui.keys("Esc", "q")
    ui.end()
    below(time.monotonic() - started, 3, "seconds until the end")
    ui.check_restored()
    engine.go_on()


main()
