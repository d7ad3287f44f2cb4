/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place.h - how firmware puts BARs into the guest's address space: a resolved machine goes in, each
 * guest_bar gets its address.
 */
#ifndef VMM_PLACE_H
#define VMM_PLACE_H

#include "base/units.h"
#include "vmm/guest.h"
#include "vmm/known_bars.h"

#define RESERVE_DEFAULT UINT64_MAX /* a bridge's *-reserve property was not given */

static inline uint64_t align_up(uint64_t value, uint64_t to)
{
	return to ? (value + to - 1) / to * to : value;
}

static inline uint64_t align_down(uint64_t value, uint64_t to)
{
	return to ? value / to * to : value;
}

/* At most 2^63. */
static inline uint64_t pow2_ceil(uint64_t value)
{
	if (value > (uint64_t)1 << 63)
		value = (uint64_t)1 << 63;
	return value <= 1 ? value : (uint64_t)1 << (64 - __builtin_clzll(value - 1));
}

static inline bool is_bridge(const struct guest_function *function)
{
	return function->secondary != NULL;
}

/* guest_bars.c: the BARs that a function has */
void guest_find_bars(const struct iof_machine *, struct guest_function *);
/* sized_bars.c: what the properties of an emulated device change; legacy: a virtio model's I/O BAR
 */
void guest_set_bar(struct guest_function *, unsigned index, enum bar_kind, uint64_t size);
void guest_size_bars(const struct iof_machine *, struct guest_function *,
		     const struct guest_bar *legacy);

/* seabios.c, ovmf.c. 0 or -ENOMEM; where it cannot be said, guest.unplaced_why says why. */
int seabios_place(struct iof_machine *);
int ovmf_place(struct iof_machine *);
int armvirt_place(struct iof_machine *); /* armvirt.c */

/* edk2.c: what MdeModulePkg's PciBusDxe and PciHostBridgeDxe do, whatever platform they run on. */
struct edk2_platform {
	struct guest_window io, mem32,
		mem64; /* apertures of every root bridge; first > last: none */
	uint64_t pad_io, pad_mem32,
		pad_pref64; /* room for hot-plug on each port that can; 0: none */
};
int edk2_place(struct iof_machine *, const struct edk2_platform *);

/* firmware_view.c: what firmware asks of the machine */
struct reserved_e820 {
	uint64_t first, last;
};
/* CPUID 0x80000008 as firmware trusts it: guests of old QEMUs had bogus widths, so both firmwares
 * take some only (edk2 OvmfPkg MemDetect.c, SeaBIOS paravirt.c physbits). */
bool guest_width_is_valid(const struct iof_machine *, bool has_guest_bits);
/* An entry of QEMU's e820 table above 4 GiB that overlaps; NULL: none. */
bool guest_e820_overlap(const struct iof_machine *, uint64_t first, uint64_t last,
			struct reserved_e820 *out);
/* End (exclusive) of RAM above 4 GiB, 4 GiB if there is none. */
uint64_t guest_ram_end(const struct iof_machine *);
/* etc/reserved-memory-end; 0: QEMU gives none. */
uint64_t guest_reserved_memory_end(const struct iof_machine *);
/* -fw_cfg name=NAME,string=...; NULL: not given. */
const char *guest_fw_cfg(const struct iof_machine *, const char *name);

#endif
