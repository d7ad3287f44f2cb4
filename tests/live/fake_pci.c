/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fake_pci.c - see fake_pci.h. */
#include "fake_pci.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_private.h"

#define ROOT "/sys/devices/pci0000:00"
#define DRIVERS "/sys/bus/pci/drivers/"

const char *fake_pci_path(const char *bdf, const char *below)
{
	static char path[4][256];
	static unsigned at;

	at = (at + 1) % 4;
	snprintf(path[at], sizeof(path[at]), ROOT "/%s%s%s", bdf, *below ? "/" : "", below);
	return path[at];
}

static void set_file(struct fake_pci *p, const char *bdf, const char *name, const char *text)
{
	fake_file(p->k, fake_pci_path(bdf, name), text);
}

static const char *driver_of(struct fake_pci *p, const char *bdf)
{
	const char *target = fake_text(p->k, fake_pci_path(bdf, "driver"));

	return target ? strrchr(target, '/') + 1 : NULL;
}

static bool has_device(struct fake_pci *p, const char *bdf)
{
	return fake_exists(p->k, fake_pci_path(bdf, "class"));
}

static void attach(struct fake_pci *p, const char *bdf, const char *driver)
{
	char *target = fake_printf("../../../bus/pci/drivers/%s", driver);

	fake_link(p->k, fake_pci_path(bdf, "driver"), target);
	free(target);
	if (strcmp(driver, "vfio-pci") != 0)
		return;
	if (fake_exists(p->k, fake_pci_path(bdf, "power/control")))
		set_file(p, bdf, "power/control", "auto\n");
	set_file(p, bdf, "vfio-dev/vfio7/dev", "511:7\n");
}

static int detach(struct fake_pci *p, const char *bdf, const char *driver)
{
	const char *now = driver_of(p, bdf);

	if (!now || strcmp(now, driver) != 0)
		return -ENODEV;
	fake_remove(p->k, fake_pci_path(bdf, "driver"));
	fake_remove(p->k, fake_pci_path(bdf, "vfio-dev"));
	if (strcmp(driver, "vfio-pci") == 0 &&
	    fake_exists(p->k, fake_pci_path(bdf, "power/control")))
		set_file(p, bdf, "power/control", "on\n");
	return 0;
}

static const char *native_of(struct fake_pci *p, const char *bdf)
{
	for (size_t i = 0; i < p->n_natives; i++)
		if (strcmp(p->natives[2 * i], bdf) == 0)
			return p->natives[2 * i + 1];
	return NULL;
}

/* What driver_override says, else what is made for it. Until the next call. */
static const char *wanted(struct fake_pci *p, const char *bdf)
{
	static char text[64];
	const char *set = fake_text(p->k, fake_pci_path(bdf, "driver_override"));

	snprintf(text, sizeof(text), "%.*s", set ? (int)strcspn(set, "\n") : 0, set ? set : "");
	if (!*text || strcmp(text, "(null)") == 0)
		return native_of(p, bdf);
	return text;
}

static bool has_driver(struct fake_pci *p, const char *name)
{
	char *path = fake_printf(DRIVERS "%s/bind", name);
	bool has = fake_exists(p->k, path);

	free(path);
	return has;
}

static int bind_to(struct fake_pci *p, const char *bdf, const char *driver)
{
	const char *match = wanted(p, bdf);

	if (driver_of(p, bdf))
		return -EBUSY;
	if (!match || strcmp(match, driver) != 0)
		return -ENODEV;
	attach(p, bdf, driver);
	return 0;
}

static int drivers_probe(struct fake_pci *p, const char *bdf)
{
	const char *match = wanted(p, bdf);

	if (!driver_of(p, bdf) && match && has_driver(p, match))
		attach(p, bdf, match);
	return 0;
}

/* ".../drivers/NAME/FILE" */
static int on_driver_file(struct fake_pci *p, const char *path, const char *bdf)
{
	const char *slash = strrchr(path, '/');
	char *name = fake_printf("%.*s", (int)(slash - path) - (int)strlen(DRIVERS),
				 path + strlen(DRIVERS));
	int err = !has_device(p, bdf)		  ? -ENODEV
		  : strcmp(slash, "/unbind") == 0 ? detach(p, bdf, name)
		  : strcmp(slash, "/bind") == 0	  ? bind_to(p, bdf, name)
						  : -EACCES;

	free(name);
	return err;
}

static bool ends(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && strcmp(path + n - m, end) == 0;
}

