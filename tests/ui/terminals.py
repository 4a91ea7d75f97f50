#!/usr/bin/python3
"""Every kind of terminal gets a complete dashboard: fewer colours, none, ASCII only; all themes."""
import os
import re

from engine import SRCDIR, run, temp_dir
from tap import check, equal, lacks, main, matches, test
from tui import MOUSE, THEMES, TUI, Tui
from tui_engine import FakeEngine, overview

engine = FakeEngine([c for c in overview() if c["state"] != "created"])
engine.log("affine-0", ["INFO plain line", "ERROR 日本語 é \U0001F469\u200d\U0001F4BB end", "WARN \x1b[31mred\x1b[0m tail"])

SGR = re.compile(rb"\x1b\[([\d;:]*)m")
THEME_NAMES = ["dark", "light", "high-contrast", "deuteranopia", "tritanopia", "mono"]


def colours(raw):
    """What the SGR sequences ask for: {"rgb", "256", "16", "8"}."""
    kinds = set()
    for match in SGR.finditer(bytes(raw)):
        numbers = [int(n or 0) for n in re.split(rb"[;:]", match.group(1))]
        while numbers:
            n = numbers.pop(0)
            if n in (38, 48):
                kinds.add("rgb" if numbers[:1] == [2] else "256")
                del numbers[:4 if numbers[:1] == [2] else 2]
            elif 30 <= n <= 37 or 40 <= n <= 47:
                kinds.add("8")
            elif 90 <= n <= 97 or 100 <= n <= 107:
                kinds.add("16")
    return kinds


def tour(ui):
    """Walks through what there is; everything has to be there on any terminal."""
    ui.wait("[1] Environments", "affine", "612M", "plain line", "3/4")
    ui.wait(re.compile(r"48,213"))
    ui.keys("Home", "Down")
    ui.wait(re.compile(r"\[2\] affine.0"), "balance")
    ui.keys("?")
    ui.wait("Mark for an action on several")
    ui.keys("Esc")
    ui.gone("Mark for an action on several")
    ui.keys(":")
    ui.type("call aff")
    ui.wait("afs> call aff")
    ui.keys("Esc")
    ui.keys("s")
    ui.wait("Please confirm", "Cancel")
    ui.keys("Esc")
    ui.gone("Please confirm")
    ui.keys("3", "z")
    ui.wait("end")
    ui.keys("z", "1")
    ui.wait("[1] Environments", "balance")


def leave(ui):
    ui.quit()
    ui.check_restored()
    equal(ui.screen.strange, [], "what the emulator did not understand")


def ascii_only(ui):
    bad = sorted({b for b in ui.raw if b >= 0x80})
    equal(bad, [], "bytes that are no ASCII")


@test("xterm with true colour")
def _():
    ui = Tui(engine=engine, env={"COLORTERM": "truecolor"}, theme="dark")
    tour(ui)
    check("rgb" in colours(ui.raw), "no true colours: %s" % colours(ui.raw))
    check(re.search("[┏━┓]", ui.text) and re.search("[\u2800-\u28ff]", ui.text), "no lines or no braille\n%s" % ui)
    leave(ui)


@test("a terminal of direct colour, also where only one with 256 is described")
def _():
    ui = Tui(engine=engine, term="xterm-direct", theme="dark")
    ui.wait("[1] Environments", "affine")
    check("rgb" in colours(ui.raw) and "256" not in colours(ui.raw), "colours: %s" % colours(ui.raw))
    leave(ui)


@test("xterm with 256 colours")
def _():
    ui = Tui(engine=engine, theme="dark")
    tour(ui)
    check("256" in colours(ui.raw) and "rgb" not in colours(ui.raw), "colours: %s" % colours(ui.raw))
    leave(ui)


@test("a terminal with eight colours")
def _():
    ui = Tui(engine=engine, term="screen", theme="dark")
    tour(ui)
    equal(colours(ui.raw) - {"8"}, set(), "more than eight colours")
    leave(ui)


@test("the Linux console: its keys, no braille")
def _():
    ui = Tui(engine=engine, term="linux", theme="dark")
    tour(ui)
    equal(colours(ui.raw) - {"8"}, set(), "more than eight colours")
    check(not re.search("[\u2800-\u28ff]", ui.text), "braille on the console\n%s" % ui)
    ui.keys("Home", "Down", "Down")
    ui.wait("[2] affine·1")
    # As other terminals say it, which somebody may sit at whose TERM is not theirs.
    ui.send("\x1b[H")
    ui.keys("Down")
    ui.wait("[2] affine·0")
    ui.quit()


@test("vt100: no colour, ASCII only")
def _():
    ui = Tui(engine=engine, term="vt100", rows=24, columns=80)
    ui.wait("[1] Environments", "affine")
    ui.keys("Down")
    ui.wait(lambda: any(line[1:2] == ">" for line in ui.lines))
    ui.keys(":")
    ui.type("ps")
    ui.wait("afs> ps")
    ui.keys("Esc", "Esc", "q")
    ui.end()
    equal(colours(ui.raw), set(), "colours")
    ascii_only(ui)
    check(b"\x1b[?2004h" not in ui.raw and b"\x1b[?1000h" not in ui.raw, "modes that a vt100 does not know")


@test("NO_COLOR: attributes, no colour")
def _():
    ui = Tui(engine=engine, env={"NO_COLOR": "1", "COLORTERM": "truecolor"}, theme="dark")
    tour(ui)
    equal(colours(ui.raw), set(), "colours")
    reverse = [c for line in ui.cells() for c in line if c.reverse]
    check(reverse, "nothing stands out")
    leave(ui)


