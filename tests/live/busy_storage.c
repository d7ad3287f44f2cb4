/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* busy_storage.c - disks: mounted, swap, parts of something, held. */
#include "busy_bench.h"

#include <errno.h>
#include <stdio.h>

#include "base/strings.h"

/* ---- storage ---- */

#define DISK "nvme/nvme0/nvme0n1"

static void nvme(struct bench *b)
{
	bench_class(b, "0x010802\n");
	bench_child(b, "nvme/nvme0", "nvme", "240:0");
	bench_child(b, DISK, "block", "259:0");
	bench_child(b, DISK "/nvme0n1p1", "block", "259:1");
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
	bench_child(b, "nvme/nvme0/nvme0c0n1", "block", NULL);
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
	bench_class(b, "0x010700\n");
	bench_child(b, "host0", "scsi", NULL);
	bench_child(b, "host0/port-0:0/end_device-0:0/target0:0:0", "scsi", NULL);
	bench_child(b, "host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0", "scsi", NULL);
	bench_child(b, "host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sda", "block",
		    "8:0");
	fake_file(b->k, "/proc/1/mountinfo", "36 35 8:0 / /data rw - xfs /dev/sda rw\n");
}

static void virtio_mounted(struct bench *b)
{
	bench_child(b, "virtio2", "virtio", NULL);
	bench_child(b, "virtio2/block/vda", "block", "254:0");
	fake_file(b->k, "/proc/1/mountinfo", "22 1 254:0 / / ro - ext4 /dev/root ro\n");
}

static const struct bench_row rows[] = {
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
};

int test_busy_storage(void)
{
	int failed = RUN_TABLE(rows, bench_reason);

	return failed + RUN_TABLE(rows, bench_unreadable);
}
