/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* root_memory.c - an archive's members in memory: a hash table by path, and lists of children. */
#include "base/root_private.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_TABLE 1024
#define ARENA_BLOCK 65536

enum member_kind { MEMBER_FOLDER, MEMBER_FILE, MEMBER_LINK };

struct member {
	const char *path; /* relative, "" is the root */
	const char *name; /* its last part */
	size_t path_length;
	uint64_t hash;
	enum member_kind kind;
	const char *bytes; /* of a file, or a link's target */
	size_t length;
	struct member *parent;
	struct member *children;
	struct member *sibling;
	struct member *next; /* in the same slot of the table */
};

/* Eight bytes at a time: a thousand paths of sixty bytes are hashed several times each. */
static uint64_t hash_of(const char *path, size_t length)
{
	const uint64_t factor = 0x9e3779b97f4a7c15; /* 2^64 by the golden ratio */
	uint64_t hash = length * factor, word;

	for (; length >= sizeof(word); path += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, path, sizeof(word));
		hash = (hash ^ word) * factor;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, path, length);
	hash = (hash ^ word) * factor;
	return hash ^ hash >> 32;
}

static struct member *find_hashed(const struct root *root, const char *path, size_t length,
				  uint64_t hash)
{
	struct member *m;

	for (m = root->table[hash & (root->table_size - 1)]; m; m = m->next) {
		if (m->hash == hash && m->path_length == length &&
		    memcmp(m->path, path, length) == 0)
			return m;
	}
	return NULL;
}

static struct member *find(const struct root *root, const char *path, size_t length)
{
	return find_hashed(root, path, length, hash_of(path, length));
}

static int table_resize(struct root *root, size_t size)
{
	struct member **table = calloc(size, sizeof(struct member *));
	size_t i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < root->table_size; i++) {
		struct member *m, *next;

		for (m = root->table[i]; m; m = next) {
			struct member **slot = &table[m->hash & (size - 1)];

			next = m->next;
			m->next = *slot;
			*slot = m;
		}
	}
	free(root->table);
	root->table = table;
	root->table_size = size;
	return 0;
}

static struct member *member_new(struct root *root, const char *path, size_t length, uint64_t hash,
				 struct member *parent)
{
	struct member **slot, *m;
	const char *slash;

	if (root->n_members >= root->table_size && table_resize(root, root->table_size * 2) < 0)
		return NULL;
	m = arena_alloc(root->arena, sizeof(*m));
	if (m)
		m->path = arena_strndup(root->arena, path, length);
	if (!m || !m->path)
		return NULL;
	slash = strrchr(m->path, '/');
	m->name = slash ? slash + 1 : m->path;
	m->path_length = length;
	m->hash = hash;
	m->parent = parent;
	if (parent) {
		m->sibling = parent->children;
		parent->children = m;
	}
	slot = &root->table[m->hash & (root->table_size - 1)];
	m->next = *slot;
	*slot = m;
	root->n_members++;
	return m;
}

static int refuse(struct root *root, const char *path, const char *why)
{
	return ctx_fail(root->ctx, -EBADMSG, "%s%s: %s", root->name, path, why);
}

/* The relative form without "." parts into out. */
static int normalise(struct root *root, const char *path, bool is_folder, struct buf *out)
{
	const char *part = path[0] == '/' ? path + 1 : path;

	if (buf_reserve(out, 1) < 0)
		return -ENOMEM;
	out->data[0] = '\0';
	if (strlen(path) > MAX_PATH_LENGTH)
		return refuse(root, "", "name of a member is too long");
	while (*part) {
		size_t length = strcspn(part, "/");

		if (length == 0)
			return refuse(root, path, "name with an empty part");
		if (length == 2 && part[0] == '.' && part[1] == '.')
			return refuse(root, path, "name with \"..\"");
		if (length != 1 || part[0] != '.') {
			if (out->length)
				buf_putc(out, '/');
			buf_append(out, part, length);
		}
		part += length;
		if (*part && !*++part && !is_folder)
			return refuse(root, path, "name of a file with a slash at its end");
	}
	return out->err;
}

/* The member of that path as a folder, made with all above it where there is none. */
static int folder_at(struct root *root, const char *path, size_t length, struct member **out)
{
	struct member *above = find(root, path, length);
	size_t end = 0;

	/* Mostly it is there, from the member before. What is there has folders alone above it. */
	if (above && above->kind == MEMBER_FOLDER) {
		*out = above;
		return 0;
	}
	above = find(root, "", 0);
	while (end < length) {
		struct member *m;
		size_t start = end ? end + 1 : 0;

		end = start + strcspn(path + start, "/");
		m = find(root, path, end);
		if (!m)
			m = member_new(root, path, end, hash_of(path, end), above);
		if (!m)
			return -ENOMEM;
		if (m->kind == MEMBER_LINK)
			return refuse(root, path, "a link stands where a folder is needed");
		m->kind = MEMBER_FOLDER;
		above = m;
	}
	*out = above;
	return 0;
}

/* A folder that is a member itself: it replaces a link of its name. */
static int folder_add(struct root *root, const char *path, size_t length, struct member **out)
{
	struct member *m = find(root, path, length);

	if (m && m->kind == MEMBER_LINK)
		m->kind = MEMBER_FOLDER;
	return folder_at(root, path, length, out);
}

