"""Remote hosts as a test wants them: SSH servers in network namespaces, each with a dockerd of its own.

    from ssh_hosts import hosts, client, ssh_env
    a, b = hosts("a", "b")
    afs("run", IMAGE, "--host", a.url, env=ssh_env())
"""
import os
import shutil
import tempfile

import sshd
from private_engine import CannotStart, PrivateEngine
from sshd import Client, Sshd
from tap import at_end, skip

_client = None
_made = {}


def client():
    """The HOME of the user, with an ed25519 key."""
    global _client
    if _client is None:
        _client = Client()
        _client.key("ed25519")
        state = os.path.join(_client.home, "run")
        os.mkdir(state, 0o700)
    return _client


def ssh_env(**extra):
    """For afs: that HOME, no agent."""
    c = client()
    return {"HOME": c.home, "XDG_RUNTIME_DIR": os.path.join(c.home, "run"), "SSH_AUTH_SOCK": None, **extra}


def engine(name):
    """DOCKER_HOST of one more dockerd."""
    top = os.environ.get("AFS_ENGINE_DATA")
    if not top:
        top = tempfile.mkdtemp(prefix="afs-engine-")
        at_end(shutil.rmtree, top, True)
    made = PrivateEngine(top)
    try:
        host = made.start()
    except CannotStart as e:
        skip("no engine for host %s: %s" % (name, e))
    at_end(made.stop)
    at_end(made.remove_images, set())
    return host


def hosts(*names):
    """Sshd objects, made by the first to ask; the user's key is allowed and their host keys are known."""
    why = sshd.missing()
    if why:
        skip(why)
    for name in names:
        if name not in _made:
            _made[name] = Sshd(name, docker_host=engine(name))
    for host in _made.values():
        host.allow(client().key("ed25519"))
    client().trust(*_made.values())
    return [_made[name] for name in names]
