/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* say.h - what the files share that turn a domain into QEMU's words. */
#ifndef VM_LIBVIRT_SAY_H
#define VM_LIBVIRT_SAY_H

#include "vm/libvirt/libvirt.h"

/* libvirt.c: numbers as libvirt reads them; a size in KiB, rounded up (unit NULL: KiB). */
bool lv_number(const char *text, uint64_t max, uint64_t *out);
bool lv_kib(const char *number, const char *unit, uint64_t *out);
bool lv_size(const struct xml_node *, uint64_t *kib);

/* A property of the device that is being said. Types as in struct pair. */
struct lv_property {
	const char *key, *value;
	char type;
	struct place at; /* line 0: libvirt's own */
};

struct lv_words {
	struct lv_domain *d;
	const struct lv_device *device; /* NULL: of no device */
	struct lv_property *list;
	size_t n, cap;
};

/* props.c */
struct lv_words lv_begin(struct lv_domain *, const struct lv_device *, const char *driver);
/* at NULL: libvirt's own. Texts are not copied. */
void lv_put(struct lv_words *, const char *key, char type, const char *value,
	    const struct place *at);
void lv_put_number(struct lv_words *, const char *key, uint64_t value, const struct place *at);
/* An attribute as it is, if it is there; node may be NULL. */
void lv_put_attribute(struct lv_words *, const char *key, char type, const struct xml_node *node,
		      const char *attribute);
/* on/off or yes/no as a JSON boolean. */
void lv_put_switch(struct lv_words *, const char *key, const struct xml_node *node,
		   const char *attribute);
void lv_put_id(struct lv_words *);
void lv_put_boot_index(struct lv_words *);
void lv_put_address(struct lv_words *); /* bus, multifunction, addr */
void lv_put_rom(struct lv_words *);
/* iommu_platform, ats, packed, page-per-vq */
void lv_put_virtio(struct lv_words *, const struct xml_node *driver);
/* "-device" with <qemu:override> applied, or "-object". */
void lv_say_device(struct lv_words *);
void lv_say_object(struct lv_words *);
/* Any other option in JSON; of no device, made from node. */
void lv_say_as(struct lv_words *, const char *option, const struct xml_node *node);
/* "virtio-net" to "virtio-net-pci-transitional" */
const char *lv_virtio_driver(struct lv_domain *, const char *base, const char *model);
const char *lv_printf(struct lv_domain *, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The id of the PCI bus with this index, NULL: there is none. */
const char *lv_bus_name(struct lv_domain *, unsigned index);
/* Where the element starts, NULL for NULL. */
const struct place *lv_at(const struct xml_node *);

/* alias.c */
void lv_name_devices(struct lv_domain *);
unsigned lv_disk_number(const struct lv_device *); /* by the name of its target: vdb is 1 */

/* memory.c */
void lv_read_memory(struct lv_domain *);
void lv_say_memory(struct lv_domain *);		 /* -m, the RAM's object, -overcommit */
const char *lv_ram_id(const struct lv_domain *); /* of the machine, NULL: with NUMA */
void lv_say_numa(struct lv_domain *);
void lv_say_memory_devices(struct lv_domain *);
bool lv_is_dimm(const struct lv_device *); /* a model that takes a slot */
/* KiB, as libvirt rounds it; 0: not said. */
uint64_t lv_module_size(const struct lv_device *);
void lv_set_memlock(struct lv_domain *); /* memlock.c */

/* firmware.c */
void lv_say_flash(struct lv_domain *);	/* -blockdev */
void lv_put_flash(struct lv_domain *);	/* pflash0=,pflash1= of the open -machine */
void lv_say_loader(struct lv_domain *); /* -bios */
bool lv_has_uefi(const struct lv_domain *);

/* cpu.c: -cpu, -smp */
enum lv_cpu_mode { LV_CPU_CUSTOM = 0, LV_CPU_HOST, LV_CPU_HOST_MODEL, LV_CPU_MAXIMUM };
enum lv_cpu_mode lv_cpu_mode(const struct lv_domain *);
void lv_say_cpu(struct lv_domain *);
void lv_say_smp(struct lv_domain *);

/* iommu.c */
void lv_say_iommus(struct lv_domain *);
const struct lv_device *lv_plain_smmu(struct lv_domain *); /* of machine iommu=smmuv3, NULL */

/* hostdev.c */
void lv_say_hostdevs(struct lv_domain *);
/* The host's address of a PCI device, NULL: not a valid one, or none. */
const char *lv_host_address(struct lv_domain *, const struct lv_device *);
bool lv_uses_iommufd(const struct lv_domain *, const struct lv_device *);

/* controllers.c, peripherals.c */
void lv_say_controllers(struct lv_domain *);
void lv_say_peripherals(struct lv_domain *);
void lv_say_late(struct lv_domain *); /* behind host devices */
void lv_say_last(struct lv_domain *); /* behind the user's words */
/* check.c: what libvirt refuses while it reads, before it completes anything */
void lv_check_values(struct lv_domain *);
/* cure.c: add a cure to a remark (NULL: nothing); done after those that it has */
void lv_cure(struct lv_domain *, struct remark *, const struct lv_cure *);
void lv_cure_set(struct lv_domain *, struct remark *, const struct xml_node *, const char *path,
		 const char *attribute, const char *value);
void lv_cure_unset(struct lv_domain *, struct remark *, const struct xml_node *,
		   const char *attribute);
void lv_cure_rename(struct lv_domain *, struct remark *, const struct xml_node *,
		    const char *attribute, const char *name);
void lv_cure_remove(struct lv_domain *, struct remark *, const struct xml_node *);
/* check_value.c; node may be NULL; a wrong value is to be left out */
void lv_check_pci_parts(struct lv_domain *, const struct xml_node *address); /* may be NULL */
void lv_invalid_value(struct lv_domain *, const struct xml_node *, const struct xml_attribute *,
		      const char *expected);
void lv_check_word(struct lv_domain *, const struct xml_node *, const char *attribute,
		   const char *const *words);
void lv_check_number(struct lv_domain *, const struct xml_node *, const char *attribute,
		     uint64_t max);
extern const char *const lv_switches[], *const lv_bools[];
/* check_memory.c */
void lv_check_memory(struct lv_domain *);
void lv_check_memory_slots(struct lv_domain *);
/* check_hostdev.c */
void lv_check_hostdevs(struct lv_domain *);
void lv_check_displays(struct lv_domain *);
/* check_os.c */
void lv_check_os(struct lv_domain *);
void lv_check_cells(struct lv_domain *);
void lv_check_size(struct lv_domain *); /* once the RAM is known */
void lv_check_numa(struct lv_domain *);
/* known.c: names that libvirt does not know */
void lv_check_names(struct lv_domain *);

#endif
