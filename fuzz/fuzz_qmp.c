/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parser: src/live/qmp.c src/live/load.c src/live/qom.c src/live/pci.c
 * parser: src/live/compare.c src/live/compare_devices.c src/live/compare_map.c src/live/write.c
 *
 * A QMP session without a socket: each line of the input is what the next command returns; after a
 * "!" it is the whole line. What was taken is compared with a machine and written.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>

#include <iommufit/live.h>

#include "base/strings.h"
#include "live/facts.h"
#include "output.h"

struct session {
	const char *cursor, *end;
	struct buf line;
	unsigned n_commands;
};

static int take_command(void *data, const char *bytes UNUSED, size_t length UNUSED)
{
	((struct session *)data)->n_commands++;
	return 0;
}

static int give_line(void *data, const char *command UNUSED, const char **line, size_t *length)
{
	struct session *s = data;
	const char *text;
	size_t n;

	if (!next_line(&s->cursor, s->end, &text, &n))
		return -EIO;
	buf_free(&s->line);
	if (n && text[0] == '!') {
		buf_append(&s->line, text + 1, n - 1);
	} else {
		buf_puts(&s->line, "{\"return\": ");
		buf_append(&s->line, text, n);
		buf_printf(&s->line, ", \"id\": %u}", s->n_commands);
	}
	*line = s->line.data ? s->line.data : "";
	*length = s->line.length;
	return s->line.err;
}

static struct iof_machine *make_machine(struct iof_ctx *ctx)
{
	static const char *const argv[] = {"qemu-system-x86_64",
					   "-machine",
					   "pc-q35-10.0",
					   "-m",
					   "1G,maxmem=4G",
					   "-device",
					   "intel-iommu",
					   "-device",
					   "virtio-iommu-pci",
					   "-device",
					   "pc-dimm,memdev=mem0,id=dimm0",
					   "-object",
					   "memory-backend-ram,id=mem0,size=256M",
					   "-device",
					   "virtio-net-pci,id=net0"};
	struct iof_vmm vmm = {.size = sizeof(vmm), .version = "qemu=10.0.2"};
	struct iof_machine *machine = NULL;
	struct iof_host *host = NULL;
	struct iof_vm *vm = NULL;

	if (iof_host_load_catalog(ctx, "coffee-lake", NULL, &host) < 0 ||
	    iof_vm_load_argv(ctx, argv, ARRAY_SIZE(argv), "fuzz", &vm) < 0 ||
	    iof_machine_resolve(ctx, host, vm, &vmm, &machine) < 0)
		abort();
	iof_host_unref(host);
	iof_vm_unref(vm);
	return machine;
}

static void write_as(const struct iof_live_comparison *c, enum iof_format format)
{
	struct buf text = {0};
	struct iof_output out = {.size = sizeof(out),
				 .write = append,
				 .data = &text,
				 .format = format,
				 .verbose = true};

	if (iof_live_write(c, &out) < 0)
		abort();
	/* Nothing that a terminal would act on. */
	for (size_t i = 0; i < text.length; i++) {
		if ((unsigned char)text.data[i] < ' ' && text.data[i] != '\n')
			abort();
	}
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct iof_ctx *ctx;
	static struct iof_machine *machine;
	struct session s = {.cursor = (const char *)bytes, .end = (const char *)bytes + size};
	struct qmp q = {.name = "fuzz", .wire = {take_command, give_line, &s}};
	struct iof_live_comparison *c;
	struct iof_live *live;

	if (!ctx && iof_ctx_new(&ctx) < 0)
		abort();
	if (!machine)
		machine = make_machine(ctx);
	q.ctx = ctx;
	q.arena = arena_new(4096);
	live = live_new(ctx);
	if (!q.arena || !live)
		abort();
	live->name = "fuzz";
	/* What was taken before the session broke off is compared, too. */
	if (qmp_open(&q) == 0 && (live_ask_all(live, &q) == 0 || live->status) &&
	    iof_live_compare(ctx, live, machine, &c) == 0) {
		write_as(c, IOF_FORMAT_TEXT);
		write_as(c, IOF_FORMAT_JSON);
		iof_live_comparison_unref(c);
	}
	iof_live_unref(live);
	arena_free(q.arena);
	buf_free(&s.line);
	return 0;
}
