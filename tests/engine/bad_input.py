#!/usr/bin/python3
"""Bad input: a clear error with the right exit status, nothing left behind, nothing lost."""
import os
import socket
import subprocess

from engine import (AFS, afs, base_image, containers_of, docker, environment_dir, image_tag, name, run, temp_dir,
                    write_files)
from environments import ACTOR, actor_image, http_image
from tap import at_end, check, contains, equal, lacks, main, skip, test, wait_for, within

NAME, WEB = name("good"), name("web")
image = None


def fails(status, *args, says=(), **options):
    """afs fails with that status, says all of `says` in "afs: …", puts nothing on stdout and leaves nothing behind."""
    before = docker.container_names()
    done = afs(*args, expect=status, **options)
    equal(done.out, "", "stdout of " + str(done))
    check(done.err.splitlines() and any(line.startswith("afs: ") for line in done.err.splitlines()), "no error: %s" % done)
    for part in says:
        contains(done.err, part, "stderr")
    lacks(done.err, "Sanitizer", "stderr")
    equal(docker.container_names(), before, "containers")
    return done


def call(status, method, *args, env=None, says=(), **options):
    return fails(status, "call", env or NAME, method, *args, says=says, **options)


@test("environments that are all right", timeout=300)
def _():
    global image
    image = actor_image()
    afs("run", image, "--name", NAME, expect=0)
    afs("run", http_image(), "--name", WEB, expect=0)


def listens(address):
    try:
        socket.create_connection((address, 8000), 5).close()
        return True
    except OSError:
        return False


# ---- arguments of calls

@test("a JSON typo in --arg: status 2 and the place")
def _():
    call(2, "echo", "--arg", "ids=[1,2", says=["ids", "[1,2", "^"])
    call(2, "echo", "--arg", 'o={"a": 1,}', says=["--arg o"])
    call(2, "echo", "--arg", 's="unfinished', says=["--arg s"])


@test("a JSON typo in --json: status 2 and the place")
def _():
    call(2, "echo", "--json", '{"a": 1,, "b": 2}', says=["--json", "column 9", "^"])
    call(2, "echo", "--json", "{'a': 1}", says=["--json"])
    call(2, "echo", "--json", "[1, 2]", says=["object"])
    call(2, "echo", "--json", "", says=["--json"])
    call(2, "echo", "-", says=["stdin"], stdin="{nope")
    call(2, "echo", "-", says=["stdin"], stdin="")


@test("an --arg without = or without a key: status 2")
def _():
    call(2, "echo", "--arg", "task_id", says=["task_id"])
    call(2, "echo", "--arg", "=5")


@test("invalid UTF-8 in an argument: status 2")
def _():
    for words in ((b"--arg", b"x=\xff\xfe"), (b"--json", b'{"x": "\xff"}')):
        done = run([AFS.encode(), b"call", NAME.encode(), b"echo", *words], expect=2)
        contains(done.err, "UTF-8", "stderr")
    call(2, "echo", "-", stdin=b'{"x": "\xc3("}', says=["stdin"])


@test("an unknown method: status 3 and the methods there are")
def _():
    call(3, "evaluat", says=["evaluat", "echo", "add"])
    call(3, "_private", says=["_private"])
    call(3, "no_such_path", env=WEB, says=["no_such_path", "evaluate"])


@test("a method's name that is no name: status 3, and no request to somewhere else")
def _():
    for method in ("../health", "a b", "x?y=1", "\u00e9"):
        call(3, method)
        call(3, method, env=WEB)


@test("a replica that is not there: status 3, and no word about methods")
def _():
    lacks(call(3, "echo", "--replica", "7", says=["no replica 7"]).err, "methods", "stderr")


@test("an environment's name that is no name: status 3")
def _():
    for env in ("../json", "a b", "*", "x" * 300, "caf\u00e9", "a/b"):
        fails(3, "call", env, "echo")


@test("wrong types and numbers out of range: status 2")
def _():
    call(2, "echo", "--timeout", "soon", says=["soon"])
    call(2, "echo", "--timeout", "-1")
    call(2, "echo", "--replica", "one", says=["one"])
    call(2, "echo", "--replica", "-1")
    call(2, "echo", "--no-such-option", says=["--no-such-option", "afs call --help"])
    fails(2, "run", image, "--replicas", "0", says=["replicas"])
    fails(2, "run", image, "--replicas", "1000000")
    fails(2, "run", image, "--load-balance", "fair", says=["fair", "round_robin"])
    fails(2, "run", image, "--cpu-limit", "lots", says=["lots"])
    fails(2, "call", says=["NAME"])
    fails(2, "call", NAME, says=["METHOD"])
    fails(2, "nonsense", says=["nonsense", "afs --help"])


# ---- building

@test("a missing env.py: status 3")
def _():
    folder = write_files(temp_dir(), Dockerfile="FROM " + base_image())
    fails(3, "build", folder, "--tag", image_tag("none"), says=["env.py"])


