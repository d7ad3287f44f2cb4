#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real QEMU, running: what iommufit reads over QMP is what QMP says to a plain client, and what was predicted is what
runs. Software emulation; no VFIO device.

--suite NAME takes a QEMU that lab/firmware/fetch.sh unpacked instead of the installed one. Status 77: no QEMU.
"""
import argparse
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

Q35 = "-machine q35,kernel-irqchip=split -nodefaults"
# name, arguments, boots (else it waits before its first instruction)
VMS = [
    *((f"intel-iommu aw-bits={bits} caching-mode={mode}",
       f"{Q35} -device intel-iommu,id=iommu0,aw-bits={bits},caching-mode={mode}", False)
      for bits in (39, 48) for mode in ("on", "off")),
    ("intel-iommu, defaults", f"{Q35} -device intel-iommu", False),
    ("intel-iommu, intremap off", f"{Q35} -device intel-iommu,intremap=off,dma-translation=on", False),
    ("intel-iommu, old machine", "-machine pc-q35-6.2 -nodefaults -device intel-iommu", False),
    ("intel-iommu, -global", f"{Q35} -global intel-iommu.aw-bits=48 -device intel-iommu", False),
    ("virtio-iommu", f"{Q35} -device virtio-iommu-pci", False),
    ("virtio-iommu, boot-bypass off", f"{Q35} -device virtio-iommu-pci,id=v,boot-bypass=off", False),
    ("virtio-iommu, old machine", "-machine pc-q35-6.2 -nodefaults -device virtio-iommu-pci", False),
    ("amd-iommu", f"{Q35} -cpu EPYC -device amd-iommu", False),
    ("no IOMMU, i440fx", "-machine pc -nodefaults", False),
    *((f"phys-bits={bits}", f"{Q35} -cpu qemu64,phys-bits={bits}", False) for bits in (36, 39, 40, 46, 52)),
    ("phys-bits of an old machine", "-machine pc-q35-6.2 -nodefaults -cpu qemu64", False),
    ("DIMMs", f"{Q35} -m 1G,slots=4,maxmem=8G -object memory-backend-ram,id=m0,size=256M -device pc-dimm,id=d0,memdev=m0 "
     "-object memory-backend-ram,id=m1,size=512M -device pc-dimm,memdev=m1", False),
    ("virtio-mem", f"{Q35} -m 1G,maxmem=8G -object memory-backend-ram,id=m0,size=1G,reserve=off "
     "-device virtio-mem-pci,id=vm0,memdev=m0,requested-size=256M", False),
    ("large RAM", f"{Q35} -m 6G", False),
    ("q35 boots", f"{Q35} -vga std -device virtio-net-pci,id=net0 -device nvme,serial=1,id=n0 -device edu", True),
    ("q35 boots, ports", f"{Q35} -vga std -device intel-iommu -device pcie-root-port,id=rp0,chassis=1 "
     "-device virtio-net-pci,bus=rp0,id=net0 -device pcie-root-port,id=rp1,chassis=2,slot=1 "
     "-device nvme,serial=1,bus=rp1", True),
    ("q35 boots, 64-bit BARs", f"{Q35} -m 3G -object memory-backend-ram,id=s,size=8G,reserve=off,share=on "
     "-device ivshmem-plain,memdev=s,id=shm", True),
    ("i440fx boots", "-machine pc -nodefaults -vga std -device virtio-scsi-pci -device pci-bridge,id=b,chassis_nr=1 "
     "-device e1000,bus=b,addr=1", True),
    ("q35 boots with its defaults", "-machine q35", True),
]
GENERAL = {"type", "realized", "hotplugged", "hotpluggable"}


class Failure(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Failure(text)


class Qemu:
    """A QEMU with two monitors: one for iommufit, one for this test."""

    def __init__(self, command, folder, arguments, boots):
        self.paths = [folder / "qmp", folder / "own"]
        line = [*command, "-display", "none", "-accel", "tcg", *arguments.split()]
        for path in self.paths:
            line += ["-qmp", f"unix:{path},server=on,wait=off"]
        self.process = subprocess.Popen(line + ([] if boots else ["-S"]), stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        self.file = None

    def __enter__(self):
        deadline = time.monotonic() + 20
        while not (self.paths[1].exists() and self.connect()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise Failure(self.process.communicate()[1].decode(errors="replace"))
            time.sleep(0.02)
        self.file.readline()
        self.ask("qmp_capabilities")
        return self

    def connect(self):
        own = socket.socket(socket.AF_UNIX)
        try:
            own.connect(str(self.paths[1]))
        except OSError:
            return False
        self.file = own.makefile("rw")
        return True

    def ask(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "event" not in answer:
                return answer.get("return")

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        for path in self.paths:
            path.unlink(missing_ok=True)


def as_text(value):
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def compare_raw(qemu, live):
    """Every value that iommufit shows, asked again by a plain client."""
    n = 0
    for device in live["qmp"]["devices"]:
        for name, value in device["properties"].items():
            raw = as_text(qemu.ask("qom-get", path=device["path"], property=name))
            expect(raw == value, f"{device['path']}.{name}: {value}, QMP says {raw}")
            n += 1
    cpu = qemu.ask("query-cpus-fast")[0]["qom-path"]
    for name in ("phys-bits", "host-phys-bits"):
        raw = as_text(qemu.ask("qom-get", path=cpu, property=name))
        expect(live["qmp"]["cpu"][name] == raw, f"{name}: {live['qmp']['cpu']}, QMP says {raw}")
        n += 1
    version = qemu.ask("query-version")["qemu"]
    expect(live["qmp"]["version"].startswith("{major}.{minor}.{micro}".format(**version)), f"{live['qmp']['version']}")
    expect(live["qmp"]["machine"] + "-machine" == qemu.ask("qom-get", path="/machine", property="type"),
           live["qmp"]["machine"])
    return n


def wait_for_firmware(qemu):
    """Until no more BARs change: SeaBIOS takes about a second."""
    before, since = None, time.monotonic()
    end = since + 30
    while time.monotonic() < end:
        now = json.dumps([[r for r in d["regions"]] for d in qemu.ask("query-pci")[0]["devices"]])
        if now != before:
            before, since = now, time.monotonic()
        placed = '"address": -1' not in now or '"bar": 0, ' in now
        if placed and time.monotonic() - since > 1.5:
            return
        time.sleep(0.1)


def test_vm(options, command, folder, arguments, boots):
    with Qemu(command, folder, arguments, boots) as qemu:
        if boots:
            wait_for_firmware(qemu)
        line = [str(options.iommufit), "check", "--json", "--qmp", str(folder / "qmp"), "--pid", str(qemu.process.pid)]
        if options.firmware:
            line += ["--firmware", options.firmware]
        result = subprocess.run(line, capture_output=True, timeout=60, check=False)
        expect(result.returncode in (0, 1, 2, 3), result.stderr.decode())
        live = json.loads(result.stdout)["live"]
        expect(live["pid"] == qemu.process.pid, f"process {live['pid']}, not {qemu.process.pid}")
        n = compare_raw(qemu, live)
        wrong = [i for i in live["items"] if i["result"] in ("differs", "missing", "unexpected")]
        expect(not wrong, "\n".join(f"{i['subject']} {i['property']}: live {i['live']}, predicted {i['predicted']}"
                                    for i in wrong))
        bars = sum("BAR" in i["subject"] and i["result"] == "agrees" for i in live["items"])
        expect(not boots or bars, "no BAR was compared")
        return n, live["agree"], bars


def test_hotplug(options, command, folder):
    """A device that comes later, and one that goes."""
    arguments = "-machine pc -nodefaults -m 1G,slots=2,maxmem=4G -device virtio-net-pci,id=net0"
    with Qemu(command, folder, arguments, False) as qemu:
        qemu.ask("object-add", **{"qom-type": "memory-backend-ram", "id": "m1", "size": 256 << 20})
        qemu.ask("device_add", driver="pc-dimm", id="d1", memdev="m1")
        line = [str(options.iommufit), "check", "--json", "--qmp", str(folder / "qmp")]
        if command[0] != "qemu-system-x86_64":
            line += ["--pid", str(qemu.process.pid)]
        result = subprocess.run(line, capture_output=True, timeout=60, check=False)
        expect(result.returncode in (0, 1, 2, 3), result.stderr.decode())
        live = json.loads(result.stdout)["live"]
        wrong = [(i["result"], i["subject"]) for i in live["items"] if i["result"] not in ("agrees", "unknown")]
        expect(wrong == [("unexpected", "d1")], f"{wrong}")
        return 0, live["agree"], 0


def test_busy(options, command, folder):
    """The monitor has its one client already: a clear error within seconds."""
    with Qemu(command, folder, "-machine none", False):
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(str(folder / "qmp"))
            other.recv(1)
            start = time.monotonic()
            result = subprocess.run([str(options.iommufit), "check", "--qmp", str(folder / "qmp")],
                                    capture_output=True, timeout=60, check=False)
    expect(result.returncode == 71, f"status {result.returncode}: {result.stderr!r}")
    expect(b"one client at a time" in result.stderr and result.stderr.count(b"\n") == 1, f"{result.stderr!r}")
    expect(time.monotonic() - start < 15, "it took too long")
    return 0, 0, 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iommufit", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--suite", default="")
    parser.add_argument("--firmware", default="", help="of an unpacked QEMU, as seabios=1.16.3")
    options = parser.parse_args()
    command = ["qemu-system-x86_64"]
    if options.suite:
        command = [str(options.source / "lab/firmware/qemu.sh"), options.suite]
    elif not shutil.which(command[0]):
        print("qemu-system-x86_64 is not installed: skipped")
        return 77
    passed = failed = 0
    total = [0, 0, 0]
    tests = [(name, test_vm, arguments, boots) for name, arguments, boots in VMS]
    tests += [("hot-plug", test_hotplug), ("busy monitor", test_busy)]
    with tempfile.TemporaryDirectory(prefix="iommufit-live-") as folder:
        for name, test, *arguments in tests:
            try:
                counts = test(options, command, pathlib.Path(folder), *arguments)
            except (Failure, subprocess.TimeoutExpired, json.JSONDecodeError, OSError, LookupError) as error:
                failed += 1
                print(f"[  FAILED  ] {name}\n{error}")
                continue
            passed += 1
            total = [a + b for a, b in zip(total, counts)]
            print(f"[       OK ] {name}: {counts[0]} values read, {counts[1]} as predicted, {counts[2]} BARs")
    print(f"{passed} passed, {failed} failed; {total[0]} values read, {total[1]} as predicted, {total[2]} BARs of them")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
