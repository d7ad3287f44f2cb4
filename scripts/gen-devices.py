#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turn the device lists into a sorted C table: gen-devices.py OUT.c IN.tsv...

Bits 0 to 2 of a model's mask are the versions of x86 QEMU that have it, 3 to 5 those of Arm's; what is in
qemu-devices-modules.tsv both have."""
import re
import sys

VERSIONS = ("7.2", "10.0", "11.1")


def main():
    rows = {}
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.startswith("#"):
                    continue
                fields = line.rstrip("\n").split("\t")
                if len(fields) != 3 or not re.fullmatch(r"[A-Za-z0-9_.,+-]+", fields[0]):
                    sys.exit(f"{path}:{number}: not NAME<tab>BUS<tab>VERSIONS")
                mask = sum(1 << VERSIONS.index(v) for v in fields[2].split())
                if path.endswith("-modules.tsv"):
                    mask |= mask << len(VERSIONS)
                elif path.endswith("-arm.tsv"):
                    mask <<= len(VERSIONS)
                bus = {"PCI": "BUS_PCI", "System": "BUS_SYSBUS"}.get(fields[1], "BUS_OTHER")
                rows[fields[0]] = (bus, rows.get(fields[0], ("", 0))[1] | mask)
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write('/* Generated from data/qemu-devices*.tsv. */\n#include "vmm/drivers.h"\n\n')
        out.write("const struct known_device known_devices[] = {\n")
        for name in sorted(rows, key=lambda n: n.encode()):
            out.write(f'\t{{ "{name}", {rows[name][0]}, {rows[name][1]} }},\n')
        out.write("};\nconst size_t n_known_devices = sizeof(known_devices) / sizeof(known_devices[0]);\n")


main()
