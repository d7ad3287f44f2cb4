/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the guest's CPU says of itself, as far as the memory map depends on it (target/i386/cpu.c,
 * host-cpu.c). */
#include "vmm/machine.h"

/* Models that are AMD's under TCG; with KVM a named model has the host's vendor. */
static const char *const amd_models[] = {"EPYC",   "Opteron_G", "phenom", "athlon",
					 "qemu64", "qemu32",	"max",	  "Dhyana"};

/* Models without long mode. */
static const char *const narrow_models[] = {"486",   "pentium", "n270",	 "coreduo",
					    "kvm32", "qemu32",	"athlon"};

static bool is_of(const char *model, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_starts(model, list[i]))
			return true;
	}
	return false;
}

static bool is_on_word(const char *value)
{
	return value && (str_eq(value, "on") || str_eq(value, "yes") || str_eq(value, "true") ||
			 str_eq(value, "y"));
}

static uint64_t number(const struct vm_option *cpu, const char *key)
{
	const char *text = cpu ? option_value(cpu, key) : NULL;
	uint64_t value;

	return text && parse_u64(text, 0, UINT8_MAX, &value) == 0 ? value : 0;
}

static void find_phys_bits(struct iof_machine *m, const struct vm_option *cpu, const char *model)
{
	uint64_t bits = number(cpu, "phys-bits"), limit = number(cpu, "host-phys-bits-limit");
	const char *host_bits = cpu ? option_value(cpu, "host-phys-bits") : NULL;
	unsigned host =
		m->host->cpu.raw_phys_bits ? m->host->cpu.raw_phys_bits : m->host->cpu.phys_bits;
	bool is_host = str_eq(model, "host") || (str_eq(model, "max") && m->kvm);

	if (host_bits)
		is_host = is_on_word(host_bits);
	if (is_host && m->kvm && host)
		m->vcpu.phys_bits = limit && limit < host ? (unsigned)limit : host;
	else if (is_host && m->kvm)
		m->vcpu.phys_bits = 0;
	else
		m->vcpu.phys_bits = bits ? (unsigned)bits : 40;
}

void machine_find_vcpu(struct iof_machine *m)
{
	const struct vm_option *cpu = NULL, *next;
	const char *model, *vendor;

	for (size_t n = 0; (next = vm_option_nth(m->vm, OPTION_CPU, n)); n++)
		cpu = next;
	model = cpu ? option_value(cpu, "model") : NULL;
	model = model ? model : "qemu64";
	vendor = cpu ? option_value(cpu, "vendor") : NULL;
	m->vcpu.long_mode = !is_of(model, narrow_models, ARRAY_SIZE(narrow_models));
	if (vendor)
		m->vcpu.is_amd = str_eq(vendor, "AuthenticAMD");
	else if (m->kvm)
		m->vcpu.is_amd = m->host->cpu.vendor && str_eq(m->host->cpu.vendor, "AuthenticAMD");
	else
		m->vcpu.is_amd = is_of(model, amd_models, ARRAY_SIZE(amd_models));
	find_phys_bits(m, cpu, model);
}
