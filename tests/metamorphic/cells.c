/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The oracle's cells as raw material, and choices that a seed repeats. */
#include <archive.h>
#include <archive_entry.h>
#include <json-c/json.h>

#include "meta.h"

struct cell *cells;
size_t n_cells;
static size_t cap_cells;

static const char *const sets[] = {"main", "kvm", "old", "machines", "bad", "hotplug"};

static char *read_all(const char *path)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	struct buf text = {0};
	static char block[1 << 16];
	ssize_t n;

	archive_read_support_filter_all(archive);
	archive_read_support_format_raw(archive);
	if (archive_read_open_filename(archive, path, sizeof(block)) ||
	    archive_read_next_header(archive, &entry))
		fail_msg("%s: %s", path, archive_error_string(archive));
	while ((n = archive_read_data(archive, block, sizeof(block))) > 0)
		buf_append(&text, block, (size_t)n);
	archive_read_free(archive);
	return buf_steal(&text);
}

static const char *get(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value)
							      : NULL;
}

static bool is_wanted(const char *set)
{
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		if (str_eq(set, sets[i]))
			return true;
	}
	return false;
}

static void add_cell(struct json_object *object)
{
	struct json_object *argv = json_object_object_get(object, "argv");
	struct cell *cell;

	if (n_cells == cap_cells) {
		cap_cells = cap_cells ? 2 * cap_cells : 1024;
		cells = realloc(cells, cap_cells * sizeof(*cells));
		assert_non_null(cells);
	}
	cell = &cells[n_cells++];
	*cell = (struct cell){.host = strdup(get(object, "host")),
			      .qemu = strdup(get(object, "qemu")),
			      .set = strdup(get(object, "set")),
			      .argc = json_object_array_length(argv)};
	cell->argv = calloc(cell->argc + 1, sizeof(*cell->argv));
	assert_non_null(cell->argv);
	for (size_t i = 0; i < cell->argc; i++)
		cell->argv[i] = strdup(json_object_get_string(json_object_array_get_idx(argv, i)));
	if (get(object, "device_add"))
		cell->plug = strdup(get(object, "device_add"));
}

void cells_read(void)
{
	char *path = test_path("oracle/%s", "train.jsonl.xz");
	char *text = read_all(path), *next = text;
	struct json_tokener *tokener = json_tokener_new();

	for (char *line; (line = strsep(&next, "\n"));) {
		struct json_object *object =
			json_tokener_parse_ex(tokener, line, (int)strlen(line));

		json_tokener_reset(tokener);
		if (object && is_wanted(get(object, "set")))
			add_cell(object);
		json_object_put(object);
	}
	json_tokener_free(tokener);
	free(text);
	free(path);
}

static void clear(struct cell *cell)
{
	for (size_t i = 0; i < cell->argc; i++)
		free(cell->argv[i]);
	free(cell->argv);
	free(cell->plug);
}

void cells_free(void)
{
	for (size_t i = 0; i < n_cells; i++) {
		clear(&cells[i]);
		free((char *)(uintptr_t)cells[i].host);
		free((char *)(uintptr_t)cells[i].qemu);
		free((char *)(uintptr_t)cells[i].set);
	}
	free(cells);
}

struct cell *cell_copy(const struct cell *from)
{
	struct cell *cell = malloc(sizeof(*cell));

	assert_non_null(cell);
	*cell = *from;
	cell->argv = calloc(from->argc + 1, sizeof(*cell->argv));
	assert_non_null(cell->argv);
	for (size_t i = 0; i < from->argc; i++)
		cell->argv[i] = strdup(from->argv[i]);
	cell->plug = from->plug ? strdup(from->plug) : NULL;
	return cell;
}

void cell_free(struct cell *cell)
{
	clear(cell);
	free(cell);
}

void cell_replace(struct cell *cell, size_t index, char *argument)
{
	free(cell->argv[index]);
	cell->argv[index] = argument;
}

void cell_substitute(struct cell *cell, const char *from, const char *to)
{
	for (size_t i = 0; i < cell->argc; i++)
		cell_replace(cell, i, substitute(cell->argv[i], from, to));
	if (cell->plug) {
		char *plug = substitute(cell->plug, from, to);

		free(cell->plug);
		cell->plug = plug;
	}
}

void cell_insert(struct cell *cell, size_t index, const char *argument)
{
	char *copy = strdup(argument);

	cell->argv = realloc(cell->argv, (cell->argc + 2) * sizeof(*cell->argv));
	assert_non_null(cell->argv);
	memmove(&cell->argv[index + 1], &cell->argv[index],
		(cell->argc + 1 - index) * sizeof(*cell->argv));
	cell->argv[index] = copy;
	cell->argc++;
}

void cell_remove(struct cell *cell, size_t index)
{
	free(cell->argv[index]);
	memmove(&cell->argv[index], &cell->argv[index + 1],
		(cell->argc - index) * sizeof(*cell->argv));
	cell->argc--;
}

size_t cell_option(const struct cell *cell, const char *name, size_t nth)
{
	for (size_t i = 1; i + 1 < cell->argc; i++) {
		if (str_eq(cell->argv[i], name) && nth-- == 0)
			return i + 1;
	}
	return 0;
}

bool has_text(const struct cell *cell, const char *text)
{
	for (size_t i = 0; i < cell->argc; i++) {
		if (strstr(cell->argv[i], text))
			return true;
	}
	return cell->plug && strstr(cell->plug, text);
}

/* ---- choices: splitmix64 ---- */

static uint64_t state;

void choose_seed(uint64_t seed)
{
	state = seed;
}

uint64_t choose(uint64_t below)
{
	uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

void for_cells(size_t n, size_t least, bool (*wanted)(const struct cell *),
	       void (*test)(const struct cell *))
{
	const struct cell **fit = calloc(n_cells + 1, sizeof(const struct cell *));
	size_t n_fit = 0;

	assert_non_null(fit);
	for (size_t i = 0; i < n_cells; i++) {
		if (!wanted || wanted(&cells[i]))
			fit[n_fit++] = &cells[i];
	}
	if (n_fit < least)
		fail_msg("only %zu cells of at least %zu", n_fit, least);
	for (size_t i = 0; i < n && n_fit; i++) {
		size_t at = (size_t)choose(n_fit);
		const struct cell *cell = fit[at];

		fit[at] = fit[--n_fit];
		test(cell);
	}
	free(fit);
}
