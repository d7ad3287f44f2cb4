/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * crash.c - fix --in-place is killed, and each of its system calls fails: the file is the old one
 * or the new one, byte for byte, and nothing that lies about stops the next run.
 *
 * Usage: crash IOMMUFIT CONFIG [EVERY]. EVERY: only each so many-th call is tried.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracer.h"

#define NAME "vm.sh"
#define MAX_FILE 65536

struct bytes {
	char data[MAX_FILE];
	ssize_t length;
};

static struct bytes old_file, new_file;
static char folder[] = "/tmp/iommufit-crash-XXXXXX";
static char *tool;
static unsigned passed, failed;

static int fail(const char *name, const struct trace *t, const char *what)
{
	printf("[  FAILED  ] %s: call %u (number %ld): %s\n%s", name, t->at, t->number, what,
	       t->output);
	return -1;
}

static bool read_file(const char *name, struct bytes *to)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	to->length = fd < 0 ? -1 : read(fd, to->data, sizeof(to->data));
	if (fd >= 0)
		close(fd);
	return to->length >= 0;
}

static bool is_file(const char *name, const struct bytes *wanted)
{
	static struct bytes b;

	return read_file(name, &b) && b.length == wanted->length &&
	       memcmp(b.data, wanted->data, (size_t)b.length) == 0;
}

/* What lies beside the config. */
struct beside {
	unsigned temporary, backups, other;
	bool backup_is_old;
};

static struct beside look(void)
{
	struct beside b = {.backup_is_old = true};
	DIR *dir = opendir(".");
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    strcmp(e->d_name, NAME) == 0)
			continue;
		if (strncmp(e->d_name, "." NAME ".iommufit-", 16) == 0) {
			b.temporary++;
		} else if (strncmp(e->d_name, NAME ".iommufit-", 15) == 0) {
			b.backups++;
			b.backup_is_old = b.backup_is_old && is_file(e->d_name, &old_file);
		} else {
			b.other++;
		}
	}
	if (dir)
		closedir(dir);
	return b;
}

static void clean(void)
{
	DIR *dir = opendir(".");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlink(e->d_name);
	if (dir)
		closedir(dir);
}

