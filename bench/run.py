#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures iommufit against an empty process and against what one would use instead; prints one table.

Arguments: build folder, source folder [runs]. Nothing is installed; what is missing is said and left out.
"""
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import synthetic

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/explain"))
import unrelated  # noqa: E402 (the same logs as the tests')

RUNS = 300
SIZES = (64, 256, 1024, 4096)
COMPARED = 256
LOG_SIZE = 16 << 20
VM = ("exec qemu-system-x86_64 -machine q35,accel=kvm,kernel-irqchip=split -m 4G -nodefaults "
      "-device intel-iommu,intremap=on,caching-mode=on,aw-bits=39 -device pcie-root-port,id=rp0,chassis=1 "
      "-device vfio-pci,host=0000:01:00.0,bus=rp0 -device vfio-pci,host=0000:00:0a.0\n")
# What a shell script would read of each device.
LOOP = """find sys/bus/pci/devices/ -mindepth 1 | while read -r device; do
	cat "$device/vendor" "$device/device" "$device/class" "$device/resource" "$device/numa_node"
	cat "$device/iommu_group/type" "$device/iommu_group/reserved_regions" "$device/iommu/intel-iommu/cap"
	readlink "$device/driver" "$device/iommu" "$device/iommu_group"
done
"""
NAMES = {"iof_check": "iof_check(), 2 devices, fits", "iof_check_failing": "iof_check(), 2 devices, fails",
         "iof_machine_resolve": "iof_machine_resolve()", "iof_vm_load_argv": "iof_vm_load_argv()"}


class Bench:
    def __init__(self, build, source, runs, folder):
        self.source, self.runs, self.folder = source, runs, folder
        self.iommufit = os.path.join(build, "src/cli/iommufit")
        self.own = {name: os.path.join(build, "bench", name) for name in ("race", "empty", "library")}
        self.validate = shutil.which("virt-host-validate")
        self.capture = os.path.join(source, "tests/data/captures/intel39-pb46.tar.xz")
        self.missed = 0

    def race(self, commands, runs=None):
        words = [str(runs or self.runs)]
        for command in commands:
            words += (["@"] if len(words) > 1 else []) + command
        answer = subprocess.run([self.own["race"]] + words, check=True, capture_output=True, text=True).stdout
        rows = [line.split() for line in answer.splitlines()]
        return [(float(time), int(status)) for time, status in rows]

    def row(self, name, value, goal=None, met=None, note=""):
        verdict = "" if met is None else "met" if met else "MISSED"
        self.missed += met is False
        print(f"{name:42} {value:>14}   {goal or '':20} {verdict:7} {note}".rstrip())

    def hosts(self):
        """The same host in all its forms."""
        root, profile = os.path.join(self.folder, "root"), os.path.join(self.folder, "host.json")
        archive = os.path.join(self.folder, "host.tar")
        with tarfile.open(self.capture) as packed:
            packed.extractall(root)
        with open(profile, "wb") as file:
            subprocess.run([self.iommufit, "host", "--json", "--host", root], stdout=file, check=True)
        with tarfile.open(archive, "w") as file:
            file.add(root, ".")
        hosts = [("a root folder", root, 3), ("a profile", profile, 3), ("this machine", None, 3),
                 ("a catalogue entry", "cpu:ryzen-7800x3d", 3), ("a capture, .tar.xz", self.capture, 8)]
        for ending, program in ((".tar.zst", ["zstd", "-q", "-19"]), (".tar.gz", ["gzip", "-9", "-k"])):
            if shutil.which(program[0]):
                subprocess.run(program + [archive], check=True)
                packed = archive + (".zst" if ending == ".tar.zst" else ".gz")
                hosts.append((f"a capture, {ending}", packed, 8))
            else:
                print(f"({program[0]} is not installed: no {ending})")
        return hosts

    def check(self):
        vm = os.path.join(self.folder, "vm.sh")
        with open(vm, "w", encoding="utf-8") as file:
            file.write(VM)
        hosts = self.hosts()
        commands = [[self.own["empty"]]]
        commands += [[self.iommufit, "check", "--vmm", "qemu=10.1"] + (["--host", where] if where else []) + [vm]
                     for _, where, _ in hosts]
        if self.validate:
            commands.append([self.validate, "qemu"])
        times = self.race(commands)
        empty, other = times[0][0], times[-1][0] if self.validate else None
        print(f"iommufit check from ...                      microseconds   (median of {self.runs}, in turn)")
        self.row("  an empty process", f"{empty:.0f}")
        if other:
            self.row("  virt-host-validate qemu", f"{other:.0f}")
        else:
            print("  virt-host-validate is not installed (package libvirt-clients): not compared")
        for (name, _, goal), (time, status) in zip(hosts, times[1:]):
            if status > 3 or status < 0:
                raise SystemExit(f"check from {name} ended with {status}")
            self.row(f"  {name}", f"{time:.0f}", f"{time / empty:.2f} <= {goal} x empty", time <= goal * empty,
                     f"{time / other:.2f} of virt-host-validate, goal 0.50: "
                     f"{'met' if time <= other / 2 else 'MISSED'}" if other else "")
            self.missed += bool(other and time > other / 2)

    def library(self):
        answer = subprocess.run([self.own["library"], self.capture], check=True, capture_output=True, text=True)
        instructions = self.instructions() if shutil.which("valgrind") else {}
        print("\nWith the host loaded                           nanoseconds")
        for line in answer.stdout.splitlines():
            name, time = line.split()
            is_check = name.startswith("iof_check")
            count = f"{instructions[name]:.0f} instructions" if name in instructions else ""
            self.row(f"  {NAMES[name]}", f"{float(time):.0f}", "<= 1000 ns" if is_check else None,
                     float(time) <= 1000 if is_check else None, count)
        if not instructions:
            print("  (valgrind is not installed: no instruction counts)")

    def instructions(self):
        """Of one call: the difference between 1100 and 100 of them."""
        counts = {}
        for name in NAMES:
            few, many = (count_instructions([self.own["library"], self.capture, name, n], self.folder)
                         for n in ("100", "1100"))
            counts[name] = (many - few) / 1000
        return counts

    def compared(self, root):
        """Against what else tells about PCI devices, on the same root."""
        loop = ["sh", "-c", f"cd '{root}' && {LOOP}"]
        commands = [[self.iommufit, "host", "--host", root], loop]
        has_lspci = bool(shutil.which("lspci"))
        if has_lspci:
            commands.append(["lspci", "-vv", "-A", "linux-sysfs", "-O", f"sysfs.path={root}/sys/bus/pci"])
        times = self.race(commands, 20)
        ours = times[0][0]
        print(f"\niommufit host, {COMPARED} devices                      microseconds")
        self.row("  iommufit host", f"{ours:.0f}", "<= 7000 us", ours <= 7000)
        self.row("  a shell loop over find, cat, readlink", f"{times[1][0]:.0f}", f"{times[1][0] / ours:.0f} x ours")
        if has_lspci:
            self.row("  lspci -vv", f"{times[2][0]:.0f}", f"{times[2][0] / ours:.1f} x ours",
                     note="" if times[2][1] == 0 else f"(it ended with status {times[2][1]})")
        else:
            print("  lspci is not installed (package pciutils): not compared")

    def host(self):
        roots = {n: synthetic.make_root(os.path.join(self.folder, f"host-{n}"), n) for n in SIZES}
        self.compared(roots[COMPARED])
        print("\niommufit host, by size                        microseconds")
        times = [self.race([[self.iommufit, "host", "--host", roots[n]]], 20)[0][0] for n in SIZES]
        each = [time / n for time, n in zip(times, SIZES)]
        for n, time, per_device in zip(SIZES, times, each):
            self.row(f"  {n} devices", f"{time:.0f}", f"{per_device:.1f} per device")
        self.row("  growth from 1024 to 4096 devices", f"{times[3] / times[2]:.2f} x", "linear: <= 5 x",
                 times[3] <= 5 * times[2])


    def explain(self):
        """A log where nothing is wrong, against one grep that looks for one of the messages."""
        log = os.path.join(self.folder, "log")
        piece = unrelated.log(0, 1 << 20) + b"\n"
        with open(log, "wb") as file:
            for _ in range(LOG_SIZE >> 20):
                file.write(piece)
        size = os.path.getsize(log) / 1e6
        times = self.race([["sh", "-c", f"exec '{self.iommufit}' explain <'{log}'"],
                           ["sh", "-c", f"exec grep -cF 'aw-bits 48 > host' <'{log}'"]], 10)
        ours, grep = (size / (time / 1e6) for time, _ in times)
        print(f"\niommufit explain, {size:.0f} MB of other logs             MB/s")
        self.row("  iommufit explain", f"{ours:.0f}", ">= 20 MB/s", ours >= 20)
        self.row("  grep -F of one message", f"{grep:.0f}", f"{grep / ours:.0f} x ours")


def count_instructions(command, folder):
    """As callgrind counts them, over the whole process."""
    log = os.path.join(folder, "callgrind.log")
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind.out",
                    f"--log-file={log}"] + command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(log, encoding="utf-8") as file:
        found = re.search(r"Collected : (\d+)", file.read())
    if not found:
        raise SystemExit(f"callgrind counted nothing: {' '.join(command)}")
    return int(found[1])


def main():
    build, source = (os.path.abspath(path) for path in sys.argv[1:3])
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else RUNS
    with tempfile.TemporaryDirectory(prefix="iommufit-bench-") as folder:
        bench = Bench(build, source, runs, folder)
        bench.check()
        bench.library()
        bench.host()
        bench.explain()
    print(f"\nload of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
          f"{'; goals missed: ' + str(bench.missed) if bench.missed else '; all goals met'}")


if __name__ == "__main__":
    main()
