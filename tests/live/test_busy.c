/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_busy.c - each reason for which a device counts as in use: one case where it is, one nearly
 * so. The trees are as Linux makes them. */
#include "busy_bench.h"

#include <errno.h>

#include "base/strings.h"

#define MATE "0000:00:05.1"

/* ---- VFIO and the group ---- */

static void vfio(struct bench *b)
{
	fake_link(b->k, fake_pci_path(DEVICE, "driver"), "../../../bus/pci/drivers/vfio-pci");
	fake_link(b->k, fake_pci_path(DEVICE, "vfio-dev/vfio3/subsystem"), "/sys/class/vfio-dev");
	bench_file(b, "vfio-dev/vfio3/dev", "511:3\n");
	bench_file(b, "vfio-dev/vfio3/uevent", "DEVNAME=vfio/devices/vfio3\n");
	fake_file(b->k, "/sys/class/vfio/7/dev", "243:0\n");
	fake_node(b->k, "/dev/vfio/7", false, 243, 0);
	fake_node(b->k, "/dev/vfio/devices/vfio3", false, 511, 3);
	fake_holder(b->k, 8, "bash", "/dev/null");
}

static void vfio_group_held(struct bench *b)
{
	vfio(b);
	fake_holder(b->k, 8, "qemu", "/dev/vfio/7");
}

static void vfio_cdev_held(struct bench *b)
{
	vfio(b);
	fake_holder(b->k, 8, "qemu", "/dev/vfio/devices/vfio3");
}

static void mate(struct bench *b, const char *class, const char *driver)
{
	fake_pci_device(&b->pci, MATE, class, 7, driver, driver);
}

static void mate_idle(struct bench *b)
{
	mate(b, "0x040300\n", "snd_hda_intel");
}

static void mate_up(struct bench *b)
{
	mate(b, "0x020000\n", "e1000e");
	fake_link(b->k, fake_pci_path(MATE, "net/eth2/subsystem"), "/sys/class/net");
	fake_file(b->k, fake_pci_path(MATE, "net/eth2/flags"), "0x1003\n");
}

static void mate_bridge(struct bench *b)
{
	mate(b, "0x060400\n", "pcieport");
}

static void mate_isa(struct bench *b)
{
	mate(b, "0x060100\n", "lpc_ich");
}

static void mate_platform(struct bench *b)
{
	fake_link(b->k, "/sys/kernel/iommu_groups/7/devices/a.serial", "/sys/devices/platform/a");
	fake_link(b->k, "/sys/devices/platform/a/driver", "/sys/bus/platform/drivers/pl011");
}

static void mate_platform_idle(struct bench *b)
{
	mate_platform(b);
	fake_remove(b->k, "/sys/devices/platform/a/driver");
	fake_file(b->k, "/sys/devices/platform/a/uevent", "");
}

static void stuck_driver(struct bench *b)
{
	fake_remove(b->k, "/sys/bus/pci/drivers/native/unbind");
}

static void no_vfio(struct bench *b)
{
	fake_remove(b->k, "/sys/bus/pci/drivers/vfio-pci");
}

static void no_group(struct bench *b)
{
	fake_remove(b->k, fake_pci_path(DEVICE, "iommu_group"));
}

static void no_device(struct bench *b)
{
	fake_remove(b->k, fake_pci_path(DEVICE, ""));
	fake_remove(b->k, "/sys/bus/pci/devices/" DEVICE);
}

static void long_override(struct bench *b)
{
	char text[400];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 2] = '\n';
	text[sizeof(text) - 1] = '\0';
	bench_file(b, "driver_override", text);
}

static void endless(struct bench *b)
{
	char path[120];

	for (size_t i = 0; i < sizeof(path); i += 2)
		memcpy(path + i, "a/", 2);
	path[sizeof(path) - 1] = '\0';
	bench_file(b, bench_join(path, "/x"), "");
}

/* ---- where it runs ---- */

static void user(struct bench *b)
{
	fake_set_euid(b->k, 1000);
}

static void podman(struct bench *b)
{
	fake_file(b->k, "/run/.containerenv", "");
}

static void docker(struct bench *b)
{
	fake_file(b->k, "/.dockerenv", "");
}

static void nspawn(struct bench *b)
{
	fake_file(b->k, "/proc/1/environ", "TERM=xterm");
	fake_file(b->k, "/proc/1/cgroup", "0::/\n");
	fake_file(b->k, "/proc/1/environ", "container=systemd-nspawn");
}

static void old_docker(struct bench *b)
{
	fake_file(b->k, "/proc/1/cgroup", "12:pids:/docker/0123\n0::/system.slice/x\n");
}

static void user_namespace(struct bench *b)
{
	fake_file(b->k, "/proc/1000/uid_map", "         0     100000      65536\n");
}

static void idle(struct bench *b UNUSED)
{
}

static const struct bench_row rows[] = {
	{"idle", idle, 0, NULL},
	{"VFIO, not open", vfio, 0, NULL},
	{"VFIO group held", vfio_group_held, -EBUSY, "/dev/vfio/7 is held open by qemu"},
	{"VFIO device held", vfio_cdev_held, -EBUSY,
	 "/dev/vfio/devices/vfio3 is held open by qemu"},
	{"mate, idle", mate_idle, 0, NULL},
	{"mate in use", mate_up, -EBUSY, MATE ": interface eth2 is up"},
	{"mate is a bridge", mate_bridge, 0, NULL},
	{"mate is an ISA bridge", mate_isa, -EBUSY, "a bridge that lpc_ich drives"},
	{"mate of the platform", mate_platform, -EBUSY, "a.serial: it is in the IOMMU group"},
	{"mate of the platform, idle", mate_platform_idle, 0, NULL},
	{"driver that cannot be unbound", stuck_driver, -EBUSY, "native cannot be unbound"},
	{"no vfio-pci", no_vfio, -ENODEV, "modprobe vfio-pci"},
	{"no group", no_group, -ENODEV, "it has no IOMMU group"},
	{"no such device", no_device, -ENOENT, DEVICE ": there is no such device"},
	{"an override too long to keep", long_override, -EBUSY, "cannot be written down"},
	{"a tree too deep", endless, -EBUSY, "it cannot be told"},
	{"not root", user, -EPERM, "only root"},
	{"podman", podman, -EPERM, "/run/.containerenv: this is a container"},
	{"docker", docker, -EPERM, "/.dockerenv: this is a container"},
	{"nspawn", nspawn, -EPERM, "/proc/1/environ: this is a container"},
	{"docker with cgroups of old", old_docker, -EPERM, "/proc/1/cgroup: this is a container"},
	{"user namespace", user_namespace, -EPERM, "/proc/self/uid_map: this is a container"},
};

int main(void)
{
	int failed = RUN_TABLE(rows, bench_reason);

	failed += RUN_TABLE(rows, bench_unreadable);
	return failed + test_busy_storage() + test_busy_devices();
}
