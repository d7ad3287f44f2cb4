/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* known_kernel.c - what Linux says that keeps a device from a VM, and what tells about widths. */
#include "base/strings.h"
#include "explain/catalog.h"

#define SAYS(topic, pattern)                                                                       \
	{                                                                                          \
		IOF_SPEAKER_KERNEL, 0, 0, 0, pattern, topic                                        \
	}

/* Tells a fact, no fault. */
#define TELLS(topic, pattern)                                                                      \
	{                                                                                          \
		IOF_SPEAKER_KERNEL, 0, 0, MESSAGE_FACT, pattern, topic                             \
	}

static const struct known_message messages[] = {
	SAYS("kernel.rmrr", "Device is ineligible for IOMMU domain attach due to platform RMRR "
			    "requirement. Contact your platform vendor."),
	SAYS("kernel.rmrr",
	     "Firmware has requested this device have a 1:1 IOMMU mapping, rejecting "
	     "configuring the device without a 1:1 mapping. Contact your platform "
	     "vendor."),
	SAYS("vfio.no-interrupt-remapping", "No interrupt remapping support. Use the module param "
					    "\"allow_unsafe_interrupts\""),
	SAYS("vfio.no-interrupt-remapping", "No interrupt remapping for this platform. Use the "
					    "module param \"allow_unsafe_interrupts\""),
	SAYS("kernel.width",
	     "iommu width ({0:d}) is not sufficient for the mapped address ({1:x})"),
	SAYS("kernel.memlock", "vfio_pin_pages_remote: RLIMIT_MEMLOCK ({0:d}) exceeded"),
	SAYS("kernel.memlock", "vfio_lock_acct: RLIMIT_MEMLOCK ({0:d}) exceeded"),
	SAYS("kernel.memlock", "RLIMIT_MEMLOCK ({0:d}) exceeded"),
	TELLS("kernel.dmar-width", "DMAR: Host address width {0:d}"),
	TELLS("kernel.dmar-unit", "DMAR: {0}: reg_base_addr {*} ver {*} cap {1:x} ecap {2:x}"),
	SAYS("kernel.iommu-off", "DMAR: IOMMU disabled"),
	SAYS("kernel.scalable-off", "DMAR: Scalable mode is disallowed"),
	TELLS("kernel.inconsistent", "DMAR: IOMMU feature {0} inconsistent"),
	SAYS("kernel.dmar-fault", "DMAR: [{0:t}] Request device [{1}] fault addr {2:x}"),
	SAYS("kernel.dmar-fault", "DMAR: [{0:t}] Request device [{1}] PASID {*} fault addr {2:x}"),
	SAYS("kernel.dmar-fault", "DMAR: DRHD: handling fault status reg {*}"),
	SAYS("kernel.amd-fault", "Event logged [IO_PAGE_FAULT domain={*} address={2:x} flags={*}]"),
	SAYS("kernel.amd-fault",
	     "Event logged [IO_PAGE_FAULT device={1} domain={*} address={2:x} flags={*}]"),
	TELLS("kernel.amd-option", "AMD-Vi: Unknown option - 'on'"),
	TELLS("kernel.smmu-oas", "arm-smmu-v3 {0}: ias {1:d}-bit, oas {2:d}-bit (features {*})"),
	TELLS("kernel.smmu-oas", "arm-smmu-v3 {0}: oas {2:d}-bit (features {*})"),
	TELLS("kernel.virtio-width", "virtio_iommu {0}: input address: {1:d} bits"),
	TELLS("kernel.mktme", "x86/mktme: BIOS enabled: x86_phys_bits reduced by {0:d}"),
	TELLS("kernel.remapping", "DMAR-IR: Enabled IRQ remapping in {0} mode"),
	TELLS("kernel.remapping", "AMD-Vi: Interrupt remapping enabled"),
	TELLS("kernel.dma-remapping", "DMAR: Intel(R) Virtualization Technology for Directed I/O"),
	TELLS("kernel.scalable-on", "DMAR: Enable scalable mode if hardware supports"),
	TELLS("kernel.amd-features", "AMD-Vi: Extended features ({0:x}, {1:x})"),
	TELLS("kernel.amd-features", "AMD-Vi: Extended features ({0:x})"),
	TELLS("kernel.amd-features", "AMD-Vi: Using global IVHD EFR:{0:x}, EFR2:{1:x}"),
	TELLS("kernel.domain-type", "iommu: Default domain type: {0}"),
	SAYS("kernel.bar-space", "vfio-pci {0:b}: BAR {1:d}: can't reserve {*:t}"),
	SAYS("kernel.no-space", "BAR {1:d}: no space for {*:t}"),
	SAYS("kernel.no-space", "BAR {1:d} {*:t}: can't assign; no space"),
};

const struct known_messages kernel_messages = {messages, ARRAY_SIZE(messages)};

