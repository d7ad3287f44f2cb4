/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill_bind.c - on a real kernel: probe --bind is killed at every system call, and --recover leaves
 * driver, override and power state of each device as they were. Run by the lab, as root, in a
 * machine that may break.
 *
 * Usage: kill_bind IOMMUFIT TIMES EVERY BDF [MATE...]
 *
 * TIMES: how often it is killed at each system call since the journal was begun, at the entry and
 * at the exit by turns. EVERY: of the calls that only read, and of those before the journal, when
 * nothing has been changed yet, each so many-th (five times as many) is tried, once. The last line
 * sums up.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tracer.h"

#define LOCK "/run/iommufit/lock"
#define JOURNAL "/run/iommufit/journal"
#define FIRST_WRITE JOURNAL ".new"
#define STATE_MAX 1024
#define MAX_CALLS 4096
#define BEFORE_RARER 5

static char *tool, **bdfs;
static char *bind_words[] = {NULL, "probe", "--bind", "--yes", "--no-keep", "--quiet", NULL, NULL};
static char *recover_words[] = {NULL, "probe", "--recover", "--quiet", NULL};
static char before[STATE_MAX];
static bool is_quick = true;
/* Of the system calls since the journal, as an undisturbed run makes them, from 1. */
static long numbers[MAX_CALLS + 1];
static unsigned killed, changed, waited, failed, changing;

static size_t append(char *state, size_t at, const char *text)
{
	int n = snprintf(state + at, STATE_MAX - at, "%s ", text);

	return n > 0 && (size_t)n < STATE_MAX - at ? at + (size_t)n : at;
}

/* Driver, override, power control and power state of every device. */
static void read_state(char *state)
{
	static const char *const files[] = {"driver_override", "power/control", "power_state"};
	char path[256], text[128];
	size_t at = 0;

	state[0] = '\0';
	for (char **bdf = bdfs; *bdf; bdf++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", *bdf);
		n = readlink(path, text, sizeof(text) - 1);
		text[n > 0 ? n : 0] = '\0';
		at = append(state, at, *bdf);
		at = append(state, at, n > 0 ? strrchr(text, '/') + 1 : "none");
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			int fd;

			snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", *bdf, files[i]);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
			if (fd >= 0)
				close(fd);
			text[n > 0 ? n : 0] = '\0';
			text[strcspn(text, "\n")] = '\0';
			at = append(state, at, text);
		}
	}
}

/* What the killed one began may still be under way in its child, which has the lock. */
static bool wait_for_lock(void)
{
	int fd = open(LOCK, O_RDONLY | O_CLOEXEC);
	bool is_free;

	if (fd < 0)
		return errno == ENOENT;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		waited++;
		for (unsigned i = 0; i < 500 && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
			nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	is_free = flock(fd, LOCK_EX | LOCK_NB) == 0;
	close(fd);
	return is_free;
}

static int run_tool(char **words, char *output, size_t size)
{
	struct trace t = {.mark = "", .runs_to_mark = is_quick};
	int err = trace_run(&t, words);

	snprintf(output, size, "%.400s", t.output);
	return err < 0 ? err : WIFEXITED(t.status) ? WEXITSTATUS(t.status) : -1;
}

static void fail(const struct trace *t, const char *when, const char *what, const char *more)
{
	failed++;
	printf("[  FAILED  ] call %u (number %ld) %s: %s%s%s\n", t->at, t->number, when, what,
	       *more ? ": " : "", more);
}

static void try_at(unsigned at, bool at_exit, const char *mark)
{
	struct trace t = {.at = at,
			  .kill_at_entry = !at_exit,
			  .kill_at_exit = at_exit,
			  .mark = mark,
			  .runs_to_mark = mark && is_quick};
	const char *when = at_exit ? "exit" : "entry";
	char now[STATE_MAX], output[512];
	int status;

	if (trace_run(&t, bind_words) < 0) {
		fail(&t, when, "cannot be traced", "");
		return;
	}
	killed += WIFSIGNALED(t.status) && WTERMSIG(t.status) == SIGKILL;
	if (!wait_for_lock()) {
		fail(&t, when, "the lock is not given back", "");
		return;
	}
	read_state(now);
	changed += strcmp(now, before) != 0;
	status = run_tool(recover_words, output, sizeof(output));
	if (status != 0)
		fail(&t, when, "--recover", output);
	read_state(now);
	if (strcmp(now, before) != 0)
		fail(&t, when, now, before);
	if (access(JOURNAL, F_OK) == 0)
		fail(&t, when, "the journal is still there", "");
}

/* Calls that change nothing outside of the process; opening may make a file, but an empty one. */
static bool only_reads(long number)
{
	static const long calls[] = {
		SYS_openat,	SYS_close,	   SYS_read,  SYS_pread64, SYS_getdents64,
		SYS_readlink,	SYS_readlinkat,	   SYS_lseek, SYS_fstat,   SYS_statx,
		SYS_newfstatat, SYS_fcntl,	   SYS_mmap,  SYS_munmap,  SYS_mprotect,
		SYS_brk,	SYS_rt_sigpending,
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] == number)
			return true;
	return false;
}

