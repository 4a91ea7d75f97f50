#!/usr/bin/python3
"""Whatever the size, the screen is what a fresh drawing would be."""
import random

from tap import check, equal, fail, main, note, test
from tui import ALTERNATE, Screen, Stream, Tui
from tui_engine import FakeEngine, overview

engine = FakeEngine([c for c in overview() if c["state"] != "created"])  # nothing that turns
engine.log("affine-0", ["INFO a line with 日本語, e\u0301 and \U0001F469\u200d\U0001F4BB"] * 50)
ui = Tui(engine=engine, config="time-format = utc\n")


def picture():
    return [[(c.data, c.fg, c.bg, c.bold, c.reverse, c.underscore) for c in line] for line in ui.cells()]


def settle():
    ui.wait(ui.is_redrawn)
    while ui.pump(0.03):
        pass


def fresh():
    """What ^L draws on an empty screen."""
    modes = ui.screen.modes
    ui.screen = Screen(ui.columns, ui.rows)
    ui.screen.modes = modes
    ui.stream = Stream(ui.screen)
    ui.keys("^L")
    settle()
    return picture()


def compare(what):
    for attempt in range(4):  # figures may have changed in between
        settle()
        before = picture()
        after = fresh()
        if before == after:
            return
    for y, (a, b) in enumerate(zip(before, after)):
        if a != b:
            note("%2d %s" % (y, "".join(c[0] for c in a)))
            note("   %s" % "".join(c[0] for c in b))
    fail("%s: cells differ from a fresh drawing" % what)


@test("100 random sizes leave no stray cell", timeout=200)
def _():
    ui.wait("affine", "日本語")
    random.seed(7)
    for i in range(100):
        rows, columns = random.randint(5, 60), random.randint(20, 200)
        if i % 3:
            rows, columns = random.randint(12, 50), random.randint(50, 160)
        ui.resize(rows, columns)
        if random.random() < 0.5:
            ui.keys(random.choice(["Tab", "z", "Down", "Up", "End"]))
        # Several at once: only the last one counts.
        if i % 10 == 0:
            ui.resize(30, 90)
            ui.resize(24, 80)
            ui.resize(rows, columns)
        compare("%d: %dx%d" % (i, columns, rows))
    equal(ui.screen.strange, [], "what the emulator did not understand")


@test("the same with overlays, a question and an open command line", timeout=120)
def _():
    ui.resize(36, 120)
    ui.keys("Esc", "1", "Home")
    for keys in (["?"], ["J"], ["a"], ["s"], [":", "c", "a", "Tab"], ["F9"], ["/", "a"]):
        ui.keys("Esc", "Esc", "1", *keys)
        for rows, columns in [(24, 80), (13, 55), (9, 45), (40, 140)]:
            ui.resize(rows, columns)
            compare("%s at %dx%d" % (keys, columns, rows))
        ui.keys("Esc", "Esc")


@test("a terminal of one cell or none is survived")
def _():
    ui.keys("Esc", "Esc")
    for rows, columns in [(1, 1), (2, 3), (1, 200), (60, 1)]:
        ui.resize(rows, columns)
        ui.keys("Down")
        ui.wait(ui.is_read)
    ui.resize(36, 120)
    ui.wait(ui.is_redrawn)
    compare("afterwards")
    check(ALTERNATE in ui.screen.modes, "the alternate screen is gone")
    ui.quit()


main()
