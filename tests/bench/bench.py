"""What the benchmarks share: rows of the table, processes that are timed, the peers.

A row holds our number beside that of a peer, which did the same work in the same run, in turns with us: a machine that
others use is then slow for both. Numbers are medians of the rounds, the ratio is the median of the rounds' ratios;
where the bar is an absolute time, both numbers are those of the best round, and the row says so.
"""
import contextlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

AFS = os.environ.get("AFS") or "./afs"
BUILDDIR = os.environ.get("AFS_BUILDDIR") or "."
median = statistics.median


class Unavailable(Exception):
    """This benchmark cannot run here; says what is missing."""


class Row:
    """`ratio_at_least`/`ratio_at_most` bound ours / peer; `within` is (text, bool) where the bar is of another kind."""

    def __init__(self, what, ours, peer_name, peer, unit, ratios=None, at_least=None, at_most=None, bar=None, ok=None,
                 note=""):
        self.what, self.ours, self.peer_name, self.peer, self.unit, self.note = what, ours, peer_name, peer, unit, note
        self.ratio = median(ratios) if ratios else None
        self.bar, self.ok = bar or "", ok
        if at_least is not None:
            self.bar, self.ok = "≥ %g ×" % at_least, self.ratio >= at_least
        if at_most is not None:
            self.bar, self.ok = "≤ %g ×" % at_most, self.ratio <= at_most

    def cells(self):
        verdict = {None: "", True: "ok", False: "MISSED"}[self.ok]
        peer = "%s %s" % (self.peer_name, number(self.peer)) if self.peer is not None else self.peer_name
        ratio = "%.2f" % self.ratio if self.ratio is not None else ""
        return [self.what + (" (%s)" % self.note if self.note else ""), self.unit, number(self.ours), peer, ratio,
                self.bar, verdict]


HEADINGS = ["what", "unit", "afs", "beside it", "ratio", "bar", ""]
RIGHT = {2, 4}


def number(value):
    """Three digits that mean something; thousands apart."""
    if isinstance(value, str):
        return value
    if abs(value) >= 100:
        return format(round(value), ",")
    return "%.3g" % value


def table(rows):
    cells = [HEADINGS] + [r.cells() for r in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEADINGS))]

    def line(texts):
        parts = [t.rjust(w) if i in RIGHT else t.ljust(w) for i, (t, w) in enumerate(zip(texts, widths))]
        return "| " + " | ".join(parts) + " |"

    rule = "|" + "|".join("-" * (w + 1) + (":" if i in RIGHT else "-") for i, w in enumerate(widths)) + "|"
    return "\n".join([line(cells[0]), rule] + [line(c) for c in cells[1:]])


# ---- what has to be there

PACKAGES = {"htop": "htop", "nginx": "nginx-light", "wrk": "wrk", "curl": "curl", "docker": "docker.io"}


def program(name):
    """Path of a peer."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Unavailable("%s is missing: apt-get install %s" % (name, PACKAGES.get(name, name)))
    return path


def built(name):
    """Path of a program of tests/bench."""
    path = os.path.join(BUILDDIR, "tests", "bench", name)
    if not os.path.exists(path):
        raise Unavailable("%s is missing: run this by `make bench`" % path)
    return path


def needs_engine():
    if os.environ.get("AFS_TEST_ENGINE") != "1":
        raise Unavailable(os.environ.get("AFS_TEST_SKIP") or "no engine: run this by `make bench`")


# ---- processes

def processors():
    """(for the server, for the client): a processor each where there are two, so that no round differs from the next
    in where the scheduler put them."""
    have = sorted(os.sched_getaffinity(0))
    return {have[0]}, {have[-1]}


SERVER_CPU, CLIENT_CPU = processors()


def more_files():
    """Thousands of connections want as many files; what is started from here inherits the limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def on_cpus(cpus):
    """What is started in the block runs there."""
    before = os.sched_getaffinity(0)
    if cpus:
        os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Done:
    """How a process did: seconds, cpu_s, rss (bytes), status, out, errors."""

    def __init__(self, argv, cpus=None, env=None, check=True):
        with tempfile.NamedTemporaryFile("r") as report, on_cpus(cpus):
            done = subprocess.run([built("timed"), report.name, *argv], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, errors="replace", env=env)
            self.out, self.errors, self.status = done.stdout, done.stderr, done.returncode
            if check and self.status != 0:
                raise RuntimeError("%s: status %d: %s" % (" ".join(argv), self.status,
                                                          self.errors.strip() or self.out.strip()))
            took = json.load(report)
        self.seconds, self.cpu_s, self.rss = took["seconds"], took["cpu_s"], took["rss"]

    def json(self):
        """The last line, which is a JSON object."""
        return json.loads(self.out.strip().splitlines()[-1])


def run(*argv, **options):
    return Done(list(argv), **options)


@contextlib.contextmanager
def server(argv, cpus=None, **options):
    """A process that is ended with the block."""
    with on_cpus(cpus):
        process = subprocess.Popen(argv, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def wait_until(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise RuntimeError("not within %d s: %s" % (seconds, what))
