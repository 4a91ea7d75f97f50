#!/usr/bin/python3
"""An environment of mode url in the dashboard: its counts, and what is off because nobody can reach into it."""
import re

from engine import afs, home, name
from tap import at_end, below, main, test
from tui import Tui
from tui_engine import FakeEngine, container, counts

NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
URL = name("u")

home()  # made before, so that it is removed after that
servers = FakeEngine([container("affine", server=counts(10))])
at_end(lambda: afs("rm", "--force", URL, env=NO_ENGINE))
afs("run", "--mode", "url", "--url", "http://" + servers.info()["servers"]["affine"], "--name", URL, env=NO_ENGINE, expect=0)
ui = Tui(engine=NO_ENGINE["DOCKER_HOST"], home=home())


@test("its server's counts are shown, though no engine answers")
def _():
    ui.wait(URL, "1/1", "mode url", re.compile("^ afs  local  no engine  envs 1", re.M))
    ui.keys("Down")
    ui.wait(re.compile("evaluate +10 +100.0%"))


@test("it is asked once in a round, though nobody can tell more about it")
def _():
    before = servers.info()["requests"]["server /stats"]
    for requests in (11, 12, 13):
        servers.update("affine", server=counts(requests))
        ui.wait(re.compile("evaluate +%d +100.0%%" % requests))
    below(servers.info()["requests"]["server /stats"] - before, 9, "questions in three rounds")


@test("no logs and no shell, with a word why")
def _():
    ui.wait("NO LOGS", "keeps its logs where it runs")
    ui.keys("e")
    ui.wait("exec is off: %s is of mode url" % URL)
    ui.quit()


main()
