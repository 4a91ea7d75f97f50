"""A small client of the Docker Engine API, independent of the one under test."""
import http.client
import json
import os
import socket
import urllib.parse


class ApiError(Exception):
    def __init__(self, status, message):
        super().__init__("%d: %s" % (status, message))
        self.status = status


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Docker:
    """`host` as in DOCKER_HOST: unix:///path or tcp://host:port. Each request is a connection of its own, so
    that threads may share one object."""

    def __init__(self, host=None, timeout=120):
        self.host = host or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
        self.timeout = timeout

    def _connection(self, timeout):
        if self.host.startswith("unix://"):
            return _UnixConnection(self.host[len("unix://"):], timeout)
        address = self.host.split("://", 1)[-1]
        return http.client.HTTPConnection(address, timeout=timeout)

    def open(self, method, path, body=None, headers=None, timeout=None, **query):
        """The response, still unread. Values of the query that are no strings go as JSON."""
        query = {k: v if isinstance(v, str) else json.dumps(v) for k, v in query.items() if v is not None}
        if query:
            path += "?" + urllib.parse.urlencode(query)
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        connection = self._connection(timeout or self.timeout)
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        if response.status >= 400:
            text = response.read().decode("utf-8", "replace")
            connection.close()
            try:
                text = json.loads(text)["message"]
            except (ValueError, KeyError, TypeError):
                pass
            raise ApiError(response.status, text.strip())
        return response

    def request(self, method, path, body=None, headers=None, timeout=None, **query):
        """The parsed JSON answer, or its text where it is none."""
        data = self.open(method, path, body, headers, timeout, **query).read()
        try:
            return json.loads(data) if data else None
        except ValueError:
            return data.decode("utf-8", "replace")

    def get(self, path, **query):
        return self.request("GET", path, **query)

    def post(self, path, body=None, **query):
        return self.request("POST", path, body, **query)

    def delete(self, path, **query):
        return self.request("DELETE", path, **query)

    # ---- what tests ask for

    def answers(self, timeout=2):
        try:
            return self.request("GET", "/_ping", timeout=timeout) == "OK"
        except (OSError, ApiError, http.client.HTTPException):
            return False

    def containers(self, **filters):
        """All containers, stopped ones too. Filters as the API has them, e.g. label=["affinetes.env.name=x"]."""
        return self.get("/containers/json", all="1", filters=filters or None)

    def container_names(self):
        return sorted(n.lstrip("/") for c in self.containers() for n in c["Names"])

    def inspect(self, container):
        """None if there is no such container."""
        try:
            return self.get("/containers/%s/json" % container)
        except ApiError as e:
            if e.status == 404:
                return None
            raise

    def address(self, container):
        networks = self.inspect(container)["NetworkSettings"]["Networks"]
        return next((n["IPAddress"] for n in networks.values() if n.get("IPAddress")), "")

    def image(self, name):
        """None if there is no such image."""
        try:
            return self.get("/images/%s/json" % urllib.parse.quote(name, safe="/:@"))
        except ApiError as e:
            if e.status == 404:
                return None
            raise

    def create(self, name, image, cmd=None, labels=None, env=None, host_config=None, entrypoint=None):
        """Creates and starts a container; returns its id."""
        body = {"Image": image, "Labels": labels or {}, "Env": env or [], "HostConfig": host_config or {}}
        if cmd is not None:
            body["Cmd"] = cmd
        if entrypoint is not None:
            body["Entrypoint"] = entrypoint
        made = self.post("/containers/create", body, name=name)["Id"]
        self.post("/containers/%s/start" % made)
        return made

    def remove(self, container):
        """Removes a container with its anonymous volumes, running or not; no error if it is gone."""
        try:
            self.delete("/containers/%s" % container, force="1", v="1")
        except ApiError as e:
            if e.status not in (404, 409):
                raise

    def remove_image(self, name):
        try:
            self.delete("/images/%s" % urllib.parse.quote(name, safe="/:@"), force="1")
        except ApiError as e:
            if e.status not in (404, 409):
                raise

    def logs(self, container, **query):
        """(stdout, stderr) as bytes."""
        query = {"stdout": "1", "stderr": "1", **query}
        data = self.open("GET", "/containers/%s/logs" % container, **query).read()
        streams = {1: bytearray(), 2: bytearray()}
        while len(data) >= 8:
            size = int.from_bytes(data[4:8], "big")
            streams.setdefault(data[0], bytearray()).extend(data[8:8 + size])
            data = data[8 + size:]
        return bytes(streams[1]), bytes(streams[2])

    def exec(self, container, *argv):
        """(exit code, output) of a command inside."""
        made = self.post("/containers/%s/exec" % container,
                         {"Cmd": list(argv), "AttachStdout": True, "AttachStderr": True, "Tty": True})["Id"]
        output = self.open("POST", "/exec/%s/start" % made, {"Tty": True}).read()
        return self.get("/exec/%s/json" % made)["ExitCode"], output.decode("utf-8", "replace")
