/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* manager.c - where libvirt and Proxmox VE keep a VM's config. */
#include "manager.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "root_folder.h"

#define MAX_CONFIG (4u << 20) /* bytes */

/* A name is a part of a path here: it must not lead elsewhere. */
static int check_libvirt_name(struct tool *t, const char *name)
{
	if (*name && !strchr(name, '/') && !strstr(name, ".."))
		return 0;
	return tool_error(t, -EINVAL, "--libvirt: '%.200s' is no domain's name", name);
}

static int check_vmid(struct tool *t, const char *id)
{
	size_t n = strspn(id, "0123456789");

	if (n >= 1 && n <= 9 && !id[n] && *id != '0')
		return 0;
	return tool_error(t, -EINVAL, "--proxmox: '%.200s' is no VMID, as 100", id);
}

static int init(struct managed *m, const char *name, const char *end)
{
	*m = (struct managed){.place = {.folder = -1}, .lock = -1};
	if (asprintf(&m->place.name, "%s%s", name, end) < 0) {
		m->place.name = NULL;
		return -ENOMEM;
	}
	return 0;
}

void managed_close(struct managed *m)
{
	place_close(&m->place);
	free(m->path);
	free(m->node);
	if (m->lock >= 0)
		close(m->lock);
	*m = (struct managed){.place = {.folder = -1}, .lock = -1};
}

/* Whether the file is in that folder; 1: yes, and m->place and m->path are set; 0: no. Also for one
 * that may not be looked into: the error is then that of reading it. */
static int try_folder(struct managed *m, int root, const char *folder)
{
	int fd = root_open_below(root, folder, O_RDONLY | O_DIRECTORY);
	struct stat s;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return fd;
	if (fstatat(fd, m->place.name, &s, AT_SYMLINK_NOFOLLOW) < 0) {
		int err = errno == ENOENT ? 0 : -errno;

		close(fd);
		return err;
	}
	m->place.folder = fd;
	if (asprintf(&m->path, "/%s/%s", folder, m->place.name) >= 0)
		return 1;
	m->path = NULL;
	return -ENOMEM;
}

/* ---- libvirt ---- */

/* A folder of this user's own libvirt: where is what the variable leads to, else below HOME. */
static int try_user_folder(struct managed *m, int root, const char *variable, const char *in_home,
			   const char *rest)
{
	const char *where = getenv(variable), *home = getenv("HOME");
	char *folder = NULL;
	int found;

	if (where && *where == '/')
		found = asprintf(&folder, "%s/%s", where + 1, rest);
	else if (in_home && home && *home == '/')
		found = asprintf(&folder, "%s/%s/%s", home + 1, in_home, rest);
	else
		return 0;
	if (found < 0)
		return -ENOMEM;
	found = try_folder(m, root, folder);
	free(folder);
	m->is_session = found == 1;
	return found;
}

static int try_session(struct managed *m, int root)
{
	return try_user_folder(m, root, "XDG_CONFIG_HOME", ".config", "libvirt/qemu");
}

/* Another user's virsh talks to the session by default, root's to the system. */
static int find_definition(struct managed *m, int root, bool is_live)
{
	bool user_first = is_live && geteuid() != 0;
	int found = user_first ? try_session(m, root) : 0;

	if (found == 0)
		found = try_folder(m, root, "etc/libvirt/qemu");
	if (found == 0 && is_live && !user_first)
		found = try_session(m, root);
	return found;
}

/* A VM without a definition (transient) is known by its state only. */
static int find_state(struct managed *m, int root, bool is_live)
{
	int found = try_folder(m, root, "run/libvirt/qemu");

	if (found == 0 && is_live)
		found = try_user_folder(m, root, "XDG_RUNTIME_DIR", NULL, "libvirt/qemu/run");
	m->is_running = found == 1;
	return found;
}