static bool set_up(void)
{
	int fd;
	bool ok;

	clean();
	fd = open(NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	ok = fd >= 0 && write(fd, old_file.data, (size_t)old_file.length) == old_file.length;
	if (fd >= 0)
		close(fd);
	return ok;
}

static int run_fix(struct trace *t)
{
	char *argv[] = {tool,
			"fix",
			"--in-place",
			"--host",
			"cpu:i7-13700k",
			"--vmm",
			"qemu=11.1",
			"--driver",
			"0000:00:05.0=vfio-pci",
			NAME,
			NULL};

	return trace_run(t, argv);
}

static bool has_status(const struct trace *t, int status)
{
	return WIFEXITED(t->status) && WEXITSTATUS(t->status) == status;
}

/* After whatever happened the same command does its work. */
static int check_next_run(const char *name, const struct trace *before)
{
	struct trace t = {.fuse = before->fuse};
	struct beside b;
	struct stat s;

	if (run_fix(&t) < 0 || !has_status(&t, 0))
		return fail(name, before, t.output);
	b = look();
	if (!is_file(NAME, &new_file))
		return fail(name, before, "the next run did not write the file");
	if (b.temporary || b.other || !b.backups || !b.backup_is_old)
		return fail(name, before, "the next run left something, or no backup");
	if (stat(NAME, &s) < 0 || s.st_nlink != 1)
		return fail(name, before, "the file has two names");
	return 0;
}

static int check_kill(const char *name, const struct trace *t)
{
	struct beside b = look();
	bool is_new = is_file(NAME, &new_file);

	if (!WIFSIGNALED(t->status) || WTERMSIG(t->status) != SIGKILL)
		return fail(name, t, "was not killed");
	if (!is_new && !is_file(NAME, &old_file))
		return fail(name, t, "the file is neither the old nor the new one");
	if (!b.backup_is_old || b.other || (is_new && !b.backups))
		return fail(name, t, "no backup of the old file");
	if (!b.temporary && !b.backups)
		return 0; /* as at the beginning */
	return check_next_run(name, t);
}

/* Kill it at the entry and at the exit of each system call. */
static void test_kill(const char *name, bool fuse, unsigned every)
{
	struct trace t = {.fuse = fuse};
	unsigned total, at_rename = 0;
	int err = set_up() ? run_fix(&t) : -EIO;

	total = t.calls;
	if (err || !has_status(&t, 0) || !is_file(NAME, &new_file))
		err = fail(name, &t, "does not work undisturbed");
	/* The last call ends the process: it has no exit. */
	for (unsigned at = 1; !err && at < total; at += every) {
		for (int exit = 0; !err && exit <= 1; exit++) {
			t = (struct trace){.at = at,
					   .kill_at_entry = !exit,
					   .kill_at_exit = exit,
					   .fuse = fuse};
			if (!set_up() || run_fix(&t) < 0)
				err = fail(name, &t, "cannot be traced");
			else
				err = check_kill(name, &t);
			at_rename += t.number == SYS_renameat;
		}
	}
	if (!err && !at_rename && every == 1)
		err = fail(name, &t, "never stood at the rename");
	if (!err)
		printf("[       OK ] %s: %u system calls\n", name, total);
	passed += !err;
	failed += err != 0;
}

/* Those whose failure a program must be able to bear. */
static bool can_fail(long number)
{
	static const long calls[] = {
		SYS_openat,	SYS_read,     SYS_pread64,    SYS_write,      SYS_fstatfs,
		SYS_newfstatat, SYS_fstat,    SYS_statx,      SYS_fchmod,     SYS_fchown,
		SYS_fsync,	SYS_linkat,   SYS_close,      SYS_flock,      SYS_renameat,
		SYS_renameat2,	SYS_unlinkat, SYS_getdents64, SYS_flistxattr, SYS_fgetxattr,
		SYS_fsetxattr,
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] == number)
			return true;
	return false;
}

static bool is_one_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return strncmp(text, "iommufit: ", 10) == 0 && end && !end[1];
}

/* 0: any. */
static int expected_status(long number, int error)
{
	if (number != SYS_fsync && number != SYS_renameat && number != SYS_linkat)
		return 0;
	return error == EROFS ? 73 : error == EPERM ? 77 : 74;
}

static int check_error(const char *name, const struct trace *t)
{
	struct beside b = look();
	bool is_new = is_file(NAME, &new_file);
	int status = WIFEXITED(t->status) ? WEXITSTATUS(t->status) : -1;

	if (status < 0)
		return fail(name, t, "died");
	if (!is_new && !is_file(NAME, &old_file))
		return fail(name, t, "the file is neither the old nor the new one");
	if (b.temporary || b.other || !b.backup_is_old || (is_new ? b.backups != 1 : b.backups))
		return fail(name, t, "something was left behind, or no backup");
	if (status == 0)
		return is_new ? 0 : fail(name, t, "says that it is done");
	if (t->number == SYS_write && !*t->output)
		return 0; /* the error message was it */
	if (status < 64 || !is_one_line(t->output))
		return fail(name, t, "no error of one line");
	if (expected_status(t->number, t->error) && status != expected_status(t->number, t->error))
		return fail(name, t, "another status was expected");
	return 0;
}

/* Each system call since the config was opened fails. */
static void test_error(const char *name, int error)
{
	struct trace t = {.mark = NAME};
	unsigned total, n = 0;
	int err = set_up() ? run_fix(&t) : -EIO;

	total = t.calls;
	for (unsigned at = 1; !err && at < total; at++) {
		t = (struct trace){.at = at, .mark = NAME};
		/* Which one is it? */
		if (!set_up() || run_fix(&t) < 0)
			err = fail(name, &t, "cannot be traced");
		if (err || !can_fail(t.number))
			continue;
		t.error = error;
		n++;
		err = set_up() && run_fix(&t) == 0 ? check_error(name, &t)
						   : fail(name, &t, "cannot be traced");
	}
	if (!err && n < 15)
		err = fail(name, &t, "too few calls to believe it");
	if (!err)
		printf("[       OK ] %s: %u system calls\n", name, n);
	passed += !err;
	failed += err != 0;
}

