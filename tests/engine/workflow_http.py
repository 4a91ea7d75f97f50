#!/usr/bin/python3
"""The whole life of an environment with a server of its own."""
from tap import equal, main
from workflow import workflow


def expected(result):
    equal(result["task_id"], 100, "task_id")


workflow(["--type", "http", "--template", "fastapi"], "http_based", "evaluate", ["--arg", "task_id=100"], expected, "task_id")
main(engine=True)
