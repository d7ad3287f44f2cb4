#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""No false alarm: ordinary VMs on every real x86 machine of the catalogue, through the command line.

Each error or warning must be proved by numbers of the same answer, computed here once more; `--list` prints them all.
Arguments: iommufit [--list].
"""
import collections
import json
import subprocess
import sys

GPU, NIC = "", ",small"
# Name, RAM in GiB, assigned devices, further options.
VMS = [
    ("2 GiB, NIC", 2, [NIC], []),
    ("4 GiB, GPU", 4, [GPU], []),
    ("8 GiB, GPU", 8, [GPU], []),
    ("8 GiB, two NICs", 8, [NIC, NIC], []),
    ("16 GiB, GPU", 16, [GPU], []),
    ("32 GiB, GPU and NIC", 32, [GPU, NIC], []),
    ("48 GiB, two GPUs", 48, [GPU, GPU], []),
    ("64 GiB, GPU", 64, [GPU], []),
    ("96 GiB, GPU and NIC", 96, [GPU, NIC], []),
    ("128 GiB, NIC", 128, [NIC], []),
    ("128 GiB, GPU, vIOMMU", 128, [GPU], ["-device", "intel-iommu,caching-mode=on"]),
    ("256 GiB, two GPUs", 256, [GPU, GPU], []),
]
OVMF = ["-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd"]


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def machines(program):
    """The x86 machines of the catalogue that have an IOMMU, as JSON."""
    for name in run(program, "host", "--list").stdout.split():
        host = json.loads(run(program, "host", "--json", "--host", f"cpu:{name}").stdout)
        if host["iommu"] in ("intel-vtd", "amd-vi"):
            yield host


def command(ram, devices, options):
    words = ["qemu-system-x86_64", "-machine", "q35,kernel-irqchip=split", "-accel", "kvm", "-cpu", "host", "-m",
             f"{ram}G", *OVMF, *options]
    for i, _ in enumerate(devices):
        words += ["-device", f"pcie-root-port,id=rp{i},chassis={i + 1}",
                  "-device", f"vfio-pci,host=0{i + 1}:00.0,id=dev{i},bus=rp{i}"]
    return words


def bars(devices):
    for i, kind in enumerate(devices):
        sizes = {1: "16K", 3: "64K"} if kind == NIC else {1: "16G"}
        for index, size in sizes.items():
            yield from ("--bar", f"0{i + 1}:00.0={index}:{size}")


def holds(ranges, start, end):
    return any(int(a, 16) <= start and end <= int(b, 16) for a, b in ranges)


def outside(answer, kinds):
    """Regions of these kinds that no range of some assigned device holds."""
    devices = [d for d in answer["host"]["devices"] if d["ranges"]]
    return [r for r in answer["map"] if r["kind"] in kinds and
            any(not holds(d["ranges"], int(r["start"], 16), int(r["end"], 16)) for d in devices)]


def width_exceeds(answer):
    wanted = [r["value"] for r in answer["resolved"] if r["property"] == "aw-bits"]
    return bool(wanted) and any(wanted[0] > d["width"] for d in answer["host"]["devices"] if d["width"])


def named(finding, regions):
    """The finding names the address at which one of the regions starts."""
    return any(r["start"] in finding["message"] + finding["because"] for r in regions)


def too_wide(host, ram):
    """RAM, the hole below 4 GiB and q35's 64-bit window need more bits than the CPU has."""
    return (ram + 2 + 32) << 30 > 1 << host["cpu"]["phys_bits"]


# By rule: what proves it, from the answer, the finding, the host and the size of RAM.
PROOFS = {
    "map.bar-outside-iova": lambda a, f, h, ram: named(f, outside(a, {"bar"})),
    "memory.outside-iova": lambda a, f, h, ram: named(f, outside(a, {"ram"})),
    "width.viommu-exceeds-host": lambda a, f, h, ram: width_exceeds(a),
    "memory.phys-bits-too-low": lambda a, f, h, ram: too_wide(h, ram),
    "vfio.no-interrupt-remapping": lambda a, f, h, ram: h["kernel"]["interrupt_remapping"] == "no",
}


def judge(answer, host, ram):
    """What is said and not proved, or not said and true."""
    for finding in answer["findings"]:
        proof = PROOFS.get(finding["rule"])
        if finding["severity"] != "note" and not (proof and proof(answer, finding, host, ram)):
            yield f"{finding['rule']}: {finding['message']}"
    if answer["verdict"] == "fits":
        yield from (f"fits, but {r['name']} at {r['start']} does not" for r in outside(answer, {"ram"}))


def main():
    program, listing = sys.argv[1], "--list" in sys.argv
    passed = failed = 0
    seen = collections.Counter()
    for host in machines(program):
        for name, ram, devices, options in VMS:
            result = run(program, "check", "--json", "--host", f"cpu:{host['name']}", "--vmm", "qemu=11.1",
                         *bars(devices), "--", *command(ram, devices, options))
            answer = json.loads(result.stdout)
            wrong = list(judge(answer, host, ram))
            failed += bool(wrong)
            passed += not wrong
            for line in wrong:
                print(f"[  FAILED  ] {host['name']}: {name}: {line}")
            for finding in answer["findings"]:
                if finding["severity"] != "note":
                    seen[finding["rule"], host["name"]] += 1
                if listing:
                    print(f"{host['name']}: {name}: {finding['severity']} {finding['rule']}: {finding['message']}")
    for rule in sorted({r for r, _ in seen}):
        hosts = [h for r, h in seen if r == rule]
        print(f"{rule}: on {len(hosts)} machines, {sum(seen[rule, h] for h in hosts)} times, all proved")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
