#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random cells for the lab: a host flavour, a QEMU version and a command line each, one JSON object per line.

    draw.py SEED COUNT [--hosts NAME,NAME...] [--qemu 11.1,10.0,7.2] [--mode init|hotplug|boot] [--skip N]

A cell depends on SEED and its index alone, given the same hosts and versions. Most devices are what a user would
write and most VMs start or fail for one reason; about a third of the cells carries one mistake or rarity more. Real RAM
is small, because VFIO pins all of it; RAM that must not fit the host is made large without being reserved.
"""
import argparse
import json
import random

G = 1 << 30
M = 1 << 20

# How often a host is drawn. Hosts on which no device can be assigned at all say little, so they are rare.
HOSTS = {
    "intel39-pb39": 6, "intel39-pb46": 6, "intel48-pb39": 5, "intel48-pb46": 6, "intel48-pb48": 6, "intel48-dflt": 1,
    "intel48-noir": 2, "intel48-noir-unsafe": 4, "intel48-off": 1, "intel48-pt": 4, "intel48-snoop": 4,
    "intel48-pb48-viable": 4, "intel48-pb39-nodev": 1, "intelsm-pb46": 5, "intelsm39": 5, "intelsm-fsts-pb48": 6,
    "intelsm-fsts-no1g": 5, "intelsm-pasid": 6, "amd-pb40": 5, "amd-pb48": 6, "amd-dr-pb48": 5, "amd-pb48-viable": 4,
    "virtio39": 1, "virtio39-unsafe": 4, "virtio48-unsafe": 4, "virtio64-unsafe": 4, "virtio-dflt": 1,
    "virtio-dflt-unsafe": 4, "none-pb40": 1, "none-pb46": 1,
}
QEMU = {"11.1": 9, "10.0": 6, "7.2": 3}
RELEASES = ("4.2", "5.1", "5.2", "6.0", "6.1", "6.2", "7.0", "7.1", "7.2", "8.0", "8.1", "8.2", "9.0", "9.1", "9.2",
            "10.0", "10.1", "10.2", "11.0", "11.1")
OLDEST = {"11.1": "5.2", "10.0": "5.1", "7.2": "4.2"}

# Functions of the lab's hosts. Those behind the bridge share one group and do not exist on virtio-iommu hosts.
PLAIN = ("0000:00:05.0", "0000:00:06.0", "0000:00:07.0", "0000:00:08.0", "0000:00:09.0", "0000:00:0a.0",
         "0000:01:00.0")
BRIDGED = ("0000:02:01.0", "0000:02:02.0")
UNUSABLE = ("0000:00:1e.0", "0000:00:1f.2", "0000:00:0a.1", "0000:ff:00.0", "0000:00:03.0")

CPUS_TCG = ("max", "max", "max", "qemu64", "EPYC", "Skylake-Server", "Opteron_G3", "Haswell", "qemu32", "kvm64",
            "Nehalem", "EPYC-Milan")
CPUS_KVM = ("host", "host", "host", "max", "EPYC", "qemu64", "Skylake-Server", "kvm64")
PHYS_BITS = (36, 38, 39, 39, 40, 42, 44, 45, 46, 46, 48, 52)
ODD_BITS = (0, 31, 32, 33, 53, 57, 64)


def version(text):
    return tuple(int(part) for part in text.split("."))


def host_width(host):
    """Bits of what the host's IOMMU maps; 0 where nothing ends early."""
    if "39" in host.split("-")[0]:
        return 39
    if "fsts" in host:
        return 47
    return 48 if host.startswith("intel") else 0


