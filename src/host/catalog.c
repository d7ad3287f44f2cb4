/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host from the built-in table: its registers are real, its devices are what one would put in. */
#include "host/catalog.h"

#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "host/finish.h"
#include "host/vtd.h"

#define NEWEST_KERNEL "7.2"
#define DISPLAY_CLASS 0x030000u

static const struct catalog_machine *find(const char *name)
{
	for (size_t i = 0; i < catalog_n_machines; i++)
		if (!catalog_machines[i].is_model && str_eq(catalog_machines[i].name, name))
			return &catalog_machines[i];
	return NULL;
}

IOF_EXPORT const char *iof_catalog_next(const char *prev)
{
	size_t i = 0;

	if (prev) {
		while (i < catalog_n_machines && !str_eq(catalog_machines[i].name, prev))
			i++;
		i++;
	}
	while (i < catalog_n_machines && catalog_machines[i].is_model)
		i++;
	return i < catalog_n_machines ? catalog_machines[i].name : NULL;
}

static int fill_units(struct iof_host *host, const struct catalog_machine *machine)
{
	host->units = arena_array(host->arena, machine->n_units, sizeof(*host->units));
	if (!host->units)
		return -ENOMEM;
	host->n_units = machine->n_units;
	for (size_t i = 0; i < machine->n_units; i++) {
		const struct catalog_unit *from = &machine->units[i];

		host->units[i] = (struct iommu_unit){
			.name = from->name,
			.kind = machine->kind,
			.cap = from->cap,
			.ecap = from->ecap,
			.has_cap = machine->kind == IOF_IOMMU_INTEL_VTD,
			.has_ecap = machine->kind == IOF_IOMMU_INTEL_VTD,
			.version_major = from->version_major,
			.version_minor = from->version_minor,
			.efr = from->efr,
			.efr2 = from->efr2,
			.has_efr = machine->kind == IOF_IOMMU_AMD_VI,
			.smmu_features = from->features,
			.has_smmu_features = machine->kind == IOF_IOMMU_ARM_SMMUV3,
			.oas = from->oas,
			.provenance = IOF_PROVENANCE_ASSUMED,
			.path = "data/hosts.tsv",
		};
	}
	return 0;
}

static enum tristate all_units(const struct iof_host *host, bool (*test)(uint64_t ecap))
{
	for (size_t i = 0; i < host->n_units; i++)
		if (!test(host->units[i].ecap))
			return TRI_NO;
	return TRI_YES;
}

static enum tristate any_unit(const struct iof_host *host, bool (*test)(uint64_t ecap))
{
	for (size_t i = 0; i < host->n_units; i++)
		if (test(host->units[i].ecap))
			return TRI_YES;
	return TRI_NO;
}

/* What depends on the kind of IOMMU. */
static void fill_platform(struct iof_host *host, const struct catalog_machine *machine)
{
	host->iommu = machine->kind;
	host->interrupt_remapping = TRI_YES;
	switch (machine->kind) {
	case IOF_IOMMU_INTEL_VTD:
		host->cpu.vendor = "GenuineIntel";
		host->has_dmar = true;
		host->dmar_read = machine->haw != 0;
		host->dmar_haw = machine->haw;
		host->interrupt_remapping = all_units(host, vtd_interrupt_remapping);
		/* CONFIG_INTEL_IOMMU_SCALABLE_MODE_DEFAULT_ON is y. */
		host->scalable_mode = any_unit(host, vtd_smts);
		break;
	case IOF_IOMMU_AMD_VI:
		host->cpu.vendor = "AuthenticAMD";
		host->has_ivrs = host->ivrs_read = true;
		host->ivrs_va_size = 64;
		break;
	default:
		host->cpu.vendor = "";
		host->cpu.is_arm = true;
		host->has_iort = true;
		break;
	}
}

/* Kernel and configuration as a distribution ships them; the options may say otherwise. */
static int fill_kernel(struct iof_host *host, const struct catalog_machine *machine)
{
	host->name = machine->name;
	host->source = arena_printf(host->arena, "cpu:%s", machine->name);
	if (!host->source)
		return -ENOMEM;
	host->is_hypothetical = true;
	host->cpu.model = machine->description;
	host->cpu.phys_bits = machine->phys_bits;
	host->cpu.virt_bits = machine->virt_bits;
	host->cpu.la57 = machine->virt_bits > 48;
	host->kernel_release = NEWEST_KERNEL;
	host->kernel = kernel_version_parse(NEWEST_KERNEL);
	host->kernel_assumed = true;
	host->cmdline = "";
	host->iommufd = host->vfio_group = host->vfio_cdev = TRI_YES;
	host->unsafe_legacy = host->unsafe_iommufd = TRI_NO;
	host->dma_entry_limit = 65535;
	host->page_size = 4096;
	return 0;
}

static int compare_devices(const void *a, const void *b)
{
	const struct pci_address *x = &((const struct iof_device *)a)->address;
	const struct pci_address *y = &((const struct iof_device *)b)->address;

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	return (x->bus << 8 | x->device << 3 | x->function) -
	       (y->bus << 8 | y->device << 3 | y->function);
}

