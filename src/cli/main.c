/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* main.c - iommufit: reads the options, runs the command, writes its answer. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int (*const commands[N_COMMANDS])(struct tool *) = {
	[COMMAND_HOST] = cmd_host,	   [COMMAND_CAPTURE] = cmd_capture,
	[COMMAND_CAPS] = cmd_caps,	   [COMMAND_CHECK] = cmd_check,
	[COMMAND_FIX] = cmd_fix,	   [COMMAND_MAP] = cmd_map,
	[COMMAND_RESOLVE] = cmd_resolve,   [COMMAND_RULES] = cmd_rules,
	[COMMAND_HOOK] = cmd_hook,	   [COMMAND_EXPLAIN] = cmd_explain,
	[COMMAND_REHEARSE] = cmd_rehearse, [COMMAND_PROBE] = cmd_probe,
};

/* A closed standard descriptor must not become a file of ours that an answer is then written to. */
static void occupy_standard_files(void)
{
	int fd;

	do
		fd = open("/", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static unsigned terminal_columns(void)
{
	const char *text = getenv("COLUMNS");
	char *end;
	struct winsize size;
	unsigned long columns = 0;

	if (text && *text >= '0' && *text <= '9') {
		columns = strtoul(text, &end, 10);
		if (*end)
			columns = 0;
	}
	if (!columns && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		columns = size.ws_col;
	if (!columns)
		return 80;
	return columns < 60 ? 60 : columns > 120 ? 120 : (unsigned)columns;
}

/* https://no-color.org: set and not empty. */
static bool wants_colour(const struct tool *t)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (t->args.no_colour || t->args.json || (no_colour && *no_colour))
		return false;
	return isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

static int collect(void *data, const char *bytes, size_t length)
{
	return bytes_append(data, bytes, length);
}

static void set_output(struct tool *t)
{
	t->out = (struct iof_output){
		.size = sizeof(t->out),
		.write = collect,
		.data = &t->answer,
		.format = t->args.json ? IOF_FORMAT_JSON : IOF_FORMAT_TEXT,
		.columns = terminal_columns(),
		.colour = wants_colour(t),
		.verbose = t->args.verbose,
	};
}

static int print_help(struct tool *t)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);
	int err = 0;

	if (!memory)
		return tool_fail(t, -ENOMEM);
	help_write(memory, t->args.command);
	if (fclose(memory) != 0)
		err = -ENOMEM;
	else
		err = bytes_append(&t->answer, text, length);
	free(text);
	t->args.quiet = false;
	return err ? tool_fail(t, err) : tool_finish(t, 0);
}

static int usage_failure(struct tool *t, int err, char *reason)
{
	enum command_id command = t->args.command;

	t->args.quiet = false;
	if (reason && command == COMMAND_NONE)
		tool_error(t, err, "%s (see iommufit --help)", reason);
	else if (reason)
		tool_error(t, err, "%s (see iommufit %s --help)", reason,
			   command_specs[command].name);
	free(reason);
	return tool_fail(t, err);
}

static int run(struct tool *t, int argc, const char *const *argv)
{
	char *reason = NULL;
	int err = arguments_parse(&t->args, argc, argv, &reason);

	if (err)
		return usage_failure(t, err, reason);
	if (t->args.help)
		return print_help(t);
	if (t->args.version) {
		t->args.quiet = false;
		err = tool_print(t, "iommufit %s\n", iof_version());
		return err ? tool_fail(t, err) : tool_finish(t, 0);
	}
	set_output(t);
	err = iof_ctx_new(&t->ctx);
	return err ? tool_fail(t, err) : commands[t->args.command](t);
}

int main(int argc, char **argv)
{
	struct tool tool = {.ctx = NULL};
	int status;

	signal(SIGPIPE, SIG_IGN);
	occupy_standard_files();
	status = run(&tool, argc, (const char *const *)argv);
	iof_ctx_unref(tool.ctx);
	arguments_free(&tool.args);
	free(tool.answer.data);
	free(tool.error);
	return status;
}
