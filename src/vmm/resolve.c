/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* iof_machine_resolve(): config, host and version become a machine. */
#include <errno.h>

#include "host/what_if.h"
#include "vmm/machine.h"

/* Keep what was asked for: a fix is tried by resolving the edited config in the same way. */
static int keep_request(struct iof_machine *m, const struct iof_vmm *vmm)
{
	const char **plug;

	m->vmm = (struct iof_vmm){.size = sizeof(m->vmm),
				  .version = m->version_text,
				  .memlock = vmm ? vmm->memlock : 0};
	if (!vmm)
		return 0;
	if (vmm->firmware) {
		m->vmm.firmware = arena_strdup(m->arena, vmm->firmware);
		if (!m->vmm.firmware)
			return -ENOMEM;
	}
	if (vmm->firmware_read) {
		m->vmm.firmware_read = arena_strdup(m->arena, vmm->firmware_read);
		if (!m->vmm.firmware_read)
			return -ENOMEM;
	}
	if (vmm->version_source) {
		m->vmm.version_source = arena_strdup(m->arena, vmm->version_source);
		if (!m->vmm.version_source)
			return -ENOMEM;
	}
	if (vmm->backend)
		m->vmm.backend = str_eq(vmm->backend, "iommufd") ? "iommufd" : "legacy";
	plug = arena_array(m->arena, vmm->n_plug + 1, sizeof(*plug));
	if (!plug)
		return -ENOMEM;
	for (size_t i = 0; i < vmm->n_plug; i++) {
		plug[i] = arena_strdup(m->arena, vmm->plug[i]);
		if (!plug[i])
			return -ENOMEM;
	}
	m->vmm.plug = plug;
	m->vmm.n_plug = vmm->n_plug;
	return 0;
}

/* A device that the manager binds to VFIO when it starts the VM, and that is not bound yet. */
static const struct iof_device *device_to_bind(const struct iof_machine *m,
					       const struct vm_option *option)
{
	const char *text = option->binds_host ? option_value(option, "host") : NULL;
	const struct iof_device *device;
	struct pci_address address;
	char bdf[BDF_TEXT];

	if (!text || parse_bdf(text, &address))
		return NULL;
	format_bdf(&address, bdf);
	device = iof_host_device(m->host, bdf);
	return device && !device->driver_is_vfio ? device : NULL;
}

/* The host as the manager leaves it: such devices are bound, their group mates are not. */
static int bind_devices(struct iof_machine *m)
{
	const char **bdfs = arena_array(m->arena, m->vm->n_options + 1, sizeof(*bdfs));
	size_t n = 0;

	if (!bdfs)
		return -ENOMEM;
	for (size_t i = 0; i < m->vm->n_options; i++) {
		const struct iof_device *device = device_to_bind(m, &m->vm->options[i]);

		if (device)
			bdfs[n++] = device->bdf;
	}
	if (n == 0)
		return 0;
	m->host_given = m->host;
	m->host = NULL;
	return host_bind(m->host_given, bdfs, n, &m->host);
}

static int build_qemu(struct iof_ctx *ctx, struct iof_machine *m, const struct iof_vmm *vmm)
{
	int r = machine_build_board(m);

	if (r == 0)
		r = machine_find_firmware(ctx, m, vmm);
	if (r == 0)
		r = machine_build_devices(ctx, m, vmm);
	return r ? r : machine_place_bars(m);
}