static int find_libvirt(struct tool *t, struct managed *m, int root, bool is_live)
{
	const char *name = t->args.libvirt;
	int found = check_libvirt_name(t, name);

	if (found == 0)
		found = init(m, name, ".xml");
	if (found == 0)
		found = find_definition(m, root, is_live);
	if (found == 0)
		found = find_state(m, root, is_live);
	if (found == 0)
		return tool_error(t, -ENOENT, "libvirt: no domain '%s' (/etc/libvirt/qemu/%s.xml)",
				  name, name);
	return found < 0 ? found : 0;
}

/* ---- Proxmox VE ---- */

static int try_node(struct managed *m, int root, const char *node)
{
	char *folder = NULL;
	int found;

	if (asprintf(&folder, "etc/pve/nodes/%s/qemu-server", node) < 0)
		return -ENOMEM;
	found = try_folder(m, root, folder);
	free(folder);
	if (found != 1)
		return found;
	m->node = strdup(node);
	return m->node ? 1 : -ENOMEM;
}

static int try_nodes(struct managed *m, int root)
{
	int fd = root_open_below(root, "etc/pve/nodes", O_RDONLY | O_DIRECTORY);
	DIR *nodes = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int found = 0;

	if (!nodes) {
		if (fd >= 0)
			close(fd);
		return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd < 0 ? fd : -ENOMEM;
	}
	while (found == 0 && (entry = readdir(nodes)))
		if (entry->d_name[0] != '.')
			found = try_node(m, root, entry->d_name);
	closedir(nodes);
	return found;
}

static int find_proxmox(struct tool *t, struct managed *m, int root)
{
	const char *id = t->args.proxmox;
	int found = check_vmid(t, id);

	if (found == 0)
		found = init(m, id, ".conf");
	if (found == 0)
		found = try_folder(m, root, "etc/pve/qemu-server");
	if (found == 0)
		found = try_nodes(m, root);
	if (found == 0)
		return tool_error(t, -ENOENT,
				  "Proxmox VE: no VM %s (/etc/pve/qemu-server/%s.conf, "
				  "/etc/pve/nodes/*/qemu-server/%s.conf)",
				  id, id, id);
	return found < 0 ? found : 0;
}

int managed_find(struct tool *t, struct managed *m)
{
	int root = root_open(t->args.host);
	int err;

	*m = (struct managed){.place = {.folder = -1}, .lock = -1};
	if (root < 0)
		return root;
	err = t->args.libvirt ? find_libvirt(t, m, root, host_is_live(&t->args))
			      : find_proxmox(t, m, root);
	close(root);
	if (err && !t->error)
		tool_error(t, err, "%s: %s", m->place.name ? m->place.name : "", strerror(-err));
	return err;
}

/* ---- reading ---- */

/* <domstatus> holds more than the domain. */
static void keep_domain(char *text, size_t length)
{
	static const char closing[] = "</domain>";
	char *start = strstr(text, "<domstatus"), *end = NULL, *at;

	start = start ? strstr(start, "<domain ") : NULL;
	for (at = start; at && (at = strstr(at, closing)); at += sizeof(closing) - 1)
		end = at + sizeof(closing) - 1;
	if (!start || !end)
		return;
	for (at = text; at < text + length; at++)
		if ((at < start || at >= end) && *at != '\n')
			*at = ' ';
}

static int read_place(struct tool *t, const struct managed *m, struct config *c)
{
	int fd = openat(m->place.folder, m->place.name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat s;
	int err = fd < 0 ? -errno : fstat(fd, &s) < 0 ? -errno : 0;

	if (!err && !S_ISREG(s.st_mode))
		err = -EBADMSG;
	if (!err)
		err = fd_read(fd, MAX_CONFIG, &c->text, &c->length);
	if (fd >= 0)
		close(fd);
	if (!err && m->is_running)
		keep_domain(c->text, c->length);
	return err ? tool_error(t, err, "%s: %s", m->path, strerror(-err)) : 0;
}

int managed_read(struct tool *t, struct config *c)
{
	struct managed m;
	int err = managed_find(t, &m);

	if (!err)
		err = read_place(t, &m, c);
	if (!err) {
		c->own_name = m.path;
		c->name = c->own_name;
		m.path = NULL;
	}
	managed_close(&m);
	return err;
}
