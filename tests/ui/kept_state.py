#!/usr/bin/python3
"""The config file, and what comes back in the next session."""
import os
import re
import stat

from tap import check, equal, main, matches, test
from tui import Tui
from tui_engine import FakeEngine, container, counts

engine = FakeEngine([container("alpha", 0, of=2, server=counts(5)), container("alpha", 1, of=2), container("beta", server=counts(50)),
                     container("gamma", server=counts(500))])
first = Tui(engine=engine)


def order(ui):
    return [m.group(1) for line in ui.lines for m in [re.match(r"[┃│][ ▌][▾▸] (\S+)", line)] if m]


@test("sort, folds, selection and tab come back")
def _():
    ui = first
    ui.wait("gamma", "500")
    ui.keys("o", "o", "o", "o")
    ui.wait("sort REQ↓")
    ui.keys("O")
    ui.wait("sort REQ↑")
    ui.keys("Home", "Enter")
    ui.wait("▸ alpha")
    ui.keys("Down", "Down")
    ui.wait("[2] beta·0")
    ui.keys("2", "]", "]")
    ui.wait("▸Calls◂")
    ui.quit()
    path = os.path.join(ui.home, ".local/state/affinetes/tui")
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of the state file")
    again = Tui(engine=engine, home=ui.home)
    again.wait("sort REQ↑", "▸ alpha", "[2] beta·0", "▸Calls◂", lambda: order(again) == ["alpha", "beta", "gamma"])
    again.quit()


@test("a filter comes back")
def _():
    ui = Tui(engine=engine)
    ui.wait("gamma")
    ui.keys("/")
    ui.type("bet")
    ui.keys("Enter")
    ui.wait("1 of 3")
    ui.keys("q")
    ui.end()
    again = Tui(engine=engine, home=ui.home)
    again.wait("1 of 3", "/bet", "beta")
    again.quit()


def open_themes(ui):
    """[(row, name)] of the menu."""
    ui.keys("F9")
    ui.wait("━ Theme", "tritanopia")
    return [(y, m.group(1)) for y, line in enumerate(ui.lines) for m in [re.search(r"[┃│]  ([a-z-]+)(?:  \(in use\))? +[┃│]", line)] if m]


def choose_theme(ui, name):
    names = [shown for _, shown in open_themes(ui)]
    ui.keys("Home", *["Down"] * names.index(name), "Enter")
    ui.gone("━ Theme")


def chosen_theme(ui):
    """The one that its menu stands on."""
    names = open_themes(ui)
    ground = [ui.cell(y, ui.find("  " + name + " ")[1]).bg for y, name in names]
    in_use = re.findall(r"([a-z-]+)  \(in use\)", ui.text)
    ui.keys("Esc")
    ui.gone("━ Theme")
    marked = [name for (_, name), bg in zip(names, ground) if ground.count(bg) == 1]
    equal(marked, in_use, "the theme that is marked")
    return marked[0] if len(marked) == 1 else marked


@test("a theme chosen live comes back; one named on the command line counts once; an edited config file wins")
def _():
    ui = Tui(engine=engine, config="theme = dark\n")
    ui.wait("gamma")
    equal(chosen_theme(ui), "dark", "theme at first")
    choose_theme(ui, "deuteranopia")
    ui.quit()
    for args, config, want in (((), None, "deuteranopia"), (("--theme", "light"), None, "light"), ((), None, "deuteranopia"),
                               ((), "theme = tritanopia\n", "tritanopia"), ((), None, "tritanopia")):
        again = Tui(*args, engine=engine, home=ui.home, config=config)
        again.wait("gamma")
        equal(chosen_theme(again), want, "theme with %s" % (args or config or "nothing new",))
        again.quit()


