/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cloud_hypervisor.h - a VM of Cloud Hypervisor, as a command line or as the JSON of vm.create, as
 * a list of items: an option with its settings, or an object with its members (facts: Cloud
 * Hypervisor vmm/src/config.rs, vm_config.rs, option_parser/src/lib.rs).
 */
#ifndef VM_CLOUD_HYPERVISOR_H
#define VM_CLOUD_HYPERVISOR_H

#include "base/json.h"
#include "vm/language.h"
#include "vm/words.h"

/* As translation_manager() numbers versions. */
#define CH_VERSION(major) ((uint32_t)(major)*1000000)
#define CH_NEWEST CH_VERSION(54)

enum ch_type {
	CH_TEXT = 0,
	CH_NUMBER, /* decimal */
	CH_SIZE,   /* bytes; K, M or G on the command line */
	CH_SWITCH, /* on, off, true, false; a boolean in JSON */
	CH_LIST,   /* of numbers: [1,3-5] */
	CH_WORD,   /* stands without a value ("tty" of --console) */
	CH_ANY,	   /* not looked into */
};

struct ch_key {
	const char *name;   /* on the command line */
	const char *member; /* in JSON; NULL: the same */
	enum ch_type type;
	uint64_t max;	/* CH_NUMBER; 0: none */
	uint32_t since; /* 0: always */
};

enum ch_kind { CH_OBJECT = 0, CH_ARRAY, CH_FLAG };

struct ch_section {
	const char *option; /* without dashes; NULL: JSON only */
	const char *member; /* in JSON; NULL: command line only */
	enum ch_kind kind;
	bool is_complete; /* all keys are known: another one is refused */
	const struct ch_key *keys;
	size_t n_keys;
};

enum ch_section_id {
	CH_PLATFORM = 0,
	CH_CPUS,
	CH_MEMORY,
	CH_ZONE,
	CH_SEGMENT,
	CH_CONSOLE,
	CH_DISK,
	CH_NET,
	CH_RNG,
	CH_FS,
	CH_PMEM,
	CH_VSOCK,
	CH_BALLOON,
	CH_WATCHDOG,
	CH_VDPA,
	CH_DEVICE,
	CH_USER_DEVICE,
	CH_IOMMU, /* of JSON: a vIOMMU even if nothing is behind it */
	CH_SECTIONS,
};
extern const struct ch_section ch_sections[CH_SECTIONS];

struct ch_setting {
	const struct ch_key *key;
	const char *value; /* as the command line has it */
	struct place at;
	size_t start, end; /* of the value: bytes of the JSON text, or characters of the word */
	size_t key_start;  /* the same of its name */
};

struct ch_item {
	enum ch_section_id section;
	struct place at;
	struct ch_setting *settings;
	size_t n, cap;
	const struct json_value *node; /* NULL: a command line, or not written */
	size_t word;		       /* of the command line: the word with the settings */
	size_t option;		       /* and that of the option */
	bool is_written;
};

struct ch_config {
	bool is_json;
	const struct json_value *root;
	struct word *words; /* of the command line; words[0] is the program */
	size_t n_words;
	struct ch_item **items; /* in the order in which they are written */
	size_t n, cap;
	/* Where line and column were last counted. */
	size_t seen;
	unsigned line, column;
	uint32_t version;
};

/* What a remark about a misspelt member calls for. */
struct ch_rename {
	const struct json_value *member;
	const char *to;
};

const struct ch_key *ch_key_find(const struct ch_section *, const char *name);
const char *ch_member(const struct ch_key *);

/* cloud_hypervisor.c. NULL: err is set. */
struct ch_item *ch_item_add(struct translation *, struct ch_config *, enum ch_section_id,
			    const struct place *);
struct ch_setting *ch_setting_add(struct translation *, struct ch_item *);
struct place ch_place(const struct iof_vm *, struct ch_config *, size_t start, size_t end);
/* What it says of an argument that it cannot read; then it stops. */
void ch_refuse(struct translation *, const struct ch_config *, const struct ch_section *,
	       const char *reason, const char *why, const struct place *);

/* json.c, args.c */
void ch_read_json(struct translation *, struct ch_config *);
void ch_read_args(struct translation *, struct ch_config *);
bool ch_is_json(const char *bytes, size_t length);
bool ch_is_program(const char *word);
/* Whether the command line takes the text as a value of that key. */
bool ch_is_of_type(const struct ch_key *, const char *text);
/* The words of an argument vector as text for a shell, an option a line. NULL: out of memory. */
const char *ch_argv_text(struct arena *, const char *const *argv, size_t argc);
/* And back: NULL at the end. */
int ch_text_argv(struct iof_ctx *, const struct iof_vm *, struct arena *, const char *text,
		 size_t length, const char *const **argv);

/* edit.c */
int ch_edit(struct iof_ctx *, const struct iof_vm *, const struct vm_edit *, size_t n,
	    struct arena *, const char **text, size_t *length);

#endif
