// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * qemu_options.c - the options of QEMU 7.2 to 11.1 (7.2.22: each asked of the binary; later ones:
 * qemu-options.hx of 8.1 run-with, perfmap, jitdump, one-insn-per-tcg; 10.0 shim). Implied keys and
 * groups: system/vl.c of 10.0.
 */
#include <stdlib.h>

#include "vm/qemu_options.h"

static const struct known_key memory_keys[] = {{"size", VALUE_SIZE},
					       {"slots", VALUE_NUMBER},
					       {"maxmem", VALUE_SIZE},
					       {NULL, VALUE_STRING}};
static const struct known_key fw_cfg_keys[] = {{"name", VALUE_STRING},
					       {"file", VALUE_STRING},
					       {"string", VALUE_STRING},
					       {"gen_id", VALUE_STRING},
					       {NULL, VALUE_STRING}};
static const struct known_key global_keys[] = {{"driver", VALUE_STRING},
					       {"property", VALUE_STRING},
					       {"value", VALUE_STRING},
					       {NULL, VALUE_STRING}};
#define OTHER(option)                                                                              \
	{                                                                                          \
		.name = option, .kind = OPTION_OTHER, .has_argument = true                         \
	}
#define FLAG(option)                                                                               \
	{                                                                                          \
		.name = option, .kind = OPTION_OTHER                                               \
	}

/* Sorted bytewise by name. */
static const struct option_info options[] = {
	OTHER("D"),
	OTHER("L"),
	{.name = "M",
	 .kind = OPTION_MACHINE,
	 .has_argument = true,
	 .syntax = SYNTAX_KEYVAL,
	 .implied = "type",
	 .group = "machine"},
	FLAG("S"),
	{.name = "accel",
	 .kind = OPTION_ACCEL,
	 .has_argument = true,
	 .syntax = SYNTAX_OPTS,
	 .implied = "accel",
	 .group = "accel"},
	OTHER("acpitable"),
	OTHER("action"),
	OTHER("add-fd"),
	OTHER("append"),
	FLAG("async-teardown"),
	OTHER("audio"),
	FLAG("audio-help"),
	OTHER("audiodev"),
	{.name = "bios", .kind = OPTION_BIOS, .has_argument = true},
	{.name = "blockdev",
	 .kind = OPTION_BLOCKDEV,
	 .has_argument = true,
	 .syntax = SYNTAX_KEYVAL,
	 .may_be_json = true,
	 .implied = "driver"},
	OTHER("boot"),
	OTHER("cdrom"),
	{.name = "chardev",
	 .kind = OPTION_OTHER,
	 .has_argument = true,
	 .syntax = SYNTAX_OPTS,
	 .implied = "backend",
	 .group = "chardev"},
	OTHER("chroot"),
	OTHER("compat"),
	{.name = "cpu",
	 .kind = OPTION_CPU,
	 .has_argument = true,
	 .syntax = SYNTAX_CPU,
	 .implied = "model"},
	OTHER("d"),
	FLAG("daemonize"),
	OTHER("debugcon"),
	{.name = "device",
	 .kind = OPTION_DEVICE,
	 .has_argument = true,
	 .syntax = SYNTAX_OPTS,
	 .may_be_json = true,
	 .implied = "driver",
	 .group = "device"},
	OTHER("dfilter"),
	{.name = "display", .kind = OPTION_VGA, .has_argument = true},
	{.name = "drive",
	 .kind = OPTION_DRIVE,
	 .has_argument = true,
	 .syntax = SYNTAX_OPTS,
	 .group = "drive"},
	OTHER("dtb"),
	OTHER("dump-vmstate"),
	OTHER("echr"),
	{.name = "enable-kvm", .kind = OPTION_MACHINE, .set_key = "accel", .set_value = "kvm"},
	FLAG("enable-sync-profile"),
	OTHER("fda"),
	OTHER("fdb"),
	{.name = "fsdev",
	 .kind = OPTION_OTHER,
	 .has_argument = true,
	 .syntax = SYNTAX_OPTS,
	 .implied = "fsdriver",
	 .group = "fsdev"},
	FLAG("full-screen"),
	{.name = "fw_cfg",
	 .kind = OPTION_FW_CFG,
	 .has_argument = true,
	 .syntax = SYNTAX_OPTS,
	 .implied = "name",
	 .group = "fw_cfg",
	 .keys = fw_cfg_keys},
	OTHER("g"),
	OTHER("gdb"),
	{.name = "global",
	 .kind = OPTION_GLOBAL,
	 .has_argument = true,
	 .syntax = SYNTAX_GLOBAL,
	 .group = "global",
	 .keys = global_keys},
	FLAG("h"),
	OTHER("hda"),
	OTHER("hdb"),
	OTHER("hdc"),
	OTHER("hdd"),
	FLAG("help"),
	OTHER("icount"),
	OTHER("incoming"),
	OTHER("initrd"),
	OTHER("iscsi"),
	FLAG("jitdump"),
	OTHER("k"),
	{.name = "kernel", .kind = OPTION_KERNEL, .has_argument = true},
	OTHER("loadvm"),
	{.name = "m",
	 .kind = OPTION_MEMORY,
	 .has_argument = true,
	 .syntax = SYNTAX_OPTS,
	 .implied = "size",
	 .group = "memory",
	 .keys = memory_keys},
	{.name = "machine",
	 .kind = OPTION_MACHINE,
	 .has_argument = true,
	 .syntax = SYNTAX_KEYVAL,
	 .implied = "type",
	 .group = "machine"},
	OTHER("mem-path"),
	FLAG("mem-prealloc"),
	OTHER("mon"),
	OTHER("monitor"),
	OTHER("msg"),
	OTHER("mtdblock"),
	OTHER("name"),
	{.name = "net", .kind = OPTION_NET, .has_argument = true},
	{.name = "netdev", .kind = OPTION_NET, .has_argument = true},
	{.name = "nic", .kind = OPTION_NET, .has_argument = true},
	{.name = "no-acpi", .kind = OPTION_MACHINE, .set_key = "acpi", .set_value = "off"},
	FLAG("no-fd-bootchk"),
	FLAG("no-hpet"),
	FLAG("no-reboot"),
	FLAG("no-shutdown"),
	FLAG("no-user-config"),
	{.name = "nodefaults", .kind = OPTION_NODEFAULTS},
	{.name = "nographic", .kind = OPTION_VGA},
	OTHER("numa"),
	{.name = "object",
	 .kind = OPTION_OBJECT,
	 .has_argument = true,
	 .syntax = SYNTAX_OPTS,
	 .may_be_json = true,
	 .implied = "qom-type",
	 .group = "object"},
	FLAG("old-param"),
	FLAG("one-insn-per-tcg"),
	FLAG("only-migratable"),
	OTHER("option-rom"),
	{.name = "overcommit",
	 .kind = OPTION_OTHER,
	 .has_argument = true,
	 .syntax = SYNTAX_OPTS,
	 .group = "overcommit"},
	OTHER("parallel"),
	FLAG("perfmap"),
	{.name = "pflash",
	 .kind = OPTION_DRIVE,
	 .has_argument = true,
	 .set_key = "if",
	 .set_value = "pflash"},
	OTHER("pidfile"),
	OTHER("plugin"),
	FLAG("portrait"),
	FLAG("preconfig"),
	OTHER("prom-env"),
	OTHER("qmp"),
	OTHER("qmp-pretty"),
	OTHER("qtest"),
	OTHER("qtest-log"),
	{.name = "readconfig", .kind = OPTION_READCONFIG, .has_argument = true},
	OTHER("rotate"),
	OTHER("rtc"),
	OTHER("run-with"),
	OTHER("runas"),
	FLAG("s"),
	OTHER("sandbox"),
	OTHER("sd"),
	OTHER("seed"),
	FLAG("semihosting"),
	OTHER("semihosting-config"),
	OTHER("serial"),
	{.name = "set", .kind = OPTION_SET, .has_argument = true, .syntax = SYNTAX_SET},
	OTHER("shim"),
	FLAG("singlestep"),
	OTHER("smbios"),
	{.name = "smp",
	 .kind = OPTION_SMP,
	 .has_argument = true,
	 .syntax = SYNTAX_KEYVAL,
	 .implied = "cpus",
	 .group = "smp-opts"},
	FLAG("snapshot"),
	OTHER("spice"),
	OTHER("tpmdev"),
	OTHER("trace"),
	{.name = "usb", .kind = OPTION_MACHINE, .set_key = "usb", .set_value = "on"},
	OTHER("usbdevice"),
	OTHER("uuid"),
	FLAG("version"),
	{.name = "vga", .kind = OPTION_VGA, .has_argument = true},
	OTHER("virtfs"),
	OTHER("vnc"),
	OTHER("watchdog"),
	OTHER("watchdog-action"),
	FLAG("win2k-hack"),
	FLAG("xen-attach"),
	OTHER("xen-domid"),
	FLAG("xen-domid-restrict"),
};

