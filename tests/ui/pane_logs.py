#!/usr/bin/python3
"""Pane 3: logs, followed, merged, searched, filtered; bytes that are out to do harm."""
import os
import re
import signal
import time

from tap import below, check, equal, lacks, main, test
from tui import ALTERNATE, Tui
from tui_engine import FakeEngine, container

engine = FakeEngine([container("pool", i, of=3) for i in range(3)] + [container("nasty"), container("flood"), container("minutes")])
CONFIG = "time-format = utc\ntheme = dark\nlog-lines = 5000\n"
ui = Tui(engine=engine, config=CONFIG)


def body():
    """The lines between the head of the log and its frame."""
    top = next(y for y, line in enumerate(ui.lines) if "message ─" in line)
    return [line for line in ui.lines[top + 1:] if line[:1] in "┃│"]


def messages(pattern):
    return [m.group(1) for line in body() for m in [re.search(pattern, line)] if m]


@test("what is printed shows at once; replicas are merged by time with their number")
def _():
    ui.wait("pool", "nasty")
    ui.logs_of("pool")
    at = time.time_ns() - 10**9
    for i in range(9):
        engine.log("pool-%d" % (i % 3), ["INFO merged %d." % i], at=at + i * 10**7)
    ui.wait("merged 8.")
    ui.wait(lambda: messages(r"│(\d)│.*merged") == ["0", "1", "2"] * 3, lambda: messages(r"merged (\d)") == list("012345678"))


@test("a digit hides a replica's lines and shows them again")
def _():
    ui.keys("1")
    ui.wait(lambda: messages(r"merged (\d)") == list("023568"), "6 of 9 lines", "▣0 □1 ▣2")
    # So it is in the small pane, and in another environment it means nothing.
    ui.keys("z")
    ui.wait("merged by time  without 1", " 6 of 9 ")
    ui.keys("z")
    ui.logs_of("nasty")
    ui.logs_of("pool")
    ui.wait(lambda: messages(r"merged (\d)") == list("023568"))
    ui.keys("1")
    ui.wait(lambda: messages(r"merged (\d)") == list("012345678"))


@test("a search marks what it finds, with a count; n and N go on")
def _():
    ui.keys("/")
    ui.wait("search (regex)   ↵ keep   Esc clear")
    ui.type("merged [357")
    ui.wait("missing terminating ] for character class")
    ui.keys("Enter")
    ui.wait(re.compile(r"^/ merged \[357 ", re.M))
    ui.type("]")
    ui.keys("Enter")
    ui.wait(re.compile(r"match \d/3"))
    # What was searched before is there again.
    ui.keys("/", "Up")
    ui.wait(re.compile(r"^/ merged \[357\] ", re.M))
    ui.keys("Enter")
    ui.wait(re.compile(r"match \d/3"))
    first = ui.wait(re.compile(r"match (\d)/3")).group(1)
    ui.keys("N")
    ui.wait(lambda: re.search(r"match (\d)/3", ui.text).group(1) != first)
    ui.keys("n")
    ui.wait("match %s/3" % first)
    y = ui.row_of("merged 3.")
    x = ui.lines[y].index("merged 3")
    check(ui.cell(y, x).bg != ui.cell(y, x - 2).bg or ui.cell(y, x).reverse, "the match does not stand out")
    ui.keys("End")
    ui.wait("FOLLOW")


@test("f keeps what matches, with the count of all")
def _():
    ui.keys("f")
    ui.type("merged [13]")
    ui.keys("Enter")
    ui.wait("2 of 9 lines", lambda: messages(r"merged (\d)") == ["1", "3"])
    ui.keys("z")
    ui.wait(re.compile(r"\[3\] Logs  pool .* 2 of 9 "))
    ui.keys("z")
    engine.log("pool-0", ["INFO merged 1 again.", "INFO other."])
    ui.wait("3 of 11 lines", "merged 1 again.")
    lacks("\n".join(body()), "other.", "lines shown")
    ui.keys("f", "^U", "Enter")
    ui.wait("11 of 11 lines", "other.")


