/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What QEMU does before it makes the devices of its command line: it parses all options, makes the
 * objects that need no machine, picks the machine type, and builds the board (system/vl.c
 * qemu_init).
 */
#include <errno.h>

#include "base/units.h"
#include "vmm/machine.h"

/* Object types that came or went; others are taken as known. */
static const struct {
	const char *type;
	uint32_t since, until;
} object_types[] = {
	{"iommufd", V9_0, QEMU_NEVER},
};

/* Boolean and other machine properties that bear on the question. */
static const char *const on_off_split[] = {"on", "off", "split", NULL};

void machine_problem(struct iof_machine *m, enum problem_kind kind, size_t option,
		     const struct pair *pair, const char *value, struct message message)
{
	if (m->n_problems == ARRAY_SIZE(m->problems))
		return;
	m->problems[m->n_problems++] = (struct problem){
		.kind = kind, .message = message, .option = option, .pair = pair, .value = value};
}

int machine_warning(struct iof_machine *m, enum problem_kind kind, size_t option,
		    const struct pair *pair, struct message message)
{
	struct problem *grown =
		arena_grow(m->arena, m->warnings, m->n_warnings, &m->cap_warnings, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	m->warnings = grown;
	grown[m->n_warnings++] =
		(struct problem){.kind = kind, .message = message, .option = option, .pair = pair};
	return 0;
}

/* What QEMU complains of while it reads an option, and takes it nevertheless: "-device foo,bar" for
 * bar=on. Nothing more is read after the first error. */
static int warn_options(struct iof_machine *m)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];

		if (option->warnings)
			r = machine_warning(
				m, PROBLEM_SHORT_FORM, i, NULL,
				(struct message){.text = "{0}",
						 .operand = {text_operand(option->warnings),
							     text_operand(option->name)}});
		if (option->error)
			break;
	}
	return r;
}

bool machine_stops_early(const struct iof_machine *m)
{
	enum problem_kind kind = m->n_problems ? m->problems[0].kind : PROBLEM_ADDRESS_SPACE;

	return kind != PROBLEM_ADDRESS_SPACE && kind != PROBLEM_RAM_BEYOND_KVM &&
	       kind != PROBLEM_CPU_BITS && kind != PROBLEM_CPU_OPTION;
}

/* Features of -cpu are globals: one that cannot be applied stops before the CPU looks at itself. */
static bool has_faulty_global(const struct iof_machine *m)
{
	return m->n_problems && m->problems[0].kind == PROBLEM_CPU_OPTION &&
	       str_starts(m->problems[0].message.text, "can't apply global ");
}

/* target/i386/host-cpu.c host_cpu_adjust_phys_bits: with KVM, a width that is given and differs
 * from the host's; the last -cpu replaces those before */
static int warn_phys_bits(struct iof_machine *m)
{
	unsigned host =
		m->host->cpu.raw_phys_bits ? m->host->cpu.raw_phys_bits : m->host->cpu.phys_bits;

	if (machine_stops_early(m) || has_faulty_global(m))
		return 0;
	for (size_t i = m->vm->n_options; m->kvm && m->vcpu.long_mode && host && i-- > 0;) {
		const struct vm_option *cpu = &m->vm->options[i];
		const struct pair *pair = option_pair(cpu, "phys-bits");
		uint64_t bits;

		if (cpu->kind != OPTION_CPU)
			continue;
		if (!pair || parse_u64(pair->value, 0, UINT32_MAX, &bits) || bits == 0 ||
		    bits == host)
			break;
		return machine_warning(
			m, PROBLEM_PHYS_BITS_DIFFER, i, pair,
			(struct message){.text = "warning: Host physical bits ({0}) does not match "
						 "phys-bits "
						 "property ({1})",
					 .operand = {number_operand(host), number_operand(bits)}});
	}
	return 0;
}

static int warn_user_apic(struct iof_machine *m)
{
	if (!m->kvm || m->is_arm || m->irqchip != IRQCHIP_USER || m->version >= V8_0 ||
	    m->n_problems)
		return 0;
	return machine_warning(
		m, PROBLEM_USER_APIC, SIZE_MAX, NULL,
		(struct message){
			.text = "warning: Userspace local APIC is deprecated for KVM.\n"
				"warning: Do not use kernel-irqchip except for the -M isapc "
				"machine type."});
}

