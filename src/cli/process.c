/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* process.c - a VM that is running: its command line as /proc shows it. */
#include "job.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_CMDLINE (2u << 20) /* bytes; Linux's default limit for arguments and environment */

static char *link_target(const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return NULL;
	target[n] = 0;
	return strdup(target);
}

static char *last_part(char *path)
{
	char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

/*
 * libvirt opens a VFIO device itself and passes only its descriptor:
 * /proc/PID/fd/N -> /dev/vfio/devices/vfioN, /sys/class/vfio-dev/vfioN/device -> .../BDF.
 * NULL if that cannot be followed: the device is then unknown, not absent.
 */
static char *bdf_of_fd(uint64_t pid, const char *fd, size_t length)
{
	static const char folder[] = "/dev/vfio/devices/";
	char *path = NULL, *target, *device = NULL, *bdf = NULL;

	if (asprintf(&path, "/proc/%llu/fd/%.*s", (unsigned long long)pid, (int)length, fd) < 0)
		return NULL;
	target = link_target(path);
	free(path);
	path = NULL;
	if (target && strncmp(target, folder, sizeof(folder) - 1) == 0 &&
	    asprintf(&path, "/sys/class/vfio-dev/%s/device", last_part(target)) >= 0) {
		device = link_target(path);
		free(path);
	}
	if (device)
		bdf = strdup(last_part(device));
	free(device);
	free(target);
	return bdf;
}

/* Where "fd=N" or "fd":"N" stands in a -device argument: the key's first byte, and the number. */
struct fd_place {
	size_t start, end; /* bytes that the new text replaces */
	size_t number, digits;
	bool json;
};

static bool find_fd(const char *text, struct fd_place *p)
{
	static const struct {
		const char *key;
		const char *end;
		bool json;
	} forms[] = {{"\"fd\":\"", "\"", true}, {"\"fd\": \"", "\"", true}, {",fd=", "", false}};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *at = strstr(text, forms[i].key);

		if (!at || (*text == '{') != forms[i].json)
			continue;
		p->start = (size_t)(at - text);
		p->number = p->start + strlen(forms[i].key);
		p->digits = strspn(text + p->number, "0123456789");
		p->end = p->number + p->digits + strlen(forms[i].end);
		p->json = forms[i].json;
		return p->digits && p->digits < 10 &&
		       strncmp(text + p->number + p->digits, forms[i].end, strlen(forms[i].end)) ==
			       0;
	}
	return false;
}

/* The argument with the device's address in place of its descriptor; NULL: leave it as it is. */
static char *name_device(uint64_t pid, const char *text)
{
	struct fd_place p;
	char *bdf, *out = NULL;

	if (!strstr(text, "vfio-pci") || !find_fd(text, &p))
		return NULL;
	bdf = bdf_of_fd(pid, text + p.number, p.digits);
	if (!bdf)
		return NULL;
	if (asprintf(&out, p.json ? "%.*s\"host\":\"%s\"%s" : "%.*s,host=%s%s", (int)p.start, text,
		     bdf, text + p.end) < 0)
		out = NULL;
	free(bdf);
	return out;
}

static int add_argument(struct config *c, uint64_t pid, const char *word, bool is_device)
{
	char *named = is_device ? name_device(pid, word) : NULL;
	int err = words_add(&c->words, named ? named : word);

	free(named);
	return err;
}

static int split_cmdline(struct config *c, uint64_t pid, const char *data, size_t length)
{
	bool is_device = false;

	for (size_t at = 0; at < length;) {
		const char *word = data + at;
		int err = add_argument(c, pid, word, is_device);

		if (err)
			return err;
		is_device = strcmp(word, "-device") == 0 || strcmp(word, "--device") == 0;
		at += strlen(word) + 1;
	}
	return 0;
}

/* "Max locked memory         8388608              8388608              bytes" */
static uint64_t read_memlock(uint64_t pid)
{
	static const char label[] = "Max locked memory";
	char *path = NULL, *text, *end;
	const char *at;
	size_t length;
	uint64_t limit = 0;

	if (asprintf(&path, "/proc/%llu/limits", (unsigned long long)pid) < 0)
		return 0;
	if (file_read_regular(path, 65536, &text, &length) == 0) {
		at = strstr(text, label);
		if (at) {
			at += sizeof(label) - 1;
			at += strspn(at, " ");
			limit = strncmp(at, "unlimited", 9) == 0 ? UINT64_MAX
								 : strtoull(at, &end, 10);
		}
		free(text);
	}
	free(path);
	return limit;
}

static void read_program(struct config *c, uint64_t pid)
{
	char *path = NULL;

	if (asprintf(&path, "/proc/%llu/exe", (unsigned long long)pid) < 0)
		return;
	/* The link itself is opened: it leads to the file that runs, even if its name is gone by
	 * now. */
	if (access(path, R_OK) == 0)
		c->program = path;
	else
		free(path);
}

int process_read(struct tool *t, uint64_t pid, struct config *c)
{
	char *data = NULL;
	size_t length = 0;
	int err;

	if (asprintf(&c->own_name, "/proc/%llu/cmdline", (unsigned long long)pid) < 0) {
		c->own_name = NULL;
		return -ENOMEM;
	}
	c->name = c->own_name;
	err = file_read(t, c->name, MAX_CMDLINE, &data, &length);
	if (err == -ENOENT)
		return tool_error(t, err, "no process %llu", (unsigned long long)pid);
	if (err)
		return err;
	if (length == 0)
		err = tool_error(t, -EBADMSG,
				 "%s: empty: a kernel thread or a process that has ended", c->name);
	else
		err = split_cmdline(c, pid, data, length);
	free(data);
	if (err)
		return err;
	c->memlock = read_memlock(pid);
	read_program(c, pid);
	return 0;
}
