#!/usr/bin/python3
"""Environments that do not get ready: reported at once, with the reason, and nothing is left behind."""
import re
import time

from engine import afs, base_image, build, containers_of, environment_dir, name, sanitized
from environments import ACTOR
from tap import check, contains, equal, lacks, main, test, within

SLACK = 3 if sanitized() else 1
WEB = '''ARG BASE_IMAGE
FROM ${BASE_IMAGE}
WORKDIR /app
COPY . /app
CMD %s
'''


def dockerfile(cmd):
    return (WEB % cmd).replace("ARG BASE_IMAGE\n", "ARG BASE_IMAGE=%s\n" % base_image())


def run_fails(tag, env, *args, **options):
    """Runs it; nothing may be left behind."""
    done = afs("run", tag, "--name", env, *args, **options)
    equal(containers_of(env), [], "containers")
    equal(done.out, "", "stdout")
    return done


@test("an import error in env.py: status 1 and its traceback", timeout=300)
def _():
    tag = build(environment_dir("import no_such_module\n" + ACTOR), "import")
    done = run_fails(tag, name("import"), expect=1)
    contains(done.err, "No module named 'no_such_module'", "stderr")
    contains(done.err, "Traceback", "stderr")

@test("a program that ends: exit code and last lines", timeout=300)
def _():
    tag = build(environment_dir("from fastapi import FastAPI\napp = FastAPI()\n",
                                dockerfile('["sh", "-c", "echo one; echo two >&2; echo last words; exit 7"]')), "exit")
    env = name("exit")
    done = run_fails(tag, env, expect=1)
    for part in (env, "7", "last words", "two"):
        contains(done.err, part, "stderr")


@test("death is reported within a second, not after a timeout", timeout=300)
def _():
    tag = build(environment_dir("from fastapi import FastAPI\napp = FastAPI()\n",
                                dockerfile('["sh", "-c", "date +%s.%N; exit 1"]')), "quick")

    def from_death_to_report():
        done = run_fails(tag, name("quick"), expect=1)
        ended = time.time()
        return ended - float(re.search(r"\b\d{10}\.\d+", done.err).group())

    within(SLACK, from_death_to_report)


@test("so it is when health was being asked for as the address went away", timeout=300)
def _():
    tag = build(environment_dir("from fastapi import FastAPI\napp = FastAPI()\n",
                                dockerfile('["sh", "-c", "sleep 0.4; date +%s.%N; exit 1"]')), "later")

    def from_first_death_to_report():
        done = run_fails(tag, name("later"), expect=1)
        ended = time.time()
        return ended - min(map(float, re.findall(r"\b\d{10}\.\d+", done.err)))

    within(SLACK, from_first_death_to_report)


@test("a program that cannot be started: status 1 and the engine's words", timeout=300)
def _():
    tag = build(environment_dir("from fastapi import FastAPI\napp = FastAPI()\n", dockerfile('["/no/such/program"]')), "none")
    done = run_fails(tag, name("none"))
    check(done.status in (1, 3), "status\n%s" % done)
    contains(done.err, "/no/such/program", "stderr")


@test("a server that never answers: status 5 after --timeout, with its last lines", timeout=300)
def _():
    tag = build(environment_dir("from fastapi import FastAPI\napp = FastAPI()\n",
                                dockerfile('["sh", "-c", "echo still loading; exec sleep 1000"]')), "silent")
    contains(run_fails(tag, name("silent"), "--timeout", "1", expect=5).err, "still loading", "stderr")
    within(2 + SLACK, lambda: run_fails(tag, name("silent"), "--timeout", "1", expect=5).seconds)


@test("a server that accepts and says nothing: status 5 too", timeout=300)
def _():
    listen = "import socket,time; s=socket.socket(); s.bind(('0.0.0.0',8000)); s.listen(); print('listening'); time.sleep(1000)"
    tag = build(environment_dir("from fastapi import FastAPI\napp = FastAPI()\n",
                                dockerfile('["python3", "-u", "-c", "%s"]' % listen)), "mute")
    within(3 + SLACK, lambda: run_fails(tag, name("mute"), "--timeout", "1", expect=5).seconds)


@test("a memory limit that is too small to start is named", timeout=300)
def _():
    tag = build(environment_dir("ballast = b'x' * (200 << 20)\n" + ACTOR), "oom")
    done = run_fails(tag, name("oom"), "--mem-limit", "48m", "--timeout", "30", expect=1)
    contains(done.err, "its limit of 48M (OOM)", "stderr")


@test("secrets do not appear in what is reported", timeout=300)
def _():
    tag = build(environment_dir("raise SystemExit('no key')\n" + ACTOR), "secret")
    done = run_fails(tag, name("secret"), "--env", "API_KEY=very-secret-value", expect=1)
    lacks(done.err, "very-secret-value", "stderr")


main(engine=True)
