#!/usr/bin/python3
"""Whatever stops or removes asks first; --readonly."""
import contextlib
import re

from tap import check, equal, main, test
from tui import Tui
from tui_engine import FakeEngine, container

engine = FakeEngine([container("pool", 0, of=3), container("pool", 1, of=3), container("pool", 2, of=3)]
                    + [container("single-%d" % i) for i in range(5)])
ui = Tui(engine=engine, theme="roles")


def asked():
    return engine.info()["requests"].get("stop", 0)


def is_there(name):
    return name in ui.text


def select(name, *more):
    ui.keys("Esc", "Esc", "1", "/")
    ui.type(name)
    ui.keys("Enter", "Home", *more)
    ui.wait("[2] " + name)


@contextlib.contextmanager
def asked_of_two(name, filtered, title):
    """The question whether two replicas of that name are to be stopped; then they are gone."""
    engine.add(container(name, 0, of=2), container(name, 1, of=2))
    select(filtered)
    ui.keys("s")
    ui.wait(re.compile(title))
    yield
    ui.wait(lambda: ui.role(*ui.find("Yes"))[1] == "button.focused")
    ui.keys("Esc")
    ui.gone("Please confirm")
    engine.remove(name + "-0")
    engine.remove(name + "-1")
    select("pool")


def show_all():
    ui.keys("Esc", "Esc", "1", "Home")
    ui.wait("6 of 6")


@test("s asks by name, with Cancel focused: Enter does nothing")
def _():
    ui.wait("pool", "single-4")
    select("single-0")
    ui.keys("s")
    ui.wait("Please confirm", "Stop and remove single-0?", "afs stop single-0", "Cancel")
    y, x = ui.find("Cancel")
    check(ui.role(y, x)[1] == "button.focused", "Cancel has no focus: %s" % (ui.role(y, x),))
    ui.keys("Enter")
    ui.gone("Please confirm")
    equal(asked(), 0, "stops")


@test("Esc, ^C and letters do nothing either")
def _():
    for key in ("Esc", "^C"):
        ui.keys("s")
        ui.wait("Please confirm")
        ui.keys(key)
        ui.gone("Please confirm")
    ui.keys("s")
    ui.wait("Please confirm")
    ui.keys("y", "x", "q")
    ui.keys("Esc")
    ui.gone("Please confirm")
    check(ui.process.poll() is None, "q ended it")
    equal(asked(), 0, "stops")


@test("Right and Enter do it, and the notice shows the equal command")
def _():
    ui.keys("s")
    ui.wait("Please confirm")
    ui.keys("Right")
    ui.wait(lambda: ui.role(*ui.find("Yes"))[1] == "button.focused")
    ui.keys("Enter")
    ui.wait(re.compile("✔ .*stop single-0"))
    show = engine.info()
    check("single-0" not in [n for n in show["logged"]], "its log is still there")
    ui.keys("Esc")
    ui.wait("5 of 5")
    ui.gone("▾ single-0")


@test("R restarts, x removes: each asks")
def _():
    for key, words in (("R", "Restart single-1?"), ("x", "Remove, running or not, single-1?")):
        select("single-1")
        ui.keys(key)
        ui.wait("Please confirm", words)
        ui.keys("Esc")
        ui.gone("Please confirm")


@test("the menu shows the keys as they are bound, and takes them")
def _():
    before = asked()
    other = Tui(engine=engine, config="key.stop = K\nkey.restart = ^T\n")
    other.wait("pool", "single-4")
    other.keys("End", "a")
    other.wait(re.compile("K +Stop "), re.compile(r"\^T +Restart "), re.compile("x +Remove "))
    check("take  Esc back  ? keys" in other.lines[-1] and "stop" not in other.lines[-1], "hints: %s" % other.lines[-1])
    other.keys("K")
    other.wait("Please confirm", "Stop and remove single-4?")
    check("Esc cancel  ? keys" in other.lines[-1] and "search" not in other.lines[-1], "hints: %s" % other.lines[-1])
    other.keys("Esc")
    other.gone("Please confirm")
    other.keys("a")
    other.wait("Call a method")
    other.keys("o", "M", "q")  # keys of what lies below
    other.keys("Down", "Down", "Down", "Down", "Enter")
    other.wait("Please confirm", "Stop and remove single-4?")
    # What works in a question is listed, and nothing else.
    other.keys("?")
    other.wait("━ Keys", re.compile("Esc +Go back"))
    check("Search" not in other.text and "Leave" not in other.text, "keys that do nothing there\n%s" % other)
    other.keys("Esc", "Esc")
    other.quit()
    equal(asked(), before, "stops")


@test("a pool with running replicas wants its name typed")
def _():
    select("pool")
    ui.keys("s")
    ui.wait("Please confirm", "Stop and remove pool?", "3 running replicas", "Type pool:")
    ui.keys("Right", "Enter")
    ui.gone("Please confirm")
    equal(asked(), 1, "stops")
    ui.keys("s")
    ui.wait("Type pool:")
    ui.type("poo")
    ui.wait("Type pool: poo")
    ui.keys("Enter")
    ui.gone("Please confirm")
    equal(asked(), 1, "stops after half a name")


