/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lend.c - see lend.h: the question to the user, and the signals, which are a program's to handle
 * and not a library's. */
#include "lend.h"

#include <iommufit/live.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Those that would end or stop the process while a device is lent. */
static const int held_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP, SIGALRM};
/* Those that mean: stop. */
static const int end_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/* nohup and a shell's background jobs have some of them ignored. */
static bool is_ignored(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static bool is_interrupted(void *data)
{
	sigset_t pending;

	(void)data;
	if (sigpending(&pending) < 0)
		return false;
	for (size_t i = 0; i < sizeof(end_signals) / sizeof(end_signals[0]); i++)
		if (sigismember(&pending, end_signals[i]) == 1 && !is_ignored(end_signals[i]))
			return true;
	return false;
}

static void hold_signals(sigset_t *before)
{
	const struct sigaction wait_for_children = {.sa_handler = SIG_DFL};
	sigset_t held;

	/* A parent that has it ignored leaves that to us: then nobody could wait for a child. */
	sigaction(SIGCHLD, &wait_for_children, NULL);

	sigemptyset(&held);
	for (size_t i = 0; i < sizeof(held_signals) / sizeof(held_signals[0]); i++)
		sigaddset(&held, held_signals[i]);
	sigprocmask(SIG_BLOCK, &held, before);
}

static void say_verbose(void *data, const char *line)
{
	const struct tool *t = data;

	if (t->args.verbose)
		tool_note(t, "%s", line);
}

/* One line of the terminal: yes is y or yes. */
static bool read_yes(int terminal)
{
	char line[16];
	size_t n = 0;
	char c;

	while (read(terminal, &c, 1) == 1 && c != '\n')
		if (n < sizeof(line) - 1)
			line[n++] = c;
	line[n] = '\0';
	return strcmp(line, "y") == 0 || strcmp(line, "yes") == 0;
}

static int ask_user(struct tool *t, const struct iof_live_bind *plan, const char *bdf)
{
	static const char question[] = "Go on? [y/N] ";
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	const char *step;
	bool yes;

	if (terminal < 0)
		return tool_error(t, -EPERM,
				  "%s: there is no terminal to ask on: --yes agrees beforehand",
				  bdf);
	for (size_t i = 0; (step = iof_live_bind_step(plan, i)); i++) {
		write_all(terminal, step, strlen(step));
		write_all(terminal, "\n", 1);
	}
	write_all(terminal, question, sizeof(question) - 1);
	yes = read_yes(terminal);
	close(terminal);
	return yes ? 0 : tool_error(t, -ECANCELED, "%s: nothing was done", bdf);
}

static int run_plan(struct tool *t, const struct iof_live_bind *plan, int (*ask)(void *data),
		    void *data)
{
	struct iof_live_bind_options options = {
		.size = sizeof(options), .stop = is_interrupted, .say = say_verbose, .say_data = t};
	sigset_t before;
	int err;

	hold_signals(&before);
	err = iof_live_bind_run(t->ctx, plan, &options, ask, data);
	/* The signal itself ends the process below: what there is to say is said before. */
	if (err == -EINTR)
		tool_note(t, "%s: everything is as it was", iof_ctx_error(t->ctx));
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err;
}

int lend_device(struct tool *t, const char *bdf, int (*ask)(void *data), void *data)
{
	struct iof_live_bind *plan;
	int err = iof_live_bind_plan(t->ctx, bdf, &plan);

	if (!err && !t->args.yes && iof_live_bind_step(plan, 0))
		err = ask_user(t, plan, bdf);
	if (!err)
		err = run_plan(t, plan, ask, data);
	iof_live_bind_free(plan);
	return err;
}

int lend_recover(struct tool *t)
{
	struct iof_live_bind_options options = {
		.size = sizeof(options), .say = say_verbose, .say_data = t};
	sigset_t before;
	int err;

	hold_signals(&before);
	err = iof_live_recover(t->ctx, &options, &t->out);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (err == -EBUSY)
		err = tool_error(t, -EADDRINUSE, "%s", iof_ctx_error(t->ctx));
	return err ? tool_fail(t, err) : tool_finish(t, EXIT_FITS);
}
