"""env.py files that tests of afs run, and images of them."""
from engine import build, environment_dir

# What tests of calls need: every kind of answer and of failure.
ACTOR = '''
import asyncio, os, sys, time

class Actor:
    def __init__(self):
        self.key = os.getenv("API_KEY")
        self.calls = 0

    async def echo(self, **kwargs):
        """Return the arguments.

        Whatever they are."""
        return kwargs

    async def add(self, a: int, b: int = 1) -> int:
        """Add two numbers."""
        return a + b

    async def key_is(self, value: str) -> bool:
        return self.key == value

    async def who(self):
        with open("/etc/hostname") as f:
            return f.read().strip()

    async def count(self):
        self.calls += 1
        return self.calls

    def say(self, text: str, stream: str = "stdout"):
        """Print a line."""
        print(text, file=getattr(sys, stream), flush=True)

    def say_many(self, count: int, prefix: str = "line"):
        for i in range(count):
            print("%s %d" % (prefix, i))
        sys.stdout.flush()

    def say_bytes(self, hexes: str):
        sys.stdout.buffer.write(bytes.fromhex(hexes) + b"\\n")
        sys.stdout.buffer.flush()

    async def big(self, size: int):
        return "x" * size

    async def text(self):
        return "first \\u00e9\\n\\"second\\"\\n"

    def fail(self, message: str = "it went wrong"):
        raise ValueError(message)

    async def nan(self):
        return {"scores": [1.0, float("nan")]}

    async def hang(self, seconds: float = 3600):
        print("hanging", flush=True)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            print("was cancelled", flush=True)
            raise

    def die(self, status: int = 3):
        print("last words", flush=True)
        os._exit(status)

    def eat(self, megabytes: int):
        self.eaten = b"x" * (megabytes << 20)
        return len(self.eaten)
'''

# A server of its own, with the answers that an http_based environment may give.
HTTP = '''
import asyncio
from fastapi import FastAPI, Response
from pydantic import BaseModel

app = FastAPI()

class Task(BaseModel):
    task_id: int
    seed: int = 0

@app.get("/health")
async def health():
    return {"status": "ok"}

@app.post("/evaluate")
async def evaluate(task: Task):
    """Score a task."""
    return {"status": "done", "result": task.task_id, "seed": task.seed}

@app.post("/no_json")
async def no_json():
    return Response("<html>not JSON</html>", media_type="text/html")

@app.post("/bad_utf8")
async def bad_utf8():
    return Response(b'"caf\\xe9"', media_type="application/json")

@app.post("/nothing")
async def nothing():
    return Response(status_code=204)

@app.post("/never")
async def never():
    await asyncio.sleep(3600)
'''

HTTP_DOCKERFILE = '''ARG BASE_IMAGE=%s
FROM ${BASE_IMAGE}
WORKDIR /app
COPY . /app
CMD ["python3", "-m", "uvicorn", "env:app", "--host", "0.0.0.0", "--port", "8000"]
'''


def actor_image(word="actor"):
    return build(environment_dir(ACTOR), word)


def http_image(word="http"):
    from engine import base_image
    return build(environment_dir(HTTP, HTTP_DOCKERFILE % base_image()), word)
