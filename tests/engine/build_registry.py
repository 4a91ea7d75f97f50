#!/usr/bin/python3
"""afs build against a registry: pushing, and bases that must be pulled with credentials."""
import base64
import hashlib
import http.server
import json
import os
import re
import threading
import urllib.parse

from engine import afs, docker, environment_dir, home, image_tag
from tap import at_end, check, contains, equal, lacks, main, test

USER, PASSWORD = "me", "geheim"
HTTP = "from fastapi import FastAPI\napp = FastAPI()\n"


class Registry(http.server.BaseHTTPRequestHandler):
    """As much of the distribution protocol as a push and a pull take, with basic authentication."""
    protocol_version = "HTTP/1.1"
    blobs, manifests, uploads = {}, {}, {}
    lock = threading.Lock()
    refuse_manifests = False

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                data += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return data
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def handle_request(self):
        body = self.body()
        wanted = "Basic " + base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
        if self.headers.get("Authorization") != wanted:
            error = json.dumps({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}).encode()
            return self.answer(401, error, WWW_Authenticate='Basic realm="test"', Content_Type="application/json")
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        match = re.fullmatch(r"/v2/(?:(.+)/(blobs/uploads|blobs|manifests)/(.*))?", url.path)
        if not match:
            return self.answer(404)
        name, kind, what = match.groups()
        with self.lock:
            return getattr(self, "on_" + (kind or "root").replace("/", "_"))(name, what, query, body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = handle_request

    def on_root(self, *_):
        self.answer(200, b"{}")

    def found(self, data, content_type):
        headers = {"Content_Type": content_type, "Docker_Content_Digest": "sha256:" + hashlib.sha256(data).hexdigest()}
        if self.command == "HEAD":
            headers["Content_Length"] = str(len(data))
        self.answer(200, data, **headers)

    def on_blobs(self, _name, digest, *_):
        data = self.blobs.get(digest)
        self.answer(404) if data is None else self.found(data, "application/octet-stream")

    def on_blobs_uploads(self, name, upload, query, body):
        if self.command == "POST":
            upload = "u%d" % len(self.uploads)
            self.uploads[upload] = b""
        self.uploads[upload] += body
        where = "/v2/%s/blobs/uploads/%s" % (name, upload)
        if self.command == "PUT":
            self.blobs[query["digest"]] = self.uploads[upload]
            return self.answer(201, Docker_Content_Digest=query["digest"])
        self.answer(202, Location=where, Docker_Upload_UUID=upload, Range="0-%d" % max(len(self.uploads[upload]) - 1, 0))

    def on_manifests(self, name, reference, _query, body):
        if self.command == "PUT":
            if self.refuse_manifests:
                error = {"errors": [{"code": "DENIED", "message": "the quota is used up"}]}
                return self.answer(403, json.dumps(error).encode(), Content_Type="application/json")
            digest = "sha256:" + hashlib.sha256(body).hexdigest()
            for key in (reference, digest):
                self.manifests[name, key] = (body, self.headers["Content-Type"])
            return self.answer(201, Docker_Content_Digest=digest)
        data = self.manifests.get((name, reference))
        if not data:
            error = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}).encode()
            return self.answer(404, error, Content_Type="application/json")
        self.found(*data)


def start_registry():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at_end(server.shutdown)
    return "127.0.0.1:%d" % server.server_address[1]


REGISTRY = start_registry()
_pushed = []


def remove_pushed():
    for reference in _pushed:
        docker.remove_image(reference)


at_end(remove_pushed)


def log_in():
    folder = os.path.join(home(), ".docker")
    os.makedirs(folder, exist_ok=True)
    auth = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump({"auths": {REGISTRY: {"auth": auth}}}, f)


def tiny_dir():
    """Nothing but one file: pushing the base would only take time. http_based, so it is built as it is."""
    return environment_dir(HTTP, "FROM scratch\nCOPY env.py /app/env.py\n")


def push(tag, registry=None, **options):
    name = registry or REGISTRY + "/team"
    _pushed.append("%s/%s" % (name, tag))
    return afs("build", tiny_dir(), "--tag", tag, "--push", "--registry", name, **options)


@test("--push --registry puts the registry before the tag and pushes with credentials")
def _():
    log_in()
    tag = image_tag("push")
    target = "%s/team/%s" % (REGISTRY, tag)
    result = push(tag, expect=0)
    equal(result.out, target + "\n")
    name, version = tag.split(":")
    check(("team/" + name, version) in Registry.manifests, "the manifest arrived")
    equal(docker.image(target)["Id"], docker.image(tag)["Id"])


@test("--push without --registry goes where the tag says")
def _():
    log_in()
    tag = "%s/own/t%d:v1" % (REGISTRY, os.getpid())
    _pushed.append(tag)
    equal(afs("build", tiny_dir(), "--tag", tag, "--push", expect=0).out, tag + "\n")
    check(("own/t%d" % os.getpid(), "v1") in Registry.manifests)


@test("a push that is refused names the registry's reason and leaves the local image only")
def _():
    tag = image_tag("refused")
    target = "%s/team/%s" % (REGISTRY, tag)
    log_in()
    Registry.refuse_manifests = True
    try:
        result = push(tag)
    finally:
        Registry.refuse_manifests = False
    check(result.status not in (0, 2), result)
    contains(result.err, target)
    contains(result.err, "quota")
    lacks(result.err, PASSWORD)
    equal(result.out, "")
    check(docker.image(tag), "the build itself was fine")
    check(not docker.image(target), "the second name is gone")


@test("a registry that does not answer is an error that says where")
def _():
    tag = image_tag("nowhere")
    result = push(tag, registry="127.0.0.1:1/team")
    check(result.status not in (0, 2), result)
    contains(result.err, "127.0.0.1:1")


@test("a base that is not here is pulled with credentials before the build")
def _():
    log_in()
    base = "%s/base/t%d:v1" % (REGISTRY, os.getpid())
    _pushed.append(base)
    afs("build", tiny_dir(), "--tag", base, "--push", expect=0)
    docker.remove_image(base)
    check(not docker.image(base))
    folder = environment_dir(HTTP + "# another\n", "FROM %s\nCOPY env.py /app/env.py\n" % base)
    tag = image_tag("pulled")
    result = afs("build", folder, "--tag", tag, expect=0)
    contains(result.err, "pull " + base)
    check(docker.image(tag))
    again = afs("build", folder, "--tag", tag, expect=0)
    lacks(again.err, "pull " + base)


@test("a base that the registry does not have is status 3 and names what to do")
def _():
    log_in()
    base = "%s/base/none:v1" % REGISTRY
    folder = environment_dir(HTTP, "ARG BASE_IMAGE=x\nFROM ${BASE_IMAGE}\nCOPY env.py /app/env.py\n")
    result = afs("build", folder, "--tag", image_tag("none"), "--build-arg", "BASE_IMAGE=" + base, expect=3)
    contains(result.err, base)
    contains(result.err, "AFS_BASE_IMAGE")


main(engine=True)
