// SPDX-License-Identifier: LGPL-2.1-or-later
/* worlds.c - the possible values of what is not known about a host, and how one could find out. */
#include "host/worlds.h"
#include "host/loader.h"
#include "host/vtd.h"

struct axis {
	const char *fact;
	const char *how;
};

struct guesses {
	struct guess *items;
	size_t n;
};

static void missing(struct iof_host *host, const char *fact, const char *how)
{
	if (host->missing_fact)
		return;
	host->missing_fact = fact;
	host->missing_how = how;
}

/* Every guess once per value; what does not fit any more is left out, which is why the likely
 * values come first. */
static void multiply(struct guesses *all, size_t n_values,
		     void (*set)(struct guess *, size_t value))
{
	size_t before = all->n;

	for (size_t value = 1; value < n_values; value++)
		for (size_t i = 0; i < before && all->n < MAX_WORLDS; i++) {
			all->items[all->n] = all->items[i];
			set(&all->items[all->n++], value);
		}
	for (size_t i = 0; i < before; i++)
		set(&all->items[i], 0);
}

/* ---- Intel: scalable mode ---- */

static bool any_scalable_unit(const struct iof_host *host)
{
	for (size_t i = 0; i < host->n_units; i++)
		if (host->units[i].has_ecap && vtd_smts(host->units[i].ecap))
			return true;
	return false;
}

/* Linux 7.2 drivers/iommu/intel/Kconfig; the option came with 5.6, before that scalable mode had to
 * be asked for. */
static enum tristate scalable_by_default(const struct iof_host *host)
{
	struct config_text value;

	if (host->config)
		return config_value(host->config, "CONFIG_INTEL_IOMMU_SCALABLE_MODE_DEFAULT_ON",
				    &value) &&
				       *value.text == 'y'
			       ? TRI_YES
			       : TRI_NO;
	return kernel_at_least(host, 5, 6) ? TRI_UNKNOWN : TRI_NO;
}

static void decide_scalable(struct iof_host *host)
{
	if (host->iommu != IOF_IOMMU_INTEL_VTD || !any_scalable_unit(host)) {
		host->scalable_mode = TRI_NO;
		return;
	}
	switch (cmdline_last(host->cmdline, "intel_iommu", "sm_on", "sm_off")) {
	case 1:
		host->scalable_mode = TRI_YES;
		break;
	case 2:
		host->scalable_mode = TRI_NO;
		break;
	default:
		host->scalable_mode = scalable_by_default(host);
	}
}

static void set_scalable(struct guess *guess, size_t value)
{
	guess->scalable = value == 0;
	guess->text = value == 0 ? "scalable mode on" : "scalable mode off";
}

static void guess_scalable(struct iof_host *host, struct guesses *all)
{
	if (host->scalable_mode == TRI_UNKNOWN)
		decide_scalable(host);
	for (size_t i = 0; i < all->n; i++)
		all->items[i].scalable = host->scalable_mode == TRI_YES;
	if (host->scalable_mode != TRI_UNKNOWN)
		return;
	missing(host, "whether the kernel uses scalable mode",
		"make the kernel configuration (/boot/config-RELEASE) readable, or boot with "
		"intel_iommu=sm_on or intel_iommu=sm_off");
	multiply(all, 2, set_scalable);
}

/* ---- kernels of distributions that take over code from newer ones ---- */

/* The newest upstream kernel whose IOMMU code they may have. */
static const struct vendor_kernel {
	const char *mark;
	unsigned major, minor;
	const char *text;
} vendor_kernels[] = {
	{".el8", 6, 1, "IOMMU code as in Linux 6.1"},
	{".el9", 6, 14, "IOMMU code as in Linux 6.14"},
	{".el10", 6, 18, "IOMMU code as in Linux 6.18"},
};

static const struct vendor_kernel *find_vendor(const struct iof_host *host)
{
	for (size_t i = 0; !host->kernel_assumed && i < ARRAY_SIZE(vendor_kernels); i++) {
		const char *at = strstr(host->kernel_release, vendor_kernels[i].mark);
		char next = at ? at[strlen(vendor_kernels[i].mark)] : 'x';

		if (next == '\0' || next == '.' || next == '_')
			return &vendor_kernels[i];
	}
	return NULL;
}

static void guess_kernel(struct iof_host *host, struct guesses *all)
{
	const struct vendor_kernel *vendor = find_vendor(host);
	size_t before = all->n;

	all->items[0].kernel_major = host->kernel.major;
	all->items[0].kernel_minor = host->kernel.minor;
	if (!vendor)
		return;
	missing(host, "what this vendor's kernel took over from newer ones",
		"ask the kernel itself with a device bound to vfio-pci (iommufit probe)");
	for (size_t i = 0; i < before && all->n < MAX_WORLDS; i++) {
		all->items[all->n] = all->items[i];
		all->items[all->n].kernel_major = vendor->major;
		all->items[all->n].kernel_minor = vendor->minor;
		all->items[all->n++].text = vendor->text;
	}
}

/* ---- AMD: the address size of the IVRS ---- */