static struct bytes changed_file;

/* The same size and the same time: only the bytes tell. */
static void change_bytes(void)
{
	struct stat s;
	int fd = open(NAME, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &s) < 0)
		return;
	if (pwrite(fd, changed_file.data, (size_t)changed_file.length, 0) < 0)
		perror(NAME);
	futimens(fd, (struct timespec[2]){s.st_atim, s.st_mtim});
	close(fd);
}

/* As editors save. */
static void change_file(void)
{
	int fd = open("new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	if (fd >= 0 &&
	    write(fd, changed_file.data, (size_t)changed_file.length) == changed_file.length)
		rename("new", NAME);
	if (fd >= 0)
		close(fd);
}

static void remove_file(void)
{
	unlink(NAME);
}

/* Somebody else writes the file while fix works on it: what he wrote stays. The last two
 * calls before the rename read the file once more. */
static void test_change(const char *name, void (*act)(void))
{
	struct trace t = {.mark = NAME};
	unsigned total, n = 0;
	int err = set_up() ? run_fix(&t) : -EIO;

	total = t.calls;
	for (unsigned at = total; !err && at > 1 && t.number != SYS_renameat; at--) {
		t = (struct trace){.at = at, .mark = NAME};
		total = at;
		err = set_up() ? run_fix(&t) : -EIO;
	}
	changed_file = old_file;
	changed_file.data[changed_file.length - 2] = 'x';
	/* The first call opens it, the next three look at it and read it. */
	for (unsigned at = 6; !err && at < total - 2; at++) {
		struct beside b;

		t = (struct trace){.at = at, .mark = NAME, .act = act};
		if (!set_up() || run_fix(&t) < 0)
			err = fail(name, &t, "cannot be traced");
		if (err)
			break;
		n++;
		b = look();
		if (act == remove_file ? access(NAME, F_OK) == 0 : !is_file(NAME, &changed_file))
			err = fail(name, &t, "the change is lost");
		else if (!has_status(&t, 73) || !is_one_line(t.output) ||
			 !strstr(t.output, "changed meanwhile"))
			err = fail(name, &t, "it was not noticed");
		else if (b.temporary || b.backups || b.other)
			err = fail(name, &t, "something was left behind");
	}
	if (!err && n < 15)
		err = fail(name, &t, "too few calls to believe it");
	if (!err)
		printf("[       OK ] %s: %u moments\n", name, n);
	passed += !err;
	failed += err != 0;
}

static bool prepare(const char *config)
{
	struct trace t = {.at = 0};
	int err;

	if (!read_file(config, &old_file) || !mkdtemp(folder) || chdir(folder) < 0 || !set_up())
		return false;
	err = run_fix(&t);
	if (err == -EPERM) {
		printf("processes may not be traced here: skipped\n");
		clean();
		rmdir(folder);
		exit(77);
	}
	return !err && has_status(&t, 0) && read_file(NAME, &new_file) && !is_file(NAME, &old_file);
}

int main(int argc, char **argv)
{
	unsigned every = argc > 3 ? (unsigned)atoi(argv[3]) : 1;

	if (argc < 3)
		return 64;
	tool = realpath(argv[1], NULL); /* it runs in another folder */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!tool || !prepare(argv[2])) {
		printf("[  FAILED  ] cannot be prepared\n0 passed, 1 failed\n");
		return 1;
	}
	every = every ? every : 1;
	test_kill("killed", false, every);
	test_kill("killed on FUSE", true, every);
	test_error("no space left", ENOSPC);
	test_error("input/output error", EIO);
	test_error("read-only file system", EROFS);
	test_error("not permitted", EPERM);
	test_change("bytes that change", change_bytes);
	test_change("file that is replaced", change_file);
	test_change("file that goes", remove_file);
	clean();
	rmdir(folder);
	printf("%u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}
