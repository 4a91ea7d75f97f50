#!/usr/bin/python3
"""Pane 1: environments and replicas; the header; what is selected."""
import re

from tap import check, equal, main, test
from tui import Tui
from tui_engine import FakeEngine, container, counts, overview

engine = FakeEngine(overview())
ui = Tui(engine=engine, theme="roles")


def row(text):
    """The line of pane 1 that has this text, without the frame."""
    return ui.lines[ui.row_of(text)][1:59].rstrip()


def selected():
    """The row under the cursor."""
    for y, line in enumerate(ui.lines):
        if line[1:2] == "▌":
            return y, line[2:59]
    return None, ""


def to_top():
    """Pane 1 has the keys, the cursor is on the first row."""
    ui.keys("Esc", "1", "Home")
    ui.wait(lambda: selected()[1][:1] in ("▾", "▸") and ui.lines[1].startswith("┏") and selected()[0] == 3)


def names():
    """Names of environments in the order shown."""
    return [m.group(1) for line in ui.lines for m in [re.match(r"┃[ ▌][▾▸] (\S+)", line)] if m]


@test("environments and replicas come up with their figures")
def _():
    ui.wait("[1] Environments", "affine", "liveweb-arena", re.compile(r"● 1 local +up +44% +\S+ +\S+ +0 "))
    check(re.search(r"▾ affine +3/3 +123% +612M +36,104 +0 +0\.2%", row("▾ affine")), row("▾ affine"))
    check(re.search(r"● 1 local +up +44% +207M +12,050 +0 +0\.2%", row("44%")), row("44%"))
    check(re.search(r"webshop +3/4", row("webshop")), row("webshop"))
    check(re.search(r"✖ 3 local +oom +— +— +0 +— +—", row("oom")), row("oom"))
    check(re.search(r"◐ 0 local +starting +created · \d:\d\d:\d\d", row("◐ 0 local")), row("◐ 0 local"))


@test("the header's totals are the sums of the rows")
def _():
    head = ui.wait(re.compile(r"envs (\d+) +replicas (\d+) +● (\d+) up +◐ (\d+) starting +✖ (\d+) down +req ([\d,]+)")).groups()
    equal(head[:5], ("5", "11", "9", "1", "1"), "header")
    rows = [int(m.group(1).replace(",", "")) for line in ui.lines
            for m in [re.match(r"┃.[▾▸] \S+ +\d+/\d+ +\S+ +\S+ +([\d,]+) ", line)] if m]
    equal(sum(rows), int(head[5].replace(",", "")), "requests in the header and in the rows %s" % rows)


@test("state is told by glyph, word and colour")
def _():
    y, x = ui.find("✖ 3 local")
    equal(ui.role(y, x)[0], "error", "✖")
    y, x = ui.find("● 0 local")
    equal(ui.role(y, x)[0], "ok", "●")
    y, x = ui.find("◐ 0 local")
    equal(ui.role(y, x)[0], "busy", "◐")


@test("arrows and letters move the cursor, the detail follows")
def _():
    to_top()
    ui.wait("[2] affine")
    ui.keys("Down", "j")
    ui.wait("[2] affine·1", "affine:v2", re.compile("mem limit 2.0?G"))
    ui.keys("k")
    ui.wait("[2] affine·0")
    ui.keys("End")
    ui.wait("[2] webshop·3")
    ui.keys("g")
    ui.wait(lambda: "▾ affine" in selected()[1])


@test("Enter folds and unfolds, Left goes to the environment and folds it")
def _():
    to_top()
    ui.keys("Enter")
    ui.wait(lambda: "▸ affine" in selected()[1])
    ui.gone("44%")
    ui.keys("Enter")
    ui.wait("44%")
    ui.keys("Down", "Left")
    ui.wait(lambda: "▾ affine" in selected()[1])
    ui.keys("Left")
    ui.wait(lambda: "▸ affine" in selected()[1])
    ui.keys("Right")
    ui.wait("44%")


@test("o sorts by the next column and O turns it round; the same row stays selected")
def _():
    to_top()
    seen = []
    for column in ("UP", "CPU", "MEM", "REQ", "REQ/s", "ERR"):
        ui.keys("o")
        ui.wait("sort %s↓" % column, "[2] affine ", lambda: "affine" in selected()[1])
        seen.append((column, names()))
    seen = dict(seen)
    equal(seen["REQ"], ["affine", seen["REQ"][1], "sat", "calculator", "liveweb-arena"], "by requests")
    equal(seen["CPU"][0], "affine", "by CPU")
    check(seen["MEM"][0].startswith("webshop"), "by memory: %s" % seen["MEM"])
    ui.keys("O")
    ui.wait("sort ERR↑", lambda: "affine" in selected()[1])
    ui.keys("O", "o")
    ui.wait("sort NAME↑")


