/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the guest's CPU says of itself, as far as memory map and firmware depend on it
 * (target/i386/cpu.c x86_cpu_realizefn, host-cpu.c, kvm/kvm-cpu.c), and which of its properties
 * QEMU refuses.
 */
#include "vmm/machine.h"

#define TCG_PHYS_BITS 40
#define UNSET UINT32_MAX

enum {
	AMD = 1 << 0,	   /* AuthenticAMD */
	OTHER = 1 << 1,	   /* neither AMD's nor Intel's */
	NARROW = 1 << 2,   /* no long mode */
	NO_PAE = 1 << 3,   /* nor 36 bits of addresses */
	NO_PSE36 = 1 << 4, /* but PAE, which counts since 8.2 */
	PAGES_1G = 1 << 5,
	LA57 = 1 << 6,
};

/* By the beginning of the name, the longer ones first; versions (-v2, -IBRS) do not differ. Asked
 * of QEMU 7.2, 10.0 and 11.1 with query-cpu-model-expansion; all others are Intel's, with long mode
 * and neither of the last two. */
static const struct {
	const char *prefix;
	unsigned traits;
} models[] = {
	{"max", AMD | PAGES_1G | LA57},
	{"host", AMD | PAGES_1G | LA57},
	{"EPYC-Genoa", AMD | PAGES_1G | LA57},
	{"EPYC-Turin", AMD | PAGES_1G | LA57},
	{"EPYC", AMD | PAGES_1G},
	{"Opteron_G4", AMD | PAGES_1G},
	{"Opteron_G5", AMD | PAGES_1G},
	{"Opteron_G", AMD},
	{"phenom", AMD | PAGES_1G},
	{"qemu64", AMD},
	{"athlon", AMD | NARROW},
	{"Dhyana", OTHER | PAGES_1G},
	{"YongFeng", OTHER | PAGES_1G},
	{"DiamondRapids", PAGES_1G | LA57},
	{"GraniteRapids", PAGES_1G | LA57},
	{"SapphireRapids", PAGES_1G | LA57},
	{"Icelake-Server", PAGES_1G | LA57},
	{"Cascadelake-Server", PAGES_1G},
	{"Cooperlake", PAGES_1G},
	{"Skylake-Server", PAGES_1G},
	{"ClearwaterForest", PAGES_1G},
	{"SierraForest", PAGES_1G},
	{"Denverton", PAGES_1G},
	{"Snowridge", PAGES_1G},
	{"KnightsMill", PAGES_1G},
	{"486", NARROW | NO_PAE},
	{"pentium2", NARROW},
	{"pentium3", NARROW},
	{"pentium", NARROW | NO_PAE},
	{"base", OTHER | NARROW | NO_PAE},
	{"coreduo", NARROW | NO_PSE36},
	{"kvm32", NARROW},
	{"n270", NARROW | NO_PSE36},
	{"qemu32", NARROW | NO_PSE36},
};

struct cpu {
	struct iof_machine *m;
	const struct vm_option *option; /* the last -cpu, which replaces those before; NULL: none */
	const char *model;
	unsigned traits;
	unsigned host_bits; /* 0: not known */
};

static unsigned find_traits(const char *model)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		if (str_starts(model, models[i].prefix))
			return models[i].traits;
	}
	return 0;
}

/* feat2prop(): an underscore is a hyphen. */
static bool is_feature(const char *written, const char *name)
{
	for (; *written && *name; written++, name++) {
		if ((*written == '_' ? '-' : *written) != *name)
			return false;
	}
	return *written == *name;
}

/* -global for the class of the CPU or one above it. */
static bool is_global_of(const struct cpu *cpu, const char *driver)
{
	size_t n = strlen(cpu->model);

	if (str_eq(driver, "cpu") || str_eq(driver, "x86_64-cpu"))
		return true;
	return strncmp(driver, cpu->model, n) == 0 && str_eq(driver + n, "-x86_64-cpu");
}

