"""afs-tui on a terminal of its own, with an emulator that reads what it draws.

    from tui import Tui

    ui = Tui(engine=fake)                     # or no engine: DOCKER_HOST's
    ui.wait("[1] Environments", "calc")       # until the screen shows all of these
    ui.keys("Down", "Enter")
    ui.type("abc")
    ui.quit()

Nothing sleeps: wait() and gone() return as soon as what they ask for is there, and fail with the screen after a while.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from engine import AFS, SRCDIR, environment, sanitized, temp_dir
from tap import at_end, fail, skip_all

try:
    import pyte
except ImportError:
    skip_all("no terminal emulator: apt-get install python3-pyte")

TUI = os.environ.get("AFS_TUI") or os.path.join(os.path.dirname(os.path.abspath(AFS)), "afs-tui")
TIMEOUT = float(os.environ.get("AFS_UI_TIMEOUT") or (30 if sanitized() else 15))
THEMES = os.path.join(SRCDIR, "themes")
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")

if not os.access(TUI, os.X_OK):
    skip_all("afs-tui is not built")


# ---- the emulator

class Stream(pyte.ByteStream):
    """With what xterm-256color's description makes use of."""
    csi = dict(pyte.ByteStream.csi, b="repeat", S="scroll_up", T="scroll_down", t="nothing")
    escape = dict(pyte.ByteStream.escape, **{"=": "nothing", ">": "nothing"})
    events = frozenset(pyte.ByteStream.events | {"repeat", "scroll_up", "scroll_down", "nothing"})


class Screen(pyte.Screen):
    """Knows the modes that are set and what it could not understand. Dim text has `strikethrough`, which afs-tui never
    asks for and which pyte has room for."""

    def __init__(self, columns, rows):
        self.modes = {CURSOR}
        self.strange = []
        self.titles = []
        self.last = " "
        super().__init__(columns, rows)

    def draw(self, data):
        self.last = data[-1] if data else self.last
        super().draw(data)

    def repeat(self, count=1, **_):
        super().draw(self.last * (count or 1))

    def scroll_up(self, count=1, **_):
        self._scroll(count or 1, self.delete_lines)

    def scroll_down(self, count=1, **_):
        self._scroll(count or 1, self.insert_lines)

    def _scroll(self, count, how):
        y, x = self.cursor.y, self.cursor.x
        self.cursor.y = self.margins.top if self.margins else 0
        how(count)
        self.cursor.y, self.cursor.x = y, x

    def nothing(self, *_, **__):
        """The stack of titles, the kind of keypad."""

    def set_mode(self, *modes, **options):
        if options.get("private"):
            self.modes.update(modes)
        super().set_mode(*modes, **options)

    def reset_mode(self, *modes, **options):
        if options.get("private"):
            self.modes.difference_update(modes)
        super().reset_mode(*modes, **options)

    def select_graphic_rendition(self, *attributes, **options):
        if options.get("private"):
            return
        out, i = [], 0
        while i < len(attributes):
            a = attributes[i]
            if a in (38, 48):
                size = 3 if attributes[i + 1:i + 2] == (5,) else 5
                out += attributes[i:i + size]
                i += size
                continue
            out += [9] if a == 2 else [22, 29] if a == 22 else [a]
            i += 1
        super().select_graphic_rendition(*(out or [0]))

    def set_title(self, title):
        self.titles.append(title)

    set_icon_name = set_title

    def bell(self, *_):
        self.strange.append("bell")

    def debug(self, *args, **options):
        self.strange.append((args, options))


ALTERNATE, CURSOR, PASTE = 1049, 25, 2004
MOUSE = {1000, 1002, 1003, 1006}

KEYS = {"Enter": "\r", "Esc": "\x1b", "Tab": "\t", "S-Tab": "\x1b[Z", "Space": " ", "Backspace": "\x7f", "Up": "A",
        "Down": "B", "Right": "C", "Left": "D", "Home": "H", "End": "F", "PgUp": "\x1b[5~", "PgDn": "\x1b[6~",
        "Insert": "\x1b[2~", "Del": "\x1b[3~", "F1": "\x1bOP", "F2": "\x1bOQ", "F3": "\x1bOR", "F4": "\x1bOS",
        "F5": "\x1b[15~", "F6": "\x1b[17~", "F7": "\x1b[18~", "F8": "\x1b[19~", "F9": "\x1b[20~", "F10": "\x1b[21~",
        "C-Left": "\x1b[1;5D", "C-Right": "\x1b[1;5C"}


