#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""draw.py SEED COUNT QEMU [ACCELERATOR]: print command lines with virtual IOMMUs whose properties are drawn, one JSON list a line.

QEMU is 7.2, 10.0 or 11.1: which names and machine types are likely. No device of the host is needed: what is asked is
which combinations QEMU itself takes, and what it says to the others. A seed gives the same lines again.
"""
import json
import random
import sys

BOOL = ["on", "off"]
AUTO = ["on", "off", "auto"]
WIDTH = ["39", "48", "48", "39", "57", "0x30", "40", "64", "32"]
GRANULE = ["4k", "8k", "16k", "64k", "host"]
BITS = ["0", "1", "8", "16", "20", "21", "20"]

OLD_INTEL = {"x-scalable-mode": BOOL, "x-pasid-mode": BOOL, "x-buggy-eim": BOOL, "dma-drain": BOOL, "pt": BOOL}
INTEL = {"aw-bits": WIDTH, "caching-mode": BOOL, "snoop-control": BOOL, "dma-translation": BOOL, "device-iotlb": BOOL,
         "intremap": AUTO, "eim": AUTO, "version": ["0", "1"]}
NEW_INTEL = {"scalable-mode": BOOL, "fsts": BOOL, "fs1gp": BOOL, "pasid-bits": BITS, "svm": BOOL, "stale-tm": BOOL}
VIRTIO = {"aw-bits": WIDTH, "granule": GRANULE, "boot-bypass": BOOL}
AMD = {"xtsup": BOOL, "dma-remap": BOOL, "dma-translation": BOOL, "intremap": AUTO, "device-iotlb": BOOL,
       "pt": BOOL}
MODELS = {
    "7.2": {"intel-iommu": {**INTEL, **OLD_INTEL}, "virtio-iommu-pci": {"boot-bypass": BOOL},
            "amd-iommu": {"intremap": AUTO, "device-iotlb": BOOL, "pt": BOOL}},
    "10.0": {"intel-iommu": {**INTEL, **OLD_INTEL, "x-flts": BOOL, "fs1gp": BOOL, "stale-tm": BOOL},
             "virtio-iommu-pci": VIRTIO, "amd-iommu": {k: AMD[k] for k in ("xtsup", "intremap", "device-iotlb", "pt")}},
    "11.1": {"intel-iommu": {**INTEL, **NEW_INTEL}, "virtio-iommu-pci": VIRTIO, "amd-iommu": AMD},
}
EVERYTHING = {"intel-iommu": {**INTEL, **OLD_INTEL, **NEW_INTEL, "x-flts": BOOL}, "virtio-iommu-pci": VIRTIO,
              "amd-iommu": {**AMD, "aw-bits": WIDTH}}
MACHINES = {
    "7.2": ["pc-q35-7.2", "pc-q35-7.1", "pc-q35-5.2", "pc-q35-2.9", "pc-q35-8.0"],
    "10.0": ["pc-q35-10.0", "pc-q35-9.2", "pc-q35-9.1", "pc-q35-8.2", "pc-q35-3.1", "pc-q35-10.1"],
    "11.1": ["pc-q35-11.1", "pc-q35-10.2", "pc-q35-9.2", "pc-q35-9.1", "pc-q35-8.2", "pc-q35-6.0", "pc-q35-11.2"],
}
# Sets of properties that belong together: chance alone would nearly never bring them.
TOGETHER = {
    "7.2": [{"x-scalable-mode": "on", "x-pasid-mode": "on"}, {"x-scalable-mode": "on"}],
    "10.0": [{"x-scalable-mode": "on", "x-flts": "on", "aw-bits": "48"}, {"x-scalable-mode": "on", "x-pasid-mode": "on"},
             {"x-scalable-mode": "on"}],
    "11.1": [{"scalable-mode": "on", "fsts": "on", "aw-bits": "48"}, {"scalable-mode": "on", "pasid-bits": "16"},
             {"scalable-mode": "on", "fsts": "on", "device-iotlb": "on", "pasid-bits": "20", "svm": "on"},
             {"scalable-mode": "on"}],
}
ODD = ["", "ON", "yes", "true", "n", "maybe", "-1", "256", "39.0", " 48", "48 ", "048", "1k", "99999999999999999999"]


def draw_value(rng, values):
    return rng.choice(ODD) if rng.random() < 0.06 else rng.choice(values)


def draw_properties(rng, qemu, model):
    chosen = {}
    names = MODELS[qemu][model]
    if model == "intel-iommu" and rng.random() < 0.6:
        chosen.update(rng.choice(TOGETHER[qemu]))
    for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 4])):
        table = EVERYTHING[model] if rng.random() < 0.08 else names
        name = rng.choice(sorted(table))
        chosen[name] = draw_value(rng, table[name])
    pairs = list(chosen.items())
    rng.shuffle(pairs)
    return pairs


def json_value(rng, text):
    """Mostly of the right type, sometimes of another."""
    if rng.random() < 0.1:
        return text
    if text in ("on", "off") and rng.random() < 0.8:
        return text == "on"
    return int(text) if text.isdigit() and not text.startswith("0") else text


def draw_device(rng, qemu, model):
    """The words of one vIOMMU; some of its properties may be -global's."""
    words, pairs = [], draw_properties(rng, qemu, model)
    if rng.random() < 0.12 and pairs:
        name, value = pairs.pop()
        words += ["-global", f"{model}.{name}={value}"]
    if rng.random() < 0.15:
        device = {"driver": model, **{name: json_value(rng, value) for name, value in pairs}}
        return words + ["-device", json.dumps(device)]
    return words + ["-device", ",".join([model] + [f"{name}={value}" for name, value in pairs])]


def draw_machine(rng, qemu, accel):
    roll = rng.random()
    if roll < 0.55:
        machine = "q35"
    elif roll < 0.94:
        machine = rng.choice(MACHINES[qemu])
    else:
        machine = rng.choice(["pc", "microvm"])
    if rng.random() < (0.15 if accel == "tcg" else 0.7):
        machine += ",kernel-irqchip=" + rng.choice(["off", "split", "split", "on", "on"])
    return ["-machine", machine, "-accel", accel, "-m", "64M"]


def draw(rng, qemu, accel):
    models = rng.choices(["intel-iommu", "virtio-iommu-pci", "amd-iommu"], [7, 2, 2])
    if rng.random() < 0.05:
        models.append(rng.choice(["intel-iommu", "virtio-iommu-pci", "amd-iommu"]))
    words = draw_machine(rng, qemu, accel)
    for model in models:
        words += draw_device(rng, qemu, model)
    return words


def draw_all(seed, count, qemu, accel="tcg"):
    rng = random.Random(f"{seed} {qemu} {accel}")
    return [draw(rng, qemu, accel) for _ in range(count)]


def main():
    seed, count, qemu = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    for words in draw_all(seed, count, qemu, *sys.argv[4:5]):
        print(json.dumps(words))


if __name__ == "__main__":
    main()