/* The last value given: features of -cpu are applied after -global. *option is where it stands. */
static const struct pair *feature(const struct cpu *cpu, const char *name, size_t *option)
{
	const struct iof_vm *vm = cpu->m->vm;

	for (size_t i = cpu->option ? cpu->option->n_pairs : 0; i-- > 0;) {
		if (!is_feature(cpu->option->pairs[i].key, name))
			continue;
		if (option)
			*option = (size_t)(cpu->option - vm->options);
		return &cpu->option->pairs[i];
	}
	for (size_t i = vm->n_options; i-- > 0;) {
		const struct vm_option *global = &vm->options[i];
		const char *driver =
			global->kind == OPTION_GLOBAL ? option_value(global, "driver") : NULL;
		const char *property = driver ? option_value(global, "property") : NULL;

		if (!property || !str_eq(property, name) || !is_global_of(cpu, driver))
			continue;
		if (option)
			*option = i;
		return option_pair(global, "value");
	}
	return NULL;
}

/* qapi/string-input-visitor.c: hexadecimal and octal, too. */
static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	size_t n = strlen(text);

	if (n > 1 && text[0] == '0' && text[strspn(text, "01234567")] == '\0') {
		*value = 0;
		for (size_t i = 1; i < n && *value <= max; i++)
			*value = *value * 8 + (uint64_t)(text[i] - '0');
		return *value <= max;
	}
	return parse_u64(text, 0, max, value) == 0;
}

static uint32_t number(const struct cpu *cpu, const char *name, uint64_t max, uint32_t unset)
{
	const struct pair *pair = feature(cpu, name, NULL);
	uint64_t value;

	return pair && parse_number(pair->value, max, &value) ? (uint32_t)value : unset;
}

static bool flag(const struct cpu *cpu, const char *name, bool unset)
{
	const struct pair *pair = feature(cpu, name, NULL);

	return pair ? value_is_on(pair->value) : unset;
}

/* These take the host's width unless told otherwise (kvm_cpu_max_instance_init); microvm always
 * does (hw/i386/microvm.c microvm_device_pre_plug_cb). */
static bool has_host_bits(const struct cpu *cpu)
{
	bool is_max = str_eq(cpu->model, "host") || str_eq(cpu->model, "max");

	if (!cpu->m->kvm)
		return false;
	return cpu->m->type.family == MACHINE_MICROVM || flag(cpu, "host-phys-bits", is_max);
}

static void set_phys_bits(const struct cpu *cpu, uint32_t bits, enum iof_decider by,
			  const char *property, const char *why)
{
	cpu->m->vcpu.phys_bits = bits;
	cpu->m->vcpu.phys_by = by;
	cpu->m->vcpu.phys_pair = property ? feature(cpu, property, NULL) : NULL;
	cpu->m->vcpu.phys_why = why;
}

static void find_phys_bits(const struct cpu *cpu)
{
	uint32_t bits = number(cpu, "phys-bits", UINT32_MAX, 0);
	uint32_t limit = number(cpu, "host-phys-bits-limit", UINT8_MAX, 0);
	uint32_t host = cpu->host_bits;
	unsigned narrowest = cpu->m->version < V8_2 ? NO_PAE | NO_PSE36 : NO_PAE;

	if (!cpu->m->vcpu.long_mode)
		set_phys_bits(cpu, cpu->traits & narrowest ? 32 : 36, IOF_DECIDER_VMM, NULL,
			      "of a CPU model without long mode");
	else if (has_host_bits(cpu) && limit && limit < host)
		set_phys_bits(cpu, limit, IOF_DECIDER_USER, "host-phys-bits-limit",
			      "the config's limit for the host's width");
	else if (has_host_bits(cpu))
		set_phys_bits(cpu, host, IOF_DECIDER_HOST, NULL, "the width of the host's CPU");
	else if (bits)
		set_phys_bits(cpu, bits, IOF_DECIDER_USER, "phys-bits", "written in the config");
	else
		set_phys_bits(cpu, TCG_PHYS_BITS, IOF_DECIDER_VMM, NULL,
			      "QEMU default for this CPU model");
}

