/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* probe.c - see probe.h: which devices, in which order, and what came out. */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "live/busy.h"
#include "live/lock.h"
#include "live/probe.h"
#include "live/qmp.h"

#define RELEASE "/proc/sys/kernel/osrelease"

static int no_memory(struct iof_ctx *ctx)
{
	return iof_ctx_error_set(ctx, -ENOMEM, "out of memory");
}

static int read_line(struct iof_ctx *ctx, struct iof_live_probe *probe, const char *path,
		     const char **out)
{
	char *line = NULL;
	int err = call_read_line(probe->calls, path, &line);

	if (err)
		return live_fail(ctx, err, path, "%s", strerror(-err));
	*out = arena_strdup(probe->arena, line);
	free(line);
	return *out ? 0 : no_memory(ctx);
}

int probe_new(const struct live_calls *calls, struct iof_ctx *ctx,
	      const struct iof_live_probe_options *options, struct iof_live_probe **out)
{
	struct iof_live_probe *probe;
	int err;

	if (calls->euid(calls->data) != 0)
		return live_fail(ctx, -EPERM, "probe", "only root may open the nodes of VFIO");
	probe = calloc(1, sizeof(*probe));
	if (!probe)
		return no_memory(ctx);
	probe->calls = calls;
	if (options && options->size >= sizeof(*options)) {
		probe->reset_ok = options->reset_ok;
		probe->is_locked_by_caller = options->locked;
	}
	probe->lock = -1;
	probe->arena = arena_new(8192);
	err = probe->arena ? lock_boot_id(calls, ctx, probe->arena, &probe->boot_id)
			   : no_memory(ctx);
	if (!err)
		err = read_line(ctx, probe, RELEASE, &probe->kernel);
	if (err) {
		iof_live_probe_unref(probe);
		return err;
	}
	*out = probe;
	return 0;
}

IOF_EXPORT int iof_live_probe_new(struct iof_ctx *ctx, const struct iof_live_probe_options *options,
				  struct iof_live_probe **out)
{
	return probe_new(&live_calls_system, ctx, options, out);
}

IOF_EXPORT struct iof_live_probe *iof_live_probe_unref(struct iof_live_probe *probe)
{
	if (!probe)
		return NULL;
	for (size_t i = 0; i < probe->n_devices; i++)
		iof_host_unref(probe->devices[i].host);
	if (probe->lock >= 0)
		lock_drop(probe->calls, probe->lock);
	arena_free(probe->arena);
	free(probe);
	return NULL;
}

/* ---- what may be asked ---- */

#define BIND_HINT "it must be bound to vfio-pci to be asked (--bind does that, and undoes it)"

static int check_target(struct iof_ctx *ctx, const struct probe_target *t)
{
	if (!t->has_group)
		return 0; /* there is nothing to ask, and this is the answer */
	if (!t->driver)
		return live_fail(ctx, -EBUSY, t->bdf, "it has no driver; " BIND_HINT);
	if (!t->is_vfio)
		return live_fail(ctx, -EBUSY, t->bdf, "it is bound to %s; " BIND_HINT, t->driver);
	if (t->is_noiommu)
		return live_fail(
			ctx, -EBUSY, t->bdf,
			"it is in a No-IOMMU group of VFIO: there is no IOMMU to be asked, "
			"and what it may reach is all memory");
	return 0;
}

/* Any of the group's nodes, for a group is lent as a whole. */
static int check_holders(struct iof_ctx *ctx, struct iof_live_probe *probe,
			 const struct probe_target *t)
{
	struct busy busy = {.calls = probe->calls, .arena = probe->arena};
	int err = busy_vfio(&busy, t->bdf);

	for (size_t i = 0; !err && i < t->n_mates; i++)
		err = busy_vfio(&busy, t->mates[i].bdf);
	if (err == -EBUSY)
		return iof_ctx_error_set(ctx, err, busy.why);
	return err ? no_memory(ctx) : 0;
}

static struct probed *add_device(struct iof_live_probe *probe)
{
	struct probed *grown = arena_grow(probe->arena, probe->devices, probe->n_devices,
					  &probe->cap_devices, sizeof(*grown));

	if (!grown)
		return NULL;
	probe->devices = grown;
	return &grown[probe->n_devices];
}

static void fill_answers(const struct iof_live_probe *probe, struct probed *d)
{
	d->answers.bdf = d->target.bdf;
	d->answers.group = d->target.has_group ? (int)d->target.group : -1;
	d->answers.unit = d->device ? iof_device_unit(d->device) : NULL;
	d->answers.boot_id = probe->boot_id;
	d->answers.kernel = probe->kernel;
}

