/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rehearse.c - goes QEMU's way from its first device to BARs that firmware has placed, and makes
 * the calls that are made there. It stops where QEMU would: at a call that fails, or where check
 * knows that QEMU itself refuses.
 */
#include "live/rehearse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/interval.h"
#include "base/strings.h"
#include "live/busy.h"
#include "live/lock.h"
#include "live/qmp.h"
#include "vmm/versions.h"

#define ARENA_BLOCK 8192
#define PATH_MAX_BYTES 128

bool rehearse_step(struct iof_live_rehearsal *r, size_t device, const char *call, int err,
		   const char *what, ...)
{
	struct iof_live_step *grown =
		arena_grow(r->arena, r->steps, r->n_steps, &r->cap_steps, sizeof(*grown));
	const char *text = NULL;
	va_list args;

	if (what && grown) {
		va_start(args, what);
		text = arena_vprintf(r->arena, what, args);
		va_end(args);
	}
	if (!grown || (what && !text)) {
		r->err = -ENOMEM;
		return false;
	}
	r->steps = grown;
	grown[r->n_steps++] = (struct iof_live_step){
		.phase = r->phase,
		.device = device,
		.call = call,
		.what = text,
		.error = err < 0 ? -err : 0,
	};
	return err >= 0;
}

bool rehearse_expected(struct iof_live_rehearsal *r)
{
	if (!r->err && r->n_steps)
		r->steps[r->n_steps - 1].is_expected = true;
	return false;
}

static const struct rehearse_device *device_of(const struct iof_live_rehearsal *r, size_t device)
{
	for (size_t i = 0; i < r->n_devices; i++) {
		if (r->devices[i].a.device == device)
			return &r->devices[i];
	}
	return NULL;
}

bool rehearse_failed(struct iof_live_rehearsal *r, enum rehearse_site site,
		     const struct iof_assignment *a, const struct iof_section *section)
{
	const struct rehearse_device *device = device_of(r, a->device);
	struct rehearse_failure *failure = site == SITE_MAP_BAR ? &r->bar : &r->failure;

	if (r->err)
		return false;
	r->n_lost_bars += site == SITE_MAP_BAR;
	if (failure->site)
		return false;
	*failure = (struct rehearse_failure){
		.site = site,
		.phase = r->phase,
		.step = r->n_steps - 1,
		.error = r->steps[r->n_steps - 1].error,
		.device = a->device,
		.bdf = device ? device->bdf : NULL,
		.is_iommufd = a->is_iommufd,
	};
	if (a->host && iof_device_group(a->host) >= 0)
		failure->group = (unsigned)iof_device_group(a->host);
	else if (device && device->a.host && iof_device_group(device->a.host) >= 0)
		failure->group = (unsigned)iof_device_group(device->a.host);
	if (section)
		failure->section = *section;
	return false;
}

static void add_text(struct iof_live_rehearsal *r, const char ***list, size_t *n, size_t *cap,
		     const char *text)
{
	const char **grown = arena_grow(r->arena, *list, *n, cap, sizeof(*grown));

	if (!grown || !text) {
		r->err = -ENOMEM;
		return;
	}
	*list = grown;
	grown[(*n)++] = text;
}

void rehearse_untested(struct iof_live_rehearsal *r, const char *text)
{
	for (size_t i = 0; i < r->n_untested; i++) {
		if (str_eq(r->untested[i], text))
			return;
	}
	add_text(r, &r->untested, &r->n_untested, &r->cap_untested, text);
}

void rehearse_message(struct iof_live_rehearsal *r, enum iof_phase phase, const char *text)
{
	const char *end = text + strlen(text), *line;
	size_t length;

	while (next_line(&text, end, &line, &length))
		add_text(r, &r->messages[phase], &r->n_messages[phase], &r->cap_messages[phase],
			 arena_strndup(r->arena, line, length));
}

/* ---- one device ---- */

/* What could not be asked, though it decides. Returns false. */
static bool stuck(struct iof_live_rehearsal *r, const char *why)
{
	if (!why)
		r->err = -ENOMEM;
	r->why = r->why ? r->why : why;
	return false;
}

/* Whether check says of this device, at that moment, what no call of ours would tell. */
static bool refuses(struct iof_live_rehearsal *r, size_t device, enum iof_moment from,
		    enum iof_moment to, const struct rehearse_device *asked)
{
	const struct iof_finding *f = fatal_finding(r, r->phase);

	if (!f || iof_finding_device(r->report, f) != device || iof_finding_moment(f) < from ||
	    iof_finding_moment(f) > to || (asked && is_answered(r, f, asked)))
		return false;
	r->stop = f;
	return true;
}

