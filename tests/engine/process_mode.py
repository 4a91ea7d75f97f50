#!/usr/bin/python3
"""afs run --mode process: environments as processes of this machine, supervised. No engine is needed; none answers."""
import json
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess

from engine import (AFS, SRCDIR, afs, environment, environment_dir, home, name, run, sanitized, start_afs, temp_dir,
                    write_files)
from readme import run_example
from tap import at_end, check, contains, equal, lacks, main, matches, skip, test, wait_for

MARK = "AFS_TEST_MARK=%d-%s" % (os.getpid(), os.urandom(4).hex())
SECRET = "swordfish-%s" % os.urandom(4).hex()
NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
ENV = '''
import os, subprocess, time

class Actor:
    def evaluate(self, task_id: int = 0):
        """Doubles the task."""
        print("task", task_id)
        return {"task_id": task_id, "score": task_id * 2, "pid": os.getpid(), "cwd": os.getcwd()}

    def var(self, name: str):
        return os.environ.get(name)

    def family(self):
        """Children in sessions of their own, one without a living parent."""
        subprocess.Popen(["sh", "-c", "setsid sh -c 'sleep 7771 & setsid sleep 7772 & sleep 7773' & exit 0"])
        subprocess.Popen(["sleep", "7774"])

    def hog(self, mb: int):
        return len(bytearray(mb << 20))

    def shout(self, lines: int):
        for i in range(lines):
            print("line %d %s" % (i, "x" * 100))
'''
FOLDER = environment_dir(ENV)
made = []


def modes_name(word):
    made.append(name(word))
    return made[-1]


def tool(*words, **options):
    return afs(*words, env={**NO_ENGINE, **options.pop("env", {})}, **options)


def start(word, *args, folder=FOLDER, expect=0, **options):
    """Starts an environment; its name and what run said."""
    env = modes_name(word)
    done = tool("run", "--dir", folder, "--mode", "process", "--name", env, "--env", MARK, *args, expect=expect,
                **options)
    return env, done


def own(word):
    """A variable that tells the processes of one environment from others."""
    return "AFS_TEST_OWN=%s-%s" % (word, MARK.partition("=")[2])


def stop_all():
    for env in made:
        tool("rm", "--force", env)


home()  # made before, so that it is removed after that
at_end(stop_all)


