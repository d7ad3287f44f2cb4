/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * First-stage translation with an assigned device. No capture can nest, so most of this was never
 * seen: the order is that of QEMU 11.0 and 11.1 hw/vfio/iommufd.c iommufd_cdev_autodomains_get,
 * then hw/i386/intel_iommu.c vtd_dev_set_iommu_device and intel_iommu_accel.c vtd_check_hiod_accel.
 */
#include "rules.h"

#define F10 "-device intel-iommu,caching-mode=on,x-scalable-mode=on,x-flts=on "
#define F11_0(x) "-device intel-iommu,caching-mode=on,x-scalable-mode=on,x-flts=on" x " "
#define F11_1(x) "-device intel-iommu,caching-mode=on,scalable-mode=on,fsts=on" x " "
#define NO_HWPT "vfio " BDF ": Failed to allocate hwpt: Operation not supported"
#define NO_1G "First stage 1GB large page is unsupported by host IOMMU"
#define BRIDGE "-device pcie-pci-bridge,id=br0 "
#define BELOW OBJECT "-device vfio-pci,host=" BDF ",id=dev0,iommufd=iommufd0,bus=br0,addr=1"

static const struct rule_case rows[] = {
	{"10.0", &host_intel48, "10.0", Q35 F10 DEV_FD, NULL, FIRES("intel.first-stage-refused"),
	 "fails", VIOMMU("host device is uncompatible with stage-1 translation")},
	{"10.2, on a host that can nest", &host_nesting, "10.2", Q35 F10 DEV_FD, NULL,
	 FIRES("intel.first-stage-refused"), "fails",
	 VIOMMU("host device is uncompatible with stage-1 translation")},
	{"11.0, on a host that can nest", &host_nesting, "11.0", Q35 F10 DEV_FD, NULL,
	 SILENT("intel.first-stage-refused"), "starts works", NULL},

	{"11.0, legacy", &host_nesting, "11.0", Q35 F11_0("") DEV, NULL,
	 FIRES("intel.first-stage-needs-iommufd"), "fails",
	 VIOMMU("Need IOMMUFD backend when x-flts=on")},
	{"11.1, legacy", &host_nesting, "11.1", Q35 F11_1("") DEV, NULL,
	 FIRES("intel.first-stage-needs-iommufd"), "fails",
	 VIOMMU("Need IOMMUFD backend when fsts=on")},
	{"11.1, legacy, a host that cannot nest", &host_intel48, "11.1", Q35 F11_1("") DEV, NULL,
	 FIRES("intel.first-stage-needs-iommufd"), "fails",
	 VIOMMU("Need IOMMUFD backend when fsts=on")},
	{"11.1, iommufd", &host_nesting, "11.1", Q35 F11_1("") DEV_FD, NULL,
	 SILENT("intel.first-stage-needs-iommufd"), "starts works", NULL},

	{"11.0, a host that cannot nest", &host_intel48, "11.0", Q35 F11_0("") DEV_FD, NULL,
	 FIRES("intel.no-nesting"), "fails", NO_HWPT},
	{"11.1, an AMD host that cannot nest", &host_amd, "11.1", Q35 F11_1("") DEV_FD, NULL,
	 FIRES("intel.no-nesting"), "fails", NO_HWPT},
	{"11.1, before caching mode is looked at", &host_intel48, "11.1",
	 Q35 "-device intel-iommu,scalable-mode=on,fsts=on " DEV_FD, NULL,
	 FIRES("intel.no-nesting"), "fails", NO_HWPT},
	{"11.1, a host that can", &host_nesting, "11.1", Q35 F11_1("") DEV_FD, NULL,
	 SILENT("intel.no-nesting"), "starts works", NULL},
	{"11.1, a nesting parent is wider than a plain domain", &host_nesting_48, "11.1",
	 Q35 F11_1("") DEV_FD, NULL, SILENT("width.viommu-exceeds-host"), "starts works", NULL},
	{"11.1, legacy has the plain domain", &host_nesting_48, "11.1", Q35 F11_1("") DEV, NULL,
	 FIRES("width.viommu-exceeds-host"), "fails", VIOMMU("aw-bits 48 > host aw-bits 47")},
	{"10.2 asks for no nesting parent", &host_nesting_48, "10.2", Q35 F10 DEV_FD, NULL,
	 FIRES("width.viommu-exceeds-host"), "fails", VIOMMU("aw-bits 48 > host aw-bits 47")},
	{"11.1, no first stage", &host_intel48, "11.1",
	 Q35 "-device intel-iommu,caching-mode=on,scalable-mode=on " DEV_FD, NULL,
	 SILENT("intel.no-nesting"), "starts works", NULL},

	{"11.0, an AMD host that can nest", &host_nesting_amd, "11.0", Q35 F11_0("") DEV_FD, NULL,
	 FIRES("intel.host-is-no-vtd"), "fails", VIOMMU("Incompatible host platform IOMMU type 4")},
	{"11.1, a VT-d host that can nest", &host_nesting, "11.1", Q35 F11_1("") DEV_FD, NULL,
	 SILENT("intel.host-is-no-vtd"), "starts works", NULL},

	{"11.0, FS1GP off", &host_nesting_no_1g, "11.0", Q35 F11_0("") DEV_FD, NULL,
	 FIRES("intel.no-first-stage-1g"), "fails", VIOMMU(NO_1G)},
	{"11.1, FS1GP off, plugged", &host_nesting_no_1g, "11.1", Q35 F11_1("") PORT OBJECT,
	 PLUG_FD, FIRES("intel.no-first-stage-1g"), "starts refused works", VIOMMU(NO_1G)},
	{"11.1, FS1GP off, not asked for", &host_nesting_no_1g, "11.1",
	 Q35 F11_1(",fs1gp=off") DEV_FD, NULL, SILENT("intel.no-first-stage-1g"), "starts works",
	 NULL},
	{"11.1, FS1GP on", &host_nesting, "11.1", Q35 F11_1("") DEV_FD, NULL,
	 SILENT("intel.no-first-stage-1g"), "starts works", NULL},

	{"11.1, 11 > 10 bits", &host_nesting_pasid, "11.1", Q35 F11_1(",pasid-bits=11") DEV_FD,
	 NULL, FIRES("intel.pasid-exceeds-host"), "fails",
	 VIOMMU("PASID bits size 11 > host IOMMU PASID bits size 10")},
	{"11.1, 10 <= 10 bits", &host_nesting_pasid, "11.1", Q35 F11_1(",pasid-bits=10") DEV_FD,
	 NULL, SILENT("intel.pasid-exceeds-host"), "starts works", NULL},
	{"11.1, a device without PASIDs", &host_nesting, "11.1", Q35 F11_1(",pasid-bits=11") DEV_FD,
	 NULL, SILENT("intel.pasid-exceeds-host"), "starts works", NULL},
	{"11.0 does not look", &host_nesting_pasid, "11.0", Q35 F11_0(",x-pasid-mode=on") DEV_FD,
	 NULL, SILENT("intel.pasid-exceeds-host"), "starts works", NULL},

	{"11.1, the kernel refused a parent, whatever the registers say", &host_told_none, "11.1",
	 Q35 F11_1("") DEV_FD, NULL, FIRES("intel.no-nesting"), "fails", NO_HWPT},
	{"11.1, the kernel made a parent, whatever was derived", &host_told_parent, "11.1",
	 Q35 F11_1("") DEV_FD, NULL, SILENT("intel.no-nesting"), "starts works", NULL},
	{"11.1, it was refused for want of memory, which may be had now", &host_told_moment, "11.1",
	 Q35 F11_1("") DEV_FD, NULL, FIRES("host.fact-missing"), "unknown unknown", NULL},
	{"11.1, the kernel says that it is another kind of hardware", &host_told_other, "11.1",
	 Q35 F11_1("") DEV_FD, NULL, FIRES("intel.host-is-no-vtd"), "fails",
	 VIOMMU("Incompatible host platform IOMMU type 0")},
	{"11.1, the register that the kernel gave has no FS1GP", &host_told_no_1g, "11.1",
	 Q35 F11_1("") DEV_FD, NULL, FIRES("intel.no-first-stage-1g"), "fails", VIOMMU(NO_1G)},
	{"11.1, the kernel reports no PASIDs of the device", &host_told_no_pasid, "11.1",
	 Q35 F11_1(",pasid-bits=11") DEV_FD, NULL, SILENT("intel.pasid-exceeds-host"),
	 "starts works", NULL},
	{"11.1, the kernel reports PASIDs of the device", &host_told_pasid, "11.1",
	 Q35 F11_1(",pasid-bits=11") DEV_FD, NULL, FIRES("intel.pasid-exceeds-host"), "fails",
	 VIOMMU("PASID bits size 11 > host IOMMU PASID bits size 10")},
	{"11.1, RAM beyond the parent, though a plain domain has it", &host_told_narrow, "11.1",
	 "-machine q35 -accel tcg -m 600G " F11_1("") DEV_FD, NULL, FIRES("memory.outside-iova"),
	 "fails",
	 "vfio " BDF ": memory listener initialization failed: Region pc.ram: "
	 "vfio_container_dma_map(PTR, 0x100000000, 0x9580000000, PTR) = -22 (Invalid argument)"},
	{"11.1, the same RAM behind shadowed tables", &host_told_narrow, "11.1",
	 "-machine q35 -accel tcg -m 600G -device intel-iommu,caching-mode=on " DEV_FD, NULL,
	 SILENT("memory.outside-iova"), "starts works", NULL},
	{"11.1, aw-bits are held against the parent", &host_told_narrow, "11.1",
	 Q35 F11_1("") DEV_FD, NULL, FIRES("width.viommu-exceeds-host"), "fails",
	 VIOMMU("aw-bits 48 > host aw-bits 39")},
	{"11.1, read-only memory", &host_nesting, "11.1", Q35 F11_1("") DEV_FD, NULL,
	 FIRES("intel.read-only-not-mapped"), "starts works", NULL},
	{"11.1, read-only memory, hardware without the erratum", &host_told_no_erratum, "11.1",
	 Q35 F11_1("") DEV_FD, NULL, SILENT("intel.read-only-not-mapped"), "starts works", NULL},
	{"11.1, read-only memory behind shadowed tables", &host_nesting, "11.1",
	 Q35 "-device intel-iommu,caching-mode=on,scalable-mode=on " DEV_FD, NULL,
	 SILENT("intel.read-only-not-mapped"), "starts works", NULL},

	{"11.0, below a bridge", &host_nesting, "11.0", Q35 F11_0("") BRIDGE BELOW, NULL,
	 FIRES("intel.first-stage-behind-bridge"), "fails",
	 VIOMMU("Host device downstream to a PCI bridge is unsupported when x-flts=on")},
	{"11.1, below a bridge", &host_nesting, "11.1", Q35 F11_1("") BRIDGE BELOW, NULL,
	 FIRES("intel.first-stage-behind-bridge"), "fails",
	 VIOMMU("Host device downstream to a PCI bridge is unsupported when fsts=on")},
	{"11.1, below a bridge, FS1GP off: that is looked at first", &host_nesting_no_1g, "11.1",
	 Q35 F11_1("") BRIDGE BELOW, NULL, SILENT("intel.first-stage-behind-bridge"), "fails",
	 VIOMMU(NO_1G)},
	{"11.1, below a port", &host_nesting, "11.1",
	 Q35 F11_1("") PORT OBJECT "-device vfio-pci,host=" BDF ",id=dev0,iommufd=iommufd0,bus=rp0",
	 NULL, SILENT("intel.first-stage-behind-bridge"), "starts works", NULL},
};

CASES(nesting_cases, rows);
