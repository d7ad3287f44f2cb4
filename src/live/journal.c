/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* journal.c - see journal.h. */
#include "live/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/strings.h"
#include "live/qmp.h"

#define NEW_PATH JOURNAL_PATH ".new"

static const char first_line[] = "iommufit-journal 1";

/* ---- what may stand in it ---- */

static bool is_plain(const char *text, size_t length)
{
	if (!length || length > JOURNAL_VALUE_MAX || text[0] == ' ' || text[length - 1] == ' ')
		return false;
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return true;
}

/* A driver's name becomes part of a path. */
bool journal_takes_driver(const char *name)
{
	return is_plain(name, strlen(name)) && !strchr(name, '/') && !str_eq(name, ".") &&
	       !str_eq(name, "..");
}

bool journal_takes_override(const char *text)
{
	return is_plain(text, strlen(text));
}

static bool is_bdf(const char *text)
{
	struct pci_address address;
	char full[BDF_TEXT];

	if (parse_bdf(text, &address))
		return false;
	format_bdf(&address, full);
	return str_eq(text, full);
}

static bool is_boot_id(const char *text)
{
	return strlen(text) == 36 && strspn(text, "0123456789abcdef-") == 36;
}

static bool is_step(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz-");

	return n > 0 && n < 32 && text[n] == ' ' && is_bdf(text + n + 1);
}

static bool is_power(const char *text)
{
	return str_eq(text, "on") || str_eq(text, "auto");
}

/* ---- reading ---- */

struct reader {
	struct iof_ctx *ctx;
	struct arena *arena;
	const char *name;
	const char *cursor, *end;
	unsigned line;
};

static int bad(struct reader *r, const char *reason)
{
	return live_fail(r->ctx, -EBADMSG, r->name, "%u: %s", r->line, reason);
}

/* The next line, which must be "KEY" or "KEY VALUE". */
static int read_pair(struct reader *r, const char *key, bool (*is_valid)(const char *),
		     bool is_optional, const char **value)
{
	const char *newline = memchr(r->cursor, '\n', (size_t)(r->end - r->cursor));
	const char *line = r->cursor;
	size_t length = newline ? (size_t)(newline - line) : 0, n = strlen(key);
	char *copy;

	r->line++;
	*value = NULL;
	if (!newline)
		return bad(r, "the journal ends too early");
	r->cursor = newline + 1;
	if (length < n || memcmp(line, key, n) != 0 || (length > n && line[n] != ' '))
		return bad(r, arena_printf(r->arena, "no line \"%s\"", key) ?: "no such line");
	if (length == n)
		return is_optional ? 0 : bad(r, "a value is missing");
	copy = arena_strndup(r->arena, line + n + 1, length - n - 1);
	if (!copy)
		return live_fail(r->ctx, -ENOMEM, r->name, "out of memory");
	if (strlen(copy) != length - n - 1 || !is_valid(copy))
		return bad(r, arena_printf(r->arena, "not a valid %s", key) ?: "not valid");
	*value = copy;
	return 0;
}

static bool is_version(const char *text)
{
	return str_eq(text, strchr(first_line, ' ') + 1);
}

static bool is_first_device(const struct journal *j, const char *bdf)
{
	for (size_t i = 0; i < j->n; i++) {
		if (str_eq(j->devices[i].bdf, bdf))
			return false;
	}
	return true;
}

static int read_device(struct reader *r, struct journal *j)
{
	struct journal_device *grown =
		arena_grow(r->arena, j->devices, j->n, &j->cap, sizeof(*grown));
	struct journal_device *d;
	int err;

	if (!grown)
		return live_fail(r->ctx, -ENOMEM, r->name, "out of memory");
	j->devices = grown;
	d = &grown[j->n];
	err = read_pair(r, "device", is_bdf, false, &d->bdf);
	if (!err && !is_first_device(j, d->bdf))
		err = bad(r, "this device is there twice");
	if (!err)
		err = read_pair(r, "driver", journal_takes_driver, true, &d->driver);
	if (!err)
		err = read_pair(r, "override", journal_takes_override, true, &d->override);
	if (!err)
		err = read_pair(r, "power", is_power, true, &d->power);
	j->n += !err;
	return err;
}

