"""The HTTP server of a function_based environment: env.py in, POST /NAME out.

It is started as `python3 /app/_affinetes/server.py`; `uvicorn _affinetes.server:app` in /app works as well,
for one worker. It needs Python 3.8 and uvicorn, nothing else.

    GET  /health             {"status":"ok"}
    GET  /methods            names, signatures and docstrings
    GET  /stats              counts and latencies, summed over the workers
    POST /call               {"method","args":[],"kwargs":{}}
    POST /NAME               {"args":[],"kwargs":{}}, or the keyword arguments themselves
    POST /cancel             {"id"}: ends the call that was sent with this X-Affinetes-Call-Id; with "why": "timeout"
                             it is counted as timed out

A call with an id runs once. A request that repeats the id joins the running call or gets the answer that is kept
for ANSWER_SECONDS; it has to repeat path and body too, else it is refused with 409. What an answer costs decides
where it is kept: up to SMALL_ANSWER bytes in memory, above that in an unlinked file. When a budget is used up the
oldest answers of that size go first; their ids stay known, and a retry is told so with 410 instead of running again.

Settings come from the environment: AFFINETES_PORT, AFFINETES_UDS (a path: listen there instead), AFFINETES_ENV_DIR,
AFFINETES_GRACE (seconds for which a call with an id outlives its last connection), AFFINETES_THREADS (how many
`def` methods run at a time), UVICORN_WORKERS. An environment that keeps state between calls wants one worker.
"""
import asyncio
import atexit
import collections
import contextvars
import dataclasses
import hashlib
import importlib.util
import inspect
import json
import logging
import math
import os
import queue
import re
import select
import shutil
import signal
import socket
import stat
import struct
import sys
import tempfile
import threading
import time
import traceback
import zlib
from _thread import start_new_thread

HERE = os.path.dirname(os.path.abspath(__file__))
ENV_DIR = os.path.abspath(os.environ.get("AFFINETES_ENV_DIR") or "/app")

KEEP_ALIVE = 3600           # s; longer than any client's, so that no client meets a connection that is just closing
TIMEOUT_MARGIN = 10         # s that a method gets on top of its own `timeout` argument
ANSWER_SECONDS = 600        # for how long a repeated id finds its answer
SMALL_ANSWER = 1 << 20      # bytes
MEMORY_BUDGET = 64 << 20    # bytes of small answers; less where the container has little memory
DISK_BUDGET = 1 << 30       # bytes of large ones
FORGOTTEN_IDS = 20000       # ids whose answer is gone but that must not run again
MAX_ABANDONED = 1000        # threads of cancelled `def` methods that do not end
WATCH_AFTER = 0.05          # s until a waiting request starts to look whether its client left
STOP_SECONDS = 0.75         # from SIGTERM to the end, whatever hangs
CHUNK = 1 << 20             # bytes of an answer given to uvicorn at a time


class Setting(Exception):
    """A setting that makes no sense; its text is for the user."""


def setting(name, default, least, most):
    text = os.environ.get(name, "").strip()
    try:
        value = int(text) if text else default
    except ValueError:
        raise Setting("%s must be a number, not %r" % (name, text)) from None
    if not least <= value <= most:
        raise Setting("%s must be from %d to %d, not %d" % (name, least, most, value))
    return value


# ---- JSON in: every digit is kept -------------------------------------------------------------------------------


class Number(float):
    """A float whose sender wrote other digits than Python would. Returned unchanged it leaves as it came."""

    __slots__ = ("text",)
    seen = False  # whether there may be any in this process

    def __new__(cls, text):
        self = super().__new__(cls, text)
        self.text = text
        return self

    def __reduce__(self):
        return Number, (self.text,)


def parse_float(text):
    value = float(text)
    if repr(value) == text:
        return value
    Number.seen = True
    return Number(text)


def parse_big_int(text):
    """Python refuses to convert more than 4300 digits; its decimals do not."""
    from decimal import Decimal

    return int(text) if len(text) < 4000 else int(Decimal(text))


def refuse_constant(name):
    raise json.JSONDecodeError("%s is not JSON" % name, name, 0)


decoder = json.JSONDecoder(parse_float=parse_float, parse_constant=refuse_constant)
big_decoder = json.JSONDecoder(parse_float=parse_float, parse_int=parse_big_int, parse_constant=refuse_constant)


class BadRequest(Exception):
    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status


def parse(body):
    try:
        text = body.decode("utf-8")
        try:
            return decoder.decode(text)
        except json.JSONDecodeError:
            raise
        except ValueError:
            return big_decoder.decode(text)
    except UnicodeDecodeError as exc:
        raise BadRequest(400, "The body is not UTF-8: byte %d" % exc.start) from None
    except json.JSONDecodeError as exc:
        raise BadRequest(400, "The body is not JSON: %s" % exc) from None
    except RecursionError:
        raise BadRequest(400, "The body is not JSON: nested too deeply") from None


# ---- JSON out: what it cannot hold is named by its path ---------------------------------------------------------


class CannotHold(Exception):
    """Its text names the path and what is there."""


class Foreign(TypeError):
    """No way from this object to JSON."""


def plain(value):
    """One level of an object as something nearer to JSON."""
    for name in ("to_dict", "model_dump"):
        method = getattr(value, name, None)
        if callable(method) and not isinstance(value, type):
            return method()
    if isinstance(value, type):
        raise Foreign
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    import datetime
    import decimal
    import enum
    import pathlib
    import uuid

    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, pathlib.PurePath, uuid.UUID)):
        return str(value)
    if callable(getattr(value, "dict", None)):
        return value.dict()
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return value.item()
    raise Foreign


encode_fast = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=plain).encode
SCALARS = frozenset((str, int, bool, float, type(None)))


def int_text(value):
    try:
        return int.__repr__(value)
    except ValueError:
        from decimal import Decimal

        return str(Decimal(int(value)))


def name_type(value):
    kind = type(value)
    if kind.__module__ != "builtins":
        return "an object of type %s.%s" % (kind.__module__, kind.__qualname__)
    article = "" if kind is bytes else "an " if kind.__name__[0] in "aeiou" else "a "
    return article + kind.__name__


def key_path(path, key):
    return "%s.%s" % (path, key) if key.isidentifier() else "%s[%s]" % (path, json.dumps(key[:80]))


