"""A registry (https://distribution.github.io/distribution/spec/api/) in memory, with a password, for tests.

usage: python3 docker_registry.py USER:PASSWORD

Prints its port and serves until its stdin ends.
"""
import base64
import hashlib
import http.server
import re
import sys
import threading
import uuid

BLOBS = {}      # digest → bytes
MANIFESTS = {}  # (name, tag or digest) → (type, bytes)
UPLOADS = {}    # id → bytearray
LOCK = threading.Lock()
WANTED = "Basic " + base64.b64encode(sys.argv[1].encode()).decode()


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = bytearray()
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            data += self.rfile.read(size)
            self.rfile.readline()
            if not size:
                return bytes(data)

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def problem(self, status, code, **headers):
        self.answer(status, ('{"errors":[{"code":"%s","message":"%s"}]}' % (code, code.lower())).encode(),
                    Content_Type="application/json", **headers)

    def serve(self):
        body = self.body()
        if self.headers.get("Authorization") != WANTED:
            return self.problem(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="test"')
        path, _, query = self.path.partition("?")
        if path == "/v2/":
            return self.answer(200, b"{}")
        with LOCK:
            for pattern, handle in ((r"/v2/(.+)/manifests/([^/]+)$", self.manifest),
                                    (r"/v2/(.+)/blobs/uploads/([^/]*)$", self.upload),
                                    (r"/v2/(.+)/blobs/([^/]+)$", self.blob)):
                match = re.match(pattern, path)
                if match:
                    return handle(match.group(1), match.group(2), query, body)
        return self.problem(404, "UNSUPPORTED")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = serve

    def manifest(self, name, ref, _query, body):
        if self.command == "PUT":
            for key in (ref, digest_of(body)):
                MANIFESTS[name, key] = (self.headers["Content-Type"], body)
            return self.answer(201, Docker_Content_Digest=digest_of(body))
        if (name, ref) not in MANIFESTS:
            return self.problem(404, "MANIFEST_UNKNOWN")
        kind, data = MANIFESTS[name, ref]
        return self.answer(200, data, Content_Type=kind, Docker_Content_Digest=digest_of(data))

    def upload(self, name, upload, query, body):
        if self.command == "POST":
            upload = uuid.uuid4().hex
            UPLOADS[upload] = bytearray()
        if upload not in UPLOADS:
            return self.problem(404, "BLOB_UPLOAD_UNKNOWN")
        UPLOADS[upload] += body
        digest = re.search(r"(?:^|&)digest=([^&]+)", query)
        if digest:
            data = bytes(UPLOADS.pop(upload))
            BLOBS[digest_of(data)] = data
            return self.answer(201, Docker_Content_Digest=digest_of(data))
        return self.answer(202, Location="/v2/%s/blobs/uploads/%s" % (name, upload), Docker_Upload_UUID=upload,
                           Range="0-%d" % max(0, len(UPLOADS[upload]) - 1))

    def blob(self, _name, digest, _query, _body):
        if digest not in BLOBS:
            return self.problem(404, "BLOB_UNKNOWN")
        return self.answer(200, BLOBS[digest], Content_Type="application/octet-stream", Docker_Content_Digest=digest)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
