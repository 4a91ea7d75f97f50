"""What afs-tui costs, on a pseudo-terminal, and how fast it answers.

The engine is a process that says what it is told (tests/ui/tui_engine.py), so that hundreds of containers and thousands
of lines a second come at will. Times are taken as bytes come out of the terminal.
AFS_BENCH_SOAK=1 makes the flood last ten minutes with the default limits.
"""
import atexit
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time

from bench import AFS, Row, Unavailable, median, program, run

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "ui"))

MB = 1e6
TUI = os.environ.get("AFS_TUI") or os.path.join(os.path.dirname(os.path.abspath(AFS)), "afs-tui")
SOAK = os.environ.get("AFS_BENCH_SOAK") == "1"
ROUNDS = 15


def simulated(containers):
    """A FakeEngine with these; `tui_engine` and what it needs."""
    if not os.access(TUI, os.X_OK):
        raise Unavailable("%s is not built" % TUI)
    import tap
    import tui_engine
    atexit.register(tap.end_all)
    return tui_engine.FakeEngine(containers)


def emulator(columns, rows):
    try:
        import pyte  # noqa: F401
    except ImportError:
        raise Unavailable("apt-get install python3-pyte")
    import tui
    screen = tui.Screen(columns, rows)
    return screen, tui.Stream(screen)


