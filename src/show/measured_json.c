// SPDX-License-Identifier: LGPL-2.1-or-later
/* measured_json.c - what the kernel answered, in a host profile. */
#include "host/host.h"
#include "host/measured.h"
#include "show/measured_show.h"

static void put_origin(struct emit *e, const struct measured_device *device)
{
	emit_string(e, "boot_id", device->boot_id);
	emit_string(e, "kernel", device->kernel);
}

void measured_put_json(struct emit *e, const struct iof_device *device)
{
	if (!device->measured)
		return;
	emit_object(e, "measured");
	put_origin(e, device->measured);
	measured_write_answers(e, device->measured);
	emit_object_end(e);
}

void measured_put_elsewhere(struct emit *e, const struct iof_host *host)
{
	size_t i, n = 0;

	for (i = 0; i < host->n_measured; i++) {
		const struct measured_device *device = &host->measured[i];

		if (host_device_at(host, &device->address))
			continue;
		if (!n++)
			emit_array(e, "measured");
		emit_object(e, NULL);
		put_origin(e, device);
		measured_write_device(e, device);
		emit_object_end(e);
	}
	if (n)
		emit_array_end(e);
}