@test("levels: v hides what is less, e goes to the next error")
def _():
    engine.log("pool-1", ["DEBUG small talk.", "WARN careful.", "ERROR broken.", "INFO fine."])
    ui.wait("broken.", "small talk.")
    ui.keys("g")
    ui.wait("HELD")
    ui.keys("e")
    ui.wait(lambda: any(line.startswith("┃▌") and "broken." in line for line in ui.lines))
    ui.keys("End")
    for _ in range(6):
        ui.keys("v")
        ui.quiet(0.1)
        if "small talk." not in ui.text and "fine." not in ui.text and "broken." in ui.text:
            break
    ui.wait("broken.")
    lacks("\n".join(body()), "small talk.", "lines above DEBUG")
    for _ in range(8):
        if "small talk." in ui.text:
            break
        ui.keys("v")
        ui.quiet(0.1)
    ui.wait("small talk.")


@test("JSON lines open in place, tracebacks fold")
def _():
    engine.log("pool-2", ['{"level":"info","event":"score","deep":{"list":[1,2,{"x":"y"}]},"big":12345678901234567890}',
                          "Traceback (most recent call last):", '  File "/app/env.py", line 3, in step', "    boom()",
                          "ValueError: boom", "INFO after."])
    ui.wait("after.", re.compile(r"Traceback .*▸ \d lines folded"))
    lacks("\n".join(body()), "env.py", "a folded traceback")
    ui.keys("Up", "Up", "Enter")
    ui.wait('File "/app/env.py"')
    ui.keys("Enter")
    ui.gone('File "/app/env.py"')
    ui.keys("Up", "Enter")
    ui.wait(re.compile(r'"big": 12345678901234567890'), '"x": "y"')
    ui.keys("Enter")
    ui.gone('"x": "y"')
    ui.keys("End")


@test("t turns the time through its formats, w wraps")
def _():
    seen = set()
    for _ in range(4):
        ui.keys("t")
        ui.quiet(0.1)
        seen.add(re.search(r"merged 1 again", ui.text) and [line for line in ui.lines if "merged 1 again" in line][0][:20])
    check(len(seen) >= 3, "formats of time: %s" % seen)
    engine.log("pool-0", ["INFO long " + "x" * 150 + " tail-of-it"])
    ui.wait("INFO")
    ui.keys("w")
    ui.wait("tail-of-it")
    ui.keys("w")
    ui.gone("tail-of-it")


@test("probes are one row with a count, whatever comes between; it opens")
def _():
    at = time.time_ns()
    for i in range(42):
        engine.log("pool-0", ['172.17.0.1 "GET /%s" 200  1ms' % ("stats" if i % 3 else "health"), "INFO worked %d." % i],
                   at=at + i * 10**6 * 10)
    ui.wait("worked 41.", "(hidden: 41 ×)")
    equal(len([line for line in body() if "GET /" in line]), 1, "rows of probes")
    engine.log("pool-0", ['172.17.0.1 "GET /health" 503  1ms', '172.17.0.1 "GET /health" 200  1ms'])
    ui.wait("(hidden: 42 ×)", re.compile('ERROR │ .*"GET /health" 503'))
    ui.keys("Up", "Enter")
    ui.wait(lambda: len(messages(r"(INFO .*GET /)")) > 5)
    ui.keys("Enter")
    ui.wait(re.compile(r"^┃▌.*hidden: 42", re.M))
    # What is held stays as it is: the next ones have a row of their own.
    engine.log("pool-0", ['172.17.0.1 "GET /health" 200  1ms'] * 3)
    ui.wait("+3 new", "(hidden: 42 ×)")
    ui.keys("End")
    ui.wait("(hidden: 42 ×)", "(hidden: 2 ×)")


@test("scrolling up holds the view and counts what arrives; End follows again")
def _():
    engine.log("pool-0", ["INFO filler %d." % i for i in range(100)])
    ui.wait("filler 99.")
    ui.keys("PgUp", "PgUp")
    ui.wait("HELD")
    held = body()
    engine.log("pool-0", ["INFO later %d." % i for i in range(7)])
    ui.wait(re.compile(r"\+7 new"))
    equal(body()[1:-1], held[1:-1], "what is shown while held")
    ui.keys("End")
    ui.wait("later 6.", "FOLLOW")