CONSOLE_KEYS = {"Home": "\x1b[1~", "End": "\x1b[4~", "F1": "\x1b[[A", "F2": "\x1b[[B", "F3": "\x1b[[C", "F4": "\x1b[[D",
                "F5": "\x1b[[E"}


def key_bytes(name, console=False):
    """As xterm sends them once it was asked for application keys, or as the Linux console does."""
    application = not console
    if console and name in CONSOLE_KEYS:
        return CONSOLE_KEYS[name]
    if name in ("Up", "Down", "Right", "Left", "Home", "End"):
        return ("\x1bO" if application else "\x1b[") + KEYS[name]
    if name in KEYS:
        return KEYS[name]
    if len(name) == 2 and name[0] == "^":
        return chr(ord(name[1].upper()) & 0x1f)
    if name.startswith("M-"):
        return "\x1b" + name[2:]
    if len(name) == 1:
        return name
    raise KeyError(name)


# ---- the program on it

class Tui:
    """env: more of the environment. config: text of the config file. home: that of an earlier one, to see what was
    kept. theme: a name, or "roles" for one that paints each role in a colour of its own (see role())."""

    def __init__(self, *args, rows=36, columns=120, engine=None, term="xterm-256color", env=None, config=None, home=None,
                 theme=None, command=None):
        self.home = home or temp_dir()
        self.rows, self.columns, self.term = rows, columns, term
        self.raw = bytearray()
        self._told = False
        self.master, self.slave = pty.openpty()
        self._size(rows, columns)
        self.screen = Screen(columns, rows)
        self.stream = Stream(self.screen)
        extra = {"HOME": self.home, "XDG_RUNTIME_DIR": self.home, "TERM": term, "TZ": "UTC", "AFS_THEMES": THEMES,
                 "INPUTRC": "/dev/null", "COLORTERM": None, "LINES": None, "COLUMNS": None}
        if engine is not None:
            extra["DOCKER_HOST"] = getattr(engine, "host", engine)
        if config is not None:
            self.write(".config/affinetes/config", config)
        if theme == "roles":
            theme = roles_theme(self.home)
            extra["COLORTERM"] = "truecolor"
        if theme:
            args += ("--theme", theme)
        extra.update(env or {})
        self.before = termios.tcgetattr(self.slave)
        self.started = time.monotonic()
        self.process = subprocess.Popen(command or [TUI, *args], stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        preexec_fn=self._take_terminal, env=environment(**extra))
        at_end(self.close)

    def _take_terminal(self):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def write(self, path, text):
        path = os.path.join(self.home, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    def _size(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fd in (self.master, self.slave):
            if fd >= 0:
                os.close(fd)
        self.master = self.slave = -1

    # -- what the user does

    def send(self, data):
        """Also where the program does not read for the moment."""
        data = data.encode() if isinstance(data, str) else data
        while data:
            _, ready, _ = select.select([], [self.master], [], TIMEOUT)
            if not ready:
                fail("the terminal takes no more input\n%s" % self)
            n = os.write(self.master, data[:1024])
            data = data[n:]

    def keys(self, *names):
        console = self.term.startswith("linux")
        for name in names:
            self.send(key_bytes(name, console))
            if name == "Esc":
                # Alone, it is told from the start of another key by the silence after it was read.
                self.until(self.is_read, "that Esc is read")
                silent = time.monotonic() + 0.06
                while time.monotonic() < silent:
                    self.pump(0.02)

    def is_read(self):
        """The program has taken in all that was typed."""
        waiting = bytearray(4)
        fcntl.ioctl(self.slave, termios.FIONREAD, waiting)
        return not any(waiting)

    def type(self, text):
        self.send(text)

    def paste(self, text):
        self.send("\x1b[200~" + text + "\x1b[201~")

    def mouse(self, y, x, button=0, release=True):
        """A click at a cell, counted from 0. Buttons: 0 left, 64 wheel up, 65 wheel down."""
        self.send("\x1b[<%d;%d;%dM" % (button, x + 1, y + 1))
        if release and button < 64:
            self.send("\x1b[<%d;%d;%dm" % (button, x + 1, y + 1))

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.pump(0)
        self.screen.resize(rows, columns)
        self._size(rows, columns)

    def command(self, line):
        self.keys(":")
        self.type(line)
        self.keys("Enter")

    def logs_of(self, name, *more):
        """Shows the log of an environment as the only pane; with "Down", of its replicas one."""
        self.keys("Esc", "Esc", "Esc", "1", "/")
        self.keys("^U", *["Backspace"] * 12)
        self.type(name)
        self.keys("Enter", "Home", *more)
        self.wait("[2] " + name)
        self.keys("3", "z")
        self.wait("[3] Logs  " + name)

    # -- what it shows

    def pump(self, timeout):
        """Takes in what was drawn; false if nothing came."""
        ready, _, _ = select.select([self.master], [], [], timeout)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.raw += data
        self.stream.feed(data)
        return bool(data)

    def quiet(self, seconds):
        """Takes in what is drawn until nothing came for so long; something that turns may never let that be."""
        end = time.monotonic() + max(10 * seconds, 1)
        while self.pump(seconds) and time.monotonic() < end:
            pass

    @property
    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self):
        return "\n".join(self.lines)

    def __str__(self):
        state = self.process.poll()
        if state is not None and self._told:
            return "it ended with %s before" % state
        self._told = state is not None
        return "screen of %dx%d, %s:\n%s\n%s\n%s" % (
            self.columns, self.rows, "running" if state is None else "ended with %s" % state, "-" * self.columns,
            self.text.rstrip(), "-" * self.columns)

    def holds(self, condition):
        if callable(condition):
            return condition()
        if hasattr(condition, "search"):
            return condition.search(self.text)
        return condition in self.text

    def until(self, condition, what, timeout=None):
        deadline = time.monotonic() + (timeout or TIMEOUT)
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                fail("%s: not within %s s\n%s" % (what, timeout or TIMEOUT, self))
            if not self.pump(0.05) and self.process.poll() is not None and not self.pump(0) and not condition():
                fail("%s: it ended before\n%s" % (what, self))

    def wait(self, *conditions, timeout=None):
        """Until all hold: texts on the screen, compiled patterns, functions. Returns the last one's value."""
        what = ", ".join(repr(getattr(c, "pattern", c)) for c in conditions)
        value = None

        def all_hold():
            nonlocal value
            for c in conditions:
                value = self.holds(c)
                if not value:
                    return False
            return True
        self.until(all_hold, "wait for " + what, timeout)
        self.quiet(0.015)  # the rest of that frame
        return value

    def gone(self, *texts, timeout=None):
        self.until(lambda: not any(self.holds(t) for t in texts), "wait for the end of %r" % (texts,), timeout)

    def row_of(self, text):
        """The number of the first line with this text."""
        for y, line in enumerate(self.lines):
            if text in line:
                return y
        fail("no line with %r\n%s" % (text, self))

    def find(self, text):
        """(y, x) in cells, of the first place."""
        y = self.row_of(text)
        cells = [self.screen.buffer[y][x].data for x in range(self.columns)]
        for x in range(self.columns):
            if "".join(cells[x:]).startswith(text):
                return y, x
        fail("no %r\n%s" % (text, self))

    def cell(self, y, x):
        return self.screen.buffer[y][x]

    def cells(self):
        """Everything that can be seen: characters with their looks."""
        buffer = self.screen.buffer
        return [[buffer[y][x] for x in range(self.columns)] for y in range(self.rows)]

    def role(self, y, x):
        """With theme="roles": the role whose foreground this cell has (and that of its background, if another's)."""
        cell = self.cell(y, x)
        fore, back = ROLE_OF.get(cell.fg), ROLE_OF_BACK.get(cell.bg)
        return fore or back, back

    def cursor(self):
        return None if self.screen.cursor.hidden else (self.screen.cursor.y, self.screen.cursor.x)

    def is_redrawn(self):
        """Header, prompt and hints stand where this size wants them."""
        if self.rows < 12 or self.columns < 50:
            return "%dx%d is too small" % (self.columns, self.rows) in self.text
        lines = self.screen.display
        return (re.search(r"\d\d:\d\d:\d\dZ $", lines[0]) and lines[0].startswith(" afs ")
                and lines[-2].startswith(("afs>", "/", "?")) and lines[-1].strip() != "" and "too small" not in self.text)

    # -- its end

    def quit(self, status=0):
        self.keys("Esc", "Esc", "q")
        return self.end(status)

    def end(self, status=0, timeout=None):
        """Waits for its end; status negative: the signal."""
        deadline = time.monotonic() + (timeout or TIMEOUT)
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                fail("it does not end\n%s" % self)
            self.pump(0.05)
        while self.pump(0):
            pass
        if status is not None and self.process.returncode != status:
            fail("status %s instead of %s\n%s" % (self.process.returncode, status, self))
        return self.process.returncode

    def check_restored(self):
        """The terminal is as it was before."""
        after = termios.tcgetattr(self.slave)
        if after != self.before:
            fail("settings of the terminal: %r instead of %r" % (after, self.before))
        left = self.screen.modes & ({ALTERNATE, PASTE, 1} | MOUSE)
        if left:
            fail("modes that are still set: %r" % left)
        if CURSOR not in self.screen.modes or self.screen.cursor.hidden:
            fail("the cursor is hidden")

    def rss(self):
        """KiB that it has in memory now."""
        with open("/proc/%d/status" % self.process.pid) as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))

    def cpu(self):
        """Seconds of CPU that it has used."""
        with open("/proc/%d/stat" % self.process.pid) as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# ---- roles by colour

