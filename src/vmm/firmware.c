// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which firmware the guest starts with: the kind by the image that the config names, the release as
 * the caller says, else as it was read from the image, else what goes with that QEMU.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "vmm/firmware.h"
#include "vmm/machine.h"

#define SEABIOS(major, minor, micro)                                                               \
	((uint32_t)(major) << 16 | (uint32_t)(minor) << 8 | (uint32_t)(micro))

/* What a distribution pairs with a QEMU release; where none is known that does, the edk2 release
 * and QEMU's own SeaBIOS (roms/seabios) of its day. */
static const struct pairing {
	uint32_t qemu;
	uint32_t edk2, seabios;
	const char *who;
} pairings[] = {
	{V11_1, 202608, SEABIOS(1, 17, 0), "Debian sid ships with QEMU 11.1"},
	{V11_0, 202602, SEABIOS(1, 17, 0), "was current when QEMU 11.0 came out"},
	{V10_2, 202511, SEABIOS(1, 17, 0), "was current when QEMU 10.2 came out"},
	{V10_1, 202508, SEABIOS(1, 17, 0), "Fedora 43 ships with QEMU 10.1"},
	{V10_0, 202502, SEABIOS(1, 16, 3), "Debian 13 ships with QEMU 10.0"},
	{V9_2, 202411, SEABIOS(1, 16, 3), "Ubuntu 25.04 ships with QEMU 9.2"},
	{V9_1, 202408, SEABIOS(1, 16, 3), "Fedora 41 ships with QEMU 9.1"},
	{V9_0, 202405, SEABIOS(1, 16, 3), "Ubuntu 24.10 ships with QEMU 9.0"},
	{V8_2, 202402, SEABIOS(1, 16, 3), "Ubuntu 24.04 ships with QEMU 8.2"},
	{V8_1, 202308, SEABIOS(1, 16, 2), "Fedora 39 ships with QEMU 8.1"},
	{V8_0, 202305, SEABIOS(1, 16, 2), "Ubuntu 23.10 ships with QEMU 8.0"},
	{V7_2, 202211, SEABIOS(1, 16, 2), "Debian 12 ships with QEMU 7.2"},
};

/* Parts of file names that tell a kind, the telling ones first; upper and lower case alike. */
static const struct {
	const char *part;
	enum firmware_kind kind;
} file_names[] = {
	{"bios-microvm", FIRMWARE_QBOOT}, {"qboot", FIRMWARE_QBOOT},
	{"coreboot", FIRMWARE_UNKNOWN},	  {"aavmf", FIRMWARE_ARMVIRT},
	{"qemu_efi", FIRMWARE_ARMVIRT},	  {"aarch64", FIRMWARE_ARMVIRT},
	{"ovmf", FIRMWARE_OVMF},	  {"edk2", FIRMWARE_OVMF},
	{"seabios", FIRMWARE_SEABIOS},	  {"bios-256k", FIRMWARE_SEABIOS},
	{"bios.bin", FIRMWARE_SEABIOS},	  {"uefi", FIRMWARE_OVMF},
	{"code", FIRMWARE_OVMF},
};

/* As --firmware and the reader of images name them. */
static const struct {
	const char *name;
	enum firmware_kind kind;
} kind_names[] = {
	{"ovmf", FIRMWARE_OVMF},       {"edk2", FIRMWARE_OVMF},	  {"seabios", FIRMWARE_SEABIOS},
	{"armvirt", FIRMWARE_ARMVIRT}, {"qboot", FIRMWARE_QBOOT}, {"none", FIRMWARE_NONE},
};

/* edk2 is one source: what its build is for follows from the machine. */
static enum firmware_kind for_machine(const struct iof_machine *m, enum firmware_kind kind)
{
	if (kind == FIRMWARE_OVMF || kind == FIRMWARE_ARMVIRT)
		return m->type.family == MACHINE_VIRT ? FIRMWARE_ARMVIRT : FIRMWARE_OVMF;
	return kind;
}

static bool kind_of_name(const char *name, enum firmware_kind *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(file_names); i++) {
		if (strcasestr(name, file_names[i].part)) {
			*kind = file_names[i].kind;
			return true;
		}
	}
	return false;
}

/* The file's own name tells more than its folder. */
static enum firmware_kind kind_of_image(const char *path)
{
	const char *slash = strrchr(path, '/');
	enum firmware_kind kind = FIRMWARE_UNKNOWN;

	if (!kind_of_name(slash ? slash + 1 : path, &kind))
		kind_of_name(path, &kind);
	return kind;
}

