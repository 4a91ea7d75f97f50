#!/usr/bin/python3
"""Several hosts: this machine and others over SSH, real servers before simulated engines; one that goes and comes back."""
import os
import re

import sshd
from sshd import Client, Sshd
from tap import check, main, skip_all, test
from tui import Tui
from tui_engine import FakeEngine, container, counts

why = sshd.missing() or (None if sshd.find("docker") else "no docker command for dial-stdio")
if why:
    skip_all(why)

here = FakeEngine([container("affine", 0, of=2, server=counts(100)), container("sat", server=counts(7))])
there = FakeEngine([container("webshop", i, of=2, server=False, cpu=20 + i, id="%064x" % (0xb0000 + i)) for i in range(2)])
server = Sshd("a", docker_host=there.host)
user = Client()
server.allow(user.key("ed25519"))
user.trust(server)
user.write("config", "Host gpu-a\n  HostName %s\n  User root\n" % server.address)
os.mkdir(os.path.join(user.home, "run"), 0o700)
ui = Tui(engine=here, home=user.home, config="theme = dark\nhost = ssh://gpu-a\n",
         env={"XDG_RUNTIME_DIR": os.path.join(user.home, "run"), "SSH_AUTH_SOCK": None})


@test("the hosts' replicas are in one tree, the header counts the hosts")
def _():
    ui.wait("affine", "sat", "all hosts (2)", "envs 3", "replicas 4", "● 0 gpu-a")
    check("lost" not in ui.lines[0], ui.lines[0])
    # Its engine is asked for figures, too; nobody listens in the simulated containers.
    ui.wait(re.compile(r"● 0 gpu-a +no answer +20%"))


@test("a host that is gone: its rows grow old, the others go on, nothing stands in the way", timeout=180)
def _():
    server.kill()
    server.namespace.cut()
    ui.wait("gpu-a lost", re.compile(r"● 0 gpu-a +\d+s ago"), timeout=90)
    check("affine" in ui.text and "webshop" in ui.text, "rows are gone\n%s" % ui)
    here.add(container("newcomer"))
    ui.wait("newcomer", "envs 4", timeout=20)
    ui.keys("Home", "Down")
    ui.wait("[2] affine·0")


@test("and comes back by itself", timeout=180)
def _():
    server.namespace.mend()
    server.start()
    ui.wait("all hosts (2)", lambda: "lost" not in ui.lines[0], timeout=90)
    ui.gone("s ago")
    ui.quit()
    ui.check_restored()


main()
