#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boots AAVMF on Arm's virt with drawn devices, and prints where it put their BARs, as a line of JSON each.

virt_boot.py FOLDER N SEED | xz -9 >tests/data/firmware/virt-bars.jsonl.xz   (FOLDER: see virt.py)
The BARs are read from configuration space: edk2 leaves a device switched off that it has no driver for."""
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from virt import Suite

STEADY = 4  # seconds without a change
GIVE_UP = 60
DEVICES = ["virtio-rng-pci", "virtio-balloon-pci", "qemu-xhci", "virtio-serial-pci", "virtio-scsi-pci"]
WITH_ROM = ["virtio-net-pci", "e1000e", "VGA"]  # Debian 12 has their images in a package of its own
ANSWERS = ("return", "error")


class Boot:
    def __init__(self, suite, args, scratch):
        self.suite = suite
        folder = suite.root / "usr/share/AAVMF"
        code = next(p for p in (folder / "AAVMF_CODE.no-secboot.fd", folder / "AAVMF_CODE.fd") if p.exists())
        shutil.copy(folder / "AAVMF_VARS.fd", scratch)
        flash = ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}",
                 "-drive", f"if=pflash,unit=1,format=raw,file={scratch}/AAVMF_VARS.fd"]
        self.process = subprocess.Popen([*suite.command(), "-nodefaults", "-display", "none", "-S", "-qmp", "stdio", *args,
                                         *flash], env=suite.env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def ask(self, command, **arguments):
        self.process.stdin.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            answer = json.loads(line)
            if any(a in answer for a in ANSWERS):
                return answer.get("return")
        raise EOFError(self.process.stderr.read())

    def human(self, command):
        return self.ask("human-monitor-command", **{"command-line": command}).replace("\r", "")

    def words(self, address, n):
        lines = self.human(f"xp /{n}xw {address:#x}").splitlines()
        return [int(w, 16) for line in lines for w in line.split(":")[1].split()]

    def functions(self, ecam):
        """Bars of each function, by address: six words."""
        found = {}
        for bus, slot, function in re.findall(r"Bus +(\d+), device +(\d+), function (\d+):", self.human("info pci")):
            at = ecam + (int(bus) << 20) + (int(slot) << 15) + (int(function) << 12)
            words = self.words(at, 10)
            is_bridge = (words[3] >> 16) & 0x7F == 1
            found[f"{int(bus):02x}:{int(slot):02x}.{function}"] = words[4:6] if is_bridge else words[4:10]
        return found

    def run(self):
        self.process.stdout.readline()
        self.ask("qmp_capabilities")
        self.ask("cont")
        ecam = int(re.search(r"([0-9a-f]{16})-[0-9a-f]{16} \(.*alias pcie-ecam", self.human("info mtree"))[1], 16)
        start = since = time.monotonic()
        last = None
        while time.monotonic() - start < GIVE_UP:
            time.sleep(0.5)
            now = self.functions(ecam)
            if now != last:
                last, since = now, time.monotonic()
            if time.monotonic() - since > STEADY and any(w & ~0xF for words in now.values() for w in words):
                return now
        return None


def draw_device(rng, drivers, i, args):
    kind = rng.random()
    if kind < 0.4:
        size = rng.choice("1M 4M 16M 64M 256M 512M 1G 4G 16G 64G".split())
        args += ["-object", f"memory-backend-ram,id=mem{i},size={size},reserve=off"]
        return f"ivshmem-plain,id=dev{i},memdev=mem{i}"
    return f"{rng.choice(drivers)},id=dev{i}"


def draw(rng, suite):
    drivers = DEVICES + (WITH_ROM if suite.release != "7.2" else [])
    memory = rng.choice(["1G", "2G", "3G", "1G,maxmem=300G,slots=2", "1G,maxmem=600G,slots=2"])
    machine = rng.choice(["virt", "virt", "virt,highmem-mmio=off" if suite.release != "7.2" else "virt", "virt,highmem=off"])
    args = ["-machine", machine, "-cpu", rng.choice(["max,pauth=off", "cortex-a57", "cortex-a72"]),
            "-m", memory if machine != "virt,highmem=off" else "1G"]
    buses = ["pcie.0"]
    for i in range(rng.choice([0, 1, 2, 3, 6])):
        reserve = rng.choice(["", "", "", ",pref64-reserve=1G", ",mem-reserve=8M", ",pref64-reserve=32G"])
        args += ["-device", f"pcie-root-port,id=rp{i},chassis={i + 1}{reserve}"]
        buses.append(f"rp{i}")
    if rng.random() < 0.25:
        args += ["-device", "pxb-pcie,id=pxb,bus_nr=64", "-device", "pcie-root-port,id=rpx,bus=pxb,chassis=99"]
        buses.append("rpx")
    if rng.random() < 0.25:
        args += ["-device", f"pcie-pci-bridge,id=br,bus={buses[-1]}"]
        buses[-1] = "br"
    free = {bus: 1 if bus.startswith("rp") else 8 for bus in buses}
    for i in range(rng.choice([0, 1, 2, 3, 5, 7])):
        bus = rng.choice([b for b in buses if free[b]])
        free[bus] -= 1
        place = f",bus={bus}" + (f",addr={i + 1:x}" if bus == "br" else "")
        args += ["-device", draw_device(rng, drivers, i, args) + place]
    return args


def main():
    suites = [Suite(p) for p in sorted(pathlib.Path(sys.argv[1]).iterdir()) if (p / "usr/share/AAVMF").exists()]
    rng = random.Random(int(sys.argv[3]))
    for i in range(int(sys.argv[2])):
        suite = suites[i % len(suites)]
        args = draw(rng, suite)
        with tempfile.TemporaryDirectory() as scratch:
            boot = Boot(suite, args, scratch)
            row = {"qemu": suite.version, "firmware": {"7.2": 202211, "10.0": 202502, "11.1": 202608}[suite.release],
                   "args": args}
            try:
                row["bars"] = boot.run()
            except (EOFError, BrokenPipeError) as error:
                row["error"] = str(error).splitlines()[-1] if str(error) else ""
            boot.process.kill()
            boot.process.communicate()
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
