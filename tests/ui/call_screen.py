#!/usr/bin/python3
"""The call screen: form, errors at the field, JSON, targets, result tree, history, saved calls."""
import json
import os
import re
import stat
import subprocess

from engine import AFS, environment, temp_dir
from tap import check, equal, lacks, main, matches, test
from tui import Tui
from tui_engine import FakeEngine, container, counts

RESULT = {"score": 0.913, "success": True, "seed": 12345678901234567890,
          "steps": [{"action": "step %d" % i, "reward": 0.25 * i, "obs": "The drawer is open. " * 60} for i in range(12)],
          "usage": {"prompt_tokens": 1204, "completion_tokens": 812}}
METHODS = [
    {"name": "evaluate", "signature": "(task_id: int, model: str, seed: int = None, temperature: float = 0.7)",
     "source": "Actor", "endpoint": "POST /evaluate", "doc": "Scores one task."},
    {"name": "list_tasks", "signature": "()", "source": "Actor", "endpoint": "POST /list_tasks"},
    {"name": "take", "signature": "(result: dict, ids: list = None, dry: bool = False)", "source": "Actor",
     "endpoint": "POST /take"},
]
engine = FakeEngine([container("affine", i, of=3, methods=METHODS, server=counts(10)) for i in range(3)])
EDITOR = temp_dir() + "/editor"
with open(EDITOR, "w") as script:
    script.write('#!/bin/sh\n(echo "$1"; stat -c %a "$1"; cat "$1") > "$HOME/part" && mv "$HOME/part" "$HOME/edited"\n')
os.chmod(EDITOR, 0o755)
ui = Tui(engine=engine, config="time-format = utc\ntheme = dark\n", env={"EDITOR": EDITOR, "VISUAL": None})


def calls():
    return engine.info()["calls"]


def open_form(method=None, row=0):
    ui.keys("Esc", "Esc", "Esc", "1", "Home", *["Down"] * row)
    ui.keys("c")
    ui.wait("[1] Call form", "affine › Call", "History & saved", re.compile(r"\d of 3"))
    if "Edit as fields" in ui.text:  # as it was left
        ui.keys("^C", "F4")
        ui.wait("Edit as JSON")
    if method:
        for _ in range(4):
            if re.search(r" %s  \d of 3" % method, ui.text):
                break
            ui.keys("PgDn")
            ui.quiet(0.1)
        ui.wait(re.compile(r" %s  \d of 3" % method))


@test("a form from the signature: name, type, default, required mark")
def _():
    ui.wait("affine", "3/3")
    open_form("evaluate")
    ui.wait("(task_id: int, model: str", re.compile(r"task_id\* +int"), re.compile(r"model\* +str"),
            re.compile(r"seed +int .*default None"), re.compile(r"temperature +float .*default 0\.7"))


@test("what a method does stands below its signature where there is room")
def _():
    ui.wait(re.compile(r"temperature: float = 0\.7\) +┃.*\n┃ Scores one task\. "))


@test("the header says what is called, how it is doing, how it is balanced")
def _():
    ui.wait(re.compile(r"^ afs  affine › Call › evaluate   3/3 replicas up   balance round_robin "))


@test("errors stand at their field, before anything is sent")
def _():
    ui.keys("^S")
    ui.wait(re.compile("✖ .*required|✖ .*missing|✖ .*value"))
    ui.type("1x")
    ui.keys("Tab")
    ui.wait('not an int: "1x"')
    equal(calls(), [], "calls")


@test("sent, and its result is a tree; the numbers keep every digit")
def _():
    ui.keys("S-Tab", "^U")
    ui.type("17")
    ui.keys("Tab")
    ui.type("deepseek-v3")
    ui.keys("Tab")
    ui.type("9007199254740993")
    ui.keys("^S")
    ui.wait("[3] Result   ✔", "kwargs")
    sent = calls()
    equal(len(sent), 1, "calls")
    equal(sent[0]["method"], "evaluate", "method")
    equal(sent[0]["kwargs"], {"task_id": 17, "model": "deepseek-v3", "seed": 9007199254740993}, "arguments")
    ui.wait("9007199254740993", re.compile("▌.*evaluate .*✔"))


