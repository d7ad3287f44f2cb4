# SPDX-License-Identifier: LGPL-2.1-or-later
"""`iommufit rehearse` in a host of the lab against what real QEMU did there: outcome and messages, cell by cell."""
import json
import os
import re
import shlex

import jobs
from paths import SOURCE, LabError, say

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMA = os.path.join(SOURCE, "docs/schema/rehearse.json")
# Which status says which verdict.
STATUS = {"fits": 0, "degraded": 1, "fails": 2, "unknown": 3}


def uses_iommufd(cell):
    return "iommufd" in json.dumps([cell["argv"], cell.get("device_add")])


def is_askable(cell):
    """A limit of locked memory, or another user, is nothing that root can rehearse."""
    return "memlock" not in cell and "uid" not in cell and cell.get("outcome") != "timeout"


def ways(cell):
    """With iommufd: by the groups, and with devices opened."""
    return (False, True) if uses_iommufd(cell) else (False,)


# What Debian ships with these; in a host of the lab another image lies where iommufit would look for it.
SEABIOS = {"7.2": "1.16.2", "10.0": "1.16.3", "11.1": "1.17.0"}


def firmware(cell):
    words = " ".join(cell["argv"])
    release = SEABIOS.get(".".join(cell["qemu"].split(".")[:2]))
    return f"seabios={release}" if release and "pflash" not in words and "-bios" not in words else None


def question(cell, reset):
    return {"argv": cell["argv"], "qemu": cell["qemu"], "plug": cell.get("device_add"), "reset": reset,
            "firmware": firmware(cell) if cell["mode"] == "boot" else None}


def without_group(words):
    """Groups have other numbers in a host that is built otherwise."""
    return [re.sub(r"group \d+|/dev/vfio/\d+", "group N", word) for word in words]


def expected(cell):
    """Outcomes of start and plug, and the messages."""
    plug = cell.get("plug")
    start = "fails" if cell["outcome"] == "fails" and plug in (None, "not-reached") else "starts"
    return start, plug, without_group(cell["messages"])


def told(cell, answer):
    words = answer["start"]["messages"] + answer["plug"]["messages"]
    if cell["mode"] == "boot":
        words += answer["run"]["messages"]
    return answer["start"]["outcome"], answer["plug"]["outcome"] if cell.get("plug") else None, without_group(words)


def schema_error(answer):
    if not jsonschema:
        return None
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    error = next(jsonschema.Draft202012Validator(schema).iter_errors(answer), None)
    return f"schema: {error.message}" if error else None


class Verdict:
    """outcome: None is agreement, else what differs. words: the same for messages. notes: what should not be, either."""

    def __init__(self, cell, result):
        answer = result["answer"]
        self.outcome = self.words = None
        self.notes = []
        self.decided = "nothing"
        if not answer or answer.get("schema") != "iommufit.rehearse/1":
            self.outcome = f"no answer: status {result['status']}, {result['stderr'].strip()} {answer}"
            return
        want, got = expected(cell), told(cell, answer)
        if want[:2] != got[:2]:
            self.outcome = f"QEMU {want[:2]}, rehearse {got[:2]}: {answer['summary']}"
        elif want[2] != got[2]:
            self.words = f"QEMU {want[2]}, rehearse {got[2]}"
        if answer["start"]["outcome"] == "fails" or answer["plug"]["outcome"] in ("refused", "kills-vm"):
            self.decided = "QEMU itself" if answer["refused"] else "the kernel"
        if result["status"] != STATUS[answer["verdict"]]:
            self.notes.append(f"status {result['status']} for {answer['verdict']}")
        if not answer["undone"]:
            self.notes.append("not undone")
        self.notes += [f"refuted: {a['what']} {a['predicted']} -> {a['found']}" for a in answer["assumptions"]
                       if a["result"] == "refuted"]
        wrong = schema_error(answer)
        if wrong:
            self.notes.append(wrong)


