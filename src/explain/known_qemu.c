/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* known_qemu.c - what QEMU says of VFIO, vIOMMUs and migration that no rule predicts. */
#include "base/strings.h"
#include "explain/catalog.h"
#include "vmm/versions.h"

#define SAYS(topic, pattern)                                                                       \
	{                                                                                          \
		IOF_SPEAKER_QEMU, 0, 0, 0, pattern, topic                                          \
	}
#define SINCE(version, topic, pattern)                                                             \
	{                                                                                          \
		IOF_SPEAKER_QEMU, version, 0, 0, pattern, topic                                    \
	}
#define UNTIL(version, topic, pattern)                                                             \
	{                                                                                          \
		IOF_SPEAKER_QEMU, 0, version, 0, pattern, topic                                    \
	}
#define BETWEEN(since, until, topic, pattern)                                                      \
	{                                                                                          \
		IOF_SPEAKER_QEMU, since, until, 0, pattern, topic                                  \
	}
#define BESIDE(topic, pattern)                                                                     \
	{                                                                                          \
		IOF_SPEAKER_QEMU, 0, 0, MESSAGE_COMPANION, pattern, topic                          \
	}
#define OFTEN(topic, pattern)                                                                      \
	{                                                                                          \
		IOF_SPEAKER_QEMU, 0, 0, MESSAGE_GENERIC, pattern, topic                            \
	}

