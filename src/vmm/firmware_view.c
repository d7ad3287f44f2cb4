/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What firmware asks of the machine before it places BARs: CPUID, e820, fw_cfg. */
#include "vmm/machine.h"
#include "vmm/place.h"

#define HT_FIRST ((uint64_t)0xfd00000000)
#define HT_LAST ((uint64_t)0xffffffffff)

/* OVMF reads the vendor from CPUID 0x80000000, which Intel's CPUs leave empty, and so do vCPUs from
 * machine type 10.1 on (target/i386/cpu.c x-vendor-cpuid-only-v2). SeaBIOS reads leaf 0. */
static bool shows_intel(const struct iof_machine *m)
{
	uint32_t version = m->type.version ? m->type.version : QEMU_RELEASE(m->version);

	return m->vcpu.is_intel && (m->guest.firmware.kind != FIRMWARE_OVMF || version < V10_1);
}

bool guest_width_is_valid(const struct iof_machine *m, bool has_guest_bits)
{
	unsigned bits = m->vcpu.phys_bits;

	if (has_guest_bits || bits >= 41)
		return true;
	return m->vcpu.is_amd ? bits == 40 : shows_intel(m) && (bits == 36 || bits == 39);
}

/* hw/i386/pc.c pc_memory_init of 7.1 and later: the HyperTransport hole is in the table if the vCPU
 * is AMD's and can address it. */
static bool has_ht_entry(const struct iof_machine *m)
{
	return m->vcpu.is_amd && m->vcpu.phys_bits >= 40 &&
	       (m->type.version == 0 || m->type.version >= QEMU(7, 1, 0));
}

bool guest_e820_overlap(const struct iof_machine *m, uint64_t first, uint64_t last,
			struct reserved_e820 *out)
{
	if (has_ht_entry(m) && first <= HT_LAST && last >= HT_FIRST) {
		*out = (struct reserved_e820){HT_FIRST, HT_LAST};
		return true;
	}
	for (size_t i = 0; i < m->n_ram; i++) {
		if (first <= m->ram[i].last && last >= m->ram[i].first) {
			*out = (struct reserved_e820){m->ram[i].first, m->ram[i].last};
			return true;
		}
	}
	return false;
}

uint64_t guest_ram_end(const struct iof_machine *m)
{
	return m->n_ram > 1 ? m->ram[1].last + 1 : 4 * GIB;
}

/* hw/i386/pc.c pc_memory_init: written where there is an area for memory devices. */
uint64_t guest_reserved_memory_end(const struct iof_machine *m)
{
	if (!m->device_memory_size)
		return 0;
	return align_up(m->device_memory_base + m->device_memory_size, GIB);
}

const char *guest_fw_cfg(const struct iof_machine *m, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];
		const char *key =
			option->kind == OPTION_FW_CFG ? option_value(option, "name") : NULL;

		if (key && str_eq(key, name))
			value = option_value(option, "string");
	}
	return value;
}
