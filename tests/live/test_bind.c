/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_bind.c - a device is lent to vfio-pci and is as it was afterwards: undisturbed, with every
 * call failing, cut off after every call and recovered, with drivers that hang. */
#include "table.h"

#include <errno.h>
#include <stdio.h>

#include "base/strings.h"
#include "fake_kernel.h"
#include "fake_pci.h"
#include "inject.h"
#include "live/bind.h"

#define DEVICE "0000:00:05.0"
#define MATE "0000:00:05.1"
#define MATE2 "0000:00:05.2"

/* What the device and its mates are like before. */
static const struct state {
	const char *name;
	const char *driver, *native, *override, *power;
	const char *mate, *mate2; /* drivers; NULL: there is none; "": without a driver */
} states[] = {
	{"a driver", "e1000e", "e1000e", NULL, "on", NULL, NULL},
	{"no driver", NULL, NULL, NULL, "on", NULL, NULL},
	{"taken from its driver", NULL, "e1000e", NULL, "auto", NULL, NULL},
	{"asleep", "nvme", "nvme", NULL, "auto", NULL, NULL},
	{"a driver by override", "igb_uio", "igb", "igb_uio", "auto", NULL, NULL},
	{"override for the next time", "e1000e", "e1000e", "vfio-pci", "on", NULL, NULL},
	{"pci-stub", "pci-stub", "xhci_hcd", "pci-stub", "on", NULL, NULL},
	{"a mate", "e1000e", "e1000e", NULL, "auto", "snd_hda_intel", NULL},
	{"two mates", "e1000e", "e1000e", NULL, "on", "i2c_i801", "e1000e"},
	{"a mate without driver", "nvme", "nvme", NULL, NULL, "", "vfio-pci"},
};

struct bench {
	struct fake_kernel *k;
	struct fake_pci pci;
	struct iof_ctx *ctx;
	char *before;
	unsigned asked;
	int answer;
	bool stops;
	struct buf said;
};

static void say(void *data, const char *line)
{
	struct bench *b = data;

	buf_printf(&b->said, "%s\n", line);
}

static bool stop(void *data)
{
	return ((struct bench *)data)->stops;
}

static char *state_of(struct bench *b)
{
	struct buf text = {0};
	const char *const bdfs[] = {DEVICE, MATE, MATE2};

	for (size_t i = 0; i < 3; i++) {
		char *one = fake_pci_state(&b->pci, bdfs[i]);

		buf_printf(&text, "%s ", one);
		free(one);
	}
	return buf_steal(&text);
}

static void add_device(struct bench *b, const char *bdf, const char *driver, const char *native)
{
	fake_pci_device(&b->pci, bdf, "0x088000", 7, driver, native);
}

static void open_bench(struct bench *b, const struct state *s)
{
	char *text;

	memset(b, 0, sizeof(*b));
	b->k = fake_kernel_new();
	fake_pci_machine(&b->pci, b->k);
	add_device(b, DEVICE, s->driver, s->native);
	if (s->mate)
		add_device(b, MATE, *s->mate ? s->mate : NULL, *s->mate ? s->mate : NULL);
	if (s->mate2)
		add_device(b, MATE2, s->mate2, s->mate2);
	text = NULL;
	if (s->override && asprintf(&text, "%s\n", s->override) > 0)
		fake_file(b->k, fake_pci_path(DEVICE, "driver_override"), text);
	free(text);
	text = NULL;
	if (!s->power)
		fake_remove(b->k, fake_pci_path(DEVICE, "power"));
	else if (asprintf(&text, "%s\n", s->power) > 0)
		fake_file(b->k, fake_pci_path(DEVICE, "power/control"), text);
	free(text);
	assert_int_equal(iof_ctx_new(&b->ctx), 0);
	b->before = state_of(b);
}

static void close_bench(struct bench *b)
{
	assert_int_equal(fake_n_open(b->k), 0);
	free(b->before);
	buf_free(&b->said);
	iof_ctx_unref(b->ctx);
	fake_kernel_free(b->k);
}

