// SPDX-License-Identifier: LGPL-2.1-or-later
/* zstd.c - iommufit-zstd.so: unpacks zstd with libzstd alone, which is there in a tenth of the time
 * that libarchive takes. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <zstd.h>

#include "host/archive_module.h"

#define FIRST_ROOM (1u << 20)
#define MAX_WINDOW 26 /* log2 of bytes: what "zstd -19" and "--long" down to 64 MiB need */

struct unpacking {
	ZSTD_DStream *stream;
	ZSTD_inBuffer in;
	ZSTD_outBuffer out;
	char *reason;
	size_t reason_size;
};

static int refuse(struct unpacking *u, int err, const char *reason)
{
	if (u->reason_size)
		snprintf(u->reason, u->reason_size, "%s", reason);
	return err;
}

/* Twice the room, one byte more than allowed at most. */
static int grow(struct unpacking *u)
{
	size_t wanted = u->out.size ? u->out.size * 2 : FIRST_ROOM;
	void *bigger;

	if (u->out.pos > ARCHIVE_MAX_TOTAL)
		return refuse(u, -EBADMSG, "more than 64 MiB when unpacked");
	if (wanted > ARCHIVE_MAX_TOTAL + 1)
		wanted = ARCHIVE_MAX_TOTAL + 1;
	bigger = realloc(u->out.dst, wanted);
	if (!bigger)
		return refuse(u, -ENOMEM, "out of memory");
	u->out.dst = bigger;
	u->out.size = wanted;
	return 0;
}

/* All frames, one after the other. */
static int unpack_all(struct unpacking *u)
{
	size_t left = 1; /* 0 at the end of a frame */
	int err = 0;

	while ((left || u->in.pos < u->in.size) && !err) {
		size_t read = u->in.pos, written = u->out.pos;

		if (u->out.pos == u->out.size)
			err = grow(u);
		if (err)
			break;
		left = ZSTD_decompressStream(u->stream, &u->out, &u->in);
		if (ZSTD_isError(left))
			return refuse(u, -EBADMSG, ZSTD_getErrorName(left));
		if (left && read == u->in.pos && written == u->out.pos)
			return refuse(u, -EBADMSG, "truncated zstd data");
	}
	if (!err && u->out.pos > ARCHIVE_MAX_TOTAL)
		err = refuse(u, -EBADMSG, "more than 64 MiB when unpacked");
	return err;
}

static int unpack(const char *bytes, size_t length, char **out, size_t *out_length, char *reason,
		  size_t size)
{
	struct unpacking u = {.in = {bytes, length, 0}, .reason = reason, .reason_size = size};
	int err;

	u.stream = ZSTD_createDStream();
	if (!u.stream ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(u.stream, ZSTD_d_windowLogMax, MAX_WINDOW)))
		err = refuse(&u, -ENOMEM, "out of memory");
	else
		err = unpack_all(&u);
	ZSTD_freeDStream(u.stream);
	if (err) {
		free(u.out.dst);
		return err;
	}
	*out = u.out.dst;
	*out_length = u.out.pos;
	return 0;
}

const struct module_head *iommufit_archive_module(void);

__attribute__((visibility("default"))) const struct module_head *iommufit_archive_module(void)
{
	static const struct archive_module module = {.head = {ARCHIVE_MODULE_ABI},
						     .unpack = unpack};

	return &module.head;
}
