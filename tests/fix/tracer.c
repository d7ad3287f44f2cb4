/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tracer.c - ptrace(2): stops at the entry and the exit of each system call. */
#include "tracer.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define FUSE_SUPER_MAGIC 0x65735546

/* The kernel does not make the call at whose entry it stands. */
static int skip_call(pid_t pid)
{
#if defined(__x86_64__)
	return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L) < 0
		       ? -errno
		       : 0;
#elif defined(__aarch64__)
	int number = -1;
	struct iovec io = {&number, sizeof(number)};

	return ptrace(PTRACE_SETREGSET, pid, (void *)NT_ARM_SYSTEM_CALL, &io) < 0 ? -errno : 0;
#else
	return -EPERM;
#endif
}

/* At the exit: what the call returns. */
static int set_result(pid_t pid, long value)
{
#if defined(__x86_64__)
	return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), value) < 0
		       ? -errno
		       : 0;
#elif defined(__aarch64__)
	struct user_regs_struct regs;
	struct iovec io = {&regs, sizeof(regs)};

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &io) < 0)
		return -errno;
	regs.regs[0] = (unsigned long)value;
	return ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &io) < 0 ? -errno : 0;
#else
	return -EPERM;
#endif
}

/* What pmxcfs would say to this call; 0: it would do it. */
static int fuse_error(long number)
{
	switch (number) {
	case SYS_linkat:
	case SYS_fchmod:
	case SYS_fchown:
		return EPERM;
	case SYS_renameat2:
	case SYS_fsync:
		return EINVAL;
	case SYS_flistxattr:
	case SYS_fsetxattr:
		return EOPNOTSUPP;
	default:
		return 0;
	}
}

static void say_fuse(pid_t pid, uint64_t address)
{
	long magic = FUSE_SUPER_MAGIC;
	struct iovec local = {&magic, sizeof(magic)};
	struct iovec remote = {(void *)(uintptr_t)(address + offsetof(struct statfs, f_type)),
			       sizeof(magic)};

	process_vm_writev(pid, &local, 1, &remote, 1, 0);
}

static bool opens(pid_t pid, const struct __ptrace_syscall_info *info, const char *name)
{
	char text[256] = "";
	struct iovec local = {text, strlen(name) + 1};
	struct iovec remote = {(void *)(uintptr_t)info->entry.args[1], strlen(name) + 1};

	return info->entry.nr == SYS_openat &&
	       process_vm_readv(pid, &local, 1, &remote, 1, 0) > 0 && strcmp(text, name) == 0;
}

struct state {
	struct trace *trace;
	pid_t pid;
	bool counting;
	bool runs;	    /* without stops, as yet */
	int error;	    /* that the call that is under way returns */
	bool is_the_one;    /* it is the call of trace->at */
	uint64_t statfs_at; /* where fstatfs() writes, 0: it is another call */
};

static int at_entry(struct state *s, const struct __ptrace_syscall_info *info)
{
	struct trace *t = s->trace;
	long number = (long)info->entry.nr;

	s->counting = s->counting || !t->mark || opens(s->pid, info, t->mark);
	t->calls += s->counting;
	if (s->counting && t->numbers && t->calls <= t->max_numbers)
		t->numbers[t->calls] = number;
	s->is_the_one = s->counting && t->at && t->calls == t->at;
	s->error = t->fuse ? fuse_error(number) : 0;
	s->statfs_at = t->fuse && number == SYS_fstatfs ? info->entry.args[1] : 0;
	if (s->is_the_one)
		t->number = number;
	if (s->is_the_one && t->kill_at_entry)
		return kill(s->pid, SIGKILL);
	if (s->is_the_one && t->act)
		t->act();
	if (s->is_the_one && t->error)
		s->error = t->error;
	return s->error ? skip_call(s->pid) : 0;
}

