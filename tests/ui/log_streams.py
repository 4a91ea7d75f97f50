#!/usr/bin/python3
"""Streams of logs that break, restart, end or come from a host with another clock: nothing is lost, doubled or kept quiet."""
import re
import time

from tap import check, equal, lacks, main, test
from tui import Tui
from tui_engine import FakeEngine, container

engine = FakeEngine([container("pool", i, of=3) for i in range(3)] + [container("dead", oom=True, state="exited", finished=60),
                                                                      container("late"), container("zz")])
ui = Tui(engine=engine, config="time-format = utc\ntheme = dark\n")


def numbers():
    return [int(m.group(1)) for m in re.finditer(r"numbered (\d+)\.", ui.text)]


@test("a broken stream goes on: nothing is lost and nothing comes twice")
def _():
    ui.wait("pool", "late")
    ui.logs_of("pool")
    at = time.time_ns()
    # Some have the very same time as the last one that was read.
    for i in range(12):
        engine.log("pool-%d" % (i % 2), ["INFO numbered %d." % i], at=at + i // 4 * 10**6)
        if i % 3 == 2:
            ui.wait("numbered %d." % i)
            engine.break_logs()
    ui.wait("numbered 11.", lambda: sorted(numbers()) == list(range(12)), "12 of 12 lines")
    lacks(ui.text, "lost", "the screen")


@test("a restart is told in place, with the reason and that nothing was lost")
def _():
    engine.log("pool-2", ["INFO last words."])
    ui.wait("last words.")
    engine.update("pool-2", state="exited", exit_code=137, oom=True)
    engine.break_logs()
    ui.wait("replica 2 exited (exit 137 OOM)")
    engine.update("pool-2", state="running", oom=False)
    engine.log("pool-2", ["INFO back again."])
    ui.wait("back again.", re.compile(r"── \d\d:\d\d:\d\d ── replica 2 restarted \(exit 137 OOM\), log stream resumed, 0 lines lost ──+ "))
    check(ui.row_of("last words.") < ui.row_of("restarted") < ui.row_of("back again."), "order\n%s" % ui)


@test("a restart that is over before anybody looks has its reason too")
def _():
    engine.update("pool-0", state="exited", exit_code=7)
    engine.update("pool-0", state="running")
    engine.break_logs()
    engine.log("pool-0", ["INFO here again."])
    ui.wait("here again.", "replica 0 restarted (exit 7), log stream resumed, 0 lines lost")


@test("what is down shows its last lines and how it ended, though others run")
def _():
    engine.log("dead", ["INFO before the end."])
    ui.logs_of("dead")
    ui.wait("before the end.", "NOT RUNNING", "exited (exit 137 OOM)")
    # Told once, however often the streams begin anew.
    ui.logs_of("late")
    requests = sum(engine.info()["requests"].values())
    ui.logs_of("dead")
    ui.until(lambda: sum(engine.info()["requests"].values()) > requests + 60, "that it looks at the container again and again")
    equal(ui.text.count("exited (exit 137 OOM)"), 1, "words about its end")
    engine.update("pool-1", state="exited", exit_code=3)
    engine.break_logs()
    ui.logs_of("pool", "Down", "Down")
    ui.wait("[3] Logs  pool·1", "NOT RUNNING", "replica 1 exited (exit 3)")
    engine.update("pool-1", state="running")
    ui.wait("LIVE")


@test("a replica that is removed while it is shown: its lines stay, and what became of it")
def _():
    engine.log("pool-2", ["INFO shown to the last."])
    ui.logs_of("pool", "Down", "Down", "Down")
    ui.wait("[3] Logs  pool·2", "shown to the last.")
    engine.remove("pool-2")
    ui.wait("replica 2 was removed", "REMOVED", "shown to the last.")
    # Among the others' lines too.
    ui.keys("m")
    ui.wait("merged by time", "▣0 ▣1 ▣2", "replica 2 was removed", "shown to the last.", "numbered 11.")
    ui.keys("m")
    ui.wait("[3] Logs  pool·2")
    # The cursor leads back to what there is.
    ui.keys("z", "1", "Home")
    ui.wait("[3] Logs  pool  merged by time")


@test("of an environment that is gone the log stays until the cursor moves")
def _():
    engine.log("zz", ["INFO only line."])
    ui.logs_of("zz")
    ui.wait("only line.")
    engine.remove("zz")
    ui.wait("REMOVED", "only line.", "was removed")
    ui.logs_of("late")


@test("a host whose clock is behind has a rate all the same")
def _():
    ui.logs_of("late")

    def some_more():
        engine.log("late", ["INFO of long ago."] * 20, at=time.time_ns() - 100 * 10**9)
        return re.search(r"LIVE ● [1-9]", ui.text)
    ui.until(some_more, "a rate", timeout=20)
    equal(len(re.findall("errors", ui.text)), 1, "the graph's row")


main()
