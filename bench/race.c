// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * race.c - runs commands in turn, many times each, and prints the median time of each in
 * microseconds, from fork to wait, and how it ended. In turn, so that what else the machine does
 * hits all alike.
 *
 * race RUNS COMMAND [ARGUMENT…] [@ COMMAND [ARGUMENT…]]…
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

struct command {
	char **argv;
	double *times; /* microseconds */
	int status;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double run_once(struct command *command, const posix_spawn_file_actions_t *silence)
{
	double start = now();
	pid_t pid;

	if (posix_spawnp(&pid, command->argv[0], silence, NULL, command->argv, environ) != 0 ||
	    waitpid(pid, &command->status, 0) < 0) {
		fprintf(stderr, "race: cannot run %s\n", command->argv[0]);
		exit(1);
	}
	return now() - start;
}

static size_t split(char **words, size_t n, struct command *commands)
{
	size_t used = 0;

	commands[used++].argv = words;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], "@") != 0)
			continue;
		words[i] = NULL;
		commands[used++].argv = words + i + 1;
	}
	return used;
}

static void print(const struct command *command, size_t runs)
{
	int status = WIFEXITED(command->status) ? WEXITSTATUS(command->status)
						: -WTERMSIG(command->status);

	qsort(command->times, runs, sizeof(*command->times), by_time);
	printf("%.1f %d\n", command->times[runs / 2], status);
}

int main(int argc, char **argv)
{
	size_t runs = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, n;
	struct command *commands = calloc((size_t)argc, sizeof(*commands));
	posix_spawn_file_actions_t silence;

	if (!runs || runs > 1000000 || !commands) {
		fprintf(stderr, "usage: race RUNS COMMAND... [@ COMMAND...]...\n");
		return 64;
	}
	n = split(argv + 2, (size_t)argc - 2, commands);
	posix_spawn_file_actions_init(&silence);
	posix_spawn_file_actions_addopen(&silence, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&silence, 2, "/dev/null", O_WRONLY, 0);
	for (size_t i = 0; i < n; i++) {
		commands[i].times = calloc(runs, sizeof(double));
		if (!commands[i].times)
			return 1;
		run_once(&commands[i], &silence); /* warm the page cache */
	}
	for (size_t run = 0; run < runs; run++)
		for (size_t i = 0; i < n; i++)
			commands[i].times[run] = run_once(&commands[i], &silence);
	for (size_t i = 0; i < n; i++) {
		print(&commands[i], runs);
		free(commands[i].times);
	}
	free(commands);
	posix_spawn_file_actions_destroy(&silence);
	return 0;
}
