#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Is a repaired VM one that starts? Each failing result of the lab goes through `iommufit fix`, and what that wrote is
run on the same host by the same QEMU.

    repair.py RESULTS.jsonl... [--run COMMAND] [--iommufit PROGRAM] [--captures FOLDER] [--keep FILE]

Counts the failing cells that have a cure inside the VM, and how many of these start (of a hot-plug cell: take the
device). A VM that has more RAM than the lab's hosts and is still at it when its time is up, or is killed, is no answer:
without a vIOMMU all of it is pinned. Exit status: 0 where at least 99.5 % do, else 1.
"""
import argparse
import collections
import json
import re
import sys

import rerun
from compare import Judge, own_words, read_lines, truth

CURED = ("fits", "degraded")
WANTED = 99.5
MOST_RAM = 2 << 30  # of the 3 GiB that a host has (boot.py)
UNITS = {"": 20, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40}


def is_failing(result):
    outcome, plug, _ = truth(result)
    return outcome == "fails" or plug in ("refused", "kills-vm", "not-reached")


def is_cured(result):
    outcome, plug, _ = truth(result)
    return outcome == "starts" and plug in (None, "accepted")


def repairs(judge, failing):
    """Pairs of a result and the cell that `fix` makes of it; and why the others have none."""
    pairs, why = [], collections.Counter()
    for result in failing:
        answer = judge.ask("fix", result)
        if answer.get("after") in CURED and answer.get("changed"):
            pairs.append((result, answer))
        elif answer.get("after") in CURED:
            why["not predicted to fail"] += 1
        elif answer.get("outside"):
            why["outside the VM"] += 1
        else:
            why[(answer.get("left") or [json.dumps(answer.get("error") or answer.get("after"))])[0]] += 1
    return pairs, why


def repaired_cell(result, answer):
    """The cell of the repaired command line, with what is to be plugged as the fix has it."""
    cell = rerun.cell_of(result, answer["argv"])
    if "plug" in answer:
        cell.pop("add", None)
        cell["mode"] = "hotplug" if answer["plug"] else "init"
    if answer.get("plug"):
        cell["add"] = json.loads(answer["plug"][0])
    return cell


def ram(argv):
    """Bytes of -m, as QEMU reads it."""
    words = [value for word, value in zip(argv, argv[1:]) if word == "-m"]
    size = re.match(r"(?:size=)?([\d.]+)([bkmgt]?)", words[-1].lower()) if words else None
    return float(size[1]) * (1 << UNITS[size[2]]) if size else 0


def is_beyond_lab(answer, after):
    return (after["outcome"] == "timeout" or after.get("exit") == -9) and ram(answer["argv"]) > MOST_RAM


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="+")
    parser.add_argument("--iommufit")
    parser.add_argument("--captures", action="append")
    parser.add_argument("--keep", help="write the results of the repaired cells here")
    parser.add_argument("--most", type=int, help="repair no more than so many cells, evenly chosen")
    rerun.add_option(parser)
    arguments = parser.parse_args()
    results = [result for path in arguments.results for result in read_lines(path)]
    failing = [result for result in results if is_failing(result)]
    pairs, why = repairs(Judge(arguments.iommufit, arguments.captures), failing)
    if arguments.most and len(pairs) > arguments.most:
        pairs = [pairs[i * len(pairs) // arguments.most] for i in range(arguments.most)]
    again = rerun.run(arguments.run, [repaired_cell(result, answer) for result, answer in pairs])
    done = [(pair, result) for pair, result in zip(pairs, again) if result]
    good = large = 0
    for (before, answer), after in done:
        if is_cured(after):
            good += 1
            continue
        if is_beyond_lab(answer, after):
            large += 1
            continue
        print(f"MISS {before['host']} {before['qemu']} {before['mode']}: {' '.join(own_words(before))}"
              f"{'  + ' + json.dumps(before['device_add']) if before.get('device_add') else ''}\n"
              f"  before: {before['messages']}\n  edits:  {answer['edits']}\n  after:  {after['outcome']} {after.get('exit')} {after['messages']}")
    if arguments.keep:
        with open(arguments.keep, "w", encoding="utf-8") as out:
            out.writelines(json.dumps(after) + "\n" for _, after in done)
    for text, count in why.most_common():
        print(f"no cure {count:4}: {text}")
    told = len(done) - large
    share = 100.0 * good / told if told else 0
    print(f"{len(results)} cells, {len(failing)} fail, {len(pairs)} have a cure in the VM, {len(done)} ran again, "
          f"{large} of which have more RAM than the lab, {good} of the other {told} start ({share:.2f} %)")
    return 0 if share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
