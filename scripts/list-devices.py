#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make data/qemu-devices.tsv or data/qemu-devices-arm.tsv from what real QEMUs print: list-devices.py ARCH VERSION=FILE...
where FILE has the output of `qemu-system-ARCH -device help` of that version. Names, buses and the versions that have
them, nothing else."""
import re
import sys

LINE = re.compile(r'^name "([^"]+)"(?:, bus ([^,\s]+))?(?:, alias "([^"]+)")?')


def main():
    devices = {}
    versions = []
    for argument in sys.argv[2:]:
        version, path = argument.split("=", 1)
        versions.append(version)
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                found = LINE.match(line)
                if not found:
                    continue
                name, bus, alias = found.groups()
                for each in filter(None, (name, alias)):
                    devices.setdefault(each, [bus or "-", set()])[1].add(version)
    print(f"# Device models of qemu-system-{sys.argv[1]}: name, bus, versions that have it (" + ", ".join(versions) + ").")
    print("# Made by scripts/list-devices.py from `-device help` of real binaries; modules that a distribution packs")
    print("# separately are added by hand in data/qemu-devices-modules.tsv.")
    for name in sorted(devices):
        bus, having = devices[name]
        print(f"{name}\t{bus}\t{' '.join(v for v in versions if v in having)}")


main()
