// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * edit_text.c - a plan applied to the text. What is not edited keeps its bytes. The gap before an
 * option (blanks, continued lines, comments, redirections) belongs to it; an option that is put in
 * gets a gap like its neighbour's.
 */
#include <errno.h>

#include "vm/cloud_hypervisor/cloud_hypervisor.h"
#include "vm/edit.h"
#include "vm/language.h"

struct writer {
	struct iof_ctx *ctx;
	const struct iof_vm *vm;
	const struct plan *plan;
	struct arena *arena;
	struct scanner scanner; /* to read words again */
	struct buf out;
	struct buf remains; /* see put_remains() */
};

struct span {
	size_t start;
	size_t end;
};

static struct span option_span(const struct writer *w, size_t k)
{
	const struct vm_option *option = &w->vm->options[k];

	return (struct span){option->at.offset, option->at.offset + option->at.length};
}

static size_t word_end(const struct word *word)
{
	return word->offset + word->raw_length;
}

/* What stands between an option and the word before it. */
static struct span gap_span(const struct writer *w, size_t k)
{
	const struct vm_option *option = &w->vm->options[k];

	return (struct span){word_end(&w->vm->words[option->at.arg - 1]), option->at.offset};
}

/* How much of a gap is nothing but white space and continued lines. */
static size_t plain_length(const struct writer *w, struct span gap)
{
	const char *source = w->vm->source;
	size_t i = gap.start;

	while (i < gap.end &&
	       (source[i] == '\\' || (source[i] && strchr(" \t\r\n\f\v", source[i]))))
		i++;
	/* Only a backslash that continues the line is white space. */
	while (i > gap.start && source[i - 1] == '\\')
		i--;
	return i - gap.start;
}

static bool is_plain(const struct writer *w, struct span gap)
{
	return gap.end > gap.start && plain_length(w, gap) == gap.end - gap.start;
}

static bool has_newline(const struct writer *w, struct span gap)
{
	return memchr(w->vm->source + gap.start, '\n', gap.end - gap.start) != NULL;
}

/* The next option that stands in the text, from k on; n_options if none does. */
static size_t next_written(const struct writer *w, size_t k)
{
	while (k < w->vm->n_options && w->vm->options[k].at.file)
		k++;
	return k;
}

/* The gap that a new option between k-1 and k leaves to its successor: one line per option if that
 * is the style. */
static struct span style_gap(const struct writer *w, size_t k)
{
	size_t next = next_written(w, k + 1);
	struct span gap = gap_span(w, k), after = {0, 0};

	if (next < w->vm->n_options)
		after = gap_span(w, next);
	if (is_plain(w, after) && has_newline(w, after) &&
	    !(is_plain(w, gap) && has_newline(w, gap)))
		return after;
	gap.end = gap.start + plain_length(w, gap);
	return gap;
}

/* Whether the gap has a newline that no backslash takes away; in a comment none does. */
static bool ends_line(const struct writer *w, struct span gap)
{
	if (memchr(w->vm->source + gap.start, '#', gap.end - gap.start))
		return has_newline(w, gap);
	for (size_t i = gap.start; i < gap.end; i++) {
		size_t before = i;

		if (w->vm->source[i] != '\n')
			continue;
		while (before > gap.start && w->vm->source[before - 1] == '\r')
			before--;
		while (before > gap.start && strchr(" \t", w->vm->source[before - 1]))
			before--;
		if (before == gap.start || w->vm->source[before - 1] != '\\')
			return true;
	}
	return false;
}

/* A gap before text that begins with c. A line that ends goes on only with an option. */
static void put_gap(struct writer *w, struct span gap, char c)
{
	if (gap.end == gap.start || (c != '-' && ends_line(w, gap)))
		buf_putc(&w->out, ' ');
	else
		buf_append(&w->out, w->vm->source + gap.start, gap.end - gap.start);
}

/* ---- one argument ---- */

