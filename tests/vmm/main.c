/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vmm_test.h"

struct iof_machine *make_machine(struct iof_ctx *ctx, const char *host_name, const char *version,
				 const char *line, struct iof_vmm vmm)
{
	struct iof_host_options options = {.size = sizeof(options)};
	struct iof_host *host = NULL;
	struct iof_vm *vm = NULL;
	struct iof_machine *machine = NULL;

	vmm.size = sizeof(vmm);
	vmm.version = version;
	if (iof_host_load(ctx, host_name, &options, &host) ||
	    iof_vm_load(ctx, IOF_LANGUAGE_QEMU_ARGV, line, strlen(line), "row", &vm))
		fail_msg("%s: %s", line, iof_ctx_error(ctx));
	iof_machine_resolve(ctx, host, vm, &vmm, &machine);
	iof_host_unref(host);
	iof_vm_unref(vm);
	return machine;
}

int main(void)
{
	return test_firmware_kinds() + test_firmware_errors() + test_images() + test_vcpu() +
	       test_microvm() + test_ovmf() + test_virt() + test_virt_bars();
}
