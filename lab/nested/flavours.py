# SPDX-License-Identifier: LGPL-2.1-or-later
"""Host flavours: a name to QEMU's options and the kernel's words.

A name is a base and words joined by "-" (intel39-pb46-noir), or a base and settings (intel:aw=39,pb=46,ir=off), or
both (intel48-pt:pb=42). Unknown words and settings, and settings that a base has no use for, are refused.
"""
import re

from paths import LabError

# Words after the base: what each sets.
WORDS = {
    "noir": {"ir": "off"},
    "unsafe": {"unsafe": "on"},
    "pt": {"dma": "pt"},
    "off": {"dma": "off"},
    "dflt": {"dma": "default"},
    "snoop": {"snoop": "on"},
    "fsts": {"fs": "on"},
    "no1g": {"fs1gp": "off"},
    "pasid": {"pasid": "16", "snoop": "on", "ats": "on"},
    "dr": {"dr": "on", "xt": "on"},
    "nested": {"stage": "nested"},
    "s1": {"stage": "1"},
    "s2": {"stage": "2"},
    "dev": {"dev": "on"},
    "dt": {"dt": "on"},
    "gicv2": {"gic": "2"},
    "noits": {"its": "off"},
    "viable": {"mate": "driver"},
    "nodev": {"devices": "none"},
}
# What every host has, whatever its IOMMU. pb: CPU address bits; dma: the kernel's words about its IOMMU;
# mate: whether the other device of the bridge's group keeps its driver; devices: those to assign.
COMMON = {"pb": "40", "unsafe": "off", "mate": "none", "devices": "all"}
INTEL = {"model": "intel", "aw": "48", "ir": "on", "sm": "off", "fs": "off", "fs1gp": "on", "pasid": "0", "ats": "off", "snoop": "off",
         "dma": "on", **COMMON}
VIRTIO = {"model": "virtio", "aw": "default", "granule": "default", **COMMON}
ARM = {"dt": "off", "gic": "3", "its": "on", "dma": "on", **COMMON}
# Bases: architecture and the settings that it knows, with their defaults.
BASES = {
    "intel": ("x86", INTEL),
    "intel39": ("x86", {**INTEL, "aw": "39"}),
    "intel48": ("x86", INTEL),
    "intelsm": ("x86", {**INTEL, "sm": "on"}),
    "intelsm39": ("x86", {**INTEL, "sm": "on", "aw": "39"}),
    "amd": ("x86", {"model": "amd", "ir": "on", "dr": "off", "xt": "off", "dma": "on", **COMMON}),
    "virtio": ("x86", VIRTIO),
    "virtio-dflt": ("x86", VIRTIO),
    "virtio39": ("x86", {**VIRTIO, "aw": "39"}),
    "virtio48": ("x86", {**VIRTIO, "aw": "48"}),
    "virtio64": ("x86", {**VIRTIO, "aw": "64"}),
    "none": ("x86", {"model": "none", **COMMON}),
    "arm-smmu": ("arm64", {"model": "smmu", "stage": "default", "dev": "off", **ARM}),
    "arm-virtio": ("arm64", {**VIRTIO, **ARM}),
    "arm-virtio39": ("arm64", {**VIRTIO, "aw": "39", **ARM}),
    "arm-virtio48": ("arm64", {**VIRTIO, "aw": "48", **ARM}),
    "arm-virtio64": ("arm64", {**VIRTIO, "aw": "64", **ARM}),
    "arm-none": ("arm64", {"model": "none", **ARM}),
}
SWITCH = ("on", "off")
VALUES = {
    "aw": r"default|\d\d", "pb": r"3[2-9]|4\d|5[0-2]", "ir": SWITCH, "sm": SWITCH, "fs": SWITCH, "fs1gp": SWITCH, "pasid": r"\d|1\d|20",
    "ats": SWITCH, "snoop": SWITCH, "dma": ("on", "pt", "off", "default"), "unsafe": SWITCH, "mate": ("driver", "none"),
    "devices": ("all", "none"), "dr": SWITCH, "xt": SWITCH, "stage": ("default", "1", "2", "nested"), "dev": SWITCH, "dt": SWITCH,
    "gic": ("2", "3"), "its": SWITCH, "granule": ("default", "4k", "16k", "64k", "host"),
}
# Where the devices sit that are to be assigned. 00:0a.1 keeps its driver in the same slot; 02:02.0 shares a group.
DEVICES = {
    "x86": ("0000:00:05.0", "0000:00:06.0", "0000:00:07.0", "0000:00:08.0", "0000:00:09.0", "0000:00:0a.0", "0000:01:00.0",
            "0000:02:01.0"),
    "arm64": ("0000:00:05.0", "0000:00:06.0", "0000:00:07.0", "0000:00:09.0", "0000:01:00.0"),
}
MATE = "0000:02:02.0"


