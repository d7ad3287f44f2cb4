#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""QMP answers that no QEMU gives, and answers that differ from the prediction. Each row of a table is a test."""
import argparse
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

from fake_qmp import GREETING, Objects, Server, bar, function

try:
    import jsonschema
except ImportError:
    jsonschema = None

HOST = "cpu:coffee-lake"
VM = ("qemu-system-x86_64 -machine pc-q35-10.0,kernel-irqchip=split -accel tcg -nodefaults -m 1G,slots=2,maxmem=4G "
      "-cpu qemu64,phys-bits=42 -device intel-iommu,id=iommu0,aw-bits=39 -device virtio-net-pci,id=net0 "
      "-object memory-backend-ram,id=mem0,size=256M -device pc-dimm,id=dimm0,memdev=mem0\n")
ARM = ("qemu-system-aarch64 -machine virt-11.1 -accel tcg -nodefaults -m 1G -cpu max "
       "-device arm-smmuv3,primary-bus=pcie.0,accel=on,id=smmu0 -device vfio-pci,host=01:00.0,iommufd=i0 "
       "-object iommufd,id=i0\n")
ONE_LINE = re.compile(r"iommufit: [^\x00-\x1f\x7f]+\n")
CHANGES = re.compile(r"(set|add|del|stop|cont|quit|system|migrate|human|block|dump|inject|chardev|object|netdev)")