ROLES = []
ROLE_OF, ROLE_OF_BACK = {}, {}


def _read_roles():
    with open(os.path.join(SRCDIR, "ui", "theme.h"), encoding="utf-8") as f:
        for name, look in re.findall(r'^\tX\(ROLE_\w+, "([\w.-]+)", "([^"]*)"', f.read(), re.M):
            ROLES.append((name, " on " in look))
    for i, (name, _) in enumerate(ROLES):
        ROLE_OF["%02x40%02x" % (0x40 + i * 2, 0xf0 - i)] = name
        ROLE_OF_BACK["10%02x%02x" % (0x10 + i, 0x20 + i * 2)] = name


_read_roles()


def roles_theme(folder):
    """A theme file with a colour for each role."""
    path = os.path.join(folder, "roles.theme")
    fore = {name: colour for colour, name in ROLE_OF.items()}
    back = {name: colour for colour, name in ROLE_OF_BACK.items()}
    with open(path, "w") as f:
        for name, has_ground in ROLES:
            f.write("%s = #%s%s\n" % (name, fore[name], " on #" + back[name] if has_ground else ""))
    return path


# ---- stored screens

VOLATILE = [
    (re.compile(r"\d\d:\d\d:\d\dZ"), "HH:MM:SSZ"),                  # the header's clock
    (re.compile(r"(?<=[✔·✖] )\d\d:\d\d:\d\d(?= )"), "hh:mm:ss"),     # notices
]


