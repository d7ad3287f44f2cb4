#!/usr/bin/env python3
"""draw.py SEED COUNT FIRMWARE...: COUNT random VM configs for each FIRMWARE, one JSON line each.

FIRMWARE is family=release: seabios=1.16.3, ovmf=202502. A config depends on nothing but SEED, its index, FIRMWARE
and the QEMU ("any", or one of 7.2, 10.0, 11.1), so that it can be drawn again. The command line is what a user would
write: firmware files have the distribution's names.
"""
import json
import random
import sys

G, T = 1 << 10, 1 << 20  # in MiB

# Ordinary sizes, the borders of the low RAM split (2.75, 3 and 3.5 GiB), and the HyperTransport hole below 1 TiB.
ORDINARY_RAM = (512, G, 2 * G, 3 * G, 4 * G, 6 * G, 8 * G, 12 * G, 16 * G, 24 * G, 32 * G, 48 * G, 64 * G, 96 * G,
                128 * G)
BORDER_RAM = (128, 256, 2047, 2049, 2560, 2815, 2816, 2817, 3071, 3073, 3328, 3583, 3584, 3585, 4095, 5 * G + 512)
LARGE_RAM = (192 * G, 256 * G, 384 * G, 500 * G, 512 * G, 768 * G, 960 * G)
NEAR_1T_RAM = (1000 * G, 1008 * G, 1010 * G, 1011 * G, 1012 * G, 1013 * G, 1020 * G, T, T + 4 * G, T + 512 * G, 2 * T)

INTEL = ("Skylake-Server", "Cascadelake-Server", "SandyBridge", "Haswell", "Westmere", "Icelake-Server", "Nehalem")
AMD = ("EPYC", "EPYC-Milan", "Opteron_G3", "Opteron_G5", "EPYC-Rome")
OTHER = ("max", "max", "max", "qemu64", "kvm64", "Denverton")
SMALL_CPUS = ("qemu32", "coreduo", "n270", "pentium3")

VERSIONS = {  # machine types that a QEMU still has, without its own newest
    "7.2": ("4.2", "5.2", "6.2", "7.1"),
    "10.0": ("4.2", "6.2", "7.2", "8.0", "8.2", "9.0", "9.1"),
    "11.1": ("6.2", "7.2", "8.1", "8.2", "9.0", "9.2", "10.0", "10.2"),
}
# OVMF's page tables take half a minute and more under emulation from 46 bits on, so that few configs are that wide. A
# recording's last ones all are.
WIDE = (46, 46, 46, 47, 48, 48, 52)
WIDE_FROM = 145     # index

MEMBARS = ("256M", "1G", "4G", "16G", "16G", "32G", "64G")
SHARED = ("1G", "1G", "4G", "16G", "32G", "64G")


def text_of(mib):
    for unit, size in (("T", T), ("G", G)):
        if mib % size == 0:
            return f"{mib // size}{unit}"
    return f"{mib}M"