/* It is bound while it is asked, and its mates have let go. */
static int ask(void *data)
{
	struct bench *b = data;
	char *now = fake_pci_state(&b->pci, DEVICE), *mate = fake_pci_state(&b->pci, MATE);

	assert_true(str_starts(now, "vfio-pci/vfio-pci/"));
	assert_true(str_starts(mate, "none/"));
	free(now);
	free(mate);
	b->asked++;
	return b->answer;
}

static struct iof_live_bind_options options_of(struct bench *b)
{
	return (struct iof_live_bind_options){.size = sizeof(struct iof_live_bind_options),
					      .stop = stop,
					      .stop_data = b,
					      .say = say,
					      .say_data = b};
}

static int run(struct bench *b)
{
	struct iof_live_bind_options o = options_of(b);
	struct iof_live_bind *plan = NULL;
	int err = bind_plan(fake_kernel_calls(b->k), b->ctx, DEVICE, &plan);

	if (!err)
		err = bind_run(fake_kernel_calls(b->k), b->ctx, plan, &o, ask, b);
	iof_live_bind_free(plan);
	return err;
}

static int recover(struct bench *b)
{
	struct iof_live_bind_options o = options_of(b);

	return bind_recover(fake_kernel_calls(b->k), b->ctx, &o, NULL);
}

static bool is_as_before(struct bench *b)
{
	char *now = state_of(b);
	bool is = str_eq(now, b->before);

	free(now);
	return is;
}

static void expect_as_before(struct bench *b)
{
	char *now = state_of(b);

	assert_string_equal(now, b->before);
	free(now);
	assert_false(fake_exists(b->k, JOURNAL_PATH));
	assert_false(fake_exists(b->k, JOURNAL_PATH ".new"));
}

/* ---- undisturbed ---- */

static void test_lent(void **state)
{
	struct bench b;

	open_bench(&b, *state);
	assert_int_equal(run(&b), 0);
	assert_int_equal(b.asked, 1);
	expect_as_before(&b);
	/* What was asked may fail: its error comes back. */
	b.answer = -ENOTTY;
	assert_int_equal(run(&b), -ENOTTY);
	assert_int_equal(b.asked, 2);
	expect_as_before(&b);
	close_bench(&b);
}

/* Every path that is written, ever, of every state. */
static void test_allowed(void **state)
{
	static const char *const allowed[] = {
		"/sys/bus/pci/devices/" DEVICE "/driver_override",
		"/sys/bus/pci/devices/" DEVICE "/power/control",
		"/sys/bus/pci/devices/" MATE "/power/control",
		"/sys/bus/pci/devices/" MATE2 "/power/control",
		"/sys/bus/pci/drivers_probe",
		"/run/iommufit/journal.new",
	};
	struct bench b;
	const char *call;

	open_bench(&b, *state);
	assert_int_equal(run(&b), 0);
	for (unsigned n = 1; (call = fake_call(b.k, n)); n++) {
		const char *path = strchr(call, ' ') + 1;
		bool ok = false;

		if (str_starts(call, "mkdir ") || str_starts(call, "unlink ") ||
		    str_starts(call, "rename "))
			assert_true(str_starts(path, "/run/iommufit"));
		if (str_starts(call, "ioctl ") || str_starts(call, "map "))
			fail_msg("%s", call);
		/* Not even read. */
		assert_false(str_starts(call, "open ") &&
			     (strstr(path, "/config") || strstr(path, "/resource0")));
		if (!str_starts(call, "write "))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
			ok = ok || str_eq(path, allowed[i]);
		if (str_starts(path, "/sys/bus/pci/drivers/")) {
			const char *slash = strrchr(path, '/');

			ok = str_eq(slash, "/bind") || str_eq(slash, "/unbind");
		}
		if (!ok)
			fail_msg("it writes %s", path);
	}
	close_bench(&b);
}

