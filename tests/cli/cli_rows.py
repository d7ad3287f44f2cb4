# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables of cli_test.py: each row is a test. {data} is the folder of the test data."""
import re

COMMANDS = ["host", "capture", "caps", "check", "fix", "map", "resolve", "hook", "explain", "probe", "rehearse", "rules"]
PLANNED = ["compare", "baseline", "fleet"]

FITS = "qemu-system-x86_64 -M q35 -m 4G -accel kvm -cpu host\n"
WIDE = """\
#!/bin/sh
# A VM whose vIOMMU is wider than the host's.
exec qemu-system-x86_64 \\
    -nodefaults \\
    -machine pc-q35-11.1,kernel-irqchip=split -accel kvm -m 4G \\
    -device intel-iommu,caching-mode=on,aw-bits=48 \\
    -device vfio-pci,host=0000:00:05.0,id=gpu
"""

# Files that the rows below name, beside "deep" (a long path) and the captures.
FILES = {
    "fits.sh": FITS,
    "wide.sh": WIDE,
    "reach.sh": FITS.replace("-m 4G", "-nodefaults -m 600G -device vfio-pci,host=0000:00:05.0,id=gpu"),
    "empty": "",
    "empty.xml": "<domain type='kvm'><memory>65536</memory></domain>\n",
    "bomb.xml": '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>\n<domain type="kvm"><name>&b;</name></domain>\n',
    "escape.xml": '<domain type="kvm">\n<name>\x1b[31mred</name></domain>\n',
    "nul.xml": '<domain type="kvm">\n\0</domain>\n',
    "deep.xml": "<domain>" + "<a>" * 5000 + "</a>" * 5000 + "</domain>\n",
    "cut.xml": "<domain type='kvm'>\n  <devices>\n",
    "number.ch.json": '{"payload": {"kernel": "x"},\n "cpus": {"boot_vcpus": 1, "max_vcpus": 1e400}}\n',
    "quote.sh": "qemu-system-x86_64 -name 'never closed\n",
    "words.txt": "this is no command line of any machine\n",
    "binary": bytes(range(256)) * 16,
    "nul.sh": b"qemu-system-x86_64 -M q35\n\0\n-m 4G\0\0",
    "big": b"qemu-system-x86_64 " + b"x" * (5 << 20),
    "empty.json": "",
    "cut.json": '{"schema": "iommufit.host/1", "cpu": {',
    "other.json": '{"schema": "something.else/1"}\n',
    "empty.tar.xz": "",
    "bad.tar.xz": b"\xfd7zXZ\0\0\x04" + b"\x55" * 64,
    "secret": FITS,
}

# What libvirt shows when QEMU refuses wide.sh.
SAID = ("error: internal error: QEMU unexpectedly closed the monitor (vm='gpu'): 2026-11-20T12:00:01.123456Z "
        "qemu-system-x86_64: -device vfio-pci,host=0000:00:05.0,id=gpu: vfio 0000:00:05.0: Failed to set vIOMMU: "
        "aw-bits 48 > host\n aw-bits 39\n")
REFUSED = "vfio 0000:00:05.0: Failed to set vIOMMU: aw-bits 48 > host aw-bits 39"

H39 = ["--host", "{data}/captures/intel39-pb46.tar.xz"]
V = ["--vmm", "qemu=11.1.3"]

