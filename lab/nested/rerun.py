# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cells through the lab, and their results matched to them again."""
import json
import os
import shlex
import subprocess
import tempfile

from compare import own_words

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULT = shlex.quote(os.path.join(HERE, "lab")) + " run each CELLS -o RESULTS"


def add_option(parser):
    parser.add_argument("--run", default=DEFAULT,
                        help="runs cells: a command in which CELLS and RESULTS stand for files (default: %(default)s)")


def release(qemu):
    """11.1.3: 11.1, as cells name their QEMU."""
    return ".".join(qemu.split(".")[:2])


def cell_of(result, argv=None, **more):
    """The cell that gives such a result, perhaps with another command line."""
    cell = {"host": result["host"], "qemu": release(result["qemu"]), "mode": result["mode"],
            "argv": own_words({"argv": argv or result["argv"]})}
    for key, name in (("device_add", "add"), ("memlock", "memlock"), ("uid", "uid")):
        if result.get(key) is not None:
            cell[name] = result[key]
    return dict(cell, tags=dict(result.get("tags") or {"set": result.get("set")}), **more)


def run(command, cells):
    """The result of each cell, or None where the lab lost it."""
    if not cells:
        return []
    numbered = [dict(cell, tags=dict(cell["tags"], id=number)) for number, cell in enumerate(cells)]
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "cells.jsonl"), os.path.join(folder, "results.jsonl")
        with open(source, "w", encoding="utf-8") as out:
            out.writelines(json.dumps(cell) + "\n" for cell in numbered)
        files = {"CELLS": source, "RESULTS": target}
        subprocess.run([files.get(word, word) for word in shlex.split(command)], check=True)
        results = [None] * len(cells)
        with open(target, encoding="utf-8") as lines:
            for line in lines:
                result = json.loads(line)
                results[result["tags"].pop("id")] = result
    return results