/* The journal is there, and on the disk, before anything is written to sysfs. */
static void test_order(void **state)
{
	struct bench b;
	const char *call;
	unsigned steps = 0;
	bool is_synced = false, is_there = false;

	open_bench(&b, *state);
	assert_int_equal(run(&b), 0);
	for (unsigned n = 1; (call = fake_call(b.k, n)); n++) {
		if (str_eq(call, "rename /run/iommufit/journal.new"))
			is_there = true;
		if (str_eq(call, "open /run/iommufit/journal.new"))
			is_there = is_synced = false;
		if (is_there && str_eq(call, "fsync /run/iommufit"))
			is_synced = true;
		if (str_eq(call, "unlink /run/iommufit/journal"))
			is_synced = false;
		if (str_starts(call, "write /sys/")) {
			assert_true(is_synced);
			steps++;
		}
	}
	assert_true(steps >= 4);
	close_bench(&b);
}

/* ---- each call fails ---- */

static const int errors[] = {EIO, ENOSPC, EACCES, EBUSY, ENOMEM, ENODEV, ENOENT};

/* That nothing is there is an answer, and no error, when something is read. */
static bool is_answer(const char *call, int error)
{
	return !str_starts(call, "write ") && (error == ENODEV || error == ENOENT);
}

static void test_errors(void **state)
{
	struct bench b;
	unsigned total;

	open_bench(&b, *state);
	assert_int_equal(run(&b), 0);
	total = fake_n_calls(b.k);
	close_bench(&b);
	for (size_t e = 0; e < ARRAY_SIZE(errors); e++) {
		for (unsigned n = 1; n <= total; n++) {
			int err;

			open_bench(&b, *state);
			fake_fail_at(b.k, n, errors[e]);
			err = run(&b);
			if (is_answer(fake_call(b.k, n), errors[e])) {
				close_bench(&b);
				continue;
			}
			if (err && !*iof_ctx_error(b.ctx))
				fail_msg("no text: %s", fake_call(b.k, n));
			/* Either all is as it was, or the journal says what it was. */
			if (fake_exists(b.k, JOURNAL_PATH) ||
			    fake_exists(b.k, JOURNAL_PATH ".new")) {
				fake_forget(b.k);
				err = recover(&b);
				if (err)
					fail_msg("call %u: %s", n, iof_ctx_error(b.ctx));
			}
			if (!is_as_before(&b))
				fail_msg("%s: %s", fake_call(b.k, n), strerror(errors[e]));
			expect_as_before(&b);
			close_bench(&b);
		}
	}
}

/* ---- cut off after every call ---- */

static void test_cut_off(void **state)
{
	struct bench b;
	unsigned total, changed = 0;

	open_bench(&b, *state);
	assert_int_equal(run(&b), 0);
	total = fake_n_calls(b.k);
	close_bench(&b);
	for (unsigned n = 1; n <= total; n++) {
		char *now;

		open_bench(&b, *state);
		fake_stop_at(b.k, n);
		run(&b);
		fake_forget(b.k);
		now = state_of(&b);
		changed += !str_eq(now, b.before);
		free(now);
		if (recover(&b))
			fail_msg("call %u: %s", n, iof_ctx_error(b.ctx));
		expect_as_before(&b);
		/* And once more. */
		assert_int_equal(recover(&b), 0);
		expect_as_before(&b);
		close_bench(&b);
	}
	assert_true(changed > 10);
}

/* The recovering is cut off as well, after each of its calls. */
static void test_cut_off_twice(void **state)
{
	struct bench b;
	unsigned total;

	open_bench(&b, *state);
	assert_int_equal(run(&b), 0);
	total = fake_n_calls(b.k);
	close_bench(&b);
	for (unsigned n = total / 3; n <= total; n += 17) {
		bool done = false;

		for (unsigned m = 1; !done; m++) {
			open_bench(&b, *state);
			fake_stop_at(b.k, n);
			run(&b);
			fake_forget(b.k);
			fake_stop_at(b.k, m);
			recover(&b);
			done = fake_n_calls(b.k) < m - 1;
			fake_forget(b.k);
			if (recover(&b))
				fail_msg("calls %u, %u: %s", n, m, iof_ctx_error(b.ctx));
			expect_as_before(&b);
			close_bench(&b);
		}
	}
}

