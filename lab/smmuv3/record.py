#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""record.py -o FILE [-s SEED] [-n COUNT] [-j JOBS] SUITE...: what real QEMUs say to the command lines of draw.py.

SUITE is one that fetch.sh unpacked (bookworm, trixie, sid), "system", or "cached": those of them that are there. Each
line is a cell of tests/data/oracle: the VM is initialised with its CPU stopped, asked over QMP and ended. The host of
the cells is a capture without an IOMMU; what these VMs do hangs on no host.
"""
import argparse
import json
import lzma
import os
import pathlib
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from draw import FIRMWARE, draw_all
from said import ask, version

HERE = pathlib.Path(__file__).resolve().parent
QEMU = HERE / "qemu.sh"
FIXED = ["-display", "none", "-nodefaults", "-qmp", "stdio"]
HOST = "arm-none"


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


def firmware(suite):
    """Where the firmware is for the run; the cell names it where a host has it."""
    root = pathlib.Path("/") if suite == "system" else lab() / suite
    return str(root / FIRMWARE.lstrip("/"))


def run(job):
    suite, qemu, words = job
    argv = FIXED + words + ["-S"]
    real = [firmware(suite) if word == FIRMWARE else word for word in argv]
    return ask([QEMU, suite], "qemu-system-aarch64", argv, real, host=HOST, qemu=qemu, set="smmuv3")


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
        full = version([QEMU, suite])
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
