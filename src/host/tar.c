// SPDX-License-Identifier: LGPL-2.1-or-later
/* tar.c - the members of a tar archive that lies in memory. Format: POSIX.1-2017 pax, and the
 * tar(5) of libarchive for what GNU tar adds. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/strings.h"
#include "host/tar.h"

#define BLOCK 512u

/* Where the fields of a header are. */
enum {
	NAME = 0,
	NAME_SIZE = 100,
	MEMBER_SIZE = 124,
	NUMBER_SIZE = 12,
	CHECKSUM = 148,
	CHECKSUM_SIZE = 8,
	TYPE = 156,
	LINK = 157,
	MAGIC = 257,
	PREFIX = 345,
	PREFIX_SIZE = 155,
};

/* What headers before the member's own say of it. */
struct extension {
	const char *path, *link;
	size_t path_length, link_length;
	uint64_t size;
	bool has_size;
};

struct tar {
	const char *bytes;
	size_t length;
	size_t at;
	size_t n_members;
	const struct tar_sink *sink;
	struct extension next;
	char path[TAR_MAX_NAME];
	char link[TAR_MAX_NAME + 1];
	char *reason;
	size_t reason_size;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct tar *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (t->reason_size)
		vsnprintf(t->reason, t->reason_size, format, args);
	va_end(args);
	return -EBADMSG;
}

static int refuse_damaged(struct tar *t)
{
	return refuse(t, t->at ? "damaged tar archive at byte %zu" : "not a tar archive", t->at);
}

/* ---- fields ---- */

static size_t text_length(const char *field, size_t size)
{
	const char *end = memchr(field, '\0', size);

	return end ? (size_t)(end - field) : size;
}

/* Octal digits between blanks, or (first bit set) a number in base 256. */
static bool read_number(const char *field, size_t size, uint64_t *out)
{
	uint64_t value = 0;
	size_t i = 0;

	*out = 0;
	if ((unsigned char)field[0] == 0x80) {
		for (i = 1; i < size; i++) {
			if (value >> 56)
				return false;
			value = value << 8 | (unsigned char)field[i];
		}
		*out = value;
		return true;
	}
	while (i < size && field[i] == ' ')
		i++;
	/* Twelve octal digits are 36 bits. */
	for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
		value = value << 3 | (unsigned)(field[i] - '0');
	*out = value;
	return i == size || field[i] == '\0' || field[i] == ' ';
}

/* Eight bytes at a time, in four sums of 16 bits: none exceeds 2 * 255 * 64. */
static unsigned sum_of_bytes(const char *block)
{
	const uint64_t even = 0x00ff00ff00ff00ff;
	uint64_t sums = 0, word;

	for (unsigned i = 0; i < BLOCK; i += (unsigned)sizeof(word)) {
		memcpy(&word, block + i, sizeof(word));
		sums += (word & even) + (word >> 8 & even);
	}
	return (unsigned)((sums & 0xffff) + (sums >> 16 & 0xffff) + (sums >> 32 & 0xffff) +
			  (sums >> 48));
}

/* The sum of all bytes, those of the checksum itself counted as blanks. */
static bool checksum_is_right(const char *header)
{
	uint64_t wanted;
	unsigned sum = sum_of_bytes(header), i;

	for (i = CHECKSUM; i < CHECKSUM + CHECKSUM_SIZE; i++)
		sum += ' ' - (unsigned)(unsigned char)header[i];
	return read_number(header + CHECKSUM, CHECKSUM_SIZE, &wanted) && wanted == sum;
}

static bool is_empty(const char *block)
{
	return block[0] == '\0' && memcmp(block, block + 1, BLOCK - 1) == 0;
}

/* ---- names ---- */

