/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the guest's CPU says of itself. TCG: as QEMU 7.2, 10.0 and 11.1 answered qom-get of the
 * first CPU; KVM: from the sources that vcpu.c names.
 */
#include <stdio.h>

#include "vmm_test.h"

#define TCG "qemu-system-x86_64 -machine q35 -accel tcg "
#define KVM "qemu-system-x86_64 -machine q35 -accel kvm "
#define PC_9_0 "qemu-system-x86_64 -machine pc-q35-9.0 -accel kvm "
#define INTEL "cpu:i7-13700k" /* 39 bits of DMA, 46 of CPU */

static const struct row {
	const char *name;
	const char *host, *qemu, *line;
	const char *expect; /* vendor, long mode or not, phys-bits, guest-phys-bits, paging */
} rows[] = {
	{"no -cpu", INTEL, "7.2", TCG, "amd 64 40/0"},
	{"max", INTEL, "7.2", TCG "-cpu max", "amd 64 40/0 1g la57"},
	{"max without la57", INTEL, "10.0", TCG "-cpu max,la57=off", "amd 64 40/0 1g"},
	{"max, minus", INTEL, "10.0", TCG "-cpu max,-la57,-pdpe1gb", "amd 64 40/0"},
	{"plus", INTEL, "10.0", TCG "-cpu qemu64,+pdpe1gb", "amd 64 40/0 1g"},
	{"a bare word", INTEL, "10.0", TCG "-cpu kvm64,pdpe1gb", "intel 64 40/0 1g"},
	{"the last -cpu", INTEL, "10.0", TCG "-cpu max,phys-bits=46 -cpu kvm64", "intel 64 40/0"},
	{"hexadecimal", INTEL, "10.0", TCG "-cpu max,phys-bits=0x27", "amd 64 39/0 1g la57"},
	{"octal", INTEL, "10.0", TCG "-cpu max,phys-bits=047", "amd 64 39/0 1g la57"},
	{"an underscore", INTEL, "10.0", TCG "-cpu Haswell-v2,phys_bits=42", "intel 64 42/0"},
	{"given twice", INTEL, "10.0", TCG "-cpu kvm64,phys-bits=42,phys-bits=44", "intel 64 44/0"},
	{"guest bits", INTEL, "10.0", TCG "-cpu max,phys-bits=46,guest-phys-bits=39",
	 "amd 64 46/39 1g la57"},
	{"a global", INTEL, "10.0", TCG "-global cpu.phys-bits=38", "amd 64 38/0"},
	{"a global of its class", INTEL, "10.0", TCG "-global qemu64-x86_64-cpu.phys-bits=38",
	 "amd 64 38/0"},
	{"a global of another class", INTEL, "10.0", TCG "-global kvm64-x86_64-cpu.phys-bits=38",
	 "amd 64 40/0"},
	{"-cpu before a global", INTEL, "10.0",
	 TCG "-cpu kvm64,phys-bits=39 -global cpu.phys-bits=38", "intel 64 39/0"},
	{"32 bits", INTEL, "10.0", TCG "-cpu qemu32", "intel 32 36/0"},
	{"32 bits, 7.2", INTEL, "7.2", TCG "-cpu qemu32", "intel 32 32/0"},
	{"32 bits with PSE36, 7.2", INTEL, "7.2", TCG "-cpu kvm32", "intel 32 36/0"},
	{"32 bits without PAE", INTEL, "10.0", TCG "-cpu 486", "intel 32 32/0"},
	{"long mode off", INTEL, "10.0", TCG "-cpu qemu64,-lm", "amd 32 36/0"},
	{"Hygon", INTEL, "10.0", TCG "-cpu Dhyana", "other 64 40/0 1g"},
	{"Genoa", INTEL, "10.0", TCG "-cpu EPYC-Genoa-v1", "amd 64 40/0 1g la57"},
	{"host-phys-bits needs KVM", INTEL, "10.0", TCG "-cpu max,host-phys-bits=on",
	 "amd 64 40/0 1g la57"},

	{"KVM, host", INTEL, "9.0", KVM "-cpu host", "intel 64 46/0 1g"},
	{"KVM, host, 9.1", INTEL, "9.1", KVM "-cpu host", "intel 64 46/46 1g"},
	{"KVM, an older type", INTEL, "9.1", PC_9_0 "-cpu host", "intel 64 46/0 1g"},
	{"KVM, an older type, given", INTEL, "9.1", PC_9_0 "-cpu host,guest-phys-bits=39",
	 "intel 64 46/39 1g"},
	{"KVM, a limit", INTEL, "11.1", KVM "-cpu host,host-phys-bits-limit=39",
	 "intel 64 39/39 1g"},
	{"KVM, a limit above", INTEL, "11.1", KVM "-cpu host,host-phys-bits-limit=48",
	 "intel 64 46/46 1g"},
	{"KVM, a named model", INTEL, "11.1", KVM "-cpu EPYC", "intel 64 40/0 1g"},
	{"KVM, a named model, given", INTEL, "11.1", KVM "-cpu Haswell,phys-bits=42",
	 "intel 64 42/42"},
	{"KVM, a named model, the host's", INTEL, "11.1", KVM "-cpu Haswell,host-phys-bits=on",
	 "intel 64 46/46"},
	{"KVM, host, its width off", INTEL, "11.1", KVM "-cpu host,host-phys-bits=off",
	 "intel 64 40/0 1g"},
	{"KVM, the host's width wins", INTEL, "11.1", KVM "-cpu host,phys-bits=39",
	 "intel 64 46/46 1g"},
	{"KVM, a vendor", INTEL, "11.1", KVM "-cpu host,vendor=AuthenticAMD", "amd 64 46/46 1g"},
};

static void check_row(void **state)
{
	const struct row *row = *state;
	struct iof_ctx *ctx;
	struct iof_machine *m;
	char text[64];

	assert_int_equal(iof_ctx_new(&ctx), 0);
	m = make_machine(ctx, row->host, row->qemu, row->line, (struct iof_vmm){0});
	assert_non_null(m);
	snprintf(text, sizeof(text), "%s %s %u/%u%s%s",
		 m->vcpu.is_amd ? "amd" : (m->vcpu.is_intel ? "intel" : "other"),
		 m->vcpu.long_mode ? "64" : "32", m->vcpu.phys_bits, m->vcpu.guest_phys_bits,
		 m->vcpu.has_1g_pages ? " 1g" : "", m->vcpu.la57 ? " la57" : "");
	assert_string_equal(text, row->expect);
	iof_machine_unref(m);
	iof_ctx_unref(ctx);
}

int test_vcpu(void)
{
	return RUN_TABLE(rows, check_row);
}
