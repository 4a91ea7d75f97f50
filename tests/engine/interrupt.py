#!/usr/bin/python3
"""^C at any moment of build and run leaves no container and no half image tag."""
import signal
import threading

from engine import afs, base_image, containers_of, docker, environment_dir, image_tag, name, start_afs
from engine_proxy import EngineProxy
from environments import ACTOR, actor_image
from tap import check, contains, equal, fail, main, note, test

# A command that ends later than this after ^C hangs.
PATIENCE = 30
MOMENTS = 24

proxy = EngineProxy()
image = None


def run_until(moment, words, number=signal.SIGINT, times=1):
    """Runs afs and sends the signal when the engine's `moment`th event goes by; (status, stdout, stderr)."""
    started = threading.Event()
    process = None

    def on_event(n, _what):
        if n == moment:
            started.wait(10)
            for _ in range(times):
                process.send_signal(number)

    proxy.reset(on_event)
    process = start_afs(*words, env={"DOCKER_HOST": proxy.host})
    started.set()
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except Exception:
        process.kill()
        fail("hangs after ^C at event %d, %s" % (moment, proxy.events[moment - 1:moment]))
    return process.returncode, out.decode(), err.decode()


def moments(total):
    """Which of `total` events to interrupt at: all, or as many as time allows, evenly."""
    if total <= MOMENTS:
        return list(range(1, total + 1))
    return sorted({1 + round(i * (total - 1) / (MOMENTS - 1)) for i in range(MOMENTS)})


def build_tags():
    """Names that a build may give to what is not finished."""
    return {tag for row in docker.get("/images/json") for tag in row["RepoTags"] or [] if "afs-build" in tag}


def check_end(moment, status, out, err):
    where = "at event %d, %s:\n%s" % (moment, proxy.events[moment - 1:moment], err)
    check(status in (0, 130), "status %s %s" % (status, where))
    if status == 130:
        equal(out, "", "stdout " + where)
        contains(err, "interrupted", "stderr " + where)
    check("Sanitizer" not in err, "sanitizer " + where)
    return where


@test("an image to run", timeout=300)
def _():
    global image
    image = actor_image()


@test("^C at many moments of run: no container stays", timeout=400)
def _():
    env = name("run")
    words = ["run", image, "--name", env, "--replicas", "2"]
    status, _, err = run_until(0, words)
    equal(status, 0, "status of the run that is not interrupted\n" + err)
    total = len(proxy.events)
    afs("stop", env, expect=0)
    interrupted = 0
    for moment in moments(total):
        status, out, err = run_until(moment, words)
        where = check_end(moment, status, out, err)
        if status == 130:
            interrupted += 1
            equal([c["Names"] for c in containers_of(env)], [], "containers " + where)
        else:
            afs("stop", env, expect=0)
    note("%d moments of %d events, interrupted %d times" % (len(moments(total)), total, interrupted))
    check(interrupted > total // 3, "hardly ever interrupted: %d" % interrupted)


@test("^C twice at once does not cut the cleaning up short", timeout=120)
def _():
    env = name("twice")
    for moment in (8, 12):
        status, out, err = run_until(moment, ["run", image, "--name", env, "--replicas", "3"], times=2)
        where = check_end(moment, status, out, err)
        if status == 0:
            afs("stop", env, expect=0)
        equal(containers_of(env), [], "containers " + where)


@test("SIGTERM and SIGHUP do as ^C does", timeout=120)
def _():
    for number in (signal.SIGTERM, signal.SIGHUP):
        env = name("term")
        status, out, err = run_until(9, ["run", image, "--name", env, "--replicas", "2"], number)
        where = check_end(9, status, out, err)
        if status == 0:
            afs("stop", env, expect=0)
        equal(containers_of(env), [], "containers " + where)


@test("^C at many moments of build: no tag, and nothing unfinished with a name", timeout=600)
def _():
    tag = image_tag("build")
    before, names = build_tags(), docker.container_names()
    # Each time something new, so that there is something to do.
    def words(turn):
        return ["build", environment_dir(ACTOR + "\nTURN = %r\n" % turn), "--tag", tag]

    status, _, err = run_until(0, words("whole"))
    equal(status, 0, "status of the build that is not interrupted\n" + err)
    total = len(proxy.events)
    docker.remove_image(tag)
    interrupted = 0
    for moment in moments(total):
        status, out, err = run_until(moment, words(moment))
        where = check_end(moment, status, out, err)
        if status == 130:
            interrupted += 1
            equal(docker.image(tag), None, "image " + where)
        else:
            check(docker.image(tag), "no image " + where)
            docker.remove_image(tag)
        equal(build_tags() - before, set(), "names of what is not finished " + where)
    equal(docker.container_names(), names, "containers")
    note("%d moments of %d events, interrupted %d times" % (len(moments(total)), total, interrupted))
    check(interrupted > len(moments(total)) // 3, "hardly ever interrupted: %d" % interrupted)


@test("^C while a step of the build runs", timeout=120)
def _():
    tag = image_tag("step")
    folder = environment_dir(ACTOR, "ARG BASE_IMAGE=%s\nFROM ${BASE_IMAGE}\nRUN echo step begins; sleep 1000\nCOPY . /app\n"
                             % base_image())
    process = start_afs("build", folder, "--tag", tag)
    seen = []
    for line in process.stderr:
        seen.append(line)
        if b"step begins" in line and b"RUN" not in line:
            break
    else:
        fail("the step did not begin: %s" % b"".join(seen).decode())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    equal((process.returncode, out), (130, b""))
    equal(docker.image(tag), None, "image")


@test("^C during run --dir leaves neither container nor half image", timeout=300)
def _():
    env, tag = name("dir"), image_tag("dir")
    words = ["run", "--dir", environment_dir(ACTOR), "--tag", tag, "--name", env]
    for moment in (3, 9, 15):
        status, out, err = run_until(moment, words)
        where = check_end(moment, status, out, err)
        if status == 0:
            afs("stop", env, expect=0)
        equal(containers_of(env), [], "containers " + where)


@test("run --rm stays, shows the logs, and takes the environment with it", timeout=120)
def _():
    for number in (signal.SIGINT, signal.SIGTERM):
        env = name("rm")
        process = start_afs("run", image, "--name", env, "--replicas", "2", "--rm")
        equal(process.stdout.readline(), env.encode() + b"\n", "its name")
        afs("call", env, "add", "--arg", "a=1", "--replica", "1", expect=0)
        seen = []
        for line in process.stderr:
            seen.append(line)
            if b" add " in line:
                break
        else:
            fail("the call is not in the logs: %s" % b"".join(seen).decode())
        process.send_signal(number)
        out, _ = process.communicate(timeout=PATIENCE)
        equal((process.returncode, out), (0, b""), "status and the rest of stdout")
        equal(containers_of(env), [], "containers")


@test("after all that, build and run work as ever", timeout=300)
def _():
    env = name("last")
    afs("run", "--dir", environment_dir(ACTOR), "--tag", image_tag("last"), "--name", env, expect=0)
    equal(afs("call", env, "add", "--arg", "a=1", expect=0).out, "2\n")


main(engine=True)
