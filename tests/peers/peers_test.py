#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What fix writes, given to real libvirt and real QEMU.

Domains that cannot start are repaired; virt-xml-validate takes the result, virsh turns it into a command line, QEMU
(software emulation, stopped, no assigned device) runs it, and the properties that it reports over QMP are those that
iommufit resolve says.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HEAD = """<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>256</memory>
  <vcpu>{vcpus}</vcpu>
  <os>
    <type arch='x86_64' machine='{machine}'>hvm</type>
  </os>
  <features>
    <acpi/>{features}
  </features>
{cpu}  <devices>
{devices}
  </devices>
</domain>
"""
HOSTDEV = """    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source>
        <address domain='0x0000' bus='0x00' slot='0x05' function='0x0'/>
      </source>
    </hostdev>"""


def iommu(model, attributes=""):
    driver = f"\n      <driver {attributes}/>" if attributes else ""
    return f"    <iommu model='{model}'>{driver}\n    </iommu>"


# name: devices, and what differs from the ordinary; all of them fail or lose something before the repair.
SPLIT = "\n    <ioapic driver='qemu'/>"
DOMAINS = {
    "width-40": dict(devices=[iommu("intel", "aw_bits='40'")]),
    "width-57": dict(devices=[iommu("intel", "aw_bits='57' caching_mode='on'")]),
    "width-beyond-host": dict(devices=[iommu("intel", "caching_mode='on' aw_bits='48'"), HOSTDEV]),
    "no-caching-mode": dict(devices=[iommu("intel", "aw_bits='39'"), HOSTDEV]),
    "caching-mode-off": dict(devices=[iommu("intel", "caching_mode='off'"), HOSTDEV]),
    "remapping": dict(devices=[iommu("intel", "intremap='on' caching_mode='on' aw_bits='48'"), HOSTDEV], features=SPLIT),
    "iotlb": dict(devices=[iommu("intel", "caching_mode='off' iotlb='on'"), HOSTDEV]),
    "narrow-cpu": dict(devices=[iommu("intel", "aw_bits='64'")], cpu="maximum' ><maxphysaddr mode='emulate' bits='41'/></cpu>"),
    "two": dict(devices=[iommu("intel", "aw_bits='39'"), iommu("intel", "aw_bits='48'")]),
    "virtio": dict(devices=[iommu("virtio"), HOSTDEV]),
    "unknown-attribute": dict(devices=[iommu("intel", "aw_bits='39' caching-mode='on' cachingMode='on'"), HOSTDEV]),
    "i440fx": dict(devices=[iommu("intel", "caching_mode='on'"), HOSTDEV], machine="pc"),
}


def write_domain(folder, name, devices, features="", cpu="", machine="q35", vcpus=2):
    path = folder / (name + ".xml")
    cpu = f"  <cpu mode='{cpu}\n" if cpu else ""
    path.write_text(HEAD.format(name=name, devices="\n".join(devices), features=features, cpu=cpu, machine=machine,
                                vcpus=vcpus))
    return path


class Failure(Exception):
    pass


def run(*words, **more):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False, **more)


def version_of(program):
    found = re.search(r"version (\d+\.\d+\.\d+)", run(program, "--version").stdout)
    return found.group(1) if found else None


def native(lab, suite, paths):
    """Command lines by name; one virsh for all, since starting its driver takes long."""
    script = "".join(f"domxml-to-native qemu-argv {p}\n" for p in paths)
    result = run(lab / "libvirt/libvirt.sh", suite, input=script, timeout=400)
    lines = {}
    for answer in result.stdout.split("virsh # "):  # it repeats what it reads, and ends its answer without a newline
        command, _, text = answer.partition("\n")
        if "LC_ALL=" in text:
            lines[pathlib.Path(command.split()[-1]).stem] = shlex.split(text[text.index("LC_ALL="):])
    return lines, (result.stderr or result.stdout)[-400:]


def without_libvirts_own(argv):
    """No monitor of libvirt's, no secret in a file that is not there, no sandbox, no assigned device."""
    drop = {"-mon", "-sandbox", "-name"}
    argv = argv[next(i for i, w in enumerate(argv) if "=" not in w):]
    out = [argv[0]]
    for option, value in pairs(argv[1:]):
        if option in drop or (option == "-chardev" and "charmonitor" in value) or \
                (option == "-object" and "secret" in value) or (option == "-device" and "vfio-pci" in value):
            continue
        out += [option] + ([value] if value is not None else [])
    return out


def pairs(words):
    i = 0
    while i < len(words):
        has = i + 1 < len(words) and not words[i + 1].startswith("-")
        yield words[i], words[i + 1] if has else None
        i += 2 if has else 1


