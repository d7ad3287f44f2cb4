/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* options.c - the table of commands, options and exit statuses. */
#include "options.h"

#include <string.h>

#define OFFSET(member) offsetof(struct arguments, member)
#define VM_COMMANDS                                                                                \
	(FOR(COMMAND_CHECK) | FOR(COMMAND_FIX) | FOR(COMMAND_MAP) | FOR(COMMAND_RESOLVE))
/* Rehearsed is on this machine as it is. */
#define NAMING (VM_COMMANDS | FOR(COMMAND_REHEARSE))
/* Options that say with what a VM is run. */
#define JUDGING (VM_COMMANDS | FOR(COMMAND_HOOK) | FOR(COMMAND_EXPLAIN))
#define RUNNING (JUDGING | FOR(COMMAND_REHEARSE))
#define CHECKING (FOR(COMMAND_CHECK) | FOR(COMMAND_MAP))
#define HOST_COMMANDS (JUDGING | FOR(COMMAND_HOST) | FOR(COMMAND_CAPS))

const struct option_spec option_specs[] = {
	{"vm", 0, OPTION_TEXT, FOR(COMMAND_EXPLAIN), OFFSET(vm), "FILE", NULL, COMPLETE_FILE,
	 "The VM that the log is about: where its check predicts a message, the exact fix is "
	 "told."},
	{"host", 0, OPTION_TEXT, HOST_COMMANDS | FOR(COMMAND_CAPTURE), OFFSET(host), "WHERE", NULL,
	 COMPLETE_FILE,
	 "The host to look at: a folder that is a root (proc/, sys/), a capture, a profile (JSON), "
	 "or "
	 "cpu:NAME from the catalogue. Default: this machine."},
	{"kernel", 0, OPTION_TEXT, HOST_COMMANDS, OFFSET(kernel), "VERSION", NULL, COMPLETE_NOTHING,
	 "Assume this kernel version on the host, as 6.12."},
	{"driver", 0, OPTION_LIST, HOST_COMMANDS, OFFSET(drivers), "BDF=NAME", NULL,
	 COMPLETE_NOTHING,
	 "Assume that this driver is bound to a host device (none: no driver). May be repeated."},
	{"bar", 0, OPTION_LIST, JUDGING, OFFSET(bars), "BDF=INDEX:SIZE", NULL, COMPLETE_NOTHING,
	 "Assume this size of a host device's BAR, as after a resize: 01:00.0=1:16G. May be "
	 "repeated."},
	{"vmm", 0, OPTION_TEXT, RUNNING | FOR(COMMAND_CAPS), OFFSET(vmm), "NAME=VERSION", NULL,
	 COMPLETE_NOTHING,
	 "The VMM and its version, as qemu=11.1.3 or cloud-hypervisor=48.0; of QEMU two numbers "
	 "mean the latest known point release. "
	 "Default: read from the QEMU file that the config names, else from the machine type."},
	{"manager", 0, OPTION_TEXT, RUNNING, OFFSET(manager), "NAME=VERSION", NULL,
	 COMPLETE_NOTHING,
	 "The manager that the config is for and its version, as libvirt=9.0 or proxmox=8.4. "
	 "Default: the newest known one of the config's language."},
	{"firmware", 0, OPTION_TEXT, RUNNING, OFFSET(firmware), "KIND=RELEASE", NULL,
	 COMPLETE_NOTHING,
	 "The guest's firmware, as ovmf=202505, seabios=1.16.3 or armvirt=202505; or none. "
	 "Default: "
	 "read from the image that the config names, else what goes with that QEMU."},
	{"backend", 0, OPTION_TEXT, RUNNING, OFFSET(backend), "BACKEND", "iommufd legacy",
	 COMPLETE_CHOICES, "Assume this VFIO backend for every assigned device."},
	{"plug", 0, OPTION_LIST, RUNNING, OFFSET(plug), "DEVICE", NULL, COMPLETE_NOTHING,
	 "Also hot-plug this device after the start, in the key=value or JSON form of device_add; "
	 "fix says how it should be plugged. May be repeated."},
	{"memlock", 0, OPTION_SIZE, JUDGING, OFFSET(memlock), "SIZE", NULL, COMPLETE_NOTHING,
	 "Locked-memory limit that the VMM will have, in bytes or with K, M, G or T; or "
	 "unlimited."},
	{"migrate", 0, OPTION_FLAG, JUDGING, OFFSET(migrate), NULL, NULL, COMPLETE_NOTHING,
	 "Let migration count for the verdict."},
	{"device", 0, OPTION_LIST, CHECKING | FOR(COMMAND_CAPS) | FOR(COMMAND_EXPLAIN),
	 OFFSET(devices), "BDF", NULL, COMPLETE_NOTHING,
	 "check, map, explain: no config, but an ordinary q35 VM with this host device. caps: only "
	 "this "
	 "device counts for what the host allows. May be repeated."},
	{"pid", 0, OPTION_NUMBER, RUNNING, OFFSET(pid), "PID", NULL, COMPLETE_NOTHING,
	 "The VM is a running process: its command line is read from /proc."},
	{"libvirt", 0, OPTION_TEXT, NAMING, OFFSET(libvirt), "NAME", NULL, COMPLETE_NOTHING,
	 "The VM is a libvirt domain: its XML is looked for where libvirt keeps it, below --host "
	 "if "
	 "that is a folder."},
	{"proxmox", 0, OPTION_TEXT, NAMING, OFFSET(proxmox), "VMID", NULL, COMPLETE_NOTHING,
	 "The VM is one of Proxmox VE: its config is looked for in /etc/pve, below --host if that "
	 "is "
	 "a folder."},
	{"qmp", 0, OPTION_TEXT, VM_COMMANDS, OFFSET(qmp), "SOCKET", NULL, COMPLETE_FILE,
	 "The VM is running: it is asked over this QMP socket, and compared with its config: the "
	 "process behind the socket, --pid, or another VM that is given, too."},
	{"machine", 0, OPTION_TEXT, FOR(COMMAND_CAPS), OFFSET(machine), "TYPE", NULL,
	 COMPLETE_NOTHING,
	 "The machine type whose defaults count. Default: the newest q35 of that VMM version, for "
	 "smmuv3 and on an Arm host virt."},
	{"theory", 0, OPTION_FLAG, FOR(COMMAND_CAPS), OFFSET(theory), NULL, NULL, COMPLETE_NOTHING,
	 "Look at no host: only what the VMM accepts."},
	{"list", 0, OPTION_FLAG, FOR(COMMAND_HOST), OFFSET(list), NULL, NULL, COMPLETE_NOTHING,
	 "List the machines of the catalogue instead: what --host cpu:NAME takes."},
	{"pin", 0, OPTION_FLAG, FOR(COMMAND_RESOLVE), OFFSET(pin), NULL, NULL, COMPLETE_NOTHING,
	 "Write the config with every value written down that the guest sees and that a default, "
	 "auto, an alias or the host decided."},
	{"diff", 0, OPTION_FLAG, FOR(COMMAND_FIX) | FOR(COMMAND_RESOLVE), OFFSET(diff), NULL, NULL,
	 COMPLETE_NOTHING, "Show the edits as a unified diff instead of the whole config."},
	{"prefer", 0, OPTION_TEXT, FOR(COMMAND_FIX), OFFSET(prefer), "WHAT", NULL, COMPLETE_NOTHING,
	 "Of several fixes take one that changes this: a property (aw-bits), a device or option "
	 "(intel-iommu, cpu), both (cpu.guest-phys-bits), or host, firmware, vmm. Default: the "
	 "least "
	 "invasive."},
	{"in-place", 0, OPTION_FLAG, FOR(COMMAND_FIX), OFFSET(in_place), NULL, NULL,
	 COMPLETE_NOTHING,
	 "Write the result into the config itself: replaced as a whole or not at all, with a dated "
	 "backup beside it."},
	{"offline", 0, OPTION_FLAG, FOR(COMMAND_FIX), OFFSET(offline), NULL, NULL, COMPLETE_NOTHING,
	 "With --in-place, for --libvirt and --proxmox: write though a manager owns the config. "
	 "Refused while the VM or libvirt's daemon runs, or Proxmox VE's lock is held."},
	{"warn", 0, OPTION_FLAG, FOR(COMMAND_HOOK), OFFSET(warn), NULL, NULL, COMPLETE_NOTHING,
	 "Only say what is wrong; block nothing."},
	{"bind", 0, OPTION_FLAG, FOR(COMMAND_PROBE), OFFSET(bind), NULL, NULL, COMPLETE_NOTHING,
	 "Bind the device to vfio-pci to ask it, and give it back to its driver as it was. Refused "
	 "while it, or another device of its IOMMU group, is in use."},
	{"yes", 0, OPTION_FLAG, FOR(COMMAND_PROBE), OFFSET(yes), NULL, NULL, COMPLETE_NOTHING,
	 "With --bind: do not ask on the terminal first."},
	{"recover", 0, OPTION_FLAG, FOR(COMMAND_PROBE), OFFSET(recover), NULL, NULL,
	 COMPLETE_NOTHING,
	 "Finish giving back what a probe left that was cut off; no device is asked."},
	{"no-keep", 0, OPTION_FLAG, FOR(COMMAND_PROBE), OFFSET(no_keep), NULL, NULL,
	 COMPLETE_NOTHING, "Do not keep the answers for later commands."},
	{"svg", 0, OPTION_FLAG, FOR(COMMAND_MAP), OFFSET(svg), NULL, NULL, COMPLETE_NOTHING,
	 "Draw the picture as SVG."},
	{"html", 0, OPTION_FLAG, FOR(COMMAND_MAP), OFFSET(html), NULL, NULL, COMPLETE_NOTHING,
	 "Make one HTML page: verdict, findings, fixes to copy, the picture, the regions. It loads "
	 "nothing."},
	{"output", 'o', OPTION_TEXT,
	 FOR(COMMAND_FIX) | FOR(COMMAND_MAP) | FOR(COMMAND_RESOLVE) | FOR(COMMAND_CAPTURE) |
		 FOR(COMMAND_PROBE),
	 OFFSET(output), "FILE", NULL, COMPLETE_FILE,
	 "Write to this file (replaced as a whole or not at all)."},
	{"format", 0, OPTION_TEXT, FOR(COMMAND_CAPTURE), OFFSET(format), "FORMAT",
	 "tar tar.gz tar.xz tar.zst", COMPLETE_CHOICES,
	 "Format of the archive. Default: by the file's name."},
	{"reset-ok", 0, OPTION_FLAG, FOR(COMMAND_PROBE) | FOR(COMMAND_REHEARSE), OFFSET(reset_ok),
	 NULL, NULL, COMPLETE_NOTHING,
	 "Devices may be opened, which resets them: only then iommufd itself can be asked."},
	{"json", 0, OPTION_FLAG, FOR_ALL, OFFSET(json), NULL, NULL, COMPLETE_NOTHING,
	 "Answer as JSON; errors, too."},
	{"quiet", 'q', OPTION_FLAG, FOR_ALL, OFFSET(quiet), NULL, NULL, COMPLETE_NOTHING,
	 "Print no answer; the exit status says it."},
	{"verbose", 'v', OPTION_FLAG, FOR_ALL, OFFSET(verbose), NULL, NULL, COMPLETE_NOTHING,
	 "Say more: how each value came about, what was ignored."},
	{"no-colour", 0, OPTION_FLAG, FOR_ALL, OFFSET(no_colour), NULL, NULL, COMPLETE_NOTHING,
	 "No colours (they are used on a terminal only)."},
	{"no-color", 0, OPTION_FLAG, FOR_ALL, OFFSET(no_colour), NULL, NULL, COMPLETE_NOTHING,
	 NULL},
	{"help", 'h', OPTION_FLAG, FOR_ALL, OFFSET(help), NULL, NULL, COMPLETE_NOTHING,
	 "Show this text."},
	{"version", 'V', OPTION_FLAG, FOR_ALL, OFFSET(version), NULL, NULL, COMPLETE_NOTHING,
	 "Show the version."},
};
const size_t n_option_specs = sizeof(option_specs) / sizeof(option_specs[0]);

