/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_probe.c - iommufit probe against a fake kernel: what it asks, what it believes, what it
 * gives back, whatever fails. The prediction is that of a capture of the same host. */
#include "captures.h"

#include <errno.h>

#include "fake_kernel.h"
#include "inject.h"
#include "live/probe.h"

#define BDF "0000:00:05.0"
#define LOCK_CALLS 3 /* mkdir, open, flock: before anything is asked */

static struct iof_host *host; /* intel39-pb46, for all tests */

struct bench {
	struct fake_kernel *k;
	struct fake_vfio *f;
	struct iof_ctx *ctx;
	struct iof_live_probe *probe;
	struct probed *d;
};

static void open_bench(struct bench *b, bool reset_ok)
{
	struct iof_live_probe_options options = {.size = sizeof(options), .reset_ok = reset_ok};

	memset(b, 0, sizeof(*b));
	b->k = fake_kernel_new();
	b->f = fake_intel39(b->k);
	assert_int_equal(iof_ctx_new(&b->ctx), 0);
	assert_int_equal(probe_new(fake_kernel_calls(b->k), b->ctx, &options, &b->probe), 0);
}

static void add(struct bench *b)
{
	assert_int_equal(iof_live_probe_add(b->ctx, b->probe, host, "00:05.0"), 0);
	b->d = &b->probe->devices[0];
}

static void close_bench(struct bench *b)
{
	iof_live_probe_unref(b->probe);
	iof_ctx_unref(b->ctx);
	assert_int_equal(fake_n_open(b->k), 0);
	assert_int_equal(fake_n_objects(b->k), 0);
	fake_kernel_free(b->k);
}

static int append(void *data, const char *bytes, size_t length)
{
	buf_append(data, bytes, length);
	return ((struct buf *)data)->err;
}

static char *written(const struct bench *b, enum iof_format format)
{
	struct buf text = {0};
	struct iof_output out = {
		.size = sizeof(out), .write = append, .data = &text, .format = format};

	assert_int_equal(iof_live_probe_write(b->probe, &out), 0);
	return buf_steal(&text);
}

static const struct probe_fact *fact_of(const struct probed *d, const char *name)
{
	for (size_t i = 0; i < d->n_facts; i++)
		if (strcmp(d->facts[i].name, name) == 0)
			return &d->facts[i];
	return NULL;
}

static bool is_noted(const struct probed *d, const char *text)
{
	for (size_t i = 0; i < d->n_notes; i++)
		if (strstr(d->notes[i], text))
			return true;
	return false;
}

/* ---- what comes out ---- */

static void as_it_is(struct fake_vfio *f)
{
	(void)f;
}
static void not_viable(struct fake_vfio *f)
{
	f->is_viable = false;
}
static void unsafe(struct fake_vfio *f)
{
	f->set_iommu_error = EPERM;
	f->bind_error = EPERM;
}
static void bare(struct fake_vfio *f)
{
	f->info = FAKE_INFO_BARE;
}
static void compat(struct fake_vfio *f)
{
	f->is_compat = true;
}
static void compat_without_cdev(struct fake_vfio *f)
{
	f->is_compat = true;
	f->cdev = NULL;
}
static void no_group(struct fake_vfio *f)
{
	f->no_group = true;
}
static void no_type1(struct fake_vfio *f)
{
	f->no_type1v2 = true;
}
static void other_version(struct fake_vfio *f)
{
	f->api_version = 1;
}
static void loop(struct fake_vfio *f)
{
	f->info = FAKE_INFO_LOOP;
}
static void busy(struct fake_vfio *f)
{
	f->bind_error = EBUSY;
}
static void nothing_usable(struct fake_vfio *f)
{
	f->holes[0] = (struct iof_range){0, UINT64_MAX};
}

