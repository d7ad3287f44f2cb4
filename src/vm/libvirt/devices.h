/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* devices.h - what the files share that complete a domain's devices. */
#ifndef VM_LIBVIRT_DEVICES_H
#define VM_LIBVIRT_DEVICES_H

#include "vm/libvirt/say.h"

/* implied.c */
bool lv_has_controller(struct lv_domain *, const char *kind, unsigned index);
/* At the end; NULL: t->err is set. */
struct lv_device *lv_add_controller(struct lv_domain *, const char *kind, unsigned index,
				    const char *model);
/* Within a class. */
void lv_move_device(struct lv_domain *, enum lv_class, size_t from, size_t to);
/* Sort controllers as libvirt does, and number those without index=. */
void lv_number_controllers(struct lv_domain *);
void lv_sort_disks(struct lv_domain *); /* by bus and target */
void lv_refuse_duplicates(struct lv_domain *);
/* Controllers that disks, channels and host devices need. */
void lv_add_implied(struct lv_domain *);
void lv_need_ports(struct lv_domain *);

#endif
