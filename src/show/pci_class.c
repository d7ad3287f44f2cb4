// SPDX-License-Identifier: LGPL-2.1-or-later
/* pci_class.c - what a PCI device is, in words. Codes: PCI Code and ID Assignment
 * Specification 1.16, chapter 1. */
#include <stddef.h>

#include "show/pci_class.h"

#define ANY 0x100 /* no sub-class: the rest of a class */

static const struct {
	unsigned base, sub;
	const char *name;
} classes[] = {
	{0x00, 0x01, "VGA (old)"},
	{0x00, ANY, "unclassified"},
	{0x01, 0x00, "SCSI"},
	{0x01, 0x01, "IDE"},
	{0x01, 0x04, "RAID"},
	{0x01, 0x06, "SATA"},
	{0x01, 0x07, "SAS"},
	{0x01, 0x08, "NVMe"},
	{0x01, ANY, "storage"},
	{0x02, 0x00, "ethernet"},
	{0x02, 0x07, "InfiniBand"},
	{0x02, 0x80, "network"},
	{0x02, ANY, "network"},
	{0x03, 0x00, "VGA"},
	{0x03, 0x02, "3D controller"},
	{0x03, ANY, "display"},
	{0x04, 0x01, "audio"},
	{0x04, 0x03, "audio"},
	{0x04, ANY, "multimedia"},
	{0x05, 0x02, "CXL memory"},
	{0x05, ANY, "memory"},
	{0x06, 0x00, "host bridge"},
	{0x06, 0x01, "ISA bridge"},
	{0x06, 0x04, "PCI bridge"},
	{0x06, ANY, "bridge"},
	{0x07, 0x00, "serial port"},
	{0x07, ANY, "communication"},
	{0x08, 0x05, "SD host"},
	{0x08, 0x06, "IOMMU"},
	{0x08, ANY, "system"},
	{0x09, ANY, "input"},
	{0x0a, ANY, "docking station"},
	{0x0b, 0x40, "co-processor"},
	{0x0b, ANY, "processor"},
	{0x0c, 0x03, "USB"},
	{0x0c, 0x05, "SMBus"},
	{0x0c, ANY, "serial bus"},
	{0x0d, ANY, "wireless"},
	{0x0e, ANY, "intelligent I/O"},
	{0x0f, ANY, "satellite"},
	{0x10, ANY, "encryption"},
	{0x11, ANY, "signal processing"},
	{0x12, ANY, "accelerator"},
	{0x13, ANY, "instrumentation"},
	{0xff, ANY, "vendor-specific"},
};

const char *pci_class_name(uint32_t code)
{
	unsigned base = code >> 16 & 0xff, sub = code >> 8 & 0xff;
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (classes[i].base == base && (classes[i].sub == sub || classes[i].sub == ANY))
			return classes[i].name;
	}
	return "unknown class";
}
