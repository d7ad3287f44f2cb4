/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory map of i440fx and q35: RAM below and above 4 GiB, AMD's HyperTransport hole, the area
 * for memory devices, and whether the vCPU can address it all (hw/i386/pc.c pc_memory_init,
 * pc_max_used_gpa; pc_q35.c, pc_piix.c).
 */
#include "vmm/machine.h"
#include "vmm/place.h"

#define HT_START ((uint64_t)0xfd00000000)
#define MAX_MEMORY ((uint64_t)1 << 56) /* sums of a few such sizes cannot wrap */
#define MAX_SLOTS ((uint64_t)1 << 20)
#define DEFAULT_RAM (128 * MIB)

/* util/cutils.c qemu_strtosz: a number, maybe with a fraction, and a suffix; without one the unit.
 * 0: none. */
uint64_t memory_size(const char *text, uint64_t unit)
{
	static const char suffixes[] = "BKMGTPE";
	size_t digits = str_starts(text, "0x") ? 2 + strspn(text + 2, "0123456789abcdefABCDEF")
					       : strspn(text, "0123456789");
	const char *suffix = text[digits] > ' ' ? strchr(suffixes, text[digits] & ~0x20) : NULL;
	uint64_t value;

	if (parse_u64n(text, digits, 0, UINT64_MAX, &value))
		return 0;
	if (text[digits] && suffix)
		unit = (uint64_t)1 << 10 * (suffix - suffixes);
	return value > UINT64_MAX / unit ? UINT64_MAX : value * unit;
}

static uint64_t clamp(uint64_t size)
{
	return size > MAX_MEMORY ? MAX_MEMORY : size;
}

static void find_sizes(struct iof_machine *m)
{
	const struct vm_option *memory, *next;
	const char *text;

	m->ram_size = DEFAULT_RAM;
	memory = NULL;
	for (size_t n = 0; (next = vm_option_nth(m->vm, OPTION_MEMORY, n)); n++)
		memory = next;
	if (!memory)
		return;
	text = option_value(memory, "size");
	if (text && memory_size(text, MIB))
		m->ram_size = clamp(memory_size(text, MIB));
	text = option_value(memory, "maxmem");
	m->max_size = text ? clamp(memory_size(text, MIB)) : 0;
	text = option_value(memory, "slots");
	m->slots = text ? memory_size(text, 1) : 0;
	if (m->slots > MAX_SLOTS)
		m->slots = MAX_SLOTS;
}

/* -machine memory-backend= gives the RAM another name, -m and the backend's size must agree. */
static const char *ram_name(const struct iof_machine *m)
{
	const struct pair *backend = machine_option(m, "memory-backend", NULL);

	return backend ? backend->value : "pc.ram";
}

static uint64_t low_ram(const struct iof_machine *m)
{
	const struct pair *option = machine_option(m, "max-ram-below-4g", NULL);
	uint64_t most = option ? memory_size(option->value, 1) : 0;
	uint64_t low;

	if (m->type.family == MACHINE_Q35) {
		low = m->ram_size >= 0xb0000000 ? 2 * GIB : 0xb0000000;
		low = most && most < low ? most : low;
	} else {
		most = most ? most : 0xe0000000;
		low = m->ram_size >= most && most > 0xc0000000 ? 0xc0000000 : most;
	}
	return m->ram_size < low ? m->ram_size : low;
}

static uint64_t hole64_size(const struct iof_machine *m)
{
	bool is_q35 = m->type.family == MACHINE_Q35;
	uint64_t size = is_q35 ? 32 * GIB : 2 * GIB;

	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *global = &m->vm->options[i];
		const char *driver =
			global->kind == OPTION_GLOBAL ? option_value(global, "driver") : NULL;
		const char *property = driver ? option_value(global, "property") : NULL;
		const char *value = driver ? option_value(global, "value") : NULL;

		if (property && value && str_eq(property, "pci-hole64-size") &&
		    str_eq(driver, is_q35 ? "q35-pcihost" : "i440FX-pcihost"))
			size = clamp(memory_size(value, 1));
	}
	return size;
}

static uint32_t machine_version(const struct iof_machine *m)
{
	return m->type.version ? m->type.version : QEMU_RELEASE(m->version);
}

/* hw/i386/pc.c pc_max_used_gpa: a CPU without long mode uses no 64-bit window; before 8.2 only one
 * of 32 bits was known not to. */
static bool has_hole64(const struct iof_machine *m)
{
	return m->version >= V8_2 ? m->vcpu.long_mode : m->vcpu.phys_bits > 32;
}

/* A CPU that reaches no more than its own width by definition: nothing is checked. */
static bool is_unchecked(const struct iof_machine *m)
{
	return !has_hole64(m) && (m->version < V8_2 || machine_version(m) < V8_2);
}

