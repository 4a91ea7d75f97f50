"""A program on a terminal of its own."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from engine import environment
from tap import at_end, fail


class Terminal:
    def __init__(self, argv, rows=24, columns=80, env=None):
        self.master, slave = pty.openpty()
        self.slave = slave  # stays open, so that its settings can be read after the program ended
        self.text = ""
        self.resize(rows, columns)
        self.process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
                                        env=environment(**{"TERM": "xterm", **(env or {})}))
        at_end(self.close)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fd in (self.master, self.slave):
            try:
                os.close(fd)
            except OSError:
                pass
        self.master = self.slave = -1

    def settings(self):
        return termios.tcgetattr(self.slave)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    def read(self, timeout):
        """Takes in what there is; false when nothing came."""
        ready, _, _ = select.select([self.master], [], [], timeout)
        if not ready:
            return False
        try:
            self.text += os.read(self.master, 65536).decode("utf-8", "replace")
        except OSError:
            return False
        return True

    def wait(self, part, timeout=20):
        """Until `part` stands in the output; returns what stood before, which is then forgotten."""
        deadline = time.monotonic() + timeout
        while part not in self.text:
            if time.monotonic() > deadline or (not self.read(0.05) and self.process.poll() is not None and part not in self.text):
                fail("%r did not appear in %r" % (part, self.text))
        before, _, self.text = self.text.partition(part)
        return before

    def end(self, timeout=20):
        """Waits for the program's end; returns its status."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                fail("it does not end; so far: %r" % self.text)
            self.read(0.05)
        while self.read(0.05):
            pass
        return self.process.returncode