/* Options are parsed in the order in which they stand; the first bad one ends it. */
static void check_parse(struct iof_machine *m)
{
	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];
		const struct pair *type;

		if (option->error) {
			machine_problem(m, PROBLEM_SYNTAX, i, NULL, option->name,
					(struct message){.text = "{0}",
							 .operand = {text_operand(option->error)}});
			return;
		}
		type = option->kind == OPTION_OBJECT ? option_pair(option, "qom-type") : NULL;
		for (size_t k = 0; type && k < ARRAY_SIZE(object_types); k++) {
			if (!str_eq(type->value, object_types[k].type) ||
			    (m->version >= object_types[k].since &&
			     m->version < object_types[k].until))
				continue;
			machine_problem(
				m, PROBLEM_OBJECT_TYPE, i, type, type->value,
				(struct message){
					.text = "Parameter 'qom-type' does not accept value '{0}'",
					.operand = {text_operand(type->value)}});
			return;
		}
		if (option->kind == OPTION_OBJECT && !option_pair(option, "id")) {
			machine_problem(m, PROBLEM_SYNTAX, i, NULL, "id",
					(struct message){.text = "Parameter '{0}' is missing",
							 .operand = {text_operand("id")}});
			return;
		}
	}
}

/* -machine may be given several times: the last value of each key wins. */
const struct pair *machine_option(const struct iof_machine *m, const char *key, size_t *index)
{
	const struct pair *found = NULL;

	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct pair *pair;

		if (m->vm->options[i].kind != OPTION_MACHINE)
			continue;
		pair = option_pair(&m->vm->options[i], key);
		if (pair) {
			found = pair;
			if (index)
				*index = i;
		}
	}
	return found;
}

bool machine_flag(const struct iof_machine *m, const char *key, bool unset)
{
	const struct pair *pair = machine_option(m, key, NULL);

	if (!pair || !(value_is_on(pair->value) || value_is_off(pair->value)))
		return unset;
	return value_is_on(pair->value);
}

void machine_find_type(struct iof_machine *m)
{
	const struct pair *type = machine_option(m, "type", NULL);
	const char *name = type ? type->value : "pc";

	m->is_arm = m->vm->program && (strstr(m->vm->program, "qemu-system-aarch64") ||
				       strstr(m->vm->program, "qemu-system-arm"));
	if (!type && m->is_arm)
		name = "none";
	machine_type_parse(name, &m->type);
	m->is_arm = m->is_arm || m->type.family == MACHINE_VIRT;
}

/* The wording changed with 9.1 (hw/core/machine.c, system/vl.c select_machine). */
static void check_type(struct iof_machine *m)
{
	size_t index = SIZE_MAX;
	const struct pair *type = machine_option(m, "type", &index);
	const char *text = m->version >= V9_1 ? "unsupported machine type: \"{0}\"\n\tUse -machine "
						"help to list supported machines"
					      : "unsupported machine type\n\tUse -machine help to "
						"list supported machines";

	if (type && !machine_type_known(&m->type, m->version))
		machine_problem(
			m, PROBLEM_MACHINE_TYPE, index, type, type->value,
			(struct message){.text = text, .operand = {text_operand(type->value)}});
}

/* hw/core/machine.c machine_set_mem: the last -m that names them. Nothing is said of a size that
 * cannot be told. */
static void check_sizes(struct iof_machine *m)
{
	const struct vm_option *memory = NULL, *next;
	const struct pair *slots, *max, *size;
	struct message message = {.text = NULL};
	uint64_t bytes, most;

	for (size_t n = 0; (next = vm_option_nth(m->vm, OPTION_MEMORY, n)); n++)
		memory = next;
	if (!memory || memory->has_variable)
		return;
	slots = option_pair(memory, "slots");
	max = option_pair(memory, "maxmem");
	size = option_pair(memory, "size");
	bytes = size ? memory_size(size->value, MIB) : 128 * MIB;
	most = max ? memory_size(max->value, 1) : 0;
	message.operand[0] = hex_operand(most);
	message.operand[1] = hex_operand(bytes);
	if (slots && !max)
		message.text = "slots specified but no max-size";
	else if (most && bytes && most < bytes)
		message.text = "invalid value of maxmem: maximum memory size ({0}) must be at "
			       "least the initial memory size ({1})";
	else if (most && most == bytes && slots && memory_size(slots->value, 1))
		message.text = "invalid value of maxmem: memory slots were specified but maximum "
			       "memory size ({0}) is equal to the initial memory size ({1})";
	if (message.text)
		machine_problem(m, PROBLEM_MEMORY_SIZES, (size_t)(memory - m->vm->options),
				max ? max : slots, max ? "maxmem" : "slots", message);
}

