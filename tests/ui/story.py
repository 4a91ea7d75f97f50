#!/usr/bin/python3
"""The whole job on a real engine with the keyboard alone: build, run, call, logs, stop."""
import os
import re

from engine import afs, base_image, docker, image_tag, name, temp_dir
from tap import check, equal, main, test
from tui import Tui

NAME = name("story")
TAG = image_tag("story")
folder = temp_dir()
ui = None


@test("start: nothing of ours runs", timeout=60)
def _():
    global ui
    afs("init", "sample", "--template", "actor", cwd=folder, expect=0)
    path = folder + "/sample/env.py"
    with open(path) as source:
        text = source.read()
    with open(path, "w") as source:
        source.write(text.replace("self.evaluated += 1", 'self.evaluated += 1; print("weighing task", task_id, flush=True)'))
    ui = Tui(config="time-format = utc\n")
    ui.wait("[1] Environments", re.compile(r"local +envs \d+"))


@test("b: build, with its progress and its end in the notices", timeout=600)
def _():
    ui.keys("b")
    ui.wait("afs> build", lambda: ui.cursor() == (34, 11))
    ui.type("%s/sample --tag %s --build-arg BASE_IMAGE=%s" % (folder, TAG, base_image()))
    ui.keys("Enter")
    ui.wait(re.compile(r"build .*sample"))
    ui.wait(re.compile("✔ [0-9:]+ build "), timeout=500)
    check(docker.image(TAG), "no image %s" % TAG)


@test("r: run two replicas; they come up in the list", timeout=180)
def _():
    ui.keys("r")
    ui.wait("afs> run", lambda: ui.cursor() == (34, 9))
    ui.type("%s --name %s --replicas 2" % (TAG, NAME))
    ui.keys("Enter")
    ui.wait(re.compile("✔ [0-9:]+ run "), timeout=150)
    ui.wait(re.compile(r"▾ %s" % NAME[:12]), re.compile(r"● 1 local +up"))


@test("methods are shown, Enter opens the form", timeout=60)
def _():
    ui.keys("Esc", "1", "/")
    ui.type(NAME)
    ui.keys("Enter", "Home")
    ui.wait(re.compile(r"\[2\] %s" % NAME[:12]))
    ui.keys("2", "]")
    ui.wait("▸Methods◂", "evaluate")
    ui.keys("Down", "Enter")
    ui.wait("[1] Call form", NAME + " › Call › evaluate", re.compile(r"task_id\*? +int"))


@test("the form is filled, ^S sends it, the result is a tree", timeout=60)
def _():
    ui.type("7")
    ui.wait(re.compile(r"task_id\*? +int +│ 7"))
    ui.keys("^S")
    ui.wait("[3] Result   ✔", re.compile("▾ {|score|result"))


@test("l: the log of that call, with what the method printed", timeout=60)
def _():
    ui.keys("3")
    ui.quiet(0.2)
    ui.keys("l")
    ui.wait("[3] Logs", "Esc ends it", re.compile("event=call.*evaluate|call .*evaluate"), "weighing task 7")


@test("the request is counted on its row", timeout=60)
def _():
    for _ in range(4):
        if "[1] Environments" in ui.text:
            break
        ui.keys("Esc")
    ui.wait("[1] Environments", re.compile(r"▾ %s.* 1 " % NAME[:12]))


@test("e: a shell in the replica, and back", timeout=120)
def _():
    ui.keys("1", "Home", "Down", "e")
    ui.wait(lambda: 1049 not in ui.screen.modes, "afs exec %s --replica 0" % NAME)
    ui.type("echo in-$((20+3))-the-container; printf '\\033[3%dmred\\n' 1; sleep 1000\n")
    ui.wait(lambda: b"in-23-the-container" in ui.raw, lambda: any(c.data == "r" and c.fg == "red" for line in ui.cells() for c in line))
    ui.keys("^C")
    ui.type("echo after-$?\n")
    ui.wait(lambda: b"after-130" in ui.raw)
    ui.resize(30, 100)
    ui.type("until [ \"$(stty size)\" = '30 100' ]; do :; done; exit 7\n")
    ui.wait("[1] Environments", lambda: 1049 in ui.screen.modes, ui.is_redrawn, re.compile("exec .* ended with 7"))
    ui.resize(36, 120)
    ui.wait(ui.is_redrawn)


@test("s: stop asks for the name, and everything is gone", timeout=120)
def _():
    ui.keys("1", "Home", "s")
    ui.wait("Please confirm", "Type %s:" % NAME)
    ui.type(NAME)
    ui.keys("Enter")
    ui.wait(re.compile("✔ [0-9:]+ stop "), timeout=60)
    equal([c for c in docker.container_names() if c.startswith(NAME)], [], "containers")
    ui.quit()
    ui.check_restored()
    check(not os.path.exists(os.path.join(folder, "core")), "a core file")


main(engine=True)
