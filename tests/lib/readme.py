"""Worked examples of README.md, run as they stand there."""
import os
import re
import shlex

from engine import SRCDIR, afs
from tap import check, equal


def commands(section):
    """[(words behind "$ afs", the lines of output shown)] of the first console block below that heading."""
    with open(os.path.join(SRCDIR, "README.md"), encoding="utf-8") as f:
        text = f.read()
    found = re.search(r"^#+ %s\n.*?```console\n(.*?)```" % re.escape(section), text, re.S | re.M)
    check(found, "README.md has no example below %r" % section)
    return [(shlex.split(part.split("\n", 1)[0])[1:], part.split("\n", 1)[1])
            for part in re.split(r"^\$ ", found.group(1), flags=re.M)[1:]]


def run_example(section, rename, **options):
    """Runs the commands in order, with words replaced as `rename` says. What is shown as output, other than a table, is
    what they print."""
    for words, shown in commands(section):
        done = afs(*[rename.get(word, word) for word in words], expect=0, **options)
        if shown and "  " not in shown:
            for old, new in rename.items():
                shown = shown.replace(old, new) if shown == old + "\n" else shown
            equal(done.out, shown, "output of afs " + " ".join(words))
