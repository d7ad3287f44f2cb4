/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* standalone.c - runs a fuzz target over files, and over all files of folders, without a fuzzer. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static int run_path(const char *path, unsigned *runs);

static int run_file(const char *path, size_t size, unsigned *runs)
{
	/* Exactly as large as the input, so that a sanitizer sees a read past it. */
	uint8_t *bytes = malloc(size ? size : 1);
	FILE *file = fopen(path, "rb");
	int status = 1;

	if (bytes && file && fread(bytes, 1, size, file) == size) {
		LLVMFuzzerTestOneInput(bytes, size);
		++*runs;
		status = 0;
	} else {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	}
	if (file)
		fclose(file);
	free(bytes);
	return status;
}

static int run_folder(const char *path, unsigned *runs)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);
	int i, status = n < 0;

	for (i = 0; i < n; i++) {
		char *below = NULL;

		if (entries[i]->d_name[0] != '.') {
			if (asprintf(&below, "%s/%s", path, entries[i]->d_name) < 0)
				status = 1;
			else
				status |= run_path(below, runs);
			free(below);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return status;
}

static int run_path(const char *path, unsigned *runs)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	return S_ISDIR(st.st_mode) ? run_folder(path, runs)
				   : run_file(path, (size_t)st.st_size, runs);
}

int main(int argc, char **argv)
{
	unsigned runs = 0;
	int i, status = 0;

	for (i = 1; i < argc; i++)
		status |= run_path(argv[i], &runs);
	printf("%u passed, %d failed\n", runs, status || !runs);
	return status || !runs;
}