class Flavour:
    """What a name stands for."""

    def __init__(self, name, architecture, settings):
        self.name, self.architecture, self.settings = name, architecture, settings

    def __getitem__(self, key):
        return self.settings.get(key)

    def is_on(self, key):
        return self.settings.get(key) == "on"

    def bdfs(self):
        if self["devices"] == "none":
            return []
        return [bdf for bdf in DEVICES[self.architecture] if not (self["model"] == "virtio" and bdf.startswith("0000:02:"))]


def parse(name):
    head, _, tail = name.partition(":")
    bases = [base for base in BASES if head == base or head.startswith(base + "-")]
    if not bases:
        raise LabError(f"no host flavour {name}: the bases are {', '.join(BASES)}")
    base = max(bases, key=len)
    architecture, defaults = BASES[base]
    settings = {}
    for word in filter(None, head[len(base):].split("-")):
        width = re.fullmatch(r"pb(\d+)", word)
        if width:
            settings["pb"] = width.group(1)
        elif word in WORDS:
            settings.update(WORDS[word])
        else:
            raise LabError(f"{name}: no word {word}: {', '.join(WORDS)} or pbNN")
    for setting in filter(None, tail.split(",")):
        key, is_set, value = setting.partition("=")
        if not is_set:
            raise LabError(f"{name}: {setting} is not key=value")
        settings[key] = value
    for key, value in settings.items():
        if key not in defaults or key == "model":
            raise LabError(f"{name}: {base} knows no {key}")
        fits = value in VALUES[key] if isinstance(VALUES[key], tuple) else re.fullmatch(VALUES[key], value)
        if not fits:
            raise LabError(f"{name}: {key} cannot be {value}")
    flavour = Flavour(name, architecture, {**defaults, **settings})
    if architecture == "arm64" and flavour["dma"] not in ("on", "pt"):
        raise LabError(f"{name}: Arm's drivers know no dma={flavour['dma']}")
    if flavour.is_on("fs") and not flavour.is_on("sm"):
        raise LabError(f"{name}: a first stage needs scalable mode")
    return flavour


def intel_words(flavour):
    words = {"on": ["intel_iommu=on"], "pt": ["intel_iommu=on", "iommu=pt"], "off": ["intel_iommu=off"], "default": []}[flavour["dma"]]
    return [w + ",sm_on" if w == "intel_iommu=on" and flavour.is_on("sm") else w for w in words]


def amd_words(flavour):
    return {"on": ["amd_iommu=on"], "pt": ["iommu=pt"], "off": ["amd_iommu=off"], "default": []}[flavour["dma"]]


def arm_words(flavour):
    return ["iommu.passthrough=1"] if flavour["dma"] == "pt" else []


def kernel_words(flavour):
    words = {"intel": intel_words, "amd": amd_words}.get(flavour["model"], arm_words)(flavour)
    if flavour.is_on("unsafe"):
        words = words + ["vfio_iommu_type1.allow_unsafe_interrupts=1", "iommufd.allow_unsafe_interrupts=1"]
    return words


def options(*pairs):
    """device,key=value,… of those pairs that have a value."""
    return ",".join(f"{key}={value}" for key, value in pairs if value is not None)