static const struct answer_row {
	const char *name;
	void (*set)(struct fake_vfio *);
	bool reset_ok;
	enum iof_live_answer answer;
	const char *why;  /* part of it; NULL: none */
	const char *note; /* part of one */
	const char *failed_call;
	unsigned resets;
} answer_rows[] = {
	{"the group's way", as_it_is, false, IOF_LIVE_ANSWER_DOMAIN, NULL, NULL, NULL, 0},
	{"both ways", as_it_is, true, IOF_LIVE_ANSWER_DOMAIN, NULL, NULL, NULL, 1},
	{"a group that is not viable", not_viable, true, IOF_LIVE_ANSWER_NONE,
	 "Group 3 is not viable", "0000:00:06.0 in the same group is bound to e1000e", NULL, 0},
	{"interrupts that are not remapped", unsafe, true, IOF_LIVE_ANSWER_NONE,
	 "VFIO_SET_IOMMU: Operation not permitted", "allow_unsafe_interrupts", NULL, 0},
	{"a kernel before 5.4", bare, false, IOF_LIVE_ANSWER_UNKNOWN, "--reset-ok",
	 "tells no ranges", NULL, 0},
	{"the same with a reset", bare, true, IOF_LIVE_ANSWER_DOMAIN, NULL, NULL, NULL, 1},
	{"iommufd's own container", compat, false, IOF_LIVE_ANSWER_UNKNOWN, "--reset-ok",
	 "IOMMUFD_VFIO_CONTAINER", NULL, 0},
	{"the same with a reset", compat, true, IOF_LIVE_ANSWER_DOMAIN, NULL, NULL, NULL, 2},
	{"the same without a cdev", compat_without_cdev, true, IOF_LIVE_ANSWER_DOMAIN, NULL,
	 "There is no /dev/vfio/devices/vfio0", NULL, 1},
	{"no group interface", no_group, false, IOF_LIVE_ANSWER_UNKNOWN, "--reset-ok", "VFIO_GROUP",
	 NULL, 0},
	{"the same with a reset", no_group, true, IOF_LIVE_ANSWER_DOMAIN, NULL, NULL, NULL, 1},
	{"no type 1", no_type1, false, IOF_LIVE_ANSWER_UNKNOWN, "--reset-ok", "vfio_iommu_type1",
	 NULL, 0},
	{"another API", other_version, false, IOF_LIVE_ANSWER_FAILED, "VFIO_GET_API_VERSION", NULL,
	 "VFIO_GET_API_VERSION", 0},
	{"an answer that is none", loop, false, IOF_LIVE_ANSWER_FAILED, "VFIO_IOMMU_GET_INFO", NULL,
	 "VFIO_IOMMU_GET_INFO", 0},
	{"somebody unseen has it", busy, true, IOF_LIVE_ANSWER_FAILED, "VFIO_DEVICE_BIND_IOMMUFD",
	 "EBUSY means", "VFIO_DEVICE_BIND_IOMMUFD", 0},
	{"no usable address", nothing_usable, true, IOF_LIVE_ANSWER_NONE, "no domain", NULL, NULL,
	 1},
};

static void test_answer(void **state)
{
	const struct answer_row *row = *state;
	struct bench b;
	char *text;

	open_bench(&b, row->reset_ok);
	row->set(b.f);
	if (!b.f->is_viable) {
		fake_link(b.k, "/sys/kernel/iommu_groups/3/devices/0000:00:06.0",
			  "/sys/bus/pci/devices/0000:00:06.0");
		fake_link(b.k, "/sys/bus/pci/devices/0000:00:06.0/driver",
			  "../../../../bus/pci/drivers/e1000e");
	}
	add(&b);
	assert_int_equal(iof_live_probe_run(b.ctx, b.probe), 0);
	assert_int_equal(iof_live_probe_answer(b.probe), row->answer);
	assert_int_equal(fake_n_resets(b.k), row->resets);
	assert_int_equal(b.d->was_opened, row->resets > 0);
	assert_int_equal(b.d->why != NULL, row->why != NULL);
	if (row->why)
		assert_non_null(strstr(b.d->why, row->why));
	if (row->note)
		assert_true(is_noted(b.d, row->note));
	assert_int_equal(b.d->failed_call != NULL, row->failed_call != NULL);
	if (row->failed_call)
		assert_string_equal(b.d->failed_call, row->failed_call);
	text = written(&b, IOF_FORMAT_TEXT);
	assert_non_null(strstr(text, BDF));
	free(text);
	close_bench(&b);
}

