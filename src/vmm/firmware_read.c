// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The release that stands in a firmware image: SeaBIOS has it as plain text, edk2 as UTF-16 in its
 * PCD database (PcdFirmwareVersionString). That lies open in images for Arm, and for x86 inside an
 * LZMA-compressed section of the firmware volume (PI 1.8 volume 3, 2.2.4 GUID-defined section).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iommufit/machine.h>

#include "base/strings.h"
#include "host/archive_module.h"
#include "vmm/firmware.h"

#define IMAGE_MAX ((size_t)8 << 20)
#define UNPACKED_MAX ((size_t)1 << 20) /* the PEI volume, 896 KiB, comes first */
#define SECTIONS_MAX 4		       /* compressed ones that are tried */
#define TEXT_MAX 64

#define SECTION_GUID_DEFINED 0x02

/* EE4E5898-3914-4259-9D6E-DC7BD79403CF (MdeModulePkg LzmaCustomDecompressLib) */
static const unsigned char lzma_guid[16] = {0x98, 0x58, 0x4e, 0xee, 0x14, 0x39, 0x59, 0x42,
					    0x9d, 0x6e, 0xdc, 0x7b, 0xd7, 0x94, 0x03, 0xcf};

static bool is_version_char(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c && strchr(".+~_-", c));
}

static int give(const char *kind, const char *text, char **version)
{
	return asprintf(version, "%s=%s", kind, text) < 0 ? -ENOMEM : 0;
}

/* A text of such characters that begins at bytes and ends with NUL, each character width bytes
 * wide. */
static bool take_text(const char *bytes, size_t length, size_t width, char text[TEXT_MAX])
{
	size_t n = 0;

	for (size_t at = 0; at + width <= length && n < TEXT_MAX; at += width, n++) {
		if (width == 2 && bytes[at + 1])
			return false;
		text[n] = bytes[at];
		if (!bytes[at])
			return n > 0;
		if (!is_version_char((unsigned char)bytes[at]))
			return false;
	}
	return false;
}

/* A NUL-terminated "1.16.3-debian-1.16.3-2" or "rel-1.16.3-0-ga6ed6b701f0a". */
static int seabios_version(const char *bytes, size_t length, char **version)
{
	char text[TEXT_MAX];
	const char *at = bytes, *end = bytes + length;

	while ((at = memmem(at, (size_t)(end - at), "1.", 2))) {
		const char *start = at;

		at += 2;
		if (start - bytes >= 4 && memcmp(start - 4, "rel-", 4) == 0)
			start -= 4;
		if (start > bytes && is_version_char((unsigned char)start[-1]) &&
		    (unsigned char)start[-1] >= ' ')
			continue;
		if (take_text(start, (size_t)(end - start), 1, text) &&
		    firmware_release(FIRMWARE_SEABIOS, text))
			return give("seabios", text, version);
	}
	return -EBADMSG;
}

/* A UTF-16 text with an edk2 release in it. */
static int edk2_version(const char *bytes, size_t length, char **version)
{
	static const char mark[] = {'2', 0, '0', 0};
	const char *at = bytes, *end = bytes + length;
	char text[TEXT_MAX];

	while ((at = memmem(at, (size_t)(end - at), mark, sizeof(mark)))) {
		const char *start = at;

		at += sizeof(mark);
		while (start - bytes >= 2 && at - start < 2 * TEXT_MAX && !start[-1] &&
		       is_version_char((unsigned char)start[-2]))
			start -= 2;
		if (take_text(start, (size_t)(end - start), 2, text) &&
		    firmware_release(FIRMWARE_OVMF, text))
			return give("ovmf", text, version);
	}
	return -EBADMSG;
}

struct unpacked {
	struct buf bytes;
	size_t searched;
	char *version;
	int err;
};

