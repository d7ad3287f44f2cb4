/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The BARs of a guest's PCI function: of an assigned device the host's, of an emulated one what its
 * model has, some sized by its properties. */
#include "vmm/known_bars.h"
#include "vmm/machine.h"
#include "vmm/place.h"

static void set_bar(struct guest_function *function, unsigned index, enum bar_kind kind,
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

static unsigned version_bit(uint32_t version)
{
	return version >= V11_1 ? 4 : version >= V10_0 ? 2 : 1;
}

static unsigned place_bit(const struct iof_machine *m, const struct guest_bus *bus)
{
	for (; bus->bridge; bus = bus->bridge->bus) {
		if (!bus->is_express)
			return BARS_ON_PC;
		return BARS_BEHIND_PORT;
	}
	return m->type.family == MACHINE_I440FX || !bus->is_express ? BARS_ON_PC : BARS_ON_Q35;
}

/* The row that holds for this version and place, else the nearest. */
static const struct known_function *known_function(const char *driver, unsigned version,
						   unsigned place)
{
	const struct known_function *best = NULL;
	size_t low = 0, high = n_known_functions;
	int best_score = -1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(known_functions[middle].driver, driver) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < n_known_functions && str_eq(known_functions[low].driver, driver); low++) {
		const struct known_function *row = &known_functions[low];
		int score = 2 * ((row->where & place) != 0) + ((row->versions & version) != 0);

		if (score > best_score) {
			best = row;
			best_score = score;
		}
	}
	return best;
}

/* What the board has by itself goes by its place; default devices by their model. */
static const struct known_function *known_builtin(const struct guest_function *function,
						  unsigned version, unsigned place)
{
	char name[] = "builtin:00.0";
	static const char digits[] = "0123456789abcdef";
	const struct known_function *known;

	name[8] = digits[function->devfn >> 7 & 1];
	name[9] = digits[function->devfn >> 3 & 15];
	name[11] = digits[function->devfn & 7];
	known = function->bus->bridge ? NULL : known_function(name, version, place);
	return known && known->where & place ? known
					     : known_function(function->driver, version, place);
}

static uint64_t size_property(const struct machine_device *device, const char *key, uint64_t unit)
{
	const char *text = option_value(device->option, key);

	return text ? memory_size(text, unit) : 0;
}

/* BARs whose size a property gives. */
static const struct sized_bar {
	const char *driver;
	const char *property;
	uint64_t unit; /* of a number without a suffix */
	unsigned bar;
	enum bar_kind kind;
	bool is_ram;
} sized_bars[] = {
	{"VGA", "vgamem_mb", MIB, 0, BAR_PREF32, false},
	{"secondary-vga", "vgamem_mb", MIB, 0, BAR_PREF32, false},
	{"bochs-display", "vgamem", 1, 0, BAR_PREF32, false},
	{"qxl", "ram_size", 1, 0, BAR_MEM32, false},
	{"qxl", "ram_size_mb", MIB, 0, BAR_MEM32, false},
	{"qxl", "vram_size", 1, 1, BAR_MEM32, false},
	{"qxl", "vram_size_mb", MIB, 1, BAR_MEM32, false},
	{"qxl-vga", "ram_size", 1, 0, BAR_MEM32, false},
	{"qxl-vga", "ram_size_mb", MIB, 0, BAR_MEM32, false},
	{"qxl-vga", "vram_size", 1, 1, BAR_MEM32, false},
	{"qxl-vga", "vram_size_mb", MIB, 1, BAR_MEM32, false},
	{"qxl", "vram64_size_mb", MIB, 4, BAR_PREF64, false},
	{"qxl-vga", "vram64_size_mb", MIB, 4, BAR_PREF64, false},
	{"vmware-svga", "vgamem_mb", MIB, 1, BAR_PREF32, false},
	{"virtio-vga", "vgamem_mb", MIB, 0, BAR_PREF32, false},
	{"virtio-vga", "hostmem", 1, 4, BAR_PREF64, false},
	{"virtio-vga-gl", "hostmem", 1, 4, BAR_PREF64, false},
	{"virtio-gpu-pci", "hostmem", 1, 4, BAR_PREF64, false},
	{"virtio-gpu-gl-pci", "hostmem", 1, 4, BAR_PREF64, false},
	{"pci-testdev", "membar", 1, 2, BAR_PREF64, false},
};

