"""init → build → run → call → … → stop for one template, as tests."""
import json
import os

from engine import afs, base_image, containers_of, docker, image_tag, name, sanitized, temp_dir
from tap import check, contains, equal, lacks, matches, test, within

SHA = r"\Asha256:[0-9a-f]{64}\n\Z"


def workflow(init_args, kind, method, arguments, expected, signature):
    """Registers the tests. `expected(result)` checks the result of calling `method` with `arguments`, a list of words;
    `signature` is a part of the method's signature."""
    folder = temp_dir()
    tag, env = image_tag("flow"), name("flow")
    functions = kind == "function_based"

    def in_folder(*args, **options):
        return afs(*args, cwd=folder, **options)

    def call(*args, **options):
        return in_folder("call", env, method, *arguments, *args, **options)

    @test("init writes the files of the template")
    def _():
        done = in_folder("init", "my-env", *init_args, expect=0)
        equal(done.out, "", "stdout")
        equal(sorted(os.listdir(os.path.join(folder, "my-env"))), ["Dockerfile", "env.py"], "files")

    @test("init again overwrites nothing")
    def _():
        path = os.path.join(folder, "my-env", "env.py")
        before = os.stat(path)
        done = in_folder("init", "my-env", *init_args, expect=2)
        contains(done.err, "exists already", "stderr")
        equal(os.stat(path).st_mtime_ns, before.st_mtime_ns, "time of env.py")

    @test("build prints the tag on stdout and its progress on stderr", timeout=300)
    def _():
        done = in_folder("build", "my-env", "--tag", tag, expect=0, timeout=300)
        equal(done.out, tag + "\n", "stdout")
        contains(done.err, "COPY", "stderr")
        contains(done.err, kind, "stderr")
        lacks(done.err, "\x1b", "stderr that is no terminal")

    @test("the image says what it is")
    def _():
        labels = docker.image(tag)["Config"]["Labels"]
        equal(labels["affinetes.env.type"], kind, "type")
        check(labels.get("affinetes.version"), "no version label")

    @test("building again what has not changed takes less than a second and gives the same image")
    def _():
        before = docker.image(tag)["Id"]
        within(2 if sanitized() else 1, lambda: in_folder("build", "my-env", "--tag", tag, expect=0).seconds)
        equal(docker.image(tag)["Id"], before, "image id")

    @test("build --quiet prints the image's id and nothing else")
    def _():
        done = in_folder("build", "my-env", "--tag", tag, "--quiet", expect=0)
        matches(done.out, SHA, "stdout")
        equal(done.out.strip(), docker.image(tag)["Id"], "id")
        equal(done.err, "", "stderr")

    @test("run prints the name on stdout, methods and what to do next on stderr")
    def _():
        done = in_folder("run", tag, "--name", env, "--env", "API_KEY=secret-value", expect=0)
        equal(done.out, env + "\n", "stdout")
        for part in (method, "afs call %s " % env, "afs stop " + env):
            contains(done.err, part, "stderr")
        lacks(done.err, "secret-value", "stderr")

    @test("when run returns the environment can be called")
    def _():
        expected(call(expect=0).json)

    @test("the container has our labels, comes back by itself and publishes no port")
    def _():
        row, = containers_of(env)
        document = docker.inspect(row["Id"])
        labels = document["Config"]["Labels"]
        equal(labels["affinetes.env.name"], env, "name")
        equal(labels["affinetes.env.type"], kind, "type")
        equal(document["HostConfig"]["RestartPolicy"]["Name"], "always", "restart policy")
        equal(document["HostConfig"]["PortBindings"] or {}, {}, "published ports")
        equal(document["Name"], "/" + env, "container's name")

    @test("the result on stdout is one line of JSON")
    def _():
        done = call(expect=0)
        equal(done.out.count("\n"), 1, "lines")
        equal(done.err, "", "stderr")
        json.loads(done.out)

    @test("methods lists them for people")
    def _():
        done = in_folder("methods", env, expect=0)
        matches(done.out, r"^METHOD +SIGNATURE +WHAT IT DOES\n", "stdout")
        contains(done.out, signature, "stdout")

    @test("methods --json lists them for programs")
    def _():
        rows = in_folder("methods", env, "--json", expect=0).json
        row = next(r for r in rows if r["name"] == method)
        equal(sorted(row), ["doc", "name", "signature", "source"], "members")
        contains(row["signature"], signature, "signature")
        check(row["doc"], "no docstring")

    @test("logs show what the environment prints")
    def _():
        done = in_folder("logs", env, expect=0)
        contains(done.out, method, "stdout")
        equal(done.err, "", "stderr")

    @test("stats count the calls")
    def _():
        before = in_folder("stats", env, "--json", expect=0).json
        call(expect=0)
        after = in_folder("stats", env, "--json", expect=0).json
        instance, = after["instances"]
        equal(instance["address"], "%s:8000" % docker.address(env), "address")
        if functions:
            equal(after["requests"], before["requests"] + 1, "requests")
            equal(instance["counted_by"], "server", "source")
            check(instance["p50_ms"] is not None, "no p50")
        else:
            equal((after["requests"], instance["counted_by"]), (None, None), "what nobody counts")

    @test("ps shows it up and healthy")
    def _():
        rows = in_folder("ps", "--json", expect=0).json
        row = next(r for r in rows if r["name"] == env)
        equal((row["type"], row["mode"], row["ours"], row["image"]), (kind, "docker", True, tag), "environment")
        replica, = row["replicas"]
        equal((replica["state"], replica["health"], replica["restarts"]), ("up", "ok", 0), "replica")
        contains(in_folder("ps", expect=0).out, env, "table")

    @test("restart starts it anew and waits until it is ready")
    def _():
        before = docker.inspect(env)
        done = in_folder("restart", env, expect=0)
        equal(done.out, env + "\n", "stdout")
        after = docker.inspect(env)
        equal(after["Id"], before["Id"], "container")
        check(after["State"]["StartedAt"] > before["State"]["StartedAt"], "it was not restarted")
        expected(call(expect=0).json)

    @test("a name in use is refused, and what runs is left alone")
    def _():
        before = docker.inspect(env)["State"]["StartedAt"]
        done = in_folder("run", tag, "--name", env, expect=2)
        contains(done.err, env, "stderr")
        contains(done.err, "--force-recreate", "stderr")
        equal(docker.inspect(env)["State"]["StartedAt"], before, "start of what runs")

    @test("--force-recreate replaces it")
    def _():
        before = docker.inspect(env)["Id"]
        in_folder("run", tag, "--name", env, "--force-recreate", expect=0)
        check(docker.inspect(env)["Id"] != before, "it is the same container")
        expected(call(expect=0).json)

    @test("stop removes it and keeps the image")
    def _():
        done = in_folder("stop", env, expect=0)
        equal(done.out, env + "\n", "stdout")
        equal(containers_of(env), [], "containers")
        check(docker.image(tag), "the image is gone")

    @test("run --dir builds and starts in one go, with a tag made from the folder's name", timeout=300)
    def _():
        done = in_folder("run", "--dir", "my-env", "--name", env, "--json", expect=0, timeout=300)
        try:
            started = done.json
            equal(started["name"], env, "name")
            equal(started["image"], "my-env:latest", "image")
            equal(started["type"], kind, "type")
            check(method in [m["name"] for m in started["methods"]], "methods: %s" % started["methods"])
            replica, = started["replicas"]
            equal(replica["container"], env, "container")
            equal(replica["id"], docker.inspect(env)["Id"], "id")
            check(started["ready_ms"] > 0, "ready_ms")
            expected(call(expect=0).json)
        finally:
            in_folder("stop", env)
            docker.remove_image("my-env:latest")

    @test("the base image is a build argument")
    def _():
        done = in_folder("build", "my-env", "--tag", tag, "--build-arg", "BASE_IMAGE=no-such-base:nowhere")
        check(done.status in (1, 3, 4), "it did not fail, or not like that: %s" % done)  # is there a registry?
        contains(done.err, "no-such-base:nowhere", "stderr")
        in_folder("build", "my-env", "--tag", tag, "--build-arg", "BASE_IMAGE=" + base_image(), expect=0)