HOSTILE = [
    (b"osc \x1b]0;EVIL TITLE\x07 after-osc", "after-osc"),
    (b"osc52 \x1b]52;c;RVZJTA==\x1b\\ after-copy", "after-copy"),
    (b"csi \x1b[2J\x1b[H\x1b[10;10H after-csi", "after-csi"),
    (b"modes \x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?2004l after-modes", "after-modes"),
    (b"reset \x1bc\x1b[!p after-reset", "after-reset"),
    (b"charset \x1b(0lqqqk\x0e after-charset\x0f", "after-charset"),
    (b"c1 \x9b31m\x9d0;EVIL\x9c \xc2\x9b2J after-c1", "after-c1"),
    (b"bs \x08\x08\x08\x08\x08overwritten\r\rstart after-bs", "after-bs"),
    (b"nul \x00\x00 bel \x07\x07 del \x7f after-nul", "after-nul"),
    (b"bad \xff\xfe\xc3\x28\xa0\xa1\xe2\x28\xa1\xf0\x28\x8c\xbc after-bad", "after-bad"),
    (b"overlong \xc0\xaf \xe0\x80\xaf surrogate \xed\xa0\x80 after-overlong", "after-overlong"),
    ("wide 日本語テキスト 한국어 after-wide".encode(), "after-wide"),
    ("zwj \U0001F468\u200d\U0001F469\u200d\U0001F467 e\u0301\u0327\u0316 \u200f\u202eRTL\u202c after-zwj".encode(), "after-zwj"),
    ("combining " .encode() + "a".encode() + "\u0301".encode() * 200 + b" after-zalgo", "after-zalgo"),
    (b"tabs \ta\tbb\tccc after-tabs", "after-tabs"),
    (b"sgr \x1b[31;1mred\x1b[38;2;1;2;3mrgb\x1b[48;5;20mground\x1b[0m after-sgr", "after-sgr"),
    (b"unfinished \x1b[31", "unfinished"),
    (b"dcs \x1bP1$r0m\x1b\\ pm \x1b^x\x1b\\ apc \x1b_y\x1b\\ after-dcs", "after-dcs"),
    (b"answer \x1b[6n\x1b[c\x05\x1b[>c after-answer", "after-answer"),
]


def borders_straight():
    """Each line of the pane begins and ends with its frame."""
    lines = ui.screen.display
    top = next(y for y, line in enumerate(lines) if line.startswith("┏━[3]"))
    bottom = next(y for y, line in enumerate(lines) if line.startswith("┗") and y > top)
    for y in range(top, bottom + 1):
        cells = [ui.cell(y, x).data for x in (0, ui.columns - 1)]
        if cells[0] not in "┏┃┗" or cells[1] not in "┓┃┛":
            return "line %d: %r\n%s" % (y, cells, ui)
    return None


@test("hostile bytes act on nothing, and the frame stays straight")
def _():
    ui.logs_of("nasty")
    before = bytes(ui.raw)
    modes = set(ui.screen.modes)
    for data, shown in HOSTILE:
        engine.log("nasty", [data])
        ui.wait(shown)
        wrong = borders_straight()
        check(not wrong, "after %r: %s" % (data, wrong))
    equal(ui.screen.titles, [], "titles that were set")
    equal(ui.screen.strange, [], "what the emulator did not understand")
    equal(ui.screen.modes, modes, "modes")
    check(ALTERNATE in ui.screen.modes, "the alternate screen")
    sent = bytes(ui.raw)[len(before):]
    for bad in (b"\x1b]52", b"\x1bc", b"\x1b[6n", b"\x07", b"\x1b[2J\x1b[H\x1b[10;10H"):
        check(bad not in sent, "%r went to the terminal" % bad)
    check(not re.search(rb"[\x00\x05\x7f]", sent), "control bytes went to the terminal")
    sent.decode("utf-8")  # nothing but UTF-8


@test("colour of a program's own is kept")
def _():
    y = ui.row_of("after-sgr")
    x = ui.lines[y].index("redrgb")
    check(ui.cell(y, x).fg not in ("default", ui.cell(y, x - 2).fg), "red is not red: %s" % (ui.cell(y, x),))


@test("the same wrapped, and at widths that cut wide characters in two")
def _():
    ui.keys("w")
    ui.quiet(0.1)
    for columns in (121, 64, 83, 60, 119):
        ui.resize(36, columns)
        ui.wait(ui.is_redrawn)
        wrong = borders_straight()
        check(not wrong, "at %d columns: %s" % (columns, wrong))
    ui.resize(36, 120)
    ui.wait(ui.is_redrawn)
    ui.keys("w")


