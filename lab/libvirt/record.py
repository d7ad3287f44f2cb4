#!/usr/bin/env python3
"""record.py SEED COUNT SUITE…: what libvirt makes of drawn domains, one JSON line each: version, XML, and either where
each PCI device is ("id driver bus address …") or the words in which it is refused for its PCI topology. Domains that
libvirt refuses for other reasons are left out. SUITE: "system" or one of Debian's."""
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

import draw

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
            paths.append(os.path.join(folder, f"{i}.xml"))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(xml)
        while len(answers) < len(paths):
            version, some = ask_some(suite, folder, paths[len(answers):])
            answers += some
            if len(answers) < len(paths):
                answers.append("error: libvirt crashed")
    return version, answers


def record(version, xml, answer):
    lines = [line for line in answer.splitlines() if not line.startswith("virsh #") and line]
    refused = [line[len("error: "):] for line in lines if line.startswith("error: ")]
    if refused:
        return {"libvirt": version, "xml": xml, "refused": refused[0]} if TOPOLOGY.search(refused[0]) else None
    words = [line for line in lines if " -device " in line]
    if not words:
        return None
    devices = [place(d) for d in options(words[0]) if re.match(r"pci", d.get("bus", ""))]
    return {"libvirt": version, "xml": xml, "pci": devices}


def main():
    seed, count, suites = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or ["system"]
    xmls = list(draw.draw(seed, count, list(draw.BOARDS) + ["q35"]))
    for suite in suites:
        version, answers = ask(suite, xmls)
        for xml, answer in zip(xmls, answers):
            line = record(version, xml, answer)
            if line:
                print(json.dumps(line))
            elif os.environ.get("IOMMUFIT_VERBOSE"):
                print(answer.strip()[-300:], file=sys.stderr)


if __name__ == "__main__":
    main()
