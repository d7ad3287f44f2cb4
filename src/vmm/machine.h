/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * machine.h - a VM with every default resolved for one host and one QEMU version, and what that
 * QEMU stumbles over while it reads the config. Immutable once resolved.
 */
#ifndef VMM_MACHINE_H
#define VMM_MACHINE_H

#include <iommufit/machine.h>

#include "host/host.h"
#include "vm/vm.h"
#include "vmm/drivers.h"
#include "vmm/guest.h"
#include "vmm/message.h"
#include "vmm/versions.h"

/* What QEMU finds wrong in the config itself, in the order in which it would be met. */
enum problem_kind {
	PROBLEM_NONE = 0,
	PROBLEM_MANAGER_REFUSES, /* libvirt or Proxmox does, before QEMU is started */
	PROBLEM_CH_REFUSES,	 /* Cloud Hypervisor, when it looks the config over */
	PROBLEM_SYNTAX,		 /* an argument that does not parse */
	PROBLEM_OBJECT_TYPE,	 /* an -object type that this version lacks */
	PROBLEM_MACHINE_TYPE,	 /* a machine type that this version lacks */
	PROBLEM_NO_USER_APIC,	 /* KVM without its interrupt controller, from 8.0 on */
	PROBLEM_MACHINE_OPTION,	 /* a machine property or its value */
	PROBLEM_MEMORY_SIZES,	 /* slots and maxmem of -m */
	PROBLEM_MACHINE_IOMMU,	 /* an iommu= that virt has not */
	PROBLEM_CPU_BITS,	 /* phys-bits out of range */
	PROBLEM_CPU_OPTION,	 /* a CPU property that QEMU refuses */
	PROBLEM_RAM_BACKING,	 /* huge pages that the host has not */
	PROBLEM_DRIVER_ABSENT,	 /* no such device model */
	PROBLEM_DRIVER_MISSING,	 /* -device without a driver */
	PROBLEM_NOT_SYSBUS,	 /* this machine takes no such device */
	PROBLEM_BOARD_ONLY,	 /* a model that only the board makes */
	PROBLEM_NO_PCI_BUS,
	PROBLEM_BUS_ABSENT,
	PROBLEM_BUS_NO_HOTPLUG,
	PROBLEM_NOT_HOTPLUGGABLE,
	PROBLEM_DUPLICATE_ID,
	PROBLEM_ID,		 /* an id that is no identifier */
	PROBLEM_PROPERTY_ABSENT, /* this version lacks the property */
	PROBLEM_VALUE,		 /* a value that the property does not take */
	PROBLEM_ADDRESS_SPACE,	 /* more guest addresses than the vCPU has */
	PROBLEM_RAM_BEYOND_KVM,	 /* RAM that KVM does not take */
	PROBLEM_MEMORY_DEVICE,	 /* a memory device outside the area for such */
	PROBLEM_MEMORY_PLACE,	 /* a memory device where it cannot be */
	PROBLEM_MEMORY_ROOM,	 /* a memory device for which -m has no slot or no bytes */
	PROBLEM_MEMORY_HOTPLUG,	 /* a memory device that the guest could not be told of */
	PROBLEM_HOST_ADDRESS,	 /* host= that is no PCI address */
	PROBLEM_OBJECT_ABSENT,	 /* a link to an object that is not there */
	PROBLEM_PCI_SLOT,	 /* a slot or function that is taken */
	PROBLEM_HOTPLUG_SLOT,	 /* the slot of a bridge's hot-plug controller */
	PROBLEM_CHASSIS_SLOT,	 /* two root ports with one chassis and slot number */
	PROBLEM_SECOND_BALLOON,	 /* a VM has one virtio-balloon */
	PROBLEM_NOT_ON_THIS_BUS, /* a bus that takes no such device */
	PROBLEM_VIRTIO_LEGACY,	 /* iommu_platform=on, and the device has its old form, too */
	/* The manager's; nothing stops. QEMU prints nothing of them. */
	PROBLEM_MANAGER_DROPS,
	PROBLEM_MANAGER_NO_EFFECT,
	PROBLEM_MANAGER_PENDING,
	PROBLEM_MANAGER_WARNS,
	PROBLEM_MANAGER_ASSUMES,
	/* QEMU only warns of these */
	PROBLEM_SHORT_FORM,	  /* "caching-mode" for caching-mode=on */
	PROBLEM_PHYS_BITS_DIFFER, /* the vCPU's width is not the host's */
	PROBLEM_USER_APIC,	  /* KVM without its interrupt controller, up to 7.2 */
	PROBLEM_GLOBAL_UNUSED,	  /* -global for a device that is not there */
	PROBLEM_NO_PEER,	  /* a network card without netdev= */
	PROBLEM_LOW_RAM,	  /* max-ram-below-4g of an odd size */
	PROBLEM_COUNT,
};