@test("wrapped, nothing is lost under what stands at the end of a row; JSON wraps too and keeps short parts together")
def _():
    words = " ".join("w%02d" % i for i in range(60))
    engine.log("nasty", ['{"words":"%s","usage":{"in":1204,"out":812},"end":[1]}' % words])
    ui.wait('"words"')
    ui.keys("w", "/")
    ui.type("w59")
    ui.keys("Enter")
    ui.wait("match 1/1")
    rest = re.compile(r"^┃.{26}(.*?) *(?:↵ *)?┃$")

    def text():
        return "".join(m.group(1) for line in body() for m in [rest.match(line)] if m).replace(" ", "")
    ui.wait(lambda: words.replace(" ", "") in text())
    ui.keys("Enter")
    ui.wait('│   "usage": { "in": 1204, "out": 812 },', '└   "end": [ 1 ] }', "┌ {")
    ui.wait(lambda: text().replace("│", "").count(words.replace(" ", "")) == 2)
    ui.keys("Enter", "Esc", "w", "End")


@test("what is taller than the screen is paged through")
def _():
    engine.log("nasty", ['{"deep":[%s]}' % ",".join(str(i) for i in range(1000, 1100))])
    ui.wait('"deep"')
    ui.keys("Up", "Enter")
    ui.wait('"deep": [')
    seen = set()
    for _ in range(8):
        seen |= set(re.findall(r"│ +(1\d\d\d),?", ui.text))
        if "1099" in seen:
            break
        ui.keys("PgDn")
        ui.quiet(0.1)
    equal(len(seen), 100, "numbers that were seen")
    ui.keys("Up", "Up", "Home", "End", "Up", "Enter", "End")


@test("a line of a megabyte is a line", timeout=180)
def _():
    rss = ui.rss()
    engine.log("nasty", [b"begin-of-it " + b"x" * 1000000 + b" end-of-it", b"INFO next line."])
    ui.wait("begin-of-it", "next line.")
    started = time.monotonic()
    ui.keys("Up")
    ui.keys("Down")
    ui.keys("End")
    ui.wait("next line.", "FOLLOW")
    below(time.monotonic() - started, 3, "seconds for three keys")
    below(ui.rss() - rss, 60000, "KiB more")
    check(not borders_straight(), borders_straight())


@test("a flood: everything is shown or counted, keys answer, memory is bounded", timeout=180)
def _():
    ui.logs_of("flood")
    engine.flood(["flood"], 2000, lines=12000)
    for _ in range(5):
        started = time.monotonic()
        ui.keys("?")
        ui.wait("─ Keys" if "─ Keys" in ui.text else re.compile("[─━] Keys"))
        ui.keys("Esc")
        ui.wait("[3] Logs")
        below(time.monotonic() - started, 5, "seconds for two keys")
    ui.wait("n=11999", timeout=60)
    logged = engine.info()["logged"]["flood"]
    kept = int(ui.wait(re.compile(r"of ([\d,]+) lines")).group(1).replace(",", ""))
    dropped = re.search(r"drop ([\d,]+)", ui.text)
    equal(kept + int(dropped.group(1).replace(",", "")), logged, "lines kept and dropped\n%s\n" % ui)


@test("in 15 rows: lines that were dropped are told, digits switch replicas, borders stay")
def _():
    ui.resize(15, 60)
    ui.wait(re.compile(r"FOLLOW  [\d,]+ dropped ━┛"), re.compile(r"[\d,]+ of [\d,]+ lines  F edit"))
    check(not borders_straight(), borders_straight())
    ui.keys("z", "1")
    ui.resize(24, 80)
    ui.wait(ui.is_redrawn, re.compile(r"FOLLOW  [\d,]+ dropped"))
    ui.resize(36, 120)
    ui.wait(ui.is_redrawn)
    ui.logs_of("pool")
    ui.resize(15, 60)
    ui.wait("replica ▣0 ▣1 ▣2")
    ui.keys("1")
    ui.wait("replica ▣0 □1 ▣2")
    ui.keys("1")
    ui.wait("replica ▣0 ▣1 ▣2")
    ui.resize(36, 120)
    ui.wait(ui.is_redrawn)


