// SPDX-License-Identifier: LGPL-2.1-or-later
/* xz.c - iommufit-xz.so: unpacks xz with liblzma alone, which is there in a tenth of the time that
 * libarchive takes. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lzma.h>

#include "host/archive_module.h"

#define FIRST_ROOM (1u << 20)
#define PIECE (32u << 10)
#define MAX_MEMORY (160u << 20) /* xz -9 needs 65 MiB */

static const struct {
	lzma_ret code;
	int err;
	const char *reason;
} failures[] = {
	{LZMA_MEM_ERROR, -ENOMEM, "out of memory"},
	{LZMA_MEMLIMIT_ERROR, -EBADMSG, "needs more than 160 MiB to be unpacked"},
	{LZMA_FORMAT_ERROR, -EBADMSG, "not xz data"},
	{LZMA_OPTIONS_ERROR, -EBADMSG, "xz options that are not supported"},
	{LZMA_BUF_ERROR, -EBADMSG, "truncated xz data"},
};

static int fail(lzma_ret code, char *reason, size_t size)
{
	size_t i, n = sizeof(failures) / sizeof(failures[0]);

	for (i = 0; i < n && failures[i].code != code; i++)
		;
	if (size)
		snprintf(reason, size, "%s", i < n ? failures[i].reason : "damaged xz data");
	return i < n ? failures[i].err : -EBADMSG;
}

/* The pages of what is about to be filled, all at once: one by one, the kernel takes longer for
 * them than liblzma for their bytes. Without MADV_POPULATE_WRITE (Linux 5.14) they come one by one.
 */
static void populate(void *memory, size_t length)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = ((uintptr_t)memory + page - 1) & ~(page - 1);
	uintptr_t end = ((uintptr_t)memory + length) & ~(page - 1);

	if (end > start)
		madvise((void *)start, end - start, MADV_POPULATE_WRITE);
}

/* liblzma's history buffer is as large as the packer wanted, and used as far as there is content.
 */
static void *allocate(void *opaque, size_t n, size_t size)
{
	void *memory;

	(void)opaque;
	if (__builtin_mul_overflow(n, size, &size))
		return NULL;
	memory = malloc(size);
	if (memory && size >= FIRST_ROOM)
		populate(memory, FIRST_ROOM);
	return memory;
}

static void release(void *opaque, void *memory)
{
	(void)opaque;
	free(memory);
}

/* Twice the room, one byte more than allowed at most. */
static int grow(lzma_stream *stream, char **out, size_t *room, char *reason, size_t size)
{
	size_t used = *room - stream->avail_out;
	size_t wanted = *room ? *room * 2 : FIRST_ROOM;
	char *bigger;

	if (used > ARCHIVE_MAX_TOTAL) {
		if (size)
			snprintf(reason, size, "more than %u MiB when unpacked",
				 ARCHIVE_MAX_TOTAL >> 20);
		return -EBADMSG;
	}
	if (wanted > ARCHIVE_MAX_TOTAL + 1)
		wanted = ARCHIVE_MAX_TOTAL + 1;
	bigger = realloc(*out, wanted);
	if (!bigger)
		return fail(LZMA_MEM_ERROR, reason, size);
	populate(bigger + used, wanted - used < FIRST_ROOM ? wanted - used : FIRST_ROOM);
	*out = bigger;
	*room = wanted;
	stream->next_out = (uint8_t *)bigger + used;
	stream->avail_out = wanted - used;
	return 0;
}

static int unpack(const char *bytes, size_t length, char **out, size_t *out_length, char *reason,
		  size_t size)
{
	static const lzma_allocator allocator = {.alloc = allocate, .free = release};
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret code;
	char *unpacked = NULL;
	size_t room = 0;
	int err = 0;

	stream.allocator = &allocator;
	stream.next_in = (const uint8_t *)bytes;
	stream.avail_in = length;
	code = lzma_stream_decoder(&stream, MAX_MEMORY, LZMA_CONCATENATED);
	while (code == LZMA_OK && !err) {
		if (!stream.avail_out)
			err = grow(&stream, &unpacked, &room, reason, size);
		if (!err)
			code = lzma_code(&stream, LZMA_FINISH);
	}
	*out_length = room - stream.avail_out;
	lzma_end(&stream);
	if (!err && code != LZMA_STREAM_END)
		err = fail(code, reason, size);
	if (!err && *out_length > ARCHIVE_MAX_TOTAL)
		err = fail(LZMA_DATA_ERROR, reason, size);
	if (err)
		free(unpacked);
	else
		*out = unpacked;
	return err;
}

/* A firmware image's dictionary is as large as what it holds, 16 MiB. */
static int unpack_lzma(const char *bytes, size_t length, archive_take_fn take, void *data)
{
	static const lzma_allocator allocator = {.alloc = allocate, .free = release};
	lzma_stream stream = LZMA_STREAM_INIT;
	uint8_t piece[PIECE];
	lzma_ret code;
	bool is_enough = false;

	stream.allocator = &allocator;
	stream.next_in = (const uint8_t *)bytes;
	stream.avail_in = length;
	code = lzma_alone_decoder(&stream, MAX_MEMORY);
	while (code == LZMA_OK && !is_enough) {
		stream.next_out = piece;
		stream.avail_out = sizeof(piece);
		code = lzma_code(&stream, LZMA_RUN);
		if (stream.avail_out < sizeof(piece))
			is_enough =
				take(data, (const char *)piece, sizeof(piece) - stream.avail_out);
	}
	lzma_end(&stream);
	return code == LZMA_OK || code == LZMA_STREAM_END ? 0 : fail(code, NULL, 0);
}

const struct module_head *iommufit_archive_module(void);

__attribute__((visibility("default"))) const struct module_head *iommufit_archive_module(void)
{
	static const struct archive_module module = {
		.head = {ARCHIVE_MODULE_ABI}, .unpack = unpack, .unpack_lzma = unpack_lzma};

	return &module.head;
}