static void set_va_size(struct guess *guess, size_t value)
{
	static const struct {
		unsigned bits;
		const char *text;
	} sizes[] = {{64, "IVRS VAsize 64"},
		     {48, "IVRS VAsize 48"},
		     {40, "IVRS VAsize 40"},
		     {32, "IVRS VAsize 32"}};

	guess->va_size = sizes[value].bits;
	guess->text = sizes[value].text;
}

static void guess_va_size(struct iof_host *host, struct guesses *all)
{
	for (size_t i = 0; i < all->n; i++)
		all->items[i].va_size = host->ivrs_va_size;
	/* A profile may know the size without having the table. */
	if (host->iommu != IOF_IOMMU_AMD_VI || host->ivrs_read || host->ivrs_va_size)
		return;
	missing(host, "VAsize of the ACPI table IVRS, which limits the DMA addresses",
		"run as root, which may read /sys/firmware/acpi/tables/IVRS");
	multiply(all, 4, set_va_size);
}

/* ---- Arm: what only the kernel log says ---- */

static bool smmu_is_silent(const struct iof_host *host)
{
	for (size_t i = 0; i < host->n_units; i++)
		if (host->units[i].kind == IOF_IOMMU_ARM_SMMUV3 &&
		    !host->units[i].has_smmu_features && !host->units[i].has_idr)
			return true;
	return false;
}

static void set_smmu(struct guess *guess, size_t value)
{
	static const struct {
		bool stage2_only, vax;
		unsigned va_bits, width;
		const char *text;
	} kinds[] = {
		{false, false, 48, 48, "first stage, 48-bit addresses"},
		{false, true, 52, 52, "first stage, 52-bit addresses"},
		{false, false, 39, 48, "first stage, kernel with 39-bit addresses"},
		{true, false, 48, 44, "second stage only, 44-bit addresses"},
		{true, false, 48, 42, "second stage only, 42-bit addresses"},
		{true, false, 48, 40, "second stage only, 40-bit addresses"},
		{true, false, 48, 36, "second stage only, 36-bit addresses"},
		{true, false, 48, 32, "second stage only, 32-bit addresses"},
	};

	guess->stage2_only = kinds[value].stage2_only;
	guess->vax = kinds[value].vax;
	guess->va_bits = kinds[value].va_bits;
	guess->width = kinds[value].width;
	guess->text = kinds[value].text;
}

static void set_va_bits(struct guess *guess, size_t value)
{
	static const struct {
		unsigned bits;
		const char *text;
	} sizes[] = {{48, "kernel with 48-bit addresses"},
		     {52, "kernel with 52-bit addresses"},
		     {39, "kernel with 39-bit addresses"}};

	guess->va_bits = sizes[value].bits;
	guess->text = sizes[value].text;
}

static void guess_smmu(struct iof_host *host, struct guesses *all)
{
	if (host->iommu != IOF_IOMMU_ARM_SMMUV3)
		return;
	for (size_t i = 0; i < all->n; i++)
		all->items[i].va_bits = host->cpu.virt_bits;
	if (smmu_is_silent(host)) {
		missing(host, "the features and the address size of the SMMU",
			"run as root, which may read the kernel log (lines with arm-smmu-v3), or "
			"ask the kernel with a device bound to vfio-pci (iommufit probe)");
		multiply(all, MAX_WORLDS, set_smmu);
	} else if (!host->cpu.virt_bits && !host->is_hypothetical) {
		missing(host, "the width of the kernel's own addresses (CONFIG_ARM64_VA_BITS)",
			"make the kernel configuration (/boot/config-RELEASE) readable");
		multiply(all, 3, set_va_bits);
	}
}

static bool virtio_is_silent(const struct iof_host *host)
{
	for (size_t i = 0; i < host->n_units; i++)
		if (host->units[i].kind == IOF_IOMMU_VIRTIO && !host->units[i].input_bits)
			return true;
	return false;
}

/* Any width from 32 to 64 is possible; what holds at both ends holds between them. */
static void set_virtio(struct guess *guess, size_t value)
{
	static const struct {
		unsigned bits;
		const char *text;
	} widths[] = {
		{48, "48-bit virtio-iommu"}, {39, "39-bit virtio-iommu"},
		{64, "64-bit virtio-iommu"}, {32, "32-bit virtio-iommu"},
		{57, "57-bit virtio-iommu"}, {52, "52-bit virtio-iommu"},
		{42, "42-bit virtio-iommu"}, {36, "36-bit virtio-iommu"},
	};

	guess->width = widths[value].bits;
	guess->text = widths[value].text;
}

static void guess_virtio(struct iof_host *host, struct guesses *all)
{
	if (host->iommu != IOF_IOMMU_VIRTIO || !virtio_is_silent(host))
		return;
	missing(host, "the address width of the virtio-iommu",
		"run as root, which may read the kernel log (lines with virtio_iommu), or ask the "
		"kernel with a device bound to vfio-pci (iommufit probe)");
	multiply(all, MAX_WORLDS, set_virtio);
}

size_t host_guesses(struct iof_host *host, struct guess out[MAX_WORLDS])
{
	struct guesses all = {.items = out, .n = 1};

	memset(out, 0, sizeof(*out) * MAX_WORLDS);
	guess_kernel(host, &all);
	guess_scalable(host, &all);
	guess_va_size(host, &all);
	guess_smmu(host, &all);
	guess_virtio(host, &all);
	return all.n;
}
