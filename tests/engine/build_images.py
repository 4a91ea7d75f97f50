#!/usr/bin/python3
"""afs build: what comes out, what is cached, what is left behind."""
import os
import re
import shutil
import signal
import subprocess
import threading
import urllib.request

from engine import (afs, base_image, build, docker, environment_dir, image_tag, name, run, sanitized, start_afs, temp_dir,
                    write_files)
from tap import below, check, contains, equal, lacks, main, matches, note, skip, test, wait_for

ACTOR = "class Actor:\n    async def evaluate(self, **kwargs):\n        return {'score': 1.0, **kwargs}\n"
HTTP = "from fastapi import FastAPI\napp = FastAPI()\n"
DOCKERFILE = "ARG BASE_IMAGE=%s\nFROM ${BASE_IMAGE}\nWORKDIR /app\nCOPY . /app\n" % base_image()


def image_names():
    return sorted(t for i in docker.get("/images/json") for t in i["RepoTags"] or [])


def files_of(tag, folder="/app"):
    """Paths under `folder` in the image with their content."""
    script = "import os\nfor d, _, fs in os.walk(%r):\n for f in fs:\n  p = os.path.join(d, f)\n  print(ascii(p[%d:]), open(p, 'rb').read()[:60])"
    container = docker.create(name("files"), tag, cmd=["sleep", "60"], entrypoint=[])
    try:
        code, out = docker.exec(container, "python3", "-c", script % (folder, len(folder) + 1))
        equal(code, 0, out)
        return out
    finally:
        docker.remove(container)


# ---- what comes out

@test("a function_based image has labels and a server that answers")
def _():
    tag = build(environment_dir(ACTOR), "fn")
    image = docker.image(tag)
    labels = image["Config"]["Labels"]
    equal(labels["affinetes.env.type"], "function_based")
    check(labels["affinetes.version"])
    container = docker.create(name("fn"), tag)
    url = "http://%s:8000/health" % docker.address(container)

    def answers():
        try:
            return urllib.request.urlopen(url, timeout=1).read()
        except OSError:
            return None
    equal(wait_for(answers, timeout=60, what="an answer"), b'{"status":"ok"}')


@test("an http_based image is the Dockerfile's own, with the label")
def _():
    folder = environment_dir(HTTP, DOCKERFILE + 'CMD ["my", "server"]\n')
    tag = build(folder, "web")
    config = docker.image(tag)["Config"]
    equal(config["Labels"]["affinetes.env.type"], "http_based")
    equal(config["Cmd"], ["my", "server"])


@test("stdout has the tag, with --quiet the id, and nothing else")
def _():
    folder = environment_dir(ACTOR)
    tag = image_tag("out")
    result = afs("build", folder, "--tag", tag, expect=0)
    equal(result.out, tag + "\n")
    contains(result.err, "COPY")
    quiet = afs("build", folder, "--tag", tag, "--quiet", expect=0)
    equal(quiet.out, docker.image(tag)["Id"] + "\n")
    equal(quiet.err, "")


@test("names, sizes and permissions arrive as they are")
def _():
    folder = environment_dir(ACTOR, **{
        "sub/ä 你.txt": "utf8", "a" * 120 + "/" + "b" * 120: "long", "run.sh": "#!/bin/sh\n"})
    os.chmod(os.path.join(folder, "run.sh"), 0o751)
    with open(os.path.join(folder, "big"), "wb") as f:
        f.write(os.urandom(1 << 20) * 20)
    os.symlink("../env.py", os.path.join(folder, "sub", "link"))
    os.mkfifo(os.path.join(folder, "pipe"))
    result = afs("build", folder, "--tag", image_tag("names"), expect=0)
    contains(result.err, "pipe: it is no file, directory or link, left out")
    container = docker.create(name("names"), result.out.strip(), cmd=["sleep", "60"])
    script = "cat /app/sub/ä*; cat /app/aaa*/bbb*; stat -c %a,%u,%g,%Y /app/run.sh; sha256sum < /app/big; readlink /app/sub/link"
    _, out = docker.exec(container, "sh", "-c", script)
    want = run(["sha256sum"], stdin=open(os.path.join(folder, "big"), "rb").read()).out
    equal(out.replace("\r", ""), "utf8long751,0,0,946684800\n" + want + "../env.py\n")


@test(".dockerignore keeps files out, exceptions keep them in")
def _():
    folder = environment_dir(ACTOR, **{
        ".dockerignore": "*\n!env.py\n!keep/**/*.txt\n", "secret": "x", "keep/a/b.txt": "y", "keep/a/b.log": "z"})
    found = files_of(build(folder, "ignore"))
    contains(found, "'env.py'")
    contains(found, "'keep/a/b.txt'")
    lacks(found, "b.log")
    lacks(found, "secret")


@test("# syntax= builds without a registry too")
def _():
    folder = environment_dir(ACTOR, "# syntax=docker/dockerfile:1\n# escape=`\n" + DOCKERFILE + "RUN true `\n  && echo joined\n")
    result = afs("build", folder, "--tag", image_tag("syntax"), expect=0)
    contains(result.err, "joined")


