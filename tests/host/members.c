/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "members.h"

#include <archive.h>
#include <archive_entry.h>
#include <fnmatch.h>

#include "../captures.h"
#include "host/load.h"

struct member {
	char *path;
	char *bytes; /* a file's content, or a link's target */
	size_t length;
	bool is_link;
	bool is_folder;
};

struct members {
	struct member *items;
	size_t n;
};

static struct member *add(struct members *all)
{
	all->items = realloc(all->items, (all->n + 1) * sizeof(*all->items));
	assert_non_null(all->items);
	memset(&all->items[all->n], 0, sizeof(*all->items));
	return &all->items[all->n++];
}

static void read_member(struct members *all, struct archive *archive, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);
	struct member *member = add(all);
	struct buf path = {0};

	while (*name == '.' || *name == '/')
		name++;
	buf_printf(&path, "/%s", name);
	while (path.length > 1 && path.data[path.length - 1] == '/')
		path.data[--path.length] = '\0';
	member->path = buf_steal(&path);
	if (archive_entry_symlink(entry)) {
		member->is_link = true;
		member->bytes = strdup(archive_entry_symlink(entry));
		return;
	}
	member->is_folder = archive_entry_filetype(entry) == AE_IFDIR;
	member->length = (size_t)archive_entry_size(entry);
	member->bytes = calloc(1, member->length + 1);
	assert_non_null(member->bytes);
	if (!member->is_folder)
		assert_int_equal(archive_read_data(archive, member->bytes, member->length),
				 member->length);
}

struct members *members_read(const char *name)
{
	struct members *all = calloc(1, sizeof(*all));
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	char *path = test_path("captures/%s.tar.xz", name);

	archive_read_support_format_tar(archive);
	archive_read_support_filter_xz(archive);
	assert_int_equal(archive_read_open_filename(archive, path, 65536), ARCHIVE_OK);
	while (archive_read_next_header(archive, &entry) == ARCHIVE_OK)
		read_member(all, archive, entry);
	archive_read_free(archive);
	free(path);
	assert_true(all->n > 100);
	return all;
}

void members_free(struct members *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->items[i].path);
		free(all->items[i].bytes);
	}
	free(all->items);
	free(all);
}

const char *members_bytes(const struct members *all, const char *path, size_t *length)
{
	for (size_t i = 0; i < all->n; i++) {
		if (!str_eq(all->items[i].path, path))
			continue;
		*length = all->items[i].length;
		return all->items[i].bytes;
	}
	return NULL;
}

static char *substituted(const char *text, const char *from, const char *to)
{
	struct buf out = {0};
	const char *at;

	while ((at = strstr(text, from))) {
		buf_append(&out, text, (size_t)(at - text));
		buf_puts(&out, to);
		text = at + strlen(from);
	}
	buf_puts(&out, text);
	return buf_steal(&out);
}

void members_substitute(struct members *all, const char *from, const char *to)
{
	for (size_t i = 0; i < all->n; i++) {
		struct member *member = &all->items[i];
		char *path = substituted(member->path, from, to);

		free(member->path);
		member->path = path;
		if (member->is_link) {
			char *target = substituted(member->bytes, from, to);

			free(member->bytes);
			member->bytes = target;
		}
	}
}

/* The last change that fits wins. */
static const struct change *find_change(const struct change *changes, size_t n, const char *path)
{
	while (n--)
		if (fnmatch(changes[n].pattern, path, 0) == 0)
			return &changes[n];
	return NULL;
}

static int put(struct root *root, const struct member *member, const struct change *change)
{
	struct buf marker = {0};
	int err;

	if (member->is_folder && (!change || change->what != CHANGE_UNREADABLE))
		return change ? 0 : root_memory_folder(root, member->path);
	if (!change)
		return member->is_link ? root_memory_link(root, member->path, member->bytes)
				       : root_memory_file(root, member->path, member->bytes,
							  member->length);
	if (change->what == CHANGE_REMOVE)
		return 0;
	if (change->what == CHANGE_REPLACE)
		return root_memory_file(root, member->path, change->bytes,
					change->length ? change->length : strlen(change->bytes));
	if (change->what == CHANGE_CUT)
		return root_memory_file(root, member->path, member->bytes,
					change->length < member->length ? change->length
									: member->length);
	if (change->what == CHANGE_LINK)
		return root_memory_link(root, member->path, change->bytes);
	buf_printf(&marker, "%s.unreadable", member->path);
	err = root_memory_file(root, marker.data, "", 0);
	buf_free(&marker);
	return err;
}

static bool is_plain(const char *pattern)
{
	return !strpbrk(pattern, "*?[");
}

struct root *members_root(const struct members *all, const struct change *changes, size_t n)
{
	struct root *root;

	assert_int_equal(root_memory(NULL, "memory", &root), 0);
	for (size_t i = 0; i < all->n; i++)
		assert_int_equal(
			put(root, &all->items[i], find_change(changes, n, all->items[i].path)), 0);
	for (size_t i = 0; i < n; i++) {
		size_t length;
		struct member made = {.path = (char *)(uintptr_t)changes[i].pattern};

		if (is_plain(changes[i].pattern) && changes[i].what != CHANGE_REMOVE &&
		    !members_bytes(all, changes[i].pattern, &length))
			assert_int_equal(put(root, &made, &changes[i]), 0);
	}
	return root;
}

int members_host(struct iof_ctx *ctx, const struct members *all, const struct change *changes,
		 size_t n, const struct iof_host_options *options, struct iof_host **host)
{
	struct root *root = members_root(all, changes, n);
	int err = host_load_from_root(ctx, root, "memory:", options, host);

	root_free(root);
	return err;
}

struct iof_host *changed_host(const char *name, const struct change *changes, size_t n)
{
	struct members *all = members_read(name);
	struct iof_ctx *ctx = new_context();
	struct iof_host *host = NULL;
	int err = members_host(ctx, all, changes, n, NULL, &host);

	if (err)
		print_error("%s\n", iof_ctx_error(ctx));
	assert_int_equal(err, 0);
	members_free(all);
	iof_ctx_unref(ctx);
	return host;
}