static bool is_last_line(const struct reader *r)
{
	return (size_t)(r->end - r->cursor) == 4 && memcmp(r->cursor, "end\n", 4) == 0;
}

int journal_parse(struct iof_ctx *ctx, struct arena *arena, const char *name, const char *bytes,
		  size_t length, struct journal *j)
{
	struct reader r = {
		.ctx = ctx, .arena = arena, .name = name, .cursor = bytes, .end = bytes + length};
	const char *text;
	char *space;
	int err;

	*j = (struct journal){0};
	err = read_pair(&r, "iommufit-journal", is_version, false, &text);
	if (!err)
		err = read_pair(&r, "boot-id", is_boot_id, false, &j->boot_id);
	if (!err)
		err = read_pair(&r, "step", is_step, false, &j->step);
	while (!err && !(j->n && is_last_line(&r)))
		err = read_device(&r, j);
	if (err)
		return err;
	space = strchr(j->step, ' ');
	*space = '\0';
	j->step_device = space + 1;
	return 0;
}

int journal_read(const struct live_calls *calls, struct iof_ctx *ctx, struct arena *arena,
		 struct journal *j)
{
	cleanup_free char *bytes = NULL;
	size_t length;
	int err = call_read_file(calls, JOURNAL_PATH, JOURNAL_MAX, &bytes, &length);

	if (err == -ENOENT)
		return err;
	if (err == -EFBIG)
		return live_fail(ctx, -EBADMSG, JOURNAL_PATH, "too big for a journal");
	if (err)
		return live_fail(ctx, err, JOURNAL_PATH, "%s", strerror(-err));
	return journal_parse(ctx, arena, JOURNAL_PATH, bytes, length, j);
}

/* ---- writing ---- */

static void write_pair(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, value ? "%s %s\n" : "%s\n", key, value);
}

void journal_print(struct buf *out, const struct journal *j)
{
	buf_printf(out, "%s\nboot-id %s\nstep %s %s\n", first_line, j->boot_id, j->step,
		   j->step_device);
	for (size_t i = 0; i < j->n; i++) {
		const struct journal_device *d = &j->devices[i];

		write_pair(out, "device", d->bdf);
		write_pair(out, "driver", d->driver);
		write_pair(out, "override", d->override);
		write_pair(out, "power", d->power);
	}
	buf_puts(out, "end\n");
}

static int sync_folder(const struct live_calls *calls)
{
	int fd = call_open(calls, RUN_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), err;

	if (fd < 0)
		return fd;
	err = call_fsync(calls, fd);
	call_close(calls, fd);
	return err;
}

static int replace(const struct live_calls *calls, const struct buf *text)
{
	int fd = call_open(calls, NEW_PATH, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			   0600);
	int err;

	if (fd < 0)
		return fd;
	err = call_write_all(calls, fd, text->data, text->length);
	if (!err)
		err = call_fsync(calls, fd);
	call_close(calls, fd);
	if (!err)
		err = call_rename(calls, NEW_PATH, JOURNAL_PATH);
	return err ? err : sync_folder(calls);
}

int journal_write(const struct live_calls *calls, struct iof_ctx *ctx, const struct journal *j)
{
	struct buf text = {0};
	int err;

	journal_print(&text, j);
	err = text.err ? text.err : replace(calls, &text);
	buf_free(&text);
	return err ? live_fail(ctx, err, JOURNAL_PATH, "%s", strerror(-err)) : 0;
}

int journal_remove(const struct live_calls *calls, struct iof_ctx *ctx)
{
	int err;

	call_unlink(calls, NEW_PATH); /* of a probe that was killed while it wrote */
	err = call_unlink(calls, JOURNAL_PATH);
	if (!err)
		err = sync_folder(calls);
	return err && err != -ENOENT ? live_fail(ctx, err, JOURNAL_PATH, "%s", strerror(-err)) : 0;
}
