/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * language.h - config languages. A reader says the words that the language's manager starts QEMU
 * with, each with the place in the config that it comes from; they are then parsed like any command
 * line. Edits of those words go back into the text.
 */
#ifndef VM_LANGUAGE_H
#define VM_LANGUAGE_H

#include "vm/vm.h"

struct said; /* translate.c: an option that was said, with its origins */

/* A config on its way to words. Once err is set, everything does nothing. */
struct translation {
	struct iof_ctx *ctx;
	struct iof_vm *vm; /* its arena, name, source and options_given; config_data and memlock are
			      to be set */
	struct said *said;
	size_t n_said, said_cap;
	size_t remarks_cap;
	struct buf argument; /* of the option that is open */
	int err;
};

/* How an option's argument is written. */
enum say_form { SAY_OPTS, SAY_JSON };

/*
 * The reader's vocabulary. at NULL or line 0: the manager's own choice. Texts are copied.
 * say_option(): an option with pairs follows; say_pair()s; say_end(). A NULL key is a word without
 * one ("host" of -cpu, a driver). json_type: as in struct pair; ignored by SAY_OPTS.
 */
void say_option(struct translation *, const char *name, enum say_form, const struct place *at,
		const void *origin);
void say_pair(struct translation *, const char *key, const char *value, char json_type,
	      const struct place *at);
void say_end(struct translation *);
/* "-name" alone, or with an argument that is already written (NULL: none). */
void say_plain(struct translation *, const char *name, const char *argument, const struct place *at,
	       const void *origin);
/* A single word as it is, as the user hands it through ("args:", <qemu:arg>). */
void say_word(struct translation *, const char *word, const struct place *at, const void *origin);
/* Of the option that is open: its host device is bound by the manager at start. */
void say_binds_host(struct translation *);

/* Texts are copied. Returns the remark to be completed (has_cure, origin), or NULL. */
struct remark *remark_add(struct translation *, enum remark_kind, const struct place *at,
			  const char *text, const char *detail);
/* Sets err, and the error text "name:line: reason" if it is -EBADMSG. */
void translation_fail(struct translation *, const struct place *at, const char *reason);

/* A file that the config names, as the open callback gives it (kept for a later reading of an
 * edited text). NULL: no callback, or none such; or err is set. */
const struct config_file *translation_file(struct translation *, const char *path);

/* The version of a manager as "9.0" in iof_vm_options.manager "libvirt=9.0", as
 * major * 1000000 + minor * 1000 + micro; the newest known one if none is given. */
uint32_t translation_manager(struct translation *, const char *name, uint32_t newest);

struct language {
	enum iof_language id;
	const char *name; /* "libvirt" */
	/* Whether a text is most likely in this language; bytes[length] is NUL. */
	bool (*recognise)(const char *bytes, size_t length);
	/* The first word said is the program. Must set vm->manager. */
	void (*read)(struct translation *);
	/* The text with the edits made, everything else byte for byte as it was. -EOPNOTSUPP with a
	 * reason: this language cannot say it. */
	int (*edit)(struct iof_ctx *, const struct iof_vm *, const struct vm_edit *, size_t n,
		    struct arena *, const char **text, size_t *length);
};

extern const struct language libvirt_language, proxmox_language, cloud_hypervisor_language;

/* NULL: a QEMU command line, or no such language. */
const struct language *language_find(enum iof_language, const char *bytes, size_t length);

/* translate.c: read vm->source by vm->config. */
int translate(struct iof_ctx *, struct iof_vm *, iof_vm_open_fn open, void *data);

/* splice.c: pieces of a text replaced; offsets mean the text as it was. A piece is [start, end);
 * several at one place are put in their order. */
struct splice {
	size_t start, end;
	const char *text;
};
struct splices {
	struct splice *list;
	size_t n, cap;
};
int splice_add(struct arena *, struct splices *, size_t start, size_t end, const char *text);
/* -EOPNOTSUPP: two pieces overlap. */
int splices_apply(struct arena *, const char *source, size_t length, struct splices *,
		  const char **text, size_t *out_length);

#endif
