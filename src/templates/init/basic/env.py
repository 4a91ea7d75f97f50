"""An environment of plain functions: each public one is a method that `afs call` reaches.

Names that begin with an underscore stay private. Arguments and results are JSON; a function may be `async def`.
"""
import random


def evaluate(task_id: int = 0, answer: int = None) -> dict:
    """Score an answer to task task_id; without one, the environment solves the task itself."""
    a, b = _task(task_id)
    if answer is None:
        answer = a + b
    return {
        "task_id": task_id,
        "question": f"{a} + {b} = ?",
        "score": 1.0 if answer == a + b else 0.0,
        "success": answer == a + b,
    }


def echo(**kwargs) -> dict:
    """Return the arguments, to try out a connection."""
    return kwargs


def _task(task_id):
    """The same task_id always means the same task."""
    rng = random.Random(task_id)
    return rng.randint(10, 99), rng.randint(10, 99)
