#!/usr/bin/python3
"""The whole life of an environment of plain functions."""
from tap import equal, main
from workflow import workflow


def expected(result):
    equal(result["task_id"], 100, "task_id")


workflow([], "function_based", "evaluate", ["--json", '{"task_id": 100}'], expected, "task_id")
main(engine=True)