class Failure(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Failure(text)


def line(value):
    """An answer whose id is right and whose value is these bytes."""
    return lambda _, number: b'{"id": %d, "return": %s}\n' % (number, value)


def events(n):
    def answer(_, number):
        return iter([b'{"event": "RESUME"}\n' * n, b'{"return": {"status": "running"}, "id": %d}\n' % number])
    return answer


def endless(piece, count=1 << 20):
    return lambda *_: iter(piece for _ in range(count))


def drip(*_):
    while True:
        time.sleep(0.05)
        yield b" "


def many(n, kind="child<virtio-net-pci>"):
    return [{"name": f"device[{i}]", "type": kind} for i in range(n)]


def bridges(depth):
    devices = [function(1)]
    for _ in range(depth):
        devices = [function(1, pci_bridge={"bus": {}, "devices": devices})]
    return [{"bus": 0, "devices": devices}]


NOT_A_NUMBER = [7, "text", [], {}, True, None, -1, 1.5]
# name, answers, greeting, status, pattern
HOSTILE = [
    ("greeting that is no JSON", {}, b"SSH-2.0-OpenSSH\r\n", 65, "greeting: byte 1 of the answer"),
    ("greeting of another protocol", {}, {"hello": 1}, 65, "this is no QMP monitor"),
    ("greeting of another type", {}, {"QMP": [1]}, 65, "this is no QMP monitor"),
    ("greeting that is a list", {}, b"[]\n", 65, "the answer is no object"),
    ("no greeting: somebody else has it", {}, None, 71, "no greeting within 5000 ms: .*one client at a time"),
    ("capabilities refused", {"qmp_capabilities": None}, GREETING, 65, "qmp_capabilities: refused"),
    ("NUL byte", {"query-status": line(b'"a\0b"')}, GREETING, 65, "a NUL byte in the answer"),
    ("escape sequences that are no JSON", {"query-status": b"\x1b]0;title\x07\x1b[31m\n"}, GREETING, 65, "byte 1"),
    ("deep JSON", {"query-status": line(b"[" * 100000)}, GREETING, 65, "byte"),
    ("deep JSON that is closed", {"query-pci": line(b"[" * 2000 + b"]" * 2000)}, GREETING, 65, "query-pci: byte"),
    ("line without end", {"query-status": endless(b"x" * 65536)}, GREETING, 65, "a line of more than 4194304 bytes"),
    ("string without end", {"query-name": endless(b'{"return": "' + b"x" * 65536)}, GREETING, 65, "a line of more"),
    ("events without end", {"query-status": endless(b'{"event": "RESUME"}\n')}, GREETING, 65, "events without end"),
    ("one byte now and then", {"query-status": drip}, GREETING, 71, "query-status: no answer within 5000 ms"),
    ("silence in the middle", {"query-pci": b""}, GREETING, 71, "query-pci: no answer within 5000 ms"),
    ("answer to another", {"query-status": b'{"return": {}, "id": 99}\n'}, GREETING, 65, "is to another command"),
    ("answer without id", {"query-status": b'{"return": {}}\n'}, GREETING, 65, "is to another command"),
    ("neither return nor error", {"query-status": lambda _, n: b'{"id": %d}\n' % n}, GREETING, 65, "without return"),
    ("no status", {"query-status": {}}, GREETING, 65, "query-status: no status"),
    ("status refused", {"query-status": None}, GREETING, 65, "query-status: refused"),
    ("version of wrong types", {"query-version": {"qemu": {"major": "10", "minor": 0, "micro": 0}}}, GREETING, 65,
     "query-version: no version"),
    ("version out of range", {"query-version": {"qemu": {"major": 1 << 60, "minor": 0, "micro": 0}}}, GREETING, 65,
     "query-version: no version"),
    ("kvm of a wrong type", {"query-kvm": {"enabled": "yes"}}, GREETING, 65, "'enabled' is no boolean"),
    ("CPUs that are no list", {"query-cpus-fast": {}}, GREETING, 65, "query-cpus-fast: the answer is no list"),
    ("CPU without a place", {"query-cpus-fast": [{"qom-path": 7}]}, GREETING, 65, "a CPU without its place"),
    ("memory without data", {"query-memory-devices": [{}]}, GREETING, 65, "a device without data"),
    ("memory size of a wrong type", {"query-memory-size-summary": {"base-memory": "1G"}}, GREETING, 65, "is no size"),
    ("machines of a wrong type", {"query-machines": {}}, GREETING, 65, "query-machines: the answer is no list"),
    ("default without value", {"query-machines": [{"name": "pc-q35-10.0", "compat-props": [{"qom-type": "a"}]}]},
     GREETING, 65, "a default without type, property or value"),
    ("objects of a wrong type", {"qom-list": "x"}, GREETING, 65, "qom-list: the answer is no list"),
    ("object without name", {"qom-list": [{"type": "child<a>"}]}, GREETING, 65, "an item without name or type"),
    ("more objects than there can be", {"qom-list": many(70000)}, GREETING, 65, "too many items"),
    # Each device lists 3000 properties, for ever: the number of commands ends it, or the deadline.
    ("devices without end", {"qom-list": many(3000, "child<vfio-pci>"), "qom-get": 1}, GREETING, (65, 71),
     "no end to this VM's devices|no answer within"),
    ("bus without devices", {"query-pci": [{}]}, GREETING, 65, "a bus without devices"),
    ("function without address", {"query-pci": [{"devices": [{}]}]}, GREETING, 65, "a function without address"),
    ("slot out of range", {"query-pci": [{"devices": [function(32)]}]}, GREETING, 65, "a function without address"),
    ("region without number", {"query-pci": [{"devices": [function(1, [{}])]}]}, GREETING, 65, "a region without"),
    ("BAR out of range", {"query-pci": [{"devices": [function(1, [bar(7, 0)])]}]}, GREETING, 65, "a region without"),
    ("bridges behind bridges", {"query-pci": bridges(200)}, GREETING, 65, "query-pci: byte"),
    *((f"status {value!r}", {"query-status": value}, GREETING, 65, "query-status: ") for value in NOT_A_NUMBER),
    *((f"PCI {value!r}", {"query-pci": [value]}, GREETING, 65, "query-pci: ") for value in NOT_A_NUMBER),
]


def machine():
    """The VM of VM, as a QEMU 10.0 would show it."""
    o = Objects()
    o.add("/machine/unattached", "device[0]", "qemu64-x86_64-cpu", phys_bits=42, host_phys_bits=False)
    o.add("/machine/peripheral", "iommu0", "intel-iommu", aw_bits=39, caching_mode=False, intremap="on")
    o.add("/machine/peripheral", "net0", "virtio-net-pci")
    o.add("/machine/peripheral", "dimm0", "pc-dimm", addr=4 << 30, size=256 << 20)
    return o


DIMM = {"type": "dimm", "data": {"id": "dimm0", "memdev": "/objects/mem0", "addr": 4 << 30, "size": 256 << 20}}


def honest():
    return {"query-memory-devices": [DIMM]}


def with_property(path, name, value):
    o = machine()
    o.properties[path][name] = value
    return o


def with_device(name, kind, hotplugged=True):
    o = machine()
    o.add("/machine/peripheral", name, kind, hotplugged=hotplugged)
    return o


def without(name):
    o = machine()
    del o.children["/machine/peripheral"][name]
    return o


def machine_type(name):
    o = machine()
    o.properties["/machine"]["type"] = name + "-machine"
    return o


COMPAT = [{"name": "pc-q35-10.0", "compat-props": [{"qom-type": "intel-iommu", "property": "aw-bits", "value": "57"}]}]
# name, objects, answers, the only items that do not agree: (result, subject, property, live, predicted, why)
DIFFERENCES = [
    ("nothing", machine, {}, []),
    ("aw-bits", lambda: with_property("/machine/peripheral/iommu0", "aw-bits", 48), {},
     [("differs", "iommu0", "aw-bits", "48", "39", "another value than its config")]),
    ("aw-bits that this QEMU's machine type sets", lambda: with_property("/machine/peripheral/iommu0", "aw-bits", 57),
     {"query-machines": COMPAT}, [("differs", "iommu0", "aw-bits", "57", "39", "pc-q35-10.0 of this QEMU sets it")]),
    ("a switch", lambda: with_property("/machine/peripheral/iommu0", "caching-mode", True), {},
     [("differs", "iommu0", "caching-mode", "on", "off", "another value")]),
    ("CPU width", lambda: with_property("/machine/unattached/device[0]", "phys-bits", 46), {},
     [("differs", "cpu", "phys-bits", "46", "42", "another width")]),
    ("machine type", lambda: machine_type("pc-q35-9.1"), {},
     [("differs", "machine", "type", "pc-q35-9.1", "pc-q35-10.0", "Defaults go by")]),
    ("RAM", machine, {"query-memory-size-summary": {"base-memory": 2 << 30}},
     [("differs", "ram", "size", "0x80000000", "0x40000000", "another amount")]),
    ("memory device elsewhere", machine, {"query-memory-devices": [
        {"type": "dimm", "data": dict(DIMM["data"], addr=5 << 30)}]},
     [("differs", "dimm0", "address", "0x140000000", "0x100000000", "elsewhere")]),
    ("hot-plugged device", lambda: with_device("vf1", "vfio-pci"), {},
     [("unexpected", "vf1", None, "vfio-pci", None, "hot-plugged")]),
    ("device that the config lacks", lambda: with_device("gpu", "vfio-pci", False), {},
     [("unexpected", "gpu", None, "vfio-pci", None, "this config has none")]),
    ("hot-plugged memory", lambda: with_device("dimm1", "pc-dimm"), {"query-memory-devices": [DIMM, {
        "type": "dimm", "data": {"id": "dimm1", "memdev": "/objects/mem1", "addr": 0x110000000, "size": 1 << 28}}]},
     [("unexpected", "dimm1", None, "pc-dimm", None, "hot-plugged")]),
    ("unplugged device", lambda: without("net0"), {},
     [("missing", "net0", None, None, "virtio-net-pci", "unplugged")]),
    ("escape sequences", lambda: with_device("x\x1b[31m\x07\u202e\r\n", "vfio-pci"), {},
     [("unexpected", "x\x1b[31m\x07\u202e\r\n", None, "vfio-pci", None, "hot-plugged")]),
    ("auto of another model is no answer of the host", lambda: with_property("/machine/peripheral/iommu0", "intremap",
                                                                             "off"), {},
     [("differs", "iommu0", "intremap", "off", "on", "another value")]),
]


class Bench:
    def __init__(self, options, folder):
        self.tool = str(options.iommufit.resolve())
        self.source = options.source
        self.folder = pathlib.Path(folder)
        self.socket = self.folder / "qmp"
        self.passed = self.failed = self.skipped = 0
        (self.folder / "vm.sh").write_text(VM)
        (self.folder / "arm.sh").write_text(ARM)

    def run(self, *args, timeout=30):
        start = time.monotonic()
        result = subprocess.run([self.tool, *args], cwd=self.folder, capture_output=True, timeout=timeout, check=False,
                                env={k: v for k, v in os.environ.items() if k not in ("TERM", "COLUMNS")})
        result.seconds = time.monotonic() - start
        return result

    def check(self, *more, vm="vm.sh"):
        return self.run("check", "--host", HOST, "--qmp", "qmp", vm, *more)

    def test(self, name, function_, *args):
        try:
            skip = function_(self, *args)
        except (Failure, subprocess.TimeoutExpired, json.JSONDecodeError, OSError, LookupError) as error:
            self.failed += 1
            print(f"[  FAILED  ] {name}\n{error}")
            return
        self.skipped += bool(skip)
        self.passed += not skip
        print(f"[  SKIPPED ] {name}: {skip}" if skip else f"[       OK ] {name}")


def expect_error(result, statuses, pattern):
    text = result.stderr.decode(errors="replace")
    expect(result.returncode in (statuses if isinstance(statuses, tuple) else (statuses,)),
           f"status {result.returncode}, expected {statuses}: {text}")
    expect(ONE_LINE.fullmatch(text), f"not one clean line: {text[:500]!r}")
    expect(re.search(pattern, text), f"{text[:500]!r} does not match {pattern!r}")
    expect(not result.stdout, f"an answer besides the error: {result.stdout[:200]!r}")
    expect(result.seconds < 15, f"it took {result.seconds:.1f} s")


def test_hostile(bench, answers, greeting, status, pattern):
    with Server(bench.socket, answers, greeting):
        result = bench.check()
    expect_error(result, status, pattern)


def test_difference(bench, objects, answers, wanted):
    with Server(bench.socket, {**honest(), **answers}, objects=objects()) as server:
        result = bench.check("--json")
    expect(result.returncode in (0, 1, 2, 3), result.stderr)
    answer = json.loads(result.stdout)
    live = answer["live"]
    found = [i for i in live["items"] if i["result"] not in ("agrees", "unknown")]
    values = [(i["result"], i["subject"], i["property"], i["live"], i["predicted"]) for i in found]
    expect(values == [w[:5] for w in wanted], f"{values}")
    for item, row in zip(found, wanted):
        expect(row[5] in item["why"], item["why"])
    expect(live["differ"] == len(wanted) and live["agree"] >= 4, f"{live['agree']} agree, {live['differ']} differ")
    expect(not [c for c in server.commands if CHANGES.match(c)], f"a command that changes: {server.commands}")
    with Server(bench.socket, {**honest(), **answers}, objects=objects()):
        text = bench.check().stdout.decode()
    expect("Live: QEMU 10.0.2, " in text, text)
    expect(not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text), f"control characters: {text!r}")
    for row in wanted:
        expect(row[1].isprintable() is False or row[1] in text, f"{row[1]} is not in {text}")
    if jsonschema is None:
        return "no jsonschema"
    jsonschema.validate(answer, json.loads((bench.source / "docs/schema/check.json").read_text()))
    return None


