#!/usr/bin/python3
"""Pane 2: its tabs."""
import re

from tap import check, equal, lacks, main, test
from tui import Tui
from tui_engine import FakeEngine, counts, overview

WORLD = overview()
for c in WORLD:
    if c["name"] == "affine-1":
        c["env_vars"] = ["API_KEY=hunter2", "MODEL=deepseek-v3", "PATH=/usr/bin", "DB_PASSWORD=swordfish"]
engine = FakeEngine(WORLD)


def old_counts(requests, errors):
    """As servers of before errors were told apart answer."""
    old = counts(requests, errors)
    for row in old["methods"].values():
        for name in ("errors_4xx", "errors_5xx", "timeouts"):
            del row[name]
    return old


ui = Tui(engine=engine)


@test("the overview has what the picture has: image, limit, rates, latency, CPU, memory, methods")
def _():
    ui.wait("affine", "44%")
    ui.keys("Down", "Down")
    ui.wait("[2] affine·1", "image affine:v2", "up 3h1", "mem limit 2.0G", "methods 3 · balance round_robin", "restarts 0", "● healthy",
            "REQ/s", "last 120 s", re.compile("p50 88 ms +p95 412 ms +p99 1.9 s +timeouts 0"), "in flight 0", "CPU 44% of 1 core", "MEM 207M / 2.0G",
            re.compile(r"CALLS +OK +4xx +5xx +p95 +last"), re.compile(r"evaluate +11,802 +99.8% +0 +19 +412 ms"),
            re.compile(r"list_tasks +236 +100"))


@test("an environment's overview has the sums of its replicas, and what the engine says of them")
def _():
    ui.keys("End", "Left")
    ui.wait("[2] webshop", "Exited (137) 2 minutes ago", "replicas 3 of 4 up", re.compile(r"evaluate +9,880 +99.4% +0 +59"))


@test("a server that does not tell errors apart has them in one column")
def _():
    ui.keys("1", "Home", "Down", "Down")
    ui.wait("[2] affine·1", "4xx")
    engine.update("affine-1", server=old_counts(11802, 19))
    ui.wait(re.compile(r"CALLS +OK +ERR +p95"), re.compile(r"evaluate +11,802 +99.8% +19"), lambda: "timeouts" not in ui.text)


@test("] and [ turn the tabs; Logs goes to pane 3")
def _():
    ui.keys("2", "]")
    ui.wait("▸Methods◂", "list_tasks", "Scores one task.")
    ui.keys("]")
    ui.wait("▸Calls◂")
    ui.keys("]")
    ui.wait("▸Env◂")
    ui.keys("]")
    ui.wait("▸Overview◂")
    ui.keys("[", "[", "[")
    ui.wait("▸Methods◂")


@test("methods come from the server, with signature and docstring")
def _():
    ui.wait("evaluate(task_id: int, model: str", "reset(seed: int = 0)")


@test("Enter on a method opens the form for it")
def _():
    ui.keys("Down", "Enter")
    ui.wait(re.compile("Call form|list_tasks"), re.compile(r"[Cc]all"))
    ui.keys("Esc", "Esc")
    ui.wait("[1] Environments")


@test("the environment's variables: secrets are masked until v reveals them")
def _():
    ui.keys("Esc", "1", "Home", "Down", "Down")
    ui.wait("[2] affine·1")
    ui.keys("2", "]", "]")
    ui.wait("▸Env◂", "API_KEY", "deepseek-v3")
    lacks(ui.text, "hunter2", "tab Env")
    lacks(ui.text, "swordfish", "tab Env")
    check(b"hunter2" not in ui.raw, "the secret went to the terminal")
    ui.keys("v")
    ui.wait("hunter2", "swordfish")
    ui.keys("v")
    ui.gone("hunter2", "swordfish")


@test("z gives a pane the whole screen and takes it back")
def _():
    ui.keys("z")
    ui.wait("[2] affine·1", re.compile("^ afs  affine·1 › Env   3/3 up   balance round_robin", re.M),
            lambda: "[1] Environments" not in ui.text and "[3] Logs" not in ui.text)
    ui.keys("Esc")
    ui.wait("[1] Environments", "[3] Logs")


@test("Tab and S-Tab go from pane to pane, 1 to 3 directly")
def _():
    ui.keys("1")
    ui.wait("┏━[1] Env")
    ui.keys("Tab")
    ui.wait("┏━[2] ")
    ui.keys("Tab")
    ui.wait("┏━[3] ")
    ui.keys("Tab")
    ui.wait("┏━[1] ")
    ui.keys("S-Tab")
    ui.wait("┏━[3] ")
    ui.keys("2")
    ui.wait("┏━[2] ")


@test("? lists the keys that work here, and finds them by what they do")
def _():
    ui.keys("?")
    ui.wait("Keys", "Show or mask secret values", "Next tab")
    ui.keys("/")
    ui.type("theme")
    ui.wait("Choose a theme")
    ui.gone("Next tab")
    ui.keys("Enter", "Esc")
    ui.gone("Choose a theme")
    ui.quit()
    equal(ui.screen.strange, [], "what the emulator did not understand")


main()
