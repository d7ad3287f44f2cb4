// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * readconfig.c - the files that -readconfig names. Behaviour: util/qemu-config.c
 * qemu_config_foreach() (lines of at most 1023 bytes, names of 63, no escapes) and system/vl.c
 * qemu_parse_config_group() of 7.2 to 10.0, and 7.2.22 itself.
 */
#include <errno.h>
#include <stdlib.h>

#include "vm/parser.h"

#define MAX_NAME 63

struct reader {
	struct parser *parser;
	const char *path;
	const char *bytes;
	const char *line;
	size_t length;
	unsigned number;
	/* The section at hand: its header, and the first of its options' pairs. */
	bool has_section;
	const struct option_info *info; /* NULL: a group that does not matter */
	const char *group;
	const char *id;
	struct place place;
	struct pair *pairs;
	size_t n_pairs;
	size_t pairs_cap;
	const char *error;
};

static struct place place_at(const struct reader *r, size_t start, size_t end)
{
	return (struct place){.file = r->path,
			      .line = r->number,
			      .column = (unsigned)start + 1,
			      .offset = (size_t)(r->line - r->bytes) + start,
			      .length = end - start,
			      .arg = -1};
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t skip_spaces(const struct reader *r, size_t i)
{
	while (i < r->length && is_space(r->line[i]))
		i++;
	return i;
}

static size_t skip_until(const struct reader *r, size_t i, char stop)
{
	while (i < r->length && r->line[i] != stop)
		i++;
	return i;
}

static char *take(struct reader *r, size_t start, size_t end)
{
	return arena_strndup(r->parser->vm->arena, r->line + start, end - start);
}

/* [group "id"] or [group]. The group may have blanks in it in the second form only. */
static int read_header(struct reader *r)
{
	size_t start = skip_spaces(r, 1), end = start, open, close;

	while (end < r->length && !is_space(r->line[end]) && end - start < MAX_NAME)
		end++;
	open = skip_spaces(r, end);
	close = open < r->length && r->line[open] == '"' ? skip_until(r, open + 1, '"') : 0;
	r->id = NULL;
	if (end > start && close > open + 1) {
		if (close - open - 1 > MAX_NAME)
			close = open + 1 + MAX_NAME;
		r->id = take(r, open + 1, close);
		if (!r->id)
			return -ENOMEM;
	} else {
		start = 1;
		end = skip_until(r, 1, ']');
		end = end - start > MAX_NAME ? start + MAX_NAME : end;
	}
	r->has_section = end > start;
	r->group = take(r, start, end);
	r->place = place_at(r, 0, r->length);
	r->n_pairs = 0;
	r->pairs = NULL;
	return r->group ? 0 : -ENOMEM;
}

/* key = "value"; a value that does not close goes to the end of the line. Text without quotes is no
 * value. */
static int read_pair(struct reader *r)
{
	size_t start = skip_spaces(r, 0), end = start, quote, close;
	struct pair pair = {0};

	while (end < r->length && !is_space(r->line[end]) && end - start < MAX_NAME)
		end++;
	quote = skip_spaces(r, end);
	if (end == start) {
		r->error = "parse error";
		return 0;
	}
	/* scanf stops where the text differs and still has the key: QEMU then takes an empty value.
	 */
	if (quote < r->length && r->line[quote] == '=')
		quote = skip_spaces(r, quote + 1);
	else
		quote = r->length;
	close = quote < r->length && r->line[quote] == '"' ? skip_until(r, quote + 1, '"') : quote;
	if (!r->has_section) {
		r->error = "no group defined";
		return 0;
	}
	if (r->n_pairs == MAX_PAIRS)
		return parser_fail(r->parser, &r->place, "more than 1024 pairs in a section");
	pair.key = take(r, start, end);
	pair.value = close > quote ? take(r, quote + 1, close) : "";
	pair.at = close > quote ? place_at(r, quote + 1, close) : place_at(r, close, close);
	if (pair.key && pair.value && str_eq(pair.key, "id")) {
		r->id = pair.value; /* the last one counts, wherever it stands */
		return 0;
	}
	r->pairs =
		arena_grow(r->parser->vm->arena, r->pairs, r->n_pairs, &r->pairs_cap, sizeof(pair));
	if (!pair.key || !pair.value || !r->pairs)
		return -ENOMEM;
	r->pairs[r->n_pairs++] = pair;
	return 0;
}

/* The section as an option, as if it had been given on the command line. */
static int finish_section(struct reader *r)
{
	struct vm_option *option;
	int ret = 0;

	if (!r->has_section || r->error)
		return 0;
	r->has_section = false;
	if (!option_group_exists(r->group) && !str_eq(r->group, "machine")) {
		r->error = arena_printf(r->parser->vm->arena, "There is no option group '%s'",
					r->group);
		return r->error ? 0 : -ENOMEM;
	}
	r->info = option_info_group(r->group);
	option = parser_add(r->parser);
	if (!option)
		return -ENOMEM;
	option->kind = r->info ? r->info->kind : OPTION_OTHER;
	option->name = r->info ? r->info->name : r->group;
	option->at = r->place;
	if (r->id) {
		struct pair id = {.key = "id", .value = r->id, .at = r->place};

		ret = option_add_pair(r->parser->vm->arena, option, &id);
	}
	for (size_t i = 0; !ret && i < r->n_pairs; i++)
		ret = option_add_pair(r->parser->vm->arena, option, &r->pairs[i]);
	return ret || !r->info ? ret : option_judge(r->parser, r->info, option);
}

static int read_line(struct reader *r)
{
	int ret = 0;

	if (!r->length || r->line[0] == '#')
		return 0;
	if (r->line[0] != '[')
		return read_pair(r);
	ret = finish_section(r);
	return ret || r->error ? ret : read_header(r);
}

static int read_lines(struct reader *r, size_t length)
{
	const char *cursor = r->bytes;
	int ret = 0;

	while (!ret && !r->error && next_line(&cursor, r->bytes + length, &r->line, &r->length)) {
		r->number++;
		if (r->length > 1023) /* the next read would take the rest for a line of its own */
			return parser_fail(r->parser,
					   &(struct place){.file = r->path, .line = r->number},
					   "line longer than 1023 bytes");
		ret = read_line(r);
	}
	return ret ? ret : finish_section(r);
}

/* The file as the callback gave it, once: an edited VM is parsed again without asking. */
int config_file_find(struct iof_ctx *ctx, struct iof_vm *vm, iof_vm_open_fn open, void *data,
		     const char *path, const struct config_file **out)
{
	cleanup_free char *bytes = NULL;
	struct config_file *file;
	size_t length = 0;
	int ret;

	for (file = vm->files; file; file = file->next) {
		*out = file;
		if (str_eq(file->path, path))
			return 0;
	}
	*out = NULL;
	if (!open)
		return 0;
	ret = open(data, path, &bytes, &length);
	if (ret == -ENOMEM)
		return ret;
	if (!ret && (length > MAX_SOURCE || memchr(bytes, '\0', length)))
		return ctx_fail(ctx, -EBADMSG, "%s:1: %s", path,
				length > MAX_SOURCE ? "larger than 1 MiB"
						    : "no text: it holds a NUL");
	file = arena_alloc(vm->arena, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->path = arena_strdup(vm->arena, path);
	file->err = ret;
	file->length = length;
	file->bytes = ret ? "" : arena_strndup(vm->arena, bytes, length);
	if (!file->path || !file->bytes)
		return -ENOMEM;
	file->next = vm->files;
	vm->files = file;
	*out = file;
	return 0;
}

int readconfig_load(struct parser *p, struct vm_option *readconfig)
{
	size_t index = (size_t)(readconfig - p->vm->options);
	const struct config_file *file = NULL;
	struct reader r = {.parser = p, .path = readconfig->text};
	int ret;

	if (!readconfig->text || readconfig->has_variable) {
		readconfig->is_unread = true;
		return 0;
	}
	ret = config_file_find(p->ctx, p->vm, p->open, p->open_data, readconfig->text, &file);
	if (ret)
		return ret;
	readconfig->is_unread = !file || (file->err && file->err != -ENOENT);
	if (!file || file->err) {
		if (file && file->err == -ENOENT)
			readconfig->error = arena_printf(
				p->vm->arena, "Could not open '%s': No such file or directory",
				readconfig->text);
		return file && file->err == -ENOENT && !readconfig->error ? -ENOMEM : 0;
	}
	r.bytes = file->bytes;
	ret = read_lines(&r, file->length);
	if (!ret && p->vm->options)
		p->vm->options[index].error = r.error;
	return ret;
}
