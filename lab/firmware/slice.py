#!/usr/bin/env python3
"""slice.py [options] -o FILE: boot fresh random configs with the installed QEMU and firmware, within a time budget.

For CI: needs Debian's qemu-system-x86, ovmf and seabios, nothing else. Writes the lines that boot.py writes. The seed
is random unless given, and printed, so that a run can be repeated.
"""
import argparse
import os
import random
import subprocess
import sys

import draw_crowded
from boot import SYSTEM, record_all, version
from draw import VERSIONS, draw_all


def package_version(name):
    """1.16.2 of 1.16.2-1; 2022.11 of 2022.11-6+deb12u2."""
    query = ["dpkg-query", "-W", "-f", "${Version}", name]
    text = subprocess.run(query, capture_output=True, text=True, check=True).stdout
    return text.split("-")[0].split("+")[0].split(":")[-1]


def installed():
    """The names that draw.py uses for the installed QEMU, SeaBIOS and OVMF."""
    qemu = ".".join(version(SYSTEM).split(".")[:2])
    if qemu not in VERSIONS:
        sys.exit(f"slice.py: draw.py knows no machine types of QEMU {qemu}")
    return qemu, f"seabios={package_version('seabios')}", "ovmf=" + package_version("ovmf").replace(".", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("-s", "--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("-t", "--seconds", type=float, default=120, help="no boot is begun after that (default 120)")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--seabios", type=int, default=40, metavar="N", help="configs with SeaBIOS (default 40)")
    parser.add_argument("--ovmf", type=int, default=10, metavar="N", help="configs with OVMF (default 10)")
    parser.add_argument("--crowded", type=int, default=0, metavar="N", help="configs of draw_crowded.py with OVMF (default 0)")
    options = parser.parse_args()
    qemu, seabios, ovmf = installed()
    print(f"seed {options.seed}: QEMU {qemu}, {seabios}, {ovmf}")
    configs = [*draw_all(options.seed, options.seabios, [seabios], qemu, narrow=True),
               *draw_all(options.seed, options.ovmf, [ovmf], qemu, narrow=True)]
    # In turns, lest the budget ends before OVMF's.
    configs.sort(key=lambda c: c["index"] / (options.seabios if c["firmware"] == seabios else options.ovmf))
    configs = [draw_crowded.draw(options.seed, index, ovmf, qemu) for index in range(options.crowded)] + configs
    if os.path.exists(options.output):
        os.remove(options.output)
    written = record_all(({**c, "system": True} for c in configs), options.output, options.jobs, options.seconds)
    print(f"{written} of {len(configs)} configs booted")


if __name__ == "__main__":
    main()
