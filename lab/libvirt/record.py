#!/usr/bin/env python3
"""record.py SEED COUNT SUITE…, or record.py edges SUITE…: what libvirt makes of domains, one JSON line each: version, XML, and either where
each PCI device is ("id driver bus address …") or the words in which it is refused for its PCI topology. Domains that
libvirt refuses for other reasons are left out. SUITE: "system" or one of Debian's."""
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from xml.etree import ElementTree

import draw
import edges

HERE = os.path.dirname(os.path.abspath(__file__))
TOPOLOGY = re.compile(r"PCI|busNr|controllers? (?:are|with index|should)|Multiple '|integrated device|connect a|connect flags")
MARK = 'echo "==" "=="'  # what is echoed back of the command does not look like what it prints
DETAILS = ("multifunction", "chassis", "port", "chassis_nr", "bus_nr")


def options(line):
    words = shlex.split(line)
    for i, word in enumerate(words):
        if word != "-device":
            continue
        text = words[i + 1]
        if text.startswith("{"):
            yield json.loads(text)
        else:
            first, *rest = text.split(",")
            yield dict([("driver", first)] + [tuple(p.split("=", 1)) for p in rest if "=" in p])


def place(device):
    parts = [device.get("id", "-"), device["driver"], device["bus"], device.get("addr", "-")]
    for key in DETAILS:
        if key in device:
            value = device[key]
            value = {"on": "true", "off": "false"}.get(value, value) if isinstance(value, str) else json.dumps(value)
            if re.fullmatch(r"0x[0-9a-f]+", value):
                value = str(int(value, 16))
            parts.append(f"{key}={value}")
    return " ".join(parts)


def talk(command, text, folder):
    """What it prints, errors among the rest: through a terminal, or they would overtake it."""
    leader, follower = os.openpty()
    with tempfile.TemporaryFile(dir=folder) as commands:
        commands.write(text.encode())
        commands.seek(0)
        child = subprocess.Popen(command, stdin=commands, stdout=follower, stderr=follower)
    os.close(follower)
    output = b""
    while True:
        try:
            some = os.read(leader, 1 << 16)
        except OSError:
            break
        if not some:
            break
        output += some
    os.close(leader)
    child.wait()
    return output.decode(errors="replace").replace("\r\n", "\n")


def ask_some(suite, folder, paths):
    """The version and the answers that came before virsh ended."""
    commands = ["version", MARK]
    for path in paths:
        if path.endswith(".define"):
            commands += [f"define {path}", "dumpxml --inactive d", "undefine d", MARK]
        else:
            commands += [f"domxml-to-native qemu-argv --xml {path}", MARK]
    output = talk([os.path.join(HERE, "libvirt.sh"), suite], "\n".join(commands) + "\n", folder)
    first, *answers = re.sub(r"virsh # .*\n", "\n", output).split("== ==")
    version = re.search(r"Using library: libvirt (\S+)", first)
    if not version:
        sys.exit(f"record.py: no libvirt: {output.strip()[-400:]}")
    return version.group(1), answers[:-1]


def ask(suite, xmls):
    """The version, and an answer to each; none to a domain that ends libvirt itself."""
    answers = []
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        paths = []
        for i, xml in enumerate(xmls):
            paths.append(os.path.join(folder, f"{i}.{'define' if i % 3 == 2 else 'native'}"))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(xml)
        while len(answers) < len(paths):
            version, some = ask_some(suite, folder, paths[len(answers):])
            answers += some
            if len(answers) < len(paths):
                answers.append("error: libvirt crashed")
    return version, answers


class Unsaid(Exception):
    """A device whose id is not known from its element."""


def number(element, attribute, parent=None):
    element = element if parent is None else element.find(parent)
    return None if element is None or element.get(attribute) is None else int(element.get(attribute), 0)


def device_id(element, places, is_q35):
    """The id that libvirt would give. None: on the board."""
    tag, kind = element.tag, element.get("type")
    if tag == "controller":
        index = int(element.get("index"))
        if kind == "pci":
            return f"pci.{index}"
        if (kind, index) == ("ide", 0) or (kind, index) == ("sata", 0) and is_q35:
            return None
        if kind == "usb":
            return "-" if "ich9-uhci" in element.get("model", "") else f"usb{index or ''}"
        return f"{kind}{index}"
    if tag == "disk":
        target = element.find("target").get("dev")
        n = 0
        for letter in target[2:]:
            n = n * 26 + ord(letter) - 96
        return f"virtio-disk{n - 1}"
    names = {"filesystem": "fs", "interface": "net", "memballoon": "balloon"}
    if tag in ("iommu", "memory", "panic"):
        raise Unsaid
    return f"{names.get(tag, tag)}{places[id(element)]}"