@test("the pane that had the keys, and its zoom, come back")
def _():
    ui = Tui(engine=engine)
    ui.wait("gamma")
    ui.keys("3", "z")
    ui.wait(lambda: ui.lines[1].startswith("┏━[3] Logs"))
    ui.keys("q")
    ui.end()
    again = Tui(engine=engine, home=ui.home)
    again.wait(lambda: again.lines[1].startswith("┏━[3] Logs"))
    again.keys("z", "2", "q")
    again.end()
    third = Tui(engine=engine, home=ui.home)
    third.wait("┏━[2]", "─[1] Environments")
    third.quit()


@test("where nothing can be written, nothing is in the way")
def _():
    ui = Tui(engine=engine)
    ui.write(".local/state", "a file where a directory should be")
    ui.wait("gamma")
    ui.keys("Down")
    ui.command("ps")
    ui.wait(re.compile("✔ .*ps"))
    ui.quit()
    ui.check_restored()


@test("a config file that cannot be read is told, and keeps nobody out")
def _():
    for what in ("dir", "large"):
        ui = Tui(engine=engine, command=["true"])
        ui.end()
        path = os.path.join(ui.home, ".config/affinetes/config")
        os.makedirs(path if what == "dir" else os.path.dirname(path))
        if what == "large":
            with open(path, "w") as f:
                f.write("# much\n" * 200000)
        again = Tui(engine=engine, home=ui.home)
        again.wait("gamma", re.compile("config: .*(is a directory|larger)"))
        again.quit()


@test("a state file of nonsense is no obstacle")
def _():
    ui = Tui(engine=engine)
    ui.wait("gamma")
    ui.quit()
    with open(os.path.join(ui.home, ".local/state/affinetes/tui"), "wb") as f:
        f.write(b"[environments]\nsort nonsense\nselected \xff\xfe\n[" + b"x" * 5000 + b"]\nfolded\n\0\n[detail]\ntab 99\n" * 50)
    again = Tui(engine=engine, home=ui.home)
    again.wait("gamma", "[2] ")
    again.quit()


@test("options are read; each line that makes no sense is told by its number, the rest counts")
def _():
    ui = Tui(engine=engine, config="# mine\n\ncolour = yes\nkey.quit = Q\nlog-lines = many\nwhat is this\nascii = true\n"
             "key.nothing = x\nkey.stop = F77\n")
    ui.wait("gamma")
    notices = ui.wait(re.compile(r"config:(\d+): "))
    ui.keys("J")
    ui.keys("Esc")
    check("┏" not in ui.text and "+" in ui.text, "ascii = true was not read\n%s" % ui)
    ui.keys("q")
    ui.keys("Down")
    ui.wait("[2] alpha.0" if "alpha.0" in ui.text else "[2] alpha")
    check(ui.process.poll() is None, "q still quits")
    equal(int(notices.group(1)), 3, "line")
    matches(ui.text, r"no option colour \(and 4 more, told when you leave\)", "notice")
    ui.keys("Esc", "Q")
    ui.end()
    told = re.findall(r"^afs-tui: \S+config:(\d+): ", ui.text.replace("\r", ""), re.M)
    equal([int(n) for n in told], [3, 5, 6, 8, 9], "lines told at the end\n%s" % ui)


@test("keys can be bound anew, and ? and the hints show them")
def _():
    ui = Tui(engine=engine, config="key.help = F5\nkey.command = ^P\nkey.sort = u\nkey.sort-reverse = U\nkey.mark = m\nkey.call = C\n")
    ui.wait("gamma")
    ui.keys("u")
    ui.wait("sort UP↓")
    ui.keys("o")
    ui.keys("U")
    ui.wait("sort UP↑")
    check(re.search(r" C call .* F5 keys ", ui.lines[-1]), "hints: %s" % ui.lines[-1])
    ui.wait("m mark · a actions", "C call · l logs")
    # What is said elsewhere knows them, too.
    ui.wait("^P command · Tab complete")
    ui.paste("text")
    ui.wait("text fields only; ^P opens the command line")
    ui.keys("^C")
    ui.wait("nothing runs; q quits")
    ui.keys("^P")
    ui.type("ps")
    ui.wait("afs> ps")
    ui.keys("Esc")
    ui.keys("F5")
    ui.wait(re.compile(r"u +Sort by the next column"))
    ui.keys("Esc")
    ui.quit()


