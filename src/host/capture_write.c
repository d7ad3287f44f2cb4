// SPDX-License-Identifier: LGPL-2.1-or-later
/* capture_write.c - a whole-host snapshot: what the allowlist names, filtered, as an archive in a
 * fixed order. */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/klog.h>

#include "base/error.h"
#include "base/root.h"
#include "host/capture.h"
#include "host/loader.h"
#include "host/measured.h"
#include "host/tar.h"

#define BLOCK (256u * 1024)
#define MAX_LINKS 40 /* as the kernel follows */
#define LOG_PATH "/var/log/dmesg"

enum { KLOG_READ_ALL = 3, KLOG_SIZE = 10 }; /* syslog(2) */

enum entry_kind { ENTRY_FILE, ENTRY_LINK, ENTRY_FOLDER };

struct entry {
	enum entry_kind kind;
	const char *path;  /* absolute */
	const char *bytes; /* of a file, or a link's target */
	size_t length;
	size_t order; /* in which it was taken: of two with the same path the first counts */
};

struct capture {
	struct iof_ctx *ctx;
	struct root *root;
	struct arena *arena;
	const char *release; /* of the kernel, "" if unknown */
	struct entry *entries;
	size_t n, cap;
};

/* Called with each path that fits a pattern; its last part is not followed. */
typedef int (*visit_fn)(struct capture *, const char *path, const struct capture_leaf *);

static int no_memory(struct capture *c)
{
	return ctx_fail(c->ctx, -ENOMEM, "out of memory");
}

static int add(struct capture *c, enum entry_kind kind, const char *path, const char *bytes,
	       size_t length)
{
	if (c->n == TAR_MAX_MEMBERS)
		return ctx_fail(c->ctx, -EFBIG, "%s: more than %u files", root_name(c->root),
				TAR_MAX_MEMBERS);
	if (c->n == c->cap) {
		c->entries = arena_grow(c->arena, c->entries, c->n, &c->cap, sizeof(*c->entries));
		if (!c->entries)
			return no_memory(c);
	}
	c->entries[c->n] = (struct entry){kind, path, bytes, length, c->n};
	c->n++;
	return 0;
}

/* ---- walking ---- */

/* Where a link in `folder` leads, by its text alone: "/a/b" + "../c" is "/a/c". NULL: out of
 * memory. */
static const char *join(struct capture *c, const char *folder, const char *target)
{
	char *out = arena_alloc(c->arena, strlen(folder) + strlen(target) + 2);
	size_t length = 0;
	const char *part;

	if (!out)
		return NULL;
	if (*target != '/') {
		length = strlen(folder);
		memcpy(out, folder, length);
	}
	for (part = target; *part; part += strspn(part, "/")) {
		size_t n = strcspn(part, "/");

		if (n == 2 && memcmp(part, "..", 2) == 0) {
			while (length && out[--length] != '/')
				;
		} else if (n && !(n == 1 && *part == '.')) {
			out[length++] = '/';
			memcpy(out + length, part, n);
			length += n;
		}
		part += n;
	}
	out[length] = '\0';
	return out;
}

static int walk(struct capture *c, const char *folder, const char *rest, unsigned links, visit_fn,
		const struct capture_leaf *);

/* One part of a pattern by its real name: a link on the way is taken, and walked through from the
 * top. */
static int step(struct capture *c, const char *folder, const char *name, const char *rest,
		unsigned links, visit_fn visit, const struct capture_leaf *leaf)
{
	char *path = arena_printf(c->arena, "%s/%s", folder, name);
	const char *target;
	int err;

	if (!path)
		return no_memory(c);
	if (!*rest)
		return visit(c, path, leaf);
	err = root_readlink(c->root, c->arena, path, &target);
	if (err == -EINVAL)
		return walk(c, path, rest, links, visit, leaf);
	if (err == -ENOMEM)
		return err;
	if (err || links == MAX_LINKS)
		return 0;
	err = add(c, ENTRY_LINK, path, target, 0);
	if (err)
		return err;
	target = join(c, folder, target);
	path = target ? arena_printf(c->arena, "%s/%s", target, rest) : NULL;
	return path ? walk(c, "", path + 1, links + 1, visit, leaf) : no_memory(c);
}

/* Everything below folder that fits the pattern "rest", which is relative. */
static int walk(struct capture *c, const char *folder, const char *rest, unsigned links,
		visit_fn visit, const struct capture_leaf *leaf)
{
	size_t i, n, length = strcspn(rest, "/");
	char *part = arena_strndup(c->arena, rest, length);
	const char **names;
	int err;

	if (!part)
		return no_memory(c);
	rest += length;
	rest += strspn(rest, "/");
	if (!strpbrk(part, "*["))
		return step(c, folder, part, rest, links, visit, leaf);
	err = root_list(c->root, c->arena, *folder ? folder : "/", &names, &n);
	if (err)
		return err == -ENOMEM ? err : 0;
	for (i = 0; i < n && !err; i++) {
		if (fnmatch(part, names[i], FNM_PERIOD) == 0)
			err = step(c, folder, names[i], rest, links, visit, leaf);
	}
	return err;
}

