#!/usr/bin/python3
"""Connecting to remote hosts: host keys, user keys, jumps, and what goes wrong with each."""
import os
import signal
import subprocess
import threading
import time

import sshd
from engine import AFS, afs, environment
from sshd import Client, Sshd, must
from tap import at_end, check, contains, equal, main, skip, test

HOST = os.environ.get("DOCKER_HOST")
_host = None


def host():
    """One server for most tests, over the engine of the tests."""
    global _host
    why = sshd.missing()
    if why:
        skip(why)
    if _host is None:
        _host = Sshd("plain", docker_host=HOST)
    return _host


class User(Client):
    """A HOME whose config file names hosts, and that has a key which they accept."""

    def __init__(self, *servers, kind="ed25519", passphrase=""):
        super().__init__()
        self.run = os.path.join(self.home, "run")
        os.mkdir(self.run, 0o700)
        self.config(*[s.url for s in servers])
        if kind:
            for server in servers:
                server.allow(self.key(kind, passphrase))
        self.trust(*servers)

    def config(self, *urls):
        folder = os.path.join(self.home, ".config", "affinetes")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "config"), "w") as f:
            f.write("".join("host = %s\n" % url for url in urls))

    def env(self, **extra):
        return {"HOME": self.home, "XDG_RUNTIME_DIR": self.run, "SSH_AUTH_SOCK": None, **extra}

    def doctor(self, **extra):
        """What doctor finds of the hosts: [(status, finding, advice)]."""
        done = afs("doctor", "--json", env=self.env(**extra))
        return [(f["status"], f["finding"], f["advice"]) for f in done.json if f["check"] == "host"]

    def well(self, **extra):
        found = self.doctor(**extra)
        equal([f[0] for f in found], ["ok"] * len(found), str(found))

    def broken(self, *parts, advice=None, **extra):
        (status, finding, hint), = self.doctor(**extra)
        equal(status, "error", finding)
        for part in parts:
            contains(finding, part)
        if advice:
            contains(hint, advice)


@test("an ed25519 key in its file")
def _():
    User(host()).well()


@test("an ECDSA key in its file")
def _():
    User(host(), kind="ecdsa").well()