@test("the equal command is shown, and Y copies it")
def _():
    ui.wait("afs call affine evaluate --arg task_id=17")


@test("arguments as JSON by F4")
def _():
    ui.keys("1")
    open_form("take")
    ui.keys("F4")
    ui.quiet(0.2)
    ui.keys("^U", "^K")
    ui.paste(json.dumps({"result": RESULT}))
    ui.keys("^S")
    ui.wait("[3] Result   ✔", '"score": 0.913', '"success": true', "12345678901234567890")
    equal(calls()[-1]["kwargs"], {"result": RESULT}, "arguments")


@test("the tree folds, shows its path, searches")
def _():
    ui.keys("3")
    ui.wait("┏━[3] Result")
    ui.keys("Home")
    ui.wait(re.compile(r"▾ \{ +5 keys"))
    ui.keys("/")
    ui.type("step 7")
    ui.keys("Enter")
    ui.wait(re.compile(r"\$\.steps\[7\]\.action|\$\.result\.steps\[7\]\.action"))
    ui.keys("Left", "Left")
    ui.wait(re.compile(r"▸ 7: "))
    ui.keys("Home", "Enter")
    ui.wait(re.compile(r"▸ \{"))
    ui.keys("Enter")
    ui.wait(re.compile(r"▾ \{"))


@test("raw, table and back")
def _():
    ui.keys("w")
    ui.wait("▸Raw◂", '{"score":' if '{"score":' in ui.text else "score")
    ui.keys("w")
    ui.wait("▸Tree◂")
    ui.keys("/")
    ui.type("steps")
    ui.keys("Enter", "t")
    ui.wait("▸Table◂", "action", "reward", "step 3")
    ui.keys("t")
    ui.wait("▸Tree◂")


@test("a path leads to its place; a row of the table opens it in the tree")
def _():
    ui.keys(".")
    ui.wait("path $.")
    ui.keys("^U")
    ui.type(".steps[5].reward")
    ui.keys("Enter")
    ui.wait(re.compile(r"┃ +\$\.steps\[5\]\.reward "), re.compile(r'▌ +\d+ +"reward": 1\.25'))
    ui.keys("t")
    ui.wait("▸Table◂")
    ui.keys("Down", "Down", "Enter")
    ui.wait("▸Tree◂", re.compile(r"┃ +\$\.steps\[2\] "))
    ui.keys(".", "^U")
    ui.type(".nosuch")
    ui.keys("Enter")
    ui.wait("the path .nosuch leads nowhere")


@test("the result goes to a file")
def _():
    ui.keys("S")
    ui.quiet(0.2)
    ui.keys("^U")
    path = os.path.join(ui.home, "result.json")
    ui.type(path)
    ui.keys("Enter")
    ui.wait(re.compile("✔ .*saved|✔ .*result.json"))
    with open(path) as f:
        equal(json.load(f), RESULT, "file")
    ui.keys("1")


@test("one replica, all replicas: the target is that of the row, and can be changed")
def _():
    open_form("list_tasks", row=2)
    ui.wait("(•) 1 local")
    before = len(calls())
    ui.keys("^S")
    ui.wait("[3] Result   ✔", re.compile("replica 1"))
    equal(len(calls()), before + 1, "calls")
    ui.wait(re.compile(r'"replica": 1'))
    ui.keys("1")
    ui.keys("Esc")
    open_form("list_tasks")
    ui.keys("Up", "Up", "Up", "Up")  # timeout, concurrency, repeat, replica
    ui.keys("Right", "Right", "Right", "Right")
    ui.wait("(•) all 3")
    before = len(calls())
    ui.keys("^S")
    ui.until(lambda: len(calls()) == before + 3, "three calls")


