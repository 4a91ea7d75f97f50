"""A unix socket in front of the engine that sees every request and every piece of an answer go by, so that a test can
do something at exactly that moment."""
import os
import re
import socket
import threading

from engine import docker, temp_dir
from tap import at_end

REQUEST = re.compile(rb"(GET|POST|PUT|DELETE|HEAD) (\S+) HTTP/1\.")


class EngineProxy:
    """on_event(number, what) runs before anything is passed on: `what` is "> GET /path" or "<"."""

    def __init__(self):
        self.path = os.path.join(temp_dir(), "engine.sock")
        self.host = "unix://" + self.path
        self.on_event = None
        self.lock = threading.Lock()
        self.events = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        at_end(self.listener.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self, on_event=None):
        with self.lock:
            self.events = []
            self.on_event = on_event

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            engine = self._connect()
            for source, sink, inward in ((client, engine, True), (engine, client, False)):
                threading.Thread(target=self._pump, args=(source, sink, inward), daemon=True).start()

    @staticmethod
    def _connect():
        kind, _, address = docker.host.partition("://")
        if kind == "unix":
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(address)
            return engine
        name, _, port = address.rpartition(":")
        return socket.create_connection((name, int(port)))

    def _event(self, data, inward):
        request = REQUEST.match(data) if inward else None
        if inward and not request:
            return  # more of a body
        what = "> " + request.group(0).decode() if request else "<"
        with self.lock:
            self.events.append(what)
            number, on_event = len(self.events), self.on_event
        if on_event:
            on_event(number, what)

    def _pump(self, source, sink, inward):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                self._event(data, inward)
                sink.sendall(data)
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
