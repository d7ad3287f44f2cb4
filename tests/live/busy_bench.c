/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* busy_bench.c - see busy_bench.h. */
#include "busy_bench.h"

#include <errno.h>
#include <stdio.h>

#include "base/strings.h"
#include "live/bind.h"

void bench_file(struct bench *b, const char *below, const char *text)
{
	fake_file(b->k, fake_pci_path(DEVICE, below), text);
}

const char *bench_join(const char *a, const char *b)
{
	static char text[4][256];
	static unsigned at;
	char whole[256];

	snprintf(whole, sizeof(whole), "%s%s", a, b);
	at = (at + 1) % 4;
	memcpy(text[at], whole, sizeof(whole));
	return text[at];
}

/* A child device of that subsystem. number: "8:0", of /dev/NAME; NULL: no node. */
void bench_child(struct bench *b, const char *path, const char *subsystem, const char *number)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	unsigned major, minor;

	fake_link(b->k, fake_pci_path(DEVICE, bench_join(path, "/subsystem")),
		  bench_join("/sys/class/", subsystem));
	if (!number)
		return;
	bench_file(b, bench_join(path, "/dev"), bench_join(number, "\n"));
	bench_file(b, bench_join(path, "/uevent"),
		   bench_join(bench_join("DEVNAME=", name), "\nMAJOR=8\n"));
	assert_int_equal(sscanf(number, "%u:%u", &major, &minor), 2);
	fake_node(b->k, bench_join("/dev/", name), str_eq(subsystem, "block"), major, minor);
}

void bench_class(struct bench *b, const char *class)
{
	bench_file(b, "class", class);
}

static void open_bench(struct bench *b, const struct bench_row *row)
{
	memset(b, 0, sizeof(*b));
	b->k = fake_kernel_new();
	fake_pci_machine(&b->pci, b->k);
	fake_pci_device(&b->pci, DEVICE, "0x088000\n", 7, "native", "native");
	row->set_up(b);
	assert_int_equal(iof_ctx_new(&b->ctx), 0);
}

static void close_bench(struct bench *b)
{
	assert_int_equal(fake_n_open(b->k), 0);
	iof_ctx_unref(b->ctx);
	fake_kernel_free(b->k);
}

void bench_reason(void **state)
{
	const struct bench_row *row = *state;
	struct iof_live_bind *plan;
	struct bench b;
	const char *call;
	int err;

	open_bench(&b, row);
	err = bind_plan(fake_kernel_calls(b.k), b.ctx, DEVICE, &plan);
	if (err && (!row->why || !strstr(iof_ctx_error(b.ctx), row->why)))
		fail_msg("%s", iof_ctx_error(b.ctx));
	assert_int_equal(err, row->err);
	/* Looking changes nothing. */
	for (unsigned n = 1; (call = fake_call(b.k, n)); n++) {
		if (str_starts(call, "write ") || str_starts(call, "mkdir ") ||
		    str_starts(call, "ioctl "))
			fail_msg("%s", call);
	}
	iof_live_bind_free(plan);
	close_bench(&b);
}

/* What cannot be read counts as use, and never as none: each call fails once. */
void bench_unreadable(void **state)
{
	const struct bench_row *row = *state;
	struct iof_live_bind *plan;
	unsigned total;
	struct bench b;

	open_bench(&b, row);
	bind_plan(fake_kernel_calls(b.k), b.ctx, DEVICE, &plan);
	iof_live_bind_free(plan);
	total = fake_n_calls(b.k);
	close_bench(&b);
	for (unsigned n = 1; n <= total; n++) {
		int err;

		open_bench(&b, row);
		fake_fail_at(b.k, n, EIO);
		err = bind_plan(fake_kernel_calls(b.k), b.ctx, DEVICE, &plan);
		if (row->err && !err)
			fail_msg("%s is not noticed", fake_call(b.k, n));
		if (err && !*iof_ctx_error(b.ctx))
			fail_msg("%s: no text", fake_call(b.k, n));
		iof_live_bind_free(plan);
		close_bench(&b);
	}
}
