#!/usr/bin/python3
"""The generated completions in the shells that are there, with a stand-in for `afs --complete`; and the manual page
in mandoc."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from tap import at_end, contains, equal, main, skip, test  # noqa: E402

AFS = os.path.abspath(os.environ.get("AFS") or "./afs")
WORK = tempfile.TemporaryDirectory(prefix="afs-completion-")
at_end(WORK.cleanup)

# Beside what is harmless, what a completion must never act on.
FAKE = """#!/bin/sh
case $2 in
env) printf 'my-env\\nother\\nmy-two\\n' ;;
image) printf 'calc:v1\\ncalc:v2\\n' ;;
method) printf 'of_%s\\nevaluate\\n$(touch hacked)\\n' "$3" ;;
esac
"""

# Typed so far → what is offered; what follows the last ':' or '=' is what bash replaces.
LINES = {
    "afs st": ["stats", "stop"],
    "afs help c": ["call"],
    "afs build --ta": ["--tag"],
    "afs build --tag calc:": ["v1", "v2"],
    "afs build --tag=ca": ["calc:v1", "calc:v2"],
    "afs run --mode ": ["basilica", "docker", "process", "url"],
    "afs run --load-balance=r": ["random", "round_robin"],
    "afs run calc:v": ["v1", "v2"],
    "afs call my": ["my-env", "my-two"],
    "afs call my-env ": ["$(touch hacked)", "evaluate", "of_my-env"],
    "afs call --timeout 5 my-env ev": ["evaluate"],
    "afs call my-env evaluate --arg ": [],
    "afs stop my-env o": ["other"],
    "afs exec my-env -- l": [],
    "afs init --template ": ["actor", "basic", "fastapi"],
    "afs run --env-file va": ["vars.env"],
    "afs nope ": [],
}


def generated(kind):
    path = os.path.join(WORK.name, "afs." + kind)
    with open(path, "wb") as f:
        subprocess.run([AFS, "--generate", kind], stdout=f, check=True, timeout=60)
    return path


def needs(program):
    return shutil.which(program) or skip("there is no " + program)


def run(*command, **options):
    env = dict(os.environ, PATH=WORK.name + ":" + os.environ["PATH"], LC_ALL="C.UTF-8", HOME=WORK.name)
    done = subprocess.run(command, cwd=WORK.name, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, **options)
    return done.returncode, done.stdout.decode()


@test("bash reads its completion")
def _():
    equal(run(needs("bash"), "-n", generated("bash")), (0, ""))


@test("bash offers what fits")
def _():
    script = generated("bash")
    for line, want in LINES.items():
        status, out = run(needs("bash"), "--norc", "-c",
                          'source "$1"; COMP_LINE=$2; COMP_POINT=${#2}; COMPREPLY=(); _afs; '
                          'printf "%s\\n" "${COMPREPLY[@]}"', "bash", script, line)
        equal((status, sorted(out.split("\n"))), (0, sorted(want + [""] if want else ["", ""])), line)
    equal(os.path.exists(os.path.join(WORK.name, "hacked")), False, "a candidate was run")


@test("zsh reads its completion")
def _():
    equal(run(needs("zsh"), "-f", "-n", generated("zsh")), (0, ""))


@test("fish reads its completion, and offers what fits")
def _():
    script = generated("fish")
    fish = needs("fish")
    equal(run(fish, "--no-config", "-n", script), (0, ""))
    for line in ("afs st", "afs run --mode ", "afs call my", "afs stop my-env o", "afs init --template "):
        status, out = run(fish, "--no-config", "-c", 'source $argv[1]; complete -C $argv[2]', script, line)
        equal((status, sorted(row.split("\t")[0] for row in out.splitlines())), (0, LINES[line]), line)


@test("mandoc finds nothing wrong with the manual")
def _():
    mandoc, page = needs("mandoc"), generated("man")
    equal(run(mandoc, "-Tlint", "-W", "warning", page), (0, ""))
    contains(re.sub(".\b", "", run(mandoc, "-Tascii", page)[1]), "EXIT STATUS")


if __name__ == "__main__":
    with open(os.path.join(WORK.name, "afs"), "w") as fake:
        fake.write(FAKE)
    os.chmod(fake.name, 0o755)
    open(os.path.join(WORK.name, "vars.env"), "w").close()
    main()