# ---- the cache

@test("a second build of an unchanged directory takes less than a second and changes nothing")
def _():
    folder = environment_dir(ACTOR, DOCKERFILE + "RUN head -c 9 /dev/urandom > /stamp\n")
    tag = build(folder, "twice")
    first = docker.image(tag)["Id"]
    again = afs("build", folder, "--tag", tag, expect=0)
    equal(docker.image(tag)["Id"], first)
    contains(again.err, "nothing has changed")
    note("second build: %.2f s" % again.seconds)
    below(again.seconds, 3 if sanitized() else 1, "seconds")


@test("another clone with other times hits the cache, a change does not, --no-cache does not")
def _():
    folder = environment_dir(ACTOR, DOCKERFILE + "RUN head -c 9 /dev/urandom > /stamp\n", **{"x/y": "1", "a": "2"})
    tag = build(folder, "clone")
    first = docker.image(tag)["Id"]
    clone = os.path.join(temp_dir(), "clone")
    shutil.copytree(folder, clone, copy_function=shutil.copyfile)
    for d, _, files in os.walk(clone):
        for f in files:
            os.utime(os.path.join(d, f), (1000, 1000))
    afs("build", clone, "--tag", tag, expect=0)
    equal(docker.image(tag)["Id"], first)
    afs("build", clone, "--tag", tag, "--no-cache", expect=0)
    fresh = docker.image(tag)["Id"]
    check(fresh != first, "--no-cache built anew")
    write_files(clone, **{"x/y": "2"})
    afs("build", clone, "--tag", tag, expect=0)
    check(docker.image(tag)["Id"] not in (first, fresh), "the change was seen")


# ---- build arguments

@test("--build-arg reaches the Dockerfile, the last of equal keys holds")
def _():
    folder = environment_dir(ACTOR, DOCKERFILE + "ARG MODE=none\nRUN echo mode=$MODE > /app/mode\n")
    found = files_of(build(folder, "arg", "--build-arg", "MODE=a", "--build-arg", "MODE=b c"))
    contains(found, r"'mode' b'mode=b c\n'")


@test("config.py resolves build arguments; what fails in it fails the build")
def _():
    dockerfile = DOCKERFILE + "ARG TOOL\nARG KIND\nRUN echo $TOOL,$KIND > /app/got\n"
    config = ("def resolve_buildargs(buildargs):\n    if 'KIND' not in buildargs:\n        raise ValueError('KIND must be given')\n"
              "    print('looked up')\n    return {'KIND': buildargs['KIND'].upper(), 'TOOL': 7}\n")
    folder = environment_dir(ACTOR, dockerfile, config_py=config)
    found = files_of(build(folder, "config", "--build-arg", "KIND=x"))
    contains(found, r"'got' b'7,X\n'")
    check(not os.path.exists(os.path.join(folder, "__pycache__")), "no __pycache__")
    failed = afs("build", folder, "--tag", image_tag("config"), expect=1)
    contains(failed.err, "config.py: resolve_buildargs: ValueError: KIND must be given")
    equal(failed.out, "")


@test("AFS_BASE_IMAGE fills ARG BASE_IMAGE, --build-arg is stronger")
def _():
    folder = environment_dir(ACTOR, "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nWORKDIR /app\nCOPY . .\n")
    build(folder, "base")
    absent = "localhost:1/no/such:image"
    failed = afs("build", folder, "--tag", image_tag("base"), "--build-arg", "BASE_IMAGE=" + absent)
    contains(failed.err, absent)
    contains(failed.err, "--build-arg BASE_IMAGE=")
    check(failed.status in (3, 4), failed)
    empty = afs("build", folder, "--tag", image_tag("base"), env={"AFS_BASE_IMAGE": None}, expect=1)
    contains(empty.err, "the base image ${BASE_IMAGE} is empty")


# ---- git

@test("a git repository is built from #ref:subdir, the same as its directory")
def _():
    if not shutil.which("git"):
        skip("git is not installed")
    work = environment_dir(ACTOR)
    repo = os.path.join(temp_dir(), "envs.git")
    source = os.path.join(temp_dir(), "source")
    shutil.copytree(work, os.path.join(source, "envs", "calc"))
    script = ("set -e; git init -q .; git symbolic-ref HEAD refs/heads/trunk; git add .; "
              "git -c user.name=t -c user.email=t@example.com commit -qm one; git clone -q --bare . '%s'" % repo)
    run(["sh", "-c", script], cwd=source, expect=0)
    tag = image_tag("git")
    temp = temp_dir()
    afs("build", "file://%s#trunk:envs/calc" % repo, "--tag", tag, expect=0, env={"TMPDIR": temp})
    equal(docker.image(tag)["Id"], docker.image(build(work, "git"))["Id"])
    missing = afs("build", "file://%s#no-such-branch" % repo, "--tag", tag, expect=3, env={"TMPDIR": temp})
    contains(missing.err, "no-such-branch")
    nowhere = afs("build", "file://%s" % repo, "--tag", tag, expect=3, env={"TMPDIR": temp})
    contains(nowhere.err, "env.py")
    escape = afs("build", "file://%s#trunk:../.." % repo, "--tag", tag, expect=2, env={"TMPDIR": temp})
    contains(escape.err, "inside of the repository")
    equal(os.listdir(temp), [], "left in the temporary directory")


