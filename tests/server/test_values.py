"""Arguments and results: every digit, every character, and a path to what JSON cannot hold."""
import json
import time

from serving import Serving, result_of
from tap import at_end, below, check, contains, equal, main, matches, test

ENV = r'''
import collections
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import json
import pathlib
import pickle
import uuid

kept = {}


def echo(**kwargs):
    return kwargs

async def aecho(**kwargs):
    return kwargs

def keep(x):
    kept["x"] = x

def kept_value():
    return {"list": [1, kept["x"]], "nested": {"a": (kept["x"], None)}}

def arithmetic(x):
    assert isinstance(x, float)
    same = [pickle.loads(pickle.dumps(x)), copy.deepcopy(x), json.loads(json.dumps(x)), float(repr(x))]
    assert all(value == x for value in same), same
    assert hash(x) == hash(float(x)) and "%.3f" % x == "%.3f" % float(x) and {x: 1}[float(x)] == 1
    return {"sum": x + 1, "same": same[:2], "plain": float(x)}

class Box:
    def __init__(self, value):
        self.value = value
    def to_dict(self):
        return {"value": self.value}

class Dumped(Box):
    to_dict = None
    def model_dump(self):
        return {"dumped": self.value}

class Old(Box):
    to_dict = None
    def dict(self):
        return {"old": self.value}

class Broken:
    def to_dict(self):
        raise TypeError("broken to_dict")

@dataclasses.dataclass
class Step:
    reward: float
    box: object = None

class Color(enum.Enum):
    RED = "red"

Pair = collections.namedtuple("Pair", "a b")
cycle = {"a": []}
cycle["a"].append(cycle)
deep = []
for _ in range(100000):
    deep = [deep]
nan = float("nan")

def objects():
    return [Box(Step(0.5, Dumped([Old(1)]))), Pair(1, (2, 3)), Color.RED, {1: 2, None: 3, True: 4, 1.5: 5},
            datetime.datetime(2024, 1, 2, 3, 4, 5), decimal.Decimal("1.10"), pathlib.PurePosixPath("/a"),
            uuid.UUID(int=1), collections.OrderedDict(z=1, a=2)]

def bad(which):
    return {
        "nan": {"steps": [1, 2, {"reward": nan}]},
        "inf": [[float("inf")]],
        "minus": -float("inf"),
        "dataclass": [Step(nan)],
        "set": {"tags": {1}},
        "bytes": {"a b": [b"x"]},
        "key": {"scores": {(1, 2): 3}},
        "nankey": {nan: 1},
        "cycle": cycle,
        "deep": deep,
        "object": {"x": object()},
        "class": Step,
        "fraction": [fractions.Fraction(1, 3)],
        "generator": (i for i in ()),
        "broken": [Broken()],
    }[which]

def text(kind):
    return {"emoji": "a\u2028\U0001f600\x00\"\\", "surrogate": "x\ud83dy"}[kind]

def big(megabytes):
    return "x" * (megabytes << 20)

def size(data):
    return len(data)
'''

server = Serving(ENV).__enter__()
at_end(server.kill)


def echoed(text, method="echo"):
    reply = server.post_raw("/" + method, '{"x":%s}' % text)
    equal(reply.status, 200)
    body = reply.body.decode()
    equal((body[:33], body[-2:]), ('{"status":"success","result":{"x"', "}}"))
    return body[34:-2]


def objects_are_converted():
    equal(result_of(server.post("/objects")), [
        {"value": {"reward": 0.5, "box": {"dumped": [{"old": 1}]}}}, [1, [2, 3]], "red",
        {"1": 4, "null": 3, "1.5": 5}, "2024-01-02T03:04:05", "1.10", "/a",
        "00000000-0000-0000-0000-000000000001", {"z": 1, "a": 2}])


