/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What QEMU refuses about the config itself. */
#include "rules.h"

#define HINT "\nUse -machine help to list supported machines"
#define HUGE_OBJ "-object memory-backend-memfd,id=m,size=64M,share=on,"
#define PORTS "-device pcie-root-port,id=rp0,chassis=1 -device pcie-root-port,id=rp1,"
#define PXB "-device pxb-pcie,id=pxb,bus_nr=64 -device pcie-root-port,id=rp0,bus=pxb,chassis=1 "

static const struct rule_case rows[] = {
	{"JSON that does not end, 10.0", &host_intel48, "10.0",
	 Q35 "-device '{\"driver\":\"vfio-pci\",\"host\":\"" BDF "\"'", NULL,
	 FIRES("config.syntax"), "fails", "JSON parse error, premature EOI"},
	{"JSON", &host_intel48, "10.0",
	 Q35 "-device '{\"driver\":\"vfio-pci\",\"host\":\"" BDF "\"}'", NULL,
	 SILENT("config.syntax"), "starts works", NULL},

	{"no iommufd in 8.2", &host_intel48, "8.2", Q35 DEV_FD, NULL, FIRES("config.object-type"),
	 "fails", "Parameter 'qom-type' does not accept value 'iommufd'"},
	{"iommufd in 9.0", &host_intel48, "9.0", Q35 DEV_FD, NULL, SILENT("config.object-type"),
	 "starts works", NIC_UNPINNED_9},

	{"the next release's type, 9.0", &host_intel48, "9.0",
	 "-machine pc-q35-9.1 -accel tcg -m 64M " DEV, NULL, FIRES("config.machine-type"), "fails",
	 "unsupported machine type" HINT},
	{"the next release's type, 9.1", &host_intel48, "9.1",
	 "-machine pc-q35-9.2 -accel tcg -m 64M " DEV, NULL, FIRES("config.machine-type"), "fails",
	 "unsupported machine type: \"pc-q35-9.2\"" HINT},
	{"its own type", &host_intel48, "9.1", "-machine pc-q35-9.1 -accel tcg -m 64M " DEV, NULL,
	 SILENT("config.machine-type"), "starts works", NULL},

	{"no such accelerator", &host_intel48, "11.1", "-machine q35 -accel hvf -m 64M " DEV, NULL,
	 FIRES("config.machine-option"), "fails", "invalid accelerator hvf"},
	{"KVM without its APIC", &host_intel48, "11.1",
	 "-machine q35,kernel-irqchip=off -accel kvm -m 64M " DEV, NULL,
	 FIRES("config.machine-option"), "fails", "KVM does not support userspace APIC"},
	{"KVM with half of its APIC", &host_intel48, "11.1",
	 "-machine q35,kernel-irqchip=split -accel kvm -m 64M " DEV, NULL,
	 SILENT("config.machine-option"), "starts works", NULL},

	{"30 bits, 10.0", &host_intel48, "10.0", Q35 "-cpu max,phys-bits=30 " DEV, NULL,
	 FIRES("config.phys-bits"), "fails", "phys-bits should be between 32 and 52  (but is 30)"},
	{"30 bits, 11.1", &host_intel48, "11.1", Q35 "-cpu max,phys-bits=30 " DEV, NULL,
	 FIRES("config.phys-bits"), "fails", "phys-bits should be at least 32 (but is 30)"},
	{"39 bits", &host_intel48, "11.1", Q35 "-cpu max,phys-bits=39 " DEV, NULL,
	 SILENT("config.phys-bits"), "starts works", NULL},

	{"no free huge page", &host_no_hugepages, "11.1",
	 Q35 HUGE_OBJ "hugetlb=on,hugetlbsize=2M -machine memory-backend=m " DEV, NULL,
	 FIRES("config.ram-backing"), "fails",
	 "unable to map backing store for guest RAM: Cannot allocate memory"},
	{"ordinary pages", &host_no_hugepages, "11.1",
	 Q35 HUGE_OBJ "hugetlb=off -machine memory-backend=m " DEV, NULL,
	 SILENT("config.ram-backing"), "starts works", NULL},

	{"an Arm IOMMU", &host_intel48, "11.1", Q35 "-device arm-smmuv3 " DEV, NULL,
	 FIRES("config.driver-absent"), "fails", "'arm-smmuv3' is not a valid device model name"},
	{"an x86 one", &host_intel48, "11.1", Q35 "-device virtio-iommu-pci " DEV, NULL,
	 SILENT("config.driver-absent"), "starts works", NULL},

	{"a device without a model", &host_intel48, "11.1", Q35 "-device host=" BDF ",id=dev0",
	 NULL, FIRES("config.driver-missing"), "fails", "Parameter 'driver' is missing"},
	{"the model last", &host_intel48, "11.1",
	 Q35 "-device host=" BDF ",id=dev0,driver=vfio-pci", NULL, SILENT("config.driver-missing"),
	 "starts works", NULL},

	{"intel-iommu on i440fx", &host_intel48, "10.0",
	 "-machine pc -accel tcg -m 64M -device intel-iommu,caching-mode=on " DEV, NULL,
	 FIRES("config.machine-without-viommu"), "fails",
	 "Parameter 'driver' expects a dynamic sysbus device type for the machine"},
	{"intel-iommu on q35", &host_intel48, "10.0",
	 Q35 "-device intel-iommu,caching-mode=on " DEV, NULL,
	 SILENT("config.machine-without-viommu"), "starts works", NULL},

	{"microvm", &host_intel48, "11.1", "-machine microvm -accel tcg -m 64M " DEV, NULL,
	 FIRES("config.no-pci"), "fails", "No 'PCI' bus found for device 'vfio-pci'"},
	{"i440fx", &host_intel48, "11.1", "-machine pc -accel tcg -m 64M " DEV, NULL,
	 SILENT("config.no-pci"), "starts works", NULL},

	{"a bus that nobody makes", &host_intel48, "11.1",
	 Q35 "-device vfio-pci,host=" BDF ",id=dev0,bus=rp0", NULL, FIRES("config.bus-absent"),
	 "fails", "Bus 'rp0' not found"},
	{"plugged into a bus that nobody makes", &host_intel48, "11.1", Q35, PLUG,
	 FIRES("config.bus-absent"), "starts refused works", "Bus 'rp0' not found"},
	{"a port's bus", &host_intel48, "11.1",
	 Q35 PORT "-device vfio-pci,host=" BDF ",id=dev0,bus=rp0", NULL,
	 SILENT("config.bus-absent"), "starts works", NULL},

	{"plugged into the root bus of q35", &host_intel48, "11.1", Q35,
	 "vfio-pci,host=" BDF ",id=dev0", FIRES("config.bus-without-hotplug"),
	 "starts refused works", "Bus 'pcie.0' does not support hotplugging"},
	{"plugged into the root bus of i440fx", &host_intel48, "11.1",
	 "-machine pc -accel tcg -m 64M", "vfio-pci,host=" BDF ",id=dev0",
	 SILENT("config.bus-without-hotplug"), "starts accepted works", NULL},

	{"virtio-iommu plugged", &host_intel48, "11.1", Q35 PORT, "virtio-iommu-pci,id=i0,bus=rp0",
	 FIRES("config.not-hotpluggable"), "starts refused works",
	 "Device 'virtio-iommu-pci' does not support hotplugging"},
	{"intel-iommu plugged, 7.2", &host_intel48, "7.2", Q35 PORT, "intel-iommu,id=i0",
	 FIRES("config.not-hotpluggable"), "starts refused works",
	 "Parameter 'driver' expects a pluggable device type"},
	{"intel-iommu plugged", &host_intel48, "11.1", Q35, "intel-iommu,id=i0",
	 FIRES("config.not-hotpluggable"), "starts refused works",
	 "Device 'intel-iommu' does not support hotplugging"},
	{"a device plugged into a port", &host_intel48, "11.1", Q35 PORT, PLUG,
	 SILENT("config.not-hotpluggable"), "starts accepted works", NULL},

	{"plugged with an id that is taken", &host_intel48, "11.1",
	 Q35 PORT "-device vfio-pci,host=0000:00:06.0,id=dev0", PLUG, FIRES("config.duplicate-id"),
	 "starts refused works", "Duplicate device ID 'dev0'"},
	{"plugged with an id of its own", &host_intel48, "11.1",
	 Q35 PORT "-device vfio-pci,host=0000:00:06.0,id=dev1", PLUG, SILENT("config.duplicate-id"),
	 "starts accepted works", NULL},

	{"aw-bits of virtio-iommu before 9.0", &host_intel48, "8.2",
	 Q35 "-device virtio-iommu-pci,aw-bits=39", NULL, FIRES("config.property-absent"), "fails",
	 "Property 'virtio-iommu-pci.aw-bits' not found"},
	{"the old name in 11.1", &host_intel48, "11.1",
	 Q35 "-device intel-iommu,x-scalable-mode=on", NULL, FIRES("config.property-absent"),
	 "fails", "Property 'intel-iommu.x-scalable-mode' not found"},
	{"the new name in 11.0", &host_intel48, "11.0", Q35 "-device intel-iommu,scalable-mode=on",
	 NULL, FIRES("config.property-absent"), "fails",
	 "Property 'intel-iommu.scalable-mode' not found"},
	{"the old name in 11.0", &host_intel48, "11.0",
	 Q35 "-device intel-iommu,x-scalable-mode=on", NULL, SILENT("config.property-absent"),
	 "starts works", NULL},

	{"a number that is none", &host_intel48, "11.1", Q35 "-device intel-iommu,aw-bits=abc",
	 NULL, FIRES("config.property-value"), "fails", "Parameter 'aw-bits' expects integer"},
	{"a number that is too large", &host_intel48, "11.1", Q35 "-device intel-iommu,aw-bits=300",
	 NULL, FIRES("config.property-value"), "fails", "Parameter 'aw-bits' expects uint8_t"},
	{"a hexadecimal number", &host_intel48, "11.1", Q35 "-device intel-iommu,aw-bits=0x27",
	 NULL, SILENT("config.property-value"), "starts works", NULL},

	{"host= that is no address", &host_intel48, "11.1", Q35 "-device vfio-pci,host=zz,id=dev0",
	 NULL, FIRES("config.host-address"), "fails",
	 "Property 'vfio-pci.host' doesn't take value 'zz'"},
	{"host= without a domain", &host_intel48, "11.1",
	 Q35 "-device vfio-pci,host=00:05.0,id=dev0", NULL, SILENT("config.host-address"),
	 "starts works", NULL},

	{"no object", &host_intel48, "11.1",
	 Q35 "-device vfio-pci,host=" BDF ",id=dev0,iommufd=iommufd0", NULL,
	 FIRES("config.object-absent"), "fails", "Device 'iommufd0' not found"},
	{"an object", &host_intel48, "11.1", Q35 DEV_FD, NULL, SILENT("config.object-absent"),
	 "starts works", NULL},

	{"the chipset's slot", &host_intel48, "11.1",
	 Q35 "-device vfio-pci,host=" BDF ",id=dev0,addr=1f.0", NULL, FIRES("config.pci-slot"),
	 "fails",
	 "PCI: slot 31 function 0 not available for vfio-pci, in use by ICH9-LPC,id=(null)"},
	{"a second function of a single-function device", &host_intel48, "11.1",
	 Q35 "-device vfio-pci,host=" BDF
	     ",id=dev0,addr=5.0 -device vfio-pci,host=0000:00:06.0,id=dev1,addr=5.1",
	 NULL, FIRES("config.pci-slot"), "fails",
	 "PCI: single function device can't be populated in function 5.1"},
	{"a second function of a multifunction device", &host_intel48, "11.1",
	 Q35
	 "-device vfio-pci,host=" BDF
	 ",id=dev0,addr=5.0,multifunction=on -device vfio-pci,host=0000:00:06.0,id=dev1,addr=5.1",
	 NULL, SILENT("config.pci-slot"), "starts works", NULL},

	{"the same chassis and slot", &host_intel48, "11.1", Q35 PORTS "chassis=1", NULL,
	 FIRES("config.chassis-slot"), "fails", "Can't add chassis slot, error -16"},
	{"the same chassis, another slot", &host_intel48, "11.1", Q35 PORTS "chassis=1,slot=1",
	 NULL, SILENT("config.chassis-slot"), "starts works", NULL},

	{"on a pxb-pcie itself", &host_intel48, "11.1",
	 Q35 PXB "-device vfio-pci,host=" BDF ",id=dev0,bus=pxb", NULL,
	 FIRES("config.not-on-this-bus"), "fails",
	 "PCI: Only PCI/PCIe bridges can be plugged into pxb-pcie"},
	{"on a port of a pxb-pcie", &host_intel48, "11.1",
	 Q35 PXB "-device vfio-pci,host=" BDF ",id=dev0,bus=rp0", NULL,
	 SILENT("config.not-on-this-bus"), "starts works", NULL},

	{"a flag", &host_intel48, "11.1", Q35 "-device intel-iommu,caching-mode", NULL,
	 FIRES("config.short-form"), "starts works",
	 "warning: short-form boolean option 'caching-mode' deprecated\nPlease use caching-mode=on "
	 "instead"},
	{"a value", &host_intel48, "11.1", Q35 "-device intel-iommu,caching-mode=on", NULL,
	 SILENT("config.short-form"), "starts works", NULL},

	{"39 bits on a 48-bit host", &host_intel48, "11.1", KVM "-cpu host,phys-bits=39", NULL,
	 FIRES("config.phys-bits-differ"), "starts works",
	 "warning: Host physical bits (48) does not match phys-bits property (39)"},
	{"the same under TCG", &host_intel48, "11.1", Q35 "-cpu max,phys-bits=39", NULL,
	 SILENT("config.phys-bits-differ"), "starts works", NULL},
	{"the host's own", &host_intel48, "11.1", KVM "-cpu host,phys-bits=48", NULL,
	 SILENT("config.phys-bits-differ"), "starts works", NULL},

	{"for a vIOMMU that is not there", &host_intel48, "11.1",
	 Q35 "-global intel-iommu.aw-bits=39", NULL, FIRES("config.global-unused"), "starts works",
	 "warning: global intel-iommu.aw-bits=39 not used"},
	{"for one that is", &host_intel48, "11.1",
	 Q35 "-global intel-iommu.aw-bits=39 -device intel-iommu", NULL,
	 SILENT("config.global-unused"), "starts works", NULL},
};

CASES(config_cases, rows);