static int act(struct fake_pci *p, const char *path, const char *text)
{
	if (strncmp(path, DRIVERS, strlen(DRIVERS)) == 0)
		return on_driver_file(p, path, text);
	if (strcmp(path, "/sys/bus/pci/drivers_probe") == 0)
		return has_device(p, text) ? drivers_probe(p, text) : -ENODEV;
	if (ends(path, "/driver_override"))
		return 0;
	if (ends(path, "/power/control"))
		return strcmp(text, "on") == 0 || strcmp(text, "auto") == 0 ? 0 : -EINVAL;
	return strncmp(path, "/run/iommufit/", 14) == 0 ? 0 : -EACCES;
}

static int on_write(struct fake_kernel *k, void *data, const char *path, const char *text)
{
	struct fake_pci *p = data;
	int err;

	(void)k;
	if (p->hangs && ends(path, p->hangs))
		return -ETIMEDOUT;
	if (p->refuses && ends(path, p->refuses))
		return -p->error;
	err = act(p, path, text);
	return p->late && ends(path, p->late) ? -ETIMEDOUT : err;
}

void fake_pci_driver(struct fake_pci *p, const char *name)
{
	static const char *const files[] = {"bind", "unbind", "new_id"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *path = fake_printf(DRIVERS "%s/%s", name, files[i]);

		fake_file(p->k, path, "");
		free(path);
	}
}

void fake_pci_machine(struct fake_pci *p, struct fake_kernel *k)
{
	*p = (struct fake_pci){.k = k};
	fake_set_on_write(k, on_write, p);
	fake_pci_driver(p, "vfio-pci");
	fake_file(k, "/sys/bus/pci/drivers_probe", "");
	fake_file(k, "/proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n");
	fake_link(k, "/proc/self", "1000");
	fake_file(k, "/proc/1000/uid_map", "         0          0 4294967295\n");
	fake_file(k, "/proc/1000/mountinfo", "22 1 0:20 / / rw - ext4 /dev/vda1 rw\n");
	fake_file(k, "/proc/1/mountinfo", "22 1 0:20 / / rw - ext4 /dev/vda1 rw\n");
	fake_file(k, "/proc/1/comm", "init\n");
	fake_file(k, "/proc/1/cgroup", "0::/init.scope\n");
	fake_file(k, "/proc/1/environ", "HOME=/");
	fake_link(k, "/proc/1/fd/0", "/dev/null");
	fake_file(k, "/run/lock", "");
}

void fake_pci_device(struct fake_pci *p, const char *bdf, const char *class, unsigned group,
		     const char *driver, const char *native)
{
	char *path = fake_printf("/sys/bus/pci/devices/%s", bdf);
	char *target = fake_printf("../../../devices/pci0000:00/%s", bdf);
	char *in_group = fake_printf("/sys/kernel/iommu_groups/%u/devices/%s", group, bdf);
	char *group_path = fake_printf("/sys/kernel/iommu_groups/%u", group);

	fake_link(p->k, path, target);
	fake_link(p->k, in_group, fake_pci_path(bdf, ""));
	fake_link(p->k, fake_pci_path(bdf, "iommu_group"), group_path);
	fake_link(p->k, fake_pci_path(bdf, "subsystem"), "../../../bus/pci");
	set_file(p, bdf, "class", class);
	set_file(p, bdf, "driver_override", "(null)\n");
	set_file(p, bdf, "power/control", "on\n");
	set_file(p, bdf, "resource", "0x00000000c0000000 0x00000000cfffffff 0x0000000000040200\n");
	if (native && !has_driver(p, native))
		fake_pci_driver(p, native);
	if (native) {
		p->natives[2 * p->n_natives] = bdf;
		p->natives[2 * p->n_natives++ + 1] = native;
	}
	if (driver && !has_driver(p, driver))
		fake_pci_driver(p, driver);
	if (driver)
		attach(p, bdf, driver);
	free(path);
	free(target);
	free(in_group);
	free(group_path);
}

char *fake_pci_state(struct fake_pci *p, const char *bdf)
{
	const char *driver = driver_of(p, bdf);
	const char *set = fake_text(p->k, fake_pci_path(bdf, "driver_override"));
	const char *power = fake_text(p->k, fake_pci_path(bdf, "power/control"));
	bool is_set = set && *set && *set != '\n' && strcmp(set, "(null)\n") != 0;

	return fake_printf("%s/%.*s/%.*s", driver ? driver : "none",
			   is_set ? (int)strcspn(set, "\n") : 4, is_set ? set : "none",
			   power ? (int)strcspn(power, "\n") : 4, power ? power : "none");
}
