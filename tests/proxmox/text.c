/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files, and VMs and machines told as text. */
#include "proxmox_tests.h"

#include <errno.h>

char *read_text(const char *folder, const char *name, size_t *length)
{
	struct buf path = {0}, text = {0};
	char block[4096];
	size_t n;
	FILE *file;

	buf_printf(&path, "%s/%s", folder, name);
	file = fopen(path.data, "r");
	buf_free(&path);
	if (!file)
		return NULL;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		buf_append(&text, block, n);
	fclose(file);
	*length = text.length;
	return buf_steal(&text);
}

int open_in(void *folder, const char *path, char **bytes, size_t *length)
{
	const char *slash = strrchr(path, '/');

	*bytes = read_text(folder, slash ? slash + 1 : path, length);
	return *bytes ? 0 : -ENOENT;
}

char *words_text(const struct iof_vm *vm)
{
	struct buf out = {0};

	for (size_t i = 0; i < vm->n_args; i++)
		buf_printf(&out, "%s%s",
			   i && vm->args[i][0] == '-' ? "\n"
			   : i			      ? " "
						      : "",
			   vm->args[i]);
	return buf_steal(&out);
}

static void tell_devices(struct buf *out, const struct iof_machine *m)
{
	for (size_t i = 0; i < m->n_devices; i++) {
		const struct machine_device *d = &m->devices[i];

		/* What is not looked into and not on PCI changes nothing. */
		if (!d->def && !d->bus)
			continue;
		buf_printf(out, "device %s id=%s bus=%s devfn=%02x.%u %s\n", d->driver,
			   d->id ? d->id : "-", d->bus ? d->bus->name : "-", d->devfn >> 3,
			   d->devfn & 7, d->host_bdf ? d->host_bdf : "");
		for (size_t k = 0; k < PROPERTY_COUNT; k++) {
			if (d->value[k].def)
				buf_printf(out, "  %s=%lld %s\n", d->value[k].def->name,
					   (long long)d->value[k].number,
					   d->value[k].text ? d->value[k].text : "");
		}
		if (d->problem.kind)
			buf_printf(out, "  problem %d %s\n", d->problem.kind,
				   d->problem.value ? d->problem.value : "");
	}
}

static void tell_map(struct buf *out, const struct iof_machine *m)
{
	const struct iof_region *r;

	iof_machine_region_foreach(m, r)
	{
		struct iof_range range = iof_region_range(r);

		buf_printf(out, "region %d %s %llx-%llx bar=%d mapped=%d\n", iof_region_kind(r),
			   iof_region_name(r), (unsigned long long)range.first,
			   (unsigned long long)range.last, iof_region_bar(r),
			   iof_region_is_mapped(r));
	}
	buf_printf(out, "unplaced %s\n", iof_machine_unplaced(m) ? iof_machine_unplaced(m) : "");
}

static void tell_report(struct buf *out, struct iof_ctx *ctx, struct iof_host *host,
			const struct iof_machine *m)
{
	static const enum iof_phase phases[] = {IOF_PHASE_START, IOF_PHASE_PLUG, IOF_PHASE_RUN};
	struct iof_report *report = NULL;
	const char *message;

	assert_int_equal(iof_report_new(ctx, &report), 0);
	assert_int_equal(iof_check(host, m, NULL, report), 0);
	buf_printf(out, "verdict %d\n", iof_report_verdict(report));
	for (size_t p = 0; p < ARRAY_SIZE(phases); p++) {
		for (size_t i = 0; (message = iof_report_message(report, phases[p], i)); i++)
			buf_printf(out, "message %zu %s\n", p, message);
	}
	iof_report_unref(report);
}

char *machine_text(struct iof_ctx *ctx, struct iof_host *host, const struct iof_machine *m)
{
	struct buf out = {0};

	buf_printf(&out, "type %s\nversion %s\nkvm %d irqchip %d\n", m->type_name, m->version_text,
		   m->kvm, m->irqchip);
	buf_printf(&out, "vcpu amd=%d intel=%d bits=%u guest=%u la57=%d 1g=%d\n", m->vcpu.is_amd,
		   m->vcpu.is_intel, m->vcpu.phys_bits, m->vcpu.guest_phys_bits, m->vcpu.la57,
		   m->vcpu.has_1g_pages);
	buf_printf(&out, "memory %llx max %llx slots %llu dimms %zu base %llx+%llx\n",
		   (unsigned long long)m->ram_size, (unsigned long long)m->max_size,
		   (unsigned long long)m->slots, m->n_dimms,
		   (unsigned long long)m->device_memory_base,
		   (unsigned long long)m->device_memory_size);
	buf_printf(&out, "firmware %s\n", iof_machine_firmware(m));
	for (size_t i = 0; i < m->n_problems; i++)
		buf_printf(&out, "problem %d %s\n", m->problems[i].kind,
			   m->problems[i].value ? m->problems[i].value : "");
	tell_devices(&out, m);
	tell_map(&out, m);
	tell_report(&out, ctx, host, m);
	return buf_steal(&out);
}

bool same_text(const char *name, const char *mine, const char *peers)
{
	while (*mine && *mine == *peers) {
		mine++;
		peers++;
	}
	if (!*mine && !*peers)
		return true;
	while (mine[-1] != '\n' && *mine)
		mine--, peers--;
	print_message("%s:\n  here: %.*s\n  peer: %.*s\n", name, (int)strcspn(mine, "\n"), mine,
		      (int)strcspn(peers, "\n"), peers);
	return false;
}
