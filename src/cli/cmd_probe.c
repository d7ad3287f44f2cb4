/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_probe.c - iommufit probe: asks VFIO and iommufd for what sysfs cannot tell. */
#include "job.h"
#include "lend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where a prediction comes from that knows of no answer. */
static const char nothing_measured[] = "{\"schema\": \"iommufit.measured/1\", \"devices\": []}";
#define MEASURED_PATH "/run/iommufit/measured.json"
#define MAX_MEASURED (16u << 20) /* bytes */

/* This machine as it is predicted, with the answers of that text. */
static int load_host(struct tool *t, const char *const *devices, size_t n, const char *measured,
		     size_t length, struct iof_host **host)
{
	struct iof_host_options options = {
		.size = sizeof(options),
		.devices = devices,
		.n_devices = n,
		.measured = measured,
		.measured_length = length,
	};

	return iof_host_load_live(t->ctx, &options, host);
}

/* What is known before anything is asked. */
static int load_predicted(struct tool *t, struct iof_host **host)
{
	const struct list *devices = &t->args.operands;

	return load_host(t, devices->items, devices->n, nothing_measured,
			 sizeof(nothing_measured) - 1, host);
}

static int add_devices(struct tool *t, struct iof_live_probe *probe)
{
	const struct list *devices = &t->args.operands;
	struct iof_host *host = NULL;
	int err = load_predicted(t, &host);

	for (size_t i = 0; !err && i < devices->n; i++)
		err = iof_live_probe_add(t->ctx, probe, host, devices->items[i]);
	iof_host_unref(host);
	return err;
}

/* A profile of the whole host with what was answered now and, in this boot, before. */
static int write_profile(struct tool *t, struct iof_live_probe *probe)
{
	struct bytes profile = {0};
	struct iof_output out = {.size = sizeof(out),
				 .write = write_to_bytes,
				 .data = &profile,
				 .format = IOF_FORMAT_JSON};
	char *old = NULL, *text = NULL;
	struct iof_host *host = NULL;
	size_t n_old = 0, length = 0;
	const char *ignored;
	int err = file_read_regular(MEASURED_PATH, MAX_MEASURED, &old, &n_old);

	if (err && err != -ENOENT)
		return tool_error(t, err, "%s: %s", MEASURED_PATH, strerror(-err));
	err = iof_live_probe_measured(t->ctx, probe, old, n_old, &text, &length, &ignored);
	if (!err)
		err = load_host(t, NULL, 0, text, length, &host);
	if (!err)
		err = iof_host_write(t->ctx, host, &out);
	if (!err)
		err = file_write(t, t->args.output, profile.data, profile.length);
	iof_host_unref(host);
	free(profile.data);
	free(text);
	free(old);
	return err;
}

static int keep(struct tool *t, struct iof_live_probe *probe)
{
	const char *ignored = NULL;
	int err = 0;

	if (t->args.output)
		err = write_profile(t, probe);
	if (!err && !t->args.no_keep)
		err = iof_live_probe_keep(t->ctx, probe, &ignored);
	if (!err && ignored)
		tool_note(t, "%s", ignored);
	return err;
}

static int status_of(const struct iof_live_probe *probe)
{
	switch (iof_live_probe_answer(probe)) {
	case IOF_LIVE_ANSWER_DOMAIN:
		return EXIT_FITS;
	case IOF_LIVE_ANSWER_NONE:
		return EXIT_FAILS;
	case IOF_LIVE_ANSWER_FAILED:
		return EXIT_SYSTEM;
	case IOF_LIVE_ANSWER_UNKNOWN:
		break;
	}
	return EXIT_UNKNOWN;
}

static void say_reset(struct tool *t, const char *bdf)
{
	if (t->args.reset_ok)
		tool_note(t, "%s is opened to be asked, which resets it", bdf);
}

static int ask_bound(struct tool *t, struct iof_live_probe *probe)
{
	int err = add_devices(t, probe);

	if (err)
		return err;
	for (size_t i = 0; i < t->args.operands.n; i++)
		say_reset(t, t->args.operands.items[i]);
	return iof_live_probe_run(t->ctx, probe);
}

/* One device while it is lent. */
struct asking {
	struct tool *t;
	struct iof_live_probe *probe;
	struct iof_host *host;
	const char *bdf;
};

static int ask_one(void *data)
{
	struct asking *a = data;
	int err = iof_live_probe_add(a->t->ctx, a->probe, a->host, a->bdf);

	if (err)
		return err;
	say_reset(a->t, a->bdf);
	return iof_live_probe_run(a->t->ctx, a->probe);
}

static int ask_lent(struct tool *t, struct iof_live_probe *probe)
{
	const struct list *devices = &t->args.operands;
	struct asking asking = {.t = t, .probe = probe};
	int err = load_predicted(t, &asking.host);

	for (size_t i = 0; !err && i < devices->n; i++) {
		asking.bdf = devices->items[i];
		err = lend_device(t, asking.bdf, ask_one, &asking);
	}
	iof_host_unref(asking.host);
	return err;
}

static int run(struct tool *t, struct iof_live_probe *probe)
{
	int err = t->args.bind ? ask_lent(t, probe) : ask_bound(t, probe);

	if (!err)
		err = keep(t, probe);
	return err ? err : iof_live_probe_write(probe, &t->out);
}

static int recover(struct tool *t)
{
	if (t->args.operands.n || t->args.bind)
		return tool_fail(t, tool_error(t, -EINVAL,
					       "probe: --recover takes no device and asks "
					       "none: the journal says which"));
	return lend_recover(t);
}

int cmd_probe(struct tool *t)
{
	struct iof_live_probe_options options = {
		.size = sizeof(options), .reset_ok = t->args.reset_ok, .locked = t->args.bind};
	struct iof_live_probe *probe = NULL;
	int err, status;

	if (t->args.recover)
		return recover(t);
	if (t->args.yes && !t->args.bind)
		return tool_fail(t, tool_error(t, -EINVAL, "probe: --yes goes with --bind"));
	if (!t->args.operands.n)
		return tool_fail(t, tool_error(t, -EINVAL,
					       "probe: no device; give a PCI address, as "
					       "0000:01:00.0"));
	err = iof_live_probe_new(t->ctx, &options, &probe);
	if (!err)
		err = run(t, probe);
	/* In use is nothing that cannot be created. */
	if (err == -EBUSY)
		err = tool_error(t, -EADDRINUSE, "%s", iof_ctx_error(t->ctx));
	status = err ? tool_fail(t, err) : tool_finish(t, status_of(probe));
	iof_live_probe_unref(probe);
	return status;
}