def test_smmuv3(bench):
    """QOM keeps "auto"; what it became follows from the first device's host."""
    o = Objects()
    o.properties["/machine"]["type"] = "virt-11.1-machine"
    o.add("/machine/peripheral", "smmu0", "arm-smmuv3", ats="auto", ril="auto", oas="auto", ssidsize="auto")
    version = {"qemu": {"major": 11, "minor": 1, "micro": 3}, "package": ""}
    with Server(bench.socket, {"query-version": version, "query-cpus-fast": []}, objects=o):
        result = bench.check("--json", vm="arm.sh")
    items = json.loads(result.stdout)["live"]["items"]
    expect(all(i["result"] != "differs" for i in items if i["subject"] == "smmu0"), f"{items}")
    left = [i for i in items if i["result"] == "left-to-host"]
    expect({i["property"] for i in left} == {"ats", "ril", "oas", "ssidsize"}, f"{items}")
    for item in left:
        expect("first cold-plugged device's host" in item["why"] and item["predicted"] != "auto", f"{item}")


def test_bars(bench):
    """BARs of query-pci against the predicted map, by id and by address."""
    predicted = json.loads(bench.run("map", "--json", "--host", HOST, "--firmware", "seabios=1.16.3", "vm.sh").stdout)
    bars = {(r["device"], r["bar"]): int(r["start"], 16) for r in predicted["regions"] if r["kind"] == "bar"}
    net = {b: a for (device, b), a in bars.items() if device == "net0"}
    expect(net, f"no BAR of net0 in {bars}")
    moved = max(net)
    regions = [bar(b, a + (1 << 32 if b == moved else 0)) for b, a in net.items()] + [bar(6, -1)]
    devices = [function(1, regions, "net0"), function(9, [bar(0, 0x80000000)], "new")]
    with Server(bench.socket, {**honest(), "query-pci": [{"bus": 0, "devices": devices}]}, objects=machine()):
        result = bench.check("--json", "--firmware", "seabios=1.16.3")
    items = {i["subject"]: i for i in json.loads(result.stdout)["live"]["items"] if "BAR" in i["subject"]}
    for b, address in net.items():
        item = items[f"net0 BAR {b}"]
        expect(item["predicted"] == hex(address), f"{item}")
        expect(item["result"] == ("differs" if b == moved else "agrees"), f"{item}")
    expect(items["new BAR 0"]["result"] == "unexpected", f"{items}")