class Config:
    """One config while it is drawn."""

    def __init__(self, rng, firmware, qemu, narrow, wide):
        self.rng, self.narrow, self.wide = rng, narrow, wide
        self.family, self.release = firmware.split("=")
        self.qemu = qemu
        self.argv = ["qemu-system-x86_64"]
        self.used = {}      # how many devices of a kind there are: ids are KIND0, KIND1...
        self.ports = []     # free places behind bridges: buses that take one PCIe device
        self.slots = []     # conventional buses: [bus, next slot]
        self.expanded = False   # a device without bus= would go to the expander bus then, which refuses it
        self.q35 = rng.random() < 0.7
        self.root = "pcie.0" if self.q35 else "pci.0"

    def chance(self, probability):
        return self.rng.random() < probability

    def pick(self, *values):
        return self.rng.choice(values)

    def add(self, *args):
        self.argv += args

    def new_id(self, kind):
        self.used[kind] = self.used.get(kind, -1) + 1
        return f"{kind}{self.used[kind]}"

    # the machine

    def machine(self):
        name = "q35" if self.q35 else "pc"
        if self.chance(0.4):
            versioned = self.pick(*VERSIONS[self.qemu])
            name = f"pc-q35-{versioned}" if self.q35 else f"pc-i440fx-{versioned}"
        if self.chance(0.06):
            name += ",max-ram-below-4g=" + self.pick("1G", "2G", "2560M", "3G", "3584M", "4G")
        self.add("-machine", name)
        if not self.chance(0.1):
            self.add("-nodefaults")
        self.add("-display", "none")

    def cpu(self):
        """Returns the width, so that RAM can be drawn to match it mostly."""
        vendor = self.rng.random()
        model = self.pick(*(INTEL if vendor < 0.35 else AMD if vendor < 0.6 else OTHER))
        if self.family == "seabios" and self.chance(0.04):
            model = self.pick(*SMALL_CPUS)
        if model in SMALL_CPUS or self.chance(0.08):
            self.add("-cpu", model)
            return 36 if model in SMALL_CPUS else 40
        bits, options = self.width(), []
        options.append(f"phys-bits={bits}")
        if self.qemu != "7.2" and self.chance(0.2):
            options.append(f"guest-phys-bits={self.rng.randint(max(36, bits - 6), bits)}")
        if self.chance(0.12):
            options.append("la57=" + self.pick("on", "off"))
        if self.wide:
            options.append("pdpe1gb=on")    # without it OVMF uses 40 bits at most
        elif self.chance(0.15):
            options.append("pdpe1gb=" + self.pick("off", "on"))
        if self.chance(0.05):
            options.append("vendor=" + self.pick("GenuineIntel", "AuthenticAMD"))
        self.add("-cpu", ",".join([model, *options]))
        return bits

    def width(self):
        if self.family == "seabios":
            return self.pick(36, 37, 38, 39, 39, 40, 40, 41, 42, 42, 43, 44, 45, 46, 46, 47, 48, 48, 50, 52)
        if self.wide or not self.narrow and self.chance(0.08):
            return self.pick(*WIDE)
        most = (36, 37, 38, 39, 39, 39, 40, 40, 40, 41, 42, 42)
        return self.pick(*(most if self.narrow else most + (42, 43, 44)))

    def memory(self, bits):
        kind = self.rng.random()
        sizes = ORDINARY_RAM if kind < 0.6 else BORDER_RAM if kind < 0.82 else LARGE_RAM if kind < 0.92 else NEAR_1T_RAM
        if bits < 40 and kind >= 0.82 and self.chance(0.8):
            sizes = ORDINARY_RAM
        size = self.pick(*sizes)
        if not self.chance(0.2):
            self.add("-m", text_of(size))
            return
        limit = size + self.pick(2 * G, 8 * G, 16 * G, 64 * G, 64 * G, 256 * G, T)
        slots = self.pick(1, 2, 4, 16)
        self.add("-m", f"{text_of(size)},slots={slots},maxmem={text_of(limit)}")
        for _ in range(self.pick(0, 0, 1, 1, 2)):
            name = self.new_id("dimm")
            size = self.pick("512M", "1G", "1G", "4G")
            self.add("-object", f"memory-backend-ram,id=mem-{name},size={size},reserve=off")
            self.add("-device", f"pc-dimm,id={name},memdev=mem-{name}")

    def smp(self):
        self.add("-smp", str(self.pick(1, 1, 2, 4) if self.family == "seabios" else self.pick(1, 1, 1, 2)))

    # bridges

    def root_port_options(self):
        options = []
        if self.chance(0.12):
            options.append("pref64-reserve=" + self.pick("256M", "1G", "4G", "16G", "32G", "64G"))
        if self.chance(0.08):
            options.append("io-reserve=" + self.pick("0", "4K", "8K"))
        if self.chance(0.05):
            options.append("mem-reserve=" + self.pick("4M", "64M"))
        if self.chance(0.12):
            options.append("hotplug=off")
        return options

    def root_ports(self):
        count = self.pick(0, 0, 1, 2, 3, 4, 6, 8, 10, 16)
        libvirt = self.chance(0.5)
        alike = self.root_port_options() if self.chance(0.5) else None
        for number in range(count):
            options = [f"id=rp{number}", f"chassis={number + 1}", "bus=pcie.0"]
            if libvirt:  # eight functions of a slot, as libvirt does it
                options.append(f"addr={2 + number // 8:#x}.{number % 8}")
                options += ["multifunction=on"] if number % 8 == 0 else []
            else:
                options.append(f"slot={number + 1}")
            options += self.root_port_options() if alike is None else alike
            self.add("-device", ",".join(["pcie-root-port", *options]))
            self.ports.append(f"rp{number}")
        self.rng.shuffle(self.ports)

    def expander(self):
        if not self.q35 or not self.chance(0.07):
            return
        self.expanded = True
        self.add("-device", f"pxb-pcie,id=pxb0,bus=pcie.0,bus_nr={self.pick(64, 128, 200)}")
        for number in range(self.pick(1, 1, 2)):
            self.add("-device", f"pcie-root-port,id=prp{number},bus=pxb0,chassis={100 + number},slot={number}")
            self.ports.append(f"prp{number}")

    def bridges(self):
        """Conventional bridges, which take several devices each."""
        if self.q35:
            if self.chance(0.2) and (self.ports or self.chance(0.3)):
                self.add("-device", f"pcie-pci-bridge,id=br0,bus={self.ports.pop() if self.ports else 'pcie.0'}")
                self.slots.append(["br0", 1])
            return
        for number in range(self.pick(0, 0, 0, 1, 2)):
            shpc = self.pick("", "", ",shpc=on")
            self.add("-device", f"pci-bridge,id=br{number},bus=pci.0,chassis_nr={number + 1}{shpc}")
            self.slots.append([f"br{number}", 1])
        if len(self.slots) == 2 and self.chance(0.5):  # a bridge behind a bridge
            self.add("-device", f"pci-bridge,id=br9,bus=br0,chassis_nr=9,addr={self.slots[0][1]:#x}")
            self.slots[0][1] += 1
            self.slots.append(["br9", 1])

    def place(self, conventional=False):
        """A free bus as device options; "" leaves the place to QEMU, which takes the root bus."""
        if self.q35 and self.ports and not conventional and self.chance(0.75):
            return f",bus={self.ports.pop()}"
        if self.slots and self.chance(0.4 if not conventional else 0.9):
            where = self.pick(*self.slots)
            where[1] += 1
            return f",bus={where[0]},addr={where[1] - 1:#x}"
        return f",bus={self.root}" if self.chance(0.4) or self.expanded else ""

    # devices

    def device(self, model, options="", conventional=False):
        name = self.new_id(model.split("-")[0].lower() if model != "pci-testdev" else "testdev")
        self.add("-device", f"{model},id={name}{options}{self.place(conventional)}")

    def big_bars(self):
        for _ in range(self.pick(0, 0, 1, 1, 1, 2, 2, 3, 4)):
            if self.chance(0.6):
                self.device("pci-testdev", f",membar={self.pick(*MEMBARS)}")
                continue
            name = self.new_id("shm")
            self.add("-object", f"memory-backend-ram,id={name},size={self.pick(*SHARED)},share=on,reserve=off")
            self.device("ivshmem-plain", f",memdev={name}")

    def network(self, model, conventional=False):
        name = self.new_id("net")
        self.add("-netdev", f"user,id={name}")
        self.device(model, f",netdev={name}" + (",romfile=" if self.chance(0.15) else ""), conventional)

    def disk(self, model):
        name = self.new_id("disk")
        self.add("-blockdev", f"driver=null-co,node-name={name},size=17179869184,read-zeroes=on")
        self.device(model, f",drive={name}" + (f",serial={name}" if model == "nvme" else ""))

    def display(self):
        if self.chance(0.25):
            return
        model = self.pick("VGA", "VGA", "VGA", "virtio-vga", "virtio-vga", "qxl-vga", "bochs-display", "virtio-gpu-pci",
                          "cirrus-vga", "ati-vga")
        first = "0x1" if self.q35 else "0x2"    # where managers put it
        options = ""
        if model == "VGA":
            options = self.pick("", "", ",vgamem_mb=32", ",vgamem_mb=64", ",vgamem_mb=256")
        if model == "qxl-vga":
            options = self.pick("", "", ",vram64_size_mb=512", ",vram_size_mb=256", ",ram_size_mb=256")
        name = self.new_id("video")
        where = f",bus={self.root},addr={first}" if self.chance(0.5) and self.slots_are_free() else ""
        if self.expanded:
            where = f",bus={self.root}"
        self.add("-device", f"{model},id={name}{options}{where}")

    def slots_are_free(self):
        """Whether QEMU has given no slot to a device yet."""
        return "-device" not in self.argv and "-nodefaults" in self.argv

    def ordinary(self):
        if self.chance(0.6):
            self.network(self.pick("virtio-net-pci", "virtio-net-pci", "virtio-net-pci", "e1000e", "e1000e", "vmxnet3"))
        if self.chance(0.1):
            self.network(self.pick("e1000", "rtl8139", "i82559c"), conventional=True)
        for model, probability in (("virtio-blk-pci", 0.45), ("nvme", 0.2)):
            if self.chance(probability):
                self.disk(model)
        for model, probability in (("virtio-scsi-pci", 0.3), ("qemu-xhci", 0.4), ("virtio-balloon-pci", 0.3),
                                   ("virtio-rng-pci", 0.2), ("virtio-serial-pci", 0.2), ("ahci", 0.06),
                                   ("megasas", 0.05), ("virtio-keyboard-pci", 0.08)):
            if self.chance(probability):
                self.device(model)
        if self.chance(0.04):
            self.add("-audiodev", "none,id=snd0")
            self.device("AC97", ",audiodev=snd0", conventional=True)
        for model, probability in (("ich9-intel-hda", 0.25), ("lsi53c895a", 0.05), ("piix3-usb-uhci", 0.06),
                                   ("ich9-usb-ehci1", 0.08)):
            if self.chance(probability):
                self.device(model, conventional=True)

    def tunables(self):
        if self.chance(0.07):
            host = "q35-pcihost" if self.q35 else "i440FX-pcihost"
            self.add("-global", f"{host}.pci-hole64-size={self.pick('0', '1G', '64G', '256G', '512G', '2T')}")
        if self.family == "ovmf" and self.chance(0.14):
            mib = self.pick(0, 1024, 16384, 32768, 65536, 65536, 100000, 131072, 262144, 1048576, 16777216, 16777217)
            self.add("-fw_cfg", f"name=opt/ovmf/X-PciMmio64Mb,string={mib}")
        if self.family == "ovmf" and self.chance(0.03):
            self.add("-fw_cfg", f"name=opt/org.tianocore/PagingLevel,string={self.pick(4, 5)}")
        if self.family == "seabios" and self.chance(0.08):
            self.add("-fw_cfg", f"name=opt/org.seabios/pci64,string={self.pick('0', '1', 'on', 'off', 'yes', 'no')}")

    def firmware(self):
        if self.family == "ovmf":
            self.add("-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd")
            self.add("-drive", "if=pflash,format=raw,file=/usr/share/OVMF/OVMF_VARS_4M.fd")
        elif self.chance(0.1):
            self.add("-bios", "/usr/share/seabios/bios-256k.bin")

    def draw(self):
        self.machine()
        self.memory(self.cpu())
        self.smp()
        self.firmware()
        self.tunables()
        shown = self.chance(0.5)    # where managers write the display: before the rest
        if shown:
            self.display()
        if self.q35:
            self.root_ports()
        self.expander()
        self.bridges()
        parts = [self.big_bars, self.ordinary] + ([] if shown else [self.display])
        self.rng.shuffle(parts)
        for part in parts:
            part()
        return self.argv


def draw(seed, index, firmware, qemu="any", narrow=False):
    """NARROW leaves out widths at which OVMF takes long."""
    rng = random.Random(f"{seed} {index} {firmware} {qemu}")
    if qemu == "any":
        qemu = rng.choice(("11.1",) * 7 + ("10.0",) * 2 + ("7.2",))
    wide = firmware.startswith("ovmf") and index >= WIDE_FROM and not narrow
    argv = Config(rng, firmware, qemu, narrow, wide).draw()
    return {"seed": seed, "index": index, "firmware": firmware, "qemu": qemu, "argv": argv}


def draw_all(seed, count, firmwares, qemu="any", narrow=False):
    """The firmwares take turns, so that a recording that ends early has some of each."""
    for index in range(count):
        for firmware in firmwares:
            yield draw(seed, index, firmware, qemu, narrow)


def main():
    seed, count, *firmwares = sys.argv[1:]
    for config in draw_all(int(seed), int(count), firmwares):
        print(json.dumps(config))


if __name__ == "__main__":
    main()
