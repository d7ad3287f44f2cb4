# SPDX-License-Identifier: LGPL-2.1-or-later
"""From what QEMU printed to the messages that `iommufit check` predicts.

messages  the lines about this VM's devices and IOMMU, in order: without timestamp, program name and the option or file
          that they were reported for; addresses of QEMU's own memory as PTR; numbers that depend on the run (file
          descriptors, object ids) as N; a warning keeps its "warning: "; the error text of device_add comes last
notes     lines about something else (NOISE below)
plug      of a hot-plug cell: accepted, refused, kills-vm, or not-reached
"""
import os
import re

NOISE = (
    r"^(warning: )?Machine type '.*' is deprecated",
    r"^vfio: Cannot reset device ",
    r"KVM VFIO device isn't created yet$",
    r"^(warning: )?(host|TCG) doesn't support requested feature",
    r"^warning: Number of .* exceeds the recommended",
)
MASKS = (
    (r"(vfio_(?:container_)?dma_(?:un)?map)\(0x[0-9a-f]+,", r"\1(PTR,"),
    (r"(vfio_(?:container_)?dma_map\([^)]*,) (?:0x[0-9a-f]+|\(nil\))\)", r"\1 PTR)"),
    (r"\b[Cc]ontainer 0x[0-9a-f]+", "Container PTR"),
    (r"\b(fd|iommufd)=\d+", r"\1=N"),
    (r"\((\d+)\) to id=\d+", r"(N) to id=N"),
    (r"\(\d+\) pasid (\d+) to id=\d+", r"(N) pasid \1 to id=N"),
    (r"\bObject 0x[0-9a-f]+ is not", "Object PTR is not"),
    (r"\b(hiodi|idev) devid 0x[0-9a-f]+", r"\1 devid N"),
)


def strip_prefixes(line, argv):
    program = re.escape(os.path.basename(argv[0]))
    line = re.sub(r"^\d{4}-\d\d-\d\dT[\d:.]+Z ", "", line)
    line = re.sub(rf"^(\S*/)?({program}|qemu-system-\w+|qemu-kvm|kvm|qemu): ", "", line)
    options = [(argv[i].lstrip("-"), argv[i + 1]) for i in range(len(argv) - 1) if argv[i].startswith("-")]
    for name, value in sorted(options, key=lambda o: -len(o[1])):
        for dash in ("-", "--"):
            if line.startswith(f"{dash}{name} {value}: "):
                return line[len(f"{dash}{name} {value}: "):]
    return re.sub(r"^[^\s:]+\.(cfg|conf|ini):\d+: ", "", line)


def messages(argv, stderr, device_add_error=None):
    kept, notes = [], []
    dump = False
    for line in stderr.splitlines() + ([device_add_error] if device_add_error else []):
        if line is device_add_error:
            dump = False
        if dump:
            continue  # the register dump that follows "hardware error"
        line = line.rstrip()
        line = strip_prefixes(line, argv)
        warning = line.startswith("warning: ")
        if warning:
            line = strip_prefixes(line[len("warning: "):], argv)
        if line.startswith("warning: "):
            warning, line = True, line[len("warning: "):]
        for pattern, with_ in MASKS:
            line = re.sub(pattern, with_, line)
        if not line.strip():
            continue
        line = ("warning: " if warning else "") + line
        (notes if any(re.search(p, line) for p in NOISE) else kept).append(line)
        dump = line.startswith("hardware error: ")
    return kept, notes


def normalise(cell):
    qmp = cell.get("qmp")
    error = qmp.get("desc") if isinstance(qmp, dict) else None
    cell["messages"], cell["notes"] = messages(cell["argv"], cell["stderr"], error)
    if cell["mode"] == "hotplug":
        if cell["exit"] < 0:
            cell["plug"] = "kills-vm"
        elif isinstance(qmp, dict) and "return" in qmp:
            cell["plug"] = "accepted"
        else:
            cell["plug"] = "refused"
    return cell