# name, arguments, status, pattern of standard error, standard input. All end in one line on standard error, and say
# the same as JSON with --json.
FAILURES = [
    ("no command", [], 64, "no command", None),
    ("unknown command", ["bogus"], 64, "unknown command 'bogus'", None),
    ("command with a control character", ["a\x1b[31m\nb"], 64, r"unknown command 'a\\x1b\[31m\\x0ab'", None),
    ("unknown option", ["check", "--foo", "fits.sh"], 64, "unknown option '--foo'", None),
    ("unknown letter", ["check", "-x", "fits.sh"], 64, "unknown option '-x'", None),
    ("option of another command", ["check", "--diff", "fits.sh"], 64, "check has no option --diff", None),
    ("option before its command", ["--host", "x", "check", "fits.sh"], 64, "--host comes after", None),
    ("option without its argument", ["check", "fits.sh", "--host"], 64, "--host needs an argument", None),
    ("flag with an argument", ["check", "--migrate=yes", "fits.sh"], 64, "--migrate takes no argument", None),
    ("abbreviated option", ["check", "--verb", "fits.sh"], 64, "unknown option '--verb'", None),
    ("not one of its choices", ["check", "--backend", "vfio", "fits.sh"], 64, "none of: iommufd legacy", None),
    ("size without digits", ["check", "--memlock", "G", "fits.sh"], 64, "'G' is no size", None),
    ("size of zero", ["check", "--memlock", "0", "fits.sh"], 64, "'0' is no size", None),
    ("size with a sign", ["check", "--memlock", "-1", "fits.sh"], 64, "'-1' is no size", None),
    ("size that overflows", ["check", "--memlock", "18014398509481984K", "fits.sh"], 64, "is no size", None),
    ("size with trailing text", ["check", "--memlock", "1GB", "fits.sh"], 64, "'1GB' is no size", None),
    ("process number with text", ["check", "--pid", "12x"], 64, "'12x' is no positive number", None),
    ("process number too large", ["check", "--pid", "99999999999999999999"], 64, "no positive number", None),
    ("no VM", ["check"], 64, "check: no VM", None),
    ("two VMs", ["check", "fits.sh", "wide.sh"], 64, "one argument too many: 'wide.sh'", None),
    ("a file and a device", ["check", "fits.sh", "--device", "01:00.0"], 64, "give one VM", None),
    ("a file and a command line", ["check", "fits.sh", "--", "qemu-system-x86_64"], 64, "give one VM", None),
    ("nothing behind --", ["check", "--"], 64, "nothing after '--'", None),
    ("word instead of an address", ["check", "--device", "gpu"] + H39, 64, "'gpu' is no PCI address", None),
    ("resolve that writes without --pin", ["resolve", "-o", "x", "wide.sh"] + H39, 64, "are for --pin", None),
    ("probe --recover with a device", ["probe", "--recover", "01:00.0"], 64, "--recover takes no device", None),
    ("probe --yes without --bind", ["probe", "--yes", "01:00.0"], 64, "--yes goes with --bind", None),
    ("probe without a device", ["probe"], 64, "probe: no device", None),
    ("probe with an option of a VM", ["probe", "--migrate", "01:00.0"], 64, "probe has no option --migrate", None),
    ("capture without a file", ["capture"], 64, "no -o FILE", None),
    ("capture of unknown format", ["capture", "-o", "x.zip"], 64, "does not end in", None),
    ("argument of host", ["host", "x"], 64, "one argument too many", None),
    ("unknown model", ["caps", "smmu"], 64, "'smmu' is no model", None),
    ("caps of no device", ["caps", "virtio", "--device", "0000:00:1e.7"] + H39 + V, 66, "no such device", None),
    ("unknown VMM version", ["check", "--vmm", "qemu=bogus", "fits.sh"] + H39, 64, "bogus", None),
    ("absent VM", ["check", "nofile"], 66, "nofile", None),
    ("absent folder of a VM", ["check", "fits.sh/x"], 66, "fits.sh/x", None),
    ("absent host", ["check", "--host", "nohost", "fits.sh"], 66, "nohost", None),
    ("absent machine of the catalogue", ["check", "--host", "cpu:abacus", "fits.sh"], 66, "abacus", None),
    ("absent process", ["check", "--pid", "2147483647"], 66, "no process 2147483647", None),
    ("absent rule", ["rules", "no.such-rule"], 66, "no rule 'no.such-rule'", None),
    ("empty VM", ["check", "empty"] + H39, 65, "empty", None),
    ("empty standard input", ["check", "-"] + H39, 65, "<stdin>", ""),
    ("domain with entities", ["check", "bomb.xml"] + H39, 65, r"bomb\.xml:1: a DOCTYPE is not taken", None),
    ("domain with an escape sequence", ["check", "escape.xml"] + H39, 65, r"escape\.xml:2", None),
    ("domain with a NUL", ["check", "nul.xml"] + H39, 65, r"nul\.xml:2: a NUL byte", None),
    ("domain that is too deep", ["check", "deep.xml"] + H39, 65, r"deep\.xml:1: .*nested", None),
    ("domain that ends early", ["check", "cut.xml"] + H39, 65, r"cut\.xml:3", None),
    ("number out of range", ["check", "number.ch.json"] + H39, 65, r"number\.ch\.json:2: max_vcpus", None),
    ("manager of another language", ["check", "--manager", "proxmox=9.2", "empty.xml"] + H39, 64, "the config is for proxmox|for libvirt", None),
    ("open quote", ["check", "quote.sh"] + H39, 65, r"quote\.sh:1", None),
    ("VM that is text", ["check", "words.txt"] + H39, 65, r"words\.txt", None),
    ("VM that is binary", ["check", "binary"] + H39, 65, "binary", None),
    ("VM that is too large", ["check", "big"] + H39, 65, "big", None),
    ("VM that never ends", ["check", "/dev/zero"] + H39, 65, "/dev/zero", None),
    ("VM that is a folder", ["check", "."] + H39, 65, r"\.: ", None),
    ("VM that is a loop of links", ["check", "loop"] + H39, 65, "loop", None),
    ("profile that is empty", ["check", "--host", "empty.json", "fits.sh"], 65, r"empty\.json", None),
    ("profile that is cut", ["check", "--host", "cut.json", "fits.sh"], 65, r"cut\.json", None),
    ("profile of another schema", ["check", "--host", "other.json", "fits.sh"], 65, r"other\.json", None),
    ("capture that is empty", ["host", "--host", "empty.tar.xz"], 65, r"empty\.tar\.xz", None),
    ("capture that is cut", ["host", "--host", "cut.tar.xz"], 65, r"cut\.tar\.xz", None),
    ("capture that is corrupt", ["host", "--host", "bad.tar.xz"], 65, r"bad\.tar\.xz", None),
    ("fix in place of a command line", ["fix", "--in-place"] + H39 + ["--"] + FITS.split(), 64, "needs a file", None),
    ("fix in place of standard input", ["fix", "--in-place", "-"] + H39, 64, "needs a file", FITS),
    ("fix in place and elsewhere", ["fix", "--in-place", "-o", "x", "fits.sh"] + H39, 64, "give one of", None),
    ("fix in place of a link", ["fix", "--in-place", "link.sh"] + H39, 73, "is a symbolic link", None),
    ("fix in place of a hard link", ["fix", "--in-place", "hard.sh"] + H39, 73, "has 2 names", None),
    ("fix in place of a folder", ["fix", "--in-place", "."] + H39, 65, r"\.: ", None),
    ("fix in place of a device", ["fix", "--in-place", "/dev/null"] + H39, 73, "no regular file", None),
    ("fix in place of nothing", ["fix", "--in-place", "nofile"] + H39, 66, "nofile", None),
    ("fix into a link", ["fix", "-o", "link.sh", "wide.sh"] + H39 + V, 73, "is a symbolic link", None),
    ("fix into a link to nothing", ["fix", "-o", "dangling", "wide.sh"] + H39 + V, 73, "is a symbolic link", None),
    ("preference that nothing has", ["fix", "--prefer", "bogus", "wide.sh"] + H39 + V, 64,
     "'bogus'; there is: aw-bits intel-iommu intel-iommu.aw-bits$", None),
    ("--offline alone", ["fix", "--offline", "wide.sh"] + H39, 64, "--offline goes with", None),
    ("libvirt's config in place", ["fix", "--in-place", "--libvirt", "x"] + H39, 64, "belongs to libvirt", None),
    ("Proxmox VE's config in place", ["fix", "--in-place", "--proxmox", "1"] + H39, 64, "belongs to Proxmox", None),
    ("domain by a path", ["check", "--libvirt", "../x"] + H39, 64, "no domain's name", None),
    ("domain of no name", ["check", "--libvirt", ""] + H39, 64, "no domain's name", None),
    ("absent domain", ["check", "--libvirt", "nobody-has-this"] + H39, 66, "no domain 'nobody-has-this'", None),
    ("VMID that is a path", ["check", "--proxmox", "../1"] + H39, 64, "no VMID", None),
    ("VMID of zero", ["check", "--proxmox", "0"] + H39, 64, "no VMID", None),
    ("absent VMID", ["check", "--proxmox", "999999999"] + H39, 66, "no VM 999999999", None),
    ("two managers", ["check", "--proxmox", "1", "--libvirt", "x"] + H39, 64, "give one VM", None),
    ("hook of nobody", ["hook", "xen"], 64, "say libvirt or proxmox", None),
    ("map without a VM", ["map"], 64, "map: no VM", None),
    ("two forms of a map", ["map", "--svg", "--html", "fits.sh"] + H39, 64, "give one of", None),
    ("map in no folder", ["map", "fits.sh", "-o", "no/folder/map.txt"] + H39, 73, "no/folder/map.txt", None),
    ("output in no folder", ["capture", "-o", "no/folder/x.tar"], 73, "no/folder/x.tar", None),
    ("explain with a host alone", ["explain"] + H39, 64, "go with a VM", ""),
    ("explain with two VMs", ["explain", "--vm", "wide.sh", "--pid", "1"], 64, "give one VM", ""),
    ("explain with an absent VM", ["explain", "--vm", "nofile"] + H39, 66, "nofile", ""),
    ("explain with a VM that is text", ["explain", "--vm", "words.txt"] + H39, 65, r"words\.txt", ""),
    ("explain with unknown options", ["explain", "--diff"], 64, "explain has no option --diff", ""),
] + [("planned: " + name, [name], 64, name + ": not in this version", None) for name in PLANNED]