static const char *const usage_host[] = {"[OPTIONS]", NULL};
static const char *const usage_capture[] = {"[OPTIONS] -o FILE", NULL};
static const char *const usage_caps[] = {"[OPTIONS] [MODEL]", NULL};
/* Every way to name a VM. */
#define VM_FORMS                                                                                   \
	"[OPTIONS] VM", "[OPTIONS] -- PROGRAM ARGUMENTS...", "[OPTIONS] --pid PID",                \
		"[OPTIONS] --qmp SOCKET [VM]", "[OPTIONS] --libvirt NAME",                         \
		"[OPTIONS] --proxmox VMID"
static const char *const usage_judge[] = {VM_FORMS, "[OPTIONS] --device BDF...", NULL};
static const char *const usage_edit[] = {VM_FORMS, NULL};
static const char *const usage_rehearse[] = {"[OPTIONS] VM",
					     "[OPTIONS] -- PROGRAM ARGUMENTS...",
					     "[OPTIONS] --pid PID",
					     "[OPTIONS] --libvirt NAME",
					     "[OPTIONS] --proxmox VMID",
					     NULL};
static const char *const usage_hook[] = {"[OPTIONS] libvirt GUEST OPERATION SUBOPERATION EXTRA",
					 "[OPTIONS] proxmox VMID PHASE", NULL};