/* Groups of QemuOpts that no option above names. */
static const char *const other_groups[] = {
	"acpi",
	"action",
	"add-fd",
	"audiodev",
	"boot-opts",
	"icount",
	"iscsi",
	"mon",
	"msg",
	"name",
	"net",
	"netdev",
	"nic",
	"numa",
	"option-rom",
	"rtc",
	"run-with",
	"sandbox",
	"semihosting-config",
	"smbios",
	"spice",
	"tpmdev",
	"trace",
	"virtfs",
	"vnc",
	"plugin",
};

static int compare(const void *name, const void *info)
{
	return strcmp(name, ((const struct option_info *)info)->name);
}

const struct option_info *option_info(const char *name)
{
	return bsearch(name, options, ARRAY_SIZE(options), sizeof(options[0]), compare);
}

const struct option_info *option_info_word(const char *word)
{
	if (*word != '-')
		return NULL;
	return option_info(word + (word[1] == '-' ? 2 : 1));
}

const struct option_info *option_info_group(const char *group)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (options[i].group && str_eq(options[i].group, group) &&
		    !str_eq(options[i].name, "M"))
			return &options[i];
	}
	return NULL;
}

bool option_group_exists(const char *group)
{
	for (size_t i = 0; i < ARRAY_SIZE(other_groups); i++) {
		if (str_eq(other_groups[i], group))
			return true;
	}
	return option_info_group(group) != NULL;
}

const struct option_info *option_info_at(size_t index)
{
	return index < ARRAY_SIZE(options) ? &options[index] : NULL;
}
