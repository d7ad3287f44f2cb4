/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory map of Arm's virt (hw/arm/virt.c base_memmap, virt_set_memmap, virt_set_high_memmap):
 * RAM from 1 GiB, the area for memory devices behind it, then what fits below the vCPU's address
 * limit of the high regions. The same for QEMU 7.2, 10.0 and 11.1 (lab/firmware/virt.py).
 */
#include "vmm/machine.h"
#include "vmm/place.h"

#define RAM_BASE GIB
#define HIGH_BASE (256 * GIB) /* never lower: the legacy map has up to 255 GiB of RAM there */
#define MAX_SLOTS 256	      /* ACPI_MAX_RAM_SLOTS */
#define GICV2_CPUS 8	      /* GIC_NCPU */
#define KVM_PA_BITS 48	      /* where the host's limit is not known */

static const struct iof_range mmio32 = {0x10000000, 0x3efeffff};
static const struct iof_range low_ecam = {0x3f000000, 0x3fffffff};
static const struct iof_range its = {0x08090000, 0x0809ffff}; /* GITS_TRANSLATER's frame */
static const struct iof_range gicv2m = {0x08020000, 0x08020fff};

/* Widths of addresses by CPU model: ID_AA64MMFR0_EL1.PARange (target/arm/tcg/cpu64.c), 40 bits with
 * LPAE (arm_pamax). Asked of QEMU 7.2, 10.0 and 11.1. */
static const struct {
	const char *name;
	unsigned bits;
	bool is_32;
} cpus[] = {
	{"max", 52, false},	    {"cortex-a35", 40, false},	{"cortex-a53", 40, false},
	{"cortex-a55", 40, false},  {"cortex-a57", 44, false},	{"cortex-a72", 44, false},
	{"cortex-a76", 40, false},  {"cortex-a710", 40, false}, {"a64fx", 40, false},
	{"neoverse-n1", 48, false}, {"neoverse-n2", 48, false}, {"neoverse-v1", 48, false},
	{"cortex-a7", 40, true},    {"cortex-a15", 40, true},
};

/* extended_memmap, in its order; each is aligned to its own size. */
enum high { HIGH_REDIST, HIGH_CXL, HIGH_ECAM, HIGH_MMIO, N_HIGH };
static const struct {
	const char *option; /* NULL: it takes no room in the compact layout */
	uint64_t size;
	uint32_t since; /* QEMU version; 0: always */
} high_regions[N_HIGH] = {
	[HIGH_REDIST] = {"highmem-redists", 64 * MIB, 0},
	[HIGH_CXL] = {NULL, MIB, V10_1},
	[HIGH_ECAM] = {"highmem-ecam", 256 * MIB, 0},
	[HIGH_MMIO] = {"highmem-mmio", 512 * GIB, 0},
};

/* Options and the version that brought them. */
static const struct {
	const char *option;
	uint32_t since;
} options[] = {
	{"compact-highmem", V8_0}, {"highmem-redists", V8_0},	 {"highmem-ecam", V8_0},
	{"highmem-mmio", V8_0},	   {"highmem-mmio-size", V10_0},
};

static bool type_is_after(const struct iof_machine *m, uint32_t version)
{
	return m->type.version == 0 || m->type.version > version;
}

static const char *cpu_model(const struct iof_machine *m)
{
	const struct vm_option *cpu;
	const char *model = NULL;

	for (size_t n = 0; (cpu = vm_option_nth(m->vm, OPTION_CPU, n)); n++)
		model = option_value(cpu, "model");
	return model ? model : "cortex-a15";
}

/* KVM's limit (KVM_CAP_ARM_VM_IPA_SIZE) is that of the host's CPU. */
static unsigned address_bits(struct iof_machine *m, bool *is_32)
{
	const char *model = cpu_model(m);

	*is_32 = false;
	m->map_is_assumed = m->kvm;
	for (size_t i = 0; i < ARRAY_SIZE(cpus) && !m->kvm; i++) {
		if (!str_eq(model, cpus[i].name))
			continue;
		*is_32 = cpus[i].is_32;
		return cpus[i].bits;
	}
	m->map_is_assumed = !(m->kvm && m->host->cpu.is_arm && m->host->cpu.phys_bits);
	return m->map_is_assumed ? KVM_PA_BITS : m->host->cpu.phys_bits;
}

static void refuse(struct iof_machine *m, enum problem_kind kind, const char *option,
		   struct message message)
{
	size_t index = SIZE_MAX;
	const struct pair *pair = option ? machine_option(m, option, &index) : NULL;

