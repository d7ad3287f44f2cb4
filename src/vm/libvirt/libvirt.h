/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt.h - a libvirt domain on its way to QEMU's words. libvirt.c reads the XML into this,
 * devices.c adds what libvirt adds by itself, pci.c gives every device its PCI
 * address, check.c finds what libvirt refuses, command.c says the words in
 * libvirt's order.
 */
#ifndef VM_LIBVIRT_H
#define VM_LIBVIRT_H

#include "vm/xml/tree.h"

/*
 * Origins, for edit.c. Of an option (vm_option.origin): the struct xml_node that it was
 * made from (the device's element; <cpu>, <memory>, <vcpu>, <type> of <os>; <qemu:arg>), NULL:
 * libvirt's own. A pair's place is the attribute's or the text's that it was made from. Of a remark
 * (remark.origin, if has_cure): the first of a list of struct lv_cure. vm->config_data is the
 * struct lv_domain.
 */
enum lv_cure_op {
	LV_CURE_SET,	/* attribute (NULL: none) to value; path below node is made if it is not
			    there */
	LV_CURE_UNSET,	/* attribute */
	LV_CURE_RENAME, /* attribute to value */
	LV_CURE_REMOVE, /* the element node */
	LV_CURE_INSERT, /* the element that value says, into node */
};

struct lv_cure {
	enum lv_cure_op op;
	const struct xml_node *node;
	const char *path; /* SET: of elements below node, "features/ioapic"; NULL: node itself */
	const char *attribute;
	const char *value;
	const struct lv_cure *next; /* to be done as well */
};

#define LIBVIRT_VERSION(major, minor, micro) ((major)*1000000u + (minor)*1000u + (micro))

/* Machine families that libvirt tells apart for PCI. */
enum lv_board {
	LV_OTHER = 0, /* nothing is known of its buses: no addresses are given */
	LV_I440FX,    /* pci-root, bus name pci.0 */
	LV_Q35,	      /* pcie-root, pcie.0 */
	LV_VIRT,      /* aarch64 and riscv64 virt: pcie-root, pcie.0 */
	LV_MICROVM,
};

struct lv_pci {
	bool is_set;
	bool is_user; /* written in the XML; else libvirt's choice */
	unsigned domain, bus, slot, function;
	int multifunction; /* -1: not said; 0 off; 1 on */
	struct place at;
};

/* In the order in which libvirt's address assignment and command line meet them. */
enum lv_class {
	LV_CONTROLLER = 0, /* type= in kind, model= in model */
	LV_DISK,
	LV_FS,
	LV_NET,
	LV_INPUT,
	LV_GRAPHICS, /* not on PCI */
	LV_SOUND,
	LV_VIDEO,
	LV_HOSTDEV, /* kind: pci, mdev, usb, scsi */
	LV_MEMBALLOON,
	LV_RNG,
	LV_WATCHDOG,
	LV_SHMEM,
	LV_MEMORY, /* virtio-mem-pci, virtio-pmem-pci; dimm, nvdimm are not on PCI */
	LV_TPM,
	LV_PANIC,
	LV_VSOCK,
	LV_CRYPTO,
	LV_IOMMU,
	LV_REDIRDEV,
	LV_SERIAL, /* type pci-serial only matters */
	LV_CONSOLE,
	LV_CHANNEL,
	LV_CLASSES,
};

struct lv_device {
	enum lv_class class;
	const char *kind;  /* type= or bus=: "pci", "usb", "scsi", "virtio", "network" ...; "" */
	const char *model; /* as written, or libvirt's default once devices.c ran; "" */
	unsigned index;	   /* controllers: index=; of others: their place among their class */
	bool has_index;	   /* controllers: written or already given */
	const struct xml_node *node; /* NULL: libvirt added it */
	const char *alias;	     /* "hostdev0", "ua-gpu"; filled before the words are said */
	bool is_mmio; /* a virtio device off PCI, as others of its domain are (lv_add_defaults) */
	/* vIOMMUs: libvirt turns these on by itself (set by lv_add_defaults). */
	bool adds_intremap, adds_eim, adds_xtsup;
	bool is_unassigned; /* <address type='unassigned'/>: not given to the guest */
	struct lv_pci pci;
	/* Controllers of type pci. */
	unsigned bus_nr;	       /* expander buses: target busNr, 0 not said */
	int chassis, port, chassis_nr; /* -1: not said; libvirt's choice is filled in */
};

struct lv_domain {
	struct translation *t; /* NULL once it is read */
	const struct xml_node *root;
	uint32_t version; /* of libvirt, LIBVIRT_VERSION() */
	enum lv_board board;
	const char *machine; /* as written; the alias is QEMU's to resolve */
	const char *arch;    /* "x86_64" */
	bool is_kvm;
	bool has_acpi;
	const struct xml_node *devices_node; /* <devices>, NULL */
	unsigned vcpus;			     /* maximum */
	uint64_t memory;		     /* KiB of RAM, without memory devices */
	uint64_t max_memory;		     /* KiB; 0: none */
	unsigned slots;
	struct lv_device *devices; /* in the order of their classes */
	size_t n_devices, devices_cap;
	size_t class_size[LV_CLASSES];
	/* As libvirt completes them (lv_add_defaults). */
	bool has_split_irqchip, has_kernel_irqchip; /* <ioapic driver='qemu'>, 'kvm' */
	unsigned numa_nodes;			    /* <cell>s */
};

#define LV_MAX_DEVICES 2048u
#define LV_MAX_REMARKS 64u /* what follows tells nothing new */

/* A device at the end of its class; NULL: t->err is set. Pointers to devices move. */
struct lv_device *lv_add(struct lv_domain *, enum lv_class);
/* The n-th of a class, NULL. */
struct lv_device *lv_device(struct lv_domain *, enum lv_class, size_t n);
/* A setting of the device's <driver>, NULL. */
const char *lv_driver(const struct lv_device *, const char *attribute);
/* remark_add(), up to LV_MAX_REMARKS of them. */
struct remark *lv_remark(struct lv_domain *, enum remark_kind, const struct place *,
			 const char *text, const char *detail);
/* libvirt refuses: what it prints ("XML error: ..."). The first one counts. */
struct remark *lv_refuse(struct lv_domain *, const struct place *, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* devices.c: controllers, video, balloon, watchdog and vIOMMU that libvirt adds or
 * completes (qemuDomainDefAddDefaultDevices, qemuDomainDeviceDefPostParse and after) and default
 * models. */
void lv_add_defaults(struct lv_domain *);
/* pci.c: an address for every device that wants one, with the buses that this needs
 * (qemuDomainAssignPCIAddresses). An address that cannot be is a REMARK_REFUSED. */
void lv_assign_pci(struct lv_domain *);
/* check.c: what libvirt refuses, drops, or takes without effect, as remarks. */
void lv_check(struct lv_domain *);
/* command.c: the words, in libvirt's order. */
void lv_say(struct lv_domain *);
/* edit.c: struct language.edit */
int libvirt_edit(struct iof_ctx *, const struct iof_vm *, const struct vm_edit *, size_t n,
		 struct arena *, const char **text, size_t *length);

#endif