/* New characters go where the first one that they replace stood, else behind the one before. */
static size_t insertion_point(const struct writer *w, const struct rope *rope, size_t from,
			      size_t next_origin, size_t offset, enum quote *quote)
{
	const struct word_char *chars = w->scanner.chars;
	size_t before =
		from ? (size_t)rope->origin[from - 1] + 1 : 0; /* characters that stay before it */

	if (!w->scanner.n_chars) {
		char first = w->vm->source[offset];
		bool is_ansi = first == '$';

		*quote = is_ansi ? QUOTE_ANSI
				 : (first == '\'' ? QUOTE_SINGLE
						  : (first == '"' ? QUOTE_DOUBLE : QUOTE_NONE));
		return *quote == QUOTE_NONE ? offset : offset + 1 + is_ansi;
	}
	if (before < next_origin || before == 0) {
		*quote = chars[before].quote;
		return chars[before].offset;
	}
	*quote = chars[before - 1].quote;
	return (size_t)chars[before - 1].offset + chars[before - 1].length;
}

/* Source bytes from *pos up to an offset, without those of the characters that are cut. */
static void copy_source(struct writer *w, const struct rope *rope, size_t *pos, size_t to,
			size_t *next_char, size_t *next_rope)
{
	const struct word_char *chars = w->scanner.chars;

	while (*next_char < w->scanner.n_chars && chars[*next_char].offset < to) {
		const struct word_char *c = &chars[*next_char];
		size_t end = (size_t)c->offset + c->length;

		while (*next_rope < rope->n && rope->origin[*next_rope] == ORIGIN_NEW)
			(*next_rope)++;
		buf_append(&w->out, w->vm->source + *pos, c->offset - *pos);
		if (*next_rope < rope->n && rope->origin[*next_rope] == *next_char) {
			buf_append(&w->out, w->vm->source + c->offset, c->length);
			(*next_rope)++;
		}
		*pos = end;
		(*next_char)++;
	}
	if (to > *pos)
		buf_append(&w->out, w->vm->source + *pos, to - *pos);
	*pos = to > *pos ? to : *pos;
}

/* What a shell would take for the beginning of something else at the start of a word. */
static void guard_start(struct writer *w, size_t start, const struct word *word)
{
	char first = w->out.length > start ? w->out.data[start] : '\0';
	char was = word->raw_length ? w->vm->source[word->offset] : '\0';
	struct buf tail = {0};

	if (w->out.err || (first && first != '#' && first != '{') || (first && first == was))
		return;
	buf_append(&tail, w->out.data + start, w->out.length - start);
	w->out.length = start;
	buf_puts(&w->out, "''");
	if (tail.err)
		w->out.err = tail.err;
	buf_append(&w->out, tail.data ? tail.data : "", tail.length);
	buf_free(&tail);
}

static bool keeps_any(const struct rope *rope)
{
	for (size_t i = 0; i < rope->n; i++) {
		if (rope->origin[i] != ORIGIN_NEW)
			return true;
	}
	return false;
}

static int put_rope(struct writer *w, const struct word *word, const struct rope *rope)
{
	size_t pos = word->offset, next_char = 0, next_rope = 0, start = w->out.length;
	int ret = scanner_word_at(&w->scanner, word->offset, &(struct word){0});

	/* JSON without shell quotes is only recognised whole. */
	if (!ret && w->scanner.n_chars && w->scanner.chars[0].quote == QUOTE_RAW &&
	    !keeps_any(rope)) {
		quote_append(&w->out, rope->text, rope->n, QUOTE_NONE);
		return 0;
	}
	for (size_t i = 0; !ret && i < rope->n;) {
		size_t from = i, origin, at;
		enum quote quote;

		if (rope->origin[i] != ORIGIN_NEW) {
			i++;
			continue;
		}
		while (i < rope->n && rope->origin[i] == ORIGIN_NEW)
			i++;
		origin = i < rope->n ? rope->origin[i] : w->scanner.n_chars;
		at = insertion_point(w, rope, from, origin, word->offset, &quote);
		copy_source(w, rope, &pos, at, &next_char, &next_rope);
		quote_append(&w->out, rope->text + from, i - from, quote);
	}
	if (ret)
		return ret;
	copy_source(w, rope, &pos, word_end(word), &next_char, &next_rope);
	guard_start(w, start, word);
	return 0;
}

/* ---- the whole ---- */