/* A manager may bind it when it starts the VM; what is not bound now cannot be asked. */
static bool is_bound(struct iof_live_rehearsal *r, const struct rehearse_device *d)
{
	const struct iof_finding *f = fatal_finding(r, r->phase);
	char path[PATH_MAX_BYTES];
	char *driver = NULL;
	bool is_vfio;
	int err;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", d->bdf);
	err = call_link_name(r->vfio.calls, path, &driver);
	is_vfio = !err && strstr(driver, "vfio");
	if (err == -ENOMEM)
		r->err = err;
	else if (!is_vfio && !(f && iof_finding_device(r->report, f) == d->a.device))
		stuck(r, arena_printf(r->arena,
				      "%s is bound to %s, not to vfio-pci: only what is bound "
				      "already can be asked.",
				      d->bdf, err ? "no driver" : driver));
	free(driver);
	return !r->err && !r->why;
}

/* Once we have a group open, it is in use by us. */
static bool is_first_of_group(const struct iof_live_rehearsal *r, const struct rehearse_device *d)
{
	int group = iof_device_group(d->a.host);

	for (size_t i = 0; i < r->n_devices; i++) {
		const struct rehearse_device *other = &r->devices[i];

		if (other != d && other->a.host && iof_device_group(other->a.host) == group)
			return false;
	}
	return true;
}

/* Who has it open would be disturbed, and the kernel's "busy" is no answer about a start later. */
static bool is_free(struct iof_live_rehearsal *r, const struct rehearse_device *d)
{
	struct busy busy = {.calls = r->vfio.calls, .arena = r->arena};
	int err = busy_vfio(&busy, d->bdf);

	if (err == -ENOMEM)
		r->err = err;
	else if (err)
		stuck(r, busy.why ? busy.why : "It cannot be told whether a device is in use.");
	return !err;
}

static bool wants_width(const struct iof_live_rehearsal *r, const struct rehearse_device *d)
{
	return d->a.viommu == IOF_MODEL_INTEL && d->a.aw_bits && r->version >= V9_1;
}

static const struct rehearse_container *container_of(const struct iof_live_rehearsal *r,
						     const struct iof_assignment *a)
{
	const struct rehearse_container *c = r->containers, *found = NULL;

	for (; c; c = c->next) {
		if (c->space == a->space && (c->iommufd != NULL) == a->is_iommufd)
			found = c;
	}
	return found;
}

/* QEMU compares with the end of the last range (hw/vfio/device.c vfio_device_get_aw_bits). */
static bool check_width(struct iof_live_rehearsal *r, const struct rehearse_device *d)
{
	const struct rehearse_container *c = container_of(r, &d->a);
	unsigned width;

	if (!wants_width(r, d) || !c || !c->n_ranges)
		return true;
	width = ranges_width(c->ranges, c->n_ranges);
	if (d->a.aw_bits <= width)
		return true;
	rehearse_failed(r, SITE_WIDTH, &d->a, NULL);
	r->failure.wanted_width = d->a.aw_bits;
	r->failure.width = width;
	return false;
}

/* iommufd opens the device, which resets it. Without leave its group is asked in its place. */
static bool attach(struct iof_live_rehearsal *r, struct rehearse_device *d)
{
	if (!d->a.is_iommufd) {
		d->mode = MODE_LEGACY;
		return attach_legacy(r, &d->a, d->bdf, false);
	}
	if (r->options.reset_ok) {
		d->mode = MODE_IOMMUFD;
		return attach_iommufd(r, &d->a, d->bdf);
	}
	d->mode = MODE_STAND_IN;
	rehearse_untested(r, "What iommufd itself says: that opens the devices and resets them "
			     "(--reset-ok). Their groups were asked in its place.");
	return find_iommufd(r, &d->a, d->bdf) && attach_legacy(r, &d->a, d->bdf, true);
}

/* By others: a group that we hold for an earlier device QEMU would hold as well. */
static bool is_in_use(const struct iof_live_rehearsal *r, const struct rehearse_device *d)
{
	return r->failure.error == EBUSY && is_first_of_group(r, d) &&
	       (r->failure.site == SITE_GROUP_OPEN || r->failure.site == SITE_CDEV_OPEN ||
		r->failure.site == SITE_BIND);
}

/* The group route in place of iommufd's: its own refusals are not those that QEMU would see. */
static bool is_not_told(const struct iof_live_rehearsal *r, const struct rehearse_device *d)
{
	return d->mode == MODE_STAND_IN &&
	       (r->failure.site == SITE_GROUP_OPEN || r->failure.site == SITE_CONTAINER_OPEN ||
		r->failure.site == SITE_CONTAINER_EXTENSION ||
		r->failure.site == SITE_SET_CONTAINER || r->failure.site == SITE_SET_IOMMU);
}