static bool list_has_kvm_first(const char *list)
{
	return str_starts(list, "kvm") && (list[3] == '\0' || list[3] == ':' || list[3] == ',');
}

/* -accel, else -machine accel=, else by the program's name (system/vl.c configure_accelerators). */
static void find_accelerator(struct iof_machine *m)
{
	const struct vm_option *accel = vm_option_nth(m->vm, OPTION_ACCEL, 0);
	const struct pair *machine = machine_option(m, "accel", NULL);
	const char *program = m->vm->program;
	const char *irqchip = NULL;
	const struct pair *pair = machine_option(m, "kernel-irqchip", NULL);
	size_t length = program ? strlen(program) : 0;

	if (!pair)
		pair = machine_option(m, "kernel_irqchip", NULL);
	if (pair)
		irqchip = pair->value;
	if (accel) {
		const char *name = option_value(accel, "accel");

		m->kvm = name && str_eq(name, "kvm");
		if (option_value(accel, "kernel-irqchip"))
			irqchip = option_value(accel, "kernel-irqchip");
	} else if (machine) {
		m->kvm = list_has_kvm_first(machine->value);
	} else {
		m->kvm = length >= 3 && str_eq(program + length - 3, "kvm");
	}
	m->irqchip = IRQCHIP_USER;
	if (m->kvm)
		m->irqchip = !irqchip || str_eq(irqchip, on_off_split[0]) ? IRQCHIP_KERNEL
			     : str_eq(irqchip, on_off_split[2])		  ? IRQCHIP_SPLIT
									  : IRQCHIP_USER;
}

/* Accelerators that no Linux build for x86 has, by name; others are taken as there. */
static bool is_accelerator(const char *name)
{
	static const char *const known[] = {"tcg", "kvm", "xen", "qtest", "mshv"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (str_eq(name, known[i]))
			return true;
	}
	return false;
}

/* The last option that says where the interrupt controller is. */
static void refuse_user_apic(struct iof_machine *m)
{
	const struct pair *pair = NULL;
	size_t index = SIZE_MAX;

	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *option = &m->vm->options[i];
		const struct pair *own = option_pair(option, "kernel-irqchip");

		if (option->kind != OPTION_MACHINE && option->kind != OPTION_ACCEL)
			continue;
		own = own ? own : option_pair(option, "kernel_irqchip");
		if (own) {
			pair = own;
			index = i;
		}
	}
	machine_problem(m, PROBLEM_NO_USER_APIC, index, pair, "kernel-irqchip",
			(struct message){.text = "KVM does not support userspace APIC"});
}

/* system/vl.c configure_accelerators, hw/i386/kvm: the userspace APIC went with 8.0 */
static void check_accelerator(struct iof_machine *m)
{
	const struct vm_option *accel = vm_option_nth(m->vm, OPTION_ACCEL, 0);
	size_t index = SIZE_MAX;
	const struct pair *machine = machine_option(m, "accel", &index);
	const char *name = accel ? option_value(accel, "accel") : NULL;
	size_t option = accel ? (size_t)(accel - m->vm->options) : index;

	if (accel && machine)
		machine_problem(m, PROBLEM_MACHINE_OPTION, option, machine, "accel",
				(struct message){.text = "The -accel and \"-machine accel=\" "
							 "options are incompatible"});
	else if (name && !vm_option_nth(m->vm, OPTION_ACCEL, 1) && !is_accelerator(name))
		machine_problem(m, PROBLEM_MACHINE_OPTION, option, option_pair(accel, "accel"),
				"accel",
				(struct message){.text = "invalid accelerator {0}",
						 .operand = {text_operand(name)}});
	else if (m->kvm && !m->is_arm && m->irqchip == IRQCHIP_USER && m->version >= V8_0)
		refuse_user_apic(m);
}