static bool is_added(const struct iof_live_probe *probe, const char *bdf)
{
	for (size_t i = 0; i < probe->n_devices; i++)
		if (strcmp(probe->devices[i].target.bdf, bdf) == 0)
			return true;
	return false;
}

IOF_EXPORT int iof_live_probe_add(struct iof_ctx *ctx, struct iof_live_probe *probe,
				  struct iof_host *host, const char *name)
{
	struct pci_address address;
	struct probed *d;
	char bdf[BDF_TEXT];
	int err;

	if (parse_bdf(name, &address) != 0)
		return live_fail(ctx, -EINVAL, "probe", "'%s' is no PCI address, as 0000:01:00.0",
				 name);
	format_bdf(&address, bdf);
	if (is_added(probe, bdf))
		return 0;
	d = add_device(probe);
	if (!d)
		return no_memory(ctx);
	err = target_read(probe->calls, probe->arena, bdf, &d->target);
	if (err == -ENOENT)
		return live_fail(ctx, err, bdf, "this machine has no such device");
	if (err)
		return live_fail(ctx, err, bdf, "sysfs: %s", strerror(-err));
	err = check_target(ctx, &d->target);
	if (!err)
		err = check_holders(ctx, probe, &d->target);
	if (err)
		return err;
	d->host = iof_host_ref(host);
	d->device = iof_host_device(host, bdf);
	fill_answers(probe, d);
	probe->n_devices++;
	return 0;
}

/* ---- what is said of an answer ---- */

static const char *format_text(struct probing *p, const char *format, va_list list)
{
	const char *text = arena_vprintf(p->probe->arena, format, list);

	if (!text)
		p->probe->is_out_of_memory = true;
	return text;
}

void probe_note(struct probing *p, const char *format, ...)
{
	const char **grown = arena_grow(p->probe->arena, p->d->notes, p->d->n_notes,
					&p->d->cap_notes, sizeof(*grown));
	va_list list;

	va_start(list, format);
	if (grown) {
		p->d->notes = grown;
		grown[p->d->n_notes] = format_text(p, format, list);
		p->d->n_notes += grown[p->d->n_notes] != NULL;
	} else {
		p->probe->is_out_of_memory = true;
	}
	va_end(list);
}

void probe_why(struct probing *p, const char *format, ...)
{
	va_list list;

	if (p->d->why)
		return;
	va_start(list, format);
	p->d->why = format_text(p, format, list);
	va_end(list);
}

const char *probe_failure_text(struct probing *p)
{
	const char *text = arena_printf(p->probe->arena, "%s: %s", p->v.call, strerror(p->v.error));

	if (!text)
		p->probe->is_out_of_memory = true;
	return text ? text : p->v.call;
}

int probe_take_ranges(struct probing *p, struct iof_range *ranges, size_t n,
		      struct measured_domain *domain)
{
	domain->has_ranges = true;
	domain->n_ranges = n;
	domain->ranges = arena_memdup(p->probe->arena, ranges, (n ? n : 1) * sizeof(*ranges));
	free(ranges);
	if (domain->ranges)
		return 0;
	p->probe->is_out_of_memory = true;
	return -ENOMEM;
}

/* Calls whose refusal says something of the device, its IOMMU or the kernel. */
static const char *const answering[] = {
	"VFIO_SET_IOMMU",   "VFIO_DEVICE_BIND_IOMMUFD", "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
	"IOMMU_HWPT_ALLOC", "IOMMU_GET_HW_INFO",	"IOMMU_VIOMMU_ALLOC",
};
/* Linux include/uapi/linux/iommufd.h says what they mean; EPERM comes from reserved regions that
 * firmware claims and from interrupts that are not remapped. Not among them: no memory, in use. */
static const int refusals[] = {EPERM, EINVAL, ENODEV, EOPNOTSUPP, ENOTTY, E2BIG, ENOENT};

bool probe_is_answer(const struct vfio *v)
{
	bool is_answering = false, is_refusal = false;

	for (size_t i = 0; i < ARRAY_SIZE(answering); i++)
		is_answering |= strcmp(v->call, answering[i]) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		is_refusal |= v->error == refusals[i];
	return is_answering && is_refusal;
}

bool probe_is_missing(const struct vfio *v)
{
	return str_eq(v->call, "open") &&
	       (v->error == ENOENT || v->error == ENODEV || v->error == ENXIO);
}

/* ---- asking ---- */

