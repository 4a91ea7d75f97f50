#!/usr/bin/python3
"""afs ps, stats, methods and doctor: what they say about what is."""
import json
import signal

from engine import AFS, afs, docker, name, sanitized, start_afs
from environments import actor_image, http_image
from tap import below, check, contains, equal, lacks, main, matches, skip, test, wait_for, within
from terminal import Terminal

NAME, WEB = name("seen"), name("web")
REPLICA = ["replica", "container", "id", "host", "address", "state", "status", "exit_code", "oom", "health", "cpu_percent",
           "memory", "memory_limit", "counted_by", "requests", "errors", "in_flight", "restarts", "started_at"]
image = None


def row(env=NAME):
    return next((r for r in afs("ps", "--json", expect=0).json if r["name"] == env), None)


def call(method, *args, **options):
    return afs("call", NAME, method, *args, **options)


@test("environments to look at", timeout=300)
def _():
    global image
    image = actor_image()
    afs("run", image, "--name", NAME, "--replicas", "2", "--mem-limit", "256m", "--cpu-limit", "1.5",
        "--env", "API_KEY=very-secret-value", expect=0)
    afs("run", http_image(), "--name", WEB, expect=0)


@test("ps --json has the members that are documented, in their order")
def _():
    got = row()
    equal(list(got), ["name", "image", "type", "mode", "balance", "ours", "planned", "replicas"], "members")
    for replica in got["replicas"]:
        equal(list(replica), REPLICA, "members of a replica")
    help_text = afs("ps", "--help", expect=0).out
    for member in list(got) + REPLICA:
        contains(help_text, member, "afs ps --help")


@test("ps tells limits, memory and CPU")
def _():
    first = row()["replicas"][0]
    equal(first["memory_limit"], 256 << 20, "memory limit")
    check(5 << 20 < first["memory"] < 256 << 20, "memory: %s" % first["memory"])
    check(0 <= first["cpu_percent"] < 1000, "CPU: %s" % first["cpu_percent"])
    equal(docker.inspect(NAME + "-0")["HostConfig"]["NanoCpus"], 1500000000, "CPU limit")


@test("ps counts requests and errors of any client")
def _():
    before = row()["replicas"][0]
    for _ in range(3):
        call("add", "--arg", "a=1", "--replica", "0", expect=0)
    call("fail", "--replica", "0", expect=1)
    after = row()["replicas"][0]
    equal(after["requests"] - before["requests"], 4, "requests")
    equal(after["errors"] - before["errors"], 1, "errors")
    equal(after["counted_by"], "server", "source")


@test("calls in flight are shown")
def _():
    process = start_afs("call", NAME, "hang", "--replica", "1")
    wait_for(lambda: afs("stats", NAME, "--json", expect=0).json["instances"][1]["in_flight"] == 1, what="in flight")
    process.send_signal(signal.SIGINT)
    process.wait(20)
    wait_for(lambda: afs("stats", NAME, "--json", expect=0).json["instances"][1]["in_flight"] == 0, what="none in flight")


@test("an environment with a server of its own has no counts")
def _():
    replica, = row(WEB)["replicas"]
    equal((replica["requests"], replica["counted_by"], replica["health"]), (None, None, "ok"))


@test("the table fits 100 columns, and narrower terminals too")
def _():
    for columns in (100, 80, 60):
        terminal = Terminal([AFS, "ps"], 40, columns, {"NO_COLOR": "1"})
        equal(terminal.end(), 0, "status")
        for line in terminal.text.splitlines():
            below(len(line), columns + 1, "width of %r" % line)
        contains(terminal.text, NAME[:8], "table")


@test("secrets are nowhere")
def _():
    for args in (["ps", "--json"], ["ps"], ["stats", NAME, "--json"], ["logs", NAME], ["methods", NAME, "--json"]):
        done = afs(*args, expect=0)
        lacks(done.out + done.err, "very-secret-value", " ".join(args))


