/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BARs where the guest's firmware puts them, against the host's IOVA ranges. SeaBIOS and OVMF on a
 * host whose CPU has 46 address bits and whose IOMMU has 39; 0000:00:07.0 has a BAR of 16 GiB.
 */
#include "rules.h"

#define HOST_CPU "-machine q35,kernel-irqchip=split -accel kvm -m 256M -cpu host "
#define LIMITED                                                                                    \
	"-machine q35,kernel-irqchip=split -accel kvm -m 256M -cpu host,host-phys-bits-limit=39 "
#define BIG "-device vfio-pci,host=0000:00:07.0,id=dev0 "
#define BIG_FD OBJECT "-device vfio-pci,host=0000:00:07.0,id=dev0,iommufd=iommufd0 "
#define SMALL_FD OBJECT "-device vfio-pci,host=0000:00:08.0,id=dev0,iommufd=iommufd0 "
#define SECOND "-device vfio-pci,host=0000:00:05.0,id=dev1 "
#define SECOND_06_FD "-device vfio-pci,host=0000:00:06.0,id=dev1,iommufd=iommufd0 "
#define IVSHMEM                                                                                    \
	"-object memory-backend-ram,id=ivm,size=1G,share=on -device ivshmem-plain,memdev=ivm "

/* SeaBIOS 1.16.3 goes up to 2^46, 1.17 up to 2^44: the BAR ends there. */
#define AT_46 "0x3ffc00000000, 0x400000000, PTR) = -22 (Invalid argument)"
#define AT_44 "0xffc00000000, 0x400000000, PTR) = -22 (Invalid argument)"
#define AT_OVMF "0x380000000000, 0x400000000, PTR) = -22 (Invalid argument)"
#define NEW "vfio_container_dma_map(PTR, "
#define OLD "vfio_dma_map(PTR, "
#define NO_DMA_BUF(bar)                                                                            \
	"warning: 0000:00:08.0 BAR " bar                                                           \
	": dma-buf unavailable, using mmap fallback, P2P DMA will not work: Invalid argument\n"

#define RAM_46 "0x3fffc0000000, 0x40000000, PTR) = -22 (Invalid argument)\n"
#define RAM_44 "0xfffc0000000, 0x40000000, PTR) = -22 (Invalid argument)\n"
#define ABORT "hardware error: vfio: DMA mapping failed, unable to continue"

/*
 * Three public reports, all of a CPU with 46 bits over an IOMMU with 39 and OVMF. Its window begins
 * at 0x380000000000, and each root port has 32 GiB of it.
 */
#define PFLASH                                                                                     \
	"-drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd "            \
	"-drive if=pflash,format=raw,file=/usr/share/OVMF/OVMF_VARS_4M.fd "
#define RP(n) "-device pcie-root-port,id=rp" n ",bus=pcie.0,chassis=" n " "
#define PORTS RP("1") RP("2") RP("3") RP("4") RP("5") RP("6") RP("7") RP("8")
#define REPORT HOST_CPU PFLASH PORTS
#define GPU_AT(port) "-device vfio-pci,host=0000:00:07.0,id=gpu0,bus=rp" port " "
#define INTEL "-device intel-iommu,caching-mode=on "
#define GPU_LINE(at)                                                                               \
	"warning: vfio_container_dma_map(PTR, " at ", 0x400000000, PTR) = -22 (Invalid "           \
	"argument)\n" NO_P2P("0000:00:07.0")