/*
 * The widest address that KVM can map, as KVM_GET_SUPPORTED_CPUID has it (Linux 6.10
 * arch/x86/kvm/cpuid.c, CPUID 0x80000008): 48 bits without five levels of nested paging. Intel CPUs
 * with more than 48 bits have five levels of EPT with LA57; AMD's follow the kernel's own.
 */
static uint32_t kvm_guest_bits(const struct cpu *cpu)
{
	uint32_t bits = cpu->host_bits;

	if (!kernel_at_least(cpu->m->host, 6, 10))
		return 0;
	return bits > 48 && !cpu->m->host->cpu.la57 ? 48 : bits;
}

/* Since 9.1, and off for older machine types (pc_compat_9_0). Where the width was not given and is
 * not the host's, it is still 0 when KVM clips to it (kvm_set_guest_phys_bits), so there is none.
 */
static void find_guest_bits(const struct cpu *cpu)
{
	struct iof_machine *m = cpu->m;
	uint32_t bits = number(cpu, "guest-phys-bits", UINT32_MAX, UNSET);
	bool is_old_type = m->type.version && m->type.version < V9_1;

	m->vcpu.guest_phys_bits = 0;
	if (m->version < V9_1 || !m->vcpu.long_mode)
		return;
	if (bits != UNSET) {
		m->vcpu.guest_phys_bits = bits;
	} else if (m->kvm && !is_old_type &&
		   (has_host_bits(cpu) || number(cpu, "phys-bits", UINT32_MAX, 0))) {
		bits = kvm_guest_bits(cpu);
		m->vcpu.guest_phys_bits = bits < m->vcpu.phys_bits ? bits : m->vcpu.phys_bits;
	}
}

/* With KVM a model's vendor is the host's (host_cpu_instance_init). */
static void find_vendor(const struct cpu *cpu)
{
	const struct pair *pair = feature(cpu, "vendor", NULL);
	const char *vendor = pair ? pair->value : (cpu->m->kvm ? cpu->m->host->cpu.vendor : NULL);

	if (vendor) {
		cpu->m->vcpu.is_amd = str_eq(vendor, "AuthenticAMD");
		cpu->m->vcpu.is_intel = str_eq(vendor, "GenuineIntel");
	} else if (!cpu->m->kvm) {
		cpu->m->vcpu.is_amd = cpu->traits & AMD;
		cpu->m->vcpu.is_intel = !(cpu->traits & (AMD | OTHER));
	}
}

/* TCG has both. With KVM the host must have them: LA57 is known; 1 GiB pages are taken as there,
 * CPUs without them have no more than 39 bits. */
static void find_paging(const struct cpu *cpu)
{
	bool is_bare = cpu->m->kvm && str_eq(cpu->model, "host");
	bool may_la57 = !cpu->m->kvm || cpu->m->host->cpu.la57;

	cpu->m->vcpu.has_1g_pages = flag(cpu, "pdpe1gb", is_bare || cpu->traits & PAGES_1G);
	cpu->m->vcpu.la57 = may_la57 && flag(cpu, "la57", is_bare || cpu->traits & LA57);
}

/* a and b: the value, if it is a number, and its limit. */
static void refuse(const struct cpu *cpu, const char *name, const char *text, uint64_t a,
		   uint64_t b)
{
	bool is_range = a && str_eq(name, "phys-bits") && cpu->m->vcpu.long_mode;
	size_t option = SIZE_MAX;
	const struct pair *pair = feature(cpu, name, &option);

	machine_problem(cpu->m, is_range ? PROBLEM_CPU_BITS : PROBLEM_CPU_OPTION, option, pair,
			name,
			(struct message){.text = text,
					 .operand = {number_operand(a), number_operand(b),
						     text_operand(cpu->model),
						     text_operand(pair ? pair->value : "")}});
}

