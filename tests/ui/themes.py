#!/usr/bin/python3
"""Themes by calculation: what is written can be read, and what means different things looks different, also to the eyes
that a theme is made for."""
import itertools
import os
import re

from engine import SRCDIR
from tap import check, equal, main, test

THEMES = os.path.join(SRCDIR, "themes")
# Backgrounds of terminals that a theme has to do with.
DARK, LIGHT = (0x000000, 0x1e1e1e), (0xffffff, 0xf5f5f5)
# xterm's
STANDARD = [0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
            0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff]
NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]
ATTRIBUTES = {"bold", "dim", "italic", "underline", "reverse", "soft"}
# What may be fainter than text that has to be read: WCAG's 4.5 is for that.
FAINT = {"ghost": 3.5, "axis": 3.5, "border": 2.4}
# What stands in a selected row with a colour of its own.
IN_ROWS = ["dim", "ok", "busy", "warn", "error", "info", "marked"]
# Machado, Oliveira, Fernandes 2009, severity 1
SEEN = {"deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
        "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900))}
PLAIN = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
# The least distance (CIE 1976) between any two of them.
APART = [(("ok", "busy", "warn", "error", "info"), 18), (["replica.%d" % i for i in range(6)], 25),
         (("graph", "graph.alt"), 50), (("diff.add", "diff.remove"), 50), (("json.key", "json.string", "json.number", "json.word"), 35)]


def colour(word):
    """0xrrggbb; None: the terminal's own."""
    if word == "default":
        return None
    if word.startswith("#"):
        return int(word[1:], 16)
    bright = word.startswith("bright-")
    return STANDARD[NAMES.index(word[7:] if bright else word) + 8 * bright]


def read(name):
    """{role: (foreground, background, attributes)}"""
    looks = {}
    with open(os.path.join(THEMES, name + ".theme"), encoding="utf-8") as f:
        for role, look in re.findall(r"^([\w.]+) *= *(.*)$", f.read(), re.M):
            if role == "name":
                continue
            words = look.split()
            ground = colour(words[words.index("on") + 1]) if "on" in words else None
            colours = [w for w in (words[:words.index("on")] if "on" in words else words) if w not in ATTRIBUTES]
            looks[role] = (colour(colours[0]) if colours else None, ground, ATTRIBUTES & set(words))
    return looks


def linear(rgb):
    parts = [(rgb >> shift & 0xff) / 255 for shift in (16, 8, 0)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def luminance(rgb):
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(rgb)))


def contrast(a, b):
    dark, bright = sorted((luminance(a), luminance(b)))
    return (bright + 0.05) / (dark + 0.05)


def lab(rgb, seen):
    r, g, b = [min(1, max(0, sum(w * c for w, c in zip(row, linear(rgb))))) for row in seen]
    xyz = ((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047, 0.2126 * r + 0.7152 * g + 0.0722 * b,
           (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883)
    x, y, z = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz]
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(a, b, seen):
    return sum((p - q) ** 2 for p, q in zip(lab(a, seen), lab(b, seen))) ** 0.5


ALL = sorted(f[:-6] for f in os.listdir(THEMES) if f.endswith(".theme"))
with open(os.path.join(SRCDIR, "ui", "theme.h"), encoding="utf-8") as header:
    ROLES = set(re.findall(r'^\tX\(ROLE_\w+, "([\w.-]+)"', header.read(), re.M))


def tests_of(name):
    looks = read(name)
    grounds = LIGHT if name == "light" else DARK

    @test("%s has a look for each role" % name)
    def _():
        equal(set(looks), ROLES, "roles")

    @test("%s: what is written can be read" % name)
    def _():
        bad = []
        for role, (fore, ground, _) in looks.items():
            if ground is not None:
                check(fore is not None, "%s has a background, and the colour of a terminal that may be light or dark" % role)
                ratio = contrast(fore, ground)
            elif fore is not None:
                ratio = min(contrast(fore, g) for g in grounds)
            else:
                continue
            if ratio < FAINT.get(role, 4.5):
                bad.append("%s %.1f" % (role, ratio))
        equal(bad, [], "contrasts")

    @test("%s: a selected row stands out, and its colours stay" % name)
    def _():
        for selected in ("selected", "field.focused", "button"):
            _, ground, attributes = looks[selected]
            check(attributes & {"reverse", "underline"} or ground is None or min(contrast(ground, g) for g in grounds) > 1.35,
                  "%s is hardly seen" % selected)
        fore, ground, attributes = looks["selected"]
        for role in IN_ROWS:
            if ground is not None and "soft" in attributes and looks[role][0] is not None:
                check(contrast(looks[role][0], ground) >= 2.9, "%s in a selected row: %.1f" % (role, contrast(looks[role][0], ground)))

    @test("%s: what means something else looks different" % name)
    def _():
        for roles, least in APART:
            for a, b in itertools.combinations(roles, 2):
                one, other = looks[a], looks[b]
                if one[0] is None or other[0] is None or one[1:] != other[1:] and name == "high-contrast":
                    continue  # told by attributes
                apart = distance(one[0], other[0], SEEN.get(name, PLAIN))
                check(apart >= least, "%s and %s: %d" % (a, b, apart))


for theme_name in ALL:
    tests_of(theme_name)


@test("no two themes are nearly the same")
def _():
    for a, b in itertools.combinations(ALL, 2):
        one, other = read(a), read(b)
        same = [role for role in ("ok", "busy", "warn", "error", "key", "graph", "match") if one[role] == other[role]]
        check(len(same) < 3, "%s and %s share %s" % (a, b, same))


main()
