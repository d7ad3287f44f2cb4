/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guard.h - for a process on whose exit status others wait: it ends in time, and whatever goes
 * wrong in it, its exit status is 0.
 */
#ifndef CLI_GUARD_H
#define CLI_GUARD_H

/* From now on: little memory, few files, nothing large written; after so many milliseconds, or
 * after a crash, a line on standard error (unless quiet) and exit status 0. */
void guard_start(unsigned milliseconds, int quiet);
/* The answer is there: what comes is its status alone. */
void guard_stop(void);

#endif