@test("the history lists what was called; r runs it again")
def _():
    open_form("list_tasks")
    ui.keys("2")
    ui.wait("┏━[2] History & saved", "list_tasks", "evaluate")
    ui.keys("Home")
    before = len(calls())
    ui.keys("r")
    ui.until(lambda: len(calls()) > before, "another call")


@test("e opens the result in $EDITOR and comes back")
def _():
    open_form("list_tasks")
    ui.keys("^S")
    ui.wait("┏━[3] Result   ✔ 200")
    ui.keys("e")
    path = os.path.join(ui.home, "edited")
    ui.until(lambda: os.path.exists(path), "that the editor ran")
    ui.wait("┏━[3] Result")
    with open(path) as f:
        name, mode, text = f.read().split("\n", 2)
    equal(mode, "600", "mode of the file")
    equal(json.loads(text)["method"], "list_tasks", "what was in it")
    check(not os.path.exists(name), "%s is left" % name)


def click(text, dx=0):
    """On the place where this stands."""
    y, x = ui.find(text)
    ui.mouse(y, x + dx)
    ui.quiet(0.05)


@test("the mouse: fields, choices, buttons, hints, modes of the result")
def _():
    open_form("evaluate")
    click("model*")
    ui.keys("^U")
    ui.type("by-click")
    ui.wait(re.compile(r"model\* +str +│ by-click"))
    click("( ) 1 local")
    ui.wait("(•) 1 local")
    click("task_id*")
    ui.keys("^U")
    ui.type("5")
    before = len(calls())
    click("⟨ Send")
    ui.until(lambda: len(calls()) == before + 1, "a call")
    ui.wait("[3] Result   ✔ 200", '"model": "by-click"', "replica 1")
    click(" Raw ", 1)
    ui.wait("▸Raw◂", "┏━[3] Result")
    click(" Tree ", 1)
    ui.wait("▸Tree◂")
    click('"kwargs": {')
    ui.wait(re.compile(r'▸ "kwargs"|\$\.(result\.)?kwargs'))
    click("* save", 2)
    ui.wait("save the call as")
    ui.keys("Esc")
    y, x = ui.find("list_tasks")
    ui.mouse(y, x)
    ui.wait("┏━[2] History & saved")
    ui.keys("1")
    click("F4 JSON")
    ui.wait("Edit as fields")
    ui.keys("F4")
    ui.wait("Edit as JSON")


@test("] goes through the ways to look at a result, and passes over a table of nothing")
def _():
    open_form("list_tasks")
    ui.keys("^S")
    ui.wait("┏━[3] Result   ✔ 200", "▸Tree◂")
    ui.keys("]")
    ui.wait("▸Raw◂")
    ui.keys("]")
    ui.wait("▸Diff◂")
    ui.keys("]")
    ui.wait("[3] Logs")
    ui.gone("[1] Call")
    ui.keys("Esc", "Esc")
    ui.wait("[1] Call", "▸Diff◂")
    ui.keys("[")
    ui.wait("▸Raw◂")
    ui.keys("[")
    ui.wait("▸Tree◂")
    ui.keys("t")
    ui.wait("there is no list of objects in this result")


@test("a long error is seen whole below its field")
def _():
    open_form("take")
    ui.keys("^U")
    ui.type('{"a": 1')
    ui.keys("Tab")
    ui.wait(re.compile(r"┃ +✖ not JSON: line 1 column 8: '?[^┃]+ ┃"), "1 error")
    lacks(ui.lines[ui.row_of("✖ not JSON")].split("┃")[1], "…", "error")
    ui.keys("S-Tab", "^U")


