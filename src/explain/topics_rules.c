/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * topics_rules.c - causes and ways out for what rules predict, over the operands of the rule's own
 * message. A rule predicts from a host and a VM and knows more; here only the line is known.
 */
#include "base/strings.h"
#include "explain/catalog.h"

/* Where the width of a host's IOMMU can be read. */
#define WIDTH_OF_HOST "`iommufit host` tells the width and the usable ranges."

static const struct topic topics[] = {
	{"width.viommu-exceeds-host", NULL,
	 "The vIOMMU promises {1} bits of I/O addresses ({top 1}), the host's IOMMU maps {2} "
	 "({top 2}): {1} > {2}.\n"
	 "intel-iommu has 48 bits by default from QEMU 10.0 on with machine types from 9.2 on, 39 "
	 "before; the host's {2} are the top bit of the last range that its kernel offers.\n"
	 "?2<#39 intel-iommu knows 39 and 48 bits only, and both are more than {2}.",
	 "QEMU: -device intel-iommu,aw-bits={intel 2} in place of aw-bits={1}\n"
	 "& -cpu host,guest-phys-bits={intel 2}: else firmware may put BARs above bit {intel 2}\n"
	 "libvirt: <driver aw_bits='{intel 2}'/> in <iommu model='intel'>\n"
	 "& <maxphysaddr mode='passthrough' limit='{intel 2}'/> in <cpu>\n"
	 "Proxmox: machine: q35,viommu=intel,aw-bits={intel 2}\n"
	 "& cpu: host,guest-phys-bits={intel 2}\n"
	 "?2<#39 QEMU: -device virtio-iommu-pci,aw-bits={2} in place of intel-iommu"},
	{"intel.caching-mode-off", NULL,
	 "Without caching mode the guest does not say when it maps a page, so QEMU cannot map the "
	 "page for the device {0}.\n"
	 "!Without caching mode the guest does not say when it maps a page, so QEMU cannot map the "
	 "page for an assigned device.",
	 "QEMU: -device intel-iommu,caching-mode=on\n"
	 "libvirt: <driver caching_mode='on'/> in <iommu model='intel'>"},
	{"intel.aw-bits-unsupported", NULL,
	 "The emulated VT-d has 39 bits (three levels of tables) or 48 (four), and nothing else; "
	 "libvirt passes any number on.",
	 "QEMU: -device intel-iommu,aw-bits=48, or aw-bits=39 where the host's IOMMU has less "
	 "than 48 bits\n"
	 "libvirt: <driver aw_bits='48'/> or '39' in <iommu model='intel'>\n"
	 "Proxmox: machine: q35,viommu=intel,aw-bits=48 or 39"},
	{"intel.first-stage-needs-48-bits", NULL, "First-stage tables have four levels: 48 bits.",
	 "QEMU: -device intel-iommu,aw-bits=48\n"
	 "QEMU: leave first-stage translation off (fsts, before 11.1 x-flts) if the host's IOMMU "
	 "has less than 48 bits"},
	{"intel.intremap-kernel-irqchip", NULL,
	 "A full in-kernel interrupt controller cannot remap interrupts.",
	 "QEMU: -machine q35,kernel-irqchip=split\n"
	 "libvirt: <ioapic driver='qemu'/> in <features>\n"
	 "QEMU: intremap=off on the vIOMMU, if the guest can do without"},
	{"amd.intremap-kernel-irqchip", NULL,
	 "A full in-kernel interrupt controller cannot remap interrupts.",
	 "QEMU: -machine q35,kernel-irqchip=split\n"
	 "libvirt: <ioapic driver='qemu'/> in <features>\n"
	 "QEMU: intremap=off on the vIOMMU, if the guest can do without"},
	{"intel.eim-without-intremap", NULL,
	 "Extended interrupt mode is a part of interrupt remapping, which is off here.",
	 "QEMU: -device intel-iommu,intremap=on,eim=on\n"
	 "& -machine q35,kernel-irqchip=split\n"
	 "QEMU: eim=off, which is enough for up to 255 vCPUs"},
	{"intel.eim-needs-split-irqchip", NULL,
	 "QEMU before 9.0 takes eim=on only with KVM and a split interrupt controller.",
	 "QEMU: -machine q35,accel=kvm,kernel-irqchip=split\n"
	 "libvirt: <ioapic driver='qemu'/> in <features>"},
	{"intel.first-stage-needs-scalable", NULL,
	 "First-stage tables are a part of scalable mode.",
	 "QEMU 11.1 and later: -device intel-iommu,scalable-mode=on,fsts=on\n"
	 "QEMU 10.0 to 11.0: -device intel-iommu,x-scalable-mode=on,x-flts=on"},
	{"intel.scalable-needs-drain", NULL, "Scalable mode needs DMA draining.",
	 "QEMU: remove dma-drain=off from intel-iommu"},
	{"intel.pasid-needs-scalable", NULL,
	 "Process address space IDs exist in scalable mode only.",
	 "QEMU 11.1 and later: -device intel-iommu,scalable-mode=on,pasid-bits=20\n"
	 "QEMU before 11.1: -device intel-iommu,x-scalable-mode=on,x-pasid-mode=on\n"
	 "QEMU: remove pasid-bits= (x-pasid-mode=)"},
	{"intel.pasid-bits-too-wide", NULL,
	 "pasid-bits is {0}; PCI knows at most 20 bits of PASID: {0} > 20.",
	 "QEMU: -device intel-iommu,pasid-bits=20 in place of {0}"},
	{"intel.svm-incomplete", NULL,
	 "Shared virtual memory needs device-iotlb=on, first-stage translation, "
	 "dma-translation=on and PASIDs.",
	 "QEMU 11.1 and later: -device intel-iommu,svm=on,device-iotlb=on,scalable-mode=on,"
	 "fsts=on,pasid-bits=20\n"
	 "QEMU: remove svm=on"},
	{"intel.first-stage-refused", NULL,
	 "QEMU 10.0 to 10.2 refuse every host device behind first-stage translation.",
	 "QEMU: x-flts=off\nUse QEMU 11.0 or later, with the iommufd backend for the device"},
	{"intel.first-stage-needs-iommufd", NULL,
	 "The guest's own tables are nested in the host's, and that exists with iommufd only.",
	 "QEMU: -object iommufd,id=iommufd0\n"
	 "& -device vfio-pci,host={0},iommufd=iommufd0\n"
	 "libvirt: <driver name='vfio' iommufd='yes'/> in the <hostdev>\n"
	 "QEMU: first-stage translation off (fsts=off, before 11.1 x-flts=off)"},
	{"intel.no-nesting", NULL,
	 "First-stage translation for an assigned device needs a nesting parent, which this host's "
	 "kernel and IOMMU do not offer (VT-d: scalable mode and ECAP.NEST).",
	 "QEMU: first-stage translation off (fsts=off, before 11.1 x-flts=off)\n"
	 "Host: intel_iommu=on,sm_on on the kernel command line, if the hardware has scalable "
	 "mode"},
	{"intel.host-is-no-vtd", NULL,
	 "iommufd reports hardware type {1}; a nesting intel-iommu needs type 1, VT-d.",
	 "QEMU: first-stage translation off (fsts=off, before 11.1 x-flts=off)"},
	{"intel.no-first-stage-1g", NULL,
	 "fs1gp is on by default; bit 56 (FS1GP) of the host's capability register is 0.",
	 "QEMU: -device intel-iommu,fs1gp=off"},
	{"intel.pasid-exceeds-host", NULL,
	 "pasid-bits {1} > {2}, which are ECAP.PSS of the host's IOMMU plus one.",
	 "QEMU: -device intel-iommu,pasid-bits={2} in place of {1}"},
	{"intel.first-stage-behind-bridge", NULL,
	 "Behind a conventional PCI bridge all devices share one requester ID, so they cannot have "
	 "tables of their own.",
	 "QEMU: put the device into a pcie-root-port of its own: -device "
	 "pcie-root-port,id=rp0,chassis=1\n"
	 "& -device vfio-pci,host={0},bus=rp0\n"
	 "QEMU: first-stage translation off (fsts=off, before 11.1 x-flts=off)"},
	{"virtio.aw-bits-out-of-range", NULL, "aw-bits of virtio-iommu must be from 32 to 64.",
	 "QEMU: -device virtio-iommu-pci,aw-bits=39 on x86, aw-bits=48 on Arm (the defaults of the "
	 "machine types from 9.0 on), or up to what the host's IOMMU has\n"
	 "libvirt: <driver aw_bits='39'/> in <iommu model='virtio'>"},
	{"virtio.page-sizes-incompatible", NULL,
	 "The host's IOMMU maps pages of {1}, the virtual IOMMU allows {2}: the two masks have no "
	 "bit in common.",
	 "QEMU: -device virtio-iommu-pci,granule=host\n"
	 "libvirt: <granule mode='host'/> in <driver> of <iommu model='virtio'>"},
	{"virtio.granule-frozen", NULL,
	 "The granule became {1} ({size 1}) when the machine was complete; the host's IOMMU has no "
	 "page of that size for {0}.",
	 "Put {0} into the VM's config instead of plugging it: the granule then follows it\n"
	 "QEMU: -device virtio-iommu-pci,granule=host"},
	{"virtio.page-sizes-abort", NULL,
	 "The host's IOMMU maps pages of {1}, the virtual IOMMU allows {2}: no size in common, and "
	 "QEMU 9.0 finds out too late.",
	 "QEMU: -device virtio-iommu-pci,granule=host"},
	{"virtio.aliased-devices", NULL,
	 "Behind a conventional PCI bridge several devices have the bridge's requester ID, and "
	 "virtio-iommu cannot part them.",
	 "QEMU: put {0} into a pcie-root-port of its own: -device pcie-root-port,id=rp0,chassis=1\n"
	 "& -device vfio-pci,host={0},bus=rp0\n"
	 "QEMU: intel-iommu with caching-mode=on takes several devices behind one bridge"},
	{"virtio.not-on-root-bus", NULL, "The virtual IOMMU is a part of the root complex.",
	 "QEMU: -device virtio-iommu-pci,bus=pcie.0\n"
	 "libvirt: <address type='pci' bus='0x00' .../> for the <iommu>, or none at all"},
	{"virtio.page-mask-differs", NULL,
	 "The virtual IOMMU has page sizes {1}, the host {2}; the smallest size is common, so it "
	 "works.",
	 "Nothing has to be done"},
	{"amd.no-assigned-devices", NULL,
	 "VFIO must be told when the guest maps memory, and amd-iommu can do that from QEMU 10.2 "
	 "on only.",
	 "QEMU: intel-iommu,caching-mode=on or virtio-iommu-pci in place of amd-iommu; both work "
	 "on "
	 "AMD hosts\n"
	 "Use QEMU 10.2 or later with -device amd-iommu,dma-remap=on"},
	{"viommu.more-than-one", NULL,
	 "An x86 machine takes one vIOMMU; libvirt lets more than one through.",
	 "Remove all but one of intel-iommu, amd-iommu and virtio-iommu-pci (libvirt: <iommu>)"},
	{"vfio.group-in-several-address-spaces", NULL,
	 "Group {1} of the host has more than one device in this VM. Behind a vIOMMU each device "
	 "has an address space of its own, and a group can only be in one.\n"
	 "!The device {0} shares its group with another one of this VM, but not its address space.",
	 "Assign only one device of group {1}; its mates stay bound to vfio-pci, unused\n"
	 "!Assign only one device of the group; its mates stay bound to vfio-pci, unused\n"
	 "QEMU: put all devices of group {1} behind one bridge, with intel-iommu: -device "
	 "pcie-pci-bridge,id=br0\n"
	 "& -device vfio-pci,host={0},bus=br0,addr=1\n"
	 "Leave the vIOMMU away"},
	{"vfio.group-not-viable", NULL,
	 "Another device of IOMMU group {1} is held by a driver of the host; a group can only be "
	 "given away as a whole.\n"
	 "!Another device of its IOMMU group may be held by a driver of the host.",
	 "See who: ls -l /sys/kernel/iommu_groups/{1}/devices/*/driver\n"
	 "!See who: ls -l /sys/bus/pci/devices/{0}/iommu_group/devices/*/driver\n"
	 "Bind the others to vfio-pci or to nothing (PCI bridges may stay): driverctl set-override "
	 "ADDRESS vfio-pci\n"
	 "Use another slot, whose group is smaller"},
	{"vfio.not-bound", NULL,
	 "{0} has no VFIO device file: no driver of VFIO is bound to it. Group {1}.\n"
	 "!{0} has no VFIO device file: no driver of VFIO is bound to it.\n"
	 "!No driver of VFIO is bound to the device.",
	 "Host: driverctl set-override {0} vfio-pci\n"
	 "Host: echo vfio-pci > /sys/bus/pci/devices/{0}/driver_override\n"
	 "& echo {0} > /sys/bus/pci/drivers_probe, after unbinding the driver that has it\n"
	 "!Bind the device to vfio-pci\n"
	 "libvirt: <hostdev managed='yes'> binds it at start"},
	{"vfio.no-iommu-group", NULL,
	 "No IOMMU of this host translates {0}: it is off in the firmware or in the kernel, or the "
	 "machine has none.",
	 "Host, Intel: VT-d on in the firmware setup, intel_iommu=on on the kernel command line\n"
	 "Host, AMD: AMD-Vi or IOMMU on in the firmware setup; the kernel uses it by itself\n"
	 "In a VM: give it a vIOMMU (intel-iommu,caching-mode=on,intremap=on)"},
	{"vfio.no-iommufd", NULL, "The kernel may lack CONFIG_IOMMUFD or CONFIG_VFIO_DEVICE_CDEV.",
	 "QEMU: remove iommufd= from the vfio-pci device {0}, for the legacy backend\n"
	 "Host: a kernel with both (Linux 6.6 and later can have them)"},
	{"vfio.no-second-stage", NULL,
	 "Linux 6.12 makes second-stage tables for iommufd even where the unit has a first stage "
	 "only.",
	 "QEMU: remove iommufd= from the vfio-pci device {0}, for the legacy backend\n"
	 "Host: Linux 6.13 or newer"},
	{"vfio.no-dev-iommu", NULL,
	 "The kernel may lack CONFIG_IOMMUFD, or its module iommufd is not loaded.",
	 "QEMU: remove the iommufd object, and iommufd= from the vfio-pci devices, for the legacy "
	 "backend\n"
	 "Host: modprobe iommufd, or a kernel with CONFIG_IOMMUFD"},
	{"vfio.device-absent", NULL,
	 "There is no /sys/bus/pci/devices/{0}. Addresses change when cards or firmware settings "
	 "do.",
	 "Look it up: lspci -D | grep -i vga (or whatever it is), and write that address"},
	{"vfio.no-device-given", NULL,
	 "One of host=, sysfsdev= or fd= must say which device is meant.",
	 "QEMU: -device vfio-pci,host=0000:01:00.0 with the address that lspci -D shows"},
	{"vfio.device-used-twice", NULL, "A host device can be assigned once.",
	 "Remove the second vfio-pci device (<hostdev>, hostpci) with {0}"},
	{"vfio.mixed-backends", NULL,
	 "Something has group {1} already: another device of it in this VM with the other backend, "
	 "or another VM.\n"
	 "!Something has the group of {0} already: another device of it in this VM with the other "
	 "backend, or another VM.",
	 "Give iommufd= to all devices of the group or to none\n"
	 "See who: fuser -v /dev/vfio/{1}\n"
	 "!See who: fuser -v /dev/vfio/*"},
	{"vfio.fd-without-iommufd", NULL,
	 "A descriptor of a device goes to the iommufd backend; the legacy one knows groups.",
	 "QEMU: -object iommufd,id=iommufd0\n& iommufd=iommufd0 on the vfio-pci device\n"
	 "QEMU: host=ADDRESS in place of fd="},
	{"vfio.direct-region", NULL,
	 "Firmware may ask for a fixed one-to-one mapping of {0} (RMRR or IVMD), and the kernel "
	 "does not give such a device away.\n",
	 "See: cat /sys/kernel/iommu_groups/{1}/reserved_regions (a line with \"direct\", not "
	 "\"direct-relaxable\")\n"
	 "See: dmesg | grep -iE 'RMRR|1:1|ineligible'\n"
	 "Look for a firmware setting or update that drops the reservation"},
	{"vfio.no-interrupt-remapping", NULL,
	 "The host has no interrupt remapping: a guest could send it any interrupt, so the kernel "
	 "refuses.",
	 "Host: interrupt remapping on in the firmware setup; no intremap=off on the kernel "
	 "command "
	 "line\n"
	 "In a VM: intremap=on on its vIOMMU and kernel-irqchip=split\n"
	 "Host, if the guest is trusted: options vfio_iommu_type1 allow_unsafe_interrupts=1 in "
	 "/etc/modprobe.d (with iommufd: options iommufd allow_unsafe_interrupts=1)"},
	{"vfio.no-domain", NULL,
	 "The kernel finds no page-table format that the host's IOMMU has for {0}.",
	 "Try another kernel version; look for a firmware update"},
	{"vfio.bar-without-dma-buf", NULL,
	 "BAR {1} of {0} is smaller than a page, so the kernel makes no dma-buf of it. The VM "
	 "runs.",
	 "Nothing has to be done"},
	{"vfio.no-dma-buf", NULL,
	 "Linux has it from 6.19 on. The iommufd backend needs it for DMA from one assigned device "
	 "to another; the VM runs.",
	 "Nothing has to be done, unless devices of the VM write to one another\n"
	 "QEMU: the legacy backend (no iommufd=) maps BARs without it"},
	{"vfio.slot-not-valid", NULL,
	 "A PCIe link has one device. The VM starts, but the guest will not see {2} in slot {1}.",
	 "QEMU: a port for each device: -device pcie-root-port,id=rp1,chassis=2\n"
	 "& bus=rp1 on the device, without addr="},
	{"memory.outside-iova", NULL,
	 "The kernel refused guest RAM ({4}, {size 3}) from {2} to {end 2 3}.\n"
	 "!The kernel refused guest RAM ({size 3}) from {2} to {end 2 3}.\n"
	 "!The kernel refused a mapping of guest RAM: it lies outside of what the host's IOMMU can "
	 "map.\n"
	 "?endbits 2 3>#31 To reach {end 2 3} it takes {endbits 2 3} bits of IOVA; the range of "
	 "the "
	 "host's IOMMU ends below that, or a reserved region lies inside.\n"
	 "?endbits 2 3=#40 That is near 1 TiB: the IOMMU of AMD hosts leaves out 0xfd00000000 to "
	 "0xffffffffff.",
	 WIDTH_OF_HOST
	 "\n"
	 "Lower -m (libvirt: <memory>) until the guest's RAM ends below that\n"
	 "?endbits 2 3=#40 On AMD hosts: a machine type of 7.1 or later with an AMD vCPU "
	 "(-cpu host) moves the RAM above 1 TiB"},
	{"memory.late-outside-iova", NULL,
	 "RAM that was added later (memory hot-plug) from {2} to {end 2 3} ({size 3}) is out of "
	 "reach of an assigned device: it takes {endbits 2 3} bits of IOVA.\n"
	 "!RAM that was added later is out of reach of an assigned device.",
	 WIDTH_OF_HOST
	 "\n"
	 "Lower maxmem= so that memory devices end below that\n"
	 "QEMU: memory devices before the vfio-pci devices on the command line: it then says so "
	 "and does not abort"},
	{"memory.late-locked-limit", NULL,
	 "RAM that was added later (memory hot-plug), {size 3} at {2}, could not be locked beside "
	 "what is locked already: the limit of locked memory is too low.\n"
	 "!RAM that was added later could not be locked: the limit of locked memory is too low.",
	 "QEMU by hand: ulimit -l unlimited, or LimitMEMLOCK=infinity in its systemd unit\n"
	 "libvirt: <hard_limit> in <memtune> of devices * maxmem + 1 GiB"},
	{"memory.device-beyond-host-cpu", NULL,
	 "KVM takes no guest RAM above what the host's CPU addresses; this is {size 3} at {2}.\n"
	 "!KVM takes no guest RAM above what the host's CPU addresses.",
	 "Lower maxmem= so that memory devices end below that\n"
	 "See `address sizes` in /proc/cpuinfo"},
	{"vfio.backends-in-one-space", NULL,
	 "From 10.2 on QEMU aborts where devices of one guest address space use both VFIO "
	 "backends; without a vIOMMU all devices share one.",
	 "Give iommufd= to all devices or to none\nQEMU: a vIOMMU, which gives each device an "
	 "address space of its own"},
	{"memory.locked-limit", NULL,
	 "Guest RAM is locked for the device, and the limit of locked memory is too low for "
	 "{size 3} at {2}.\n"
	 "!Guest RAM is locked for each assigned device, and the limit of locked memory is too "
	 "low.\n"
	 "The need is the guest's RAM plus about 1 GiB; behind a vIOMMU the RAM counts once for "
	 "each assigned device.",
	 "QEMU by hand: ulimit -l unlimited, or LimitMEMLOCK=infinity in its systemd unit\n"
	 "libvirt: <hard_limit> in <memtune> of devices * RAM + 1 GiB, or <locked/> in "
	 "<memoryBacking>\n"
	 "QEMU: iommufd=iommufd0 on each vfio-pci device: RAM is then counted once"},
	{"limits.virtio-mem-blocks", NULL,
	 "Each block of virtio-mem may need a mapping; the kernel allows {2}, and there are {3} "
	 "memory slots.",
	 "QEMU: a larger block-size= on virtio-mem-pci, at least the memory's size divided by {2}\n"
	 "Host: options vfio_iommu_type1 dma_entry_limit=N in /etc/modprobe.d, N above {2}"},
	{"limits.virtio-mem-refused", NULL,
	 "Each block of virtio-mem may need a mapping; the kernel allows {2}, and there are {3} "
	 "memory slots. QEMU 10.2 and later refuse that.\n"
	 "!Each block of virtio-mem may need a mapping, and the kernel allows fewer.",
	 "QEMU: a larger block-size= on virtio-mem-pci, at least the memory's size divided by {2}\n"
	 "Host: options vfio_iommu_type1 dma_entry_limit=N in /etc/modprobe.d, N above {2}\n"
	 "!QEMU: a larger block-size= on virtio-mem-pci"},
	{"map.bar-outside-iova", NULL,
	 "Firmware has put a BAR of {size 3} at {2}, to {end 2 3}: that takes {endbits 2 3} bits, "
	 "and the host's IOMMU has fewer. -22 (EINVAL) is the kernel's answer.\n"
	 "Firmware places BARs by the width that the vCPU shows; the vCPU's is wider than the "
	 "IOMMU's. DMA to the guest's RAM works; DMA from one device to another's BAR does not.",
	 "?endbits 2 3>#39 QEMU: -cpu host,guest-phys-bits=39 (9.1 and later), before: -cpu "
	 "host,host-phys-bits-limit=39; 39 is what most such hosts have, `iommufit host` tells the "
	 "width (here {lessbits 2 3} or less)\n"
	 "?endbits 2 3>#39 libvirt: <maxphysaddr mode='passthrough' limit='39'/> in <cpu>\n"
	 "?endbits 2 3>#39 Proxmox: cpu: host,guest-phys-bits=39\n"
	 "Nothing, if no device of the VM writes to another's memory"},
	{"map.ram-bar-outside-iova", NULL,
	 "A BAR that is memory (ivshmem, KVMFR) of {size 3} is at {2}, to {end 2 3}: that takes "
	 "{endbits 2 3} bits, and the host's IOMMU has fewer. QEMU maps it like RAM and cannot go "
	 "on without.\n"
	 "!A BAR that is memory (ivshmem, KVMFR) is out of the reach of the host's IOMMU. QEMU "
	 "maps it like RAM and cannot go on without.",
	 "QEMU: -cpu host,guest-phys-bits=N (9.1 and later) or host-phys-bits-limit=N with the "
	 "width of the host's IOMMU, below {endbits 2 3}\n"
	 "libvirt: <maxphysaddr mode='passthrough' limit='N'/> in <cpu>\n" WIDTH_OF_HOST},
	{"map.bar-not-pinned", NULL,
	 "The iommufd backend cannot map the BAR of {size 3} at {2}: -14 (EFAULT) means that it "
	 "has "
	 "no pages to pin.\n"
	 "!The iommufd backend cannot map a BAR, which has no pages to pin. DMA to the guest's RAM "
	 "works; DMA from one assigned device to another's BAR does not.",
	 "Nothing has to be done, unless devices of the VM write to one another\n"
	 "QEMU: the legacy backend (no iommufd=) maps BARs\n"
	 "QEMU 11.0 and later on Linux 6.19 and later map them by dma-buf"},
	{"migration.viommu", NULL, "QEMU 8.1 to 10.2 do not migrate a VM with {0} behind a vIOMMU.",
	 "Use QEMU 11.0 or later at both ends\n"
	 "Leave {0} outside the vIOMMU: QEMU: a bus with bypass_iommu=on"},
};

const struct topics rule_topics = {topics, ARRAY_SIZE(topics)};
