/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The windows in which OVMF places BARs, by release (edk2
 * OvmfPkg/Library/PlatformInitLib/MemDetect.c and Platform.c, PciHotPlugInitDxe). Releases are
 * numbers as in edk2-stable202211.
 */
#include "vmm/machine.h"
#include "vmm/place.h"

/* What changed, and the first release with it. */
#define DYNAMIC_WINDOW 202211 /* the top eighth of the address space; padding of ports */
#define QUARTER 202611	      /* the top quarter; merged after 202608, in no image seen yet */
#define E820_CONFLICT 202302  /* the window moves below a reserved range */
#define LIMIT_46 202308	      /* 46 bits without 5-level paging; it was 47 */
#define NO_IO_PADDING 202308
#define FIVE_LEVELS 202405
#define GUEST_BITS 202408      /* CPUID's GuestPhysBits are honoured */
#define FOUR_LEVELS 202411     /* back to 4 levels where they are enough */
#define OVERRIDE_ALWAYS 202502 /* X-PciMmio64Mb also where it makes the window smaller */
#define WINDOW_AT_2G 202302    /* q35: 32-bit window from 2 GiB on, ECAM at 0xe0000000 */

#define MAX_WIDTH 57		/* of a CPU with five levels of page tables */
#define DEFAULT_SIZE (32 * GIB) /* PcdPciMmio64Size */
#define OVERRIDE_MAX 0x1000000u /* X-PciMmio64Mb: 16 TiB */

struct window {
	uint64_t base, size;
	bool is_override;
};

static uint64_t pow2_floor(uint64_t value)
{
	return value ? (uint64_t)1 << (63 - __builtin_clzll(value)) : 0;
}

/* MemDetect.c PlatformGetFirstNonAddress: above RAM and the area for memory devices. */
static struct window classic_window(const struct iof_machine *m)
{
	const char *asked = guest_fw_cfg(m, "opt/ovmf/X-PciMmio64Mb");
	uint64_t reserved_end = guest_reserved_memory_end(m);
	struct window w = {guest_ram_end(m), DEFAULT_SIZE, false};
	uint64_t mb;

	if (asked && parse_u64(asked, 0, OVERRIDE_MAX, &mb) == 0) {
		w.size = mb * MIB;
		w.is_override = true;
	}
	if (reserved_end)
		w.base = reserved_end;
	w.size = align_up(w.size, GIB);
	w.base = align_up(align_up(w.base, GIB), pow2_floor(w.size));
	return w;
}

/* MemDetect.c PlatformAddressWidthFromCpuid. 0: the width is not to be trusted. */
static unsigned usable_width(const struct iof_machine *m, const struct window *classic)
{
	uint32_t release = m->guest.firmware.release;
	unsigned guest_bits = release >= GUEST_BITS ? m->vcpu.guest_phys_bits : 0;
	unsigned bits = m->vcpu.phys_bits < MAX_WIDTH ? m->vcpu.phys_bits : MAX_WIDTH;
	bool five_levels = release >= FIVE_LEVELS && m->vcpu.la57;

	if (!guest_width_is_valid(m, guest_bits != 0))
		return 0;
	if (release >= FOUR_LEVELS && classic->base + classic->size < (uint64_t)1 << 40)
		five_levels = false;
	if (guest_bits && bits > guest_bits)
		bits = guest_bits;
	if (five_levels && bits > 48 && !guest_bits)
		bits = 48;
	else if (!five_levels && bits > (release >= LIMIT_46 ? 46u : 47u))
		bits = release >= LIMIT_46 ? 46 : 47;
	return m->vcpu.has_1g_pages || bits <= 40 ? bits : 40;
}

/* MemDetect.c PlatformDynamicMmioWindow. bits: usable_width() */
static struct window find_window(const struct iof_machine *m, unsigned bits)
{
	struct window w = classic_window(m);
	uint32_t release = m->guest.firmware.release;
	struct reserved_e820 used;
	uint64_t space, size;

	if (!bits || (w.is_override && release >= OVERRIDE_ALWAYS))
		return w;
	space = (uint64_t)1 << bits;
	size = space >> (release >= QUARTER ? 2 : 3);
	if (w.size >= size || w.base + size >= space)
		return w;
	w = (struct window){space - size, size, false};
	if (release >= E820_CONFLICT && guest_e820_overlap(m, w.base, w.base + w.size - 1, &used))
		w.base = align_down(used.first - w.size, w.size);
	return w;
}

/* Platform.c PlatformMemMapInitialization */
static void find_low_windows(const struct iof_machine *m, struct edk2_platform *platform)
{
	uint64_t low_end = m->ram[0].last + 1, uc_size;

	if (m->type.family == MACHINE_Q35) {
		platform->io = (struct guest_window){0x6000, 0xffff};
		if (m->guest.firmware.release < WINDOW_AT_2G)
			platform->mem32 = (struct guest_window){0xc0000000, 0xfbffffff};
		else if (low_end <= 2 * GIB)
			platform->mem32 = (struct guest_window){2 * GIB, 0xdfffffff};
		else
			platform->mem32 = (struct guest_window){0xc0000000, 0xdfffffff};
		return;
	}
	uc_size = pow2_floor(4 * GIB - low_end);
	platform->io = (struct guest_window){0xc000, 0xffff};
	platform->mem32 = (struct guest_window){4 * GIB - uc_size, 0xfbffffff};
}

int ovmf_place(struct iof_machine *m)
{
	uint32_t release = m->guest.firmware.release;
	struct edk2_platform platform = {.pad_mem32 = 2 * MIB, .mem64 = {1, 0}};
	struct window w;
	unsigned bits;

	if (!m->n_ram)
		return 0;
	w = classic_window(m);
	bits = release >= DYNAMIC_WINDOW ? usable_width(m, &w) : 0;
	w = find_window(m, bits);
	if (bits &&
	    (w.base + w.size > (uint64_t)1 << bits || guest_ram_end(m) > (uint64_t)1 << bits)) {
		m->guest.unplaced_why = "OVMF does not come up: RAM or its window for 64-bit BARs "
					"lies beyond the address bits that it uses.";
		return 0;
	}
	find_low_windows(m, &platform);
	platform.pad_io = release >= NO_IO_PADDING ? 0 : 512;
	if (w.size)
		platform.mem64 = (struct guest_window){w.base, w.base + w.size - 1};
	if (release >= DYNAMIC_WINDOW && w.size > DEFAULT_SIZE)
		platform.pad_pref64 = pow2_ceil(w.size >> 8);
	return edk2_place(m, &platform);
}
