/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BARs of QEMU's device models that are there, or as large, as the device's properties say. */
#include "vmm/known_bars.h"
#include "vmm/machine.h"
#include "vmm/place.h"

void guest_set_bar(struct guest_function *function, unsigned index, enum bar_kind kind,
		   uint64_t size)
{
	function->bar[index] = (struct guest_bar){
		.size = size,
		.address = BAR_UNPLACED,
		.is_io = kind == BAR_IO,
		.is_64 = kind == BAR_MEM64 || kind == BAR_PREF64,
		.is_prefetchable = kind == BAR_PREF32 || kind == BAR_PREF64,
	};
}

static const char *property(const struct guest_function *function, const char *key)
{
	return option_value(function->device->option, key);
}

static uint64_t size_property(const struct guest_function *function, const char *key, uint64_t unit)
{
	const char *text = property(function, key);

	return text ? memory_size(text, unit) : 0;
}

static uint64_t number_property(const struct guest_function *function, const char *key,
				uint64_t otherwise)
{
	const char *text = property(function, key);
	uint64_t value;

	return text && parse_u64(text, 0, UINT32_MAX, &value) == 0 ? value : otherwise;
}

/* BARs whose size a property gives. */
static const struct sized_bar {
	const char *driver;
	const char *property;
	uint64_t unit; /* of a number without a suffix */
	unsigned bar;
	enum bar_kind kind;
} sized_bars[] = {
	{"VGA", "vgamem_mb", MIB, 0, BAR_PREF32},
	{"secondary-vga", "vgamem_mb", MIB, 0, BAR_PREF32},
	{"bochs-display", "vgamem", 1, 0, BAR_PREF32},
	{"qxl", "ram_size", 1, 0, BAR_MEM32},
	{"qxl", "ram_size_mb", MIB, 0, BAR_MEM32},
	{"qxl", "vram_size", 1, 1, BAR_MEM32},
	{"qxl", "vram_size_mb", MIB, 1, BAR_MEM32},
	{"qxl-vga", "ram_size", 1, 0, BAR_MEM32},
	{"qxl-vga", "ram_size_mb", MIB, 0, BAR_MEM32},
	{"qxl-vga", "vram_size", 1, 1, BAR_MEM32},
	{"qxl-vga", "vram_size_mb", MIB, 1, BAR_MEM32},
	{"qxl", "vram64_size_mb", MIB, 4, BAR_PREF64},
	{"qxl-vga", "vram64_size_mb", MIB, 4, BAR_PREF64},
	{"vmware-svga", "vgamem_mb", MIB, 1, BAR_PREF32},
	{"ati-vga", "vgamem_mb", MIB, 0, BAR_PREF32},
	{"virtio-vga", "vgamem_mb", MIB, 0, BAR_PREF32},
	{"pci-testdev", "membar", 1, 2, BAR_PREF64},
	{"nvme", "cmb_size_mb", MIB, 2, BAR_PREF64},
};

static void size_by_properties(struct guest_function *function)
{
	for (size_t i = 0; i < ARRAY_SIZE(sized_bars); i++) {
		const struct sized_bar *rule = &sized_bars[i];
		uint64_t size;

		if (!str_eq(function->driver, rule->driver))
			continue;
		size = size_property(function, rule->property, rule->unit);
		if (size)
			guest_set_bar(function, rule->bar, rule->kind, pow2_ceil(size));
	}
	/* hw/display/qxl.c: the 64-bit BAR is there if it shows more than the 32-bit one; the
	 * other has room for two frames */
	if (str_starts(function->driver, "qxl")) {
		uint64_t frames = 2 * pow2_ceil(size_property(function, "vgamem_mb", MIB));

		if (function->bar[4].size <= function->bar[1].size)
			function->bar[4].size = 0;
		if (function->bar[0].size < frames)
			function->bar[0].size = frames;
	}
	if (str_eq(function->driver, "VGA") && value_is_off(property(function, "mmio")))
		function->bar[2].size = 0;
	if (str_eq(function->driver, "pci-testdev"))
		function->bar[2].is_ram = value_is_on(property(function, "membar-backed"));
}

/* A BAR of its own for MSI-X (hw/pci/msix.c msix_init_exclusive_bar). */
static uint64_t msix_bar_size(uint64_t vectors)
{
	uint64_t pending = vectors * 16 > 2048 ? vectors * 16 : 2048;
	uint64_t end = pending + align_up(vectors, 64) / 8;

	return !vectors || vectors > 2048 ? 0 : pow2_ceil(end > 4 * KIB ? end : 4 * KIB);
}