class Cell:
    """One command line while it is drawn: blocks of words, put in order at the end."""

    def __init__(self, rng, host, qemu, mode):
        self.rng, self.host, self.qemu, self.mode = rng, host, qemu, mode
        self.new = version(qemu) >= (11, 0)
        self.iommufd = version(qemu) >= (9, 0)
        self.head, self.viommu, self.buses, self.devices, self.memory, self.objects = [], [], [], [], [], []
        self.more = {}
        self.places = []        # what a device may be given as its place
        self.expanded = False   # a device without bus= may go to an expander then, which refuses it
        self.mistakes = 1 if rng.random() < 0.3 else 0
        self.kvm = rng.random() < (0.75 if mode == "boot" else 0.22)
        self.q35 = True
        self.top = 0            # where memory ends, roughly
        self.keeps_hole = False     # RAM goes on over AMD's hole: with a vCPU that does not look like AMD's

    def chance(self, share):
        return self.rng.random() < share

    def mistake(self, share):
        """True where the one mistake of this cell is to be made; never in a cell without."""
        if self.mistakes and self.chance(share * 3):
            self.mistakes -= 1
            return True
        return False

    # The board

    def draw_machine(self):
        rng = self.rng
        known = [r for r in RELEASES if version(OLDEST[self.qemu]) <= version(r) <= version(self.qemu)]
        kind = rng.choices(("q35", "pc-q35", "pc", "pc-i440fx", "microvm"), (42, 44, 4, 6, 2))[0]
        if kind in ("pc-q35", "pc-i440fx"):
            kind += "-" + rng.choice(RELEASES if self.mistake(0.04) else known)
        self.q35 = "q35" in kind
        self.machine = kind
        words = [kind]
        if self.kvm:
            words += [rng.choices(("kernel-irqchip=split", "kernel-irqchip=on", ""), (70, 12, 18))[0]]
        if self.q35 and self.chance(0.05):
            words.append("default_bus_bypass_iommu=on")
        if kind.startswith("pc") and self.chance(0.03):
            words.append("smm=off")
        self.machine_words = words
        return kind

    def draw_cpu(self):
        rng = self.rng
        wide = self.top >= 900 * G and not self.mistake(0.15)   # needs more than the default of 40 bits
        if self.chance(0.45) and self.mode != "boot" and not wide and not self.keeps_hole:
            return []
        cpu = rng.choice(CPUS_KVM if self.kvm else CPUS_TCG)
        if self.keeps_hole or (wide and cpu == "qemu32"):
            cpu = rng.choice(("Skylake-Server", "Haswell", "Nehalem")) if self.keeps_hole else "max"
        bits = [n for n in PHYS_BITS if 1 << n > self.top * 1.1 + 40 * G] if not self.mistake(0.1) else PHYS_BITS
        phys = rng.choice(bits)
        words = [cpu]
        if cpu == "host" and (wide or self.chance(0.2)):
            words.append("host-phys-bits=off")
        elif self.kvm and cpu != "host" and self.chance(0.3) and not wide:
            words.append("host-phys-bits=on")
        if cpu != "qemu32" or self.mistake(0.2):
            has_phys = wide or self.chance(0.55)
            if has_phys:
                words.append(f"phys-bits={rng.choice(ODD_BITS) if self.mistake(0.1) else phys}")
            if self.chance(0.2):
                words.append(f"host-phys-bits-limit={rng.choice(ODD_BITS if self.mistake(0.1) else bits)}")
            if self.chance(0.22) and (version(self.qemu) >= (9, 1) or self.mistake(0.3)):
                fitting = [n for n in PHYS_BITS if n <= (phys if has_phys else 40)]
                guest = rng.choice(ODD_BITS if self.mistake(0.1) else PHYS_BITS if self.mistake(0.2) else fitting)
                words.append(f"guest-phys-bits={guest}")
        return ["-cpu", ",".join(words)]

    # Memory

    def dimm_address(self):
        """Around everything that ends or begins: the host's width, AMD's hole, and plain places."""
        rng = self.rng
        width = host_width(self.host)
        edges = [8 * G, 64 * G, 256 * G, 600 * G, 0xfd00000000, 1 << 39, 1 << 40, 1 << 47, 1 << 48]
        if width:
            edges += [1 << width] * 3
        edge = rng.choice(edges)
        return edge + rng.choice((0, 0, -128 * M, -256 * M, -G, 128 * M, G, -64 * M))

    def draw_dimms(self, maxmem):
        rng = self.rng
        count = rng.choice((1, 1, 1, 2))
        for i in range(count):
            size = rng.choice((64, 128, 128, 256))
            self.objects.append(["-object", f"memory-backend-ram,id=pm{i},size={size}M"])
            driver = rng.choices(("pc-dimm", "virtio-mem-pci"), (75, 25))[0]
            hot = self.mode == "hotplug" and i == 0 and self.chance(0.6)
            props = {"memdev": f"pm{i}", "id": f"dimm{i}"}
            if self.chance(0.75):
                address = max(self.dimm_address(), 4 * G) if self.chance(0.8) else rng.choice((4 * G, 5 * G, 6 * G))
                if address < maxmem or self.mistake(0.5):
                    props["addr" if driver == "pc-dimm" else "memaddr"] = address
            if driver == "virtio-mem-pci":
                if self.chance(0.7):
                    props["requested-size"] = rng.choice((0, 32, size // 2, size)) * M
                if self.chance(0.3):
                    props["block-size"] = rng.choice((2, 4, 8)) * M
            if hot:
                if driver == "virtio-mem-pci":
                    bus = self.hot_bus()
                    if bus:
                        props["bus"] = bus
                self.more["add"] = dict({"driver": driver}, **props)
            else:
                words = ",".join(f"{k}={hex(v) if k in ('addr', 'memaddr') else v}" for k, v in props.items())
                self.memory.append(["-device", f"{driver},{words}"])

    def draw_memory(self):
        rng = self.rng
        size = rng.choice((64, 64, 64, 96, 128, 128, 192, 256, 512))
        if self.mode == "boot":
            size = rng.choice((128, 256))
        width = host_width(self.host)
        if self.q35 and self.mode != "boot" and (width == 39 or self.host.startswith("amd")) and self.chance(0.05):
            # More RAM than the host can map: refused at the first address that does not fit, before any is pinned.
            size = rng.choice((520, 600, 800)) if width == 39 else rng.choice((1016, 1020, 1030))
            self.objects.append(["-object", f"memory-backend-ram,id=ram0,size={size}G,reserve=off"])
            self.machine_words += ["memory-backend=ram0", "max-ram-below-4g=64M"]
            self.top = size * G
            self.keeps_hole = width != 39
            return ["-m", f"{size}G"]
        words = [f"{size}M"]
        if self.chance(0.08):
            self.machine_words.append(f"max-ram-below-4g={rng.choice((32, 48, 64, 128, 1024))}M")
        wants_dimm = self.machine != "microvm" and self.chance(0.3 if self.mode == "hotplug" else 0.14)
        if wants_dimm or self.chance(0.12):
            maxmem = rng.choice((4, 8, 64, 64, 256, 300, 512, 600, 600, 1024, 1200, 2048, 8192, 300000))
            if wants_dimm and self.chance(0.5):
                maxmem = rng.choice((600, 1200, 300000))
            self.top = maxmem * G
            words += [f"slots={rng.choice((2, 2, 4))}", f"maxmem={maxmem}G"]
            if wants_dimm:
                self.draw_dimms(maxmem * G)
        elif wants_dimm or self.mistake(0.03):
            self.draw_dimms(64 * G)
        elif self.chance(0.06):
            kind = rng.choice(("memory-backend-memfd,share=on", "memory-backend-ram,share=on", "memory-backend-ram"))
            self.objects.append(["-object", f"{kind},id=ram0,size={size}M"])
            self.machine_words.append("memory-backend=ram0")
        return ["-m", ",".join(words)]

    # The vIOMMU

    def intel(self):
        rng = self.rng
        words = []
        if self.chance(0.68):
            words.append("caching-mode=on")
        elif self.chance(0.1):
            words.append("caching-mode=off")
        if self.chance(0.55):
            odd = ("38", "40", "47", "57", "64", "0", "256", "abc", "0x27", "52")
            words.append("aw-bits=" + (rng.choice(odd) if self.mistake(0.1) else rng.choice(("39", "39", "48"))))
        old = {"scalable-mode": "x-scalable-mode", "fsts": "x-flts", "pasid-bits": "x-pasid-mode"}

        def name(now):
            modern = self.new != self.mistake(0.04)
            return now if modern else old[now]
        scalable = self.chance(0.25)
        if scalable:
            words.append(name("scalable-mode") + "=on")
        if self.chance(0.5 if scalable else 0.02):
            if version(self.qemu) >= (10, 0) or self.mistake(0.1):
                words.append(name("fsts") + "=" + rng.choice(("on", "on", "on", "off")))
        if self.chance(0.2 if scalable else 0.02):
            key = name("pasid-bits")
            words.append(key + "=" + (rng.choice(("8", "16", "16", "20", "0", "21")) if key == "pasid-bits" else "on"))
        for share, text, since in ((0.1, "device-iotlb=on", (7, 2)), (0.1, "snoop-control=on", (7, 2)),
                                   (0.12, f"intremap={rng.choice(('on', 'off', 'auto'))}", (7, 2)),
                                   (0.06, f"eim={rng.choice(('on', 'off', 'auto'))}", (7, 2)),
                                   (0.05, "dma-translation=off", (7, 2)), (0.08, "fs1gp=off", (10, 0)),
                                   (0.03, "stale-tm=on", (9, 2)), (0.04, "svm=on", (11, 0)),
                                   (0.03, "x-buggy-eim=on", (7, 2)), (0.03, "dma-drain=off", (7, 2)),
                                   (0.03, "pt=off", (7, 2)), (0.02, "version=1", (7, 2))):
            gone = self.new and text.startswith(("x-buggy", "dma-drain", "pt="))
            if self.chance(share) and ((version(self.qemu) >= since and not gone) or self.mistake(0.2)):
                words.append(text)
        rng.shuffle(words)
        return self.device("intel-iommu", words)

    def virtio(self):
        rng = self.rng
        words = []
        if self.chance(0.5) and (self.iommufd or self.mistake(0.15)):
            odd = (0, 31, 65, 256, "abc")
            words.append(f"aw-bits={rng.choice(odd) if self.mistake(0.1) else rng.choice((32, 36, 39, 39, 48, 48, 52, 63, 64))}")
        if self.chance(0.25) and (self.iommufd or self.mistake(0.15)):
            words.append("granule=" + rng.choice(("4k", "8k", "16k", "64k", "host", "host", "2m" if self.mistake(0.2) else "4k")))
        if self.chance(0.15):
            words.append("boot-bypass=" + rng.choice(("on", "off")))
        if self.chance(0.06):
            words.append("addr=" + rng.choice(("1e.0", "0x3", "4")))
        if self.mistake(0.03):
            words.append("bus=" + ("rp0" if self.q35 else "pci.0"))
        rng.shuffle(words)
        return self.device("virtio-iommu-pci", words)

    def amd(self):
        words = []
        for share, text, since in ((0.4, "dma-remap=on", (10, 2)), (0.2, "xtsup=on", (9, 0)),
                                   (0.15, f"intremap={self.rng.choice(('on', 'off', 'auto'))}", (7, 2)),
                                   (0.12, "device-iotlb=on", (7, 2)), (0.1, "dma-translation=off", (10, 2)),
                                   (0.04, "pt=off", (7, 2))):
            gone = self.new and text == "pt=off"
            if self.chance(share) and ((version(self.qemu) >= since and not gone) or self.mistake(0.2)):
                words.append(text)
        return self.device("amd-iommu", words)

    def device(self, driver, words):
        """Key=value, or now and then JSON."""
        if not self.chance(0.07) or version(self.qemu) < (6, 2):
            return ["-device", ",".join([driver] + words)]
        value = {"driver": driver}
        for word in words:
            key, text = word.split("=", 1)
            if text in ("on", "off") and key not in ("intremap", "eim"):
                value[key] = text == "on"
            else:
                value[key] = int(text) if text.isdigit() and key not in ("addr", "host") else text
        return ["-device", json.dumps(value)]

    def draw_viommu(self):
        kind = self.rng.choices(("", "intel", "virtio", "amd", "two", "other"), (22, 40, 22, 11, 3, 1))[0]
        if not self.q35 and self.chance(0.6):
            kind = ""
        models = {"intel": self.intel, "virtio": self.virtio, "amd": self.amd}
        if kind == "two":
            self.viommu = [models[self.rng.choice(tuple(models))]() for _ in range(2)]
        elif kind == "other":
            self.viommu = [["-device", self.rng.choice(("virtio-iommu", "arm-smmuv3", "intel-iommu-pci"))]]
        elif kind:
            self.viommu = [models[kind]()]

    # Buses and the assigned devices

    def draw_buses(self):
        rng = self.rng
        root = "pcie.0" if self.q35 else "pci.0"
        chassis = 1
        for kind in rng.choices(("port", "bridge", "pxb", "pci-bridge", "switch"), (55, 16, 14, 6, 5),
                                k=rng.choice((0, 0, 1, 1, 1, 2, 2, 3))):
            number = len(self.buses)
            if not self.q35 and not self.mistake(0.1):
                kind = "pci-bridge"
            if kind == "port":
                words = f"pcie-root-port,id=rp{number},chassis={chassis}"
                if self.chance(0.2):
                    words += f",bus={root}"
                self.buses.append(["-device", words])
                self.places.append((f"rp{number}", None))
            elif kind == "bridge":
                self.buses.append(["-device", f"pcie-pci-bridge,id=br{number}"])
                self.places += [(f"br{number}", slot) for slot in (1, 2)]
            elif kind == "pci-bridge":
                self.buses.append(["-device", f"pci-bridge,id=br{number},chassis_nr={chassis}"])
                self.places += [(f"br{number}", slot) for slot in (3, 4)]
            elif kind == "pxb":
                self.expanded = True
                bypass = rng.choice(("", ",bypass_iommu=on", ",bypass_iommu=on"))
                self.buses.append(["-device", f"pxb-pcie,id=pxb{number},bus_nr={64 + 16 * number}{bypass}",
                                   "-device", f"pcie-root-port,id=rp{number},bus=pxb{number},chassis={chassis}"])
                self.places.append((f"rp{number}", None))
            else:
                self.buses.append(["-device", f"pcie-root-port,id=rp{number},chassis={chassis}",
                                   "-device", f"x3130-upstream,id=up{number},bus=rp{number}",
                                   "-device", f"xio3130-downstream,id=dn{number},bus=up{number},chassis={chassis + 50}"])
                self.places.append((f"dn{number}", None))
            chassis += 1
        rng.shuffle(self.places)

    def hot_bus(self):
        free = [bus for bus, slot in self.places if slot is None]
        return free[0] if free and not self.mistake(0.05) else None

    def backend(self, number):
        """The words that name a device's backend, and the object that they need."""
        if self.style == "legacy" or (self.style == "mixed" and number % 2 == self.first):
            return []
        if not self.has_iommufd and not self.mistake(0.1):
            self.objects.append(["-object", "iommufd,id=iommufd0"])
            self.has_iommufd = True
        if self.chance(0.04) and self.has_iommufd and not self.second:
            self.objects.append(["-object", "iommufd,id=iommufd1"])
            self.second = True
        return ["iommufd=iommufd1" if self.second and self.chance(0.5) else "iommufd=iommufd0"]

    def assigned(self, number, function, hot=False):
        rng = self.rng
        words = ["host=" + function]
        if self.chance(0.05):
            words = ["host=" + function[5:]]
        elif self.chance(0.04):
            words = ["sysfsdev=/sys/bus/pci/devices/" + function]
        elif self.mistake(0.02):
            words = [rng.choice(("host=zz", "host=", "host=0000:00:05", "sysfsdev=/sys/bus/pci/devices/none"))]
        words.append(f"id=dev{number}")
        if not hot and self.places and self.chance(0.55):
            bus, slot = self.places.pop()
            words.append(f"bus={bus}")
            if slot:
                words.append(f"addr={slot}")
        elif not hot and self.expanded and not self.mistake(0.2):
            words.append("bus=pcie.0")
        elif not hot and self.chance(0.12):
            words.append(f"addr={rng.choice(('0x5', '6', '07.0', '8.0', '1f' if self.mistake(0.3) else '0x9'))}")
            if self.chance(0.2):
                words[-1] = f"addr={rng.choice(('0xa', '0xb'))}"
                words.append("multifunction=on")
        words += self.backend(number)
        for share, text in ((0.05, "rombar=0"), (0.04, "x-no-mmap=on"), (0.02, "bootindex=1"), (0.02, "x-vga=off")):
            if self.chance(share):
                words.append(text)
        return words

    def functions(self, count):
        rng = self.rng
        if "nodev" in self.host:
            return ["0000:00:05.0"] * min(count, 1)
        pool = list(PLAIN) + ([] if self.host.startswith("virtio") else list(BRIDGED))
        if not self.host.startswith("virtio") and self.chance(0.07):
            chosen = list(BRIDGED) + rng.sample(PLAIN, 1)
            rng.shuffle(chosen)
            return chosen[:max(count, 2)]
        chosen = rng.sample(pool, count)
        if self.mistake(0.1) and chosen:
            chosen[rng.randrange(len(chosen))] = rng.choice(UNUSABLE)
        elif self.mistake(0.05) and len(chosen) > 1:
            chosen[1] = chosen[0]
        return chosen

    def draw_assigned(self):
        rng = self.rng
        self.style = rng.choices(("legacy", "iommufd", "mixed"), (50, 42, 8))[0]
        if not self.iommufd and not self.mistake(0.1):
            self.style = "legacy"
        self.first, self.has_iommufd, self.second = rng.randrange(2), False, False
        count = rng.choice((1, 1, 1, 1, 2, 2, 3))
        hot = self.mode == "hotplug" and "add" not in self.more
        if self.mode == "init" and self.chance(0.05):
            count = 0
        if hot:
            count = rng.choice((1, 1, 1, 2))
        functions = self.functions(count)
        late = functions.pop() if hot and functions else None
        for number, function in enumerate(functions):
            self.devices.append(self.device("vfio-pci", self.assigned(number, function)))
        if late:
            self.draw_plug(len(functions), late)

    def draw_plug(self, number, function):
        rng = self.rng
        if self.mistake(0.05):
            self.more["add"] = {"driver": rng.choice(("intel-iommu", "virtio-iommu-pci", "amd-iommu")), "id": "late"}
            return
        words = self.assigned(number, function, hot=True)
        add = dict({"driver": "vfio-pci"}, **dict(word.split("=", 1) for word in words))
        if self.mistake(0.05):
            add["id"] = rng.choice(("dev0", "rp0", "br0"))
        bus = self.hot_bus()
        if not bus and self.q35 and not self.mistake(0.3):
            self.buses.insert(0, ["-device", "pcie-root-port,id=rphot,chassis=77"])
            bus = "rphot"
        if self.mistake(0.04):
            bus = rng.choice(("rp9", "pcie.0", "br0"))
        if bus:
            add["bus"] = bus
        for key in ("rombar", "bootindex"):
            if key in add:
                add[key] = int(add[key])
        for key in ("x-no-mmap", "x-vga"):
            if key in add:
                add[key] = add[key] == "on"
        self.more["add"] = add

    def draw_others(self):
        rng = self.rng
        if not self.chance(0.12):
            return
        words = rng.choice(("virtio-rng-pci", "virtio-balloon-pci", "e1000e", "virtio-net-pci,iommu_platform=on",
                            "qemu-xhci", "virtio-scsi-pci,iommu_platform=on,ats=on", "pci-testdev,membar=256M"))
        if self.expanded:
            words += ",bus=pcie.0"
        self.devices.insert(rng.randrange(len(self.devices) + 1), ["-device", words])

    def draw_limits(self):
        if self.kvm or self.mode == "boot" or not self.chance(0.08):
            return
        self.more["uid"] = 1000
        self.more["memlock"] = self.rng.choice((1, 32, 64, 66, 80, 128, 192, 256, 300, 512, 1100)) << 20

    def draw(self):
        self.draw_machine()
        self.draw_buses()
        memory = self.draw_memory()
        cpu = self.draw_cpu()
        self.draw_viommu()
        self.draw_assigned()
        self.draw_others()
        self.draw_limits()
        parts = [self.objects, self.viommu, self.buses, self.devices, self.memory]
        if self.chance(0.2):
            parts = [self.objects, self.buses, self.devices, self.memory, self.viommu]
        elif self.chance(0.25):
            parts = [self.buses, self.memory, self.viommu, self.devices, self.objects]
        argv = ["-machine", ",".join(word for word in self.machine_words if word),
                "-accel", "kvm" if self.kvm else "tcg"] + memory + cpu
        return argv + [word for part in parts for block in part for word in block]


def draw(seed, index, hosts, versions, mode=None):
    rng = random.Random(f"{seed}:{index}")
    host = rng.choices(hosts, [HOSTS.get(name, 4) for name in hosts])[0]
    qemu = rng.choices(versions, [QEMU.get(name, 4) for name in versions])[0]
    mode = mode or rng.choices(("init", "hotplug"), (80, 20))[0]
    cell = Cell(rng, host, qemu, mode)
    argv = cell.draw()
    if mode == "hotplug" and "add" not in cell.more:
        mode = "init"
    return dict({"host": host, "qemu": qemu, "mode": mode, "argv": argv}, **cell.more,
                tags={"set": "drawn", "seed": seed, "index": index})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--hosts", default=",".join(HOSTS))
    parser.add_argument("--qemu", default=",".join(QEMU))
    parser.add_argument("--mode", choices=("init", "hotplug", "boot"))
    parser.add_argument("--skip", type=int, default=0, help="how many cells to leave out")
    arguments = parser.parse_args()
    for index in range(arguments.skip, arguments.skip + arguments.count):
        print(json.dumps(draw(arguments.seed, index, arguments.hosts.split(","), arguments.qemu.split(","),
                              arguments.mode)))


if __name__ == "__main__":
    main()
