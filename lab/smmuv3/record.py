#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""record.py -o FILE [-s SEED] [-n COUNT] [-j JOBS] SUITE...: what real QEMUs say to the command lines of draw.py.

SUITE is one that fetch.sh unpacked (bookworm, trixie, sid), "system", or "cached": those of them that are there. Each
line is a cell of tests/data/oracle: the VM is initialised with its CPU stopped, asked over QMP and ended. The host of
the cells is a capture without an IOMMU; what these VMs do hangs on no host.
"""
import argparse
import importlib.util
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from draw import FIRMWARE, draw_all

HERE = pathlib.Path(__file__).resolve().parent
QEMU = HERE / "qemu.sh"
FIXED = ["-display", "none", "-nodefaults", "-qmp", "stdio"]
HOST = "arm-none"
QUIT = b'{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n'


def from_properties():
    """lab/properties/record.py, which reads what QEMU prints."""
    spec = importlib.util.spec_from_file_location("properties", HERE.parent / "properties" / "record.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


messages = from_properties().messages


def lab():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(os.environ.get("IOMMUFIT_LAB") or os.path.join(cache, "iommufit-lab")) / "arm"


def available(suites):
    for suite in suites:
        if suite != "cached":
            yield suite
            continue
        if shutil.which("qemu-system-aarch64"):
            yield "system"
        yield from (name for name in ("bookworm", "trixie", "sid") if (lab() / name / "done").exists())


def version(suite):
    text = subprocess.run([QEMU, suite, "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"version (\S+)", text).group(1)


def firmware(suite):
    """Where the firmware is for the run; the cell names it where a host has it."""
    root = pathlib.Path("/") if suite == "system" else lab() / suite
    return str(root / FIRMWARE.lstrip("/"))


def run(job):
    suite, qemu, words = job
    argv = FIXED + words + ["-S"]
    real = [firmware(suite) if word == FIRMWARE else word for word in argv]
    done = subprocess.run([QEMU, suite, *real], input=QUIT, capture_output=True, timeout=120)
    said = messages(real, done.stderr.decode(errors="replace"))
    return {"host": HOST, "qemu": qemu, "mode": "init", "argv": ["qemu-system-aarch64", *argv],
            "outcome": "starts" if done.returncode == 0 else "fails", "messages": said, "set": "smmuv3"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", required=True, help="written as .jsonl or .jsonl.xz")
    parser.add_argument("-s", "--seed", type=int, default=1)
    parser.add_argument("-n", "--count", type=int, default=300, help="command lines for each suite (default 300)")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("suites", nargs="+", metavar="SUITE")
    options = parser.parse_args()
    jobs = []
    for suite in available(options.suites):
        full = version(suite)
        release = ".".join(full.split(".")[:2])
        lines = draw_all(options.seed, options.count, release)
        jobs += [(suite, full, words) for words in lines
                 if FIRMWARE not in words or os.path.exists(firmware(suite))]
    if not jobs:
        sys.exit(77)
    with ThreadPoolExecutor(options.jobs) as pool:
        lines = [json.dumps(cell, separators=(",", ":")) for cell in pool.map(run, jobs)]
    opener = lzma.open if options.output.endswith(".xz") else open
    with opener(options.output, "wt", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    print(f"seed {options.seed}: {len(lines)} cells", file=sys.stderr)


if __name__ == "__main__":
    main()
