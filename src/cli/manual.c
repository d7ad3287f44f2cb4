/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* manual.c - what the man pages say beyond the table of options. */
#include "manual.h"

#define PARAGRAPHS (const char *const[])
#define ITEMS (const struct manual_item[])
#define END                                                                                        \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

const struct manual_item environment[] = {
	{"NO_COLOR", "If set and not empty, no colours are used."},
	{"COLUMNS",
	 "Width of text answers; kept between 60 and 120. Without it and without a terminal: 80."},
	{"PATH", "Where a QEMU that is named without a folder is looked for, to read its version."},
	END,
};

static const struct manual_item host_files[] = {
	{"/sys/class/iommu, /sys/kernel/iommu_groups, /sys/bus/pci/devices",
	 "The units, the groups with their reserved regions, and the devices."},
	{"/sys/firmware/acpi/tables", "DMAR, IVRS, IORT and VIOT. Readable by root only."},
	{"/proc/cpuinfo, /proc/cmdline, /proc/config.gz, /boot/config-*",
	 "The CPU's widths, kernel parameters and configuration."},
	{"/run/iommufit/measured.json", "What the kernel answered to iommufit probe."},
	END,
};

const struct manual tool_manual = {
	.description =
		PARAGRAPHS{"iommufit predicts, before a virtual machine is started, whether its "
			   "virtual IOMMU and its "
			   "address space fit this host's IOMMU: whether it will start, whether a "
			   "device can be "
			   "hot-plugged, whether DMA will work, whether it can migrate. It says "
			   "which message QEMU will "
			   "print, why, and the smallest change that helps.",
			   "All commands work as a plain user. A fact that only root may read "
			   "becomes a set of "
			   "possible values; the answer is unknown only if it differs within that "
			   "set, and then says "
			   "which fact is missing. Nothing that an input names is ever executed.",
			   "A host is this machine, or with --host a folder that is a root, a "
			   "capture, a profile, or "
			   "a machine of the catalogue. With --host elsewhere, files that a config "
			   "names belong to "
			   "that other machine and are not opened.",
			   NULL},
	.files = host_files,
	.examples = ITEMS{{"iommufit host", "What does this machine offer?"},
			  {"iommufit check vm.sh", "Will the VM of this script start here?"},
			  {"iommufit check --device 0000:01:00.0",
			   "Could this device be given to an ordinary VM?"},
			  END},
};

