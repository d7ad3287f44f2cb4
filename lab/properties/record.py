#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""record.py -o FILE [-s SEED] [-n COUNT] [-j JOBS] [-a ACCELERATOR] SUITE...: what real QEMUs say to the command lines of draw.py.

SUITE is one that lab/firmware/fetch.sh unpacked (bookworm, trixie, sid) or "system". Each line is a cell of
tests/data/oracle: the VM is initialised with its CPU stopped, asked over QMP and ended. The host of the cells is a
capture without assigned devices; what these VMs do hangs on no host.
"""
import argparse
import json
import lzma
import os
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from draw import draw_all
from said import ask, version

HERE = os.path.dirname(os.path.abspath(__file__))
QEMU = os.path.join(HERE, "..", "firmware", "qemu.sh")
FIXED = ["-display", "none", "-nodefaults", "-qmp", "stdio"]
HOST = "none-pb46"


def run(job):
    suite, qemu, words = job
    argv = FIXED + words + ["-S"]
    return ask([QEMU, suite], "qemu-system-x86_64", argv, argv, host=HOST, qemu=qemu, set="properties")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", required=True, help="written as .jsonl or .jsonl.xz")
    parser.add_argument("-s", "--seed", type=int, default=1)
    parser.add_argument("-n", "--count", type=int, default=400, help="command lines for each suite (default 400)")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("-a", "--accel", choices=("tcg", "kvm"), default="tcg", help="kvm: /dev/kvm is needed")
    parser.add_argument("suites", nargs="+", metavar="SUITE")
    options = parser.parse_args()
    jobs = []
    for suite in options.suites:
        full = version([QEMU, suite])
        release = ".".join(full.split(".")[:2])
        jobs += [(suite, full, words) for words in draw_all(options.seed, options.count, release, options.accel)]
    with ThreadPoolExecutor(options.jobs) as pool:
        lines = [json.dumps(cell, separators=(",", ":")) for cell in pool.map(run, jobs)]
    opener = lzma.open if options.output.endswith(".xz") else open
    with opener(options.output, "wt", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    print(f"seed {options.seed}: {len(lines)} cells", file=sys.stderr)


if __name__ == "__main__":
    main()
