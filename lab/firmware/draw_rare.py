#!/usr/bin/env python3
"""draw_rare.py SEED COUNT FIRMWARE...: as draw.py, with what few VMs have.

PCIe switches, an expander for conventional PCI, rare devices, properties that change BARs, vIOMMUs, devices of -usb,
-nic, -vga and -drive, virtio-mem and virtio-pmem.
"""
import json
import random
import sys

from draw import Config

# Model, options, probability, whether it is conventional PCI. "net" and "audio" stand for a backend.
RARE = (
    ("edu", "", .1, True), ("i6300esb", "", .15, True), ("pvpanic-pci", "", .1, True), ("sdhci-pci", "", .08, True),
    ("igb", "net", .15, False), ("tulip", "net", .06, True), ("pcnet", "net", .06, True), ("ne2k_pci", "net", .05, True),
    ("e1000-82545em", "net", .05, True), ("virtio-net-pci-non-transitional", "net", .08, False),
    ("virtio-net-pci-transitional", "net", .05, True), ("nvme", ",cmb_size_mb=64,serial=x", .07, False),
    ("nvme", ",max_ioqpairs=300,msix_qsize=300,serial=y", .05, False),
    ("virtio-balloon-pci", ",disable-legacy=on,disable-modern=off", .1, False),
    ("virtio-rng-pci", ",disable-legacy=off,disable-modern=on", .06, True),
    ("virtio-serial-pci", ",page-per-vq=on", .08, False), ("virtio-scsi-pci", ",num_queues=64", .06, False),
    ("virtio-scsi-pci", ",vectors=0", .06, False), ("virtio-tablet-pci", "", .08, False),
    ("virtio-mouse-pci", "", .05, False), ("usb-ehci", "", .06, True), ("nec-usb-xhci", "", .06, False),
    ("mptsas1068", "", .05, False), ("pvscsi", "", .06, True), ("megasas-gen2", "", .05, False),
    ("am53c974", "", .04, True), ("dc390", "", .03, True), ("intel-hda", "", .08, True), ("ES1370", "audio", .05, True),
    ("pci-serial", "", .05, True), ("pci-serial-4x", "", .03, True), ("rocker", "", .04, True),
    ("vmware-svga", "", .05, True), ("ich9-usb-uhci1", "", .05, True), ("bochs-display", ",vgamem=64M", .04, True),
    ("secondary-vga", ",vgamem_mb=128", .06, True), ("pci-ohci", "", .05, True),
)


class RareConfig(Config):
    def switches(self):
        if not self.q35 or not self.chance(0.35):
            return
        self.add("-device", "pcie-root-port,id=srp,bus=pcie.0,chassis=201,slot=60")
        self.add("-device", "x3130-upstream,id=up0,bus=srp")
        for i in range(self.pick(1, 2, 3, 5)):
            self.add("-device", f"xio3130-downstream,id=dn{i},bus=up0,chassis={210 + i},slot={i}")
            self.ports.append(f"dn{i}")
        if self.chance(0.3):
            self.add("-device", "ioh3420,id=ioh,bus=pcie.0,chassis=230,slot=61")
            self.ports.append("ioh")

    def rare(self):
        for model, options, probability, conventional in RARE:
            if not self.chance(probability * 1.2):
                continue
            if options == "net":
                self.network(model, conventional)
            elif options == "audio":
                self.add("-audiodev", "none,id=sndx")
                self.device(model, ",audiodev=sndx", conventional)
            else:
                self.device(model, options, conventional)

    def extras(self):
        if self.chance(.15):
            self.add("-usb")
        if self.chance(.15):
            self.add("-nic", "user,model=" + self.pick("virtio", "e1000", "e1000e", "virtio-net-pci", "rtl8139"))
        if self.chance(.12):
            self.add("-net", "none")
        if self.chance(.15):
            for _ in range(self.pick(1, 2)):
                self.add("-drive", "if=virtio,driver=null-co,size=1G,read-zeroes=on")
        if self.chance(.2):
            self.add("-vga", self.pick("std", "none", "cirrus", "virtio", "qxl", "vmware"))
        self.chance(0)  # draws for nothing: else the recorded seeds would give other configs

    def viommu(self):
        if self.chance(.4):
            return
        kind = self.rng.random()
        if kind < .3 and self.q35:
            self.add("-device", "intel-iommu" + self.pick("", ",intremap=on", ",aw-bits=48"))
        elif kind < .6:
            self.add("-device", "virtio-iommu-pci" + self.pick("", f",bus={self.root}", ",addr=0x1c"))
        elif self.q35:
            self.add("-device", "amd-iommu" + self.pick("", ",intremap=on"))

    def memory_devices(self):
        if "maxmem" not in " ".join(self.argv) or not self.chance(.5):
            return
        kind = self.pick("none", "virtio-mem", "virtio-pmem", "pc-dimm")
        if kind == "virtio-mem":
            self.add("-object", "memory-backend-ram,id=vm0,size=4G,reserve=off")
            self.add("-device", "virtio-mem-pci,id=vmem0,memdev=vm0,requested-size=1G")
        elif kind == "virtio-pmem":
            self.add("-object", "memory-backend-ram,id=pm0,size=2G,reserve=off")
            self.add("-device", "virtio-pmem-pci,id=pmem0,memdev=pm0")
        elif kind == "pc-dimm":
            self.add("-object", "memory-backend-ram,id=da,size=1G,reserve=off")
            self.add("-device", "pc-dimm,id=dax,memdev=da")

    def expander(self):
        super().expander()
        if self.q35 or not self.chance(.15):
            return
        self.add("-device", "pxb,id=pxb1,bus=pci.0,bus_nr=40")
        self.chance(0)  # as above
        self.slots.append(["pxb1", 1])
        self.expanded = True

    def draw(self):
        self.machine()
        if self.chance(.1):
            self.argv[2] += self.pick(*((",smbus=off", ",sata=off", ",usb=on", ",vmport=off", ",hpet=off", ",acpi=off")
                                        if self.q35 else (",usb=on", ",smbus=off", ",acpi=off")))
        self.memory(self.cpu())
        self.smp()
        self.firmware()
        self.tunables()
        self.extras()
        if self.chance(.5):
            self.viommu()
        if self.chance(.4) and "-vga" not in self.argv:
            self.display()
        if self.q35:
            self.root_ports()
        self.switches()
        self.expander()
        self.bridges()
        parts = [self.big_bars, self.ordinary, self.rare, self.memory_devices]
        self.rng.shuffle(parts)
        for part in parts:
            part()
        return self.argv


def main():
    seed, count, *firmwares = sys.argv[1:]
    for index in range(int(count)):
        for firmware in firmwares:
            rng = random.Random(f"stress {seed} {index} {firmware}")
            qemu = rng.choice(("11.1",) * 3 + ("10.0",) * 2 + ("7.2",) * 2)
            argv = RareConfig(rng, firmware, qemu, True, False).draw()
            print(json.dumps({"seed": int(seed), "index": index, "firmware": firmware, "qemu": qemu, "argv": argv}))


if __name__ == "__main__":
    main()
