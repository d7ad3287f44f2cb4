/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt and Proxmox do with a config before there is a QEMU. */
#include "rules.h"

#define DOMAIN(features, cpu, devices)                                                             \
	"<domain type='kvm'>\n  <name>vm</name>\n  <memory unit='MiB'>64</memory>\n"               \
	"  <os><type arch='x86_64' machine='q35'>hvm</type></os>\n"                                \
	"  <features><acpi/>" features "</features>\n" cpu                                         \
	"  <devices>\n    <controller type='usb' model='none'/>\n    <memballoon model='none'/>\n" \
	"    " devices "\n  </devices>\n</domain>\n"
#define INTEL(driver) "<iommu model='intel'><driver " driver "/></iommu>"
#define WIDTH(words) "  <cpu mode='host-passthrough'><maxphysaddr " words "/></cpu>\n"
#define HOSTDEV                                                                                    \
	"<hostdev mode='subsystem' type='pci' managed='yes'><source>"                              \
	"<address domain='0' bus='0' slot='5' function='0'/></source></hostdev>"

static const struct rule_case rows[] = {
	{"eim without interrupt remapping", &host_intel48, "11.1",
	 DOMAIN("", "", INTEL("eim='on'")), NULL, FIRES("config.manager-refuses"), "fails",
	 "unsupported configuration: IOMMU eim requires interrupt remapping to be enabled"},
	{"eim with it", &host_intel48, "11.1", DOMAIN("", "", INTEL("intremap='on' eim='on'")),
	 NULL, SILENT("config.manager-refuses"), "starts works", NULL},
	{"a limit of an emulated width", &host_intel48, "11.1",
	 DOMAIN("", WIDTH("mode='emulate' limit='42'"), ""), NULL, FIRES("config.manager-refuses"),
	 "fails",
	 "unsupported configuration: attribute 'limit' is only supported for maxphysaddr mode "
	 "'passthrough'"},
	{"a limit of the host's width", &host_intel48, "11.1",
	 DOMAIN("", WIDTH("mode='passthrough' limit='42'"), ""), NULL,
	 SILENT("config.manager-refuses"), "starts works", NULL},
	{"remapping with KVM's own I/O APIC", &host_intel48, "11.1",
	 DOMAIN("<ioapic driver='kvm'/>", "", INTEL("intremap='on'")), NULL,
	 FIRES("config.manager-refuses"), "fails",
	 "unsupported configuration: IOMMU interrupt remapping requires split I/O APIC (ioapic "
	 "driver='qemu')"},
	{"one device twice", &host_intel48, "11.1", DOMAIN("", "", HOSTDEV HOSTDEV), NULL,
	 FIRES("config.manager-refuses"), "fails",
	 "XML error: Hostdev already exists in the domain configuration"},

	{"aw-bits with a hyphen", &host_intel48, "11.1", DOMAIN("", "", INTEL("aw-bits='39'")),
	 NULL, FIRES("config.setting-dropped"), "starts works", NULL},
	{"cachingMode in camel case", &host_intel48, "11.1",
	 DOMAIN("", "", INTEL("cachingMode='on'")), NULL, FIRES("config.setting-dropped"),
	 "starts works", NULL},
	{"aw_bits as libvirt has it", &host_intel48, "11.1", DOMAIN("", "", INTEL("aw_bits='39'")),
	 NULL, SILENT("config.setting-dropped"), "starts works", NULL},

	{"a width for the host's own CPU", &host_intel48, "11.1",
	 DOMAIN("", WIDTH("mode='emulate' bits='42'"), ""), NULL,
	 FIRES("config.setting-without-effect"), "starts works",
	 "warning: Host physical bits (48) does not match phys-bits property (42)"},
	{"its limit", &host_intel48, "11.1", DOMAIN("", WIDTH("mode='passthrough' limit='42'"), ""),
	 NULL, SILENT("config.setting-without-effect"), "starts works", NULL},
};

CASES(manager_cases, rows);
