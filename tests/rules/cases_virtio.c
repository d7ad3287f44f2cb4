/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virtio-iommu: its options, and its pages and width against the host's IOMMU. */
#include "rules.h"

#define VIRTIO(options) "-device virtio-iommu-pci" options " "
#define ALL_64K "0xffffffffffff0000"
#define PAGES(host)                                                                                \
	BDF ": virtio-iommu reports a page size mask " host                                        \
	    " incompatible with currently supported mask " ALL_64K
#define FROZEN BDF ": virtio-iommu does not support frozen granule 0x10000"
#define BRIDGE "-device pcie-pci-bridge,id=br0 "
#define FIRST_BELOW "-device vfio-pci,host=" BDF ",id=dev0,bus=br0,addr=1 "
#define SECOND_BELOW "-device vfio-pci,host=0000:00:06.0,id=dev1,bus=br0,addr=2 "
#define FUNCTION(bdf, n, more) "-device vfio-pci,host=" bdf ",id=dev" n ",addr=4." n more " "
#define ALIASED "virtio_iommu_set_host_iova_ranges virtio-iommu does not support aliased BDF"

static const struct rule_case rows[] = {
	{"31", &host_intel39, "9.0", Q35 VIRTIO(",aw-bits=31"), NULL,
	 FIRES("virtio.aw-bits-out-of-range"), "fails", "aw-bits must be within [32,64]"},
	{"65", &host_intel39, "11.1", Q35 VIRTIO(",aw-bits=65"), NULL,
	 FIRES("virtio.aw-bits-out-of-range"), "fails", "aw-bits must be within [32,64]"},
	{"32", &host_intel39, "11.1", Q35 VIRTIO(",aw-bits=32"), NULL,
	 SILENT("virtio.aw-bits-out-of-range"), "starts works", NULL},
	{"64 on a 39-bit host", &host_intel39, "11.1", Q35 VIRTIO(",aw-bits=64") DEV, NULL,
	 SILENT("virtio.aw-bits-out-of-range"), "starts works", NULL},

	{"64k on 4k, iommufd, 9.1", &host_intel39, "9.1", Q35 VIRTIO(",granule=64k") DEV_FD, NULL,
	 FIRES("virtio.page-sizes-incompatible"), "fails", OLD_VIOMMU(PAGES("0x1000"))},
	{"64k on 4k, iommufd, 11.1", &host_intel39, "11.1", Q35 VIRTIO(",granule=64k") DEV_FD, NULL,
	 FIRES("virtio.page-sizes-incompatible"), "fails", VIOMMU(PAGES("0x1000"))},
	{"64k on 4k, legacy: 2 MiB pages do", &host_intel39, "11.1", Q35 VIRTIO(",granule=64k") DEV,
	 NULL, SILENT("virtio.page-sizes-incompatible"), "starts works", NULL},
	{"the host's, iommufd", &host_intel39, "11.1", Q35 VIRTIO("") DEV_FD, NULL,
	 SILENT("virtio.page-sizes-incompatible"), "starts works", NULL},

	{"64k, plugged, legacy, 9.2", &host_intel39, "9.2", Q35 VIRTIO(",granule=64k") PORT, PLUG,
	 FIRES("virtio.granule-frozen"), "starts refused works", OLD_VIOMMU(FROZEN)},
	{"64k, plugged, legacy, 11.1", &host_intel39, "11.1", Q35 VIRTIO(",granule=64k") PORT, PLUG,
	 FIRES("virtio.granule-frozen"), "starts refused works", VIOMMU(FROZEN)},
	{"64k, plugged, iommufd: the other text", &host_intel39, "11.1",
	 Q35 VIRTIO(",granule=64k") PORT OBJECT, PLUG_FD, SILENT("virtio.granule-frozen"),
	 "starts refused works", VIOMMU(PAGES("0x1000"))},
	{"4k, plugged", &host_intel39, "11.1", Q35 VIRTIO(",granule=4k") PORT, PLUG,
	 SILENT("virtio.granule-frozen"), "starts accepted works", NULL},

	{"64k on 4k, iommufd, 9.0", &host_intel39, "9.0", Q35 VIRTIO(",granule=64k") DEV_FD, NULL,
	 FIRES("virtio.page-sizes-abort"), "fails",
	 "virtio-iommu virtio-iommu-memory-region-0-16 reports a page size mask 0x1000 "
	 "incompatible with currently supported "
	 "mask " ALL_64K "\nhardware error: vfio: DMA mapping failed, unable to continue"},
	{"64k on 4k, legacy, 9.0", &host_intel39, "9.0", Q35 VIRTIO(",granule=64k") DEV, NULL,
	 SILENT("virtio.page-sizes-abort"), "starts works", NULL},

	{"no bypass at boot, plugged, 7.2", &host_intel39, "7.2",
	 Q35 VIRTIO(",boot-bypass=off") PORT, PLUG, FIRES("virtio.page-mask-differs"),
	 "starts accepted degraded",
	 "warning: virtio-iommu page mask 0xfffffffffffff000 does not match 0x40201000"},
	{"bypass at boot, plugged, 7.2", &host_intel39, "7.2", Q35 VIRTIO("") PORT, PLUG,
	 SILENT("virtio.page-mask-differs"), "starts accepted degraded", NULL},

	{"64 bits on a 39-bit host, 8.1", &host_intel39, "8.1", Q35 VIRTIO("") DEV, NULL,
	 FIRES("virtio.width-untold"), "starts degraded", NULL},
	{"64 bits on a 39-bit host, 8.2", &host_intel39, "8.2", Q35 VIRTIO("") DEV, NULL,
	 SILENT("virtio.width-untold"), "starts works", NULL},
	{"64 bits on a 64-bit host, 8.1", &host_amd, "8.1", Q35 VIRTIO("") DEV, NULL,
	 SILENT("virtio.width-untold"), "starts works", NULL},

	{"two below one bridge, 9.1", &host_intel39, "9.1",
	 Q35 VIRTIO("") BRIDGE FIRST_BELOW SECOND_BELOW, NULL, FIRES("virtio.aliased-devices"),
	 "fails", "vfio 0000:00:06.0: Failed to set iommu_device: " ALIASED},
	{"two below one bridge, 11.1", &host_intel39, "11.1",
	 Q35 VIRTIO("") BRIDGE FIRST_BELOW SECOND_BELOW, NULL, FIRES("virtio.aliased-devices"),
	 "fails", "vfio 0000:00:06.0: Failed to set vIOMMU: " ALIASED},
	{"one below a bridge", &host_intel39, "11.1", Q35 VIRTIO("") BRIDGE FIRST_BELOW, NULL,
	 SILENT("virtio.aliased-devices"), "starts works", NULL},
	{"two below one bridge, 9.0", &host_intel39, "9.0",
	 Q35 VIRTIO("") BRIDGE FIRST_BELOW SECOND_BELOW, NULL, SILENT("virtio.aliased-devices"),
	 "starts works", NULL},

	{"below a port", &host_intel39, "11.1", Q35 PORT VIRTIO(",bus=rp0") DEV, NULL,
	 FIRES("virtio.not-on-root-bus"), "fails",
	 "virtio-iommu-pci must be plugged on the root bus"},
	{"on the root bus", &host_intel39, "11.1", Q35 PORT VIRTIO(",bus=pcie.0") DEV, NULL,
	 SILENT("virtio.not-on-root-bus"), "starts works", NULL},

	{"48 bits on a 39-bit host", &host_intel39, "11.1", Q35 VIRTIO(",aw-bits=48") DEV, NULL,
	 FIRES("virtio.width-told"), "starts works", NULL},
	{"39 bits on a 39-bit host", &host_intel39, "11.1", Q35 VIRTIO("") DEV, NULL,
	 SILENT("virtio.width-told"), "starts works", NULL},
	{"48 bits on a 39-bit host, 8.1", &host_intel39, "8.1", Q35 VIRTIO("") DEV, NULL,
	 SILENT("virtio.width-told"), "starts degraded", NULL},

	{"two functions of a slot", &host_two_ranges, "11.1",
	 Q35 VIRTIO("") FUNCTION(BDF, "0", ",multifunction=on") FUNCTION("0000:00:06.0", "1", ""),
	 NULL, FIRES("virtio.group-of-several"), "starts degraded", NULL},
	{"two functions of a slot, alike", &host_intel39, "11.1",
	 Q35 VIRTIO("") FUNCTION(BDF, "0", ",multifunction=on") FUNCTION("0000:00:06.0", "1", ""),
	 NULL, SILENT("virtio.group-of-several"), "starts works", NULL},
	{"two slots", &host_two_ranges, "11.1",
	 Q35 VIRTIO("") DEV "-device vfio-pci,host=0000:00:06.0,id=dev1 ", NULL,
	 SILENT("virtio.group-of-several"), "starts works", NULL},
};

CASES(virtio_cases, rows);