def intel_device(flavour, old):
    sm, fs = (flavour.is_on(key) or None for key in ("sm", "fs"))
    names = {"sm": "x-scalable-mode", "fs": "x-flts"} if old else {"sm": "scalable-mode", "fs": "fsts"}
    return "intel-iommu," + options(
        ("intremap", flavour["ir"]), ("aw-bits", flavour["aw"]), (names["sm"], sm and "on"), (names["fs"], fs and "on"),
        ("fs1gp", "off" if flavour["fs1gp"] == "off" else None), ("pasid-bits", None if flavour["pasid"] == "0" else flavour["pasid"]),
        ("device-iotlb", "on" if flavour.is_on("ats") else None), ("snoop-control", "on" if flavour.is_on("snoop") else None))


def amd_device(flavour, _old):
    return "amd-iommu," + options(("intremap", flavour["ir"]), ("xtsup", "on" if flavour.is_on("xt") else None),
                                  ("dma-remap", "on" if flavour.is_on("dr") else None))


def virtio_device(flavour, _old):
    given = {key: None if flavour[key] == "default" else flavour[key] for key in ("aw", "granule")}
    return "virtio-iommu-pci," + options(("addr", "02.0"), ("aw-bits", given["aw"]), ("granule", given["granule"]))


def has_smmu_device(flavour):
    """The machine's own SMMU takes no stage: virt gives it one, over -global's."""
    return flavour["model"] == "smmu" and (flavour.is_on("dev") or flavour["stage"] != "default")


def smmu_device(flavour, _old):
    stage = None if flavour["stage"] == "default" else flavour["stage"]
    return "arm-smmuv3," + options(("primary-bus", "pcie.0"), ("id", "smmu0"), ("stage", stage)) if has_smmu_device(flavour) else None


def iommu_arguments(flavour, old):
    make = {"intel": intel_device, "amd": amd_device, "virtio": virtio_device, "smmu": smmu_device}.get(flavour["model"])
    device = make(flavour, old) if make else None
    return ["-device", device] if device else []


def machine(flavour):
    if flavour.architecture == "x86":
        return "q35,kernel-irqchip=split"
    words = ["virt", f"gic-version={flavour['gic']}", "virtualization=on"] + ([] if flavour.is_on("its") else ["its=off"])
    if flavour["model"] == "smmu" and not has_smmu_device(flavour):
        words.append("iommu=smmuv3")
    if flavour.is_on("dt"):
        words.append("acpi=off")
    return ",".join(words)


def cpu(flavour):
    if flavour.architecture == "arm64":
        return "max"
    return ("EPYC" if flavour["model"] == "amd" else "max,+svm") + f",phys-bits={flavour['pb']}"


def device_arguments(flavour):
    """The devices of the host. No bridge for conventional PCI beside a virtio-iommu: Linux then drops the whole unit
    without a word, as QEMU's VIOT names no endpoint there."""
    if flavour["devices"] == "none":
        return []
    lines = ["-device e1000e,addr=05.0,mac=52:54:00:00:00:05", "-device e1000e,addr=06.0,mac=52:54:00:00:00:06",
             "-device pci-testdev,membar=16G,addr=07.0", "-drive if=none,id=nv,driver=null-co,size=1G,read-zeroes=on",
             "-device nvme,drive=nv,serial=lab9,addr=09.0", "-device pcie-root-port,id=rp1,addr=0c.0,chassis=1,slot=1",
             "-device e1000e,bus=rp1,mac=52:54:00:00:00:0c"]
    if flavour.architecture == "x86":
        lines += ["-object memory-backend-ram,id=ivm,size=1G,reserve=off,share=on", "-device ivshmem-plain,memdev=ivm,addr=08.0",
                  "-device e1000e,addr=0a.0,multifunction=on,mac=52:54:00:00:00:0a",
                  "-drive if=none,id=vb,driver=null-co,size=1G,read-zeroes=on", "-device virtio-blk-pci,drive=vb,addr=0a.1"]
        if flavour["model"] != "virtio":
            lines += ["-device pcie-pci-bridge,id=br1,addr=0d.0", "-device e1000,bus=br1,addr=1,mac=52:54:00:00:00:b1",
                      "-device e1000,bus=br1,addr=2,mac=52:54:00:00:00:b2"]
    return " ".join(lines).split()


def arguments(flavour, old=False):
    """QEMU's options for such a host. old: of QEMU 7.2, which calls some by other names."""
    return ["-M", machine(flavour), "-cpu", cpu(flavour), *iommu_arguments(flavour, old), *device_arguments(flavour)]
