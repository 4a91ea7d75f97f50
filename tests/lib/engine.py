"""What a test of afs needs: running it, names that are free, cleaning up.

    from engine import afs, docker, name, image_tag, base_image
    from tap import main, test, equal

    NAME = name("calc")

    @test("…")
    def _():
        afs("run", IMAGE, "--name", NAME, expect=0)
        …

    main(engine=True)

Containers, images and networks that were named by name() and image_tag() are removed when the program ends.
"""
import itertools
import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from docker_api import Docker
from tap import at_end, fail

AFS = os.environ.get("AFS") or "./afs"
SRCDIR = os.environ.get("AFS_SRCDIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TIMEOUT = 120

_count = itertools.count(1)
_names = []
_tags = []
_processes = []
_home = None
docker = Docker()


def base_image():
    """What test environments are built upon."""
    return os.environ.get("AFS_BASE_IMAGE") or "afs-base:bookworm"


def sanitized():
    """Whether AFS is built with sanitizers, so that it is slow and large."""
    try:
        with open(AFS, "rb") as f:
            return b"__asan_init" in f.read()
    except OSError:
        return False


# ---- names

def name(word):
    """A name for an environment that nothing else has."""
    made = "t%d-%d-%s" % (os.getpid(), next(_count), word)
    _names.append(made)
    return made


def image_tag(word):
    """A tag for an image that nothing else has."""
    made = "t%d-%d-%s:test" % (os.getpid(), next(_count), word)
    _tags.append(made)
    return made


def containers_of(environment):
    """The API's rows of the environment's containers (NAME, NAME-0, NAME-1, …), in order."""
    found = []
    for row in docker.containers():
        for n in row["Names"]:
            n = n.lstrip("/")
            head, _, tail = n.rpartition("-")
            if n == environment or (head == environment and tail.isdigit()):
                found.append((n, row))
    return [row for n, row in sorted(found, key=lambda f: (len(f[0]), f[0]))]


def _remove_all():
    for process in _processes:
        if process.poll() is None:
            process.kill()
            process.wait()
    if os.environ.get("AFS_TEST_ENGINE") != "1":
        return
    for n in _names:
        for row in containers_of(n):
            docker.remove(row["Id"])
    for tag in _tags:
        docker.remove_image(tag)


# ---- folders

def temp_dir():
    """A new folder, removed when the program ends."""
    path = tempfile.mkdtemp(prefix="afs-test-")
    at_end(shutil.rmtree, path, True)
    return path


def write_files(folder, **files):
    """write_files(d, env_py="…", Dockerfile="…"): "_py" at the end of a name stands for ".py"."""
    for key, text in files.items():
        path = os.path.join(folder, key[:-3] + ".py" if key.endswith("_py") else key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w" if isinstance(text, str) else "wb") as f:
            f.write(text)
    return folder


DOCKERFILE = "ARG BASE_IMAGE=%s\nFROM ${BASE_IMAGE}\nWORKDIR /app\nCOPY . /app\n"


def environment_dir(env_py, dockerfile=None, **files):
    """A folder with an environment upon base_image()."""
    folder = temp_dir()
    write_files(folder, env_py=env_py, Dockerfile=dockerfile or DOCKERFILE % base_image(), **files)
    return folder


# ---- running afs

def home():
    """HOME of the programs under test: the user's own files play no part."""
    global _home
    if _home is None:
        _home = temp_dir()
    return _home


def environment(**extra):
    """The environment of the programs under test. A value of None takes a variable out."""
    env = dict(os.environ)
    for key in list(env):
        if key.startswith("XDG_") or key in ("NO_COLOR", "PYTHONPATH"):
            del env[key]
    env.update(HOME=home(), LC_ALL="C.UTF-8", TERM="dumb", XDG_RUNTIME_DIR=home())
    for key, value in extra.items():
        if value is None:
            env.pop(key, None)
        else:
            env[key] = value
    return env


class Result:
    """status (negative: the signal that ended it), out, err, seconds, rss (KiB at its largest)."""

    def __init__(self, argv, status, out, err, seconds, rss):
        self.argv, self.status, self.seconds, self.rss = argv, status, seconds, rss
        self.raw_out, self.raw_err = out, err

    @property
    def out(self):
        return self.raw_out.decode("utf-8", "replace")

    @property
    def err(self):
        return self.raw_err.decode("utf-8", "replace")

    @property
    def json(self):
        try:
            return json.loads(self.raw_out)
        except ValueError:
            fail("stdout is not JSON\n%s" % self)

    def __str__(self):
        def tail(text):
            return text if len(text) < 3000 else text[:1000] + "\n…\n" + text[-2000:]
        return "$ %s\nstatus %s after %.2f s\n--- stdout\n%s\n--- stderr\n%s" % (
            " ".join(self.argv), self.status, self.seconds, tail(self.out), tail(self.err))

    def expect(self, status):
        if self.status != status:
            fail("status %s instead of %s\n%s" % (self.status, status, self))
        return self


def run(argv, stdin=b"", timeout=TIMEOUT, cwd=None, env=None, expect=None):
    """Runs a program to its end; fails the test if that takes longer than `timeout` seconds."""
    started = time.monotonic()
    stdin = stdin.encode() if isinstance(stdin, str) else stdin
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               cwd=cwd, env=environment(**(env or {})))
    out, err = [], []
    readers = [threading.Thread(target=lambda s=s, into=into: into.append(s.read()), daemon=True)
               for s, into in ((process.stdout, out), (process.stderr, err))]
    for reader in readers:
        reader.start()
    killer = threading.Timer(timeout, process.kill)
    killer.start()
    try:
        try:
            process.stdin.write(stdin)
            process.stdin.close()
        except BrokenPipeError:
            pass
        _, wait_status, usage = os.wait4(process.pid, 0)
    finally:
        killer.cancel()
    process.returncode = os.waitstatus_to_exitcode(wait_status)
    seconds = time.monotonic() - started
    for reader in readers:
        reader.join(5)
    result = Result([str(a) for a in argv], process.returncode, b"".join(out), b"".join(err), seconds,
                    usage.ru_maxrss)
    if process.returncode == -signal.SIGKILL and seconds >= timeout:
        fail("took longer than %s s\n%s" % (timeout, result))
    if expect is not None:
        result.expect(expect)
    return result


def afs(*args, **options):
    """afs("call", NAME, "echo", expect=0). Options: those of run()."""
    return run([AFS, *map(str, args)], **options)


def start_afs(*args, env=None, cwd=None, **options):
    """A Popen of afs that goes on running, with pipes for stdout and stderr; killed when the program ends."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    process = subprocess.Popen([AFS, *map(str, args)], env=environment(**(env or {})), cwd=cwd, **options)
    _processes.append(process)
    return process


def build(folder, word="env", *args, expect=0):
    """Builds an environment's image; returns its tag."""
    tag = image_tag(word)
    afs("build", folder, "--tag", tag, *args, expect=expect, timeout=300)
    return tag


at_end(_remove_all)
# Sanitizers reserve address space beyond any limit, so there is none; but no test needs a core file.
resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
