// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * edit.c - edits of settings, written back where they stand: into members of the
 * JSON or into words of the command line, everything else byte for byte as it was.
 */
#include <errno.h>
#include <strings.h>

#include "vm/argument.h"
#include "vm/cloud_hypervisor/cloud_hypervisor.h"

struct editor {
	struct iof_ctx *ctx;
	const struct iof_vm *vm;
	const struct ch_config *config;
	const struct vm_edit *edits;
	size_t n_edits;
	struct arena *arena;
	struct splices splices;
	struct scanner scanner;
};

static int cannot(const struct editor *e, const char *what)
{
	return ctx_fail(e->ctx, -EOPNOTSUPP, "%s: Cloud Hypervisor's config cannot say %s",
			e->vm->name, what);
}

static int splice(struct editor *e, size_t start, size_t end, struct buf *text)
{
	const char *copy =
		text->err ? NULL
			  : arena_strndup(e->arena, text->data ? text->data : "", text->length);

	buf_free(text);
	return splice_add(e->arena, &e->splices, start, end, copy);
}

static const struct ch_item *item_of(const struct editor *e, const struct vm_edit *edit)
{
	return edit->option < e->vm->n_options ? e->vm->options[edit->option].origin : NULL;
}

static const struct ch_setting *setting_of(const struct ch_item *item, const char *name)
{
	for (size_t i = item->n; i-- > 0;) {
		if (str_eq(item->settings[i].key->name, name))
			return &item->settings[i];
	}
	return NULL;
}

/* Whether the edit puts a setting where there is none. */
static bool is_addition(const struct editor *e, const struct vm_edit *edit,
			const struct ch_item *item)
{
	return edit->op == EDIT_SET && item_of(e, edit) == item && edit->key &&
	       !setting_of(item, edit->key);
}

/* Several additions to one item are written at once, by the first of them. */
static bool is_first_addition(const struct editor *e, size_t index, const struct ch_item *item)
{
	for (size_t i = 0; i < index; i++) {
		if (is_addition(e, &e->edits[i], item))
			return false;
	}
	return true;
}

/* ---- JSON ---- */

/* JSON has neither suffixes nor ranges. */
static bool is_for_json(const struct ch_key *key, const char *value)
{
	uint64_t number;

	if (key->type == CH_SIZE)
		return parse_u64(value, 10, UINT64_MAX, &number) == 0;
	return key->type != CH_LIST ||
	       (*value == '[' && value[strspn(value, "[]0123456789,")] == '\0');
}

/* Nor zeros before a number. */
static void put_numbers(struct buf *out, const char *value)
{
	bool in_number = false;

	for (; *value; value++) {
		bool is_digit = *value >= '0' && *value <= '9';
		bool is_padding = *value == '0' && !in_number && value[1] >= '0' && value[1] <= '9';

		if (is_padding)
			continue;
		in_number = is_digit;
		buf_putc(out, *value);
	}
}

static void put_json_value(struct buf *out, const struct ch_key *key, const char *value)
{
	if (key->type == CH_SWITCH)
		buf_puts(out, strcasecmp(value, "on") == 0 || strcasecmp(value, "true") == 0
				      ? "true"
				      : "false");
	else if (key->type == CH_NUMBER || key->type == CH_SIZE || key->type == CH_LIST)
		put_numbers(out, value);
	else
		json_append_string(out, value);
}

/* Behind the name that begins there, its quotes included. */
static size_t key_end(const struct editor *e, size_t key_start)
{
	size_t at = key_start + 1;

	while (at < e->vm->source_length && e->vm->source[at] != '"')
		at += e->vm->source[at] == '\\' ? 2 : 1;
	return at + 1;
}

/* As the neighbour has it: what parts it from what stands before it, and its colon. */
static void put_like(const struct editor *e, struct buf *out, const struct json_value *neighbour,
		     const char *name)
{
	size_t blanks = neighbour->key_start, colon = key_end(e, neighbour->key_start);

	while (blanks && strchr(" \t\r\n", e->vm->source[blanks - 1]))
		blanks--;
	buf_append(out, e->vm->source + blanks, neighbour->key_start - blanks);
	json_append_string(out, name);
	buf_append(out, e->vm->source + colon, neighbour->start - colon);
}

