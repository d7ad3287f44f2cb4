# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a host of the lab is booted for: captured, asked, made to run cells, or an arbitrary script."""
import json
import os
import shlex
import shutil

import answers
import boot
import cross
import flavours
import kernels
import messages
import qemus
from paths import HERE, SOURCE, LabError, read, say, write

GUEST = os.path.join(HERE, "guest")
# Seconds per cell that a host may be silent: QEMU's own limits (guest/cells.py) end before.
CELL_SILENCE = 240


class Host:
    """A flavour with a kernel: intel39-pb46, or intel39-pb46@6.12."""

    def __init__(self, name, kernel=None):
        flavour, _, named = name.partition("@")
        self.flavour = flavours.parse(flavour)
        default = "newest" if self.flavour.architecture == "x86" else "arm64"
        self.kernel_name = named or kernel or default
        if named and kernel and named != kernel:
            raise LabError(f"{name}: another kernel than --kernel {kernel}")
        self.name = flavour if self.kernel_name == default else f"{flavour}@{self.kernel_name}"

    def kernel(self):
        kernel = kernels.find(self.kernel_name)
        if not kernel:
            raise LabError(f"no kernel {self.kernel_name}: run lab/nested/lab build --kernel {self.kernel_name}")
        if kernel.architecture != self.flavour.architecture:
            raise LabError(f"{self.name}: kernel {self.kernel_name} is for {kernel.architecture}")
        return kernel


def is_for(architecture, program):
    """Whether a program is for it: the machine in its ELF header."""
    with open(program, "rb") as file:
        head = file.read(20)
    return head[:4] == b"\x7fELF" and int.from_bytes(head[18:20], "little") == {"x86": 62, "arm64": 183}[architecture]


def tool_path(architecture, given=None):
    """The iommufit that a host runs: the given one in hosts of its own architecture."""
    if given and not os.path.exists(given):
        raise LabError(f"no {given}: build it first")
    if given and is_for(architecture, given):
        return os.path.realpath(given)
    if architecture == "arm64":
        return cross.build()
    path = os.path.join(SOURCE, "build/src/cli/iommufit")
    if not os.path.exists(path):
        raise LabError(f"no {path}: build it first")
    return path


def tool_folder(tool):
    """What must be shared beside the tool itself: its build or install folder with the libraries."""
    folder = os.path.dirname(tool)
    for part in ("src/cli", "bin"):
        if folder.endswith("/" + part):
            return folder[: -len(part) - 1]
    return folder


def bind_lines(flavour, mate=True):
    """Shell that gives the host's devices to vfio-pci, and takes the group mate's driver away unless it is to stay."""
    loner = flavours.MATE if mate and flavour["mate"] == "none" else "-"
    return f". {shlex.quote(GUEST)}/bind.sh\nbind {loner} {' '.join(flavour.bdfs())}\n"


def run_job(host, script, folders=(), files=None, results=(), limit=7200, silence=boot.SILENCE_LIMIT):
    """Boots the host for a script. files: name in /lab to text; results: names in /lab to bring back.
    Gives how it ended and {name: bytes} of the results that are there."""
    with boot.folder_for_work() as work:
        for name, text in (files or {}).items():
            write(os.path.join(work, name), text)
        write(os.path.join(work, "job"), script)
        ended = boot.run_in(work, host.flavour, host.kernel(), folders, limit=limit, silence=silence)
        if ended.status is None and "lab: up" not in ended.log:
            say(f"{host.name}: {ended.why}; once more")
            ended = boot.run_in(work, host.flavour, host.kernel(), folders, limit=limit, silence=silence)
        found = {}
        for name in results:
            path = os.path.join(work, name)
            if os.path.exists(path):
                with open(path, "rb") as file:
                    found[name] = file.read()
        return ended, found


def complain(host, ended):
    """What of a host that did not end well helps: the reason and the last words."""
    words = [line for line in ended.log.splitlines() if line.strip()][-8:]
    say(f"{host.name}: {ended.why or f'the job ended with {ended.status}'}")
    for line in words:
        say("   ", line)


def probe_lines(host, quoted):
    """Shell: /lab/truth.json, what `iommufit probe` measured. Its status is kept in the answer; a missing answer is told."""
    bdfs = " ".join(host.flavour.bdfs())
    return f"""{quoted} probe --reset-ok --no-keep --json {bdfs} >/lab/truth.json 2>/lab/probe.err
[ -s /lab/truth.json ] || {{ cat /lab/probe.err; exit 1; }}
""" if bdfs else ""