static bool after_failure(struct iof_live_rehearsal *r, const struct rehearse_device *d)
{
	const struct iof_finding *f = fatal_finding(r, r->phase);
	const char *call = r->n_steps ? r->steps[r->failure.step].call : "";

	if (r->err || r->why || !r->failure.site)
		return false;
	if (is_in_use(r, d))
		return stuck(r, arena_printf(r->arena,
					     "%s or a device of its group is in use: another "
					     "process has it open.",
					     d->bdf));
	if (!is_not_told(r, d))
		return false;
	if (f && iof_finding_device(r->report, f) == d->a.device) {
		r->failure.site = SITE_NONE;
		r->stop = f;
		return false;
	}
	return stuck(r, arena_printf(r->arena,
				     "The group of %s gives no answer (%s: %s); only iommufd "
				     "itself can tell (--reset-ok).",
				     d->bdf, call, rehearse_error(r->failure.error)));
}

static bool rehearse_device(struct iof_live_rehearsal *r, struct rehearse_device *d)
{
	size_t index = d->a.device;

	if (refuses(r, index, IOF_MOMENT_BEFORE, IOF_MOMENT_BEFORE, NULL))
		return false;
	if (!d->a.host || !d->bdf) {
		if (refuses(r, index, IOF_MOMENT_BEFORE, IOF_MOMENT_AFTER, NULL))
			return false;
		return stuck(r, "Which host device a vfio-pci means is not known.");
	}
	if (!is_bound(r, d) || (is_first_of_group(r, d) && !is_free(r, d)))
		return false;
	if (!attach(r, d))
		return after_failure(r, d);
	d->is_attached = true;
	if (refuses(r, index, IOF_MOMENT_ATTACH, IOF_MOMENT_AFTER, d))
		return false;
	return check_width(r, d);
}

/* ---- the way ---- */

static struct rehearse_device *add_device(struct iof_live_rehearsal *r,
					  const struct iof_assignment *a)
{
	struct rehearse_device *grown =
		arena_grow(r->arena, r->devices, r->n_devices, &r->cap_devices, sizeof(*grown));

	if (!grown) {
		r->err = -ENOMEM;
		return NULL;
	}
	r->devices = grown;
	grown[r->n_devices] = (struct rehearse_device){
		.a = *a, .phase = r->phase, .bdf = a->host ? iof_device_bdf(a->host) : NULL};
	return &grown[r->n_devices++];
}

/* Devices up to the first that ends it; a plugged one is refused and the next one follows. */
static bool walk_devices(struct iof_live_rehearsal *r, bool is_plugged)
{
	struct iof_machine_device device;
	struct iof_assignment a;
	size_t next = 0;
	bool has_next = iof_machine_assignment(r->machine, next, &a) == 0;

	for (size_t i = 0; iof_machine_device(r->machine, i, &device) == 0; i++) {
		bool is_assigned = has_next && a.device == i;
		struct iof_assignment mine = a;
		bool is_good;

		if (is_assigned)
			has_next = iof_machine_assignment(r->machine, ++next, &a) == 0;
		if (device.is_plugged != is_plugged)
			continue;
		if (is_assigned) {
			struct rehearse_device *d = add_device(r, &mine);

			is_good = d && rehearse_device(r, d);
		} else {
			is_good = map_late_memory(r, i) &&
				  !refuses(r, i, IOF_MOMENT_BEFORE, IOF_MOMENT_AFTER, NULL);
		}
		if (!is_good)
			return false;
	}
	return true;
}

/* Objects come before devices, also those of devices that are plugged later. */
static bool make_objects(struct iof_live_rehearsal *r)
{
	struct iof_assignment a;

	for (size_t i = 0; r->version >= V11_1 && iof_machine_assignment(r->machine, i, &a) == 0;
	     i++) {
		if (a.is_iommufd && !make_iommufd_object(r, &a))
			return false;
	}
	return true;
}

static bool walk_start(struct iof_live_rehearsal *r)
{
	r->phase = IOF_PHASE_START;
	if (refuses(r, NO_INDEX, IOF_MOMENT_BEFORE, IOF_MOMENT_BEFORE, NULL))
		return false;
	return make_objects(r) && walk_devices(r, false) &&
	       !refuses(r, NO_INDEX, IOF_MOMENT_ATTACH, IOF_MOMENT_AFTER, NULL);
}

static bool walk_plug(struct iof_live_rehearsal *r)
{
	r->phase = IOF_PHASE_PLUG;
	r->is_plugging = true;
	return walk_devices(r, true);
}

static bool walk_run(struct iof_live_rehearsal *r)
{
	r->phase = IOF_PHASE_RUN;
	return map_bars(r, NULL);
}

static void walk(struct iof_live_rehearsal *r)
{
	sections_list(r);
	if (!r->err && walk_start(r) && walk_plug(r))
		walk_run(r);
	undo_to(r, 0);
}

/* ---- from outside ---- */

