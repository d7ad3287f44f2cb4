# SPDX-License-Identifier: LGPL-2.1-or-later
"""A root folder of a host with as many PCI devices as wanted: an Intel machine with eight IOMMU units."""
import os
import struct

UNITS = 8
DEVICES_PER_GROUP = 4
CPU = """processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Synthetic
flags\t\t: fpu vme de pse tsc msr pae vmx la57
address sizes\t: 46 bits physical, 57 bits virtual
"""


def address(number):
    return f"{number >> 13:04x}:{number >> 8 & 0x1f:02x}:{number >> 3 & 0x1f:02x}.{number & 7}"


def config_space(number):
    """A network card's header with one memory BAR."""
    header = bytearray(256)
    struct.pack_into("<HHHHBBBB", header, 0, 0x8086, 0x1572, 0x0006, 0x0010, 1, 0x00, 0x00, 0x02)
    struct.pack_into("<I", header, 0x10, 0xd000000c)
    struct.pack_into("<HH", header, 0x2c, 0x8086, number & 0xffff)
    return bytes(header)


class Root:
    def __init__(self, folder):
        self.folder = folder

    def file(self, path, content):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())

    def link(self, path, target):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)


def add_device(root, number):
    bdf, group = address(number), number // DEVICES_PER_GROUP
    folder = f"sys/devices/pci0000:00/{bdf}"
    for name, content in (("vendor", "0x8086\n"), ("device", "0x1572\n"), ("class", "0x020000\n"),
                          ("subsystem_vendor", "0x8086\n"), ("subsystem_device", "0x0001\n"), ("irq", "0\n"),
                          ("numa_node", "0\n"), ("config", config_space(number)),
                          ("resource", "0x00000000d0000000 0x00000000d07fffff 0x000000000014220c\n"
                           + "0x0000000000000000 0x0000000000000000 0x0000000000000000\n" * 12)):
        root.file(f"{folder}/{name}", content)
    root.link(f"{folder}/iommu", f"../../virtual/iommu/dmar{number % UNITS}")
    root.link(f"{folder}/iommu_group", f"../../../kernel/iommu_groups/{group}")
    root.link(f"{folder}/driver", "../../../bus/pci/drivers/i40e")
    root.link(f"sys/bus/pci/devices/{bdf}", f"../../../devices/pci0000:00/{bdf}")
    root.link(f"sys/kernel/iommu_groups/{group}/devices/{bdf}", f"../../../../devices/pci0000:00/{bdf}")


def make_root(folder, devices):
    root = Root(folder)
    root.file("proc/version", "Linux version 6.12.43 (x@y) (gcc) #1 SMP\n")
    root.file("proc/cmdline", "intel_iommu=on\n")
    root.file("proc/cpuinfo", CPU)
    root.file("proc/misc", "257 iommu\n196 vfio\n")
    os.makedirs(os.path.join(folder, "sys/bus/pci/drivers/i40e"))
    for unit in range(UNITS):
        path = f"sys/devices/virtual/iommu/dmar{unit}"
        root.file(f"{path}/intel-iommu/cap", "d2008c40660462\n")
        root.file(f"{path}/intel-iommu/ecap", "f050da\n")
        root.file(f"{path}/intel-iommu/version", "1:0\n")
        root.link(f"sys/class/iommu/dmar{unit}", f"../../devices/virtual/iommu/dmar{unit}")
    for group in range((devices + DEVICES_PER_GROUP - 1) // DEVICES_PER_GROUP):
        root.file(f"sys/kernel/iommu_groups/{group}/type", "DMA-FQ\n")
        root.file(f"sys/kernel/iommu_groups/{group}/reserved_regions",
                  "0x00000000fee00000 0x00000000feefffff msi\n")
    for number in range(devices):
        add_device(root, number)
    return folder
