/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bind_plan.c - which devices must leave their drivers so that one can be asked, and whether they
 * may. */
#include "live/bind.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/strings.h"
#include "live/busy.h"
#include "live/qmp.h"

#define CLASS_BRIDGE 0x06u

struct planner {
	struct iof_live_bind *plan;
	struct iof_ctx *ctx;
	struct binder binder;
	struct busy busy;
	const char **group; /* names of its devices */
	size_t n_group;
	const char **checked; /* those that must be idle */
	size_t n_checked, cap_checked;
};

static int out_of_memory(struct planner *p)
{
	return live_fail(p->ctx, -ENOMEM, p->plan->bdf ? p->plan->bdf : "--bind", "out of memory");
}

/* An error of busy.h's with its reason. */
static int fail_busy(struct planner *p, int err)
{
	if (!err || err == -ENOMEM || !p->busy.why)
		return err ? out_of_memory(p) : 0;
	iof_ctx_error_set(p->ctx, err, p->busy.why);
	return err;
}

static int set_address(struct planner *p, const char *bdf)
{
	struct pci_address address;
	char full[BDF_TEXT];

	if (parse_bdf(bdf, &address))
		return live_fail(p->ctx, -EINVAL, bdf, "no address of a PCI device");
	format_bdf(&address, full);
	p->plan->bdf = arena_strdup(p->plan->arena, full);
	return p->plan->bdf ? 0 : out_of_memory(p);
}

static int find_group(struct planner *p)
{
	const char *bdf = p->plan->bdf, *driver;
	const char *folder = busy_path(&p->busy, "/sys/bus/pci/devices/%s", bdf);
	int err = folder ? binder_driver(&p->binder, bdf, &driver) : out_of_memory(p);

	if (err == -ENODEV)
		return -ENOENT; /* the text is there */
	if (!err)
		err = fail_busy(p, busy_link(&p->busy, folder, "iommu_group", &p->plan->group));
	if (!err && !p->plan->group)
		return live_fail(p->ctx, -ENODEV, bdf,
				 "it has no IOMMU group: the IOMMU is off, or does not serve it");
	if (err)
		return err;
	return fail_busy(p,
			 busy_list(&p->busy, busy_path(&p->busy, "%s/iommu_group/devices", folder),
				   &p->group, &p->n_group));
}

static int check_vfio_driver(struct planner *p)
{
	const char **names;
	size_t n;
	int err =
		fail_busy(p, busy_list(&p->busy, "/sys/bus/pci/drivers/" VFIO_DRIVER, &names, &n));

	if (err || n)
		return err;
	return live_fail(p->ctx, -ENODEV, VFIO_DRIVER,
			 "the kernel does not have this driver: modprobe vfio-pci loads it");
}

/* Some drivers cannot be told to let a device go. */
static int check_unbind(struct planner *p, const char *bdf, const char *driver)
{
	const char **names;
	size_t n;
	int err = fail_busy(p, busy_list(&p->busy,
					 busy_path(&p->busy, "/sys/bus/pci/drivers/%s", driver),
					 &names, &n));

	for (size_t i = 0; !err && i < n; i++) {
		if (str_eq(names[i], "unbind"))
			return 0;
	}
	return err ? err : live_fail(p->ctx, -EBUSY, bdf, "%s cannot be unbound", driver);
}

static int add_device(struct planner *p, const char *bdf, const char *driver)
{
	struct journal *j = &p->plan->journal;
	struct journal_device *grown = arena_grow(p->plan->arena, j->devices, j->n, &j->cap,
						  sizeof(*j->devices)),
			      *d;
	int err;

	if (!grown)
		return out_of_memory(p);
	j->devices = grown;
	d = &grown[j->n];
	*d = (struct journal_device){.bdf = bdf, .driver = driver};
	err = driver ? check_unbind(p, bdf, driver) : 0;
	if (!err)
		err = binder_override(&p->binder, bdf, &d->override);
	if (!err)
		err = binder_power(&p->binder, bdf, &d->power);
	if (!err && ((d->override && !journal_takes_override(d->override)) ||
		     (driver && !journal_takes_driver(driver))))
		err = live_fail(p->ctx, -EBUSY, bdf, "its driver_override cannot be written down");
	j->n += !err;
	return err;
}