def ask(host, questions, tool):
    """Answers, as many as the host gave; a host that dies is booted again for the rest."""
    tool = jobs.tool_path(host.flavour.architecture, tool)
    script = jobs.bind_lines(host.flavour) + f"python3 {shlex.quote(jobs.GUEST)}/rehearse.py\n"
    answers = []
    for _ in range(3):
        job = {"tool": tool, "cells": questions[len(answers):]}
        ended, found = jobs.run_job(host, script, [jobs.tool_folder(tool)], {"cells.json": json.dumps(job)}, ("results.jsonl",),
                                    limit=120 + 30 * len(questions))
        answers += [json.loads(line) for line in found.get("results.jsonl", b"").decode().split("\n")[:-1]]
        if len(answers) == len(questions):
            return answers
        jobs.complain(host, ended)
    raise LabError(f"{host.name}: {len(questions) - len(answers)} cells got no answer")


def compare(host, cells, tool, keep=None):
    """Gives {what: count} and prints each difference."""
    cells = [cell for cell in cells if is_askable(cell)]
    asked = [(cell, reset) for cell in cells for reset in ways(cell)]
    counts = {"asked": len(asked), "outcome": 0, "messages": 0, "notes": 0, "the kernel": 0, "QEMU itself": 0, "seconds": 0}
    if not asked:
        return counts
    for (cell, reset), result in zip(asked, ask(host, [question(*item) for item in asked], tool)):
        verdict = Verdict(cell, result)
        counts["outcome"] += verdict.outcome is None
        counts["messages"] += verdict.outcome is None and verdict.words is None
        counts["notes"] += bool(verdict.notes)
        counts["seconds"] += result["secs"]
        if verdict.decided in counts:
            counts[verdict.decided] += 1
        if verdict.outcome or verdict.words or verdict.notes:
            where = f"{host.name} {cell['qemu']}{' --reset-ok' if reset else ''}: {shlex.join(cell['argv'])}"
            print(where, json.dumps(cell.get("device_add")) if cell.get("device_add") else "")
            for text in filter(None, (verdict.outcome, verdict.words, *verdict.notes)):
                print("   ", text, flush=True)
        if keep:
            keep({"host": host.name, "cell": cell, "reset": reset, **result})
    return counts


def table(totals):
    """{host: counts} as lines."""
    yield "host\tasked\toutcome\tmessages\tnoted\tkernel decides\tQEMU refuses\tseconds"
    for name, counts in totals.items():
        yield "\t".join(str(round(counts[key], 1)) for key in ("asked", "outcome", "messages", "notes", "the kernel", "QEMU itself",
                                                             "seconds")).join([name + "\t", ""])


def total(all_counts):
    result = {}
    for counts in all_counts:
        for key, value in counts.items():
            result[key] = result.get(key, 0) + value
    return result or {"asked": 0, "outcome": 0}


def run(options):
    """Results of `lab run` (or of the oracle), rehearsed in their hosts."""
    by_host = {}
    for cell in jobs.load_cells(options.results):
        if "outcome" not in cell or "messages" not in cell:
            raise LabError("a cell without outcome: give what `lab run` wrote")
        if not options.host or cell["host"] in options.host:
            by_host.setdefault(cell["host"], []).append(cell)
    totals = {}
    with open(options.output, "w", encoding="utf-8") if options.output else open(os.devnull, "w", encoding="utf-8") as out:
        for name, cells in by_host.items():
            step = max(1, len(cells) // options.most) if options.most else 1
            try:
                host = jobs.Host(name)
                totals[name] = compare(host, cells[::step], options.iommufit, lambda line: out.write(json.dumps(line) + "\n"))
            except LabError as error:
                say(f"{name}: {error}")
                totals[name] = {"asked": 1, "outcome": 0, "messages": 0, "notes": 1, "the kernel": 0, "QEMU itself": 0, "seconds": 0}
    everything = total(totals.values())
    for line in table({**totals, "all": everything} if totals else {}):
        print(line)
    print(f"{everything['outcome']} passed, {everything['asked'] - everything['outcome']} failed")
    return 0 if everything["asked"] and everything["outcome"] == everything["asked"] else 1