# name, arguments, status, pattern of standard output, standard input
ANSWERS = [
    ("version", ["--version"], 0, r"^iommufit \d+\.\d+\.\d+\n$", None),
    ("fits", ["check", "fits.sh"] + H39 + V, 0, r"^FITS  QEMU 11\.1\.3 ", None),
    ("fails", ["check", "wide.sh"] + H39 + V, 2, r"^FAILS  QEMU 11\.1\.3 will not start this VM ", None),
    ("message of QEMU", ["check", "wide.sh"] + H39 + V, 2, r"aw-bits 48 > host\s+aw-bits 39", None),
    ("place in the file", ["check", "wide.sh"] + H39 + V, 2, r"wide\.sh:\d+:\d+", None),
    ("standard input", ["check", "-"] + H39 + V, 2, "^FAILS", WIDE),
    ("command line", ["check"] + H39 + V + ["--"] + FITS.split(), 0, "^FITS", None),
    ("options behind the VM", ["check", "fits.sh", "-qv"] + H39, 0, r"\A\Z", None),
    ("device", ["check", "--device", "0000:00:05.0"] + H39 + V, 0, "^FITS", None),
    ("device without its domain", ["check", "--device", "00:05.0"] + H39 + V, 0, "^FITS", None),
    ("device that is absent", ["check", "--device", "0000:77:00.0"] + H39 + V, 2, "^FAILS", None),
    ("verbose", ["check", "-v", "wide.sh"] + H39 + V, 2, r"intel-iommu\.aw-bits = 48", None),
    ("quiet", ["check", "-q", "wide.sh"] + H39 + V, 2, r"\A\Z", None),
    ("fix", ["fix", "wide.sh"] + H39 + V, 0, r"aw-bits=39.*\n.*host=0000:00:05\.0,id=gpu\n$", None),
    ("fix of what fits", ["fix", "fits.sh"] + H39 + V, 0, r"\A" + re.escape(FITS) + r"\Z", None),
    ("fix as a diff", ["fix", "--diff", "wide.sh"] + H39 + V, 0,
     r"^--- wide\.sh\n\+\+\+ wide\.sh\n@@ -\d+,\d+ \+\d+,\d+ @@\n(?: .*\n)+-.*aw-bits=48.*\n\+.*aw-bits=39.*\n", None),
    ("fix of a command line", ["fix"] + H39 + V + ["--"] + WIDE.replace("\\\n", " ").split("exec ")[1].split(), 0,
     r"^qemu-system-x86_64 \\\n  -nodefaults \\\n(?:.*\n)*.*aw-bits=39", None),
    ("host", ["host"] + H39, 0, "39", None),
    ("catalogue", ["host", "--list"], 0, r"^i7-13700k$", None),
    ("caps", ["caps", "intel"] + H39 + V, 0, r"^intel-iommu", None),
    ("caps in theory", ["caps", "virtio", "--theory"] + V, 0, r"^virtio-iommu\n", None),
    ("caps of another architecture", ["caps", "amd", "--host", "{data}/captures/arm-smmu.tar.xz"] + V, 2,
     r"is a device of x86's machine type q35; this host\s+is\s+Arm", None),
    ("caps of Arm's machine", ["caps", "virtio", "--host", "{data}/captures/arm-smmu.tar.xz"] + V, 0,
     r"machine virt-11\.1\.", None),
    ("caps without an IOMMU", ["caps", "intel", "--host", "{data}/captures/none-pb46.tar.xz"] + V, 2,
     r"No IOMMU is active", None),
    ("caps of a device", ["caps", "virtio", "--device", "0000:00:05.0"] + H39 + V, 0, r"Holds for 0000:00:05\.0 \(dmar0\)", None),
    ("map", ["map", "reach.sh"] + H39 + V, 2, r"^FAILS  pc\.ram \(598 GiB at 0x100000000\) sticks out ", None),
    ("map marks without colour", ["map", "reach.sh"] + H39 + V, 2, r"^RAM +#+ +#+!+$", None),
    ("map of what fits", ["map", "fits.sh"] + H39 + V, 0, r"^FITS  ", None),
    ("map of a device", ["map", "--device", "0000:00:05.0"] + H39 + V, 0, r"^FITS  Everything fits", None),
    ("map when something else fails", ["map", "wide.sh"] + H39 + V, 2, r"^FAILS  The address map fits, but ", None),
    ("map as SVG", ["map", "--svg", "wide.sh"] + H39 + V, 2, r"^<svg xmlns=", None),
    ("map as HTML", ["map", "--html", "wide.sh"] + H39 + V, 2, r"\A<!DOCTYPE html>\n(?:.*\n)+</html>\n\Z", None),
    ("map that is quiet", ["map", "-q", "reach.sh"] + H39 + V, 2, r"\A\Z", None),
    ("check draws the map", ["check", "reach.sh"] + H39 + V, 2, r"^RAM +#+ +#+!+$", None),
    ("explain", ["explain"], 0, r"^  says  vfio 0000:00:05\.0: Failed to set vIOMMU: aw-bits 48 > host aw-bits 39$", SAID),
    ("explain other numbers", ["explain"], 0, r"IOMMU maps 46 \(0x3fffffffffff\): 57 > 46\.$",
     SAID.replace("48", "57").replace("39", "46")),
    ("explain words", ["explain"] + REFUSED.split(), 0, r"aw-bits=39 in place of aw-bits=48$", None),
    ("explain a dash", ["explain", "-"], 0, r"^vIOMMU wider than the host's IOMMU$", SAID),
    ("explain a rule", ["explain", "width.viommu-exceeds-host"], 0, r"^width\.viommu-exceeds-host  error$", None),
    ("explain nothing", ["explain"], 1, r"\ANothing in this log is known\.\n\Z", ""),
    ("explain what is unknown", ["explain"], 1, r"\ANothing in this log is known\.\n\Z", "words\n" * 1000),
    ("explain quietly", ["explain", "-q"], 0, r"\A\Z", SAID),
    ("explain nothing quietly", ["explain", "-q"], 1, r"\A\Z", "words\n"),
    ("explain for a VM", ["explain", "--vm", "wide.sh"] + H39 + V, 0,
     r"For this VM on this host:\n(?:.*\n)*  fix   intel-iommu: aw-bits=48 -> aw-bits=39$", SAID),
    ("explain for another VM", ["explain", "--vm", "fits.sh"] + H39 + V, 0, r"\A(?!(?s:.*)For this VM)vIOMMU", SAID),
    ("rules", ["rules"], 0, r"^[a-z]+\.[a-z-]+  (error|warning|note)\n", None),
]

