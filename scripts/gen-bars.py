#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turn data/qemu-bars.tsv into a sorted C table: gen-bars.py OUT.c IN.tsv"""
import re
import sys

VERSIONS = ("7.2", "10.0", "11.1")
WHERE = {"pc": "BARS_ON_PC", "q35": "BARS_ON_Q35", "port": "BARS_BEHIND_PORT", "switch": "BARS_BEHIND_PORT"}
KINDS = {"io": "IO", "mem32": "MEM32", "mem32p": "PREF32", "mem64": "MEM64", "mem64p": "PREF64"}


def bar(text):
    index, kind, size = re.fullmatch(r"(\d|rom):(\w+):(0x[0-9a-f]+)", text).groups()
    return f"{{{6 if index == 'rom' else index}, BAR_{'MEM32' if index == 'rom' else KINDS[kind]}, {size}}}"


def row(fields):
    driver, _, versions, where, _, class_code, header, bars = fields[:8]
    mask = sum(1 << VERSIONS.index(v) for v in versions.split())
    places = " | ".join(sorted({WHERE[w] for w in where.split()}))
    listed = ", ".join(bar(b) for b in bars.split()) if bars != "-" else ""
    return driver, (f'\t{{"{driver}", {mask}, {places}, 0x{class_code[:4]}, '
                    f'{"true" if header == "bridge" else "false"}, {{{listed or "{0}"}}}}},\n')


def main():
    rows, seen = [], {}
    with open(sys.argv[2], encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            fields = line.rstrip("\n").split("\t")
            if line.startswith("#") or fields[0] == "driver":
                continue
            if len(fields) != 9 or not re.fullmatch(r"[A-Za-z0-9_.,:+-]+", fields[0]):
                sys.exit(f"{sys.argv[2]}:{number}: not a row of nine columns")
            # Models that need a memory backend have no row without one.
            if fields[1] == "-" or fields[1] == seen.setdefault(fields[0], fields[1]) and fields[1][:7] == "memdev:":
                rows.append(row(fields))
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write('/* Generated from data/qemu-bars.tsv. */\n#include "vmm/known_bars.h"\n\n')
        out.write("const struct known_function known_functions[] = {\n")
        out.writelines(text for _, text in sorted(rows, key=lambda r: r[0].encode()))
        out.write("};\nconst size_t n_known_functions = sizeof(known_functions) / sizeof(known_functions[0]);\n")


main()