static void put_additions(const struct editor *e, const struct ch_item *item, struct buf *out,
			  const struct json_value *neighbour)
{
	const struct ch_section *section = &ch_sections[item->section];
	bool is_first = !neighbour;

	for (size_t i = 0; i < e->n_edits; i++) {
		const struct vm_edit *edit = &e->edits[i];
		const struct ch_key *key;

		if (!is_addition(e, edit, item))
			continue;
		key = ch_key_find(section, edit->key);
		if (!key)
			continue;
		if (!is_first)
			buf_putc(out, ',');
		if (neighbour) {
			put_like(e, out, neighbour, ch_member(key));
		} else {
			buf_puts(out, is_first ? "" : " ");
			json_append_string(out, ch_member(key));
			buf_puts(out, ": ");
		}
		put_json_value(out, key, edit->value);
		is_first = false;
	}
}

/* "cpus" must say how many there are. */
static void put_object(const struct editor *e, const struct ch_item *item, struct buf *out)
{
	buf_putc(out, '{');
	if (item->section == CH_CPUS)
		buf_puts(out, "\"boot_vcpus\": 1, \"max_vcpus\": 1, ");
	put_additions(e, item, out, NULL);
	buf_putc(out, '}');
}

static int add_object(struct editor *e, const struct ch_item *item)
{
	const struct json_value *root = e->config->root;
	const char *name = ch_sections[item->section].member;
	const struct json_value *member = json_member(root, name);
	const struct json_value *last = root->n ? &root->items[root->n - 1] : NULL;
	struct buf out = {0};

	if (member) { /* null */
		put_object(e, item, &out);
		return splice(e, member->start, member->end, &out);
	}
	if (!last) {
		json_append_string(&out, name);
		buf_puts(&out, ": ");
		put_object(e, item, &out);
		return splice(e, root->start + 1, root->start + 1, &out);
	}
	buf_putc(&out, ',');
	put_like(e, &out, last, name);
	put_object(e, item, &out);
	return splice(e, last->end, last->end, &out);
}

static int add_members(struct editor *e, const struct ch_item *item)
{
	const struct json_value *last;
	struct buf out = {0};

	if (!item->node)
		return add_object(e, item);
	if (item->node->type != JSON_OBJECT)
		return cannot(e, "this here");
	if (!item->node->n) {
		put_additions(e, item, &out, NULL);
		return splice(e, item->node->start + 1, item->node->start + 1, &out);
	}
	last = &item->node->items[item->node->n - 1];
	put_additions(e, item, &out, last);
	return splice(e, last->end, last->end, &out);
}

/* One of the values between the brackets goes, with the comma that it needs no more. */
static int remove_value(struct editor *e, const struct json_value *container, size_t index)
{
	const struct json_value *items = container->items;
	bool is_object = container->type == JSON_OBJECT;
	struct buf none = {0};

	if (index > 0)
		return splice(e, items[index - 1].end, items[index].end, &none);
	if (container->n > 1)
		return splice(e, is_object ? items[0].key_start : items[0].start,
			      is_object ? items[1].key_start : items[1].start, &none);
	return splice(e, container->start + 1, container->end - 1, &none);
}

static int remove_from(struct editor *e, const struct json_value *container, size_t start)
{
	for (size_t i = 0; container && i < container->n; i++) {
		if (container->items[i].start == start)
			return remove_value(e, container, i);
	}
	return cannot(e, "this");
}

static int rename_member(struct editor *e, const struct vm_edit *edit)
{
	const struct remark *remark =
		edit->option < e->vm->n_remarks ? &e->vm->remarks[edit->option] : NULL;
	const struct ch_rename *rename = remark && remark->has_cure ? remark->origin : NULL;
	struct buf out = {0};

	if (!rename)
		return cannot(e, "this");
	json_append_string(&out, rename->to);
	return splice(e, rename->member->key_start, key_end(e, rename->member->key_start), &out);
}