const struct manual manuals[N_COMMANDS] = {
	[COMMAND_HOST] =
		{
			.description =
				PARAGRAPHS{"Shows the IOMMU units with their widths and abilities, "
					   "the groups, the devices with the "
					   "address ranges that they can use, and whether the "
					   "units are themselves virtual. Each "
					   "fact says how it is known: measured, read or assumed.",
					   "What iommufit probe measured in this boot stands above "
					   "all that is read or derived, and helps the other "
					   "devices behind the same unit. With --kernel only the "
					   "registers of it count.",
					   "With --json the answer is a profile: it can be given "
					   "to --host later and elsewhere. It keeps what was "
					   "measured.",
					   NULL},
			.files = host_files,
			.examples =
				ITEMS{{"iommufit host --json > rack7.json",
				       "Keep a profile of this host."},
				      {"iommufit host --host rack7.json", "Look at it elsewhere."},
				      {"iommufit host --host capture.tar.xz --kernel 6.1",
				       "What would an older kernel make of that host?"},
				      END},
		},
	[COMMAND_CAPTURE] =
		{
			.description = PARAGRAPHS{"Writes the files that iommufit reads on this "
						  "machine into an archive, and says which. It "
						  "is an allowlist: serial numbers, MAC addresses, "
						  "disk identifiers, UUIDs and secrets of "
						  "command lines do not get in. With --host, the "
						  "capture is made from a folder that is "
						  "a root.",
						  "As root it holds the ACPI tables, too. What "
						  "iommufit probe measured in this boot goes in "
						  "without the id of the boot.",
						  NULL},
			.files = host_files,
			.examples = ITEMS{{"iommufit capture -o host.tar.zst", "For a bug report."},
					  {"iommufit check --host host.tar.zst vm.sh",
					   "The same check on another machine."},
					  END},
		},
	[COMMAND_CAPS] =
		{
			.description =
				PARAGRAPHS{
					"Needs no VM. For a virtual IOMMU model (all, if none "
					"is named) and a VMM version it shows "
					"for each property: the values that the VMM accepts, "
					"those of them that this host allows, "
					"the default, what is recommended, and what limits it.",
					"What this host allows is the common answer of all its "
					"devices, or of those that --device names. Where they "
					"differ, the device that costs a value is named.",
					"The answer follows from what iommufit reads of the host; "
					"what the kernel said to iommufit probe stands above it. "
					"A value that hangs on a fact which neither tells is "
					"listed as open, with the probe that would tell. An "
					"auto that the host decides is shown with what it "
					"would become here.",
					"Models that the host's architecture has not are left "
					"out; one that is asked for by name is shown in theory, "
					"and the answer says so.",
					NULL},
			.examples = ITEMS{{"iommufit caps intel --vmm qemu=10.2",
					   "intel-iommu of QEMU 10.2 here."},
					  {"iommufit caps --json --vmm qemu=11.1",
					   "All models, for a management layer: with libvirt's "
					   "names."},
					  {"iommufit caps --theory --vmm qemu=11.1",
					   "Without a look at any host."},
					  {"iommufit caps virtio --device 0000:01:00.0",
					   "What this one device allows."},
					  END},
		},
	[COMMAND_CHECK] =
		{
			.description =
				PARAGRAPHS{
					"The verdict is the worst of three phases: start, "
					"hot-plug (with --plug) and run; migration "
					"counts with --migrate. The first line says it; each "
					"finding then says what will happen, "
					"why (with the numbers), what the VMM will print, how "
					"to fix it, and the rule's id.",
					"The VM is a file, recognised by its content: a libvirt "
					"domain's XML, a Proxmox VE config, Cloud Hypervisor's "
					"JSON, or a QEMU command line as people write it "
					"(quotes, backslashes, comments; a libvirt log, too). Or "
					"it is a command line after --, a running process "
					"(--pid), or made up around a device (--device). Options "
					"of QEMU "
					"that do not bear on the question "
					"are kept and ignored; --verbose lists them.",
					"With --qmp the running VM is asked over its QMP socket, "
					"and what it says (version, machine, CPU widths, "
					"properties "
					"of IOMMUs, memory, addresses of BARs, hot-plugged "
					"devices) "
					"is compared with what its config leads to: the config of "
					"the process behind the socket, or the one that is given, "
					"too. Only commands that read are sent. A QMP monitor "
					"serves "
					"one client at a time, and with libvirt or Proxmox VE it "
					"is "
					"the manager's: start the VM with a second one (libvirt: "
					"<qemu:arg value='-qmp'/>; Proxmox VE: args: -qmp "
					"unix:/run/VMID.qmp,server=on,wait=off), or ask by hand "
					"with virsh qemu-monitor-command.",
					"The version of the VMM is that of --vmm, else it is "
					"read from the QEMU file that the "
					"config names, else it follows from the machine type. "
					"The answer says which.",
					NULL},
			.files = ITEMS{{"/proc/PID/cmdline, /proc/PID/fd, /proc/PID/limits",
					"Of a process given by --pid. The descriptors say which "
					"device libvirt has "
					"passed; without permission to read them that device is "
					"unknown."},
				       {"/sys, /proc", "As iommufit-host(1) reads them, but only "
						       "what concerns the VM's "
						       "devices."},
				       END},
			.examples =
				ITEMS{{"iommufit check vm.sh", "The VM of a script, on this host."},
				      {"iommufit check -- qemu-system-x86_64 -M q35 -device "
				       "intel-iommu -device "
				       "vfio-pci,host=01:00.0",
				       "A command line that was never written down."},
				      {"iommufit check --host cpu:i7-13700k --vmm qemu=10.0 vm.sh",
				       "On a machine of the catalogue, with another QEMU."},
				      {"iommufit check --qmp /run/vm.qmp vm.sh",
				       "Is the VM that runs the one that the script starts?"},
				      {"iommufit check --plug vfio-pci,host=01:00.0,bus=rp0 vm.sh",
				       "What if this device is plugged later?"},
				      {"iommufit check --driver 01:00.0=vfio-pci vm.sh",
				       "As if the device were bound already."},
				      END},
		},
	[COMMAND_FIX] =
		{
			.description = PARAGRAPHS{"Tries the fixes of the findings on the config, "
						  "checks the result, and writes the first "
						  "smallest set of edits with which check passes. "
						  "Everything else stays byte for byte as it "
						  "was. The result goes to standard output or to "
						  "-o FILE, what was done to standard error. "
						  "A command line given after -- or by --pid is "
						  "written as text for a shell.",
						  "Only edits of the config are made. If it takes "
						  "a change of the host, the firmware or the "
						  "VMM, nothing is written: the status is 2, and "
						  "standard error says what it would take. If "
						  "the VM then starts, but something is still "
						  "lost that no edit cures, the result is "
						  "written and each such thing is named.",
						  "Where several fixes do, the least invasive is "
						  "taken and the others are named; --prefer "
						  "chooses.",
						  "--in-place writes a new file beside the old "
						  "one, brings it to the disk and renames it. "
						  "Owner, mode, access lists and other extended "
						  "attributes are kept; if one cannot be, nothing "
						  "is changed. The old file stays as "
						  "NAME.iommufit-YYYYMMDD-HHMMSS (UTC). A "
						  "symbolic link, a file with further hard links, "
						  "or one that was changed meanwhile is refused. "
						  "A run that was killed leaves the old file or "
						  "the new one, and what else it left the next "
						  "run removes. On a FUSE file system, as Proxmox "
						  "VE's /etc/pve, the backup is a copy, and owner "
						  "and mode are what that file system gives.",
						  "With --libvirt or --proxmox nothing is written "
						  "behind the manager's back: the answer is its "
						  "own command, virsh define or qm set. Only "
						  "--offline --in-place writes the file itself, "
						  "and not while the VM or libvirt's daemon runs, "
						  "Proxmox VE holds its lock or the config has a "
						  "lock: line.",
						  NULL},
			.files = ITEMS{{"/etc/libvirt/qemu, ~/.config/libvirt/qemu",
					"Domains of the system and of the user."},
				       {"/run/libvirt/qemu", "Running domains."},
				       {"/etc/pve/qemu-server, /etc/pve/nodes/*/qemu-server",
					"VMs of Proxmox VE."},
				       {"/var/lock/qemu-server/lock-VMID.conf",
					"Proxmox VE's lock, which --offline takes."},
				       END},
			.examples =
				ITEMS{{"iommufit fix --diff vm.sh", "Show what would change."},
				      {"iommufit fix -o vm-fixed.sh vm.sh",
				       "Write the repaired script."},
				      {"iommufit fix --in-place vm.sh",
				       "Repair it where it is, with a backup."},
				      {"iommufit fix --prefer guest-phys-bits --diff vm.sh",
				       "Rather by the CPU's width."},
				      {"iommufit fix --libvirt web -o web.xml",
				       "Write the repaired XML and print the virsh command for "
				       "it."},
				      {"iommufit fix --proxmox 100", "Print the qm set command."},
				      END},
		},
	[COMMAND_HOOK] =
		{
			.description =
				PARAGRAPHS{"Called by libvirt (with the domain's XML on standard "
					   "input) or by Proxmox VE just before a VM starts. If "
					   "the VM would fail, the status is 2 and one line on "
					   "standard error says why: virsh start and the task log "
					   "show it, and the start is given up.",
					   "Everything else is allowed, with status 0: what is "
					   "unknown, input that cannot be read, any error of this "
					   "program, and any answer that is not there within 50 "
					   "milliseconds. With --warn, what would fail is allowed, "
					   "too, and only said.",
					   "Of libvirt's operations prepare, start and migrate are "
					   "judged (begin), of Proxmox VE's phases pre-start; "
					   "standard output is always empty, so that a migration "
					   "keeps its XML. Scripts to install are in contrib/.",
					   NULL},
			.files = ITEMS{{"/etc/libvirt/hooks/qemu, /etc/libvirt/hooks/qemu.d",
					"Where libvirt looks for hooks when its daemon starts."},
				       {"/etc/pve/qemu-server, /etc/pve/nodes/*/qemu-server",
					"Where the config of a Proxmox VE's VM is read."},
				       END},
			.examples = ITEMS{{"iommufit hook libvirt web start begin - < web.xml",
					   "What libvirt calls."},
					  {"iommufit hook --warn proxmox 100 pre-start",
					   "What Proxmox VE calls, to be told only."},
					  END},
		},
	[COMMAND_MAP] =
		{
			.description =
				PARAGRAPHS{"Draws the guest's physical address map beside the "
					   "addresses that the host's IOMMU can map for all "
					   "assigned devices: RAM, the area for memory devices, "
					   "the windows for BARs, and each BAR where the guest's "
					   "firmware will put it. The axis has one step for each "
					   "power of two. What is mapped for devices and sticks "
					   "out is marked with an exclamation mark.",
					   "The first line is the answer, and the exit status is "
					   "that of iommufit-check(1). Below the picture the "
					   "regions are listed; what is many and alike is one "
					   "line, unless --verbose is given.",
					   "--svg gives the picture as a file of its own, --html "
					   "a page for people with findings, fixes to copy, the "
					   "picture and the regions. Both are readable in light "
					   "and dark, and load nothing from anywhere.",
					   NULL},
			.examples =
				ITEMS{{"iommufit map vm.sh", "Does the VM of a script fit here?"},
				      {"iommufit map --html -o map.html vm.sh",
				       "A page to look at and to pass on."},
				      {"iommufit map --host cpu:i7-13700k --svg vm.sh > map.svg",
				       "The picture, for a machine of the catalogue."},
				      END},
		},
	[COMMAND_RESOLVE] =
		{
			.description =
				PARAGRAPHS{"Lists every value that bears on the VM's IOMMU and "
					   "address space, with who decided it: the config, the "
					   "manager (libvirt, Proxmox), the machine type, the "
					   "version of QEMU, or the host. A line number says where "
					   "in the config it is written.",
					   "--pin writes the config with those values written down "
					   "that the guest sees and that a default, auto, an alias "
					   "or the host decided (marked with an asterisk in the "
					   "list): the machine type's version, the width of the "
					   "CPU's addresses, and the properties of the vIOMMU. A "
					   "guest can only be migrated between VMs that agree in "
					   "them. What the config's language cannot say is left "
					   "out.",
					   NULL},
			.examples = ITEMS{{"iommufit resolve vm.xml", "What will this domain be?"},
					  {"iommufit resolve --pin --diff vm.xml",
					   "What would a migratable definition add?"},
					  END},
		},
	[COMMAND_EXPLAIN] =
		{
			.description =
				PARAGRAPHS{
					"Reads a log, or a message given as TEXT, and says for "
					"each "
					"message of QEMU, libvirt, Proxmox VE or the kernel that "
					"it "
					"knows what it means, why it came, and what to write, with "
					"the numbers of that very line. Logs may be of any length; "
					"prefixes of journals and task logs, colours, quoting of "
					"mails and line breaks within a message do no harm. What "
					"is "
					"not known is passed over.",
					"With a VM (--vm, --device or --pid) and a host the fix is "
					"that of the check of this very VM, where it predicts the "
					"message. A rule's id as TEXT tells of the rule.",
					NULL},
			.examples = ITEMS{{"journalctl -b | iommufit explain",
					   "What happened since boot?"},
					  {"iommufit explain 'aw-bits 48 > host aw-bits 39'",
					   "One message."},
					  {"iommufit explain --vm vm.xml < vm.log",
					   "With the exact fix for this VM."},
					  END},
		},
	[COMMAND_PROBE] =
		{
			.description =
				PARAGRAPHS{
					"What a device can reach depends on its IOMMU and on the "
					"kernel, and sysfs does not tell all of it. This command "
					"asks the kernel itself: the ranges and page sizes of a "
					"VFIO container, first by the device's group, which never "
					"opens the device. It shows what came out, and what of it "
					"iommufit had predicted otherwise.",
					"Only root can ask, and only about a device that is bound "
					"to vfio-pci (or a variant) and that nobody has open. What "
					"is made in the kernel for the question is given back at "
					"once. Without --bind nothing is bound.",
					"With --reset-ok the device is opened, too, which resets "
					"it. iommufd then tells the registers of the IOMMU, and "
					"whether it makes a nesting parent, a domain that tracks "
					"dirty pages, or one for PASIDs, with the ranges of each; "
					"on Arm also whether it makes a vIOMMU object.",
					"With --bind the device is taken from its driver, bound to "
					"vfio-pci, asked, and given back: driver, driver_override "
					"and power/control are as before. Other devices of its "
					"IOMMU group lose their drivers meanwhile. It is refused, "
					"with the reason, while any of them is in use: storage "
					"that is mounted, swap or held by LVM, RAID, multipath or "
					"ZFS; an interface that is up, carries the default route "
					"or is part of another; a console; a node that a process "
					"holds open; a function with virtual functions; a USB "
					"controller with storage or an input device. What cannot "
					"be told counts as use. It asks on the terminal first "
					"unless --yes is given, and does nothing in a container. "
					"No module is loaded: modprobe vfio-pci is yours to do.",
					"Each step of --bind is written down before it is done. "
					"If the command is killed, --recover finishes giving back "
					"what it left; it can be killed and run again, too. A "
					"driver that does not let its device go within 20 seconds "
					"is given up: --recover then goes on once it has. A "
					"reboot gives everything back as well.",
					"The answers are kept in /run until the next boot. All "
					"commands that look at this machine use them from then on "
					"instead of what they would predict. With -o a profile of "
					"the host is written that holds them, for other machines.",
					NULL},
			.files = ITEMS{{"/dev/vfio/N, /dev/vfio/vfio",
					"The group of the device, and the container."},
				       {"/dev/vfio/devices/vfioN, /dev/iommu",
					"With --reset-ok: the device, and iommufd."},
				       {"/proc/PID/fd", "Who has the device or its group open."},
				       {"/run/iommufit/lock, /run/iommufit/journal",
					"With --bind: one probe at a time, and what devices were "
					"like before."},
				       {"/run/iommufit/measured.json",
					"The answers, by device, with the id of the boot that "
					"they are true of."},
				       END},
			.examples = ITEMS{{"iommufit probe 0000:01:00.0",
					   "Which addresses can this device reach?"},
					  {"iommufit probe --reset-ok -o rack7.json 01:00.0",
					   "Ask for everything, and write a profile with it."},
					  {"iommufit probe --bind 01:00.0",
					   "Borrow the device from its driver."},
					  {"iommufit check --host rack7.json vm.sh",
					   "Use it elsewhere."},
					  END},
		},
	[COMMAND_REHEARSE] =
		{
			.description =
				PARAGRAPHS{
					"Makes on this machine the calls of VFIO and iommufd "
					"that QEMU would make for the VM's assigned devices, in "
					"its order: opens group and container or the device's "
					"cdev, attaches, asks for the usable addresses, and maps "
					"the first and the last page of each block of guest "
					"memory, and of each BAR where firmware will put it. A "
					"few pages of memory are mapped, whatever the VM's size. "
					"Then all is undone. It says which call fails, with which "
					"error, and what QEMU prints then.",
					"It also says which of check's assumptions the kernel "
					"confirmed or refuted, and what a rehearsal cannot try. "
					"Where QEMU itself refuses before the kernel is asked, it "
					"stops there and says so. A BAR that cannot be mapped "
					"ends nothing: QEMU warns and goes on.",
					"It must be root. The devices must be bound to vfio and "
					"not in use. With the legacy backend no device is opened, "
					"so nothing is reset. What iommufd says needs the device "
					"itself, and opening it resets it: that is done with "
					"--reset-ok only. Without, its group is asked in its "
					"place, which tells the usable addresses, but nothing of "
					"nesting and dirty tracking.",
					NULL},
			.files = ITEMS{{"/dev/vfio/N, /dev/vfio/vfio, /dev/iommu, "
					"/dev/vfio/devices/vfioN",
					"What is opened. Nothing else is written, no driver is "
					"bound or unbound, and configuration space is not "
					"touched."},
				       END},
			.examples =
				ITEMS{{"iommufit rehearse vm.sh", "Will the VM of a script start?"},
				      {"iommufit rehearse --reset-ok --verbose vm.xml",
				       "With iommufd, and every call."},
				      END},
		},
	[COMMAND_RULES] =
		{
			.description = PARAGRAPHS{"Lists the rules: id, severity, what is wrong, "
						  "the versions in which it holds, where the "
						  "behaviour is defined, and how it is confirmed: "
						  "lab (seen with real software), report (a "
						  "public report) or source (read only).",
						  NULL},
			.examples =
				ITEMS{{"iommufit rules", "All of them."},
				      {"iommufit rules width.viommu-exceeds-host", "One of them."},
				      END},
		},
};