static void take_failure(struct probing *p)
{
	struct probed *d = p->d;

	d->failed_call = p->v.call;
	d->failed_error = p->v.error;
	d->failed_path = arena_strdup(p->probe->arena, p->v.path);
	if (!d->failed_path)
		p->probe->is_out_of_memory = true;
	d->answer = IOF_LIVE_ANSWER_FAILED;
	d->why = NULL;
	probe_why(p, "%s on %s failed: %s.", p->v.call, p->v.path, strerror(p->v.error));
	if (p->v.error == EBUSY)
		probe_note(p, "EBUSY means that somebody has the device or its group open.");
}

/* A domain that was asked, and what came out. */
static bool has_ranges(const struct measured_domain *domain)
{
	return domain->asked && !domain->error && domain->has_ranges && domain->n_ranges;
}

static bool is_refused(const struct measured_domain *domain)
{
	return domain->asked && (domain->error || (domain->has_ranges && !domain->n_ranges));
}

static void judge(struct probing *p)
{
	const struct measured_domain *legacy = &p->d->answers.domain[MEASURED_LEGACY];
	const struct measured_domain *plain = &p->d->answers.domain[MEASURED_PLAIN];

	if (has_ranges(legacy) || has_ranges(plain)) {
		p->d->answer = IOF_LIVE_ANSWER_DOMAIN;
		p->d->why = NULL;
	} else if (p->d->is_refused || is_refused(legacy) || is_refused(plain)) {
		p->d->answer = IOF_LIVE_ANSWER_NONE;
		probe_why(p, "The kernel makes no domain for it.");
	} else {
		p->d->answer = IOF_LIVE_ANSWER_UNKNOWN;
		if (p->probe->reset_ok)
			probe_why(p, "This kernel has no way to tell the ranges.");
		else
			probe_why(p, "This kernel tells the ranges only when the device is opened, "
				     "which resets it: that takes --reset-ok.");
	}
}

static void name_mates(struct probing *p)
{
	const struct probe_target *t = &p->d->target;

	for (size_t i = 0; i < t->n_mates; i++)
		if (t->mates[i].driver && !strstr(t->mates[i].driver, "vfio"))
			probe_note(p, "%s in the same group is bound to %s.", t->mates[i].bdf,
				   t->mates[i].driver);
}

static void run_device(struct iof_live_probe *probe, struct probed *d)
{
	struct probing p = {.probe = probe, .d = d, .v.calls = probe->calls};
	int err = 0;

	if (!d->target.has_group) {
		d->answer = IOF_LIVE_ANSWER_NONE;
		probe_why(&p, "It has no IOMMU group: no IOMMU stands before it.");
		return;
	}
	err = probe_legacy(&p);
	if (d->is_refused)
		name_mates(&p);
	if (!err && probe->reset_ok && !d->is_refused)
		err = probe_iommufd(&p);
	if (probe->is_out_of_memory)
		return;
	if (err < 0)
		take_failure(&p);
	else
		judge(&p);
	probe_compare(probe, d);
}

int probe_lock(struct iof_ctx *ctx, struct iof_live_probe *probe)
{
	if (probe->lock < 0)
		probe->lock = lock_take_anywhere(probe->calls, ctx);
	return probe->lock < 0 ? probe->lock : 0;
}

IOF_EXPORT int iof_live_probe_run(struct iof_ctx *ctx, struct iof_live_probe *probe)
{
	int err = probe->is_locked_by_caller ? 0 : probe_lock(ctx, probe);

	if (err)
		return err;
	for (size_t i = 0; i < probe->n_devices; i++) {
		if (!probe->devices[i].is_asked)
			run_device(probe, &probe->devices[i]);
		probe->devices[i].is_asked = true;
	}
	return probe->is_out_of_memory ? no_memory(ctx) : 0;
}

/* The worst of all: a failure, then none, then not known. */
IOF_EXPORT enum iof_live_answer iof_live_probe_answer(const struct iof_live_probe *probe)
{
	static const enum iof_live_answer worst_first[] = {
		IOF_LIVE_ANSWER_FAILED, IOF_LIVE_ANSWER_NONE, IOF_LIVE_ANSWER_UNKNOWN};

	for (size_t w = 0; w < ARRAY_SIZE(worst_first); w++)
		for (size_t i = 0; i < probe->n_devices; i++)
			if (probe->devices[i].answer == worst_first[w])
				return worst_first[w];
	return probe->n_devices ? IOF_LIVE_ANSWER_DOMAIN : IOF_LIVE_ANSWER_UNKNOWN;
}

IOF_EXPORT int iof_live_probe_error(const struct iof_live_probe *probe)
{
	for (size_t i = 0; i < probe->n_devices; i++)
		if (probe->devices[i].answer == IOF_LIVE_ANSWER_FAILED)
			return probe->devices[i].failed_error;
	return 0;
}