@test("a host that is not known: its fingerprint, and how to accept it")
def _():
    user = User(host())
    user.write("known_hosts", "")
    user.broken("host key of %s is not known" % host().address, host().fingerprint("ed25519"), advice="ssh-keyscan -t ed25519")
    # The advice works.
    scan = subprocess.run([sshd.find("ssh-keyscan"), "-t", "ed25519", host().address], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout
    user.write("known_hosts", scan)
    user.well()


@test("a host key that has changed is refused")
def _():
    user = User(host())
    other = sshd.keygen(os.path.join(sshd.temp_dir(), "other"), "ed25519")
    user.write("known_hosts", "%s %s\n" % (host().address, " ".join(sshd.read(other + ".pub").split()[:2])))
    user.broken("has CHANGED", "known_hosts:1", advice="ssh-keygen -R")


@test("a revoked host key is refused")
def _():
    user = User(host())
    user.write("known_hosts", "".join("@revoked " + line + "\n" for line in host().known_hosts().splitlines()))
    user.broken("is revoked")


@test("a host known by its ECDSA key alone is asked for that one")
def _():
    user = User(host())
    user.write("known_hosts", host().known_hosts("ecdsa"))
    user.well()


@test("hashed known_hosts")
def _():
    user = User(host())
    must("ssh-keygen", "-H", "-f", user.path("known_hosts"))
    check(host().address not in sshd.read(user.path("known_hosts")), "the name is hashed")
    user.well()


@test("another port, in known_hosts and in messages")
def _():
    host()
    server = Sshd("port", docker_host=HOST, port=2222)
    user = User(server)
    user.well()
    user.write("known_hosts", "")
    user.broken("is not known", advice="ssh-keyscan -t ed25519 -p 2222")
    server.kill()


@test("a key that the server does not accept")
def _():
    user = User(host())
    host().allow()
    user.broken("no key was accepted for user root", "id_ed25519", advice="ssh-copy-id")


@test("no key at all")
def _():
    User(host(), kind=None).broken("there is none", advice="ssh-keygen -t ed25519")


@test("an RSA key: a clear word")
def _():
    User(host(), kind="rsa").broken("not usable", "id_rsa", advice="use an ed25519 key")


@test("a key with a passphrase and nobody to ask: the agent is pointed to")
def _():
    User(host(), passphrase="sesame").broken("locked by a passphrase", advice="ssh-add")


def on_terminal(argv, env, answers):
    """Runs it with a terminal; types an answer at each question. (status, output)"""
    pid, fd = os.forkpty()
    if pid == 0:
        os.execve(argv[0], argv, env)
    text, status = b"", None
    deadline = time.monotonic() + 60
    while True:
        check(time.monotonic() < deadline, "it hangs: %r" % text)
        try:
            got = os.read(fd, 4096)
        except OSError:
            got = b""
        if not got:
            break
        text += got
        if answers and text.count(b"Passphrase of") > answers[0][0]:
            os.write(fd, answers.pop(0)[1])
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return os.waitstatus_to_exitcode(status), text.decode("utf-8", "replace")


@test("a passphrase is asked for on the terminal, again if it was wrong, and not shown")
def _():
    user = User(host(), passphrase="sesame")
    env = environment(**user.env())
    status, text = on_terminal([AFS, "doctor", "--json"], env, [(0, b"wrong\n"), (1, b"sesame\n")])
    equal(status, 0, text)
    contains(text, "Passphrase of %s" % user.path("id_ed25519"))
    contains(text, "That did not fit")
    check("sesame" not in text, "the passphrase was shown")


@test("^C at the question ends it")
def _():
    user = User(host(), passphrase="sesame")
    status, text = on_terminal([AFS, "doctor"], environment(**user.env()), [(0, b"\x03")])
    equal(status, 130, text)


@test("an agent's key")
def _():
    user = User(host())
    agent = os.path.join(user.home, "agent")
    process = subprocess.Popen([sshd.find("ssh-agent"), "-D", "-a", agent], stdout=subprocess.DEVNULL)
    at_end(process.kill)
    while not os.path.exists(agent):
        time.sleep(0.01)
    subprocess.run([sshd.find("ssh-add"), "-q", user.path("id_ed25519")], env={**os.environ, "SSH_AUTH_SOCK": agent}, check=True)
    os.unlink(user.path("id_ed25519"))
    user.well(SSH_AUTH_SOCK=agent)
    # One that hangs keeps nobody waiting.
    process.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    user.broken("no key was accepted", SSH_AUTH_SOCK=agent)
    check(time.monotonic() - started < 15, "an agent that hangs is waited for")
    process.kill()
    process.wait()


@test("~/.ssh/config: an alias, its port, user, key and known_hosts name")
def _():
    user = User(host())
    os.rename(user.path("id_ed25519"), user.path("special"))
    os.rename(user.path("id_ed25519.pub"), user.path("special.pub"))
    user.write("config", "Host gpu\n HostName %s\n User root\n IdentityFile %s\n HostKeyAlias the-gpu\n"
               % (host().address, user.path("special")))
    user.write("known_hosts", host().known_hosts().replace(host().address, "the-gpu"))
    user.config("ssh://gpu")
    user.well()


@test("ProxyJump")
def _():
    inner, outer = host(), Sshd("jump")
    user = User(inner)
    key = user.key("ed25519")
    outer.allow(key)
    user.trust(inner, outer)
    # What the jump's own ssh reads is the account's, so all is said here.
    user.write("config", "Host inner\n HostName %s\n User root\n ProxyJump jump\nHost *\n IdentityFile %s\n UserKnownHostsFile %s\n"
               "Host jump\n HostName %s\n User root\n" % (inner.address, key, user.path("known_hosts"), outer.address))
    user.config("ssh://inner")
    before = outer.connections()
    user.well()
    equal(outer.connections() - before, 1, "logins at the jump host")
    outer.allow()
    user.broken("the way there", "Permission denied")
    outer.kill()


@test("a server that allows no forwarding, and one where docker is missing or not for this user")
def _():
    user = User(host())
    host().restart("ForceCommand echo docker: command not found >&2; exit 127")
    user.broken("docker: command not found", advice="install docker")
    host().restart("ForceCommand echo permission denied while trying to connect to the daemon >&2; exit 1")
    user.broken("permission denied", advice="usermod")
    host().restart()
    user.well()


@test("MaxSessions 2, and many requests at once")
def _():
    user = User(host())
    host().restart("MaxSessions 2")
    results = []
    threads = [threading.Thread(target=lambda: results.append(user.doctor()[0][0])) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(results, ["ok"] * 3)
    host().restart()


@test("a link with 100 ms of delay each way")
def _():
    user = User(host())
    if not host().namespace.delay(100):
        skip("no netem in this kernel")
    try:
        started = time.monotonic()
        user.well()
        check(time.monotonic() - started < 10, "it took %.1f s" % (time.monotonic() - started))
    finally:
        host().namespace.no_delay()


@test("a host that refuses, one that is not there, a name that does not exist")
def _():
    user = User(host())
    host().kill()
    user.broken("Connection refused")
    host().start()
    user.config("ssh://no-such-host.invalid")
    user.broken("look up no-such-host.invalid")
    user.config("ssh://root@%s" % host().address.rsplit(".", 1)[0] + ".250")
    user.write("config", "Host *\n ConnectTimeout 2\n")
    started = time.monotonic()
    found = user.doctor()
    equal(found[0][0], "error")
    check(time.monotonic() - started < 8, "it took %.1f s" % (time.monotonic() - started))


@test("something that is no SSH server")
def _():
    user = User(host())
    server = subprocess.Popen([sshd.find("ip"), "netns", "exec", host().namespace.name, "python3", "-c",
                               "import socket\ns=socket.create_server(('',99))\nwhile 1:\n c,_=s.accept(); c.sendall(b'220 mail\\r\\n'*400); c.close()"])
    at_end(server.kill)
    user.config("ssh://root@%s:99" % host().address)
    deadline = time.monotonic() + 10
    while "refused" in user.doctor()[0][1]:
        check(time.monotonic() < deadline, "the server does not start")
    user.broken("SSH handshake")
    server.kill()


@test("addresses that make no sense are wrong usage")
def _():
    for word in ("gpu-a", "ssh://", "ssh://-oProxyCommand=x", "ssh://me:secret@a", "ssh://a:99999"):
        done = afs("run", "no-such-image:x", "--host", word)
        equal(done.status, 2, "%s: %s" % (word, done))
    done = afs("run", "--mode", "process", "--dir", ".", "--host", "ssh://a", expect=2)
    contains(done.err, "--host has no meaning in mode process")


main(engine=True)
