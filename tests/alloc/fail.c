// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fail.c - preloaded into a program: runs its main() once for each allocation that it makes, and
 * lets that one fail (and, in a second round, all after it too). Every allocation counts, those of
 * libc, json-c and the modules included. Each run is a child of its own, forked before main(). The
 * sums go to the file that ALLOC_REPORT names.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_RUNS 200000u
#define MAX_SECONDS 20 /* of one run; it takes milliseconds */

/* glibc's own names; there is no other way that needs no allocation itself. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

/* What a child tells its parent. */
static struct counts {
	unsigned long made;
	bool happened;
} * shared;
static bool counting;
static unsigned long fail_at;
static bool fail_after;

static bool fails(void)
{
	if (!counting)
		return false;
	shared->made++;
	if (!fail_at || shared->made < fail_at || (shared->made > fail_at && !fail_after))
		return false;
	shared->happened = true;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	void *p = fails() ? NULL : __libc_memalign(alignment, size);

	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

/* ---- one run ---- */

struct run {
	int status; /* as wait() gives it */
	char *out, *err;
	size_t out_length, err_length;
};

/* The text of a memory file, which is emptied. */
static char *take_text(int fd, size_t *length)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char *text;

	*length = end > 0 ? (size_t)end : 0;
	text = __libc_calloc(1, *length + 1);
	if (!text || pread(fd, text, *length, 0) != (ssize_t)*length || ftruncate(fd, 0) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0)
		_exit(99);
	return text;
}

static void drop(struct run *run)
{
	free(run->out);
	free(run->err);
}

/* Returns true in the child, which goes on to main(). */
static bool start(unsigned long at, bool after, int out, int err, struct run *run)
{
	pid_t pid;

	*shared = (struct counts){0};
	pid = fork();
	if (pid < 0)
		_exit(99);
	if (pid == 0) {
		if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
			_exit(99);
		alarm(MAX_SECONDS);
		fail_at = at;
		fail_after = after;
		counting = true;
		return true;
	}
	while (waitpid(pid, &run->status, 0) < 0)
		if (errno != EINTR)
			_exit(99);
	run->out = take_text(out, &run->out_length);
	run->err = take_text(err, &run->err_length);
	return false;
}

/* ---- what is right ---- */

static bool is_same(const struct run *a, const struct run *b)
{
	return a->status == b->status && a->out_length == b->out_length &&
	       memcmp(a->out, b->out, a->out_length) == 0;
}

/* An error as the tool's contract has it: a status of its own range, no half answer, one line that
 * says why. */
static bool is_clean_error(const struct run *run)
{
	if (!WIFEXITED(run->status) || WEXITSTATUS(run->status) < 64 ||
	    WEXITSTATUS(run->status) > 77)
		return false;
	if (run->out_length)
		return !run->err_length && strstr(run->out, "\"iommufit.error/1\"");
	return run->err_length &&
	       memchr(run->err, '\n', run->err_length) == run->err + run->err_length - 1;
}

struct sums {
	unsigned long failed, errors, same, bad;
};

static void judge(struct sums *sums, FILE *report, const struct run *run,
		  const struct run *reference, unsigned long at, bool after)
{
	sums->failed++;
	if (is_same(run, reference))
		sums->same++;
	else if (is_clean_error(run))
		sums->errors++;
	else if (++sums->bad <= 10)
		fprintf(report,
			"bad: allocation %lu%s: %s %d, output %zu bytes, error \"%.200s\"\n", at,
			after ? " and all after" : "",
			WIFSIGNALED(run->status) ? "signal" : "status",
			WIFSIGNALED(run->status) ? WTERMSIG(run->status) : WEXITSTATUS(run->status),
			run->out_length, run->err);
}

/* Returns true in a child. */
static bool each_fails(FILE *report, int out, int err, const struct run *reference, bool after,
		       struct sums *sums)
{
	for (unsigned long at = 1; at <= MAX_RUNS; at++) {
		struct run run;
		bool happened;

		if (start(at, after, out, err, &run))
			return true;
		happened = shared->happened;
		if (happened)
			judge(sums, report, &run, reference, at, after);
		drop(&run);
		if (!happened)
			return false;
	}
	fprintf(report, "bad: more than %u allocations\n", MAX_RUNS);
	sums->bad++;
	return false;
}

__attribute__((constructor)) static void run_all(void)
{
	const char *path = getenv("ALLOC_REPORT");
	int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);
	struct run reference;
	struct sums sums = {0};
	FILE *report;

	if (!path)
		return;
	unsetenv("LD_PRELOAD");
	report = fopen(path, "we");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (!report || shared == MAP_FAILED || out < 0 || err < 0)
		_exit(99);
	setvbuf(report, NULL, _IONBF, 0);
	if (start(0, false, out, err, &reference))
		return;
	fprintf(report, "reference: status %d, %lu allocations, %zu bytes\n",
		WIFEXITED(reference.status) ? WEXITSTATUS(reference.status) : -1, shared->made,
		reference.out_length);
	for (int after = 0; after < 2; after++)
		if (each_fails(report, out, err, &reference, after, &sums))
			return;
	drop(&reference);
	fprintf(report, "sums: %lu failed, %lu clean errors, %lu same answer, %lu bad\n",
		sums.failed, sums.errors, sums.same, sums.bad);
	_exit(0);
}