/* A display device with the BARs of a usual one. */
static void fill_device(struct iof_device *device, const struct pci_address *address,
			struct iommu_unit *unit)
{
	*device = (struct iof_device){
		.address = *address,
		.class_code = DISPLAY_CLASS,
		.bars = {[0] = {.size = 16 * MIB},
			 [1] = {.size = 256 * MIB, .is_64 = true, .is_prefetchable = true},
			 [3] = {.size = 32 * MIB, .is_64 = true, .is_prefetchable = true}},
		.driver = "vfio-pci",
		.driver_is_vfio = true,
		.unit = unit,
		.numa_node = -1,
		.is_complete = true,
	};
	format_bdf(address, device->bdf);
}

/* Whether fill_devices() puts a device of its own there. */
static bool is_own(const struct iof_host *host, const struct pci_address *a)
{
	return a->domain == 0 && a->device == 0 && a->function == 0 && a->bus >= 1 &&
	       a->bus <= host->n_units;
}

static void sort_devices(struct iof_host *host)
{
	size_t kept = 0;

	qsort(host->devices, host->n_devices, sizeof(*host->devices), compare_devices);
	for (size_t i = 0; i < host->n_devices; i++)
		if (i == 0 || compare_devices(&host->devices[i], &host->devices[kept - 1]) != 0)
			host->devices[kept++] = host->devices[i];
	host->n_devices = kept;
}

/* One per unit, and behind the first unit those that the options name: they are assumed present
 * too. */
static int fill_devices(struct iof_host *host, const struct iof_host_options *options)
{
	size_t n_named = options && options->devices ? options->n_devices : 0;
	size_t n = 0;

	if (n_named > SIZE_MAX - host->n_units)
		return -ENOMEM;
	host->devices = arena_array(host->arena, host->n_units + n_named, sizeof(*host->devices));
	if (!host->devices)
		return -ENOMEM;
	for (size_t i = 0; i < host->n_units; i++) {
		struct pci_address address = {.bus = (uint8_t)(i + 1)};

		fill_device(&host->devices[n++], &address, &host->units[i]);
	}
	for (size_t i = 0; i < n_named; i++) {
		struct pci_address address;

		if (parse_bdf(options->devices[i], &address) == 0 && !is_own(host, &address))
			fill_device(&host->devices[n++], &address, &host->units[0]);
	}
	host->n_devices = n;
	sort_devices(host);
	return 0;
}

/* Linux: amd_iommu_get_resv_regions, intel_iommu_get_resv_regions, MSI_IOVA_BASE of arm-smmu-v3. */
static int fill_regions(struct iof_host *host, struct iommu_group *group,
			const struct iommu_unit *unit)
{
	static const struct reserved_region msi = {0xfee00000, 0xfeefffff, REGION_MSI};
	static const struct reserved_region software_msi = {0x8000000, 0x80fffff, REGION_MSI};
	static const struct reserved_region hypertransport = {
		UINT64_C(0xfd00000000), UINT64_C(0xffffffffff), REGION_RESERVED};
	/* EFR2.HTRangeIgnore */
	bool hole = unit->kind == IOF_IOMMU_AMD_VI && !(unit->efr2 >> 11 & 1);

	group->regions = arena_array(host->arena, 2, sizeof(*group->regions));
	if (!group->regions)
		return -ENOMEM;
	group->regions[group->n_regions++] =
		unit->kind == IOF_IOMMU_ARM_SMMUV3 ? software_msi : msi;
	if (hole)
		group->regions[group->n_regions++] = hypertransport;
	group->regions_provenance = IOF_PROVENANCE_ASSUMED;
	return 0;
}

static int fill_groups(struct iof_host *host)
{
	host->groups = arena_array(host->arena, host->n_devices, sizeof(*host->groups));
	if (!host->groups)
		return -ENOMEM;
	host->n_groups = host->n_devices;
	for (size_t i = 0; i < host->n_devices; i++) {
		struct iof_device *device = &host->devices[i];
		struct iommu_group *group = &host->groups[i];

		device->host = host;
		device->group = group;
		device->vfio_dev = arena_printf(host->arena, "vfio%zu", i);
		group->id = (unsigned)(i + 1);
		group->type = "DMA-FQ";
		group->devices = arena_array(host->arena, 1, sizeof(*group->devices));
		if (!device->vfio_dev || !group->devices)
			return -ENOMEM;
		group->devices[0] = device;
		group->n_devices = 1;
		if (fill_regions(host, group, device->unit))
			return -ENOMEM;
	}
	return 0;
}

static int fill(struct iof_host *host, const struct catalog_machine *machine,
		const struct iof_host_options *options)
{
	int err = fill_kernel(host, machine);

	if (!err)
		err = fill_units(host, machine);
	if (err)
		return err;
	fill_platform(host, machine);
	err = fill_devices(host, options);
	return err ? err : fill_groups(host);
}

IOF_EXPORT int iof_host_load_catalog(struct iof_ctx *ctx, const char *name,
				     const struct iof_host_options *options, struct iof_host **out)
{
	const struct catalog_machine *machine = find(name);
	struct iof_host *host;
	int err;

	if (!machine)
		return ctx_fail(ctx, -ENOENT, "cpu:%s: not in the catalogue", name);
	if (machine->assumed)
		log_info(ctx, "cpu:%s: assumed: %s", name, machine->assumed);
	host = host_new();
	err = host ? fill(host, machine, options) : -ENOMEM;
	if (err)
		ctx_fail(ctx, err, "out of memory");
	if (!err && options)
		err = host_apply_options(ctx, host, options);
	if (!err)
		err = host_finish(ctx, host);
	if (err) {
		if (host)
			host_free(host);
		return err;
	}
	*out = host;
	return 0;
}
