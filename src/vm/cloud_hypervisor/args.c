// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * args.c - the command line: options that take one word or several of them, each
 * a list of key=value, with lists in brackets and texts in double quotes
 * (option_parser/src/lib.rs).
 */
#include <errno.h>

#include "vm/cloud_hypervisor/cloud_hypervisor.h"

bool ch_is_program(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	static const char name[] = "cloud-hypervisor";
	const char *slash = strrchr(word, '/');
	const char *base = slash ? slash + 1 : word;

	return *word != '-' && str_starts(base, name) && !base[strspn(base, plain)];
}

struct reader {
	struct translation *t;
	struct ch_config *config;
	struct arena *arena;
};

/* Characters [start, end) of a word. */
static struct place place_of(struct reader *r, size_t word, size_t start, size_t end)
{
	return word_place(&r->config->words[word], r->t->vm->source, start, end, -1);
}

static char *copy(struct reader *r, const char *text, size_t length)
{
	char *out = arena_strndup(r->arena, text, length);

	if (!out && !r->t->err)
		r->t->err = -ENOMEM;
	return out;
}

static void refuse(struct reader *r, const struct ch_item *item, const char *form,
		   const char *about, const char *why, const struct place *at)
{
	const char *reason = arena_printf(r->arena, "%s%s", form, about);

	if (reason)
		ch_refuse(r->t, r->config, &ch_sections[item->section], reason, why, at);
	else if (!r->t->err)
		r->t->err = -ENOMEM;
}

/* ---- values ---- */

/* "[1,3-5]"; the brackets may be missing. */
static bool is_list(const char *text)
{
	size_t length = strlen(text);

	while (length && (text[length - 1] == ']' || text[length - 1] == '['))
		length--;
	while (length && (*text == '[' || *text == ']')) {
		text++;
		length--;
	}
	while (length) {
		size_t digits = strspn(text, "0123456789");

		if (!digits || digits > length)
			return false;
		text += digits;
		length -= digits;
		if (length && *text != ',' && *text != '-')
			return false;
		text += length > 0;
		length -= length > 0;
	}
	return true;
}

static bool is_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && !text[digits + strspn(text + digits, "KMG")];
}

static bool is_switch(const char *text)
{
	return strcasecmp(text, "on") == 0 || strcasecmp(text, "off") == 0 ||
	       strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0;
}

static const char *switch_text(const char *text)
{
	return strcasecmp(text, "on") == 0 || strcasecmp(text, "true") == 0 ? "on" : "off";
}

bool ch_is_of_type(const struct ch_key *key, const char *text)
{
	uint64_t number;

	switch (key->type) {
	case CH_NUMBER:
		return parse_u64(text, 10, key->max, &number) == 0;
	case CH_SIZE:
		return is_size(text);
	case CH_SWITCH:
		return is_switch(text);
	case CH_LIST:
		return is_list(text);
	case CH_TEXT:
	case CH_WORD:
	case CH_ANY:
		break;
	}
	return true;
}

/* Quotes go, a doubled one stays once. */
static const char *dequote(char *text)
{
	bool in_quotes = false;
	char before = '\0', *to = text;

	for (const char *at = text; *at; before = *at++) {
		if (*at != '"') {
			*to++ = *at;
			continue;
		}
		if (before == '"' && !in_quotes)
			*to++ = '"';
		in_quotes = !in_quotes;
	}
	*to = '\0';
	return text;
}

static void cannot_convert(struct reader *r, const struct ch_item *item, const struct ch_key *key,
			   const char *value, const struct place *at)
{
	const char *text =
		r->config->version >= CH_VERSION(47)
			? arena_printf(r->arena, "unable to convert %s for %s", value, key->name)
			: arena_printf(r->arena, "unable to parse %s for %s", value, key->name);

	if (text)
		refuse(r, item, "", text, "The value is none that this setting takes.", at);
	else if (!r->t->err)
		r->t->err = -ENOMEM;
}

/* ---- settings ---- */

