/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommufit/machine.h - a VM with every default and every "auto" resolved for one host and one VMM
 * version.
 */
#ifndef IOMMUFIT_MACHINE_H
#define IOMMUFIT_MACHINE_H

#include <iommufit/host.h>
#include <iommufit/vm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iof_machine;

/** Which VMM. Zero means: find out. Set size to sizeof(struct iof_vmm). */
struct iof_vmm {
	size_t size;
	/** "qemu=11.1.3", "qemu=11.1" (latest known point release, said as assumed); NULL: from the
	 * machine type. For a config of Cloud Hypervisor "cloud-hypervisor=48.0"; NULL: the newest
	 * known. */
	const char *version;
	/** The version that was read from the QEMU binary (iof_vmm_read_version), NULL if not.
	 * Weaker than version. */
	const char *version_read;
	/** "iommufd" or "legacy": assume this backend for every assigned device. NULL: as the
	 * config says. */
	const char *backend;
	/** Devices that are hot-plugged after the start, guest DMA remapping still off:
	 * "vfio-pci,host=01:00.0" or the JSON of device_add. */
	const char *const *plug;
	size_t n_plug;
	/** Locked-memory limit of the VMM in bytes; UINT64_MAX unlimited, 0 not said. */
	uint64_t memlock;
	/** The guest firmware, as "ovmf=202505", "seabios=1.16.3" or "none" (the guest kernel
	 * places BARs). NULL: from firmware_read, else what the QEMU version comes with, said as
	 * assumed. */
	const char *firmware;
	/** What was read from the firmware image that the config names, in the same form; NULL if
	 * it was not read. Weaker than firmware. */
	const char *firmware_read;
	/** Where version_read comes from, in words; NULL: "read from the QEMU binary". */
	const char *version_source;
};

/**
 * Find the version in a QEMU binary's bytes (the literal "QEMU emulator version" stands in it).
 * Nothing is ever executed. path is opened by this function, on the live host only. Returns 0 and a
 * string from malloc().
 */
int iof_vmm_read_version(struct iof_ctx *, const char *path, char **version);

/**
 * Find the release in a firmware image (OVMF, ArmVirtQemu, SeaBIOS), in the form of
 * iof_vmm.firmware_read. path is opened by this function, on the live host only. Returns 0 and a
 * string from malloc(), -EBADMSG (none in it), -EOPNOTSUPP (the module that unpacks edk2 is not
 * installed), -ENOMEM, or what open() says.
 */
int iof_firmware_read_version(struct iof_ctx *, const char *path, char **version);

/** Resolve. The machine keeps references to host and vm. Returns 0, -EBADMSG, -EINVAL (unknown
 * version) or -ENOMEM. */
int iof_machine_resolve(struct iof_ctx *, struct iof_host *, struct iof_vm *,
			const struct iof_vmm *, struct iof_machine **);
struct iof_machine *iof_machine_ref(struct iof_machine *);
struct iof_machine *iof_machine_unref(struct iof_machine *);

/** Which VMM it is for, for people: "QEMU" or "Cloud Hypervisor". */
const char *iof_machine_vmm_name(const struct iof_machine *);
/** "11.1.3"; and how it is known, in words. */
const char *iof_machine_vmm_version(const struct iof_machine *);
const char *iof_machine_vmm_provenance(const struct iof_machine *);
/** "pc-q35-11.1" */
const char *iof_machine_type(const struct iof_machine *);

/** One resolved value. */
struct iof_value {
	const char *device; /**< id, host address or driver, as "intel-iommu"; or "machine", "cpu",
			       "memory" for what is no device */
	const char *property; /**< as "aw-bits" */
	const char *text;     /**< value as QEMU writes it */
	enum iof_decider by;
	const char *why; /**< as "qemu default since 10.0" */
	/** The guest sees it, and nothing but this very value makes it the same after migration
	 * (docs/devel/migration/compatibility.rst of QEMU): what iof_machine_pin() writes. */
	bool guest_visible;
	unsigned line; /**< of the config where it is written, from 1; 0: it is not */
};
/** Resolved properties by index; -ENOENT after the last. */
int iof_machine_property(const struct iof_machine *, size_t index, struct iof_value *);

/** Index of the device that such a property belongs to, for iof_machine_device(); SIZE_MAX: it is
 * the machine's own, or there is no such property. */
size_t iof_machine_property_device(const struct iof_machine *, size_t index);

/** One device of the config. */
struct iof_machine_device {
	const char *driver; /**< the VMM's own name, aliases resolved */
	const char *id;	    /**< NULL: none was given */
	const char *label;  /**< id, else host address, else driver: for people */
	const char *host;   /**< PCI address of the assigned host device; NULL */
	bool is_plugged;    /**< hot-plugged after the start (iof_vmm.plug) */
};
/** Devices by index, in the order in which the VMM makes them; -ENOENT after the last. */
int iof_machine_device(const struct iof_machine *, size_t index, struct iof_machine_device *);

/** Physical address bits that the guest's CPU shows, and those of its own guests (CPUID 0x80000008,
 * bits 23:16). Zero: not known, or none. */
void iof_machine_cpu_widths(const struct iof_machine *, unsigned *phys_bits,
			    unsigned *guest_phys_bits);

/** The locked-memory limit that was assumed, in bytes; UINT64_MAX unlimited, 0 not said. */
uint64_t iof_machine_memlock(const struct iof_machine *);