@test("? lists what works in the view that it was opened from, and finds it")
def _():
    ui = Tui(engine=engine, config="key.stop = K\nkey.level = L\n")
    ui.wait("gamma")
    ui.keys("2", "?")
    # What pane 1 does works in pane 2, but for marks; and neither has anything to save.
    ui.wait(re.compile("K +Stop the environment"), "Next tab", "Show or mask secret values")
    check("Mark for an action" not in ui.text and "Save what is shown" not in ui.text, "keys that do nothing there\n%s" % ui)
    ui.keys("/")
    ui.paste("lEaVe")
    ui.wait("/lEaVe", "Leave; environments go on")
    ui.gone("Next tab")
    ui.keys("^C")
    ui.wait("Next tab")
    ui.keys("Esc")
    ui.keys("3", "?")
    ui.wait(re.compile("L +Least level"), re.compile("0-9 +replica on/off"), "Previous match")
    ui.keys("/")
    ui.type("no such thing")
    ui.wait("no key does that")
    ui.keys("Enter", "Esc")
    ui.gone("━ Keys")
    ui.quit()


@test("^C clears a filter that is being typed, and cancels nothing")
def _():
    ui = Tui(engine=engine)
    ui.wait("gamma")
    ui.keys("/")
    ui.type("bet")
    ui.wait("1 of 3")
    ui.keys("^C")
    ui.wait("3 of 3")
    check("nothing runs" not in ui.text, "it was taken for a job's\n%s" % ui)
    ui.keys("Down")
    ui.quit()


@test("a clash is told with its line, and the first binding stays")
def _():
    ui = Tui(engine=engine, config="key.stop = K\nkey.restart = K\n")
    ui.wait(re.compile(r"config:2: .*K"), "alpha")
    ui.keys("Home", "K")
    ui.wait("Stop and remove")
    ui.keys("Esc")
    ui.quit()


@test("a wrong option and a theme that is not there end it before the terminal is touched")
def _():
    for args, status in ((["--nonsense"], 2), (["--theme", "no-such-theme"], 3), (["--script", "/nowhere"], 3)):
        ui = Tui(*args, engine=engine)
        ui.end(status)
        ui.check_restored()
        check(1049 not in ui.screen.modes and b"\x1b[?1049h" not in ui.raw, "the screen was taken")
    ui = Tui("--theme", "no-such-theme", engine=engine)
    ui.wait("no-such-theme", "dark")
    ui.end(3)


@test("what is wrong with the command line is said in one voice")
def _():
    from engine import run
    from tui import TUI
    for args, says in ((["calc"], 'there are only options: "calc" is none'), (["--nonsense"], "unrecognized option '--nonsense'"),
                       (["--theme"], "option '--theme' requires an argument")):
        done = run([TUI, *args], expect=2)
        equal(done.err, "afs-tui: %s\n  hint: afs-tui --help\n" % says, "stderr")
        equal(done.out, "", "stdout")
    done = run([TUI, "--help"], expect=0)
    matches(done.out, "^Usage: afs-tui", "--help")


@test("a theme of the config file that is gone keeps nobody out")
def _():
    ui = Tui(engine=engine, config="theme = gone\n")
    ui.wait("gamma", "gone")
    ui.quit()


@test("--plain prints the same state as lines, without a terminal")
def _():
    from engine import run
    from tui import TUI
    done = run([TUI, "--plain"], env={"DOCKER_HOST": engine.host}, expect=0)
    for part in ("alpha", "beta", "gamma"):
        matches(done.out, part, "--plain")
    check("\x1b" not in done.out, "control sequences in --plain")
    run([TUI], env={"DOCKER_HOST": engine.host}, expect=1)


main()