/* ---- no memory ---- */

static void test_memory(void **state)
{
	bool done = false;
	unsigned long n;

	for (n = 1; !done; n++) {
		struct bench b;
		int err;

		open_bench(&b, *state);
		inject_failure(n, false);
		err = run(&b);
		done = !inject_happened();
		inject_failure(0, false);
		if (!done && !err && !b.asked)
			fail_msg("allocation %lu: it says that it was asked", n);
		if (fake_exists(b.k, JOURNAL_PATH) && recover(&b))
			fail_msg("allocation %lu: %s", n, iof_ctx_error(b.ctx));
		expect_as_before(&b);
		close_bench(&b);
	}
	assert_true(n > 50);
}

/* ---- drivers that do not answer, or refuse ---- */

static const struct driver_row {
	const char *name;
	const char *hangs, *late, *refuses;
	int error, err;
	bool is_left;	  /* the journal stays */
	const char *text; /* in the error */
} driver_rows[] = {
	{"unbind hangs", "e1000e/unbind", NULL, NULL, 0, -ETIMEDOUT, true, "has not answered"},
	{"unbind comes late", NULL, "e1000e/unbind", NULL, 0, -ETIMEDOUT, true, "may act yet"},
	{"override hangs", "driver_override", NULL, NULL, 0, -ETIMEDOUT, true, "may act yet"},
	{"binding hangs", "drivers_probe", NULL, NULL, 0, -ETIMEDOUT, true, "may act yet"},
	{"letting go of it hangs", "vfio-pci/unbind", NULL, NULL, 0, -ETIMEDOUT, true, "--recover"},
	{"taking it back hangs", "e1000e/bind", NULL, NULL, 0, -ETIMEDOUT, true, "--recover"},
	{"taking it back comes late", NULL, "e1000e/bind", NULL, 0, -ETIMEDOUT, true, "--recover"},
	{"unbind refused", NULL, NULL, "e1000e/unbind", EPERM, -EPERM, false, "e1000e/unbind"},
	{"vfio-pci refuses", NULL, NULL, "drivers_probe", EINVAL, -EINVAL, false, "drivers_probe"},
	{"override refused", NULL, NULL, "driver_override", ENOMEM, -ENOMEM, false, "override"},
	{"the driver does not want it back by name", NULL, NULL, "e1000e/bind", ENODEV, 0, false,
	 ""},
};

static void test_driver(void **state)
{
	const struct driver_row *row = *state;
	struct bench b;

	open_bench(&b, &states[0]);
	b.pci.hangs = row->hangs;
	b.pci.late = row->late;
	b.pci.refuses = row->refuses;
	b.pci.error = row->error;
	assert_int_equal(run(&b), row->err);
	if (!strstr(iof_ctx_error(b.ctx), row->text))
		fail_msg("%s", iof_ctx_error(b.ctx));
	assert_int_equal(fake_exists(b.k, JOURNAL_PATH), row->is_left);
	if (row->is_left) {
		/* It is not begun anew on top of it. */
		assert_int_equal(run(&b), -EBUSY);
		b.pci.hangs = b.pci.late = NULL;
		assert_int_equal(recover(&b), 0);
	}
	expect_as_before(&b);
	close_bench(&b);
}

/* ---- others ---- */

static void test_interrupted(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, &states[7]);
	b.stops = true;
	assert_int_equal(run(&b), -EINTR);
	assert_int_equal(b.asked, 0);
	expect_as_before(&b);
	close_bench(&b);
}

static void test_signals(void **state)
{
	struct bench b;

	open_bench(&b, *state);
	fake_interrupt(b.k, true);
	fake_short(b.k, 5);
	assert_int_equal(run(&b), 0);
	expect_as_before(&b);
	close_bench(&b);
}

static void test_locked(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, &states[0]);
	fake_set_locked(b.k, true);
	assert_int_equal(run(&b), -EBUSY);
	assert_non_null(strstr(iof_ctx_error(b.ctx), LOCK_PATH));
	assert_int_equal(recover(&b), -EBUSY);
	fake_set_locked(b.k, false);
	expect_as_before(&b);
	close_bench(&b);
}

