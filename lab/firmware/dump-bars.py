#!/usr/bin/env python3
"""dump-bars.py > data/qemu-bars.tsv: the BARs of QEMU's PCI devices, read from real binaries (fetch.sh first)."""
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

from qtest import HERE, Machine, Refused

DATA = os.path.join(HERE, "..", "..", "data")
SUITES = {"7.2": "bookworm", "10.0": "trixie", "11.1": "sid"}
SLOT = (0, 0x1e, 0)
NULL_DISK = ["-blockdev", "driver=null-co,node-name=d0,size=1073741824,read-zeroes=on"]
MEMDEV = ["-object", "memory-backend-ram,id=m0,size=1G,share=on,reserve=off"]
CAN = ["-object", "can-bus,id=c0"]
HOTPLUG = ["-m", "1G,slots=4,maxmem=16G"]

# What a model needs beside itself: (pattern of the name, its properties, other arguments).
NEEDS = [
    (r"virtio-blk.*", "drive=d0", NULL_DISK),
    (r"nvme", "drive=d0,serial=x", NULL_DISK),
    (r"virtio-9p.*", "fsdev=f0,mount_tag=t", ["-fsdev", "local,id=f0,path=/tmp,security_model=none"]),
    (r"virtio-crypto-pci", "cryptodev=c0", ["-object", "cryptodev-backend-builtin,id=c0"]),
    (r"virtio-(mem|pmem)-pci", "memdev=m0", MEMDEV + HOTPLUG),
    (r"ivshmem-plain", "memdev=m0", MEMDEV),
    (r"acpi-erst", "memdev=m0", ["-object", "memory-backend-ram,id=m0,size=64K"]),
    (r"pci-ipmi-.*", "bmc=b0", ["-device", "ipmi-bmc-sim,id=b0"]),
    (r"pci-serial", "chardev=s0", ["-chardev", "null,id=s0"]),
    (r"pci-serial-2x", "chardev1=s0,chardev2=s1", ["-chardev", "null,id=s0", "-chardev", "null,id=s1"]),
    (r"pci-serial-4x", "chardev1=s0,chardev2=s1", ["-chardev", "null,id=s0", "-chardev", "null,id=s1"]),
    (r"pci-bridge|pci-bridge-seat", "chassis_nr=9", []),
    (r"pcie-root-port|ioh3420|cxl-rp|.*-downstream", "chassis=9,slot=9", []),
    (r"pxb|pxb-pcie|pxb-cxl", "bus_nr=64", []),
    (r"virtio-sound.*", "audiodev=a0", ["-audiodev", "none,id=a0"]),
    (r"AC97|ac97|es1370|ES1370", "audiodev=a0", ["-audiodev", "none,id=a0"]),
    (r"kvaser_pci", "canbus=c0", CAN),
    (r"ctucan_pci|mioe3680_pci|pcm3680_pci", "canbus0=c0,canbus1=c0", CAN),
]

# Sizes that follow from properties: (model, properties, other arguments). The rule is in RULES.
VARIANTS = [
    *(("VGA", f"vgamem_mb={m}", []) for m in (1, 8, 32, 64, 128, 256)), ("VGA", "mmio=off", []),
    ("VGA", "qemu-extended-regs=off", []), ("VGA", "edid=off", []),
    ("secondary-vga", "vgamem_mb=64", []), ("bochs-display", "vgamem=64M", []),
    ("vmware-svga", "vgamem_mb=64", []), ("cirrus-vga", "vgamem_mb=16", []), ("ati-vga", "vgamem_mb=64", []),
    *(("qxl-vga", p, []) for p in ("ram_size=268435456", "vram_size=134217728", "vgamem_mb=64",
                                   "vram64_size_mb=512", "ram_size_mb=256", "vram_size_mb=128",
                                   "revision=2")),
    ("qxl", "ram_size=268435456", []), ("qxl", "vram64_size_mb=512", []),
    ("virtio-vga", "max_outputs=4", []), ("virtio-vga", "hostmem=1G", []), ("virtio-gpu-pci", "hostmem=1G", []),
    *(("virtio-blk-pci", f"drive=d0,{p}", NULL_DISK) for p in
      ("num-queues=4", "num-queues=127", "num-queues=128", "num-queues=256", "vectors=0", "vectors=200",
       "disable-legacy=on", "disable-legacy=off", "disable-modern=on,disable-legacy=off", "modern-pio-notify=on",
       "page-per-vq=on")),
    *(("virtio-net-pci", p, []) for p in ("vectors=2050", "vectors=129", "vectors=0", "romfile=", "rombar=0",
                                         "romsize=1048576", "disable-legacy=on", "page-per-vq=on")),
    *(("virtio-scsi-pci", p, []) for p in ("num_queues=200", "num_queues=1000")),
    *(("virtio-serial-pci", p, []) for p in ("max_ports=1", "max_ports=200")),
    *(("nvme", f"drive=d0,serial=x,{p}", NULL_DISK) for p in
      ("max_ioqpairs=1", "max_ioqpairs=200", "max_ioqpairs=1024", "msix_qsize=2048", "cmb_size_mb=64",
       "use-intel-id=on", "msix-exclusive-bar=on")),
    ("nvme", "drive=d0,serial=x,pmrdev=m0", NULL_DISK + MEMDEV),
    *(("pci-testdev", f"membar={m}", []) for m in ("4K", "1M", "1G", "3G", "16G")),
    ("pci-testdev", "membar=16G,membar-backed=on", []),
    *(("ivshmem-plain", "memdev=m0", ["-object", f"memory-backend-ram,id=m0,size={s},share=on,reserve=off"])
      for s in ("1M", "64M", "16G")),
    ("qemu-xhci", "p2=15,p3=15", []), ("qemu-xhci", "msix=off", []), ("qemu-xhci", "intrs=1", []),
    ("pcie-root-port", "chassis=9,slot=9,pref64-reserve=1G", []), ("pci-bridge", "chassis_nr=9,shpc=on", []),
    ("pci-bridge", "chassis_nr=9,shpc=off", []), ("pci-bridge", "chassis_nr=9,msi=off", []),
    ("pcie-pci-bridge", "shpc=off", []),
    ("megasas", "use_msi=on", []), ("megasas-gen2", "use_msix=off", []), ("vmxnet3", "romfile=", []),
    ("e1000e", "romfile=", []), ("igb", "romfile=", []), ("virtio-iommu-pci", "disable-legacy=off", []),
    ("rocker", "len-ports=0", []), ("edu", "dma_mask=0xffffffff", []), ("tulip", "romfile=", []),
    ("virtio-mem-pci", "memdev=m0,vectors=0", MEMDEV + HOTPLUG),
]

