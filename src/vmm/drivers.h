/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * drivers.h - the device models that matter here, as tables: their properties by QEMU version,
 * types, defaults, what machine types change, and how QEMU complains about a value.
 */
#ifndef VMM_DRIVERS_H
#define VMM_DRIVERS_H

#include "vm/vm.h"
#include "vmm/message.h"
#include "vmm/versions.h"

enum driver_kind {
	DRIVER_OTHER = 0,
	DRIVER_INTEL_IOMMU,
	DRIVER_AMD_IOMMU,
	DRIVER_VIRTIO_IOMMU,
	DRIVER_SMMUV3,
	DRIVER_VFIO_PCI,
	DRIVER_ROOT_PORT,  /* any bridge that makes a PCIe bus: root ports and switch ports */
	DRIVER_PCI_BRIDGE, /* any bridge that makes a conventional PCI bus */
	DRIVER_PXB,	   /* pxb-pcie, pxb: a further root bus */
	DRIVER_MEMORY,	   /* pc-dimm, nvdimm: RAM with an address of its own */
};

/* Where a device sits. */
enum driver_bus { BUS_OTHER = 0, BUS_PCI, BUS_SYSBUS };

/* Properties that rules look at. */
enum property_id {
	PROPERTY_NONE = 0,
	PROPERTY_AW_BITS,
	PROPERTY_CACHING_MODE,
	PROPERTY_SCALABLE_MODE,
	PROPERTY_FIRST_STAGE,
	PROPERTY_FS1GP,
	PROPERTY_PASID_BITS,
	PROPERTY_PASID_MODE,
	PROPERTY_SVM,
	PROPERTY_SNOOP_CONTROL,
	PROPERTY_EIM,
	PROPERTY_BUGGY_EIM,
	PROPERTY_DMA_DRAIN,
	PROPERTY_DMA_TRANSLATION,
	PROPERTY_STALE_TM,
	PROPERTY_INTREMAP,
	PROPERTY_DEVICE_IOTLB,
	PROPERTY_PT,
	PROPERTY_XTSUP,
	PROPERTY_DMA_REMAP,
	PROPERTY_GRANULE,
	PROPERTY_BOOT_BYPASS,
	PROPERTY_STAGE,
	PROPERTY_ACCEL,
	PROPERTY_RIL,
	PROPERTY_ATS,
	PROPERTY_OAS,
	PROPERTY_SSIDSIZE,
	PROPERTY_CMDQV,
	PROPERTY_IDENTIFIER,
	PROPERTY_MSI_GPA,
	PROPERTY_SMMU_PER_BUS,
	PROPERTY_PRIMARY_BUS,
	PROPERTY_HOST,
	PROPERTY_SYSFSDEV,
	PROPERTY_FD,
	PROPERTY_IOMMUFD,
	PROPERTY_NO_MMAP,
	PROPERTY_BYPASS_IOMMU,
	PROPERTY_BUS_NR,
	PROPERTY_ADDR,
	PROPERTY_MULTIFUNCTION,
	PROPERTY_MEMDEV,
	PROPERTY_MEMORY_ADDR,
	PROPERTY_COUNT,
};

enum value_type {
	VALUE_ANY = 0, /* not checked */
	VALUE_BOOL,
	VALUE_ON_OFF_AUTO, /* 0 off, 1 on, 2 auto */
	VALUE_U8,
	VALUE_U16,
	VALUE_U32,
	VALUE_I32,
	VALUE_U64,
	VALUE_STRING,
	VALUE_GRANULE,	/* enumeration: index in granule_names */
	VALUE_OAS,	/* enumeration: bits; OAS_AUTO */
	VALUE_SSIDSIZE, /* enumeration: bits; SSIDSIZE_AUTO */
	VALUE_LINK,	/* an object or a bus by its name; "" is none */
	VALUE_HOST,	/* PCI address of the host */
	VALUE_ADDR,	/* slot or slot.function of the guest */
};

enum { OFF = 0, ON = 1, AUTO = 2 };
enum { OAS_AUTO = 0, SSIDSIZE_AUTO = -1 };
enum { GRANULE_4K = 0, GRANULE_8K, GRANULE_16K, GRANULE_64K, GRANULE_HOST };

struct property_def {
	const char *name;
	enum value_type type;
	enum property_id id;
	uint32_t since, until; /* QEMU versions that have it; until is the first without */
	int64_t value;	       /* default of the binary */
	const char *why;       /* of a default that is worth explaining; NULL */
};

/* A default that a machine type changes (hw_compat_*, pc_compat_*, machine class defaults). */
struct compat_def {
	enum driver_kind driver;
	enum property_id property;
	enum machine_family family;	      /* MACHINE_UNKNOWN: any */
	uint32_t machine_from, machine_until; /* types of these versions, until exclusive */
	uint32_t binary_since, binary_until;  /* in binaries of these versions */
	int64_t value;
	const char *why;
};

struct driver_def {
	const char *name;
	const char *alias; /* another name that -device takes; NULL */
	enum driver_kind kind;
	enum driver_bus bus;
	bool has_all; /* the table is complete: an unknown property is QEMU's error, not ours */
	uint32_t since, until;
	const struct property_def *properties;
	size_t n_properties;
};

const struct driver_def *driver_find(const char *name);
/* One whose name was probably meant; NULL: none. */
const char *driver_nearest(const char *name);
/* A PCI device that is not in the table; its name is NULL. */
extern const struct driver_def driver_any_pci;
/* Every device model that real binaries of 7.2, 10.0 and 11.1 list (bits 0, 1 and 2 of versions:
 * x86; 3, 4 and 5: Arm), sorted by name. */
struct known_device {
	const char *name;
	enum driver_bus bus;
	unsigned versions;
};
extern const struct known_device known_devices[];
extern const size_t n_known_devices;
/* NULL: no binary has it. */
const struct known_device *known_device(const char *name);
/* Between the versions that were asked, a model counts as there if either neighbour has it. */
bool known_device_in(const struct known_device *, uint32_t binary, bool is_arm);
const struct property_def *driver_property(const struct driver_def *, const char *name,
					   uint32_t binary);
/* The property of that id under the name that this binary has; NULL: it has none. */
const struct property_def *driver_property_by_id(const struct driver_def *, enum property_id,
						 uint32_t binary);
const struct compat_def *compat_find(enum driver_kind, enum property_id,
				     const struct machine_type *, uint32_t binary);
extern const char *const granule_names[];

/* Read a value as QEMU's visitors do. false: refused; *problem then holds QEMU's message. */
bool value_parse(const struct driver_def *, const struct property_def *, const struct pair *,
		 int64_t *out, struct message *problem);
const char *value_text(struct arena *, const struct property_def *, int64_t value);

/* value.c: QEMU's words for a boolean; NULL is neither. */
bool value_is_on(const char *);
bool value_is_off(const char *);

#endif
