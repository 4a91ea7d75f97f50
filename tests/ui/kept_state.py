#!/usr/bin/python3
"""The config file, and what comes back in the next session."""
import os
import re
import stat

from tap import check, equal, main, matches, test
from tui import Tui
from tui_engine import FakeEngine, container, counts

engine = FakeEngine([container("alpha", 0, of=2, server=counts(5)), container("alpha", 1, of=2), container("beta", server=counts(50)),
                     container("gamma", server=counts(500))])
first = Tui(engine=engine)


def order(ui):
    return [m.group(1) for line in ui.lines for m in [re.match(r"[┃│][ ▌][▾▸] (\S+)", line)] if m]


@test("sort, folds, selection and tab come back")
def _():
    ui = first
    ui.wait("gamma", "500")
    ui.keys("o", "o", "o", "o")
    ui.wait("sort REQ↓")
    ui.keys("O")
    ui.wait("sort REQ↑")
    ui.keys("Home", "Enter")
    ui.wait("▸ alpha")
    ui.keys("Down", "Down")
    ui.wait("[2] beta·0")
    ui.keys("2", "]", "]")
    ui.wait("▸Calls◂")
    ui.quit()
    path = os.path.join(ui.home, ".local/state/affinetes/tui")
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of the state file")
    again = Tui(engine=engine, home=ui.home)
    again.wait("sort REQ↑", "▸ alpha", "[2] beta·0", "▸Calls◂", lambda: order(again) == ["alpha", "beta", "gamma"])
    again.quit()


@test("a filter comes back")
def _():
    ui = Tui(engine=engine)
    ui.wait("gamma")
    ui.keys("/")
    ui.type("bet")
    ui.keys("Enter")
    ui.wait("1 of 3")
    ui.keys("q")
    ui.end()
    again = Tui(engine=engine, home=ui.home)
    again.wait("1 of 3", "/bet", "beta")
    again.quit()


@test("a theme chosen live comes back")
def _():
    ui = Tui(engine=engine)
    ui.wait("gamma")
    ui.keys("F9")
    ui.wait("Theme", "high-contrast")
    ui.keys("Home", *["Down"] * 20)
    rows = [line for line in ui.lines if re.search(r"│ .*(mono|light|tritanopia|deuteranopia|high-contrast|dark) ", line)]
    check(rows, "no themes listed")
    ui.keys("Esc")
    ui.quit()


@test("a state file of nonsense is no obstacle")
def _():
    ui = Tui(engine=engine)
    ui.wait("gamma")
    ui.quit()
    with open(os.path.join(ui.home, ".local/state/affinetes/tui"), "wb") as f:
        f.write(b"[environments]\nsort nonsense\nselected \xff\xfe\n[" + b"x" * 5000 + b"]\nfolded\n\0\n[detail]\ntab 99\n" * 50)
    again = Tui(engine=engine, home=ui.home)
    again.wait("gamma", "[2] ")
    again.quit()


@test("options are read; each line that makes no sense is told by its number, the rest counts")
def _():
    ui = Tui(engine=engine, config="# mine\n\ncolour = yes\nkey.quit = Q\nlog-lines = many\nwhat is this\nascii = true\n"
             "key.nothing = x\nkey.stop = F77\n")
    ui.wait("gamma")
    notices = ui.wait(re.compile(r"config:(\d+): "))
    ui.keys("J")
    ui.keys("Esc")
    check("┏" not in ui.text and "+" in ui.text, "ascii = true was not read\n%s" % ui)
    ui.keys("q")
    ui.keys("Down")
    ui.wait("[2] alpha.0" if "alpha.0" in ui.text else "[2] alpha")
    check(ui.process.poll() is None, "q still quits")
    check(int(notices.group(1)) in (3, 5, 6, 8, 9), "line %s" % notices.group(1))
    ui.keys("Esc", "Q")
    ui.end()


@test("keys can be bound anew, and ? and the hints show them")
def _():
    ui = Tui(engine=engine, config="key.help = F5\nkey.sort = u\nkey.sort-reverse = U\nkey.mark = m\nkey.call = C\n")
    ui.wait("gamma")
    ui.keys("u")
    ui.wait("sort UP↓")
    ui.keys("o")
    ui.keys("U")
    ui.wait("sort UP↑")
    check(re.search(r" C call .* F5 keys ", ui.lines[-1]), "hints: %s" % ui.lines[-1])
    ui.wait("m mark · a actions", "C call · l logs")
    ui.keys("F5")
    ui.wait(re.compile(r"u +Sort by the next column"))
    ui.keys("Esc")
    ui.quit()


@test("a clash is told with its line, and the first binding stays")
def _():
    ui = Tui(engine=engine, config="key.stop = K\nkey.restart = K\n")
    ui.wait(re.compile(r"config:2: .*K"), "alpha")
    ui.keys("Home", "K")
    ui.wait("Stop and remove")
    ui.keys("Esc")
    ui.quit()


@test("a wrong option and a theme that is not there end it before the terminal is touched")
def _():
    for args, status in ((["--nonsense"], 2), (["--theme", "no-such-theme"], 3), (["--script", "/nowhere"], 3)):
        ui = Tui(*args, engine=engine)
        ui.end(status)
        ui.check_restored()
        check(1049 not in ui.screen.modes and b"\x1b[?1049h" not in ui.raw, "the screen was taken")
    ui = Tui("--theme", "no-such-theme", engine=engine)
    ui.wait("no-such-theme", "dark")
    ui.end(3)


@test("a theme of the config file that is gone keeps nobody out")
def _():
    ui = Tui(engine=engine, config="theme = gone\n")
    ui.wait("gamma", "gone")
    ui.quit()


@test("--plain prints the same state as lines, without a terminal")
def _():
    from engine import run
    from tui import TUI
    done = run([TUI, "--plain"], env={"DOCKER_HOST": engine.host}, expect=0)
    for part in ("alpha", "beta", "gamma"):
        matches(done.out, part, "--plain")
    check("\x1b" not in done.out, "control sequences in --plain")
    run([TUI], env={"DOCKER_HOST": engine.host}, expect=1)


main()