VIRTIO = ("io (bar0) unless disable-legacy=on or behind a port; msi-x (bar1) = 16 bytes and a bit for each of vectors, a "
          "power of two of at least 4K, none with vectors=0 or more than 2048; modern (bar4) = 16K, with page-per-vq=on "
          "8M; virtio-gpu and -vga since 8.0: hostmem takes bar4, modern is bar2")
QXL = "bar0 = ram_size_mb, at least 2 * vgamem_mb; bar1 = vram_size_mb; bar4 = vram64_size_mb if larger than bar1"
RULES = {
    "VGA": "bar0 = vgamem_mb MiB; bar2 (4K) unless mmio=off",
    "secondary-vga": "bar0 = vgamem_mb MiB; bar2 = 4K",
    "bochs-display": "bar0 = vgamem",
    "vmware-svga": "bar1 = vgamem_mb MiB; bar2 = FIFO",
    "ati-vga": "bar0 = vgamem_mb MiB",
    "cirrus-vga": "bar0 = 32M whatever vgamem_mb",
    "qxl": QXL,
    "qxl-vga": QXL,
    "ivshmem-plain": "bar2 = size of memdev",
    "ivshmem-doorbell": "bar2 = size of the shared memory that the server hands out",
    "pci-testdev": "bar2 = membar, a power of two; none if 0",
    "nvme": "bar0 = registers, 8 bytes per queue, and msi-x of msix_qsize; bar2 = cmb_size_mb; bar4 = size of pmrdev",
    "pci-bridge": "bar0 only with shpc=on",
    "pcie-pci-bridge": "bar0 only with shpc=on",
}


def models():
    """PCI models of data/qemu-devices*.tsv and the versions that have them."""
    found = {}
    for name in ("qemu-devices.tsv", "qemu-devices-modules.tsv"):
        with open(os.path.join(DATA, name), encoding="utf-8") as table:
            for line in table:
                fields = line.rstrip("\n").split("\t")
                if len(fields) == 3 and fields[1] == "PCI" and not line.startswith("#"):
                    found.setdefault(fields[0], set()).update(fields[2].split())
    return found


def needs(model):
    for pattern, properties, args in NEEDS:
        if re.fullmatch(pattern, model):
            return properties, args
    return "", []


def place(where, device):
    """Arguments that put a device on the root bus of pc or q35, behind a root port, or below a switch's upstream."""
    port = ["-device", "pcie-root-port,id=p0,addr=1e.0,chassis=1"]
    if where in ("pc", "q35"):
        return ["-machine", where, "-device", f"{device},addr=1e.0"]
    if where == "port":
        return ["-machine", "q35", *port, "-device", f"{device},bus=p0"]
    return ["-machine", "q35", *port, "-device", "x3130-upstream,id=u0,bus=p0", "-device", f"{device},bus=u0"]


def target(machine, where):
    if where == "port":
        machine.set_bus(SLOT, 1)
        return (1, 0, 0)
    if where == "switch":
        machine.set_bus(SLOT, 1)
        machine.write((0, 0x1e, 0), 0x18, 0x00ff0100)
        machine.set_bus((1, 0, 0), 2)
        return (2, 0, 0)
    return SLOT


