"""Containers: until they are ready, until they are gone, images, logs; beside the engine's own API and command."""
import http.client
import os
import threading
import time

from bench import AFS, Row, built, median, program, run, wait_until
from environment import environment

ROUNDS = 8
POLL_S = 0.005
LINES = 500000
# What `docker logs` reads is on disk by then; so is what we read.
LAST = "the last line"
PRINTER = """\
import sys, time
for start in range(0, %d, 1000):
    sys.stdout.write("".join("2026-01-02 03:04:05 INFO episode %%07d: step done, reward 0.125\\n" %% n
                             for n in range(start, start + 1000)))
print(%r, flush=True)
time.sleep(3600)
""" % (LINES, LAST)


# ---- ready

def healthy(address):
    connection = http.client.HTTPConnection(address, 8000, timeout=1)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def start_plainly(docker, image, name):
    """One container through the engine's API, polled until it serves."""
    docker.create(name, image, host_config={"RestartPolicy": {"Name": "always"}})
    address = docker.address(name)
    while not healthy(address):
        time.sleep(POLL_S)


def all_at_once(function, items):
    """Seconds until the function is done for each."""
    began = time.perf_counter()
    threads = [threading.Thread(target=function, args=(item,)) for item in items]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return time.perf_counter() - began


def stop_plainly(docker, name):
    docker.post("/containers/%s/stop" % name, t="10")
    docker.remove(name)


def ready():
    with environment() as env:
        for replicas in (1, 3):
            mine, theirs, gone, gone_plainly = [], [], [], []
            for _ in range(ROUNDS):
                names = [env.name() for _ in range(replicas)]
                theirs.append(all_at_once(lambda n: start_plainly(env.docker, env.image, n), names))
                gone_plainly.append(all_at_once(lambda n: stop_plainly(env.docker, n), names))
                name = env.name()
                mine.append(env.afs("run", env.image, "--name", name, "--replicas", str(replicas)).seconds)
                gone.append(env.afs("stop", name).seconds)
            ratios = [m / t for m, t in zip(mine, theirs)]
            if replicas == 1:
                # As for afs call: a difference of 20 ms is only seen where nothing else disturbs.
                more = min(mine) - min(theirs)
                yield Row("ready after run, 1 replica, best of %d" % ROUNDS, min(mine), "engine's API", min(theirs), "s",
                          [min(mine) / min(theirs)], bar="≤ +20 ms", ok=more <= 0.02, note="%+.0f ms" % (more * 1000))
                continue
            yield Row("ready after run, 3 replicas", median(mine), "engine's API", median(theirs), "s", ratios, at_most=1.1)
            yield Row("stop, 3 replicas, best of %d" % ROUNDS, min(gone), "engine's API", min(gone_plainly), "s",
                      [min(gone) / min(gone_plainly)], bar="≤ 1 s", ok=min(gone) <= 1)


# ---- images

def rebuild():
    with environment() as env:
        tag = env.image + "-docker"
        argv = [program("docker"), "build", "-q", "-t", tag, env.folder]
        run(*argv)
        mine, theirs = [], []
        for _ in range(ROUNDS):
            mine.append(env.build().seconds)
            theirs.append(run(*argv).seconds)
        env.docker.remove_image(tag)
    yield Row("build of an unchanged directory, best of %d" % ROUNDS, min(mine), "docker build", min(theirs), "s",
              [min(mine) / min(theirs)], bar="< 1 s", ok=min(mine) < 1)


# ---- logs

def follow(argv, env):
    """Seconds, and those of the processor, until the last line came through."""
    done = run(built("until"), LAST, *argv, env=env)
    return done.json()


def logs():
    with environment() as env:
        name = env.name()
        env.docker.create(name, env.image, cmd=["python3", "-c", PRINTER], entrypoint=[])
        wait_until("the container has printed everything",
                   lambda: LAST.encode() in env.docker.logs(name, tail="1")[0], 120)
        mine, theirs = [], []
        for _ in range(ROUNDS):
            theirs.append(follow([program("docker"), "logs", "-f", name], dict(os.environ)))
            mine.append(follow([AFS, "logs", "-f", name], env.variables()))
    rate, peer_rate = ([LINES / d["seconds"] for d in runs] for runs in (mine, theirs))
    cpu, peer_cpu = ([d["cpu_s"] / LINES * 1e6 for d in runs] for runs in (mine, theirs))
    yield Row("logs -f", median(rate), "docker logs -f", median(peer_rate), "lines/s",
              [r / p for r, p in zip(rate, peer_rate)], at_least=1)
    yield Row("logs -f, processor", median(cpu), "docker logs -f", median(peer_cpu), "s per 1M lines",
              [c / p for c, p in zip(cpu, peer_cpu)], at_most=1)