/* "11.1.3" or "10.0.13 (Debian ...)"; 0: none. */
static uint32_t version_number(const char *text)
{
	unsigned part[3] = {0};

	if (!text || sscanf(text, "%3u.%3u.%3u", &part[0], &part[1], &part[2]) < 2 ||
	    part[0] > 255 || part[1] > 255 || part[2] > 255)
		return 0;
	return QEMU(part[0], part[1], part[2]);
}

static int run_locked(struct iof_ctx *ctx, const struct live_calls *calls,
		      const struct iof_machine *m, struct iof_report *report,
		      const struct iof_live_rehearse_options *options,
		      struct iof_live_rehearsal **out)
{
	struct arena *arena = arena_new(ARENA_BLOCK);
	struct iof_live_rehearsal *r = arena ? arena_alloc(arena, sizeof(*r)) : NULL;
	int err;

	if (!r) {
		arena_free(arena);
		return live_fail(ctx, -ENOMEM, "rehearse", "out of memory");
	}
	*r = (struct iof_live_rehearsal){
		.arena = arena,
		.machine = m,
		.report = report,
		.vfio = {.calls = calls},
		.version = version_number(iof_machine_vmm_version(m)),
	};
	if (options)
		r->options = *options;
	walk(r);
	if (!r->err)
		judge(r);
	err = r->err;
	if (err) {
		arena_free(arena);
		return live_fail(ctx, err, "rehearse", "%s", rehearse_error(-err));
	}
	*out = r;
	return 0;
}

int rehearse_run(struct iof_ctx *ctx, const struct live_calls *calls, const struct iof_machine *m,
		 struct iof_report *report, const struct iof_live_rehearse_options *options,
		 struct iof_live_rehearsal **out)
{
	int lock, err;

	*out = NULL;
	if (!str_eq(iof_machine_vmm_name(m), "QEMU"))
		return live_fail(ctx, -EOPNOTSUPP, "rehearse", "only QEMU's way is known, not %s's",
				 iof_machine_vmm_name(m));
	if (calls->euid(calls->data) != 0)
		return live_fail(ctx, -EPERM, "rehearse", "only root may open the nodes of VFIO");
	lock = lock_take_anywhere(calls, ctx);
	if (lock < 0)
		return lock;
	err = run_locked(ctx, calls, m, report, options, out);
	lock_drop(calls, lock);
	return err;
}

IOF_EXPORT int iof_live_rehearse(struct iof_ctx *ctx, const struct iof_machine *m,
				 struct iof_report *report,
				 const struct iof_live_rehearse_options *options,
				 struct iof_live_rehearsal **out)
{
	return rehearse_run(ctx, &live_calls_system, m, report, options, out);
}

IOF_EXPORT struct iof_live_rehearsal *iof_live_rehearsal_unref(struct iof_live_rehearsal *r)
{
	if (r)
		arena_free(r->arena);
	return NULL;
}

IOF_EXPORT enum iof_verdict iof_live_rehearsal_verdict(const struct iof_live_rehearsal *r)
{
	return r->verdict;
}

static bool is_phase(enum iof_phase phase)
{
	return phase > IOF_PHASE_UNKNOWN && phase <= IOF_PHASE_MIGRATE;
}

IOF_EXPORT enum iof_outcome iof_live_rehearsal_outcome(const struct iof_live_rehearsal *r,
						       enum iof_phase phase)
{
	return is_phase(phase) ? r->outcome[phase] : IOF_OUTCOME_UNKNOWN;
}

IOF_EXPORT const char *iof_live_rehearsal_message(const struct iof_live_rehearsal *r,
						  enum iof_phase phase, size_t index)
{
	return is_phase(phase) && index < r->n_messages[phase] ? r->messages[phase][index] : NULL;
}

IOF_EXPORT const char *iof_live_rehearsal_untested(const struct iof_live_rehearsal *r, size_t index)
{
	return index < r->n_untested ? r->untested[index] : NULL;
}

IOF_EXPORT int iof_live_rehearsal_step(const struct iof_live_rehearsal *r, size_t index,
				       struct iof_live_step *out)
{
	if (index >= r->n_steps)
		return -ENOENT;
	*out = r->steps[index];
	return 0;
}

IOF_EXPORT size_t iof_live_rehearsal_failed(const struct iof_live_rehearsal *r)
{
	if (r->failure.site)
		return r->failure.site == SITE_WIDTH ? SIZE_MAX : r->failure.step;
	return r->bar.site ? r->bar.step : SIZE_MAX;
}

IOF_EXPORT int iof_live_rehearsal_assumption(const struct iof_live_rehearsal *r, size_t index,
					     struct iof_live_assumption *out)
{
	if (index >= r->n_assumptions)
		return -ENOENT;
	*out = r->assumptions[index];
	return 0;
}
