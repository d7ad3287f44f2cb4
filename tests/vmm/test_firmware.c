/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which firmware a config starts, and how that is known. */
#include "vmm_test.h"

#define X86 "qemu-system-x86_64 -machine q35 "
#define ARM "qemu-system-aarch64 -machine virt -cpu max "
#define NODES(last)                                                                                \
	"-blockdev '{\"driver\":\"file\",\"filename\":\"" last                                     \
	"\",\"node-name\":\"libvirt-pflash0-storage\",\"auto-read-only\":true}' "                  \
	"-blockdev '{\"node-name\":\"libvirt-pflash0-format\",\"read-only\":true,"                 \
	"\"driver\":\"raw\",\"file\":\"libvirt-pflash0-storage\"}' "                               \
	"-machine pflash0=libvirt-pflash0-format"

static const struct row {
	const char *name;
	const char *qemu, *line;
	const char *given, *read;
	const char *image; /* NULL: none */
	const char *text, *provenance;
	bool is_assumed;
} rows[] = {
	{"q35 alone", "7.2", X86, NULL, NULL, NULL, "SeaBIOS 1.16.2",
	 "assumed: what Debian 12 ships with QEMU 7.2", true},
	{"a point release", "10.0.13", X86, NULL, NULL, NULL, "SeaBIOS 1.16.3",
	 "assumed: what Debian 13 ships with QEMU 10.0", true},
	{"pc, read", "11.1", "qemu-system-x86_64", NULL, "seabios=rel-1.17.0-0-gb52ca86e094d", NULL,
	 "SeaBIOS 1.17.0", "read from the image that QEMU starts", false},
	{"Debian's words", "7.2", X86, NULL, "seabios=1.16.2-debian-1.16.2-1", NULL,
	 "SeaBIOS 1.16.2", "read from the image that QEMU starts", false},
	{"given before read", "7.2", X86, "seabios=1.15.0", "seabios=1.16.2", NULL,
	 "SeaBIOS 1.15.0", "as given", false},
	{"no firmware", "7.2", X86, "none", NULL, NULL, "none", "as given", false},
	{"-bios", "7.2", X86 "-bios /usr/share/ovmf/OVMF.fd", NULL, NULL, "/usr/share/ovmf/OVMF.fd",
	 "OVMF 202211", "assumed: what Debian 12 ships with QEMU 7.2", true},
	{"-machine firmware=", "8.2", X86 "-machine firmware=/usr/share/qemu/OVMF.fd", NULL, NULL,
	 "/usr/share/qemu/OVMF.fd", "OVMF 202402", "assumed: what Ubuntu 24.04 ships with QEMU 8.2",
	 true},
	{"-pflash", "11.1", X86 "-pflash /usr/share/edk2/x64/OVMF_CODE.4m.fd", NULL, NULL,
	 "/usr/share/edk2/x64/OVMF_CODE.4m.fd", "OVMF 202608",
	 "assumed: what Debian sid ships with QEMU 11.1", true},
	{"flash drives in another order", "10.0",
	 X86 "-drive if=pflash,unit=1,file=/var/VARS.fd -drive "
	     "if=pflash,unit=0,readonly=on,file=/usr/share/pve-edk2-firmware/"
	     "OVMF_CODE_4M.secboot.fd -bios x.bin",
	 NULL, "ovmf=4.2025.02-4~bpo12+1", "/usr/share/pve-edk2-firmware/OVMF_CODE_4M.secboot.fd",
	 "OVMF 202502", "read from /usr/share/pve-edk2-firmware/OVMF_CODE_4M.secboot.fd", false},
	{"an ordinary drive is no flash", "10.0", X86 "-drive file=/OVMF.qcow2,if=virtio", NULL,
	 NULL, NULL, "SeaBIOS 1.16.3", "assumed: what Debian 13 ships with QEMU 10.0", true},
	{"libvirt's nodes", "10.0", X86 NODES("/usr/share/edk2/ovmf/OVMF_CODE.fd"), NULL,
	 "ovmf=20240813-1", "/usr/share/edk2/ovmf/OVMF_CODE.fd", "OVMF 202408",
	 "read from /usr/share/edk2/ovmf/OVMF_CODE.fd", false},
	{"a nested node", "9.1",
	 X86 "-machine pflash0=f -blockdev "
	     "'{\"node-name\":\"f\",\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":"
	     "\"/nix/store/abc-OVMF-202402-fd/FV/OVMF_CODE.fd\"}}'",
	 NULL, NULL, "/nix/store/abc-OVMF-202402-fd/FV/OVMF_CODE.fd", "OVMF 202408",
	 "assumed: what Fedora 41 ships with QEMU 9.1", true},
	{"a node with dots", "9.1",
	 X86 "-machine pflash0=f -blockdev "
	     "node-name=f,driver=raw,file.driver=file,file.filename=/usr/share/qemu/"
	     "edk2-x86_64-code.fd",
	 NULL, "ovmf=edk2-stable202408-prebuilt.qemu.org", "/usr/share/qemu/edk2-x86_64-code.fd",
	 "OVMF 202408", "read from /usr/share/qemu/edk2-x86_64-code.fd", false},
	{"nodes in a ring", "9.1",
	 X86 "-machine pflash0=a -blockdev raw,node-name=a,file=b -blockdev "
	     "raw,node-name=b,file=a",
	 NULL, NULL, NULL, "unknown", "the config does not tell the file", false},
	{"a node that is not there", "9.1", X86 "-machine pflash0=a", NULL, NULL, NULL, "unknown",
	 "the config does not tell the file", false},
	{"SeaBIOS by name", "9.1", X86 "-bios /usr/share/seabios/bios-256k.bin", NULL, NULL,
	 "/usr/share/seabios/bios-256k.bin", "SeaBIOS 1.16.3",
	 "assumed: what Fedora 41 ships with QEMU 9.1", true},
	{"coreboot", "9.1", X86 "-bios /tmp/coreboot.rom", NULL, NULL, "/tmp/coreboot.rom",
	 "unknown", "/tmp/coreboot.rom: its name tells no kind", false},
	{"a name that says nothing, read", "9.1", X86 "-bios /tmp/fw.fd", NULL,
	 "ovmf=2025.02-8+deb13u1", "/tmp/fw.fd", "OVMF 202502", "read from /tmp/fw.fd", false},
	{"read, but nothing known", "9.1", X86 "-bios /tmp/OVMF.fd", NULL, "ovmf=0.0.0",
	 "/tmp/OVMF.fd", "OVMF 202408", "assumed: what Fedora 41 ships with QEMU 9.1", true},
	{"microvm", "9.1", "qemu-system-x86_64 -machine microvm", NULL, NULL, NULL, "qboot",
	 "the machine's own", false},
	{"virt alone", "9.1", ARM, NULL, NULL, NULL, "none", "the machine's own", false},
	{"virt with an image", "10.0", ARM "-bios /usr/share/AAVMF/AAVMF_CODE.fd", NULL, NULL,
	 "/usr/share/AAVMF/AAVMF_CODE.fd", "ArmVirtQemu 202502",
	 "assumed: what Debian 13 ships with QEMU 10.0", true},
	{"virt with QEMU's own", "10.0", ARM "-bios /usr/share/qemu/edk2-aarch64-code.fd", NULL,
	 "ovmf=2024.02", "/usr/share/qemu/edk2-aarch64-code.fd", "ArmVirtQemu 202402",
	 "read from /usr/share/qemu/edk2-aarch64-code.fd", false},
	{"a dotted release", "10.0", X86, "ovmf=2025.05", NULL, NULL, "OVMF 202505", "as given",
	 false},
};