/* ---- taking ---- */

static int add_filtered(struct capture *c, const char *path, enum capture_filter filter,
			const char *bytes, size_t length)
{
	if (capture_filter_bytes(c->arena, filter, bytes, length, &bytes, &length) < 0)
		return no_memory(c);
	return add(c, ENTRY_FILE, path, bytes, length);
}

static const char *config_path(struct capture *c)
{
	return arena_printf(c->arena, "/boot/config-%s", c->release);
}

/* Of the running kernel only. */
static int add_config(struct capture *c, const char *path, const char *bytes, size_t length)
{
	const char *wanted = config_path(c);

	if (!wanted)
		return no_memory(c);
	return str_eq(path, wanted) ? add_filtered(c, path, CAPTURE_KCONFIG, bytes, length) : 0;
}

static int add_packed_config(struct capture *c, const char *bytes, size_t length)
{
	const char *path = config_path(c);
	int err;

	if (!path)
		return no_memory(c);
	if (!length || !*c->release)
		return 0;
	err = gunzip(c->arena, bytes, length, FACT_CONFIG, &bytes, &length);
	if (err)
		return err == -ENOMEM ? no_memory(c) : 0;
	return add_filtered(c, path, CAPTURE_KCONFIG, bytes, length);
}

/* The boot id is random, but it names this machine until it is booted again. That it is the right
 * one is what the capture vouches for. */
static int add_measured(struct capture *c, const char *path, const char *bytes, size_t length)
{
	const char *boot_id = NULL;
	int err = root_read_line(c->root, c->arena, BOOT_ID_PATH, &boot_id);

	if (err == -ENOMEM)
		return err;
	if (err && (err != -ENOENT || root_kind(c->root) == ROOT_LIVE))
		return 0;
	err = measured_known(c->arena, bytes, length, boot_id, c->release, &bytes, &length);
	if (err == -ENOMEM)
		return no_memory(c);
	return err ? 0 : add(c, ENTRY_FILE, path, bytes, length);
}

/* There, but not for us: that is a fact too. */
static int add_unreadable(struct capture *c, const char *path)
{
	path = arena_printf(c->arena, "%s.unreadable", path);
	return path ? add(c, ENTRY_FILE, path, "", 0) : no_memory(c);
}

static int take_file(struct capture *c, const char *path, const struct capture_leaf *leaf)
{
	const char *bytes;
	size_t length;
	int err = root_read(c->root, c->arena, path, TAR_MAX_MEMBER, &bytes, &length);

	if (err == -ENOMEM)
		return err;
	if (err == -EACCES || err == -EPERM)
		return add_unreadable(c, path);
	if (err)
		return 0;
	if (leaf->filter == CAPTURE_KCONFIG)
		return add_config(c, path, bytes, length);
	if (leaf->filter == CAPTURE_KCONFIG_GZ)
		return add_packed_config(c, bytes, length);
	if (leaf->filter == CAPTURE_MEASURED)
		return add_measured(c, path, bytes, length);
	return add_filtered(c, path, leaf->filter, bytes, length);
}

/* What is no file to be read. root_exists() would not tell a failure from absence. */
static int take_name(struct capture *c, const char *path, enum capture_what what)
{
	const char *target;
	int err = root_readlink(c->root, c->arena, path, &target);

	if (err == -ENOMEM)
		return err;
	if (err && err != -EINVAL)
		return 0;
	if (what == CAPTURE_MARK)
		return add(c, ENTRY_FILE, path, "", 0);
	if (!err)
		return add(c, ENTRY_LINK, path, target, 0);
	return what == CAPTURE_FOLDER ? add(c, ENTRY_FOLDER, path, NULL, 0) : 0;
}

static int take(struct capture *c, const char *path, const struct capture_leaf *leaf)
{
	return leaf->what == CAPTURE_FILE ? take_file(c, path, leaf)
					  : take_name(c, path, leaf->what);
}

/* All leaves of one place. */
static int take_place(struct capture *c, const char *folder, const struct capture_leaf *leaf)
{
	int err = 0;

	for (; leaf->path && !err; leaf++)
		err = walk(c, folder, leaf->path, 0, take, leaf);
	return err;
}