# ---- what goes wrong

@test("a missing directory, env.py or Dockerfile is status 3 with its name and the next step")
def _():
    folder = temp_dir()
    for _ in ("env.py", "Dockerfile"):
        missing = "env.py" if not os.listdir(folder) else "Dockerfile"
        result = afs("build", folder, "--tag", image_tag("missing"), expect=3)
        contains(result.err, os.path.join(folder, missing))
        contains(result.err, "afs init")
        write_files(folder, env_py=ACTOR)
    contains(afs("build", folder + "/no", "--tag", image_tag("missing"), expect=3).err, folder + "/no")


@test("wrong usage is status 2 before anything is done")
def _():
    folder = environment_dir(ACTOR)
    contains(afs("build", folder, "--tag", "Calc:v1", expect=2).err, "lower case")
    contains(afs("build", folder, "--tag", image_tag("x"), "--registry", "docker.io/me", expect=2).err, "--push")
    write_files(folder, **{".dockerignore": "ok\n[\n"})
    contains(afs("build", folder, "--tag", image_tag("x"), expect=2).err, ".dockerignore: line 2")


@test("a step that fails is told with its output; no tag is left")
def _():
    before = image_names()
    folder = environment_dir(ACTOR, DOCKERFILE + "RUN echo it went wrong >&2; exit 7\n")
    tag = image_tag("fails")
    result = afs("build", folder, "--tag", tag, "--quiet", expect=1)
    contains(result.err, "it went wrong")
    contains(result.err, "7")
    equal(result.out, "")
    equal(image_names(), before)


@test("an image without Python says so")
def _():
    folder = environment_dir(ACTOR, DOCKERFILE + "RUN rm -f /usr/bin/python* /usr/local/bin/python*\n")
    result = afs("build", folder, "--tag", image_tag("nopy"), "--quiet", expect=1)
    contains(result.err, "no Python")
    lacks(result.err, "command -v", "our own step")
    lacks("".join(image_names()), "afs-build")


@test("an unreadable file is named")
def _():
    if os.geteuid() == 0:
        skip("root reads everything")
    folder = environment_dir(ACTOR, secret="x")
    os.chmod(os.path.join(folder, "secret"), 0)
    contains(afs("build", folder, "--tag", image_tag("x"), expect=1).err, os.path.join(folder, "secret"))


def interrupt(folder, tag, when, *args):
    """Status of a build that got SIGINT once `when` stood in its output."""
    process = start_afs("build", folder, "--tag", tag, *args, stdout=subprocess.DEVNULL)
    for line in process.stderr:
        if re.search(when, line.decode("utf-8", "replace")):
            process.send_signal(signal.SIGINT)
            break
    drain = threading.Thread(target=process.stderr.read)
    drain.start()
    status = process.wait(30)
    drain.join()
    return status


@test("^C at any step leaves no tag, no container and no temporary name")
def _():
    folder = environment_dir(ACTOR, DOCKERFILE + "RUN echo started; sleep 30\n")
    before, containers = image_names(), docker.container_names()
    equal(interrupt(folder, image_tag("half"), r"started$"), 130)
    quick = environment_dir(ACTOR, DOCKERFILE + "RUN echo 'started'\n")
    for when in (r"step 1 of 2", r" started$", r"step 2 of 2", r"afs-build", r"COPY _affinetes", r"install\.py"):
        tag = image_tag("half")
        status = interrupt(quick, tag, when, "--no-cache")
        # The last steps may be over by the time the signal is noticed.
        if status == 0:
            docker.remove_image(tag)
        else:
            equal(status, 130, when)
    wait_for(lambda: docker.container_names() == containers, what="no container")
    equal(image_names(), before)


@test("two builds of one directory at once do not disturb each other")
def _():
    folder = environment_dir(ACTOR, DOCKERFILE + "RUN head -c 9 /dev/urandom > /stamp\n")
    tags = [image_tag("both") for _ in range(3)]
    processes = [start_afs("build", folder, "--tag", tag, "--quiet") for tag in tags]
    for process in processes:
        out, err = process.communicate(timeout=100)
        equal(process.returncode, 0, err)
    lacks("".join(image_names()), "afs-build")


@test("an engine that is off is status 4")
def _():
    result = afs("build", environment_dir(ACTOR), "--tag", "x:v1", env={"DOCKER_HOST": "unix:///no/such.sock"}, expect=4)
    contains(result.err, "/no/such.sock")


main(engine=True)