class Program:
    """A program on a terminal. Everything it draws goes to `raw`; with `watch`, to an emulator too."""

    def __init__(self, argv, rows=45, columns=160, config=None, watch=False, **env):
        from engine import environment, temp_dir
        self.raw = bytearray()
        self.screen, self.stream = emulator(columns, rows) if watch else (None, None)
        home = temp_dir()
        if config:
            os.makedirs(home + "/.config/affinetes")
            with open(home + "/.config/affinetes/config", "w") as f:
                f.write(config)
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        variables = environment(TERM="xterm-256color", HOME=home, XDG_RUNTIME_DIR=home, TZ="UTC", INPUTRC="/dev/null",
                                AFS_THEMES=os.path.join(os.path.dirname(os.path.dirname(HERE)), "themes"), **env)
        self.started = time.monotonic()
        self.process = subprocess.Popen(argv, stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        start_new_session=True, env=variables)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def read(self, timeout):
        """When bytes came, or None."""
        if not select.select([self.master], [], [], timeout)[0]:
            return None
        data = os.read(self.master, 1 << 16)
        came = time.monotonic()
        self.raw += data
        if self.stream:
            self.stream.feed(data)
        return came

    def drain(self, seconds):
        """Takes in what comes for so long; bytes."""
        before, end = len(self.raw), time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(min(0.05, max(0, end - time.monotonic())))
        return len(self.raw) - before

    def until(self, condition, seconds=60):
        """The time at which the bytes came that made it true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            came = self.read(0.05)
            if came and condition():
                return came
        raise RuntimeError("not within %d s: %s" % (seconds, self.text() if self.screen else bytes(self.raw[-300:])))

    def text(self):
        return "\n".join(self.screen.display)

    def send(self, keys):
        os.write(self.master, keys.encode())
        return time.monotonic()

    def answer(self, keys, silence=0.004):
        """Seconds from a key to the last byte of what it brings about."""
        sent = self.send(keys)
        last = None
        while True:
            came = self.read(silence if last else 2)
            if not came:
                return (last or time.monotonic()) - sent
            last = came

    def cpu(self):
        """Seconds of CPU of all its threads."""
        total = 0
        for task in os.listdir("/proc/%d/task" % self.process.pid):
            with contextlib.suppress(OSError):
                with open("/proc/%d/task/%s/schedstat" % (self.process.pid, task)) as f:
                    total += int(f.read().split()[0])
        return total / 1e9

    def rss(self):
        with open("/proc/%d/status" % self.process.pid) as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) * 1024


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def peer(name):
    try:
        return program(name)
    except Unavailable:
        return None


# ---- starting

def first_frame(argv, *marks, **options):
    """Seconds until all of these texts have been drawn."""
    with Program(argv, **options) as p:
        return p.until(lambda: all(m.encode() in p.raw for m in marks), 20) - p.started


def start():
    from tui_engine import overview
    engine = simulated(overview())
    marks = ("calculator", "webshop", "quit")
    ours, gone, theirs = [], [], []
    htop = peer("htop")
    for _ in range(ROUNDS):
        ours.append(first_frame([TUI], *marks, DOCKER_HOST=engine.host))
        # A listening socket that nobody accepts from: an engine that is hung.
        with socket.socket(socket.AF_UNIX) as s:
            path = engine.path + ".hung"
            s.bind(path)
            s.listen(8)
            gone.append(first_frame([TUI], "Environments", "quit", DOCKER_HOST="unix://" + path))
            os.unlink(path)
        if htop:
            theirs.append(first_frame([htop], "F10", "Quit", "PID"))
    beside = ("htop", min(theirs) * 1000) if htop else ("(no htop)", None)
    yield Row("afs-tui, first full frame, 160x45, best of %d" % ROUNDS, min(ours) * 1000, *beside, "ms",
              bar="≤ 30 ms", ok=min(ours) <= 0.030, note="median %.0f" % (median(ours) * 1000))
    yield Row("the same with an engine that hangs", min(gone) * 1000, *beside, "ms", bar="≤ 30 ms", ok=min(gone) <= 0.030)
    engine.kill()


# ---- doing nothing

def idle_of(argv, seconds, settle, mark, **options):
    """(share of a CPU, bytes drawn, memory)"""
    with Program(argv, **options) as p:
        p.until(lambda: mark.encode() in p.raw, 20)
        p.drain(settle)
        cpu = p.cpu()
        drawn = p.drain(seconds)
        return (p.cpu() - cpu) / seconds, drawn, p.rss()


def idle():
    from tui_engine import container, counts
    engine = simulated([container("quiet", i, of=3, cpu=0.1, server=counts(100 + i)) for i in range(3)])
    seconds = 60 if SOAK else 20
    htop = peer("htop")
    share, drawn, rss = idle_of([TUI], seconds, 8, "quiet", DOCKER_HOST=engine.host)
    theirs = idle_of([htop], 10, 3, "F10") if htop else None
    beside = ("htop", theirs[0] * 100) if theirs else ("(no htop)", None)
    yield Row("afs-tui idle, 3 quiet containers, CPU", share * 100, *beside, "%", bar="≤ 0.3 %", ok=share <= 0.003)
    yield Row("afs-tui idle, bytes to the terminal in %d s" % seconds, drawn, "htop in 10 s" if theirs else "",
              theirs and theirs[1], "B", bar="0", ok=drawn == 0)
    yield Row("afs-tui idle, memory", rss / MB, "htop" if theirs else "", theirs and theirs[2] / MB, "MB", bar="≤ 18 MB",
              ok=rss <= 18 * MB)
    engine.kill()


# ---- a flood of lines

LETTERS = "αβγδεζηθικλμνξοπρστυφχψω"


def keys_under(p, count, gap):
    """Seconds from a key to its letter on the screen, while other things are drawn."""
    times = []
    p.send(":")
    p.drain(0.3)
    for i in range(count):
        letter = LETTERS[i % len(LETTERS)]
        at = len(p.raw)
        sent = p.send(letter)
        while letter.encode() not in p.raw[at:]:
            if not p.read(2):
                raise RuntimeError("no answer to a key within 2 s")
        times.append(time.monotonic() - sent)
        p.drain(gap)
        if i % 20 == 19:
            p.send("\x15")
            p.drain(gap)
    p.send("\x1b")
    p.drain(0.1)
    p.send("\x1b")
    return times


def flood():
    from tui_engine import container
    engine = simulated([container("loud", i, of=2) for i in range(2)])
    rate, seconds = 2000, 600 if SOAK else 20
    cap = 100000 if SOAK else 20000
    with Program([TUI], 36, 120, config="log-lines = %d\n" % cap, watch=True, DOCKER_HOST=engine.host) as p:
        p.until(lambda: b"loud" in p.raw)
        engine.flood(["loud-0", "loud-1"], rate / 2)
        stream, p.stream = p.stream, None  # the emulator would cost more than what is measured
        p.drain(cap / rate + 3)
        rss, cpu, began = p.rss(), p.cpu(), time.monotonic()
        p.drain(seconds)
        share = (p.cpu() - cpu) / (time.monotonic() - began)
        times = keys_under(p, 300, 0.02)
        grown = p.rss() - rss
        engine.flood_off()
        p.drain(0.5)
        logged = sum(engine.info()["logged"].values())
        p.stream = stream
        p.send("3")
        p.drain(0.2)
        p.send("z")
        p.drain(0.2)
        p.send("\x0c")

        def shown():
            kept, dropped = re.search(r"of ([\d,]+) lines", p.text()), re.search(r"drop ([\d,]+)", p.text())
            return kept and sum(int(m.group(1).replace(",", "")) for m in (kept, dropped) if m) or 0
        p.until(shown, 5)
        p.drain(1)
        lost = logged - shown()
        final = p.rss()
    yield Row("afs-tui, %d lines/s, CPU" % rate, share * 100, "lazydocker (table)", 42, "%", bar="≤ 5 %", ok=share <= 0.05,
              note="%d s" % seconds)
    yield Row("the same, memory with a full buffer of %s lines" % format(cap, ","), final / MB, "lazydocker (table)", 438, "MB",
              bar="flat", ok=grown < 4 * MB, note="%+.1f in %d s" % (grown / MB, seconds))
    yield Row("the same, key to screen, p99", percentile(times, 0.99) * 1000, "lazydocker (table)", 126, "ms", bar="≤ 10 ms",
              ok=percentile(times, 0.99) <= 0.010, note="median %.1f, %d keys" % (median(times) * 1000, len(times)))
    yield Row("the same, lines neither kept nor counted as dropped", lost, "of %s" % format(logged, ","), None, "lines",
              bar="0", ok=lost == 0)
    engine.kill()


# ---- many containers

def many():
    from tui_engine import many as world
    engine = simulated(world())
    frames = [first_frame([TUI], "env-000", "quit", DOCKER_HOST=engine.host) for _ in range(ROUNDS)]
    yield Row("afs-tui, 200 environments with 1,000 replicas, first frame, best of %d" % ROUNDS, min(frames) * 1000, "", None,
              "ms", bar="≤ 100 ms", ok=min(frames) <= 0.1, note="median %.0f" % (median(frames) * 1000))
    with Program([TUI], 36, 120, DOCKER_HOST=engine.host) as p:
        p.until(lambda: b"env-000" in p.raw)
        p.drain(2)
        moves = [p.answer("j") for _ in range(150)] + [p.answer("\x06") for _ in range(30)]
        p.answer("g")
        p.answer("/")
        filters = []
        for _ in range(8):
            filters += [p.answer(c) for c in "env-1"] + [p.answer("\x7f") for _ in range(5)]
        p.answer("\x1b", 0.1)
        p.drain(3)
        cpu = p.cpu()
        p.drain(10)
        share = (p.cpu() - cpu) / 10
        rss = p.rss()
    for what, times in (("moving", moves), ("filtering", filters)):
        yield Row("the same, %s, median" % what, median(times) * 1000, "", None, "ms", bar="≤ 16 ms",
                  ok=median(times) <= 0.016, note="p95 %.1f" % (percentile(times, 0.95) * 1000))
    yield Row("the same, idle, CPU", share * 100, "", None, "%", bar="≤ 1 %", ok=share <= 0.01, note="%.0f MB" % (rss / MB))
    engine.kill()


# ---- much to search

def search():
    from tui_engine import container
    engine = simulated([container("loud")])
    lines = 200000
    engine.log("loud", ["the first one"])
    with Program([TUI], 36, 120, config="log-lines = 250000\nlog-bytes = 256m\ntime-format = utc\n", watch=True,
                 DOCKER_HOST=engine.host) as p:
        p.until(lambda: "the first one" in p.text())
        # A stream that broke goes on where it was: so all that came meanwhile is read, not only the end.
        engine.fill("loud", lines)
        engine.break_logs()
        p.send("3z")
        p.until(lambda: "%s of %s lines" % ((format(lines + 1, ","),) * 2) in p.text())
        founds, keeps = [], []
        for i in range(5):
            p.drain(0.5)
            p.send("/")
            p.drain(0.2)
            began = p.send("n=%d\r" % (100007 + i))
            founds.append(p.until(lambda: re.search(r"match \d+/\d+ ", p.text()) or "match 1/1" in p.text()) - began)
            p.drain(0.5)
            p.send("f")
            p.drain(0.2)
            wanted = "task_id:1%d" % i
            began = p.send(wanted)
            keeps.append(p.until(lambda: len(rows(p)) > 20 and all(wanted in r for r in rows(p))) - began)
            p.send("\x1b")
            p.until(lambda: "%s of %s lines" % ((format(lines + 1, ","),) * 2) in p.text())
            p.send("\x1b")
    yield Row("afs-tui, 200,000 lines: search, to the match, best of 5", min(founds) * 1000, "", None, "ms", bar="≤ 100 ms",
              ok=min(founds) <= 0.1, note="median %.0f" % (median(founds) * 1000))
    yield Row("the same, filter, to a screenful of what it keeps, best of 5", min(keeps) * 1000, "", None, "ms",
              bar="≤ 100 ms", ok=min(keeps) <= 0.1, note="median %.0f" % (median(keeps) * 1000))
    engine.kill()


def rows(p):
    return [line for line in p.screen.display if "request_start" in line]


# ---- a large result

def big_json():
    from tui_engine import container
    engine = simulated([container("calc", methods=[{"name": "big", "signature": "()", "source": "Actor",
                                                    "endpoint": "POST /big"}])])
    engine.big_result(10 * 1000 * 1000)
    address = "http://" + engine.info()["servers"]["calc"]
    times, curls = [], []
    for _ in range(5):
        with Program([TUI], 36, 120, watch=True, DOCKER_HOST=engine.host) as p:
            p.until(lambda: "calc" in p.text())
            p.drain(0.3)
            p.send("c")
            p.until(lambda: "Call form" in p.text() and "big" in p.text())
            p.drain(0.3)
            sent = p.send("\x13")
            times.append(p.until(lambda: '"rows"' in p.text()) - sent)
        curls.append(run(program("curl"), "-s", "-o", "/dev/null", "-H", "Content-Type: application/json", "-d",
                         '{"method":"big","args":[],"kwargs":{}}', address + "/call").seconds)
    yield Row("afs-tui, a result of 10 MB, from the key to the tree, best of 5", min(times) * 1000, "curl", min(curls) * 1000,
              "ms", bar="≤ 300 ms", ok=min(times) <= 0.3)
    engine.kill()


BENCHMARKS = {"tui-start": start, "tui-idle": idle, "tui-flood": flood, "tui-many": many, "tui-search": search,
              "tui-json": big_json}
