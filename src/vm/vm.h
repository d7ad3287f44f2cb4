/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm.h - a VM as the user wrote it: an ordered list of options with key=value pairs, in QEMU's
 * terms, whatever the language. Every value keeps the place where it stood, so that it can be
 * edited there.
 */
#ifndef VM_VM_H
#define VM_VM_H

#include <iommufit/vm.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strings.h"

/* Where something stood. line 0: nowhere, the manager chose it. line and column count from 1;
 * offset and length are bytes of vm->source (raw, with quoting). */
struct place {
	const char *file; /* NULL: the config itself; else a -readconfig file */
	unsigned line;
	unsigned column;
	size_t offset;
	size_t length;
	int arg; /* index in vm->args of the argument that holds it, -1: none */
};

struct pair {
	const char *key;   /* the implied key ("driver", "type", "model", "size") where QEMU implies
			      one */
	const char *value; /* unescaped; for a bare flag "on", for "nofoo" key "foo" value "off", as
			      QEMU reads them */
	bool is_implied;   /* written without its key */
	bool is_flag;	   /* written without =value */
	char json_type;	   /* of a JSON value: 's'tring, 'n'umber, 'b'ool, 'o'ther; 0: not JSON */
	bool has_variable; /* it holds a shell variable, kept literally: its value cannot be known
			    */
	bool is_managers;  /* the manager chose it (libvirt, Proxmox), the user did not write it */
	struct place at;   /* of the value; for a flag, of the whole word */
};

enum option_kind {
	OPTION_UNKNOWN = 0, /* kept and ignored */
	OPTION_MACHINE,
	OPTION_ACCEL,
	OPTION_CPU,
	OPTION_MEMORY, /* -m */
	OPTION_SMP,
	OPTION_OBJECT,
	OPTION_DEVICE,
	OPTION_GLOBAL, /* keys: driver, property, value */
	OPTION_DRIVE,
	OPTION_BIOS,
	OPTION_FW_CFG,
	OPTION_NODEFAULTS,
	OPTION_READCONFIG,
	OPTION_SET,    /* already applied to the option that it names; kept for its place */
	OPTION_NET,    /* -net, -netdev, -nic */
	OPTION_VGA,    /* -vga, -nographic, -display */
	OPTION_KERNEL, /* -kernel */
	OPTION_BLOCKDEV,
	OPTION_OTHER, /* known to QEMU, known not to matter here */
};

struct vm_option {
	enum option_kind kind;
	const char *name; /* without dashes, as written ("M", "machine") */
	struct pair *pairs;
	size_t n_pairs;
	size_t pairs_cap; /* room in pairs */
	bool is_json;
	bool has_variable; /* name, argument or a pair holds a shell variable, kept literally */
	bool is_unread;	   /* -readconfig of a file that was not opened */
	const char *text;  /* argument as given, unescaped; NULL if it takes none */
	/* What QEMU itself prints when it reads this argument and stops ("Invalid parameter 'x'", a
	 * JSON error, a missing argument), without program name and option prefix; NULL: it reads
	 * well. */
	const char *error;
	/* What QEMU prints while it reads this argument and goes on ("warning: short-form boolean
	 * option …"), lines separated by newlines, in the same form; they come before error. NULL:
	 * nothing. */
	const char *warnings;
	struct place at;    /* of the whole option, from its dash to the end of its argument; of a
			       config language: of what it was made from */
	const void *origin; /* what of the config it was made from: the language's own; NULL */
	bool is_managers;   /* made by the manager, for nothing that the user wrote */
	bool binds_host;    /* the manager binds its host device to VFIO at start */
};

/* What a config language has to say beside the options, with its rule in src/fit/rules_config.c. */
enum remark_kind {
	REMARK_REFUSED,	    /* the manager refuses the config: text is what it says */
	REMARK_DROPPED,	    /* it drops this without a word: text names it, detail what was meant */
	REMARK_INEFFECTIVE, /* it takes this, and it has no effect: text names it, detail says why
			     */
	REMARK_PENDING,	    /* a change that waits for the next start: text names it, detail is its
			       value */
	REMARK_WARNED,	    /* the manager prints text and goes on */
	REMARK_ASSUMED,	    /* it depends on the host in a way that is not known here: text names
			       it, detail says what is assumed */
};

struct remark {
	enum remark_kind kind;
	const char *text;
	const char *detail; /* NULL: none */
	struct place at;
	bool has_cure;	    /* the language's edit() knows what to do about it */
	const void *origin; /* for that */
	/* What the cure sets, to what, for people; NULL: text, and detail. */
	const char *target, *to;
};

/* How the source is written. */
enum vm_form {
	FORM_ARGV = 0, /* no source text: argv, iof_vm_new(), the result of an edit */
	FORM_SHELL,    /* as a shell reads it */
	FORM_NUL,      /* /proc/PID/cmdline */
	FORM_CONFIG,   /* another language: the words are those that its manager starts QEMU with */
};

/* A file that -readconfig named, as the open callback gave it. */
struct config_file {
	const char *path;
	const char *bytes;
	size_t length;
	int err; /* negative errno: it could not be opened */
	struct config_file *next;
};

struct word;	 /* words.h */
struct language; /* language.h */

