#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the commands under valgrind's memcheck: no error and no lost memory. Status 77 (skipped) without valgrind.

Argument: the iommufit program. The data are in IOMMUFIT_TEST_DATA.
"""
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

CAPTURE = os.path.join(os.environ["IOMMUFIT_TEST_DATA"], "captures", "intel39-pb46.tar.xz")
FAULT = 99
VM = ("qemu-system-x86_64 -machine q35,accel=kvm,kernel-irqchip=split -m 4G -nodefaults "
      "-device intel-iommu,intremap=on,caching-mode=on,aw-bits=48 -device pcie-root-port,id=rp0 "
      "-device vfio-pci,host=01:00.0,bus=rp0,id=gpu -device '{\"driver\":\"vfio-pci\",\"host\":\"0000:00:0a.0\"}'\n")
ROWS = [
    ("check, capture", "check --vmm qemu=10.1 --host {capture} {vm}", 2),
    ("check, root folder", "check --verbose --vmm qemu=10.1 --host {root} {vm}", 2),
    ("check, profile", "check --json --vmm qemu=10.1 --host {profile} {vm}", 2),
    ("check, catalogue", "check --vmm qemu=10.1 --host cpu:ryzen-7800x3d {vm}", None),
    ("check, this machine", "check --vmm qemu=10.1 {vm}", None),
    ("fix --diff", "fix --diff --vmm qemu=10.1 --host {root} {vm}", 0),
    ("map", "map --verbose --vmm qemu=10.1 --host {root} {vm}", 2),
    ("map --json", "map --json --vmm qemu=10.1 --host {profile} {vm}", 2),
    ("map --svg", "map --svg --vmm qemu=10.1 --host {profile} {vm}", 2),
    ("map --html", "map --html --vmm qemu=10.1 --host {profile} {vm}", 2),
    ("host", "host --host {root}", 0),
    ("host --json", "host --json --host {capture}", 0),
    ("host, this machine", "host", 0),
    ("caps", "caps --host {root} --vmm qemu=11.1 intel-iommu", 0),
    ("capture", "capture --host {root} -o {folder}/again.tar.zst", 0),
    ("rules", "rules --json", 0),
    ("bad input", "check --host {vm} {vm}", 65),
    ("usage", "check --no-such-option", 64),
]


def unpack(folder, program):
    paths = {"capture": CAPTURE, "folder": folder, "root": os.path.join(folder, "root"),
             "profile": os.path.join(folder, "host.json"), "vm": os.path.join(folder, "vm.sh")}
    with tarfile.open(CAPTURE) as archive:
        archive.extractall(paths["root"])
    with open(paths["vm"], "w", encoding="utf-8") as file:
        file.write(VM)
    with open(paths["profile"], "wb") as file:
        subprocess.run([program, "host", "--json", "--host", CAPTURE], stdout=file, check=True)
    return paths


def run(program, line, paths):
    log = os.path.join(paths["folder"], "valgrind.log")
    command = ["valgrind", "-q", f"--log-file={log}", f"--error-exitcode={FAULT}", "--leak-check=full",
               "--errors-for-leak-kinds=definite,indirect,possible", program]
    command += [word.format(**paths) for word in line.split()]
    status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL).returncode
    with open(log, encoding="utf-8", errors="replace") as file:
        return status, file.read()


def main():
    program = sys.argv[1]
    if not shutil.which("valgrind"):
        print("valgrind is not installed: skipped")
        return 77
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="iommufit-valgrind-") as folder:
        paths = unpack(folder, program)
        for name, line, wanted in ROWS:
            status, log = run(program, line, paths)
            good = status == wanted if wanted is not None else 0 <= status <= 3
            passed += good
            failed += not good
            print(f"{'ok' if good else 'FAILED':7} {name} (status {status})")
            if not good:
                print(log[:4000])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
