/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tracer.h - runs a program and stops it at a system call: to kill it there, or to let the call
 * fail. */
#ifndef TESTS_TRACER_H
#define TESTS_TRACER_H

#include <stdbool.h>
#include <stddef.h>

struct trace {
	/* What to do at the n-th system call (from 1; 0: at none). */
	unsigned at;
	bool kill_at_entry, kill_at_exit;
	void (*act)(void); /* called before the call is made */
	int error;	   /* the call is not made and fails with this errno */
	/* Behave as a FUSE file system like pmxcfs does: no hard links, no change of mode or owner,
	 * no fsync of a folder, no flags for rename. */
	bool fuse;
	const char *mark; /* calls count from where a file of this name is first opened */
	/* The mark is a file that is made: until then the program is not stopped at all, but where
	 * it makes a file. */
	bool runs_to_mark;

	/* Where the numbers of the calls go, from [1] to [max_numbers]; NULL: nowhere. */
	long *numbers;
	unsigned max_numbers;

	/* What came of it. */
	unsigned calls;	   /* made by then */
	long number;	   /* of the system call at which something was done, -1: none */
	int status;	   /* as waitpid() has it */
	char output[8192]; /* on standard error */
};

/* 0, or a negative errno: -EPERM if processes may not be traced here. */
int trace_run(struct trace *, char *const *argv);

#endif