static const struct known_message messages[] = {
	/* Bare forms of what rules predict with more before it. */
	SINCE(V9_1, "width.viommu-exceeds-host", "aw-bits {1:d} > host aw-bits {2:d}"),
	/* hw/vfio: the check that was proposed and never merged; patched builds have it. */
	SAYS("qemu.cpu-wider-than-iommu",
	     "Host physical address space ({0:d}) is larger than the host IOMMU address space "
	     "({1:d})"),
	UNTIL(V8_0, "map.bar-outside-iova", "failed to vfio_dma_map. pci p2p may not work"),
	BETWEEN(V8_0, V10_0, "map.bar-outside-iova",
		"PCI p2p may not work: vfio_container_dma_map(PTR, {2:x}, {3:x}, PTR) = -22 "
		"(Invalid "
		"argument)"),
	UNTIL(V9_0, "map.bar-outside-iova",
	      "PCI p2p may not work: vfio_dma_map(PTR, {2:x}, {3:x}, PTR) = -22 (Invalid "
	      "argument)"),
	SAYS("qemu.dma-map-no-memory",
	     "vfio_container_dma_map(PTR, {2:x}, {3:x}, PTR) = -12 (Cannot allocate memory)"),
	SAYS("qemu.dma-map-no-entry",
	     "vfio_container_dma_map(PTR, {2:x}, {3:x}, PTR) = -28 (No space left on device)"),
	UNTIL(V9_0, "qemu.dma-map-no-entry",
	      "vfio_dma_map(PTR, {2:x}, {3:x}, PTR) = -28 (No space left on device)"),
	SAYS("qemu.dma-map-overlap",
	     "vfio_container_dma_map(PTR, {2:x}, {3:x}, PTR) = -17 (File exists)"),
	UNTIL(V9_0, "map.bar-not-pinned",
	      "vfio_dma_map(PTR, {2:x}, {3:x}, PTR) = -14 (Bad address)"),
	BESIDE("qemu.dma-map-no-entry", "VFIO_MAP_DMA failed: No space left on device"),
	BESIDE("qemu.dma-map-no-entry", "IOMMU_IOAS_MAP failed: No space left on device"),
	SAYS("qemu.dma-unmap", "vfio_container_dma_unmap(PTR, {2:x}, {3:x}) = {4:d} ({5:t})"),
	SAYS("qemu.dma-unmap", "VFIO_UNMAP_DMA failed: {5:t}"),
	SAYS("qemu.window", "Container PTR can't map guest IOVA region {0:x}..{1:x}"),
	SAYS("qemu.unaligned",
	     "received unaligned region {0} iova={1:x} offset_within_region={2:x} "
	     "qemu_real_host_page_size={3:x}"),
	SAYS("qemu.wrong-target", "Wrong target AS \"{0:q}\", only system memory is allowed"),
	SINCE(V8_0, "intel.caching-mode-off", "device {*} requires caching mode"),
	SINCE(V8_0, "qemu.device-iotlb-off", "device {*} requires device IOTLB mode"),
	SAYS("intel.snoop-control", "Snoop Control with vhost or VFIO is not supported"),
	SAYS("amd.no-assigned-devices",
	     "device {2} requires iommu notifier which is not currently supported"),
	SINCE(V10_2, "amd.dma-remap-off", "device {2} requires dma-remap=1"),
	SAYS("qemu.x2apic", "AMD IOMMU with x2APIC configuration requires xtsup=on"),
	SAYS("qemu.x2apic-kvm", "AMD IOMMU xtsup=on requires x2APIC support on the KVM side"),
	SAYS("qemu.eim-kvm",
	     "eim=on requires support on the KVM side(X2APIC_API, first shipped in v4.7)"),
	SINCE(V10_1, "qemu.amd-pci-id", "Cannot find PCI device '{0}'"),
	SINCE(V10_1, "qemu.amd-pci-id", "Device '{0}' must be an AMDVI-PCI device type"),
	SINCE(V9_1, "qemu.hiod-twice", "Host IOMMU device already exist"),
	SINCE(V9_1, "qemu.hiod-twice", "Host IOMMU device already exists"),
	SINCE(V9_1, "qemu.no-caps", ".get_cap() not implemented"),
	SINCE(V11_0, "qemu.no-caps", "host IOMMU cannot be checked!"),
	SINCE(V8_2, "qemu.iova-ranges-conflict",
	      "IOMMU mr={0} Conflicting host reserved ranges set!"),
	SINCE(V8_2, "qemu.iova-ranges-late",
	      "{0:w}: Notified about new host reserved regions after probe"),
	SINCE(V8_1, "virtio.page-sizes-incompatible",
	      "virtio-iommu {0} reports a page size mask {1:x} incompatible with currently "
	      "supported mask {2:x}"),
	UNTIL(V8_1, "virtio.page-sizes-incompatible",
	      "virtio-iommu page mask {1:x} is incompatible with mask {2:x}"),
	BETWEEN(V8_1, V9_1, "virtio.granule-frozen",
		"virtio-iommu {0} does not support frozen granule {1:x}"),
	SINCE(V9_0, "qemu.granule", "Unsupported granule mode"),
	SINCE(V9_1, "qemu.virtio-alias", "virtio-iommu does not support aliased BDF"),
	SAYS("qemu.virtio-ats", "Virtio-iommu does not support dev-iotlb yet"),
	SAYS("config.machine-without-viommu",
	     "Check your machine implements a hotplug handler for the virtio-iommu-pci device"),
	SAYS("qemu.reserved-region", "reserved region {0:d} has an invalid type"),
	SAYS("qemu.virt-iommus", "virt machine does not support multiple IOMMUs"),
	SAYS("qemu.internal", "{*}: no IOMMUPciBus found!"),
	SAYS("qemu.internal", "{*}: no IOMMUDevice found!"),
	BESIDE("vfio.direct-region", "Failed to set group container"),
	BESIDE("vfio.no-interrupt-remapping", "Failed to set iommu for container"),
	SAYS("vfio.no-interrupt-remapping",
	     "failed to set iommu for container: Operation not permitted"),
	SAYS("vfio.device-absent", "no such host device: No such file or directory"),
	SINCE(V9_0, "qemu.bind", "error bind device fd={*:n} to iommufd={*:n}: {1:t}"),
	SAYS("qemu.vfio-option", "failed getting region info for VGA region index {*:d}"),
	OFTEN("qemu.vfio-option", "device does not support requested feature {0}"),
	SAYS("qemu.vfio-option", "x-balloon-allowed only potentially compatible with mdev devices"),
	OFTEN("qemu.vfio-option", "invalid PCI {*} ID provided"),
	OFTEN("qemu.vfio-option", "Invalid MSI-X relocation BAR {*:t}"),
	SAYS("qemu.vfio-option", "vfio: device doesn't support any (known) display method"),
	SAYS("qemu.vfio-option", "does not support requested IGD OpRegion feature"),
	SAYS("qemu.migration-device", "migration is not supported in kernel"),
	SAYS("qemu.irqfd", "failed to setup resample irqfd"),
	OFTEN("qemu.irqfd", "MSI-X is not supported by interrupt controller"),
	SAYS("qemu.no-iommu-model", "No available IOMMU models"),
	SAYS("vfio.not-bound", "error getting device from group {1:d}"),
	SINCE(V9_0, "qemu.no-ioas", "Failed to allocate ioas"),
	SINCE(V9_0, "intel.no-nesting", "Failed to allocate hwpt"),
	SINCE(V9_0, "qemu.no-hw-info", "Failed to get hardware info"),
	SINCE(V9_0, "vfio.not-bound", "failed to find vfio-dev/vfioX/dev"),
	SINCE(V9_0, "qemu.iova-ranges-unknown", "Cannot get IOVA ranges"),
	BESIDE("qemu.iova-ranges-unknown", "Fallback to default 64bit IOVA range and 4K page size"),
	SAYS("qemu.vfio-info", "Failed to get VFIO IOMMU info"),
	SAYS("qemu.discard", "Cannot set discarding of RAM broken"),
	SINCE(V8_1, "migration.viommu", "Migration is currently not supported with vIOMMU enabled"),
	SINCE(V8_1, "qemu.no-dirty-tracking",
	      "{0}: VFIO device doesn't support device and IOMMU dirty tracking"),
	SINCE(V11_0, "qemu.dirty-bitmap",
	      "Migration is currently not supported with large memory VM due to dirty tracking "
	      "limitation in backend"),
	SINCE(V9_1, "qemu.no-dirty-tracking",
	      "IOMMU instance for device {0} doesn't support dirty tracking"),
	SINCE(V8_1, "qemu.p2p-migration",
	      "Multiple VFIO devices migration is supported only if all of them support P2P "
	      "migration"),
	SAYS("qemu.migration-device", "VFIO migration is not supported in kernel"),
	SAYS("qemu.postcopy", "VFIO migration is not supported with postcopy migration"),
	SAYS("qemu.postcopy", "VFIO migration is not supported with background snapshot"),
	SINCE(V11_0, "qemu.pasid-cap", "vfio: Placing PASID capability at offset {0:x} failed"),
	SAYS("qemu.riscv", "can't register secondary IOMMU for PCI bus #{0:d}"),
	SAYS("qemu.invalid-region", "invalid PCI I/O region"),
	SAYS("qemu.irqchip", "Userspace local APIC is deprecated for KVM."),
	SAYS("qemu.x2apic-id", "APIC ID {0:d} requires x2APIC feature in CPU"),
	BESIDE("qemu.x2apic-id", "Unexpected error in apic_common_set_id() at {*}"),
	BESIDE("qemu.x2apic-id", "Try x2apic=on in -cpu."),
};

