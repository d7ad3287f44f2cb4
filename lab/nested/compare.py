#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What real QEMU did (results of the lab, JSON lines) against what `iommufit check` says.

    compare.py RESULTS.jsonl [--iommufit PROGRAM] [--captures FOLDER] [--show N] [--misses FILE] [--json]

Judged as tests/oracle does it: the outcome of the start; of a hot-plug cell what became of the device; and all
messages, in order. Prints the agreement, then each kind of disagreement with the cells that show it. --misses writes
those cells for minimise.py. Exit status: 0 where at least 99.5 % of outcomes and 98 % of messages agree, else 1.
"""
import argparse
import collections
import json
import lzma
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WANTED = {"outcomes": 99.5, "messages": 98.0}


def read_lines(path):
    opened = lzma.open(path, "rt", encoding="utf-8") if path.endswith(".xz") else open(path, encoding="utf-8")
    with opened as lines:
        return [json.loads(line) for line in lines if line.strip()]


def truth(result):
    """Outcome of the start, what became of a plugged device, and the messages."""
    outcome = "fails" if result["outcome"] == "fails" else "starts"
    return outcome, result.get("plug"), result["messages"]


class Judge:
    def __init__(self, iommufit=None, captures=None):
        self.iommufit = iommufit or os.path.join(TREE, "build/src/cli/iommufit")
        self.captures = captures or [os.path.join(TREE, "tests/data/captures")]

    def capture(self, host):
        for folder in self.captures:
            path = os.path.join(folder, host + ".tar.xz")
            if os.path.exists(path):
                return path
        raise FileNotFoundError(f"no capture of {host}")

    def ask(self, command, result, argv=None):
        """`iommufit COMMAND --json` about a cell, or about another command line in its place."""
        words = [self.iommufit, command, "--json", "--host", self.capture(result["host"]),
                 "--vmm", "qemu=" + result["qemu"]]
        if result.get("device_add"):
            words += ["--plug", json.dumps(result["device_add"])]
        if result.get("memlock"):
            words += ["--memlock", str(result["memlock"])]
        done = subprocess.run(words + ["--"] + (argv or result["argv"]), capture_output=True, text=True, check=False)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {"error": (done.stderr or done.stdout).strip() or f"status {done.returncode}"}

    def said(self, result):
        answer = self.ask("check", result)
        if "start" not in answer:
            return "error", None, [json.dumps(answer.get("error"))]
        messages = answer["start"]["messages"] + answer["plug"].get("messages", [])
        if result["mode"] == "boot":
            messages = messages + answer["run"].get("messages", [])
        return answer["start"]["outcome"], answer["plug"].get("outcome"), messages

    def judge(self, result):
        """None where all agrees, else the kind of disagreement with both sides."""
        real, said = truth(result), self.said(result)
        kind = None
        if said[0] != real[0]:
            kind = "outcome"
        elif real[1] and said[1] != real[1]:
            kind = "plug"
        elif said[2] != real[2]:
            kind = "messages"
        return kind and {"kind": kind, "real": real, "said": said}

    def judge_all(self, results):
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(self.judge, results))


def form(message):
    """A message without its addresses and numbers."""
    return re.sub(r"(?<![a-z-])\d[0-9a-f:.]*", "#", re.sub(r"0x[0-9a-f]+", "X", message))


def signature(miss):
    """What two cells share that disagree for the same reason: the first message in which the sides differ."""
    real, said = miss["real"][2], miss["said"][2]
    first = next((i for i, pair in enumerate(zip(real, said)) if pair[0] != pair[1]), min(len(real), len(said)))

    def at(side):
        return form(side[first]) if first < len(side) else "-"
    return (miss["kind"], miss["real"][0], miss["said"][0], miss["real"][1] or "", (miss["said"][1] or "")
            if miss["real"][1] else "", at(real), at(said))


def own_words(result):
    """The words of the cell, without those that the lab adds; a fix may have put others before them."""
    words = list(result["argv"][1:])
    for lab in (["-display", "none"], ["-nodefaults"], ["-qmp", "stdio"]):
        for i in range(len(words) - len(lab) + 1):
            if words[i:i + len(lab)] == lab:
                del words[i:i + len(lab)]
                break
    return words[:-1] if words and words[-1] == "-S" else words


def show(groups, limit):
    for what, cells in sorted(groups.items(), key=lambda item: -len(item[1])):
        kind, start, said_start, plug, said_plug, real, said = what
        print(f"{len(cells):4} {kind}: QEMU {start} {plug}, said {said_start} {said_plug}\n     real: {real}\n     said: {said}")
        for result, miss in cells[:limit]:
            more = f"  + {json.dumps(result['device_add'])}" if result.get("device_add") else ""
            print(f"       {result['host']} {result['qemu']} {result['mode']}: {' '.join(own_words(result))}{more}")
            print(f"         real: {miss['real'][2]}\n         said: {miss['said'][2]}")


def summary(results, misses):
    kinds = collections.Counter(miss["kind"] for miss in misses if miss)
    plugs = sum(1 for result in results if truth(result)[1])
    total = len(results) or 1
    wrong_messages = sum(1 for miss in misses if miss and miss["real"][2] != miss["said"][2])
    return {"cells": len(results), "hosts": len({result["host"] for result in results}),
            "vmms": sorted({result["qemu"] for result in results}),
            "fails": sum(1 for result in results if truth(result)[0] == "fails"),
            "outcomes": 100.0 * (len(results) - kinds["outcome"]) / total,
            "plugs": plugs, "plugs_wrong": kinds["plug"],
            "messages": 100.0 * (len(results) - wrong_messages) / total,
            "forms": len({form(message) for result in results for message in result["messages"]})}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="+")
    parser.add_argument("--iommufit")
    parser.add_argument("--captures", action="append")
    parser.add_argument("--show", type=int, default=2, help="cells to show of each kind of disagreement")
    parser.add_argument("--misses", help="write the disagreeing results here")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    results = [result for path in arguments.results for result in read_lines(path)]
    misses = Judge(arguments.iommufit, arguments.captures).judge_all(results)
    groups = collections.defaultdict(list)
    for result, miss in zip(results, misses):
        if miss:
            groups[signature(miss)].append((result, miss))
    if arguments.misses:
        with open(arguments.misses, "w", encoding="utf-8") as out:
            for result, miss in zip(results, misses):
                if miss:
                    out.write(json.dumps(result) + "\n")
    told = summary(results, misses)
    if arguments.json:
        print(json.dumps(told))
    else:
        show(groups, arguments.show)
        print(f"{told['cells']} cells on {told['hosts']} hosts, QEMU {', '.join(told['vmms'])}; {told['fails']} fail; "
              f"{told['forms']} message forms")
        print(f"outcomes right {told['outcomes']:.2f} %; plugs wrong {told['plugs_wrong']} of {told['plugs']}; "
              f"messages right {told['messages']:.2f} %")
    good = all(told[name] >= least for name, least in WANTED.items()) and told["cells"] > 0
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
