/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* alloc.c - each allocation fails once, and once with all after it: reading and editing end in
 * -ENOMEM, nothing leaks. */
#include <errno.h>

#include "inject.h"
#include "proxmox_tests.h"

static const char *const configs[] = {
	"args: -cpu 'host,a' -set device.hostpci0.x=1 -object iommufd,id=f\nbios: ovmf\n"
	"cores: 3\ncpu: host,flags=+aes;-pcid,phys-bits=40\nefidisk0: l:1,efitype=4m\n"
	"hostpci0: 01:00.0,rombar=0,romfile=a\nhostpci5: 02:00,pcie=1\nhostpci6: mapping=nic\n"
	"machine: q35,viommu=intel,aw-bits=39\nmeta: creation-qemu=9.0\nostype: win11\n"
	"net0: virtio=a,bridge=b,queues=3\nscsi3: l:1,iothread=1\nscsihw: virtio-scsi-single\n"
	"usb1: 1-2\nvirtio0: l:2,iothread=1\nvga: qxl3\nunknown: 1\nmemory: a\n",
	"cpu: custom-nic\nhotplug: memory,cpu\nivshmem: size=4\nmachine: pc-i440fx-9.2+pve1.pxe\n"
	"memory: 3072\nnet0: e1000=a\nnet1: virtio\nnuma: 1\nsockets: 2\nvcpus: 2\nsata0: l:1\n"
	"vga: std,memory=32\n[PENDING]\ndelete: sata0,vga\nnuma: 1\nmemory: 4096\n[snap]\nnuma: "
	"2\n",
	"hugepages: 2\nmemory: 1024\nnuma: 1\nnuma0: "
	"cpus=0;1-2,memory=1024,hostnodes=0,policy=bind\n"
	"machine: pc,viommu=intel\nvirtiofs0: a\nagent: 1\nrng0: /dev/urandom\naudio0: "
	"device=AC97\n"
	"scsi1: l:1\nide0: l:1\n",
};

static int open_file(void *data, const char *path, char **bytes, size_t *length)
{
	static const char text[] = "cpu-model: nic\n\tflags +a;-b\n\tphys-bits 40\nnic\n"
				   "\tmap node=a,path=0000:03:00.0;0000:03:00.1\n";

	(void)data;
	(void)path;
	*bytes = malloc(sizeof(text));
	*length = sizeof(text) - 1;
	if (!*bytes)
		return -ENOMEM;
	memcpy(*bytes, text, sizeof(text));
	return 0;
}

static size_t find(const struct iof_vm *vm, const char *name, const char *driver)
{
	for (size_t i = vm->n_options; i-- > 0;) {
		const char *own = option_value(&vm->options[i], "driver");

		if (str_eq(vm->options[i].name, name) && (!driver || (own && str_eq(own, driver))))
			return i;
	}
	return vm->n_options;
}

static bool has_refused; /* then it may have been the text of the reason that found no memory */

/* 0 also where something cannot be said: what counts is memory. */
static int edit(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits, size_t n)
{
	struct arena *arena = arena_new(64);
	const char *const *argv;
	const char *text;
	size_t length;
	int ret = arena ? vm_edit_text(ctx, vm, edits, n, arena, &text, &length, &argv) : -ENOMEM;

	arena_free(arena);
	has_refused |= ret == -EOPNOTSUPP;
	return ret == -ENOMEM ? ret : 0;
}

static int edit_all(struct iof_ctx *ctx, const struct iof_vm *vm)
{
	size_t cpu = find(vm, "cpu", NULL), vfio = find(vm, "device", "vfio-pci");
	size_t viommu = find(vm, "device", "intel-iommu"), memory = find(vm, "m", NULL);
	const struct vm_edit edits[] = {
		{.op = EDIT_SET, .option = cpu, .key = "host-phys-bits-limit", .value = "39"},
		{.op = EDIT_SET, .option = cpu, .key = "guest-phys-bits", .value = "39"},
		{.op = EDIT_SET, .option = viommu, .key = "aw-bits", .value = "48"},
		{.op = EDIT_SET, .option = viommu, .key = "fsts", .value = "on"},
		{.op = EDIT_SET, .option = vfio, .key = "rombar", .value = "1"},
		{.op = EDIT_SET, .option = vfio, .key = "x", .value = "1"},
		{.op = EDIT_REMOVE, .option = vfio},
		{.op = EDIT_SET, .option = memory, .key = "size", .value = "1G"},
		{.op = EDIT_UNSET, .option = memory, .key = "maxmem"},
		{.op = EDIT_ADD, .option = 0, .name = "device", .value = "vfio-pci,host=5:0.0,a=b"},
		{.op = EDIT_ADD, .option = 0, .name = "device", .value = "virtio-iommu-pci,x=1"},
		{.op = EDIT_ADD, .option = 0, .name = "object", .value = "iommufd,id=a b"},
		{.op = EDIT_REMARK, .option = 0},
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(edits); i++) {
		if (edits[i].option < vm->n_options)
			ret = edit(ctx, vm, &edits[i], 1);
	}
	return ret;
}

static int load_and_edit(const char *text, bool knows_host)
{
	struct iof_vm_options options = {.size = sizeof(options),
					 .open = knows_host ? open_file : NULL,
					 .manager = "proxmox=9.2",
					 .host_arch = "x86_64"};
	struct iof_ctx *ctx = NULL;
	struct iof_vm *vm = NULL;
	int ret = iof_ctx_new(&ctx);

	if (!ret)
		ret = iof_vm_load_config(ctx, IOF_LANGUAGE_PROXMOX, text, strlen(text), "1.conf",
					 &options, &vm);
	if (!ret)
		ret = edit_all(ctx, vm);
	iof_vm_unref(vm);
	iof_ctx_unref(ctx);
	return ret;
}

static void test_alloc(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4 * ARRAY_SIZE(configs); i++) {
		const char *text = configs[i / 4];
		bool failed = true;

		for (unsigned long n = 1; failed; n++) {
			int ret;

			has_refused = false;
			inject_failure(n, i & 1);
			ret = load_and_edit(text, i & 2);
			failed = inject_happened();
			inject_failure(0, false);
			if (!has_refused || !failed)
				assert_int_equal(ret, failed ? -ENOMEM : 0);
		}
	}
}

int alloc_run(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_alloc)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
