/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which QEMU it is: what the caller says, else what stands in the binary, else what the machine
 * type implies, else the newest that is known. The answer says which.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/machine.h"

#define VERSION_MARK "QEMU emulator version "
/* A QEMU binary has some 40 MiB; the mark stands in its read-only data. */
#define BINARY_MAX ((size_t)512 << 20)

static int set_version(struct iof_ctx *ctx, struct iof_machine *m, const char *text,
		       const char *how)
{
	bool has_micro;

	if (qemu_version_parse(text, &m->version, &has_micro))
		return ctx_fail(ctx, -EINVAL, "%s: no QEMU version", text);
	m->version_is_vendor = strpbrk(text, "(-+~") != NULL;
	m->version_provenance = arena_printf(
		m->arena, "%s%s", how, has_micro ? "" : ", latest known point release assumed");
	return m->version_provenance ? 0 : -ENOMEM;
}

static int clamp_version(struct iof_machine *m)
{
	const char *note = NULL;

	if (QEMU_RELEASE(m->version) > QEMU_RELEASE(QEMU_NEWEST))
		note = "newer than any version known here: taken as 11.1";
	else if (m->version < QEMU_RELEASE(QEMU_OLDEST))
		note = "older than any version known here: taken as 7.2";
	if (!note)
		return 0;
	m->version_provenance = arena_printf(m->arena, "%s; %s", m->version_provenance, note);
	return m->version_provenance ? 0 : -ENOMEM;
}

int machine_find_version(struct iof_ctx *ctx, struct iof_machine *m, const struct iof_vmm *vmm)
{
	int r;

	if (is_cloud_hypervisor(m))
		return cloud_hypervisor_find_version(ctx, m, vmm);
	if (vmm && vmm->version) {
		const char *text = vmm->version;

		if (str_starts(text, "qemu="))
			text += strlen("qemu=");
		else if (strchr(text, '='))
			return ctx_fail(ctx, -EINVAL, "%s: the config is for QEMU", text);
		r = set_version(ctx, m, text, "as given");
	} else if (vmm && vmm->version_read) {
		r = set_version(ctx, m, vmm->version_read,
				vmm->version_source ? vmm->version_source
						    : "read from the QEMU binary");
	} else if (m->vm->manager_vmm) {
		r = set_version(ctx, m, m->vm->manager_vmm, "assumed: it comes with the manager");
	} else if (m->type.version) {
		m->version = qemu_latest_point(m->type.version);
		m->version_provenance =
			arena_printf(m->arena, "assumed from machine type %s", m->type.name);
		r = m->version_provenance ? 0 : -ENOMEM;
	} else {
		m->version = QEMU_NEWEST;
		m->version_provenance = "assumed: the newest known";
		r = 0;
	}
	if (r == 0)
		r = clamp_version(m);
	if (r)
		return r;
	m->version_text = qemu_version_text(m->arena, m->version);
	/* Rules know the releases from 7.2 to 11.1; others behave like the nearest. */
	if (QEMU_RELEASE(m->version) > QEMU_RELEASE(QEMU_NEWEST))
		m->version = QEMU_NEWEST;
	if (m->version < QEMU_OLDEST)
		m->version = QEMU_OLDEST;
	return m->version_text ? 0 : -ENOMEM;
}

/* Copy what follows the mark up to the first control character; NULL: no version there. */
static char *version_after(const char *text, size_t length)
{
	size_t n = 0;
	char *copy;

	while (n < length && n < 128 && (unsigned char)text[n] >= ' ')
		n++;
	if (n == 0 || text[0] < '0' || text[0] > '9')
		return NULL;
	copy = malloc(n + 1);
	if (copy) {
		memcpy(copy, text, n);
		copy[n] = '\0';
	}
	return copy;
}

/* Search the file block by block; blocks overlap by more than the mark and its version need. */
static char *search_version(int fd)
{
	enum { BLOCK = 1 << 18, KEEP = 256 };
	char *block = malloc(BLOCK);
	char *found = NULL;
	size_t have = 0, total = 0;
	ssize_t n;

	while (block && !found && total < BINARY_MAX &&
	       (n = read(fd, block + have, BLOCK - have)) > 0) {
		char *at = block;

		have += (size_t)n;
		total += (size_t)n;
		while (!found && (at = memmem(at, have - (size_t)(at - block), VERSION_MARK,
					      strlen(VERSION_MARK)))) {
			at += strlen(VERSION_MARK);
			found = version_after(at, have - (size_t)(at - block));
		}
		if (have > KEEP) {
			memmove(block, block + have - KEEP, KEEP);
			have = KEEP;
		}
	}
	free(block);
	return found;
}

IOF_EXPORT int iof_vmm_read_version(struct iof_ctx *ctx, const char *path, char **version)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*version = NULL;
	if (fd < 0)
		return ctx_fail(ctx, -errno, "%s: cannot be read", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		*version = search_version(fd);
	close(fd);
	return *version ? 0 : ctx_fail(ctx, -EBADMSG, "%s: no QEMU version in it", path);
}
