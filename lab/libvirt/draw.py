#!/usr/bin/env python3
"""draw.py SEED COUNT [BOARD…]: draws libvirt domains, one a line: devices of all classes with and without PCI
addresses, on buses of all kinds. Boards: q35 pc virt."""
import random
import sys

BOARDS = {"q35": ("x86_64", "q35"), "pc": ("x86_64", "pc"), "virt": ("aarch64", "virt")}
PCIE_BRIDGES = ["pcie-root-port"] * 8 + [
    "pcie-switch-upstream-port", "pcie-switch-downstream-port", "pcie-switch-downstream-port", "pcie-to-pci-bridge",
    "dmi-to-pci-bridge", "pci-bridge", "pcie-expander-bus"]
PCI_BRIDGES = ["pci-bridge"] * 4 + ["pci-expander-bus"]
VIRTIO = ["virtio"] * 6 + ["virtio-transitional", "virtio-non-transitional"]


class Domain:
    def __init__(self, rng, board, is_native):
        self.rng = rng
        self.is_native = is_native  # domxml-to-native is asked, which cannot tell of everything
        self.board = board
        self.buses = ["pci-root" if board == "pc" else "pcie-root"]
        self.devices = []
        self.disks = 0
        self.host_devices = 0
        self.style = rng.choice(["auto"] * 5 + ["some"] * 5 + ["wild"])

    def address(self, bridge=False):
        """An <address>, or nothing."""
        rng = self.rng
        odds = {"auto": 0.0, "some": rng.choice([0.05, 0.1, 0.3]), "wild": 0.6}[self.style]
        if rng.random() >= odds:
            return "<address type='pci'/>" if rng.random() < 0.02 else ""
        buses = range(len(self.buses))
        if bridge:
            buses = [0] * 4 + list(buses)
        bus = rng.choice(list(buses))
        if self.style == "wild" and rng.random() < 0.1:
            bus = rng.randrange(len(self.buses) + 3)
        kind = self.buses[bus] if bus < len(self.buses) else "?"
        slot = rng.randrange(1, 32)
        if kind in ("pcie-root-port", "pcie-switch-downstream-port"):
            slot = 0 if rng.random() < 0.95 else 1
        elif rng.random() < 0.3:
            slot = rng.choice([0, 1, 2, 3, 0x1a, 0x1b, 0x1d, 0x1e, 0x1f])
        function = 0 if rng.random() < 0.75 else rng.randrange(8)
        multi = rng.choice(["", "", "", " multifunction='on'", " multifunction='off'"])
        domain = "0x0001" if rng.random() < 0.005 else "0x0000"
        return f"<address type='pci' domain='{domain}' bus='0x{bus:02x}' slot='0x{slot:02x}' function='0x{function:x}'{multi}/>"

    def host_address(self):
        """Of a device that no host has; another one each time."""
        self.host_devices += 1
        return (f"<address type='pci' domain='0x0000' bus='0x{0x80 + self.host_devices // 32:x}' "
                f"slot='0x{self.host_devices % 32:x}' function='0x0'/>")

    def add(self, text):
        self.devices.append(text)

    def bridges(self):
        rng = self.rng
        self.is_rooted = rng.random() < 0.15
        if self.is_rooted:
            self.add(f"<controller type='pci' index='0' model='{self.buses[0]}'/>")
        if rng.random() < 0.45:
            return
        index = 1
        texts = []
        for _ in range(rng.randrange(1, 14 if rng.random() < 0.2 else 6)):
            model = rng.choice(PCI_BRIDGES if self.board == "pc" else PCIE_BRIDGES)
            if "downstream" in model and "pcie-switch-upstream-port" not in self.buses and rng.random() < 0.95:
                model = "pcie-root-port"
            if rng.random() < 0.04:
                index += rng.randrange(1, 4)
            while len(self.buses) < index:
                self.buses.append("pci-bridge" if self.board == "pc" else "pcie-root-port")
            texts.append(self.bridge(model, index))
            self.buses.append(model)
            index += 1
        if rng.random() < 0.2:
            rng.shuffle(texts)
        for text in texts:
            self.add(text)

    def bridge(self, model, index):
        rng = self.rng
        target = ""
        if "expander" in model and rng.random() < 0.5:
            target = f" busNr='{rng.choice([2, 3, 10, 64, 128, 180, 254])}'"
        elif model == "pcie-root-port" and rng.random() < 0.15:
            target = f" chassis='{rng.randrange(1, 60)}' port='0x{rng.randrange(256):x}'"
        elif model == "pci-bridge" and rng.random() < 0.1:
            target = f" chassisNr='{rng.randrange(1, 60)}'"
        number = f" index='{index}'" if rng.random() < 0.8 or not self.is_rooted and rng.random() < 0.98 else ""
        place = self.plug(model) or self.address(True)
        inner = (f"<target{target}/>" if target else "") + place
        return f"<controller type='pci'{number} model='{model}'>{inner}</controller>"

    def plug(self, model):
        """Where it can be: ports of switches, mostly."""
        rng = self.rng
        wanted = {"pcie-switch-upstream-port": ("pcie-root-port",), "pcie-switch-downstream-port": ("pcie-switch-upstream-port",),
                  "pcie-root-port": ("pcie-expander-bus",)}.get(model)
        if not wanted or rng.random() < (0.7 if model == "pcie-root-port" else 0.2):
            return ""
        found = [i for i, kind in enumerate(self.buses) if kind in wanted]
        if not found:
            return ""
        slot = 0 if wanted[0] == "pcie-root-port" else len(self.buses) % 32
        return f"<address type='pci' bus='0x{rng.choice(found):02x}' slot='0x{slot:02x}' function='0x0'/>"

    def usb(self):
        rng = self.rng
        kind = rng.random()
        if kind < 0.35:
            return
        index = rng.choice(["", " index='0'"])
        if kind < 0.55:
            parts = ["ich9-ehci1", "ich9-uhci1", "ich9-uhci2", "ich9-uhci3"][:rng.randrange(1, 5)]
            if rng.random() < 0.3:
                rng.shuffle(parts)
            for group in range(1 if rng.random() < 0.7 else 2):
                for i, part in enumerate(parts):
                    number = f" index='{group}'" if rng.random() < 0.7 else ""
                    master = f"<master startport='{2 * int(part[-1]) - 2}'/>" if "uhci" in part and rng.random() < 0.8 else ""
                    self.add(f"<controller type='usb'{number} model='{part}'>{master}{self.address()}</controller>")
            return
        model = rng.choice(["qemu-xhci", "qemu-xhci", "nec-xhci", "piix3-uhci", "piix4-uhci", "ehci", "pci-ohci", "none", None])
        text = f" model='{model}'" if model else ""
        self.add(f"<controller type='usb'{index}{text}>{self.address() if model != 'none' else ''}</controller>")
        if rng.random() < 0.2:
            self.add(f"<controller type='usb' index='{rng.randrange(1, 3)}' model='{rng.choice(['qemu-xhci', 'piix3-uhci', 'ehci'])}'>{self.address()}</controller>")

    def controllers(self):
        rng = self.rng
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 3])):
            kind = rng.choice(["scsi", "scsi", "virtio-serial", "sata"])
            index = f" index='{rng.randrange(4)}'" if rng.random() < 0.5 else ""
            model = ""
            if kind == "scsi":
                model = rng.choice(["", " model='virtio-scsi'", " model='virtio-scsi'", " model='lsilogic'", " model='lsisas1078'",
                                    " model='virtio-transitional'", " model='virtio-non-transitional'", " model='auto'"])
            elif kind == "virtio-serial":
                model = rng.choice(["", "", " model='virtio'", " model='virtio-transitional'", " model='virtio-non-transitional'"])
            self.add(f"<controller type='{kind}'{index}{model}>{self.address()}</controller>")

    def disk(self):
        rng = self.rng
        bus = rng.choice(["virtio"] * 4 + ["scsi", "sata" if self.board != "pc" else "ide", "usb"])
        self.disks += 1
        letter = "abcdefghijklmnopqrstuvwxyz"[self.disks % 26]
        prefix = {"virtio": "vd", "ide": "hd"}.get(bus, "sd")
        model = f" model='{rng.choice(VIRTIO)}'" if bus == "virtio" and rng.random() < 0.4 else ""
        address = self.address() if bus == "virtio" else ""
        if bus in ("scsi", "sata") and rng.random() < 0.15:
            address = f"<address type='drive' controller='{rng.randrange(3)}' bus='0' target='0' unit='{rng.randrange(6)}'/>"
        return (f"<disk type='block' device='disk'{model}><source dev='/dev/x{self.disks}'/>"
                f"<target dev='{prefix}{letter}' bus='{bus}'/>{address}</disk>")

    def net(self):
        rng = self.rng
        model = rng.choice(VIRTIO + ["e1000", "e1000e", "rtl8139", "igb", "vmxnet3", "ne2k_pci", "pcnet", "e1000-82545em", None])
        text = f"<model type='{model}'/>" if model else ""
        if not self.is_native and rng.random() < 0.2:
            return f"<interface type='hostdev'><source>{self.host_address()}</source>{self.address()}</interface>"
        # domxml-to-native forgets where interfaces are written to be.
        return f"<interface type='ethernet'>{text}{'' if self.is_native else self.address()}</interface>"

    def sound(self):
        model = self.rng.choice(["ich6", "ich9", "ich9", "ac97", "es1370", "usb", "sb16", "virtio"])
        return f"<sound model='{model}'>{self.address() if model not in ('usb', 'sb16') else ''}</sound>"

    def video(self):
        rng = self.rng
        model = rng.choice(["qxl", "vga", "virtio", "virtio", "cirrus", "bochs", "none", "ramfb"])
        primary = " primary='yes'" if rng.random() < 0.15 else ""
        return f"<video><model type='{model}'{primary}/>{self.address() if model not in ('none', 'ramfb') else ''}</video>"

    def hostdev(self):
        rng = self.rng
        if rng.random() < 0.12:
            return f"<hostdev mode='subsystem' type='usb'><source><address bus='1' device='{rng.randrange(1, 99)}'/></source></hostdev>"
        address = self.address() if rng.random() < 0.95 else "<address type='unassigned'/>"
        if not self.is_native and rng.random() < 0.1:
            return (f"<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='00000000-0000-4000-8000-"
                    f"{rng.getrandbits(48):012x}'/></source>{self.address()}</hostdev>")
        return ("<hostdev mode='subsystem' type='pci' managed='yes'><driver name='vfio'/><source>"
                f"{self.host_address()}</source>{address}</hostdev>")

    def rng_device(self):
        return f"<rng model='{self.rng.choice(VIRTIO)}'><backend model='random'>/dev/urandom</backend>{self.address()}</rng>"

    def watchdog(self):
        return f"<watchdog model='i6300esb' action='reset'>{self.address()}</watchdog>"

    def shmem(self):
        return f"<shmem name='s{self.rng.randrange(1 << 30)}'><model type='ivshmem-plain'/><size unit='M'>4</size>{self.address()}</shmem>"

    def input(self):
        rng = self.rng
        bus = rng.choice(["virtio", "virtio", "usb"])
        model = f" model='{rng.choice(VIRTIO)}'" if bus == "virtio" and rng.random() < 0.4 else ""
        return f"<input type='{rng.choice(['keyboard', 'mouse', 'tablet'])}' bus='{bus}'{model}>{self.address() if bus == 'virtio' else ''}</input>"

    def serial(self):
        kind = self.rng.choice(["pci-serial", "pci-serial", None])
        if not kind:
            return "<serial type='pty'/>"
        return f"<serial type='pty'><target type='pci-serial'/>{self.address()}</serial>"

    def channel(self):
        address = ""
        if self.rng.random() < 0.2:
            address = f"<address type='virtio-serial' controller='{self.rng.randrange(3)}' bus='0'/>"
        return f"<channel type='pty'><target type='virtio' name='c{self.rng.randrange(1 << 30)}'/>{address}</channel>"

    def fs(self):
        rng = self.rng
        return f"<filesystem type='mount' accessmode='passthrough'><source dir='/tmp'/><target dir='m{rng.randrange(1 << 30)}'/>{self.address()}</filesystem>"

    def crypto(self):
        return f"<crypto model='virtio' type='qemu'><backend model='builtin' queues='1'/>{self.address()}</crypto>"

    def iommu(self):
        models = {"q35": ["intel", "virtio", "virtio"], "pc": ["virtio"], "virt": ["smmuv3", "virtio", "virtio"]}[self.board]
        model = self.rng.choice(models)
        address = ""
        if model == "virtio" and self.rng.random() < 0.4:
            address = self.address()
        return f"<iommu model='{model}'>{address}</iommu>"

    def vsock(self):
        if self.is_native:
            return ""
        return f"<vsock model='{self.rng.choice(VIRTIO)}'><cid auto='yes'/>{self.address()}</vsock>"

    def pmem(self):
        self.needs_memory = True
        return ("<memory model='virtio-pmem' access='shared'><source><path>/tmp/p</path></source><target><size unit='MiB'>128</size></target>"
                f"{self.address()}</memory>")

    def panic(self):
        if self.rng.random() < 0.2 or self.board == "virt":
            return f"<panic model='pvpanic'>{self.address()}</panic>"
        return "<panic model='isa'/>"

    needs_memory = False
    is_rooted = False

    def fill(self):
        rng = self.rng
        kinds = [(self.disk, 10), (self.net, 10), (self.hostdev, 6), (self.rng_device, 3), (self.shmem, 2), (self.input, 4),
                 (self.serial, 2), (self.channel, 3), (self.fs, 2)]
        single = [(self.sound, .25), (self.sound, .1), (self.video, .4), (self.video, .15), (self.video, .05), (self.watchdog, .1),
                  (self.crypto, .1), (self.iommu, .2), (self.pmem, .05), (self.vsock, .2), (self.panic, .03)]
        count = rng.choice([0, 1, 2, 3, 5, 8, 13, 21]) if rng.random() < 0.93 else rng.randrange(21, 60)
        texts = [kind() for kind in rng.choices([k for k, _ in kinds], [w for _, w in kinds], k=count)]
        texts += [kind() for kind, odds in single if rng.random() < odds]
        rng.shuffle(texts)
        if rng.random() < 0.25:
            texts.append("<graphics type='vnc'/>")
        balloon = rng.random()
        if balloon < 0.15:
            texts.append("<memballoon model='none'/>")
        elif balloon < 0.5:
            texts.append(f"<memballoon model='{rng.choice(VIRTIO)}'>{self.address()}</memballoon>")
        self.bridges()
        self.usb()
        self.controllers()
        if rng.random() < 0.3:
            rng.shuffle(self.devices)
        position = rng.randrange(len(texts) + 1)
        self.devices = texts[:position] + self.devices + texts[position:]

    def xml(self):
        arch, machine = BOARDS[self.board]
        self.fill()
        memory = "<maxMemory slots='4' unit='MiB'>4096</maxMemory><memory unit='MiB'>1024</memory>" if self.needs_memory else "<memory unit='MiB'>512</memory>"
        cpu = "<cpu><numa><cell id='0' cpus='0' memory='512' unit='MiB'/></numa></cpu>" if self.needs_memory else ""
        return (f"<domain type='qemu'><name>d</name><uuid>00000000-0000-4000-8000-000000000001</uuid>{memory}<memoryBacking><access mode='shared'/></memoryBacking><vcpu>1</vcpu>"
                f"<os><type arch='{arch}' machine='{machine}'>hvm</type></os>{'<features><acpi/></features>' if self.board != 'virt' else ''}{cpu}"
                f"<devices><emulator>/usr/bin/qemu-system-{arch}</emulator>{''.join(self.devices)}</devices></domain>")


def draw(seed, count, boards):
    """Every third one with what domxml-to-native cannot tell of."""
    rng = random.Random(seed)
    for i in range(count):
        board = rng.choice(boards)
        yield Domain(random.Random(rng.getrandbits(64)), board, i % 3 != 2).xml()


if __name__ == "__main__":
    for line in draw(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or list(BOARDS) + ["q35"]):
        print(line)