@test("H goes to the history, D compares, R sends several times")
def _():
    open_form("list_tasks")
    ui.keys("H")
    ui.wait("┏━[2] History & saved")
    ui.keys("Home", "Enter")
    ui.wait("┏━[1] Call", "[3] Result   ✔", re.compile(" of 3 "))
    while "┏━[3] Result" not in ui.text:
        ui.keys("S-Tab")
        ui.quiet(0.1)
    ui.keys("D")
    ui.wait("▸Diff◂")
    ui.keys("D")
    ui.wait("▸Tree◂")
    before = len(calls())
    ui.keys("R")
    ui.wait("how often")
    ui.type("6 2")
    ui.keys("Enter")
    ui.until(lambda: len(calls()) == before + 6, "six calls")
    ui.wait("6 calls, 0 failed")
    ui.keys("R")
    ui.type("x")
    ui.keys("Enter")
    ui.wait("no number of calls")
    equal(len(calls()), before + 6, "calls")


def send_json(method, arguments, timeout=None):
    open_form(method)
    ui.keys("F4")
    ui.wait("Edit as fields")
    ui.keys("^C")
    ui.paste(json.dumps(arguments))
    if timeout:
        ui.keys("Tab", "Tab", "Tab", "Tab", "^U")
        ui.type(timeout)
    ui.keys("^S")


@test("what is in flight says how to cancel it; ^C does")
def _():
    send_json("take", {"result": {}, "sleep": 20})
    ui.wait(re.compile(r"\[3\] Result   . take   [\d.]+ m?s   \^C cancels"))
    ui.keys("^C")
    ui.wait("[3] Result   — cancelled", re.compile(r"take .*— cancelled"), "— 1 cancelled")
    lacks(ui.text, "✖ 1 failed", "screen")


@test("Esc leaves what is in flight alone; coming back shows it, and its result")
def _():
    before = len(calls())
    send_json("take", {"result": {}, "sleep": 3})
    ui.wait(re.compile(r"\[3\] Result   . take   [\d.]+ m?s   \^C cancels"))
    ui.keys("Esc")
    ui.wait("[1] Environments", "call affine take goes on; c shows it, J lists it")
    ui.keys("c")
    ui.wait("[1] Call form", re.compile(r"\[3\] Result   . take   [\d.]+ m?s   \^C cancels"))
    ui.keys("Esc")
    ui.wait("[1] Environments", re.compile(r"✔ .*call affine take .*replica \d"))
    equal(len(calls()), before + 1, "calls")
    ui.keys("c")
    ui.wait("[3] Result   ✔ 200", '"sleep": 3', re.compile(r"take .*✔ ok"))


@test("of several that are cancelled it is said how many, and how many were not sent")
def _():
    send_json("take", {"result": {}, "sleep": 20})
    ui.wait("^C cancels")
    ui.keys("^C")
    ui.wait("— cancelled")
    ui.keys("2", "R")
    ui.wait("how often")
    ui.type("5 3")
    ui.keys("Enter")
    ui.wait(re.compile(r"take   0/5"), "(5 times, 3 at a time)")
    ui.quiet(0.3)
    ui.keys("^C")
    ui.wait("5 calls, 3 cancelled, 2 not sent", re.compile(r"× 5: 3 cancelled, 2 not sent"), re.compile(r"— \d cancelled"))


@test("each method comes back with its last result; from the log of a call Esc Esc leads back")
def _():
    open_form("list_tasks")
    ui.keys("^S")
    ui.wait("┏━[3] Result   ✔ 200", '"method": "list_tasks"')
    open_form("evaluate")
    ui.keys("Esc")
    ui.gone("[1] Call")
    open_form("list_tasks")
    ui.wait("[3] Result   ✔ 200", '"method": "list_tasks"')
    ui.keys("3", "l")
    ui.wait("[3] Logs")
    ui.gone("[1] Call")
    ui.keys("Esc", "Esc")
    ui.wait("┏━[3] Result   ✔ 200", "[1] Call form", '"method": "list_tasks"')
    ui.keys("Esc", "Esc")
    ui.wait("┏━[1] Environments")
    for keys in ("3",), ("3", "z"):
        ui.keys(*keys, "c")
        ui.wait("[1] Call form", "list_tasks")
        ui.keys("Esc", "Esc", "Esc")