/* ---- beside the prediction ---- */

static void nested(struct fake_vfio *f)
{
	f->use_error[FAKE_NEST_PARENT] = 0;
	f->aperture[FAKE_NEST_PARENT] = (struct iof_range){0, UINT64_C(0xffffffffffff)};
}
static void wider(struct fake_vfio *f)
{
	f->aperture[FAKE_PLAIN] = (struct iof_range){0, UINT64_C(0xffffffffffff)};
}
static void not_attachable(struct fake_vfio *f)
{
	nested(f);
	f->attach_error[FAKE_NEST_PARENT] = EINVAL;
}
static void other_register(struct fake_vfio *f)
{
	f->hw_info[16] ^= 0x40;
}
static void short_registers(struct fake_vfio *f)
{
	f->n_hw_info = 20;
}
static void no_hw_info(struct fake_vfio *f)
{
	f->hw_info_type = 0;
	f->n_hw_info = 0;
}
static void smmu(struct fake_vfio *f)
{
	nested(f);
	f->hw_info_type = HW_INFO_ARM_SMMUV3;
	f->n_hw_info = 40;
}
static void smmu_without_viommu(struct fake_vfio *f)
{
	smmu(f);
	f->viommu_error = EOPNOTSUPP;
}
static void no_pasid(struct fake_vfio *f)
{
	f->use_error[FAKE_PASID] = EOPNOTSUPP;
}

static const struct fact_row {
	const char *name;
	void (*set)(struct fake_vfio *);
	bool reset_ok;
	const char *fact; /* NULL measured: there is none of that name */
	enum fact_result result;
	const char *measured;
} fact_rows[] = {
	{"ranges", as_it_is, false, "ranges", FACT_CONFIRMED,
	 "0x0-0xfedfffff, 0xfef00000-0x7fffffffff"},
	{"width", as_it_is, false, "width", FACT_CONFIRMED, "39"},
	{"a wider one", wider, false, "width", FACT_REFUTED, "48"},
	{"ranges of a wider one", wider, false, "ranges", FACT_REFUTED,
	 "0x0-0xfedfffff, 0xfef00000-0xffffffffffff"},
	{"page sizes", as_it_is, false, "page-sizes", FACT_CONFIRMED, "0x40201000"},
	{"no nest parent", as_it_is, true, "nest-parent", FACT_CONFIRMED,
	 "no (IOMMU_HWPT_ALLOC: Operation not supported)"},
	{"not asked", as_it_is, false, "nest-parent", FACT_NOT_ASKED, NULL},
	{"a nest parent", nested, true, "nest-parent", FACT_REFUTED, "yes, 48 bits"},
	{"one that takes no device", not_attachable, true, "nest-parent", FACT_CONFIRMED,
	 "no (VFIO_DEVICE_ATTACH_IOMMUFD_PT: Invalid argument)"},
	{"dirty tracking", as_it_is, true, "dirty-tracking", FACT_CONFIRMED,
	 "no (IOMMU_HWPT_ALLOC: Operation not supported)"},
	{"a domain for PASIDs", as_it_is, true, "pasid", FACT_CONFIRMED, "yes, 39 bits"},
	{"none for PASIDs", no_pasid, true, "pasid", FACT_REFUTED,
	 "no (IOMMU_HWPT_ALLOC: Operation not supported)"},
	{"a register", as_it_is, true, "cap", FACT_CONFIRMED, "0x80d2008c22260206"},
	{"another value", other_register, true, "ecap", FACT_REFUTED, "0xf00f0a"},
	{"a register that is cut off", short_registers, true, "ecap", FACT_NOT_ASKED, NULL},
	{"no registers", no_hw_info, true, "cap", FACT_NOT_ASKED, NULL},
	{"no vIOMMU asked", nested, true, "viommu", FACT_NOT_ASKED, NULL},
	{"a vIOMMU", smmu, true, "viommu", FACT_LEARNED, "yes"},
	{"no vIOMMU", smmu_without_viommu, true, "viommu", FACT_LEARNED,
	 "no (IOMMU_VIOMMU_ALLOC: Operation not supported)"},
};