def test_version(bench):
    """The running QEMU's version decides, and --vmm against it is a difference."""
    with Server(bench.socket, honest(), objects=machine()):
        answer = json.loads(bench.check("--json").stdout)
    expect(answer["vmm"]["version"] == "10.0.2" and "running" in answer["vmm"]["provenance"], f"{answer['vmm']}")
    with Server(bench.socket, honest(), objects=machine()):
        answer = json.loads(bench.check("--json", "--vmm", "qemu=9.2.0").stdout)
    item = [i for i in answer["live"]["items"] if i["property"] == "version"][0]
    expect((item["result"], item["live"], item["predicted"]) == ("differs", "10.0.2", "9.2.0"), f"{item}")


def test_map(bench):
    with Server(bench.socket, honest(), objects=machine()):
        text = bench.run("map", "--host", HOST, "--qmp", "qmp", "vm.sh").stdout.decode()
    expect("Live: QEMU 10.0.2" in text, text)
    with Server(bench.socket, honest(), objects=machine()):
        answer = json.loads(bench.run("map", "--json", "--host", HOST, "--qmp", "qmp", "vm.sh").stdout)
    expect(answer["live"]["qmp"]["name"] == "guest", f"{answer['live']}")
    if jsonschema is None:
        return "no jsonschema"
    jsonschema.validate(answer, json.loads((bench.source / "docs/schema/map.json").read_text()))
    return None


