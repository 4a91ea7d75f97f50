"""Events of one request as lines on stdout, with the request's context on each of them.

    with RequestLogger(task_id=7, model="m"):
        log_event("llm_call_start")         # also from functions that know nothing of the request
"""
import contextvars
import datetime
import json
import re
import time

_current = contextvars.ContextVar("affinetes_request_logger", default=None)
_bare = re.compile(r"[A-Za-z0-9_.:/@+,-]+", re.ASCII).fullmatch
_credentials = re.compile(r"//[^/@\s]*@")


def _quoted(value):
    text = value if isinstance(value, str) else str(value)
    if _bare(text):
        return text
    return json.dumps(text).replace("\x7f", "\\u007f")


def _print(level, event, fields):
    now = datetime.datetime.now(datetime.timezone.utc)
    parts = ["time=%s.%03dZ" % (now.strftime("%Y-%m-%dT%H:%M:%S"), now.microsecond // 1000),
             "level=" + level, "event=" + _quoted(event)]
    parts += ["%s=%s" % (key, _quoted(value)) for key, value in fields.items() if value is not None]
    print(" ".join(parts), flush=True)


class EventLogger:
    """log.info("event", key=value) and its siblings."""

    def __init__(self, request=None):
        self._request = request

    def _log(self, level, event, details):
        if self._request is None:
            _print(level, event, details)
        else:
            self._request.log(event, level=level, **details)

    def debug(self, event, **details):
        self._log("debug", event, details)

    def info(self, event, **details):
        self._log("info", event, details)

    def warning(self, event, **details):
        self._log("warning", event, details)

    def error(self, event, **details):
        self._log("error", event, details)

    exception = critical = error


class RequestLogger:
    """The context of a request, for the time between __enter__ and __exit__."""

    def __init__(self, **context):
        self.context = context
        self.start_time = time.time()
        self.logger = EventLogger(self)
        self._token = None
        self._shown = dict(context)
        if isinstance(context.get("base_url"), str):
            self._shown["base_url"] = _credentials.sub("//", context["base_url"])

    def log(self, event, level="info", **details):
        fields = dict(self._shown)
        fields.update(details)
        fields["elapsed_ms"] = int((time.time() - self.start_time) * 1000)
        _print(level, event, fields)

    def __enter__(self):
        self._token = _current.set(self)
        self.log("request_start")
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            self.log("request_error", level="error", error=str(value), error_type=kind.__name__)
        token, self._token = self._token, None
        if token is not None:
            try:
                _current.reset(token)
            except ValueError:
                pass  # left in another task than it was entered in
        return False

    async def __aenter__(self):
        return self.__enter__()

    async def __aexit__(self, kind, value, trace):
        return self.__exit__(kind, value, trace)


def log_event(event, level="info", **details):
    """Logs with the context of the current request, or without any where there is none."""
    request = _current.get()
    if request is None:
        _print(level, event, details)
    else:
        request.log(event, level=level, **details)


def get_logger():
    request = _current.get()
    return request.logger if request is not None else EventLogger()