static void test_fact(void **state)
{
	const struct fact_row *row = *state;
	const struct probe_fact *fact;
	struct bench b;

	open_bench(&b, row->reset_ok);
	row->set(b.f);
	add(&b);
	assert_int_equal(iof_live_probe_run(b.ctx, b.probe), 0);
	fact = fact_of(b.d, row->fact);
	if (row->measured) {
		assert_non_null(fact);
		assert_non_null(fact->measured);
		assert_string_equal(fact->measured, row->measured);
		assert_int_equal(fact->result, row->result);
	} else if (fact) {
		assert_null(fact->measured);
		assert_int_equal(fact->result, FACT_NOT_ASKED);
	}
	close_bench(&b);
}

/* Numbers have their units, and what was only predicted is no answer. */
static void test_words(void **state)
{
	static const struct {
		void (*set)(struct fake_vfio *);
		const char *says;
	} rows[] = {
		{as_it_is, "As predicted: width; ranges; page-sizes 4 KiB, 2 MiB, 1 GiB."},
		{as_it_is, "Not asked; predicted is:\n    nest-parent: no\n"},
		{wider, "width: 48 bits; predicted was 39 bits"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bench b;
		char *text;

		open_bench(&b, false);
		rows[i].set(b.f);
		add(&b);
		assert_int_equal(iof_live_probe_run(b.ctx, b.probe), 0);
		text = written(&b, IOF_FORMAT_TEXT);
		if (!strstr(text, rows[i].says))
			fail_msg("no \"%s\" in:\n%s", rows[i].says, text);
		free(text);
		close_bench(&b);
	}
}

/* Both struct sizes of hw_info: an old kernel does not tell its capabilities, and that stays apart
 * from having none. */
static void test_old_hw_info(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, true);
	b.f->hw_info_size = 32;
	add(&b);
	assert_int_equal(iof_live_probe_run(b.ctx, b.probe), 0);
	assert_true(b.d->answers.hw_info.asked);
	assert_false(b.d->answers.hw_info.has_capabilities);
	assert_int_equal(b.d->answers.hw_info.n_data, 24);
	close_bench(&b);
	open_bench(&b, true);
	b.f->capabilities = 0;
	add(&b);
	assert_int_equal(iof_live_probe_run(b.ctx, b.probe), 0);
	assert_true(b.d->answers.hw_info.has_capabilities);
	assert_int_equal(b.d->answers.hw_info.capabilities, 0);
	close_bench(&b);
}

/* ---- what is not asked ---- */

static void unbound(struct fake_kernel *k)
{
	fake_remove(k, "/sys/bus/pci/devices/" BDF "/driver");
	fake_remove(k, "/sys/bus/pci/devices/" BDF "/vfio-dev");
}
static void other_driver(struct fake_kernel *k)
{
	unbound(k);
	fake_link(k, "/sys/bus/pci/devices/" BDF "/driver", "../../../../bus/pci/drivers/e1000e");
}
static void no_iommu(struct fake_kernel *k)
{
	fake_file(k, "/sys/kernel/iommu_groups/3/name", "vfio-noiommu\n");
}
static void held_group(struct fake_kernel *k)
{
	fake_holder(k, 4711, "qemu-system-x86", "/dev/vfio/3");
}
static void held_cdev(struct fake_kernel *k)
{
	fake_holder(k, 4711, "qemu-system-x86", "/dev/vfio/devices/vfio0");
}
static void held_mate(struct fake_kernel *k)
{
	fake_link(k, "/sys/kernel/iommu_groups/3/devices/0000:00:06.0",
		  "/sys/bus/pci/devices/0000:00:06.0");
	fake_file(k, "/sys/bus/pci/devices/0000:00:06.0/vfio-dev/vfio1/dev", "511:1\n");
	fake_node(k, "/dev/vfio/devices/vfio1", false, 511, 1);
	fake_holder(k, 4711, "qemu-system-x86", "/dev/vfio/devices/vfio1");
}
static void gone(struct fake_kernel *k)
{
	fake_remove(k, "/sys/bus/pci/devices/" BDF);
}
static void nothing(struct fake_kernel *k)
{
	(void)k;
}
static void other_device(struct fake_kernel *k)
{
	fake_node(k, "/dev/vfio/devices/vfio8", false, 511, 8);
	fake_holder(k, 4711, "qemu-system-x86", "/dev/vfio/devices/vfio8");
}