	machine_problem(m, kind, index, pair, option ? option : "memory", message);
}

/* Set when the machine is made, before its memory is laid out. */
static bool check_options(struct iof_machine *m)
{
	const struct pair *pair = machine_option(m, "highmem-mmio-size", NULL);
	uint64_t size = pair ? memory_size(pair->value, 1) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (m->version >= options[i].since || !machine_option(m, options[i].option, NULL))
			continue;
		refuse(m, PROBLEM_MACHINE_OPTION, options[i].option,
		       MESSAGE2("Property '{0}-machine.{1}' not found", m->type_name,
				options[i].option));
		return false;
	}
	if (size & (size - 1))
		refuse(m, PROBLEM_MACHINE_OPTION, "highmem-mmio-size",
		       (struct message){.text = "highmem-mmio-size is not a power of 2"});
	else if (size && size < high_regions[HIGH_MMIO].size)
		refuse(m, PROBLEM_MACHINE_OPTION, "highmem-mmio-size",
		       (struct message){.text = "highmem-mmio-size cannot be set to a lower value "
						"than the default (512 GiB)"});
	else
		return true;
	return false;
}

static void add_board(struct iof_machine *m, enum iof_region_kind kind, const char *name,
		      struct iof_range range)
{
	if (m->n_board < ARRAY_SIZE(m->board))
		m->board[m->n_board++] = (struct board_region){kind, range, name};
}

static uint64_t high_size(const struct iof_machine *m, enum high i)
{
	const struct pair *pair = machine_option(m, "highmem-mmio-size", NULL);
	uint64_t size = i == HIGH_MMIO && pair ? memory_size(pair->value, 1) : 0;

	return size ? size : high_regions[i].size;
}

static bool high_is_wanted(const struct iof_machine *m, enum high i, bool is_32)
{
	if (i == HIGH_ECAM && is_32 && m->vm->has_firmware)
		return false;
	if (i == HIGH_ECAM && !type_is_after(m, QEMU(3, 0, 0)))
		return false;
	return high_regions[i].option && machine_flag(m, high_regions[i].option, true);
}

/* A region that does not fit is left out. The compact layout, since 8.0 and off for types to 7.1,
 * gives its room to the next. */
static void place_high(struct iof_machine *m, uint64_t base, unsigned bits, bool is_32)
{
	bool is_compact = m->version >= V8_0 &&
			  machine_flag(m, "compact-highmem", type_is_after(m, QEMU(7, 1, 0)));
	struct iof_range at[N_HIGH] = {{0, 0}};

	for (enum high i = 0; i < N_HIGH; i++) {
		uint64_t size = high_size(m, i), start = align_up(base, size);
		bool fits = start + size <= (uint64_t)1 << bits;

		if (m->version < high_regions[i].since)
			continue;
		if (fits && high_is_wanted(m, i, is_32))
			at[i] = (struct iof_range){start, start + size - 1};
		if (!is_compact || at[i].last)
			base = start + size;
		if (fits && (!is_compact || at[i].last))
			m->max_used_address = base - 1;
	}
	add_board(m, IOF_REGION_MMIO32, "32-bit window", mmio32);
	add_board(m, IOF_REGION_ECAM, "ECAM", at[HIGH_ECAM].last ? at[HIGH_ECAM] : low_ecam);
	m->guest.mmio32 = (struct guest_window){mmio32.first, mmio32.last};
	m->guest.mmio64 = (struct guest_window){1, 0};
	if (!at[HIGH_MMIO].last)
		return;
	add_board(m, IOF_REGION_MMIO64, "64-bit window", at[HIGH_MMIO]);
	m->guest.mmio64 = (struct guest_window){at[HIGH_MMIO].first, at[HIGH_MMIO].last};
}

static uint64_t smp_value(const struct vm_option *smp, const char *key, uint64_t unset)
{
	const char *text = smp ? option_value(smp, key) : NULL;
	uint64_t value;

	return text && parse_u64(text, 0, 4096, &value) == 0 && value ? value : unset;
}

static uint64_t max_cpus(const struct iof_machine *m)
{
	const struct vm_option *smp = NULL, *next;
	uint64_t product;

	for (size_t n = 0; (next = vm_option_nth(m->vm, OPTION_SMP, n)); n++)
		smp = next;
	product = smp_value(smp, "sockets", 1) * smp_value(smp, "clusters", 1) *
		  smp_value(smp, "cores", 1) * smp_value(smp, "threads", 1);
	return smp_value(smp, "maxcpus", smp_value(smp, "cpus", product));
}

