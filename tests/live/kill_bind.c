/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill_bind.c - on a real kernel: probe --bind is killed at every system call, and --recover leaves
 * driver, override and power state of each device as they were. Run by the lab, as root, in a
 * machine that may break.
 *
 * Usage: kill_bind IOMMUFIT TIMES BDF [MATE...]
 *
 * TIMES: how often each system call since the lock was taken is tried, at its entry and at its
 * exit. The calls before, which only read, are tried once. The last line sums up.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tracer.h"

#define LOCK "/run/iommufit/lock"
#define JOURNAL "/run/iommufit/journal"
#define STATE_MAX 1024

static char *tool, **bdfs;
static char *bind_words[] = {NULL, "probe", "--bind", "--yes", "--no-keep", "--quiet", NULL, NULL};
static char *recover_words[] = {NULL, "probe", "--recover", NULL};
static char before[STATE_MAX];
static unsigned killed, changed, waited, failed;

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
	struct trace t = {.at = 0};
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
	struct trace t = {
		.at = at, .kill_at_entry = !at_exit, .kill_at_exit = at_exit, .mark = mark};
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

static void try_all(const char *name, unsigned total, unsigned times, const char *mark)
{
	for (unsigned at = 1; at <= total; at++) {
		for (unsigned i = 0; i < times; i++) {
			try_at(at, false, mark);
			if (at < total) /* the last call has no exit */
				try_at(at, true, mark);
		}
		if (at % 50 == 0) {
			printf("%s: %u of %u calls, %u killed, %u changed, %u failed\n", name, at,
			       total, killed, changed, failed);
			fflush(stdout);
		}
	}
}

int main(int argc, char **argv)
{
	unsigned times = argc > 2 ? (unsigned)atoi(argv[2]) : 0, all, locked;
	char now[STATE_MAX];
	struct trace t = {.at = 0};

	if (argc < 4 || !times)
		return 64;
	tool = argv[1];
	bdfs = argv + 3;
	bind_words[0] = recover_words[0] = tool;
	bind_words[6] = bdfs[0];
	read_state(before);
	printf("before: %s\n", before);
	if (trace_run(&t, bind_words) < 0 || !WIFEXITED(t.status) || WEXITSTATUS(t.status) > 3) {
		printf("[  FAILED  ] does not work undisturbed: status %x: %s\n",
		       (unsigned)t.status, t.output);
		return 1;
	}
	all = t.calls;
	read_state(now);
	if (strcmp(now, before) != 0) {
		printf("[  FAILED  ] undisturbed: %s\n", now);
		return 1;
	}
	t = (struct trace){.mark = LOCK};
	trace_run(&t, bind_words);
	locked = t.calls;
	printf("%u system calls, %u of them since the lock\n", all, locked);
	try_all("before the lock", all - locked, 1, NULL);
	try_all("since the lock", locked, times, LOCK);
	printf("%u system calls, %u of them %u times at entry and exit: %u killed, %u left "
	       "something changed, %u had to wait for a child, %u failed\n",
	       all, locked, times, killed, changed, waited, failed);
	return failed ? 1 : 0;
}