static const struct refusal_row {
	const char *name;
	void (*set)(struct fake_kernel *);
	const char *bdf;
	int err;
	const char *text;
} refusal_rows[] = {
	{"no driver", unbound, BDF, -EBUSY, "it has no driver; it must be bound to vfio-pci"},
	{"another driver", other_driver, BDF, -EBUSY, "it is bound to e1000e"},
	{"a No-IOMMU group", no_iommu, BDF, -EBUSY, "No-IOMMU"},
	{"the group is open", held_group, BDF, -EBUSY,
	 "/dev/vfio/3 is held open by qemu-system-x86 (process 4711)"},
	{"the device is open", held_cdev, BDF, -EBUSY,
	 "/dev/vfio/devices/vfio0 is held open by qemu-system-x86 (process 4711)"},
	{"another of the group is open", held_mate, BDF, -EBUSY,
	 "0000:00:06.0: /dev/vfio/devices/vfio1 is held open"},
	{"no such device", gone, BDF, -ENOENT, "no such device"},
	{"no address", nothing, "gpu", -EINVAL, "'gpu' is no PCI address"},
	{"one of another group is open", other_device, BDF, 0, NULL},
};

static void test_refusal(void **state)
{
	const struct refusal_row *row = *state;
	struct bench b;

	open_bench(&b, true);
	row->set(b.k);
	assert_int_equal(iof_live_probe_add(b.ctx, b.probe, host, row->bdf), row->err);
	if (row->text)
		assert_non_null(strstr(iof_ctx_error(b.ctx), row->text));
	/* Nothing of VFIO was touched. */
	for (unsigned i = 1; fake_call(b.k, i); i++)
		assert_null(strstr(fake_call(b.k, i), "open /dev/"));
	close_bench(&b);
}

static void test_locked(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, true);
	add(&b);
	fake_set_locked(b.k, true);
	assert_int_equal(iof_live_probe_run(b.ctx, b.probe), -EBUSY);
	assert_non_null(strstr(iof_ctx_error(b.ctx), "another probe is under way"));
	assert_int_equal(fake_n_resets(b.k), 0);
	close_bench(&b);
}

/* Every error of the lock's file, before anything is asked. */
static void test_lock_errors(void **state)
{
	(void)state;
	for (unsigned at = 1; at <= LOCK_CALLS; at++) {
		struct bench b;

		open_bench(&b, true);
		add(&b);
		fake_forget(b.k);
		fake_fail_at(b.k, at, EROFS);
		assert_int_equal(iof_live_probe_run(b.ctx, b.probe), -EROFS);
		assert_non_null(strstr(iof_ctx_error(b.ctx), "/run/iommufit"));
		assert_int_equal(fake_n_calls(b.k), at);
		close_bench(&b);
	}
}

static void test_no_group(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, true);
	fake_remove(b.k, "/sys/bus/pci/devices/" BDF "/iommu_group");
	fake_remove(b.k, "/sys/bus/pci/devices/" BDF "/driver");
	add(&b);
	assert_int_equal(iof_live_probe_run(b.ctx, b.probe), 0);
	assert_int_equal(iof_live_probe_answer(b.probe), IOF_LIVE_ANSWER_NONE);
	assert_non_null(strstr(b.d->why, "no IOMMU group"));
	assert_int_equal(fake_n_resets(b.k), 0);
	close_bench(&b);
}