/* Everything above 4 GiB, when RAM goes on at start. */
static void lay_out(struct iof_machine *m, uint64_t start)
{
	uint64_t below = low_ram(m), above = m->ram_size - below, end = start + above;

	m->ram[0] = (struct ram_block){0, below - 1, ram_name(m)};
	m->ram[1] = (struct ram_block){start, start + above - 1, ram_name(m)};
	m->n_ram = above ? 2 : 1;
	m->device_memory_base = m->device_memory_size = 0;
	if (m->max_size > m->ram_size) {
		m->device_memory_base = align_up(end, GIB);
		m->device_memory_size = m->max_size - m->ram_size + m->slots * GIB;
		end = m->device_memory_base + m->device_memory_size;
	}
	m->max_used_address = has_hole64(m) ? align_up(end, GIB) + hole64_size(m) - 1 : end - 1;
}

/* A class field of machine types from 7.1 on, not to be set. */
static bool avoids_ht_hole(const struct iof_machine *m)
{
	return m->vcpu.is_amd && (m->type.version == 0 || m->type.version >= QEMU(7, 1, 0));
}

unsigned kvm_address_bits(const struct iof_machine *m)
{
	const struct iof_host *host = m->host;

	if (!m->kvm || !kernel_at_least(host, 5, 18))
		return 0;
	return host->cpu.raw_phys_bits ? host->cpu.raw_phys_bits : host->cpu.phys_bits;
}

bool is_beyond_kvm(const struct iof_machine *m, uint64_t last)
{
	unsigned bits = kvm_address_bits(m);

	return bits && bits < 64 && last >> bits != 0;
}

/* RAM above 4 GiB has the second of KVM's slots. */
static void check_kvm(struct iof_machine *m)
{
	const struct ram_block *high = &m->ram[1];

	if (m->n_ram > 1 && is_beyond_kvm(m, high->last))
		machine_problem(
			m, PROBLEM_RAM_BEYOND_KVM, SIZE_MAX, NULL, "size",
			(struct message){
				.text = "kvm_set_user_memory_region: KVM_SET_USER_MEMORY_REGION "
					"failed, slot=1, start={0}, size={1}: Invalid "
					"argument\nkvm_set_phys_mem: error registering slot: "
					"Invalid "
					"argument",
				.operand = {hex_operand(high->first),
					    hex_operand(high->last - high->first + 1),
					    number_operand(kvm_address_bits(m))}});
}

static void check_address_space(struct iof_machine *m)
{
	uint64_t limit;

	if (!m->vcpu.phys_bits || is_unchecked(m))
		return;
	limit = ((uint64_t)1 << m->vcpu.phys_bits % 64) - 1; /* as the machine shifts */
	if (limit < m->max_used_address)
		machine_problem(
			m, PROBLEM_ADDRESS_SPACE, SIZE_MAX, NULL, "phys-bits",
			(struct message){
				.text = "Address space limit {0} < {1} phys-bits too low ({2})",
				.operand = {hex_operand(limit), hex_operand(m->max_used_address),
					    number_operand(m->vcpu.phys_bits)}});
}

void machine_map_memory(struct iof_machine *m)
{
	if (m->type.family == MACHINE_VIRT) {
		find_sizes(m);
		machine_map_virt(m);
		return;
	}
	if (m->type.family == MACHINE_MICROVM) {
		find_sizes(m);
		machine_map_microvm(m);
		return;
	}
	if (m->type.family != MACHINE_Q35 && m->type.family != MACHINE_I440FX)
		return;
	find_sizes(m);
	lay_out(m, 4 * GIB);
	if (avoids_ht_hole(m) && m->max_used_address >= HT_START)
		lay_out(m, TIB);
	check_address_space(m);
	check_kvm(m);
}

/* hw/i386/pc_q35.c pc_q35_init: the difference wraps where there is less RAM than that */
static bool is_split_oddly(const struct iof_machine *m, uint64_t most)
{
	uint64_t low = m->ram_size >= 0xb0000000 ? 2 * GIB : 0xb0000000;

	return most < low && m->ram_size - most > most && most % GIB != 0;
}

/* Said before the vCPUs are made. */
int machine_warn_low_ram(struct iof_machine *m)
{
	size_t index = SIZE_MAX;
	const struct pair *option = machine_option(m, "max-ram-below-4g", &index);
	uint64_t most = option ? memory_size(option->value, 1) : 0;
	struct message message = {.operand = {hex_operand(m->ram_size), number_operand(most)}};

	if (most == 0 || machine_stops_early(m))
		return 0;
	if (m->type.family == MACHINE_Q35 && is_split_oddly(m, most))
		message.text = "warning: There is possibly poor performance as the ram size  ({0}) "
			       "is more then twice the size of max-ram-below-4g ({1}) and "
			       "max-ram-below-4g is not a multiple of 1G.";
	else if (m->type.family == MACHINE_I440FX && m->ram_size >= most && most <= 0xc0000000 &&
		 most % GIB != 0)
		message.text = "warning: Large machine and max_ram_below_4g ({1}) not a multiple "
			       "of 1G; possible bad performance.";
	return message.text ? machine_warning(m, PROBLEM_LOW_RAM, index, option, message) : 0;
}

uint64_t memory_backend_size(const struct iof_machine *m, const char *id)
{
	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *object = &m->vm->options[i];
		const char *name =
			object->kind == OPTION_OBJECT ? option_value(object, "id") : NULL;
		const char *size = name && str_eq(name, id) ? option_value(object, "size") : NULL;

		if (size)
			return clamp(memory_size(size, 1));
	}
	return 0;
}
