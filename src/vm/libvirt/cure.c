// SPDX-License-Identifier: LGPL-2.1-or-later
/* cure.c - what edit.c shall do about a remark. */
#include <errno.h>

#include "vm/libvirt/say.h"

void lv_cure(struct lv_domain *d, struct remark *remark, const struct lv_cure *what)
{
	struct lv_cure *cure, *last;

	if (!remark)
		return;
	cure = arena_memdup(d->t->vm->arena, what, sizeof(*what));
	if (!cure) {
		d->t->err = -ENOMEM;
		return;
	}
	cure->next = NULL;
	for (last = (struct lv_cure *)remark->origin; last && last->next;)
		last = (struct lv_cure *)last->next;
	if (last)
		last->next = cure;
	else
		remark->origin = cure;
	remark->has_cure = true;
}

void lv_cure_set(struct lv_domain *d, struct remark *remark, const struct xml_node *node,
		 const char *path, const char *attribute, const char *value)
{
	struct lv_cure cure = {LV_CURE_SET, node, path, attribute, value, NULL};

	lv_cure(d, remark, &cure);
}

void lv_cure_unset(struct lv_domain *d, struct remark *remark, const struct xml_node *node,
		   const char *attribute)
{
	struct lv_cure cure = {LV_CURE_UNSET, node, NULL, attribute, NULL, NULL};

	lv_cure(d, remark, &cure);
}

void lv_cure_rename(struct lv_domain *d, struct remark *remark, const struct xml_node *node,
		    const char *attribute, const char *name)
{
	struct lv_cure cure = {LV_CURE_RENAME, node, NULL, attribute, name, NULL};

	lv_cure(d, remark, &cure);
}

void lv_cure_remove(struct lv_domain *d, struct remark *remark, const struct xml_node *node)
{
	struct lv_cure cure = {LV_CURE_REMOVE, node, NULL, NULL, NULL, NULL};

	lv_cure(d, remark, &cure);
}