static void test_not_root(void **state)
{
	struct fake_kernel *k = fake_kernel_new();
	struct iof_live_probe *probe;
	struct iof_ctx *ctx;

	(void)state;
	fake_intel39(k);
	fake_set_euid(k, 1000);
	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_int_equal(probe_new(fake_kernel_calls(k), ctx, NULL, &probe), -EPERM);
	assert_int_equal(fake_n_calls(k), 0);
	iof_ctx_unref(ctx);
	fake_kernel_free(k);
}

/* ---- every error at every call ---- */

static bool names(const char *call, const char *what)
{
	const char *name = strchr(what, ' ') + 1;

	return call && (strcmp(call, name) == 0 || strcmp(call, "open") == 0);
}

/* Whether the report says that this call failed, or needed no saying. */
static bool is_reported(const struct probed *d, const char *what, int error)
{
	const char *name = strchr(what, ' ') + 1;

	if (error == EINTR || (error == EMSGSIZE && strstr(what, "IOVA_RANGES")) ||
	    (error == E2BIG && strstr(what, "GET_HW_INFO")))
		return d->answer == IOF_LIVE_ANSWER_DOMAIN && !d->failed_call;
	if (d->answer == IOF_LIVE_ANSWER_FAILED)
		return names(d->failed_call, what) && d->failed_error == error &&
		       (strncmp(what, "open ", 5) != 0 || strcmp(d->failed_path, name) == 0);
	for (size_t use = 0; use < MEASURED_USES; use++)
		if (d->answers.domain[use].error == error &&
		    names(d->answers.domain[use].call, what))
			return true;
	if (strstr(what, "GET_HW_INFO"))
		return d->answers.hw_info.error == error;
	if (strstr(what, "VIOMMU_ALLOC"))
		return d->answers.viommu_error == error;
	return is_noted(d, name);
}

static unsigned calls_of_a_run(void)
{
	struct bench b;
	unsigned n;

	open_bench(&b, true);
	smmu(b.f);
	add(&b);
	fake_forget(b.k);
	assert_int_equal(iof_live_probe_run(b.ctx, b.probe), 0);
	n = fake_n_calls(b.k);
	close_bench(&b);
	return n;
}

static void test_every_error(void **state)
{
	unsigned n = calls_of_a_run();

	(void)state;
	assert_true(n > 30);
	for (unsigned at = LOCK_CALLS + 1; at <= n; at++) {
		for (int error = 1; error <= EHWPOISON; error++) {
			struct bench b;
			char *json;

			open_bench(&b, true);
			smmu(b.f);
			add(&b);
			fake_forget(b.k);
			fake_fail_at(b.k, at, error);
			assert_int_equal(iof_live_probe_run(b.ctx, b.probe), 0);
			if (!is_reported(b.d, fake_call(b.k, at), error)) {
				json = written(&b, IOF_FORMAT_JSON);
				fail_msg("call %u (%s), errno %d:\n%s", at, fake_call(b.k, at),
					 error, json);
			}
			close_bench(&b);
		}
	}
}

/* Interrupted at every call and with one byte at a time, the answer is the same. */
static void test_interrupted(void **state)
{
	struct iof_live_probe_options options = {.size = sizeof(options), .reset_ok = true};
	struct bench b;
	char *calm, *troubled;

	(void)state;
	open_bench(&b, true);
	add(&b);
	assert_int_equal(iof_live_probe_run(b.ctx, b.probe), 0);
	calm = written(&b, IOF_FORMAT_JSON);
	close_bench(&b);
	memset(&b, 0, sizeof(b));
	b.k = fake_kernel_new();
	b.f = fake_intel39(b.k);
	fake_interrupt(b.k, true);
	fake_short(b.k, 1);
	assert_int_equal(iof_ctx_new(&b.ctx), 0);
	assert_int_equal(probe_new(fake_kernel_calls(b.k), b.ctx, &options, &b.probe), 0);
	add(&b);
	assert_int_equal(iof_live_probe_run(b.ctx, b.probe), 0);
	troubled = written(&b, IOF_FORMAT_JSON);
	assert_string_equal(troubled, calm);
	close_bench(&b);
	free(calm);
	free(troubled);
}

