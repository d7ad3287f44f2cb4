#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asks real QEMUs for the memory map of Arm's virt machine: draws command lines, starts each paused, and prints what
`info mtree` says, or why QEMU refused it, as a line of JSON.

virt.py FOLDER N SEED | xz -9 >tests/data/firmware/virt.jsonl.xz
FOLDER holds a root per Debian suite with qemu-system-arm and qemu-efi-aarch64 unpacked (mmdebstrap --variant=extract
--include=qemu-system-arm,qemu-efi-aarch64)."""
import json
import os
import pathlib
import random
import re
import subprocess
import sys

KINDS = [  # name in mtree, kind of region
    (r"alias pcie-mmio @", "mmio32"), (r"alias pcie-mmio-high @", "mmio64"), (r"alias pcie-ecam @", "ecam"),
    (r": translation$", "msi"), (r": gicv2m$", "msi"), (r": device-memory$", "hotplug"), (r"ram\): (?!virt\.|oob)", "ram"),
]
CPUS = "max cortex-a57 cortex-a72 cortex-a53 cortex-a76 neoverse-n1 a64fx cortex-a15 cortex-a35".split()
SIZES = "1000M 1G 3G 7G 130G 250G 255G 256G 300G 511G 600G 1T 2T 6T".split()
TYPES = {"7.2": "6.2 7.1 7.2".split(), "10.0": "7.1 7.2 8.0 9.2 10.0".split(),
         "11.1": "7.1 7.2 8.1 10.0 10.1 10.2 11.0 11.1".split()}
LINE = re.compile(r"^\s+([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (.*)$")


class Suite:
    def __init__(self, root):
        self.root = root
        self.firmware = root / "usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
        text = subprocess.run([*self.command(), "-version"], env=self.env(), capture_output=True, text=True, check=True)
        self.version = text.stdout.split()[3]
        self.release = ".".join(self.version.split(".")[:2])

    def libraries(self):
        return self.root / "usr/lib/x86_64-linux-gnu"

    def env(self):
        return {**os.environ, "QEMU_MODULE_DIR": str(self.libraries() / "qemu")}

    def command(self):
        loader = next(p for p in (self.root / "lib64/ld-linux-x86-64.so.2", self.root / "usr/lib64/ld-linux-x86-64.so.2")
                      if p.exists())
        return [loader, "--library-path", f"{self.libraries()}:{self.root}/lib/x86_64-linux-gnu",
                self.root / "usr/bin/qemu-system-aarch64", "-L", self.root / "usr/share/qemu"]

    def ask(self, args):
        """Lines of info mtree, or None and what QEMU said."""
        args = [str(self.firmware) if a == "QEMU_EFI.fd" else a for a in args]
        request = [{"execute": "qmp_capabilities"},
                   {"execute": "human-monitor-command", "arguments": {"command-line": "info mtree"}}, {"execute": "quit"}]
        done = subprocess.run([*self.command(), "-nodefaults", "-display", "none", "-S", "-qmp", "stdio", *args],
                              env=self.env(), input="\n".join(map(json.dumps, request)), capture_output=True, text=True,
                              check=False, timeout=60)
        for line in done.stdout.splitlines():
            answer = json.loads(line).get("return")
            if isinstance(answer, str):
                blocks = [b.splitlines() for b in answer.replace("\r", "").split("\n\n")]
                return next(b for b in blocks if "address-space: memory" in b), None
        said = [re.sub(r"^qemu-system-aarch64: ", "", l) for l in done.stderr.splitlines() if l and "warning: " not in l]
        return None, said[0] if said else ""


def regions(lines):
    found = []
    for line in lines:
        match = LINE.match(line)
        if match:
            kind = next((k for pattern, k in KINDS if re.search(pattern, match[3])), None)
            if kind:
                found.append([kind, int(match[1], 16), int(match[2], 16)])
    return sorted(found)


def draw(rng, suite):
    """One command line."""
    machine = [rng.choice(["virt"] + [f"virt-{t}" for t in TYPES[suite.release]])]
    options = ["highmem=off", "gic-version=3", "gic-version=max", "its=off", "gic-version=3,its=off"]
    if suite.release != "7.2":
        options += ["compact-highmem=off", "compact-highmem=on", "highmem-ecam=off", "highmem-mmio=off",
                    "highmem-redists=off", "highmem-mmio-size=1T", "highmem-mmio-size=4T", "highmem-mmio-size=3T",
                    "highmem-mmio-size=256G"]
    if suite.release == "11.1":
        options += ["msi=off", "msi=gicv2m", "msi=its", "cxl=on"]
    machine += rng.sample(options, rng.choice([0, 0, 1, 1, 2, 3]))
    args = []
    size = rng.choice(SIZES)
    memory = size
    if rng.random() < 0.5:
        memory += f",maxmem={rng.choice(SIZES[SIZES.index(size) + 1:] or ['8T'])},slots={rng.choice([1, 2, 8, 64])}"
    if size not in ("1G", "3G", "1000M"):  # more than this machine has
        args += ["-object", f"memory-backend-ram,id=mem,size={size},reserve=off"]
        machine.append("memory-backend=mem")
    args = ["-machine", ",".join(machine), "-m", memory, *args]
    if rng.random() < 0.9:
        args += ["-cpu", rng.choice(CPUS + ["max"] * 4)]
    if rng.random() < 0.2:
        args += ["-smp", str(rng.choice([2, 8, 9, 64]))]
    if rng.random() < 0.4:
        args += ["-bios", "QEMU_EFI.fd"]
        if "maxmem" in memory and rng.random() < 0.5:
            args += ["-object", "memory-backend-ram,id=m0,size=1G,reserve=off", "-device", "pc-dimm,id=d0,memdev=m0"]
    return args


def main():
    suites = [Suite(p) for p in sorted(pathlib.Path(sys.argv[1]).iterdir()) if (p / "usr/bin/qemu-system-aarch64").exists()]
    rng = random.Random(int(sys.argv[3]))
    for i in range(int(sys.argv[2])):
        suite = suites[i % len(suites)]
        args = draw(rng, suite)
        lines, error = suite.ask(args)
        row = {"qemu": suite.version, "args": args}
        row.update({"error": error} if lines is None else {"regions": regions(lines)})
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
