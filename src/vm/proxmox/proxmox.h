/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * proxmox.h - a qemu-server config on its way to QEMU's words. grammar.c reads its lines,
 * keys.c and property.c know which keys and values it may hold, pci.c has
 * the fixed PCI addresses, machine.c, _cpu.c, _memory.c, _hostpci.c, _devices.c and
 * _disks.c make the words, command.c puts them into qemu-server's order, edit.c
 * takes edits of them back into the text.
 *
 * Facts: qemu-server 9.2.6 src/PVE/QemuServer.pm, src/PVE/QemuServer/ *.pm.
 */
#ifndef VM_PROXMOX_H
#define VM_PROXMOX_H

#include "vm/language.h"

#define PVE_VERSION(major, minor, micro) ((major)*1000000u + (minor)*1000u + (micro))
#define PVE_NEWEST PVE_VERSION(9, 2, 6)

enum pve_section { PVE_MAIN = 0, PVE_PENDING, PVE_SPECIAL, PVE_SNAPSHOT, PVE_SKIPPED };

/* "key=value" of a property string, or a value with the default key. */
struct pve_part {
	const char *key;
	const char *value;
	size_t start, end; /* of it in the source, without commas */
	struct place at;   /* of the value */
};

/* A line "key: value". */
struct pve_entry {
	const char *key;
	const char *value; /* without the white space around it */
	enum pve_section section;
	size_t slot;	 /* which key it is, see pve_slot() */
	struct place at; /* of the line, without its end */
	struct place value_at;
	struct pve_part *parts; /* of a property string */
	size_t n_parts;
	bool is_valid; /* else qemu-server drops it */
};

struct pve_config {
	struct pve_entry **entries;
	size_t n, cap;
	size_t main_end;		/* offset behind the last line of the main section that says
					   anything, line end included */
	const struct pve_entry *remove; /* "delete:" in [PENDING] */
	const struct pve_entry **main;	/* by slot: what counts in the main section, and pending */
	const struct pve_entry **pending;
	const struct pve_entry **now; /* by slot: what the next start will see */
	uint32_t manager;
	char *eol; /* how its lines end */
};

/* ---- keys.c: which keys there are ---- */
enum pve_type { PVE_STRING, PVE_BOOLEAN, PVE_INTEGER, PVE_NUMBER };
struct pve_format;
struct pve_key {
	const char *name; /* without its number */
	unsigned count;	  /* 0: it has no number; else numbers are below this */
	enum pve_type type;
	const struct pve_format *format; /* of a property string; NULL: none that is looked into */
	bool is_hardware;		 /* it changes QEMU's words */
};
#define PVE_NO_SLOT SIZE_MAX
size_t pve_n_slots(void);
/* PVE_NO_SLOT: qemu-server has no such key. */
size_t pve_slot(const char *key, const struct pve_key **info);
const struct pve_key *pve_key_at(size_t index); /* NULL behind the last */

/* ---- property.c: what a value may be ---- */
struct pve_field {
	const char *name;
	enum pve_type type;
	long min, max;	    /* of a number; max 0: none */
	const char *choice; /* "intel, virtio"; NULL: any */
	bool (*is_allowed)(const char *value);
	bool is_default;
	uint32_t since; /* qemu-server's version */
};
struct pve_format {
	const struct pve_field *fields;
	size_t n;
	/* Of the whole, when its parts are right; what is wrong, or NULL. */
	const char *(*check)(struct translation *, const struct pve_entry *);
};
extern const struct pve_format pve_machine_format, pve_cpu_format, pve_hostpci_format,
	pve_memory_format, pve_numa_format, pve_vga_format, pve_sev_format, pve_tdx_format,
	pve_free_format;
/* Takes entry->value apart; NULL: right, else what qemu-server says about it. */
const char *pve_check(struct translation *, const struct pve_key *, struct pve_entry *,
		      uint32_t manager);
int pve_split(struct arena *, const struct pve_format *, struct pve_entry *);
int pve_boolean(const char *text); /* 1, 0, or -1: none */
const struct pve_part *pve_part(const struct pve_entry *, const char *key);
const char *pve_value(const struct pve_entry *, const char *key); /* NULL: not there */
bool pve_flag(const struct pve_entry *, const char *key, bool otherwise);
const struct pve_field *pve_field(const struct pve_format *, const char *name);

/* ---- grammar.c ---- */
void pve_parse(struct translation *, struct pve_config *, const char *vmid);
bool pve_recognise(const char *bytes, size_t length);

/* What a remark's cure does to the text; the remark's origin. */
struct pve_remedy {
	const struct pve_entry
		*misspelt;		/* its key or sub-key is spelt as the nearest one; else: */
	const char *key, *part, *value; /* part NULL: the whole; value NULL: it goes */
};
/* The key that was meant, in place of part's, or of the entry's own (*part NULL); false: none is
 * near. */
bool pve_cure(const struct pve_entry *, const struct pve_part **part, const char **key);

/* ---- what is said, in qemu-server's two lists ---- */
struct pve_said {
	const char *name;  /* "device" */
	const char *plain; /* the argument as it is; else pairs */
	bool is_flag;	   /* no argument */
	bool is_json;
	bool binds_host;
	const struct pve_entry *entry; /* that it was made from; NULL: qemu-server's own */
	struct pve_pair {
		const char *key, *value;
		struct place at;
	} * pairs;
	size_t n_pairs, cap;
};
struct pve_list {
	struct pve_said **items;
	size_t n, cap;
};