def key_text(key, path):
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, int):
        return int_text(key)
    if isinstance(key, float) and math.isfinite(key):
        return float.__repr__(key)
    what = float.__repr__(key) if isinstance(key, float) else name_type(key)
    raise CannotHold("%s has %s as a key, which JSON cannot hold" % (path, what))


def write_json(value, path, out, parents):
    """Slower than encode_fast, but it writes numbers as they came and knows where it is."""
    if value is None or value is True or value is False or isinstance(value, str):
        out.append(encode_fast(value))
    elif isinstance(value, int):
        out.append(int_text(value))
    elif isinstance(value, Number):
        out.append(value.text)
    elif isinstance(value, float):
        if not math.isfinite(value):
            name = "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
            raise CannotHold("%s is %s, which JSON cannot hold" % (path, name))
        out.append(float.__repr__(value))
    elif id(value) in parents:
        raise CannotHold("%s contains itself, which JSON cannot hold" % path)
    else:
        parents.add(id(value))
        if isinstance(value, dict):
            write_object(value, path, out, parents)
        elif isinstance(value, (list, tuple)):
            write_array(value, path, out, parents)
        else:
            try:
                nearer = plain(value)
            except Foreign:
                raise CannotHold("%s is %s, which JSON cannot hold" % (path, name_type(value))) from None
            write_json(nearer, path, out, parents)
        parents.discard(id(value))


def write_array(value, path, out, parents):
    if SCALARS.issuperset(map(type, value)):
        try:
            return out.append(encode_fast(value))
        except ValueError:
            pass  # a NaN or a very long int, to be named below
    out.append("[")
    for index, item in enumerate(value):
        if index:
            out.append(",")
        write_json(item, "%s[%d]" % (path, index), out, parents)
    out.append("]")


def write_object(value, path, out, parents):
    out.append("{")
    comma = ""
    for key, item in value.items():
        text = key_text(key, path)
        out.append(comma + encode_fast(text) + ":")
        write_json(item, key_path(path, text), out, parents)
        comma = ","
    out.append("}")


def result_text(value):
    if not Number.seen:
        try:
            return encode_fast(value)
        except (TypeError, ValueError, RecursionError):
            pass
    out = []
    try:
        write_json(value, "result", out, set())
    except RecursionError:
        raise CannotHold("result is nested too deeply, which JSON cannot hold") from None
    return "".join(out)


# ---- answers ----------------------------------------------------------------------------------------------------


class Answer:
    __slots__ = ("status", "body", "failed")

    def __init__(self, status, body, failed=None):
        self.status = status
        self.body = body
        self.failed = failed  # why a 200 is none


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def detail(status, text):
    return Answer(status, compact({"detail": text}))


def success(result):
    try:
        text = result_text(result)
    except CannotHold as exc:
        return detail(500, str(exc))
    # A lone surrogate becomes the \udXXX that JSON writes for it.
    return Answer(200, b"".join((b'{"status":"success","result":', text.encode("utf-8", "backslashreplace"), b"}")))


def own_traceback(exc):
    """Without the frames through which the server came to the environment's code."""
    frames = exc.__traceback__
    passing = (own_traceback.__code__.co_filename, "<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")
    while frames is not None and frames.tb_frame.f_code.co_filename in passing:
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(exc), exc, frames))


def failure(exc, prefix=""):
    """What a method raised: its message and the traceback."""
    try:
        message = str(exc) or type(exc).__name__
        trace = own_traceback(exc)
    except Exception:
        message, trace = type(exc).__name__, ""
    return detail(500, "%s%s\n%s" % (prefix, message, trace))


class Shelf:
    """Finished answers by call id, oldest first, up to a number of bytes."""

    def __init__(self, budget):
        self.budget = budget
        self.used = 0
        self.entries = collections.OrderedDict()  # id -> (expiry, digest, answer, file or None, size)

    def put(self, call_id, entry):
        self.entries[call_id] = entry
        self.used += entry[4]

    def drop_oldest(self):
        call_id, entry = self.entries.popitem(last=False)
        self.used -= entry[4]
        return call_id, entry

    def surplus(self, now):
        while self.entries and (self.used > self.budget or next(iter(self.entries.values()))[0] < now):
            yield self.drop_oldest()