@test("an error has its traceback; timeouts and failures are marked below their bars")
def _():
    send_json("take", {"result": {}, "sleep": 20}, timeout="300ms")
    ui.wait("[3] Result   ✖ timeout", re.compile(r"take .*✖ timeout +[23]\d\dms"))
    send_json("take", {"result": {}, "raise": "it broke\nTraceback (most recent call last):\n  File \"env.py\"\nValueError: it broke"})
    ui.wait("[3] Result   ✖ 500 method-failed", "it broke", '  File "env.py"', re.compile(r"take .*✖ failed"))
    y = ui.row_of("take, last")
    ui.wait(lambda: re.search(r"— 5 cancelled  ▲ timeout  ✖ 1 failed", ui.lines[y + 1]))
    marks = ui.lines[y + 2][65:90]
    matches(marks, "—▲✖", "marks below the bars")


@test("calls that are made elsewhere come into the list")
def _():
    open_form("list_tasks")
    done = subprocess.run([AFS, "call", "affine", "list_tasks", "--arg", "elsewhere=1"], stdout=subprocess.DEVNULL,
                          env=environment(HOME=ui.home, XDG_RUNTIME_DIR=ui.home, DOCKER_HOST=engine.host))
    equal(done.returncode, 0, "status")
    for i in range(3):
        engine.update("affine-%d" % i, server=counts(11))
    ui.wait(re.compile("list_tasks +elsewh"))


@test("where only one part fits, the names of all are there", timeout=180)
def _():
    small = Tui(engine=engine, rows=24, columns=80, config="theme = dark\n")
    small.wait("1 Envs", "2 Detail", "3 Logs", "4 Call", "affine", "3/3")
    small.keys("c")
    small.wait("▸1 Form◂", "2 History", "3 Result", "task_id")
    y, x = small.find("2 History")
    small.mouse(y, x + 2)
    small.wait("▸2 History◂", "no calls yet")
    small.keys("3")
    small.wait("▸3 Result◂")
    check(" q " not in small.lines[-1], "hints: %s" % small.lines[-1])
    small.keys("1", "PgDn")
    small.wait(re.compile(r"list_tasks  2 of 3"))
    small.keys("^S")
    # What there is no room for beside the tabs is left out whole: the time and the host first.
    small.wait(re.compile(r"┏━\[3\] Result   ✔ 200   \d+(\.\d)? ms   \d+ B   replica \d ━+ ▸Tree◂ Raw Table Diff Logs ━┓"))
    took = re.search(r"✔ 200   ([\d.]+) ms", small.text).group(1)
    small.wait(lambda: "(%s ms, replica" % took in small.text)
    small.keys("2")
    small.wait(lambda: re.search(r"✔ ok +%sms" % re.escape(took), small.text) and "p50 %s ms" % took in small.text)
    small.resize(15, 60)
    small.keys("3")
    small.wait("▸3 Result◂", re.compile(r"\[3\] ✔ 200   %s ms   .* ▸Tree◂ Raw Table" % re.escape(took)))
    small.quit()


@test("a form that is left is as it was when one comes back to it")
def _():
    open_form("take")
    ui.keys("^U")
    ui.type('{"half')
    ui.keys("PgUp")
    ui.wait(re.compile(r" list_tasks  2 of 3"))
    ui.keys("PgDn")
    ui.wait(re.compile(r'result\* +dict +│ \{"half '))
    ui.keys("Esc")
    ui.gone("[1] Call")
    ui.keys("c")
    ui.wait(re.compile(" take  3 of 3"), re.compile(r'result\* +dict +│ \{"half '))
    ui.keys("^U")


