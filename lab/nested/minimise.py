#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shrinks cells on which QEMU and `iommufit check` disagree, each to a command line of which nothing can be left out.

    minimise.py MISSES.jsonl [--run COMMAND] [--iommufit PROGRAM] [--captures FOLDER] [--save FILE]

MISSES is what compare.py --misses wrote. One cell of each kind of disagreement is taken. All words and properties are
tried without, all cells at once, in rounds: what still disagrees in the same way stays out. Then values become plain
ones. --save adds the results to a file of cells in the form of tests/data/oracle.
"""
import argparse
import json
import lzma
import os
import re
import sys

import rerun
from compare import Judge, own_words, read_lines, signature

MAX_ROUNDS = 12
KEYS = ("host", "qemu", "mode", "argv", "device_add", "outcome", "plug", "messages", "memlock", "uid")
# What a value is replaced by, where that changes nothing: pattern, plain value.
PLAIN = ((r"^pc-q35-[\d.]+", "q35"), (r"^kvm$", "tcg"), (r"^\d+M(?=,|$)", "64M"), (r",kernel-irqchip=\w+", ""),
         (r"host=0000:0[0-2]:0[0-9a-f]\.\d", "host=0000:00:05.0"), (r"sysfsdev=/sys/bus/pci/devices/", "host="),
         (r"size=\d+M", "size=128M"), (r"slots=\d+", "slots=2"))


class Shrinking:
    """A cell as options and their properties, some of which are left out."""

    def __init__(self, result, sign):
        self.cell, self.sign = rerun.cell_of(result), sign
        self.result = result
        self.removed = set()
        self.done = False
        words = self.cell["argv"]
        self.options = [(words[i], words[i + 1]) for i in range(0, len(words) - 1, 2)]

    def parts(self, value):
        """A value's properties; JSON becomes key=value first."""
        if value.startswith("{"):
            fields = json.loads(value)
            text = {True: "on", False: "off"}
            return [fields.pop("driver")] + [f"{key}={text[item] if isinstance(item, bool) else item}"
                                             for key, item in fields.items()]
        return value.split(",")

    def atoms(self):
        """Everything that could be left out still."""
        for i, (_, value) in enumerate(self.options):
            if (i,) in self.removed:
                continue
            yield (i,)
            yield from ((i, j) for j in range(1, len(self.parts(value))) if (i, j) not in self.removed)
        for key in self.cell.get("add", {}):
            if key != "driver" and ("add", key) not in self.removed:
                yield ("add", key)
        for key in ("add", "memlock"):
            if key in self.cell and (key,) not in self.removed:
                yield (key,)

    def build(self, removed):
        argv = []
        for i, (name, value) in enumerate(self.options):
            if (i,) in removed:
                continue
            kept = [part for j, part in enumerate(self.parts(value)) if (i, j) not in removed]
            is_whole = value.startswith("{") and len(kept) == len(self.parts(value))
            argv += [name, value if is_whole else ",".join(kept)]
        cell = dict(self.cell, argv=argv)
        if "add" in cell:
            cell["add"] = {key: value for key, value in cell["add"].items() if ("add", key) not in removed}
        if ("add",) in removed:
            del cell["add"]
            cell["mode"] = "init"
        if ("memlock",) in removed:
            cell.pop("memlock", None)
            cell.pop("uid", None)
        return cell

    def plainer(self):
        """Cells with one value made plain."""
        argv = self.build(self.removed)["argv"]
        for i, word in enumerate(argv):
            for pattern, plain in PLAIN:
                changed = re.sub(pattern, plain, word)
                if changed != word:
                    yield dict(self.build(self.removed), argv=argv[:i] + [changed] + argv[i + 1:])


class Laboratory:
    def __init__(self, command, judge):
        self.command, self.judge = command, judge

    def same(self, pairs):
        """Of pairs of a Shrinking and a cell: the result where it disagrees in the same way, else None."""
        results = rerun.run(self.command, [cell for _, cell in pairs])
        found = [result for result in results if result]
        misses = iter(self.judge.judge_all(found))
        answer = []
        for (shrinking, _), result in zip(pairs, results):
            miss = next(misses) if result else None
            answer.append(result if miss and signature(miss) == shrinking.sign else None)
        return answer


