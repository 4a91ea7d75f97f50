"""Tests that report in TAP.

    from tap import test, main, equal

    @test("a call keeps every digit")
    def _():
        equal(afs("call", NAME, "echo", "--arg", "x=0.10").out, "0.10\\n")

    main(engine=True)

Each @test function is one line of TAP. It fails by raising: AssertionError for an expectation, anything else
with its traceback. skip(reason) ends it as skipped. at_end(f, *args) registers what main() does last, whatever
happened; the last registered runs first.
"""
import fcntl
import os
import re
import signal
import sys
import time
import traceback

_tests = []
_ends = []
_lock = None


class Skip(Exception):
    pass


class TooSlow(BaseException):
    """Not an Exception, so that no `except Exception` in a test swallows it."""


def test(name, timeout=120):
    """Registers the function below as a test of that name; it may take `timeout` seconds."""
    def register(function):
        _tests.append((name, function, timeout))
        return function
    return register


def at_end(function, *args):
    _ends.append((function, args))


def end_all():
    """What at_end() was told; main() does it, a program of another kind has to."""
    while _ends:
        function, args = _ends.pop()
        try:
            function(*args)
        except Exception:
            note("while cleaning up:\n" + traceback.format_exc())


def skip(reason):
    raise Skip(reason)


def note(text):
    """A diagnostic line."""
    for line in str(text).splitlines() or [""]:
        print("# " + line, flush=True)


# ---- expectations

def _shown(value, limit=2000):
    text = repr(value)
    return text if len(text) <= limit else "%s… (%d characters)" % (text[:limit], len(text))


def fail(message):
    raise AssertionError(message)


def check(condition, message="condition does not hold"):
    if not condition:
        fail(message)


def equal(got, want, what="value"):
    if got != want:
        fail("%s\n   got: %s\n  want: %s" % (what, _shown(got), _shown(want)))


def contains(text, part, what="text"):
    if part not in text:
        fail("%s lacks %r\n  got: %s" % (what, part, _shown(text)))


def lacks(text, part, what="text"):
    if part in text:
        fail("%s has %r\n  got: %s" % (what, part, _shown(text)))


def matches(text, pattern, what="text"):
    if not re.search(pattern, text, re.S | re.M):
        fail("%s does not match %r\n  got: %s" % (what, pattern, _shown(text)))


def below(got, limit, what="value"):
    if not got < limit:
        fail("%s: %s is not below %s" % (what, got, limit))


def wait_for(condition, timeout=20, what="condition", interval=0.01):
    """Returns the first true value of condition(); fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            fail("%s did not come true within %s s" % (what, timeout))
        time.sleep(interval)


def within(limit, measure, what="seconds", tries=5):
    """Fails unless measure() returns less than `limit` in one of a few tries: something else may have had the machine."""
    values = []
    while len(values) < tries:
        values.append(measure())
        if values[-1] < limit:
            return
    fail("%s: none of %s is below %s" % (what, ", ".join("%.2f" % v for v in values), limit))


# ---- running

def _alarm(_signal, _frame):
    raise TooSlow()


def _run(function, timeout):
    """(ok, directive, diagnostics)"""
    signal.setitimer(signal.ITIMER_REAL, timeout)
    try:
        function()
        return True, "", ""
    except Skip as e:
        return True, " # SKIP %s" % e, ""
    except AssertionError as e:
        where = traceback.extract_tb(e.__traceback__)
        own = [f for f in where if f.filename != __file__] or where
        return False, "", "%s\nat %s:%d" % (e, os.path.basename(own[-1].filename), own[-1].lineno)
    except TooSlow:
        return False, "", "took longer than %s s\n%s" % (timeout, traceback.format_exc())
    except Exception:
        return False, "", traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _stop(_signal, _frame):
    raise KeyboardInterrupt


def skip_all(reason):
    print("1..0 # SKIP " + reason, flush=True)
    sys.exit(0)


def _have_engine_alone():
    """Waits until no other test program uses the engine."""
    global _lock
    if os.environ.get("AFS_ENGINE_LOCK"):
        _lock = open(os.environ["AFS_ENGINE_LOCK"], "w")
        fcntl.flock(_lock, fcntl.LOCK_EX)


def main(engine=False):
    """Runs all tests and exits. `engine`: they have the engine to themselves; where there is none they are skipped.
    Arguments on the command line are regular expressions that choose tests by name."""
    if engine and os.environ.get("AFS_TEST_ENGINE") != "1":
        skip_all(os.environ.get("AFS_TEST_SKIP") or "no engine to test with (AFS_TEST_ENGINE is not set)")
    if engine:
        _have_engine_alone()
    chosen = [t for t in _tests if not sys.argv[1:] or any(re.search(a, t[0]) for a in sys.argv[1:])]
    signal.signal(signal.SIGALRM, _alarm)
    signal.signal(signal.SIGTERM, _stop)
    failed = 0
    print("1..%d" % len(chosen), flush=True)
    try:
        for number, (name, function, timeout) in enumerate(chosen, 1):
            started = time.monotonic()
            ok, directive, diagnostics = _run(function, timeout)
            failed += not ok
            print("%sok %d - %s%s" % ("" if ok else "not ", number, name.replace("#", r"\#"), directive))
            if diagnostics:
                note(diagnostics)
            if os.environ.get("AFS_TEST_TIMES"):
                note("%.2f s" % (time.monotonic() - started))
            sys.stdout.flush()
    finally:
        end_all()
    sys.exit(failed > 0)