static const struct rule_case rows[] = {
	{"report: GPU at 0x382800000000", &host_gpu, "11.1", REPORT GPU_AT("6"), NULL,
	 FIRES("map.bar-outside-iova"), "starts degraded", GPU_LINE("0x382800000000")},
	{"report: GPU at 0x383800000000", &host_gpu, "11.1", REPORT GPU_AT("8"), NULL,
	 FIRES("map.bar-outside-iova"), "starts degraded", GPU_LINE("0x383800000000")},
	{"report: ivshmem at 0x382000000000", &host_gpu, "11.1",
	 REPORT "-device vfio-pci,host=0000:00:05.0,id=dev0,bus=rp1 -object "
		"memory-backend-ram,id=ivm,size=1G,share=on -device "
		"ivshmem-plain,memdev=ivm,bus=rp5 ",
	 NULL, FIRES("map.ram-bar-outside-iova"), "starts broken",
	 "vfio_container_dma_map(PTR, 0x382000000000, 0x40000000, PTR) = -22 (Invalid "
	 "argument)\n" ABORT},
	{"report: cured by guest-phys-bits", &host_gpu, "11.1",
	 "-machine q35 -accel kvm -m 256M -cpu host,guest-phys-bits=39 " PFLASH PORTS GPU_AT("6"),
	 NULL, SILENT("map.bar-outside-iova"), "starts works", NULL},
	{"report: cured by host-phys-bits-limit", &host_gpu, "11.1",
	 "-machine q35 -accel kvm -m 256M -cpu host,host-phys-bits-limit=39 " PFLASH PORTS GPU_AT(
		 "3"),
	 NULL, SILENT("map.bar-outside-iova"), "starts works", NULL},
	{"report: cured by X-PciMmio64Mb", &host_gpu, "11.1",
	 REPORT GPU_AT("6") "-fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=65536", NULL,
	 SILENT("map.bar-outside-iova"), "starts works", NULL},
	{"16 GiB BAR, 8.2", &host_intel39, "8.2", HOST_CPU BIG, NULL, FIRES("map.bar-outside-iova"),
	 "starts works", "VFIO_MAP_DMA failed: Invalid argument\n" OLD AT_46},
	{"16 GiB BAR, 9.1", &host_intel39, "9.1", HOST_CPU BIG, NULL, FIRES("map.bar-outside-iova"),
	 "starts works", "VFIO_MAP_DMA failed: Invalid argument\n" NEW AT_46},
	{"16 GiB BAR, OVMF, 9.1", &host_intel39, "9.1", HOST_CPU PFLASH BIG, NULL,
	 FIRES("map.bar-outside-iova"), "starts works",
	 "VFIO_MAP_DMA failed: Invalid argument\n" NEW AT_OVMF
	 "\nVFIO_MAP_DMA failed: Invalid argument\n" NEW AT_OVMF
	 "\nVFIO_MAP_DMA failed: Invalid argument\n" NEW AT_OVMF},
	{"16 GiB BAR out of reach, iommufd, 9.1", &host_intel39, "9.1", HOST_CPU BIG_FD, NULL,
	 FIRES("map.bar-outside-iova"), "starts works",
	 UNPINNED "\n" UNPINNED_AT(
		 "0xfebfe000", "0x1000") "\nIOMMU_IOAS_MAP failed: Invalid argument\n" NEW AT_46},
	{"16 GiB BAR, iommufd, 9.1", &host_intel39, "9.1", LIMITED BIG_FD, NULL,
	 SILENT("map.bar-outside-iova"), "starts works",
	 UNPINNED "\n" UNPINNED_AT("0xfebfe000", "0x1000") "\n" UNPINNED "\n" UNPINNED_AT(
		 "0x400000000", "0x400000000")},
	{"16 GiB BAR, 11.1", &host_intel39, "11.1", HOST_CPU BIG, NULL,
	 FIRES("map.bar-outside-iova"), "starts works",
	 "warning: " NEW AT_44 "\n" NO_P2P("0000:00:07.0")},
	{"16 GiB BAR, iommufd, 11.1", &host_intel39, "11.1", HOST_CPU BIG_FD, NULL,
	 FIRES("map.bar-outside-iova"), "starts works",
	 "warning: " NEW AT_44 "\n" NO_P2P("0000:00:07.0")},
	{"a second device could write to it", &host_intel39, "11.1", HOST_CPU BIG SECOND, NULL,
	 FIRES("map.bar-outside-iova"), "starts degraded",
	 "warning: " NEW AT_44 "\n" NO_P2P("0000:00:07.0")},
	{"16 GiB BAR, CPU limited to 39 bits", &host_intel39, "11.1", LIMITED BIG, NULL,
	 SILENT("map.bar-outside-iova"), "starts works", NULL},
	{"16 GiB BAR, 48 bits", &host_intel48, "11.1", HOST_CPU BIG SECOND, NULL,
	 SILENT("map.bar-outside-iova"), "starts works", NULL},
	{"not mapped at all", &host_intel39, "11.1",
	 HOST_CPU "-device vfio-pci,host=0000:00:07.0,id=dev0,x-no-mmap=on ", NULL,
	 SILENT("map.bar-outside-iova"), "starts works", NULL},
	{"behind a virtio-iommu that lets nothing through", &host_intel39, "11.1",
	 HOST_CPU "-device virtio-iommu-pci,boot-bypass=off " BIG, NULL,
	 SILENT("map.bar-outside-iova"), "starts works", NULL},

	{"iommufd, 9.1", &host_intel39, "9.1", Q35 DEV_FD, NULL, FIRES("map.bar-not-pinned"),
	 "starts works", NIC_UNPINNED_9},
	{"iommufd, 10.2", &host_intel39, "10.2", Q35 DEV_FD, NULL, FIRES("map.bar-not-pinned"),
	 "starts works", NIC_UNPINNED_10},
	{"a BAR smaller than a page, 11.1", &host_intel48, "11.1", HOST_CPU SMALL_FD, NULL,
	 FIRES("map.bar-not-pinned"), "starts works",
	 NO_DMA_BUF("0") UNPINNED
	 "\nwarning: " UNPINNED_AT("0xfebfe000", "0x1000") "\n" NO_P2P("0000:00:08.0")},
	{"two devices, iommufd, 11.1", &host_intel39, "11.1", Q35 DEV_FD SECOND_06_FD, NULL,
	 SILENT("map.bar-not-pinned"), "starts works", NULL},
	{"legacy, 10.2", &host_intel39, "10.2", Q35 DEV, NULL, SILENT("map.bar-not-pinned"),
	 "starts works", NULL},

	{"ivshmem, 8.2", &host_intel39, "8.2", HOST_CPU IVSHMEM DEV, NULL,
	 FIRES("map.ram-bar-outside-iova"), "starts broken",
	 "VFIO_MAP_DMA failed: Invalid argument\n" OLD RAM_46 ABORT},
	{"ivshmem, 9.1", &host_intel39, "9.1", HOST_CPU IVSHMEM DEV, NULL,
	 FIRES("map.ram-bar-outside-iova"), "starts broken",
	 "VFIO_MAP_DMA failed: Invalid argument\n" NEW RAM_46 ABORT},
	{"ivshmem, iommufd, 9.1", &host_intel39, "9.1", HOST_CPU DEV_FD IVSHMEM, NULL,
	 FIRES("map.ram-bar-outside-iova"), "starts broken",
	 NIC_UNPINNED_9 "\nIOMMU_IOAS_MAP failed: Invalid argument\n" NEW RAM_46 ABORT},
	{"ivshmem, 11.1", &host_intel39, "11.1", HOST_CPU IVSHMEM DEV, NULL,
	 FIRES("map.ram-bar-outside-iova"), "starts broken", NEW RAM_44 ABORT},
	{"ivshmem, CPU limited to 39 bits", &host_intel39, "11.1", LIMITED IVSHMEM DEV, NULL,
	 SILENT("map.ram-bar-outside-iova"), "starts works", NULL},
	{"ivshmem without an assigned device", &host_intel39, "11.1", HOST_CPU IVSHMEM, NULL,
	 SILENT("map.ram-bar-outside-iova"), "starts works", NULL},

	{"a firmware that nobody knows", &host_intel39, "11.1", HOST_CPU "-bios own.bin " BIG, NULL,
	 FIRES("map.bars-not-placed"), "starts works", NULL},
	{"a firmware that nobody knows, no 64-bit BAR", &host_intel39, "11.1",
	 HOST_CPU "-bios own.bin " DEV, NULL, SILENT("map.bars-not-placed"), "starts works", NULL},
	{"a firmware that is known", &host_intel39, "11.1", LIMITED BIG, NULL,
	 SILENT("map.bars-not-placed"), "starts works", NULL},
};

CASES(map_cases, rows);