/* One "key=value", characters [start, end) of the item's word. */
static void read_setting(struct reader *r, struct ch_item *item, size_t start, size_t end)
{
	const struct ch_section *section = &ch_sections[item->section];
	const char *text = r->config->words[item->word].text;
	const char *equals = memchr(text + start, '=', end - start);
	size_t value_start = equals ? (size_t)(equals - text) + 1 : end;
	char *name = copy(r, text + start, (equals ? value_start - 1 : end) - start);
	struct place whole = place_of(r, item->word, start, end);
	const struct ch_key *key = name ? ch_key_find(section, name) : NULL;
	struct ch_setting *setting;
	char *value;

	if (!name)
		return;
	if (!key || key->since > r->config->version) {
		if (section->is_complete)
			refuse(r, item, "unknown option: ", name,
			       key ? "A later version has it." : "This option has no such setting.",
			       &whole);
		return;
	}
	if (!equals && key->type != CH_WORD) {
		char *written = copy(r, text + start, end - start);

		if (written)
			refuse(r, item,
			       r->config->version >= CH_VERSION(47) ? "invalid syntax: "
								    : "invalid syntax:",
			       written, "The setting has no value.", &whole);
		return;
	}
	while (value_start < end && (text[value_start] == ' ' || text[value_start] == '\t'))
		value_start++;
	while (end > value_start && (text[end - 1] == ' ' || text[end - 1] == '\t'))
		end--;
	value = copy(r, text + value_start, end - value_start);
	if (!value || (equals && !*value && key->type != CH_WORD))
		return; /* "key=" is as if it were not there */
	whole = place_of(r, item->word, value_start, end);
	if (word_has_variable(&r->config->words[item->word], start, end))
		return; /* what the shell makes of it cannot be known */
	if (!ch_is_of_type(key, value)) {
		cannot_convert(r, item, key, value, &whole);
		return;
	}
	setting = ch_setting_add(r->t, item);
	if (setting)
		*setting = (struct ch_setting){.key = key,
					       .value = key->type == CH_SWITCH ? switch_text(value)
									       : dequote(value),
					       .at = whole,
					       .start = value_start,
					       .end = end,
					       .key_start = start};
}

/* From that character of the item's word on. Commas in brackets and quotes part nothing. */
static void read_settings(struct reader *r, struct ch_item *item, size_t start)
{
	const struct word *word = &r->config->words[item->word];
	bool in_quotes = false;
	size_t depth = 0;

	if (!word->text[start + strspn(word->text + start, " \t")])
		return;
	for (size_t i = start; i <= word->length && !r->t->err; i++) {
		char c = i < word->length ? word->text[i] : ',';

		if (c == '"')
			in_quotes = !in_quotes;
		if (in_quotes && i < word->length)
			continue;
		depth += c == '[';
		depth -= c == ']' && depth;
		if (c != ',' || (depth && i < word->length))
			continue;
		read_setting(r, item, start, i);
		start = i + 1;
	}
}

/* ---- options ---- */

static enum ch_section_id section_of(const char *name, size_t length)
{
	size_t id = 0;

	while (id < CH_SECTIONS &&
	       !(ch_sections[id].option && strlen(ch_sections[id].option) == length &&
		 memcmp(ch_sections[id].option, name, length) == 0))
		id++;
	return (enum ch_section_id)id;
}

static struct ch_item *add_item(struct reader *r, enum ch_section_id id, size_t option, size_t word)
{
	const struct word *words = r->config->words;
	struct place at = place_of(r, word, 0, words[word].length), of_option;
	struct ch_item *item;

