/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fake_kernel.c - see fake_kernel.h: the calls, their log and faults. fake_tree.c has the files,
 * fake_vfio.c and fake_iommufd.c the ioctls. */
#include "fake_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *fake_grow(void *old, size_t n, size_t size)
{
	void *grown = realloc(old, n * size);

	/* A test that lets one allocation fail does not mean this one. */
	if (!grown)
		grown = realloc(old, n * size);
	if (!grown)
		abort();
	return grown;
}

char *fake_printf(const char *format, ...)
{
	va_list list;
	char *text;

	int length;

	va_start(list, format);
	length = vasprintf(&text, format, list);
	va_end(list);
	if (length < 0) {
		va_start(list, format);
		length = vasprintf(&text, format, list);
		va_end(list);
	}
	if (length < 0)
		abort();
	return text;
}

/* ---- set up ---- */

void fake_set_on_write(struct fake_kernel *k, fake_on_write on_write, void *data)
{
	k->on_write = on_write;
	k->on_write_data = data;
}

void fake_set_euid(struct fake_kernel *k, unsigned euid)
{
	k->euid = euid;
}

/* ---- the log and faults ---- */

int fake_enter(struct fake_kernel *k, const char *kind, const char *what)
{
	if (k->interrupts && !k->interrupted) {
		k->interrupted = true;
		return -EINTR;
	}
	k->interrupted = false;
	if (k->kill_at && k->n_log + 1 >= k->kill_at)
		longjmp(*k->kill_to, 1);
	if (k->stop_at && k->n_log + 1 >= k->stop_at)
		return -EIO;
	k->log = fake_grow(k->log, k->n_log + 1, sizeof(*k->log));
	k->log[k->n_log++] = fake_printf("%s %s", kind, what);
	return k->fail_at == k->n_log ? -k->fail_error : 0;
}

unsigned fake_n_calls(struct fake_kernel *k)
{
	return k->n_log;
}

const char *fake_call(struct fake_kernel *k, unsigned n)
{
	return n >= 1 && n <= k->n_log ? k->log[n - 1] : NULL;
}

bool fake_called(struct fake_kernel *k, const char *call)
{
	unsigned i;

	for (i = 0; i < k->n_log; i++)
		if (strcmp(k->log[i], call) == 0)
			return true;
	return false;
}

void fake_fail_at(struct fake_kernel *k, unsigned n, int error)
{
	k->fail_at = n;
	k->fail_error = error;
}

void fake_stop_at(struct fake_kernel *k, unsigned n)
{
	k->stop_at = n;
}

void fake_set_locked(struct fake_kernel *k, bool is_locked)
{
	k->is_locked = is_locked;
}

void fake_interrupt(struct fake_kernel *k, bool yes)
{
	k->interrupts = yes;
}

void fake_short(struct fake_kernel *k, size_t max)
{
	k->short_bytes = max;
}

void fake_kill_at(struct fake_kernel *k, unsigned n, void *where)
{
	k->kill_at = n;
	k->kill_to = where;
}

void fake_forget(struct fake_kernel *k)
{
	unsigned i;

	for (i = 0; i < k->n_log; i++)
		free(k->log[i]);
	k->n_log = 0;
	k->fail_at = 0;
	k->kill_at = 0;
	k->stop_at = 0;
	k->interrupts = k->interrupted = false;
	k->short_bytes = 0;
	k->resets = 0;
}

/* ---- descriptors ---- */

int fake_new_file(struct fake_kernel *k, enum file_kind kind, const char *path)
{
	size_t i;

	for (i = 0; i < k->n_files && k->files[i].kind != OPEN_NOTHING; i++)
		;
	if (i == k->n_files)
		k->files = fake_grow(k->files, ++k->n_files, sizeof(*k->files));
	k->files[i] = (struct open_file){
		.kind = kind, .path = fake_printf("%s", path), .container = -1, .iommufd = -1};
	return FIRST_FD + (int)i;
}

struct open_file *fake_file_of(struct fake_kernel *k, int fd, enum file_kind kind)
{
	size_t i = (size_t)(fd - FIRST_FD);

	if (fd < FIRST_FD || i >= k->n_files || k->files[i].kind != kind)
		return NULL;
	return &k->files[i];
}

static struct open_file *any_file(struct fake_kernel *k, int fd)
{
	size_t i = (size_t)(fd - FIRST_FD);

	if (fd < FIRST_FD || i >= k->n_files || k->files[i].kind == OPEN_NOTHING)
		abort(); /* used after it was closed: a bug of the caller */
	return &k->files[i];
}

size_t fake_n_open(struct fake_kernel *k)
{
	size_t i, n = 0;

	for (i = 0; i < k->n_files; i++)
		n += k->files[i].kind != OPEN_NOTHING;
	return n;
}

