#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""cells.py: run each cell of /lab/cells.json, one QEMU each, and append what happened to /lab/results.jsonl.

The file: {"qemu": [first words of the command], "version": …, "program": …, "environment": {…}, "cells": [cell…]}. A cell:
  argv            QEMU's options
  mode            init: devices initialised, QMP answered, quit (default); hotplug: then device_add of "add"; boot: firmware
                  runs until the BARs of devices named dev… stay where they are, "secs" (20) at most
  memlock, uid    the locked-memory limit in bytes, and as whom
  limit           seconds until QEMU must have answered (90)
"""
import json
import os
import resource
import select
import subprocess
import tempfile
import time

ANSWER_LIMIT = 60


class Lost(Exception):
    """QEMU ended, or did not answer in time (then is_late)."""

    def __init__(self, is_late):
        super().__init__()
        self.is_late = is_late


class Qmp:
    """QEMU's monitor on its standard input and output."""

    def __init__(self, child):
        self.child, self.buffer = child, b""

    def read(self, seconds):
        end = time.monotonic() + seconds
        while True:
            line, newline, rest = self.buffer.partition(b"\n")
            if newline:
                self.buffer = rest
                if line.strip():
                    return json.loads(line)
                continue
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.child.stdout], [], [], left)[0]:
                raise Lost(True)
            data = os.read(self.child.stdout.fileno(), 65536)
            if not data:
                raise Lost(False)
            self.buffer += data

    def ask(self, command, arguments=None, seconds=ANSWER_LIMIT):
        words = {"execute": command}
        if arguments is not None:
            words["arguments"] = arguments
        try:
            self.child.stdin.write(json.dumps(words).encode() + b"\n")
            self.child.stdin.flush()
        except OSError:
            raise Lost(False) from None
        while True:
            answer = self.read(seconds)
            if "return" in answer or "error" in answer:
                return answer


def bars(qmp):
    found = []

    def walk(devices):
        for device in devices:
            for region in device.get("regions", []):
                address = region["address"] if region["address"] >= 0 else -1
                found.append({"slot": device["slot"], "bus": device["bus"], "bar": region["bar"], "type": region["type"],
                              "addr": address, "size": region["size"], "id": device.get("qdev_id", "")})
            walk(device.get("pci_bridge", {}).get("devices", []))

    for bus in qmp.ask("query-pci")["return"]:
        walk(bus["devices"])
    return found


def run_firmware(qmp, seconds):
    """Until the BARs of assigned devices have been the same for two seconds."""
    end = time.monotonic() + seconds
    last, same = [], 0
    while time.monotonic() < end and same < 4:
        now = bars(qmp)
        placed = [bar for bar in now if bar["id"].startswith("dev") and bar["addr"] not in (-1, 0)]
        same = same + 1 if placed and now == last else 0
        last = now
        time.sleep(0.5)
    return [bar for bar in last if bar["id"].startswith("dev")]


def talk(cell, qmp, result):
    qmp.read(cell.get("limit", 90))
    qmp.ask("qmp_capabilities")
    result["ready"] = True  # answered once all devices are there
    mode = result["mode"]
    if mode == "hotplug":
        answer = qmp.ask("device_add", cell["add"])
        result["qmp"] = answer.get("error", {"return": {}})
    elif mode == "boot":
        result["bars"] = run_firmware(qmp, cell.get("secs", 20))
    qmp.ask("quit", seconds=30)


def limits(cell):
    if "memlock" in cell:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (cell["memlock"], cell["memlock"]))
    if "uid" in cell:
        os.setgid(cell["uid"])
        os.setuid(cell["uid"])


def run(cell, job):
    mode = cell.get("mode", "init")
    options = ["-display", "none", "-nodefaults", "-qmp", "stdio", *cell["argv"]] + ([] if mode == "boot" else ["-S"])
    result = {"mode": mode, "argv": [job["program"], *options]}
    result.update({key: cell[key] for key in ("memlock", "uid") if key in cell})
    if "add" in cell:
        result["device_add"] = cell["add"]
    begin = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen([*job["qemu"], *options], preexec_fn=lambda: limits(cell), stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=errors, env={**os.environ, **job["environment"]})
        try:
            talk(cell, Qmp(child), result)
        except Lost as lost:
            if lost.is_late:
                result["timeout"] = True
                child.kill()
        try:
            child.stdin.close()
        except OSError:
            pass
        try:
            result["exit"] = child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            result["exit"] = child.wait()
            result["timeout"] = True
        child.stdout.close()
        errors.seek(0)
        result["stderr"] = errors.read().decode(errors="replace")
    result["secs"] = round(time.monotonic() - begin, 2)
    return result


def kernel_log():
    said = subprocess.run(["busybox", "dmesg", "-c"], stdout=subprocess.PIPE, check=False).stdout.decode(errors="replace")
    return [line for line in said.splitlines() if "reset" not in line]


def main():
    with open("/lab/cells.json", encoding="utf-8") as file:
        job = json.load(file)
    kernel_log()
    with open("/lab/results.jsonl", "a", encoding="utf-8") as out:
        for cell in job["cells"]:
            result = run(cell, job)
            said = kernel_log()
            if said:
                result["kernel"] = said
            out.write(json.dumps(result) + "\n")
            out.flush()
    print(f"{len(job['cells'])} cells")


main()
