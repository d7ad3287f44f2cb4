#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Instruction counts, which do not depend on what else the machine does, against generous bounds.

Arguments: iommufit, the library benchmark, the source folder. Status 77 (skipped) without valgrind.
"""
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

import run as bench
import synthetic

LIMITS = {"iof_check": 12000, "iof_check_failing": 12000, "iof_machine_resolve": 300000, "iof_vm_load_argv": 120000}
CHECKS = {"root": 4_000_000, "profile": 6_000_000, "capture": 60_000_000}  # the process as a whole
FEW, MANY, GROWTH = 128, 512, 5.0


class Test:
    def __init__(self, program, library, source, folder):
        self.program, self.library, self.folder = program, library, folder
        self.capture = os.path.join(source, "tests/data/captures/intel39-pb46.tar.xz")
        self.passed = self.failed = 0

    def judge(self, name, value, limit):
        good = 0 < value <= limit
        self.passed += good
        self.failed += not good
        print(f"{'ok' if good else 'FAILED':7} {name:44} {value:>14,.4g} <= {limit:,}")

    def count(self, *command):
        return bench.count_instructions([str(word) for word in command], self.folder)

    def calls(self):
        for name, limit in LIMITS.items():
            few, many = (self.count(self.library, self.capture, name, n) for n in (50, 250))
            self.judge(f"{name}, one call", (many - few) / 200, limit)

    def checks(self):
        vm = os.path.join(self.folder, "vm.sh")
        places = {"capture": self.capture, "root": os.path.join(self.folder, "root"),
                  "profile": os.path.join(self.folder, "host.json")}
        with open(vm, "w", encoding="utf-8") as file:
            file.write(bench.VM)
        with tarfile.open(self.capture) as archive:
            archive.extractall(places["root"])
        with open(places["profile"], "wb") as file:
            subprocess.run([self.program, "host", "--json", "--host", places["root"]], stdout=file, check=True)
        for name, limit in CHECKS.items():
            count = self.count(self.program, "check", "--vmm", "qemu=10.1", "--host", places[name], vm)
            self.judge(f"check from a {name}, the process", count, limit)

    def growth(self):
        roots = {n: synthetic.make_root(os.path.join(self.folder, f"host-{n}"), n) for n in (FEW, MANY)}
        for form in ("--verbose", "--json"):
            few, many = (self.count(self.program, "host", form, "--host", roots[n]) for n in (FEW, MANY))
            self.judge(f"host {form}, {MANY} devices against {FEW}", many / few, GROWTH)


def main():
    if not shutil.which("valgrind"):
        print("valgrind is not installed: skipped")
        return 77
    with tempfile.TemporaryDirectory(prefix="iommufit-instructions-") as folder:
        test = Test(*sys.argv[1:4], folder)
        test.calls()
        test.checks()
        test.growth()
    print(f"{test.passed} passed, {test.failed} failed")
    return 1 if test.failed else 0


if __name__ == "__main__":
    sys.exit(main())
