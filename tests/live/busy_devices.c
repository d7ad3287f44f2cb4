/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* busy_devices.c - interfaces, displays, consoles, inputs, buses and functions. */
#include "busy_bench.h"

#include <errno.h>
#include <stdio.h>

#include "base/strings.h"

/* ---- network ---- */

static void nic(struct bench *b)
{
	bench_class(b, "0x020000\n");
	bench_child(b, "net/eth1", "net", NULL);
	bench_file(b, "net/eth1/flags", "0x1002\n");
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
	bench_file(b, "net/eth1/flags", "0x1003\n");
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
	fake_link(b->k, fake_pci_path(DEVICE, "driver"),
		  bench_join("../../../bus/pci/drivers/", name));
}

static void nic_uio(struct bench *b)
{
	nic_elsewhere(b);
	use_driver(b, "uio_pci_generic");
	bench_child(b, "uio/uio0", "uio", "240:0");
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
	bench_file(b, "net/eth1/flags", "up\n");
}

static void virtio_nic_up(struct bench *b)
{
	bench_class(b, "0x020000\n");
	bench_child(b, "virtio0", "virtio", NULL);
	bench_child(b, "virtio0/net/ens3", "net", NULL);
	bench_file(b, "virtio0/net/ens3/flags", "0x1003\n");
}

/* ---- displays, consoles, input, sound ---- */

static void gpu(struct bench *b)
{
	bench_class(b, "0x030000\n");
	bench_file(b, "boot_vga", "1\n");
	bench_child(b, "drm/card0", "drm", "226:0");
	bench_child(b, "drm/renderD128", "drm", "226:128");
	bench_child(b, "graphics/fb0", "graphics", "29:0");
	bench_file(b, "drm/card0/uevent", "DEVNAME=dri/card0\n");
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
	bench_file(b, "boot_vga", "0\n");
}

static void gpu_nvidia(struct bench *b)
{
	bench_class(b, "0x030200\n");
	fake_link(b->k, fake_pci_path(DEVICE, "driver"), "../../../bus/pci/drivers/nvidia");
	fake_pci_driver(&b->pci, "nvidia");
	fake_node(b->k, "/dev/nvidiactl", false, 195, 255);
	fake_holder(b->k, 900, "nvidia-persiste", "/dev/nvidiactl");
}

static void serial(struct bench *b)
{
	bench_child(b, "tty/ttyS4", "tty", "4:68");
	fake_file(b->k, "/sys/class/tty/console/active", "tty0 ttyS4\n");
}

static void serial_other(struct bench *b)
{
	serial(b);
	fake_file(b->k, "/sys/class/tty/console/active", "tty0 ttyS40\n");
}

static void virtio_console(struct bench *b)
{
	bench_child(b, "virtio1", "virtio", NULL);
	fake_link(b->k, fake_pci_path(DEVICE, "virtio1/driver"), "/sys/x/virtio_console");
	fake_file(b->k, "/sys/class/tty/console/active", "hvc0\n");
}

static void sound(struct bench *b)
{
	bench_child(b, "sound/card1", "sound", NULL);
	bench_child(b, "sound/card1/controlC1", "sound", "116:7");
	bench_file(b, "sound/card1/controlC1/uevent", "MAJOR=116\nDEVNAME=snd/controlC1\n");
	fake_node(b->k, "/dev/snd/controlC1", false, 116, 7);
	fake_holder(b->k, 1200, "wireplumber", "/dev/snd/controlC1");
}

static void keyboard(struct bench *b)
{
	bench_child(b, "virtio3", "virtio", NULL);
	bench_child(b, "virtio3/input/input5", "input", NULL);
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
	bench_child(b, "virtio3/input/input5/event3", "input", "13:67");
	fake_holder(b->k, 700, "systemd-logind", "/dev/event3");
}

/* ---- USB ---- */

static void usb(struct bench *b)
{
	bench_class(b, "0x0c0330\n");
	bench_child(b, "usb1", "usb", "189:0");
	bench_child(b, "usb1/1-1", "usb", "189:1");
}

static void usb_storage(struct bench *b)
{
	usb(b);
	bench_child(b, "usb1/1-1/1-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb", "block", "8:16");
}

static void usb_keyboard(struct bench *b)
{
	usb(b);
	bench_child(b, "usb1/1-1/1-1:1.0/0003:046D:C31C.0001/input/input9", "input", NULL);
}

static void usb_held(struct bench *b)
{
	usb(b);
	bench_file(b, "usb1/1-1/uevent", "DEVNAME=bus/usb/001/002\n");
	fake_node(b->k, "/dev/bus/usb/001/002", false, 189, 1);
	fake_holder(b->k, 31, "pcscd", "/dev/bus/usb/001/002");
}

/* ---- what a device is ---- */

static void bridge(struct bench *b)
{
	bench_class(b, "0x060400\n");
}

static void isa_bridge(struct bench *b)
{
	bench_class(b, "0x060100\n");
}

static void iommu_function(struct bench *b)
{
	bench_class(b, "0x080600\n");
}

static void virtio_iommu(struct bench *b)
{
	bench_child(b, "iommu/virtio0", "iommu", NULL);
}

static void functions(struct bench *b)
{
	bench_file(b, "sriov_totalvfs", "8\n");
	bench_file(b, "sriov_numvfs", "2\n");
}

static void no_functions(struct bench *b)
{
	bench_file(b, "sriov_totalvfs", "8\n");
	bench_file(b, "sriov_numvfs", "0\n");
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
	bench_child(b, "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mdev", NULL);
}

static void memory(struct bench *b)
{
	bench_child(b, "virtio4", "virtio", NULL);
	fake_link(b->k, fake_pci_path(DEVICE, "virtio4/driver"), "/sys/x/virtio_mem");
}

static void plan9(struct bench *b)
{
	bench_child(b, "virtio5", "virtio", NULL);
	fake_link(b->k, fake_pci_path(DEVICE, "virtio5/driver"), "/sys/x/9pnet_virtio");
	bench_file(b, "virtio5/mount_tag", "share");
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
	bench_child(b, "virtio5", "virtio", NULL);
	fake_link(b->k, fake_pci_path(DEVICE, "virtio5/driver"), "/sys/x/virtiofs");
	fake_file(b->k, "/proc/1/mountinfo", "40 1 0:40 / /mnt rw - virtiofs tag rw\n");
}

static void dma(struct bench *b)
{
	bench_child(b, "dma/dma0chan0", "dma", NULL);
	bench_file(b, "dma/dma0chan0/in_use", "1\n");
}

static void dma_idle(struct bench *b)
{
	dma(b);
	bench_file(b, "dma/dma0chan0/in_use", "0\n");
}

static void thunderbolt(struct bench *b)
{
	bench_child(b, "domain0", "thunderbolt", NULL);
	bench_child(b, "domain0/0-0", "thunderbolt", NULL);
	bench_child(b, "domain0/0-0/0-1", "thunderbolt", NULL);
}

static void thunderbolt_idle(struct bench *b)
{
	bench_child(b, "domain0", "thunderbolt", NULL);
	bench_child(b, "domain0/0-0", "thunderbolt", NULL);
}

static const struct bench_row rows[] = {
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
};

int test_busy_devices(void)
{
	int failed = RUN_TABLE(rows, bench_reason);

	return failed + RUN_TABLE(rows, bench_unreadable);
}
