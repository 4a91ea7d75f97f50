"""What a call costs in the library, beside wrk doing the same to the same server."""
import contextlib
import os
import socket
import tempfile

from bench import CLIENT_CPU, SERVER_CPU, Row, built, median, program, run, server, wait_until

KWARGS = '{"task_id": 12345, "seed": 7}'
BODY = '{"method":"evaluate","args":[],"kwargs":%s}' % KWARGS
ANSWER = '{"status":"success","result":{"score":0.5,"task_id":12345}}'
ROUNDS = 5
SECONDS = 2

NGINX = """\
daemon off;
pid nginx.pid;
error_log stderr error;
worker_processes 1;
worker_rlimit_nofile 20000;
events { worker_connections 16384; }
http {
    access_log off;
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    server {
        listen 127.0.0.1:%d backlog=8192;
        location / { default_type application/json; return 200 '%s'; }
    }
}
"""

WRK = """\
wrk.method = "POST"
wrk.body = '%s'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Affinetes-Call-Id"] = "0123456789abcdef0123456789abcdef"
function done(summary, latency, requests)
  local wrong = summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format('{"p50_us": %%d, "per_second": %%.0f, "wrong": %%d}\\n', latency:percentile(50),
    summary.requests / summary.duration * 1e6, wrong))
end
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def fast_server():
    """Port of an nginx of our own that gives one fixed answer, and the script that makes wrk ask as we do."""
    with tempfile.TemporaryDirectory(prefix="afs-bench-") as folder:
        port = free_port()
        with open(os.path.join(folder, "nginx.conf"), "w") as f:
            f.write(NGINX % (port, ANSWER))
        script = os.path.join(folder, "wrk.lua")
        with open(script, "w") as f:
            f.write(WRK % BODY)
        argv = [program("nginx"), "-p", folder, "-c", "nginx.conf", "-e", "stderr"]
        with server(argv, cpus=SERVER_CPU):
            wait_until("nginx answers", lambda: answers(port))
            yield port, script


def wrk(port, script, connections):
    done = run(program("wrk"), "-t1", "-c%d" % connections, "-d%ds" % SECONDS, "-s", script,
               "http://127.0.0.1:%d/call" % port, cpus=CLIENT_CPU)
    return done.json()


def ours(mode, port, *more, seconds=SECONDS):
    return run(built("bench_calls"), mode, "127.0.0.1:%d" % port, "evaluate", KWARGS, str(seconds), *map(str, more),
               cpus=CLIENT_CPU)


def sequential():
    mine, theirs = [], []
    with fast_server() as (port, script):
        for _ in range(ROUNDS):
            theirs.append(wrk(port, script, 1)["p50_us"])
            mine.append(ours("sequential", port).json()["p50_us"])
    yield Row("sequential calls, p50", median(mine), "wrk -c1", median(theirs), "µs",
              [m / t for m, t in zip(mine, theirs)], at_most=1.15)


def concurrent():
    for in_flight in (64, 1000):
        mine, theirs = [], []
        with fast_server() as (port, script):
            for _ in range(ROUNDS):
                theirs.append(wrk(port, script, in_flight)["per_second"])
                mine.append(ours("concurrent", port, in_flight).json()["per_second"])
        yield Row("calls, %s in flight" % format(in_flight, ","), median(mine), "wrk -c%d" % in_flight, median(theirs),
                  "1/s", [m / t for m, t in zip(mine, theirs)], at_least=0.25)


# ---- memory

@contextlib.contextmanager
def late_server(count, ms):
    """Port of a server that answers `ms` after it has `count` requests."""
    with server([built("late_server"), str(count), str(ms)], stdin=-1, stdout=-1, text=True) as process:
        yield int(process.stdout.readline())


def wrk_rss(in_flight, script):
    with late_server(in_flight, 200) as port:
        return run(program("wrk"), "-t1", "-c%d" % in_flight, "-d1s", "-s", script, "http://127.0.0.1:%d/" % port).rss


def memory():
    for in_flight in (1000, 5000, 10000):
        mine, theirs = [], []
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(WRK % BODY)
            script.flush()
            least = wrk_rss(1, script.name)
            for _ in range(3):
                theirs.append((wrk_rss(in_flight, script.name) - least) / in_flight / 1024)
                with late_server(in_flight, 3000) as port:
                    mine.append(ours("memory", port, in_flight, seconds=1).json()["peak_bytes_per_call"] / 1024)
        yield Row("memory per call, %s in flight" % format(in_flight, ","), median(mine), "wrk", median(theirs), "KiB",
                  [m / t for m, t in zip(mine, theirs)], bar="≤ 32 KiB", ok=median(mine) <= 32)
