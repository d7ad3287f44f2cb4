// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "describe.h"
#include "vmm/machine.h"

char *read_text(const char *path, size_t *length)
{
	FILE *file = fopen(path, "r");
	char *text = malloc(1 << 20);

	if (!file || !text) {
		free(text);
		if (file)
			fclose(file);
		return NULL;
	}
	*length = fread(text, 1, (1 << 20) - 1, file);
	text[*length] = '\0';
	fclose(file);
	return text;
}

static void add_devices(struct buf *out, const struct iof_machine *m)
{
	for (size_t i = 0; i < m->n_devices; i++) {
		const struct machine_device *d = &m->devices[i];

		if (!d->bus && !d->def && !d->problem.kind)
			continue; /* what hangs on other buses bears on nothing here */
		buf_printf(out, "device %s id=%s bus=%s devfn=%02x problem=%d host=%s\n", d->driver,
			   d->id ? d->id : "", d->bus ? d->bus->name : "-", d->devfn,
			   d->problem.kind, d->host_bdf ? d->host_bdf : "");
	}
	for (size_t i = 0; i < m->n_problems; i++)
		buf_printf(out, "problem %d %s\n", m->problems[i].kind,
			   m->problems[i].value ? m->problems[i].value : "");
}

static void add_properties(struct buf *out, const struct iof_machine *m)
{
	struct iof_value value;

	for (size_t i = 0; iof_machine_property(m, i, &value) == 0; i++)
		buf_printf(out, "property %s.%s=%s\n", value.device, value.property, value.text);
}

static void add_map(struct buf *out, const struct iof_machine *m)
{
	const struct iof_region *region;

	iof_machine_region_foreach(m, region)
	{
		struct iof_range range = iof_region_range(region);

		buf_printf(out, "region %d %llx-%llx %s\n", iof_region_kind(region),
			   (unsigned long long)range.first, (unsigned long long)range.last,
			   iof_region_name(region));
	}
	if (iof_machine_unplaced(m))
		buf_printf(out, "unplaced %s\n", iof_machine_unplaced(m));
}

static void add_report(struct buf *out, struct iof_report *report)
{
	const char *message;

	buf_printf(out, "verdict %d start %d run %d migrate %d\n", iof_report_verdict(report),
		   iof_report_start(report), iof_report_run(report), iof_report_migrate(report));
	for (enum iof_phase phase = IOF_PHASE_START; phase <= IOF_PHASE_MIGRATE; phase++) {
		for (size_t i = 0; (message = iof_report_message(report, phase, i)); i++)
			buf_printf(out, "message %d %s\n", phase, message);
	}
}

static struct iof_machine *resolve(struct iof_ctx *ctx, struct iof_host *host, struct iof_vm *vm,
				   const char *qemu)
{
	struct iof_vmm vmm = {.size = sizeof(vmm), .version = qemu, .memlock = UINT64_MAX};
	struct iof_machine *machine = NULL;

	if (iof_machine_resolve(ctx, host, vm, &vmm, &machine))
		fprintf(stderr, "%s\n", iof_ctx_error(ctx));
	return machine;
}

static struct iof_report *check(struct iof_ctx *ctx, const struct iof_machine *machine)
{
	struct iof_report *report = NULL;

	if (iof_report_new(ctx, &report) || iof_check(NULL, machine, NULL, report))
		fprintf(stderr, "%s\n", iof_ctx_error(ctx));
	return report;
}

char *describe_machine(struct iof_ctx *ctx, struct iof_host *host, struct iof_vm *vm,
		       const char *qemu)
{
	struct iof_machine *m = resolve(ctx, host, vm, qemu);
	struct iof_report *report;
	struct buf out = {0};

	if (!m)
		return NULL;
	report = check(ctx, m);
	buf_printf(&out, "type %s version %s kvm %d irqchip %d\n", iof_machine_type(m),
		   iof_machine_vmm_version(m), m->kvm, m->irqchip);
	buf_printf(&out, "vcpu %u/%u amd %d intel %d la57 %d 1g %d\n", m->vcpu.phys_bits,
		   m->vcpu.guest_phys_bits, m->vcpu.is_amd, m->vcpu.is_intel, m->vcpu.la57,
		   m->vcpu.has_1g_pages);
	buf_printf(&out, "ram %llx max %llx slots %llu firmware %s\n",
		   (unsigned long long)m->ram_size, (unsigned long long)m->max_size,
		   (unsigned long long)m->slots, iof_machine_firmware(m));
	add_devices(&out, m);
	add_properties(&out, m);
	add_map(&out, m);
	add_report(&out, report);
	iof_report_unref(report);
	iof_machine_unref(m);
	return buf_steal(&out);
}

char *first_refusal(struct iof_ctx *ctx, struct iof_host *host, struct iof_vm *vm, const char *qemu)
{
	struct iof_machine *m = resolve(ctx, host, vm, qemu);
	struct iof_report *report;
	const char *message;
	char *copy = NULL;

	if (!m)
		return NULL;
	report = check(ctx, m);
	message = iof_report_message(report, IOF_PHASE_START, 0);
	if (iof_report_start(report) == IOF_OUTCOME_FAILS && message)
		copy = strdup(message);
	iof_report_unref(report);
	iof_machine_unref(m);
	return copy;
}
