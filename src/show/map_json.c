/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* map_json.c - the address map as schema iommufit.map/1 (docs/schema/map.json). */
#include <errno.h>

#include "show/map_show.h"
#include "show/names.h"

static void put_firmware(struct emit *e, const struct iof_machine *machine)
{
	emit_object(e, "firmware");
	emit_string(e, "name", iof_machine_firmware(machine));
	emit_string(e, "provenance", iof_machine_firmware_provenance(machine));
	emit_string(e, "unplaced", iof_machine_unplaced(machine));
	emit_object_end(e);
}

static void put_host(struct emit *e, const struct iof_host *host)
{
	emit_object(e, "host");
	emit_string(e, "name", iof_host_name(host));
	emit_string(e, "kernel", iof_host_kernel(host));
	emit_string(e, "iommu", name_iommu(iof_host_iommu(host)));
	emit_object_end(e);
}

/* null: not known, or there is nothing that maps. */
static void put_ranges(struct emit *e, const struct map_view *view)
{
	if (view->ranges_error) {
		emit_null(e, "ranges");
		return;
	}
	emit_array(e, "ranges");
	for (size_t i = 0; i < view->n_ranges; i++)
		emit_range(e, NULL, &view->ranges[i]);
	emit_array_end(e);
}

static void put_item(struct emit *e, const struct map_item *item)
{
	emit_object(e, NULL);
	emit_string(e, "kind", name_region(item->kind));
	emit_string(e, "name", item->name);
	emit_string(e, "device", item->device);
	if (item->bar >= 0)
		emit_i64(e, "bar", item->bar);
	else
		emit_null(e, "bar");
	emit_hex(e, "start", item->range.first);
	emit_hex(e, "end", item->range.last);
	emit_u64(e, "size", map_range_size(item->range));
	emit_bool(e, "mapped", item->is_mapped);
	emit_string(e, "fits", map_fit_name(item->fit));
	if (item->fit == IOF_FIT_NO)
		emit_range(e, "outside", &item->outside);
	else
		emit_null(e, "outside");
	emit_string(e, "provenance", name_provenance(item->provenance));
	emit_object_end(e);
}

static void put_findings(struct emit *e, struct iof_report *report)
{
	const struct iof_finding *finding;

	emit_array(e, "findings");
	iof_report_finding_foreach(report, finding)
	{
		if (map_is_concerned(finding))
			json_finding(e, report, finding);
	}
	emit_array_end(e);
}

void map_write_json(struct emit *e, struct iof_report *report, const struct map_view *view)
{
	const char *sentence = map_sentence(report, view);

	if (!sentence) {
		e->err = e->err ? e->err : -ENOMEM;
		return;
	}
	emit_object(e, NULL);
	emit_string(e, "schema", "iommufit.map/1");
	emit_string(e, "verdict", name_verdict(iof_report_verdict(report)));
	emit_string(e, "summary", sentence);
	put_host(e, report->host);
	json_vmm(e, report);
	put_firmware(e, report->machine);
	put_ranges(e, view);
	emit_array(e, "regions");
	for (size_t i = 0; i < view->n_items; i++)
		put_item(e, &view->items[i]);
	emit_array_end(e);
	put_findings(e, report);
	report_write_part(e, report);
	emit_object_end(e);
}
