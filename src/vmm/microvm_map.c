/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory map of microvm, and its PCIe windows if it has PCIe (hw/i386/microvm.c
 * microvm_memory_init, microvm_devices_init; as QEMU 10.0 shows it). */
#include "vmm/machine.h"
#include "vmm/place.h"

#define LOW_RAM (3 * GIB)

static const struct iof_range mmio32 = {0xc0000000, 0xdfffffff};
static const struct iof_range ecam = {0xe0000000, 0xefffffff};

/* The top quarter of what the vCPU addresses is for 64-bit BARs. */
static void add_pcie(struct iof_machine *m)
{
	uint64_t end = m->vcpu.phys_bits < 64 ? (uint64_t)1 << m->vcpu.phys_bits : 0;
	struct iof_range mmio64 = {end - end / 4, end - 1};

	m->board[0] = (struct board_region){IOF_REGION_MMIO32, mmio32, "32-bit window"};
	m->board[1] = (struct board_region){IOF_REGION_ECAM, ecam, "ECAM"};
	m->board[2] = (struct board_region){IOF_REGION_MMIO64, mmio64, "64-bit window"};
	m->n_board = m->vcpu.phys_bits && m->vcpu.phys_bits < 64 ? 3 : 2;
}

/* m->ram_size is known. */
void machine_map_microvm(struct iof_machine *m)
{
	const struct pair *backend = machine_option(m, "memory-backend", NULL);
	const char *name = backend ? backend->value : "microvm.ram";
	uint64_t low = m->ram_size < LOW_RAM ? m->ram_size : LOW_RAM;

	m->ram[0] = (struct ram_block){0, low - 1, name};
	m->ram[1] = (struct ram_block){4 * GIB, 4 * GIB + m->ram_size - low - 1, name};
	m->n_ram = m->ram_size > low ? 2 : 1;
	m->max_used_address = m->ram[m->n_ram - 1].last;
	if (machine_flag(m, "pcie", false))
		add_pcie(m);
}
