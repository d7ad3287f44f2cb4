/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attributes.c - owner, mode, access lists and extended attributes. Access lists are extended
 * attributes too (system.posix_acl_access), as are labels (security.selinux).
 */
#include "attributes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MAX_TRIES 8 /* an attribute may grow while it is read */

/* The kernel makes these of the content: those of the old bytes would make the new ones invalid. */
static bool is_of_content(const char *name)
{
	return strcmp(name, "security.ima") == 0 || strcmp(name, "security.evm") == 0;
}

static bool is_unsupported(int err)
{
	return err == -EOPNOTSUPP || err == -ENOSYS;
}

/* Names one after another, each with its NUL; the length or a negative errno. */
static ssize_t list_names(int fd, char **names)
{
	*names = NULL;
	for (int i = 0; i < MAX_TRIES; i++) {
		ssize_t size = flistxattr(fd, NULL, 0);
		char *data;

		if (size <= 0)
			return size < 0 ? -errno : 0;
		data = malloc((size_t)size);
		if (!data)
			return -ENOMEM;
		size = flistxattr(fd, data, (size_t)size);
		if (size >= 0) {
			*names = data;
			return size;
		}
		free(data);
		if (errno != ERANGE)
			return -errno;
	}
	return -EAGAIN;
}

static ssize_t read_value(int fd, const char *name, char **value)
{
	*value = NULL;
	for (int i = 0; i < MAX_TRIES; i++) {
		ssize_t size = fgetxattr(fd, name, NULL, 0);
		char *data;

		if (size < 0)
			return -errno;
		data = malloc(size ? (size_t)size : 1);
		if (!data)
			return -ENOMEM;
		size = fgetxattr(fd, name, data, (size_t)size);
		if (size >= 0) {
			*value = data;
			return size;
		}
		free(data);
		if (errno != ERANGE)
			return -errno;
	}
	return -EAGAIN;
}

static int copy_value(int from, int to, const char *name)
{
	char *wanted, *present;
	ssize_t n = read_value(from, name, &wanted);
	ssize_t m;
	int err = 0;

	if (n < 0)
		return (int)n;
	m = read_value(to, name, &present);
	if (m != n || memcmp(wanted, present, (size_t)n) != 0)
		err = fsetxattr(to, name, wanted, (size_t)n, 0) < 0 ? -errno : 0;
	free(wanted);
	if (m >= 0)
		free(present);
	return err;
}

static bool has_name(const char *names, ssize_t length, const char *name)
{
	for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1)
		if (strcmp(names + at, name) == 0)
			return true;
	return false;
}

/* What a new file in that folder got by itself, as a default access list. */
static int drop_others(int to, const char *wanted, ssize_t n_wanted, char **lost)
{
	char *names;
	ssize_t n = list_names(to, &names);
	int err = n < 0 && !is_unsupported((int)n) ? (int)n : 0;

	for (ssize_t at = 0; !err && at < n; at += (ssize_t)strlen(names + at) + 1) {
		if (strncmp(names + at, "security.", 9) == 0 ||
		    has_name(wanted, n_wanted, names + at))
			continue;
		if (fremovexattr(to, names + at) < 0 && errno != ENODATA) {
			err = -errno;
			*lost = strdup(names + at);
		}
	}
	free(names);
	return err;
}

static int copy_extended(int from, int to, char **lost)
{
	char *names;
	ssize_t n = list_names(from, &names);
	int err = 0;

	if (n < 0 && is_unsupported((int)n))
		return 0;
	if (n < 0) {
		*lost = strdup("extended attributes");
		return (int)n;
	}
	for (ssize_t at = 0; !err && at < n; at += (ssize_t)strlen(names + at) + 1) {
		err = is_of_content(names + at) ? -EPERM : copy_value(from, to, names + at);
		if (err)
			*lost = strdup(names + at);
	}
	if (!err)
		err = drop_others(to, names, n, lost);
	free(names);
	return err;
}

int attributes_copy(int from, const struct stat *s, int to, char **lost)
{
	struct stat now;
	int err;

	*lost = NULL;
	if (fstat(to, &now) < 0) {
		*lost = strdup("status");
		return -errno;
	}
	if ((now.st_uid != s->st_uid || now.st_gid != s->st_gid) &&
	    fchown(to, s->st_uid, s->st_gid) < 0) {
		err = -errno;
		*lost = strdup("owner");
		return err;
	}
	/* A change of owner may have taken bits away; access lists come last, for they agree with
	 * the mode. */
	if (fchmod(to, s->st_mode & 07777) < 0) {
		err = -errno;
		*lost = strdup("mode");
		return err;
	}
	err = copy_extended(from, to, lost);
	if (err)
		return err;
	/* An access list that went took the mode's middle with it. */
	if (fstat(to, &now) == 0 && (now.st_mode & 07777) == (s->st_mode & 07777) &&
	    now.st_uid == s->st_uid && now.st_gid == s->st_gid)
		return 0;
	if (fchmod(to, s->st_mode & 07777) == 0)
		return 0;
	err = -errno;
	*lost = strdup("mode");
	return err;
}