@test("T, the mouse and a stop while a flood goes on", timeout=180)
def _():
    ui.logs_of("flood")
    engine.flood(["flood"], 2000)
    try:
        ui.wait(re.compile(r"LIVE ● 1,\d{3}|LIVE ● 2,\d{3}"))
        # The wheel holds the view, a click chooses a line, T keeps those of its task.
        ui.mouse(12, 40, button=64)
        ui.wait("HELD", re.compile(r"\+[\d,]+ new"))
        ui.mouse(12, 40)
        ui.wait(re.compile(r"^┃▌", re.M))
        ui.keys("T")
        ui.wait(re.compile(r"trace /.*task_id"))
        task = re.search(r"trace /.*\}(\d+)", ui.text).group(1)
        ui.keys("End")
        ui.wait("FOLLOW")
        shown = [re.search(r"task_id:(\d+)", line) for line in ui.lines if "task_id:" in line and "trace" not in line]
        check(shown and all(m.group(1) == task for m in shown), "lines of another task\n%s" % ui)
        ui.keys("Esc")
        ui.gone("trace /")
        # Stopped for a while and woken, it goes on and has lost nothing.
        os.kill(ui.process.pid, signal.SIGSTOP)
        ui.until(lambda: stopped(ui.process.pid), "that it stops")
        os.kill(ui.process.pid, signal.SIGCONT)
        ui.wait(re.compile(r"LIVE ● [12],\d{3}"))
    finally:
        engine.flood_off()
    logged = engine.info()["logged"]["flood"]

    def counted():
        kept, dropped = re.search(r"of ([\d,]+) lines", ui.text), re.search(r"drop ([\d,]+)", ui.text)
        return sum(int(m.group(1).replace(",", "")) for m in (kept, dropped)) == logged
    ui.wait(counted)


def stopped(pid):
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rpartition(")")[2].split()[0] == "T"


@test("S saves what is shown to a file; y copies a line")
def _():
    ui.logs_of("nasty")
    ui.keys("f")
    ui.type("after-wide")
    ui.keys("Enter")
    ui.wait(re.compile("1 of"))
    path = ui.home + "/saved.log"
    ui.keys("S")
    ui.quiet(0.2)
    ui.keys("^U")
    ui.type(path)
    ui.keys("Enter")
    ui.wait("saved %s (1 line)" % path)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    check("日本語" in text and "after-osc" not in text, "file: %r" % text)
    # Nothing is overwritten.
    ui.keys("S")
    ui.quiet(0.2)
    ui.keys("^U")
    ui.type(path)
    ui.keys("Enter")
    ui.wait("%s is there already; choose another name" % path)
    ui.keys("y")
    ui.wait(re.compile("✔ .*copied"))
    check(b"\x1b]52;c;" in ui.raw, "no OSC 52")
    ui.keys("f", "^U", "Enter")


@test("[ and ] go by a minute, space holds and lets go, e and E find errors")
def _():
    at = time.time_ns() - 600 * 10**9
    for i in range(10):
        engine.log("minutes", ["%s minute %d." % ("ERROR" if i in (2, 6) else "INFO", i)] + ["INFO filler."] * 30, at=at + i * 60 * 10**9)
    ui.logs_of("minutes")
    ui.wait("310 of 310 lines", "FOLLOW")
    ui.keys("Space")
    ui.wait("HELD")
    ui.keys("Space")
    ui.wait("FOLLOW")
    ui.keys("[", "[", "[")
    ui.wait(lambda: re.search(r"^┃▌.*(minute 7|filler)", ui.text, re.M), "HELD", "minute 7.")
    ui.keys("E")
    ui.wait(re.compile(r"^┃▌.*minute 6\.", re.M))
    ui.keys("E")
    ui.wait(re.compile(r"^┃▌.*minute 2\.", re.M))
    ui.keys("]")
    ui.wait(re.compile(r"^┃▌.*minute 3\.", re.M))
    ui.keys("e")
    ui.wait(re.compile(r"^┃▌.*minute 6\.", re.M))
    ui.keys("End")


@test("rules, level, wrap, time and muted replicas come back in the next session")
def _():
    ui.logs_of("pool")
    ui.keys("2", "v", "w", "t", "F", "h")
    ui.type("filler")
    ui.keys("Enter", "a")
    ui.type("o")
    ui.keys("Enter", "Space", "Esc")
    ui.wait("hide /filler/", "level ≥ info", "▣0 ▣1 □2")
    ui.quit()
    ui.check_restored()
    again = Tui(engine=engine, home=ui.home)
    again.wait("without 2", "wrap on", "t off")
    again.keys("3", "z")
    again.wait("hide /filler/", "level ≥ info", "▣0 ▣1 □2")
    again.keys("F")
    again.wait("▣ hide  /filler/", "□ keep  /o/", "least level: INFO")
    again.quit()


main()
