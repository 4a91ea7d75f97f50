#!/usr/bin/python3
"""The call screen: form, errors at the field, JSON, targets, result tree, history, saved calls."""
import json
import os
import re
import stat

from tap import check, equal, main, test
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
ui = Tui(engine=engine, config="time-format = utc\ntheme = dark\n")


def calls():
    return engine.info()["calls"]


def open_form(method=None, row=0):
    ui.keys("Esc", "Esc", "Esc", "1", "Home", *["Down"] * row)
    ui.keys("c")
    ui.wait("[1] Call affine", "History & saved")
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
    ui.keys("End", "^U")
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


@test("Esc leads back; a paste goes into the field, not into the panes")
def _():
    open_form("evaluate")
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