@test("/ filters by name, Esc shows all; what is selected stays so")
def _():
    to_top()
    ui.keys("Down")
    ui.wait("[2] affine·0")
    ui.keys("/")
    ui.type("aff")
    ui.wait("/aff", "1 of 5")
    equal(names(), ["affine"], "environments")
    ui.wait("[2] affine·0")
    ui.keys("Enter", "Esc")
    ui.wait("5 of 5", "[2] affine·0")
    ui.keys("/")
    ui.type("zzz")
    ui.wait('nothing matches "zzz"', "0 of 5")
    ui.keys("Esc")
    ui.wait("5 of 5")


@test("Space marks rows and goes on, Esc forgets the marks")
def _():
    to_top()
    ui.keys("Space", "Space")
    ui.wait("2 marked")
    ui.keys("Esc")
    ui.gone("2 marked")


@test("the selection is an identity: a refresh that moves its row keeps it")
def _():
    to_top()
    ui.keys("Down", "Down")
    ui.wait("[2] affine·1")
    before = selected()[0]
    engine.add(container("aardvark", server=counts(5)))
    ui.wait("aardvark", "[2] affine·1", lambda: "44%" in selected()[1] and selected()[0] == before + 2)
    engine.remove("aardvark")
    ui.gone("▾ aardvark")
    ui.wait(lambda: selected()[0] == before)


@test("a container that vanishes under the cursor turns actions off until the cursor moves")
def _():
    to_top()
    engine.add(container("brief", 0, of=2), container("brief", 1, of=2))
    ui.wait("brief")
    ui.keys("/")
    ui.type("brief")
    ui.keys("Enter", "End")
    ui.wait("[2] brief·1")
    engine.remove("brief-1")
    ui.wait("nothing is selected", lambda: selected()[0] is None)
    ui.keys("s")
    ui.wait("what was selected is gone: move the cursor first")
    ui.gone("Please confirm")
    ui.keys("Up")
    ui.wait(lambda: selected()[0] is not None, "[2] brief")
    ui.keys("Esc")
    engine.remove("brief-0")
    ui.gone("▾ brief ")


@test("a new state shows at once, without any key")
def _():
    engine.update("calculator", state="exited", status="Exited (3) 1 second ago", exit_code=3)
    ui.wait(re.compile("✖ 0 local +exit 3"), "2 down")
    engine.update("calculator", state="running", status="Up 1 second")
    ui.wait("1 down", re.compile("● 0 local +up +0%"))


@test("what is down is told below the rows; d goes there, also through a fold; a hint is about the current row")
def _():
    to_top()
    ui.keys("/")
    ui.type("shop")
    ui.keys("Enter")
    ui.wait(re.compile(r"DOWN 1  webshop·3 OOM-killed \d\d:\d\d:\d\d \(limit 512M\)"), "d go to it")
    ui.keys("Home", "Enter")
    ui.wait("▸ webshop")
    ui.keys("d")
    ui.wait("▾ webshop", "[2] webshop·3", "l last log lines   R restart   ↵ detail",
            re.compile(r"restarts 0 · OOM-killed \d\d:\d\d:\d\d"))
    equal(selected()[1].split()[:2], ["✖", "3"], "the row under the cursor")
    engine.update("webshop-1", state="exited", status="Exited (3) 1 second ago", exit_code=3, finished=5)
    ui.wait(re.compile(r"DOWN 2  webshop·1 exit 3 [\d:]{8} .*\n.* {10}webshop·3 OOM-killed"))
    engine.update("webshop-1", state="running", status="Up 1 second")
    ui.wait("DOWN 1  webshop·3")
    ui.keys("Esc")
    ui.wait("5 of 5")


@test("restarts, and a load that is off the mean, are marked on the row")
def _():
    engine.update("sat-1", restarts=3, state="exited")
    ui.wait("2 down")
    engine.update("sat-1", state="running")
    ui.wait("↻3")


@test("rates come from the servers' own counters")
def _():
    engine.update("calculator", server=counts(89 + 400))
    ui.wait(re.compile(r"calculator .* 489 +[1-9]"))


@test("y copies the name to the clipboard by OSC 52")
def _():
    to_top()
    ui.keys("Down", "y")
    ui.wait("copied 8B")
    check(b"\x1b]52;c;YWZmaW5lLTA=\x07" in ui.raw, "no OSC 52 with affine-0")


@test("a opens a menu of actions; its keys and Enter lead to them")
def _():
    to_top()
    ui.keys("Down", "a")
    ui.wait("Call a method", "Remove")
    ui.keys("Down", "Down", "Down", "Down", "Enter")
    ui.wait("Please confirm", "Stop and remove affine-0?", "afs stop affine-0")
    ui.keys("Esc")
    ui.gone("Please confirm")


@test("a notice that comes again is counted, not repeated")
def _():
    ui.keys("Esc", "1", "^C")
    ui.wait("nothing runs; q quits")
    ui.keys("^C", "^C")
    ui.wait("nothing runs; q quits ×3")
    equal(ui.text.count("nothing runs"), 1, "notices")


@test("q leaves and the terminal is as before")
def _():
    ui.quit()
    ui.check_restored()
    equal(ui.screen.strange, [], "what the emulator did not understand")


main()