struct problem {
	enum problem_kind kind;
	struct message message;		     /* as QEMU prints it; several lines are parted by \n */
	size_t option;			     /* index in vm->options, SIZE_MAX: none */
	const struct pair *pair;	     /* the value it is about, NULL: none */
	const struct remark *remark;	     /* of the config's language, NULL */
	const struct property_def *property; /* its definition in this version, NULL */
	const char *value; /* what the rule is about in a word: a property, a driver, a bus */
};

struct machine_bus {
	const char *name;
	struct machine_device *bridge; /* NULL: the machine's own root bus */
	struct machine_bus *parent;    /* NULL: a root bus */
	bool is_conventional;
	bool is_cxl;
	bool is_hotpluggable;
	bool bypass_iommu;
	unsigned number;	   /* as far as it is known before firmware numbers the buses */
	const char *occupant[256]; /* by device and function: "vfio-pci,id=dev0"; NULL: free */
	bool is_multifunction[32];
	unsigned first_slot;
	unsigned n_slots;
	struct guest_bus *guest; /* as firmware sees it */
	struct machine_bus *next;
};

struct machine_value {
	int64_t number;
	const char *text;
	enum iof_decider by;
	const char *why;
	const struct property_def *def; /* NULL: this version has no such property */
	const struct pair *pair;	/* where the user wrote it, NULL */
};

/* A block of guest RAM, as QEMU maps it for devices. */
struct ram_block {
	uint64_t first, last;
	const char *name; /* of its memory region: "pc.ram" or the backend's id */
};

/* A window or the like whose place the board gives, not firmware. */
struct board_region {
	enum iof_region_kind kind;
	struct iof_range range;
	const char *name;
};

enum host_state {
	HOST_DEVICE_FOUND = 0,
	HOST_DEVICE_ABSENT,
	HOST_DEVICE_UNKNOWN, /* given by a file descriptor or a path that cannot be followed */
	HOST_DEVICE_NOT_GIVEN,
};

enum backend { BACKEND_LEGACY = 0, BACKEND_IOMMUFD };

struct machine_device {
	const char *driver; /* QEMU's own name, aliases resolved */
	const char *id;	    /* NULL */
	const char *label;  /* id, else host address, else driver: for people */
	enum driver_kind kind;
	const struct driver_def *def; /* NULL: a model that is not looked into */
	const struct vm_option *option;
	size_t option_index; /* SIZE_MAX: to be plugged */
	bool is_plugged;     /* hot-plugged after the start */
	bool is_boards;	     /* the board makes it, for a machine option: no -device says it */
	struct machine_value value[PROPERTY_COUNT];
	struct machine_bus *bus; /* NULL: not on PCI */
	unsigned devfn;
	struct machine_bus *primary; /* of an arm-smmuv3: the bus that it is for; NULL */
	struct problem problem;	     /* the first thing that stops its creation */

	struct ram_block block;		 /* of a memory device */
	bool is_mapped_in_blocks;	 /* virtio-mem: as the guest takes its memory */
	struct guest_function *function; /* on PCI from the start: as firmware sees it; NULL */

	/* assigned devices */
	enum host_state host_state;
	const struct iof_device *host;
	const char *host_bdf; /* as QEMU names it, "0000:01:00.0" */
	enum backend backend;
	const struct machine_device *viommu;	  /* the one that translates it, NULL: none */
	const struct machine_device *late_viommu; /* one that comes after it and so does not */
	const char *guest_address; /* "00.02.0", as messages before firmware numbers the buses have
				      it */
	bool behind_bridge; /* below a conventional bridge: its requester ID is the bridge's */
	bool is_nested;	    /* its domain is a nesting parent: the host's IOMMU walks the guest's
			       tables */
	/* What the domain that it is attached to can map, one entry for each world of the host;
	 * NULL: no host device. */
	const struct device_iova *iova;
};

/* Whose way the machine goes: which tables of versions and which rules are for it. */
enum vmm_kind { VMM_QEMU = 0, VMM_CLOUD_HYPERVISOR };

enum irqchip { IRQCHIP_USER = 0, IRQCHIP_SPLIT, IRQCHIP_KERNEL };

struct iof_machine {
	unsigned refs; /* atomic */
	struct arena *arena;
	struct iof_host *host;	     /* as the VM will find it */
	struct iof_host *host_given; /* if the manager changes it; else NULL */
	struct iof_vm *vm;
	struct iof_vmm vmm; /* as asked for, with the version that was found: to resolve an edited
			       config alike */