/* One part of a path behind what is in out. */
static int add_part(struct tar *t, const char *part, size_t length, char *out, size_t *used)
{
	if (length == 0 || (length == 1 && *part == '.'))
		return 0;
	if (length == 2 && memcmp(part, "..", 2) == 0)
		return refuse(t, "a member's name has a '..' part");
	if (*used + length + 2 > TAR_MAX_NAME)
		return refuse(t, "a member's name is longer than %u bytes", TAR_MAX_NAME);
	if (*used)
		out[(*used)++] = '/';
	memcpy(out + *used, part, length);
	*used += length;
	return 0;
}

/* A path without "." and double or trailing slashes; "" is the root. */
static int add_path(struct tar *t, const char *path, size_t length, char *out, size_t *used)
{
	const char *end = path + length;
	int err = 0;

	if (!length)
		return refuse(t, "a member has no name");
	if (*path == '/')
		return refuse(t, "a member has an absolute name");
	while (path < end && !err) {
		const char *slash = memchr(path, '/', (size_t)(end - path));
		const char *part_end = slash ? slash : end;

		err = add_part(t, path, (size_t)(part_end - path), out, used);
		path = slash ? slash + 1 : end;
	}
	out[*used] = '\0';
	return err;
}

/* The member's path into t->path; *is_folder: old archives mark folders by a slash at the end only.
 */
static int read_path(struct tar *t, const char *header, bool *is_folder)
{
	const char *name = t->next.path ? t->next.path : header + NAME;
	size_t length = t->next.path ? t->next.path_length : text_length(name, NAME_SIZE);
	size_t prefix = text_length(header + PREFIX, PREFIX_SIZE);
	size_t used = 0;
	int err = 0;

	*is_folder = length && name[length - 1] == '/';
	if (!t->next.path && memcmp(header + MAGIC, "ustar", 6) == 0 && prefix)
		err = add_path(t, header + PREFIX, prefix, t->path, &used);
	return err ? err : add_path(t, name, length, t->path, &used);
}

static const char *link_target(const struct tar *t, const char *header, size_t *length)
{
	*length = t->next.link ? t->next.link_length : text_length(header + LINK, NAME_SIZE);
	return t->next.link ? t->next.link : header + LINK;
}

/* ---- members ---- */

static int take_symlink(struct tar *t, const char *header)
{
	size_t length;
	const char *target = link_target(t, header, &length);

	if (!length || length >= TAR_MAX_NAME)
		return refuse(t, "a link's target is empty or longer than %u bytes", TAR_MAX_NAME);
	memcpy(t->link, target, length);
	t->link[length] = '\0';
	return t->sink->link(t->sink->data, t->path, t->link);
}

static int take_hardlink(struct tar *t, const char *header)
{
	size_t length, used = 0;
	const char *target = link_target(t, header, &length);
	int err;

	t->link[0] = '/';
	err = add_path(t, target, length, t->link + 1, &used);
	return err ? err : t->sink->link(t->sink->data, t->path, t->link);
}

static int take_folder(struct tar *t)
{
	return *t->path ? t->sink->folder(t->sink->data, t->path) : 0;
}

static int take_member(struct tar *t, const char *header, const char *bytes, uint64_t size)
{
	bool is_folder;
	int err = read_path(t, header, &is_folder);

	if (err)
		return err;
	if (++t->n_members > TAR_MAX_MEMBERS)
		return refuse(t, "more than %u members", TAR_MAX_MEMBERS);
	switch (header[TYPE]) {
	case '0':
	case '\0':
	case '7':
		if (is_folder)
			return take_folder(t);
		return t->sink->file(t->sink->data, t->path, bytes, (size_t)size);
	case '1':
		return take_hardlink(t, header);
	case '2':
		return take_symlink(t, header);
	case '5':
		return take_folder(t);
	default:
		return refuse(t, "a member is neither file, folder nor link");
	}
}

/* ---- extensions ---- */