const struct known_messages qemu_messages = {messages, ARRAY_SIZE(messages)};

static const struct topic topics[] = {
	{"qemu.cpu-wider-than-iommu", "vCPU wider than the host's IOMMU (a patched QEMU)",
	 "The vCPU shows {0} bits of addresses, the host's IOMMU maps {1}: {0} > {1}. The text "
	 "comes "
	 "from a patch that was never merged, so this is a patched build; it compares the vCPU's "
	 "width, though its words say host.\n"
	 "By itself that is no fault: it matters where firmware puts BARs above bit {1}. DMA to "
	 "RAM below {top 1} works.",
	 "QEMU: -cpu host,guest-phys-bits={1} (9.1 and later), before: -cpu "
	 "host,host-phys-bits-limit={1}\n"
	 "libvirt: <maxphysaddr mode='passthrough' limit='{1}'/> in <cpu>\n"
	 "Proxmox: cpu: host,guest-phys-bits={1}\n"
	 "?1>#38 & with a vIOMMU also aw-bits={intel 1} on intel-iommu"},
	{"qemu.dma-map-no-memory",
	 "locked memory that is not enough, or a BAR on a kernel that counts it",
	 "The kernel answers -12 (ENOMEM) to {size 3} at {2}: the limit of locked memory "
	 "(RLIMIT_MEMLOCK) is used up. Behind a vIOMMU the RAM counts once for each device; some "
	 "kernels count BARs, too, with iommufd.",
	 "QEMU by hand: ulimit -l unlimited, or LimitMEMLOCK=infinity in its systemd unit\n"
	 "libvirt: <hard_limit> in <memtune> of devices * RAM + 1 GiB\n"
	 "?2>#4294967296 QEMU: x-no-mmap=on on the device whose BAR is at {2}, if it is one"},
	{"qemu.dma-map-no-entry", "no DMA mappings left",
	 "The kernel answers -28 (ENOSPC) to {size 3} at {2}: the container has used up its "
	 "mappings "
	 "(65535 by default). A guest behind a vIOMMU makes one for each page.\n"
	 "!The kernel answers ENOSPC: the container has used up its mappings (65535 by default).",
	 "Host: options vfio_iommu_type1 dma_entry_limit=524288 in /etc/modprobe.d\n"
	 "QEMU: the iommufd backend has no such limit\n"
	 "Guest: iommu=pt on its kernel command line"},
	{"qemu.dma-map-overlap", "an address that is mapped already",
	 "The kernel answers -17 (EEXIST): something is mapped at {2} already.",
	 "A fault of the VMM or of the guest's IOMMU driver; report it with the log"},
	{"qemu.dma-unmap", "a DMA mapping that cannot be taken away",
	 "The kernel answers {4} ({5}) to unmapping {size 3} at {2}.\n"
	 "!The kernel answers: {5}.",
	 "A consequence of a failed mapping before it: look further up"},
	{"qemu.window", "guest memory outside of the host's DMA window",
	 "The region from {0} to {1} takes {bits 1} bits; the host has no DMA window there.",
	 "Lower -m so that the RAM ends below the window"},
	{"qemu.unaligned", "a region that is no whole number of pages",
	 "{0} at {1} is not aligned to the host's pages of {3} bytes; it is left out of DMA.",
	 "Nothing has to be done, unless another device writes there"},
	{"qemu.wrong-target", "a guest IOVA that points to no RAM",
	 "The guest's IOMMU tables point into {0}, which is no RAM.",
	 "A fault of the guest: check its driver"},
	{"qemu.virtio-alias", "a device behind a PCI bridge below virtio-iommu",
	 "A conventional PCI bridge makes all devices behind it look like one, which virtio-iommu "
	 "cannot tell apart.",
	 "QEMU: a pcie-root-port for the device in place of the bridge\n"
	 "QEMU: intel-iommu in place of virtio-iommu-pci, if the devices must share one space"},
	{"qemu.device-iotlb-off", "ATS without the vIOMMU's device-iotlb",
	 "The device has ATS on, but the vIOMMU has no device IOTLB.",
	 "QEMU: -device intel-iommu,device-iotlb=on\n"
	 "libvirt: <driver iotlb='on'/> in <iommu>\nQEMU: ats=off on the device"},
	{"intel.snoop-control", NULL,
	 "intel-iommu refuses VFIO's and vhost's notifiers while snoop-control=on.",
	 "QEMU: -device intel-iommu,snoop-control=off"},
	{"amd.dma-remap-off", NULL,
	 "amd-iommu translates for assigned devices from QEMU 10.2 on, if dma-remap is on.",
	 "QEMU: -device amd-iommu,dma-remap=on"},
	{"qemu.x2apic", "more vCPUs than amd-iommu without xtsup=on can address",
	 "APIC IDs above 255 need x2APIC, and interrupts for it xtsup=on.",
	 "QEMU: -device amd-iommu,xtsup=on\nlibvirt: <driver xtsup='on'/> in <iommu model='amd'>\n"
	 "Use 255 vCPUs or fewer"},
	{"qemu.x2apic-kvm", "xtsup=on without KVM's x2APIC interface",
	 "The host's KVM does not offer the x2APIC interface.",
	 "QEMU: -accel kvm,kernel-irqchip=split\nQEMU: amd-iommu without xtsup=on"},
	{"qemu.eim-kvm", "eim=on without KVM's x2APIC interface",
	 "The host's KVM does not offer the x2APIC interface (Linux 4.7).",
	 "QEMU: -accel kvm,kernel-irqchip=split\nQEMU: -device intel-iommu,eim=off"},
	{"qemu.amd-pci-id", "pci-id of amd-iommu that is no AMDVI-PCI",
	 "pci-id={0} must be the id of an AMDVI-PCI device before it.",
	 "QEMU: -device AMDVI-PCI,id=iommu0\n& -device amd-iommu,pci-id=iommu0"},
	{"qemu.hiod-twice", "two host devices at one guest address",
	 "The vIOMMU has a host device at this bus and slot already.",
	 "Give each vfio-pci device a slot of its own (addr=)"},
	{"qemu.no-caps", "a host IOMMU of which the VMM knows nothing",
	 "The backend of the device cannot tell the IOMMU's abilities, or this QEMU was built "
	 "without "
	 "them.",
	 "QEMU: first-stage translation off\nUse a QEMU with iommufd (CONFIG_IOMMUFD)"},
	{"qemu.iova-ranges-conflict",
	 "devices with different host IOVA ranges behind one virtio-iommu",
	 "{0} got other reserved ranges before: its devices are behind host IOMMUs of different "
	 "widths.",
	 "Use QEMU 9.1 or later, which keeps them for each device\n"
	 "QEMU: -device virtio-iommu-pci,aw-bits=N with the smallest width of all of them"},
	{"qemu.iova-ranges-late", "a device that came too late for its reserved ranges",
	 "The guest has asked {0} for its reserved regions before this device was there; it may "
	 "use "
	 "addresses that the host cannot map.",
	 "QEMU: -device virtio-iommu-pci,aw-bits=N with the width of the host's IOMMU\n"
	 "Put the device into the VM's config instead of plugging it"},
	{"qemu.granule", "granule that virtio-iommu does not know",
	 "granule is 4k, 8k, 16k, 64k or host.", "QEMU: -device virtio-iommu-pci,granule=host"},
	{"qemu.virtio-ats", "ATS behind virtio-iommu", "virtio-iommu has no device IOTLB.",
	 "QEMU: ats=off on the device\nQEMU: intel-iommu,"
	 "device-iotlb=on in its place"},
	{"qemu.reserved-region", "a reserved region of a type that there is not",
	 "Region {0} must have type 0 (reserved) or 1 (MSI).",
	 "QEMU: reserved-regions in the form low:high:type, type 0 or 1"},
	{"qemu.virt-iommus", "more than one vIOMMU",
	 "Arm's virt takes one vIOMMU of the machine's.",
	 "Remove iommu=smmuv3 from -machine, or virtio-iommu-pci\n"
	 "QEMU 10.2 and later: several arm-smmuv3,primary-bus=BUS, one for each root complex"},
	{"qemu.internal", "a device whose guest bus the vIOMMU does not know",
	 "virtio-iommu was asked about a device that it has not seen.",
	 "A fault of the VMM: use the latest point release, and report it"},
	{"qemu.no-iommu-model", "a kernel without VFIO's IOMMU backend",
	 "VFIO has no IOMMU driver for this host.", "Host: modprobe vfio_iommu_type1"},
	{"qemu.bind", "a device that iommufd does not take",
	 "The kernel answers: {1}. \"Operation not permitted\" is a group mate that a host driver "
	 "holds, or no interrupt remapping; \"Device or resource busy\" a device in use; other "
	 "answers are a descriptor that is no VFIO device.",
	 "See: dmesg | tail\nQEMU: host=ADDRESS in place of fd="},
	{"qemu.vfio-option", "an option of vfio-pci that this device cannot do",
	 "The option that the line names asks for something that the host's device or its driver "
	 "does not have.",
	 "Remove the option from the vfio-pci device"},
	{"qemu.irqfd", "interrupts that take a longer way",
	 "The interrupt controller of this VM has no fast way for the device's interrupts; it "
	 "works.",
	 "QEMU: -accel kvm with kernel-irqchip=on or split"},
	{"qemu.no-ioas", "iommufd that cannot be used",
	 "The kernel gave no IOAS: /dev/iommu is of another kind or a limit is reached.",
	 "Host: modprobe iommufd; ls -l /dev/iommu\nQEMU: remove iommufd= from the device"},
	/* Not predicted: asked without a type, Linux 6.6 to 7.2 fails for want of memory only
	 * (iommufd_get_hw_info and the drivers' hw_info; a driver without one is answered with
	 * type 0), and kernels without the question have no device cdev either. With a type see
	 * smmuv3.host-cmdqv. */
	{"qemu.no-hw-info", "a question about the host's IOMMU that the kernel does not answer",
	 "Every kernel with device cdevs answers IOMMU_GET_HW_INFO, also where its IOMMU driver "
	 "has nothing to tell. So the host is out of memory, or a filter (seccomp, SELinux) "
	 "keeps the VMM from asking; it is not the IOMMU.",
	 "Ask as the VMM does: iommufit rehearse\nSee: dmesg | tail\nHost: ausearch -m avc,seccomp "
	 "-ts recent\nQEMU: remove iommufd= from the device"},
	{"qemu.iova-ranges-unknown", "IOVA ranges that the kernel does not tell",
	 "QEMU then assumes 64 bits and 4 KiB pages, so its checks of widths say nothing.",
	 "Use a newer kernel\nKeep guest addresses below the width that `iommufit host` tells"},
	{"qemu.vfio-info", "a kernel that does not tell about its IOMMU",
	 "VFIO_IOMMU_GET_INFO failed.", "Look at the kernel's log: dmesg | grep -i vfio"},
	{"qemu.discard", "RAM discard that another device relies on",
	 "An assigned device pins all RAM; a device of the VM (virtio-mem, balloon) relies on "
	 "giving "
	 "it back.",
	 "Remove one of them"},
	{"qemu.no-dirty-tracking",
	 "a device that cannot be migrated: nothing tracks what it writes",
	 "Neither the device {0} nor the host's IOMMU tracks dirty pages.",
	 "QEMU: the iommufd backend on a host whose IOMMU tracks (VT-d with SSADS, AMD with "
	 "HDSup)\n"
	 "Use the device's own migration driver on the host (driverctl, or <driver model=...>)"},
	{"qemu.dirty-bitmap", "more RAM than the legacy backend can track while migrating",
	 "The legacy container's bitmap reaches 8 TiB.",
	 "QEMU: the iommufd backend (iommufd=iommufd0 on the device)"},
	{"qemu.p2p-migration", "several devices of which one cannot stop in two steps",
	 "Several VFIO devices migrate only if all support peer-to-peer migration states.",
	 "Unplug the others before migrating"},
	{"qemu.migration-device", "a device whose host driver cannot migrate it",
	 "Plain vfio-pci has no migration; a variant driver of the device's vendor has.",
	 "Host: bind the vendor's variant driver (see modinfo -F alias | grep vfio)\n"
	 "Unplug the device before migrating"},
	{"qemu.postcopy", "a way of migrating that VFIO does not have",
	 "VFIO devices migrate by precopy only.", "Use precopy migration"},
	{"qemu.pasid-cap", "no room for the PASID capability",
	 "Offset {0} of the device's config space is taken.",
	 "QEMU: x-vpasid-cap-offset= on the device with a free offset"},
	{"qemu.riscv", "a second vIOMMU on one bus", "Bus {0} has a vIOMMU already.",
	 "Remove one of them"},
	{"qemu.invalid-region", "a BAR that the guest cannot place",
	 "The guest's window for 64-bit BARs is too small or lies too high.",
	 "OVMF: -fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=65536\n"
	 "QEMU: -global q35-pcihost.pci-hole64-size=1024G"},
	{"qemu.irqchip", "an interrupt controller outside of KVM",
	 "kernel-irqchip=off is slow and will go.", "QEMU: -machine q35,kernel-irqchip=split"},
	{"qemu.x2apic-id", "more vCPUs than the CPU model can number",
	 "APIC ID {0} is above 254, which takes x2APIC.",
	 "QEMU: x2apic=on in -cpu\n& -device intel-iommu,intremap=on,eim=on"},
};

const struct topics qemu_topics = {topics, ARRAY_SIZE(topics)};
