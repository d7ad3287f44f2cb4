// SPDX-License-Identifier: LGPL-2.1-or-later
/* firmware.c - the OVMF image and what holds its variables (qemu-server
 * src/PVE/QemuServer/OVMF.pm). Where a storage keeps its volumes is not known here: volumes are
 * named as in the config. */
#include <errno.h>

#include "vm/proxmox/proxmox.h"

#define FOLDER "/usr/share/pve-edk2-firmware//" /* two slashes: as qemu-server writes it */

static const char *image(const struct pve *p, const struct pve_entry *efidisk, const char *guard)
{
	const char *efitype = pve_value(efidisk, "efitype");

	if (p->is_arm)
		return FOLDER "AAVMF_CODE.fd";
	if (guard && str_eq(guard, "snp"))
		return FOLDER "OVMF_SEV_4M.fd";
	if (guard && str_eq(guard, "tdx"))
		return FOLDER "OVMF_TDX_4M.ms.fd";
	if (guard)
		return FOLDER "OVMF_SEV_CODE_4M.fd";
	if (efitype && str_eq(efitype, "4m"))
		return p->is_q35 ? FOLDER "OVMF_CODE_4M.secboot.fd" : FOLDER "OVMF_CODE_4M.fd";
	return FOLDER "OVMF_CODE.fd";
}

/* A volume is the part without a key, or "file=". */
static const char *volume(const struct pve_entry *efidisk)
{
	const char *named = pve_value(efidisk, "file");
	const char *plain = pve_value(efidisk, "");

	return named ? named : plain ? plain : "efivars";
}

/* From machine version 10.0 on with block nodes. */
static void say_nodes(struct pve *p, const struct pve_entry *bios, const struct pve_entry *efidisk,
		      const char *code)
{
	struct pve_said *said =
		pve_say(p, &p->command, "blockdev", bios,
			"node-name=pflash0,driver=raw,read-only=on,file.driver=file");

	pve_set(p, said, "file.filename", code, NULL);
	said = pve_say(p, &p->command, "blockdev", efidisk, "node-name=drive-efidisk0,driver=raw");
	pve_set(p, said, "file.driver", "file", NULL);
	pve_set(p, said, "file.filename", volume(efidisk), NULL);
	pve_flag_say(p, "pflash0", "pflash0", bios ? &bios->value_at : NULL);
	pve_flag_say(p, "pflash1", "drive-efidisk0", NULL);
}

static void say_drives(struct pve *p, const struct pve_entry *bios, const struct pve_entry *efidisk,
		       const char *code)
{
	struct pve_said *said =
		pve_say(p, &p->command, "drive", bios, "if=pflash,unit=0,format=raw,readonly=on");

	pve_set(p, said, "file", code, NULL);
	said = pve_say(p, &p->command, "drive", efidisk, "if=pflash,unit=1,id=drive-efidisk0");
	pve_set(p, said, "file", volume(efidisk), NULL);
}

static const char *guard_of(const struct pve *p)
{
	if (pve_get(p, "intel-tdx"))
		return "tdx";
	return pve_value(pve_get(p, "amd-sev"), "type");
}

void pve_firmware_say(struct pve *p)
{
	const struct pve_entry *bios = pve_get(p, "bios"), *efidisk = pve_get(p, "efidisk0");
	const char *guard = guard_of(p), *code;

	if (!bios || !str_eq(bios->value, "ovmf"))
		return;
	code = image(p, efidisk, guard);
	if (guard && (str_eq(guard, "snp") || str_eq(guard, "tdx"))) {
		if (efidisk)
			pve_warn(p, &efidisk->at,
				 "EFI disks are not supported with Confidential Virtual Machines "
				 "and will be ignored");
		pve_say_plain(p, &p->command, "bios", bios, code);
		return;
	}
	if (!efidisk)
		pve_warn(p, &bios->at, "no efidisk configured! Using temporary efivars disk.");
	if (pve_needs(p, 10, 0, 0))
		say_nodes(p, bios, efidisk, code);
	else
		say_drives(p, bios, efidisk, code);
}