static int take_record(struct tar *t, const char *key, size_t key_length, const char *value,
		       size_t length)
{
	static const char sparse[] = "GNU.sparse.";

	if (key_length == 4 && memcmp(key, "path", 4) == 0) {
		t->next.path = value;
		t->next.path_length = text_length(value, length);
	} else if (key_length == 8 && memcmp(key, "linkpath", 8) == 0) {
		t->next.link = value;
		t->next.link_length = text_length(value, length);
	} else if (key_length == 4 && memcmp(key, "size", 4) == 0) {
		t->next.has_size = true;
		if (parse_u64n(value, length, 10, UINT64_MAX, &t->next.size) < 0)
			return refuse_damaged(t);
	} else if (key_length >= sizeof(sparse) - 1 &&
		   memcmp(key, sparse, sizeof(sparse) - 1) == 0) {
		return refuse(t, "a member has holes");
	}
	return 0;
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts the whole record */
static int take_records(struct tar *t, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	while (bytes < end) {
		const char *blank = memchr(bytes, ' ', (size_t)(end - bytes));
		const char *equals;
		uint64_t n;
		int err;

		if (!blank ||
		    parse_u64n(bytes, (size_t)(blank - bytes), 10, (uint64_t)(end - bytes), &n) <
			    0 ||
		    n < (uint64_t)(blank - bytes) + 2 || bytes[n - 1] != '\n')
			return refuse_damaged(t);
		blank++;
		equals = memchr(blank, '=', (size_t)(bytes + n - blank));
		if (!equals)
			return refuse_damaged(t);
		err = take_record(t, blank, (size_t)(equals - blank), equals + 1,
				  (size_t)(bytes + n - 1 - (equals + 1)));
		if (err)
			return err;
		bytes += n;
	}
	return 0;
}

/* One header with what belongs to it: a member, or what is to be said of the next one. */
static int take_header(struct tar *t, const char *header, const char *bytes, uint64_t size)
{
	int err;

	switch (header[TYPE]) {
	case 'x':
	case 'X':
		return take_records(t, bytes, (size_t)size);
	case 'g':
	case 'V':
		return 0;
	case 'L':
		t->next.path = bytes;
		t->next.path_length = text_length(bytes, (size_t)size);
		return 0;
	case 'K':
		t->next.link = bytes;
		t->next.link_length = text_length(bytes, (size_t)size);
		return 0;
	default:
		err = take_member(t, header, bytes, size);
		t->next = (struct extension){0};
		return err;
	}
}

/* Links and folders have no content, whatever their size says. */
static bool has_content(char type)
{
	return !memchr("123456", type, 6);
}

static int member_size(struct tar *t, const char *header, uint64_t *size)
{
	if (!read_number(header + MEMBER_SIZE, NUMBER_SIZE, size))
		return refuse_damaged(t);
	if (t->next.has_size && !strchr("xXgLKV", header[TYPE] ? header[TYPE] : '0'))
		*size = t->next.size;
	if (!has_content(header[TYPE]))
		*size = 0;
	if (*size > TAR_MAX_MEMBER)
		return refuse(t, "a member is larger than %u MiB", TAR_MAX_MEMBER >> 20);
	return 0;
}

static int read_members(struct tar *t)
{
	while (t->length - t->at >= BLOCK) {
		const char *header = t->bytes + t->at;
		size_t left = t->length - t->at - BLOCK;
		uint64_t size;
		int err;

		if (is_empty(header))
			return t->n_members ? 0 : refuse(t, "an archive without members");
		if (!checksum_is_right(header))
			return refuse_damaged(t);
		err = member_size(t, header, &size);
		if (!err && size > left)
			err = refuse(t, "truncated: a member ends behind the archive");
		if (!err)
			err = take_header(t, header, header + BLOCK, size);
		if (err)
			return err;
		size = (size + BLOCK - 1) / BLOCK * BLOCK;
		t->at += BLOCK + (size_t)(size < left ? size : left);
	}
	if (!t->at)
		return refuse_damaged(t);
	return refuse(t, "truncated: the end mark of the archive is missing");
}

int tar_read(const char *bytes, size_t length, const struct tar_sink *sink, char *reason,
	     size_t size)
{
	struct tar t = {.bytes = bytes,
			.length = length,
			.sink = sink,
			.reason = reason,
			.reason_size = size};

	return read_members(&t);
}