def masked(text, more=()):
    for pattern, by in VOLATILE + list(more):
        text = pattern.sub(lambda m: by if len(by) == len(m.group()) else (by * len(m.group()))[:len(m.group())], text)
    return text + "\n"


def compare_golden(ui, name, more=(), ready=()):
    """Waits until the screen is the stored one, but for what changes anyway: `more` are pairs of (pattern, what stands
    for it). With AFS_UPDATE_GOLDEN the screen is stored, once it is `ready`."""
    path = os.path.join(GOLDEN, name + ".txt")
    if os.environ.get("AFS_UPDATE_GOLDEN"):
        ui.wait(*ready)
        ui.quiet(2.5)
        os.makedirs(GOLDEN, exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(masked(ui.text, more))
        return
    with open(path, encoding="utf-8") as f:
        want = f.read()
    deadline = time.monotonic() + TIMEOUT
    while masked(ui.text, more) != want:
        if time.monotonic() > deadline:
            got, wanted = masked(ui.text, more).splitlines(), want.splitlines()
            rows = ["  %2d got  %s\n     want %s" % (i, g, w) for i, (g, w) in enumerate(zip(got, wanted)) if g != w]
            fail("%s differs in %d lines%s\n%s\n%s" % (path, len(rows), "" if len(got) == len(wanted) else " (and in height)",
                                                    "\n".join(rows), ui))
        ui.pump(0.05)


def need_unsanitized_signals():
    """Sanitizers handle SIGSEGV and SIGABRT in their own way; the terminal comes first all the same."""
    return sanitized()


if __name__ == "__main__":
    sys.exit(__doc__)