static void put_added(struct writer *w, const struct vm_edit *edit)
{
	buf_printf(&w->out, "-%s", edit->name);
	if (!edit->value)
		return;
	buf_putc(&w->out, ' ');
	quote_append(&w->out, edit->value, strlen(edit->value), QUOTE_NONE);
}

static int put_option(struct writer *w, const struct plan_item *item)
{
	const struct vm_option *option = &w->vm->options[item->option];
	struct span span = option_span(w, item->option);
	const struct word *argument;

	if (!item->rope) {
		buf_append(&w->out, w->vm->source + span.start, span.end - span.start);
		return 0;
	}
	argument = &w->vm->words[option->at.arg + (*option->name ? 1 : 0)];
	buf_append(&w->out, w->vm->source + span.start, argument->offset - span.start);
	return put_rope(w, argument, item->rope);
}

static int put_item(struct writer *w, const struct plan_item *item)
{
	if (item->added)
		put_added(w, item->added);
	else
		return put_option(w, item);
	return 0;
}

/* Where the item was put: before this option of the text, or n_options. */
static size_t destination(const struct writer *w, size_t index)
{
	for (; index < w->plan->n; index++) {
		const struct plan_item *item = &w->plan->items[index];

		if (!item->added && !item->is_moved)
			return item->option;
	}
	return w->vm->n_options;
}

static struct span last_gap(const struct writer *w)
{
	for (size_t k = w->vm->n_options; k-- > 0;) {
		if (!w->vm->options[k].at.file) {
			struct span gap = gap_span(w, k);

			gap.end = gap.start + plain_length(w, gap);
			return gap;
		}
	}
	return (struct span){0, 0};
}

/* The gap before item number i. The first that was put somewhere takes the gap that was there. */
static struct span item_gap(const struct writer *w, size_t i)
{
	const struct plan_item *item = &w->plan->items[i];
	const struct plan_item *before = i ? &w->plan->items[i - 1] : NULL;
	bool is_put = item->added || item->is_moved,
	     follows_put = before && (before->added || before->is_moved);
	size_t k = destination(w, i);
	struct span gap;

	if (k == w->vm->n_options)
		return last_gap(w);
	gap = gap_span(w, k);
	if (is_put && !follows_put) {
		gap.end = gap.start + plain_length(w, gap);
		return gap;
	}
	if (is_put || (follows_put && (is_plain(w, gap) || gap.end == gap.start)))
		return style_gap(w, k);
	return gap;
}

/* What stays of an option that went: nothing, or what stood before it that was more than white
 * space. A line that ends waits for the next option: behind it, anything else would be a command of
 * its own. */
static void put_remains(struct writer *w, size_t i)
{
	struct span gap = gap_span(w, w->plan->items[i].option);
	struct buf *out = ends_line(w, gap) ? &w->remains : &w->out;

	if (!is_plain(w, gap))
		buf_append(out, w->vm->source + gap.start, gap.end - gap.start);
}

static void flush_remains(struct writer *w)
{
	if (w->remains.err)
		w->out.err = w->remains.err;
	if (w->remains.length)
		buf_append(&w->out, w->remains.data, w->remains.length);
	w->remains.length = 0;
}

static void put_gap_and_remains(struct writer *w, struct span gap, char first)
{
	if (first == '-' && is_plain(w, gap))
		flush_remains(w);
	put_gap(w, gap, first);
	if (first == '-')
		flush_remains(w);
}

static int write_items(struct writer *w)
{
	const struct word *program = &w->vm->words[0];
	size_t end = word_end(&w->vm->words[w->vm->n_args - 1]);
	int ret = 0;

	buf_append(&w->out, w->vm->source, word_end(program));
	for (size_t i = 0; !ret && i < w->plan->n; i++) {
		const struct plan_item *item = &w->plan->items[i];
		char first =
			item->added ? '-' : w->vm->source[w->vm->options[item->option].at.offset];

		if (item->is_gone) {
			put_remains(w, i);
			continue;
		}
		put_gap_and_remains(w, item_gap(w, i), first);
		ret = put_item(w, item);
	}
	flush_remains(w);
	buf_append(&w->out, w->vm->source + end, w->vm->source_length - end);
	return ret;
}

/* The new text must say what the plan says: the layout of a text can be odder than any rule for
 * gaps. */