@test("in a number letters are keys; where they are text, the hints show keys that work")
def _():
    open_form("evaluate")
    ui.wait("M-h history", "F1 keys")
    lacks(ui.lines[-1], " H history", "hints")
    ui.keys("M-h")
    ui.wait("┏━[2] History & saved", "H history", "? keys")
    ui.keys("1", *["Down"] * 5)
    ui.type("2h")
    ui.wait(re.compile(r"▌repeat +× 12 "))
    ui.keys("Backspace", "H")
    ui.wait("┏━[2] History & saved", re.compile(r"repeat +× 1 "))


@test("a form that is longer than its pane says where one is")
def _():
    small = Tui(engine=engine, rows=15, columns=60, config="theme = dark\n")
    small.wait("affine", "3/3")
    small.keys("c")
    small.wait("▸1 Form◂", "task_id")
    lacks(small.text, "field 1 of 4", "screen")
    small.resize(13, 60)
    small.wait("field 1 of 4")
    small.keys("Down", "Down")
    small.wait("field 3 of 4")
    small.quit()


@test("what went wrong is wrapped between words; only what runs can be cancelled")
def _():
    words = " ".join("word%03d" % i for i in range(60))
    send_json("take", {"result": {}, "raise": words})
    ui.wait("✖ 500 method-failed")
    ui.keys("J")
    ui.wait("Jobs and notices", "word000", "word059")
    seen = re.findall(r"word\d{3}(?= |$)", " ".join(line.strip("┃ ") for line in ui.lines if "word" in line and "✖" not in line))
    equal(sorted(set(seen)), words.split(), "words")
    lacks(ui.lines[-1], "cancel", "hints")
    ui.keys("Esc")
    send_json("take", {"result": {}, "sleep": 20})
    ui.wait("^C cancels")
    ui.keys("M-h", "J")
    ui.wait("Jobs and notices", "^C cancel")
    ui.keys("Esc", "^C")
    ui.wait("— cancelled")


@test("the calls of pane 2 are those of the replica, and Enter opens one")
def _():
    open_form("list_tasks", row=2)
    ui.wait("(•) 1 local")
    ui.keys("^S")
    ui.wait("┏━[3] Result   ✔ 200", "replica 1")
    ui.keys("Esc", "Esc", "Esc", "2", "[", "[")
    ui.wait("▸Calls◂", re.compile(r"\d\d:\d\d:\d\d 1  list_tasks"))
    x = ui.find("TIME")[1] + 9
    rows = [line for line in ui.lines if re.search(r"\d\d:\d\d:\d\d .  \w+ .*(✔|✖|—) (ok|failed|timeout|cancelled)", line)]
    check(rows and all(line[x] == "1" for line in rows), "rows: %s" % rows)
    ui.keys("Down", "Up", "Enter")
    ui.wait("[1] Call form", "┏━[3] Result   ✔", '"method": "list_tasks"', '"replica": 1')
    ui.keys("Esc", "Esc", "1")


@test("Esc leads back; a paste goes into the field, not into the panes")
def _():
    open_form("evaluate")
    ui.keys("^U")
    ui.paste("42\n")
    ui.wait(re.compile(r"task_id\* +int +│ 42"))
    ui.keys("Esc", "Esc")
    ui.wait("[1] Environments")


@test("another session has the history, 0600, and knows earlier values")
def _():
    ui.quit()
    ui.check_restored()
    found = [os.path.join(d, f) for d, _, files in os.walk(ui.home) for f in files if "affinetes" in d and "sqlite" in f or f.endswith(".db")]
    check(found, "no database")
    equal(stat.S_IMODE(os.stat(found[0]).st_mode) & 0o077, 0, "what others may do with %s" % found[0])
    again = Tui(engine=engine, home=ui.home)
    again.wait("affine", "3/3")
    again.keys("c")
    again.wait("History & saved", "list_tasks", "evaluate")
    again.quit()


main()
