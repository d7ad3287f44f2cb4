# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorded QEMU command line, as somebody would write that VM in another language. None: it cannot be said there."""
import re

IGNORED = {"-display", "-qmp", "-S", "-nodefaults", "-no-reboot"}
# QEMU's property: attribute of <iommu><driver>, by model.
LIBVIRT = {
    "intel-iommu": {"aw-bits": "aw_bits", "caching-mode": "caching_mode", "intremap": "intremap", "eim": "eim",
                    "device-iotlb": "iotlb", "dma-translation": "dma_translation"},
    "virtio-iommu-pci": {"aw-bits": "aw_bits"},
    "amd-iommu": {"intremap": "intremap", "xtsup": "xtsup", "device-iotlb": "iotlb"},
}
MODELS = {"intel-iommu": "intel", "virtio-iommu-pci": "virtio", "virtio-iommu": "virtio", "amd-iommu": "amd"}


class Vm:
    """A command line taken apart; only what the languages share."""

    def __init__(self, argv):
        self.machine, self.accel, self.cpu, self.memory = {}, "tcg", None, {}
        self.viommus, self.devices, self.iommufd = [], [], False
        self.is_plain = "qemu-system-x86_64" in argv[0]
        words = argv[1:]
        while words and self.is_plain:
            option, argument = words[0], words[1] if len(words) > 1 else ""
            takes = bool(argument) and not argument.startswith("-")
            self.option(option, argument if takes else None)
            words = words[2 if takes else 1:]

    def option(self, option, argument):
        if option in IGNORED:
            return
        if argument is None or argument.startswith("{"):
            self.is_plain = False
            return
        first, *rest = argument.split(",")
        pairs = dict(p.split("=", 1) if "=" in p else (p, None) for p in rest)
        if option in ("-machine", "-M"):
            self.is_plain &= "=" not in first
            self.machine = {"type": first, **pairs}
        elif option == "-accel" and not rest:
            self.accel = first
        elif option == "-cpu":
            self.cpu = (first, pairs)
        elif option == "-m":
            self.memory = {"size": first.removeprefix("size="), **pairs}
        elif option == "-object" and first == "iommufd":
            self.iommufd = True
        elif option == "-device" and first in MODELS:
            self.viommus.append((first, pairs))
        elif option == "-device" and first == "vfio-pci" and set(pairs) <= {"host", "id", "iommufd"} and \
                re.fullmatch(r"(....:)?..:..\..", pairs.get("host") or ""):
            self.devices.append(pairs)
        else:
            self.is_plain = False


def mebibytes(size):
    unit = {"M": 1, "G": 1024, "T": 1 << 20}
    if size and size[-1] in unit and size[:-1].isdigit():
        return int(size[:-1]) * unit[size[-1]]
    return int(size) if size.isdigit() else None


def libvirt_cpu(vm):
    model, pairs = vm.cpu or (None, {})
    if model not in (None, "host", "max"):
        return None
    mode = {"host": "host-passthrough", "max": "maximum", None: None}[model]
    width = None
    if set(pairs) == {"host-phys-bits-limit"}:
        width = f"<maxphysaddr mode='passthrough' limit='{pairs['host-phys-bits-limit']}'/>"
    elif set(pairs) == {"phys-bits"} and model == "max":
        width = f"<maxphysaddr mode='emulate' bits='{pairs['phys-bits']}'/>"
    elif pairs:
        return None
    if not mode:
        return [] if not width else None
    return [f"<cpu mode='{mode}'>", f"  {width}", "</cpu>"] if width else [f"<cpu mode='{mode}'/>"]


def libvirt_iommu(driver, pairs):
    known = LIBVIRT[driver if driver != "virtio-iommu" else "virtio-iommu-pci"]
    attributes, overrides = "", []
    for key, value in pairs.items():
        if key in known and value is not None:
            attributes += f" {known[key]}='{value}'"
        elif value in ("on", "off"):
            overrides.append((key, "bool", "true" if value == "on" else "false"))
        elif value and value.isdigit():
            overrides.append((key, "unsigned", value))
        else:
            return None
    model = MODELS[driver]
    lines = [f"<iommu model='{model}'>", f"  <driver{attributes}/>", "</iommu>"] if attributes else [f"<iommu model='{model}'/>"]
    return lines, overrides