static int edit_json(struct editor *e, size_t index, const struct ch_item *item,
		     const struct ch_setting *setting)
{
	const struct vm_edit *edit = &e->edits[index];
	struct buf out = {0};

	if (edit->op == EDIT_REMOVE)
		return item->node ? remove_from(e,
						json_member(e->config->root,
							    ch_sections[item->section].member),
						item->node->start)
				  : 0;
	if (edit->op == EDIT_UNSET)
		return setting ? remove_from(e, item->node, setting->start) : 0;
	if (!setting)
		return is_first_addition(e, index, item) ? add_members(e, item) : 0;
	put_json_value(&out, setting->key, edit->value);
	return splice(e, setting->start, setting->end, &out);
}

/* ---- the command line ---- */

/* The word again, with where each of its characters stands. */
static int read_word(struct editor *e, size_t index, struct word *word)
{
	return scanner_word_at(&e->scanner, e->config->words[index].offset, word);
}

/* Without chars they stand in the source as they are. */
static struct word_char char_of(const struct word *word, size_t i)
{
	if (word->chars)
		return word->chars[i];
	return (struct word_char){
		.offset = (uint32_t)(word->offset + i), .length = 1, .quote = QUOTE_NONE};
}

static size_t char_end(const struct word *word, size_t i)
{
	struct word_char c = char_of(word, i);

	return (size_t)c.offset + c.length;
}

/* Bytes of the source that say characters [start, end), which are all quoted alike. */
static int raw_range(struct editor *e, const struct word *word, size_t start, size_t end,
		     size_t *first, size_t *last)
{
	for (size_t i = start; i + 1 < end; i++) {
		if (char_of(word, i).quote != char_of(word, i + 1).quote)
			return cannot(e, "this inside such quotes");
	}
	*first = char_of(word, start).offset;
	*last = char_end(word, end - 1);
	return 0;
}

static int replace_value(struct editor *e, const struct ch_item *item,
			 const struct ch_setting *setting, const char *value)
{
	struct buf out = {0};
	size_t first, last;
	struct word word;
	int ret = read_word(e, item->word, &word);

	if (!ret && (setting->start >= setting->end || setting->end > word.length))
		ret = cannot(e, "this");
	if (!ret)
		ret = raw_range(e, &word, setting->start, setting->end, &first, &last);
	if (ret)
		return ret;
	quote_append(&out, value, strlen(value), (enum quote)char_of(&word, setting->start).quote);
	return splice(e, first, last, &out);
}

static void put_pairs(const struct editor *e, const struct ch_item *item, struct buf *out)
{
	for (size_t i = 0; i < e->n_edits; i++) {
		if (is_addition(e, &e->edits[i], item))
			buf_printf(out, "%s%s=%s", out->length ? "," : "", e->edits[i].key,
				   e->edits[i].value);
	}
}

static int append_pairs(struct editor *e, const struct ch_item *item)
{
	struct buf pairs = {0}, out = {0};
	struct word_char tail;
	struct word word;
	int ret = read_word(e, item->word, &word);

	if (!ret && !word.length)
		ret = cannot(e, "this in an empty word");
	if (ret)
		return ret;
	tail = char_of(&word, word.length - 1);
	put_pairs(e, item, &pairs);
	buf_putc(&pairs, '\0');
	buf_putc(&out, ',');
	if (!pairs.err)
		quote_append(&out, pairs.data, pairs.length - 1, (enum quote)tail.quote);
	out.err = out.err ? out.err : pairs.err;
	buf_free(&pairs);
	return splice(e, (size_t)tail.offset + tail.length, (size_t)tail.offset + tail.length,
		      &out);
}

static size_t word_end(const struct editor *e, size_t word)
{
	return e->config->words[word].offset + e->config->words[word].raw_length;
}

/* What stands before the last option that begins a line, else a blank. */
static void put_separator(const struct editor *e, struct buf *out)
{
	for (size_t i = e->config->n_words; i-- > 1;) {
		size_t from = word_end(e, i - 1), to = e->config->words[i].offset;

		if (*e->config->words[i].text != '-' || from >= to)
			continue;
		if (memchr(e->vm->source + from, '\n', to - from)) {
			buf_append(out, e->vm->source + from, to - from);
			return;
		}
		break;
	}
	buf_putc(out, ' ');
}

