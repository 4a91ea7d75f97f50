#!/usr/bin/python3
"""The command line: readline's keys, completion, ghost text, history, jobs, pastes."""
import os
import re
import stat

from tap import check, equal, lacks, main, matches, test
from tui import Tui
from tui_engine import FakeEngine, overview

engine = FakeEngine(overview())
ui = Tui(engine=engine, theme="roles")


def line():
    """What stands in the command line."""
    return ui.lines[ui.rows - 2]


def is_line(text):
    return lambda: line().startswith(text)


def empty_line():
    """Open, and nothing in it."""
    ui.keys("Esc", "Esc", ":")
    ui.wait(lambda: ui.cursor() == (ui.rows - 2, 5))


@test(": opens it, what is typed stands there, Esc closes it")
def _():
    ui.wait("affine")
    empty_line()
    ui.type("call affine")
    ui.wait(is_line("afs> call affine"), lambda: ui.cursor() == (ui.rows - 2, 16))
    ui.keys("Esc")
    ui.wait(is_line("afs>  "), lambda: ui.cursor() is None)


@test("keys that mean something elsewhere are text here")
def _():
    empty_line()
    ui.type("q?zsx1/")
    ui.wait(is_line("afs> q?zsx1/"))
    ui.keys("Esc")


@test("readline's own keys edit the line")
def _():
    empty_line()
    ui.type("stop affine calculator")
    ui.keys("^A")
    ui.wait(lambda: ui.cursor() == (ui.rows - 2, 5))
    ui.keys("M-d")
    ui.type("restart")
    ui.wait(is_line("afs> restart affine calculator"))
    ui.keys("^E", "^W")
    ui.wait(lambda: re.match(r"afs> restart affine  +Tab complete", line()))
    ui.keys("Left", "Left", "Backspace")
    ui.wait(is_line("afs> restart affie"))
    ui.keys("Home", "Del")
    ui.wait(is_line("afs> estart affie"))
    ui.keys("^_")
    ui.wait(is_line("afs> restart affie"))
    ui.keys("C-Right", "C-Left", "C-Right", "C-Right", "C-Left")
    ui.wait(lambda: ui.cursor() == (ui.rows - 2, 13))


@test("wide and combining characters keep the cursor in its place")
def _():
    empty_line()
    ui.type("日本e\u0301x")
    ui.wait(lambda: ui.cursor() == (ui.rows - 2, 11))
    ui.keys("Left", "Left")
    ui.wait(lambda: ui.cursor() == (ui.rows - 2, 9))


@test("^C clears the line, on an empty line it closes it; it never quits")
def _():
    empty_line()
    ui.type("abc")
    ui.wait(is_line("afs> abc"))
    ui.keys("^C")
    ui.wait(lambda: "abc" not in line() and ui.cursor() == (ui.rows - 2, 5))
    ui.keys("^C")
    ui.wait(lambda: ui.cursor() is None)
    ui.keys("^C")
    ui.wait("nothing runs; q quits")


@test("Tab completes commands, and shows those that begin alike")
def _():
    empty_line()
    ui.type("docto")
    ui.keys("Tab")
    ui.wait(is_line("afs> doctor"))
    empty_line()
    ui.type("st")
    ui.keys("Tab")
    ui.wait("stats", "stop", is_line("afs> st"))
    matches(ui.lines[-4], "^[╰┗][^╰╯┗┛│┃]+[╯┛]$", "border of the pane below")
    ui.keys("Tab")
    ui.wait(is_line("afs> stats"))
    ui.keys("Tab")
    ui.wait(is_line("afs> stop"))
    ui.keys("Esc")
    ui.gone("─ Tab ─")


@test("Tab completes environments, methods and argument names")
def _():
    empty_line()
    ui.type("call calcu")
    ui.keys("Tab")
    ui.wait(is_line("afs> call calculator"))
    # Its methods have to be asked for first.
    ui.keys("^U")
    ui.type("call calculator eva")

    def completed():
        ui.keys("Tab")
        ui.quiet(0.1)
        return line().startswith("afs> call calculator evaluate")
    ui.wait(completed)