@test("ps --watch prints again and again until ^C")
def _():
    process = start_afs("ps", "--watch", "--json")
    for _ in range(2):
        json.loads(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    equal(process.wait(20), 0, "status")


@test("ps --watch redraws a terminal")
def _():
    terminal = Terminal([AFS, "ps", "--watch"], 40, 120)
    for _ in range(2):
        terminal.wait("\x1b[2J")
        terminal.wait(NAME)
    terminal.process.send_signal(signal.SIGINT)
    equal(terminal.end(), 0, "status")


@test("restarts are counted")
def _():
    docker.exec(NAME + "-1", "sh", "-c", "kill 1")
    wait_for(lambda: row()["replicas"][1]["restarts"] > 0 and row()["replicas"][1]["health"] == "ok", what="a restart")
    contains(afs("ps", expect=0).out, "2/2 up", "table")


@test("a replica that was killed shows its exit code, the pool how many are left")
def _():
    docker.post("/containers/%s-0/kill" % NAME)
    wait_for(lambda: not docker.inspect(NAME + "-0")["State"]["Running"], what="its end")
    first, second = row()["replicas"]
    equal((first["state"], first["exit_code"], first["health"], first["address"]), ("exited", 137, None, None))
    equal(second["state"], "up", "state of the other")
    table = afs("ps", expect=0).out
    contains(table, "exited 137", "table")
    contains(table, "1/2 up", "table")
    equal(afs("stats", NAME, "--json", expect=0).json["instances"][0]["state"], "down", "state in stats")


@test("a replica that was killed for its memory shows as oom")
def _():
    env = name("oom")
    afs("run", image, "--name", env, "--mem-limit", "64m", expect=0)
    # It must not come back before we have looked.
    docker.post("/containers/%s/update" % env, {"RestartPolicy": {"Name": "no"}})
    done = afs("call", env, "eat", "--arg", "megabytes=200", "--timeout", "60")
    if docker.inspect(env)["State"]["Running"]:
        skip("the kernel lets it live: %s" % done.out)
    equal(done.status, 4, "status")
    contains(done.err, "OOM", "stderr")
    contains(done.err, "64M", "stderr")
    replica, = row(env)["replicas"]
    equal(replica["oom"], True, "oom")
    matches(afs("ps", expect=0).out, r"^%s .* oom " % env, "table")


@test("so is the call that killed it, though it was restarted")
def _():
    env = name("again")
    afs("run", image, "--name", env, "--mem-limit", "64m", expect=0)
    done = afs("call", env, "eat", "--arg", "megabytes=200", "--timeout", "60")
    if done.status == 0:
        skip("the kernel lets it live: %s" % done.out)
    equal(done.status, 4, "status")
    contains(done.err, "its limit of 64M (OOM)", "stderr")


@test("a paused replica is not healthy, and ps does not wait for it")
def _():
    docker.post("/containers/%s-1/pause" % NAME)
    try:
        replica = row()["replicas"][1]
        equal(replica["state"], "paused", "state")
        check(replica["health"] != "ok", "health: %s" % replica["health"])
        within(3, lambda: afs("ps", "--json", expect=0).seconds)
    finally:
        docker.post("/containers/%s-1/unpause" % NAME)


@test("ps takes no longer than the time between two samples of the CPU")
def _():
    within(1.5 if sanitized() else 0.5, lambda: afs("ps", expect=0).seconds)


@test("rm removes what does not run any more")
def _():
    for env in (NAME, WEB):
        for container in docker.containers(label=["affinetes.env.name=" + env]):
            docker.post("/containers/%s/stop" % container["Id"], t="0")
    equal(sorted(afs("rm", NAME, WEB, expect=0).out.split()), sorted([NAME, WEB]))
    equal((row(), row(WEB)), (None, None))


@test("methods of an http_based environment come from OpenAPI")
def _():
    afs("run", http_image("openapi"), "--name", WEB, expect=0)
    methods = {m["name"]: m for m in afs("methods", WEB, "--json", expect=0).json}
    contains(methods["evaluate"]["signature"], "task_id: int", "signature")
    contains(methods["evaluate"]["doc"], "Score a task", "doc")
    equal(afs("call", WEB, "evaluate", "--arg", "task_id=5", expect=0).json, {"status": "done", "result": 5, "seed": 0})


@test("doctor finds nothing in the way")
def _():
    rows = afs("doctor", "--json", expect=0).json
    equal({tuple(r) for r in rows}, {("check", "status", "finding", "advice")}, "members")
    equal({r["status"] for r in rows} - {"ok", "warning"}, set(), "statuses")
    check({"engine", "api", "builder", "limits", "storage"} <= {r["check"] for r in rows}, "checks: %s" % rows)
    text = afs("doctor", expect=0).out
    contains(text, "engine", "table")


@test("doctor says what is wrong with an engine that is off: status 4")
def _():
    done = afs("doctor", env={"DOCKER_HOST": "unix:///no/such/socket"}, expect=4)
    contains(done.out, "/no/such/socket", "stdout")
    rows = afs("doctor", "--json", env={"DOCKER_HOST": "unix:///no/such/socket"}, expect=4).json
    check(rows[0]["status"] == "error" and rows[0]["advice"], "first finding: %s" % rows[0])


main(engine=True)