def count_devices(devices):
    """The place of each among its kind; interfaces that are host devices are the first of those."""
    places, counts = {}, {}
    hostdevs = [e for e in devices if e.tag == "interface" and e.get("type") == "hostdev"]
    for element in hostdevs + [e for e in devices if e not in hostdevs]:
        tag = "hostdev" if element in hostdevs else element.tag
        places[id(element)] = counts.get(tag, 0)
        counts[tag] = counts.get(tag, 0) + 1
    return places


def places_in(dump):
    root = ElementTree.fromstring(dump)
    is_q35 = "q35" in root.find("os/type").get("machine")
    devices = list(root.find("devices"))
    places = count_devices(devices)
    is_i440fx = any(e.tag == "controller" and e.get("model") == "pci-root" for e in devices)
    for element in devices:
        address = element.find("address")
        if address is None or address.get("type") != "pci":
            continue
        name = device_id(element, places, is_q35)
        if element.tag == "interface" and element.get("type") == "hostdev":
            name = f"hostdev{places[id(element)]}"
        if name is None:
            continue
        bus, slot, function = (number(address, key) for key in ("bus", "slot", "function"))
        parts = [name, "*", f"pci.{bus}" if bus or is_i440fx else "pcie.0", f"0x{slot:x}" + (f".0x{function:x}" if function else "")]
        if address.get("multifunction"):
            parts.append("multifunction=" + {"on": "true", "off": "false"}[address.get("multifunction")])
        for key, attribute in (("chassis", "chassis"), ("port", "port"), ("chassis_nr", "chassisNr"), ("bus_nr", "busNr")):
            value = number(element, attribute, "target") if element.tag == "controller" and element.get("type") == "pci" else None
            if value is not None:
                parts.append(f"{key}={value}")
        yield " ".join(parts)


def record_dump(version, xml, answer):
    dump = re.search(r"<domain .*</domain>", answer, re.S)
    try:
        return {"libvirt": version, "xml": xml, "pci": list(places_in(dump.group(0)))} if dump else None
    except Unsaid:
        return None


def record(version, xml, answer):
    if "<domain " in answer:
        return record_dump(version, xml, answer)
    lines = [line for line in answer.splitlines() if not line.startswith("virsh #") and line]
    refused = [line[len("error: "):] for line in lines if line.startswith("error: ") and "Failed to define" not in line]
    if refused:
        return {"libvirt": version, "xml": xml, "refused": refused[0]} if TOPOLOGY.search(refused[0]) else None
    words = [line for line in lines if " -device " in line]
    if not words:
        return None
    devices = [place(d) for d in options(words[0]) if re.match(r"pci", d.get("bus", ""))]
    return {"libvirt": version, "xml": xml, "pci": devices}


def missing(suite):
    """Why nothing can be asked here; None."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False, stderr=subprocess.DEVNULL).returncode:
        return "needs root and a mount namespace of its own"
    if suite == "system" and not (shutil.which("virsh") and glob.glob("/usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so")):
        return "no virsh with its QEMU driver is installed"
    return None


def boards(suites):
    if "system" in suites and not shutil.which("qemu-system-aarch64"):
        return ["q35", "pc", "q35"]
    return ["q35", "pc", "virt", "q35"]


def main():
    if sys.argv[1] == "edges":
        suites, xmls = sys.argv[2:], list(edges.edges())
    else:
        suites = sys.argv[3:]
        xmls = list(draw.draw(int(sys.argv[1]), int(sys.argv[2]), boards(suites)))
    for suite in suites:
        why = missing(suite)
        if why:
            print(f"record.py: skipped: {why}", file=sys.stderr)
            sys.exit(77)
        version, answers = ask(suite, xmls)
        for xml, answer in zip(xmls, answers):
            line = record(version, xml, answer)
            if line:
                print(json.dumps(line))
            elif os.environ.get("IOMMUFIT_VERBOSE"):
                print(answer.strip()[-300:], file=sys.stderr)


if __name__ == "__main__":
    main()