/* Somebody took the device meanwhile: it is his. */
static void cut_off_at_ask(struct bench *b)
{
	unsigned n, writes = 0;
	const char *call;

	assert_int_equal(run(b), 0);
	for (n = 1; (call = fake_call(b->k, n)); n++) {
		writes += str_eq(call, "write /sys/bus/pci/drivers_probe");
		if (writes == 1)
			break;
	}
	fake_forget(b->k);
	fake_stop_at(b->k, n + 1);
	run(b);
	fake_forget(b->k);
	assert_true(fake_exists(b->k, JOURNAL_PATH));
}

static void test_held(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, &states[0]);
	cut_off_at_ask(&b);
	fake_node(b.k, "/dev/vfio/devices/vfio7", false, 511, 7);
	fake_holder(b.k, 77, "qemu", "/dev/vfio/devices/vfio7");
	assert_int_equal(recover(&b), -EBUSY);
	assert_non_null(strstr(iof_ctx_error(b.ctx), "qemu (process 77)"));
	assert_true(fake_exists(b.k, JOURNAL_PATH));
	fake_remove(b.k, "/proc/77");
	assert_int_equal(recover(&b), 0);
	expect_as_before(&b);
	close_bench(&b);
}

static void test_taken_over(void **state)
{
	struct bench b;
	char *now;

	(void)state;
	open_bench(&b, &states[0]);
	cut_off_at_ask(&b);
	fake_pci_driver(&b.pci, "uio");
	fake_link(b.k, fake_pci_path(DEVICE, "driver"), "../../../bus/pci/drivers/uio");
	fake_file(b.k, fake_pci_path(DEVICE, "driver_override"), "uio\n");
	assert_int_equal(recover(&b), 0);
	now = fake_pci_state(&b.pci, DEVICE);
	assert_string_equal(now, "uio/uio/on");
	free(now);
	assert_non_null(strstr(b.said.data, "left as it is"));
	assert_false(fake_exists(b.k, JOURNAL_PATH));
	close_bench(&b);
}

static void test_unplugged(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, &states[0]);
	cut_off_at_ask(&b);
	fake_remove(b.k, fake_pci_path(DEVICE, ""));
	fake_remove(b.k, "/sys/bus/pci/devices/" DEVICE);
	assert_int_equal(recover(&b), 0);
	assert_non_null(strstr(b.said.data, "is gone"));
	assert_false(fake_exists(b.k, JOURNAL_PATH));
	close_bench(&b);
}

static void test_other_boot(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, &states[0]);
	cut_off_at_ask(&b);
	fake_file(b.k, "/proc/sys/kernel/random/boot_id", "99999999-2222-3333-4444-555555555555\n");
	assert_int_equal(recover(&b), 0);
	assert_non_null(strstr(b.said.data, "another boot"));
	assert_false(fake_exists(b.k, JOURNAL_PATH));
	/* Nothing was restored, and the next one has nothing to do. */
	assert_true(str_starts(fake_text(b.k, fake_pci_path(DEVICE, "driver_override")), "vfio"));
	assert_int_equal(recover(&b), 0);
	assert_non_null(strstr(b.said.data, "nothing to restore"));
	close_bench(&b);
}

static void test_bad_journal(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, &states[0]);
	fake_file(b.k, JOURNAL_PATH, "iommufit-journal 1\nboot-id x\n");
	assert_int_equal(recover(&b), -EBADMSG);
	assert_string_equal(iof_ctx_error(b.ctx), JOURNAL_PATH ": 2: not a valid boot-id");
	assert_int_equal(run(&b), -EBADMSG);
	close_bench(&b);
}

static int append(void *data, const char *bytes, size_t length)
{
	struct buf *text = data;

	buf_append(text, bytes, length);
	return text->err;
}