	enum vmm_kind vmm_kind;
	uint32_t version;
	const char *version_text;
	const char *version_provenance;
	bool version_is_vendor; /* a vendor's build: decide by evidence before version */
	struct machine_type type;
	const char *type_name;
	bool is_arm; /* whose QEMU it is: qemu-system-aarch64 */
	bool kvm;
	enum irqchip irqchip;
	struct {
		bool is_amd, is_intel; /* the vendor that the guest sees */
		bool long_mode;
		unsigned phys_bits;	  /* 0: not known */
		unsigned guest_phys_bits; /* of CPUID 0x80000008; 0: none */
		bool la57;
		bool has_1g_pages;
		enum iof_decider phys_by; /* of phys_bits */
		const char *phys_why;
		const struct pair *phys_pair; /* NULL: not written */
	} vcpu;
	/* The guest's RAM below and above 4 GiB, and where memory devices may go. */
	struct ram_block ram[2];
	size_t n_ram;
	uint64_t ram_size, max_size, slots;
	uint64_t device_memory_base, device_memory_size; /* 0: none */
	uint64_t max_used_address;
	struct board_region board[6];
	size_t n_board;
	bool map_is_assumed; /* it rests on an address width of the host that is not known */
	bool nodefaults;
	bool bypass_iommu; /* default_bus_bypass_iommu */
	uint64_t memlock;
	bool is_hypothetical; /* the host is from the catalogue: "would" */

	struct problem *warnings; /* what QEMU prints and goes on, in its order */
	size_t n_warnings, cap_warnings;
	size_t n_early_warnings;     /* of them, those before the devices */
	struct problem problems[16]; /* before the devices: at most one a kind, in QEMU's order */
	size_t n_problems;

	struct machine_bus *buses;
	struct machine_device
		*devices; /* in the order in which QEMU makes them; then those to be plugged */
	size_t n_devices;
	size_t n_cold; /* devices that are there from the start */
	size_t n_assigned;
	size_t n_memory_devices, n_dimms;    /* placed; and those that take a slot */
	uint32_t models;		     /* a bit for each enum driver_kind that is there */
	uint32_t backends;		     /* a bit for each enum backend of an assigned device */
	const struct machine_device *viommu; /* the first; NULL: none */

	const struct resolved *resolved; /* for iof_machine_property() */
	size_t n_resolved;

	struct guest guest;
	struct iof_region *regions; /* ascending by first address, then larger first */
	size_t n_regions;
	/* From the first to the last BAR that could be mapped, below and above 4 GiB: nearly always
	 * that answers for each. first > last: there is none. */
	struct iof_range bar_span[2];
};

/* A value with who decided it, and how the config would say it. */
struct resolved {
	struct iof_value value;
	size_t device;	      /* index; SIZE_MAX: it is the machine's own */
	size_t option;	      /* of the VM, where it is or would be said; SIZE_MAX: nowhere */
	const char *key;      /* there; NULL: it cannot be said */
	const char *pin_text; /* what to write there; NULL: the value's text */
};

/* A stretch of the guest physical address map. */
struct iof_region {
	enum iof_region_kind kind;
	struct iof_range range;
	const char *name;		       /* "pc.ram", "gpu0 BAR 1" */
	const struct machine_device *device;   /* whose BAR or memory it is; NULL */
	const struct guest_function *function; /* of a BAR; NULL */
	unsigned bar;
	bool is_mapped;	 /* QEMU maps it into the IOMMU of assigned devices: RAM, or a BAR that can
			    be memory-mapped */
	bool is_assumed; /* it follows from an assumed fact (the firmware's release) */
};

static inline int64_t device_value(const struct machine_device *device, enum property_id id)
{
	return device->value[id].number;
}

static inline bool is_cloud_hypervisor(const struct iof_machine *m)
{
	return m->vmm_kind == VMM_CLOUD_HYPERVISOR;
}

/* cloud_hypervisor.c, in place of what is below from machine_build_board() on */
int cloud_hypervisor_find_version(struct iof_ctx *, struct iof_machine *, const struct iof_vmm *);
int cloud_hypervisor_build(struct iof_ctx *, struct iof_machine *, const struct iof_vmm *);

/* resolve.c calls these in turn */
int machine_find_version(struct iof_ctx *, struct iof_machine *, const struct iof_vmm *);
void machine_find_type(struct iof_machine *);
int machine_build_board(struct iof_machine *);
/* firmware.c: fills m->guest.firmware. -EINVAL: vmm->firmware is none. */
int machine_find_firmware(struct iof_ctx *, struct iof_machine *, const struct iof_vmm *);
int machine_build_devices(struct iof_ctx *, struct iof_machine *, const struct iof_vmm *);
void machine_problem(struct iof_machine *, enum problem_kind, size_t option, const struct pair *,
		     const char *value, struct message);

/* attached.c: which domain each assigned device gets */
int machine_attach(struct iof_machine *);
/* resolved.c: every value with who decided it */
int machine_list_resolved(struct iof_machine *);

/* remarks.c: what the config's language has to say about it */
int machine_take_remarks(struct iof_machine *);