/* A mate that is no PCI device cannot be judged; without a driver it does no harm. */
static int check_stranger(struct planner *p, const char *name)
{
	const char *folder = busy_path(&p->busy, "/sys/kernel/iommu_groups/%s/devices/%s",
				       p->plan->group, name),
		   *driver;
	int err = folder ? fail_busy(p, busy_link(&p->busy, folder, "driver", &driver))
			 : out_of_memory(p);

	if (err || !driver)
		return err;
	return live_fail(p->ctx, -EBUSY, name, "it is in the IOMMU group of %s, and %s drives it",
			 p->plan->bdf, driver);
}

static int read_class(struct planner *p, const char *bdf, uint64_t *class)
{
	const char *path = busy_path(&p->busy, "/sys/bus/pci/devices/%s/class", bdf), *line;
	int err = fail_busy(p, busy_line(&p->busy, path, &line));

	if (!err && (!line || parse_u64(line, 16, 0xffffff, class)))
		err = live_fail(p->ctx, -EBUSY, path, "cannot be read");
	return err;
}

static int add_checked(struct planner *p, const char *bdf)
{
	const char **grown = arena_grow(p->plan->arena, p->checked, p->n_checked, &p->cap_checked,
					sizeof(*grown));

	if (!grown)
		return out_of_memory(p);
	p->checked = grown;
	p->checked[p->n_checked++] = bdf;
	return 0;
}

/* VFIO bears bridges with the kernel's own driver, or none, in a group. */
static int plan_mate(struct planner *p, const char *name)
{
	struct pci_address address;
	const char *driver;
	uint64_t class;
	int err;

	if (str_eq(name, p->plan->bdf))
		return 0;
	if (parse_bdf(name, &address))
		return check_stranger(p, name);
	err = binder_driver(&p->binder, name, &driver);
	if (!err)
		err = read_class(p, name, &class);
	if (err)
		return err;
	if (class >> 16 == CLASS_BRIDGE && (!driver || str_eq(driver, "pcieport")))
		return 0;
	if (class >> 16 == CLASS_BRIDGE)
		return live_fail(p->ctx, -EBUSY, name,
				 "it is in the IOMMU group of %s, and a bridge that %s drives",
				 p->plan->bdf, driver);
	err = add_checked(p, name);
	if (!err && driver && !driver_is_free(driver))
		err = add_device(p, name, driver);
	return err;
}

static int plan_device(struct planner *p)
{
	const char *driver;
	int err = binder_driver(&p->binder, p->plan->bdf, &driver);

	if (!err)
		err = add_checked(p, p->plan->bdf);
	if (err)
		return err;
	p->plan->is_bound = driver && driver_is_free(driver) && !str_eq(driver, "pci-stub");
	return p->plan->is_bound ? 0 : add_device(p, p->plan->bdf, driver);
}

static int check_idle(struct planner *p)
{
	int err = fail_busy(p, busy_devices(&p->busy, p->checked, p->n_checked));

	for (size_t i = 0; !err && i < p->n_checked; i++)
		err = fail_busy(p, busy_vfio(&p->busy, p->checked[i]));
	return err;
}

/* ---- in words ---- */

static int add_step(struct planner *p, const char *text)
{
	struct iof_live_bind *plan = p->plan;
	const char **grown = arena_grow(plan->arena, plan->steps, plan->n_steps, &plan->cap_steps,
					sizeof(*grown));

	if (!grown || !text)
		return out_of_memory(p);
	plan->steps = grown;
	plan->steps[plan->n_steps++] = text;
	return 0;
}

