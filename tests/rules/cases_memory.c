/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest RAM: against the host's IOVA ranges, the vCPU's width and the limit of locked memory. */
#include "rules.h"

#define CONTAINER "vfio " BDF ": failed to setup container for group 3: "
#define LISTENER "memory listener initialization failed: "
#define HIGH                                                                                       \
	"-m 64M,slots=2,maxmem=520G -cpu max,phys-bits=52 -object "                                \
	"memory-backend-ram,id=pm,size=128M "
#define DIMM(at) "-device pc-dimm,memdev=pm,addr=" at ",id=dimm0 "
#define MACHINE "-machine q35 -accel tcg "
#define MAP(f) f "(PTR, 0x8000000000, 0x8000000, PTR) = -22 (Invalid argument)"
#define ABORT "hardware error: vfio: DMA mapping failed, unable to continue"
#define RAM(f) f "(PTR, 0x0, 0x4000000, PTR) = -12 (Cannot allocate memory)"
#define BIOS(f) f "(PTR, 0xfffc0000, 0x40000, PTR) = -12 (Cannot allocate memory)"
#define NEW "vfio_container_dma_map"
#define OLD "vfio_dma_map"

#define ARM "qemu-system-aarch64 -machine virt -cpu max -m 1G,maxmem=4G,slots=2 "
#define ARM_DIMM "-object memory-backend-ram,id=m0,size=1G -device pc-dimm,id=d0,memdev=m0 "