def capture(host, tool, folder):
    """Writes HOST.tar.xz (iommufit's own capture, devices bound), HOST.truth.json (what `iommufit probe` measured) and
    HOST.hw.jsonl (the same as tests/data/captures has it)."""
    tool = tool_path(host.flavour.architecture, tool)
    quoted = shlex.quote(tool)
    script = bind_lines(host.flavour) + f"{quoted} capture -q -o /lab/capture.tar.xz || exit 1\n" + probe_lines(host, quoted) + \
        "busybox dmesg >/lab/dmesg\nexit 0\n"
    ended, found = run_job(host, script, [tool_folder(tool)], results=("capture.tar.xz", "truth.json", "dmesg"))
    if ended.status != 0 or "capture.tar.xz" not in found:
        complain(host, ended)
        return False
    if "truth.json" in found:
        found["hw.jsonl"] = answers.lines(json.loads(found["truth.json"])).encode()
    os.makedirs(folder, exist_ok=True)
    for name, data in found.items():
        copy_result(data, os.path.join(folder, f"{host.name}.{name.removeprefix('capture.')}"))
    say(f"{host.name}: captured in {ended.seconds:.1f} s")
    return True


def expect(result, cell, host, version):
    """A finished line: who ran it, the messages in the form of check's, the outcome."""
    result = {"host": host.name, "qemu": version, "mode": result.pop("mode"), "tags": cell.get("tags", {}), **result}
    if result.get("timeout"):
        result["outcome"] = "timeout"
    messages.normalise(result)
    is_ready = result.pop("ready", False)
    if "outcome" not in result:
        is_up = result["exit"] == 0 or result["mode"] == "hotplug" and is_ready
        result["outcome"] = "fails" if not is_up else "warns" if result["mode"] != "hotplug" and result["messages"] else "starts"
    if result["mode"] == "hotplug" and result["outcome"] == "fails":
        result["plug"] = "not-reached"
    return result


def run_cells(host, cells, inner, out):
    """Runs cells in as many boots as it takes, and calls out(result) for each as it is there. A cell during which the
    host itself is lost gets none: a nested boot may hit an assertion of the emulating QEMU. Gives how many were lost."""
    qemu = qemus.inner(inner, host.flavour.architecture)
    folders = [os.path.realpath(inner)] if os.path.isdir(inner) else []
    program = qemus.BINARIES[host.flavour.architecture]
    # The one inside an aarch64 host cannot run here: it is of the same package as the emulator.
    version = qemus.version(qemu if host.flavour.architecture == "x86" else qemus.outer("arm64"))
    rest, lost = list(cells), 0
    script = bind_lines(host.flavour) + f"""
chown -R 1000:1000 /dev/vfio /dev/iommu 2>/dev/null
chown 1000:1000 /dev/vfio/* /dev/vfio/devices/* 2>/dev/null
python3 {shlex.quote(GUEST)}/cells.py
"""
    while rest:
        job = {"qemu": qemu.command, "environment": qemu.environment, "program": program, "cells": rest}
        ended, found = run_job(host, script, folders, {"cells.json": json.dumps(job)}, ("results.jsonl",),
                               limit=120 + 150 * len(rest), silence=CELL_SILENCE)
        done = 0
        for line in found.get("results.jsonl", b"").decode().split("\n")[:-1]:
            result = json.loads(line)
            out(expect(result, rest[done], host, version))
            done += 1
        if done == len(rest):
            break
        if ended.status is not None or "lab: up" not in ended.log:
            complain(host, ended)
            raise LabError(f"{host.name}: {len(rest) - done} cells were not run")
        say(f"{host.name}: {ended.why}, at cell {json.dumps(rest[done].get('tags', {}))}; going on with the next")
        lost += 1
        rest = rest[done + 1:]
    return lost


def load_cells(paths):
    """Cells of JSON arrays and of JSON lines."""
    cells = []
    for path in paths:
        text = read(path if path != "-" else "/dev/stdin")
        try:
            cells += json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise LabError(f"{path}: no cells: {error}") from None
    for cell in cells:
        if not isinstance(cell, dict) or not isinstance(cell.get("argv"), list):
            raise LabError(f"a cell without argv: {json.dumps(cell)[:200]}")
    return cells


def copy_result(data, path):
    with open(path + ".new", "wb") as file:
        file.write(data)
    shutil.move(path + ".new", path)