def test_foreign_process(bench):
    """The process that listens is this test: its command line is no VM's."""
    with Server(bench.socket):
        result = bench.run("check", "--qmp", "qmp")
    expect_error(result, 65, "is no QEMU with a monitor: give --pid or the VM's config, too")


def test_absent(bench):
    expect_error(bench.check(), 66, "qmp: No such file")
    (bench.folder / "file").write_text("x")
    expect_error(bench.run("check", "--qmp", "file", "vm.sh"), 66, "nobody listens there")
    expect_error(bench.run("check", "--qmp", "x" * 200, "vm.sh"), 65, "a socket's path has at most 107 bytes")
    expect_error(bench.run("check", "--qmp", "", "vm.sh"), 64, "an empty name")
    expect_error(bench.run("check", "--qmp", "qmp", "--device", "01:00.0"), 64, "--qmp is a VM")


def test_full_backlog(bench):
    """Nobody accepts, and the queue is full: connect() itself would wait."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(bench.socket))
        listener.listen(0)
        clients = []
        try:
            while True:
                client = socket.socket(socket.AF_UNIX)
                client.setblocking(False)
                clients.append(client)
                client.connect(str(bench.socket))
        except BlockingIOError:
            pass
        result = bench.check()
        for client in clients:
            client.close()
    bench.socket.unlink()
    expect_error(result, 71, "busy: others wait")


def test_datagram(bench):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(bench.socket))
        result = bench.check()
    bench.socket.unlink()
    expect_error(result, 65, "no stream socket")


def start_sleeper(bench, program):
    """A process that is called as a QEMU is, from a program that can be removed."""
    process = subprocess.Popen([str(program), "60"], executable=program, cwd=bench.folder)
    while os.readlink(f"/proc/{process.pid}/exe") != str(program):
        time.sleep(0.01)
    return process


def test_replaced_program(bench):
    """The file that runs was replaced by an upgrade; what is on disk now says its version."""
    program = bench.folder.resolve() / "qemu-system-x86_64"
    sleep = pathlib.Path(subprocess.run(["sh", "-c", "command -v sleep"], capture_output=True, text=True,
                                        check=True).stdout.strip())
    program.write_bytes(sleep.resolve().read_bytes())
    program.chmod(0o755)
    process = start_sleeper(bench, program)
    try:
        program.unlink()
        gone = bench.run("check", "--pid", str(process.pid), "--vmm", "qemu=10.0").stdout.decode()
        program.write_bytes(b"\0QEMU emulator version 10.0.7 (Vendor 1.2)\0")
        answer = json.loads(bench.run("check", "--json", "--pid", str(process.pid), "--vmm", "qemu=10.0").stdout)
    finally:
        process.kill()
        process.wait()
        program.unlink(missing_ok=True)
    expect("The program was removed since the start" in re.sub(r"\s+", " ", gone), gone)
    live = answer["live"]
    expect(live["process"]["replaced"] and live["process"]["on_disk"].startswith("10.0.7"), f"{live}")
    expect([i["why"] for i in live["items"] if i["property"] == "program"][0].endswith("10.0.7 (Vendor 1.2)."),
           f"{live}")
    expect(live["qmp"] is None, f"{live}")


def test_memlock(bench):
    """--memlock says another limit than the process has."""
    process = subprocess.Popen(["bash", "-c", "ulimit -l 64; exec -a qemu-system-x86_64 sleep 60"])
    try:
        for _ in range(500):
            if pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes().startswith(b"qemu-system"):
                break
            time.sleep(0.01)
        answer = json.loads(bench.run("check", "--json", "--pid", str(process.pid), "--memlock", "1G").stdout)
    finally:
        process.kill()
        process.wait()
    items = [i for i in answer["live"]["items"] if i["property"] == "memlock"]
    expect(items and items[0]["live"] == "65536" and items[0]["predicted"] == str(1 << 30), f"{answer['live']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iommufit", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="iommufit-live-") as folder:
        bench = Bench(options, folder)
        for name, *row in HOSTILE:
            bench.test(f"hostile: {name}", test_hostile, *row)
        for name, *row in DIFFERENCES:
            bench.test(f"difference: {name}", test_difference, *row)
        for name, value in sorted(globals().items()):
            if name.startswith("test_") and name not in ("test_hostile", "test_difference"):
                bench.test(name[5:], value)
    print(f"{bench.passed} passed, {bench.failed} failed, {bench.skipped} skipped")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