struct pve_machine {
	unsigned major, minor, revision; /* the version whose hardware it is */
	bool is_versioned;
	const char *name; /* "pc-q35-9.2", without +pveN and .pxe */
	bool has_old_roms;
};

struct pve {
	struct translation *t;
	struct arena *arena;
	struct pve_config *config;
	const char *vmid; /* digits, "VMID" if it is not known */
	uint32_t manager;
	unsigned qemu_major, qemu_minor;
	const char *qemu_text;
	bool is_template, is_arm, is_native, is_q35, kvm;
	unsigned windows; /* 5: XP, 2000; 6: Vista, 2008; then the number; 0: another system */
	struct pve_machine machine;
	unsigned revision; /* +pveN that what was used needs */
	unsigned bridges;  /* a bit for each pci.N in use */
	bool has_legacy_igd, hides_kvm, passes_gpu;
	const char *vga; /* type */
	unsigned n_qxl;
	struct pve_list command, devices, flags;
	size_t n_first; /* devices that -readconfig adds */
	const struct pve_key *key;
	bool is_refused;
};

/* What counts for the next start; NULL: not set, or a template that does without. */
const struct pve_entry *pve_get(const struct pve *, const char *key);
const struct pve_entry *pve_get_n(const struct pve *, const char *key, unsigned n);
bool pve_get_bool(const struct pve *, const char *key, bool otherwise);
unsigned long pve_get_number(const struct pve *, const char *key, unsigned long otherwise);

/* Text "driver,key=value,...": commas part. */
struct pve_said *pve_say(struct pve *, struct pve_list *, const char *name,
			 const struct pve_entry *, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
struct pve_said *pve_say_plain(struct pve *, struct pve_list *, const char *name,
			       const struct pve_entry *, const char *argument);
/* A pair that the user wrote. */
void pve_set(struct pve *, struct pve_said *, const char *key, const char *value,
	     const struct pve_part *);
/* More of the same: ",bus=pci.0,addr=0x5". */
void pve_append(struct pve *, struct pve_said *, const char *text);
void pve_move(struct pve_list *, size_t from, size_t to);
void pve_flag_say(struct pve *, const char *key, const char *value, const struct place *);
/* qemu-server stops with this text. Only the first counts: true if this is it. */
bool pve_refuse(struct pve *, const struct place *, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Of the refusal just made: what would do. */
void pve_remedy(struct pve *, const char *key, const char *part, const char *value);
void pve_warn(struct pve *, const struct place *, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* At least this machine version; and its revision is then part of the type that is said. */
bool pve_since(const struct pve *, unsigned major, unsigned minor, unsigned revision);
bool pve_needs(struct pve *, unsigned major, unsigned minor, unsigned revision);

/* ---- the parts of the command ---- */
void pve_machine_find(struct pve *); /* machine.c */
void pve_machine_say(struct pve *);  /* type, S3 and S4 */
void pve_viommu_say(struct pve *);
void pve_firmware_say(struct pve *); /* firmware.c */
void pve_cpu_say(struct pve *);	     /* cpu.c */
/* What is wrong with a value of cpu: as a whole; NULL: nothing. */
const char *pve_cpu_check(struct translation *, const struct pve_entry *);
const char *pve_cpu_base(struct pve *); /* the model that QEMU is given */
unsigned pve_max_memory(struct pve *);	/* MiB; memory.c */
void pve_memory_say(struct pve *);
void pve_smp_say(struct pve *);
void pve_hostpci_say(struct pve *); /* hostpci.c */
/* driver=keep: qemu-server binds nothing, the device has to be bound already. */
bool pve_keeps_driver(const struct pve_entry *hostpci);
void pve_usb_say(struct pve *); /* devices.c */
void pve_usb_devices_say(struct pve *);
void pve_tablet_say(struct pve *);
void pve_vga_find(struct pve *);
void pve_vga_say(struct pve *);
void pve_spice_say(struct pve *);
void pve_small_devices_say(struct pve *); /* serial, audio, TPM */
void pve_agent_say(struct pve *);
void pve_balloon_say(struct pve *);
void pve_nets_say(struct pve *); /* disks.c */
void pve_disks_say(struct pve *);
void pve_ivshmem_say(struct pve *);
void pve_last_devices_say(struct pve *);
void pve_q35_say(struct pve *); /* pci.c: what its -readconfig adds */
void pve_usb_config_say(struct pve *);
void pve_bridges_say(struct pve *, size_t at);
/* ",bus=pci.0,addr=0x5" of a name like "net0"; "" if it has none. Notes the bridge. */
const char *pve_address(struct pve *, const char *name);
const char *pve_pcie_address(struct pve *, const char *name);
/* command.c */
void pve_command(struct pve *);
/* args.c: words as qemu-server splits them; NULL and n 0: a quote is not closed. */
const char **pve_split_args(struct arena *, const char *text, size_t *n);

/* edit.c */
int pve_edit(struct iof_ctx *, const struct iof_vm *, const struct vm_edit *, size_t n,
	     struct arena *, const char **text, size_t *length);

#endif
