/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* known_proxmox.c - what Proxmox VE's qemu-server says. */
#include "base/strings.h"
#include "explain/catalog.h"

#define SAYS(topic, pattern)                                                                       \
	{                                                                                          \
		IOF_SPEAKER_PROXMOX, 0, 0, 0, pattern, topic                                       \
	}
#define AROUND(pattern)                                                                            \
	{                                                                                          \
		IOF_SPEAKER_PROXMOX, 0, 0, MESSAGE_WRAPPER, pattern, "proxmox.start-failed"        \
	}

static const struct known_message messages[] = {
	AROUND("start failed: QEMU exited with code {*:d}"),
	AROUND("start failed: command '{*:t}' failed: exit code {*:d}"),
	AROUND("start failed: command '{*:t}' failed: got timeout"),
	SAYS("proxmox.intel-needs-q35", "to use Intel vIOMMU please set the machine type to q35"),
	SAYS("proxmox.intel-aw-bits", "Intel vIOMMU supports only 39 or 48 bits as address width"),
	SAYS("proxmox.aw-bits-alone", "cannot set aw-bits if no vIOMMU is configured"),
	SAYS("proxmox.guest-phys-bits",
	     "vIOMMU 'aw-bits' set to {0:d}. Sometimes it is necessary to set the CPU's "
	     "'guest-phys-bits' to the same value."),
	SAYS("proxmox.phys-bits", "value must be an integer between 8 and 64 or 'host'"),
	SAYS("proxmox.ovmf-40", "OVMF firmware might limit CPU 'phys-bits' to 40 - enable the "
				"'pdpe1gb' CPU flag to avoid this"),
	SAYS("proxmox.pcie-needs-q35", "q35 machine model is not enabled"),
	SAYS("proxmox.no-device", "no PCI device found for '{0}'"),
	SAYS("proxmox.mapping", "PCI device mapping not found for '{0}'"),
	SAYS("proxmox.mapping", "PCI device mapping invalid (hardware probably changed): {1:t}"),
	SAYS("proxmox.mapping", "could not find a free device for '{0}'"),
	SAYS("proxmox.twice", "device '{0:b}' assigned more than once"),
	SAYS("proxmox.no-iommu", "cannot prepare PCI pass-through, IOMMU not present"),
	SAYS("proxmox.bind", "can't unbind/bind PCI group to VFIO '{0}'"),
	SAYS("proxmox.in-use", "PCI device '{0}' already in use by VMID '{1}'"),
	SAYS("proxmox.in-use", "PCI device '{0}' is currently reserved for use by VMID '{1}'"),
	SAYS("proxmox.memory", "NUMA needs to be enabled for memory hotplug"),
	SAYS("proxmox.memory", "Total memory is bigger than {0}"),
	SAYS("proxmox.memory", "cannot enable memory hotplugging with custom NUMA topology"),
	SAYS("proxmox.old-qemu",
	     "Installed QEMU version '{0}' is too old to run machine type '{1}', "
	     "please upgrade node '{2}'"),
	SAYS("proxmox.old-qemu",
	     "Installed qemu-server (max feature level for {0} is {1}) is too old"),
	SAYS("proxmox.migration", "can't migrate VM which uses local devices: {0}"),
	SAYS("proxmox.migration",
	     "can't live migrate running VM which uses following mapped devices: {0:t}"),
	SAYS("proxmox.migration", "missing mapped devices {0:t}"),
	SAYS("proxmox.migration",
	     "Cannot live-migrate, snapshot (with RAM), or hibernate a VM with: {0:t}"),
	SAYS("proxmox.root-only", "only root can set '{0}' config for non-mapped devices"),
	SAYS("proxmox.root-only", "only root@pam can set 'romfile' option"),
	SAYS("proxmox.host-or-mapping", "Cannot set both 'host' and 'mapping'."),
	SAYS("proxmox.host-or-mapping", "Either 'host' or 'mapping' must be set."),
};

const struct known_messages proxmox_messages = {messages, ARRAY_SIZE(messages)};

