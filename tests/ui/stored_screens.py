#!/usr/bin/python3
"""What is drawn, against screens that are stored in golden/. AFS_UPDATE_GOLDEN=1 stores them anew: look at the diff."""
import re

from tap import main, test
from tui import Tui, compare_golden
from tui_engine import FakeEngine, overview

WORLD = [c for c in overview() if c["state"] != "created"]
engine = FakeEngine(WORLD)
# Fixed times, so that nothing depends on when the test runs.
AT = 1764025471882 * 10**6
LOG = [
    "INFO request_start   task_id:17|type:abd|seed:99|model:deepseek-v3   elapsed_ms=0",
    "INFO llm_call_start  task_id:17|type:abd|seed:99|model:deepseek-v3   elapsed_ms=89 attempt=1",
    "WARN retry           task_id:16|type:sat|seed:4   status=429 wait=1.2",
    '{"level":"info","event":"score","task_id":17,"score":0.913,"steps":12,"usage":{"in":1204,"out":812}}',
    "ERROR request_error   task_id:16|type:sat|seed:4   error_type=TimeoutError",
    "Traceback (most recent call last):",
    '  File "/app/env.py", line 12, in evaluate',
    "    return await ask(task_id)",
    "TimeoutError: no answer within 30 s",
    "INFO stream_complete task_id:17|type:abd|seed:99  tokens=812 elapsed_ms=528",
]
engine.log("affine-1", LOG, at=AT)
engine.log("affine-0", ["INFO request_start   task_id:%d|type:abd|seed:7" % i for i in range(6)], at=AT + 3 * 10**6)
engine.log("affine-2", ["INFO health ok"], at=AT + 5 * 10**6)

ENDED = (re.compile(r"OOM-killed \d\d:\d\d:\d\d"), "OOM-killed 00:21:07")
UPTIME = (re.compile(r"up 3h1\dm"), "up 3h12m")
SINCE = (re.compile(r"since \d{3}d\d\dh"), "since 366d01h")
GRAPHS = (re.compile("[\u2801-\u28ff]"), " ")  # they grow in the first two minutes
CONFIG = "time-format = utc\ntheme = dark\n"


def shown(rows, columns, *keys, ready=("affine", "48,213", "44%"), config=CONFIG, **options):
    ui = Tui(engine=engine, rows=rows, columns=columns, config=config, **options)
    ui.wait("affine")
    ui.keys(*keys)
    return ui, {"more": [GRAPHS, UPTIME, ENDED, SINCE], "ready": ready}


@test("overview, 120x36")
def _():
    ui, how = shown(36, 120, "Down", "Down")
    compare_golden(ui, "overview-120x36", **how)
    ui.quit()


@test("overview, 80x24")
def _():
    ui, how = shown(24, 80, "Down", "Down")
    compare_golden(ui, "overview-80x24", **how)
    ui.quit()


@test("overview, 60x15")
def _():
    ui, how = shown(15, 60, "Down", "Down", ready=("affine", "44%"))
    compare_golden(ui, "overview-60x15", **how)
    ui.quit()


@test("overview, 160x45")
def _():
    ui, how = shown(45, 160, "Down", "Down")
    compare_golden(ui, "overview-160x45", **how)
    ui.quit()


@test("overview in ASCII, 80x24")
def _():
    ui, how = shown(24, 80, "Down", "Down", config=CONFIG + "ascii = true\n")
    compare_golden(ui, "overview-ascii-80x24", **how)
    ui.quit()


@test("too small, 40x10")
def _():
    ui = Tui(engine=engine, rows=10, columns=40, config=CONFIG)
    compare_golden(ui, "too-small-40x10", ready=("too small",))
    ui.keys("q")
    ui.end()


@test("merged logs, 120x36")
def _():
    ui, how = shown(36, 120, "3", "z", ready=("task_id:17", "health ok"))
    compare_golden(ui, "logs-120x36", **how)
    ui.quit()


@test("merged logs with a search, 120x36")
def _():
    ui, how = shown(36, 120, "3", "z", ready=("task_id:17", "health ok", "FOLLOW"))
    ui.wait(*how["ready"])
    ui.keys("/")
    ui.type("task_id:17")
    ui.keys("Enter")
    compare_golden(ui, "logs-search-120x36", **how)
    ui.quit()


@test("merged logs with a filter, a search and JSON laid out, 120x36")
def _():
    ui, how = shown(36, 120, "3", "z", ready=("match 1/1", '"score": 0.913'))
    ui.wait("task_id:17", "health ok", "FOLLOW")
    ui.keys("f")
    ui.type(r"task_id\W+(16|17)\b")
    ui.keys("Enter")
    ui.wait("keep /task_id", "6 of 17 lines")
    ui.keys("/")
    ui.type("score.:0")
    ui.keys("Enter")
    ui.wait("match 1/1")
    ui.keys("i")
    compare_golden(ui, "logs-filter-120x36", **how)
    ui.quit()


@test("a call: form with an error, result, history, 120x36")
def _():
    ui, how = shown(36, 120, "c", ready=("[3] Result   ✔", "kwargs", 'not an int: "4x"'))
    ui.wait("[1] Call form", "task_id*")
    ui.type("17")
    ui.keys("Tab")
    ui.type("deepseek-ai/DeepSeek-V3")
    ui.keys("^S")
    ui.wait("[3] Result   ✔", "kwargs")
    ui.keys("1")
    ui.wait("┏━[1] Call")
    ui.keys("Tab")
    ui.type("4x")
    ui.keys("Tab")
    # What a call took, and when it was.
    how["more"] += [(re.compile(pattern), "~") for pattern in (
        r"[\d.]+ m?s   99 B   replica 0 local   \S{8} ─+", r"\S{8} 0  evaluate    task_id=17… ✔ ok *[\d.]+m?s",
        r"p50 .* ok 1/1 +")]
    how["more"].append((re.compile(r" *\([\d.]+ m?s, replica 0\)"), ""))
    compare_golden(ui, "call-120x36", **how)
    ui.quit()


@test("methods, 120x36")
def _():
    ui, how = shown(36, 120, "2", "]", ready=("list_tasks", "Scores one task."))
    compare_golden(ui, "methods-120x36", **how)
    ui.quit()


@test("keys, 120x36")
def _():
    ui, how = shown(36, 120, "?", ready=("Environments", "In lists and text"))
    compare_golden(ui, "keys-120x36", **how)
    ui.quit()


@test("a question, 80x24")
def _():
    ui, how = shown(24, 80, "s", ready=("Please confirm",))
    compare_golden(ui, "question-80x24", **how)
    ui.quit()


@test("nothing runs, 120x36")
def _():
    empty = FakeEngine()
    ui = Tui(engine=empty, config=CONFIG)
    compare_golden(ui, "nothing-120x36", ready=("Nothing runs.",))
    ui.quit()


main()