def memory_budget():
    """At most a sixteenth of what the container may use."""
    budget = MEMORY_BUDGET
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(path, encoding="ascii") as file:
                budget = min(budget, int(file.read()) // 16)
        except (OSError, ValueError):
            pass  # the other version of cgroups, or "max"
    return budget


class Answers:
    """Every id that ran within ANSWER_SECONDS, with its answer where there is still room for it."""

    ENTRY_COST = 600  # bytes that an entry takes besides its body

    def __init__(self, workers=1):
        self.small = Shelf(memory_budget() // workers)
        self.large = Shelf(DISK_BUDGET // workers)
        self.gone = collections.OrderedDict()  # id -> (expiry, digest)

    def put(self, call_id, digest, answer):
        now = time.monotonic()
        expiry, size = now + ANSWER_SECONDS, len(answer.body)
        if size <= SMALL_ANSWER:
            self.small.put(call_id, (expiry, digest, answer, None, size + self.ENTRY_COST))
        else:
            try:
                file = tempfile.TemporaryFile(buffering=0)
                view = memoryview(answer.body)
                while view:
                    view = view[file.write(view):]
                self.large.put(call_id, (expiry, digest, Answer(answer.status, None, answer.failed), file, size))
            except OSError:
                self.gone[call_id] = expiry, digest
        for shelf in (self.small, self.large):
            for old_id, entry in shelf.surplus(now):
                if entry[0] >= now:
                    self.gone[old_id] = entry[0], entry[1]
        while self.gone and (len(self.gone) > FORGOTTEN_IDS or next(iter(self.gone.values()))[0] < now):
            self.gone.popitem(last=False)

    def get(self, call_id, digest):
        """The kept answer, a refusal, or None for an id that never ran."""
        entry = self.small.entries.get(call_id) or self.large.entries.get(call_id)
        expiry, known = entry[:2] if entry else self.gone.get(call_id, (0, None))
        if expiry < time.monotonic():
            return None
        if known is not None and known != digest:
            return other_request(call_id)
        if entry is None:
            return detail(410, "The call %s ran, but its answer is not kept any more" % call_id)
        if entry[3] is None:
            return entry[2]
        entry[3].seek(0)
        return Answer(entry[2].status, entry[3].read(), entry[2].failed)


def other_request(call_id):
    return detail(409, "The call id %s was already used for a different request" % call_id)


# ---- log --------------------------------------------------------------------------------------------------------

BARE = re.compile(r"[A-Za-z0-9_.:/@+,-]{1,200}", re.ASCII).fullmatch


def quoted(value):
    text = value if isinstance(value, str) else str(value)
    if BARE(text):
        return text
    if len(text) > 200:
        text = text[:200] + "..."
    return json.dumps(text).replace("\x7f", "\\u007f")


class Log:
    """One line on stdout per event. It goes past sys.stdout, which methods may redirect."""

    second = None
    prefix = ""

    @classmethod
    def line(cls, level, event, *fields):
        now = time.time()
        second = int(now)
        if second != cls.second:
            cls.second, cls.prefix = second, time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        head = "time=%s%03dZ level=%s event=%s" % (cls.prefix, int((now - second) * 1000), level, event)
        try:
            os.write(1, (" ".join((head,) + fields) + "\n").encode("ascii", "backslashreplace"))
        except OSError:
            pass


def loggable_task_id(kwargs):
    value = kwargs.get("task_id")
    if isinstance(value, int) and not isinstance(value, bool):
        return int_text(value)
    return value if isinstance(value, (str, float)) else None


# ---- statistics -------------------------------------------------------------------------------------------------


class Latencies:
    """A histogram whose bins grow by 2^(1/16), so that a percentile is right within 2.2 %."""

    def __init__(self):
        self.bins = collections.Counter()

    def add(self, seconds):
        self.bins[int(math.log2(max(seconds * 1e6, 1.0)) * 16)] += 1

    def percentile_ms(self, share):
        left = math.ceil(sum(self.bins.values()) * share)
        for index in sorted(self.bins):
            left -= self.bins[index]
            if left <= 0:
                return round(2 ** ((index + 0.5) / 16) / 1000, 3)
        return None

    def percentiles(self):
        return {"p50_ms": self.percentile_ms(0.50), "p95_ms": self.percentile_ms(0.95), "p99_ms": self.percentile_ms(0.99)}


class MethodCounts:
    """Calls of one method: what became of them, and how long they took."""

    OUTCOMES = ("errors_4xx", "errors_5xx", "timeouts")  # an error is one of these

    def __init__(self):
        self.calls = 0
        self.outcomes = [0, 0, 0]
        self.last = 0.0  # when the newest ended
        self.latencies = Latencies()

    def add(self, answer, seconds):
        self.calls += 1
        self.last = time.time()
        self.latencies.add(seconds)
        if answer.failed:
            self.outcomes[2] += 1
        elif answer.status != 200:
            self.outcomes[answer.status >= 500] += 1

    def export(self):
        return [self.calls, self.outcomes, self.last, dict(self.latencies.bins)]

    def merge(self, exported):
        calls, outcomes, last, bins = exported
        self.calls += calls
        self.last = max(self.last, last)
        self.outcomes = [a + b for a, b in zip(self.outcomes, outcomes)]
        for index, count in bins.items():
            self.latencies.bins[int(index)] += count

    def summary(self):
        return dict({"calls": self.calls, "errors": sum(self.outcomes), "last": self.last}, **dict(zip(self.OUTCOMES, self.outcomes)),
                    **self.latencies.percentiles())


class Statistics:
    def __init__(self):
        self.since = time.time()
        self.requests = self.errors = 0
        self.methods = {}  # name -> MethodCounts; only methods that exist

    def add(self, method, answer, seconds):
        self.requests += 1
        self.errors += answer.status != 200 or bool(answer.failed)
        if method is not None:
            counts = self.methods.get(method)
            if counts is None:
                counts = self.methods[method] = MethodCounts()
            counts.add(answer, seconds)

    def export(self):
        return {"since": self.since, "requests": self.requests, "errors": self.errors,
                "methods": {name: counts.export() for name, counts in self.methods.items()}}

    @staticmethod
    def summed(parts, workers):
        """The answer of GET /stats from the exports of the workers that gave one."""
        total, methods = Latencies(), {}
        for part in parts:
            for name, exported in part["methods"].items():
                methods.setdefault(name, MethodCounts()).merge(exported)
        for counts in methods.values():
            total.bins.update(counts.latencies.bins)
        answer = {"since": min(part["since"] for part in parts)}
        for key in ("requests", "errors", "in_flight", "abandoned"):
            answer[key] = sum(part[key] for part in parts)
        answer.update(total.percentiles())
        answer["methods"] = {name: counts.summary() for name, counts in sorted(methods.items())}
        answer.update(workers=workers, workers_answered=len(parts))
        return answer


# ---- threads for `def` methods ----------------------------------------------------------------------------------


class Cancelled(BaseException):
    """Raised inside a cancelled `def` method, at its next Python instruction."""


class Job:
    __slots__ = ("run", "thread", "state")

    def __init__(self, run):
        self.run = run
        self.thread = None
        self.state = "waiting"  # then running, then done; or abandoned from either


class Threads:
    """A pool that a hung method cannot use up: an abandoned thread does not count and is replaced."""

    def __init__(self, limit):
        self.limit = limit
        self.lock = threading.Lock()
        self.queue = queue.SimpleQueue()
        self.threads = self.jobs = self.abandoned = 0

    def check(self):
        if self.abandoned >= MAX_ABANDONED:
            raise BadRequest(503, "%d cancelled methods still run; restart the environment" % self.abandoned)

    def submit(self, run):
        job = Job(run)
        with self.lock:
            self.jobs += 1
            self._grow()
            if self.threads == 0:
                self.jobs -= 1
                raise BadRequest(503, "No thread can be started for the method")
        self.queue.put(job)
        return job

    def _grow(self):
        if self.threads < min(self.jobs, self.limit):
            try:
                threading.Thread(target=self._work, name="affinetes-method", daemon=True).start()
                self.threads += 1
            except RuntimeError:
                pass  # the container's limit; the threads that there are take the jobs one after the other

    def abandon(self, job):
        """The method is told to end; if it hangs where it cannot be told, it hangs without a place in the pool."""
        with self.lock:
            if job.state == "running":
                self.threads -= 1
                self.jobs -= 1
                self.abandoned += 1
                self._raise_in(job.thread)
                self._grow()
            if job.state != "done":
                job.state = "abandoned"

    @staticmethod
    def _raise_in(thread):
        try:
            import ctypes

            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Cancelled))
        except Exception:
            pass  # a Python without it: the method runs to its end, unheard

    def _begin(self, job):
        with self.lock:
            if job.state == "abandoned":
                self.jobs -= 1
                return False
            job.state, job.thread = "running", threading.get_ident()
            return True

    def _end(self, job):
        """Whether the thread may take another job."""
        job.run = None  # it holds the arguments
        with self.lock:
            if job.state == "running":
                job.state = "done"
                self.jobs -= 1
            elif job.state == "abandoned":
                job.state = "done"
                self.abandoned -= 1
                return False
        return True

    def _work(self):
        while True:
            job = self.queue.get()
            if not self._begin(job):
                continue
            again = False
            try:
                job.run()
                again = self._end(job)
            except Cancelled:
                self._end(job)
            if not again:
                return


# ---- the environment --------------------------------------------------------------------------------------------


def within(path, folder):
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def put_on_path(directory, last=False):
    """Puts a directory on sys.path, first or last, once."""
    while directory in sys.path:
        sys.path.remove(directory)
    sys.path.insert(len(sys.path) if last else 0, directory)


def prepare_path():
    """env.py's own modules come first; what the server brings along comes last and shadows nothing."""
    put_on_path(ENV_DIR)
    for name in ("compat", "vendor"):
        if os.path.isdir(os.path.join(HERE, name)):
            put_on_path(os.path.join(HERE, name), last=True)


class Environment:
    def __init__(self):
        self.module = self.actor_class = self.actor = None
        self.functions = {}

    @property
    def loaded(self):
        return self.module is not None

    @property
    def ready(self):
        return self.actor_class is None or self.actor is not None

    def load(self):
        """Imports env.py; whatever that raises is the caller's to report."""
        path = os.path.join(ENV_DIR, "env.py")
        if not os.path.isfile(path):
            raise FileNotFoundError("there is no env.py in %s" % ENV_DIR)
        spec = importlib.util.spec_from_file_location("env", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["env"] = module
        spec.loader.exec_module(module)
        actor_class = getattr(module, "Actor", None)
        self.actor_class = actor_class if isinstance(actor_class, type) else None
        self.functions = self._public_functions(module)
        self.module = module

    def _public_functions(self, module):
        """The functions that the environment defines; if it has none and no Actor, those that env.py imports."""
        found = {}
        for name, value in vars(module).items():
            if not name.startswith("_") and callable(value) and not isinstance(value, type):
                found[name] = value
        if hasattr(module, "__all__"):
            return {name: value for name, value in found.items() if name in module.__all__}
        own = {name: value for name, value in found.items() if self._is_own(value)}
        if own or self.actor_class:
            return own
        return {name: value for name, value in found.items() if inspect.isroutine(value)}

    @staticmethod
    def _is_own(value):
        value = getattr(value, "func", value)  # functools.partial
        origin = sys.modules.get(getattr(value, "__module__", None) or "")
        file = os.path.abspath(getattr(origin, "__file__", None) or os.sep)
        return within(file, ENV_DIR) and not within(file, HERE) and "site-packages" not in file

    def find(self, name):
        """The method, or None. Builds the Actor on the first call: on the event loop, where its constructor may
        make asyncio objects, and so once however many calls wait for it."""
        if name.startswith("_"):
            return None
        if self.actor_class is not None:
            if self.actor is None:
                self.actor = self.actor_class()
            method = getattr(self.actor, name, None)
            if callable(method) and not isinstance(method, type):
                return method
        return self.functions.get(name)

    def describe(self):
        methods = []
        if self.actor_class is not None:
            for name in sorted(dir(self.actor_class)):
                value = None if name.startswith("_") else getattr(self.actor_class, name, None)
                if callable(value) and not isinstance(value, type):
                    static = isinstance(inspect.getattr_static(self.actor_class, name), (staticmethod, classmethod))
                    methods.append(describe_method(name, value, "Actor", bound=static))
        taken = {method["name"] for method in methods}
        for name in sorted(set(self.functions) - taken):
            methods.append(describe_method(name, self.functions[name], "module", bound=True))
        return methods


def describe_method(name, value, source, bound):
    row = {"name": name, "signature": "(...)", "source": source,
           "endpoint": "POST /call" if name in ("call", "cancel") else "POST /" + name,
           "doc": inspect.getdoc(value) or "", "async": inspect.iscoroutinefunction(value), "parameters": []}
    try:
        signature = inspect.signature(value)
        row["signature"] = str(signature)
        parameters = list(signature.parameters.values())[0 if bound else 1:]
        row["parameters"] = [describe_parameter(parameter) for parameter in parameters]
    except Exception:
        pass  # builtins have no signature, and a default may have any __repr__
    return row


def describe_parameter(parameter):
    empty = inspect.Parameter.empty
    variadic = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    annotation = None if parameter.annotation is empty else parameter.annotation
    if annotation is not None and not isinstance(annotation, str):
        annotation = inspect.formatannotation(annotation)
    return {"name": variadic + parameter.name, "required": parameter.default is empty and not variadic,
            "default": None if parameter.default is empty else repr(parameter.default)[:200], "annotation": annotation}


# ---- calls ------------------------------------------------------------------------------------------------------


def parse_call(path, body):
    """-> method, args, kwargs"""
    data = {} if not body or body.isspace() else parse(body)
    if not isinstance(data, dict):
        raise BadRequest(422, "The body must be a JSON object")
    if path == "/call":
        method = data.get("method")
        if not isinstance(method, str):
            raise BadRequest(422, 'The body must have "method", a string')
    else:
        method = path[1:]
        if "args" not in data and "kwargs" not in data:
            return method, (), data
        if not data.keys() <= {"args", "kwargs"}:
            raise BadRequest(422, 'Beside "args" and "kwargs" the body may have nothing; put the rest into "kwargs"')
    args, kwargs = data.get("args"), data.get("kwargs")
    if not isinstance(args, (list, type(None))):
        raise BadRequest(422, '"args" must be an array')
    if not isinstance(kwargs, (dict, type(None))):
        raise BadRequest(422, '"kwargs" must be an object')
    return method, args or (), kwargs or {}


def time_limit(kwargs):
    """The seconds after which the server ends the call itself, or None."""
    timeout = kwargs.get("timeout")
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 <= timeout < 1e9:
        return None
    return timeout + TIMEOUT_MARGIN


class Call:
    """A method while it runs, and the requests that wait for it."""

    __slots__ = ("server", "id", "digest", "method", "task_id", "began", "waiters", "answer", "task", "job", "grace", "limit")

    def __init__(self, server, call_id, digest, method, kwargs):
        self.server = server
        self.id = call_id
        self.digest = digest
        self.method = method
        self.task_id = loggable_task_id(kwargs)
        self.began = time.perf_counter()
        self.waiters = set()
        self.answer = self.task = self.job = self.grace = self.limit = None

    def start(self, function, args, kwargs):
        loop = self.server.loop
        if inspect.iscoroutinefunction(function):
            self.task = loop.create_task(self._await(function, args, kwargs))
        else:
            context = contextvars.copy_context()
            try:
                self.job = self.server.threads.submit(lambda: context.run(self._run, function, args, kwargs))
            except BadRequest as exc:
                self.finish(detail(exc.status, str(exc)))
        seconds = time_limit(kwargs)
        if seconds is not None and self.answer is None:
            self.limit = loop.call_later(seconds, self._expire, seconds)

    async def _await(self, function, args, kwargs):
        try:
            answer = success(await function(*args, **kwargs))
        except BaseException as exc:  # sys.exit() in a method must not end the server either
            answer = failure(exc)
        self.finish(answer)

    def _run(self, function, args, kwargs):
        """On a thread of its own."""
        then = self.finish
        try:
            outcome = function(*args, **kwargs)
            if inspect.isawaitable(outcome):
                then = self._go_on
            else:
                outcome = success(outcome)
        except Cancelled:
            raise
        except BaseException as exc:
            outcome = failure(exc)
        try:
            self.server.loop.call_soon_threadsafe(then, outcome)
        except RuntimeError:
            pass  # the loop has ended

    def _go_on(self, awaitable):
        """A `def` that returned something to await."""

        async def waiting():
            return await awaitable

        if self.answer is None:
            self.task = self.server.loop.create_task(self._await(waiting, (), {}))
        elif inspect.iscoroutine(awaitable):
            awaitable.close()

    def finish(self, answer):
        if self.answer is not None:
            return  # it was given up before
        self.answer = answer
        for timer in (self.grace, self.limit):
            if timer is not None:
                timer.cancel()
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(True)
        self.server.finished(self)

    def abort(self, answer):
        """The clients are answered at once, however long the method takes to notice."""
        if self.answer is None:
            self.finish(answer)
            if self.job is not None:
                self.server.threads.abandon(self.job)
            if self.task is not None:
                self.task.cancel()

    def cancel(self, why, timed_out=False):
        answer = detail(499, "The call was cancelled: " + why)
        if timed_out:
            answer.failed = "timeout"
        self.abort(answer)

    def _expire(self, seconds):
        error = "The method was ended after %g s: its timeout and %d s more" % (seconds, TIMEOUT_MARGIN)
        self.abort(Answer(200, compact({"status": "failed", "result": {"error": error}}), failed="timeout"))

    def join(self, waiter):
        self.waiters.add(waiter)
        if self.grace is not None:
            self.grace.cancel()
            self.grace = None

    def leave(self, waiter):
        self.waiters.discard(waiter)
        if self.waiters or self.answer is not None:
            return
        if self.id is None or self.server.grace <= 0:
            self.cancel("its client left")
        else:
            why = "its client left and did not come back within %d s" % self.server.grace
            self.grace = self.server.loop.call_later(self.server.grace, self.cancel, why)


# ---- workers among themselves -----------------------------------------------------------------------------------


class Peers:
    """With several workers the hash of a call id says which of them it belongs to; the others pass its requests on.

    Each worker listens on a unix socket which the supervisor made and keeps: what is sent to a worker that died
    waits for its successor. One connection carries one request; closing it means that the client left.
    """

    REQUEST = struct.Struct(">IQ")   # bytes of header (JSON) and body
    ANSWER = struct.Struct(">HBQ")   # status, replayed, bytes of body

    def __init__(self, index=0, paths=(), listener=None, ready=None, lifeline=None):
        self.index = index
        self.paths = paths
        self.listener = listener
        self.ready = ready          # pipe that takes a byte when this worker serves
        self.lifeline = lifeline    # pipe that ends with the supervisor
        self.count = max(len(paths), 1)

    def first_to(self, what):
        """True in one of the workers."""
        try:
            return self.listener is None or os.mkdir(self.paths[0] + "." + what) is None
        except OSError:
            return False

    def owner(self, call_id):
        return zlib.crc32(call_id.encode("ascii")) % self.count

    async def ask(self, owner, header, body=b"", gone=None):
        """-> (Answer, replayed), or None if the client left first."""
        died = detail(502, "The worker that ran this call died"), False
        try:
            reader, writer = await asyncio.open_unix_connection(self.paths[owner], limit=CHUNK)
        except OSError:
            return died
        waiting = [asyncio.ensure_future(self._exchange(reader, writer, header, body))]
        if gone is not None:
            waiting.append(asyncio.ensure_future(gone()))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return waiting[0].result() if waiting[0].done() else None
        except (OSError, asyncio.IncompleteReadError):
            return died
        finally:
            for task in waiting:
                task.cancel()
            writer.close()

    async def _exchange(self, reader, writer, header, body):
        head = json.dumps(header).encode("ascii")
        writer.write(self.REQUEST.pack(len(head), len(body)) + head)
        writer.write(body)
        await writer.drain()
        status, replayed, size = self.ANSWER.unpack(await reader.readexactly(self.ANSWER.size))
        return Answer(status, await reader.readexactly(size)), bool(replayed)

    async def listen(self, serve):
        async def connected(reader, writer):
            try:
                head, size = self.REQUEST.unpack(await reader.readexactly(self.REQUEST.size))
                header = json.loads(await reader.readexactly(head))
                body = await reader.readexactly(size)
                reply = await serve(header, body, lambda: reader.read(1))
                if reply is not None:
                    answer, replayed = reply
                    writer.write(self.ANSWER.pack(answer.status, replayed, len(answer.body)))
                    writer.write(answer.body)
                    await writer.drain()
            except (OSError, asyncio.IncompleteReadError):
                pass  # the other worker has gone
            finally:
                writer.close()

        if self.listener is not None:
            await asyncio.start_unix_server(connected, sock=self.listener, limit=CHUNK)


# ---- the application --------------------------------------------------------------------------------------------

HEALTH = Answer(200, b'{"status":"ok"}')
USAGE = {"sdk_style": 'POST /call {"method": "NAME", "args": [...], "kwargs": {...}}',
         "restful_style": 'POST /NAME {"PARAMETER": VALUE, ...}'}


class Server:
    def __init__(self):
        self.environment = Environment()
        self.peers = Peers()
        self.statistics = Statistics()
        self.answers = Answers()
        self.running = set()   # every call without an answer
        self.by_id = {}        # those of them that have an id
        self.forwarded = 0     # requests whose answer another worker gives
        self.loop = self.threads = self.methods = None
        self.grace = self.thread_limit = None
        self.stop_began = self.stopping = False

    # -- ASGI

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return await self.lifespan(receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close"})
        if self.loop is None:
            await self.start()  # a uvicorn that was told to leave lifespan out
        method, path = scope["method"], scope["path"]
        replayed = False
        if method == "POST":
            body = await read_body(receive)
            if body is None:
                return
            reply = await self.post(path, scope["headers"], body, lambda: client_gone(receive))
            if reply is None:
                return
            answer, replayed = reply
        elif method not in ("GET", "HEAD"):
            answer = detail(405, "Method Not Allowed")
        elif path == "/health":
            answer = HEALTH
        elif path == "/methods":
            answer = self.methods
        elif path == "/stats":
            answer = await self.stats()
        else:
            answer = detail(404, "Not Found")
        await respond(send, answer, replayed, self.stopping)

    async def lifespan(self, receive, send):
        try:
            while True:
                message = await receive()
                if message["type"] == "lifespan.shutdown":
                    return await send({"type": "lifespan.shutdown.complete"})
                try:
                    await self.start()
                except BaseException as exc:
                    report_import_error(exc)
                    return await send({"type": "lifespan.startup.failed", "message": "env.py cannot be used"})
                await send({"type": "lifespan.startup.complete"})
        except asyncio.CancelledError:
            pass  # the end; there is nothing to clean up

    def read_settings(self):
        self.grace = setting("AFFINETES_GRACE", 60, 0, 86400)
        self.thread_limit = setting("AFFINETES_THREADS", 256, 1, 10000)

    async def start(self):
        if not self.environment.loaded:
            self.read_settings()
            prepare_path()
            self.environment.load()
        self.loop = asyncio.get_running_loop()
        self.threads = Threads(self.thread_limit)
        self.methods = Answer(200, compact({"methods": self.environment.describe(), "usage": USAGE}))
        await self.peers.listen(self.serve_peer)
        self.catch_signals()

    # -- requests

    async def post(self, path, headers, body, gone):
        """-> (Answer, replayed), or None if the client left."""
        if path == "/cancel":
            return await self.cancel_request(body), False
        call_id = None
        for name, value in headers:
            if name == b"x-affinetes-call-id":
                call_id = value.decode("latin-1")
        if call_id is None:
            return await self.call(path, None, body, gone)
        if not valid_id(call_id):
            return detail(400, "X-Affinetes-Call-Id must be 1 to 200 visible ASCII characters"), False
        owner = self.peers.owner(call_id)
        if owner == self.peers.index:
            return await self.call(path, call_id, body, gone)
        self.forwarded += 1
        try:
            return await self.peers.ask(owner, {"op": "call", "path": path, "id": call_id}, body, gone)
        finally:
            self.forwarded -= 1

    async def serve_peer(self, header, body, gone):
        if header["op"] == "call":
            return await self.call(header["path"], header["id"], body, gone)
        if header["op"] == "cancel":
            return self.cancel(header["id"], header["timed_out"]), False
        return Answer(200, compact(self.export())), False

    async def call(self, path, call_id, body, gone):
        if self.stopping:
            return detail(503, "The server is stopping"), False
        digest = None
        if call_id is not None:
            digest = hashlib.blake2b(path.encode("utf-8", "replace") + b"\n", digest_size=16)
            digest.update(body)
            digest = digest.digest()
            call = self.by_id.get(call_id)
            if call is not None:
                if call.digest != digest:
                    return other_request(call_id), False
                Log.line("info", "rejoin", "method=" + quoted(call.method), "id=" + quoted(call_id))
                answer = await self.attend(call, gone)
                return None if answer is None else (answer, True)
            answer = self.answers.get(call_id, digest)
            if answer is not None:
                Log.line("info", "replay", "status=%d" % answer.status, "id=" + quoted(call_id))
                return answer, True
        began, method, kwargs = time.perf_counter(), None, {}
        try:
            method, args, kwargs = parse_call(path, body)
            function = self.environment.find(method)
            if function is None:
                raise BadRequest(404, "Method not found: " + method)
            if not inspect.iscoroutinefunction(function):
                self.threads.check()
            call = Call(self, call_id, digest, method, kwargs)
        except BadRequest as exc:
            return self.refused(path, method, kwargs, call_id, began, detail(exc.status, str(exc))), False
        except BaseException as exc:
            answer = failure(exc, "" if self.environment.ready else "Failed to initialize Actor: ")
            return self.refused(path, method, kwargs, call_id, began, answer), False
        self.running.add(call)
        if call_id is not None:
            self.by_id[call_id] = call
        call.start(function, args, kwargs)
        answer = await self.attend(call, gone)
        return None if answer is None else (answer, False)

    async def attend(self, call, gone):
        """Waits for the call's answer; None if the client left before."""
        if call.task is not None:
            await asyncio.sleep(0)  # many an `async` method has finished after this
        if call.answer is None:
            waiter = self.loop.create_future()
            call.join(waiter)
            watcher = []
            timer = self.loop.call_later(WATCH_AFTER, self.watch, call, waiter, gone, watcher)
            heard = await waiter
            timer.cancel()
            for task in watcher:
                task.cancel()
            if not heard:
                return None
        return call.answer

    def watch(self, call, waiter, gone, watcher):
        def left(task):
            if task.cancelled():
                return
            task.exception()  # a broken connection to another worker is a client that left, too
            if not waiter.done():
                waiter.set_result(False)
                call.leave(waiter)

        watcher.append(self.loop.create_task(gone()))
        watcher[0].add_done_callback(left)

    def finished(self, call):
        seconds = time.perf_counter() - call.began
        self.running.discard(call)
        if call.id is not None:
            self.by_id.pop(call.id, None)
            self.answers.put(call.id, call.digest, call.answer)
        self.statistics.add(call.method, call.answer, seconds)
        self.log_call(call.method, call.answer, seconds, call.id, call.task_id)

    def refused(self, path, method, kwargs, call_id, began, answer):
        """A request that never became a call."""
        seconds = time.perf_counter() - began
        self.statistics.add(None, answer, seconds)
        self.log_call(path[1:] if method is None else method, answer, seconds, call_id, loggable_task_id(kwargs))
        return answer

    @staticmethod
    def log_call(method, answer, seconds, call_id, task_id):
        status = answer.status
        level = "error" if status >= 500 else "warning" if status != 200 or answer.failed else "info"
        fields = ["method=" + quoted(method), "status=%d" % status, "ms=%.3f" % (seconds * 1000),
                  "id=" + (quoted(call_id) if call_id else "-")]
        if task_id is not None:
            fields.append("task_id=" + quoted(task_id))
        if answer.failed:
            fields.append("failed=" + answer.failed)
        Log.line(level, "call", *fields)

    async def cancel_request(self, body):
        try:
            data = parse(body)
            call_id = data.get("id") if isinstance(data, dict) else None
            if not isinstance(call_id, str) or not valid_id(call_id):
                raise BadRequest(422, 'The body must be {"id": "…"} with the X-Affinetes-Call-Id of a call')
        except BadRequest as exc:
            return detail(exc.status, str(exc))
        timed_out = data.get("why") == "timeout"
        owner = self.peers.owner(call_id)
        if owner == self.peers.index:
            return self.cancel(call_id, timed_out)
        return (await self.peers.ask(owner, {"op": "cancel", "id": call_id, "timed_out": timed_out}))[0]

    def cancel(self, call_id, timed_out):
        call = self.by_id.get(call_id)
        if call is not None:
            call.cancel("its client's time was up" if timed_out else "its client asked for it", timed_out)
            state = "cancelled"
        elif self.answers.get(call_id, None) is not None:
            state = "finished"
        else:
            # It overtook its call, or that never left the client: should the call still come, it must not run.
            self.answers.put(call_id, None, detail(499, "The call was cancelled before it arrived"))
            state = "unknown"
        return Answer(200, compact({"id": call_id, "state": state}))

    # -- statistics

    def export(self):
        return dict(self.statistics.export(), in_flight=len(self.running), abandoned=self.threads.abandoned)

    async def stats(self):
        async def of(index):
            if index == self.peers.index:
                return self.export()
            try:
                answer, _ = await asyncio.wait_for(self.peers.ask(index, {"op": "stats"}), 2)
                return json.loads(answer.body) if answer.status == 200 else None
            except asyncio.TimeoutError:
                return None  # its event loop is blocked

        parts = await asyncio.gather(*(of(index) for index in range(self.peers.count)))
        summed = Statistics.summed([part for part in parts if part], self.peers.count)
        return Answer(200, compact(summed))

    # -- the end

    def catch_signals(self):
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self.on_signal)

    def on_signal(self, number=None, frame=None):
        """Runs between two instructions of the main thread, also while a method blocks the event loop."""
        if self.stop_began:
            return
        self.stop_began = True
        start_new_thread(end_process, (STOP_SECONDS,))
        if self.loop is None:
            raise SystemExit(0)
        self.loop.call_soon_threadsafe(lambda: self.loop.create_task(self.stop()))

    async def stop(self):
        """Calls get a moment to finish, then a moment to clean up. No new ones are taken."""
        self.stopping = True
        calls = list(self.running)
        await self.until(lambda: not self.running and not self.forwarded, 0.25)
        for call in list(self.running):
            call.abort(detail(503, "The server was stopped during the call"))
        await self.until(lambda: not self.forwarded and all(call.task is None or call.task.done() for call in calls), 0.25)
        await asyncio.sleep(0.02)  # the last answers leave
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self.loop.call_soon(leave)

    @staticmethod
    async def until(condition, seconds):
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            await asyncio.sleep(0.005)


def valid_id(text):
    return 0 < len(text) <= 200 and all("!" <= c <= "~" for c in text)


async def read_body(receive):
    """The whole body, or None if the client left while sending it."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        return message.get("body", b"")
    parts = []
    while message["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()
    return None


async def client_gone(receive):
    while (await receive())["type"] != "http.disconnect":
        pass


async def respond(send, answer, replayed, closing):
    body = answer.body
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if replayed:
        headers.append((b"x-affinetes-replayed", b"1"))
    if closing:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for begin in range(0, len(body) - CHUNK, CHUNK):
        await send({"type": "http.response.body", "body": body[begin:begin + CHUNK], "more_body": True})
    rest = (len(body) - 1) // CHUNK * CHUNK if len(body) > CHUNK else 0
    await send({"type": "http.response.body", "body": body[rest:] if rest else body})


def leave():
    raise SystemExit(0)


def end_process(seconds):
    time.sleep(seconds)
    os._exit(0)


def report_import_error(exc):
    sys.stdout.flush()
    print("affinetes: env.py in %s cannot be imported:\n%s" % (ENV_DIR, own_traceback(exc)), file=sys.stderr, end="", flush=True)


app = Server()

# ---- starting ---------------------------------------------------------------------------------------------------


class Supervisor:
    """The parent of several workers. It imports nothing of the environment and has no threads, so it can fork."""

    SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}

    class Worker:
        def __init__(self, pid, ready):
            self.pid = pid
            self.ready = ready  # read end of a pipe; the worker writes a byte when it serves
            self.began = time.monotonic()

        def was_ready(self):
            return bool(select.select([self.ready], [], [], 0)[0] and os.read(self.ready, 1))

    def __init__(self, count):
        self.count = count
        try:
            self.directory = tempfile.mkdtemp(prefix="affinetes-")
        except OSError:
            self.directory = tempfile.mkdtemp(prefix="affinetes-", dir="/dev/shm")  # a read-only container
        self.paths = [os.path.join(self.directory, str(index)) for index in range(count)]
        self.listeners = []
        for path in self.paths:
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(path)
            listener.listen(1024)
            self.listeners.append(listener)
        self.lifeline = os.pipe()  # its end tells the workers that there is no supervisor any more
        self.workers = {}          # index -> Worker
        self.due = {}              # index -> when it may be started again

    def run(self):
        """Returns in each worker with its Peers; the supervisor itself exits."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self.SIGNALS)
        self.due = dict.fromkeys(range(self.count), 0.0)
        code = 0
        while True:
            for index in [index for index, when in self.due.items() if when <= time.monotonic()]:
                peers = self.fork(index)
                if peers is not None:
                    return peers
            wait = min([when - time.monotonic() for when in self.due.values()], default=3600)
            info = signal.sigtimedwait(self.SIGNALS, max(wait, 0))
            if info is not None and info.si_signo != signal.SIGCHLD:
                break
            code = self.reap()
            if code:
                break
        self.stop()
        sys.exit(code)

    def fork(self, index):
        ready = os.pipe()
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self.SIGNALS)
            os.close(ready[0])
            os.close(self.lifeline[1])
            return Peers(index, self.paths, self.listeners[index], ready[1], self.lifeline[0])
        os.close(ready[1])
        del self.due[index]
        self.workers[index] = self.Worker(pid, ready[0])
        return None

    def reap(self):
        """Takes note of workers that ended; an exit status if one never came up."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return 0
            if pid == 0:
                return 0
            for index, worker in list(self.workers.items()):
                if worker.pid != pid:
                    continue
                del self.workers[index]
                served = worker.was_ready()
                os.close(worker.ready)
                if not served:
                    return os.WEXITSTATUS(status) or 1 if os.WIFEXITED(status) else 1
                cause = "signal=%d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else "exit=%d" % os.WEXITSTATUS(status)
                Log.line("error", "worker_died", "worker=%d" % index, cause)
                self.due[index] = worker.began + 1  # at most one start per second

    def stop(self):
        for worker in self.workers.values():
            os.kill(worker.pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS + 0.05
        while self.workers and time.monotonic() < end:
            signal.sigtimedwait({signal.SIGCHLD}, max(end - time.monotonic(), 0))
            for index, worker in list(self.workers.items()):
                if os.waitpid(worker.pid, os.WNOHANG)[0]:
                    del self.workers[index]
        for worker in self.workers.values():
            os.kill(worker.pid, signal.SIGKILL)
        shutil.rmtree(self.directory, ignore_errors=True)


def bind():
    """-> the socket, bound but not yet listening: a client is refused until somebody is there to answer it."""
    path = os.environ.get("AFFINETES_UDS")
    port = setting("AFFINETES_PORT", 8000, 0, 65535)
    try:
        if path:
            where = path
            if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
                os.unlink(path)
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.bind(path)
            os.chmod(path, 0o600)
        else:
            where = "0.0.0.0:%d" % port
            # Named by its number: asyncio sets TCP_NODELAY on connections that say that they are TCP.
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("0.0.0.0", port))
            where = "0.0.0.0:%d" % sock.getsockname()[1]
    except OSError as exc:
        raise Setting("cannot listen on %s: %s" % (where, exc.strerror or exc)) from None
    if path:
        atexit.register(unlink_if_mine, path, os.getpid())
    return sock, where


def unlink_if_mine(path, pid):
    """A worker's end is not that of the socket."""
    if os.getpid() == pid:
        try:
            os.unlink(path)
        except OSError:
            pass


def orphaned():
    """The supervisor was killed; its workers clean up after it."""
    shutil.rmtree(os.path.dirname(app.peers.paths[0]), ignore_errors=True)
    app.on_signal()


def serve(sock, where):
    import uvicorn

    class Uvicorn(uvicorn.Server):
        """Signals are ours: uvicorn would wait for every connection to close."""

        def install_signal_handlers(self):
            pass

        def capture_signals(self):
            import contextlib

            return contextlib.nullcontext()

        async def startup(self, sockets=None):
            await super().startup(sockets=sockets)
            if not self.started:
                return
            if app.peers.ready is not None:
                os.write(app.peers.ready, b"+")
                app.loop.add_reader(app.peers.lifeline, orphaned)
            methods = len(json.loads(app.methods.body)["methods"])
            Log.line("info", "ready", "address=" + quoted(where), "worker=%d" % app.peers.index, "methods=%d" % methods)
            if not methods:
                Log.line("warning", "no_methods", "file=" + quoted(os.path.join(ENV_DIR, "env.py")))

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_keep_alive=KEEP_ALIVE, lifespan="on", ws="none",
        interface="asgi3", server_header=False, date_header=False,
    )
    Uvicorn(config).run(sockets=[sock])
    return 0 if app.loop is not None else 1