static const struct topic topics[] = {
	{"proxmox.start-failed", "QEMU ended while Proxmox was starting it",
	 "This line only says so; why, QEMU says in the lines before it.",
	 "See the task's log from its beginning, or run qm start VMID in a shell, and give that to "
	 "iommufit explain"},
	{"proxmox.intel-needs-q35", "viommu=intel without q35", "intel-iommu exists on q35 only.",
	 "Proxmox: machine: q35,viommu=intel\n"
	 "Proxmox: machine: viommu=virtio"},
	{"proxmox.intel-aw-bits", "aw-bits that intel-iommu does not know",
	 "The emulated VT-d has 39 bits or 48.",
	 "Proxmox: machine: q35,viommu=intel,aw-bits=39 where the host's IOMMU has less than 48 "
	 "bits, else 48"},
	{"proxmox.aw-bits-alone", "aw-bits without a vIOMMU", "aw-bits is the vIOMMU's width.",
	 "Proxmox: machine: q35,viommu=intel,aw-bits=39\nProxmox: remove aw-bits= from machine:"},
	{"proxmox.guest-phys-bits", "a hint: the vCPU's width should be the vIOMMU's",
	 "aw-bits is {0}. Firmware places BARs by the vCPU's width; above {top 0} the vIOMMU and a "
	 "host with {0} bits cannot reach them.",
	 "Proxmox: cpu: host,guest-phys-bits={0}\n"
	 "Proxmox before 9.0.18: args: -cpu host,guest-phys-bits={0}"},
	{"proxmox.phys-bits", "a width that phys-bits does not take", "It is 8 to 64, or host.",
	 "Proxmox: cpu: host,phys-bits=host"},
	{"proxmox.ovmf-40", "a vCPU model for which OVMF stays at 40 bits",
	 "Without 1 GiB pages OVMF maps no more than 40 bits.",
	 "Proxmox: cpu: kvm64,flags=+pdpe1gb, or cpu: host"},
	{"proxmox.pcie-needs-q35", "pcie=1 without q35", "PCIe slots exist on q35.",
	 "Proxmox: machine: q35\nProxmox: remove pcie=1 from hostpciN"},
	{"proxmox.no-device", "a host device that does not exist",
	 "There is no PCI device {0}. Addresses change when cards or firmware settings do.",
	 "Look it up: lspci -D, and write that address into hostpciN"},
	{"proxmox.mapping", "a device mapping that does not fit this node",
	 "Mapping {0} has no device here that is free.\n!{1}",
	 "See: pvesh get /cluster/mapping/pci, and correct it under Datacenter, Resource Mappings"},
	{"proxmox.twice", "a device that is given twice", "{0} is in two hostpci entries.",
	 "Proxmox: qm set VMID --delete hostpciN for one of them"},
	{"proxmox.no-iommu", "a host without an IOMMU, or with one that is off",
	 "There are no IOMMU groups.",
	 "Host, Intel: VT-d on in the firmware setup, intel_iommu=on on the kernel command line "
	 "(proxmox-boot-tool refresh or update-grub)\n"
	 "Host, AMD: AMD-Vi or IOMMU on in the firmware setup"},
	{"proxmox.bind", "a group that cannot be given to VFIO",
	 "A driver of the host holds {0} or one of its group.",
	 "See: ls -l /sys/bus/pci/devices/{0}/iommu_group/devices/*/driver\n"
	 "Host: options vfio-pci ids=VENDOR:DEVICE in /etc/modprobe.d, update-initramfs -u, "
	 "reboot"},
	{"proxmox.in-use", "a device that another VM has", "VM {1} has {0}.",
	 "Stop that VM: qm shutdown {1}\nGive this VM another device"},
	{"proxmox.memory", "memory hot-plug that does not go with the rest",
	 "Memory hot-plug needs numa: 1 and no numaN:, and room below the vCPU's width.",
	 "Proxmox: numa: 1\nProxmox: hotplug: disk,network,usb (without memory)"},
	{"proxmox.old-qemu", "a machine type that this node's QEMU does not know",
	 "QEMU {0} is older than {1}.",
	 "Host: apt update && apt dist-upgrade\n"
	 "Proxmox: machine: q35 without a version"},
	{"proxmox.migration", "an assigned device cannot migrate", "The VM has: {0}",
	 "Proxmox: remove {0} for the migration\n"
	 "Proxmox: mappings with live-migration-capable, for devices that can"},
	{"proxmox.root-only", "something that only root may set", "Device access is root's.",
	 "As root: qm set VMID ...\nUse a resource mapping, to which users can be given rights"},
	{"proxmox.host-or-mapping", "hostpci with both or none of host and mapping",
	 "Each hostpciN names an address or a mapping.", "Proxmox: hostpci0: 0000:01:00.0,pcie=1"},
};

const struct topics proxmox_topics = {topics, ARRAY_SIZE(topics)};