/* hw/nvme/ctrl.c nvme_mbar_size, nvme_init_pci; before 6.0 MSI-X has a BAR of its own. */
static void size_nvme(const struct iof_machine *m, struct guest_function *function)
{
	uint64_t queues = number_property(function, "max_ioqpairs", 64) + 1;
	uint64_t vectors = number_property(function, "msix_qsize", 65);
	uint64_t size = align_up(4 * KIB + 2 * 4 * queues, 4 * KIB);
	const char *pmr = property(function, "pmrdev");
	bool is_old = m->type.version && m->type.version < QEMU(6, 0, 0);

	if (queues > 65536 || vectors > 2048)
		return; /* refused */
	if (is_old || value_is_on(property(function, "msix-exclusive-bar"))) {
		guest_set_bar(function, 4, BAR_MEM32, msix_bar_size(vectors));
	} else {
		size = align_up(size + 16 * vectors, 4 * KIB) + align_up(vectors, 64) / 8;
		if (pmr)
			guest_set_bar(function, 4, BAR_PREF64,
				      pow2_ceil(memory_backend_size(m, pmr)));
	}
	guest_set_bar(function, 0, BAR_MEM64, pow2_ceil(size));
}

/* The BAR with the queues' doorbells. */
static unsigned virtio_modern_bar(const struct guest_function *function)
{
	return function->bar[4].is_prefetchable ? 4 : 2; /* virtio-vga has it lower */
}

static unsigned virtio_msix_bar(const struct guest_function *function)
{
	return virtio_modern_bar(function) == 4 ? 1 : 4;
}

/* disable-legacy=auto: the I/O BAR of LEGACY is there but for PCIe ports; the table's row knows. */
static void set_virtio_interface(struct guest_function *function, const struct guest_bar *legacy)
{
	const char *no_legacy = property(function, "disable-legacy");
	unsigned modern = virtio_modern_bar(function);

	if (legacy->size && value_is_off(no_legacy))
		guest_set_bar(function, 0, BAR_IO, legacy->size);
	else if (legacy->size && value_is_on(no_legacy))
		function->bar[0].size = 0;
	if (legacy->size && value_is_on(property(function, "disable-modern")))
		function->bar[modern].size = 0;
	else if (value_is_on(property(function, "modern-pio-notify")))
		guest_set_bar(function, modern == 4 ? 2 : 5, BAR_IO, 4);
}

/* hw/virtio/virtio-pci.c virtio_pci_realize, virtio_pci_device_plugged */
static void size_virtio(struct guest_function *function, const struct guest_bar *legacy)
{
	const char *vectors = property(function, "vectors");
	uint64_t hostmem = str_starts(function->driver, "virtio-vga") ||
					   str_starts(function->driver, "virtio-gpu")
				   ? size_property(function, "hostmem", 1)
				   : 0;
	unsigned modern = virtio_modern_bar(function), msix = virtio_msix_bar(function);
	struct guest_bar moved = function->bar[msix];

	if (vectors)
		guest_set_bar(function, msix, BAR_MEM32,
			      msix_bar_size(number_property(function, "vectors", 0)));
	else if (property(function, "num_queues") || property(function, "num-queues"))
		/* virtio-scsi has three more queues, and each model one vector for its config */
		guest_set_bar(function, msix, BAR_MEM32,
			      msix_bar_size(number_property(function,
							    property(function, "num_queues")
								    ? "num_queues"
								    : "num-queues",
							    1) +
					    4));
	if (value_is_on(property(function, "page-per-vq")))
		function->bar[modern].size = 8 * MIB;
	set_virtio_interface(function, legacy);
	if (!hostmem)
		return;
	/* hw/display/virtio-gpu-pci.c, virtio-vga.c: it takes the place of BAR 4 */
	if (modern == 4)
		function->bar[2] = function->bar[4];
	else
		function->bar[1] = moved;
	guest_set_bar(function, 4, BAR_PREF64, pow2_ceil(hostmem));
}

/* Shared memory in a BAR of its own. */
static void size_ivshmem(const struct iof_machine *m, struct guest_function *function)
{
	const char *id = property(function, "memdev");
	uint64_t size = id ? memory_backend_size(m, id) : 0;

	if (size)
		guest_set_bar(function, 2, BAR_PREF64, pow2_ceil(size));
	function->bar[2].is_ram = true;
}

void guest_size_bars(const struct iof_machine *m, struct guest_function *function,
		     const struct guest_bar *legacy)
{
	size_by_properties(function);
	if (str_eq(function->driver, "nvme"))
		size_nvme(m, function);
	else if (str_starts(function->driver, "virtio-"))
		size_virtio(function, legacy);
	else if (str_starts(function->driver, "ivshmem"))
		size_ivshmem(m, function);
	else if (str_eq(function->driver, "pci-bridge") && value_is_off(property(function, "shpc")))
		function->bar[0].size = 0; /* the hot-plug controller's */
}
