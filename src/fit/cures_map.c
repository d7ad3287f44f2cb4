/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cures that move things in the guest's address map: the vCPU's width, which firmware goes by, the
 * firmware's own window, the size of a BAR, the area for memory devices. Which of them help is
 * found out by trying.
 */
#include <inttypes.h>

#include "base/units.h"
#include "fit/cures.h"

/* Up to how many bits all assigned devices reach every address above 4 GiB: AMD's have a hole below
 * 2^40. */
static unsigned reachable_bits(const struct iof_machine *m)
{
	unsigned bits = 64;

	for (size_t i = 0; i < m->n_devices; i++) {
		const struct device_iova *iova = m->devices[i].iova;

		for (size_t r = 0; iova && iova->known && r < iova->n; r++) {
			unsigned own = 0;

			if (iova->ranges[r].first > 4 * GIB || iova->ranges[r].last < 4 * GIB)
				continue;
			while (own < 63 && ((uint64_t)2 << own) - 1 <= iova->ranges[r].last)
				own++;
			bits = own < bits ? own : bits;
		}
	}
	return bits;
}

static const char *bits_text(struct fix_list *list, unsigned bits)
{
	return arena_printf(list->arena, "%u", bits);
}

static bool is_on(const char *value)
{
	return value && (str_eq(value, "on") || str_eq(value, "yes") || str_eq(value, "true") ||
			 str_eq(value, "y"));
}

/* Whether the vCPU has the host's width (target/i386/host-cpu.c, kvm-cpu.c). */
static bool has_host_bits(const struct iof_machine *m, const struct vm_option *cpu)
{
	const char *model = option_value(cpu, "model");
	const char *word = option_value(cpu, "host-phys-bits");

	if (word)
		return is_on(word);
	return m->kvm && model && (str_eq(model, "host") || str_eq(model, "max"));
}

/* OVMF goes by guest-phys-bits from 202408 on; SeaBIOS does not. */
static void narrow_firmware(struct fix_list *list, const struct iof_machine *m, size_t option,
			    unsigned bits)
{
	const struct firmware *firmware = &m->guest.firmware;
	struct iof_fix *fix;

	if (m->version < V9_1 || firmware->kind != FIRMWARE_OVMF || firmware->release < 202408)
		return;
	fix = fix_new(list, "The firmware places BARs lower; the guest's CPU keeps its width.");
	if (option != SIZE_MAX)
		fix_set(list, fix, option, "guest-phys-bits", bits_text(list, bits),
			"cpu.guest-phys-bits");
	else
		fix_add(list, fix, "cpu",
			arena_printf(list->arena, DEFAULT_CPU ",guest-phys-bits=%u", bits), 0);
}

static void narrow_cpu(struct fix_list *list, const struct iof_machine *m, size_t option,
		       unsigned bits)
{
	const struct vm_option *cpu = option == SIZE_MAX ? NULL : &m->vm->options[option];
	struct iof_fix *fix = fix_new(
		list, arena_printf(list->arena,
				   "The guest's CPU has %u address bits, so the VM can have no "
				   "more than %" PRIu64 " GiB of RAM and BARs together.",
				   bits, bits < 64 ? ((uint64_t)1 << bits) / GIB : 0));

	if (!cpu)
		fix_add(list, fix, "cpu",
			arena_printf(list->arena, DEFAULT_CPU ",phys-bits=%u", bits), 0);
	else if (has_host_bits(m, cpu))
		fix_set(list, fix, option, "host-phys-bits-limit", bits_text(list, bits),
			"cpu.host-phys-bits-limit");
	else
		fix_set(list, fix, option, "phys-bits", bits_text(list, bits), "cpu.phys-bits");
}

/* 64-bit BARs of all functions; a root port adds as much for hot-plug at most. */
static uint64_t window_need(const struct iof_machine *m)
{
	uint64_t sum = 0, need = 32 * GIB;

	for (const struct guest_bus *bus = m->guest.buses; bus; bus = bus->next) {
		for (const struct guest_function *f = bus->functions; f; f = f->next) {
			for (unsigned i = 0; i < GUEST_ROM; i++)
				sum += f->bar[i].is_64 && f->bar[i].size < (uint64_t)1 << 50
					       ? f->bar[i].size
					       : 0;
		}
	}
	while (need < 2 * sum)
		need *= 2;
	return need;
}

#define MMIO64 "opt/ovmf/X-PciMmio64Mb"