/* A place that is a link is taken as one, and then looked into where it leads. */
static int enter_place(struct capture *c, const char *path, const struct capture_leaf *leaves)
{
	const char *target, *folder = path;
	unsigned links = 0;
	int err;

	while ((err = root_readlink(c->root, c->arena, folder, &target)) == 0 &&
	       links++ < MAX_LINKS) {
		const char *slash = strrchr(folder, '/');
		char *parent = arena_strndup(c->arena, folder, (size_t)(slash - folder));

		err = add(c, ENTRY_LINK, folder, target, 0);
		if (err)
			return err;
		folder = parent ? join(c, parent, target) : NULL;
		if (!folder)
			return no_memory(c);
	}
	if (err == -ENOMEM)
		return err;
	return err == -EINVAL ? take_place(c, folder, leaves) : 0;
}

static int take_live_log(struct capture *c)
{
	int size = klogctl(KLOG_SIZE, NULL, 0);
	char *bytes;
	int length;

	if (size <= 0 || size > (int)FACT_LOG)
		return 0;
	bytes = arena_alloc(c->arena, (size_t)size + 1);
	if (!bytes)
		return no_memory(c);
	length = klogctl(KLOG_READ_ALL, bytes, size);
	return length < 0 ? 0 : add_filtered(c, LOG_PATH, CAPTURE_LOG, bytes, (size_t)length);
}

/* "Linux version RELEASE ..." */
static int find_release(struct capture *c)
{
	static const char prefix[] = "Linux version ";
	const char *text;
	int err = root_read_line(c->root, c->arena, "/proc/version", &text);

	c->release = "";
	if (err || !str_starts(text, prefix))
		return err == -ENOMEM ? err : 0;
	text += sizeof(prefix) - 1;
	c->release = arena_strndup(c->arena, text, strcspn(text, " /"));
	return c->release ? 0 : no_memory(c);
}

static int take_all(struct capture *c)
{
	const struct capture_place *place;
	int err = find_release(c);

	for (place = capture_places; place->folder && !err; place++)
		err = walk(c, "", place->folder + 1, 0, enter_place, place->leaves);
	if (!err && root_kind(c->root) == ROOT_LIVE)
		err = take_live_log(c);
	return err;
}

/* ---- writing ---- */

static int by_path(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	if (order)
		return order;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int put(const struct archive_module *module, struct archive_writer *writer,
	       const struct entry *entry)
{
	const char *name = entry->path + 1;

	switch (entry->kind) {
	case ENTRY_FILE:
		return module->file(writer, name, entry->bytes, entry->length);
	case ENTRY_LINK:
		return module->link(writer, name, entry->bytes);
	default:
		return module->folder(writer, name);
	}
}

static int put_all(struct capture *c, const struct archive_module *module,
		   struct archive_writer *writer, void (*took)(void *, const char *), void *data)
{
	size_t i;
	int err = 0;

	if (c->n)
		qsort(c->entries, c->n, sizeof(*c->entries), by_path);
	for (i = 0; i < c->n && !err; i++) {
		const struct entry *entry = &c->entries[i];

		if (i && str_eq(entry[-1].path, entry->path))
			continue;
		err = put(module, writer, entry);
		if (!err && took)
			took(data, entry->path);
	}
	return err;
}

static int write_archive(struct capture *c, int fd, const char *format,
			 void (*took)(void *, const char *), void *data)
{
	const struct archive_module *module;
	struct archive_writer *writer;
	char reason[256] = "";
	int err = archive_module_load(c->ctx, MODULE_ARCHIVE, &module);
	int close_err;

	if (err)
		return err;
	err = module->open(fd, format, &writer, reason, sizeof(reason));
	if (err)
		return ctx_fail(c->ctx, err, "%s", *reason ? reason : strerror(-err));
	err = put_all(c, module, writer, took, data);
	close_err = module->close(writer, err == 0, reason, sizeof(reason));
	if (!err)
		err = close_err;
	return err ? ctx_fail(c->ctx, err, "cannot write the capture: %s",
			      *reason ? reason : strerror(-err))
		   : 0;
}

int capture_write(struct iof_ctx *ctx, struct root *root, int fd, const char *format,
		  void (*took)(void *data, const char *path), void *data)
{
	struct capture c = {.ctx = ctx, .root = root};
	int err;

	c.arena = arena_new(BLOCK);
	err = c.arena ? take_all(&c) : no_memory(&c);
	if (!err)
		err = write_archive(&c, fd, format, took, data);
	arena_free(c.arena);
	return err;
}

IOF_EXPORT int iof_capture_write(struct iof_ctx *ctx, const char *path, int fd, const char *format,
				 void (*took)(void *data, const char *path), void *data)
{
	struct root *root;
	int err = path ? root_folder(ctx, path, &root) : root_live(ctx, &root);

	if (err)
		return err;
	err = capture_write(ctx, root, fd, format, took, data);
	root_free(root);
	return err;
}
