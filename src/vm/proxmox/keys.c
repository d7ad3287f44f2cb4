// SPDX-License-Identifier: LGPL-2.1-or-later
/* keys.c - the keys of a qemu-server config (QemuServer.pm $confdesc, 9.2.6). A key that is
 * not here is dropped with a warning. */
#include "vm/proxmox/proxmox.h"

#define TEXT(name)                                                                                 \
	{                                                                                          \
		name, 0, PVE_STRING, NULL, false                                                   \
	}
#define HARD(name, type)                                                                           \
	{                                                                                          \
		name, 0, type, NULL, true                                                          \
	}
#define PROPERTIES(name, format)                                                                   \
	{                                                                                          \
		name, 0, PVE_STRING, &format, true                                                 \
	}
#define MANY(name, count, format)                                                                  \
	{                                                                                          \
		name, count, PVE_STRING, &format, true                                             \
	}

static const struct pve_key keys[] = {
	HARD("acpi", PVE_BOOLEAN),
	TEXT("affinity"),
	PROPERTIES("agent", pve_free_format),
	{"allow-ksm", 0, PVE_BOOLEAN, NULL, false},
	PROPERTIES("amd-sev", pve_sev_format),
	HARD("arch", PVE_STRING),
	HARD("args", PVE_STRING),
	MANY("audio", 1, pve_free_format),
	{"autostart", 0, PVE_BOOLEAN, NULL, false},
	HARD("balloon", PVE_INTEGER),
	HARD("bios", PVE_STRING),
	TEXT("boot"),
	TEXT("bootdisk"),
	{"cdrom", 0, PVE_STRING, &pve_free_format, true},
	TEXT("cicustom"),
	TEXT("cipassword"),
	TEXT("citype"),
	{"ciupgrade", 0, PVE_BOOLEAN, NULL, false},
	TEXT("ciuser"),
	HARD("cores", PVE_INTEGER),
	PROPERTIES("cpu", pve_cpu_format),
	{"cpulimit", 0, PVE_NUMBER, NULL, false},
	{"cpuunits", 0, PVE_INTEGER, NULL, false},
	TEXT("description"),
	MANY("efidisk", 1, pve_free_format),
	{"freeze", 0, PVE_BOOLEAN, NULL, false},
	TEXT("hookscript"),
	MANY("hostpci", 16, pve_hostpci_format),
	HARD("hotplug", PVE_STRING),
	HARD("hugepages", PVE_STRING),
	MANY("ide", 4, pve_free_format),
	PROPERTIES("intel-tdx", pve_tdx_format),
	{"ipconfig", 32, PVE_STRING, NULL, false},
	PROPERTIES("ivshmem", pve_free_format),
	{"keephugepages", 0, PVE_BOOLEAN, NULL, false},
	TEXT("keyboard"),
	HARD("kvm", PVE_BOOLEAN),
	{"localtime", 0, PVE_BOOLEAN, NULL, false},
	TEXT("lock"),
	PROPERTIES("machine", pve_machine_format),
	PROPERTIES("memory", pve_memory_format),
	{"meta", 0, PVE_STRING, &pve_free_format, false},
	{"migrate_downtime", 0, PVE_NUMBER, NULL, false},
	{"migrate_speed", 0, PVE_INTEGER, NULL, false},
	TEXT("name"),
	TEXT("nameserver"),
	MANY("net", 32, pve_free_format),
	HARD("numa", PVE_BOOLEAN),
	MANY("numa", 8, pve_numa_format),
	{"onboot", 0, PVE_BOOLEAN, NULL, false},
	HARD("ostype", PVE_STRING),
	{"parallel", 3, PVE_STRING, NULL, false},
	TEXT("parent"),
	{"protection", 0, PVE_BOOLEAN, NULL, false},
	{"reboot", 0, PVE_BOOLEAN, NULL, false},
	MANY("rng", 1, pve_free_format),
	TEXT("running-nets-host-mtu"),
	TEXT("runningcpu"),
	TEXT("runningmachine"),
	MANY("sata", 6, pve_free_format),
	MANY("scsi", 31, pve_free_format),
	HARD("scsihw", PVE_STRING),
	TEXT("searchdomain"),
	{"serial", 4, PVE_STRING, NULL, true},
	{"shares", 0, PVE_INTEGER, NULL, false},
	TEXT("smbios1"),
	HARD("smp", PVE_INTEGER),
	{"snaptime", 0, PVE_INTEGER, NULL, false},
	HARD("sockets", PVE_INTEGER),
	TEXT("spice_enhancements"),
	TEXT("sshkeys"),
	TEXT("startdate"),
	TEXT("startup"),
	HARD("tablet", PVE_BOOLEAN),
	TEXT("tags"),
	{"tdf", 0, PVE_BOOLEAN, NULL, false},
	HARD("template", PVE_BOOLEAN),
	MANY("tpmstate", 1, pve_free_format),
	{"unused", 256, PVE_STRING, NULL, false},
	MANY("usb", 14, pve_free_format),
	HARD("vcpus", PVE_INTEGER),
	PROPERTIES("vga", pve_vga_format),
	MANY("virtio", 16, pve_free_format),
	MANY("virtiofs", 10, pve_free_format),
	TEXT("vmgenid"),
	TEXT("vmstate"),
	TEXT("vmstatestorage"),
	PROPERTIES("watchdog", pve_free_format),
};

size_t pve_n_slots(void)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		n += keys[i].count ? keys[i].count : 1;
	return n;
}

const struct pve_key *pve_key_at(size_t index)
{
	return index < ARRAY_SIZE(keys) ? &keys[index] : NULL;
}

/* The number behind the name: as Proxmox writes it, without zeros in front. */
static bool read_number(const char *digits, unsigned count, size_t *number)
{
	uint64_t value;

	if (parse_u64(digits, 10, count - 1, &value) || (digits[0] == '0' && digits[1]))
		return false;
	*number = (size_t)value;
	return true;
}

size_t pve_slot(const char *key, const struct pve_key **info)
{
	size_t slot = 0, number;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct pve_key *k = &keys[i];

		if (!k->count && str_eq(key, k->name)) {
			*info = k;
			return slot;
		}
		if (k->count && str_starts(key, k->name) &&
		    read_number(key + strlen(k->name), k->count, &number)) {
			*info = k;
			return slot + number;
		}
		slot += k->count ? k->count : 1;
	}
	*info = NULL;
	return PVE_NO_SLOT;
}
