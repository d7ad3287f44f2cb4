/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager.h - configs that belong to libvirt or Proxmox VE: where they live, whether they may be
 * written, and the command by which their owner takes a new one.
 */
#ifndef CLI_MANAGER_H
#define CLI_MANAGER_H

#include "job.h"
#include "place.h"

/* Where --libvirt or --proxmox found it. */
struct managed {
	struct place place;
	char *path;	 /* as it is called below the root */
	char *node;	 /* Proxmox: the other node whose VM it is; NULL: this one's */
	bool is_session; /* libvirt: of this user, not of the system */
	bool is_running; /* libvirt: only the state of a running VM was found, no definition */
	int lock;	 /* held until managed_close(); -1: none */
};

static inline bool names_managed(const struct arguments *a)
{
	return a->libvirt || a->proxmox;
}

/* Below --host if that is a folder, else on this machine. */
int managed_find(struct tool *, struct managed *);
void managed_close(struct managed *);
/* The whole file, into c->text. Of a running VM's state only the VM's own XML is left; the rest
 * becomes blanks, so that lines keep their numbers. */
int managed_read(struct tool *, struct config *);

/* Before it is read to be written behind its manager's back: an error if it is running or locked.
 * Takes Proxmox's own lock. */
int managed_lock(struct tool *, struct managed *);
/* What the text itself says against it: Proxmox's "lock:" key. */
int managed_check_text(struct tool *, const struct managed *, const char *text, size_t length);

/* The manager's command that makes `after` of `before`. file: where `after` was written, or NULL.
 */
int managed_command(const struct arguments *, const struct managed *, const struct config *before,
		    const struct config *after, const char *file, struct bytes *out);

#endif