static int add_option(struct editor *e, const struct ch_item *item)
{
	size_t end = word_end(e, e->config->n_words - 1);
	struct buf out = {0}, pairs = {0};

	put_separator(e, &out);
	buf_printf(&out, "--%s ", ch_sections[item->section].option);
	put_pairs(e, item, &pairs);
	if (!pairs.err)
		quote_append(&out, pairs.data, pairs.length, QUOTE_NONE);
	out.err = out.err ? out.err : pairs.err;
	buf_free(&pairs);
	return splice(e, end, end, &out);
}

/* The word, and its option if it has no other. */
static int remove_word(struct editor *e, const struct ch_item *item)
{
	const struct word *words = e->config->words;
	size_t first = item->word, next = item->word + 1;
	bool has_others = item->word > item->option + 1 ||
			  (next < e->config->n_words && *words[next].text != '-');
	struct buf none = {0};

	if (!has_others || item->word == item->option)
		first = item->option;
	return splice(e, word_end(e, first - 1), word_end(e, item->word), &none);
}

static int remove_setting(struct editor *e, const struct ch_item *item,
			  const struct ch_setting *setting)
{
	size_t start = setting->key_start, end = setting->end, first, last;
	struct buf none = {0};
	struct word word;
	int ret = read_word(e, item->word, &word);

	if (ret)
		return ret;
	if (end < word.length && word.text[end] == ',')
		end++;
	else if (start && word.text[start - 1] == ',')
		start--;
	if (start == 0 && end >= word.length)
		return remove_word(e, item);
	ret = raw_range(e, &word, start, end, &first, &last);
	return ret ? ret : splice(e, first, last, &none);
}

static int edit_words(struct editor *e, size_t index, const struct ch_item *item,
		      const struct ch_setting *setting)
{
	const struct vm_edit *edit = &e->edits[index];

	if (edit->op == EDIT_REMOVE)
		return item->is_written ? remove_word(e, item) : 0;
	if (edit->op == EDIT_UNSET)
		return setting ? remove_setting(e, item, setting) : 0;
	if (setting)
		return replace_value(e, item, setting, edit->value);
	if (!is_first_addition(e, index, item))
		return 0;
	return item->is_written && item->word != 0 && ch_sections[item->section].kind != CH_FLAG
		       ? append_pairs(e, item)
		       : add_option(e, item);
}

/* ---- all ---- */

static int edit_one(struct editor *e, size_t index)
{
	const struct vm_edit *edit = &e->edits[index];
	const struct ch_item *item = item_of(e, edit);
	const struct ch_setting *setting;
	const struct ch_key *key;

	if (edit->op == EDIT_REMARK)
		return e->config->is_json ? rename_member(e, edit) : cannot(e, "this");
	if (!item || (edit->op != EDIT_SET && edit->op != EDIT_UNSET && edit->op != EDIT_REMOVE))
		return cannot(e, "this");
	key = edit->key ? ch_key_find(&ch_sections[item->section], edit->key) : NULL;
	if (edit->op != EDIT_REMOVE && !key)
		return cannot(e, edit->key ? edit->key : "this");
	if (edit->op == EDIT_SET && (!ch_is_of_type(key, edit->value) ||
				     (e->config->is_json && !is_for_json(key, edit->value))))
		return cannot(e, edit->value);
	setting = edit->key ? setting_of(item, edit->key) : NULL;
	return e->config->is_json ? edit_json(e, index, item, setting)
				  : edit_words(e, index, item, setting);
}

int ch_edit(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits, size_t n,
	    struct arena *arena, const char **text, size_t *length)
{
	struct arena *scratch = arena_new(16384);
	struct editor e = {.ctx = ctx,
			   .vm = vm,
			   .config = vm->config_data,
			   .edits = edits,
			   .n_edits = n,
			   .arena = arena};
	int ret = scratch ? 0 : -ENOMEM;

	scanner_init(&e.scanner, ctx, arena, scratch, vm->name, vm->source, vm->source_length);
	for (size_t i = 0; !ret && i < n; i++)
		ret = edit_one(&e, i);
	if (!ret)
		ret = splices_apply(arena, vm->source, vm->source_length, &e.splices, text, length);
	scanner_free(&e.scanner);
	arena_free(scratch);
	return ret;
}