static int open_node(struct fake_kernel *k, const char *path, int flags)
{
	struct node *node = fake_find(k, path);

	if (!node && !(flags & O_CREAT))
		return -ENOENT;
	if (node && (flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (node && node->kind == NODE_LINK)
		return -ELOOP;
	if (node && node->kind == NODE_DEVICE && node->is_claimed && (flags & O_EXCL))
		return -EBUSY;
	if (node && node->kind == NODE_FOLDER)
		return flags & (O_WRONLY | O_RDWR) ? -EISDIR : fake_new_file(k, OPEN_FOLDER, path);
	if (!node || (flags & O_TRUNC))
		fake_file(k, path, "");
	return fake_new_file(k, OPEN_FILE, path);
}

static int call_open_file(void *data, const char *path, int flags, unsigned mode)
{
	struct fake_kernel *k = data;
	int result = fake_enter(k, "open", path);
	char *real;

	(void)mode;
	if (result)
		return result;
	if (strncmp(path, "/dev/vfio", 9) == 0 || strcmp(path, "/dev/iommu") == 0)
		return fake_vfio_open(k, path);
	real = fake_resolve(k, path, !(flags & O_NOFOLLOW));
	result = open_node(k, real, flags);
	free(real);
	return result;
}

static int call_close_file(void *data, int fd)
{
	struct fake_kernel *k = data;
	struct open_file *file = any_file(k, fd);

	fake_vfio_close(k, fd);
	free(file->path);
	memset(file, 0, sizeof(*file));
	return 0;
}

static ssize_t call_read(void *data, int fd, void *buffer, size_t size)
{
	struct fake_kernel *k = data;
	struct open_file *file = any_file(k, fd);
	int err = fake_enter(k, "read", file->path);
	struct node *node = fake_find(k, file->path);
	size_t left;

	if (err)
		return err;
	if (!node || node->kind != NODE_FILE)
		return -EISDIR;
	left = file->at < node->length ? node->length - file->at : 0;
	if (size > left)
		size = left;
	if (k->short_bytes && size > k->short_bytes)
		size = k->short_bytes;
	memcpy(buffer, node->text + file->at, size);
	file->at += size;
	return (ssize_t)size;
}

static int write_text(struct fake_kernel *k, const char *path, const char *text, size_t length,
		      size_t at)
{
	struct node *node = fake_find(k, path);
	char *whole;
	int err;

	if (!node)
		return -ENOENT;
	whole = fake_grow(NULL, at + length + 1, 1);
	memcpy(whole, node->text, at);
	memcpy(whole + at, text, length);
	whole[at + length] = '\0';
	err = k->on_write ? k->on_write(k, k->on_write_data, path, whole + at) : 0;
	/* What is written may have changed the tree. */
	node = fake_find(k, path);
	if (!err && node)
		fake_set_text(node, whole, at + length);
	free(whole);
	return err;
}

static ssize_t call_write(void *data, int fd, const void *buffer, size_t size)
{
	struct fake_kernel *k = data;
	struct open_file *file = any_file(k, fd);
	int err = fake_enter(k, "write", file->path);

	if (err)
		return err;
	if (k->short_bytes && size > k->short_bytes)
		size = k->short_bytes;
	err = write_text(k, file->path, buffer, size, file->at);
	if (err)
		return err;
	file->at += size;
	return (ssize_t)size;
}

static int call_ioctl_fake(void *data, int fd, unsigned long request, void *argument)
{
	struct fake_kernel *k = data;
	int err = fake_enter(k, "ioctl", fake_vfio_name(request));

	any_file(k, fd);
	return err ? err : fake_vfio_ioctl(k, fd, request, argument);
}

static int call_fsync_fake(void *data, int fd)
{
	struct fake_kernel *k = data;

	return fake_enter(k, "fsync", any_file(k, fd)->path);
}

static int call_fchmod_fake(void *data, int fd, unsigned mode)
{
	struct fake_kernel *k = data;
	struct open_file *file = any_file(k, fd);
	int err = fake_enter(k, "fchmod", file->path);
	struct node *node = fake_find(k, file->path);

	if (!err && node)
		node->mode = mode;
	return err;
}

static int call_flock_fake(void *data, int fd, int operation)
{
	struct fake_kernel *k = data;

	int err = fake_enter(k, "flock", any_file(k, fd)->path);

	(void)operation;
	return !err && k->is_locked ? -EWOULDBLOCK : err;
}

static int call_node_fake(void *data, const char *path, bool *is_block, unsigned *major,
			  unsigned *minor)
{
	struct fake_kernel *k = data;
	int err = fake_enter(k, "node", path);
	struct node *node;
	char *real;

	if (err)
		return err;
	real = fake_resolve(k, path, true);
	node = fake_find(k, real);
	free(real);
	if (!node)
		return -ENOENT;
	if (node->kind != NODE_DEVICE)
		return -ENODEV;
	*is_block = node->is_block;
	*major = node->major;
	*minor = node->minor;
	return 0;
}

static int call_mkdir_fake(void *data, const char *path, unsigned mode)
{
	struct fake_kernel *k = data;
	int err = fake_enter(k, "mkdir", path);

	(void)mode;
	if (err)
		return err;
	if (fake_find(k, path))
		return -EEXIST;
	fake_add(k, path, NODE_FOLDER);
	return 0;
}

static int call_rename_fake(void *data, const char *from, const char *to)
{
	struct fake_kernel *k = data;
	int err = fake_enter(k, "rename", from);
	struct node *node;

	if (err)
		return err;
	if (!fake_find(k, from))
		return -ENOENT;
	fake_remove(k, to);
	node = fake_find(k, from);
	free(node->path);
	node->path = fake_printf("%s", to);
	return 0;
}

static int call_unlink_fake(void *data, const char *path)
{
	struct fake_kernel *k = data;
	int err = fake_enter(k, "unlink", path);

	if (err)
		return err;
	if (!fake_find(k, path))
		return -ENOENT;
	fake_remove(k, path);
	return 0;
}

static ssize_t call_readlink_fake(void *data, const char *path, char *buffer, size_t size)
{
	struct fake_kernel *k = data;
	int err = fake_enter(k, "readlink", path);
	struct node *node;
	char *real;

	if (err)
		return err;
	real = fake_resolve(k, path, false);
	node = fake_find(k, real);
	free(real);
	if (!node)
		return -ENOENT;
	if (node->kind != NODE_LINK)
		return -EINVAL;
	if (size > node->length)
		size = node->length;
	memcpy(buffer, node->text, size);
	return (ssize_t)size;
}

static int list_node(struct fake_kernel *k, const char *path, int (*each)(void *, const char *),
		     void *argument)
{
	size_t length = strlen(path), i;
	struct node *node = fake_find(k, path);
	int err = 0;

	if (!node)
		return -ENOENT;
	if (node->kind != NODE_FOLDER)
		return -ENOTDIR;
	for (i = 0; !err && i < k->n_nodes; i++) {
		const char *name = k->nodes[i].path + length + 1;

		if (fake_is_below(k->nodes[i].path, path) && k->nodes[i].path[length] &&
		    !strchr(name, '/'))
			err = each(argument, name);
	}
	return err;
}

static int call_list(void *data, const char *path, int (*each)(void *, const char *),
		     void *argument)
{
	struct fake_kernel *k = data;
	int err = fake_enter(k, "list", path);
	char *real;

	if (err)
		return err;
	real = fake_resolve(k, path, true);
	err = list_node(k, real, each, argument);
	free(real);
	return err;
}

static void *call_map(void *data, size_t length)
{
	struct fake_kernel *k = data;
	void *page;
	int err;

	do /* mmap() is not interrupted */
		err = fake_enter(k, "map", "memory");
	while (err == -EINTR);
	if (err)
		return NULL;
	page = fake_grow(NULL, length, 1);
	memset(page, 0, length);
	k->pages = fake_grow(k->pages, k->n_pages + 1, sizeof(*k->pages));
	k->pages[k->n_pages++] = page;
	return page;
}

static int call_unmap(void *data, void *address, size_t length)
{
	struct fake_kernel *k = data;
	size_t i;

	(void)length;
	for (i = 0; i < k->n_pages && k->pages[i] != address; i++)
		;
	if (i == k->n_pages)
		abort();
	k->pages[i] = k->pages[--k->n_pages];
	free(address);
	return 0;
}

static int call_write_limited_fake(void *data, const char *path, const char *text,
				   unsigned timeout_ms)
{
	struct fake_kernel *k = data;
	int err = fake_enter(k, "write", path);

	char *real;

	(void)timeout_ms;
	if (err)
		return err;
	real = fake_resolve(k, path, true);
	err = write_text(k, real, text, strlen(text), 0);
	free(real);
	return err;
}

static unsigned call_euid(void *data)
{
	return ((struct fake_kernel *)data)->euid;
}

static int64_t call_monotonic_ms(void *data)
{
	return ((struct fake_kernel *)data)->now_ms++;
}

struct fake_kernel *fake_kernel_new(void)
{
	struct fake_kernel *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->calls = (struct live_calls){
		.data = k,
		.open = call_open_file,
		.close = call_close_file,
		.read = call_read,
		.write = call_write,
		.ioctl = call_ioctl_fake,
		.fsync = call_fsync_fake,
		.fchmod = call_fchmod_fake,
		.flock = call_flock_fake,
		.mkdir = call_mkdir_fake,
		.rename = call_rename_fake,
		.unlink = call_unlink_fake,
		.readlink = call_readlink_fake,
		.list = call_list,
		.node = call_node_fake,
		.map = call_map,
		.unmap = call_unmap,
		.write_limited = call_write_limited_fake,
		.euid = call_euid,
		.monotonic_ms = call_monotonic_ms,
	};
	return k;
}

void fake_kernel_free(struct fake_kernel *k)
{
	size_t i;

	fake_forget(k);
	for (i = 0; i < k->n_nodes; i++) {
		free(k->nodes[i].path);
		free(k->nodes[i].text);
	}
	for (i = 0; i < k->n_files; i++)
		free(k->files[i].path);
	for (i = 0; i < k->n_pages; i++)
		free(k->pages[i]);
	free(k->nodes);
	free(k->files);
	free(k->objects);
	free(k->mappings);
	free(k->pages);
	free(k->log);
	free(k);
}

const struct live_calls *fake_kernel_calls(struct fake_kernel *k)
{
	return &k->calls;
}
