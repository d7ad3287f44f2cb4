// SPDX-License-Identifier: LGPL-2.1-or-later
/* tables.c - the ACPI tables that describe IOMMUs. Everybody sees that they are there, root alone
 * reads them. */
#include "host/acpi_dmar.h"
#include "host/acpi_iort.h"
#include "host/acpi_ivrs.h"
#include "host/acpi_viot.h"
#include "host/loader.h"

#include <errno.h>

#define TABLES "/sys/firmware/acpi/tables"

static int take_dmar(struct loader *load, const char *bytes, size_t length, const char *path)
{
	const struct dmar *dmar;
	int err = dmar_parse(load->ctx, load->texts, bytes, length, path, &dmar);

	if (!err)
		load->host->dmar_haw = dmar->haw;
	return err;
}

static int take_ivrs(struct loader *load, const char *bytes, size_t length, const char *path)
{
	const struct ivrs *ivrs;
	int err = ivrs_parse(load->ctx, load->texts, bytes, length, path, &ivrs);

	if (err)
		return err;
	load->host->ivrs_va_size = ivrs->va_size;
	load->host->ivrs_ht_ats_resv = ivrs->ht_ats_resv;
	return 0;
}

static int take_iort(struct loader *load, const char *bytes, size_t length, const char *path)
{
	return iort_parse(load->ctx, load->texts, bytes, length, path, &load->iort);
}

static int take_viot(struct loader *load, const char *bytes, size_t length, const char *path)
{
	const struct viot *viot;

	return viot_parse(load->ctx, load->texts, bytes, length, path, &viot);
}

static const struct table {
	const char *name;
	size_t has, read; /* offsets of its flags in struct iof_host */
	int (*take)(struct loader *, const char *bytes, size_t length, const char *path);
	const char *tells;
} tables[] = {
	{"DMAR", offsetof(struct iof_host, has_dmar), offsetof(struct iof_host, dmar_read),
	 take_dmar, "the host address width that firmware declares"},
	{"IVRS", offsetof(struct iof_host, has_ivrs), offsetof(struct iof_host, ivrs_read),
	 take_ivrs, "the address size that limits AMD's DMA ranges"},
	{"IORT", offsetof(struct iof_host, has_iort), offsetof(struct iof_host, iort_read),
	 take_iort, "how firmware connects devices to the SMMUs"},
	{"VIOT", offsetof(struct iof_host, has_viot), offsetof(struct iof_host, viot_read),
	 take_viot, "how devices are connected to the virtio-iommu"},
};

static bool *flag(struct iof_host *host, size_t offset)
{
	return (bool *)((char *)host + offset);
}

static int load_table(struct loader *load, const struct table *table)
{
	const char *path = arena_printf(load->texts, TABLES "/%s", table->name);
	const char *shown, *bytes;
	size_t length;
	int err;

	if (!path)
		return fact_no_memory(load);
	err = fact_read(load, load->texts, path, ACPI_TABLE_MAX, &bytes, &length);
	if (err == -ENOENT)
		return 0;
	*flag(load->host, table->has) = true;
	if (err == -EACCES)
		return fact_note(load, path, table->tells);
	if (err)
		return err;
	shown = arena_printf(load->texts, "%s%s", root_name(load->root), path);
	if (!shown)
		return fact_no_memory(load);
	*flag(load->host, table->read) = true;
	load->host->read_as_root = true;
	return table->take(load, bytes, length, shown);
}

int load_tables(struct loader *load)
{
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(tables); i++)
		err = load_table(load, &tables[i]);
	return err;
}