struct iof_vm {
	unsigned refs; /* atomic */
	struct arena *arena;
	enum iof_language language;
	const char *name;
	const char
		*source; /* the text as loaded; NULL if it came as argv or through iof_vm_new() */
	size_t source_length;
	const char **args; /* the words of the command line, unquoted; args[0] is the program ("":
			      none was written) */
	struct place *arg_places;
	size_t n_args;
	const char *program; /* args[0], or NULL if none was written */
	struct vm_option *options;
	size_t n_options;
	enum vm_form form;
	struct word *words; /* n_args of them */
	struct config_file *files;
	const char **assigned; /* see iof_vm_assigned() */
	size_t n_assigned;
	const char **ignored; /* see iof_vm_ignored() */
	size_t n_ignored;
	const char *firmware_image; /* see iof_vm_firmware() */
	bool has_firmware;	    /* it names one, even if the file behind it cannot be told */

	/* Of a config language. */
	const struct language *config; /* NULL: a QEMU command line */
	bool is_argv;		       /* source was made of an argument vector, as a shell
					  has it; edits give one again */
	void *config_data;	       /* the language's own, in the arena */
	const char *manager;	 /* "libvirt 12.8.0": whose behaviour the words follow; NULL */
	const char *manager_vmm; /* "11.0.2": the QEMU that comes with it; NULL */
	uint64_t memlock;	 /* bytes that the manager lets the VMM lock; 0: not said */
	struct remark *remarks;
	size_t n_remarks;
	struct iof_vm_options options_given; /* to read an edited text alike; open is NULL */
};

/* firmware_image.c: the file behind -bios, -pflash and pflash0=. 0 or -ENOMEM. */
int vm_find_firmware(struct iof_vm *);

/* readconfig.c: the file as the callback gave it, once; *out NULL: no callback. */
int config_file_find(struct iof_ctx *, struct iof_vm *, iof_vm_open_fn open, void *data,
		     const char *path, const struct config_file **out);
/* edit.c: the same files for another VM, without asking for them again. */
int config_files_copy(struct arena *, const struct config_file *from, struct config_file **to);

/* Last pair of that key (QEMU lets the last win), or NULL. */
const struct pair *option_pair(const struct vm_option *, const char *key);
const char *option_value(const struct vm_option *, const char *key); /* NULL if absent */
/* n-th option of a kind, or NULL. */
const struct vm_option *vm_option_nth(const struct iof_vm *, enum option_kind, size_t n);

struct vm_edit;

/* Parse one -device argument (key=value or JSON) on its own, as for --plug. Strings live in the
 * arena. */
int device_parse(struct iof_ctx *, struct arena *, const char *text, struct vm_option *out);
/* A device that is written in JSON, as key=value. -EOPNOTSUPP: it has a value that only JSON can
 * say. */
int device_plain(struct arena *, const struct vm_option *, const char **out);
/* The argument with one of its keys changed; the edit's option does not matter. */
int device_edit(struct arena *, const char *text, const struct vm_edit *, const char **out);

/* ---- edits: the same steps, on the structure (to check a fix) and on the text (to write it) ----
 */
enum edit_op { EDIT_SET, EDIT_UNSET, EDIT_ADD, EDIT_REMOVE, EDIT_MOVE, EDIT_REMARK };
struct vm_edit {
	enum edit_op op;
	size_t option; /* index in vm->options; for ADD the new option goes before it (n_options: at
			  the end); for REMARK, in vm->remarks: do what it calls for */
	const char *key;   /* SET, UNSET; several pairs of that key: all are replaced by one. NULL:
			      the whole argument */
	const char *value; /* SET: new value. ADD: the argument */
	const char *name;  /* ADD: option name ("device", "object", "machine") */
	size_t before;	   /* MOVE: index of the option that it shall stand before */
};
/* vm.c: the text of an edited config, read as the VM's own was. */
int vm_load_edited(struct iof_ctx *, const struct iof_vm *, const char *bytes, size_t length,
		   struct iof_vm **);
/* A new VM with the edits applied to the structure; indices of all edits mean the VM as given. Its
 * source is NULL. Of a config language: the text is edited and read again, so that what cannot be
 * said in it (-EOPNOTSUPP) is known here. */
int vm_edit_structure(struct iof_ctx *, const struct iof_vm *, const struct vm_edit *, size_t n,
		      struct iof_vm **out);
/* The text with the edits applied, everything else byte for byte as it was; line and quoting style
 * are kept (a SET of a missing key appends ",key=value" inside the option's quotes; in JSON it adds
 * a member; ADD follows the neighbour's line continuation). For a VM without source text: the new
 * argument vector in out_argv (NULL-terminated). */
int vm_edit_text(struct iof_ctx *, const struct iof_vm *, const struct vm_edit *, size_t n,
		 struct arena *, const char **out_text, size_t *out_length,
		 const char *const **out_argv);

/* libvirt/iommu.c: where libvirt's XML has a property of a vIOMMU, below <iommu>
 * ("driver/@aw_bits"), and the first libvirt that has it (major * 1000000 + minor * 1000; 0: none
 * has). NULL: there is none, or out of memory. */
const char *vm_libvirt_iommu_path(struct arena *, const char *driver, const char *property,
				  uint32_t *since);

#endif
