/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_busy.c - each reason for which a device counts as in use: one case where it is, one nearly
 * so. The trees are as Linux makes them. */
#include "table.h"

#include <errno.h>
#include <stdio.h>

#include "base/strings.h"
#include "fake_kernel.h"
#include "fake_pci.h"
#include "live/bind.h"

#define DEVICE "0000:00:05.0"
#define MATE "0000:00:05.1"

struct bench {
	struct fake_kernel *k;
	struct fake_pci pci;
	struct iof_ctx *ctx;
};

static void file(struct bench *b, const char *below, const char *text)
{
	fake_file(b->k, fake_pci_path(DEVICE, below), text);
}

static const char *join(const char *a, const char *b)
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
static void child(struct bench *b, const char *path, const char *subsystem, const char *number)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	unsigned major, minor;

	fake_link(b->k, fake_pci_path(DEVICE, join(path, "/subsystem")),
		  join("/sys/class/", subsystem));
	if (!number)
		return;
	file(b, join(path, "/dev"), join(number, "\n"));
	file(b, join(path, "/uevent"), join(join("DEVNAME=", name), "\nMAJOR=8\n"));
	assert_int_equal(sscanf(number, "%u:%u", &major, &minor), 2);
	fake_node(b->k, join("/dev/", name), str_eq(subsystem, "block"), major, minor);
}

static void set_class(struct bench *b, const char *class)
{
	file(b, "class", class);
}

/* ---- storage ---- */

#define DISK "nvme/nvme0/nvme0n1"

static void nvme(struct bench *b)
{
	set_class(b, "0x010802\n");
	child(b, "nvme/nvme0", "nvme", "240:0");
	child(b, DISK, "block", "259:0");
	child(b, DISK "/nvme0n1p1", "block", "259:1");
	fake_file(b->k, "/proc/swaps",
		  "Filename Type Size Used Priority\n/dev/zram0 partition 9 0 1\n");
}

static void mounted(struct bench *b)
{
	nvme(b);
	fake_file(b->k, "/proc/1000/mountinfo",
		  "22 1 0:20 / / rw - tmpfs none rw\n"
		  "36 35 259:1 / /srv/the\\040data rw,noatime shared:1 - ext4 /dev/mapper/x rw\n");
}

static void mounted_by_init(struct bench *b)
{
	nvme(b);
	fake_file(b->k, "/proc/1/mountinfo", "36 35 259:1 / /var rw - xfs /dev/nvme0n1p1 rw\n");
}

static void mounted_btrfs(struct bench *b)
{
	nvme(b);
	fake_file(b->k, "/proc/1000/mountinfo",
		  "36 35 0:31 /sub /home rw shared:1 master:2 - btrfs /dev/nvme0n1p1 rw\n");
}

static void mounted_other(struct bench *b)
{
	nvme(b);
	fake_file(b->k, "/proc/1000/mountinfo",
		  "36 35 259:11 / /var rw - ext4 /dev/nvme0n1p11 rw\nbroken\n36 35 259:1\n");
}

static void swap(struct bench *b)
{
	nvme(b);
	fake_file(b->k, "/proc/swaps",
		  "Filename\t\t\tType\t\tSize\n/dev/nvme0n1p1  partition\t8388604\n");
}

static void held_by_lvm(struct bench *b)
{
	nvme(b);
	fake_link(b->k, fake_pci_path(DEVICE, DISK "/nvme0n1p1/holders/dm-3"), "/sys/x/dm-3");
	fake_file(b->k, "/sys/class/block/dm-3/dm/name", "vg-root\n");
	fake_file(b->k, "/sys/class/block/dm-3/dm/uuid", "LVM-abcdef\n");
}

static void held_by_multipath(struct bench *b)
{
	nvme(b);
	fake_link(b->k, fake_pci_path(DEVICE, DISK "/holders/dm-0"), "/sys/x/dm-0");
	fake_file(b->k, "/sys/class/block/dm-0/dm/name", "mpatha\n");
	fake_file(b->k, "/sys/class/block/dm-0/dm/uuid", "mpath-3600508b4\n");
}