static bool digits_at(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

/*
 * The stable tag's year and month, wherever they stand: "edk2-stable202505", "2025.02-8+deb13u1",
 * "4.2025.02-4~bpo12+1", "20240813" (a day, as Fedora has it). 0: none.
 */
static uint32_t edk2_release(const char *text)
{
	for (const char *at = text; (at = strstr(at, "20")); at++) {
		const char *month = at + 4;
		uint32_t year, number;

		if ((at > text && isdigit((unsigned char)at[-1])) || !digits_at(at, 4))
			continue;
		month += *month == '.';
		if (!digits_at(month, 2))
			continue;
		year = 2000 + (uint32_t)(at[2] - '0') * 10 + (uint32_t)(at[3] - '0');
		number = (uint32_t)(month[0] - '0') * 10 + (uint32_t)(month[1] - '0');
		if (number >= 1 && number <= 12 && year >= 2015)
			return year * 100 + number;
	}
	return 0;
}

/* "1.16.3", "rel-1.16.3-0-ga6ed6b701f0a", "1.16.2-debian-1.16.2-1". 0: none. */
static uint32_t seabios_release(const char *text)
{
	uint32_t version;
	bool has_micro;

	text += str_starts(text, "rel-") ? 4 : 0;
	if (qemu_version_parse(text, &version, &has_micro) || QEMU_MAJOR(version) != 1)
		return 0;
	return version;
}

uint32_t firmware_release(enum firmware_kind kind, const char *text)
{
	if (kind == FIRMWARE_OVMF || kind == FIRMWARE_ARMVIRT)
		return edk2_release(text);
	return kind == FIRMWARE_SEABIOS ? seabios_release(text) : 0;
}

static bool has_release(enum firmware_kind kind)
{
	return kind == FIRMWARE_OVMF || kind == FIRMWARE_ARMVIRT || kind == FIRMWARE_SEABIOS;
}

/* "ovmf=202505", "none". -EINVAL with the reason. */
static int parse_request(const struct iof_machine *m, const char *text, struct firmware *out,
			 const char **reason)
{
	size_t length = strcspn(text, "=");

	*reason = "a firmware is ovmf=, armvirt= or seabios= with its release, qboot or none";
	for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++) {
		const char *name = kind_names[i].name;

		if (strlen(name) != length || strncmp(name, text, length) != 0)
			continue;
		out->kind = for_machine(m, kind_names[i].kind);
		if (!has_release(out->kind))
			return text[length] ? -EINVAL : 0;
		if (out->kind == FIRMWARE_SEABIOS && m->type.family == MACHINE_VIRT) {
			*reason = "SeaBIOS is for x86 only";
			return -EINVAL;
		}
		*reason = out->kind == FIRMWARE_SEABIOS
				  ? "SeaBIOS has releases such as seabios=1.16.3"
				  : "edk2 has releases such as ovmf=202505";
		out->release = text[length] ? firmware_release(out->kind, text + length + 1) : 0;
		return out->release ? 0 : -EINVAL;
	}
	return -EINVAL;
}

/* Without an image, the machine starts its own; Arm's has none and starts a kernel. */
static enum firmware_kind default_kind(const struct iof_machine *m)
{
	switch (m->type.family) {
	case MACHINE_Q35:
	case MACHINE_I440FX:
	case MACHINE_ISAPC:
		return FIRMWARE_SEABIOS;
	case MACHINE_MICROVM:
		return FIRMWARE_QBOOT;
	case MACHINE_VIRT:
		return FIRMWARE_NONE;
	default:
		return FIRMWARE_UNKNOWN;
	}
}

static const struct pairing *find_pairing(uint32_t version)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairings); i++) {
		if (version >= pairings[i].qemu)
			return &pairings[i];
	}
	return &pairings[ARRAY_SIZE(pairings) - 1];
}

static const char *describe(struct arena *arena, const struct firmware *f)
{
	switch (f->kind) {
	case FIRMWARE_OVMF:
		return arena_printf(arena, "OVMF %u", f->release);
	case FIRMWARE_ARMVIRT:
		return arena_printf(arena, "ArmVirtQemu %u", f->release);
	case FIRMWARE_SEABIOS:
		return arena_printf(arena, "SeaBIOS %u.%u.%u", QEMU_MAJOR(f->release),
				    QEMU_MINOR(f->release), QEMU_MICRO(f->release));
	case FIRMWARE_QBOOT:
		return "qboot";
	case FIRMWARE_NONE:
		return "none";
	default:
		return "unknown";
	}
}

/* By the config alone: the image's name, else the machine's own. */
static const char *assume(struct iof_machine *m, struct firmware *f)
{
	const struct pairing *pairing = find_pairing(m->version);
	const char *image = m->vm->firmware_image;

	if (image)
		f->kind = for_machine(m, kind_of_image(image));
	else
		f->kind = m->vm->has_firmware ? FIRMWARE_UNKNOWN : default_kind(m);
	if (f->kind == FIRMWARE_UNKNOWN)
		return image ? arena_printf(m->arena, "%s: its name tells no kind", image)
			     : "the config does not tell the file";
	f->is_assumed = has_release(f->kind);
	if (!f->is_assumed)
		return image ? arena_printf(m->arena, "by the name of %s", image)
			     : "the machine's own";
	f->release = f->kind == FIRMWARE_SEABIOS ? pairing->seabios : pairing->edk2;
	return arena_printf(m->arena, "assumed: what %s", pairing->who);
}

/* What was read counts if it is of this machine: of the image that it names, else of its own. */
static bool was_read(const struct iof_machine *m, const char *text, struct firmware *f)
{
	const char *reason;

	if (parse_request(m, text, f, &reason))
		return false;
	return m->vm->firmware_image || (!m->vm->has_firmware && f->kind == default_kind(m));
}

int machine_find_firmware(struct iof_ctx *ctx, struct iof_machine *m, const struct iof_vmm *vmm)
{
	struct firmware *f = &m->guest.firmware;
	const char *image = m->vm->firmware_image, *reason;

	*f = (struct firmware){.kind = FIRMWARE_UNKNOWN};
	if (vmm && vmm->firmware) {
		if (parse_request(m, vmm->firmware, f, &reason))
			return ctx_fail(ctx, -EINVAL, "%s: %s", vmm->firmware, reason);
		f->provenance = "as given";
	} else if (vmm && vmm->firmware_read && was_read(m, vmm->firmware_read, f)) {
		f->provenance = arena_printf(m->arena, "read from %s",
					     image ? image : "the image that QEMU starts");
	} else {
		*f = (struct firmware){.kind = FIRMWARE_UNKNOWN};
		f->provenance = assume(m, f);
	}
	f->text = describe(m->arena, f);
	return f->text && f->provenance ? 0 : -ENOMEM;
}