class Qemu:
    """A stopped QEMU and its monitor."""

    def __init__(self, argv):
        self.process = subprocess.Popen(argv + ["-qmp", "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        if not self.process.stdout.readline():
            raise Failure(f"QEMU refuses: {self.process.stderr.read()}")
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        print(json.dumps({"execute": command, "arguments": arguments}), file=self.process.stdin, flush=True)
        while True:
            answer = json.loads(self.process.stdout.readline())
            if "return" in answer or "error" in answer:
                return answer

    def get(self, path, name):
        return self.ask("qom-get", path=path, property=name).get("return")

    def close(self):
        self.ask("quit")
        self.process.wait(20)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


def same(resolved, real):
    if isinstance(real, bool):
        return (resolved == "on") == real
    return str(resolved) == str(real)


def compare(qemu, values):
    """How many values QEMU was asked for; raises at the first that differs."""
    cpu = qemu.ask("query-cpus-fast")["return"][0]["qom-path"]
    machine = qemu.ask("qom-get", path="/machine", property="type").get("return", "")
    asked = 0
    for value in values:
        device, name, resolved = value["device"], value["property"], value["value"]
        path = cpu if device == "cpu" else f"/machine/peripheral/{device}"
        real = machine.removesuffix("-machine") if (device, name) == ("machine", "type") else qemu.get(path, name)
        if real is None:
            continue
        asked += 1
        if not same(resolved, real):
            raise Failure(f"{device}.{name}: resolved {resolved!r}, QEMU says {real!r}")
    return asked


def test_domain(bench, name):
    fixed = bench.folder / "fixed" / (name + ".xml")
    before = bench.tool("check", bench.folder / (name + ".xml"))
    result = bench.tool("fix", "-o", fixed, bench.folder / (name + ".xml"))
    if result.returncode:
        raise Failure(f"fix: status {result.returncode}: {result.stderr}")
    if before.returncode == 0:
        raise Failure("it was not broken")
    if bench.validate:
        result = run("virt-xml-validate", fixed, "domain")
        if result.returncode:
            raise Failure(f"{result.stdout}{result.stderr}\n{fixed.read_text()}")


def test_native(bench, name, argv):
    if not argv:
        raise Failure(f"libvirt gave no command line: {bench.complaint}")
    values = json.loads(bench.tool("resolve", "--json", bench.folder / "fixed" / (name + ".xml")).stdout)["values"]
    qemu = Qemu(without_libvirts_own(argv))
    try:
        asked = compare(qemu, [v for v in values if v["device"] in ("cpu", "machine", "iommu0")])
    finally:
        qemu.close()
    if asked < 3:
        raise Failure(f"only {asked} values could be asked for")
    bench.asked += asked


class Bench:
    def __init__(self, options, folder):
        self.program, self.host, self.folder = options.iommufit, options.host, folder
        self.validate, self.asked, self.complaint = shutil.which("virt-xml-validate"), 0, ""
        self.options = ["--manager", "libvirt=" + options.libvirt, "--vmm", "qemu=" + options.qemu]
        self.passed = self.failed = 0

    def tool(self, command, *more):
        return run(self.program, command, "--host", self.host, *self.options, *more)

    def test(self, name, function, *arguments):
        try:
            function(self, *arguments)
        except (Failure, subprocess.SubprocessError, OSError, ValueError) as failure:
            self.failed += 1
            print(f"[  FAILED  ] {name}\n{failure}")
        else:
            self.passed += 1
            print(f"[       OK ] {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iommufit", type=pathlib.Path, required=True)
    parser.add_argument("--host", type=pathlib.Path, required=True)
    parser.add_argument("--lab", type=pathlib.Path, required=True)
    parser.add_argument("--suite", default="system", help="libvirt and QEMU of this suite of Debian, unpacked beside the system")
    options = parser.parse_args()
    missing = [p for p in ("virsh", "qemu-system-x86_64") if not shutil.which(p)]
    if missing:
        print(f"skipped: {', '.join(missing)} is not installed")
        return 77
    options.libvirt, options.qemu = run("virsh", "--version").stdout.strip(), version_of("qemu-system-x86_64")
    os.environ["LC_ALL"] = "C"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "fixed").mkdir()
        bench = Bench(options, folder)
        for domain, parts in DOMAINS.items():
            write_domain(folder, domain, **parts)
            bench.test(f"repair: {domain}", test_domain, domain)
        # virsh needs the host devices that a domain names; this machine has none to give.
        bare = []
        for path in sorted((folder / "fixed").glob("*.xml")):
            text = re.sub(r" *<hostdev.*?</hostdev>\n?", "", path.read_text(), flags=re.S)
            bare.append(folder / path.name)
            bare[-1].write_text(text)
        lines, bench.complaint = native(options.lab, options.suite, bare)
        for path in bare:
            bench.test(f"real libvirt {options.libvirt} and QEMU {options.qemu}: {path.stem}", test_native, path.stem,
                       lines.get(path.stem))
        print(f"{bench.asked} properties compared" +
              ("" if bench.validate else "; skipped: virt-xml-validate is not installed, no schema was asked"))
        print(f"{bench.passed} passed, {bench.failed} failed")
        return 1 if bench.failed or not bench.asked else 0


if __name__ == "__main__":
    sys.exit(main())