def libvirt_hostdev(pairs):
    domain, bus, rest = pairs["host"].split(":") if pairs["host"].count(":") == 2 else ("0000", *pairs["host"].split(":"))
    slot, function = rest.split(".")
    driver = ["  <driver name='vfio' iommufd='yes'/>"] if "iommufd" in pairs else []
    return ["<hostdev mode='subsystem' type='pci' managed='no'>", *driver, "  <source>",
            f"    <address domain='0x{domain}' bus='0x{bus}' slot='0x{slot}' function='0x{function}'/>",
            "  </source>", "</hostdev>"]


def override_lines(overrides):
    if not overrides:
        return []
    lines = ["<qemu:override>", "  <qemu:device alias='iommu0'>", "    <qemu:frontend>"]
    lines += [f"      <qemu:property name='{k}' type='{t}' value='{v}'/>" for k, t, v in overrides]
    return lines + ["    </qemu:frontend>", "  </qemu:device>", "</qemu:override>"]


def libvirt(vm):
    """As domain XML."""
    cpu, size = libvirt_cpu(vm), mebibytes(vm.memory.get("size", "128"))
    allowed = {"type", "kernel-irqchip", "kernel_irqchip"}
    irqchip = vm.machine.get("kernel-irqchip", vm.machine.get("kernel_irqchip"))
    if cpu is None or not size or set(vm.memory) - {"size"} or set(vm.machine) - allowed or len(vm.viommus) > 1 or \
            irqchip not in (None, "split"):
        return None
    lines, overrides = [], []
    for driver, pairs in vm.viommus:
        rendered = libvirt_iommu(driver, pairs)
        if not rendered or (driver == "amd-iommu" and rendered[1]):
            return None
        lines += rendered[0]
        overrides += rendered[1]
    for device in vm.devices:
        lines += libvirt_hostdev(device)
    features = ["<acpi/>"] + (["<ioapic driver='qemu'/>"] if irqchip else [])
    namespace = " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'" if overrides else ""
    body = ["<name>cell</name>", f"<memory unit='MiB'>{size}</memory>", "<vcpu>1</vcpu>",
            "<os>", f"  <type arch='x86_64' machine='{vm.machine.get('type', 'pc')}'>hvm</type>", "</os>",
            "<features>", *("  " + f for f in features), "</features>", *cpu,
            "<devices>", *("  " + line for line in lines), "</devices>", *override_lines(overrides)]
    kind = "kvm" if vm.accel == "kvm" else "qemu"
    return "\n".join([f"<domain type='{kind}'{namespace}>", *("  " + line for line in body), "</domain>", ""])


def proxmox(vm):
    """As a .conf of qemu-server, which sets caching-mode and intremap by itself."""
    size = mebibytes(vm.memory.get("size", "128"))
    machine = vm.machine.get("type", "pc")
    if not size or set(vm.memory) - {"size"} or set(vm.machine) - {"type", "kernel-irqchip"} or len(vm.viommus) > 1:
        return None
    for driver, pairs in vm.viommus:
        given = dict(pairs)
        if driver == "intel-iommu" and given.pop("caching-mode", None) != "on":
            return None
        if driver == "intel-iommu" and given.pop("intremap", "on") != "on":
            return None
        if driver == "amd-iommu" or set(given) - {"aw-bits"}:
            return None
        machine += f",viommu={MODELS[driver]}" + (f",aw-bits={given['aw-bits']}" if given else "")
    model, pairs = vm.cpu or ("kvm64", {})
    if set(pairs) - {"guest-phys-bits", "phys-bits"} or any("iommufd" in d for d in vm.devices) or model not in ("host", "max", "kvm64"):
        return None
    cpu = ",".join([model, *(f"{k}={v}" for k, v in sorted(pairs.items()))])
    lines = ["#A VM that was written for a test", f"cpu: {cpu}"]
    lines += [f"hostpci{i}: {d['host']}" for i, d in enumerate(vm.devices)]
    lines += [] if vm.accel == "kvm" else ["kvm: 0"]
    return "\n".join([*lines, f"machine: {machine}", f"memory: {max(size, 16)}", "ostype: l26", "", "[before]", f"machine: {machine}",
                      "snaptime: 1700000000", ""])


LANGUAGES = {"libvirt": libvirt, "proxmox": proxmox}