def describe(machine, bdf):
    """The columns after `properties`, as a tuple that can be compared."""
    bars = " ".join(f"{i}:{kind}:{size:#x}" for i, kind, size in machine.bars(bdf))
    vendor, device = machine.ids(bdf)
    return (f"{vendor:04x}:{device:04x}", f"{machine.class_code(bdf):06x}",
            {0: "device", 1: "bridge", 2: "cardbus"}[machine.header(bdf)], bars or "-")


def probe(job):
    """(job, columns or None, why not)."""
    model, properties, args, version, where = job
    device = ",".join(filter(None, [model, properties]))
    try:
        with Machine(SUITES[version], ["-nodefaults", *args, *place(where, device)]) as machine:
            bdf = target(machine, where)
            if machine.ids(bdf)[0] == 0xffff:
                return job, None, "not on this bus"
            return job, describe(machine, bdf), ""
    except Refused as error:
        return job, None, str(error).splitlines()[-1] if str(error) else "no answer"


def jobs():
    known = models()
    cases = [(m, *needs(m)) for m in known] + VARIANTS
    for model, properties, args in cases:
        for version in SUITES:
            if version in known[model]:
                for where in ("pc", "q35", "port", "switch"):
                    if where != "switch" or re.search("downstream", model):
                        yield model, properties, args, version, where


def shown_properties(properties, args):
    """The properties that matter, without the ids of backends; a memdev's size comes from its object."""
    kept = [p for p in properties.split(",") if p and not re.match(
        r"(drive|serial|fsdev|mount_tag|cryptodev|bmc|chardev\d?|chassis(_nr)?|slot|bus_nr|audiodev|canbus\d?)=", p)]
    size = re.search(r"memory-backend-ram,id=m0,size=(\w+)", " ".join(args))
    return ",".join(re.sub(r"^(memdev|pmrdev)=m0", rf"\1:size={size and size[1]}", p) for p in kept) or "-"


def merged(results):
    """One row per model, properties and columns; with the versions and the places where it holds."""
    rows = {}
    for (model, properties, args, version, where), columns, _ in results:
        if columns:
            key = (model, shown_properties(properties, args), columns)
            rows.setdefault(key, {}).setdefault(where, set()).add(version)
    for (model, properties, columns), places in rows.items():
        by_versions = {}
        for where, versions in places.items():
            by_versions.setdefault(tuple(v for v in SUITES if v in versions), []).append(where)
        for versions, wheres in by_versions.items():
            yield model, properties, " ".join(versions), " ".join(wheres), *columns


def builtin(version, machine_type, args, label):
    with Machine(SUITES[version], ["-machine", machine_type, *args]) as machine:
        for bdf in machine.devices():
            yield f"{label}:{bdf[1]:02x}.{bdf[2]}", version, machine_type, describe(machine, bdf)


def builtins():
    """What is on bus 0 with -nodefaults ("builtin:SLOT.FUNCTION"), and what comes without it ("default:...")."""
    rows = {}
    for version in SUITES:
        for machine_type in ("pc", "q35"):
            bare = list(builtin(version, machine_type, ["-nodefaults"], "builtin"))
            usual = builtin(version, machine_type, [], "default")
            slots = {name.split(":")[1] for name, *_ in bare}
            for name, *_, columns in bare + [d for d in usual if d[0].split(":")[1] not in slots]:
                rows.setdefault((name, machine_type, columns), []).append(version)
    for (name, machine_type, columns), versions in rows.items():
        yield name, "-", " ".join(versions), machine_type, *columns


HEADER = """\
# BARs of QEMU's PCI devices, sized as firmware would do it in real binaries (Debian's 7.2, 10.0 and 11.1; each with
# its newest machine type). Made by lab/firmware/dump-bars.py.
#
# driver      model; builtin:SLOT.FUNCTION for what a machine always has on bus 0, default:SLOT.FUNCTION for what it
#             gets without -nodefaults
# properties  "-" for the defaults, else what was set ("memdev:size=" is the size of the memory backend)
# versions    in which this row holds
# where       pc, q35: on the root bus of that machine; port: behind a pcie-root-port; switch: below x3130-upstream.
#             (virtio has no I/O BAR behind a port. On a conventional bridge a device is as on pc.)
# id, class   vendor:device; class, subclass, programming interface
# header      device or bridge (PCI-to-PCI)
# bars        INDEX:KIND:SIZE, KIND is io, mem32, mem64, with "p" if prefetchable; "rom" is the option ROM's BAR (a
#             power of two of at least the ROM file's size, or romsize=; absent with romfile= or rombar=0)
# rule        how the size follows from properties
"""


def note_of(model):
    return RULES.get(model, VIRTIO if model.startswith("virtio-") else "-")


def main():
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(probe, jobs()))
    done = {job[0] for job, columns, _ in results if columns}
    print(HEADER, end="")
    print("\t".join(("driver", "properties", "versions", "where", "id", "class", "header", "bars", "rule")))
    for row in [*sorted(merged(results)), *sorted(builtins())]:
        print("\t".join((*row, note_of(row[0]))))
    for job, _, why in results:
        if job[0] not in done:
            print(*job[:1], job[3], job[4], why, sep="\t", file=sys.stderr)


if __name__ == "__main__":
    main()
