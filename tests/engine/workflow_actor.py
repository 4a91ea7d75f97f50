#!/usr/bin/python3
"""The whole life of an environment with an Actor class."""
from tap import equal, main
from workflow import workflow


def expected(result):
    equal(result["task_id"], 100, "task_id")
    equal(result["score"], 1.0, "score")


workflow(["--template", "actor"], "function_based", "evaluate", ["--arg", "task_id=100"], expected, "task_id: int")
main(engine=True)