def main():
    signal.signal(signal.SIGTERM, app.on_signal)  # as process 1 there is no default action to rely on
    signal.signal(signal.SIGINT, app.on_signal)
    sys.stdout.reconfigure(line_buffering=True)
    prepare_path()
    try:
        import uvicorn  # noqa: F401  before the fork: the workers share its memory
    except ImportError as exc:
        print("affinetes: uvicorn is missing in this image (%s); build it again" % exc, file=sys.stderr)
        return 1
    try:
        count = setting("UVICORN_WORKERS", 1, 1, 1024)
        app.read_settings()
        sock, where = bind()
        if count > 1:
            app.peers = Supervisor(count).run()
            app.answers = Answers(count)
        if os.path.isdir(ENV_DIR):
            os.chdir(ENV_DIR)
    except (Setting, OSError) as exc:
        print("affinetes: %s" % exc, file=sys.stderr)
        return 1
    try:
        app.environment.load()
    except BaseException as exc:
        if app.stop_began and isinstance(exc, SystemExit):
            return 0
        if app.peers.first_to("report"):
            report_import_error(exc)
        return 1
    return serve(sock, where)


if __name__ == "__main__":
    # The directory of a script is on sys.path; its modules are not the environment's.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != HERE]
    put_on_path(os.path.dirname(HERE), last=True)
    put_on_path(ENV_DIR)
    from _affinetes.server import main as main_of_package  # not __main__: what it pickles has to be importable

    sys.exit(main_of_package())
