#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Check the table of real machines and write it as C: gen-catalog.py HOSTS.tsv CATALOG_TABLE.c"""

import re
import sys

COLUMNS = ["name", "kind", "vendor", "description", "cpu", "haw", "units", "expect", "assumed", "source"]
KINDS = {"intel": "IOF_IOMMU_INTEL_VTD", "amd": "IOF_IOMMU_AMD_VI", "arm": "IOF_IOMMU_ARM_SMMUV3"}
# Registers that a unit of a vendor must and may have, with their base.
REGISTERS = {
    "intel": ({"cap": 16, "ecap": 16}, {"ver": None}),
    "amd": ({"efr": 16}, {"efr2": 16}),
    "arm": ({"oas": 10, "features": 16}, {}),
}
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*$")


class Bad(Exception):
    pass


def number(text, base, most):
    digits = "[0-9a-f]+" if base == 16 else "[0-9]+"
    if base == 16 and text.startswith("0x"):
        text = text[2:]
    if not re.fullmatch(digits, text) or int(text, base) > most:
        raise Bad(f"'{text}' is not a number up to {most:#x} in base {base}")
    return int(text, base)


def unit(text, vendor):
    words = text.split()
    if not words:
        raise Bad("a unit without name and registers")
    must, may = REGISTERS[vendor]
    values = {"name": words[0]}
    for word in words[1:]:
        key, sep, value = word.partition("=")
        if not sep or key in values or key not in {**must, **may}:
            raise Bad(f"unit '{words[0]}': '{word}' is unknown or there twice")
        if key == "ver":
            match = re.fullmatch(r"([0-9]+):([0-9]+)", value)
            if not match:
                raise Bad(f"unit '{words[0]}': version '{value}'")
            values["ver"] = (int(match[1]), int(match[2]))
        else:
            most = {"features": 2**32 - 1, "oas": 56}.get(key, 2**64 - 1)
            values[key] = number(value, {**must, **may}[key], most)
    for key in must:
        if key not in values:
            raise Bad(f"unit '{words[0]}' has no {key}")
    return values


def bits(text):
    return 0 if text == "-" else number(text, 10, 64)


def row(line):
    fields = line.split("\t")
    if len(fields) != len(COLUMNS):
        raise Bad(f"{len(fields)} columns instead of {len(COLUMNS)}")
    entry = dict(zip(COLUMNS, fields))
    for key, value in entry.items():
        if not value or value != value.strip() or not value.isascii() or not value.isprintable():
            raise Bad(f"column '{key}' is empty or not plain text")
    if not NAME.match(entry["name"]):
        raise Bad(f"name '{entry['name']}'")
    if entry["kind"] not in ("machine", "model"):
        raise Bad(f"kind '{entry['kind']}'")
    if entry["vendor"] not in KINDS:
        raise Bad(f"vendor '{entry['vendor']}'")
    physical, _, virtual = entry["cpu"].partition("/")
    entry["physical"], entry["virtual"] = bits(physical), bits(virtual or "-")
    entry["haw"] = bits(entry["haw"])
    entry["units"] = [unit(text, entry["vendor"]) for text in entry["units"].split(";")]
    names = [u["name"] for u in entry["units"]]
    if len(names) > 200:
        raise Bad("more units than one bus each")
    if len(set(names)) != len(names):
        raise Bad("two units of one name")
    return entry


def load(path):
    entries = []
    with open(path, encoding="utf-8") as file:
        for n, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            try:
                entry = row(line)
                if any(e["name"] == entry["name"] for e in entries):
                    raise Bad(f"name '{entry['name']}' is there twice")
            except Bad as bad:
                sys.exit(f"{path}:{n}: {bad}")
            entries.append(entry)
    if not entries:
        sys.exit(f"{path}: no machines")
    return entries


def quoted(text):
    return "NULL" if text == "-" else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write_units(out, index, entry):
    out.write(f"static const struct catalog_unit units{index}[] = {{\n")
    for u in entry["units"]:
        major, minor = u.get("ver", (0, 0))
        fields = [f'.name = "{u["name"]}"', f".version_major = {major}", f".version_minor = {minor}"]
        for key in ("cap", "ecap", "efr", "efr2", "features"):
            if key in u:
                fields.append(f".{key} = UINT64_C({u[key]:#x})" if key != "features" else f".{key} = {u[key]:#x}u")
        if "oas" in u:
            fields.append(f".oas = {u['oas']}")
        out.write("\t{" + ", ".join(fields) + "},\n")
    out.write("};\n")


def write_table(out, entries):
    out.write("const struct catalog_machine catalog_machines[] = {\n")
    for index, e in enumerate(entries):
        out.write(f"\t{{.name = {quoted(e['name'])},\n\t .description = {quoted(e['description'])},\n"
                  f"\t .assumed = {quoted(e['assumed'])},\n\t .source = {quoted(e['source'])},\n"
                  f"\t .expect = {quoted(e['expect'])},\n\t .is_model = {str(e['kind'] == 'model').lower()},\n"
                  f"\t .kind = {KINDS[e['vendor']]},\n\t .phys_bits = {e['physical']},\n"
                  f"\t .virt_bits = {e['virtual']},\n\t .haw = {e['haw']},\n"
                  f"\t .units = units{index},\n\t .n_units = {len(e['units'])}}},\n")
    out.write(f"}};\n\nconst size_t catalog_n_machines = {len(entries)};\n")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    entries = load(sys.argv[1])
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write('/* Generated from data/hosts.tsv by scripts/gen-catalog.py. */\n#include "host/catalog.h"\n\n')
        for index, entry in enumerate(entries):
            write_units(out, index, entry)
        out.write("\n")
        write_table(out, entries)


main()
