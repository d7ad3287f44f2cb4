/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The release in firmware images: the seeds of the fuzz target, which are shaped as Debian's,
 * Fedora's, Proxmox' and QEMU's own images are. */
#include <stdio.h>

#include "vmm/firmware.h"
#include "vmm_test.h"

static const struct row {
	const char *name;    /* of the seed */
	const char *version; /* NULL: none */
} rows[] = {
	{"packed", "ovmf=2025.02-8+deb13u1"},
	{"packed-extended", "ovmf=4.2025.02-4~bpo12+1"},
	{"packed-none", "ovmf=edk2-stable202505"},
	{"packed-truncated", NULL},
	{"packed-no-data", NULL},
	{"packed-offset", NULL},
	{"packed-dictionary", NULL},
	{"plain", "ovmf=edk2-20240813-1.fc41"},
	{"plain-odd", "ovmf=0~202311-2"},
	{"plain-no-end", NULL},
	{"plain-long", NULL},
	{"seabios", "seabios=1.16.3-debian-1.16.3-2"},
	{"seabios-upstream", "seabios=rel-1.17.0-0-gb52ca86e094d-prebuilt.qemu.org"},
	{"seabios-none", NULL},
	{"empty", NULL},
	{"no-such-file", NULL},
};

static void check_row(void **state)
{
	const struct row *row = *state;
	const char *folder = getenv("IOMMUFIT_FIRMWARE_SEEDS");
	char *version = NULL, path[4096];
	struct iof_ctx *ctx;
	int r;

	assert_non_null(folder);
	snprintf(path, sizeof(path), "%s/%s", folder, row->name);
	assert_int_equal(iof_ctx_new(&ctx), 0);
	r = iof_firmware_read_version(ctx, path, &version);
	assert_string_equal(version ? version : "none", row->version ? row->version : "none");
	assert_int_equal(r == 0, row->version != NULL);
	if (r)
		assert_non_null(strstr(iof_ctx_error(ctx), row->name));
	free(version);
	iof_ctx_unref(ctx);
}

int test_images(void)
{
	return RUN_TABLE(rows, check_row);
}
