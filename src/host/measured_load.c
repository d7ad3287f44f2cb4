// SPDX-License-Identifier: LGPL-2.1-or-later
/* measured_load.c - the answers that probe keeps, if they are of this boot. */
#include <errno.h>

#include "host/loader.h"

/* Both have no boot id in a capture, whose making proved that they belong together. A running
 * kernel has one. */
static int of_this_boot(struct loader *load, const struct measured *measured, bool *out)
{
	const char *boot_id = NULL;
	int err = fact_line(load, load->scratch, BOOT_ID_PATH, &boot_id);

	*out = false;
	if (err == -ENOENT && !load->host->is_live) {
		*out = !measured->boot_id;
		return 0;
	}
	if (err)
		return fact_optional(err);
	*out = measured->boot_id && str_eq(measured->boot_id, boot_id);
	return 0;
}

static int take(struct loader *load, const char *bytes, size_t length, const char *name,
		bool is_given)
{
	struct iof_host *host = load->host;
	struct measured measured;
	bool current = is_given;
	int err = measured_parse(load->ctx, host->arena, bytes, length, name, &measured);

	if (!err && !is_given)
		err = of_this_boot(load, &measured, &current);
	if (err)
		return err;
	if (current)
		return measured_attach(load->ctx, host, measured.devices, measured.n);
	log_info(load->ctx, "%s is ignored: it is of another boot", name);
	host->measured_ignored =
		arena_printf(host->arena, "%s is ignored: it is of another boot.", name);
	return host->measured_ignored ? 0 : fact_no_memory(load);
}

int load_measured(struct loader *load)
{
	const char *bytes, *name;
	size_t length;
	int err;

	if (load->measured)
		return take(load, load->measured, load->measured_length, "measured", true);
	err = fact_read(load, load->texts, MEASURED_PATH, FACT_TEXT, &bytes, &length);
	if (err == -EACCES)
		return fact_note(load, MEASURED_PATH, "what the kernel answered to iommufit probe");
	if (err)
		return fact_optional(err);
	name = arena_printf(load->texts, "%s%s", root_name(load->root), MEASURED_PATH);
	return name ? take(load, bytes, length, name, false) : fact_no_memory(load);
}