/** What a stretch of the guest physical address map is. */
enum iof_region_kind {
	IOF_REGION_UNKNOWN = 0,
	IOF_REGION_RAM = 1,
	IOF_REGION_HOTPLUG = 2, /**< the area for memory devices (-m slots=,maxmem=) */
	IOF_REGION_MMIO32 = 3,	/**< firmware's window for BARs below 4 GiB */
	IOF_REGION_MMIO64 = 4,	/**< firmware's window for 64-bit BARs */
	IOF_REGION_BAR = 5,
	IOF_REGION_MSI = 6,  /**< interrupt messages; never mapped */
	IOF_REGION_ECAM = 7, /**< PCIe configuration space */
	IOF_REGION_ROM = 8,  /**< the firmware's own image */
};

struct iof_region;
/**
 * The guest physical address map, ascending by first address; a window comes before the BARs in it.
 * prev = NULL starts, NULL ends. Where BARs will be follows from simulating the guest's firmware
 * (edk2 OvmfPkg PlatformInitLib and PciBusDxe; SeaBIOS src/fw/pciinit.c).
 */
const struct iof_region *iof_machine_region_next(const struct iof_machine *,
						 const struct iof_region *prev);
#define iof_machine_region_foreach(machine, region)                                                \
	for ((region) = iof_machine_region_next(machine, NULL); (region);                          \
	     (region) = iof_machine_region_next(machine, region))
enum iof_region_kind iof_region_kind(const struct iof_region *);
/** Inclusive guest physical addresses in bytes. */
struct iof_range iof_region_range(const struct iof_region *);
/** For people: "pc.ram", "gpu0 BAR 1". Never NULL. */
const char *iof_region_name(const struct iof_region *);
/** Id (else host address, else driver) of the device whose BAR or memory it is; NULL: none. */
const char *iof_region_device(const struct iof_region *);
/** BAR number, 0 to 5; -1: no BAR. */
int iof_region_bar(const struct iof_region *);
/** Bus, as firmware numbers it, and device and function (devfn) of a BAR's function. -ENOENT: no
 * BAR. */
int iof_region_pci(const struct iof_region *, unsigned *bus, unsigned *devfn);
/** Whether the VMM maps it into the IOMMU for assigned devices: RAM always, a BAR if it can be
 * memory-mapped. */
bool iof_region_is_mapped(const struct iof_region *);
/** READ, or ASSUMED where it rests on an assumed firmware release or host. */
enum iof_provenance iof_region_provenance(const struct iof_region *);

/** How an assigned device is given to the VM, as far as the kernel is asked. */
struct iof_assignment {
	size_t device;		       /**< index for iof_machine_device() */
	const struct iof_device *host; /**< NULL: it is not on this host, or not known which */
	bool is_iommufd;	       /**< else through group and container */
	const char *iommufd;	       /**< id of the iommufd object; NULL: legacy */
	/** Number of its guest address space. Devices of one space and one backend share what is
	 * mapped, as far as their IOMMUs allow it. */
	size_t space;
	enum iof_model viommu; /**< what translates its DMA; NONE */
	size_t viommu_device;  /**< that device: index for iof_machine_device(); SIZE_MAX: none */
	unsigned aw_bits;      /**< of that vIOMMU; 0: it has no such property */
	/** Nothing is mapped before the guest's own driver says so (virtio-iommu with
	 * boot-bypass=off). */
	bool is_held_back;
	/** iommufd: the VMM asks for a domain (HWPT) itself and does not leave that to the kernel
	 * (QEMU 9.1 and later: hw/vfio/iommufd.c iommufd_cdev_autodomains_get). */
	bool makes_domain;
	/** What that domain should reach, as IOVA ranges upwards; n_ranges 0: all. Not known:
	 * has_ranges is false. */
	bool has_ranges;
	const struct iof_range *ranges;
	size_t n_ranges;
	bool wants_nest_parent;	   /**< that domain must take nested ones */
	bool wants_dirty_tracking; /**< it tracks dirty pages, if the hardware can */
	bool wants_pasid;	   /**< the device may use PASIDs with it, if it has some */
};
/** Assigned devices by index, in the order in which the VMM attaches them; those that are plugged
 * come last. -ENOENT after the last. */
int iof_machine_assignment(const struct iof_machine *, size_t index, struct iof_assignment *);

/** What a stretch of guest memory is to the VMM that maps it for assigned devices. */
enum iof_section_kind {
	IOF_SECTION_UNKNOWN = 0,
	IOF_SECTION_RAM = 1,	 /**< must be mapped */
	IOF_SECTION_ROM = 2,	 /**< must be mapped, for reading */
	IOF_SECTION_BAR = 3,	 /**< of an assigned device: QEMU does without */
	IOF_SECTION_RAM_BAR = 4, /**< of another device, backed by RAM: must be mapped */
};
struct iof_section {
	enum iof_section_kind kind;
	struct iof_range range; /**< guest physical addresses in bytes */
	const char *name;	/**< as the VMM's messages name it: "pc.ram", "gpu0 BAR 1" */
	/** The memory device whose it is: it is there once that device is made. Or the device whose
	 * BAR it is. Index for iof_machine_device(); SIZE_MAX: it is the board's. */
	size_t device;
	/** It is mapped block by block, as the guest takes its memory (virtio-mem). */
	bool is_in_blocks;
};
/** By index: RAM and ROM, then BARs as firmware switches them on. -ENOENT after the last. */
int iof_machine_section(const struct iof_machine *, size_t index, struct iof_section *);

/** "OVMF 202505", "SeaBIOS 1.16.3"; and how it is known, in words. */
const char *iof_machine_firmware(const struct iof_machine *);
const char *iof_machine_firmware_provenance(const struct iof_machine *);
/** NULL if BARs were placed; else why not, in a sentence. */
const char *iof_machine_unplaced(const struct iof_machine *);

#ifdef __cplusplus
}
#endif
#endif