/* Properties are set before the CPU is made: type and existence come first. */
static bool check_properties(const struct cpu *cpu)
{
	static const char *const numbers[] = {"phys-bits", "guest-phys-bits"};
	static const char *const absent =
		"can't apply global {2}-x86_64-cpu.guest-phys-bits={3}: Property "
		"'{2}-x86_64-cpu.guest-phys-bits' not found";
	static const char *const bad[2][2] = {
		{"can't apply global {2}-x86_64-cpu.phys-bits={3}: Parameter 'phys-bits' expects "
		 "uint64",
		 "can't apply global {2}-x86_64-cpu.phys-bits={3}: Parameter 'phys-bits' expects "
		 "uint32_t"},
		{"can't apply global {2}-x86_64-cpu.guest-phys-bits={3}: Parameter "
		 "'guest-phys-bits' expects uint64",
		 "can't apply global {2}-x86_64-cpu.guest-phys-bits={3}: Parameter "
		 "'guest-phys-bits' expects uint32_t"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const struct pair *pair = feature(cpu, numbers[i], NULL);
		uint64_t value = 0;
		bool is_number;

		if (!pair || pair->has_variable)
			continue;
		is_number = parse_number(pair->value[0] == '-' ? pair->value + 1 : pair->value,
					 UINT64_MAX, &value);
		if (i == 1 && cpu->m->version < V9_1)
			refuse(cpu, numbers[i], absent, 0, 0);
		else if (!is_number)
			refuse(cpu, numbers[i], bad[i][0], 0, 0);
		else if (pair->value[0] == '-' || value > UINT32_MAX)
			refuse(cpu, numbers[i], bad[i][1], 0, 0);
		else
			continue;
		return false;
	}
	return true;
}

/* x86_cpu_realizefn; the upper limit of phys-bits went with 11.0. */
static void check_widths(const struct cpu *cpu)
{
	const struct iof_machine *m = cpu->m;
	uint32_t bits = number(cpu, "phys-bits", UINT32_MAX, 0);
	uint32_t guest = number(cpu, "guest-phys-bits", UINT32_MAX, 0);

	if (!m->vcpu.long_mode && bits)
		refuse(cpu, "phys-bits", "phys-bits is not user-configurable in 32 bit", bits, 0);
	else if (!m->vcpu.long_mode && guest && guest != UNSET)
		refuse(cpu, "guest-phys-bits", "guest-phys-bits is not user-configurable in 32 bit",
		       guest, 0);
	if (!m->vcpu.long_mode)
		return;
	if (bits && !has_host_bits(cpu) && m->version >= V11_0 && bits < 32)
		refuse(cpu, "phys-bits", "phys-bits should be at least 32 (but is {0})", bits, 0);
	else if (bits && !has_host_bits(cpu) && m->version < V11_0 && (bits < 32 || bits > 52))
		refuse(cpu, "phys-bits", "phys-bits should be between 32 and 52  (but is {0})",
		       bits, 0);
	else if (guest && guest != UNSET && m->vcpu.phys_bits &&
		 (guest > m->vcpu.phys_bits || guest < 32))
		refuse(cpu, "guest-phys-bits",
		       "guest-phys-bits should be between 32 and {1}  (but is {0})", guest,
		       m->vcpu.phys_bits);
}

void machine_find_vcpu(struct iof_machine *m)
{
	const struct iof_host *host = m->host;
	struct cpu cpu = {.m = m};
	const struct vm_option *next;
	const char *model;

	if (m->type.family == MACHINE_VIRT)
		return;
	for (size_t n = 0; (next = vm_option_nth(m->vm, OPTION_CPU, n)); n++)
		cpu.option = next;
	model = cpu.option ? option_value(cpu.option, "model") : NULL;
	cpu.model = model ? model : "qemu64";
	cpu.traits = find_traits(cpu.model);
	cpu.host_bits = host->cpu.raw_phys_bits ? host->cpu.raw_phys_bits : host->cpu.phys_bits;
	m->vcpu.long_mode = flag(&cpu, "lm", !(cpu.traits & NARROW));
	find_vendor(&cpu);
	find_paging(&cpu);
	find_phys_bits(&cpu);
	find_guest_bits(&cpu);
	if (check_properties(&cpu))
		check_widths(&cpu);
}
