/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The BARs of a guest's PCI function: of an assigned device the host's, of an emulated one what its
 * model has, some sized by its properties. */
#include "vmm/known_bars.h"
#include "vmm/machine.h"
#include "vmm/place.h"

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

/* BARs that older machine types have otherwise (hw/core/machine.c hw_compat_*). */
static const struct {
	const char *driver; /* and its variants: virtio-rng-pci-transitional */
	unsigned bar;
	uint32_t until; /* machine type's version, exclusive */
	enum bar_kind kind;
	uint64_t size; /* 0: it has none */
} older_bars[] = {
	{"virtio-balloon", 0, QEMU(5, 1, 0), BAR_IO, 0x20},
	{"virtio-balloon", 1, V10_0, BAR_NONE, 0},
	{"virtio-mem", 1, V10_0, BAR_NONE, 0},
	{"virtio-rng", 1, V7_2, BAR_NONE, 0},
};

static void apply_machine_type(const struct iof_machine *m, struct guest_function *function)
{
	uint32_t version = m->type.version ? m->type.version : QEMU_RELEASE(m->version);

	for (size_t i = 0; i < ARRAY_SIZE(older_bars); i++) {
		/* a virtio device has its I/O BAR in some places only */
		bool is_there =
			function->bar[older_bars[i].bar].size || older_bars[i].kind != BAR_IO;

		if (str_starts(function->driver, older_bars[i].driver) && is_there &&
		    version < older_bars[i].until)
			guest_set_bar(function, older_bars[i].bar, older_bars[i].kind,
				      older_bars[i].size);
	}
}

/* romfile= (empty) and rombar=0 take the ROM away. */
static void size_rom(struct guest_function *function)
{
	const struct vm_option *option = function->device->option;
	const char *file = option_value(option, "romfile"), *bar = option_value(option, "rombar");
	const char *size = option_value(option, "romsize");
	bool has_none = (file && !*file) || (bar && (str_eq(bar, "0") || str_eq(bar, "off")));

	if (has_none)
		function->bar[GUEST_ROM].size = 0;
	else if (size && function->bar[GUEST_ROM].size)
		function->bar[GUEST_ROM].size = pow2_ceil(memory_size(size, 1));
}

/* The I/O BAR that a virtio model has where it may have one; size 0: it never has. */
static struct guest_bar legacy_bar(const char *driver, unsigned version)
{
	const struct known_function *known = known_function(driver, version, BARS_ON_PC);

	if (!known || known->bars[0].index != 0 || known->bars[0].kind != BAR_IO)
		return (struct guest_bar){0};
	return (struct guest_bar){.size = known->bars[0].size, .is_io = true};
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
			guest_set_bar(function, bar->index, (enum bar_kind)bar->kind, bar->size);
		}
		function->class_code = known ? known->class_code : 0;
		apply_machine_type(m, function);
	}
	if (!device && str_eq(function->driver, "virtio-net-pci"))
		function->bar[1].size = 0; /* -nic gives it no MSI-X vectors */
	if (device) {
		struct guest_bar legacy = legacy_bar(function->driver, version);

		guest_size_bars(m, function, &legacy);
		size_rom(function);
	}
}
