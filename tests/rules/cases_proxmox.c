/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Proxmox does with a config before there is a QEMU. Refusals and warnings are qemu-server
 * 9.2.6's own (src/test/cfg2cmd; QemuServer.pm, PCI.pm, Machine.pm). */
#include "rules.h"

#define INTEL_VM "machine: q35,viommu=intel"

static const struct rule_case rows[] = {
	{"intel-iommu on i440fx", &host_intel48, "11.0", "machine: pc,viommu=intel\nmemory: 64\n",
	 NULL, FIRES("config.manager-refuses"), "fails",
	 "to use Intel vIOMMU please set the machine type to q35"},
	{"a width without a vIOMMU", &host_intel48, "11.0", "machine: q35,aw-bits=39\nmemory: 64\n",
	 NULL, FIRES("config.manager-refuses"), "fails",
	 "cannot set aw-bits if no vIOMMU is configured"},
	{"a width that VT-d has not", &host_intel48, "11.0", INTEL_VM ",aw-bits=42\nmemory: 64\n",
	 NULL, FIRES("config.manager-refuses"), "fails",
	 "Intel vIOMMU supports only 39 or 48 bits as address width"},
	{"pcie=1 on i440fx", &host_intel48, "11.0", "hostpci0: 00:05.0,pcie=1\nmemory: 64\n", NULL,
	 FIRES("config.manager-refuses"), "fails", "q35 machine model is not enabled"},
	{"memory hotplug without NUMA", &host_intel48, "11.0", "hotplug: memory\nmemory: 2048\n",
	 NULL, FIRES("config.manager-refuses"), "fails",
	 "NUMA needs to be enabled for memory hotplug"},
	{"intel-iommu on q35", &host_intel48, "11.0", INTEL_VM "\nmemory: 64\n", NULL,
	 SILENT("config.manager-refuses"), "starts works", NULL},

	{"memory waits in [PENDING]", &host_intel48, "11.0",
	 "memory: 64\nname: vm\n\n[PENDING]\nmemory: 128\n", NULL, FIRES("config.pending-change"),
	 "starts works", NULL},
	{"a CPU type is to go", &host_intel48, "11.0",
	 "cpu: host\nmemory: 64\n\n[PENDING]\ndelete: cpu\n", NULL, FIRES("config.pending-change"),
	 "starts works", NULL},
	{"only a name waits", &host_intel48, "11.0", "memory: 64\n\n[PENDING]\nname: vm\n", NULL,
	 SILENT("config.pending-change"), "starts works", NULL},

	{"a sub-key that lacks a letter", &host_intel48, "11.0",
	 "cpu: host,guest-phys-bit=48\nmemory: 64\n", NULL, FIRES("config.setting-dropped"),
	 "starts works", NULL},
	{"a width that the CPU should have too", &host_intel48, "11.0",
	 INTEL_VM ",aw-bits=39\nmemory: 64\n", NULL, FIRES("config.manager-warns"), "starts works",
	 NULL},
	{"a vIOMMU with its usual width", &host_intel48, "11.0", INTEL_VM "\nmemory: 64\n", NULL,
	 SILENT("config.manager-warns"), "starts works", NULL},

	{"a setting twice", &host_intel48, "11.0", "memory: 64\nname: vm\nmemory: 128\n", NULL,
	 FIRES("config.setting-dropped"), "starts works", NULL},
	{"a quote in args: that is not closed", &host_intel48, "11.0",
	 "args: -cpu 'host\nmemory: 64\n", NULL, FIRES("config.setting-dropped"), "starts works",
	 NULL},
	{"a setting once", &host_intel48, "11.0", "memory: 64\nname: vm\n", NULL,
	 SILENT("config.setting-dropped"), "starts works", NULL},

	{"x-vga under OVMF", &host_intel48, "11.0",
	 "bios: ovmf\nhostpci0: 00:05.0,x-vga=1\nmemory: 64\n", NULL,
	 FIRES("config.setting-without-effect"), "starts works", NULL},
	{"x-vga under SeaBIOS", &host_intel48, "11.0", "hostpci0: 00:05.0,x-vga=1\nmemory: 64\n",
	 NULL, SILENT("config.setting-without-effect"), "starts works", NULL},

	{"all functions of a device", &host_intel48, "11.0", "hostpci0: 00:05\nmemory: 64\n", NULL,
	 FIRES("config.host-decides"), "starts works", NULL},
	{"a mapping", &host_intel48, "11.0", "hostpci0: mapping=nic\nmemory: 64\n", NULL,
	 FIRES("config.host-decides"), "starts works", NULL},
	{"one function", &host_intel48, "11.0", "hostpci0: 00:05.0\nmemory: 64\n", NULL,
	 SILENT("config.host-decides"), "starts works", NULL},

	{"functions of one group on one root port", &host_intel48, "11.0",
	 "hostpci0: 02:01.0;02:02.0,pcie=1\n" INTEL_VM "\nmemory: 64\n", NULL,
	 FIRES("vfio.group-in-several-address-spaces"), "fails",
	 "vfio 0000:02:02.0: group 11 used in multiple address spaces"},
	{"behind Proxmox' PCI bridge", &host_intel48, "11.0",
	 "hostpci0: 02:01.0;02:02.0\n" INTEL_VM "\nmemory: 64\n", NULL,
	 SILENT("vfio.group-in-several-address-spaces"), "starts works", NULL},
};

CASES(proxmox_cases, rows);