static const struct rule_case rows[] = {
	{"a DIMM on virt without firmware", &host_intel48, "11.1", ARM ARM_DIMM, NULL,
	 FIRES("memory.no-hotplug"), "fails",
	 "memory hotplug is not enabled: missing acpi-ged device"},
	{"a DIMM on virt with a 32-bit CPU", &host_intel48, "7.2",
	 ARM ARM_DIMM "-bios QEMU_EFI.fd -cpu cortex-a15", NULL, FIRES("memory.no-hotplug"),
	 "fails", "memory hotplug is not enabled: missing acpi-ged device"},
	{"a DIMM on virt with firmware", &host_intel48, "11.1", ARM ARM_DIMM "-bios QEMU_EFI.fd",
	 NULL, SILENT("memory.no-hotplug"), "starts works", NULL},
	{"virt with 45 bits of RAM for 44", &host_intel48, "11.1",
	 "qemu-system-aarch64 -machine virt -cpu cortex-a57 -m 4G,maxmem=20T,slots=2", NULL,
	 FIRES("memory.phys-bits-too-low"), "fails",
	 "Addressing limited to 44 bits, but memory exceeds it by 4401267736576 bytes"},
	{"virt with 45 bits of RAM for 52", &host_intel48, "11.1",
	 "qemu-system-aarch64 -machine virt -cpu max -m 4G,maxmem=20T,slots=2", NULL,
	 SILENT("memory.phys-bits-too-low"), "starts works", NULL},
	{"a window of 3 TiB", &host_intel48, "10.0",
	 "qemu-system-aarch64 -machine virt,highmem-mmio-size=3T -cpu max", NULL,
	 FIRES("config.machine-option"), "fails", "highmem-mmio-size is not a power of 2"},
	{"a window of 256 GiB", &host_intel48, "10.0",
	 "qemu-system-aarch64 -machine virt,highmem-mmio-size=256G -cpu max", NULL,
	 FIRES("config.machine-option"), "fails",
	 "highmem-mmio-size cannot be set to a lower value than the default (512 GiB)"},
	{"a window of 1 TiB, 7.2", &host_intel48, "7.2",
	 "qemu-system-aarch64 -machine virt,highmem-mmio-size=1T -cpu max", NULL,
	 FIRES("config.machine-option"), "fails",
	 "Property 'virt-7.2-machine.highmem-mmio-size' not found"},
	{"9 CPUs with a GICv2, 7.2", &host_intel48, "7.2",
	 "qemu-system-aarch64 -machine virt -cpu max -smp 9", NULL, FIRES("config.machine-option"),
	 "fails",
	 "Number of SMP CPUs requested (9) exceeds max CPUs supported by machine 'mach-virt' (8)"},
	{"9 CPUs, 10.0", &host_intel48, "10.0", "qemu-system-aarch64 -machine virt -cpu max -smp 9",
	 NULL, SILENT("config.machine-option"), "starts works", NULL},
	{"an ITS without a GICv3", &host_intel48, "11.1",
	 "qemu-system-aarch64 -machine virt,msi=its -cpu max", NULL, FIRES("config.machine-option"),
	 "fails", "GICv2 + ITS is an invalid configuration."},

	{"RAM at 2^39, legacy, 8.2", &host_intel39, "8.2", MACHINE HIGH DIMM("0x8000000000") DEV,
	 NULL, FIRES("memory.outside-iova"), "fails",
	 "VFIO_MAP_DMA failed: Invalid argument\n" CONTAINER LISTENER "Region pm: " MAP(OLD)},
	{"RAM at 2^39, legacy, 9.1", &host_intel39, "9.1", MACHINE HIGH DIMM("0x8000000000") DEV,
	 NULL, FIRES("memory.outside-iova"), "fails",
	 "VFIO_MAP_DMA failed: Invalid argument\n" CONTAINER LISTENER "Region pm: " MAP(NEW)},
	{"RAM at 2^39, iommufd, 9.1", &host_intel39, "9.1",
	 MACHINE HIGH DIMM("0x8000000000") DEV_FD, NULL, FIRES("memory.outside-iova"), "fails",
	 "IOMMU_IOAS_MAP failed: Invalid argument\nvfio " BDF ": " LISTENER "Region pm: " MAP(NEW)},
	{"RAM at 2^39, legacy, 11.1", &host_intel39, "11.1", MACHINE HIGH DIMM("0x8000000000") DEV,
	 NULL, FIRES("memory.outside-iova"), "fails", CONTAINER LISTENER "Region pm: " MAP(NEW)},
	{"RAM at 2^39, iommufd, 11.1", &host_intel39, "11.1",
	 MACHINE HIGH DIMM("0x8000000000") DEV_FD, NULL, FIRES("memory.outside-iova"), "fails",
	 "vfio " BDF ": " LISTENER "Region pm: " MAP(NEW)},
	{"RAM at 2^39, 48 bits", &host_intel48, "11.1", MACHINE HIGH DIMM("0x8000000000") DEV, NULL,
	 SILENT("memory.outside-iova"), "starts works", NULL},
	{"RAM below 2^39", &host_intel39, "11.1", MACHINE HIGH DIMM("0x7ff8000000") DEV, NULL,
	 SILENT("memory.outside-iova"), "starts works", NULL},

	{"after the device, 8.2", &host_intel39, "8.2", MACHINE HIGH DEV DIMM("0x8000000000"), NULL,
	 FIRES("memory.late-outside-iova"), "fails",
	 "VFIO_MAP_DMA failed: Invalid argument\n" MAP(OLD) "\n" ABORT},
	{"after the device, 9.1", &host_intel39, "9.1", MACHINE HIGH DEV DIMM("0x8000000000"), NULL,
	 FIRES("memory.late-outside-iova"), "fails",
	 "VFIO_MAP_DMA failed: Invalid argument\n" MAP(NEW) "\n" ABORT},
	{"after the device, 11.1", &host_intel39, "11.1", MACHINE HIGH DEV DIMM("0x8000000000"),
	 NULL, FIRES("memory.late-outside-iova"), "fails", MAP(NEW) "\n" ABORT},
	{"after the device, below 2^39", &host_intel39, "11.1",
	 MACHINE HIGH DEV DIMM("0x7ff8000000"), NULL, SILENT("memory.late-outside-iova"),
	 "starts works", NULL},

	{"1 MiB, legacy, 8.2", &host_locked_1m, "8.2", Q35 DEV, NULL, FIRES("memory.locked-limit"),
	 "fails",
	 "VFIO_MAP_DMA failed: Cannot allocate memory\n" CONTAINER LISTENER
	 "Region pc.ram: " RAM(OLD)},
	{"1 MiB, behind a vIOMMU that lets nothing through yet", &host_locked_1m, "11.1",
	 Q35 "-device virtio-iommu-pci,boot-bypass=off " DEV, NULL, SILENT("memory.locked-limit"),
	 "starts works", NULL},
	{"1 MiB, iommufd, 9.0", &host_locked_1m, "9.0", Q35 DEV_FD, NULL,
	 FIRES("memory.locked-limit"), "fails",
	 "IOMMU_IOAS_MAP failed: Cannot allocate memory\nvfio " BDF ": " LISTENER
	 "Region pc.ram: " RAM(NEW)},
	{"as much as the RAM, but not the firmware, 11.1", &host_locked_64m, "11.1", Q35 DEV, NULL,
	 FIRES("memory.locked-limit"), "fails", CONTAINER LISTENER "Region pc.bios: " BIOS(NEW)},
	{"as much as the RAM and the firmware", &host_locked_65m, "11.1", Q35 DEV, NULL,
	 SILENT("memory.locked-limit"), "starts works", NULL},

	{"the same for each of two iommufd objects", &host_locked_65m, "11.1",
	 Q35 "-object iommufd,id=a -object iommufd,id=b -device vfio-pci,host=" BDF
	     ",id=dev0,iommufd=a -device vfio-pci,host=0000:00:06.0,id=dev1,iommufd=b",
	 NULL, FIRES("memory.locked-limit"), "fails",
	 "vfio 0000:00:06.0: " LISTENER "Region pc.ram: " RAM(NEW)},
	{"two devices of one iommufd object", &host_locked_65m, "11.1",
	 Q35 "-object iommufd,id=a -device vfio-pci,host=" BDF
	     ",id=dev0,iommufd=a -device vfio-pci,host=0000:00:06.0,id=dev1,iommufd=a",
	 NULL, SILENT("memory.locked-limit"), "starts works", NULL},

	{"1 MiB, i440fx", &host_locked_1m, "11.1", "-machine pc -accel tcg -m 64M " DEV, NULL,
	 FIRES("memory.locked-limit"), "fails",
	 CONTAINER LISTENER "Region pc.ram: vfio_container_dma_map(PTR, 0x100000, 0x3f00000, PTR) "
			    "= -12 (Cannot allocate memory)"},
	{"1 MiB, after the first reset", &host_locked_1m, "11.1", Q35 PORT, PLUG,
	 FIRES("memory.locked-limit"), "starts refused works",
	 CONTAINER LISTENER "Region pc.ram: vfio_container_dma_map(PTR, 0x100000, 0x3f00000, PTR) "
			    "= -12 (Cannot allocate memory)"},
	{"1 MiB, and RAM out of reach behind it", &host_locked_1m, "11.1",
	 MACHINE "-m 64M,slots=2,maxmem=300000G -cpu max,phys-bits=52 -object "
		 "memory-backend-ram,id=pm,size=128M " DIMM("0x1000000000000") DEV,
	 NULL, SILENT("memory.outside-iova"), "fails",
	 CONTAINER LISTENER "Region pc.ram: " RAM(NEW)},
	{"a DIMM beyond the limit, after the device", &host_locked_65m, "11.1",
	 MACHINE HIGH DEV DIMM("0x200000000"), NULL, FIRES("memory.late-locked-limit"), "fails",
	 "vfio_container_dma_map(PTR, 0x200000000, 0x8000000, PTR) = -12 (Cannot allocate "
	 "memory)\n" ABORT},
	{"a DIMM without a limit, after the device", &host_intel48, "11.1",
	 MACHINE HIGH DEV DIMM("0x200000000"), NULL, SILENT("memory.late-locked-limit"),
	 "starts works", NULL},

	{"a DIMM above the host CPU's 48 bits, KVM", &host_intel48, "11.1",
	 "-machine q35,kernel-irqchip=split -accel kvm -m 64M,slots=2,maxmem=300000G -cpu "
	 "qemu64,phys-bits=52 -object memory-backend-ram,id=pm,size=128M " DIMM("0x1000000000000"),
	 NULL, FIRES("memory.device-beyond-host-cpu"), "fails",
	 "warning: Host physical bits (48) does not match phys-bits property (52)\n"
	 "kvm_set_user_memory_region: KVM_SET_USER_MEMORY_REGION failed, slot=2, "
	 "start=0x1000000000000, size=0x8000000: Invalid argument\n"
	 "kvm_set_phys_mem: error registering slot: Invalid argument"},
	{"a DIMM above the host CPU's 48 bits, TCG", &host_intel48, "11.1",
	 "-machine q35 -accel tcg -m 64M,slots=2,maxmem=300000G -cpu max,phys-bits=52 -object "
	 "memory-backend-ram,id=pm,size=128M " DIMM("0x1000000000000"),
	 NULL, SILENT("memory.device-beyond-host-cpu"), "starts works", NULL},
	{"300 TiB with KVM on 48 bits", &host_intel48, "11.1",
	 "-machine q35,kernel-irqchip=split -accel kvm -m 300T -cpu qemu64,phys-bits=52", NULL,
	 FIRES("memory.ram-beyond-host-cpu"), "fails",
	 "warning: Host physical bits (48) does not match phys-bits property (52)\n"
	 "kvm_set_user_memory_region: KVM_SET_USER_MEMORY_REGION failed, slot=1, "
	 "start=0x10000000000, size=0x12bff80000000: Invalid argument\n"
	 "kvm_set_phys_mem: error registering slot: Invalid argument"},
	{"57 bits with KVM", &host_intel48, "11.1", KVM "-cpu qemu64,phys-bits=57", NULL,
	 FIRES("memory.phys-bits-above-kvm"), "fails",
	 "warning: Host physical bits (48) does not match phys-bits property (57)\n"
	 "target/i386/kvm/kvm.c:5068: kvm_get_msrs: Assertion `cpu->phys_bits <= 52' failed."},
	{"57 bits without", &host_intel48, "11.1", Q35 "-cpu qemu64,phys-bits=57", NULL,
	 SILENT("memory.phys-bits-above-kvm"), "starts works", NULL},
	{"300 TiB without KVM", &host_intel48, "11.1",
	 "-machine q35 -accel tcg -m 300T -cpu max,phys-bits=52", NULL,
	 SILENT("memory.ram-beyond-host-cpu"), "starts works", NULL},

	{"two DIMMs at one place", &host_amd, "10.0",
	 MACHINE "-m 64M,slots=2,maxmem=64G -object memory-backend-ram,id=pm,size=128M -object "
		 "memory-backend-ram,id=pn,size=128M " DIMM(
			 "0x200000000") "-device virtio-mem-pci,memdev=pn,memaddr=0x204000000",
	 NULL, FIRES("memory.device-misplaced"), "fails",
	 "address range conflicts with memory device id='dimm0'"},
	{"a DIMM at an odd place", &host_amd, "7.2",
	 MACHINE "-m 64M,slots=2,maxmem=64G -object memory-backend-ram,id=pm,size=128M "
		 "-device pc-dimm,memdev=pm,addr=0x100001000",
	 NULL, FIRES("memory.device-misplaced"), "fails",
	 "address must be aligned to 0x200000 bytes"},
	{"two DIMMs beside one another", &host_amd, "10.0",
	 MACHINE "-m 64M,slots=2,maxmem=64G -object memory-backend-ram,id=pm,size=128M -object "
		 "memory-backend-ram,id=pn,size=128M " DIMM(
			 "0x200000000") "-device virtio-mem-pci,memdev=pn,memaddr=0x208000000",
	 NULL, SILENT("memory.device-misplaced"), "starts works", NULL},

	{"39 bits for 520 GiB", &host_amd, "11.1",
	 MACHINE "-m 64M,slots=2,maxmem=600G -cpu max,phys-bits=39 " DEV, NULL,
	 FIRES("memory.phys-bits-too-low"), "fails",
	 "Address space limit 0x7fffffffff < 0x9f7fffffff phys-bits too low (39)"},
	{"52 bits for 520 GiB", &host_amd, "11.1",
	 MACHINE "-m 64M,slots=2,maxmem=600G -cpu max,phys-bits=52 " DEV, NULL,
	 SILENT("memory.phys-bits-too-low"), "starts works", NULL},

	{"below the area, which AMD's hole moved up", &host_amd, "9.1",
	 MACHINE "-m 64M,slots=2,maxmem=1019G -cpu max,phys-bits=52 -object "
		 "memory-backend-ram,id=pm,size=128M " DIMM("0xfcf8000000") DEV,
	 NULL, FIRES("memory.device-out-of-area"), "fails",
	 "can't add memory device [0xfcf8000000:0x8000000], usable range for memory devices "
	 "[0x10000000000:0xff3c000000]"},
	{"in the area", &host_amd, "9.1",
	 MACHINE "-m 64M,slots=2,maxmem=64G -cpu max,phys-bits=52 -object "
		 "memory-backend-ram,id=pm,size=128M " DIMM("0x200000000") DEV,
	 NULL, SILENT("memory.device-out-of-area"), "starts works", NULL},

	{"no slot given", &host_amd, "11.1",
	 MACHINE "-m 64M,maxmem=64G -object memory-backend-ram,id=pm,size=128M "
		 "-device pc-dimm,memdev=pm " DEV,
	 NULL, FIRES("memory.no-room"), "fails",
	 "no slots where allocated, please specify the 'slots' option"},
	{"no slot left", &host_amd, "11.1",
	 MACHINE "-m 64M,slots=1,maxmem=64G -object memory-backend-ram,id=pm,size=128M "
		 "-object memory-backend-ram,id=pn,size=128M -device pc-dimm,memdev=pm "
		 "-device pc-dimm,memdev=pn " DEV,
	 NULL, FIRES("memory.no-room"), "fails", "no free slots available"},
	{"virtio-mem larger than maxmem leaves", &host_amd, "7.2",
	 MACHINE "-m 1G,maxmem=2G -object memory-backend-ram,id=pm,size=4G "
		 "-device virtio-mem-pci,memdev=pm " DEV,
	 NULL, FIRES("memory.no-room"), "fails",
	 "not enough space, currently 0x0 in use of total space for memory devices 0x40000000"},
	{"virtio-mem without maxmem", &host_amd, "11.1",
	 MACHINE "-m 1G -object memory-backend-ram,id=pm,size=4G -device "
		 "virtio-mem-pci,memdev=pm " DEV,
	 NULL, FIRES("memory.no-room"), "fails",
	 "the configuration is not prepared for memory devices (e.g., for memory hotplug), "
	 "consider specifying the maxmem option"},
	{"virtio-mem without maxmem, an older text", &host_amd, "7.2",
	 MACHINE "-m 1G -object memory-backend-ram,id=pm,size=4G -device "
		 "virtio-mem-pci,memdev=pm " DEV,
	 NULL, FIRES("memory.no-room"), "fails",
	 "memory devices (e.g. for memory hotplug) are not enabled, please specify the maxmem "
	 "option"},
	{"virtio-mem needs no slot", &host_amd, "11.1",
	 MACHINE "-m 1G,maxmem=5G -object memory-backend-ram,id=pm,size=4G "
		 "-device virtio-mem-pci,memdev=pm " DEV,
	 NULL, SILENT("memory.no-room"), "starts works", NULL},
	{"virtio-pmem below the area", &host_amd, "10.0",
	 MACHINE "-m 1G,maxmem=20G -object memory-backend-ram,id=pm,size=4G "
		 "-device virtio-pmem-pci,memdev=pm,memaddr=0x1000000 " DEV,
	 NULL, FIRES("memory.device-out-of-area"), "fails",
	 "can't add memory device [0x1000000:0x100000000], usable range for memory devices "
	 "[0x100000000:0x4c0000000]"},
	{"a DIMM without ACPI", &host_amd, "11.1",
	 "-M q35,acpi=off -accel tcg -m 1G,slots=2,maxmem=20G -object "
	 "memory-backend-ram,id=pm,size=4G -device pc-dimm,memdev=pm " DEV,
	 NULL, FIRES("memory.no-hotplug"), "fails",
	 "memory hotplug is not enabled: missing acpi device or acpi disabled"},
};

CASES(memory_cases, rows);
