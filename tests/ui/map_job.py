#!/usr/bin/python3
"""afs map from the dashboard's command line: a job with rate, failures and score, that is cancelled."""
import json
import os
import re

from engine import afs, build, environment_dir, name, temp_dir
from tap import check, equal, main, test, wait_for
from tui import Tui

ENV = '''
import asyncio

class Actor:
    async def evaluate(self, task_id: int):
        await asyncio.sleep(0.05)
        if task_id % 10 == 9:
            raise ValueError("nine")
        return {"task_id": task_id, "score": 0.75, "success": task_id % 2 == 0}
'''
NAME = name("mapjob")
out = os.path.join(temp_dir(), "out.jsonl")
ui = None


@test("an environment", timeout=300)
def _():
    afs("run", build(environment_dir(ENV), "mapjob"), "--name", NAME, expect=0)


@test("the job's line shows rate, what is left, failures, score and success", timeout=60)
def _():
    global ui
    ui = Tui(config="time-format = utc\n")
    ui.wait("[1] Environments", NAME[:12])
    ui.keys(":")
    ui.type("map %s evaluate --over task_id=0..19999 --concurrency 4 --out %s" % (NAME, out))
    ui.keys("Enter")
    ui.wait(re.compile(r"map .*… · \d+/20000 · evaluate [\d.]+/s · ETA \S+.* · \d+ failed · score 0.75 · success \d+%"),
            timeout=20)
    ui.resize(24, 80)
    ui.wait(re.compile(r"map .*… · \d+/20000 · [\d.]+/s · ETA \S+.* · \d+ failed · score 0.75"), timeout=20)
    ui.resize(36, 120)
    wait_for(lambda: os.path.exists(out) and len(open(out).readlines()) > 30, 20, "results")


@test("cancelled, it keeps what is written", timeout=60)
def _():
    ui.keys("^C")
    ui.wait(re.compile(r"· [\d:]+ map "), timeout=20)
    with open(out) as f:
        rows = [json.loads(line) for line in f]
    check(30 < len(rows) < 20000, "%d lines" % len(rows))
    equal(sorted(r["index"] for r in rows), list(range(len(rows))), "indexes")


@test("the end", timeout=30)
def _():
    afs("stop", NAME, expect=0)


main(engine=True)
