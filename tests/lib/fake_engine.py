"""An engine that says what a test wants it to say, on a unix socket. It keeps no containers; it notes what is asked."""
import http.server
import json
import os
import re
import socketserver
import threading
import urllib.parse

from engine import temp_dir
from tap import at_end


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self):
        request, _ = super().get_request()
        return request, ("local", 0)

    def handle_error(self, request, client_address):
        pass  # afs hangs up when it has heard enough


class FakeEngine:
    """`routes`: (method, pattern of the path without version and query, answer); the first that matches counts. An
    answer is (status, JSON or bytes) or a function of (handler, query) that sends it."""

    def __init__(self, *routes, api="1.41"):
        self.api = api
        self.routes = list(routes)
        self.requests = []  # "GET /containers/json"
        self.host = "unix://" + os.path.join(temp_dir(), "fake.sock")
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, value, headers=None):
                data = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                for key, text in {"Content-Type": "application/json", "Api-Version": outer.api, **(headers or {})}.items():
                    self.send_header(key, text)
                if status != 204:
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD" and status != 204:
                    self.wfile.write(data)

            def do(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                url = urllib.parse.urlsplit(self.path)
                path = re.sub(r"^/v[0-9.]+/", "/", url.path)
                outer.requests.append("%s %s" % (self.command, path))
                if path == "/_ping":
                    return self.answer(200, b"OK")
                for method, pattern, answer in outer.routes:
                    if method == self.command and re.fullmatch(pattern, path):
                        query = dict(urllib.parse.parse_qsl(url.query))
                        return answer(self, query) if callable(answer) else self.answer(*answer)
                return self.answer(404, {"message": "no such thing here: " + path})

            do_GET = do_POST = do_DELETE = do_HEAD = do_PUT = do

            def log_message(self, *_):
                pass

        self.server = _Server(self.host[len("unix://"):], Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        at_end(self.server.server_close)
        at_end(self.server.shutdown)

    def asked(self, method):
        return sorted(r for r in self.requests if r.startswith(method + " "))


def container(name, env=None, state="running", replica=0, replicas=1, image="calc:v1", labels=None):
    """A row of /containers/json; `env`: the environment that it belongs to, None for a foreign one."""
    ours = {"affinetes.env.name": env, "affinetes.replica": str(replica), "affinetes.replicas": str(replicas)} if env else {}
    return {"Id": ("%064x" % abs(hash(name)))[-64:], "Names": ["/" + name], "Image": image, "State": state,
            "Status": {"running": "Up 3 hours", "exited": "Exited (1) 2 minutes ago"}.get(state, state), "Created": 1767323045,
            "Labels": {"affinetes.env.type": "function_based", **ours, **(labels or {})},
            "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "127.0.0.1" if state == "running" else ""}}}}