def processes(mark=MARK):
    """pid → command line of all that live with that in their environment."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as f:
                if mark.encode() not in f.read().split(b"\0"):
                    continue
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                found[int(pid)] = f.read().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def replicas(env):
    row, = [e for e in tool("ps", "--json", expect=0).json if e["name"] == env]
    return row["replicas"]


def registered(env):
    return os.path.exists(os.path.join(home(), ".local/state/affinetes/environments", env))


def call(env, method, *args, **options):
    return tool("call", env, method, *args, **options)


def supervisor_of(found):
    """The supervisor is the process whose parent is no other of them."""
    pids, = [[p for p, line in found.items() if "affinetes-supervise" in line]]
    keepers = []
    for p in pids:
        with open("/proc/%d/stat" % p) as f:
            if int(f.read().rpartition(")")[2].split()[1]) in pids:
                keepers.append(p)
    top, = set(pids) - set(keepers)
    return top, keepers[0]


@test("run starts replicas, says that nothing isolates them, and prints the name")
def _():
    global POOL
    POOL, done = start("pool", "--replicas", "2", "--load-balance", "round_robin", "--env", "TOKEN=" + SECRET)
    equal(done.out, POOL + "\n", "stdout")
    contains(done.err, "nothing isolates", "stderr")
    contains(done.err, "evaluate(task_id: int = 0)", "stderr")


@test("calls go to each in its turn, in the environment's directory and with its variables")
def _():
    results = [call(POOL, "evaluate", "--arg", "task_id=%d" % i, expect=0).json for i in range(4)]
    equal([r["score"] for r in results], [0, 2, 4, 6], "scores")
    pids = [r["pid"] for r in results]
    check(pids[0] == pids[2] and pids[1] == pids[3] and pids[0] != pids[1], "turns: %r" % pids)
    equal(results[0]["cwd"], os.path.realpath(FOLDER), "directory")
    equal(call(POOL, "var", "--arg", "name=TOKEN", expect=0).json, SECRET, "variable")


@test("ps, methods and stats show it as they show containers")
def _():
    rows = replicas(POOL)
    equal([r["state"] for r in rows], ["up", "up"], "states")
    equal([r["health"] for r in rows], ["ok", "ok"], "health")
    check(all(r["memory"] > 5e6 and r["restarts"] == 0 and r["started_at"] for r in rows), json.dumps(rows))
    matches(tool("ps", expect=0).out, r"^%s +process " % POOL, "ps")
    contains(tool("methods", POOL, expect=0).out, "Doubles the task.", "methods")
    stats = tool("stats", POOL, "--json", expect=0).json
    equal(stats["requests"], 5, "requests")
    check(all(i["address"].startswith("/") for i in stats["instances"]), json.dumps(stats))


@test("secrets are in no command line, list or log, and in no file that others can read")
def _():
    for pid, line in processes().items():
        lacks(line, SECRET, "command line of %d" % pid)
    for words in (["ps", "--json"], ["stats", POOL], ["logs", POOL]):
        lacks(tool(*words, expect=0).out, SECRET, words[0])
    for folder, folders, files in os.walk(os.path.join(home(), ".local/state/affinetes/environments")):
        for path in [folder] + [os.path.join(folder, f) for f in files]:
            equal(stat.S_IMODE(os.stat(path).st_mode) & 0o077, 0, path)


@test("logs: merged, the last lines, since a time")
def _():
    out = tool("logs", POOL, expect=0).out
    matches(out, r"^0 \| task 0$", "logs")
    matches(out, r"^1 \| task 1$", "logs")
    tail = tool("logs", POOL, "--replica", "1", "--grep", "^task", "--tail", "2", expect=0).out
    equal(tail.count("\n"), 1, "lines of tail and grep")
    equal(tool("logs", POOL, "--since", "2200-01-01T00:00:00Z", expect=0).out, "", "since the future")
    stamped = tool("logs", POOL, "--replica", "0", "--timestamps", "--grep", "^task 0", expect=0).out
    matches(stamped, r"\A\d{4}-\d\d-\d\dT[\d:.]+Z task 0\n\Z", "timestamps")
    later = tool("logs", POOL, "--replica", "0", "--since", stamped.split()[0], "--grep", "^task", expect=0).out
    equal(later, "task 0\ntask 2\n", "since that very line")


@test("a shell or command runs in its directory with its variables; its status is ours")
def _():
    done = tool("exec", POOL, "--", "sh", "-c", "pwd; echo $TOKEN; cat; echo bad >&2; exit 7", stdin="in\n", expect=7)
    equal(done.out, "%s\n%s\nin\n" % (os.path.realpath(FOLDER), SECRET), "stdout")
    equal(done.err, "bad\n", "stderr")
    tool("exec", POOL, "--", "no-such-program", expect=3)


@test("the name is taken, for this mode and any other")
def _():
    for args in (["--mode", "process"], ["--mode", "process", "--replicas", "2"]):
        contains(tool("run", "--dir", FOLDER, "--name", POOL, *args, expect=2).err, "in use", "stderr")
    equal(len([e for e in tool("ps", "--json").json if e["name"] == POOL]), 1, "environments")


@test("killed, it comes back by itself; the restart is counted and the log followed across it")
def _():
    env, _ = start("crash", "--env", own("crash"))
    follower = start_afs("logs", env, "-f", env=NO_ENGINE)
    before = call(env, "evaluate", "--arg", "task_id=1", expect=0).json["pid"]
    os.kill(before, signal.SIGKILL)
    after = call(env, "evaluate", "--arg", "task_id=2", "--timeout", "30", expect=0).json["pid"]
    check(after != before, "the same process")
    row, = replicas(env)
    equal((row["restarts"], row["state"]), (1, "up"), "restarts and state")
    lines = []
    while not lines or not lines[-1].startswith(b"task 2"):
        lines.append(follower.stdout.readline())
    equal(sum(line.startswith(b"task") for line in lines), 2, "followed tasks")
    tool("stop", env, expect=0)
    equal(follower.wait(20), 0, "status of logs -f when it is removed")


@test("stop leaves nothing behind, whatever the environment started")
def _():
    env, _ = start("family", "--env", own("family"))
    call(env, "family", expect=0)
    wait_for(lambda: sum("sleep 777" in c for c in processes(own("family")).values()) >= 4, what="its children")
    tool("stop", env, expect=0)
    equal(processes(own("family")), {}, "processes")
    check(not registered(env), "its directory is left")


@test("stopped or removed while it restarts, it stays so", timeout=120)
def _():
    deaf = ENV + """
