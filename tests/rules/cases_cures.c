/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mistakes with a cure of their own: options that cannot be read, memory that lies too high,
 * devices to be plugged. The cures are applied and checked like all others (main.c). */
#include "rules.h"

#define NO_SIZE                                                                                    \
	"Parameter 'size' expects a non-negative number below 2^64\nOptional suffix k, M, G, T, "  \
	"P or E means kilo-, mega-, giga-, tera-, peta-\nand exabytes, respectively."
#define NO_ID                                                                                      \
	"Parameter 'id' expects an identifier\nIdentifiers consist of letters, digits, '-', '.', " \
	"'_', starting with a letter."
#define MEMORY "-object memory-backend-ram,id=pm,size=128M "
#define WIDE "-machine q35 -accel tcg -cpu max,phys-bits=52 "
#define DIMM(at) "-device pc-dimm,memdev=pm,id=dimm0,addr=" at " "
#define CONTAINER "vfio " BDF ": failed to setup container for group 3: "
#define LISTENER(ram) "memory listener initialization failed: Region " ram ": "

static const struct rule_case rows[] = {
	{"RAM of no size", &host_intel48, "11.1", "-machine q35 -accel tcg -m abc " DEV, NULL,
	 FIRES("config.syntax"), "fails", NO_SIZE},
	{"RAM of a size with a space", &host_intel48, "11.1",
	 "-machine q35 -accel tcg -m '6 4M' " DEV, NULL, FIRES("config.syntax"), "fails", NO_SIZE},
	{"JSON that ends too early", &host_intel48, "10.0", Q35 "-device '{\"driver\":'", NULL,
	 FIRES("config.syntax"), "fails", "JSON parse error, premature EOI"},
	{"JSON that goes on", &host_intel48, "10.0",
	 Q35 "-device '{\"driver\":\"vfio-pci\",\"host\":\"" BDF "\"} more'", NULL,
	 FIRES("config.syntax"), "fails", "Expecting at most one JSON value"},
	{"JSON that ends in a string", &host_intel48, "10.0",
	 Q35 "-device '{\"driver\":\"vfio-pci\",\"host\":\"" BDF "'", NULL, FIRES("config.syntax"),
	 "fails", "JSON parse error, stray '\"" BDF "'"},
	{"an id for two devices", &host_intel48, "11.1", Q35 DEV "-device e1000e,id=dev0", NULL,
	 FIRES("config.syntax"), "fails", "Duplicate ID 'dev0' for device"},
	{"an id with a space", &host_intel48, "11.1", Q35 "-device vfio-pci,host=" BDF ",id='a b'",
	 NULL, FIRES("config.syntax"), "fails", NO_ID},
	{"-set for no device", &host_intel48, "11.1", Q35 "-set device.x.y=1 " DEV, NULL,
	 FIRES("config.syntax"), "fails", "there is no device \"x\" defined"},
	{"-set before its device", &host_intel48, "11.1",
	 Q35 "-set device.i0.aw-bits=39 -device intel-iommu,caching-mode=on,id=i0 " DEV, NULL,
	 FIRES("config.syntax"), "fails", "there is no device \"i0\" defined"},
	{"-global of half a property", &host_intel48, "11.1", Q35 "-global intel-iommu " DEV, NULL,
	 FIRES("config.syntax"), "fails",
	 "warning: short-form boolean option 'intel-iommu' deprecated\nPlease use intel-iommu=on "
	 "instead\nInvalid parameter 'intel-iommu'"},
	{"an object without an id", &host_intel48, "11.1",
	 Q35 "-object iommufd -device vfio-pci,host=" BDF ",iommufd=fd7", NULL,
	 FIRES("config.syntax"), "fails", "Parameter 'id' is missing"},

	{"a machine type that no QEMU has", &host_intel48, "9.0",
	 "-machine nope -accel tcg -m 64M " DEV, NULL, FIRES("config.machine-type"), "fails",
	 "unsupported machine type\nUse -machine help to list supported machines"},
	{"two accelerators", &host_intel48, "11.1", "-machine q35,accel=kvm -accel tcg -m 64M " DEV,
	 NULL, FIRES("config.machine-option"), "fails",
	 "The -accel and \"-machine accel=\" options are incompatible"},
	{"a model that is nearly one", &host_intel48, "11.1", Q35 "-device vfio-pcix,host=" BDF,
	 NULL, FIRES("config.driver-absent"), "fails",
	 "'vfio-pcix' is not a valid device model name"},
	{"an assigned device without its model", &host_intel48, "11.1",
	 Q35 "-device '{\"host\":\"" BDF "\"}'", NULL, FIRES("config.driver-missing"), "fails",
	 "Parameter 'driver' is missing"},
	{"an expander for the other bus", &host_intel48, "11.1",
	 Q35 "-device pxb,id=pxb,bus_nr=64 " DEV, NULL, FIRES("config.not-on-this-bus"), "fails",
	 "pxb devices cannot reside on a PCIe bus"},
	{"fd= beside host=", &host_intel39, "11.1",
	 Q35 "-device vfio-pci,host=" BDF ",id=dev0,fd=5", NULL, FIRES("vfio.fd-without-iommufd"),
	 "fails", "Use FD passing only with iommufd backend"},

	{"the vIOMMU in JSON, the device not", &host_intel39, "11.1",
	 Q35 "-device '{\"driver\":\"intel-iommu\",\"caching-mode\":true,\"aw-bits\":39}' " DEV,
	 NULL, FIRES("order.viommu-after-device"), "starts broken", NULL},
	{"both in JSON, the vIOMMU last", &host_intel39, "11.1",
	 Q35 "-device '{\"driver\":\"vfio-pci\",\"host\":\"" BDF
	     "\"}' -device '{\"driver\":\"intel-iommu\",\"caching-mode\":true,\"aw-bits\":39}'",
	 NULL, FIRES("order.viommu-after-device"), "starts broken", NULL},

	{"2000 TiB for 40 bits", &host_intel48, "11.1",
	 "-machine q35 -accel tcg -m 64M,slots=2,maxmem=2000T " DEV, NULL,
	 FIRES("memory.phys-bits-too-low"), "fails",
	 "Address space limit 0xffffffffff < 0x7d1087fffffff phys-bits too low (40)"},
	{"600 GiB for 36 bits", &host_intel48, "11.1",
	 "-machine q35 -accel tcg -cpu qemu32 -m 64M,slots=2,maxmem=600G " DEV, NULL,
	 FIRES("memory.phys-bits-too-low"), "fails",
	 "Address space limit 0xfffffffff < 0x977bffffff phys-bits too low (36)"},
	{"a DIMM above AMD's hole", &host_intel39, "11.1",
	 WIDE "-m 64M,slots=2,maxmem=1032G " MEMORY DIMM("0x10000000000") DEV, NULL,
	 FIRES("memory.outside-iova"), "fails",
	 CONTAINER LISTENER("pm") "vfio_container_dma_map(PTR, 0x10000000000, 0x8000000, PTR) = "
				  "-22 (Invalid argument)"},
	{"600 GiB of RAM for 39 bits", &host_intel39, "11.1",
	 "-machine q35,memory-backend=m -accel tcg -cpu Skylake-Server -m 600G -object "
	 "memory-backend-ram,id=m,size=600G,reserve=off " DEV,
	 NULL, FIRES("memory.outside-iova"), "fails",
	 CONTAINER LISTENER("m") "vfio_container_dma_map(PTR, 0x100000000, 0x9580000000, PTR) = "
				 "-22 (Invalid argument)"},

	{"plugged into the root bus", &host_intel48, "11.1", Q35 PORT,
	 "{\"driver\":\"vfio-pci\",\"host\":\"" BDF "\",\"id\":\"dev0\"}",
	 FIRES("config.bus-without-hotplug"), "starts refused works",
	 "Bus 'pcie.0' does not support hotplugging"},
	{"plugged, and no port", &host_intel48, "11.1", Q35, "vfio-pci,host=" BDF ",id=dev0",
	 FIRES("config.bus-without-hotplug"), "starts refused works",
	 "Bus 'pcie.0' does not support hotplugging"},
	{"a vIOMMU that is plugged", &host_intel48, "11.1", Q35, "intel-iommu,id=i0",
	 FIRES("config.not-hotpluggable"), "starts refused works",
	 "Device 'intel-iommu' does not support hotplugging"},
	{"plugged, with a property that no QEMU has", &host_intel48, "11.1", Q35 PORT,
	 "{\"driver\":\"vfio-pci\",\"host\":\"" BDF
	 "\",\"id\":\"dev0\",\"bus\":\"rp0\",\"bogus\":1}",
	 FIRES("config.property-absent"), "starts refused works",
	 "Property 'vfio-pci.bogus' not found"},
	{"a DIMM plugged above AMD's hole", &host_intel39, "11.1",
	 WIDE "-m 64M,slots=2,maxmem=1032G " MEMORY DEV,
	 "pc-dimm,memdev=pm,id=dimm0,addr=0x10000000000", FIRES("memory.late-outside-iova"),
	 "starts kills-vm unknown",
	 "vfio_container_dma_map(PTR, 0x10000000000, 0x8000000, PTR) = -22 (Invalid argument)\n"
	 "hardware error: vfio: DMA mapping failed, unable to continue"},
};

CASES(cures_cases, rows);
