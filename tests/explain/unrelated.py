# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logs of a host with VMs where nothing is wrong about IOMMUs: kernel, journal, libvirt, QEMU, apt, services."""
import random

DISKS = ["sda", "sdb", "nvme0n1", "nvme1n1", "vda"]
UNITS = ["cron.service", "apt-daily.timer", "user@1000.service", "session-4.scope", "libvirtd.service",
         "machine-qemu\\x2d3\\x2dwin11.scope", "pve-cluster.service", "docker.service"]
PACKAGES = ["libvirt0:amd64", "qemu-system-x86:amd64", "linux-image-6.12.9-amd64", "ovmf:all", "vim:amd64",
            "libvfio-user0:amd64", "intel-microcode:amd64"]
HOSTS = ["pve1", "node-a", "localhost", "gpu-host-03"]

# Each a line of one log; {n} and the like are filled in. Near misses among them: words of our messages in others.
KERNEL = [
    "Linux version 6.{n}.{n}-amd64 (debian-kernel@lists.debian.org) (gcc-14 (Debian 14.2.0-8) 14.2.0)",
    "Command line: BOOT_IMAGE=/boot/vmlinuz-6.12.{n} root=/dev/{disk} ro quiet intel_iommu=on iommu=pt",
    "BIOS-e820: [mem 0x{hex} - 0x{hex}] usable",
    "ACPI: DMAR 0x{hex} 0000A8 (v01 INTEL  EDK2     00000002      01000013)",
    "pci 0000:{bus}:00.0: [10de:2684] type 00 class 0x030000 PCIe Legacy Endpoint",
    "pci 0000:{bus}:00.0: BAR 0 [mem 0x{hex}-0x{hex} 64bit pref]",
    "pci 0000:{bus}:00.0: Adding to iommu group {n}",
    "pci_bus 0000:{bus}: resource 4 [io  0x0000-0x0cf7 window]",
    "usb 1-{n}: new high-speed USB device number {n} using xhci_hcd",
    "vfio-pci 0000:{bus}:00.0: vgaarb: VGA decodes changed: olddecodes=none,decodes=io+mem:owns=none",
    "vfio-pci 0000:{bus}:00.0: enabling device (0000 -> 0003)",
    "vfio-pci 0000:{bus}:00.0: resetting", "vfio-pci 0000:{bus}:00.0: reset done",
    "VFIO - User Level meta-driver version: 0.3",
    "kvm: Nested Virtualization enabled", "kvm_amd: TSC scaling supported", "kvm [{pid}]: ignored rdmsr: 0x{n} data 0x0",
    "x86/cpu: User Mode Instruction Prevention (UMIP) activated",
    "x86/PAT: Configuration [0-7]: WB  WC  UC- UC  WB  WP  UC- WT",
    "EXT4-fs ({disk}2): mounted filesystem {hex} r/w with ordered data mode. Quota mode: none.",
    "{disk}: [{disk}1] [{disk}2]", "ata{n}: SATA link up 6.0 Gbps (SStatus 133 SControl 300)",
    "nvme nvme0: {n}/0/0 default/read/poll queues", "e1000e 0000:{bus}:00.0 eno1: NIC Link is Up {n}000 Mbps Full Duplex",
    "audit: type=1400 audit(17{pid}.{n}:{n}): apparmor=\"STATUS\" operation=\"profile_load\" name=\"libvirt-{hex}\"",
    "Out of memory: Killed process {pid} (firefox) total-vm:{pid}kB, anon-rss:{pid}kB",
    "CPU{n}: Core temperature above threshold, cpu clock throttled (total events = {n})",
    "mce: [Hardware Error]: Machine check events logged", "perf: interrupt took too long ({pid} > {pid}), lowering rate",
    "IPv6: ADDRCONF(NETDEV_CHANGE): vnet{n}: link becomes ready", "vmbr0: port {n}(tap10{n}i0) entered forwarding state",
    "iommu: DMA domain TLB invalidation policy: lazy mode", "software IO TLB: mapped [mem 0x{hex}-0x{hex}] (64MB)",
    "PCI-DMA: Using software bounce buffering for IO (SWIOTLB)", "DMA: preallocated 4096 KiB GFP_KERNEL pool for atomic",
    "Memory: {pid}K/{pid}K available ({n}K kernel code, {n}K rwdata)", "Freeing unused kernel image memory: {n}K",
    "BTRFS info (device {disk}): using crc32c (crc32c-intel) checksum algorithm",
    "vfio_pci: add [10de:2684[ffffffff:ffffffff]] class 0x000000/00000000",
    "nvidia 0000:{bus}:00.0: enabling device", "amdgpu 0000:{bus}:00.0: amdgpu: VRAM: 16368M 0x{hex} - 0x{hex}",
    "thermal thermal_zone{n}: failed to read out thermal zone (-61)", "ACPI Error: No handler for Region [ECRM] ({hex})",
    "x86/split lock detection: #AC: CPU {n}/KVM/{pid} took a split_lock trap at address: 0x{hex}",
]
JOURNAL = [
    "systemd[1]: Starting {unit} - Something...", "systemd[1]: {unit}: Deactivated successfully.",
    "systemd[1]: {unit}: Consumed {n}.{n}s CPU time, {n}M memory peak.", "systemd[1]: {unit}: Main process exited, "
    "code=exited, status={n}/FAILURE", "systemd[1]: {unit}: Failed with result 'exit-code'.",
    "systemd[1]: Failed to start {unit} - Something.", "systemd-logind[{n}]: New session {n} of user root.",
    "sshd[{pid}]: Accepted publickey for root from 10.0.0.{n} port {pid} ssh2: ED25519 SHA256:{hex}",
    "sshd[{pid}]: error: kex_exchange_identification: Connection closed by remote host",
    "CRON[{pid}]: (root) CMD (   cd / && run-parts --report /etc/cron.hourly)",
    "NetworkManager[{pid}]: <info>  [17{pid}.{n}] device (vnet{n}): carrier: link connected",
    "libvirtd[{pid}]: libvirt version: 12.8.0, package: 1 (Debian)", "libvirtd[{pid}]: hostname: {host}",
    "libvirtd[{pid}]: End of file while reading data: Input/output error",
    "libvirtd[{pid}]: internal error: End of file from qemu monitor (vm='win11')",
    "libvirtd[{pid}]: Domain id={n} name='win11' uuid={hex} is tainted: host-cpu",
    "libvirtd[{pid}]: Unable to read from monitor: Connection reset by peer",
    "libvirtd[{pid}]: operation failed: domain 'win11' already exists with uuid {hex}",
    "virtqemud[{pid}]: cannot parse process status data", "virtlogd[{pid}]: failed to write to log file: No space left on device",
    "dnsmasq-dhcp[{n}]: DHCPACK(virbr0) 192.168.122.{n} 52:54:00:{bus}:{bus}:{bus} win11",
    "kernel: audit: backlog limit exceeded", "dockerd[{pid}]: time=\"2026-11-20T12:00:0{d}Z\" level=info msg=\"Container failed"
    " to exit within 10s of signal 15 - using the force\"",
    "pvedaemon[{pid}]: <root@pam> starting task UPID:{host}:{hex}:{hex}:{hex}:qmstart:10{n}:root@pam:",
    "pvedaemon[{pid}]: <root@pam> end task UPID:{host}:{hex}:{hex}:{hex}:qmstart:10{n}:root@pam: OK",
    "pvestatd[{pid}]: status update time ({n}.{n} seconds)", "qmeventd[{pid}]: Starting cleanup for 10{n}",
    "qm[{pid}]: VM 10{n} qmp command failed - VM 10{n} qmp command 'guest-ping' failed - got timeout",
    "pveproxy[{pid}]: worker {pid} finished", "corosync[{n}]:   [KNET  ] link: host: 2 link: 0 is down",
    "python3[{pid}]: ValueError: invalid parameter value 'x' for option '--speed'", "nginx[{n}]: host not found in upstream",
    "postgres[{pid}]: ERROR:  duplicate key value violates unique constraint \"ids\"", "app[{n}]: Device '{disk}' not found",
    "app[{n}]: Property 'colour' not found", "app[{n}]: invalid option", "app[{n}]: Parameter 'x' is missing",
    "app[{n}]: JSON parse error, unexpected end", "app[{n}]: Invalid parameter 'y'", "app[{n}]: Bus 'a' not found",
    "app[{n}]: Could not open '/etc/x': Permission denied", "mkfs[{n}]: unsupported machine type",
    "java[{n}]: requires an argument", "app[{n}]: Duplicate ID 'a' for device", "gcc[{n}]: can't parse: \"x\"",
]
PLAIN = [
    "2026-11-20 12:0{d}:{d}{d}.{n}+0000: starting up libvirt version: 12.8.0, qemu version: 11.1.3, kernel: 6.12, hostname: {host}",
    "LC_ALL=C \\", "/usr/bin/qemu-system-x86_64 \\", "-name guest=win11,debug-threads=on \\",
    "-machine pc-q35-9.2,usb=off,vmport=off,kernel_irqchip=split,dump-guest-core=off,memory-backend=pc.ram \\",
    "-cpu host,migratable=on,host-phys-bits-limit=39 \\", "-m size={pid}k \\",
    "-device '{{\"driver\":\"intel-iommu\",\"id\":\"iommu0\",\"intremap\":\"on\",\"caching-mode\":true,\"aw-bits\":39}}' \\",
    "-device '{{\"driver\":\"vfio-pci\",\"host\":\"0000:{bus}:00.0\",\"id\":\"hostdev{n}\",\"bus\":\"pci.{n}\",\"addr\":\"0x0\"}}' \\",
    "-msg timestamp=on", "char device redirected to /dev/pts/{n} (label charserial0)",
    "2026-11-20T12:00:0{d}.{n}Z qemu-system-x86_64: terminating on signal 15 from pid {pid} (/usr/sbin/libvirtd)",
    "2026-11-20 12:00:0{d}.{n}+0000: shutting down, reason=shutdown",
    "qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]",
    "qemu-system-x86_64: Slirp: external icmpv6 not supported yet", "qemu-img: Could not open 'x.qcow2': No such file",
    "kvm: terminating on signal 15 from pid {pid} (/usr/bin/kvm)", "qemu: qemu_thread_create: Resource temporarily unavailable",
    "TASK OK", "generating cloud-init ISO", "swtpm_setup: Not overwriting existing state file.",
    "2026-11-20 12:0{d}:{d}{d} status installed {package} {n}.{n}-1", "Get:{n} http://deb.debian.org/debian sid/main "
    "amd64 {package} amd64 {n}.{n}-1 [{pid} kB]", "Unpacking {package} ({n}.{n}-1) over ({n}.{n}-0) ...",
    "Setting up {package} ({n}.{n}-1) ...", "dpkg: error processing package {package} (--configure):",
    "E: Unable to locate package vfio-tools", "W: Possible missing firmware /lib/firmware/i915/x_{n}.bin for module i915",
    "10.0.0.{n} - - [20/Nov/2026:12:00:0{d} +0000] \"GET /api2/json/nodes/{host}/qemu/10{n} HTTP/1.1\" 200 {pid}",
    "{{\"level\":\"info\",\"msg\":\"Processing event ADDED\",\"vmi\":\"vm-{n}\",\"timestamp\":\"2026-11-20T12:00:0{d}Z\"}}",
    "Traceback (most recent call last):", "  File \"/usr/lib/python3/dist-packages/x.py\", line {n}, in main", "", "---",
    "The guest's address width must be smaller than the host's; see aw-bits in the manual.",
    "aw-bits 39", "host aw-bits", "phys-bits 46", "group {n} is viable", "vfio: all is well",
    "Set aw-bits=39 for intel-iommu and guest-phys-bits=39 for the CPU.", "I/O error, dev {disk}, sector {pid}",
]


def lines(seed):
    """Endless lines of all kinds."""
    rng = random.Random(seed)
    while True:
        kind = rng.randrange(3)
        text = rng.choice((KERNEL, JOURNAL, PLAIN)[kind]).format(
            n=rng.randrange(1, 100), d=rng.randrange(6), pid=rng.randrange(1000, 999999), bus=f"{rng.randrange(256):02x}",
            hex=f"{rng.getrandbits(48):012x}", disk=rng.choice(DISKS), unit=rng.choice(UNITS),
            package=rng.choice(PACKAGES), host=rng.choice(HOSTS))
        stamp = f"Nov {rng.randrange(1, 31):2} {rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"
        if kind == 0:
            text = rng.choice((f"[{rng.random() * 1e5:12.6f}] ", f"{stamp} {rng.choice(HOSTS)} kernel: ", "")) + text
        elif kind == 1:
            text = f"{stamp} {rng.choice(HOSTS)} " + text
        yield text


def log(seed, size):
    """At least so many bytes."""
    out, n = [], 0
    for line in lines(seed):
        out.append(line)
        n += len(line) + 1
        if n >= size:
            return "\n".join(out).encode()
    return b""