static int check_text(struct writer *w, const struct word *words, size_t n)
{
	struct arena *scratch = arena_new(4096);
	struct command command = {0};
	struct scanner scanner;
	bool is_same;
	int ret = -ENOMEM;

	scanner_init(&scanner, w->ctx, w->arena, scratch, w->vm->name, w->out.data, w->out.length);
	if (scratch)
		ret = command_from_text(&scanner, &command);
	scanner_free(&scanner);
	arena_free(scratch);
	if (ret == -ENOMEM)
		return ret;
	is_same = !ret && command.n == n;
	for (size_t i = 0; is_same && i < n; i++)
		is_same = str_eq(command.words[i].text, words[i].text);
	return is_same ? 0
		       : ctx_fail(w->ctx, -EOPNOTSUPP,
				  "%s: cannot be edited in the way it is laid out", w->vm->name);
}

static int write_shell(struct writer *w, const struct word *words, size_t n)
{
	struct arena *scratch = arena_new(4096);
	int ret = -ENOMEM;

	scanner_init(&w->scanner, w->ctx, w->arena, scratch, w->vm->name, w->vm->source,
		     w->vm->source_length);
	if (scratch)
		ret = write_items(w);
	scanner_free(&w->scanner);
	arena_free(scratch);
	if (!ret)
		ret = w->out.err;
	if (!ret && w->out.length > MAX_SOURCE)
		ret = ctx_fail(w->ctx, -EOPNOTSUPP, "%s: would be larger than 1 MiB", w->vm->name);
	return ret ? ret : check_text(w, words, n);
}

static int write_nul(struct writer *w, const struct word *words, size_t n)
{
	bool is_ended =
		w->vm->source[w->vm->source_length - 1] == '\0' || n == 1 || !words[n - 1].length;

	for (size_t i = 0; i < n; i++)
		buf_append(&w->out, words[i].text, words[i].length + (i + 1 < n || is_ended));
	return w->out.err;
}

static int make_argv(struct arena *arena, const struct word *words, size_t n,
		     const char *const **out)
{
	const char **argv = arena_array(arena, n + 1, sizeof(*argv));

	if (!argv)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		argv[i] = words[i].text;
	*out = argv;
	return 0;
}

static int write_out(struct writer *w, const char **text, size_t *length, const char *const **argv)
{
	struct word *words;
	size_t n;
	int ret = plan_words(w->vm, w->plan, w->arena, &words, &n);

	if (ret)
		return ret;
	if (w->vm->form == FORM_ARGV)
		return make_argv(w->arena, words, n, argv);
	ret = w->vm->form == FORM_NUL ? write_nul(w, words, n) : write_shell(w, words, n);
	if (ret)
		return ret;
	*text = arena_strndup(w->arena, w->out.data ? w->out.data : "", w->out.length);
	*length = w->out.length;
	return *text ? 0 : -ENOMEM;
}

static int edit_command(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits,
			size_t n, struct arena *arena, const char **text, size_t *length,
			const char *const **argv)
{
	struct plan plan;
	struct writer w = {.ctx = ctx, .vm = vm, .plan = &plan, .arena = arena};
	int ret = plan_make(ctx, vm, edits, n, arena, &plan);

	if (!ret)
		ret = write_out(&w, text, length, argv);
	buf_free(&w.out);
	buf_free(&w.remains);
	return ret;
}

int vm_edit_text(struct iof_ctx *ctx, const struct iof_vm *vm, const struct vm_edit *edits,
		 size_t n, struct arena *arena, const char **out_text, size_t *out_length,
		 const char *const **out_argv)
{
	int ret = 0;

	*out_text = NULL;
	*out_length = 0;
	*out_argv = NULL;
	if (vm->config)
		ret = vm->config->edit(ctx, vm, edits, n, arena, out_text, out_length);
	if (vm->config && !ret && vm->is_argv)
		ret = ch_text_argv(ctx, vm, arena, *out_text, *out_length, out_argv);
	else if (!vm->config)
		ret = edit_command(ctx, vm, edits, n, arena, out_text, out_length, out_argv);
	return ret == -ENOMEM ? ctx_fail(ctx, ret, "out of memory") : ret;
}