/* hw/i386/pc.c pc_machine_set_max_ram_below_4g; microvm has none of these (hw/i386/microvm.c) */
static void check_pc_options(struct iof_machine *m)
{
	static const char *const of_pc[] = {"max-ram-below-4g", "default-bus-bypass-iommu",
					    "default_bus_bypass_iommu"};

	for (size_t i = 0; i < ARRAY_SIZE(of_pc); i++) {
		size_t index = SIZE_MAX;
		const struct pair *pair = machine_option(m, of_pc[i], &index);
		uint64_t most = pair ? memory_size(pair->value, 1) : 0;

		if (pair && m->type.family == MACHINE_MICROVM)
			machine_problem(m, PROBLEM_MACHINE_OPTION, index, pair, of_pc[i],
					MESSAGE1("Property 'microvm-machine.{0}' not found",
						 i == 0 ? of_pc[0] : of_pc[1]));
		else if (i == 0 && most > 4 * GIB)
			machine_problem(
				m, PROBLEM_MACHINE_OPTION, index, pair, of_pc[0],
				(struct message){.text = "Machine option 'max-ram-below-4g={0}' "
							 "expects size less than or equal to 4G",
						 .operand = {number_operand(most)}});
	}
}

/* hw/arm/virt.c virt_set_iommu */
static void check_iommu(struct iof_machine *m)
{
	size_t index = SIZE_MAX;
	const struct pair *iommu = machine_option(m, "iommu", &index);

	if (m->type.family == MACHINE_VIRT && iommu && !str_eq(iommu->value, "none") &&
	    !str_eq(iommu->value, "smmuv3"))
		machine_problem(m, PROBLEM_MACHINE_IOMMU, index, iommu, iommu->value,
				(struct message){.text = "Invalid iommu value\n\tValid values are "
							 "none, smmuv3."});
}

/* backends/hostmem.c: huge pages are taken when the backend is made, before the board. */
static void check_backing(struct iof_machine *m)
{
	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct vm_option *object = &m->vm->options[i];
		const struct pair *huge, *page;
		const char *size;
		uint64_t page_size, pages_free;

		if (object->kind != OPTION_OBJECT || !value_is_on(option_value(object, "hugetlb")))
			continue;
		huge = option_pair(object, "hugetlb");
		page = option_pair(object, "hugetlbsize");
		size = option_value(object, "size");
		page_size = page ? memory_size(page->value, 1) : 0;
		if (!size || host_hugepages(m->host, page_size, &page_size, &pages_free))
			continue;
		if (page_size == 0 || memory_size(size, 1) / page_size <= pages_free)
			continue;
		machine_problem(m, PROBLEM_RAM_BACKING, i, huge, "hugetlb",
				(struct message){.text = "unable to map backing store for guest "
							 "RAM: Cannot allocate memory",
						 .operand = {number_operand(pages_free),
							     number_operand(memory_size(size, 1)),
							     number_operand(page_size)}});
		return;
	}
}

int machine_build_board(struct iof_machine *m)
{
	m->nodefaults = vm_option_nth(m->vm, OPTION_NODEFAULTS, 0) != NULL;
	m->bypass_iommu = machine_flag(m, "default_bus_bypass_iommu", false) ||
			  machine_flag(m, "default-bus-bypass-iommu", false);
	find_accelerator(m);
	check_parse(m);
	check_type(m);
	check_sizes(m);
	check_accelerator(m);
	check_pc_options(m);
	check_iommu(m);
	m->type_name = machine_type_name(m->arena, &m->type, m->version);
	check_backing(m);
	machine_find_vcpu(m);
	machine_map_memory(m);
	if (!m->type_name || warn_options(m) || machine_warn_low_ram(m) || warn_phys_bits(m) ||
	    warn_user_apic(m))
		return -ENOMEM;
	m->n_early_warnings = m->n_warnings;
	return 0;
}
