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
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from draw import draw_all

HERE = os.path.dirname(os.path.abspath(__file__))
QEMU = os.path.join(HERE, "..", "firmware", "qemu.sh")
FIXED = ["-display", "none", "-nodefaults", "-qmp", "stdio"]
HOST = "none-pb46"
QUIT = b'{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n'


def version(suite):
    text = subprocess.run([QEMU, suite, "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"version (\S+)", text).group(1)


def messages(argv, stderr):
    """The lines that iommufit predicts: without program name and option, as tests/data/oracle has them."""
    options = [(argv[i], argv[i + 1]) for i in range(len(argv) - 1) if argv[i].startswith("-")]
    kept = []
    for line in stderr.splitlines():
        for _ in range(2):
            is_warning = line.startswith("warning: ")
            line = re.sub(r"^(\S*/)?qemu-system-\w+: ", "", line.removeprefix("warning: "))
            for name, value in sorted(options, key=lambda option: -len(option[1])):
                if line.startswith(f"{name} {value}: "):
                    line = line[len(f"{name} {value}: "):]
                    break
            line = "warning: " + line if is_warning else line
        if line.strip() and not re.match(r"(warning: )?(Machine type '.*' is deprecated|(host|TCG) doesn't support)",
                                         line):
            kept.append(line.rstrip())
    return kept


def run(job):
    suite, qemu, words = job
    argv = FIXED + words + ["-S"]
    done = subprocess.run([QEMU, suite, *argv], input=QUIT, capture_output=True, timeout=120)
    said = messages(argv, done.stderr.decode(errors="replace"))
    return {"host": HOST, "qemu": qemu, "mode": "init", "argv": ["qemu-system-x86_64", *argv],
            "outcome": "starts" if done.returncode == 0 else "fails", "messages": said, "set": "properties"}


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
        full = version(suite)
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
