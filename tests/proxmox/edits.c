/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* edits.c - edits of QEMU's words, and the lines of the config that they become. */
#include <errno.h>

#include "proxmox_tests.h"

struct step {
	enum edit_op op;
	const char *target; /* a driver, or "-cpu"; of REMARK its number; NULL: the end */
	const char *key, *value, *name;
};

struct edit_row {
	const char *name, *before;
	struct step steps[3];
	const char *after;  /* NULL: it cannot be said */
	const char *reason; /* part of it */
	const char *manager;
	const char *says; /* the words of the result hold it */
};

#define SET EDIT_SET
#define UNSET EDIT_UNSET
#define ADD EDIT_ADD
#define REMOVE EDIT_REMOVE

static const struct edit_row rows[] = {
	{.name = "width",
	 "machine: q35,viommu=intel,aw-bits=48\n",
	 {{SET, "intel-iommu", "aw-bits", "39", NULL}},
	 "machine: q35,viommu=intel,aw-bits=39\n"},
	{.name = "width anew",
	 "# a\nmachine:   viommu=virtio  \nname: x",
	 {{SET, "virtio-iommu-pci", "aw-bits", "39", NULL}},
	 "# a\nmachine:   viommu=virtio,aw-bits=39  \nname: x"},
	{.name = "width of an old manager",
	 "machine: q35,viommu=intel\n",
	 {{SET, "intel-iommu", "aw-bits", "39", NULL}},
	 "args: -global intel-iommu.aw-bits=39\nmachine: q35,viommu=intel\n",
	 .manager = "proxmox=9.0.20",
	 .says = "-global intel-iommu.aw-bits=39"},
	{.name = "width goes",
	 "machine: q35,aw-bits=39,viommu=intel\n",
	 {{UNSET, "intel-iommu", "aw-bits", NULL, NULL}},
	 "machine: q35,viommu=intel\n"},
	{.name = "other model",
	 "machine: q35,viommu=intel\n",
	 {{SET, "intel-iommu", "driver", "virtio-iommu-pci", NULL},
	  {UNSET, "intel-iommu", "caching-mode", NULL, NULL},
	  {UNSET, "intel-iommu", "intremap", NULL, NULL}},
	 "machine: q35,viommu=virtio\n"},
	{.name = "amd",
	 "machine: q35,viommu=intel\n",
	 {{SET, "intel-iommu", "driver", "amd-iommu", NULL}},
	 NULL,
	 "viommu=intel and virtio only"},
	{.name = "no viommu",
	 "machine: viommu=intel,type=q35,aw-bits=48\r\nmemory: 512\r\n",
	 {{REMOVE, "intel-iommu", NULL, NULL, NULL}},
	 "machine: type=q35\r\nmemory: 512\r\n"},
	{.name = "a viommu",
	 "memory: 512\n",
	 {{SET, "-machine", "type", "q35", NULL},
	  {ADD, NULL, NULL, "intel-iommu,intremap=on,caching-mode=on,aw-bits=39", "device"}},
	 "machine: q35,viommu=intel,aw-bits=39\nmemory: 512\n"},
	{.name = "first stage",
	 "machine: q35,viommu=intel\n",
	 {{SET, "intel-iommu", "scalable-mode", "on", NULL},
	  {SET, "intel-iommu", "fsts", "on", NULL}},
	 "args: -global intel-iommu.scalable-mode=on -global intel-iommu.fsts=on\n"
	 "machine: q35,viommu=intel\n"},
	{.name = "a global once",
	 "args: -global 'intel-iommu.fsts=on'\nmachine: q35,viommu=intel\n",
	 {{SET, "intel-iommu", "fsts", "off", NULL}},
	 "args: -global 'intel-iommu.fsts=off'\nmachine: q35,viommu=intel\n"},
	{.name = "caching mode",
	 "machine: q35,viommu=intel\n",
	 {{SET, "intel-iommu", "caching-mode", "off", NULL}},
	 NULL,
	 "always writes"},
	{.name = "split by the viommu",
	 "machine: q35,viommu=intel\n",
	 {{SET, "-machine", "kernel-irqchip", "split", NULL}},
	 "machine: q35,viommu=intel\n"},
	{.name = "irqchip",
	 "machine: q35\n",
	 {{SET, "-machine", "kernel-irqchip", "split", NULL}},
	 "args: -machine kernel-irqchip=split\nmachine: q35\n",
	 .says = "-machine kernel-irqchip=split"},
	{.name = "machine type",
	 "machine: pc-q35-9.0,viommu=intel\n",
	 {{SET, "-machine", "type", "pc-q35-9.2", NULL}},
	 "machine: pc-q35-9.2,viommu=intel\n"},
	{.name = "guest width",
	 "cpu: host\n",
	 {{SET, "-cpu", "guest-phys-bits", "39", NULL}},
	 "cpu: host,guest-phys-bits=39\n",
	 .says = "guest-phys-bits=39"},
	{.name = "guest width without cpu",
	 "machine: q35\nname: x\n",
	 {{SET, "-cpu", "guest-phys-bits", "39", NULL}},
	 "cpu: kvm64,guest-phys-bits=39\nmachine: q35\nname: x\n",
	 .says = "guest-phys-bits=39"},
	{.name = "guest width of an old manager",
	 "cpu: host\n",
	 {{SET, "-cpu", "guest-phys-bits", "39", NULL}},
	 "args: -cpu host,+kvm_pv_eoi,+kvm_pv_unhalt,guest-phys-bits=39\ncpu: host\n",
	 .manager = "proxmox=9.0.17"},
	{.name = "limit",
	 "cpu: host,hidden=1\n",
	 {{SET, "-cpu", "host-phys-bits-limit", "39", NULL}},
	 "args: -cpu host,kvm=off,+kvm_pv_eoi,+kvm_pv_unhalt,host-phys-bits-limit=39\n"
	 "cpu: host,hidden=1\n",
	 .says = "-cpu host,kvm=off,+kvm_pv_eoi,+kvm_pv_unhalt,host-phys-bits-limit=39"},
	{.name = "limit in args",
	 "args: -cpu 'host,kvm=off'\ncpu: kvm64\n",
	 {{SET, "-cpu", "host-phys-bits-limit", "39", NULL}},
	 "args: -cpu 'host,kvm=off,host-phys-bits-limit=39'\ncpu: kvm64\n"},
	{.name = "host width",
	 "cpu: kvm64,flags=+aes\n",
	 {{SET, "-cpu", "host-phys-bits", "on", NULL}},
	 "cpu: kvm64,flags=+aes,phys-bits=host\n"},
	{.name = "memory", "memory: 2048\n", {{SET, "-m", "size", "8G", NULL}}, "memory: 8192\n"},
	{.name = "memory by name",
	 "memory: current=2048\n",
	 {{SET, "-m", "size", "1024", NULL}},
	 "memory: current=1024\n"},
	{.name = "no hotplug",
	 "hotplug: disk,memory,usb\nmemory: 2048\nnuma: 1\n",
	 {{UNSET, "-m", "maxmem", NULL, NULL}},
	 "hotplug: disk,usb\nmemory: 2048\nnuma: 1\n"},
	{.name = "hotplug's limit",
	 "hotplug: memory\nmemory: 2048\nnuma: 1\n",
	 {{SET, "-m", "maxmem", "64G", NULL}},
	 "args: -m maxmem=64G\nhotplug: memory\nmemory: 2048\nnuma: 1\n",
	 .says = "-m maxmem=64G"},
	{.name = "a device less",
	 "hostpci0: 01:00.0\nhostpci1: 02:00.0\n",
	 {{REMOVE, "vfio-pci", NULL, NULL, NULL}},
	 "hostpci1: 02:00.0\n"},
	{.name = "a function less",
	 "hostpci0: 01:00.0;01:00.1,pcie=1\nmachine: q35\n",
	 {{REMOVE, "vfio-pci", NULL, NULL, NULL}},
	 "hostpci0: 0000:01:00.1,pcie=1\nmachine: q35\n"},
	{.name = "a device more",
	 "hostpci0: 01:00.0,pcie=1\nmachine: q35\n",
	 {{ADD, NULL, NULL, "vfio-pci,host=0000:02:00.0,rombar=off,bus=rp0", "device"}},
	 "hostpci0: 01:00.0,pcie=1\nhostpci1: 0000:02:00.0,pcie=1,rombar=0\nmachine: q35\n"},
	{.name = "off the bridge",
	 "hostpci0: 01:00.0\nmachine: q35\n",
	 {{UNSET, "vfio-pci", "bus", NULL, NULL}, {UNSET, "vfio-pci", "addr", NULL, NULL}},
	 "hostpci0: 01:00.0,pcie=1\nmachine: q35\n"},
	{.name = "behind the bridge",
	 "hostpci0: 01:00.0;01:00.1,pcie=1\nmachine: q35,viommu=intel\n",
	 {{SET, "vfio-pci", "bus", "pci.0", NULL}},
	 "hostpci0: 01:00.0;01:00.1\nmachine: q35,viommu=intel\n"},
	{.name = "iommufd",
	 "hostpci0: 01:00.0\n",
	 {{SET, "vfio-pci", "iommufd", "iommufd0", NULL},
	  {ADD, NULL, NULL, "iommufd,id=iommufd0", "object"}},
	 "args: -set device.hostpci0.iommufd=iommufd0 -object iommufd,id=iommufd0\n"
	 "hostpci0: 01:00.0\n",
	 .says = "iommufd,id=iommufd0"},
	{.name = "iommufd no more",
	 "args: -object iommufd,id=f -set device.hostpci0.iommufd=f -snapshot\nhostpci0: 01:00.0\n",
	 {{REMOVE, "-object", NULL, NULL, NULL}, {UNSET, "vfio-pci", "iommufd", NULL, NULL}},
	 "args: -snapshot\nhostpci0: 01:00.0\n"},
	{.name = "iommufd of several functions",
	 "hostpci0: 01:00.0;01:00.1\n",
	 {{SET, "vfio-pci", "iommufd", "f", NULL}},
	 NULL,
	 "entries of their own"},
	{.name = "fw_cfg",
	 "args: -snapshot\nbios: ovmf\n",
	 {{ADD, NULL, NULL, "name=opt/ovmf/X-PciMmio64Mb,string=65536", "fw_cfg"}},
	 "args: -snapshot -fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=65536\nbios: ovmf\n"},
	{.name = "args behind an open quote",
	 "args: -cpu 'host\nname: x\n",
	 {{ADD, NULL, NULL, "iommufd,id=a b", "object"}},
	 "args: -object 'iommufd,id=a b'\nname: x\n"},
	{.name = "args that a shell reads otherwise",
	 "args: -name a;b -object iommufd,id=f\nname: x\n",
	 {{REMOVE, "-object", NULL, NULL, NULL}},
	 NULL,
	 "cannot be edited safely"},
	{.name = "pending",
	 "machine: q35\n\n[PENDING]\nmachine: q35,viommu=intel\n",
	 {{SET, "intel-iommu", "aw-bits", "39", NULL}},
	 "machine: q35,aw-bits=39\n\n[PENDING]\nmachine: q35,viommu=intel,aw-bits=39\n"},
	{.name = "pending alone",
	 "memory: 512\n[PENDING]\ncpu: host\n",
	 {{SET, "-cpu", "phys-bits", "39", NULL}},
	 "memory: 512\n[PENDING]\ncpu: host,phys-bits=39\n"},
	{.name = "pending deletion",
	 "cpu: host\nmemory: 512\n[PENDING]\ndelete: cpu,memory\n",
	 {{SET, "-cpu", "phys-bits", "39", NULL}},
	 "cpu: kvm64,phys-bits=39\nmemory: 512\n[PENDING]\ndelete: memory\n"},
	{.name = "a snapshot stays",
	 "memory: 512\nparent: s1\n\n[s1]\nmemory: 512\nsnaptime: 1\n",
	 {{SET, "-m", "size", "1G", NULL}},
	 "memory: 1024\nparent: s1\n\n[s1]\nmemory: 512\nsnaptime: 1\n"},
	{.name = "no order, no end",
	 "# \xc3\xa4\nname: x\nmemory: 512",
	 {{SET, "-machine", "type", "q35", NULL}},
	 "# \xc3\xa4\nname: x\nmemory: 512\nmachine: q35"},
	{.name = "behind the settings",
	 "name: x\n#qmdump#map:scsi0:drive-scsi0:l:raw:\n",
	 {{SET, "-machine", "type", "q35", NULL}},
	 "machine: q35\nname: x\n#qmdump#map:scsi0:drive-scsi0:l:raw:\n"},
	{.name = "twice a key",
	 "memory: 512\nname: a\nmemory: 600\n",
	 {{SET, "-m", "size", "1G", NULL}},
	 "memory: 512\nname: a\nmemory: 1024\n"},
	{.name = "a card less",
	 "name: a\nnet0: virtio,bridge=vmbr0\nnet1: e1000,bridge=vmbr0\n",
	 {{REMOVE, "virtio-net-pci", NULL, NULL, NULL}},
	 "name: a\nnet1: e1000,bridge=vmbr0\n"},
	{.name = "balloon",
	 "name: a\n",
	 {{REMOVE, "virtio-balloon-pci", NULL, NULL, NULL}},
	 "balloon: 0\nname: a\n"},
	{.name = "a device's property",
	 "name: a\nscsi0: l:1\nscsihw: virtio-scsi-pci\n",
	 {{SET, "virtio-scsi-pci", "iommu_platform", "on", NULL}},
	 "args: -set device.scsihw0.iommu_platform=on\nname: a\nscsi0: l:1\nscsihw: "
	 "virtio-scsi-pci\n",
	 .says = "-set device.scsihw0.iommu_platform=on"},
	{.name = "template",
	 "machine: q35\ntemplate: 1\n",
	 {{SET, "-m", "size", "1G", NULL}},
	 NULL,
	 "template"},
	{.name = "misspelt part",
	 "cpu: host,guest-phys-bit=39\nname: a\n",
	 {{EDIT_REMARK, "0", NULL, NULL, NULL}},
	 "cpu: host,guest-phys-bits=39\nname: a\n"},
	{.name = "underscore",
	 "machine: q35,viommu=intel,aw_bits=39\n",
	 {{EDIT_REMARK, "0", NULL, NULL, NULL}},
	 "machine: q35,viommu=intel,aw-bits=39\n"},
	{.name = "misspelt key",
	 "name: a\nmachin: q35\n",
	 {{EDIT_REMARK, "0", NULL, NULL, NULL}},
	 "name: a\nmachine: q35\n"},
	{.name = "control character",
	 "name: a\n",
	 {{ADD, NULL, NULL, "iommufd,id=a\nb", "object"}},
	 NULL,
	 "control character"},
};