@test("so do several running replicas of it, by their number")
def _():
    before = asked()
    select("pool", "Down", "Space", "Space")
    ui.wait("2 marked")
    ui.keys("x")
    ui.wait("Please confirm", "2 replicas?", "2 running replicas.", "Type 2:")
    ui.keys("Right", "Enter")
    ui.gone("Please confirm")
    ui.keys("Esc", "Esc")
    ui.gone("2 marked")
    equal(asked(), before, "stops")
    select("pool")


@test("a paste does not type it")
def _():
    ui.keys("s")
    ui.wait("Type pool:")
    ui.paste("pool")
    ui.keys("Enter")
    ui.gone("Type pool:")
    equal(asked(), 1, "stops")


@test("so does one of which only one replica runs")
def _():
    engine.add(container("half", 0, of=2), container("half", 1, of=2, state="exited"))
    select("half")
    ui.wait("1/2")
    ui.keys("s")
    ui.wait("Stop and remove half?", "1 running replica.", "Type half:")
    ui.keys("Esc")
    ui.gone("Please confirm")
    engine.remove("half-0")
    engine.remove("half-1")
    ui.keys("Esc", "Esc", "1", "Home")
    ui.gone("▾ half")
    select("pool")


@test("a long name is typed whole: its end stays in sight")
def _():
    name = "long-" + "n" * 190
    with asked_of_two(name, "long-n", "Type long-n+…:"):
        ui.type(name[:-1] + "Z")
        ui.wait("nnnnnZ", lambda: ui.cursor() is not None)
        y, x = ui.cursor()
        equal(ui.cell(y, x - 1).data, "Z", "before the cursor")
        ui.keys("Backspace")
        ui.type("n")


@test("a name of wide characters and marks can be typed")
def _():
    name = "日本語-e\u0301t"
    with asked_of_two(name, "日本", "Type 日本語-.*t:"):
        ui.type(name + "語")
        ui.keys("Backspace")


@test("typed whole, Enter does it")
def _():
    ui.keys("s")
    ui.wait("Type pool:")
    ui.type("pool")
    ui.wait("Type pool: pool")
    ui.keys("Enter")
    ui.wait(re.compile("✔ .*stop pool"))
    ui.keys("Esc")
    ui.wait("4 of 4")


@test("more than three marked want their number typed")
def _():
    ui.keys("Esc", "Esc", "1", "Home")
    names = [ln for ln in ui.lines if re.search(r"[▾▸] single", ln)]
    equal(len(names), 4, "environments left")
    for _ in range(4):
        ui.keys("Space", "Down")
    ui.wait("4 marked")
    ui.keys("x")
    ui.wait("Please confirm", "4 environments?", "Type 4:")
    ui.keys("Right", "Enter")
    ui.gone("Please confirm")
    ui.keys("x")
    ui.wait("Type 4:")
    ui.type("4")
    ui.keys("Enter")
    ui.wait(re.compile("✔ .*rm --force single-1"), "Nothing runs.")


@test("nothing runs: what could be done is shown")
def _():
    ui.wait("Nothing runs.", "b  build an environment", "envs 0")
    ui.keys("s")
    ui.wait("select something first")
    ui.quit()


@test("--readonly: no action, no command that changes something")
def _():
    engine.containers([container("calc", 0, of=2), container("calc", 1, of=2)])
    safe = Tui("--readonly", engine=engine)
    safe.wait("READ-ONLY", "calc")
    for key, word in (("s", "stop"), ("x", "rm"), ("R", "restart"), ("c", "calls"), ("e", "exec"), ("4", "calls")):
        safe.keys("Home", key)
        safe.wait("read-only: %s" % word)
        check("Please confirm" not in safe.text, "it asks")
    for key, word in (("b", "build"), ("r", "run")):
        safe.keys(key)
        safe.wait("read-only: %s is off" % word)
        check(safe.cursor() is None, "the command line is open")
    # The menu and the mouse know it too.
    safe.keys("a", "x")
    safe.wait("read-only: rm is off")
    check("Please confirm" not in safe.text, "it asks")
    for hint in ("s stop", "x remove", "e exec", "c call", "b build", "r run"):
        check(hint not in safe.text, "a hint for what is off: %s\n%s" % (hint, safe))
    check("l logs" in safe.lines[-1] and "? keys" in safe.lines[-1], "hints: %s" % safe.lines[-1])
    before = engine.info()["requests"]
    for line in ("stop calc", "rm --force calc", "restart calc", "call calc evaluate", "afs stop calc"):
        safe.command(line)
        safe.wait("read-only: %s is off" % line.replace("afs ", "").split()[0])
    after = engine.info()
    for what in ("stop", "restart", "calc-0"):
        equal(after["requests"].get(what, 0), before.get(what, 0), what)
    equal(after["calls"], [], "calls")
    safe.command("ps")
    safe.wait(re.compile("✔ .*ps"))
    safe.quit()


@test("readonly in the config file does the same")
def _():
    safe = Tui(engine=engine, config="readonly = true\n")
    safe.wait("READ-ONLY", "calc")
    safe.keys("s")
    safe.wait("read-only: stop is off")
    safe.quit()


main()