def one_round(lab, running):
    """Tries each atom of each cell alone, then all that could go at once."""
    pairs, atoms = [], []
    for shrinking in running:
        for atom in list(shrinking.atoms()):
            pairs.append((shrinking, shrinking.build(shrinking.removed | {atom})))
            atoms.append(atom)
    good = {}
    for (shrinking, _), atom, result in zip(pairs, atoms, lab.same(pairs)):
        if result:
            good.setdefault(id(shrinking), []).append((atom, result))
    together = []
    for shrinking in running:
        found = good.get(id(shrinking), [])
        shrinking.done = not found
        if found:
            together.append((shrinking, shrinking.build(shrinking.removed | {atom for atom, _ in found})))
    for (shrinking, _), result in zip(together, lab.same(together)):
        found = good[id(shrinking)]
        if result:
            shrinking.removed |= {atom for atom, _ in found}
            shrinking.result = result
        else:
            shrinking.removed.add(found[0][0])
            shrinking.result = found[0][1]


def make_plain(lab, all_cells):
    """One plain value at a time for each cell, as long as one is found."""
    running = list(all_cells)
    for _ in range(MAX_ROUNDS):
        pairs = [(shrinking, cell) for shrinking in running for cell in shrinking.plainer()]
        better = {}
        for (shrinking, cell), result in zip(pairs, lab.same(pairs)):
            if result:
                better[id(shrinking)] = (shrinking, cell, result)
        for shrinking, cell, result in better.values():
            shrinking.cell, shrinking.result, shrinking.removed = cell, result, set()
            shrinking.options = list(zip(cell["argv"][0::2], cell["argv"][1::2]))
        running = [shrinking for shrinking, _, _ in better.values()]
        if not running:
            break


def packed(result):
    row = {key: result[key] for key in KEYS if key in result}
    return dict(row, set="found")


def save(path, results):
    """Adds what is not there yet."""
    rows = read_lines(path) if os.path.exists(path) else []
    have = {json.dumps([row["host"], row["qemu"], row["argv"], row.get("device_add")]) for row in rows}
    rows += [row for row in map(packed, results)
             if json.dumps([row["host"], row["qemu"], row["argv"], row.get("device_add")]) not in have]
    opened = lzma.open(path, "wt", encoding="utf-8", preset=9) if path.endswith(".xz") else \
        open(path, "w", encoding="utf-8")
    with opened as out:
        out.writelines(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("misses")
    parser.add_argument("--iommufit")
    parser.add_argument("--captures", action="append")
    parser.add_argument("--save", help="a file of cells (.jsonl or .jsonl.xz) to add the smallest ones to")
    rerun.add_option(parser)
    arguments = parser.parse_args()
    judge = Judge(arguments.iommufit, arguments.captures)
    results = read_lines(arguments.misses)
    kinds = {}
    for result, miss in zip(results, judge.judge_all(results)):
        if miss:
            kinds.setdefault(signature(miss), result)
    cells = [Shrinking(result, sign) for sign, result in kinds.items()]
    lab = Laboratory(arguments.run, judge)
    for _ in range(MAX_ROUNDS):
        running = [shrinking for shrinking in cells if not shrinking.done]
        if not running:
            break
        one_round(lab, running)
    make_plain(lab, cells)
    for shrinking in cells:
        miss = judge.judge(shrinking.result)
        more = f"  + {json.dumps(shrinking.result['device_add'])}" if shrinking.result.get("device_add") else ""
        print(f"{shrinking.sign[0]}: {shrinking.result['host']} {shrinking.result['qemu']}: "
              f"{' '.join(own_words(shrinking.result))}{more}\n  real: {miss['real']}\n  said: {miss['said']}")
    if arguments.save:
        save(arguments.save, [shrinking.result for shrinking in cells])
    return 0


if __name__ == "__main__":
    sys.exit(main())
