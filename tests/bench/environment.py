"""A small environment in the engine, for the benchmarks that want a real one."""
import contextlib
import os
import shutil
import tempfile

import base_image
from bench import AFS, needs_engine, run
from docker_api import Docker

ENV_PY = '''\
class Actor:
    async def evaluate(self, task_id: int = 0, seed: int = 0):
        return {"task_id": task_id, "score": 0.5}
'''
DOCKERFILE = "ARG BASE_IMAGE=%s\nFROM ${BASE_IMAGE}\nWORKDIR /app\nCOPY . /app\n"
MARK = "afs-bench-%d" % os.getpid()


class Environment:
    """A folder and the image built from it; afs() runs the command apart from the user's own files."""

    def __init__(self, folder):
        self.docker, self.folder, self.image = Docker(), os.path.join(folder, "env"), MARK + ":bench"
        self.home, self.count = os.path.join(folder, "home"), 0
        os.mkdir(self.folder)
        os.mkdir(self.home)
        self.write("env.py", ENV_PY)
        self.write("Dockerfile", DOCKERFILE % (os.environ.get("AFS_BASE_IMAGE") or base_image.TAG))

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as f:
            f.write(text)

    def variables(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("XDG_") and k not in ("NO_COLOR", "PYTHONPATH")}
        return dict(env, HOME=self.home, XDG_RUNTIME_DIR=self.home, LC_ALL="C.UTF-8", TERM="dumb")

    def afs(self, *argv, **options):
        return run(AFS, *argv, env=self.variables(), **options)

    def build(self):
        return self.afs("build", self.folder, "--tag", self.image, "--quiet")

    def name(self):
        self.count += 1
        return "%s-%d" % (MARK, self.count)

    def remove(self):
        for row in self.docker.containers(name=[MARK]):
            self.docker.remove(row["Id"])
        self.docker.remove_image(self.image)


@contextlib.contextmanager
def environment():
    needs_engine()
    folder = tempfile.mkdtemp(prefix="afs-bench-")
    env = Environment(folder)
    try:
        env.build()
        yield env
    finally:
        env.remove()
        shutil.rmtree(folder, ignore_errors=True)
