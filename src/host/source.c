// SPDX-License-Identifier: LGPL-2.1-or-later
/* source.c - reading one fact: absent, unreadable and malformed are three different answers. */
#include "host/loader.h"

#include <errno.h>
#include <stdio.h>

int fact_no_memory(struct loader *load)
{
	return ctx_fail(load->ctx, -ENOMEM, "out of memory");
}

/* Paths hold names that the input gives: an error stays one line whatever they are. */
static void hide_controls(struct buf *text)
{
	for (size_t i = 0; i < text->length; i++)
		if ((unsigned char)text->data[i] < ' ' || text->data[i] == 0x7f)
			text->data[i] = '?';
}

int fact_bad(struct loader *load, const char *path, unsigned line, const char *format, ...)
{
	struct buf text = {0};
	char reason[256];
	va_list args;
	int err;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	buf_printf(&text, "%s%s:%u: %s", root_name(load->root), path, line, reason);
	hide_controls(&text);
	err = text.err ? fact_no_memory(load) : ctx_fail(load->ctx, -EBADMSG, "%s", text.data);
	buf_free(&text);
	return err;
}

/* Reading an attribute of a device that has gone, or that has no value, fails in these ways. */
static const int absent_errors[] = {ENOENT, ENOTDIR, ENODEV, ENXIO, ENODATA, EIO, EOPNOTSUPP};

static const struct {
	int err;
	const char *reason;
} bad_errors[] = {
	{ELOOP, "too many levels of symbolic links"},
	{EFBIG, "too large"},
	{EISDIR, "is a folder where a file should be"},
};

int fact_error(struct loader *load, const char *path, int err)
{
	if (err == 0)
		return 0;
	if (err == -ENOMEM)
		return fact_no_memory(load);
	if (err == -EACCES || err == -EPERM)
		return -EACCES;
	for (size_t i = 0; i < ARRAY_SIZE(absent_errors); i++)
		if (err == -absent_errors[i])
			return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(bad_errors); i++)
		if (err == -bad_errors[i].err)
			return fact_bad(load, path, 1, "%s", bad_errors[i].reason);
	return fact_bad(load, path, 1, "%s", strerror(-err));
}

int fact_read(struct loader *load, struct arena *arena, const char *path, size_t max,
	      const char **bytes, size_t *length)
{
	return fact_error(load, path, root_read(load->root, arena, path, max, bytes, length));
}

int fact_line(struct loader *load, struct arena *arena, const char *path, const char **text)
{
	const char *bytes;
	char *line;
	size_t length;
	int err = fact_read(load, arena, path, FACT_SMALL, &bytes, &length);

	if (err)
		return err;
	while (length && strchr(" \t\r\n", bytes[length - 1]))
		length--;
	if (memchr(bytes, '\0', length))
		return fact_bad(load, path, 1, "binary data where text should be");
	line = arena_strndup(arena, bytes, length);
	if (!line)
		return fact_no_memory(load);
	*text = line;
	return 0;
}

int fact_u64(struct loader *load, const char *path, int base, uint64_t max, uint64_t *out)
{
	const char *text;
	int err = fact_line(load, load->scratch, path, &text);

	if (err)
		return err;
	if (parse_u64(text, base, max, out))
		return fact_bad(load, path, 1, "expected a %s number%s",
				base == 10 ? "decimal" : "hexadecimal",
				*text ? "" : ", found nothing");
	return 0;
}

int fact_link(struct loader *load, struct arena *arena, const char *path, const char **name)
{
	int err = root_link_name(load->root, arena, path, name);

	/* A file or folder in place of a link. */
	if (err == -EINVAL)
		return fact_bad(load, path, 1, "expected a symbolic link");
	return fact_error(load, path, err);
}

int fact_list(struct loader *load, struct arena *arena, const char *path, const char ***names,
	      size_t *n)
{
	int err = root_list(load->root, arena, path, names, n);

	if (err)
		*n = 0;
	return fact_error(load, path, err);
}

int fact_note(struct loader *load, const char *path, const char *text)
{
	struct iof_host *host = load->host;
	struct host_note *notes = host->notes;

	for (size_t i = 0; i < host->n_notes; i++)
		if (str_eq(notes[i].path, path))
			return 0;
	if (host->n_notes == load->notes_cap) {
		notes = arena_grow(host->arena, notes, host->n_notes, &load->notes_cap,
				   sizeof(*notes));
		if (!notes)
			return fact_no_memory(load);
		host->notes = notes;
	}
	notes[host->n_notes].path = arena_strdup(host->arena, path);
	notes[host->n_notes].text = text;
	if (!notes[host->n_notes].path)
		return fact_no_memory(load);
	host->n_notes++;
	return 0;
}
