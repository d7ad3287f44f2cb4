#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each allocation of each command fails once, alone and with all after it: a clean error or the very same answer.

Arguments: fail.so, the iommufit program. The data are in IOMMUFIT_TEST_DATA.
"""
import os
import re
import subprocess
import sys
import tarfile
import tempfile

DATA = os.environ["IOMMUFIT_TEST_DATA"]
CAPTURE = os.path.join(DATA, "captures", "intel39-pb46.tar.xz")
VM = ("qemu-system-x86_64 -machine q35,accel=kvm,kernel-irqchip=split -m 4G -nodefaults "
      "-device intel-iommu,intremap=on,caching-mode=on,aw-bits=48 -device pcie-root-port,id=rp0 "
      "-device vfio-pci,host=01:00.0,bus=rp0,id=gpu -device '{\"driver\":\"vfio-pci\",\"host\":\"0000:00:0a.0\"}'\n")

# name, arguments, exit status when nothing fails
ROWS = [
    ("check, root folder", "check --vmm qemu=10.1 --host {root} {vm}", 2),
    ("check, capture xz", "check --vmm qemu=10.1 --host {capture} {vm}", 2),
    ("check, capture of an Arm host", "check --vmm qemu=10.1 --host {arm} {vm}", None),
    ("check, capture gz", "check --vmm qemu=10.1 --host {gz} {vm}", 2),
    ("check, profile", "check --vmm qemu=10.1 --host {profile} {vm}", 2),
    ("check, catalogue", "check --vmm qemu=10.1 --host cpu:ryzen-7800x3d {vm}", None),
    ("check --json", "check --json --vmm qemu=10.1 --host {root} {vm}", 2),
    ("check --verbose", "check --verbose --vmm qemu=10.1 --host {root} {vm}", 2),
    ("check --plug", "check --vmm qemu=9.2 --host {root} --plug vfio-pci,host=01:00.0,bus=rp0 "
                     "-- qemu-system-x86_64 -M q35 -device virtio-iommu-pci -device pcie-root-port,id=rp0", None),
    ("check --device", "check --host {root} --device 01:00.0", None),
    ("fix --diff", "fix --diff --vmm qemu=10.1 --host {root} {vm}", 0),
    ("fix -o", "fix -o /dev/null --vmm qemu=10.1 --host {root} {vm}", None),
    ("map", "map --vmm qemu=10.1 --host {root} {vm}", 2),
    ("map --json", "map --json --vmm qemu=10.1 --host {root} {vm}", 2),
    ("map --svg", "map --svg --vmm qemu=10.1 --host {profile} {vm}", 2),
    ("map --html", "map --html --vmm qemu=10.1 --host {profile} {vm}", 2),
    ("map -o", "map --html -o /dev/null --vmm qemu=10.1 --host {profile} {vm}", 2),
    ("host", "host --host {root}", 0),
    ("host --json", "host --json --host {root}", 0),
    ("caps", "caps --host {root} --vmm qemu=9.0 amd-iommu", 2),
    ("caps --json", "caps --json --vmm qemu=9.0 amd-iommu", None),
    ("rules", "rules", 0),
]
SUMS = re.compile(r"^sums: (\d+) failed, (\d+) clean errors, (\d+) same answer, (\d+) bad$", re.M)
REFERENCE = re.compile(r"^reference: status (-?\d+), (\d+) allocations, (\d+) bytes$", re.M)


def unpack(folder):
    """The capture in its other forms."""
    paths = {"capture": CAPTURE, "arm": os.path.join(DATA, "captures", "arm-smmu.tar.xz"), "root": os.path.join(folder, "root"), "gz": os.path.join(folder, "host.tar.gz"),
             "profile": os.path.join(folder, "host.json"), "vm": os.path.join(folder, "vm.sh")}
    with tarfile.open(CAPTURE) as archive:
        archive.extractall(paths["root"])
    with tarfile.open(paths["gz"], "w:gz") as archive:
        archive.add(paths["root"], ".")
    with open(paths["vm"], "w", encoding="utf-8") as file:
        file.write(VM)
    return paths


def run(preload, program, arguments, folder):
    report = os.path.join(folder, "report")
    environment = dict(os.environ, LD_PRELOAD=preload, ALLOC_REPORT=report, LC_ALL="C.UTF-8")
    status = subprocess.run([program] + arguments, env=environment, stdin=subprocess.DEVNULL).returncode
    with open(report, encoding="utf-8", errors="replace") as file:
        return status, file.read()


def judge(status, text, wanted):
    reference, sums = REFERENCE.search(text), SUMS.search(text)
    if status or not reference or not sums:
        return f"the run itself failed: {status}\n{text}", 0
    if wanted is not None and int(reference[1]) != wanted:
        return f"status {reference[1]} without a failure, expected {wanted}", 0
    if int(reference[1]) > 3 or not int(reference[2]):
        return f"nothing to test: {reference[0]}", 0
    return text if int(sums[4]) or int(sums[1]) < int(reference[2]) else None, int(sums[1])


def shell_words(line, paths):
    return [word.format(**paths) for word in line.split()]


def main():
    preload, program = sys.argv[1:3]
    passed = failed = total = 0
    with tempfile.TemporaryDirectory() as folder:
        paths = unpack(folder)
        with open(paths["profile"], "wb") as file:
            subprocess.run([program, "host", "--json", "--host", CAPTURE], stdout=file, check=True)
        for name, line, wanted in ROWS:
            status, text = run(preload, program, shell_words(line, paths), folder)
            complaint, n = judge(status, text, wanted)
            total += n
            passed += not complaint
            failed += bool(complaint)
            sums = SUMS.search(text)
            print(f"{'FAILED' if complaint else 'ok':7} {name:30} {sums[0][6:] if sums else ''}")
            if complaint:
                print(complaint)
    print(f"{total} allocations were failed")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