static void size_by_properties(struct guest_function *function)
{
	const struct machine_device *device = function->device;

	for (size_t i = 0; i < ARRAY_SIZE(sized_bars); i++) {
		const struct sized_bar *rule = &sized_bars[i];
		uint64_t size;

		if (!str_eq(function->driver, rule->driver))
			continue;
		size = size_property(device, rule->property, rule->unit);
		if (size)
			set_bar(function, rule->bar, rule->kind, pow2_ceil(size));
	}
	/* hw/display/qxl.c: the 64-bit BAR is there if it shows more than the 32-bit one */
	if (str_starts(function->driver, "qxl") && function->bar[4].size <= function->bar[1].size)
		function->bar[4].size = 0;
	if (str_eq(function->driver, "pci-testdev") &&
	    option_value(device->option, "membar-backed"))
		function->bar[2].is_ram =
			str_eq(option_value(device->option, "membar-backed"), "on");
}

/* Shared memory in a BAR of its own. */
static void size_by_memory(const struct iof_machine *m, struct guest_function *function)
{
	const char *id = option_value(function->device->option, "memdev");
	uint64_t size = id ? memory_backend_size(m, id) : 0;

	if (!str_starts(function->driver, "ivshmem"))
		return;
	if (size)
		set_bar(function, 2, BAR_PREF64, pow2_ceil(size));
	function->bar[2].is_ram = true;
}

/* BARs that older machine types have otherwise (hw/core/machine.c hw_compat_*). */
static const struct {
	const char *driver;
	unsigned bar;
	uint32_t until; /* machine type's version, exclusive */
	enum bar_kind kind;
	uint64_t size; /* 0: it has none */
} older_bars[] = {
	{"virtio-balloon-pci", 0, QEMU(5, 1, 0), BAR_IO, 0x20},
	{"virtio-balloon-pci", 1, V10_0, BAR_NONE, 0},
	{"virtio-balloon-pci-transitional", 1, V10_0, BAR_NONE, 0},
	{"virtio-balloon-pci-non-transitional", 1, V10_0, BAR_NONE, 0},
	{"virtio-rng-pci", 1, V7_2, BAR_NONE, 0},
	{"virtio-rng-pci-transitional", 1, V7_2, BAR_NONE, 0},
	{"virtio-rng-pci-non-transitional", 1, V7_2, BAR_NONE, 0},
	{"nvme", 0, QEMU(6, 0, 0), BAR_MEM64, 0x2000},
	{"nvme", 4, QEMU(6, 0, 0), BAR_MEM32, 0x1000},
};

static void apply_machine_type(const struct iof_machine *m, struct guest_function *function)
{
	uint32_t version = m->type.version ? m->type.version : QEMU_RELEASE(m->version);

	for (size_t i = 0; i < ARRAY_SIZE(older_bars); i++) {
		/* a virtio device has its I/O BAR in some places only */
		bool is_there =
			function->bar[older_bars[i].bar].size || older_bars[i].kind != BAR_IO;

		if (str_eq(function->driver, older_bars[i].driver) && is_there &&
		    version < older_bars[i].until)
			set_bar(function, older_bars[i].bar, older_bars[i].kind,
				older_bars[i].size);
	}
}

/* romfile= (empty) and rombar=0 take the ROM away. */
static bool has_rom(const struct machine_device *device)
{
	const char *file = option_value(device->option, "romfile");
	const char *bar = option_value(device->option, "rombar");

	return !(file && !*file) && !(bar && (str_eq(bar, "0") || str_eq(bar, "off")));
}

static void take_assigned(struct guest_function *function)
{
	const struct iof_device *host = function->device->host;

	function->class_code = host ? (uint16_t)(host->class_code >> 8) : 0;
	for (unsigned i = 0; host && i < PCI_BARS; i++) {
		const struct pci_bar *bar = &host->bars[i];

		function->bar[i].size = pow2_ceil(bar->size);
		function->bar[i].is_io = bar->is_io;
		function->bar[i].is_64 = bar->is_64;
		function->bar[i].is_prefetchable = bar->is_prefetchable;
	}
	if (host)
		function->bar[GUEST_ROM].size = pow2_ceil(host->rom_size);
}

void guest_find_bars(const struct iof_machine *m, struct guest_function *function)
{
	unsigned version = version_bit(m->version), place = place_bit(m, function->bus);
	const struct machine_device *device = function->device;
	const struct known_function *known;

	if (device && device->kind == DRIVER_VFIO_PCI) {
		take_assigned(function);
	} else {
		known = device ? known_function(function->driver, version, place)
			       : known_builtin(function, version, place);
		for (unsigned i = 0; known && i < ARRAY_SIZE(known->bars); i++) {
			const struct known_bar *bar = &known->bars[i];

			if (bar->kind == BAR_NONE)
				break;
			set_bar(function, bar->index, (enum bar_kind)bar->kind, bar->size);
		}
		function->class_code = known ? known->class_code : 0;
		apply_machine_type(m, function);
	}
	if (!device)
		return;
	size_by_properties(function);
	size_by_memory(m, function);
	if (!has_rom(device))
		function->bar[GUEST_ROM].size = 0;
}