@test("what can follow is shown dimmed, and Right takes it")
def _():
    empty_line()
    ui.type("call calculator evaluate ")
    ui.wait(re.compile(r"afs> call calculator evaluate .*task_id="))
    y, x = ui.find("task_id=")
    equal(ui.role(ui.rows - 2, line().index("task_id="))[0], "ghost", "role")
    ui.keys("Right")
    ui.wait(lambda: ui.cursor() == (ui.rows - 2, 5 + len("call calculator evaluate task_id=")))
    equal(ui.role(ui.rows - 2, line().index("task_id="))[0], "text", "role of what was taken")


@test("what is suggested is whole arguments, and leaves room for the hints: all of them, fewer, none")
def _():
    for columns, hint in [(120, "Tab complete · ^R history"), (80, "Tab complete"), (60, "")]:
        ui.resize(36, columns)
        ui.wait(ui.is_redrawn)
        empty_line()
        ui.type("call calculator evaluate task_id=17 ")
        ui.wait(re.compile(r"afs> call calculator evaluate task_id=17 model=  seed="), lambda: line().endswith(hint or "="))
        lacks(line(), "…", "line")
        equal("history" in line(), "history" in hint, "the longer hint")
    ui.resize(36, 120)
    ui.wait(ui.is_redrawn)


@test("Tab and S-Tab go through the list, which says how long it is")
def _():
    empty_line()
    ui.type("run --")
    ui.keys("Tab")
    ui.wait(re.compile(r"─ 2\d ─╯"))
    ui.keys("S-Tab")
    ui.wait(re.compile(r"(2\d) of \1 ─╯"))
    ui.keys("Tab", "Tab")
    ui.wait(re.compile(r" 2 of 2\d ─╯"), is_line("afs> run --"))
    ui.keys("Esc", "^U")


@test("Enter runs the command as a job; J shows its output")
def _():
    empty_line()
    ui.type("methods calculator")
    ui.keys("Enter")
    ui.wait(re.compile("✔ [0-9:]+ methods calculator"))
    ui.keys("J")
    ui.wait("Jobs", "list_tasks", "S save", re.compile(r"NOTICES.*✔ \d\d:\d\d:\d\d", re.S))
    lacks(ui.lines[-1], "search", "hints")
    lacks(ui.text, "^C cancel", "screen of a job that is over")
    ui.keys("S")
    ui.wait("save the output to methods.txt")
    ui.keys("^U")
    path = os.path.join(ui.home, "methods.txt")
    ui.type(path)
    ui.keys("Enter")
    ui.wait("saved " + path)
    with open(path) as f:
        matches(f.read(), "^list_tasks", "file")
    ui.keys("Esc")
    ui.gone("━ Jobs")


@test("a wrong command is a notice, not a dialog")
def _():
    ui.command("frobnicate now")
    ui.wait(re.compile("✖ .*frobnicate"))
    ui.command('call "calculator')
    ui.wait(re.compile("✖ .*quot"))


@test("Up and ^R find earlier commands")
def _():
    empty_line()
    ui.keys("Up", "Up", "Up")
    ui.wait(is_line("afs> methods calculator"))
    empty_line()
    ui.keys("^R")
    ui.type("metho")
    ui.wait(lambda: "methods calculator" in line())
    ui.keys("Esc")
    ui.wait(lambda: ui.process.poll() is None)
    ui.keys("Esc")


@test("a question for a filter has no part in the history of commands")
def _():
    ui.keys("Esc", "1", "/")
    ui.type("zzz")
    ui.keys("Esc")
    empty_line()
    ui.keys("Up")
    ui.wait(lambda: line().startswith('afs> call "calculator'))


@test("resizing keeps a half-typed line and submits nothing")
def _():
    jobs = engine.info()["requests"]
    empty_line()
    ui.type("stop affine --ti")
    ui.wait(is_line("afs> stop affine --ti"))
    for rows, columns in [(24, 80), (15, 60), (50, 160), (8, 40), (36, 120)]:
        ui.resize(rows, columns)
        ui.wait(ui.is_redrawn)
        if rows > 10:
            ui.wait(is_line("afs> stop affine --ti"), lambda: ui.cursor() == (ui.rows - 2, 21))
    ui.type("me")
    ui.wait(is_line("afs> stop affine --time"))
    equal(engine.info()["requests"].get("stop", 0), jobs.get("stop", 0), "stops")


@test("a paste goes into the line as text: its line ends and control bytes run nothing")
def _():
    empty_line()
    ui.paste("call affine\nstop affine\r\n\x1b]0;title\x07\x03q")
    ui.wait(lambda: "call affine stop affine" in line())
    check(ui.process.poll() is None, "it ended")
    lacks(str(engine.info()["requests"]), "'stop'", "requests")
    equal(ui.screen.titles, [], "titles")
    ui.keys("^U")