static void held_by_crypt(struct bench *b)
{
	nvme(b);
	fake_link(b->k, fake_pci_path(DEVICE, DISK "/holders/dm-0"), "/sys/x/dm-0");
	fake_file(b->k, "/sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-1\n");
}

static void held_by_md(struct bench *b)
{
	nvme(b);
	fake_link(b->k, fake_pci_path(DEVICE, DISK "/holders/md127"), "/sys/x/md127");
}

static void held_by_bcache(struct bench *b)
{
	nvme(b);
	fake_link(b->k, fake_pci_path(DEVICE, DISK "/holders/bcache0"), "/sys/x/bcache0");
}

static void loop(struct bench *b)
{
	nvme(b);
	fake_file(b->k, "/sys/class/block/loop7/loop/backing_file", "/dev/nvme0n1\n");
}

static void exported(struct bench *b)
{
	nvme(b);
	fake_file(b->k, "/sys/kernel/config/nvmet/subsystems/s/namespaces/1/device_path",
		  "/dev/nvme0n1\n");
}

static void zfs(struct bench *b)
{
	nvme(b);
	fake_file(b->k, "/run/udev/data/b259:1", "N:nvme0n1p1\nE:ID_FS_TYPE=zfs_member\nE:X=1\n");
	fake_claim(b->k, "/dev/nvme0n1p1");
}

static void claimed(struct bench *b)
{
	nvme(b);
	fake_claim(b->k, "/dev/nvme0n1");
}

static void zfs_idle(struct bench *b)
{
	nvme(b);
	fake_file(b->k, "/run/udev/data/b259:1", "E:ID_FS_TYPE=zfs_member\n");
}

static void no_node(struct bench *b)
{
	nvme(b);
	fake_remove(b->k, "/dev/nvme0n1p1");
}

static void wrong_node(struct bench *b)
{
	nvme(b);
	fake_node(b->k, "/dev/nvme0n1p1", true, 8, 1);
}

static void held_open(struct bench *b)
{
	nvme(b);
	fake_holder(b->k, 4711, "qemu-system-x86", "/dev/nvme0n1");
}

/* In a container the node has another place, but not another number. */
static void held_elsewhere(struct bench *b)
{
	nvme(b);
	fake_node(b->k, "/srv/ct/dev/nvme0n1", true, 259, 0);
	fake_holder(b->k, 4711, "dd", "/srv/ct/dev/nvme0n1");
}

static void held_namesake(struct bench *b)
{
	nvme(b);
	fake_file(b->k, "/home/u/nvme0n1", "no device");
	fake_holder(b->k, 4711, "dd", "/home/u/nvme0n1");
}

/* With NVMe multipath the disk is not below the controller, but a path is. */
static void multipath(struct bench *b)
{
	nvme(b);
	fake_remove(b->k, fake_pci_path(DEVICE, DISK));
	child(b, "nvme/nvme0/nvme0c0n1", "block", NULL);
	fake_link(b->k, "/sys/class/nvme-subsystem/nvme-subsys0/nvme0", "/sys/x/nvme0");
	fake_link(b->k, "/sys/class/nvme-subsystem/nvme-subsys0/nvme0n1/subsystem",
		  "/sys/class/block");
	fake_file(b->k, "/sys/class/nvme-subsystem/nvme-subsys0/nvme0n1/dev", "259:0\n");
	fake_link(b->k, "/sys/class/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1/subsystem",
		  "/sys/class/block");
	fake_file(b->k, "/sys/class/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1/dev", "259:1\n");
}

static void multipath_mounted(struct bench *b)
{
	multipath(b);
	fake_file(b->k, "/proc/1/mountinfo", "36 35 259:1 / /var rw - xfs /dev/nvme0n1p1 rw\n");
}

static void scsi_mounted(struct bench *b)
{
	set_class(b, "0x010700\n");
	child(b, "host0", "scsi", NULL);
	child(b, "host0/port-0:0/end_device-0:0/target0:0:0", "scsi", NULL);
	child(b, "host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0", "scsi", NULL);
	child(b, "host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sda", "block", "8:0");
	fake_file(b->k, "/proc/1/mountinfo", "36 35 8:0 / /data rw - xfs /dev/sda rw\n");
}

