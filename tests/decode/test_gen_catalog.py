#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What scripts/gen-catalog.py refuses: test_gen_catalog.py GEN-CATALOG"""

import os
import subprocess
import sys
import tempfile

GOOD = ["a-1", "machine", "intel", "Text", "46/48", "39", "dmar0 ver=1:0 cap=1 ecap=2", "-", "-", "a log"]


def line(**changes):
    names = ["name", "kind", "vendor", "description", "cpu", "haw", "units", "expect", "assumed", "source"]
    return "\t".join(changes.get(name, good) for name, good in zip(names, GOOD)) + "\n"


# name, text, error (None: accepted)
ROWS = [
    ("good", line(), None),
    ("comment and blank line", "# text\n\n" + line(), None),
    ("two machines", line() + line(name="b"), None),
    ("nothing", "# text\n", "no machines"),
    ("too few columns", "a\tmachine\n", ":1: 2 columns instead of 10"),
    ("same name", line() + line(), ":2: name 'a-1' is there twice"),
    ("blank in name", line(name="a 1"), ":1: name 'a 1'"),
    ("capital in name", line(name="A"), ":1: name 'A'"),
    ("kind", line(kind="virtual"), ":1: kind 'virtual'"),
    ("vendor", line(vendor="via"), ":1: vendor 'via'"),
    ("empty column", line(source=""), ":1: column 'source' is empty or not plain text"),
    ("not ASCII", line(description="Te\u00dft"), ":1: column 'description' is empty or not plain text"),
    ("width too large", line(haw="65"), ":1: '65' is not a number up to 0x40 in base 10"),
    ("width not a number", line(cpu="x/48"), ":1: 'x' is not a number up to 0x40 in base 10"),
    ("register too large", line(units="d cap=10000000000000000 ecap=1"),
     ":1: '10000000000000000' is not a number up to 0xffffffffffffffff in base 16"),
    ("register missing", line(units="d cap=1"), ":1: unit 'd' has no ecap"),
    ("register twice", line(units="d cap=1 cap=2 ecap=1"), ":1: unit 'd': 'cap=2' is unknown or there twice"),
    ("register of another vendor", line(units="d cap=1 ecap=1 efr=1"),
     ":1: unit 'd': 'efr=1' is unknown or there twice"),
    ("version", line(units="d ver=1 cap=1 ecap=1"), ":1: unit 'd': version '1'"),
    ("same unit", line(units="d cap=1 ecap=1; d cap=1 ecap=1"), ":1: two units of one name"),
    ("no unit", line(units=";"), ":1: a unit without name and registers"),
]


def run(tool, text):
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "hosts.tsv")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([sys.executable, tool, source, os.path.join(folder, "out.c")],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stderr.replace(source, "")


def main():
    failed = 0
    print(f"1..{len(ROWS)}")
    for n, (name, text, expect) in enumerate(ROWS, 1):
        status, error = run(sys.argv[1], text)
        error = error.strip().removeprefix(": ")
        good = status == 0 if expect is None else status != 0 and error == expect
        failed += not good
        print(f"{'ok' if good else 'not ok'} {n} - {name}" + ("" if good else f": {status} {error!r}"))
    sys.exit(failed != 0)


main()