/* microvm_map.c */
void machine_map_microvm(struct iof_machine *);
/* virt_map.c: that of Arm's virt */
void machine_map_virt(struct iof_machine *);
bool virt_has_memory_hotplug(const struct iof_machine *);
/* With UEFI firmware and without acpi=off; else virt tells its guest by a device tree. */
bool virt_has_acpi(const struct iof_machine *);
/* memory.c: the memory map of i440fx and q35 */
void machine_map_memory(struct iof_machine *);
/* board.c: whether QEMU ends before it makes RAM and vCPUs */
bool machine_stops_early(const struct iof_machine *);
/* Address bits of the host's CPU, which bound KVM's memory slots; 0: no bound, or not known. */
unsigned kvm_address_bits(const struct iof_machine *);
bool is_beyond_kvm(const struct iof_machine *, uint64_t last);
int machine_warn_low_ram(struct iof_machine *); /* of max-ram-below-4g */
uint64_t memory_size(const char *text, uint64_t unit);
uint64_t memory_backend_size(const struct iof_machine *, const char *id); /* 0: not known */
/* memory_device.c */
bool is_memory_device(const struct machine_device *);
void memory_device_place(struct iof_machine *, struct machine_device *);
/* guest_build.c: the guest's PCI tree, and its BARs put where firmware puts them */
int machine_place_bars(struct iof_machine *);
/* regions.c: the whole map as a list */
int machine_list_regions(struct iof_machine *);
/* Whether the VMM maps a BAR that has its place for assigned devices. */
bool machine_maps_bar(const struct iof_machine *, const struct guest_function *, unsigned index);
/* vcpu.c */
void machine_find_vcpu(struct iof_machine *);
/* board.c: the last value of a machine property */
const struct pair *machine_option(const struct iof_machine *, const char *key, size_t *index);
/* A switch of -machine; unset also where it is "auto". */
bool machine_flag(const struct iof_machine *, const char *key, bool unset);

/* devices.c: remember the first thing that stops a device */
void device_problem(struct machine_device *, enum problem_kind, const struct pair *,
		    const char *value, struct message);
/* The device of the host that its host=, sysfsdev= or fd= means. */
int machine_find_host(struct iof_machine *, struct machine_device *);
/* device_checks.c: what a model says about where it is put and what it is given */
void device_check_model(struct iof_machine *, struct machine_device *);
/* After the device has its slot. */
void device_check_slot(struct iof_machine *, struct machine_device *);
/* Network cards without a peer. */
int machine_warn_peerless(struct iof_machine *);
/* smmuv3.c: the one that the board makes for iommu=smmuv3 */
bool smmuv3_is_on_board(const struct iof_machine *);
int smmuv3_add_board(struct iof_machine *);
/* Once its properties are set: its bus, and what the board adds to it. */
void smmuv3_resolve(struct iof_machine *, struct machine_device *);
/* Whether it translates the bus: it is for a root bus; one that the board made is for all. */
bool smmuv3_covers(const struct iof_machine *, const struct machine_device *smmu,
		   const struct machine_bus *);
static inline bool smmuv3_is_accelerated(const struct machine_device *smmu)
{
	return smmu && smmu->kind == DRIVER_SMMUV3 && device_value(smmu, PROPERTY_ACCEL) == ON;
}
static inline bool is_viommu(const struct machine_device *device)
{
	return device->kind >= DRIVER_INTEL_IOMMU && device->kind <= DRIVER_SMMUV3;
}

/* properties.c */
void device_set_defaults(struct iof_machine *, struct machine_device *);
void device_apply_globals(struct iof_machine *, struct machine_device *);
int device_set_properties(struct iof_machine *, struct machine_device *);
int machine_warn_unused_globals(struct iof_machine *);

int machine_warning(struct iof_machine *, enum problem_kind, size_t option, const struct pair *,
		    struct message);

/* topology_board.c: what the root bus holds before the first -device */
void topology_add_board(const struct iof_machine *, struct machine_bus *);
/* -drive if=virtio makes a device, after those of -device key=value (blockdev.c drive_new). */
void topology_add_drives(const struct iof_machine *);
/* topology.c */
int topology_root(struct iof_machine *);
struct machine_bus *topology_find(const struct iof_machine *, const char *name);
struct machine_bus *topology_default(const struct iof_machine *);
/* A bridge's own bus. */
int topology_add_bridge(struct iof_machine *, struct machine_device *);
/* Take a slot for the device (its addr, else the first free one). false: refused, with QEMU's words
 * in *problem. */
bool topology_place(struct iof_machine *, struct machine_bus *, struct machine_device *,
		    struct message *problem);
/* Bus and function under which an IOMMU sees the device: below a conventional bridge it is the
 * bridge's. */
void topology_requester(const struct machine_device *, unsigned *bus, unsigned *devfn);

#endif