/* finalize_gic_version: TCG makes a GICv2 where it can, and 7.2 also where it cannot; with KVM the
 * host's GIC decides, which has been a GICv3 in all servers. */
static bool has_gicv3(const struct iof_machine *m)
{
	const struct pair *gic = machine_option(m, "gic-version", NULL);

	if (gic)
		return !str_eq(gic->value, "2");
	return m->kvm || (max_cpus(m) > GICV2_CPUS && m->version >= V8_0);
}

/* create_its, create_v2m; msi= came with 11.0. */
static const char *msi_kind(const struct iof_machine *m, bool is_v3)
{
	const struct pair *msi = machine_option(m, "msi", NULL);
	const char *kind = msi ? msi->value : "auto";

	if (str_eq(kind, "auto"))
		kind = !is_v3 ? "gicv2m" : (machine_flag(m, "its", true) ? "its" : "off");
	if (str_eq(kind, "its") && !m->kvm && !type_is_after(m, QEMU(6, 1, 0)))
		kind = "off";
	return kind;
}

static void place_msi(struct iof_machine *m)
{
	bool is_v3 = has_gicv3(m);
	const char *kind = msi_kind(m, is_v3);

	if (!is_v3 && max_cpus(m) > GICV2_CPUS) {
		refuse(m, PROBLEM_MACHINE_OPTION, "gic-version",
		       (struct message){.text = "Number of SMP CPUs requested ({0}) exceeds max "
						"CPUs supported by machine 'mach-virt' (8)",
					.operand = {number_operand(max_cpus(m))}});
	} else if (!is_v3 && str_eq(kind, "its")) {
		refuse(m, PROBLEM_MACHINE_OPTION, "msi",
		       (struct message){.text = "GICv2 + ITS is an invalid configuration."});
	} else if (str_eq(kind, "its")) {
		add_board(m, IOF_REGION_MSI, "ITS", its);
	} else if (str_eq(kind, "gicv2m")) {
		add_board(m, IOF_REGION_MSI, "GICv2m", gicv2m);
	}
}

/* virt_memory_pre_plug: the device that tells the guest of plugged memory is there with ACPI only,
 * which takes firmware and a 64-bit CPU. */
bool virt_has_memory_hotplug(const struct iof_machine *m)
{
	const char *model = cpu_model(m);

	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++) {
		if (cpus[i].is_32 && str_eq(model, cpus[i].name))
			return false;
	}
	return virt_has_acpi(m);
}

bool virt_has_acpi(const struct iof_machine *m)
{
	return m->vm->has_firmware && machine_flag(m, "acpi", true);
}

static bool check_slots(struct iof_machine *m)
{
	if (m->slots <= MAX_SLOTS)
		return true;
	refuse(m, PROBLEM_MACHINE_OPTION, NULL,
	       (struct message){.text = "unsupported number of memory slots: {0}",
				.operand = {number_operand(m->slots)}});
	return false;
}

/* m->ram_size, max_size and slots are known. */
void machine_map_virt(struct iof_machine *m)
{
	const struct pair *backend = machine_option(m, "memory-backend", NULL);
	uint64_t base = align_up(RAM_BASE + m->ram_size, GIB), end, limit;
	bool is_32;
	unsigned bits = address_bits(m, &is_32);

	if (!check_options(m) || !check_slots(m))
		return;
	bits = machine_flag(m, "highmem", true) ? bits : 32;
	limit = (uint64_t)1 << bits;
	m->ram[0] = (struct ram_block){RAM_BASE, RAM_BASE + m->ram_size - 1,
				       backend ? backend->value : "mach-virt.ram"};
	m->n_ram = 1;
	if (m->max_size > m->ram_size) {
		m->device_memory_base = base;
		m->device_memory_size = m->max_size - m->ram_size + m->slots * GIB;
	}
	end = base + align_up(m->device_memory_size, GIB);
	if (end > limit) {
		refuse(m, PROBLEM_ADDRESS_SPACE, NULL,
		       (struct message){.text = "Addressing limited to {2} bits, but memory "
						"exceeds it by {3} bytes",
					.operand = {hex_operand(limit - 1), hex_operand(end - 1),
						    number_operand(bits),
						    number_operand(end - limit)}});
		return;
	}
	m->max_used_address = end - 1;
	place_high(m, end < HIGH_BASE ? HIGH_BASE : end, bits, is_32);
	place_msi(m);
}
