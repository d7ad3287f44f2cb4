/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* random.c - ten thousand edits of configs that are made up: only the lines that an edit means
 * change, whatever else stands there. */
#include <errno.h>

#include "proxmox_tests.h"
#include "vm/proxmox/proxmox.h"

static uint64_t seed = 20261126;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

#define ONE_OF(list) ((list)[pick(ARRAY_SIZE(list))])

static const char *const lines[] = {
	"name: vm-\xc3\xa9t\xc3\xa9",
	"memory: 4096",
	"memory:\t2048 ",
	"cores: 4",
	"bios: ovmf",
	"cpu: host",
	"cpu: kvm64,flags=+aes",
	"onboot: 1",
	"hostpci0: 01:00.0",
	"hostpci1: 0000:02:00.0,pcie=1",
	"net0: virtio=02:00:00:00:00:01,bridge=vmbr0",
	"args: -name 'a b' -snapshot",
	"unused0: l:vm-1-disk-0",
	"tags: a;b",
	"scsi0: local-lvm:vm-100-disk-0,size=32G",
	"not a setting",
	"foo: bar",
	"description: old%20form",
	"balloon: 0",
	"vga: std",
	"numa: 1",
	"",
	"  ",
	"# a comment: with colon",
	"#%C3%A4",
	"#",
	"agent: 1",
};
static const char *const machines[] = {"machine: q35,viommu=intel", "machine: q35,viommu=virtio",
				       "machine:  viommu=intel,type=q35,aw-bits=48"};
static const char *const sections[] = {"[PENDING]", "[before]", "[special:cloudinit]", "[x:y]"};

static void make_config(struct buf *out)
{
	const char *eol = pick(3) ? "\n" : "\r\n";
	unsigned n = 1 + pick(12);

	for (unsigned i = 0; i < n; i++)
		buf_printf(out, "%s%s", ONE_OF(lines), eol);
	buf_printf(out, "%s%s", ONE_OF(machines), eol);
	for (unsigned i = pick(3); i > 0; i--)
		buf_printf(out, "%s%s", ONE_OF(lines), eol);
	for (unsigned s = pick(3); s > 0; s--) {
		buf_printf(out, "%s%s%s", pick(2) ? eol : "", ONE_OF(sections), eol);
		for (unsigned i = pick(4); i > 0; i--)
			buf_printf(out, "%s%s", ONE_OF(lines), eol);
	}
	if (pick(3) == 0) { /* no end of the last line */
		while (out->length && strchr("\r\n", out->data[out->length - 1]))
			out->data[--out->length] = '\0';
	}
}

/* The edits, and the keys whose lines they may touch. */
struct kind {
	const char *target;
	enum edit_op op;
	const char *key, *value;
	const char *touches;
};
static const struct kind kinds[] = {
	{"-m", EDIT_SET, "size", "6G", "memory"},
	{"-cpu", EDIT_SET, "phys-bits", "39", "cpu"},
	{"-cpu", EDIT_SET, "guest-phys-bits", "40", "cpu"},
	{"-cpu", EDIT_SET, "host-phys-bits-limit", "40", "args"},
	{"iommu", EDIT_SET, "aw-bits", "39", "machine"},
	{"iommu", EDIT_SET, "device-iotlb", "on", "args"},
	{"iommu", EDIT_REMOVE, NULL, NULL, "machine"},
	{"-machine", EDIT_SET, "type", "pc-q35-9.2", "machine"},
	{"vfio-pci", EDIT_REMOVE, NULL, NULL, "hostpci0 hostpci1"},
	{"vfio-pci", EDIT_SET, "rombar", "off", "hostpci0 hostpci1"},
	{NULL, EDIT_ADD, NULL, "iommufd,id=iommufd0", "args"},
	{"virtio-balloon-pci", EDIT_REMOVE, NULL, NULL, "balloon"},
};

static size_t find(const struct iof_vm *vm, const char *target)
{
	for (size_t i = vm->n_options; target && i-- > 0;) {
		const struct vm_option *o = &vm->options[i];
		const char *driver = option_value(o, "driver");

		if (*target == '-' ? str_eq(o->name, target + 1)
				   : driver && strstr(driver, target) && o->kind == OPTION_DEVICE)
			return i;
	}
	return vm->n_options;
}

static bool may_touch(const char *touches, const char *line, size_t length)
{
	size_t n = 0;

	while (n < length && line[n] != ':')
		n++;
	for (const char *at = touches; *at; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");

		if (n == word && memcmp(at, line, word) == 0)
			return true;
		at += word;
	}
	return false;
}

/* All lines that the edit may not touch, as they are. */
static void untouched(struct buf *out, const char *text, size_t length, const char *touches)
{
	const char *at = text, *end = text + length;

	out->length = 0;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *next = newline ? newline + 1 : end;
		size_t n = (size_t)((newline ? newline : end) - at);

		if (n && at[n - 1] == '\r')
			n--;
		if (!may_touch(touches, at, n)) {
			buf_append(out, at, n);
			buf_putc(out, '|');
		}
		at = next;
	}
	buf_putc(out, '\0');
}

/* The last line end of the text, "" if there is none. */
static const char *last_end(const char *text, size_t length)
{
	if (!length || text[length - 1] != '\n')
		return "";
	return length > 1 && text[length - 2] == '\r' ? "\r\n" : "\n";
}

static bool edit_once(struct iof_ctx *ctx, struct iof_vm *vm, const struct kind *kind,
		      struct buf *before, struct buf *after)
{
	struct vm_edit edit = {.op = kind->op,
			       .option = find(vm, kind->target),
			       .key = kind->key,
			       .value = kind->value,
			       .name = kind->op == EDIT_ADD ? "object" : NULL};
	struct arena *arena = arena_new(4096);
	struct iof_vm *again = NULL;
	const char *const *argv;
	const char *text;
	size_t length;
	int ret;

	if (kind->target && edit.option == vm->n_options) {
		arena_free(arena);
		return false;
	}
	ret = vm_edit_text(ctx, vm, &edit, 1, arena, &text, &length, &argv);
	if (ret) {
		assert_int_equal(ret, -EOPNOTSUPP);
		arena_free(arena);
		return false;
	}
	untouched(before, vm->source, vm->source_length, kind->touches);
	untouched(after, text, length, kind->touches);
	if (!str_eq(before->data, after->data))
		print_error("before:\n%s\nafter:\n%s\n", vm->source, text);
	assert_string_equal(before->data, after->data);
	assert_string_equal(last_end(vm->source, vm->source_length), last_end(text, length));
	assert_int_equal(vm_load_edited(ctx, vm, text, length, &again), 0);
	iof_vm_unref(again);
	arena_free(arena);
	return true;
}

static void test_random(void **state)
{
	struct buf config = {0}, before = {0}, after = {0};
	unsigned edits = 0;

	(void)state;
	while (edits < 10000) {
		struct iof_ctx *ctx = NULL;
		struct iof_vm *vm = NULL;

		config.length = 0;
		make_config(&config);
		assert_int_equal(iof_ctx_new(&ctx), 0);
		assert_int_equal(iof_vm_load(ctx, IOF_LANGUAGE_PROXMOX, config.data, config.length,
					     "100.conf", &vm),
				 0);
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
			edits += edit_once(ctx, vm, &kinds[i], &before, &after);
		iof_vm_unref(vm);
		iof_ctx_unref(ctx);
	}
	buf_free(&config);
	buf_free(&before);
	buf_free(&after);
}

int random_run(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
