// SPDX-License-Identifier: LGPL-2.1-or-later
/* gz.c - iommufit-gz.so: unpacks gzip with zlib alone. libarchive ends the whole process where it
 * gets no memory. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

#include "host/archive_module.h"

#define FIRST_ROOM (1u << 20)
#define GZIP_ONLY (16 + MAX_WBITS)

struct unpacking {
	z_stream stream;
	char *out;
	size_t room;
	size_t length;
};

static int refuse(int err, const char *text, char *reason, size_t size)
{
	if (size)
		snprintf(reason, size, "%s", text);
	return err;
}

/* Twice the room, one byte more than allowed at most. */
static int grow(struct unpacking *u, char *reason, size_t size)
{
	size_t wanted = u->room ? u->room * 2 : FIRST_ROOM;
	char *bigger;

	if (u->length > ARCHIVE_MAX_TOTAL)
		return refuse(-EBADMSG, "more than 64 MiB when unpacked", reason, size);
	if (wanted > ARCHIVE_MAX_TOTAL + 1)
		wanted = ARCHIVE_MAX_TOTAL + 1;
	bigger = realloc(u->out, wanted);
	if (!bigger)
		return refuse(-ENOMEM, "out of memory", reason, size);
	u->out = bigger;
	u->room = wanted;
	return 0;
}

/* One step; *code as inflate() gives it. */
static int step(struct unpacking *u, int *code, char *reason, size_t size)
{
	int err = u->length == u->room ? grow(u, reason, size) : 0;

	if (err)
		return err;
	u->stream.next_out = (Bytef *)u->out + u->length;
	u->stream.avail_out = (uInt)(u->room - u->length);
	*code = inflate(&u->stream, Z_NO_FLUSH);
	u->length = u->room - u->stream.avail_out;
	/* Several packed files one behind the other are one, says gzip(1). */
	if (*code == Z_STREAM_END && u->stream.avail_in)
		*code = inflateReset(&u->stream);
	switch (*code) {
	case Z_OK:
	case Z_STREAM_END:
		return 0;
	case Z_MEM_ERROR:
		return refuse(-ENOMEM, "out of memory", reason, size);
	case Z_BUF_ERROR:
		return refuse(-EBADMSG, "truncated gzip data", reason, size);
	default:
		return refuse(-EBADMSG, "damaged gzip data", reason, size);
	}
}

static int unpack(const char *bytes, size_t length, char **out, size_t *out_length, char *reason,
		  size_t size)
{
	struct unpacking u = {0};
	int code = Z_OK, err = 0;

	u.stream.next_in = (const Bytef *)bytes;
	u.stream.avail_in = (uInt)length;
	if (length > ARCHIVE_MAX_PACKED)
		return refuse(-EBADMSG, "larger than 64 MiB", reason, size);
	if (inflateInit2(&u.stream, GZIP_ONLY) != Z_OK)
		return refuse(-ENOMEM, "out of memory", reason, size);
	while (code != Z_STREAM_END && !err)
		err = step(&u, &code, reason, size);
	inflateEnd(&u.stream);
	if (!err && u.length > ARCHIVE_MAX_TOTAL)
		err = refuse(-EBADMSG, "more than 64 MiB when unpacked", reason, size);
	if (err) {
		free(u.out);
		return err;
	}
	*out = u.out;
	*out_length = u.length;
	return 0;
}

const struct module_head *iommufit_archive_module(void);

__attribute__((visibility("default"))) const struct module_head *iommufit_archive_module(void)
{
	static const struct archive_module module = {.head = {ARCHIVE_MODULE_ABI},
						     .unpack = unpack};

	return &module.head;
}