static size_t find_option(const struct iof_vm *vm, const char *target)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < vm->n_options; i++) {
		const char *driver = option_value(&vm->options[i], "driver");

		/* Of -cpu the last one counts, of devices the first. */
		if (*target == '-' && str_eq(vm->options[i].name, target + 1))
			found = i;
		if (*target != '-' && found == SIZE_MAX && driver && str_eq(driver, target))
			found = i;
	}
	assert_int_not_equal(found, SIZE_MAX);
	return found;
}

static size_t make_edits(const struct iof_vm *vm, const struct step *steps, struct vm_edit *out)
{
	size_t n = 0;

	for (; n < 3 && (steps[n].target || steps[n].name); n++) {
		const struct step *s = &steps[n];

		out[n] = (struct vm_edit){
			.op = s->op, .key = s->key, .value = s->value, .name = s->name};
		out[n].option = s->op == EDIT_REMARK ? (size_t)atoi(s->target)
				: s->target	     ? find_option(vm, s->target)
						     : vm->n_options;
	}
	return n;
}

static void test_edit(void **state)
{
	const struct edit_row *row = *state;
	struct iof_vm_options options = {.size = sizeof(options), .manager = row->manager};
	struct arena *arena = arena_new(4096);
	struct iof_vm *vm = NULL, *edited = NULL;
	struct iof_ctx *ctx = NULL;
	const char *const *argv;
	struct vm_edit edits[3];
	const char *text;
	size_t length, n;
	int ret;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_int_equal(iof_vm_load_config(ctx, IOF_LANGUAGE_PROXMOX, row->before,
					    strlen(row->before), "100.conf", &options, &vm),
			 0);
	n = make_edits(vm, row->steps, edits);
	ret = vm_edit_text(ctx, vm, edits, n, arena, &text, &length, &argv);
	if (row->after) {
		if (ret)
			print_error("%s\n", iof_ctx_error(ctx));
		assert_int_equal(ret, 0);
		assert_string_equal(text, row->after);
		assert_int_equal(vm_edit_structure(ctx, vm, edits, n, &edited), 0);
		if (row->says) {
			char *words = words_text(edited);

			assert_non_null(strstr(words, row->says));
			free(words);
		}
		iof_vm_unref(edited);
	} else {
		assert_int_equal(ret, -EOPNOTSUPP);
		if (!strstr(iof_ctx_error(ctx), row->reason))
			print_error("%s\n", iof_ctx_error(ctx));
		assert_non_null(strstr(iof_ctx_error(ctx), row->reason));
	}
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
	arena_free(arena);
}

int edits_run(void)
{
	return RUN_TABLE(rows, test_edit);
}
