/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rehearse_undo.c - what was done, undone from the end. */
#include <errno.h>

#include "live/rehearse.h"

bool undo_reserve(struct iof_live_rehearsal *r)
{
	struct undo *grown = arena_grow(r->arena, r->undo, r->n_undo, &r->cap_undo, sizeof(*grown));

	if (!grown)
		r->err = -ENOMEM;
	else
		r->undo = grown;
	return !r->err;
}

void undo_push(struct iof_live_rehearsal *r, struct undo undo)
{
	r->undo[r->n_undo++] = undo;
}

static int undo_one(struct iof_live_rehearsal *r, const struct undo *u)
{
	struct vfio *v = &r->vfio;

	switch (u->kind) {
	case UNDO_CLOSE:
		call_close(v->calls, u->fd);
		return 0;
	case UNDO_UNSET_CONTAINER:
		return vfio_group_unset_container(v, u->fd);
	case UNDO_DETACH:
		return iommufd_device_detach(v, u->fd);
	case UNDO_DESTROY:
		return iommufd_destroy(v, u->fd, u->id);
	case UNDO_CONTAINER_UNMAP:
		return vfio_container_unmap(v, u->fd, u->iova, u->length);
	case UNDO_IOAS_UNMAP:
		return iommufd_ioas_unmap(v, u->fd, u->id, u->iova, u->length);
	case UNDO_MEMORY:
		return v->calls->unmap(v->calls->data, u->memory, u->length);
	default:
		return 0;
	}
}

/* A failure stops nothing: closing the descriptors undoes the rest in the kernel. */
void undo_to(struct iof_live_rehearsal *r, size_t n)
{
	while (r->n_undo > n) {
		const struct undo *u = &r->undo[--r->n_undo];
		int err;

		r->vfio.call = NULL;
		err = undo_one(r, u);
		if (err >= 0)
			continue;
		r->is_left = true;
		rehearse_step(r, NO_INDEX, r->vfio.call ? r->vfio.call : "munmap", err, "undoing");
		if (r->n_steps && !r->err)
			r->steps[r->n_steps - 1].is_undo = true;
	}
}
