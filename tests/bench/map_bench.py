"""`afs map` over many fast calls, beside wrk asking the same server for the same at the same concurrency."""
import json
import os
import tempfile

from bench import CLIENT_CPU, SERVER_CPU, Row, median, program, run
from environment import environment

CALLS = 20000
IN_FLIGHT = 64
ROUNDS = 3

# Each request is a call of its own, with an id that the server has not seen: one that it has would be answered from memory.
WRK = """\
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local n = 0
request = function()
  n = n + 1
  wrk.headers["X-Affinetes-Call-Id"] = string.format("%%08x%%024x", %d, n)
  return wrk.format(nil, nil, nil, string.format('{"method":"evaluate","args":[],"kwargs":{"task_id":%%d}}', n))
end
function done(summary, latency, requests)
  local wrong = summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format('{"per_second": %%.0f, "wrong": %%d}\\n', summary.requests / summary.duration * 1e6, wrong))
end
"""


def wrk(address, folder, round_):
    script = os.path.join(folder, "wrk.lua")
    with open(script, "w") as f:
        f.write(WRK % (os.getpid() * 100 + round_))
    done = run(program("wrk"), "-t1", "-c%d" % IN_FLIGHT, "-d4s", "-s", script, "http://%s:8000/call" % address,
               cpus=CLIENT_CPU).json()
    if done["wrong"]:
        raise RuntimeError("wrk saw %d errors" % done["wrong"])
    return done["per_second"]


def ours(env, name, folder, round_):
    out = os.path.join(folder, "out-%d.jsonl" % round_)
    done = env.afs("map", name, "evaluate", "--over", "task_id=0..%d" % (CALLS - 1), "--concurrency", str(IN_FLIGHT),
                   "--out", out, cpus=CLIENT_CPU)
    with open(out) as f:
        indexes = sorted(json.loads(line)["index"] for line in f)
    if indexes != list(range(CALLS)):
        raise RuntimeError("the results are not one line for each call")
    os.remove(out)
    return done.json()["per_second"], done


def many():
    with environment() as env, tempfile.TemporaryDirectory(prefix="afs-bench-") as folder:
        name = env.name()
        env.afs("run", env.image, "--name", name, "--json")
        env.docker.post("/containers/%s/update" % name, {"CpusetCpus": ",".join(map(str, SERVER_CPU))})
        address = env.docker.address(name)
        mine, theirs, cpu, rss = [], [], [], []
        for i in range(ROUNDS):
            theirs.append(wrk(address, folder, i))
            rate, done = ours(env, name, folder, i)
            mine.append(rate)
            cpu.append(done.cpu_s / CALLS * 1e6)
            rss.append(done.rss)
        env.afs("stop", name)
    yield Row("afs map, 20,000 calls, %d in flight" % IN_FLIGHT, median(mine), "wrk -c%d" % IN_FLIGHT, median(theirs), "1/s",
              [m / t for m, t in zip(mine, theirs)], at_least=0.8)
    yield Row("the same, processor per call", median(cpu), "", None, "µs", note="%d MB in all" % (median(rss) >> 20))