/* ---- keeping ---- */

#define BOOT "11111111-2222-3333-4444-555555555555"
#define OTHER "{\"bdf\": \"0000:00:09.0\", \"group\": 7, \"domains\": {\"legacy\": {\"errno\": 1}}}"

static const struct keep_row {
	const char *name;
	const char *old; /* NULL: no file */
	const char *has[3], *has_not[2];
	const char *ignored; /* part of it */
} keep_rows[] = {
	{"nothing before", NULL, {BDF, BOOT, "0x7fffffffff"}, {"0000:00:09.0"}, NULL},
	{"another device before",
	 "{\"schema\": \"iommufit.measured/1\", \"boot_id\": \"" BOOT "\", \"devices\": [" OTHER
	 "]}",
	 {BDF, "0000:00:09.0"},
	 {NULL},
	 NULL},
	{"the same device, other questions",
	 "{\"schema\": \"iommufit.measured/1\", \"boot_id\": \"" BOOT "\", \"devices\": [{\"bdf\": "
	 "\"" BDF "\", \"domains\": {\"legacy\": {\"errno\": 1}, \"pasid\": {\"errno\": 95}}, "
	 "\"hw_info\": {\"errno\": 0, \"type\": 7}}]}",
	 {BDF, "\"errno\": 95", "\"type\": 7"},
	 {"\"errno\": 1,", "\"errno\": 1}"},
	 NULL},
	{"another boot",
	 "{\"schema\": \"iommufit.measured/1\", \"boot_id\": \"99\", \"devices\": [" OTHER "]}",
	 {BDF},
	 {"0000:00:09.0"},
	 "earlier boot"},
	{"cut off", "{\"schema\": \"iommufit.meas", {BDF}, {"0000:00:09.0"}, "damaged"},
	{"another schema", "{\"schema\": \"x/1\", \"devices\": []}", {BDF}, {NULL}, "damaged"},
	{"no object", "[]", {BDF}, {NULL}, "damaged"},
	{"devices that are none",
	 "{\"schema\": \"iommufit.measured/1\", \"boot_id\": \"" BOOT "\", \"devices\": [1, {}, "
	 "{\"bdf\": 2}, " OTHER "]}",
	 {BDF, "0000:00:09.0"},
	 {"{}"},
	 NULL},
};

static void test_keep(void **state)
{
	const struct keep_row *row = *state;
	const char *ignored, *text;
	struct bench b;

	open_bench(&b, false);
	if (row->old)
		fake_file(b.k, MEASURED_PATH, row->old);
	add(&b);
	assert_int_equal(iof_live_probe_run(b.ctx, b.probe), 0);
	assert_int_equal(iof_live_probe_keep(b.ctx, b.probe, &ignored), 0);
	assert_int_equal(ignored != NULL, row->ignored != NULL);
	if (row->ignored)
		assert_non_null(strstr(ignored, row->ignored));
	text = fake_text(b.k, MEASURED_PATH);
	for (size_t i = 0; i < ARRAY_SIZE(row->has) && row->has[i]; i++)
		assert_non_null(strstr(text, row->has[i]));
	for (size_t i = 0; i < ARRAY_SIZE(row->has_not) && row->has_not[i]; i++)
		assert_null(strstr(text, row->has_not[i]));
	assert_false(fake_exists(b.k, MEASURED_PATH ".new"));
	assert_int_equal(fake_mode(b.k, MEASURED_PATH), 0644);
	assert_int_equal(fake_mode(b.k, "/run/iommufit"), 0755);
	close_bench(&b);
}