static void report(const char *name, unsigned at, unsigned total)
{
	printf("%s: call %u of %u; %u killed, %u changed, %u failed\n", name, at, total, killed,
	       changed, failed);
	fflush(stdout);
}

static void try_before(unsigned total, unsigned every)
{
	for (unsigned at = 1; at <= total; at += every) {
		try_at(at, at / every % 2, NULL);
		if (at / every % 20 == 0)
			report("before", at, total);
	}
}

static void try_since(unsigned total, unsigned times, unsigned every)
{
	unsigned reads = 0;

	for (unsigned at = 1; at <= total; at++) {
		struct trace t = {.at = at, .mark = FIRST_WRITE};

		if (numbers[at] && only_reads(numbers[at]) && reads++ % every)
			continue;
		if (numbers[at] && only_reads(numbers[at])) {
			try_at(at, reads / every % 2, t.mark);
			continue;
		}
		changing++;
		/* The last call has no exit. */
		for (unsigned i = 0; i < times; i++)
			try_at(at, i % 2 && at < total, t.mark);
		report("since the journal", at, total);
	}
}

static bool prepare(unsigned *all, unsigned *begun)
{
	struct trace t = {.at = 0};
	char now[STATE_MAX];

	read_state(before);
	printf("before: %s\n", before);
	if (trace_run(&t, bind_words) < 0 || !WIFEXITED(t.status) || WEXITSTATUS(t.status) > 3) {
		printf("[  FAILED  ] does not work undisturbed: status %x: %s\n",
		       (unsigned)t.status, t.output);
		return false;
	}
	*all = t.calls;
	read_state(now);
	if (strcmp(now, before) != 0) {
		printf("[  FAILED  ] undisturbed: %s\n", now);
		return false;
	}
	t = (struct trace){.mark = FIRST_WRITE,
			   .runs_to_mark = true,
			   .numbers = numbers,
			   .max_numbers = MAX_CALLS};
	if (trace_run(&t, bind_words) < 0) {
		is_quick = t.runs_to_mark = false; /* a kernel without seccomp */
		if (trace_run(&t, bind_words) < 0)
			return false;
	}
	if (!t.calls || t.calls > MAX_CALLS)
		return false;
	*begun = t.calls;
	return true;
}

int main(int argc, char **argv)
{
	unsigned times = argc > 4 ? (unsigned)atoi(argv[2]) : 0;
	unsigned every = argc > 4 ? (unsigned)atoi(argv[3]) : 0, all, begun;

	if (!times || !every)
		return 64;
	tool = argv[1];
	bdfs = argv + 4;
	bind_words[0] = recover_words[0] = tool;
	bind_words[6] = bdfs[0];
	if (!prepare(&all, &begun))
		return 1;
	printf("%u system calls, %u of them since the journal was begun\n", all, begun);
	fflush(stdout);
	try_since(begun, times, every);
	printf("since the journal: %u calls, %u of them %u times: %u killed, %u left something "
	       "changed, %u had to wait for a child, %u failed\n",
	       begun, changing, times, killed, changed, waited, failed);
	fflush(stdout);
	try_before(all - begun, every * BEFORE_RARER);
	printf("all: %u calls: %u killed, %u left something changed, %u had to wait for a child, "
	       "%u failed\n",
	       all, killed, changed, waited, failed);
	return failed ? 1 : 0;
}