@test("a missing Dockerfile: status 3")
def _():
    folder = write_files(temp_dir(), env_py=ACTOR)
    fails(3, "build", folder, "--tag", image_tag("none"), says=["Dockerfile"])


@test("a missing directory, and a file instead of one: status 3")
def _():
    fails(3, "build", "/no/such/directory", "--tag", image_tag("none"), says=["/no/such/directory"])
    done = afs("build", __file__, "--tag", image_tag("none"))
    check(done.status in (2, 3), "status\n%s" % done)


@test("a tag that is none: status 2")
def _():
    folder = environment_dir(ACTOR)
    for tag in ("UPPER:v1", "a b", ":v1", "x:", "-x", "x" * 300, "x:y:z"):
        fails(2, "build", folder, "--tag", tag)
    fails(2, "build", folder, says=["--tag"])
    fails(2, "build", folder, "--tag", "x:y", "--registry", "docker.io/me", says=["--push"])


@test("a step that fails: status 1, its last lines, no tag", timeout=300)
def _():
    tag = image_tag("step")
    dockerfile = "FROM %s\nRUN echo what went wrong >&2; exit 42\nCOPY . /app\n" % base_image()
    fails(1, "build", environment_dir(ACTOR, dockerfile), "--tag", tag, says=["what went wrong", "42"], timeout=300)
    equal(docker.image(tag), None, "image")


@test("a Dockerfile that is none: status 1 or 2, and no tag")
def _():
    tag = image_tag("syntax")
    done = afs("build", environment_dir(ACTOR, "FORM x\n"), "--tag", tag)
    check(done.status in (1, 2), "status\n%s" % done)
    equal((done.out, docker.image(tag)), ("", None))


@test("a full disk while building: status 1, the system's words, no tag", timeout=300)
def _():
    tag = image_tag("full")
    # /dev/shm is the one place in a build that is small on every machine.
    dockerfile = "FROM %s\nRUN dd if=/dev/zero of=/dev/shm/x bs=1M count=100000\nCOPY . /app\n" % base_image()
    fails(1, "build", environment_dir(ACTOR, dockerfile), "--tag", tag, says=["No space left on device"], timeout=300)
    equal(docker.image(tag), None, "image")


@test("a full disk while writing files: status 1, no half directory")
def _():
    disk = temp_dir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk],
                                           stderr=subprocess.DEVNULL).returncode:
        skip("no tmpfs to be had")
    at_end(subprocess.run, ["umount", "-l", disk])
    with open(os.path.join(disk, "fill"), "wb", buffering=0) as f:
        try:
            while f.write(b"x" * 1024):
                pass
        except OSError:
            pass
    done = afs("init", "my-env", cwd=disk)
    check(done.status == 1, "status\n%s" % done)
    contains(done.err, "No space left on device", "stderr")
    equal([f for _, _, files in os.walk(os.path.join(disk, "my-env")) for f in files], [], "files")


@test("config.py that fails: status 1 and its words")
def _():
    folder = environment_dir(ACTOR)
    write_files(folder, config_py="def resolve_buildargs(*a, **k):\n    raise RuntimeError('no licence')\n")
    tag = image_tag("config")
    done = afs("build", folder, "--tag", tag)
    check(done.status in (1, 2), "status\n%s" % done)
    contains(done.err, "no licence", "stderr")
    equal(docker.image(tag), None, "image")


@test("a git repository that is not there: status 1, 3 or 4, and no tag")
def _():
    done = afs("build", "file:///no/such/repository.git#main", "--tag", image_tag("git"))
    check(done.status in (1, 3, 4), "status\n%s" % done)
    contains(done.err, "/no/such/repository.git", "stderr")


# ---- running

@test("a bad memory limit: status 2")
def _():
    for limit in ("lots", "-5m", "5x", "1m", ""):
        fails(2, "run", image, "--name", name("limit"), "--mem-limit", limit)


@test("an image that does not exist: status 3 or 4, and its name")
def _():
    done = afs("run", "no-such-image-anywhere:v9", "--name", name("image"), timeout=100)
    check(done.status in (3, 4), "status\n%s" % done)
    contains(done.err, "no-such-image-anywhere:v9", "stderr")
    contains(done.err, "afs build", "stderr")
    equal(done.out, "", "stdout")


@test("an image's name that is none: status 2")
def _():
    for wrong in ("UPPER/Case", "a b", "", "x:y:z", "../x"):
        fails(2, "run", wrong, "--name", name("image"))


@test("a name in use: status 2, and what has it stays")
def _():
    before = docker.inspect(NAME)["State"]["StartedAt"]
    fails(2, "run", image, "--name", NAME, says=[NAME, "--force-recreate", "afs stop"])
    equal(docker.inspect(NAME)["State"]["StartedAt"], before, "start")
    fails(2, "run", image, "--name", NAME, "--replicas", "3", says=[NAME])


