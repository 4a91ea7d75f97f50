#!/usr/bin/python3
"""The mouse: rows, tabs, headings, the wheel; M gives it back to the terminal."""
import re

from tap import check, main, test
from tui import MOUSE, Tui
from tui_engine import FakeEngine, overview

engine = FakeEngine(overview())
ui = Tui(engine=engine)


@test("a click selects a row and gives its pane the keys")
def _():
    ui.wait("affine", "44%")
    y, x = ui.find("44%")
    ui.keys("2")
    ui.mouse(y, x)
    ui.wait("[2] affine·1", lambda: ui.lines[1].startswith("┏"))


@test("a double click folds an environment")
def _():
    y, x = ui.find("▾ affine")
    ui.mouse(y, x + 2)
    ui.mouse(y, x + 2)
    ui.wait("▸ affine")
    ui.keys("Right")
    ui.wait("▾ affine")


@test("the wheel moves in the pane under it")
def _():
    ui.keys("1", "Home")
    ui.wait("[2] affine ")
    ui.mouse(6, 10, button=65)
    ui.wait("[2] affine·0")
    ui.mouse(6, 10, button=64)
    ui.wait("[2] affine ")


@test("a click on a tab opens it")
def _():
    for tab in ("Methods", "Env", "Overview"):
        ui.mouse(1, ui.lines[1].rindex(tab) + 1)
        ui.wait("▸%s◂" % tab)


@test("a click on the headings sorts")
def _():
    y, x = ui.find("REQ/s")
    ui.mouse(y, x)
    ui.wait(re.compile("sort (UP|REQ)"))


@test("clicks outside of everything, and reports that make no sense, do nothing")
def _():
    for y, x in ((0, 0), (35, 119), (33, 50)):
        ui.mouse(y, x)
    ui.send("\x1b[<0;999;999M\x1b[<0;0;0M\x1b[<;;M\x1b[<99;5;5M\x1b[M !!")
    ui.keys("1", "Home")
    ui.wait("[2] affine ")


@test("hints and the titles of columns are clicked one by one")
def _():
    ui.keys("Esc", "1")
    ui.wait("┏━[1] Environments")

    def click(text, dx=0):
        y, x = ui.find(text)
        ui.mouse(y, x + dx)
    click(" MEM ", 1)
    ui.wait("sort MEM↓")
    click(" MEM ", 1)
    ui.wait("sort MEM↑")
    click("NAME")
    ui.wait("sort NAME↑")
    click("a actions")
    ui.wait("Esc back")
    ui.keys("Esc")
    click("? keys")
    ui.wait("Mark for an action on several")
    click("Esc close")
    ui.gone("Mark for an action on several")
    ui.wait("f filter")
    click("f filter")
    ui.wait(lambda: ui.lines[-2].startswith("filter:"))
    ui.keys("Esc")
    ui.wait("┏━[3] Logs")
    ui.keys("1")


@test("a click on the command line opens it")
def _():
    ui.mouse(34, 60)
    ui.wait(lambda: ui.cursor() == (34, 5))
    ui.keys("Esc")
    ui.wait(lambda: ui.cursor() is None)


@test("the buttons of a question")
def _():
    ui.keys("Esc", "1", "End")
    for button, stops in (("Cancel", 0), ("Yes", 1)):
        ui.keys("s")
        ui.wait("Please confirm", "Stop and remove webshop")
        y, x = ui.find(button)
        ui.mouse(y - 1, x)  # beside it
        ui.mouse(y, x)
        ui.gone("Please confirm")
        if stops:
            ui.wait(re.compile("stop webshop-3"))
        check(engine.info()["requests"].get("stop", 0) == stops or not stops, "it was stopped")


@test("one that wants a name typed takes no click before")
def _():
    ui.keys("Home", "s")
    ui.wait("Type affine:")
    y, x = ui.find("Yes")
    ui.mouse(y, x)
    ui.type("affine")
    ui.wait("Type affine: affine")
    ui.keys("Esc")
    ui.gone("Please confirm")


@test("the wheel scrolls help, and what jobs printed; a click chooses a job")
def _():
    ui.keys("?")
    ui.wait("Mark for an action on several")
    for _ in range(4):
        ui.mouse(10, 10, button=65)
    ui.gone("Mark for an action on several")
    ui.mouse(10, 10, button=64)
    ui.keys("Home")
    ui.wait("Mark for an action on several")
    ui.keys("Esc")
    for line in ("ps", "stats affine"):
        ui.command(line)
        ui.wait(re.compile("✔ .* %s" % line))
    ui.keys("J")
    ui.wait("━ Jobs", "stats affine")
    y, x = ui.find("✔ ps")
    ui.mouse(y, x)
    ui.wait(re.compile("RESTARTS +UPTIME"))
    ui.mouse(y, x, button=64)
    ui.gone(re.compile("RESTARTS +UPTIME"))
    ui.keys("Esc")


@test("M works over the panes too")
def _():
    ui.keys("Home", "c")
    ui.wait("[1] Call form", "task_id*")
    y, x = ui.find("what the call answers")
    ui.mouse(y, x)
    ui.wait("┏━[3] Result")
    for where in ("[3] Result", "━ Jobs"):
        ui.wait(where)
        ui.keys("M")
        ui.wait(lambda: not ui.screen.modes & MOUSE)
        ui.keys("M")
        ui.wait(lambda: ui.screen.modes & MOUSE)
        ui.keys("J")
    ui.gone("━ Jobs")
    ui.keys("Esc", "Esc")
    ui.wait("[1] Environments")


@test("mouse = false leaves it alone")
def _():
    quiet = Tui(engine=engine, config="mouse = false\n")
    quiet.wait("affine")
    check(not quiet.screen.modes & MOUSE and b"\x1b[?1000h" not in quiet.raw, "the mouse was turned on")
    quiet.quit()


@test("keys typed right behind a paste take nothing from the mouse afterwards")
def _():
    ui.keys("1", ":")
    ui.wait(lambda: ui.cursor() is not None)
    ui.send("\x1b[200~pasted\x1b[201~xy")
    ui.wait("afs> pastedxy")
    ui.keys("^U", "Esc")
    ui.keys("Home")
    ui.wait("[2] affine ")
    y, x = ui.find("● 1 local")
    ui.mouse(y, x)
    ui.wait("[2] affine·1")


@test("M gives the mouse to the terminal and takes it back")
def _():
    check(ui.screen.modes & MOUSE, "it is off")
    ui.keys("M")
    ui.wait("the mouse is the terminal's", lambda: not ui.screen.modes & MOUSE)
    ui.keys("M")
    ui.wait("the mouse works here", lambda: ui.screen.modes & MOUSE)
    ui.quit()
    ui.check_restored()


main()
