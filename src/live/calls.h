/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * calls.h - every system call that probe and rehearse make, behind one table, so that tests can
 * record, replay and refuse each of them without root.
 *
 * All return what the call returns, or a negative errno. EINTR is retried here, by the functions
 * that callers use (call_*), never by the table's own.
 */
#ifndef LIVE_CALLS_H
#define LIVE_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct live_calls {
	void *data;
	/* O_CLOEXEC is always among the flags. mode counts with O_CREAT alone. */
	int (*open)(void *data, const char *path, int flags, unsigned mode);
	int (*close)(void *data, int fd);
	ssize_t (*read)(void *data, int fd, void *buffer, size_t size);
	ssize_t (*write)(void *data, int fd, const void *buffer, size_t size);
	int (*ioctl)(void *data, int fd, unsigned long request, void *argument);
	int (*fsync)(void *data, int fd);
	int (*fchmod)(void *data, int fd, unsigned mode); /* whatever the umask is */
	int (*flock)(void *data, int fd, int operation);
	int (*mkdir)(void *data, const char *path, unsigned mode);
	int (*rename)(void *data, const char *from, const char *to);
	int (*unlink)(void *data, const char *path);
	/* The text of a link, not terminated. */
	ssize_t (*readlink)(void *data, const char *path, char *buffer, size_t size);
	/* The number of a device node, links followed. -ENODEV: it is no node of a device. */
	int (*node)(void *data, const char *path, bool *is_block, unsigned *major, unsigned *minor);
	/* Every name in a folder but . and .., until each() returns non-zero. */
	int (*list)(void *data, const char *path, int (*each)(void *argument, const char *name),
		    void *argument);
	/* Private anonymous memory, zeroed; NULL: -ENOMEM. */
	void *(*map)(void *data, size_t length);
	int (*unmap)(void *data, void *address, size_t length);
	/* Write text to a file in a child that is given up after that time (-ETIMEDOUT): some
	 * drivers hang when they are unbound. */
	int (*write_limited)(void *data, const char *path, const char *text, unsigned timeout_ms);
	unsigned (*euid)(void *data);
	int64_t (*monotonic_ms)(void *data);
};

/* The kernel of this machine. */
extern const struct live_calls live_calls_system;

/* As in the table, with EINTR retried. close() is not: Linux has closed the descriptor by then. */
int call_open(const struct live_calls *, const char *path, int flags, unsigned mode);
void call_close(const struct live_calls *, int fd);
int call_ioctl(const struct live_calls *, int fd, unsigned long request, void *argument);
int call_fsync(const struct live_calls *, int fd);
int call_fchmod(const struct live_calls *, int fd, unsigned mode);
int call_flock(const struct live_calls *, int fd, int operation);
int call_mkdir(const struct live_calls *, const char *path, unsigned mode);
int call_rename(const struct live_calls *, const char *from, const char *to);
int call_unlink(const struct live_calls *, const char *path);
ssize_t call_readlink(const struct live_calls *, const char *path, char *buffer, size_t size);
int call_node(const struct live_calls *, const char *path, bool *is_block, unsigned *major,
	      unsigned *minor);
int call_write_limited(const struct live_calls *, const char *path, const char *text,
		       unsigned timeout_ms);
/* All of it, or an error: a short write is continued, and one of 0 bytes is -EIO. */
int call_write_all(const struct live_calls *, int fd, const void *bytes, size_t size);
/* A whole file of at most max bytes (-EFBIG), terminated, from malloc(). Short reads are continued.
 * A trailing newline is kept. */
int call_read_file(const struct live_calls *, const char *path, size_t max, char **text,
		   size_t *length);
/* One line of a sysfs attribute, without its newline, from malloc(). */
int call_read_line(const struct live_calls *, const char *path, char **line);
/* The last part of a link's text ("vfio-pci" of …/driver), from malloc(). -ENOENT: no link. */
int call_link_name(const struct live_calls *, const char *path, char **name);

#endif