/* The JSON form of what was recovered (docs/schema/recover.json). */
static void test_written(void **state)
{
	struct buf text = {0};
	struct iof_output out = {
		.size = sizeof(out), .write = append, .data = &text, .format = IOF_FORMAT_JSON};
	struct bench b;

	(void)state;
	open_bench(&b, &states[0]);
	cut_off_at_ask(&b);
	assert_int_equal(bind_recover(fake_kernel_calls(b.k), b.ctx, NULL, &out), 0);
	assert_string_equal(
		text.data,
		"{\n  \"schema\": \"iommufit.recover/1\",\n  \"outcome\": \"restored\",\n"
		"  \"steps\": [\n"
		"    \"a probe was cut off at this step: bind " DEVICE "\",\n"
		"    \"" DEVICE ": unbind it from vfio-pci\",\n"
		"    \"" DEVICE ": driver_override as before: none\",\n"
		"    \"" DEVICE ": bind it to e1000e\"\n  ]\n}\n");
	buf_free(&text);
	expect_as_before(&b);
	close_bench(&b);
}

/* A plan is in words, and nothing was done for it. */
static void test_plan(void **state)
{
	struct bench b;
	struct iof_live_bind *plan;
	const char *call;

	(void)state;
	open_bench(&b, &states[7]);
	assert_int_equal(bind_plan(fake_kernel_calls(b.k), b.ctx, "00:05.0", &plan), 0);
	assert_string_equal(iof_live_bind_step(plan, 0),
			    MATE " (in the same IOMMU group): unbind it from snd_hda_intel");
	assert_string_equal(iof_live_bind_step(plan, 1),
			    DEVICE ": set driver_override to vfio-pci, unbind it from e1000e, bind "
				   "it to vfio-pci");
	assert_string_equal(iof_live_bind_step(plan, 4),
			    MATE ": bind it to snd_hda_intel again, power/control on");
	assert_null(iof_live_bind_step(plan, 5));
	for (unsigned n = 1; (call = fake_call(b.k, n)); n++)
		assert_false(str_starts(call, "write ") || str_starts(call, "mkdir "));
	/* What was shown is no longer true. */
	fake_file(b.k, fake_pci_path(DEVICE, "driver_override"), "other\n");
	assert_int_equal(bind_run(fake_kernel_calls(b.k), b.ctx, plan, NULL, ask, &b), -EBUSY);
	assert_non_null(strstr(iof_ctx_error(b.ctx), "have changed"));
	iof_live_bind_free(plan);
	close_bench(&b);
}

static void add_already_bound(struct bench *b)
{
	fake_link(b->k, fake_pci_path(DEVICE, "driver"), "../../../bus/pci/drivers/vfio-pci");
	fake_file(b->k, fake_pci_path(DEVICE, "driver_override"), "vfio-pci\n");
}

static void test_already_bound(void **state)
{
	struct bench b;
	const char *call;

	(void)state;
	open_bench(&b, &states[0]);
	add_already_bound(&b);
	assert_int_equal(run(&b), 0);
	assert_int_equal(b.asked, 1);
	for (unsigned n = 1; (call = fake_call(b.k, n)); n++)
		assert_false(str_starts(call, "write "));
	close_bench(&b);
}

static int run_others(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_interrupted),   cmocka_unit_test(test_locked),
		cmocka_unit_test(test_held),	      cmocka_unit_test(test_taken_over),
		cmocka_unit_test(test_unplugged),     cmocka_unit_test(test_other_boot),
		cmocka_unit_test(test_bad_journal),   cmocka_unit_test(test_plan),
		cmocka_unit_test(test_already_bound), cmocka_unit_test(test_written),
	};

	return cmocka_run_group_tests(others, NULL, NULL);
}

int main(void)
{
	int failed = RUN_TABLE(states, test_lent);

	failed += RUN_TABLE(states, test_allowed);
	failed += RUN_TABLE(states, test_order);
	failed += RUN_TABLE(states, test_signals);
	failed += RUN_TABLE(states, test_cut_off);
	failed += RUN_TABLE(states, test_cut_off_twice);
	failed += RUN_TABLE(states, test_errors);
	failed += RUN_TABLE(states, test_memory);
	failed += RUN_TABLE(driver_rows, test_driver);
	return failed + run_others();
}
