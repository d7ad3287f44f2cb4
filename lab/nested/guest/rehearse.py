#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""rehearse.py: rehearse each cell of /lab/cells.json and append what iommufit says to /lab/results.jsonl.

The file: {"tool": path, "cells": [{"argv": [...], "qemu": version, "plug": device_add arguments or null,
  "firmware": KIND=RELEASE or null, "reset": bool}]}.
"""
import json
import subprocess
import time


def run(cell, tool):
    command = [tool, "rehearse", "--json", "--vmm", "qemu=" + cell["qemu"]]
    if cell["firmware"]:
        command += ["--firmware", cell["firmware"]]
    if cell["reset"]:
        command.append("--reset-ok")
    if cell["plug"]:
        command += ["--plug", json.dumps(cell["plug"])]
    begin = time.monotonic()
    done = subprocess.run([*command, "--", *cell["argv"]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    result = {"status": done.returncode, "secs": round(time.monotonic() - begin, 3),
              "stderr": done.stderr.decode(errors="replace")}
    try:
        result["answer"] = json.loads(done.stdout)
    except ValueError:
        result["answer"] = None
    return result


def main():
    with open("/lab/cells.json", encoding="utf-8") as file:
        job = json.load(file)
    with open("/lab/results.jsonl", "a", encoding="utf-8") as out:
        for cell in job["cells"]:
            out.write(json.dumps(run(cell, job["tool"])) + "\n")
            out.flush()


main()