@test("a paste where there is no text field does nothing but say so")
def _():
    ui.keys("Esc", "Esc")
    ui.paste("qsxq:stop affine\n")
    ui.wait("a paste goes into text fields only")
    check(ui.process.poll() is None, "it ended")
    ui.gone("Please confirm")
    lacks(str(engine.info()["requests"]), "'stop'", "requests")


@test("leaving while something is under way asks first")
def _():
    ui.command("call calculator evaluate --arg sleep=60")
    ui.wait(re.compile("call calculator evaluate.* \\d"))
    ui.keys("q")
    ui.wait("Leave, and cancel what is under way?", "call calculator evaluate")
    ui.keys("Esc")
    ui.gone("Leave, and")
    check(ui.process.poll() is None, "it ended")
    ui.keys("^C")
    ui.wait(re.compile("call calculator evaluate.*cancelled"))


@test("a long line of output is seen whole")
def _():
    ui.command("call calculator evaluate --arg model=" + "0123456789" * 40 + "END")
    ui.wait(re.compile("✔ .*call calculator evaluate"))
    ui.keys("J")
    ui.wait("Jobs", re.compile("0123456789END"))
    ui.keys("Esc")
    ui.gone("━ Jobs")


@test("a long line scrolls with its cursor")
def _():
    empty_line()
    ui.type("call calculator evaluate task_id=" + "1234567890" * 15 + "END")
    ui.wait(lambda: line().rstrip().endswith("END"))
    ui.keys("Home")
    ui.wait(is_line("afs> call calculator"), lambda: ui.cursor() == (ui.rows - 2, 5))


@test("a secret that the history masked is not sent as ***")
def _():
    calls = len(engine.info()["calls"])
    empty_line()
    ui.keys("Esc")
    ui.command("call calculator evaluate --arg task_id=1 --arg api_key=***")
    ui.wait("*** stands for a secret", "afs> call calculator evaluate --arg task_id=1")
    ui.keys("Esc")
    # Where nothing is secret, stars are stars.
    ui.command("call calculator evaluate --arg task_id=2 --arg model=***")
    ui.until(lambda: len(engine.info()["calls"]) == calls + 1, "the call")
    equal(engine.info()["calls"][-1]["kwargs"], {"task_id": 2, "model": "***"}, "arguments")


@test("leaving writes the history: mode 0600, values of --env masked")
def _():
    empty_line()
    ui.type("run nosuch:image --env API_KEY=hunter2 --env PLAIN")
    ui.keys("Enter")
    ui.wait(re.compile("[✖·] .*run nosuch:image"))
    ui.command("quit")
    ui.end()
    ui.check_restored()
    path = os.path.join(ui.home, ".local/state/affinetes/tui_history")
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode")
    with open(path) as f:
        text = f.read()
    lacks(text, "hunter2", "history")
    matches(text, r"^run nosuch:image --env API_KEY=\S+", "history")
    matches(text, "^methods calculator$", "history")
    lacks(ui.raw[-200000:].decode("utf-8", "replace").split("hunter2 --env PLAIN")[-1], "hunter2", "what was shown after Enter")


@test("of two sessions at a time none loses the other's commands")
def _():
    both = [Tui(engine=engine, home=ui.home) for _ in range(2)]
    for i, one in enumerate(both):
        one.wait("affine")
        one.command("methods nosuch%d" % i)
        one.wait(re.compile("✖ .*nosuch%d" % i))
    for one in both:
        one.quit()
    with open(os.path.join(ui.home, ".local/state/affinetes/tui_history")) as f:
        text = f.read()
    matches(text, "^methods calculator$", "history")
    matches(text, "^methods nosuch0\nmethods nosuch1$", "history")


@test("the next session has it, and the values of earlier calls")
def _():
    again = Tui(engine=engine, home=ui.home)
    again.wait("affine")
    again.keys(":", "^R")
    again.type("methods calc")
    again.wait(lambda: "methods calculator" in again.lines[-2])
    again.keys("^G")
    again.keys("^U")
    again.type("call calculator evaluate --arg task_id=")
    again.keys("Tab")
    again.wait("afs> call calculator evaluate --arg task_id=2 ")
    again.quit()


main()