import signal
def hear(*_):
    print("told to stop", flush=True)
install = signal.signal
signal.signal = lambda number, handler: install(number, hear if number == signal.SIGTERM else handler)
"""
    mark = own("deaf")
    env, _ = start("deaf", "--env", mark, folder=environment_dir(deaf))
    restart = start_afs("restart", env, env=NO_ENGINE)
    wait_for(lambda: "told to stop" in tool("logs", env, expect=0).out, what="the restart")
    tool("rm", "--force", env, expect=0)
    equal(processes(mark), {}, "processes")
    check(not registered(env), "its directory is left")
    restart.wait(60)


@test("a supervisor or keeper that is killed leaves nothing behind either; restart brings it back", timeout=200)
def _():
    for victim in (0, 1):
        mark = own("victim%d" % victim)
        env, _ = start("victim", "--env", mark)
        call(env, "family", expect=0)
        wait_for(lambda: sum("sleep 777" in c for c in processes(mark).values()) >= 4, what="its children")
        found = processes(mark)
        os.kill(supervisor_of(found)[victim], signal.SIGKILL)
        wait_for(lambda: not any("sleep 777" in c for c in processes(mark).values()), what="the end of its children")
        if victim == 0:
            wait_for(lambda: not processes(mark), what="the end of all")
            equal([r["state"] for r in replicas(env)], ["exited"], "states")
            tool("restart", env, expect=0)
        else:
            wait_for(lambda: replicas(env)[0]["state"] == "up", what="its return")
        equal(call(env, "evaluate", "--arg", "task_id=3", "--timeout", "30", expect=0).json["score"], 6, "score")
        tool("stop", env, expect=0)
        equal(processes(mark), {}, "processes")


@test("one whose directory somebody removed ends by itself: it could not be named any more")
def _():
    mark = own("forgotten")
    env, _ = start("forgotten", "--env", mark)
    shutil.rmtree(os.path.join(home(), ".local/state/affinetes/environments", env))
    wait_for(lambda: not processes(mark), timeout=40, what="the end of all")


@test("one that dies while starting is reported at once, with its code and last lines; nothing is left")
def _():
    folder = environment_dir("import sys\nprint('the reason')\nsys.exit(3)\n")
    env, done = start("dead", folder=folder, expect=1)
    contains(done.err, "died while starting, exit code 1", "stderr")
    contains(done.err, "the reason", "stderr")
    check(done.seconds < (20 if sanitized() else 5), "took %.1f s" % done.seconds)
    check(not registered(env), "it is registered")


@test("a module that is missing is named")
def _():
    folder = environment_dir("import no_such_module_of_ours\n", **{"requirements.txt": "no-such-module\n"})
    _, done = start("module", folder=folder, expect=1)
    contains(done.err, "pip install no_such_module_of_ours", "hint")
    contains(done.err, "requirements.txt", "hint")


@test("too much memory: where a control group can be made it is killed, and that is named as OOM with the limit")
def _():
    env, done = start("oom", "--mem-limit", "150m")
    failed = call(env, "hog", "--arg", "mb=400", "--timeout", "60")
    if "no control group" in done.err:
        equal(failed.status, 1, "status")
        contains(failed.err, "MemoryError", "stderr")
    else:
        check(failed.status in (1, 4), str(failed))
        contains(failed.err, "OOM", "stderr")
        contains(failed.err, "150M", "stderr")
    equal(call(env, "evaluate", "--timeout", "30", expect=0).json["score"], 0, "afterwards")
    tool("stop", env, expect=0)


@test("two that start the same name at once: one is there, the other is told")
def _():
    env = modes_name("twice")
    args = ["run", "--dir", FOLDER, "--mode", "process", "--name", env, "--env", MARK]
    both = [start_afs(*args, env=NO_ENGINE) for _ in range(2)]
    told = [p.communicate(timeout=100)[1] for p in both]
    equal(sorted(p.returncode for p in both), [0, 2], b"\n".join(told))
    call(env, "evaluate", expect=0)
    tool("stop", env, expect=0)


@test("^C while it starts leaves nothing")
def _():
    mark = own("interrupted")
    folder = environment_dir("import time\nprint('importing')\ntime.sleep(600)\n")
    env = modes_name("slow")
    p = start_afs("run", "--dir", folder, "--mode", "process", "--name", env, "--env", mark, env=NO_ENGINE)
    wait_for(lambda: any("server.py" in c for c in processes(mark).values()), what="its server")
    p.send_signal(signal.SIGINT)
    equal(p.wait(30), 130, "status")
    wait_for(lambda: not processes(mark), what="the end of all")
    check(not registered(env), "it is registered")


@test("an env.py with an application of its own is served as it is")
def _():
    if run(["/usr/bin/python3", "-c", "import fastapi"]).status:
        skip("no fastapi here")
    folder = environment_dir("from fastapi import FastAPI\napp = FastAPI()\n\n@app.post('/twice')\n"
                             "def twice(body: dict):\n    return {'y': body['x'] * 2}\n")
    env, _ = start("http", folder=os.path.join(folder, "env.py"))
    equal(call(env, "twice", "--arg", "x=21", expect=0).json, {"y": 42}, "result")
    equal([e["type"] for e in tool("ps", "--json").json if e["name"] == env], ["http_based"], "type")
    tool("stop", env, expect=0)


@test("logs are rotated; of those that are left none is lost or doubled")
def _():
    env, _ = start("logs")
    call(env, "shout", "--arg", "lines=200000", "--timeout", "100", expect=0)
    folder = os.path.join(home(), ".local/state/affinetes/environments", env, "0")
    size = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder))
    check(size < 18 << 20, "%d bytes" % size)
    wait_for(lambda: "line 199999 " in tool("logs", env, "--tail", "5", expect=0).out, what="the last line")
    numbers = [int(n) for n in re.findall(r"^line (\d+) ", tool("logs", env, expect=0).out, re.M)]
    equal(numbers, list(range(numbers[0], 200000)), "lines")
    tool("stop", env, expect=0)


@test("a runtime directory with a path too long for sockets is no obstacle")
def _():
    far = os.path.join(temp_dir(), "d" * 100)
    os.makedirs(far, 0o700)
    env, _ = start("long", env={"XDG_RUNTIME_DIR": far})
    equal(call(env, "evaluate", "--arg", "task_id=4", expect=0).json["score"], 8, "score")
    tool("stop", env, expect=0)


@test("what makes no sense is refused")
def _():
    for words, part in ((["some-image:v1"], "image"), (["--dir", FOLDER, "--tag", "x"], "--tag"), ([], "directory"),
                        (["--dir", FOLDER, "--url", "http://127.0.0.1:1"], "--url"),
                        (["--dir", FOLDER, "--mem-limit", "1m"], "memory limit"),
                        (["--dir", FOLDER, "--name", "../x"], "name")):
        contains(tool("run", "--mode", "process", *words, expect=2).err, part, "stderr")
    tool("run", "--mode", "process", "--dir", "/nonexistent", expect=3)
    tool("run", "--mode", "process", "--dir", temp_dir(), expect=3)


def as_nobody(*words, folder, timeout=100):
    """afs as an ordinary user whose home is `folder`."""
    nobody = pwd.getpwnam("nobody")
    env = environment(**NO_ENGINE, HOME=folder, XDG_RUNTIME_DIR=None)
    return subprocess.run([AFS, *words], env=env, cwd=folder, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                          universal_newlines=True, start_new_session=True)


def as_nobody_fails(folder):
    try:
        return as_nobody("--version", folder=folder).returncode != 0
    except PermissionError:
        return True


@test("an ordinary user: the memory limit holds for each process, and that is said")
def _():
    if os.getuid() != 0:
        skip("only root can become somebody else")
    nobody = pwd.getpwnam("nobody")
    folder = temp_dir()
    os.chmod(folder, 0o755)
    os.makedirs(os.path.join(folder, "env"))
    write_files(os.path.join(folder, "env"), env_py=ENV)
    for top, _, _ in os.walk(folder):
        os.chown(top, nobody.pw_uid, nobody.pw_gid)
    if as_nobody_fails(folder):
        skip("the programs are where only root may look")
    mark = own("nobody")
    done = as_nobody("run", "--dir", "env", "--mode", "process", "--name", "mine", "--mem-limit", "300m", "--cpu-limit",
                     "1", "--env", mark, folder=folder)
    equal(done.returncode, 0, done.stderr)
    try:
        contains(done.stderr, "the memory limit holds for each process by itself", "stderr")
        contains(done.stderr, "the CPU limit does not hold", "stderr")
        failed = as_nobody("call", "mine", "hog", "--arg", "mb=600", folder=folder)
        equal(failed.returncode, 1, failed.stderr)
        contains(failed.stderr, "MemoryError", "stderr")
        equal(as_nobody("call", "mine", "evaluate", "--arg", "task_id=5", folder=folder).returncode, 0, "afterwards")
    finally:
        as_nobody("stop", "mine", folder=folder)
    equal(processes(mark), {}, "processes")


@test("--dir takes this mode by itself where there is no engine, and says why; --mode docker insists")
def _():
    probe = run(["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /run"])
    if os.getuid() != 0 or probe.status:
        skip("no mount namespace to hide engines in")
    hide = "mount -t tmpfs none /run && exec \"$@\""
    env = modes_name("fallback")

    def hidden(*words, **options):
        return run(["unshare", "--mount", "sh", "-c", hide, "sh", AFS, *words], env={"DOCKER_HOST": None}, **options)

    done = hidden("run", "--dir", FOLDER, "--name", env, "--env", MARK, expect=0)
    matches(done.err, r"^mode process, which isolates nothing, because there is no container engine: ", "stderr")
    equal(call(env, "evaluate", "--arg", "task_id=6", expect=0).json["score"], 12, "score")
    tool("stop", env, expect=0)
    hidden("run", "--dir", FOLDER, "--name", env, "--mode", "docker", expect=4)


@test("the library loads a directory, and what serves it behind a URL, and lets go of both")
def _():
    example = os.path.join(os.environ.get("AFS_BUILDDIR") or ".", "tests", "examples", "modes")
    mark = own("library")
    arguments = ["evaluate", '{"task_id": 3}']
    variables = {**NO_ENGINE, "AFS_TEST_OWN": mark.partition("=")[2]}
    done = run([example, "process", FOLDER, *arguments], env=variables, expect=0)
    equal(json.loads(done.out)["score"], 6, "score")
    equal(processes(mark), {}, "processes")
    run([example, "process", "/nonexistent", *arguments], env=NO_ENGINE, expect=3)
    run([example, "url", "http://127.0.0.1:1", *arguments], env=NO_ENGINE, expect=4)
    check(not registered("modes-example"), "it is registered")


@test("the example in README.md")
def _():
    env = modes_name("readme")
    run_example("Mode process: without containers", {"calc": env}, cwd=temp_dir(), env=NO_ENGINE)


@test("./bootstrap's sample runs in this mode where there is neither root nor an engine")
def _():
    folder = temp_dir()
    os.makedirs(os.path.join(folder, "tests"))
    shutil.copy(os.path.join(SRCDIR, "bootstrap"), folder)
    shutil.copytree(os.path.join(SRCDIR, "tests/lib"), os.path.join(folder, "tests/lib"))
    os.symlink(os.path.realpath(AFS), os.path.join(folder, "afs"))
    os.makedirs(os.path.join(folder, "home"))
    env = environment(**NO_ENGINE, HOME=os.path.join(folder, "home"), XDG_RUNTIME_DIR=None, AFS_TEST_ENGINE=None,
                      AFS_TEST_SKIP="this test wants none")
    options = {}
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        options = dict(user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
        for top, _, _ in os.walk(folder):
            os.chown(top, nobody.pw_uid, nobody.pw_gid)
        if as_nobody_fails(folder):
            skip("the programs are where only root may look")
    done = subprocess.run([os.path.join(folder, "bootstrap"), "sample"], env=env, stdin=subprocess.DEVNULL, timeout=100,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, **options)
    equal(done.returncode, 0, done.stderr)
    equal(json.loads(done.stdout)["task_id"], 100, "the call's result")
    contains(done.stderr, "none (this test wants none): mode process, which isolates nothing", "stderr")
    contains(done.stderr, "stop      afs stop", "stderr")


@test("in the end nothing is left")
def _():
    tool("stop", POOL, expect=0)
    equal(processes(), {}, "processes")
    state = os.path.join(home(), ".local/state/affinetes/environments")
    equal(os.listdir(state), [], "registered")


main()
