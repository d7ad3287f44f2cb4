/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* write.c - a comparison as text behind a report, or as its member "live". */
#include <errno.h>
#include <inttypes.h>

#include "base/emit.h"
#include "base/error.h"
#include "live/compare.h"

static const char *const result_names[LIVE_RESULTS] = {
	[IOF_LIVE_UNKNOWN] = "unknown", [IOF_LIVE_AGREES] = "agrees",
	[IOF_LIVE_DIFFERS] = "differs", [IOF_LIVE_UNEXPECTED] = "unexpected",
	[IOF_LIVE_MISSING] = "missing", [IOF_LIVE_LEFT_TO_HOST] = "left-to-host",
};

static void put_item(struct emit *e, const struct iof_live_item *item)
{
	emit_object(e, NULL);
	emit_string(e, "result", result_names[item->result]);
	emit_string(e, "subject", item->subject);
	emit_string(e, "property", item->property);
	emit_string(e, "live", item->live);
	emit_string(e, "predicted", item->predicted);
	emit_string(e, "where", item->where);
	emit_string(e, "why", item->why);
	emit_object_end(e);
}

static void put_cpu(struct emit *e, const struct iof_live *live)
{
	emit_object(e, "cpu");
	emit_string(e, "type", live->cpu_type);
	emit_u64(e, "count", live->n_cpus);
	for (size_t i = 0; i < live->n_cpu; i++)
		emit_string(e, live->cpu[i].name, live->cpu[i].value);
	emit_object_end(e);
}

static void put_devices(struct emit *e, const struct iof_live *live)
{
	emit_array(e, "devices");
	for (size_t i = 0; i < live->device_list.n; i++) {
		const struct live_device *device = &live->devices[i];

		emit_object(e, NULL);
		emit_string(e, "path", device->path);
		emit_string(e, "type", device->type);
		emit_bool(e, "hotplugged", device->hotplugged);
		emit_object(e, "properties");
		for (size_t k = 0; k < device->n_properties; k++)
			emit_string(e, device->properties[k].name, device->properties[k].value);
		emit_object_end(e);
		emit_object_end(e);
	}
	emit_array_end(e);
}

static void put_qmp(struct emit *e, const struct iof_live *live)
{
	if (!live->name) {
		emit_null(e, "qmp");
		return;
	}
	emit_object(e, "qmp");
	emit_string(e, "socket", live->name);
	emit_string(e, "name", live->vm_name);
	emit_string(e, "version", live->version);
	emit_string(e, "machine", live->machine);
	emit_string(e, "status", live->status);
	if (live->kvm >= 0)
		emit_bool(e, "kvm", live->kvm);
	else
		emit_null(e, "kvm");
	put_cpu(e, live);
	put_devices(e, live);
	emit_object_end(e);
}

static void put_process(struct emit *e, const struct iof_live *live)
{
	if (!live->has_process) {
		emit_null(e, "process");
		return;
	}
	emit_object(e, "process");
	emit_string(e, "program", live->program);
	emit_bool(e, "replaced", live->is_replaced);
	emit_string(e, "on_disk", live->on_disk);
	if (live->memlock == UINT64_MAX)
		emit_string(e, "memlock", "unlimited");
	else if (live->memlock)
		emit_u64(e, "memlock", live->memlock);
	else
		emit_null(e, "memlock");
	emit_array(e, "vfio");
	for (size_t i = 0; i < live->vfio_list.n; i++) {
		emit_object(e, NULL);
		emit_string(e, "node", live->vfio[i].node);
		emit_string(e, "bdf", live->vfio[i].bdf);
		emit_object_end(e);
	}
	emit_array_end(e);
	emit_object_end(e);
}

static void write_json(struct emit *e, const struct iof_live_comparison *c)
{
	emit_object(e, NULL);
	if (c->live->pid)
		emit_u64(e, "pid", c->live->pid);
	else
		emit_null(e, "pid");
	put_qmp(e, c->live);
	put_process(e, c->live);
	emit_u64(e, "agree", c->count[IOF_LIVE_AGREES]);
	emit_u64(e, "differ",
		 c->count[IOF_LIVE_DIFFERS] + c->count[IOF_LIVE_UNEXPECTED] +
			 c->count[IOF_LIVE_MISSING]);
	emit_array(e, "items");
	for (size_t i = 0; i < c->n_items; i++)
		put_item(e, &c->items[i]);
	emit_array_end(e);
	emit_object_end(e);
}

/* "Live: QEMU 10.0.13, pc-q35-10.0, running, process 4711: 31 values agree, 1 differs." */
static void write_summary(struct emit *e, const struct iof_live_comparison *c)
{
	const struct iof_live *live = c->live;
	size_t agree = c->count[IOF_LIVE_AGREES];
	size_t differ = c->count[IOF_LIVE_DIFFERS] + c->count[IOF_LIVE_UNEXPECTED] +
			c->count[IOF_LIVE_MISSING];
	struct buf text = {0};

	if (live->version)
		buf_printf(&text, "QEMU %.*s, %s, %s, ", (int)strcspn(live->version, " "),
			   live->version, live->machine ? live->machine : "machine not known",
			   live->status);
	if (live->pid)
		buf_printf(&text, "process %" PRIu64 ": ", live->pid);
	else
		buf_puts(&text, "process not known: ");
	if (agree)
		buf_printf(&text, "%zu value%s", agree,
			   agree == 1 ? " agrees with the prediction"
				      : "s agree with the prediction");
	if (differ)
		buf_printf(&text, "%s%zu %s", agree ? ", " : "", differ,
			   differ == 1 ? "differs" : "differ");
	if (!agree && !differ)
		buf_puts(&text, "nothing to compare");
	emit_wrapped(e, 2, "", "Live: %s.", text.err ? "" : text.data);
	if (text.err)
		e->err = e->err ? e->err : -ENOMEM;
	buf_free(&text);
}

static void write_item(struct emit *e, const struct iof_live_item *item)
{
	struct buf text = {0};

	buf_puts(&text, item->subject);
	if (item->property)
		buf_printf(&text, ".%s", item->property);
	buf_printf(&text, ": %s", item->live ? item->live : "not there");
	if (item->predicted && item->result != IOF_LIVE_AGREES)
		buf_printf(&text, ", predicted %s", item->predicted);
	if (item->where)
		buf_printf(&text, " (%s)", item->where);
	if (item->why)
		buf_printf(&text, ". %s", item->why);
	emit_wrapped(e, 6, "  ", "%s", text.err ? "" : text.data);
	if (text.err)
		e->err = e->err ? e->err : -ENOMEM;
	buf_free(&text);
}

static void write_text(struct emit *e, const struct iof_live_comparison *c)
{
	/* /proc alone had nothing to say. */
	if (!c->live->name && !c->n_items)
		return;
	write_summary(e, c);
	for (size_t i = 0; i < c->n_items; i++) {
		if (e->out->verbose || (c->items[i].result != IOF_LIVE_AGREES &&
					c->items[i].result != IOF_LIVE_UNKNOWN))
			write_item(e, &c->items[i]);
	}
}

IOF_EXPORT int iof_live_write(const struct iof_live_comparison *c, const struct iof_output *out)
{
	struct emit e;

	if (out->format > IOF_FORMAT_JSON)
		return -EINVAL;
	emit_begin(&e, out);
	if (out->format == IOF_FORMAT_JSON)
		write_json(&e, c);
	else
		write_text(&e, c);
	return emit_end(&e);
}
