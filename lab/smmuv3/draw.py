#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""draw.py SEED COUNT QEMU: print command lines of Arm's virt with drawn SMMUs, one JSON list a line.

QEMU is 7.2, 10.0 or 11.1: which names and machine types are likely. No device of the host is needed: what is asked is
which SMMUs QEMU itself makes, for which buses and with which properties, and what it says to the others. A seed gives
the same lines again.
"""
import json
import random
import sys

AUTO = ["on", "off", "auto"]
OAS = ["44", "48", "auto", "44", "40", "32", "36", "42", "52", "56", "45", "0", "044"]
SSIDSIZE = ["0", "auto", "16", "20", "1", "0", "21", "05", "-1"]
PROPERTIES = {"stage": ["1", "2", "nested", "3", ""], "accel": ["on", "off", "off"], "ril": AUTO, "ats": AUTO, "oas": OAS,
              "ssidsize": SSIDSIZE, "cmdqv": AUTO, "identifier": ["0", "7", "255", "256"],
              "msi-gpa": ["0", "0x8090040", "text"], "smmu_per_bus": ["on", "off"], "bus_num": ["0", "3", "300"],
              "memory": ["m0", ""], "nested": ["on"], "aw-bits": ["48"]}
ODD = ["", "ON", "yes", "true", "n", "maybe", "-1", " 48", "1k", "99999999999999999999"]
MACHINES = {
    "7.2": ["virt-7.2", "virt-7.1", "virt-6.0", "virt-8.0"],
    "10.0": ["virt-10.0", "virt-9.2", "virt-9.1", "virt-8.2", "virt-7.0", "virt-10.2"],
    "11.1": ["virt-11.1", "virt-11.0", "virt-10.2", "virt-10.1", "virt-9.2", "virt-9.1", "virt-8.2", "virt-11.2"],
}
FIRMWARE = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"


def draw_properties(rng, few):
    chosen = {}
    for _ in range(rng.choice([0, 0, 1, 1, 2] if few else [0, 1, 1, 2, 2, 3, 5])):
        name = rng.choice(list(PROPERTIES)[:7] if rng.random() < 0.85 else list(PROPERTIES))
        chosen[name] = rng.choice(ODD) if rng.random() < 0.06 else rng.choice(PROPERTIES[name])
    # Most of what accel=on allows is refused under TCG before it is looked at.
    if chosen.get("accel") == "on" and rng.random() < 0.7:
        del chosen["accel"]
    return chosen


def json_value(rng, name, value):
    if rng.random() < 0.1:
        return rng.choice([True, 44, "auto", None, "1"])
    if name in ("accel", "smmu_per_bus", "nested") and value in ("on", "off"):
        return value == "on"
    if name in ("identifier", "bus_num") and value.isdigit():
        return int(value)
    return value


def device(rng, driver, pairs):
    if rng.random() < 0.2:
        return ["-device", json.dumps({"driver": driver, **{k: json_value(rng, k, v) for k, v in pairs.items()}},
                                      separators=(",", ":"))]
    keys = list(pairs)
    rng.shuffle(keys)
    return ["-device", ",".join([driver] + [f"{k}={pairs[k]}" for k in keys])]


def draw_smmu(rng, buses, number):
    pairs = draw_properties(rng, number > 0)
    draw = rng.random()
    if draw < 0.9:
        pairs["primary-bus"] = rng.choice(["pcie.0"] + buses if draw < 0.85 else ["rp0", "pcie.9", "", "rng0", "c0", "i0"])
    if rng.random() < 0.5:
        pairs["id"] = f"smmu{number}"
    return device(rng, "arm-smmuv3", pairs)


def draw_others(rng, qemu, buses):
    """Bridges and buses that an SMMU may be for, before it."""
    words = []
    for number in range(rng.choice([0, 0, 1, 1, 2])):
        name = f"p{number + 1}"
        pairs = {"id": name, "bus_nr": str(16 + 16 * number), "bus": "pcie.0"}
        if rng.random() < 0.12:
            pairs["bypass_iommu"] = "on"
        words += ["-device", ",".join(["pxb-pcie"] + [f"{k}={v}" for k, v in pairs.items()])]
        buses.append(name)
    if rng.random() < 0.3:
        words += ["-device", "pcie-root-port,id=rp0,chassis=1,bus=" + rng.choice(["pcie.0"] + buses)]
    if rng.random() < 0.1:
        words += ["-device", "virtio-rng-pci,id=rng0,bus=pcie.0"]
    if qemu == "11.1" and rng.random() < 0.06:
        words += ["-device", "pxb-cxl,id=c0,bus_nr=200,bus=pcie.0"]
    if rng.random() < 0.06:
        words += ["-object", "memory-backend-ram,id=i0,size=16M"]
    return words


def draw_globals(rng):
    words = []
    for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
        name = rng.choice(list(PROPERTIES))
        words += ["-global", f"arm-smmuv3.{name}={rng.choice(PROPERTIES[name])}"]
    return words


def draw(rng, qemu):
    machine = [rng.choice(["virt", rng.choice(MACHINES[qemu])])]
    on_board = rng.random() < (0.25 if qemu == "11.1" else 0.6)
    if on_board:
        machine.append("iommu=" + rng.choice(["smmuv3"] * 12 + ["none", "none", "smmuv2", "auto"]))
    if rng.random() < 0.1:
        machine.append(rng.choice(["default-bus-bypass-iommu", "default_bus_bypass_iommu"]) + "=on")
    if rng.random() < 0.15:
        machine.append("acpi=" + rng.choice(["off", "on", "auto"]))
    words = ["-m", "64M"]
    if rng.random() < 0.4:
        words += ["-bios", FIRMWARE]
    words += draw_globals(rng)
    buses = []
    words += draw_others(rng, qemu, buses)
    smmus = [draw_smmu(rng, buses, i) for i in range(rng.choice([0, 1] if on_board else [1, 1, 1, 2, 2, 3]))]
    if rng.random() < 0.12:
        smmus.insert(rng.randrange(len(smmus) + 1), ["-device", "virtio-iommu-pci,bus=pcie.0"])
    if any(word.startswith("pxb-cxl") for word in words):
        machine.append("cxl=on")
    return ["-machine", ",".join(machine)] + words + [word for smmu in smmus for word in smmu]


def draw_all(seed, count, qemu):
    rng = random.Random(f"{seed}-{qemu}")
    lines, seen = [], set()
    while len(lines) < count:
        words = draw(rng, qemu)
        if json.dumps(words) not in seen:
            seen.add(json.dumps(words))
            lines.append(words)
    return lines


def main():
    seed, count, qemu = sys.argv[1:]
    for words in draw_all(int(seed), int(count), qemu):
        print(json.dumps(words))


if __name__ == "__main__":
    main()