static void check_row(void **state)
{
	const struct row *row = *state;
	struct iof_vmm vmm = {.firmware = row->given, .firmware_read = row->read};
	struct iof_ctx *ctx;
	struct iof_machine *m;
	const char *image;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	m = make_machine(ctx, "cpu:i7-13700k", row->qemu, row->line, vmm);
	assert_non_null(m);
	image = iof_vm_firmware(m->vm);
	assert_string_equal(image ? image : "", row->image ? row->image : "");
	assert_string_equal(iof_machine_firmware(m), row->text);
	assert_string_equal(iof_machine_firmware_provenance(m), row->provenance);
	assert_int_equal(m->guest.firmware.is_assumed, row->is_assumed);
	iof_machine_unref(m);
	iof_ctx_unref(ctx);
}

static const struct error_row {
	const char *name;
	const char *line, *given, *error;
} errors[] = {
	{"no such kind", X86, "bios=1",
	 "bios=1: a firmware is ovmf=, armvirt= or seabios= with its release, qboot or none"},
	{"a part of a kind", X86, "ovm=202505",
	 "ovm=202505: a firmware is ovmf=, armvirt= or seabios= with its release, qboot or none"},
	{"no release", X86, "ovmf", "ovmf: edk2 has releases such as ovmf=202505"},
	{"month 13", X86, "ovmf=202513", "ovmf=202513: edk2 has releases such as ovmf=202505"},
	{"no year", X86, "ovmf=1.16", "ovmf=1.16: edk2 has releases such as ovmf=202505"},
	{"SeaBIOS 2", X86, "seabios=2.0",
	 "seabios=2.0: SeaBIOS has releases such as seabios=1.16.3"},
	{"SeaBIOS on Arm", ARM, "seabios=1.16.3", "seabios=1.16.3: SeaBIOS is for x86 only"},
	{"none has no release", X86, "none=1",
	 "none=1: a firmware is ovmf=, armvirt= or seabios= with its release, qboot or none"},
};

static void check_error(void **state)
{
	const struct error_row *row = *state;
	struct iof_vmm vmm = {.firmware = row->given};
	struct iof_ctx *ctx;

	assert_int_equal(iof_ctx_new(&ctx), 0);
	assert_null(make_machine(ctx, "cpu:i7-13700k", "10.0", row->line, vmm));
	assert_string_equal(iof_ctx_error(ctx), row->error);
	iof_ctx_unref(ctx);
}

int test_firmware_kinds(void)
{
	return RUN_TABLE(rows, check_row);
}

int test_firmware_errors(void)
{
	return RUN_TABLE(errors, check_error);
}