static const char *const usage_explain[] = {"[OPTIONS] [TEXT...]", "[OPTIONS] RULE", NULL};
static const char *const usage_probe[] = {"[OPTIONS] DEVICE...", "--recover", NULL};
static const char *const usage_rules[] = {"[OPTIONS] [RULE]", NULL};

/* As many operands as the shell gives. */
#define MANY (~0u)

const struct command_spec command_specs[N_COMMANDS] = {
	[COMMAND_HOST] = {"host", usage_host,
			  "What this host's IOMMU offers, and how that is known", 0, false,
			  COMPLETE_NOTHING, NULL},
	[COMMAND_CAPTURE] = {"capture", usage_capture,
			     "A snapshot of the host, for bug reports and offline work", 0, false,
			     COMPLETE_NOTHING, NULL},
	[COMMAND_CAPS] = {"caps", usage_caps,
			  "What each virtual IOMMU accepts, and what this host allows of it", 1,
			  false, COMPLETE_CHOICES, "intel virtio amd smmuv3"},
	[COMMAND_CHECK] = {"check", usage_judge, "Will this VM start here, and will its DMA work",
			   1, true, COMPLETE_FILE, NULL},
	[COMMAND_FIX] = {"fix", usage_edit, "The smallest edits that make check pass", 1, true,
			 COMPLETE_FILE, NULL},
	[COMMAND_MAP] = {"map", usage_judge,
			 "The guest's addresses against what the host's IOMMU can map", 1, true,
			 COMPLETE_FILE, NULL},
	[COMMAND_RESOLVE] = {"resolve", usage_edit,
			     "Every default and auto spelled out, and who decided it", 1, true,
			     COMPLETE_FILE, NULL},
	/* More arguments than today's managers give: a hook must not block a VM for that. */
	[COMMAND_HOOK] = {"hook", usage_hook,
			  "Run by libvirt or Proxmox VE before a start: blocks what fails", 16,
			  false, COMPLETE_NOTHING, NULL},
	[COMMAND_EXPLAIN] = {"explain", usage_explain,
			     "What the messages in a log mean, and what helps", MANY, false,
			     COMPLETE_NOTHING, NULL},
	[COMMAND_PROBE] = {"probe", usage_probe, "Ask the kernel what a device's IOMMU can do",
			   MANY, false, COMPLETE_NOTHING, NULL},
	[COMMAND_REHEARSE] = {"rehearse", usage_rehearse,
			      "Make the calls that QEMU would make for this VM, and undo them", 1,
			      true, COMPLETE_FILE, NULL},
	[COMMAND_RULES] = {"rules", usage_rules, "The catalogue of rules, or one rule", 1, false,
			   COMPLETE_NOTHING, NULL},
};