/* Whatever fails, there is what there was or the new text as a whole. */
static void test_keep_errors(void **state)
{
	static const int errors[] = {EIO, ENOSPC, EACCES, EROFS, EINTR};
	const char *ignored, *text;
	struct bench b;

	(void)state;
	for (unsigned at = 1; at < 20; at++) {
		for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
			int err;

			open_bench(&b, false);
			fake_file(b.k, MEASURED_PATH, "{}");
			add(&b);
			assert_int_equal(iof_live_probe_run(b.ctx, b.probe), 0);
			fake_forget(b.k);
			fake_fail_at(b.k, at, errors[i]);
			err = iof_live_probe_keep(b.ctx, b.probe, &ignored);
			text = fake_text(b.k, MEASURED_PATH);
			assert_non_null(text);
			if (err)
				assert_string_equal(text, "{}");
			else
				assert_non_null(strstr(text, "0x7fffffffff"));
			if (err)
				assert_non_null(strstr(iof_ctx_error(b.ctx), "/run/iommufit"));
			close_bench(&b);
		}
	}
}

/* ---- no memory ---- */

static int ask_and_keep(struct bench *b, char **json)
{
	struct buf text = {0};
	struct iof_output out = {
		.size = sizeof(out), .write = append, .data = &text, .format = IOF_FORMAT_JSON};
	const char *ignored;
	int err = iof_live_probe_add(b->ctx, b->probe, host, BDF);

	if (!err)
		err = iof_live_probe_run(b->ctx, b->probe);
	if (!err)
		err = iof_live_probe_keep(b->ctx, b->probe, &ignored);
	if (!err)
		err = iof_live_probe_write(b->probe, &out);
	*json = text.data;
	return err;
}

/* Whichever allocation fails: the whole answer, or ENOMEM; and nothing stays open. */
static void test_no_memory(void **state)
{
	unsigned long at, refused = 0;
	char *calm, *json;
	struct bench b;

	(void)state;
	open_bench(&b, true);
	smmu(b.f);
	assert_int_equal(ask_and_keep(&b, &calm), 0);
	close_bench(&b);
	for (at = 1;; at++) {
		bool happened;
		int err;

		open_bench(&b, true);
		smmu(b.f);
		inject_failure(at, false);
		err = ask_and_keep(&b, &json);
		happened = inject_happened();
		inject_failure(0, false);
		if (err) {
			assert_int_equal(err, -ENOMEM);
			refused++;
		} else if (iof_live_probe_error(b.probe)) {
			/* As if the kernel had none. */
			assert_int_equal(iof_live_probe_error(b.probe), ENOMEM);
			refused++;
		} else {
			assert_string_equal(json, calm);
		}
		free(json);
		close_bench(&b);
		if (!happened)
			break;
	}
	print_message("%lu of %lu allocations refused\n", refused, at);
	assert_true(refused > 20);
	free(calm);
}

int main(void)
{
	const struct CMUnitTest single[] = {
		cmocka_unit_test(test_words),	    cmocka_unit_test(test_old_hw_info),
		cmocka_unit_test(test_not_root),    cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_every_error), cmocka_unit_test(test_keep_errors),
		cmocka_unit_test(test_locked),	    cmocka_unit_test(test_lock_errors),
		cmocka_unit_test(test_no_group),    cmocka_unit_test(test_no_memory),
	};
	char *path = test_path("captures/%s.tar.xz", "intel39-pb46");
	struct iof_ctx *ctx = new_context();
	int failed;

	if (iof_host_load(ctx, path, NULL, &host)) {
		print_error("%s\n", iof_ctx_error(ctx));
		return 1;
	}
	failed = RUN_TABLE(answer_rows, test_answer);
	failed += RUN_TABLE(fact_rows, test_fact);
	failed += RUN_TABLE(refusal_rows, test_refusal);
	failed += RUN_TABLE(keep_rows, test_keep);
	failed += cmocka_run_group_tests(single, NULL, NULL);
	iof_host_unref(host);
	iof_ctx_unref(ctx);
	free(path);
	return failed;
}
