#!/usr/bin/python3
"""An environment of mode process in the dashboard, where no engine answers."""
import os
import signal

from engine import afs, environment_dir, home, name
from tap import at_end, equal, main, test
from tui import Tui

NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
ENV = '''
import os

def evaluate(task_id: int = 0):
    print("task %d is evaluated" % task_id)
    return {"score": task_id * 2, "pid": os.getpid()}
'''
PROCESS = name("p")


def tool(*words, **options):
    return afs(*words, env=NO_ENGINE, **options)


home()  # made before, so that it is removed after that
at_end(lambda: tool("rm", "--force", PROCESS))
FOLDER = environment_dir(ENV)
tool("run", "--dir", FOLDER, "--mode", "process", "--name", PROCESS, "--replicas", "2", expect=0)
ui = Tui(engine=NO_ENGINE["DOCKER_HOST"], home=home())


@test("a process environment is in the list with its figures, though the engine is away")
def _():
    ui.wait(PROCESS, "2/2")
    ui.wait("mode process")
    ui.wait("no engine", "replicas 2", "● 2 up")


@test("its log is shown, and what comes anew")
def _():
    tool("call", PROCESS, "evaluate", "--arg", "task_id=41", expect=0)
    ui.keys("3")
    ui.wait("task 41 is evaluated")
    tool("call", PROCESS, "evaluate", "--arg", "task_id=42", expect=0)
    ui.wait("task 42 is evaluated")


@test("a death and the restart after it are seen")
def _():
    pid = tool("call", PROCESS, "evaluate", "--replica", "0", expect=0).json["pid"]
    os.kill(pid, signal.SIGKILL)
    ui.wait("replica 0 restarted")


@test("the command line knows it")
def _():
    ui.keys("1")
    ui.command("stop " + PROCESS)
    ui.keys("1")
    ui.gone("2/2")


@test("and ends with everything as it was")
def _():
    ui.quit()
    equal(tool("ps").status, 4, "status of ps where nothing is and no engine answers")


main()