@test("the name of a foreign container is in use too, for each replica")
def _():
    other = name("other")
    docker.create(other + "-1", base_image(), cmd=["sleep", "1000"])
    fails(2, "run", image, "--name", other, "--replicas", "3", says=[other + "-1"])
    equal(len(containers_of(other)), 1, "containers")


@test("a container's name that is none: status 2")
def _():
    for wrong in ("a b", "../x", "-x", "caf\u00e9", "x/y", ""):
        fails(2, "run", image, "--name", wrong)


@test("words that do not go together: status 2")
def _():
    fails(2, "run", says=["--dir"])
    fails(2, "run", image, "--dir", ".", says=["--dir"])
    fails(2, "run", image, "--no-cache", says=["--no-cache"])
    fails(2, "run", image, "--tag", "x:y", says=["--tag"])
    fails(2, "stop", says=["--all"])
    fails(2, "stop", NAME, "--all", says=["--all"])


@test("basilica is not available: status 4")
def _():
    fails(4, "run", image, "--name", name("basilica"), "--mode", "basilica", says=["basilica", "not available"])


@test("environment variables: an unknown KEY and a missing file are named, values never")
def _():
    fails(2, "run", image, "--env", "NO_SUCH_VARIABLE_HERE", says=["NO_SUCH_VARIABLE_HERE"])
    fails(3, "run", image, "--env-file", "/no/such/file", says=["/no/such/file"])
    folder = write_files(temp_dir(), vars="GOOD=1\n=very-secret-value\n")
    done = fails(2, "run", image, "--env-file", os.path.join(folder, "vars"), says=["line 2"])
    lacks(done.err, "very-secret-value", "stderr")


@test("a network or volume that the engine refuses: a clear error, nothing left")
def _():
    env = name("network")
    done = afs("run", image, "--name", env, "--network", "no-such-network")
    check(done.status in (1, 2, 3), "status\n%s" % done)
    contains(done.err, "no-such-network", "stderr")
    equal(containers_of(env), [], "containers")
    done = afs("run", image, "--name", env, "--volume", "relative/path:also/relative")
    check(done.status in (1, 2), "status\n%s" % done)
    equal(containers_of(env), [], "containers")


# ---- engines and servers

@test("an engine that is off: status 4, where it was looked for, what to do")
def _():
    off = {"DOCKER_HOST": "unix:///no/such/engine.sock"}
    for words in (["ps"], ["run", image], ["call", NAME, "echo"], ["build", environment_dir(ACTOR), "--tag", "x:y"],
                  ["logs", NAME], ["stop", NAME], ["exec", NAME, "--", "true"], ["methods", NAME], ["stats", NAME]):
        fails(4, *words, says=["/no/such/engine.sock", "hint"], env=off)


@test("an engine's address that is none: status 2 or 4")
def _():
    for host in ("nonsense", "tcp://", "ftp://x"):
        done = afs("ps", env={"DOCKER_HOST": host})
        check(done.status in (2, 4), "status of %s\n%s" % (host, done))
        contains(done.err, host, "stderr")


@test("a result of 10 MB, and of 50, arrives whole")
def _():
    for size in (10 << 20, 50 << 20):
        done = afs("call", NAME, "big", "--arg", "size=%d" % size, expect=0)
        equal(len(done.raw_out), size + 3, "length")


@test("an answer that is not JSON: status 1 and what it was")
def _():
    call(1, "no_json", env=WEB, says=["not JSON"])


@test("an answer with invalid UTF-8: status 1")
def _():
    call(1, "bad_utf8", env=WEB, says=["bad_utf8"])


@test("an empty answer is null")
def _():
    equal(afs("call", WEB, "nothing", expect=0).out, "null\n")


@test("arguments that the server refuses: status 1 and its reasons")
def _():
    call(1, "evaluate", env=WEB, says=["task_id", "required"])


@test("a method that never answers: status 5 after --timeout")
def _():
    within(2, lambda: call(5, "never", "--timeout", "0.5", env=WEB, says=["500 ms"]).seconds)


@test("a server that never answers: status 5 too")
def _():
    mute = name("mute")
    docker.create(mute, base_image(), cmd=["python3", "-c", "import socket,time; s=socket.socket(); s.bind(('0.0.0.0',8000));"
                                           " s.listen(); time.sleep(1000)"])
    wait_for(lambda: listens(docker.address(mute)), what="the server")
    within(2.5, lambda: fails(5, "call", mute, "echo", "--timeout", "0.5", says=["500 ms"]).seconds)


@test("control characters of others do not reach the terminal")
def _():
    done = call(1, "fail", "--arg", "message=\x1b]0;owned\x07\x1b[2J")
    lacks(done.err, "\x1b", "stderr")


@test("after all that the environment still serves")
def _():
    equal(afs("call", NAME, "add", "--arg", "a=1", expect=0).out, "2\n")


main(engine=True)
