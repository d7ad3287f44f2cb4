"""Domains that draw.py does not draw: many devices, many vCPUs, virtio-mmio, what a domain says of itself twice."""

NET = "<interface type='ethernet'><model type='virtio'/></interface>"
CHANNELS = "".join(f"<channel type='pty'><target type='virtio' name='c{i}'/></channel>" for i in range(70))
CELL = "<cpu><numa><cell id='0' cpus='0' memory='512' unit='MiB'/></numa></cpu>"


def domain(machine, devices, arch="x86_64", vcpus=1, features="<acpi/>", extra=""):
    return (f"<domain type='qemu'><name>d</name><uuid>00000000-0000-4000-8000-000000000001</uuid><memory unit='MiB'>512</memory>"
            f"<vcpu>{vcpus}</vcpu>{extra}<os><type arch='{arch}' machine='{machine}'>hvm</type></os><features>{features}</features>"
            f"<devices><emulator>/usr/bin/qemu-system-{arch}</emulator>{devices}</devices></domain>")


def disk(letter, address=""):
    return f"<disk type='block' device='disk'><source dev='/dev/x'/><target dev='vd{letter}' bus='virtio'/>{address}</disk>"


def hostdev(bus, function=0, address=""):
    return ("<hostdev mode='subsystem' type='pci' managed='yes'><driver name='vfio'/><source>"
            f"<address domain='0x0000' bus='0x{bus:x}' slot='0x0' function='0x{function}'/></source>{address}</hostdev>")


def bridge(model, index=None, target=""):
    number = "" if index is None else f" index='{index}'"
    return f"<controller type='pci'{number} model='{model}'>{target}</controller>"


def balloon(address):
    return domain("q35", f"<memballoon model='virtio'><address type='pci' {address}/></memballoon>")


def edges():
    expander = "pcie-expander-bus"
    pair = "<address type='pci' domain='0x0000' bus='0x05' slot='0x00' function='0x{}'{}/>"
    yield domain("q35", NET, vcpus=280)
    yield domain("q35", NET + "<iommu model='intel'/>", vcpus=280)
    yield domain("q35", NET, vcpus=280, features="<acpi/><ioapic driver='qemu'/>")
    yield domain("q35", CHANNELS)
    yield domain("q35", CHANNELS + "<controller type='virtio-serial' index='0' ports='4'/>")
    yield domain("q35", CHANNELS + "<console type='pty'><target type='virtio'/></console>")
    mmio = disk("b", "<address type='virtio-mmio'/>") + disk("c") + NET + "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
    mmio += "<filesystem type='mount'><source dir='/tmp'/><target dir='m'/></filesystem><controller type='scsi' model='virtio-scsi'/>"
    yield domain("virt", mmio + "<memballoon model='virtio'/>", "aarch64", features="")
    yield domain("virt", NET + "<graphics type='vnc'/>", "aarch64", features="")
    yield domain("q35", bridge(expander, 1, "<target busNr='200'><node>0</node></target>") + NET, extra=CELL)
    yield domain("q35", bridge(expander, 1, "<target busNr='200'><node>1</node></target>") + NET, extra=CELL)
    yield domain("q35", bridge(expander, 1) + bridge(expander, 2) + NET)
    yield domain("q35", bridge(expander, 1, "<target busNr='2'/>") + bridge(expander, 2) + NET)
    yield domain("pc", bridge(expander, 1) + NET)
    yield domain("q35", bridge("pci-expander-bus", 1) + NET)
    yield domain("pc", bridge("pcie-root-port", 1) + NET)
    yield domain("pc", bridge("dmi-to-pci-bridge", 1) + NET)
    yield domain("q35", bridge("pci-bridge", 1) + NET)
    for index in (200, 300):
        yield domain("q35", bridge("pcie-root-port", index) + NET)
    yield domain("q35", bridge("pcie-root") + bridge("pcie-root-port") + NET)
    yield domain("q35", NET * 240)
    yield domain("pc", NET * 100)
    yield domain("pc", "".join(hostdev(0x80 + i) for i in range(33)))
    yield domain("q35", hostdev(0x81, 0, pair.format(0, " multifunction='on'")) + hostdev(0x81, 1, pair.format(1, "")) + NET)
    yield domain("q35", "<controller type='usb' index='0' model='nec-xhci' ports='15'/>" + NET)
    yield domain("q35", "<controller type='sata' index='1'/>" + NET)
    yield domain("pc", "<controller type='ide' index='0'/><controller type='fdc' index='0'/>" + NET)
    yield domain("q35", "<smartcard mode='host'/><hub type='usb'/>" + NET)
    for address in ("bus='0x1ff'", "slot='0x20'", "function='0x8'", "domain='0x12345'", "slot='abc'", "bus='-1'", "function=''",
                    "domain='0xffff'", "bus='0x100' slot='0x20'", "slot='0x3' function='0x9'"):
        yield balloon(address)
