/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pci_class.h - what a PCI device is, in words. */
#ifndef SHOW_PCI_CLASS_H
#define SHOW_PCI_CLASS_H

#include <stdint.h>

/* code: 24 bits, as in sysfs. At most 18 characters. */
const char *pci_class_name(uint32_t code);

#endif