/* The member of that path, new or to be replaced, with its folders. */
static int member_at(struct root *root, const char *path, struct member **out)
{
	const char *slash = strrchr(path, '/');
	size_t length = strlen(path);
	uint64_t hash = hash_of(path, length);
	struct member *parent, *m;
	int err;

	if (!length)
		return refuse(root, "/", "is no folder");
	err = folder_at(root, path, slash ? (size_t)(slash - path) : 0, &parent);
	if (err)
		return err;
	m = find_hashed(root, path, length, hash);
	/* Otherwise a path below it would lead past the link. */
	if (m && m->children)
		return refuse(root, path, "stands where a folder is");
	if (!m)
		m = member_new(root, path, length, hash, parent);
	*out = m;
	return m ? 0 : -ENOMEM;
}

static int add(struct root *root, const char *path, enum member_kind kind, const char *bytes,
	       size_t length)
{
	struct buf *clean = &root->path;
	struct member *m = NULL;
	const char *copy = NULL;
	int err;

	clean->length = 0;
	clean->err = 0;
	err = normalise(root, path, kind == MEMBER_FOLDER, clean);
	if (!err) {
		if (kind == MEMBER_FOLDER)
			err = folder_add(root, clean->data, clean->length, &m);
		else
			err = member_at(root, clean->data, &m);
	}
	if (!err && kind != MEMBER_FOLDER) {
		copy = arena_strndup(root->arena, bytes, length);
		err = copy ? 0 : -ENOMEM;
	}
	if (!err) {
		m->kind = kind;
		m->bytes = copy;
		m->length = length;
	}
	return err == -ENOMEM ? ctx_fail(root->ctx, err, "out of memory") : err;
}

int root_memory_file(struct root *root, const char *path, const char *bytes, size_t length)
{
	return add(root, path, MEMBER_FILE, bytes, length);
}

int root_memory_link(struct root *root, const char *path, const char *target)
{
	return add(root, path, MEMBER_LINK, target, strlen(target));
}

int root_memory_folder(struct root *root, const char *path)
{
	return add(root, path, MEMBER_FOLDER, NULL, 0);
}

/* ---- access ---- */

static int target_of(struct root *root, const char *path, struct buf *target)
{
	const struct member *m = find(root, path, strlen(path));

	if (!m)
		return -ENOENT;
	if (m->kind != MEMBER_LINK)
		return -EINVAL;
	buf_append(target, m->bytes, m->length);
	return target->err;
}

static int lookup(struct root *root, const char *path, bool follow_last, struct member **out)
{
	struct member *m = find(root, path + 1, strlen(path + 1));
	struct buf resolved = {0};
	int err = 0;

	/* A whole path that is known has no link above it: add() sees to that. */
	if (!m || (follow_last && m->kind == MEMBER_LINK)) {
		err = root_resolve(root, path, follow_last, target_of, &resolved);
		m = err ? NULL : find(root, resolved.data, resolved.length);
		buf_free(&resolved);
	}
	*out = m;
	if (err)
		return err;
	return m ? 0 : -ENOENT;
}

static int copy_bytes(struct root *root, const struct member *m)
{
	struct buf *b = &root->scratch;

	b->length = 0;
	b->err = 0;
	if (buf_reserve(b, m->length) < 0)
		return -ENOMEM;
	b->data[0] = '\0';
	buf_append(b, m->bytes, m->length);
	return b->err;
}

static int memory_read(struct root *root, const char *path, size_t max)
{
	struct member *m;
	int err = lookup(root, path, true, &m);

	if (err)
		return err;
	if (m->kind == MEMBER_FOLDER)
		return -EISDIR;
	return m->length > max ? -EFBIG : copy_bytes(root, m);
}

static int memory_readlink(struct root *root, const char *path)
{
	struct member *m;
	int err = lookup(root, path, false, &m);

	if (err)
		return err;
	return m->kind == MEMBER_LINK ? copy_bytes(root, m) : -EINVAL;
}

static int memory_list(struct root *root, const char *path, root_each_fn each, void *arg)
{
	struct member *m, *child;
	int err = lookup(root, path, true, &m);

	if (err)
		return err;
	if (m->kind != MEMBER_FOLDER)
		return -ENOTDIR;
	for (child = m->children; child && !err; child = child->sibling)
		err = each(arg, child->name);
	return err;
}

static int memory_exists(struct root *root, const char *path)
{
	struct member *m;

	return lookup(root, path, true, &m);
}

static void memory_close(struct root *root)
{
	free(root->table);
	buf_free(&root->path);
	if (root->arena)
		arena_free(root->arena);
}

static const struct root_ops memory_ops = {
	.read = memory_read,
	.readlink = memory_readlink,
	.list = memory_list,
	.exists = memory_exists,
	.close = memory_close,
};

int root_memory(struct iof_ctx *ctx, const char *name, struct root **out)
{
	struct root *root;
	struct buf prefix = {0};
	int err;

	buf_printf(&prefix, "%s:", name);
	err = root_new(ctx, ROOT_ARCHIVE, &memory_ops, buf_steal(&prefix), &root);
	if (err)
		return err;
	root->arena = arena_new(ARENA_BLOCK);
	if (!root->arena || table_resize(root, FIRST_TABLE) < 0 ||
	    !member_new(root, "", 0, hash_of("", 0), NULL)) {
		root_free(root);
		return ctx_fail(ctx, -ENOMEM, "out of memory");
	}
	*out = root;
	return 0;
}