static int resolve(struct iof_ctx *ctx, struct iof_machine *m, const struct iof_vmm *vmm)
{
	int r;

	if (vmm && vmm->backend && !str_eq(vmm->backend, "iommufd") &&
	    !str_eq(vmm->backend, "legacy"))
		return ctx_fail(ctx, -EINVAL, "%s: a backend is iommufd or legacy", vmm->backend);
	m->memlock = vmm ? vmm->memlock : 0;
	if (!m->memlock)
		m->memlock = m->vm->memlock;
	m->is_hypothetical = m->host->is_hypothetical;
	r = bind_devices(m);
	if (r == 0)
		r = machine_take_remarks(m);
	if (r)
		return ctx_fail(ctx, r, "out of memory");
	machine_find_type(m);
	if (m->type.family == MACHINE_CLOUD_HYPERVISOR)
		m->vmm_kind = VMM_CLOUD_HYPERVISOR;
	r = machine_find_version(ctx, m, vmm);
	if (r == 0)
		r = is_cloud_hypervisor(m) ? cloud_hypervisor_build(ctx, m, vmm)
					   : build_qemu(ctx, m, vmm);
	if (r == 0)
		r = machine_attach(m);
	if (r == 0)
		r = machine_list_regions(m);
	if (r == 0)
		r = machine_list_resolved(m);
	if (r == 0)
		r = keep_request(m, vmm);
	return r == -ENOMEM ? ctx_fail(ctx, r, "out of memory") : r;
}

IOF_EXPORT int iof_machine_resolve(struct iof_ctx *ctx, struct iof_host *host, struct iof_vm *vm,
				   const struct iof_vmm *vmm, struct iof_machine **out)
{
	struct arena *arena = arena_new(8192);
	struct iof_machine *m = arena ? arena_alloc(arena, sizeof(*m)) : NULL;
	int r;

	*out = NULL;
	if (!m) {
		arena_free(arena);
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	}
	m->refs = 1;
	m->arena = arena;
	m->host = iof_host_ref(host);
	m->vm = iof_vm_ref(vm);
	r = resolve(ctx, m, vmm);
	if (r)
		iof_machine_unref(m);
	else
		*out = m;
	return r;
}

IOF_EXPORT struct iof_machine *iof_machine_ref(struct iof_machine *m)
{
	if (m)
		__atomic_add_fetch(&m->refs, 1, __ATOMIC_RELAXED);
	return m;
}

IOF_EXPORT struct iof_machine *iof_machine_unref(struct iof_machine *m)
{
	if (!m || __atomic_sub_fetch(&m->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return NULL;
	iof_host_unref(m->host);
	iof_host_unref(m->host_given);
	iof_vm_unref(m->vm);
	arena_free(m->arena);
	return NULL;
}

IOF_EXPORT const char *iof_machine_vmm_name(const struct iof_machine *m)
{
	return is_cloud_hypervisor(m) ? "Cloud Hypervisor" : "QEMU";
}

IOF_EXPORT const char *iof_machine_vmm_version(const struct iof_machine *m)
{
	return m->version_text;
}

IOF_EXPORT const char *iof_machine_vmm_provenance(const struct iof_machine *m)
{
	return m->version_provenance;
}

IOF_EXPORT const char *iof_machine_type(const struct iof_machine *m)
{
	return m->type_name;
}

IOF_EXPORT int iof_machine_property(const struct iof_machine *m, size_t index,
				    struct iof_value *out)
{
	if (index >= m->n_resolved)
		return -ENOENT;
	*out = m->resolved[index].value;
	return 0;
}

IOF_EXPORT size_t iof_machine_property_device(const struct iof_machine *m, size_t index)
{
	return index < m->n_resolved ? m->resolved[index].device : SIZE_MAX;
}

IOF_EXPORT int iof_machine_device(const struct iof_machine *m, size_t index,
				  struct iof_machine_device *out)
{
	const struct machine_device *device;

	if (index >= m->n_devices)
		return -ENOENT;
	device = &m->devices[index];
	*out = (struct iof_machine_device){.driver = device->driver ? device->driver : "",
					   .id = device->id,
					   .label = device->label,
					   .host = device->host_bdf,
					   .is_plugged = device->is_plugged};
	return 0;
}

IOF_EXPORT void iof_machine_cpu_widths(const struct iof_machine *m, unsigned *phys_bits,
				       unsigned *guest_phys_bits)
{
	*phys_bits = m->vcpu.phys_bits;
	*guest_phys_bits = m->vcpu.guest_phys_bits;
}

IOF_EXPORT uint64_t iof_machine_memlock(const struct iof_machine *m)
{
	return m->memlock;
}
