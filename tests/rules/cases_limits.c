/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a VM may come to need: memory that is plugged later, locked memory, DMA mappings, IOVA. */
#include "rules.h"

#define MACHINE "-machine q35 -accel tcg "
#define WIDE "-cpu max,phys-bits=48 "
#define INTEL "-device intel-iommu,caching-mode=on,aw-bits=39 "
#define INTEL_48 "-device intel-iommu,caching-mode=on,aw-bits=48 "
#define SECOND "-device vfio-pci,host=0000:00:06.0,id=dev1 "
#define VIRTIO_MEM(options)                                                                        \
	"-object memory-backend-ram,id=vm0,size=128G,reserve=off "                                 \
	"-device virtio-mem-pci,memdev=vm0,id=vmem0" options " "
#define AREA "-m 1G,slots=1,maxmem=200G "
#define RUNNING_OUT                                                                                \
	": possibly running out of DMA mappings. E.g., try increasing the 'block-size' of "        \
	"virtio-mem devies. Maximum possible DMA mappings: 65535, Maximum possible memslots: 512"
#define CONTAINER "vfio " BDF ": failed to setup container for group 3: "
#define LISTENER "memory listener initialization failed: Region vm0: "
#define ABORT "\nhardware error: vfio: DMA mapping failed, unable to continue"

static const struct rule_case rows[] = {
	{"maxmem above 2^39", &host_intel39, "11.1",
	 MACHINE "-m 64M,slots=2,maxmem=600G -cpu max,phys-bits=52 " DEV, NULL,
	 FIRES("memory.hotplug-area-outside-iova"), "starts works", NULL},
	{"maxmem below 2^39", &host_intel39, "11.1",
	 MACHINE "-m 64M,slots=2,maxmem=256G -cpu max,phys-bits=52 " DEV, NULL,
	 SILENT("memory.hotplug-area-outside-iova"), "starts works", NULL},
	{"maxmem above 2^39, 48 bits", &host_intel48, "11.1",
	 MACHINE "-m 64M,slots=2,maxmem=600G -cpu max,phys-bits=52 " DEV, NULL,
	 SILENT("memory.hotplug-area-outside-iova"), "starts works", NULL},

	{"two devices behind a vIOMMU", &host_intel39, "11.1", Q35 INTEL DEV SECOND, NULL,
	 FIRES("memory.locked-need"), "starts works", NULL},
	{"one device behind a vIOMMU", &host_intel39, "11.1", Q35 INTEL DEV, NULL,
	 SILENT("memory.locked-need"), "starts works", NULL},
	{"two devices without", &host_intel39, "11.1", Q35 DEV SECOND, NULL,
	 SILENT("memory.locked-need"), "starts works", NULL},

	{"64 vCPUs", &host_intel39, "11.1", Q35 "-smp 64 " INTEL DEV, NULL,
	 FIRES("limits.dma-entries"), "starts works", NULL},
	{"16 vCPUs", &host_intel39, "11.1", Q35 "-smp 16 " INTEL DEV, NULL,
	 SILENT("limits.dma-entries"), "starts works", NULL},
	{"64 vCPUs, iommufd", &host_intel39, "11.1", Q35 "-smp 64 " INTEL DEV_FD, NULL,
	 SILENT("limits.dma-entries"), "starts works", NULL},

	{"65536 blocks, 9.1", &host_intel48, "9.1", MACHINE AREA WIDE VIRTIO_MEM("") DEV, NULL,
	 FIRES("limits.virtio-mem-blocks"), "starts works",
	 "warning: vfio_register_ram_discard_listener" RUNNING_OUT},
	{"65536 blocks, 10.1", &host_intel48, "10.1", MACHINE AREA WIDE VIRTIO_MEM("") DEV, NULL,
	 FIRES("limits.virtio-mem-blocks"), "starts works",
	 "warning: vfio_ram_discard_register_listener" RUNNING_OUT},
	{"1024 blocks, 10.1", &host_intel48, "10.1",
	 MACHINE AREA WIDE VIRTIO_MEM(",block-size=128M") DEV, NULL,
	 SILENT("limits.virtio-mem-blocks"), "starts works", NULL},
	{"65536 blocks, 11.1", &host_intel48, "11.1", MACHINE AREA WIDE VIRTIO_MEM("") DEV, NULL,
	 FIRES("limits.virtio-mem-refused"), "fails",
	 CONTAINER LISTENER "vfio_ram_discard_register_listener" RUNNING_OUT},
	{"65536 blocks, after the device, 11.1", &host_intel48, "11.1",
	 MACHINE AREA WIDE DEV VIRTIO_MEM(""), NULL, FIRES("limits.virtio-mem-refused"), "fails",
	 "vfio_ram_discard_register_listener" RUNNING_OUT ABORT},
	{"65536 blocks, iommufd, 11.1", &host_intel48, "11.1",
	 MACHINE AREA WIDE VIRTIO_MEM("") DEV_FD, NULL, SILENT("limits.virtio-mem-refused"),
	 "starts works", NULL},

	{"39 bits, 256 vCPUs", &host_intel48, "11.1",
	 Q35 "-smp 256 -device virtio-iommu-pci " DEV_FD, NULL, FIRES("limits.iova-per-vcpu"),
	 "starts works", NULL},
	{"48 bits, 256 vCPUs", &host_intel48, "11.1",
	 Q35 "-smp cores=128,sockets=2 -device virtio-iommu-pci,aw-bits=48 " DEV_FD, NULL,
	 SILENT("limits.iova-per-vcpu"), "starts works", NULL},
	{"39 bits, 64 vCPUs", &host_intel48, "11.1", Q35 "-smp 64 -device virtio-iommu-pci " DEV_FD,
	 NULL, SILENT("limits.iova-per-vcpu"), "starts works", NULL},

	{"600 GiB behind 39 bits", &host_intel48, "11.1", MACHINE "-m 600G " WIDE INTEL DEV, NULL,
	 FIRES("width.ram-above-viommu"), "starts degraded", NULL},
	{"600 GiB behind 48 bits", &host_intel48, "11.1", MACHINE "-m 600G " WIDE INTEL_48 DEV,
	 NULL, SILENT("width.ram-above-viommu"), "starts works", NULL},
	{"400 GiB behind 39 bits", &host_intel48, "11.1", MACHINE "-m 400G " WIDE INTEL DEV, NULL,
	 SILENT("width.ram-above-viommu"), "starts works", NULL},
};

CASES(limits_cases, rows);