	of_option = place_of(r, option, 0, words[option].length);
	if (at.offset >= of_option.offset) {
		at.length += at.offset - of_option.offset;
		at.offset = of_option.offset;
		at.line = of_option.line;
		at.column = of_option.column;
	}
	item = ch_item_add(r->t, r->config, id, &at);
	if (item) {
		item->option = option;
		item->word = word;
	}
	return item;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

/* Behind the option at word i; returns the next one. */
static size_t read_option(struct reader *r, size_t i)
{
	const struct ch_config *config = r->config;
	const char *name = config->words[i].text + 2, *equals = strchr(name, '=');
	enum ch_section_id id = section_of(name, equals ? (size_t)(equals - name) : strlen(name));
	size_t option = i++;
	struct ch_item *item;

	if (id == CH_SECTIONS) {
		while (i < config->n_words && !is_option(config->words[i].text))
			i++;
		return i;
	}
	if (ch_sections[id].kind == CH_FLAG) {
		add_item(r, id, option, option);
		return i;
	}
	if (equals) { /* --cpus=boot=4 */
		item = add_item(r, id, option, option);
		if (item)
			read_settings(r, item, (size_t)(equals - config->words[option].text) + 1);
		return i;
	}
	for (; i < config->n_words && !is_option(config->words[i].text) && !r->t->err; i++) {
		item = add_item(r, id, option, i);
		if (item)
			read_settings(r, item, 0);
		if (ch_sections[id].kind == CH_OBJECT)
			return i + 1;
	}
	return i;
}

static void read_options(struct reader *r)
{
	size_t i = 1;

	while (i < r->config->n_words && !r->t->err) {
		const char *text = r->config->words[i].text;

		if (str_starts(text, "--") && text[2])
			i = read_option(r, i);
		else
			i++;
	}
}

void ch_read_args(struct translation *t, struct ch_config *config)
{
	struct reader r = {.t = t, .config = config, .arena = t->vm->arena};
	struct arena *scratch = arena_new(16384);
	struct command command = {0};
	struct scanner scanner;
	int ret;

	if (!scratch) {
		t->err = -ENOMEM;
		return;
	}
	scanner_init(&scanner, t->ctx, t->vm->arena, scratch, t->vm->name, t->vm->source,
		     t->vm->source_length);
	ret = command_find(&scanner, ch_is_program, &command);
	scanner_free(&scanner);
	config->words = command.words;
	config->n_words = command.n;
	if (ret == -ENOENT)
		translation_fail(t, NULL, "no command line of cloud-hypervisor in it");
	else if (ret)
		t->err = ret;
	else
		read_options(&r);
	for (size_t i = 0; i < config->n_words; i++)
		config->words[i].chars = NULL; /* they lay in scratch */
	arena_free(scratch);
}

/* ---- argument vectors ---- */

const char *ch_argv_text(struct arena *arena, const char *const *argv, size_t argc)
{
	struct buf out = {0};
	const char *text;

	for (size_t i = 0; i < argc; i++) {
		if (i)
			buf_puts(&out, is_option(argv[i]) ? " \\\n  " : " ");
		quote_append(&out, argv[i], strlen(argv[i]), QUOTE_NONE);
	}
	buf_putc(&out, '\n');
	text = out.err ? NULL : arena_strndup(arena, out.data, out.length);
	buf_free(&out);
	return text;
}

int ch_text_argv(struct iof_ctx *ctx, const struct iof_vm *vm, struct arena *arena,
		 const char *text, size_t length, const char *const **argv)
{
	struct arena *scratch = arena_new(16384);
	enum token token = TOKEN_WORD;
	const char **words = NULL;
	size_t n = 0, cap = 0;
	struct scanner scanner;
	struct word word = {0};
	int ret = scratch ? 0 : -ENOMEM;

	scanner_init(&scanner, ctx, arena, scratch, vm->name, text, length);
	while (!ret && token != TOKEN_END) {
		ret = scanner_next(&scanner, &token, &word);
		words = arena_grow(arena, words, n, &cap, sizeof(*words));
		if (!words)
			ret = -ENOMEM;
		else if (token == TOKEN_WORD)
			words[n++] = word.text;
	}
	if (!ret)
		words[n] = NULL;
	scanner_free(&scanner);
	arena_free(scratch);
	*argv = words;
	return ret;
}