static int at_exit(struct state *s)
{
	if (s->statfs_at)
		say_fuse(s->pid, s->statfs_at);
	if (s->is_the_one && s->trace->kill_at_exit)
		return kill(s->pid, SIGKILL);
	return s->error ? set_result(s->pid, -s->error) : 0;
}

static int at_stop(struct state *s, const struct __ptrace_syscall_info *info)
{
	switch (info->op) {
	case PTRACE_SYSCALL_INFO_SECCOMP: /* begins as an entry does */
		if (!s->runs || !opens(s->pid, info, s->trace->mark))
			return 0;
		s->runs = false;
		return at_entry(s, info);
	case PTRACE_SYSCALL_INFO_ENTRY:
		return at_entry(s, info);
	case PTRACE_SYSCALL_INFO_EXIT:
		return at_exit(s);
	default:
		return 0;
	}
}

static bool is_at_call(int status)
{
	return WSTOPSIG(status) == (SIGTRAP | 0x80) ||
	       status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8);
}

static int follow(struct state *s)
{
	int signal = 0, err = 0;

	s->runs = s->trace->runs_to_mark;

	for (;;) {
		struct __ptrace_syscall_info info;

		if (ptrace(s->runs ? PTRACE_CONT : PTRACE_SYSCALL, s->pid, NULL,
			   (void *)(intptr_t)signal) < 0 &&
		    errno != ESRCH)
			return -errno;
		if (waitpid(s->pid, &s->trace->status, 0) < 0)
			return -errno;
		if (!WIFSTOPPED(s->trace->status))
			return err;
		signal = WSTOPSIG(s->trace->status);
		if (!is_at_call(s->trace->status)) {
			signal = signal == SIGTRAP ? 0 : signal;
			continue;
		}
		signal = 0;
		if (ptrace(PTRACE_GET_SYSCALL_INFO, s->pid, sizeof(info), &info) < 0)
			return -errno;
		err = at_stop(s, &info);
		if (err)
			return err;
	}
}

/* Only where a file is made the tracer is told. */
static int stop_at_new_files(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

static void become(char *const *argv, int output, bool runs_to_mark)
{
	const char *options = getenv("ASAN_OPTIONS");
	char *more = NULL;

	/* The leak checker traces the process itself. */
	if (asprintf(&more, "%s:detect_leaks=0", options ? options : "") < 0 ||
	    setenv("ASAN_OPTIONS", more, 1) < 0 || dup2(output, STDERR_FILENO) < 0 ||
	    ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || (runs_to_mark && stop_at_new_files() < 0))
		_exit(126);
	execv(argv[0], argv);
	_exit(127);
}

static int start(struct state *s, char *const *argv, int output)
{
	int status;

	s->pid = fork();
	if (s->pid < 0)
		return -errno;
	if (s->pid == 0)
		become(argv, output, s->trace->runs_to_mark);
	if (waitpid(s->pid, &status, 0) < 0)
		return -errno;
	if (!WIFSTOPPED(status))
		return WIFEXITED(status) && WEXITSTATUS(status) == 126 ? -EPERM : -ENOENT;
	if (ptrace(PTRACE_SETOPTIONS, s->pid, NULL,
		   (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP)) < 0)
		return -errno;
	return 0;
}

int trace_run(struct trace *t, char *const *argv)
{
	struct state s = {.trace = t, .pid = -1};
	int output = (int)syscall(SYS_memfd_create, "stderr", 0);
	ssize_t n;
	int err;

	t->calls = 0;
	t->number = -1;
	if (output < 0)
		return -errno;
	err = start(&s, argv, output);
	if (!err)
		err = follow(&s);
	if (err && s.pid > 0) {
		kill(s.pid, SIGKILL);
		waitpid(s.pid, NULL, 0);
	}
	n = pread(output, t->output, sizeof(t->output) - 1, 0);
	t->output[n > 0 ? n : 0] = 0;
	close(output);
	return err;
}