# Answers that are compared with golden/NAME.txt
GOLDEN = [
    ("fits", ["check", "fits.sh"] + H39 + V),
    ("width", ["check", "wide.sh"] + H39 + V),
    ("width-verbose", ["check", "-v", "wide.sh"] + H39 + V),
    ("width-old", ["check", "wide.sh", "--vmm", "qemu=9.0"] + H39),
    ("no-iommu", ["check", "wide.sh", "--host", "{data}/captures/intel48-off.tar.xz"] + V),
    ("plug", ["check", "fits.sh", "--plug", "vfio-pci,host=0000:00:05.0"] + H39 + V),
    ("fix-diff", ["fix", "--diff", "wide.sh"] + H39 + V),
    ("map", ["map", "reach.sh", "--firmware", "ovmf=202505"] + H39 + V),
    ("map-check", ["check", "reach.sh", "--firmware", "ovmf=202505"] + H39 + V),
    ("caps-intel", ["caps", "intel"] + H39 + V),
    ("resolve", ["resolve", "wide.sh"] + H39 + V),
    ("resolve-pin", ["resolve", "--pin", "--diff", "wide.sh"] + H39 + V),
]

# Commands whose --json answer must validate against its schema.
JSON = [
    ("check fits", ["check", "fits.sh"] + H39 + V, "check"),
    ("check fails", ["check", "wide.sh"] + H39 + V, "check"),
    ("check with a plug", ["check", "fits.sh", "--plug", "vfio-pci,host=0000:00:05.0"] + H39 + V, "check"),
    ("check without an IOMMU", ["check", "wide.sh", "--host", "{data}/captures/none-pb46.tar.xz"] + V, "check"),
    ("check of AMD", ["check", "wide.sh", "--host", "{data}/captures/amd-pb48.tar.xz"] + V, "check"),
    ("check of an assumed machine", ["check", "wide.sh", "--host", "cpu:i7-13700k"] + V, "check"),
    ("fix", ["fix", "wide.sh"] + H39 + V, "fix"),
    ("fix of a command line", ["fix"] + H39 + V + ["--"] + FITS.split(), "fix"),
    ("map", ["map", "reach.sh"] + H39 + V, "map"),
    ("map of a VM without devices", ["map", "fits.sh"] + H39 + V, "map"),
    ("map without an IOMMU", ["map", "wide.sh", "--host", "{data}/captures/none-pb46.tar.xz"] + V, "map"),
    ("map of an assumed machine", ["map", "wide.sh", "--host", "cpu:i7-13700k"] + V, "map"),
    ("caps", ["caps"] + H39 + V, "caps"),
    ("caps in theory", ["caps", "--theory"] + V, "caps"),
    ("caps of Arm", ["caps", "--host", "{data}/captures/arm-smmu.tar.xz"] + V, "caps"),
    ("caps of another architecture", ["caps", "amd", "--host", "{data}/captures/arm-smmu.tar.xz"] + V, "caps"),
    ("resolve", ["resolve", "wide.sh"] + H39 + V, "resolve"),
    ("explain", ["explain", REFUSED], "explain"),
    ("explain what is unknown", ["explain", "words"], "explain"),
    ("explain what means several things", ["explain", "hardware error: vfio: DMA mapping failed, unable to continue"],
     "explain"),
    ("explain with a finding", ["explain", "--vm", "wide.sh", REFUSED] + H39 + V, "explain"),
    ("rules", ["rules"], "rules"),
    ("one rule", ["rules", "width.viommu-exceeds-host"], "rules"),
    ("host", ["host"] + H39, "host"),
    ("catalogue", ["host", "--list"], "catalogue"),
    ("capture", ["capture", "-o", "json.tar"], "capture"),
]

COLOUR = [
    ("terminal", [], {}, True),
    ("NO_COLOR", [], {"NO_COLOR": "1"}, False),
    ("empty NO_COLOR", [], {"NO_COLOR": ""}, True),
    ("--no-colour", ["--no-colour"], {}, False),
    ("dumb terminal", [], {"TERM": "dumb"}, False),
    ("--json", ["--json"], {}, False),
]

WIDTHS = [
    ("terminal of 100", 100, {}, 100),
    ("terminal of 300", 300, {}, 120),
    ("terminal of 20", 20, {}, 60),
    ("COLUMNS before the terminal", 100, {"COLUMNS": "70"}, 70),
    ("COLUMNS that is no number", 100, {"COLUMNS": "7x"}, 100),
]

COMPLETIONS = [
    (["ca"], {"capture", "caps"}),
    (["check", "--mem"], {"--memlock"}),
    (["check", "--backend", ""], {"iommufd", "legacy"}),
    (["caps", "v"], {"virtio"}),
    (["check", "wide"], {"wide.sh"}),
    (["rules", "--dif"], set()),
    (["check", "--", "--mem"], set()),
]
