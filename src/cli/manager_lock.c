/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager_lock.c - whether a manager's config may be written without the manager: libvirt's daemon
 * holds definitions in memory, Proxmox VE's tools lock each change.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manager.h"
#include "root_folder.h"

static bool is_there(int root, const char *path)
{
	int fd = root_open_below(root, path, O_PATH);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A daemon keeps a lock on its pid file as long as it lives (fcntl, as virPidFileAcquire). A file
 * that cannot be looked at counts as locked: it is somebody's. */
static bool is_locked(int root, const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = root_open_below(root, path, O_RDONLY | O_NONBLOCK);
	bool held;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return false;
	if (fd < 0)
		return true;
	held = fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
	close(fd);
	return held;
}

/* Where a libvirt keeps its state: the system's below run/, a user's in XDG_RUNTIME_DIR. */
static int state_folder(const struct managed *m, char **folder)
{
	const char *own = getenv("XDG_RUNTIME_DIR");
	int n;

	if (!m->is_session)
		n = asprintf(folder, "run");
	else if (own && *own == '/')
		n = asprintf(folder, "%s", own + 1);
	else
		n = asprintf(folder, "run/user/%lu", (unsigned long)geteuid());
	if (n < 0)
		*folder = NULL;
	return n < 0 ? -ENOMEM : 0;
}

static int check_domain(struct tool *t, const struct managed *m, int root, const char *folder)
{
	static const char *const ends[] = {".xml", ".pid"};
	const char *below = m->is_session ? "libvirt/qemu/run" : "libvirt/qemu";

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *path = NULL;
		bool running;

		if (asprintf(&path, "%s/%s/%s%s", folder, below, t->args.libvirt, ends[i]) < 0)
			return -ENOMEM;
		running = is_there(root, path);
		free(path);
		if (running)
			return tool_error(t, -EBUSY,
					  "%s: the domain is running; shut it down, or use virsh "
					  "define",
					  m->path);
	}
	return 0;
}

static int check_daemons(struct tool *t, const struct managed *m, int root, const char *folder)
{
	static const struct {
		const char *name, *file, *session_file;
	} daemons[] = {
		{"libvirtd", "libvirtd.pid", "libvirt/libvirtd.pid"},
		{"virtqemud", "virtqemud.pid", "libvirt/virtqemud.pid"},
	};

	for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++) {
		char *path = NULL;
		bool locked;

		if (asprintf(&path, "%s/%s", folder,
			     m->is_session ? daemons[i].session_file : daemons[i].file) < 0)
			return -ENOMEM;
		locked = is_locked(root, path);
		free(path);
		if (locked)
			return tool_error(t, -EBUSY,
					  "%s: %s is running and would not see the change; stop "
					  "it, or use virsh define",
					  m->path, daemons[i].name);
	}
	return 0;
}

static int lock_libvirt(struct tool *t, const struct managed *m, int root)
{
	char *folder = NULL;
	int err = state_folder(m, &folder);

	if (m->is_running)
		err = tool_error(t, -EBUSY,
				 "%s: the domain is running and has no definition to write",
				 m->path);
	if (!err)
		err = check_domain(t, m, root, folder);
	if (!err)
		err = check_daemons(t, m, root, folder);
	free(folder);
	return err;
}

/* Proxmox VE's tools take flock(2) on this file around every change of the config. */
static int take_flock(struct tool *t, struct managed *m, int root)
{
	char *name = NULL;
	int base = root_open_below(root, "var/lock", O_PATH | O_DIRECTORY);
	int folder, err = 0;

	if (base < 0)
		return tool_error(t, base, "/var/lock: %s", strerror(-base));
	if (mkdirat(base, "qemu-server", 0755) < 0 && errno != EEXIST)
		err = -errno;
	folder = err ? -1 : openat(base, "qemu-server", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!err && folder < 0)
		err = -errno;
	close(base);
	if (!err && asprintf(&name, "lock-%s.conf", t->args.proxmox) < 0)
		return close(folder), -ENOMEM;
	if (!err) {
		m->lock = openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
		err = m->lock < 0 ? -errno : 0;
	}
	if (!err && flock(m->lock, LOCK_EX | LOCK_NB) < 0)
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	free(name);
	if (folder >= 0)
		close(folder);
	if (err == -EBUSY)
		return tool_error(t, err, "%s: a task of Proxmox VE holds its lock", m->path);
	return err ? tool_error(t, err, "/var/lock/qemu-server: %s", strerror(-err)) : 0;
}

/* The pid file stays after a crash; whether the process does can be asked here only. */
static int check_running(struct tool *t, const struct managed *m, int root)
{
	char *path = NULL, text[24] = "";
	int fd;
	ssize_t n;

	if (asprintf(&path, "run/qemu-server/%s.pid", t->args.proxmox) < 0)
		return -ENOMEM;
	fd = root_open_below(root, path, O_RDONLY | O_NONBLOCK);
	free(path);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n > 0 && host_is_live(&t->args)) {
		char process[40];

		text[strspn(text, "0123456789")] = 0;
		snprintf(process, sizeof(process), "/proc/%s", text);
		if (*text && access(process, F_OK) < 0 && errno == ENOENT)
			return 0;
	}
	return tool_error(t, -EBUSY, "%s: the VM is running; shut it down, or use qm set", m->path);
}

static int lock_proxmox(struct tool *t, struct managed *m, int root)
{
	int err;

	if (m->node)
		return tool_error(t, -EBUSY, "%s: belongs to node %s; write it there", m->path,
				  m->node);
	err = take_flock(t, m, root);
	return err ? err : check_running(t, m, root);
}

int managed_lock(struct tool *t, struct managed *m)
{
	int root = root_open(t->args.host);
	int err;

	if (root < 0)
		return root;
	err = t->args.libvirt ? lock_libvirt(t, m, root) : lock_proxmox(t, m, root);
	close(root);
	return err;
}