static const char *unbind_words(struct planner *p, const struct journal_device *d)
{
	struct arena *a = p->plan->arena;

	if (!str_eq(d->bdf, p->plan->bdf))
		return arena_printf(a, "%s (in the same IOMMU group): unbind it from %s", d->bdf,
				    d->driver);
	if (!d->driver)
		return arena_printf(a, "%s: set driver_override to %s, bind it to %s", d->bdf,
				    VFIO_DRIVER, VFIO_DRIVER);
	return arena_printf(a, "%s: set driver_override to %s, unbind it from %s, bind it to %s",
			    d->bdf, VFIO_DRIVER, d->driver, VFIO_DRIVER);
}

static const char *restore_words(struct planner *p, const struct journal_device *d)
{
	struct arena *a = p->plan->arena;
	const char *override = d->override ? d->override : "none";
	const char *power = d->power ? d->power : "as it is";

	if (!str_eq(d->bdf, p->plan->bdf))
		return arena_printf(a, "%s: bind it to %s again, power/control %s", d->bdf,
				    d->driver, power);
	return arena_printf(a,
			    "%s: unbind it from %s, driver_override as before (%s), %s%s, "
			    "power/control %s",
			    d->bdf, VFIO_DRIVER, override,
			    d->driver ? "bind it to " : "no driver, as before",
			    d->driver ? d->driver : "", power);
}

static int write_steps(struct planner *p)
{
	const struct journal *j = &p->plan->journal;
	int err = 0;

	for (size_t i = 0; !err && i < j->n; i++)
		err = add_step(p, unbind_words(p, &j->devices[i]));
	if (!err && j->n)
		err = add_step(p, "ask the kernel about it");
	for (size_t i = j->n; !err && i > 0; i--)
		err = add_step(p, restore_words(p, &j->devices[i - 1]));
	return err;
}

static int make_plan(struct planner *p, const char *bdf)
{
	int err = set_address(p, bdf);

	if (!err)
		err = lock_check_place(p->busy.calls, p->ctx);
	if (!err)
		err = lock_boot_id(p->busy.calls, p->ctx, p->plan->arena,
				   &p->plan->journal.boot_id);
	if (!err)
		err = find_group(p);
	for (size_t i = 0; !err && i < p->n_group; i++)
		err = plan_mate(p, p->group[i]);
	if (!err)
		err = plan_device(p);
	if (!err)
		err = check_idle(p);
	if (!err && !p->plan->is_bound)
		err = check_vfio_driver(p);
	return err ? err : write_steps(p);
}

int bind_plan(const struct live_calls *calls, struct iof_ctx *ctx, const char *bdf,
	      struct iof_live_bind **out)
{
	struct arena *arena = arena_new(16384);
	struct iof_live_bind *plan = arena ? arena_alloc(arena, sizeof(*plan)) : NULL;
	struct planner p = {.plan = plan, .ctx = ctx, .busy = {.calls = calls, .arena = arena}};
	int err;

	*out = NULL;
	if (!plan) {
		arena_free(arena);
		return live_fail(ctx, -ENOMEM, bdf, "out of memory");
	}
	plan->arena = arena;
	plan->calls = calls;
	p.binder = bind_prepare(calls, ctx, arena, NULL);
	err = make_plan(&p, bdf);
	if (err)
		iof_live_bind_free(plan);
	else
		*out = plan;
	return err;
}

IOF_EXPORT int iof_live_bind_plan(struct iof_ctx *ctx, const char *bdf, struct iof_live_bind **out)
{
	return bind_plan(&live_calls_system, ctx, bdf, out);
}

IOF_EXPORT struct iof_live_bind *iof_live_bind_free(struct iof_live_bind *plan)
{
	if (plan)
		arena_free(plan->arena);
	return NULL;
}

IOF_EXPORT const char *iof_live_bind_step(const struct iof_live_bind *plan, size_t index)
{
	return index < plan->n_steps ? plan->steps[index] : NULL;
}