/* Called for each piece; texts may lie across two. */
static int search_piece(void *data, const char *bytes, size_t length)
{
	struct unpacked *u = data;

	buf_append(&u->bytes, bytes, length);
	u->err = u->bytes.err;
	if (u->err)
		return 1;
	u->err = edk2_version(u->bytes.data + u->searched, u->bytes.length - u->searched,
			      &u->version);
	if (u->bytes.length > 2 * (size_t)TEXT_MAX)
		u->searched = u->bytes.length - 2 * (size_t)TEXT_MAX;
	return u->err != -EBADMSG || u->bytes.length >= UNPACKED_MAX;
}

/* Where the data of the section begins whose GUID stands at guid; 0: it is no such section. */
static size_t section_data(const unsigned char *image, size_t length, size_t guid)
{
	size_t start, offset;

	if (guid + 20 > length || guid < 4)
		return 0;
	if (image[guid - 1] == SECTION_GUID_DEFINED)
		start = guid - 4;
	else if (guid >= 8 &&
		 image[guid - 5] == SECTION_GUID_DEFINED) /* EFI_COMMON_SECTION_HEADER2 */
		start = guid - 8;
	else
		return 0;
	offset = (size_t)image[guid + 16] | (size_t)image[guid + 17] << 8;
	return offset >= guid + 20 - start && start + offset < length ? start + offset : 0;
}

static int unpack_section(struct iof_ctx *ctx, const char *packed, size_t length, char **version)
{
	const struct archive_module *module;
	struct unpacked u = {.err = -EBADMSG};
	int r = archive_module_load(ctx, MODULE_XZ, &module);

	if (r)
		return r;
	r = module->unpack_lzma(packed, length, search_piece, &u);
	buf_free(&u.bytes);
	if (u.err != -EBADMSG)
		r = u.err;
	else if (r == 0)
		r = -EBADMSG;
	*version = u.version;
	return r;
}

static int packed_version(struct iof_ctx *ctx, const char *bytes, size_t length, char **version)
{
	const char *at = bytes, *end = bytes + length;
	int r = -EBADMSG;

	for (unsigned n = 0; r == -EBADMSG && n < SECTIONS_MAX; at++) {
		size_t data;

		at = memmem(at, (size_t)(end - at), lzma_guid, sizeof(lzma_guid));
		if (!at)
			break;
		data = section_data((const unsigned char *)bytes, length, (size_t)(at - bytes));
		if (!data)
			continue;
		n++;
		r = unpack_section(ctx, bytes + data, length - data, version);
	}
	return r;
}

int firmware_version(struct iof_ctx *ctx, const char *bytes, size_t length, char **version)
{
	static const char mark[] = "SeaBIOS (version ";
	int r;

	*version = NULL;
	if (memmem(bytes, length, mark, sizeof(mark) - 1))
		return seabios_version(bytes, length, version);
	r = edk2_version(bytes, length, version);
	return r == -EBADMSG ? packed_version(ctx, bytes, length, version) : r;
}

static int read_image(int fd, char **bytes, size_t *length)
{
	struct stat st;
	size_t size;
	ssize_t n = 1;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	size = st.st_size > (off_t)IMAGE_MAX ? IMAGE_MAX : (size_t)st.st_size;
	*length = 0;
	*bytes = malloc(size ? size : 1);
	if (!*bytes)
		return -ENOMEM;
	while (*length < size && n > 0) {
		n = read(fd, *bytes + *length, size - *length);
		*length += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? -errno : 0;
}

IOF_EXPORT int iof_firmware_read_version(struct iof_ctx *ctx, const char *path, char **version)
{
	char *bytes = NULL;
	size_t length = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	*version = NULL;
	if (fd < 0)
		return ctx_fail(ctx, -errno, "%s: cannot be read", path);
	r = read_image(fd, &bytes, &length);
	close(fd);
	if (r == 0)
		r = firmware_version(ctx, bytes, length, version);
	free(bytes);
	if (r == -EBADMSG)
		return ctx_fail(ctx, r, "%s: no version of a firmware in it", path);
	return r == -EOPNOTSUPP ? ctx_prefix(ctx, r, "%s", path)
				: (r ? ctx_fail(ctx, r, "%s: cannot be read", path) : 0);
}
