/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* guard.c - limits of a process that runs as root on others' data and must never be in the way. */
#include "guard.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

static const char late[] = "iommufit: no answer in time; the VM is allowed\n";
static const char crashed[] = "iommufit: internal error; the VM is allowed\n";
static volatile sig_atomic_t is_quiet;
static char stack[32768];

static void allow(int signal)
{
	bool in_time = signal != SIGALRM && signal != SIGXCPU;
	const char *text = in_time ? crashed : late;

	/* Where that fails nobody is left to be told. */
	if (!is_quiet && write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(0);
	_exit(0);
}

static void handle(int signal)
{
	struct sigaction action = {.sa_handler = allow, .sa_flags = SA_ONSTACK};
	sigset_t set;

	sigfillset(&action.sa_mask);
	sigaction(signal, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, signal);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* A macro: the type of a resource's name is the C library's own affair. */
#define LIMIT(resource, value)                                                                     \
	do {                                                                                       \
		struct rlimit now;                                                                 \
		if (getrlimit(resource, &now) == 0) {                                              \
			now.rlim_cur = (value) < now.rlim_max ? (value) : now.rlim_max;            \
			setrlimit(resource, &now);                                                 \
		}                                                                                  \
	} while (0)

/* Standard error may be a log of any length. */
static bool writes_to_files(void)
{
	struct stat s;

	return (fstat(STDOUT_FILENO, &s) == 0 && S_ISREG(s.st_mode)) ||
	       (fstat(STDERR_FILENO, &s) == 0 && S_ISREG(s.st_mode));
}

static void limit_resources(void)
{
	LIMIT(RLIMIT_CORE, 0);
	LIMIT(RLIMIT_CPU, 1); /* seconds */
	LIMIT(RLIMIT_NOFILE, 64);
	if (!IS_SANITIZED) /* which reserves terabytes */
		LIMIT(RLIMIT_AS, (rlim_t)512 << 20);
	signal(SIGXFSZ, SIG_IGN);
	if (!writes_to_files())
		LIMIT(RLIMIT_FSIZE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void guard_start(unsigned milliseconds, int quiet)
{
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
	const struct itimerval timer = {
		.it_value = {milliseconds / 1000, (suseconds_t)(milliseconds % 1000) * 1000}};
	const stack_t own = {.ss_sp = stack, .ss_size = sizeof(stack)};

	is_quiet = quiet;
	sigaltstack(&own, NULL);
	handle(SIGALRM);
	handle(SIGXCPU);
	/* A sanitizer wants to tell of a crash itself. */
	for (size_t i = 0; !IS_SANITIZED && i < sizeof(crashes) / sizeof(crashes[0]); i++)
		handle(crashes[i]);
	setitimer(ITIMER_REAL, &timer, NULL);
	limit_resources();
}

void guard_stop(void)
{
	const struct itimerval none = {.it_value = {0, 0}};

	setitimer(ITIMER_REAL, &none, NULL);
}