static const struct topic topics[] = {
	{"kernel.rmrr", "a device that firmware wants mapped one to one (RMRR or IVMD)",
	 "Firmware goes on using the device's memory behind the system's back, so the kernel does "
	 "not give the device away. QEMU then says `Failed to set iommu for container` or "
	 "`Failed to set group container`.",
	 "See: cat /sys/bus/pci/devices/{0}/iommu_group/reserved_regions (a line with "
	 "\"direct\")\n"
	 "!See: cat /sys/bus/pci/devices/ADDRESS/iommu_group/reserved_regions (a line with "
	 "\"direct\")\n"
	 "Look for a firmware setting or update that drops the reservation (HP: HPE Smart "
	 "configuration, \"conrep\"); another slot can help\n"
	 "USB controllers and graphics are exempt (\"direct-relaxable\")"},
	{"kernel.width", "an address that the host's IOMMU cannot map",
	 "The IOMMU has {0} bits ({top 0}), and {1} takes {bits 1}: {bits 1} > {0}. This is an old "
	 "kernel that reports more to VFIO than there is.",
	 "QEMU: -cpu host,guest-phys-bits={0} (9.1 and later), before: -cpu "
	 "host,host-phys-bits-limit={0}\n"
	 "libvirt: <maxphysaddr mode='passthrough' limit='{0}'/> in <cpu>\n"
	 "Proxmox: cpu: host,guest-phys-bits={0}\n"
	 "?0>#38 & with intel-iommu: aw-bits={intel 0}"},
	{"kernel.memlock", "a limit of locked memory that is too low",
	 "The limit is {size 0} ({0} bytes). It takes the guest's RAM and about 1 GiB; behind a "
	 "vIOMMU the RAM once for each assigned device.",
	 "QEMU by hand: ulimit -l unlimited, or LimitMEMLOCK=infinity in its systemd unit\n"
	 "libvirt: <hard_limit> in <memtune> above {size 0}, or <locked/> in <memoryBacking>"},
	{"kernel.dmar-width", "the address width in firmware's table",
	 "The DMAR table says {0} bits. That is only what firmware says: what the IOMMU maps is in "
	 "its capability register, and can be more or less than {0}.",
	 "See: iommufit host"},
	{"kernel.dmar-unit", "the registers of an IOMMU unit",
	 "Unit {0} has CAP {1} and ECAP {2}: bits 21:16 of CAP plus one are the widest address "
	 "(MGAW), bits 12:8 the table depths (bit 1: 39 bits, bit 2: 48, bit 3: 57).",
	 "See: iommufit host, which works the rest out"},
	{"kernel.iommu-off", "the IOMMU is switched off",
	 "intel_iommu=off is on the kernel command line.",
	 "Host: intel_iommu=on on the kernel command line"},
	{"kernel.scalable-off", "scalable mode is switched off",
	 "intel_iommu=sm_off is on the kernel command line; first-stage translation of a VM needs "
	 "scalable mode.",
	 "Host: intel_iommu=on,sm_on"},
	{"kernel.inconsistent", "IOMMU units that differ",
	 "Not all units have {0}, so it is not used.",
	 "Nothing has to be done, unless a VM needs it"},
	{"kernel.dmar-fault", "DMA that the IOMMU refused",
	 "Device {1} asked for {2} ({0}), which is not mapped for it.\n"
	 "!A device asked for an address that is not mapped for it.",
	 "With an assigned device: its guest driver uses an address that the VM's IOMMU or memory "
	 "map "
	 "does not have; check the VM with iommufit check\n"
	 "Without: a firmware or driver fault of the host"},
	{"kernel.amd-fault", "DMA that the IOMMU refused",
	 "A device asked for {2}, which is not mapped for it.",
	 "With an assigned device: its guest driver uses an address that the VM's IOMMU or memory "
	 "map "
	 "does not have; amd-iommu in the VM needs dma-remap=on (QEMU 10.2 and later)\n"
	 "?2>#1086626725888 Addresses from 0xfd00000000 to 0xffffffffff are AMD's HyperTransport "
	 "region"},
	{"kernel.amd-option", "amd_iommu=on, which is no option",
	 "AMD's IOMMU is on by default; the kernel ignores it.",
	 "Host: remove amd_iommu=on from the kernel command line (it does no harm)"},
	{"kernel.smmu-oas", "the widths of an SMMUv3",
	 "{0} takes {1} bits and puts out {2}.\n!{0} puts out {2} bits.",
	 "QEMU: oas=auto or at most {2} on arm-smmuv3,accel=on (44 and 48 exist)"},
	{"kernel.virtio-width", "the width of a virtual IOMMU, seen from inside",
	 "{0} takes {1} bits, up to {top 1}.",
	 "?1<#48 More: aw-bits=48 on virtio-iommu-pci, if the host's IOMMU has that"},
	{"kernel.mktme", "memory encryption takes address bits",
	 "{0} bits of each physical address are encryption keys, so CPUID says {0} more than there "
	 "are.",
	 "Firmware: fewer encryption keys (MKTME), if RAM is out of reach"},
	{"kernel.remapping", "the host remaps interrupts",
	 "VFIO does not need allow_unsafe_interrupts here.", NULL},
	{"kernel.dma-remapping", "the host translates DMA", "VT-d is on.", NULL},
	{"kernel.scalable-on", "scalable mode is allowed",
	 "First-stage translation of a VM needs it, and hardware that has it.", NULL},
	{"kernel.amd-features", "the features of AMD's IOMMU",
	 "EFR is {0}: bits 11:10 tell the levels of the host's tables (0: 48 bits, 1: 57, 2: 64).",
	 "See: iommufit host, which works the rest out"},
	{"kernel.domain-type", "how the host's own DMA goes",
	 "{0}: that concerns the host's drivers only. A device that is given to a VM always goes "
	 "through the IOMMU.",
	 NULL},
	{"kernel.bar-space", "a BAR that something else has",
	 "BAR {1} of {0} is in use by the host: mostly the boot screen's frame buffer (efifb, "
	 "simplefb).",
	 "Host: video=efifb:off or initcall_blacklist=sysfb_init on the kernel command line"},
	{"kernel.no-space", "a BAR for which there is no room",
	 "BAR {1} does not fit into the window of its bridge.",
	 "Host: Above 4G Decoding and Resizable BAR in the firmware setup\n"
	 "In a VM: OVMF: -fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=65536\n"
	 "& QEMU: -global q35-pcihost.pci-hole64-size=1024G"},
};

const struct topics kernel_topics = {topics, ARRAY_SIZE(topics)};
