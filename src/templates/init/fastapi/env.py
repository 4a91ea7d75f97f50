"""An environment that brings its own HTTP application: each POST route is a method that `afs call` reaches.

The body of the request holds the arguments, the body of the answer is the result.
"""
import random
from typing import Optional

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

app = FastAPI(title="environment")


class Task(BaseModel):
    task_id: int = 0
    answer: Optional[int] = None


@app.get("/health")
async def health():
    """`afs run` waits for this to answer."""
    return {"status": "ok"}


@app.post("/evaluate")
async def evaluate(task: Task):
    """Score an answer to a task; without one, the environment solves the task itself."""
    rng = random.Random(task.task_id)
    a, b = rng.randint(10, 99), rng.randint(10, 99)
    answer = a - b if task.answer is None else task.answer
    return {
        "task_id": task.task_id,
        "question": f"{a} - {b} = ?",
        "score": 1.0 if answer == a - b else 0.0,
        "success": answer == a - b,
    }


@app.post("/echo")
async def echo(request: Request):
    """Return the arguments as they came, to try out a connection."""
    return Response(await request.body(), media_type="application/json")