static void virtio_mounted(struct bench *b)
{
	child(b, "virtio2", "virtio", NULL);
	child(b, "virtio2/block/vda", "block", "254:0");
	fake_file(b->k, "/proc/1/mountinfo", "22 1 254:0 / / ro - ext4 /dev/root ro\n");
}

/* ---- network ---- */

static void nic(struct bench *b)
{
	set_class(b, "0x020000\n");
	child(b, "net/eth1", "net", NULL);
	file(b, "net/eth1/flags", "0x1002\n");
	fake_file(b->k, "/proc/net/route",
		  "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\n"
		  "eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\n"
		  "eth1\t0000FEA9\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\n");
	fake_file(
		b->k, "/proc/net/ipv6_route",
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 ffffffff 00000001 00000000 00200200     eth1\n");
}

static void nic_up(struct bench *b)
{
	nic(b);
	file(b, "net/eth1/flags", "0x1003\n");
}

static void nic_route4(struct bench *b)
{
	nic_up(b);
	fake_file(b->k, "/proc/net/route",
		  "eth1\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\n");
}

static void nic_route6(struct bench *b)
{
	nic_up(b);
	fake_file(
		b->k, "/proc/net/ipv6_route",
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		"fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth1\n");
}

static void nic_bridged(struct bench *b)
{
	nic(b);
	fake_link(b->k, fake_pci_path(DEVICE, "net/eth1/master"), "../../virtual/net/br0");
}

static void nic_vlan(struct bench *b)
{
	nic(b);
	fake_link(b->k, fake_pci_path(DEVICE, "net/eth1/upper_eth1.42"), "../eth1.42");
}

static void nic_elsewhere(struct bench *b)
{
	nic(b);
	fake_remove(b->k, fake_pci_path(DEVICE, "net"));
}

static void use_driver(struct bench *b, const char *name)
{
	fake_pci_driver(&b->pci, name);
	fake_link(b->k, fake_pci_path(DEVICE, "driver"), join("../../../bus/pci/drivers/", name));
}

static void nic_uio(struct bench *b)
{
	nic_elsewhere(b);
	use_driver(b, "uio_pci_generic");
	child(b, "uio/uio0", "uio", "240:0");
}

static void nic_uio_held(struct bench *b)
{
	nic_uio(b);
	fake_holder(b->k, 55, "dpdk-testpmd", "/dev/uio0");
}

static void xen(struct bench *b)
{
	use_driver(b, "pciback");
}

static void nic_odd(struct bench *b)
{
	nic(b);
	file(b, "net/eth1/flags", "up\n");
}

static void virtio_nic_up(struct bench *b)
{
	set_class(b, "0x020000\n");
	child(b, "virtio0", "virtio", NULL);
	child(b, "virtio0/net/ens3", "net", NULL);
	file(b, "virtio0/net/ens3/flags", "0x1003\n");
}

/* ---- displays, consoles, input, sound ---- */

static void gpu(struct bench *b)
{
	set_class(b, "0x030000\n");
	file(b, "boot_vga", "1\n");
	child(b, "drm/card0", "drm", "226:0");
	child(b, "drm/renderD128", "drm", "226:128");
	child(b, "graphics/fb0", "graphics", "29:0");
	file(b, "drm/card0/uevent", "DEVNAME=dri/card0\n");
	fake_node(b->k, "/dev/dri/card0", false, 226, 0);
	fake_file(b->k, "/sys/class/vtconsole/vtcon0/name", "(S) dummy device\n");
	fake_file(b->k, "/sys/class/vtconsole/vtcon0/bind", "1\n");
	fake_file(b->k, "/proc/iomem",
		  "00000000-00000fff : Reserved\nc0000000-cfffffff : PCI Bus\n"
		  "  d0000000-d07fffff : efifb\n");
}

static void gpu_console(struct bench *b)
{
	gpu(b);
	fake_file(b->k, "/sys/class/vtconsole/vtcon1/name", "(M) frame buffer device\n");
	fake_file(b->k, "/sys/class/vtconsole/vtcon1/bind", "1\n");
}

static void gpu_console_unbound(struct bench *b)
{
	gpu_console(b);
	fake_file(b->k, "/sys/class/vtconsole/vtcon1/bind", "0\n");
}

static void gpu_master(struct bench *b)
{
	gpu(b);
	fake_holder(b->k, 900, "Xorg", "/dev/dri/card0");
}

static void gpu_firmware(struct bench *b)
{
	gpu(b);
	fake_file(b->k, "/proc/iomem",
		  "c0000000-cfffffff : 0000:00:05.0\n"
		  "  c0000000-c07fffff : simple-framebuffer\n");
}

static void gpu_vga(struct bench *b)
{
	gpu(b);
	fake_file(b->k, "/sys/class/vtconsole/vtcon0/name", "(S) VGA+\n");
}

static void gpu_second_vga(struct bench *b)
{
	gpu_vga(b);
	file(b, "boot_vga", "0\n");
}

static void gpu_nvidia(struct bench *b)
{
	set_class(b, "0x030200\n");
	fake_link(b->k, fake_pci_path(DEVICE, "driver"), "../../../bus/pci/drivers/nvidia");
	fake_pci_driver(&b->pci, "nvidia");
	fake_node(b->k, "/dev/nvidiactl", false, 195, 255);
	fake_holder(b->k, 900, "nvidia-persiste", "/dev/nvidiactl");
}

static void serial(struct bench *b)
{
	child(b, "tty/ttyS4", "tty", "4:68");
	fake_file(b->k, "/sys/class/tty/console/active", "tty0 ttyS4\n");
}

static void serial_other(struct bench *b)
{
	serial(b);
	fake_file(b->k, "/sys/class/tty/console/active", "tty0 ttyS40\n");
}

static void virtio_console(struct bench *b)
{
	child(b, "virtio1", "virtio", NULL);
	fake_link(b->k, fake_pci_path(DEVICE, "virtio1/driver"), "/sys/x/virtio_console");
	fake_file(b->k, "/sys/class/tty/console/active", "hvc0\n");
}

static void sound(struct bench *b)
{
	child(b, "sound/card1", "sound", NULL);
	child(b, "sound/card1/controlC1", "sound", "116:7");
	file(b, "sound/card1/controlC1/uevent", "MAJOR=116\nDEVNAME=snd/controlC1\n");
	fake_node(b->k, "/dev/snd/controlC1", false, 116, 7);
	fake_holder(b->k, 1200, "wireplumber", "/dev/snd/controlC1");
}

static void keyboard(struct bench *b)
{
	child(b, "virtio3", "virtio", NULL);
	child(b, "virtio3/input/input5", "input", NULL);
	fake_file(b->k, "/sys/class/tty/tty0/active", "tty1\n");
	fake_file(b->k, "/proc/bus/input/devices",
		  "S: Sysfs=/devices/platform/i8042/input/input3\nH: Handlers=kbd event1\n\n"
		  "S: Sysfs=/devices/pci0000:00/0000:00:05.0/virtio3/input/input5\n"
		  "H: Handlers=sysrq kbd leds event3\n\n");
}

static void keyboard_headless(struct bench *b)
{
	keyboard(b);
	fake_remove(b->k, "/sys/class/tty/tty0");
}

static void tablet(struct bench *b)
{
	keyboard(b);
	fake_file(b->k, "/proc/bus/input/devices",
		  "S: Sysfs=/devices/platform/i8042/input/input3\nH: Handlers=kbd event1\n\n"
		  "S: Sysfs=/devices/pci0000:00/0000:00:05.0/virtio3/input/input5\n"
		  "H: Handlers=mouse0 event3\n\n");
}

static void input_held(struct bench *b)
{
	tablet(b);
	child(b, "virtio3/input/input5/event3", "input", "13:67");
	fake_holder(b->k, 700, "systemd-logind", "/dev/event3");
}

/* ---- USB ---- */

static void usb(struct bench *b)
{
	set_class(b, "0x0c0330\n");
	child(b, "usb1", "usb", "189:0");
	child(b, "usb1/1-1", "usb", "189:1");
}

static void usb_storage(struct bench *b)
{
	usb(b);
	child(b, "usb1/1-1/1-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb", "block", "8:16");
}

static void usb_keyboard(struct bench *b)
{
	usb(b);
	child(b, "usb1/1-1/1-1:1.0/0003:046D:C31C.0001/input/input9", "input", NULL);
}

static void usb_held(struct bench *b)
{
	usb(b);
	file(b, "usb1/1-1/uevent", "DEVNAME=bus/usb/001/002\n");
	fake_node(b->k, "/dev/bus/usb/001/002", false, 189, 1);
	fake_holder(b->k, 31, "pcscd", "/dev/bus/usb/001/002");
}

/* ---- what a device is ---- */

static void bridge(struct bench *b)
{
	set_class(b, "0x060400\n");
}

static void isa_bridge(struct bench *b)
{
	set_class(b, "0x060100\n");
}

static void iommu_function(struct bench *b)
{
	set_class(b, "0x080600\n");
}

static void virtio_iommu(struct bench *b)
{
	child(b, "iommu/virtio0", "iommu", NULL);
}

static void functions(struct bench *b)
{
	file(b, "sriov_totalvfs", "8\n");
	file(b, "sriov_numvfs", "2\n");
}

static void no_functions(struct bench *b)
{
	file(b, "sriov_totalvfs", "8\n");
	file(b, "sriov_numvfs", "0\n");
}

static void consumer(struct bench *b)
{
	fake_link(b->k, fake_pci_path(DEVICE, "consumer:pci:0000:00:09.0"), "/sys/class/devlink/x");
	fake_file(b->k, "/sys/class/devlink/x/status", "active\n");
}

static void consumer_stateless(struct bench *b)
{
	consumer(b);
	fake_file(b->k, "/sys/class/devlink/x/status", "not tracked\n");
}

static void mediated(struct bench *b)
{
	child(b, "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mdev", NULL);
}

static void memory(struct bench *b)
{
	child(b, "virtio4", "virtio", NULL);
	fake_link(b->k, fake_pci_path(DEVICE, "virtio4/driver"), "/sys/x/virtio_mem");
}

static void plan9(struct bench *b)
{
	child(b, "virtio5", "virtio", NULL);
	fake_link(b->k, fake_pci_path(DEVICE, "virtio5/driver"), "/sys/x/9pnet_virtio");
	file(b, "virtio5/mount_tag", "share");
}

static void plan9_mounted(struct bench *b)
{
	plan9(b);
	fake_file(b->k, "/proc/1/mountinfo", "40 1 0:40 / /mnt rw - 9p share rw,trans=virtio\n");
}

static void plan9_other(struct bench *b)
{
	plan9(b);
	fake_file(b->k, "/proc/1/mountinfo", "40 1 0:40 / /mnt rw - 9p shared rw,trans=virtio\n");
}

static void virtiofs(struct bench *b)
{
	child(b, "virtio5", "virtio", NULL);
	fake_link(b->k, fake_pci_path(DEVICE, "virtio5/driver"), "/sys/x/virtiofs");
	fake_file(b->k, "/proc/1/mountinfo", "40 1 0:40 / /mnt rw - virtiofs tag rw\n");
}

static void dma(struct bench *b)
{
	child(b, "dma/dma0chan0", "dma", NULL);
	file(b, "dma/dma0chan0/in_use", "1\n");
}

static void dma_idle(struct bench *b)
{
	dma(b);
	file(b, "dma/dma0chan0/in_use", "0\n");
}

static void thunderbolt(struct bench *b)
{
	child(b, "domain0", "thunderbolt", NULL);
	child(b, "domain0/0-0", "thunderbolt", NULL);
	child(b, "domain0/0-0/0-1", "thunderbolt", NULL);
}

static void thunderbolt_idle(struct bench *b)
{
	child(b, "domain0", "thunderbolt", NULL);
	child(b, "domain0/0-0", "thunderbolt", NULL);
}

/* ---- VFIO and the group ---- */

static void vfio(struct bench *b)
{
	fake_link(b->k, fake_pci_path(DEVICE, "driver"), "../../../bus/pci/drivers/vfio-pci");
	fake_link(b->k, fake_pci_path(DEVICE, "vfio-dev/vfio3/subsystem"), "/sys/class/vfio-dev");
	file(b, "vfio-dev/vfio3/dev", "511:3\n");
	file(b, "vfio-dev/vfio3/uevent", "DEVNAME=vfio/devices/vfio3\n");
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
	file(b, "driver_override", text);
}

static void endless(struct bench *b)
{
	char path[120];

	for (size_t i = 0; i < sizeof(path); i += 2)
		memcpy(path + i, "a/", 2);
	path[sizeof(path) - 1] = '\0';
	file(b, join(path, "/x"), "");
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

static const struct row {
	const char *name;
	void (*set_up)(struct bench *);
	int err;
	const char *why; /* in the text */
} rows[] = {
	{"idle", idle, 0, NULL},
	{"disk, idle", nvme, 0, NULL},
	{"mounted", mounted, -EBUSY, "/dev/nvme0n1p1 is mounted at /srv/the\\040data"},
	{"mounted by the first process", mounted_by_init, -EBUSY, "/proc/1/mountinfo"},
	{"mounted Btrfs", mounted_btrfs, -EBUSY, "is mounted at /home"},
	{"another one is mounted", mounted_other, 0, NULL},
	{"swap", swap, -EBUSY, "/dev/nvme0n1p1 is swap (/proc/swaps)"},
	{"LVM", held_by_lvm, -EBUSY, "/dev/nvme0n1p1 is part of the logical volume vg-root"},
	{"dm-multipath", held_by_multipath, -EBUSY, "is part of the multipath device mpatha"},
	{"dm-crypt", held_by_crypt, -EBUSY, "is part of the encrypted device dm-0"},
	{"md", held_by_md, -EBUSY, "is part of the RAID array md127"},
	{"bcache", held_by_bcache, -EBUSY, "is part of the cached device bcache0"},
	{"loop device", loop, -EBUSY, "/dev/nvme0n1 is used by a loop device"},
	{"NVMe target", exported, -EBUSY, "is used by the NVMe target"},
	{"ZFS", zfs, -EBUSY, "/dev/nvme0n1p1 is in use (member of a ZFS pool;"},
	{"ZFS, not imported", zfs_idle, 0, NULL},
	{"claimed by nobody knows whom", claimed, -EBUSY, "/dev/nvme0n1 is in use (the kernel"},
	{"no node to ask", no_node, -EBUSY,
	 "it cannot be told whether the device is in use: "
	 "/dev/nvme0n1p1"},
	{"node of another device", wrong_node, -EBUSY, "it cannot be told"},
	{"held open", held_open, -EBUSY,
	 "/dev/nvme0n1 is held open by qemu-system-x86 (process "
	 "4711)"},
	{"held open in a container", held_elsewhere, -EBUSY, "is held open by dd"},
	{"a namesake is held open", held_namesake, 0, NULL},
	{"NVMe multipath, idle", multipath, 0, NULL},
	{"NVMe multipath, mounted", multipath_mounted, -EBUSY, "/dev/nvme0n1p1 is mounted at /var"},
	{"SCSI disk, mounted", scsi_mounted, -EBUSY, "/dev/sda is mounted at /data"},
	{"virtio disk, root", virtio_mounted, -EBUSY, "/dev/vda is mounted at /"},
	{"interface, down", nic, 0, NULL},
	{"interface, up", nic_up, -EBUSY, "interface eth1 is up"},
	{"virtio interface, up", virtio_nic_up, -EBUSY, "interface ens3 is up"},
	{"default route", nic_route4, -EBUSY,
	 "interface eth1 carries the default route "
	 "(/proc/net/route)"},
	{"default route of IPv6", nic_route6, -EBUSY, "(/proc/net/ipv6_route)"},
	{"port of a bridge", nic_bridged, -EBUSY, "interface eth1 is part of br0"},
	{"carries a VLAN", nic_vlan, -EBUSY, "interface eth1 carries eth1.42"},
	{"in another network namespace", nic_elsewhere, -EBUSY, "no interface is seen"},
	{"interface of DPDK, idle", nic_uio, 0, NULL},
	{"interface of DPDK", nic_uio_held, -EBUSY, "/dev/uio0 is held open by dpdk-testpmd"},
	{"Xen's", xen, -EBUSY, "it is set aside for Xen's guests"},
	{"flags that are none", nic_odd, -EBUSY, "net/eth1/flags"},
	{"display, idle", gpu, 0, NULL},
	{"framebuffer console", gpu_console, -EBUSY, "the console is shown on fb0"},
	{"framebuffer without console", gpu_console_unbound, 0, NULL},
	{"display with a master", gpu_master, -EBUSY, "/dev/dri/card0 is held open by Xorg"},
	{"the firmware's framebuffer", gpu_firmware, -EBUSY, "(/proc/iomem: simple-framebuffer)"},
	{"VGA text console", gpu_vga, -EBUSY, "boot_vga: 1"},
	{"another VGA", gpu_second_vga, 0, NULL},
	{"NVIDIA's own nodes", gpu_nvidia, -EBUSY,
	 "/dev/nvidiactl is held open by nvidia-persiste"},
	{"serial console", serial, -EBUSY, "ttyS4 is the console"},
	{"another serial console", serial_other, 0, NULL},
	{"virtio console", virtio_console, -EBUSY, "is the console"},
	{"sound", sound, -EBUSY, "/dev/snd/controlC1 is held open by wireplumber"},
	{"keyboard", keyboard, -EBUSY, "input5 is a keyboard of the virtual terminals"},
	{"keyboard without terminals", keyboard_headless, 0, NULL},
	{"tablet", tablet, 0, NULL},
	{"input held", input_held, -EBUSY, "held open by systemd-logind"},
	{"USB, nothing on it", usb, 0, NULL},
	{"USB storage", usb_storage, -EBUSY, "storage hangs on this USB controller: sdb"},
	{"USB keyboard", usb_keyboard, -EBUSY, "an input device hangs on this USB controller"},
	{"USB device held", usb_held, -EBUSY, "/dev/bus/usb/001/002 is held open by pcscd"},
	{"PCI bridge", bridge, -EINVAL, "it is a PCI bridge"},
	{"ISA bridge", isa_bridge, -EINVAL, "it is a bridge of the platform"},
	{"IOMMU", iommu_function, -EINVAL, "it is an IOMMU"},
	{"virtio IOMMU", virtio_iommu, -EBUSY, "it is an IOMMU: virtio0"},
	{"virtual functions", functions, -EBUSY, "it has 2 virtual functions"},
	{"no virtual functions", no_functions, 0, NULL},
	{"another depends on it", consumer, -EBUSY, "another device depends on it"},
	{"a link that forces nothing", consumer_stateless, 0, NULL},
	{"mediated device", mediated, -EBUSY, "mediated device"},
	{"memory", memory, -EBUSY, "it is memory: virtio4"},
	{"9p, mounted", plan9_mounted, -EBUSY, "its file system is mounted"},
	{"9p, another mounted", plan9_other, 0, NULL},
	{"virtiofs, mounted", virtiofs, -EBUSY, "its file system is mounted"},
	{"DMA channel with users", dma, -EBUSY, "its DMA channel has users"},
	{"DMA channel without", dma_idle, 0, NULL},
	{"Thunderbolt with a device", thunderbolt, -EBUSY, "a device is connected through it: 0-1"},
	{"Thunderbolt without", thunderbolt_idle, 0, NULL},
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

static void open_bench(struct bench *b, const struct row *row)
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

static void test_reason(void **state)
{
	const struct row *row = *state;
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
static void test_unreadable(void **state)
{
	const struct row *row = *state;
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

int main(void)
{
	int failed = RUN_TABLE(rows, test_reason);

	return failed + RUN_TABLE(rows, test_unreadable);
}