const struct status_spec status_specs[] = {
	{0, "It fits.", CHECKING},
	{1, "Degraded: it starts, but something is lost.", CHECKING},
	{2, "It fails: it does not start, a device cannot be attached, or its DMA cannot work.",
	 CHECKING},
	{3, "Unknown: a fact is missing; the answer says which and how to get it.", CHECKING},
	{0, "It starts as rehearsed.", FOR(COMMAND_REHEARSE)},
	{1, "Degraded: it starts, but something is lost.", FOR(COMMAND_REHEARSE)},
	{2, "It fails: at a call, or QEMU itself refuses.", FOR(COMMAND_REHEARSE)},
	{3, "Unknown: what decides could not be asked.", FOR(COMMAND_REHEARSE)},
	{0, "Done, or nothing to do.", FOR(COMMAND_FIX)},
	{2, "No edit of the config cures it.", FOR(COMMAND_FIX)},
	{3, "Unknown: a fact is missing.", FOR(COMMAND_FIX)},
	{0, "Allowed: also what is unknown, what could not be judged, and any error while judging.",
	 FOR(COMMAND_HOOK)},
	{2, "Blocked: it would fail.", FOR(COMMAND_HOOK)},
	{0, "Done; also for a host without an IOMMU.", FOR(COMMAND_HOST)},
	{0, "Something was recognised.", FOR(COMMAND_EXPLAIN)},
	{1, "Nothing in the log is known.", FOR(COMMAND_EXPLAIN)},
	{0, "Done.", FOR(COMMAND_CAPTURE) | FOR(COMMAND_RESOLVE) | FOR(COMMAND_RULES)},
	{0, "The model can be used here with an assigned device (of all models: at least one).",
	 FOR(COMMAND_CAPS)},
	{2, "It cannot.", FOR(COMMAND_CAPS)},
	{3, "Unknown: a fact is missing.", FOR(COMMAND_CAPS)},
	{0, "The kernel makes a domain for every device, and told its ranges.", FOR(COMMAND_PROBE)},
	{0, "With --recover: everything is as it was, or there was nothing to do.",
	 FOR(COMMAND_PROBE)},
	{2, "It makes none for one of them.", FOR(COMMAND_PROBE)},
	{3, "Unknown: it does not tell the ranges on the way that was allowed.",
	 FOR(COMMAND_PROBE)},
	{64, "Wrong usage.", FOR_ALL},
	{65, "Bad input: the error names file, line and reason.", FOR_ALL},
	{66, "No such input.", FOR_ALL},
	{70, "Internal error.", FOR_ALL},
	{71, "The system refused (memory, a missing module).", FOR_ALL},
	{73, "An output file cannot be created.", FOR_ALL},
	{74, "Reading or writing failed.", FOR_ALL},
	{77, "No permission.", FOR_ALL},
};
const size_t n_status_specs = sizeof(status_specs) / sizeof(status_specs[0]);

static const char *const planned[] = {"compare", "baseline", "fleet"};

bool command_is_planned(const char *name)
{
	for (size_t i = 0; i < sizeof(planned) / sizeof(planned[0]); i++)
		if (strcmp(planned[i], name) == 0)
			return true;
	return false;
}