static void set_window(struct fix_list *list, const struct iof_machine *m)
{
	struct iof_fix *fix;
	const char *megabytes;

	if (m->guest.firmware.kind != FIRMWARE_OVMF)
		return;
	megabytes = arena_printf(list->arena, "%" PRIu64, window_need(m) / MIB);
	fix = fix_new(list, "The firmware's window for 64-bit BARs has that many MiB, right above "
			    "the RAM.");
	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];
		const char *name =
			option->kind == OPTION_FW_CFG ? option_value(option, "name") : NULL;

		if (name && str_eq(name, MMIO64)) {
			fix_set(list, fix, i, "string", megabytes, "fw_cfg." MMIO64);
			return;
		}
	}
	fix_add(list, fix, "fw_cfg",
		arena_printf(list->arena, "name=" MMIO64 ",string=%s", megabytes),
		m->vm->n_options);
}

/* The root port above the BAR keeps no more than the BAR needs. */
static void set_reserve(struct fix_list *list, const struct iof_finding *finding)
{
	const struct guest_function *function = finding->mapping.function;
	const struct guest_function *bridge = function ? function->bus->bridge : NULL;
	const struct machine_device *port = bridge ? bridge->device : NULL;
	const char *size;

	if (!port || port->kind != DRIVER_ROOT_PORT || port->option_index == SIZE_MAX ||
	    !function->bar[finding->mapping.bar].is_prefetchable)
		return;
	size = arena_printf(list->arena, "%" PRIu64 "M",
			    (function->bar[finding->mapping.bar].size + MIB - 1) / MIB);
	fix_set(list, fix_new(list, "The port has no room for a larger BAR that is plugged later."),
		port->option_index, "pref64-reserve", size,
		fix_target(list, port, "pref64-reserve"));
}

/* Resizable BAR: the largest smaller size that the device offers, and the smallest. */
static void resize_bar(struct fix_list *list, const struct iof_finding *finding)
{
	const struct guest_function *function = finding->mapping.function;
	const struct iof_device *host =
		function && function->device ? function->device->host : NULL;
	unsigned bar = finding->mapping.bar;
	int smallest = -1;

	if (!host || bar >= PCI_BARS)
		return;
	for (int i = 0; i < 64 && smallest < 0; i++) {
		if (host->bars[bar].resizable >> i & 1 && i < 43 && MIB << i < host->bars[bar].size)
			smallest = i;
	}
	if (smallest < 0)
		return;
	fix_host(list,
		 fix_new(list, "The BAR shows less of the device's memory at once, which can cost "
			       "speed. Unbind the device from its driver first."),
		 arena_printf(list->arena, "bar.%s.%u", host->bdf, bar),
		 arena_printf(list->arena, "%" PRIu64, MIB << smallest),
		 arena_printf(list->arena, "echo %d > /sys/bus/pci/devices/%s/resource%u_resize",
			      smallest, host->bdf, bar));
}

int cure_bar_place(struct fix_list *list, const struct iof_machine *m,
		   const struct iof_finding *finding)
{
	size_t option = last_option(m, OPTION_CPU);
	unsigned bits = reachable_bits(m);

	if (bits >= 32 && bits <= 52) {
		narrow_firmware(list, m, option, bits);
		narrow_cpu(list, m, option, bits);
	}
	set_window(list, m);
	set_reserve(list, finding);
	resize_bar(list, finding);
	return list->err;
}

int cure_wider_intel(struct fix_list *list, const struct iof_machine *m,
		     const struct iof_finding *finding)
{
	const struct machine_device *viommu =
		finding->device && finding->device->viommu ? finding->device->viommu : m->viommu;

	if (viommu && viommu->kind == DRIVER_INTEL_IOMMU && viommu->option_index != SIZE_MAX &&
	    best_intel_width(m) == 48)
		fix_property(list, fix_new(list, "The guest's devices see 256 TiB of IOVA."),
			     viommu, PROPERTY_AW_BITS, "48");
	return list->err;
}

/* As wide as the host's IOMMU is. */
int cure_pool(struct fix_list *list, const struct iof_machine *m, const struct iof_finding *finding)
{
	const struct machine_device *viommu = m->viommu;
	unsigned bits = reachable_bits(m);

	if (!viommu || viommu->kind != DRIVER_VIRTIO_IOMMU)
		return cure_wider_intel(list, m, finding);
	if (viommu->option_index != SIZE_MAX && bits > finding->operand[1].number && bits <= 64)
		fix_property(list,
			     fix_new(list, "The guest's devices see all addresses that the "
					   "host's IOMMU has."),
			     viommu, PROPERTY_AW_BITS, bits_text(list, bits));
	return list->err;
}