def what_json_cannot_hold():
    for which, text in (
        ("nan", "result.steps[2].reward is NaN, which JSON cannot hold"),
        ("inf", "result[0][0] is Infinity, which JSON cannot hold"),
        ("minus", "result is -Infinity, which JSON cannot hold"),
        ("dataclass", "result[0].reward is NaN, which JSON cannot hold"),
        ("set", "result.tags is a set, which JSON cannot hold"),
        ("bytes", 'result["a b"][0] is bytes, which JSON cannot hold'),
        ("key", "result.scores has a tuple as a key, which JSON cannot hold"),
        ("nankey", "result has nan as a key, which JSON cannot hold"),
        ("cycle", "result.a[0] contains itself, which JSON cannot hold"),
        ("deep", "result is nested too deeply, which JSON cannot hold"),
        ("object", "result.x is an object, which JSON cannot hold"),
        ("class", "result is a type, which JSON cannot hold"),
        ("fraction", "result[0] is an object of type fractions.Fraction, which JSON cannot hold"),
        ("generator", "result is a generator, which JSON cannot hold"),
    ):
        equal(server.call("bad", which=which), (500, {"detail": text}))


# Until a number with digits of its own has come in, results are written by the faster of two encoders.
test("objects are converted, nested ones too")(objects_are_converted)
test("what JSON cannot hold is named by its path")(what_json_cannot_hold)


@test("numbers are echoed with the digits they came with")
def _():
    for method in ("echo", "aecho"):
        for text in ("9007199254740993", "0.1000000000000000055", "-0.0", "1.50", "1e5", "1E+400", "0.1", "-5",
                     "123456789012345678901234567890", "1e-7", "[1.10,[2.20,{\"a\":3.30}],4]"):
            equal(echoed(text, method), text)


@test("an integer of 20,000 digits is one")
def _():
    digits = "7" * 20000
    equal(echoed(digits), digits)
    equal(echoed("[1,%s]" % digits), "[1,%s]" % digits)


@test("a number keeps its digits from one call to the next")
def _():
    server.post("/keep", '{"x":0.300000000000000000001}')
    equal(server.post_raw("/kept_value").body, b'{"status":"success","result":{"list":[1,0.300000000000000000001],'
                                               b'"nested":{"a":[0.300000000000000000001,null]}}}')


@test("such a number is a float in every other respect")
def _():
    body = server.post_raw("/arithmetic", '{"x":2.5000}').body.decode()
    contains(body, '"sum":3.5,"same":[2.5000,2.5000],"plain":2.5}')


test("objects are converted by the exact encoder as well")(objects_are_converted)
test("and what JSON cannot hold is named by it as well")(what_json_cannot_hold)


@test("an error in the conversion of a result is that error")
def _():
    status, body = server.call("bad", which="broken")
    equal(status, 500)
    matches(body["detail"], r"\Abroken to_dict\nTraceback")


@test("text survives, lone surrogates included")
def _():
    equal(result_of(server.call("text", kind="emoji")), "a\u2028\U0001f600\x00\"\\")
    reply = server.post_raw("/text", {"kind": "surrogate"})
    equal(reply.body, b'{"status":"success","result":"x\\ud83dy"}')
    equal(echoed('"\u00e4\U0001f600"'), '"\u00e4\U0001f600"')


@test("32 MB go in and out, in time that grows with their size")
def _():
    def seconds(megabytes):
        start = time.monotonic()
        equal(result_of(server.post("/size", '{"data":"%s"}' % ("x" * (megabytes << 20)))), megabytes << 20)
        reply = server.post_raw("/big", {"megabytes": megabytes})
        equal(len(reply.body), (megabytes << 20) + len('{"status":"success","result":""}'))
        return time.monotonic() - start

    seconds(1)
    small, large = min(seconds(4), seconds(4)), seconds(32)
    below(large, 8 * 4 * small + 2, "seconds for 32 MB")


@test("100,000 echoed numbers take no second")
def _():
    body = json.dumps({"x": [n / 7 for n in range(100000)], "y": 1}).replace('"y": 1', '"y": 1.0')
    start = time.monotonic()
    reply = server.post("/echo", body.replace('"y": 1.0', '"y": 1.00'))
    below(time.monotonic() - start, 2, "seconds")
    check(len(result_of(reply)["x"]) == 100000)


main()