@test("LANG=C: ASCII only on the wire")
def _():
    ui = Tui(engine=engine, env={"LC_ALL": "C", "LANG": "C"})
    tour(ui)
    ascii_only(ui)
    leave(ui)


@test("a locale that is not installed here: what it says of UTF-8 counts")
def _():
    for name, sign in (("xx_YY.UTF-8", "┏━[1] Environments"), ("xx_YY.ISO-8859-1", "+=[1] Environments")):
        ui = Tui(engine=engine, env={"LC_ALL": None, "LC_CTYPE": None, "LANG": name})
        ui.wait("affine", sign)
        leave(ui)


@test("--ascii: the same, with colours")
def _():
    ui = Tui("--ascii", engine=engine, theme="dark")
    tour(ui)
    ascii_only(ui)
    check("256" in colours(ui.raw), "no colours")
    ui.keys("Esc", "1", "Home")
    ui.wait(re.compile(r"^[=+|]*=\[1\] Environments", re.M))
    leave(ui)


@test("each sign that is drawn has a stand-in in ASCII")
def _():
    here = os.path.join(SRCDIR, "ui")
    with open(os.path.join(here, "canvas_glyphs.c"), encoding="utf-8") as f:
        known = {chr(int(n, 16)) for n in re.findall(r"\{ 0x([0-9a-f]{4,5}), '", f.read())}
    # Boxes and blocks are brought down by their shape.
    known |= {chr(c) for c in range(0x2500, 0x25a0)}
    for name in sorted(os.listdir(here)):
        if not name.endswith((".c", ".h")) or name == "canvas_glyphs.c":
            continue
        with open(os.path.join(here, name), encoding="utf-8") as f:
            code = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
        drawn = {c for text in re.findall(r'"(?:[^"\\\n]|\\.)*"', code) for c in text if ord(c) > 0x7e}
        equal(drawn - known, set(), "signs in %s that become ?" % name)


@test("--script where the locale is no UTF-8: ASCII, and no column is lost")
def _():
    script = os.path.join(temp_dir(), "script")
    with open(script, "w") as f:
        f.write("size 80x24\nwait affine\nwait 44%\ndump\n")
    done = run([TUI, "--script", script], env={"DOCKER_HOST": engine.host, "LC_ALL": "C", "HOME": temp_dir()}, expect=0)
    check(done.out.isascii(), "it is no ASCII")
    lines = done.out.splitlines()
    check(all(len(line) == 80 for line in lines[1:20]) and "+=[1] Environments =" in lines[1], done.out)


@test("a dumb terminal and one that nobody knows are refused with what to do")
def _():
    for term in ("dumb", "no-such-terminal", ""):
        ui = Tui(engine=engine, term=term)
        ui.end(status=None)
        check(ui.process.returncode not in (0, None), "status %s" % ui.process.returncode)
        check("TERM" in ui.text and "hint:" in ui.text, "what it says\n%s" % ui)
        ui.check_restored()


@test("GNOME's terminal under its own name is not taken for a VT100")
def _():
    ui = Tui(engine=engine, term="vte-256color")
    ui.wait("affine", "48,213", "┏━[1] Environments", lambda: ui.screen.modes & MOUSE)
    ui.quit()


@test("a terminal of today that terminfo does not have works all the same")
def _():
    ui = Tui(engine=engine, term="xterm-ghostty")
    ui.wait("affine", "48,213")
    ui.quit()


def theme_test(name):
    @test("theme %s" % name)
    def _():
        ui = Tui(engine=engine, theme=name, env={"COLORTERM": "truecolor"})
        tour(ui)
        if name == "mono":
            equal(colours(ui.raw) - {"8"}, set(), "colours of mono, but for those of the log")
        # State is told without colour too.
        matches(ui.text, "✖ 3 local +oom", "a row")
        leave(ui)


equal(sorted(f[:-6] for f in os.listdir(THEMES) if f.endswith(".theme")), sorted(THEME_NAMES), "themes")
for theme_name in THEME_NAMES:
    theme_test(theme_name)


@test("F9 changes the theme at once")
def _():
    ui = Tui(engine=engine, env={"COLORTERM": "truecolor"}, theme="dark")
    ui.wait("affine", "48,213")
    y, x = ui.find("✖ 3 local")
    dark = ui.cell(y, x).fg
    ui.keys("F9")
    ui.wait("Theme", *THEME_NAMES)
    menu = [line for line in ui.lines if any(re.search(r"[┃│]\s+%s\s+[┃│]" % t, line) for t in THEME_NAMES)]
    names = [next(t for t in THEME_NAMES if re.search(r"[┃│]\s+%s\s+[┃│]" % t, line)) for line in menu]
    ui.keys("Home", *["Down"] * (names.index("high-contrast") + (1 if "default" in ui.text else 0)), "Enter")
    ui.gone("Theme ━", "━ Theme")
    ui.wait(lambda: ui.cell(*ui.find("✖ 3 local")).fg != dark)
    ui.quit()


@test("no role is told from another by colour alone: mono has attributes")
def _():
    ui = Tui(engine=engine, theme="mono")
    ui.wait("affine", "48,213")
    ui.keys("Home", "Down")
    ui.wait("[2] affine·0")
    y, _ = ui.find("● 0 local")
    check(ui.cell(y, 10).reverse, "the selected row does not stand out")
    lacks(ui.text, "\ufffd", "screen")
    ui.quit()


main()
