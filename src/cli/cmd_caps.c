/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_caps.c - iommufit caps: what each vIOMMU model accepts and what this host allows of it. */
#include "job.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	enum iof_model model;
} models[] = {
	{"intel", IOF_MODEL_INTEL},   {"intel-iommu", IOF_MODEL_INTEL},
	{"virtio", IOF_MODEL_VIRTIO}, {"virtio-iommu", IOF_MODEL_VIRTIO},
	{"amd", IOF_MODEL_AMD},	      {"amd-iommu", IOF_MODEL_AMD},
	{"smmuv3", IOF_MODEL_SMMUV3}, {"arm-smmuv3", IOF_MODEL_SMMUV3},
};
#define N_MODELS (sizeof(models) / sizeof(models[0]))

static int find_model(struct tool *t, enum iof_model *model)
{
	const char *name = t->args.operands.n ? t->args.operands.items[0] : NULL;

	*model = IOF_MODEL_NONE;
	if (!name)
		return 0;
	for (size_t i = 0; i < N_MODELS; i++) {
		if (strcmp(models[i].name, name) == 0) {
			*model = models[i].model;
			return 0;
		}
	}
	return tool_error(t, -EINVAL, "caps: '%s' is no model of this version: %s", name,
			  command_specs[COMMAND_CAPS].choices);
}

static int status_of_outcome(enum iof_outcome outcome)
{
	if (outcome == IOF_OUTCOME_UNKNOWN)
		return EXIT_UNKNOWN;
	return outcome == IOF_OUTCOME_WORKS || outcome == IOF_OUTCOME_DEGRADED ? EXIT_FITS
									       : EXIT_FAILS;
}

/* Of all models: one that works is enough, and one that may work leaves it open. */
static int status_of_caps(const struct iof_caps *caps)
{
	struct iof_caps_model model;
	int best = EXIT_FAILS;

	for (size_t i = 0; iof_caps_model_get(caps, i, &model) == 0; i++) {
		int status = status_of_outcome(model.usable);

		if (status == EXIT_FITS)
			return EXIT_FITS;
		if (status == EXIT_UNKNOWN)
			best = EXIT_UNKNOWN;
	}
	return best;
}

static int make_caps(struct tool *t, enum iof_model model, struct iof_host **host,
		     struct iof_caps **caps)
{
	const struct arguments *a = &t->args;
	struct iof_vmm vmm = {.size = sizeof(vmm), .version = a->vmm};
	static const char other[] = "cloud-hypervisor";
	struct words devices = {0};
	int err = 0;

	if (a->vmm && strncmp(a->vmm, other, strlen(other)) == 0)
		err = tool_error(t, -EINVAL, "caps: %s has none of these models: qemu=VERSION",
				 other);
	for (size_t i = 0; !err && i < a->devices.n; i++)
		err = words_add(&devices, a->devices.items[i]);
	if (!err && !a->theory)
		err = host_load(t, (const char *const *)devices.items, devices.n, host);
	if (!err)
		err = iof_caps(t->ctx, *host, &vmm, a->machine, model,
			       (const char *const *)devices.items, caps);
	words_free(&devices);
	return err;
}

int cmd_caps(struct tool *t)
{
	struct iof_caps *caps = NULL;
	struct iof_host *host = NULL;
	enum iof_model model;
	int err = find_model(t, &model);
	int status;

	if (!err)
		err = make_caps(t, model, &host, &caps);
	if (!err && !t->args.quiet)
		err = iof_caps_write(t->ctx, caps, &t->out);
	if (err)
		status = tool_fail(t, err);
	else
		status = tool_finish(t, t->args.theory ? 0 : status_of_caps(caps));
	iof_caps_unref(caps);
	iof_host_unref(host);
	return status;
}
